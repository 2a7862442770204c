//! A session by hand, from the plan to what has landed: real worktrees, real commits, real
//! hooks.

mod baseline;
mod beside;
mod cycle;
mod foreseen;
mod forged;
mod gates;
mod guard;
mod inner;
mod kept;
mod killed;
mod landing;
mod learned;
mod moved_target;
mod names;
mod replanned;
mod requests;
mod room;
mod set_up;
mod whereabouts;

use std::path::PathBuf;

use crate::support::Repo;

/// The plan's id.
pub const ID: &str = "20251008-104131-add-jwt";

/// Three objectives in two waves, with a shared file.
pub const PLAN: &str = r#"schema = 1
id = "20251008-104131-add-jwt"
request = "Add JWT authentication"
type = "feature"

[[objective]]
id = "T1"
title = "Tokens"
touch = ["src/auth/"]

[[objective]]
id = "T2"
title = "Web"
touch = ["src/web/"]

[[objective]]
id = "T3"
title = "Docs"
depends_on = ["T1"]
touch = ["docs/"]

[[shared]]
paths = ["src/lib.rs"]
"#;

/// A repository with the plan in it.
pub fn planned() -> Repo {
    planned_with("", "")
}

/// The same with more lines of the plan and a configuration.
pub fn planned_with(more: &str, config: &str) -> Repo {
    let repo = Repo::new();
    for (file, text) in [
        ("src/auth/login.rs", "one\n"),
        ("src/web/app.rs", "one\ntwo\nthree\n"),
        ("src/lib.rs", "mod main;\n"),
        ("docs/guide.md", "guide\n"),
        ("README.md", "readme\n"),
        (".gitignore", "*.tmp\n"),
    ] {
        repo.write(file, text);
    }
    if !config.is_empty() {
        repo.write(".ap/config.toml", format!("schema = 1\n{config}"));
    }
    repo.commit("first");
    repo.ap(["plan", "--from", "-"]).stdin(format!("{PLAN}{more}")).exits(0);
    repo
}

/// The worktree of an objective.
pub fn place(repo: &Repo, objective: &str) -> PathBuf {
    let path = repo.ap(["path", objective]).exits(0).stdout();
    PathBuf::from(path.trim_end())
}

/// Writes a file in the worktree of an objective.
pub fn write(repo: &Repo, objective: &str, path: &str, text: &str) {
    let file = place(repo, objective).join(path);
    std::fs::create_dir_all(file.parent().expect("below the root")).expect("writable");
    std::fs::write(file, text).expect("writable");
}

/// Writes a file, commits it and says that the objective is done.
pub fn finish(repo: &Repo, objective: &str, path: &str, text: &str) {
    write(repo, objective, path, text);
    let message = format!("feat: {objective}");
    repo.ap(["done", objective, "--commit", "-m", &message]).exits(0);
}

/// The integration branch's short name.
pub fn integration() -> String {
    format!("ap/{ID}/integration")
}
