//! `git ap init --agents`: what is written for agents, on consent alone, and taken out again.

use crate::support::Repo;

const FILES: [&str; 7] = [
    ".mcp.json",
    ".claude/settings.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
    ".gemini/settings.json",
];

/// A repository that has something of each agent.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write(".claude/settings.json", "{\n  // ours\n  \"model\": \"x\"\n}\n");
    repo.write(".codex/config.toml", "model = \"x\" # ours\n");
    repo.write(".gemini/settings.json", "{\n  \"ui\": {}\n}\n");
    repo.write(".cursor/rules/a.md", "rules\n");
    repo.commit("first");
    repo
}

/// `git ap` that finds no program of an agent.
fn init<'r>(repo: &'r Repo, arguments: &[&str]) -> crate::support::Run<'r> {
    let git = std::env::var_os("PATH").expect("there is a PATH");
    let git = std::env::split_paths(&git).find(|folder| folder.join("git").is_file());
    let path = git.expect("git is installed").display().to_string();
    repo.ap([&["init"], arguments].concat()).env("PATH", &path)
}

#[test]
fn nothing_is_written_without_a_yes() {
    let repo = repo();
    let before = repo.state();
    init(&repo, &["--agents"]).exits(1).says("nobody said that ");
    init(&repo, &["--agents", "--dry-run"])
        .exits(0)
        .answers_with("+  \"mcpServers\": {")
        .answers_with(".codex/config.toml would be written")
        .answers_with(" model = \"x\" # ours\n+\n+[mcp_servers.git-ap]\n");
    let json = init(&repo, &["--agents", "--dry-run", "--format", "json"]).exits(0).json();
    assert_eq!(json["differences"].as_array().map(Vec::len), Some(FILES.len()), "{json}");
    assert_eq!(repo.state(), before);
    init(&repo, &["--dry-run"]).exits(0).says("`git ap init --agents` tells ");
}

#[test]
fn what_is_written_is_what_agents_read_and_goes_again() {
    let repo = repo();
    let before = repo.state();
    let run = init(&repo, &["--agents", "--yes"]).exits(0);
    for file in FILES {
        assert!(run.stdout().contains(&format!("{file} written\n")), "{file}: {}", run.stdout());
        let text = repo.read(file);
        assert!(text.contains("git-ap"), "{file}: {text}");
    }
    assert!(repo.read(".claude/settings.json").contains("// ours"));
    assert!(repo.read(".codex/config.toml").starts_with("model = \"x\" # ours\n"));
    let written = repo.state();
    init(&repo, &["--agents", "--yes"]).exits(0).answers_with(".mcp.json is there already");
    init(&repo, &["--agents"]).exits(0);
    assert_eq!(repo.state(), written, "a second time changes nothing");
    init(&repo, &["--agents", "--remove"]).exits(0).answers_with(".mcp.json removed");
    assert_eq!(repo.state(), before);
    init(&repo, &["--remove"]).exits(0).says("there was nothing to remove");

    // With the scaffold, too; what somebody changed stays.
    init(&repo, &[]).exits(0);
    init(&repo, &["--agents", "--yes"]).exits(0);
    let own = repo.read(".mcp.json").replace("\"git-ap\",", "\"/opt/git-ap\",");
    repo.write(".mcp.json", &own);
    init(&repo, &["--agents", "--yes"]).exits(0).answers_with(".mcp.json is yours");
    init(&repo, &["--remove"]).exits(0).answers_with(".mcp.json is yours: it was left as it is");
    assert_eq!(repo.read(".mcp.json"), own);
    std::fs::remove_file(repo.root().join(".mcp.json")).expect("removable");
    assert_eq!(repo.state(), before);
}

#[test]
fn what_cannot_be_read_or_leads_elsewhere_is_left() {
    let repo = repo();
    repo.write(".mcp.json", "{ \"mcpServers\": [1] }\n");
    let before = repo.state();
    init(&repo, &["--agents", "--yes"])
        .exits(1)
        .says("`.mcp.json` is not what its agent would read: `mcpServers` is no object");
    assert_eq!(repo.state(), before, "nothing at all is written");
    std::fs::remove_file(repo.root().join(".mcp.json")).expect("removable");
    let outside = repo.beside("outside.json");
    std::fs::write(&outside, "{}\n").expect("writable");
    std::os::unix::fs::symlink(&outside, repo.root().join(".mcp.json")).expect("linked");
    init(&repo, &["--agents", "--yes"]).exits(0).answers_with(".mcp.json is a link");
    assert_eq!(std::fs::read_to_string(&outside).expect("there"), "{}\n");
    assert!(repo.root().join(".mcp.json").is_symlink());
    // A folder that leads out of the repository is not followed either.
    std::fs::remove_dir_all(repo.root().join(".cursor")).expect("removable");
    std::os::unix::fs::symlink(repo.beside("home"), repo.root().join(".cursor")).expect("linked");
    init(&repo, &["--agents", "--yes"]).exits(1).says("`.cursor` is a symbolic link");
    assert!(!repo.beside("home").join("mcp.json").exists());
    let none = Repo::of(&["a"]);
    init(&none, &["--agents", "--yes"]).exits(0).says("no agent was found");
}
