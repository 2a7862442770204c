//! What every command about plans gathers first: the repository, its worktree, the owner's
//! policy, and the plan that a name means.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Ctx;
use crate::domain::config::{self, Config};
use crate::domain::error::{Failure, Kind};
use crate::domain::finding::Severity;
use crate::domain::id::PlanId;
use crate::domain::path::{RepoPath, shell_word};
use crate::domain::plan::{self, Facts, Plan, Proof, Reading};
use crate::git::Repository;
use crate::store::{self, Lock, Steps, layout};

/// A repository with a worktree, and the owner's policy as it was when the command began.
#[derive(Debug)]
pub struct Project {
    /// The repository.
    pub repository: Repository,
    /// The root of its worktree.
    pub root: PathBuf,
    policy: Result<Config, Failure>,
}

/// A plan's text, where it is, and what was read from it.
#[derive(Debug)]
pub struct PlanFile {
    /// Where it is, as messages name it.
    pub shown: String,
    /// Its path in the worktree, if it lies there.
    pub path: Option<RepoPath>,
    /// What was read.
    pub reading: Reading,
}

/// A commit and the paths of its tree.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The commit.
    pub commit: String,
    /// Every tracked path, sorted.
    pub paths: Vec<RepoPath>,
}

impl Project {
    /// Opens the project that the command runs in.
    pub fn open(ctx: &Ctx) -> Result<Self> {
        let repository = Repository::discover(&ctx.cwd)?;
        repository.git().require()?;
        let root = repository.worktree()?;
        let policy = policy(&root)?;
        Ok(Self { repository, root, policy })
    }

    /// The owner's policy. One that cannot be read stops every command that would need it: a
    /// limit that the owner wrote down must not be overlooked.
    pub fn config(&self) -> Result<&Config, Failure> {
        self.policy.as_ref().map_err(Clone::clone)
    }

    /// Waits until no other command of git ap decides and writes in this repository.
    pub fn lock(&self) -> Result<Lock> {
        Lock::acquire(&self.repository.common_dir())
    }

    /// The plan and the policy as a commit has them, if it holds the plan: changes are held
    /// against what was agreed before them, not against a copy that came with them.
    pub fn as_of(&self, commit: &str, file: &PlanFile) -> Result<Option<(Config, PlanFile)>> {
        let text = |path: &RepoPath| -> Result<Option<String>> {
            let bytes = self.repository.file_at(commit, path)?;
            let text = bytes.map(String::from_utf8).transpose();
            text.with_context(|| format!("{path} of {commit} is not UTF-8"))
        };
        let Some(path) = &file.path else { return Ok(None) };
        let Some(plan) = text(path)? else { return Ok(None) };
        let config = match text(&layout::config())? {
            Some(text) => {
                let shown = format!("{commit}:{}", layout::config());
                let hint = format!("git show {shown}");
                readable(&text, &shown).map_err(|failure| failure.hint(hint))?
            }
            None => Config::default(),
        };
        let file = PlanFile {
            shown: file.shown.clone(),
            path: file.path.clone(),
            reading: plan::read(&plan),
        };
        Ok(Some((config, file)))
    }

    /// The steps that the command's writes pass.
    pub fn steps(ctx: &Ctx) -> Result<Steps> {
        Steps::new(ctx.failpoint.as_deref())
    }

    /// The tree of `HEAD`.
    pub fn tree(&self) -> Result<Tree> {
        let commit = self.repository.head()?.commit;
        let entries = self.repository.entries(&commit)?;
        Ok(Tree { commit, paths: entries.into_iter().map(|e| e.path).collect() })
    }

    /// The plan that a name means: a unique part of an id, or none for the only plan.
    pub fn plan_id(&self, name: Option<&str>) -> Result<PlanId> {
        Ok(store::list(&self.root)?.find(name)?.clone())
    }

    /// Reads the plan of an id.
    pub fn plan(&self, id: &PlanId) -> Result<PlanFile> {
        let path = layout::plan(id);
        let shown = path.to_lossy().into_owned();
        let text = store::read_text(&self.root.join(&shown), &shown)?;
        let text = text.with_context(|| format!("`{shown}` is gone"))?;
        Ok(PlanFile { shown, path: Some(path), reading: plan::read(&text) })
    }

    /// Reads a plan from a file that the user named.
    pub fn plan_at(&self, file: &Path) -> Result<PlanFile> {
        let shown = file.to_string_lossy().into_owned();
        let Some(text) = store::read_text(file, &shown)? else {
            return Err(Failure::new(Kind::User, format!("there is no file `{shown}`")).into());
        };
        let path = self.in_worktree(file);
        let shown = path.as_ref().map_or(shown, |p| p.to_lossy().into_owned());
        Ok(PlanFile { shown, path, reading: plan::read(&text) })
    }

    /// The path of a file in the worktree, or none if it lies elsewhere.
    fn in_worktree(&self, file: &Path) -> Option<RepoPath> {
        let whole = file.canonicalize().ok()?;
        RepoPath::new(whole.strip_prefix(&self.root).ok()?.as_os_str().as_encoded_bytes())
    }

    /// Proves a plan against the policy and the tree.
    pub fn prove(&self, reading: &Reading, plan: &Plan, tree: &Tree) -> Result<Proof> {
        Self::prove_under(self.config()?, reading, plan, tree)
    }

    /// Proves a plan against a policy and a tree.
    pub fn prove_under(
        config: &Config,
        reading: &Reading,
        plan: &Plan,
        tree: &Tree,
    ) -> Result<Proof> {
        Ok(plan::prove(reading, plan, Facts { config, tracked: &tree.paths })?)
    }
}

/// The policy in `.ap/config.toml`, or the defaults; a failure that points at the first mistake.
fn policy(root: &Path) -> Result<Result<Config, Failure>> {
    let path = layout::config();
    let shown = path.to_lossy();
    let Some(text) = store::read_text(&root.join(&*shown), &shown)? else {
        return Ok(Ok(Config::default()));
    };
    Ok(readable(&text, &shown).map_err(|failure| failure.hint(format!("git ap check {shown}"))))
}

fn readable(text: &str, shown: &str) -> Result<Config, Failure> {
    let reading = config::read(text);
    let Some(first) = reading.findings.iter().find(|f| f.severity == Severity::Error) else {
        return Ok(reading.config);
    };
    let at = first.place.as_ref().map(|p| format!(":{}:{}", p.line, p.column));
    let message = format!("{shown}{}: {}", at.unwrap_or_default(), first.message);
    Err(Failure::new(Kind::Plan, message))
}

impl PlanFile {
    /// The plan, or a failure that says where the first mistake is.
    pub fn require(&self) -> Result<&Plan, Failure> {
        self.reading.plan.as_ref().ok_or_else(|| {
            let first = self.reading.findings.first();
            let at = first.and_then(|f| f.place.as_ref());
            let at = at.map(|p| format!(":{}:{}", p.line, p.column)).unwrap_or_default();
            let what = first.map_or("cannot be read", |f| f.message.as_str());
            Failure::new(Kind::Plan, format!("{}{at}: {what}", self.shown))
                .hint(format!("git ap check {}", shell_word(&self.shown)))
        })
    }
}
