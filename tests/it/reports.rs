//! The pages that a reviewer reads: what they say of a repository is there, and nothing that a
//! repository holds can make them say something else.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::support::Repo;

const HOSTILE: &[&[u8]] = &[
    b"src/token|a.rs",
    b"src/token](http:evil).rs",
    b"src/<b>token.rs",
    b"src/`token`.rs",
    b"src/token\nnew.rs",
    b"src/token @all #1.rs",
    "src/token\u{202e}sr.exe.rs".as_bytes(),
    b"src/token%2e%2e.rs",
    b"src/token \xff.rs",
    b"src/(token)/[x]/token?.rs",
];

const CI: &str = "\
on: [push]
jobs:
  test:
    steps:
      - run: cargo test --doc
      - run: cargo test --${{ matrix.evil }}
      - run: cargo test; touch owned
      - run: cargo clippy -- -D warnings
";

fn repository() -> Repo {
    let repo = Repo::new();
    repo.write("Cargo.toml", "[package]\nname = \"shop|x\"\n");
    repo.write("src/lib.rs", "mod token;\nmod web;\n");
    repo.write("src/token.rs", "pub fn token_of(user: &str) {}\n");
    repo.write("src/web.rs", "use crate::token::token_of;\npub fn token_page() {}\n");
    repo.write("vendor/x/token.rs", "fn token() {}\n");
    repo.write(".github/CODEOWNERS", "* @org/all\n/src/web.rs @web|<b>\n/src/web.rs @web\n");
    repo.write(".github/workflows/ci.yml", CI);
    for name in HOSTILE {
        let file = repo.root().join(Path::new(std::ffi::OsStr::from_bytes(name)));
        std::fs::create_dir_all(file.parent().expect("below the root")).expect("writable");
        std::fs::write(file, "fn token() {}\n").expect("writable");
    }
    repo.commit("first");
    repo
}

/// Everything that a page links to, with escapes undone.
fn targets(page: &str) -> Vec<Vec<u8>> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links
        .map(|link| {
            let mut parts = link.split('%');
            let mut bytes = parts.next().expect("one at least").as_bytes().to_vec();
            for part in parts {
                bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            bytes
        })
        .collect()
}

#[test]
fn every_link_leads_to_something_that_is_there() {
    let repo = repository();
    repo.ap(["plan", "Change the token"]).exits(0);
    let folder = only_plan(&repo);
    for page in ["plan.md", "analysis.md"] {
        let text = std::fs::read_to_string(folder.join(page)).expect("there");
        let found = targets(&text);
        assert!(found.len() > 2, "{text}");
        for target in found {
            let path = folder.join(Path::new(std::ffi::OsStr::from_bytes(&target)));
            assert!(target.starts_with(b"../../../") && path.exists(), "{path:?} of\n{text}");
        }
        for line in text.lines() {
            let fine = !line.contains("<b>") || line.contains('`');
            assert!(fine && !line.contains('\u{202e}') && !line.contains("(http"), "{line}");
        }
    }
}

fn only_plan(repo: &Repo) -> std::path::PathBuf {
    let plans = std::fs::read_dir(repo.root().join(".ap/plans")).expect("there");
    plans.map(|entry| entry.expect("readable").path()).next().expect("one plan")
}

#[test]
fn a_page_stays_as_it_is_while_the_code_moves_on() {
    let repo = repository();
    repo.ap(["plan", "Change the token"]).exits(0);
    let page = std::fs::read_to_string(only_plan(&repo).join("plan.md")).expect("there");
    assert!(page.contains("`@org/all`") && page.contains("| Ask |"), "{page}");
    repo.write("src/token/more.rs", "fn token() {}");
    repo.write(".github/CODEOWNERS", "* @nobody\n");
    repo.commit("later");
    let told = repo.ap(["check", "--format", "json"]).ends().json();
    let stale = |f: &serde_json::Value| f["code"] == "stale-render";
    assert!(!told["findings"].as_array().expect("a list").iter().any(stale), "{told}");
    let graph = repo.ap(["show", "--graph", "mermaid"]).exits(0).stdout();
    assert!(!page.contains("```mermaid") || page.contains(graph.trim_end()), "{graph}\n{page}");
}

#[test]
fn an_analysis_tells_what_there_is_and_what_is_uncertain() {
    let repo = repository();
    repo.write("src/uncommitted.rs", "fn token() {}");
    let document = repo
        .ap(["analyze", "--format", "json", "Change the token quokka in src/gone.rs"])
        .exits(0)
        .json();
    let inventory = &document["inventory"];
    assert_eq!(inventory["modules"][0]["kind"], "cargo");
    assert_eq!(inventory["vendored"][0]["directory"], "vendor");
    assert!(inventory["lines"]["rust"].as_u64() > Some(5), "{inventory}");
    let gates = inventory["gates"].as_array().expect("a list");
    let commands: Vec<_> = gates.iter().filter_map(|gate| gate["command"].as_str()).collect();
    assert_eq!(commands, ["cargo test", "cargo test --doc", "cargo clippy -- -D warnings"]);
    assert_eq!(gates[1]["source"], ".github/workflows/ci.yml");
    let files = document["files"].as_array().expect("a list");
    let web = files.iter().find(|file| file["path"] == "src/web.rs").expect("it holds the word");
    assert_eq!(web["owners"], serde_json::json!(["@web"]));
    assert_eq!(document["owners"]["path"], ".github/CODEOWNERS");
    assert_eq!(document["uncommitted"][0]["path"], "src/uncommitted.rs");
    let uncertain = document["uncertain"].to_string();
    for part in ["quokka", "`src/gone.rs`", "no test", "one line of CODEOWNERS"] {
        assert!(uncertain.contains(part), "{part} is missing in {uncertain}");
    }
    let page = repo.ap(["analyze", "Change the token"]).exits(0).stdout();
    assert!(page.contains("were not looked at: `src/uncommitted.rs`"), "{page}");
    assert!(!page.contains("](../"), "a terminal has no links: {page}");
}

#[test]
fn progress_is_told_and_never_goes_back() {
    let repo = repository();
    let told = repo.ap(["plan", "--format", "json", "Change the token"]).exits(0).stdout();
    let events: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect();
    let percent = |e: &serde_json::Value| e["status"]["progress_percent"].as_u64().expect("known");
    assert!(events.windows(2).all(|pair| percent(&pair[0]) <= percent(&pair[1])), "{told}");
    let analysed = events.iter().find(|e| e["type"] == "codebase_analyzed").expect("told");
    assert!(percent(analysed) >= 80, "most of the work is reading: {told}");
    let last = events.last().expect("there are some");
    assert_eq!((&last["type"], percent(last)), (&"cycle_complete".into(), 100));
    assert_eq!(last["status"]["estimated_remaining_seconds"], 0.0);
}
