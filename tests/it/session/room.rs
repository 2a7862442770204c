//! A wave that does not fit on the disk is not begun.

use super::planned;
use crate::support::Repo;

/// A commit on main with so many files of 64 MiB each that no disk has room for it; git has their
/// contents once.
fn huge() -> Repo {
    let repo = planned();
    let file = repo.beside("zeros");
    std::fs::File::create(&file).and_then(|f| f.set_len(64 << 20)).expect("writable");
    let blob = repo.git(["hash-object", "-w", "--no-filters", &file.to_string_lossy()]);
    std::fs::remove_file(&file).expect("removable");
    let rows = |rows: Vec<String>| rows.join("\n") + "\n";
    let mktree = |text: String| {
        let made = repo.program("git", ["mktree"]).stdin(text).exits(0).stdout();
        made.trim_end().to_owned()
    };
    let many = mktree(rows((0..50_000).map(|n| format!("100644 blob {blob}\t{n:05}")).collect()));
    let root = repo.git(["ls-tree", "HEAD"]);
    let root = mktree(rows(vec![root, format!("040000 tree {many}\tmany")]));
    let commit = repo.git(["commit-tree", "-p", "HEAD", "-m", "huge", &root]);
    repo.git(["update-ref", "refs/heads/main", &commit]);
    repo
}

#[test]
fn nothing_is_made_where_it_does_not_fit() {
    let repo = huge();
    repo.ap(["approve"]).exits(0);
    let before = repo.state();
    for command in ["run", "start"] {
        let refused = repo.ap([command]).exits(1);
        let refused =
            refused.says("nothing was begun: wave 1 needs 6.1 TiB for 2 worktrees of 3.0 TiB");
        refused.says("are free in ").says("git ap run add-jwt --objective T1");
        assert_eq!(repo.state(), before);
    }
}
