//! `git ap check` and `show` through the program: plans, fixes, and changes held against a scope.

use crate::plan::plan;
use crate::support::Repo;

const ID: &str = "20251008-104131-x";

fn planned(files: &[&str], one: &str, two: &str) -> Repo {
    let repo = Repo::of(files);
    repo.write(&format!(".ap/plans/{ID}/plan.toml"), plan(ID, one, two));
    repo.commit("plan");
    repo
}

#[test]
fn overlaps_that_files_and_prefixes_miss_are_found_with_a_path() {
    for (one, two, witness, exists) in [
        ("src/[ab].rs", "src/[cb].rs", "src/b.rs", false),
        ("src/*_test.rs", "src/foo_*.rs", "src/foo_test.rs", false),
        ("**/*.sql", "db/**", "db/x.sql", true),
        ("src/{a/x,b}.rs", "src/a/*.rs", "src/a/x.rs", false),
        ("src/", "src/a.py", "src/a.py", true),
        ("a[!b]c", "a?c", "aac", false),
    ] {
        let repo = planned(&["db/x.sql", "src/a.py"], one, two);
        let found = repo.ap(["check", "--format", "json"]).exits(3).json();
        let overlap = found["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|f| f["code"] == "scope-overlap");
        let overlap = overlap.unwrap_or_else(|| panic!("{one} x {two}: {found}"));
        assert_eq!(
            (overlap["witness"].as_str(), overlap["witness_exists"].as_bool()),
            (Some(witness), Some(exists))
        );
        assert_eq!(overlap["patterns"], serde_json::json!([one, two]));
        assert_eq!(found["valid"], false);
    }
    for (one, two) in [
        ("[a-c]x", "[x-z]x"),
        ("src/foo/**", "src/foobar/**"),
        ("src[!a]x", "src/x"),
        ("src/", "src/auth/\"]\nforbid = [\"**"),
    ] {
        let repo = planned(&["db/x.sql"], one, two);
        let found =
            repo.ap(["check", "--format", "json"]).exits(if one == "src/" { 3 } else { 0 }).json();
        assert!(!found.to_string().contains("scope-overlap"), "{one} x {two}: {found}");
    }
    let repo = planned(&["src/auth/a", "src/b"], "src/\"]\nforbid = [\"src/auth/", "src/auth/");
    repo.ap(["check"]).exits(0).answers("20251008-104131-x: valid, 2 objectives in 1 wave\n");
}

#[test]
fn the_pattern_is_underlined_in_the_file() {
    let repo = planned(&["src/auth/login.rs"], "src/**", "src/auth/");
    repo.ap(["check"]).exits(3).answers(
        "error[scope-overlap]: T1 and T2 can both change src/auth/login.rs in wave 1
  --> .ap/plans/20251008-104131-x/plan.toml:11:10
   |
11 | touch = [\"src/**\"]
   |          ^^^^^^^^
...
17 | touch = [\"src/auth/\"]
   |          ----------- T2 has it here
   |
   = help: add `forbid = [\"src/auth/\"]` to T1, or let `git ap check --fix` put them into different waves

20251008-104131-x: not valid, 2 objectives in 1 wave, 1 error
",
    );
    repo.ap(["check", "--format", "github"]).exits(3).answers_with(
        "::error file=.ap/plans/20251008-104131-x/plan.toml,line=11,col=10,title=scope-overlap::",
    );
    let sarif = repo.ap(["check", "--format", "sarif"]).exits(3).json();
    let region = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (region["startLine"].as_u64(), region["startColumn"].as_u64()),
        (Some(11), Some(10))
    );
}

#[test]
fn a_fix_in_a_dry_run_changes_nothing() {
    let repo = planned(&["src/auth/a"], "src/", "src/auth/");
    let before = repo.state();
    repo.ap(["check", "--fix", "--dry-run"])
        .exits(0)
        .says("T2 moves from wave 1 to wave 2")
        .says("would write");
    assert_eq!(repo.state(), before);
    repo.ap(["check", "--fix"]).env("GIT_AP_FAILPOINT", "rename-file=fail").exits(1);
    assert_eq!(repo.state(), before);
    repo.ap(["check", "--fix"]).exits(0);
    repo.ap(["check", "--fix"]).exits(0).says("nothing was changed");
}

#[test]
fn names_files_and_folders_mean_the_plan() {
    let repo = planned(&["src/a", "web/b"], "src/", "web/");
    let file = format!(".ap/plans/{ID}/plan.toml");
    for name in ["x", ID, file.as_str(), &format!(".ap/plans/{ID}"), "20251008"] {
        repo.ap(["check", name]).exits(0);
    }
    repo.ap(["check", "plan.toml"]).at(repo.root().join(format!(".ap/plans/{ID}"))).exits(0);
    repo.ap(["check"]).at(repo.root().join("src")).exits(0);
    repo.ap(["check", "nothing"])
        .exits(1)
        .says("there is no plan `nothing`; there is 20251008-104131-x");
    repo.ap(["check", "no/file.toml"]).exits(1).says("there is no file `no/file.toml`");
    repo.ap(["show", "y"]).exits(1);
    repo.ap(["show", "x/T9"]).exits(1).says("has no objective `T9`");
    repo.ap(["show", "x", "T2", "--prompt"]).exits(0).answers_with("\nSCOPE_TOUCH=web/\n");
    repo.ap(["show", "--prompt"]).exits(2).says("git ap show x T1 --prompt");
    repo.ap(["show", "--graph", "dot"]).exits(0).answers_with("o0 [label=\"T1: one\\nwave 1\"];");
}

#[test]
fn settings_are_checked_and_wrong_ones_stop_every_command() {
    let repo = planned(&["src/a", "web/b"], "src/", "web/");
    repo.ap(["init", "--team"])
        .exits(0)
        .answers(".ap/config.toml written\n.ap/team.toml written\n");
    repo.ap(["init", "--team"]).exits(0).answers_with("is there already");
    repo.ap(["check", ".ap/config.toml"]).exits(0);
    repo.write(".ap/config.toml", "schema = 1\n[check]\ncase = \"eror\"\n");
    let before = repo.state();
    repo.ap(["check", ".ap/config.toml"]).exits(3).answers_with("did you mean `error`?");
    repo.ap(["check"])
        .exits(3)
        .says(".ap/config.toml:3:8: `case` cannot be `eror`")
        .says("git ap check .ap/config.toml");
    repo.ap(["plan", "x"]).exits(3);
    repo.ap(["init", "--remove"]).exits(0).answers_with(".ap/config.toml is yours");
    assert_eq!(
        repo.read(".ap/config.toml"),
        String::from_utf8_lossy(before.below(".ap/config.toml")[".ap/config.toml"])
    );
    repo.write(".ap/config.toml", "schema = 1\nglobal_forbid = [\"src/\"]\n");
    repo.ap(["check"])
        .exits(3)
        .answers_with("error[scope-nothing-left]")
        .answers_with("T1 may touch nothing");
    repo.ap(["config", "global_forbid"]).exits(0).answers("[\"src/\"]\n");
    repo.ap(["config", "global_forbit"]).exits(1).says("git ap config global_forbid");
}

#[test]
fn each_commit_of_a_range_is_held_against_the_scope() {
    let repo = planned(&["src/a.rs", "src/b.rs", "web/b.ts", "docs/x"], "src/", "web/");
    let base = repo.git(["rev-parse", "HEAD"]);
    let check = |range: &str, objective: &str, code: i32| {
        repo.ap(["check", "--range", range, "--objective", objective]).exits(code)
    };
    repo.write("src/a.rs", "in scope");
    repo.commit("in");
    check(&format!("{base}..HEAD"), "T1", 0);
    check(&format!("{base}.."), "T2", 4)
        .answers_with("objective T2 may not change src/a.rs: it belongs to T1");
    // Out and back again: the net change is nothing, the commits are not.
    repo.write("web/b.ts", "out");
    repo.commit("out");
    repo.write("web/b.ts", "web/b.ts");
    repo.commit("back");
    let done = check(&format!("{base}..HEAD"), "T1", 4);
    assert_eq!(done.stdout().matches("may not change web/b.ts: it belongs to T2").count(), 2);
    let from = repo.git(["rev-parse", "HEAD"]);
    repo.git(["mv", "web/b.ts", "src/b.ts"]);
    repo.git(["rm", "--quiet", "docs/x"]);
    std::os::unix::fs::symlink("/etc/passwd", repo.root().join("link")).expect("a link");
    repo.commit("rename, delete, link");
    let done = check(&format!("{from}..HEAD"), "T1", 4);
    for violation in [
        "may not delete web/b.ts: it belongs to T2",
        "may not delete docs/x: it is in no scope",
        "may not add link: it is in no scope",
    ] {
        assert!(done.stdout().contains(violation), "{}", done.stdout());
    }
    let from = repo.git(["rev-parse", "HEAD"]);
    repo.git(["update-index", "--chmod=+x", "src/a.rs"]);
    repo.git(["update-index", "--add", "--cacheinfo", &format!("160000,{from},module")]);
    repo.git(["commit", "--quiet", "-m", "mode and module"]);
    check(&format!("{from}..HEAD"), "T1", 4).answers_with("may not add module: it is in no scope");
    check(&format!("{from}..HEAD"), "T2", 4)
        .answers_with("may not change the mode of src/a.rs: it belongs to T1");
    repo.ap(["check", "--range", "HEAD", "--objective", "T1"]).exits(2).says("`HEAD` is no range");
    repo.ap(["check", "--range", "nope..HEAD", "--objective", "T1"])
        .exits(1)
        .says("`nope` names no commit");
}

#[test]
fn a_merge_counts_for_what_it_changed_itself() {
    let repo = planned(&["src/a.rs", "web/b.ts"], "src/", "web/");
    let base = repo.git(["rev-parse", "HEAD"]);
    repo.git(["checkout", "--quiet", "-b", "other"]);
    repo.write("src/new.rs", "other");
    repo.commit("other");
    repo.git(["checkout", "--quiet", "main"]);
    repo.write("src/a.rs", "mine");
    repo.commit("mine");
    repo.git(["merge", "--quiet", "--no-ff", "--no-commit", "other"]);
    repo.write("web/b.ts", "an evil merge");
    repo.commit("merge");
    let done =
        repo.ap(["check", "--range", &format!("{base}..HEAD"), "--objective", "T1"]).exits(4);
    assert_eq!(done.stdout().matches("scope-violation").count(), 1, "{}", done.stdout());
    assert!(done.stdout().contains("may not change web/b.ts"));
}

#[test]
fn what_is_staged_is_held_against_the_scope_also_in_another_index() {
    let repo = planned(&["src/a.rs", "web/b.ts"], "src/", "web/");
    let linked = repo.beside("linked");
    repo.git(["worktree", "add", "--quiet", "-b", "w", &linked.to_string_lossy()]);
    let staged = || repo.ap(["check", "--staged", "--objective", "T1"]);
    repo.write("web/b.ts", "not staged");
    staged().exits(0);
    repo.git(["add", "web/b.ts"]);
    staged().exits(4).answers_with("objective T1 may not change web/b.ts: it belongs to T2");
    staged().at(&linked).exits(0);
    let index = repo.root().join(".git/other-index");
    std::fs::copy(linked.join("../repo/.git/worktrees/linked/index"), &index).expect("an index");
    staged().env("GIT_INDEX_FILE", &index.to_string_lossy()).exits(0);
}

#[test]
fn where_the_history_ends_early_nothing_is_guessed() {
    let repo = planned(&["src/a.rs", "web/b.ts"], "src/", "web/");
    repo.git(["checkout", "--quiet", "--orphan", "other"]);
    repo.write("src/c.rs", "c");
    repo.commit("a root of its own");
    repo.write("src/d.rs", "d");
    repo.commit("a side branch");
    repo.git(["checkout", "--quiet", "main"]);
    repo.git(["merge", "--quiet", "--allow-unrelated-histories", "-m", "merge", "other"]);
    let shallow = repo.beside("shallow");
    let from = format!("file://{}", repo.root().display());
    repo.git(["clone", "--quiet", "--depth=2", &from, &shallow.to_string_lossy()]);
    repo.ap(["check", "--range", "HEAD^..HEAD", "--objective", "T1"])
        .at(&shallow)
        .exits(1)
        .says("the clone is shallow")
        .says("git fetch --unshallow");
    repo.ap(["check", "--range", "HEAD^..HEAD", "--objective", "T1"]).exits(4);
}

#[test]
fn a_copy_that_came_with_the_changes_widens_no_scope() {
    let repo = planned(&["src/a.rs", "web/b.ts", "top"], "src/", "web/");
    let base = repo.git(["rev-parse", "HEAD"]);
    let path = format!(".ap/plans/{ID}/plan.toml");
    let range = format!("{base}..HEAD");
    let check = || repo.ap(["check", "--range", &range, "--objective", "T1"]).exits(4);
    repo.write("top", "out of scope");
    repo.commit("out");
    check();
    let wide = repo.read(&path).replace("\"src/\"", "\"**\"").replace("wave = 1", "");
    repo.write(&path, &wide);
    check().answers_with("may not change top");
    repo.write(".ap/config.toml", "schema = 1\nglobal_forbid = []\n");
    repo.commit("widen");
    let done = check().answers_with("may not change top");
    assert!(done.stdout().contains("may not change .ap/plans"), "{}", done.stdout());
    repo.write("top", "again");
    repo.git(["add", "top"]);
    // Once the target holds the wider plan, that is what was agreed.
    repo.ap(["check", "--staged", "--objective", "T1"])
        .exits(0)
        .says("1 staged change held against");
    repo.git(["reset", "--quiet", "--hard"]);
    repo.write("new", "");
    repo.git(["add", "--intent-to-add", "new"]);
    repo.ap(["check", "--staged", "--objective", "T2"]).exits(0).says("0 staged changes");
}

#[test]
fn a_fix_says_why_and_keeps_what_is_right() {
    let repo = Repo::of(&["src/auth/login.rs", "src/web/app.rs", "docs/a.md"]);
    let plan = "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n\n[[objective]]\nid = \"A\"\ntitle = \"a\"\nwave = 1\ntouch = [\"src/\"]\n\n# keep this\n[[objective]]\nid = \"B\"\ntitle = \"b\"\nwave = 1 # first\ntouch = [\"src/auth/\"]\n\n[[objective]]\nid = \"C\"\ntitle = \"c\"\nwave = 1\ndepends_on = [\"A\"]\nintegration_points = [\"uses A\"]\ntouch = [\"docs/\"]\n\n[[objective]]\nid = \"D\"\ntitle = \"d\"\nwave = 2\ntouch = [\"src/web/\"]\n";
    repo.ap(["plan", "--from", "-"]).stdin(plan).exits(3);
    let file = ".ap/plans/20251008-104131-x/plan.toml";
    let before = repo.read(file);
    let dry = repo.ap(["check", "--fix", "--dry-run", "--format", "json"]).exits(0).json();
    assert_eq!(repo.read(file), before);
    assert_eq!(dry["valid"], true);
    let moves = dry["moves"].as_array().expect("a list");
    let ids: Vec<_> = moves.iter().map(|m| m["objective"].as_str().expect("an id")).collect();
    assert_eq!(ids, ["B", "C"]);
    assert_eq!(moves[0]["why"], "it meets A at `src/auth/login.rs`");
    assert_eq!(moves[1]["why"], "it depends on A in wave 1");
    let fixed = repo.ap(["check", "--fix"]).exits(0);
    fixed.says("B moves from wave 1 to wave 2: it meets A at `src/auth/login.rs`");
    let after = repo.read(file);
    assert!(after.contains("# keep this\n") && after.contains("wave = 2 # first"), "{after}");
    // What has a wave that is right keeps it; mended, nothing moves any more.
    assert!(after.contains("id = \"D\"\ntitle = \"d\"\nwave = 2"), "{after}");
    let again = repo.ap(["check", "--fix", "--format", "json"]).exits(0).json();
    assert_eq!(again["moves"].as_array().expect("a list").len(), 0);
}

#[test]
fn a_fix_mends_contracts_and_hazards_that_are_errors() {
    let repo = Repo::of(&["src/a.rs", "src/b.rs"]);
    repo.write(".ap/config.toml", "schema = 1\n[check]\nread_hazards = \"error\"\n");
    let plan = "schema = 1\nid = \"20251008-104131-x\"\nrequest = \"r\"\ntype = \"bug\"\n[[objective]]\nid = \"A\"\ntitle = \"a\"\nwave = 1\ntouch = [\"src/a.rs\"]\nread = [\"src/b.rs\"]\n[[objective]]\nid = \"B\"\ntitle = \"b\"\nwave = 1\ntouch = [\"src/b.rs\"]\n[[objective]]\nid = \"C\"\ntitle = \"c\"\nwave = 1\ntouch = [\"c/\"]\ncreates = true\n[[objective]]\nid = \"D\"\ntitle = \"d\"\nwave = 2\ntouch = [\"d/\"]\ncreates = true\n[[contract]]\nprovider = \"D\"\nconsumers = [\"C\"]\ndescription = \"what C uses\"\n";
    repo.ap(["plan", "--from", "-"]).stdin(plan).exits(3);
    let fixed = repo.ap(["check", "--fix", "--format", "json"]).exits(0).json();
    let why: Vec<_> =
        fixed["moves"].as_array().expect("a list").iter().map(|m| m["why"].clone()).collect();
    assert_eq!(why, ["it changes `src/b.rs`, which A reads", "it uses what D provides in wave 2"]);
}
