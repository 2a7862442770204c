//! What is refused, by name and with what to do about it.

use git_ap::domain::error::Kind;
use git_ap::git::Repository;

use super::{failure, open, repo};

#[test]
fn a_directory_in_no_repository() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let failure = failure(Repository::discover(directory.path()));
    assert_eq!(failure.kind, Kind::Repository);
    assert!(failure.message.contains("in no git repository"), "{}", failure.message);
    assert_eq!(failure.hint.as_deref(), Some("git init"));
}

#[test]
fn references_in_the_reftable_format() {
    let repo = repo(&["--ref-format=reftable"]);
    repo.write("sub/a", "a");
    repo.commit("first");
    for directory in [repo.root().to_owned(), repo.root().join("sub")] {
        let failure = failure(Repository::discover(&directory));
        assert_eq!(failure.kind, Kind::Repository);
        assert!(failure.message.contains("reftable"), "{}", failure.message);
        let hint = failure.hint.expect("there is a way out");
        assert!(hint.contains("git refs migrate --ref-format=files"), "{hint}");
    }
    // Without reflogs every git that knows the format can do what the hint says.
    let repo = super::repo(&["--ref-format=reftable"]);
    repo.git(["config", "core.logAllRefUpdates", "false"]);
    repo.commit("first");
    repo.git(["refs", "migrate", "--ref-format=files"]);
    assert_eq!(open(repo.root()).head().expect("there is one").branch.as_deref(), Some("main"));
}

#[test]
fn a_linked_worktree_of_a_reftable_repository() {
    let repo = repo(&["--ref-format=reftable"]);
    repo.commit("first");
    let linked = repo.beside("linked");
    repo.git(["worktree", "add", "--quiet", linked.to_str().expect("UTF-8")]);
    assert!(failure(Repository::discover(&linked)).message.contains("reftable"));
}

#[test]
fn no_commit_yet() {
    let repo = repo(&[]);
    let failure = failure(open(repo.root()).head());
    assert_eq!(failure.kind, Kind::Repository);
    assert!(failure.message.contains("no commit yet"), "{}", failure.message);
    assert!(failure.hint.is_some_and(|h| h.starts_with("git commit --allow-empty")));
}

#[test]
fn a_bare_repository_has_no_worktree() {
    let repo = repo(&[]);
    repo.write("a", "a");
    let commit = repo.commit("first");
    let bare = repo.beside("bare.git");
    let target = bare.to_str().expect("UTF-8");
    repo.git(["clone", "--quiet", "--bare", ".", target]);
    let opened = open(&bare);
    assert!(failure(opened.worktree()).message.contains("is bare"));
    assert_eq!(opened.head().expect("there is one").commit, commit);
    assert_eq!(opened.entries(&commit).expect("readable").len(), 1);
}

#[test]
fn a_revision_that_names_no_commit() {
    let repo = repo(&[]);
    repo.write("a", "a");
    let commit = repo.commit("first");
    repo.git(["tag", "-a", "v1", "-m", "one"]);
    let opened = open(repo.root());
    for good in ["HEAD", "main", "v1", &commit, &commit[..8], "HEAD^{commit}"] {
        assert_eq!(opened.commit(good).expect(good), commit, "{good}");
    }
    let odd = ["", "nope", "HEAD~7", "HEAD:a", "HEAD^{tree}", "--all", "a\u{1b}[2Jb", "\0", ":/x"];
    for bad in odd {
        let failure = failure(opened.commit(bad));
        assert_eq!(failure.kind, Kind::User, "{bad:?}");
        assert!(failure.message.contains("names no commit"), "{}", failure.message);
    }
}

#[test]
fn an_object_id_of_the_other_format_is_refused() {
    let repo = repo(&["--object-format=sha256"]);
    repo.write("a", "a");
    let commit = repo.commit("first");
    let opened = open(repo.root());
    assert!(opened.entries(&commit[..40]).is_err());
    assert!(opened.shared().reader().blob(&commit[..40], 10).is_err());
    assert!(opened.changes(None, &commit[..40]).is_err());
}

#[test]
fn a_repository_of_a_later_format_is_not_called_none() {
    let repo = repo(&[]);
    repo.git(["config", "core.repositoryFormatVersion", "7"]);
    let error = Repository::discover(repo.root()).expect_err("no git can read it");
    let shown = format!("{error:#}");
    assert!(shown.contains("cannot open the repository"), "{shown}");
    assert!(!shown.contains("git init"), "{shown}");
}

#[test]
fn a_partial_clone_says_what_it_lacks() {
    let repo = repo(&[]);
    repo.write("a", "a");
    let commit = repo.commit("first");
    repo.git(["config", "uploadPack.allowFilter", "true"]);
    let url = format!("file://{}", repo.root().display());
    let clone = repo.beside("partial");
    let target = clone.to_str().expect("UTF-8");
    repo.git(["clone", "--quiet", "--no-checkout", "--filter=blob:none", &url, target]);
    let read = || {
        let opened = open(&clone);
        let entries = opened.entries(&commit).expect("trees are there");
        opened.shared().reader().blob(&entries[0].id, 10)
    };
    let hint = failure(read()).hint.expect("there is a way out");
    let words: Vec<&str> = hint.split(' ').skip(1).collect();
    repo.git(["-C", target].iter().chain(&words));
    assert_eq!(read().expect("it is there now"), Some(b"a".to_vec()));
}
