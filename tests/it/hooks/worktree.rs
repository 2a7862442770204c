//! Hooks where `core.hooksPath` leads into a worktree: each worktree's own configuration names
//! our directory, and what was there goes on.

use git_ap::domain::error::{Failure, Kind};
use git_ap::git::hooks::{Hook, InFront, install_in, prove};

use super::*;

const PATH: &str = ".husky/_";

/// A repository that husky has set up: an ignored directory that `core.hooksPath` names.
fn husky() -> (Repo, Program) {
    let repo = Repo::of(&["a"]);
    let program = Program::beside(&repo);
    repo.write(".husky/_/.gitignore", "*");
    for name in ["pre-commit", "post-commit", "prepare-commit-msg", "reference-transaction"] {
        executable(&repo.root().join(PATH).join(name), program.hook(&format!("husky {name}"), ""));
    }
    repo.git(["config", "core.hooksPath", PATH]);
    (repo, program)
}

fn put_in(worktree: &Path, program: &Program) -> Installed {
    install_in(worktree, &program.path, &Steps::default()).expect("installed")
}

fn own(repo: &Repo) -> PathBuf {
    repo.root().join(".git/ap/hooks")
}

#[test]
fn husky_is_left_alone_and_git_runs_ours_also_where_husky_is_not() {
    let (repo, program) = husky();
    let before = tree(repo.root());
    let installed = install(repo.root(), &program);
    assert!(installed.by_setting);
    assert_eq!(installed.directory, own(&repo));
    assert_eq!(installed.hooks[0].chained, Some(repo.root().join(PATH).join("pre-commit")));
    assert_same(
        &tree(&repo.root().join(".husky")),
        &before
            .iter()
            .filter_map(|(n, e)| Some((n.strip_prefix(".husky/")?.into(), e.clone())))
            .collect(),
        "installed",
    );
    assert_eq!(repo.git(["config", "--local", "core.hooksPath"]), PATH);
    assert_eq!(fronts(repo.root()), [InFront::Ours; 4]);
    prove(repo.root()).expect("git runs them");
    commit_at(&repo, repo.root());
    let mut said = program.said();
    said.dedup();
    assert_eq!(said[0], "ap pre-commit", "{said:?}");
    assert_eq!(said[1], "husky prepare-commit-msg", "{said:?}");
    assert!(said[2].starts_with("ap commit-msg "), "{said:?}");
    assert_eq!(said[3..], ["husky reference-transaction", "husky post-commit"], "{said:?}");

    let linked = objective(&repo, "T1");
    let put = put_in(&linked, &program);
    assert!(put.by_setting && put.hooks[0].chained.is_none(), "{put:?}");
    assert!(put_in(&linked, &program).hooks.iter().all(|hook| !hook.changed));
    program.said();
    prove(&linked).expect("git runs them");
    assert_eq!(chained(&linked, Hook::PreCommit), None);
    let pre_commit = repo.root().join(PATH).join("pre-commit");
    assert_eq!(chained(repo.root(), Hook::PreCommit), Some(pre_commit));
    commit_at(&repo, &linked);
    assert_eq!(program.said().len(), 2, "ours alone");

    repo.git(["worktree", "remove", "--force", linked.to_str().expect("text")]);
    repo.git(["branch", "-D", "T1"]);
    uninstall(repo.root());
    let after = tree(repo.root());
    for name in [".git/config", ".git/config.worktree", ".git/hooks/pre-commit.sample"] {
        assert_eq!(after.get(name), before.get(name), "{name}");
    }
    assert_eq!(after.keys().find(|name| name.starts_with(".git/ap/hooks")), None);
    program.said();
    commit_at(&repo, repo.root());
    assert_eq!(program.said()[0], "husky pre-commit");
}

#[test]
fn a_tracked_folder_counts_as_each_worktree_has_it() {
    let repo = Repo::of(&["a"]);
    let program = Program::beside(&repo);
    executable(&repo.root().join(".githooks/pre-commit"), program.hook("tracked", ""));
    repo.commit("hooks");
    repo.git(["config", "core.hooksPath", ".githooks"]);
    let linked = objective(&repo, "T1");
    let before = tree(&repo.root().join(".git"));
    // Objectives that are there already are seen to by the one call.
    install(repo.root(), &program);
    for root in [repo.root(), &linked] {
        prove(root).expect("git runs them");
        assert_eq!(chained(root, Hook::PreCommit), Some(root.join(".githooks/pre-commit")));
        assert_eq!(git_at(&repo, root, &["status", "--porcelain"]), "");
    }
    program.said();
    std::fs::remove_file(&program.path).expect("removed");
    let done = git_alone(&repo, repo.root(), &["commit", "--quiet", "--allow-empty", "-m", "x"]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(program.said(), ["tracked"], "without the program");
    let done = git_alone(&repo, &linked, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
    assert!(!done.status.success() && program.said().is_empty(), "{done:?}");
    repo.git(["update-ref", "refs/heads/main", "HEAD~1"]);
    uninstall(repo.root());
    let after = tree(&repo.root().join(".git"));
    let outside =
        |name: &&String| !["logs", "objects", "COMMIT_EDITMSG"].iter().any(|p| name.starts_with(p));
    assert!(before.keys().filter(outside).eq(after.keys().filter(outside)));
    assert_eq!(after["config"], before["config"]);
}

#[test]
fn hooks_that_are_a_link_into_the_worktree_are_not_touched() {
    let repo = Repo::with(&["--template="]);
    let program = Program::beside(&repo);
    executable(&repo.root().join("tools/hooks/pre-commit"), program.hook("tracked", ""));
    repo.commit("first");
    std::os::unix::fs::symlink("../tools/hooks", repo.root().join(".git/hooks")).expect("linked");
    let before = tree(repo.root());
    repo.ap(["hook", "install"]).exits(0).answers_with("runs .git/hooks/pre-commit\n");
    assert_eq!(repo.git(["status", "--porcelain"]), "");
    repo.ap(["hook", "status"]).exits(0).says("git looks for hooks in .git/ap/hooks\n");
    repo.ap(["hook", "uninstall"]).exits(0);
    let mut after = tree(repo.root());
    after.retain(|name, _| !name.starts_with(".git/ap"));
    assert_same(&before, &after, "afterwards");
}

#[test]
fn outside_the_repository_it_is_refused_and_the_hint_works() {
    let repo = Repo::of(&["a"]);
    let program = Program::beside(&repo);
    let shared = repo.beside("home/.githooks");
    executable(&shared.join("pre-commit"), "#!/bin/sh\n");
    let before = tree(repo.beside("home").parent().expect("above"));
    for (scope, path) in [
        ("--local", shared.to_str().expect("text")),
        ("--local", "../home/.githooks"),
        ("--local", "/dev/null"),
        ("--local", ""),
    ] {
        repo.git(["config", scope, "core.hooksPath", path]);
        let refused = hooks::install(&open(repo.root()), &program.path, &Steps::default());
        let failure = refused.expect_err("refused").downcast::<Failure>().expect("with a hint");
        assert_eq!(failure.kind, Kind::Repository, "{path}");
        assert!(failure.message.contains("outside this repository"), "{failure}");
        let unproven = prove(repo.root()).expect_err("git runs none of ours");
        let unproven = unproven.downcast::<Failure>().expect("with a hint");
        assert_eq!(unproven.hint, failure.hint, "what to mend");
        repo.git(["config", "--unset", "core.hooksPath"]);
        let now = tree(repo.beside("home").parent().expect("above"));
        assert_same(&before, &now, path);
        repo.git(["config", scope, "core.hooksPath", path]);
        let hint = failure.hint.expect("there is one");
        let hint = hint.strip_prefix("git ").expect("a command of git");
        let told = repo.git(["-c", &format!("alias.hint=!git {hint}"), "hint"]);
        assert_eq!(told, "");
        install(repo.root(), &program);
        prove(repo.root()).expect("git runs them");
        uninstall(repo.root());
        repo.git(["config", "--unset", "core.hooksPath"]);
    }
}

#[test]
fn a_global_setting_is_refused_by_the_command() {
    let repo = Repo::of(&["a"]);
    let config = repo.beside("global");
    std::fs::write(&config, "[core]\n\thooksPath = ~/.githooks\n").expect("writable");
    let global = config.to_str().expect("text");
    let told = repo.ap(["hook", "install"]).env("GIT_CONFIG_GLOBAL", global).exits(1).answers("");
    told.says("error: `core.hooksPath` (global) is `")
        .says("hint: git config --local core.hooksPath");
    repo.ap(["hook", "uninstall"]).env("GIT_CONFIG_GLOBAL", global).exits(0);
}

#[test]
fn settings_of_a_worktree_that_were_there_stay_and_come_back() {
    let (repo, program) = husky();
    repo.git(["config", "extensions.worktreeConfig", "true"]);
    repo.git(["config", "--worktree", "core.hooksPath", "mine"]);
    repo.git(["config", "--worktree", "user.name", "Somebody"]);
    executable(&repo.root().join("mine/pre-commit"), program.hook("mine", ""));
    let before = tree(&repo.root().join(".git"));
    let installed = install(repo.root(), &program);
    let mine = repo.root().join("mine/pre-commit");
    assert_eq!(installed.hooks[0].chained, Some(mine.clone()));
    assert_eq!(chained(repo.root(), Hook::PreCommit), Some(mine));
    prove(repo.root()).expect("git runs them");
    std::fs::remove_file(&program.path).expect("removed");
    let done = git_alone(&repo, repo.root(), &["hook", "run", "pre-commit"]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(program.said().last().map(String::as_str), Some("mine"));
    uninstall(repo.root());
    assert_same(&before, &tree(&repo.root().join(".git")), "afterwards");
}

#[test]
fn what_others_changed_meanwhile_stays() {
    let (repo, program) = husky();
    install(repo.root(), &program);
    repo.git(["config", "branch.main.remote", "origin"]);
    repo.git(["config", "--worktree", "user.name", "Somebody"]);
    // git copies the configuration of this worktree to a new one (git-worktree(1)).
    let linked = objective(&repo, "T1");
    assert!(uninstall(repo.root()).extension_stays);
    assert_eq!(repo.git(["config", "core.hooksPath"]), PATH);
    assert_eq!(git_at(&repo, &linked, &["config", "core.hooksPath"]), PATH);
    assert_eq!(repo.git(["config", "user.name"]), "Somebody");
    assert_eq!(repo.git(["config", "extensions.worktreeConfig"]), "true");
    repo.git(["config", "--worktree", "--unset", "user.name"]);
    git_at(&repo, &linked, &["config", "--worktree", "--unset", "user.name"]);

    repo.git(["config", "--unset", "extensions.worktreeConfig"]);
    install(repo.root(), &program);
    repo.git(["config", "branch.main.merge", "refs/heads/main"]);
    assert!(!uninstall(repo.root()).extension_stays);
    let left = repo.git(["config", "--local", "--list", "--name-only"]);
    assert!(!left.contains("extensions") && left.contains("branch.main.merge"), "{left}");
    for config in ["config.worktree", "worktrees/T1/config.worktree"] {
        let text = std::fs::read_to_string(repo.root().join(".git").join(config));
        assert_eq!(text.unwrap_or_default(), "", "{config}");
    }
}

#[test]
fn a_bare_repository_with_worktrees_stays_bare() {
    let repo = Repo::of(&["a"]);
    let bare = repo.beside("bare.git");
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    repo.git(["clone", "--quiet", "--bare", &text(repo.root()), &text(&bare)]);
    let config = std::fs::read_to_string(bare.join("config")).expect("readable");
    let odd = format!("{config}\tloose = 1\n# a comment\n[http]\n\textraheader = secret");
    std::fs::write(bare.join("config"), odd).expect("writable");
    let linked = repo.beside("linked");
    repo.git(["--git-dir", &text(&bare), "worktree", "add", "--quiet", &text(&linked), "main"]);
    git_at(&repo, &bare, &["config", "core.hooksPath", ".githooks"]);
    let before = tree(&bare);
    let program = Program::beside(&repo);
    let installed = install(&linked, &program);
    assert!(installed.by_setting);
    prove(&linked).expect("git runs them");
    let record = std::fs::read_to_string(bare.join("ap/hooks.toml")).expect("readable");
    assert!(!record.contains("secret"), "{record}");
    assert_eq!(git_at(&repo, &bare, &["rev-parse", "--is-bare-repository"]), "true");
    assert_eq!(git_at(&repo, &linked, &["rev-parse", "--is-bare-repository"]), "false");
    commit_at(&repo, &linked);
    assert_eq!(program.said()[0], "ap pre-commit");
    uninstall(&linked);
    let after = tree(&bare);
    assert_eq!(after["config"], before["config"]);
    assert_eq!(after.get("config.worktree"), None);
    assert_eq!(git_at(&repo, &bare, &["rev-parse", "--is-bare-repository"]), "true");
}

#[test]
fn a_submodule_keeps_its_worktree() {
    let repo = Repo::of(&["a"]);
    let library = repo.beside("library");
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    repo.git(["clone", "--quiet", &text(repo.root()), &text(&library)]);
    repo.git([
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "--quiet",
        &text(&library),
        "lib",
    ]);
    let module = repo.root().join(".git/modules/lib");
    let root = repo.root().join("lib");
    git_at(&repo, &root, &["config", "core.hooksPath", ".husky"]);
    let before = tree(&module);
    let program = Program::beside(&repo);
    assert!(install(&root, &program).by_setting);
    prove(&root).expect("git runs them");
    assert_eq!(git_at(&repo, &root, &["rev-parse", "--show-toplevel"]), text(&root));
    assert_eq!(fronts(&root), [InFront::Ours; 4]);
    uninstall(&root);
    assert_same(&before, &tree(&module), "afterwards");
    assert_eq!(git_at(&repo, &root, &["rev-parse", "--show-toplevel"]), text(&root));
}

#[test]
fn a_change_of_the_hooks_path_is_followed() {
    let repo = repo();
    let program = Program::beside(&repo);
    let hooks = repo.root().join(".git/hooks");
    executable(&hooks.join("pre-commit"), program.hook("plain", ""));
    executable(&repo.root().join(".husky/_/pre-commit"), program.hook("husky", ""));
    let plain = tree(&hooks);
    install(repo.root(), &program);
    repo.git(["config", "core.hooksPath", PATH]);
    assert_eq!(fronts(repo.root())[0], InFront::Theirs);
    let config = std::fs::read(repo.root().join(".git/config")).expect("readable");
    install(repo.root(), &program);
    assert_same(&plain, &tree(&hooks), "ours are in one place");
    let husky = repo.root().join(PATH).join("pre-commit");
    assert_eq!(chained(repo.root(), Hook::PreCommit), Some(husky));
    prove(repo.root()).expect("git runs them");
    let text = hooks.to_str().expect("text");
    repo.git(["config", "core.hooksPath", text]);
    let installed = install(repo.root(), &program);
    assert!(!installed.by_setting);
    let kept = hooks.join("pre-commit.before-git-ap");
    assert_eq!(chained(repo.root(), Hook::PreCommit), Some(kept));
    prove(repo.root()).expect("git runs them");
    assert!(!own(&repo).exists() && !repo.root().join(".git/config.worktree").exists());
    uninstall(repo.root());
    assert_same(&plain, &tree(&hooks), "afterwards");
    repo.git(["config", "core.hooksPath", PATH]);
    let now = std::fs::read(repo.root().join(".git/config")).expect("readable");
    assert_eq!(now, config);
}

#[test]
fn a_tool_that_installs_into_our_directory_is_run_too() {
    let (repo, program) = husky();
    install(repo.root(), &program);
    let front = own(&repo).join("pre-commit");
    std::fs::rename(&front, own(&repo).join("pre-commit.old")).expect("renamed");
    executable(&front, program.hook("lefthook", ""));
    let installed = install(repo.root(), &program);
    let kept = own(&repo).join("pre-commit.before-git-ap");
    assert_eq!(installed.hooks[0].chained, Some(kept.clone()));
    assert_eq!(chained(repo.root(), Hook::PreCommit), Some(kept));
    uninstall(repo.root());
    let left: Vec<_> = tree(&own(&repo)).into_keys().collect();
    assert_eq!(left, ["pre-commit"], "what is not ours stays");
}

#[test]
fn a_relative_path_into_the_git_directory_leads_nowhere_in_other_worktrees() {
    let repo = Repo::of(&["a"]);
    let program = Program::beside(&repo);
    repo.git(["config", "core.hooksPath", ".git/hooks"]);
    let pre_commit = repo.root().join(".git/hooks/pre-commit");
    executable(&pre_commit, program.hook("plain", ""));
    let linked = objective(&repo, "T1");
    let before = tree(&repo.root().join(".git"));
    assert!(install(repo.root(), &program).by_setting);
    for root in [repo.root(), &linked] {
        prove(root).expect("git runs them");
    }
    assert_eq!(chained(repo.root(), Hook::PreCommit), Some(pre_commit));
    assert_eq!(chained(&linked, Hook::PreCommit), None);
    uninstall(repo.root());
    assert_same(&before, &tree(&repo.root().join(".git")), "afterwards");
}

#[test]
fn what_git_exports_to_a_hook_does_not_lead_to_another_worktree() {
    let (repo, _) = husky();
    let linked = objective(&repo, "T1");
    let done = repo.ap(["hook", "install"]).env("GIT_DIR", ".git");
    done.env("GIT_INDEX_FILE", "/nowhere/index").env("GIT_PREFIX", "a/").exits(0);
    let own = own(&repo);
    for root in [repo.root(), &linked] {
        assert_eq!(Path::new(&git_at(&repo, root, &["config", "core.hooksPath"])), own);
    }
}

#[test]
fn a_lock_of_git_is_respected_and_an_own_one_taken_over() {
    let (repo, program) = husky();
    let lock = repo.root().join(".git/config.lock");
    std::fs::write(&lock, "").expect("writable");
    let refused = hooks::install(&open(repo.root()), &program.path, &Steps::default());
    let failure = refused.expect_err("locked").downcast::<Failure>().expect("with a hint");
    assert!(failure.message.starts_with("another git is changing `"), "{failure}");
    assert!(failure.hint.is_some_and(|hint| hint.ends_with(lock.to_str().expect("text"))));
    assert!(lock.exists(), "it is somebody else's");
    std::fs::remove_file(&lock).expect("removable");
    repo.ap(["hook", "install"]).env("GIT_AP_FAILPOINT", "rename-config=kill").dies();
    assert!(lock.exists());
    repo.ap(["hook", "uninstall"]).exits(0);
    assert!(!lock.exists());
    install(repo.root(), &program);
}
