//! Everything that a session consists of, so that two ends of the same story can be compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use git_ap::domain::id::PlanId;
use git_ap::domain::session::replay;
use git_ap::store::{Journal, sessions};

use crate::support::Repo;

/// What is where, under names that a failed comparison can show.
pub struct Scene {
    facts: BTreeMap<String, String>,
    /// The tree of each backup: how many there are may differ, but none may be missing.
    backups: Vec<String>,
}

impl Scene {
    /// The scene of a repository, its linked worktrees and its sessions.
    pub fn of(repo: &Repo) -> Self {
        let mut scene = Self { facts: BTreeMap::new(), backups: Vec::new() };
        scene.references(repo);
        scene.worktrees(repo);
        scene.sessions(&repo.root().join(".git"));
        scene.files(repo.root().parent().expect("it has a home beside it"), "");
        scene
    }

    /// How a scene differs from what it should be, a line each.
    pub fn differences(&self, expected: &Self) -> String {
        let mut told = String::new();
        let names = expected.facts.keys().chain(self.facts.keys());
        for name in names.collect::<std::collections::BTreeSet<_>>() {
            let (found, wanted) = (self.facts.get(name), expected.facts.get(name));
            if found != wanted {
                let show = |side: Option<&String>| side.map_or("nothing".to_owned(), Clone::clone);
                let _ = writeln!(told, "{name}:\n  is {}\n  not {}", show(found), show(wanted));
            }
        }
        for tree in expected.backups.iter().filter(|tree| !self.backups.contains(tree)) {
            let _ = writeln!(told, "no backup has the tree {tree}");
        }
        told
    }

    fn put(&mut self, name: String, value: impl Into<String>) {
        self.facts.insert(name, value.into());
    }

    /// The clock stands still, so equal commits have equal ids; only of the reservations may
    /// the history differ.
    fn references(&mut self, repo: &Repo) {
        let format = "--format=%(refname) %(objectname) %(tree)";
        for line in repo.git(["for-each-ref", format]).lines() {
            let [name, commit, tree] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            if name.starts_with("refs/ap/backup/") {
                self.backups.push(tree.to_owned());
            } else if name == "refs/ap/reservations" {
                self.put(format!("the tree of {name}"), repo.git(["ls-tree", "-r", commit]));
            } else {
                self.put(name.to_owned(), commit);
            }
        }
    }

    fn worktrees(&mut self, repo: &Repo) {
        let list = repo.git(["worktree", "list", "--porcelain"]);
        self.put("the worktrees".to_owned(), list.clone());
        for path in list.lines().filter_map(|line| line.strip_prefix("worktree ")) {
            for args in [["ls-files", "--stage"], ["status", "--porcelain"]] {
                let said = repo.git_at(Path::new(path), args).exits(0).stdout();
                self.put(format!("git {} in {path}", args[0]), said);
            }
        }
    }

    /// What the journals come to. That a command was given twice may be counted twice.
    fn sessions(&mut self, git_dir: &Path) {
        let ids: Vec<PlanId> = sessions(git_dir).expect("readable");
        for id in ids {
            let lines = Journal::at(git_dir, &id).lines().expect("readable");
            let mut session = replay(&lines).expect("consistent");
            if let Some(session) = &mut session {
                session.seq = 0;
                for objective in &mut session.objectives {
                    objective.retries = objective.retries.min(1);
                    objective.violations = objective.violations.min(1);
                    objective.backups.sort();
                    // A worker whose watcher was killed is given its objective once more.
                    objective.tries_from = 0;
                    objective.attempts.truncate(1);
                    objective.attempts.iter_mut().for_each(forget_when);
                    // A try that failed is an interrupted one where nobody wrote down how it ended.
                    if !objective.attempts.is_empty() {
                        (objective.retries, objective.by_run) = (0, false);
                    }
                }
            }
            self.put(format!("the session {id}"), format!("{session:#?}"));
        }
    }

    /// Files and directories, those of the git directories included: a lock or a temporary file
    /// that nobody needs any more is a difference.
    fn files(&mut self, base: &Path, below: &str) {
        for entry in std::fs::read_dir(base.join(below)).expect("readable") {
            let entry = entry.expect("readable");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            let metadata = entry.path().symlink_metadata().expect("it exists");
            if is_left_out(&path) {
                continue;
            }
            if metadata.is_dir() {
                self.put(format!("the directory {path}"), "there");
                self.files(base, &path);
                continue;
            }
            let shown = if metadata.is_symlink() {
                format!("-> {}", entry.path().read_link().expect("a link").display())
            } else if name == "index" {
                "an index".to_owned()
            } else {
                let bytes = std::fs::read(entry.path()).expect("readable");
                let mode = metadata.permissions().mode() & 0o777;
                format!("{mode:o} {}", String::from_utf8_lossy(&bytes))
            };
            self.put(format!("the file {path}"), shown);
        }
    }
}

/// Which process it was, and when, differs from run to run; how it came back from try to try.
fn forget_when(attempt: &mut git_ap::domain::session::Attempt) {
    attempt.mark.clear();
    attempt.reason.clear();
    (attempt.holder.pid, attempt.holder.started) = (0, 0);
    attempt.returned = None;
}

/// What git and git ap keep for looking back, and what is compared otherwise.
fn is_left_out(path: &str) -> bool {
    let Some(inside) = path.strip_prefix("repo/.git/") else { return path == "tmp" };
    let name = inside.rsplit('/').next().unwrap_or_default();
    let top = inside.split('/').next().unwrap_or_default();
    let of_session = inside.starts_with("ap/2");
    matches!(top, "objects" | "logs" | "refs" | "packed-refs" | "worktrees") && {
        // Of the worktrees' own directories everything else counts.
        top != "worktrees" || matches!(name, "logs" | "refs")
    } || matches!(name, "ORIG_HEAD" | "COMMIT_EDITMSG")
        || of_session && name == "journal.jsonl"
        || of_session && inside.split('/').any(|part| matches!(part, "logs" | "prompts"))
}
