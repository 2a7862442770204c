//! Nothing that somebody made is lost: it is refused, or kept under a ref that is named.

use std::path::PathBuf;

use super::{ID, finish, place, planned, planned_with, write};

#[test]
fn dropped_work_comes_back_with_the_printed_command() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/committed.rs", "committed\n");
    repo.git_at(&one, ["add", "-A"]).exits(0);
    repo.git_at(&one, ["commit", "-qm", "mine"]).exits(0);
    write(&repo, "T1", "src/auth/staged.rs", "staged\n");
    repo.git_at(&one, ["add", "-A"]).exits(0);
    write(&repo, "T1", "src/auth/login.rs", "changed\n");
    write(&repo, "T1", "anywhere/untracked.rs", "untracked\n");
    write(&repo, "T1", "ignored.tmp", "ignored\n");
    let dropped = repo.ap(["drop", "T1"]).exits(0);
    assert!(!one.exists());
    let said = dropped.stderr();
    let command = said.split("to bring it back: `git ").nth(1).and_then(|s| s.split('`').next());
    let words: Vec<&str> = command.expect("a command is printed").split(' ').collect();
    let back = PathBuf::from(words[4]);
    repo.git(words);
    for (path, text) in [
        ("src/auth/committed.rs", "committed\n"),
        ("src/auth/staged.rs", "staged\n"),
        ("src/auth/login.rs", "changed\n"),
        ("anywhere/untracked.rs", "untracked\n"),
    ] {
        let found = std::fs::read_to_string(back.join(path)).expect("it is back");
        assert_eq!(found, text, "{path}");
    }
    assert!(!back.join("ignored.tmp").exists(), "ignored files are outputs");
    repo.ap(["drop", "T1"]).exits(0).answers_with("T1 is dropped already");
    repo.ap(["retry", "T1"]).exits(0);
    assert_eq!(std::fs::read_to_string(one.join("src/auth/login.rs")).expect("there"), "one\n");
}

#[test]
fn beginning_afresh_keeps_the_old_work() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    write(&repo, "T1", "src/auth/b.rs", "b\n");
    repo.ap(["fail", "T1", "-m", "no way"]).exits(0).answers("T1 has failed: no way\n");
    let again = repo.ap(["retry", "T1", "--afresh"]).exits(0);
    let kept = format!("refs/ap/backup/{ID}/T1");
    again.says(&kept);
    assert_eq!(repo.git(["show", &format!("{kept}:src/auth/a.rs")]), "a");
    assert_eq!(repo.git(["show", &format!("{kept}:src/auth/b.rs")]), "b");
    let one = place(&repo, "T1");
    assert!(!one.join("src/auth/a.rs").exists());
    repo.ap(["retry", "--afresh"]).at(&one).exits(1).says("removed under your feet");
}

#[test]
fn cleaning_up_saves_what_nobody_merged() {
    let repo = planned();
    repo.ap(["run", "--yes"]).exits(0);
    repo.ap(["clean", "jwt"]).exits(1).says("T1, T2, T3 are neither merged nor dropped");
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    finish(&repo, "T3", "docs/c.md", "c\n");
    write(&repo, "T1", "src/auth/later.rs", "later\n");
    write(&repo, "T1", "x.tmp", "ignored\n");
    let two = place(&repo, "T2");
    write(&repo, "T2", "src/web/extra.rs", "extra\n");
    repo.git_at(&two, ["add", "-A"]).exits(0);
    repo.git_at(&two, ["commit", "-qm", "extra"]).exits(0);
    repo.ap(["land"]).exits(0);
    repo.ap(["clean", "--dry-run"])
        .exits(0)
        .answers_with("3 worktrees would be removed, with 1 file that git ignores");
    assert!(two.exists());
    let cleaned = repo.ap(["clean"]).exits(0).answers_with("3 worktrees removed");
    cleaned.says(&format!("refs/ap/backup/{ID}/T1")).says(&format!("refs/ap/backup/{ID}/T2"));
    let show = |what: &str| repo.git(["show", &format!("refs/ap/backup/{ID}/{what}")]);
    assert_eq!(show("T1:src/auth/later.rs"), "later");
    assert_eq!(show("T2:src/web/extra.rs"), "extra");
    repo.ap(["clean", "jwt"]).exits(0).answers_with("it was cleaned up already");
}

#[test]
fn what_was_brought_into_a_worktree_is_never_committed() {
    let config = "[worktree]\ncopy = [\"local.env\"]\nlink = [\"cache/\"]\nsetup = [\"echo $AP_OBJECTIVE-$AP_PORT_BASE > made.tmp\"]\n";
    let repo = planned_with("", config);
    repo.write("local.env", "secret\n");
    repo.write("cache/big", "big\n");
    repo.write("extra/a.bin", "a\n");
    repo.write(".worktreeinclude", "# more\n/extra/*.bin\n");
    repo.ap(["start", "--yes"]).exits(0);
    let (one, two) = (place(&repo, "T1"), place(&repo, "T2"));
    let read = |path: &str| std::fs::read_to_string(one.join(path)).expect("it was brought");
    assert_eq!(read("local.env"), "secret\n");
    assert_eq!(read("extra/a.bin"), "a\n");
    assert_eq!(read("cache/big"), "big\n");
    assert!(one.join("cache").is_symlink());
    let made = read("made.tmp");
    assert!(made.starts_with("T1-2"), "{made}");
    assert_ne!(
        made.replace("T1", ""),
        std::fs::read_to_string(two.join("made.tmp")).expect("made").replace("T2", "")
    );
    repo.git_at(&one, ["add", "-A"]).exits(0);
    repo.git_at(&one, ["commit", "-qm", "all"])
        .exits(1)
        .says("was copied or linked into this worktree");
    repo.git_at(&one, ["reset", "-q"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    let files = repo.git(["show", "--name-only", "--format=", &format!("ap/{ID}/T1")]);
    assert_eq!(files, "src/auth/a.rs");
    // Nor is it in a backup: it may be a secret.
    write(&repo, "T2", "src/web/b.rs", "b\n");
    repo.ap(["drop", "T2"]).exits(0);
    let kept = format!("refs/ap/backup/{ID}/T2");
    let files = repo.git(["diff", "--name-only", &format!("{kept}^"), &kept]);
    assert_eq!(files, "src/web/b.rs");
}

#[cfg(unix)]
#[test]
fn everything_that_is_staged_or_gone_is_committed_when_it_is_done() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    write(&repo, "T1", "src/auth/made.tmp", "forced\n");
    write(&repo, "T1", "src/auth/deep.tmp/file", "forced\n");
    write(&repo, "T1", "src/auth/later", "gone\n");
    repo.git_at(&one, ["add", "--force", "src/auth"]).exits(0);
    std::fs::remove_file(one.join("src/auth/later")).expect("it is there");
    repo.git_at(&one, ["rm", "-q", "src/auth/login.rs"]).exits(0);
    write(&repo, "T1", "src/auth/login.rs/inside", "a file is a directory now\n");
    write(&repo, "T1", "src/auth/folder/file", "one\n");
    repo.ap(["done", "T1", "--commit", "-m", "feat: all"]).exits(0);
    std::fs::rename(one.join("src/auth/folder"), one.join("src/auth/other")).expect("there");
    std::os::unix::fs::symlink("other", one.join("src/auth/folder")).expect("writable");
    repo.ap(["done", "T1", "--commit", "-m", "feat: a link"]).exits(0);
    let files = repo.git(["ls-tree", "-r", "--name-only", &format!("ap/{ID}/T1"), "src/auth/"]);
    let expected = ["deep.tmp/file", "folder", "login.rs/inside", "made.tmp", "other/file"];
    let files: Vec<&str> = files.lines().filter_map(|f| f.strip_prefix("src/auth/")).collect();
    assert_eq!(files, expected);
}

#[test]
fn what_only_a_reference_of_the_worktree_reaches_is_kept() {
    let repo = planned();
    repo.ap(["start", "--yes"]).exits(0);
    let one = place(&repo, "T1");
    repo.git_at(&one, ["commit", "-q", "--allow-empty", "-m", "aside"]).exits(0);
    repo.git_at(&one, ["update-ref", "refs/worktree/mine", "HEAD"]).exits(0);
    repo.git_at(&one, ["reset", "-q", "--hard", "HEAD^"]).exits(0);
    let kept = format!("refs/ap/backup/{ID}/T1");
    repo.ap(["drop", "T1"]).exits(0).says(&kept);
    assert_eq!(repo.git(["log", "-1", "--format=%s", &kept]), "aside");
}

#[test]
fn a_start_that_fails_holds_up_nobody_else() {
    let repo = planned();
    repo.ap(["approve"]).exits(0);
    repo.write(".git/info/attributes", "src/web/* filter=broken\n");
    repo.git(["config", "filter.broken.smudge", "false"]);
    repo.git(["config", "filter.broken.clean", "cat"]);
    repo.git(["config", "filter.broken.required", "true"]);
    repo.ap(["start", "--objective", "T1"]).exits(1);
    repo.ap(["status"]).exits(0).answers_with("T1  started ");
    repo.ap(["fail", "T2"]).exits(1).says("objective T2 is planned");
    repo.git(["config", "filter.broken.smudge", "cat"]);
    repo.ap(["start"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
}

#[test]
fn what_somebody_put_into_the_gates_worktree_is_kept() {
    let config = "[gates]\nwave = [\"echo out > made.txt\"]\n[worktree]\npath = \"../places/{{slug}}-{{objective}}\"\n";
    let repo = planned_with("", config);
    repo.ap(["run", "--yes"]).exits(0);
    finish(&repo, "T1", "src/auth/a.rs", "a\n");
    finish(&repo, "T2", "src/web/b.rs", "b\n");
    finish(&repo, "T3", "docs/c.md", "c\n");
    let gate = place(&repo, "gate");
    assert!(gate.ends_with("places/add-jwt-gate") && gate.join("made.txt").is_file());
    repo.ap(["land"]).exits(0);
    std::fs::write(gate.join("src/auth/a.rs"), "mine\n").expect("writable");
    repo.ap(["clean"]).exits(0);
    assert!(!gate.exists());
    assert_eq!(repo.git(["show", &format!("refs/ap/backup/{ID}/gate:src/auth/a.rs")]), "mine");
}
