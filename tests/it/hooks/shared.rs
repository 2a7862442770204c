//! Hooks that stand in a directory of the git directory.

use git_ap::domain::error::{Failure, Kind};
use git_ap::git::hooks::{Hook, InFront, Removed, prove};

use super::*;

#[test]
fn git_runs_them_in_every_worktree_and_nothing_is_left_of_them() {
    let repo = Repo::with(&["--template="]);
    repo.commit("first");
    let hooks = repo.root().join(".git/hooks");
    repo.git(["config".as_ref(), "core.hooksPath".as_ref(), hooks.as_os_str()]);
    let linked = repo.beside("linked worktree");
    repo.git(["worktree", "add", "--quiet", "-b", "linked", linked.to_str().expect("text")]);
    let program = Program::beside(&repo);
    let before = tree(&repo.root().join(".git"));
    assert!(!hooks.exists());
    let installed = install(repo.root(), &program);
    assert!(installed.hooks.iter().all(|hook| hook.changed && hook.chained.is_none()));
    assert_eq!((installed.by_setting, installed.directory), (false, hooks.clone()));
    let once = tree(&repo.root().join(".git"));
    let again = install(&linked, &program);
    assert!(again.hooks.iter().all(|hook| !hook.changed), "{again:?}");
    assert_same(&once, &tree(&repo.root().join(".git")), "installed again");
    for directory in [repo.root(), &linked] {
        prove(directory).expect("git runs them");
        assert_eq!(fronts(directory), [InFront::Ours; 4]);
        assert_eq!(program.said(), [""; 0], "a proof does nothing else");
        commit_at(&repo, directory);
        let said = program.said();
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(said[0], "ap pre-commit");
        assert!(said[1].starts_with("ap commit-msg ") && said[1].ends_with("COMMIT_EDITMSG"));
    }
    uninstall(&linked);
    assert!(!hooks.exists());
    let after = tree(&repo.root().join(".git"));
    for (name, entry) in &before {
        if !["logs/", "refs/", "worktrees/", "objects", "COMMIT_EDITMSG"]
            .iter()
            .any(|p| name.starts_with(p))
        {
            assert_eq!(after.get(name), Some(entry), "{name}");
        }
    }
    assert_eq!(fronts(repo.root()), [InFront::Missing; 4]);
}

#[test]
fn merges_and_pushes_are_asked_as_well() {
    let repo = repo();
    let program = Program::beside(&repo);
    repo.git(["checkout", "--quiet", "-b", "side"]);
    repo.git(["commit", "--quiet", "--allow-empty", "-m", "side"]);
    repo.git(["checkout", "--quiet", "main"]);
    install(repo.root(), &program);
    repo.git(["merge", "--quiet", "--no-ff", "-m", "merged", "side"]);
    assert_eq!(program.said()[0], "ap pre-merge-commit");
    let remote = repo.beside("remote.git");
    repo.git(["init", "--quiet", "--bare", remote.to_str().expect("text")]);
    repo.git(["push", "--quiet", remote.to_str().expect("text"), "main"]);
    let place = remote.display();
    assert_eq!(program.said(), [format!("ap pre-push {place} {place}")]);
}

#[test]
fn odd_hooks_are_kept_run_and_given_back_as_they_were() {
    let repo = repo();
    let program = Program::beside(&repo);
    let hooks = repo.root().join(".git/hooks");
    executable(&repo.root().join("tools/guard.sh"), program.hook("old pre-commit", ""));
    std::os::unix::fs::symlink("../../tools/guard.sh", hooks.join("pre-commit")).expect("linked");
    std::os::unix::fs::symlink("pre-commit", hooks.join("pre-merge-commit")).expect("linked");
    executable(&hooks.join("commit-msg"), "#!/bin/sh\nexit 1\n");
    set_mode(&hooks.join("commit-msg"), 0o640);
    executable(&hooks.join("pre-push"), b"#!/bin/sh\n\xff\0");
    set_mode(&hooks.join("pre-push"), 0o4751);
    std::os::unix::fs::symlink("nowhere", hooks.join("pre-push.old")).expect("linked");
    set_mode(&hooks, 0o710);
    let before = tree(&repo.root().join(".git"));
    let installed = install(repo.root(), &program);
    let kept = |name: &str| Some(hooks.join(format!("{name}.before-git-ap")));
    let expected = [kept("pre-commit"), kept("pre-merge-commit"), None, kept("pre-push")];
    let said: Vec<_> = installed.hooks.iter().map(|hook| hook.chained.clone()).collect();
    assert_eq!(said, expected, "one that git would not run is not run");
    for hook in [Hook::PreCommit, Hook::PrePush] {
        assert_eq!(chained(repo.root(), hook), kept(hook.name()));
    }
    // The link leads to ours by now; what it led to stands behind that.
    assert_eq!(chained(repo.root(), Hook::PreMergeCommit), kept("pre-commit"));
    assert_eq!(chained(repo.root(), Hook::CommitMsg), None);
    let done = uninstall(repo.root());
    assert!(done.hooks.iter().all(|hook| hook.done == Removed::Restored), "{done:?}");
    assert_same(&before, &tree(&repo.root().join(".git")), "afterwards");
    commit_at(&repo, repo.root());
    assert_eq!(program.said(), ["old pre-commit"]);
}

/// What `pre-commit install` does: what is there becomes `.legacy`, which its hook runs first.
fn pre_commit_install(repo: &Repo, program: &Program) {
    let hook = repo.root().join(".git/hooks/pre-commit");
    if hook.exists() {
        std::fs::rename(&hook, hook.with_file_name("pre-commit.legacy")).expect("renamed");
    }
    let more = "here=$(cd \"$(dirname \"$0\")\" && pwd)\n\
                if [ -x \"$here/pre-commit.legacy\" ]; then\n\"$here/pre-commit.legacy\" \"$@\"\nfi\n";
    executable(&hook, program.hook("framework", more));
}

#[test]
fn a_framework_that_comes_later_is_put_behind_without_a_loop() {
    let repo = repo();
    let program = Program::beside(&repo);
    let hooks = repo.root().join(".git/hooks");
    executable(&hooks.join("pre-commit"), program.hook("old", ""));
    install(repo.root(), &program);
    pre_commit_install(&repo, &program);
    let before = tree(&hooks);
    let status = hooks::status(&open(repo.root())).expect("readable");
    assert_eq!(status.hooks[0].front, InFront::Theirs);
    assert_eq!(status.hooks[0].behind, Some(hooks.join("pre-commit.legacy")));
    assert!(!status.fires());
    prove(repo.root()).expect("the framework runs ours");
    program.said();
    // Ours, moved away, is not run behind the framework that ours runs.
    let installed = install(repo.root(), &program);
    let kept = hooks.join("pre-commit.before-git-ap");
    assert_eq!(installed.hooks[0].chained, Some(kept.clone()));
    commit_at(&repo, repo.root());
    assert_eq!(program.said()[0], "ap pre-commit");
    let ran = Command::new(&kept).current_dir(repo.root()).status().expect("it runs");
    assert!(ran.success());
    assert_eq!(program.said(), ["framework", "old"], "and that ends");
    let uninstalled = uninstall(repo.root());
    assert_eq!(uninstalled.hooks[0].done, Removed::Restored);
    // As if git ap had never been there: the framework found the old one.
    let mut expected = before;
    let old = expected.remove("pre-commit.before-git-ap").expect("it was there");
    expected.insert("pre-commit.legacy".into(), old);
    expected
        .retain(|name, _| !["pre-merge-commit", "commit-msg", "pre-push"].contains(&name.as_str()));
    assert_same(&expected, &tree(&hooks), "afterwards");
}

#[test]
fn what_is_not_ours_is_never_deleted() {
    let repo = repo();
    let program = Program::beside(&repo);
    let hooks = repo.root().join(".git/hooks");
    install(repo.root(), &program);
    // As lefthook does: what it finds becomes `.old`, and is not run.
    std::fs::rename(hooks.join("pre-commit"), hooks.join("pre-commit.old")).expect("renamed");
    executable(&hooks.join("pre-commit"), program.hook("lefthook", ""));
    // Written over, and changed.
    executable(&hooks.join("commit-msg"), program.hook("theirs", ""));
    let mut changed = std::fs::read(hooks.join("pre-push")).expect("readable");
    changed.extend_from_slice(b"# mine\n");
    executable(&hooks.join("pre-push"), &changed);
    assert_eq!(
        fronts(repo.root()),
        [InFront::Theirs, InFront::Ours, InFront::Theirs, InFront::Changed]
    );
    let done = uninstall(repo.root());
    let done: Vec<_> = done.hooks.iter().map(|hook| hook.done).collect();
    assert_eq!(done, [Removed::Theirs, Removed::Removed, Removed::Nothing, Removed::Removed]);
    let left = tree(&hooks);
    let names: Vec<&str> =
        left.keys().map(String::as_str).filter(|name| !name.ends_with(".sample")).collect();
    assert_eq!(names, ["commit-msg", "pre-commit", "pre-push.before-git-ap.1"]);
    assert_eq!(left["pre-push.before-git-ap.1"].1, changed);
}

#[test]
fn without_the_program_objectives_are_closed_and_everything_else_goes_on() {
    let repo = repo();
    let program = Program::beside(&repo);
    let hooks = repo.root().join(".git/hooks");
    executable(&hooks.join("pre-commit"), program.hook("old", "cat >/dev/null\n"));
    let push = program.hook("push", &format!("cat >>'{}'\n", program.log.display()));
    executable(&hooks.join("pre-push"), push);
    let theirs = objective(&repo, "T1");
    install(repo.root(), &program);
    std::fs::remove_file(&program.path).expect("removed");
    let commit = ["commit", "--quiet", "--allow-empty", "-m", "x"];
    let done = git_alone(&repo, repo.root(), &commit);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(program.said(), ["old"]);
    let done = git_alone(&repo, &theirs, &commit);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let said = String::from_utf8(done.stderr).expect("text");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("put git-ap on PATH"), "{said}");
    assert_eq!(program.said(), [""; 0]);
    let remote = repo.beside("remote.git");
    repo.git(["init", "--quiet", "--bare", remote.to_str().expect("text")]);
    let push = ["push", "--quiet", remote.to_str().expect("text"), "main"];
    let done = git_alone(&repo, repo.root(), &push);
    assert!(done.status.success(), "{done:?}");
    let said = program.said();
    assert!(said.len() == 2 && said[1].starts_with("refs/heads/main "), "stdin too: {said:?}");
    let failure = prove(repo.root()).expect_err("nobody answers");
    let failure = failure.downcast::<Failure>().expect("with a hint");
    assert_eq!(failure.kind, Kind::Repository);
    assert!(failure.message.contains("`pre-commit`"), "{failure}");
    assert_eq!(failure.hint.as_deref(), Some("git ap hook install"));
}

#[test]
fn an_objectives_worktree_decides_nothing_about_hooks() {
    let repo = repo();
    let theirs = objective(&repo, "T1");
    let before = tree(&repo.root().join(".git"));
    for verb in ["install", "uninstall"] {
        let told = repo.ap(["hook", verb]).at(&theirs).exits(1).answers("");
        let message =
            format!("error: `git ap hook {verb}` cannot be given from an objective's worktree\n");
        told.says(&message).says("hint: run it in the main worktree\n");
    }
    repo.ap(["hook", "status"]).at(&theirs).exits(0).answers_with("not installed");
    assert_same(&before, &tree(&repo.root().join(".git")), "afterwards");
}

#[test]
fn the_commands_say_what_they_did() {
    let repo = Repo::of(&["a"]);
    let hooks = repo.root().join(".git/hooks");
    executable(&hooks.join("commit-msg"), "#!/bin/sh\n");
    repo.ap(["hook", "install"])
        .exits(0)
        .answers(
            "pre-commit        installed\n\
             pre-merge-commit  installed\n\
             commit-msg        installed, and runs .git/hooks/commit-msg.before-git-ap\n\
             pre-push          installed\n",
        )
        .says("`git ap hook uninstall` takes this back");
    let again = repo.ap(["hook", "install", "--format", "json"]).exits(0).json();
    assert_eq!(again["hooks"][0]["changed"], false);
    assert_eq!(again["by_setting"], false);
    repo.ap(["hook", "status"])
        .exits(0)
        .answers_with("commit-msg        installed, and runs .git/hooks/commit-msg.before-git-ap\n")
        .says("git looks for hooks in .git/hooks\n");
    let status = repo.ap(["hook", "status", "--format", "json"]).exits(0).json();
    assert_eq!(status["fires"], true);
    assert_eq!(status["hooks"][3]["state"], "ours");
    let chained = hooks.join("commit-msg.before-git-ap");
    assert_eq!(status["hooks"][2]["chained"], chained.to_str().expect("text"));
    repo.ap(["hook", "uninstall"])
        .exits(0)
        .answers_with(".git/hooks/commit-msg removed; what was there before is back\n")
        .says("`git ap hook install` puts them back");
    repo.ap(["hook", "uninstall"]).exits(0).answers("").says("nothing to take away");
    let done = repo.ap(["hook", "uninstall", "--format", "json"]).exits(0).json();
    assert_eq!(done["hooks"][0]["done"], "nothing");
}
