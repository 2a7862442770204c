//! Which commands a project tests itself with, from its manifests and Makefile: facts, for a
//! plan to propose.

use super::manifest::{Manifest, ManifestKind};

/// A command that a project tests itself with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gate {
    /// The directory of the module that it tests, empty for the whole repository.
    pub module: String,
    /// The command, to be run at the repository's root.
    pub command: String,
    /// The file that says so.
    pub source: String,
}

/// The commands for the whole repository and for each module that can be tested alone.
pub fn detect(
    manifests: &[Manifest],
    makefile: Option<&str>,
    locks: &[&str],
    tests: &[String],
) -> Vec<Gate> {
    let mut gates = Vec::new();
    if makefile.is_some_and(has_test_target) {
        gates.push(gate("", "make test", "Makefile"));
    }
    for manifest in manifests {
        gates.extend(of_manifest(manifest, manifests, locks, tests));
    }
    gates.sort();
    gates.dedup_by(|a, b| a.module == b.module && a.command == b.command);
    gates
}

fn gate(module: &str, command: &str, source: &str) -> Gate {
    Gate { module: module.to_owned(), command: command.to_owned(), source: source.to_owned() }
}

fn of_manifest(
    manifest: &Manifest,
    all: &[Manifest],
    locks: &[&str],
    tests: &[String],
) -> Option<Gate> {
    let module = manifest.directory();
    let source = manifest.path.to_lossy();
    let root = all.iter().find(|m| m.kind == manifest.kind && m.directory().is_empty());
    let command = match manifest.kind {
        ManifestKind::Cargo => match (&manifest.name, module.is_empty()) {
            (_, true) => cargo_root(manifest, all),
            (Some(name), false) if root.is_some() && !manifest.workspace => {
                format!("cargo test -p {}", plain(name)?)
            }
            (Some(_), false) => format!("cargo test --manifest-path {}", plain(&source)?),
            (None, false) => return None,
        },
        ManifestKind::Npm if manifest.tools.contains("test") => {
            let runner = npm_runner(locks);
            if module.is_empty() {
                format!("{runner} test")
            } else {
                npm_in(runner, plain(&module)?)
            }
        }
        ManifestKind::Go => {
            if module.is_empty() {
                "go test ./...".to_owned()
            } else {
                format!("go -C {} test ./...", plain(&module)?)
            }
        }
        ManifestKind::Python if !tests.is_empty() && module.is_empty() => {
            let pytest =
                manifest.tools.contains("pytest") || all.iter().any(|m| m.tools.contains("pytest"));
            if !pytest {
                return None;
            }
            "python -m pytest".to_owned()
        }
        ManifestKind::Other => match manifest.path.file_name() {
            b"pom.xml" if module.is_empty() => "mvn -q test".to_owned(),
            b"build.gradle" | b"build.gradle.kts" if module.is_empty() => {
                "./gradlew test".to_owned()
            }
            b"mix.exs" if module.is_empty() => "mix test".to_owned(),
            _ => return None,
        },
        ManifestKind::Npm | ManifestKind::Python => return None,
    };
    Some(gate(&module, &command, &source))
}

fn cargo_root(manifest: &Manifest, all: &[Manifest]) -> String {
    let members = all.iter().filter(|m| m.kind == ManifestKind::Cargo).count() > 1;
    let command =
        if members && manifest.name.is_some() { "cargo test --workspace" } else { "cargo test" };
    command.to_owned()
}

/// The package manager whose lock file the root has.
fn npm_runner(locks: &[&str]) -> &'static str {
    let runners = [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun run")];
    runners.into_iter().find(|(lock, _)| locks.contains(lock)).map_or("npm", |(_, runner)| runner)
}

fn npm_in(runner: &str, module: &str) -> String {
    match runner {
        "pnpm" => format!("pnpm --dir {module} test"),
        "yarn" => format!("yarn --cwd {module} test"),
        "bun run" => format!("bun run --cwd {module} test"),
        _ => format!("npm --prefix {module} test"),
    }
}

/// A name that a shell takes as one word and as nothing but a word; anything else would make
/// a command of a hostile name.
pub fn plain(name: &str) -> Option<&str> {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@');
    (!name.is_empty() && !name.starts_with('-') && name.chars().all(safe)).then_some(name)
}

fn has_test_target(makefile: &str) -> bool {
    makefile.lines().any(|line| {
        line.split_once(':').is_some_and(|(targets, rest)| {
            !line.starts_with(['\t', '#'])
                && !rest.starts_with('=')
                && targets.split_whitespace().any(|target| target == "test")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path::RepoPath;

    fn manifest(path: &str, text: &str) -> Manifest {
        let path = RepoPath::new(path).expect("a valid path");
        let kind = Manifest::kind_of(&path).expect("a manifest");
        Manifest::read(&path, kind, text)
    }

    fn commands(manifests: &[Manifest], makefile: Option<&str>, locks: &[&str]) -> Vec<String> {
        let gates = detect(manifests, makefile, locks, &["tests/test_a.py".to_owned()]);
        gates.into_iter().map(|g| g.command).collect()
    }

    #[test]
    fn commands_are_those_of_the_project() {
        let cargo = [
            manifest("Cargo.toml", "[workspace]\n[package]\nname = \"r\""),
            manifest("crates/a/Cargo.toml", "[package]\nname = \"a\""),
        ];
        assert_eq!(commands(&cargo, None, &[]), ["cargo test --workspace", "cargo test -p a"]);
        let npm = [
            manifest("package.json", r#"{"scripts": {"test": "vitest"}}"#),
            manifest("p/package.json", r#"{"scripts": {"lint": "x"}}"#),
        ];
        assert_eq!(commands(&npm, None, &["pnpm-lock.yaml"]), ["pnpm test"]);
        assert_eq!(commands(&[manifest("go.mod", "module x")], None, &[]), ["go test ./..."]);
        let python = [manifest("pyproject.toml", "[tool.pytest.ini_options]")];
        assert_eq!(commands(&python, None, &[]), ["python -m pytest"]);
        assert_eq!(commands(&[], Some("build test: x\n\tgo"), &[]), ["make test"]);
        assert!(commands(&[], Some("test := x\n# test: y\n"), &[]).is_empty());
    }

    #[test]
    fn a_hostile_name_makes_no_command() {
        let hostile = [
            manifest("Cargo.toml", "[workspace]"),
            manifest("x/Cargo.toml", "[package]\nname = \"a; rm -rf /\""),
            manifest("$(id)/package.json", r#"{"scripts": {"test": "x"}}"#),
        ];
        assert_eq!(commands(&hostile, None, &[]), ["cargo test"]);
    }
}
