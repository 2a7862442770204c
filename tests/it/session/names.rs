//! Names that stand in the way of ours, each told with a fix that works when it is typed.

use super::{PLAN, planned, write};
use crate::support::Repo;

#[test]
fn a_branch_in_the_way_is_named_and_the_target_keeps_its_name() {
    let repo = planned();
    repo.git(["branch", "ap"]);
    repo.ap(["approve"]).refused().says("git branch -m ap ap-branch");
    repo.git(["branch", "-m", "ap", "ap-branch"]);
    repo.ap(["approve"]).exits(0);

    let repo = Repo::of(&["src/auth/login.rs", "src/web/app.rs", "docs/guide.md", "src/lib.rs"]);
    repo.git(["checkout", "-q", "-b", "ap"]);
    repo.ap(["plan", "--from", "-"]).stdin(PLAN).exits(0);
    repo.ap(["approve"]).refused().says("set `branch_prefix = \"ap-sessions\"`");
    repo.write(".ap/config.toml", "schema = 1\nbranch_prefix = \"ap-sessions\"\n");
    repo.ap(["approve"]).exits(0);
}

#[test]
fn a_shadowed_alias_is_told() {
    let repo = planned();
    repo.git(["config", "alias.ap", "add -p"]);
    repo.ap(["approve"]).exits(0).says("git config --global alias.ap-alias 'add -p'");
}

#[test]
fn without_a_commit_every_command_about_sessions_says_so() {
    let repo = Repo::new();
    for command in ["approve", "start", "run", "status", "merge", "undo", "sync", "land"] {
        repo.ap([command]).exits(1).says("no commit yet").says("git commit --allow-empty");
    }
    for command in ["path", "diff", "drop", "retry", "done", "fail"] {
        repo.ap([command, "T1"]).exits(1).says("no commit yet");
    }
}

#[cfg(unix)]
#[test]
fn the_way_out_for_a_path_that_is_not_utf_8_works_when_it_is_typed() {
    use std::os::unix::ffi::OsStrExt as _;

    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = super::place(&repo, "T1");
    write(&repo, "T1", "src/auth/a.rs", "a\n");
    let odd = one.join(std::ffi::OsStr::from_bytes(b"docs/\xffa\n'b"));
    std::fs::create_dir_all(one.join("docs")).expect("writable");
    std::fs::write(&odd, "odd").expect("writable");
    repo.git_at(&one, ["add", "-A"]).exits(0);
    repo.git_at(&one, ["commit", "-qm", "feat: odd"])
        .exits(1)
        .says(r"git restore --staged $':/docs/\377a\012\'b'");
}
