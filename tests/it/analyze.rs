//! What an analysis knows of files and of their past, and what it keeps for the next time: what
//! is kept saves time and changes no answer.

use std::path::PathBuf;

use crate::support::Repo;

/// A codebase with some past: each commit with its message and what it changes.
fn with_past(repo: &Repo) {
    repo.write("Cargo.toml", "[package]\nname = \"x\"\n");
    for (name, text) in [
        ("token", "pub struct Token;\npub fn issue_token() -> Token { Token }\n"),
        ("session", "use crate::token::Token;\npub fn open(t: Token) {}\n"),
        ("zebra", "pub fn stripes() {}\n"),
        ("web", "use crate::session::open;\npub fn serve() {}\n"),
    ] {
        repo.write(&format!("src/{name}.rs"), text);
    }
    for n in 0..12 {
        repo.write(&format!("src/other{n}.rs"), format!("pub fn other{n}() {{}}\n"));
    }
    repo.commit("first");
    for n in 0..3 {
        repo.write("src/zebra.rs", format!("pub fn stripes() {{ {n} }}\n"));
        repo.write("src/web.rs", format!("use crate::session::open;\npub fn serve() {{ {n} }}\n"));
        repo.commit(&format!("fix: quokka overflow in case {n}"));
    }
}

fn repository() -> Repo {
    let repo = Repo::new();
    with_past(&repo);
    repo
}

fn answer(repo: &Repo, request: &str) -> String {
    repo.ap(["analyze", "--format", "json", request]).exits(0).stdout()
}

fn kept(repo: &Repo) -> PathBuf {
    repo.root().join(".git/ap/cache/index")
}

fn ranked(repo: &Repo, request: &str) -> Vec<(String, String)> {
    let document: serde_json::Value = serde_json::from_str(&answer(repo, request)).expect("JSON");
    let files = document["files"].as_array().expect("a list").iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    files.map(|file| (text(&file["path"]), file["why"].to_string())).collect()
}

#[test]
fn what_is_kept_changes_no_answer() {
    let repo = repository();
    let first = answer(&repo, "rotate the session token");
    let bytes = std::fs::read(kept(&repo)).expect("something is kept");
    assert_eq!(answer(&repo, "rotate the session token"), first);
    assert_eq!(std::fs::read(kept(&repo)).ok().as_ref(), Some(&bytes), "nothing was new");
    let warm = answer(&repo, "count the stripes");
    std::fs::remove_dir_all(repo.root().join(".git/ap/cache")).expect("removable");
    assert_eq!(answer(&repo, "count the stripes"), warm, "whatever was asked before");
    // A file that is renamed speaks another language.
    repo.git(["mv", "src/token.rs", "src/token.py"]);
    repo.write("src/session.rs", "pub fn open() { token() }\n");
    repo.commit("later");
    let grown = answer(&repo, "rotate the session token");
    std::fs::remove_file(kept(&repo)).expect("removable");
    assert_eq!(answer(&repo, "rotate the session token"), grown);
}

#[test]
fn what_is_kept_and_damaged_is_made_anew() {
    let repo = repository();
    let first = answer(&repo, "rotate the session token");
    let bytes = std::fs::read(kept(&repo)).expect("something is kept");
    let places = (0..bytes.len()).step_by(bytes.len() / 5);
    for place in places {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1;
        for wrong in [flipped.as_slice(), &bytes[..place]] {
            std::fs::write(kept(&repo), wrong).expect("writable");
            assert_eq!(answer(&repo, "rotate the session token"), first, "at {place}");
            let again = std::fs::read(kept(&repo)).expect("it is kept again");
            assert_eq!(again.len(), bytes.len());
        }
    }
    // Where nothing can be kept, nothing is.
    std::fs::remove_dir_all(repo.root().join(".git/ap/cache")).expect("removable");
    std::fs::write(repo.root().join(".git/ap/cache"), "in the way").expect("writable");
    assert_eq!(answer(&repo, "rotate the session token"), first);
}

#[test]
fn many_at_once_give_one_answer() {
    let repo = repository();
    let first = answer(&repo, "rotate the session token");
    for _ in 0..3 {
        std::fs::remove_dir_all(repo.root().join(".git/ap/cache")).expect("removable");
        let answers: Vec<String> = std::thread::scope(|scope| {
            let runs: Vec<_> =
                (0..4).map(|_| scope.spawn(|| answer(&repo, "rotate the session token"))).collect();
            runs.into_iter().map(|run| run.join().expect("it answers")).collect()
        });
        assert!(answers.iter().all(|answer| *answer == first));
    }
    assert_eq!(answer(&repo, "rotate the session token"), first);
}

#[test]
fn past_commits_say_which_files_a_request_needs() {
    let repo = repository();
    let files = ranked(&repo, "fix: quokka overflow once more");
    let at = |path: &str| files.iter().position(|(known, _)| known == path);
    let (zebra, token) = (at("src/zebra.rs"), at("src/token.rs"));
    assert!(zebra < Some(2), "no word of the request is in the file: {files:?}");
    assert!(token.is_none() || token > zebra, "{files:?}");
    let why = &files[zebra.expect("it is there")].1;
    assert!(why.contains("past commits like it"), "{why}");
    assert!(why.contains("quokka overflow in case"), "{why}");
    // The past follows a file to its new name, also where it changed on the way.
    std::fs::create_dir_all(repo.root().join("lib")).expect("writable");
    repo.git(["mv", "src/zebra.rs", "lib/zebra.rs"]);
    repo.write("lib/zebra.rs", "mod other;\npub fn anything() { 1 + 1 }\n");
    repo.commit("move");
    let files = ranked(&repo, "fix: quokka overflow once more");
    assert!(files.iter().take(2).any(|(path, _)| path == "lib/zebra.rs"), "{files:?}");
}

#[test]
fn what_changes_together_is_told_with_its_share() {
    let repo = repository();
    let files = ranked(&repo, "change the stripes");
    let (_, why) = files.iter().find(|(path, _)| path == "src/web.rs").expect("it changes too");
    assert!(why.contains("changes with src/zebra.rs (100%)"), "{why}");
}

#[test]
fn a_shallow_clone_and_one_of_sha256_are_analysed() {
    let repo = repository();
    let shallow = repo.beside("shallow");
    let url = format!("file://{}", repo.root().display());
    let place = shallow.display().to_string();
    repo.git(["clone", "--quiet", "--depth", "2", url.as_str(), place.as_str()]);
    let document =
        repo.ap(["analyze", "--format", "json", "change the stripes"]).at(&shallow).exits(0).json();
    assert_eq!(document["history"]["shallow"], true);
    assert!(document["uncertain"].to_string().contains("shallow"), "{document}");
    let other = Repo::with(&["--object-format=sha256"]);
    with_past(&other);
    let first = answer(&other, "change the stripes");
    assert!(first.contains("src/zebra.rs"), "{first}");
    assert_eq!(answer(&other, "change the stripes"), first);
}

#[test]
fn any_request_gives_a_plan_or_a_clear_refusal() {
    let repo = repository();
    repo.ap(["plan", "--dry-run", "  \n "]).exits(2).says("the request is empty");
    let long = "Refactor the token store. ".repeat(4096);
    let requests = [
        long.as_str(),
        "Die Sitzung soll nach einer Stunde ablaufen",
        "セッショントークンを更新する",
        "Добавить проверку токена",
        "# Title\n\n```toml\nid = \"evil\"\n```\n| a | b |\n<script>alert(1)</script> [x](javascript:y)",
        "Fix \u{1b}[2J\u{202e}token\u{0} `x\u{7}` \"\"\" ''' \\ {{request}} ${HOME} $(id)",
        "Change src/nowhere.rs and ../../etc/passwd and C:\\x and src/../token.rs",
        "\u{feff}token\r\nsession\r\n",
    ];
    for request in requests {
        // A NUL cannot be in an argument.
        let request = request.replace('\0', "");
        let shown = &request[..request.char_indices().nth(40).map_or(request.len(), |(at, _)| at)];
        let done = repo.ap(["plan", &request]).exits(0);
        let raw = |text: &str| text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
        assert!(!raw(&done.stdout()) && !raw(&done.stderr()), "{shown}");
        assert!(!done.stdout().contains('\u{202e}'), "{shown}");
        let id = done.stdout().lines().next().expect("the id").to_owned();
        repo.ap(["check", &id]).exits(0);
        for page in ["plan.md", "analysis.md"] {
            let text = repo.read(&format!(".ap/plans/{id}/{page}"));
            assert!(!raw(&text) && !text.contains("<script>"), "{page} of {shown}");
        }
        std::fs::remove_dir_all(repo.root().join(".ap")).expect("removable");
    }
}
