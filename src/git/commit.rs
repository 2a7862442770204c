//! Writing to the repository: commits of named files, and backups of what would be lost.

use anyhow::{Context as _, Result};

use super::Repository;
use super::objects::repo_path;
use crate::domain::path::RepoPath;
use crate::domain::tree::Mode;
use crate::store::Steps;

/// A file of a backup.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Where it is.
    pub path: RepoPath,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl Repository {
    /// Paths with uncommitted changes, untracked ones included, sorted. An untracked repository
    /// inside this one is one path.
    pub fn uncommitted(&self) -> Result<Vec<RepoPath>> {
        let args = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"];
        let output = self.git().output(args.iter().chain(&["--ignore-submodules=none"]))?;
        let rows = output.split(|b| *b == 0).filter(|row| !row.is_empty());
        let paths = rows.map(|row| {
            // Two letters and a space, then the path as it is (git-status(1), "Short Format").
            let path = row.get(3..).context("git printed half a line of its status")?;
            repo_path(path.strip_suffix(b"/").unwrap_or(path))
        });
        let mut paths: Vec<RepoPath> = paths.collect::<Result<_>>()?;
        paths.sort();
        Ok(paths)
    }

    /// Commits exactly these files on the current branch, whatever else is staged; hooks and
    /// signing as the user has configured them. Returns the commit, or `None` if the files are
    /// in `HEAD` as they are.
    pub fn commit_files(
        &self,
        paths: &[RepoPath],
        message: &str,
        steps: &Steps,
    ) -> Result<Option<String>> {
        let list: Vec<u8> = paths.iter().flat_map(|p| [p.as_bytes(), &[0]].concat()).collect();
        let git = self.git().env("GIT_LITERAL_PATHSPECS", "1");
        let from_list = ["--pathspec-from-file=-", "--pathspec-file-nul"];
        steps.pass("stage-files", message)?;
        git.fed(["add", "--force"].iter().chain(&from_list), Some(&list))?;
        let names: Vec<&str> = paths.iter().filter_map(RepoPath::to_str).collect();
        let same = ["diff-index", "--cached", "--quiet", "HEAD", "--"];
        if git.output(same.iter().chain(&names)).is_ok() {
            return Ok(None);
        }
        steps.pass("commit-files", message)?;
        let args = ["commit", "--quiet", "--only", "-m", message];
        git.fed(args.iter().chain(&from_list), Some(&list))?;
        steps.pass("committed-files", message)?;
        Ok(Some(self.git().line(["rev-parse", "HEAD"])?))
    }

    /// Saves files in a commit under `refs/ap/backup/<name>`, or `<name>-2` and so on while that
    /// is taken. Returns the name of the ref.
    pub fn backup(&self, name: &str, files: &[Saved], steps: &Steps) -> Result<String> {
        let index = tempfile::Builder::new()
            .prefix("ap-backup-")
            .tempdir_in(self.common_dir())
            .context("cannot make a temporary index")?;
        let index = index.path().join("index");
        let git = self
            .git()
            .env("GIT_INDEX_FILE", &index)
            .env("GIT_AUTHOR_NAME", "git ap")
            .env("GIT_AUTHOR_EMAIL", "git-ap@localhost")
            .env("GIT_COMMITTER_NAME", "git ap")
            .env("GIT_COMMITTER_EMAIL", "git-ap@localhost");
        steps.pass("backup", name)?;
        let mut rows = Vec::new();
        for file in files {
            let blob =
                git.fed(["hash-object", "-w", "--no-filters", "--stdin"], Some(&file.bytes))?;
            let id = String::from_utf8_lossy(&blob).trim().to_owned();
            rows.extend_from_slice(format!("{} {id}\t", Mode::File.as_str()).as_bytes());
            rows.extend_from_slice(file.path.as_bytes());
            rows.push(0);
        }
        git.fed(["update-index", "--add", "-z", "--index-info"], Some(&rows))?;
        let tree = git.line(["write-tree"])?;
        let message = format!("backup of {} files before `git ap` replaced them\n", files.len());
        let commit = git.fed(["commit-tree", &tree, "-F", "-"], Some(message.as_bytes()))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        for n in 1..1000 {
            let suffix = if n == 1 { String::new() } else { format!("-{n}") };
            let reference = format!("refs/ap/backup/{name}{suffix}");
            // An empty old value means that the ref must not exist (git-update-ref(1)).
            let input = format!("create {reference}\0{commit}\0");
            if self.git().line(["rev-parse", "--verify", "--quiet", &reference]).is_ok() {
                continue;
            }
            git.fed(["update-ref", "-z", "--stdin"], Some(input.as_bytes()))?;
            steps.pass("backed-up", &reference)?;
            return Ok(reference);
        }
        anyhow::bail!("a thousand backups are called {name}: delete some of refs/ap/backup")
    }
}
