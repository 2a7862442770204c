//! Everything that a command could have changed, for comparing before with after.

use std::collections::BTreeMap;
use std::path::Path;

use super::Repo;

/// References, `HEAD`, the index and every file of the worktree.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    references: String,
    head: String,
    staged: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl State {
    pub(super) fn of(repo: &Repo) -> Self {
        let mut files = BTreeMap::new();
        collect(repo.root(), repo.root(), &mut files);
        Self {
            references: repo.git(["for-each-ref"]),
            head: std::fs::read_to_string(repo.root().join(".git/HEAD")).unwrap_or_default(),
            staged: repo.git(["ls-files", "--stage"]),
            files,
        }
    }

    /// The files whose path begins with this, with their contents.
    pub fn below(&self, prefix: &str) -> BTreeMap<&str, &[u8]> {
        let matching = self.files.iter().filter(|(path, _)| path.starts_with(prefix));
        matching.map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect()
    }
}

fn collect(root: &Path, directory: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
        if name == ".git" {
            continue;
        }
        let metadata = path.symlink_metadata().expect("it exists");
        if metadata.is_dir() {
            collect(root, &path, files);
        } else if metadata.is_symlink() {
            let target = std::fs::read_link(&path).expect("a link");
            files.insert(name, target.to_string_lossy().into_owned().into_bytes());
        } else {
            files.insert(name, std::fs::read(&path).expect("readable"));
        }
    }
}
