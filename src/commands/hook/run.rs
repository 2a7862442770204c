//! `git ap hook run`: what git's hooks call. A hook gathers and decides, and changes nothing
//! but the trailers of a message.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::agent;
use crate::commands::{Ctx, Exit};
use crate::domain::commit_message;
use crate::domain::config::{self, Config, OnReserved};
use crate::domain::error::{Failure, Kind};
use crate::domain::guard::{Violation, guard};
use crate::domain::id::ObjectiveId;
use crate::domain::path::{RepoPath, quote, shell_path, shell_word};
use crate::domain::pattern::Pattern;
use crate::domain::reservation::Holders;
use crate::domain::scope::Scratch;
use crate::domain::session::{Session, Standing};
use crate::domain::tree::Change;
use crate::execute::judge::{judge, takes_over};
use crate::execute::reservations;
use crate::execute::session::{Agreed, all, of_worktree};
use crate::git::hooks::{self, PROOF};
use crate::git::{Head, Repository, shell};
use crate::planner::scopes::literal;
use crate::store::{self, layout};

/// What the hooks call: hold what is being committed or pushed against its scope
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git ap hook run pre-commit    exit code 4 where something staged is out of scope
  git ap hook run agent         what an agent sends before it edits, on standard input")]
pub struct Args {
    /// pre-commit, pre-merge-commit, commit-msg or pre-push; agent: what agents call
    #[arg(value_name = "HOOK")]
    name: String,
    /// What git gave the hook
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs a hook.
pub fn run(ctx: &Ctx, args: &Args) -> Result<Exit> {
    if args.name == agent::NAME {
        return agent::run(ctx);
    }
    let Some(kind) = hooks::Hook::from_name(&args.name) else {
        let message = format!("git ap has no hook `{}`", quote(args.name.as_bytes()));
        let names = hooks::Hook::ALL.map(hooks::Hook::name).join(", ");
        return Err(Failure::new(Kind::Usage, message).hint(format!("one of {names}")).into());
    };
    if let Some(nonce) = ctx.env.get(PROOF) {
        ctx.ui.narrate_always(&hooks::proof(&nonce.to_string_lossy(), kind));
        return Ok(Exit::DONE);
    }
    let repository = Repository::discover(&ctx.cwd)?;
    let hook = Hook { ctx, kind, arguments: &args.arguments, repository };
    let input = if kind == hooks::Hook::PrePush { Some(read_input()?) } else { None };
    hook.check(input.as_deref())?;
    let Some(chained) = hooks::chained(&hook.repository, kind)? else { return Ok(Exit::DONE) };
    let code = shell::hook(&chained, hook.arguments, input.as_deref())?;
    let stages = matches!(kind, hooks::Hook::PreCommit | hooks::Hook::PreMergeCommit);
    if code == 0 && stages {
        // It may have staged something.
        hook.check(None)?;
    }
    Ok(Exit::of_hook(code))
}

fn read_input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)
        .context("cannot read what git pushes")?;
    Ok(bytes)
}

struct Hook<'a> {
    ctx: &'a Ctx,
    kind: hooks::Hook,
    arguments: &'a [OsString],
    repository: Repository,
}

/// The objective whose worktree this is.
struct Own {
    session: Session,
    standing: Standing,
    agreed: Agreed,
}

impl Hook<'_> {
    fn check(&self, input: Option<&[u8]>) -> Result<()> {
        let sessions = all(&self.repository)?;
        if sessions.iter().all(Session::is_finished) {
            return Ok(());
        }
        match self.kind {
            hooks::Hook::PreCommit | hooks::Hook::PreMergeCommit => match self.own(&sessions)? {
                Some(own) => self.check_staged(&own),
                None => self.check_reserved(sessions.as_slice()),
            },
            hooks::Hook::CommitMsg => match self.own(&sessions)? {
                Some(own) => self.add_trailers(&own),
                None => Ok(()),
            },
            hooks::Hook::PrePush => self.check_pushed(&sessions, input.unwrap_or_default()),
        }
    }

    fn own(&self, sessions: &[Session]) -> Result<Option<Own>> {
        let open: Vec<Session> = sessions.iter().filter(|s| !s.is_finished()).cloned().collect();
        let own = match of_worktree(&self.repository, &open)? {
            Some(own) => Some(own),
            None => self.of_branch(&open),
        };
        own.map(|(session, standing)| {
            Ok(Own {
                session: session.clone(),
                standing: standing.clone(),
                agreed: Agreed::of(&self.repository, session)?,
            })
        })
        .transpose()
    }

    /// The objective whose branch is checked out here, in a worktree that somebody else made.
    fn of_branch<'s>(&self, sessions: &'s [Session]) -> Option<(&'s Session, &'s Standing)> {
        // A branch without a commit is no objective's.
        let branch = self.repository.head().ok().and_then(|head| head.branch);
        let branch = format!("refs/heads/{}", branch?);
        let placed = |o: &&Standing| o.place.as_ref().is_some_and(|p| p.branch == branch);
        sessions.iter().find_map(|s| Some((s, s.objectives.iter().find(placed)?)))
    }

    /// Holds what is staged to the scope of the objective.
    fn check_staged(&self, own: &Own) -> Result<()> {
        let id = &own.standing.id;
        let place = own.standing.place.as_ref().context("an objective with a worktree")?;
        let scope = own.agreed.scope(id).context("an objective of the plan")?;
        let (changes, against_start) = self.own_changes(own)?;
        for change in &changes {
            if change.new.is_some() && place.brought.iter().any(|b| *b == change.path.to_string()) {
                let message = format!(
                    "`{}` was copied or linked into this worktree and is never committed",
                    change.path
                );
                let hint = restore(std::slice::from_ref(&change.path));
                return Err(Failure::new(Kind::Violation, message).hint(hint).into());
            }
        }
        let held = guard(&changes, scope, &own.agreed.scopes, &own.agreed.rules);
        for path in &held.derived {
            let text = format!("{path} is made by a command: this change of it will not land");
            self.ctx.ui.note(&text);
        }
        // An amended commit may take back what it should not have changed: then the path does
        // not differ from the objective's start.
        let differs = |v: &&Violation| against_start.iter().any(|c| c.path == v.path);
        let bad: Vec<&Violation> = held.violations.iter().filter(differs).collect();
        if bad.is_empty() {
            return self.name_earlier(own, &changes, &against_start);
        }
        let told: Vec<String> = bad.iter().map(|v| v.message(id)).collect();
        let paths: Vec<RepoPath> = bad.iter().map(|v| v.path.clone()).collect();
        for request in own.session.requests.iter().filter(|r| r.objective == *id) {
            let wanted = request.patterns.iter().filter_map(|p| Pattern::parse(p).ok());
            if wanted.into_iter().any(|wanted| paths.iter().any(|path| wanted.matches(path))) {
                self.ctx.ui.note(&format!("{id} {}", request.describe()));
            }
        }
        let wanted: Vec<String> = bad
            .iter()
            .filter(|v| v.can_be_asked_for())
            .take(3)
            .map(|v| shell_word(&literal(&v.path)).into_owned())
            .collect();
        let ask = if wanted.is_empty() {
            String::new()
        } else {
            format!("; if {id} needs it: `git ap scope request {}`", wanted.join(" "))
        };
        let hint = format!("{} takes it out of this commit{ask}", restore(&paths));
        Err(Failure::new(Kind::Violation, told.join("\n")).hint(hint).into())
    }

    /// What the commit changes, and what the objective started from. A merge of the integration
    /// branch is held against that.
    fn own_changes(&self, own: &Own) -> Result<(Vec<Change>, Vec<Change>)> {
        let integration = own.session.integration.clone();
        let Ok(Head { commit: head, .. }) = self.repository.head() else {
            return Err(unborn(own).into());
        };
        let base = match self.merged_heads()?.as_slice() {
            [] => "HEAD".to_owned(),
            [merged] if takes_over(&self.repository, &head, merged, &integration)? => {
                merged.clone()
            }
            _ => return Err(foreign(&own.standing.id).into()),
        };
        let changes = self.repository.staged_against(&base)?;
        let start = self.repository.merge_base(&integration, &head)?;
        let against_start = match start {
            Some(start) => self.repository.staged_against(&start)?,
            None => changes.clone(),
        };
        Ok((changes, against_start))
    }

    /// The commits that are being merged. A merge that stopped has written them down; before
    /// `pre-merge-commit` git has only named them in variables `GITHEAD_<id>` (git-merge(1),
    /// builtin/merge.c).
    fn merged_heads(&self) -> Result<Vec<String>> {
        let file = self.repository.git_dir().join("MERGE_HEAD");
        if let Ok(text) = std::fs::read_to_string(&file) {
            return Ok(text.split_whitespace().map(str::to_owned).collect());
        }
        if self.kind != hooks::Hook::PreMergeCommit {
            return Ok(Vec::new());
        }
        let names = self.ctx.env.0.keys().filter_map(|name| name.to_str());
        let heads = names.filter_map(|name| name.strip_prefix("GITHEAD_"));
        heads.map(|head| self.repository.commit(head)).collect()
    }

    /// Names what earlier commits changed out of scope: this one is not stopped by it, the
    /// merge will be.
    fn name_earlier(&self, own: &Own, changes: &[Change], start: &[Change]) -> Result<()> {
        let id = &own.standing.id;
        let scope = own.agreed.scope(id).context("an objective of the plan")?;
        let earlier: Vec<Change> = start
            .iter()
            .filter(|c| changes.iter().all(|own| own.path != c.path))
            .cloned()
            .collect();
        let held = guard(&earlier, scope, &own.agreed.scopes, &own.agreed.rules);
        for violation in held.violations {
            let text = format!("an earlier commit will not be merged: {}", violation.message(id));
            self.ctx.ui.warn(&text);
        }
        Ok(())
    }

    /// In another worktree: a line for each path that somebody else holds.
    fn check_reserved(&self, sessions: &[Session]) -> Result<()> {
        let root = self.repository.worktree()?;
        // A session's own merge with its target touches what it holds.
        let resolves = |s: &Session| {
            s.stopped.as_ref().is_some_and(|stopped| Path::new(&stopped.worktree) == root)
        };
        if sessions.iter().any(resolves) {
            return Ok(());
        }
        let (_, held) = reservations::read(&self.repository)?;
        if held.iter().all(|r| r.holds.is_empty()) {
            return Ok(());
        }
        let policy = self.policy()?.on_reserved;
        if policy == OnReserved::Off {
            return Ok(());
        }
        let holders = Holders::new(&held);
        let (index, mut scratch) = (holders.index(), Scratch::default());
        let mut told = Vec::new();
        for change in self.repository.staged()? {
            if let Some((session, objective)) = holders.of(&index, &change.path, &mut scratch) {
                told.push(format!("`{}` is held by {objective} of {session}", change.path));
            }
        }
        if told.is_empty() {
            return Ok(());
        }
        if policy == OnReserved::Block {
            let message = format!("nothing was committed: {}", told.join("; "));
            let hint = "wait until that session has landed, or commit with `--no-verify`";
            return Err(Failure::new(Kind::Violation, message).hint(hint).into());
        }
        let more = match told.len() - 1 {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        self.ctx.ui.warn(&format!("{}{more}: the session may conflict when it lands", told[0]));
        Ok(())
    }

    /// The policy of this worktree; one that cannot be read says nothing here.
    fn policy(&self) -> Result<Config> {
        let path = layout::config();
        let shown = path.to_lossy();
        let text = store::read_text(&self.repository.worktree()?.join(&*shown), &shown)?;
        Ok(text.map_or_else(Config::default, |text| config::read(&text).config))
    }

    /// Adds the objective's trailers to the message, once.
    fn add_trailers(&self, own: &Own) -> Result<()> {
        let Some(file) = self.arguments.first() else {
            let failure = Failure::new(Kind::Usage, "the hook was given no message");
            return Err(failure.hint("git ap hook run commit-msg FILE").into());
        };
        let trailers = commit_message::objective(own.session.plan().slug(), &own.standing.id);
        let file = self.ctx.cwd.join(file);
        let reading = || format!("cannot read the message {}", file.display());
        let message = std::fs::read(&file).with_context(reading)?;
        let comment = self.repository.configured("core.commentChar");
        let comment = comment.filter(|c| c != "auto").unwrap_or_else(|| "#".to_owned());
        let complete =
            commit_message::with_trailers_commented(&message, &trailers, comment.as_bytes());
        if complete == message {
            return Ok(());
        }
        store::replace(&file, &complete)
    }

    /// Holds every commit of an objective's branch that is pushed to its scope.
    fn check_pushed(&self, sessions: &[Session], input: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(input);
        let mut told = Vec::new();
        for line in text.lines() {
            // githooks(5): `<local ref> <local id> <remote ref> <remote id>`.
            let fields: Vec<&str> = line.split(' ').collect();
            let [local, tip, remote, _] = fields.as_slice() else { continue };
            if tip.bytes().all(|b| b == b'0') {
                continue;
            }
            for session in sessions.iter().filter(|s| !s.is_finished()) {
                let pushed = |o: &&Standing| {
                    let branch = session.objective_branch(&o.id);
                    branch == *local || branch == *remote
                };
                let Some(standing) = session.objectives.iter().find(pushed) else { continue };
                let agreed = Agreed::of(&self.repository, session)?;
                let id: &ObjectiveId = &standing.id;
                let judged = judge(&self.repository, &agreed, id, &session.integration, tip)?;
                told.extend(judged.violations);
            }
        }
        if told.is_empty() {
            return Ok(());
        }
        let message = format!("nothing was pushed: {}", told.join("; "));
        let hint = "take it out of the branch's history (`git rebase -i`), then push again";
        Err(Failure::new(Kind::Violation, message).hint(hint).into())
    }
}

/// A commit without a parent is none of an objective, whose branch goes out from its wave.
fn unborn(own: &Own) -> Failure {
    let id = &own.standing.id;
    let branch = own.session.objective_branch(id);
    let short = branch.strip_prefix("refs/heads/").unwrap_or(&branch);
    let message = format!("objective {id} is on a branch without a commit");
    Failure::new(Kind::Violation, message).hint(format!("git switch {short}"))
}

fn foreign(objective: &ObjectiveId) -> Failure {
    let message =
        format!("objective {objective} may merge the integration branch and nothing else");
    Failure::new(Kind::Violation, message).hint("git merge --abort, then `git ap sync`")
}

/// The command that takes paths out of a commit.
fn restore(paths: &[RepoPath]) -> String {
    // From the root, wherever the user stands (gitglossary(7), "pathspec").
    let words: Vec<String> = paths.iter().take(5).map(|p| shell_path(":/", p)).collect();
    format!("`git restore --staged {}`", words.join(" "))
}
