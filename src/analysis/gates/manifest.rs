//! Tests and lints that manifests name, run by the package manager whose lock file is there.

use super::{Gate, GateKind, Known, gate, plain};
use crate::analysis::manifest::{Manifest, ManifestKind};

/// Scripts of `package.json` that are taken, the first of each kind.
const SCRIPTS: &[(&str, GateKind)] = &[
    ("test", GateKind::Test),
    ("typecheck", GateKind::Types),
    ("type-check", GateKind::Types),
    ("check-types", GateKind::Types),
    ("lint", GateKind::Lint),
];

pub(super) fn gates(known: &Known<'_>) -> Vec<Gate> {
    known.manifests.iter().flat_map(|manifest| of_manifest(manifest, known)).collect()
}

fn of_manifest(manifest: &Manifest, known: &Known<'_>) -> Vec<Gate> {
    let module = manifest.directory();
    let source = manifest.path.to_lossy();
    let test = |command: Option<String>| -> Vec<Gate> {
        command.into_iter().map(|c| gate(&module, GateKind::Test, c, &source)).collect()
    };
    match manifest.kind {
        ManifestKind::Cargo => test(cargo(manifest, known)),
        ManifestKind::Npm => npm(manifest, known),
        ManifestKind::Go if module.is_empty() => test(Some("go test ./...".to_owned())),
        ManifestKind::Go => test(plain(&module).map(|m| format!("go -C {m} test ./..."))),
        ManifestKind::Python if module.is_empty() => test(python(known)),
        ManifestKind::Python => Vec::new(),
        ManifestKind::Other => test(other(manifest, known)),
    }
}

fn cargo(manifest: &Manifest, known: &Known<'_>) -> Option<String> {
    let module = manifest.directory();
    let cargo = || known.manifests.iter().filter(|m| m.kind == ManifestKind::Cargo);
    if module.is_empty() {
        // Without a package of its own the root means all members anyway.
        let whole = manifest.workspace && manifest.name.is_some() && cargo().count() > 1;
        return Some(if whole { "cargo test --workspace" } else { "cargo test" }.to_owned());
    }
    let name = manifest.name.as_deref()?;
    let member = cargo().any(|m| m.directory().is_empty() && m.has_member(&module));
    if member {
        return plain(name).map(|name| format!("cargo test -p {name}"));
    }
    plain(&manifest.path.to_lossy()).map(|path| format!("cargo test --manifest-path {path}"))
}

fn npm(manifest: &Manifest, known: &Known<'_>) -> Vec<Gate> {
    let module = manifest.directory();
    let source = manifest.path.to_lossy();
    let runner = npm_runner(known);
    let mut gates: Vec<Gate> = Vec::new();
    for (script, kind) in SCRIPTS {
        if !manifest.tools.contains(*script) || gates.iter().any(|gate| gate.kind == *kind) {
            continue;
        }
        let run = if *script == "test" && runner != "bun" { "" } else { "run " };
        let command = if module.is_empty() {
            format!("{runner} {run}{script}")
        } else {
            let Some(module) = plain(&module) else { return Vec::new() };
            match runner {
                "pnpm" => format!("pnpm --dir {module} {run}{script}"),
                "yarn" => format!("yarn --cwd {module} {run}{script}"),
                "bun" => format!("bun run --cwd {module} {script}"),
                _ => format!("npm --prefix {module} {run}{script}"),
            }
        };
        gates.push(gate(&module, *kind, command, &source));
    }
    gates
}

/// The package manager whose lock file the root has.
fn npm_runner(known: &Known<'_>) -> &'static str {
    let runners = [
        ("pnpm-lock.yaml", "pnpm"),
        ("yarn.lock", "yarn"),
        ("bun.lock", "bun"),
        ("bun.lockb", "bun"),
    ];
    let found = runners.into_iter().find(|(lock, _)| known.root.contains(*lock));
    found.map_or("npm", |(_, runner)| runner)
}

/// pytest where somebody configures or requires it, else what runs tests in environments of
/// its own.
fn python(known: &Known<'_>) -> Option<String> {
    let uses = |tool: &str| known.manifests.iter().any(|m| m.tools.contains(tool));
    if known.tests && uses("pytest") {
        let runner = if known.root.contains("uv.lock") {
            "uv run pytest"
        } else if known.root.contains("poetry.lock") {
            "poetry run pytest"
        } else {
            "python -m pytest"
        };
        return Some(runner.to_owned());
    }
    let nox = known.root.contains("noxfile.py").then_some("nox");
    let tox = (known.root.contains("tox.ini") || uses("tox")).then_some("tox");
    nox.or(tox).map(str::to_owned)
}

fn other(manifest: &Manifest, known: &Known<'_>) -> Option<String> {
    let module = manifest.directory();
    let wrapped = |wrapper: &str, program: &str| {
        if known.root.contains(wrapper) { format!("./{wrapper}") } else { program.to_owned() }
    };
    // Only a module that the build knows can be named to it.
    let is_member =
        |tool: &str| known.manifests.iter().any(|m| m.tool() == tool && m.has_member(&module));
    let command = match (manifest.tool(), module.is_empty()) {
        ("maven", true) => format!("{} -q test", wrapped("mvnw", "mvn")),
        ("maven", false) if is_member("maven") => {
            // `-am` builds what the module needs, which would be missing otherwise.
            format!("{} -q -pl {} -am test", wrapped("mvnw", "mvn"), plain(&module)?)
        }
        ("gradle", true) => format!("{} test", wrapped("gradlew", "gradle")),
        ("gradle", false) if is_member("gradle") => {
            let project = plain(&module)?.replace('/', ":");
            format!("{} :{project}:test", wrapped("gradlew", "gradle"))
        }
        ("mix", true) => "mix test".to_owned(),
        ("swift", true) if known.tests => "swift test".to_owned(),
        ("dotnet", true) if known.tests => "dotnet test".to_owned(),
        ("composer", true) if manifest.tools.contains("test") => "composer test".to_owned(),
        ("ruby", true) if manifest.tools.contains("rspec") && known.tests => {
            "bundle exec rspec".to_owned()
        }
        _ => return None,
    };
    Some(command)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::path::RepoPath;

    fn manifest(path: &str, text: &str) -> Manifest {
        let path = RepoPath::new(path).expect("a valid path");
        let kind = Manifest::kind_of(&path).expect("a manifest");
        Manifest::read(&path, kind, text)
    }

    fn commands(manifests: &[(&str, &str)], root: &[&str]) -> Vec<String> {
        let manifests: Vec<Manifest> = manifests.iter().map(|(p, t)| manifest(p, t)).collect();
        let root: BTreeSet<String> = root.iter().map(|name| (*name).to_owned()).collect();
        let known = Known { manifests: &manifests, tasks: &[], ci: &[], root: &root, tests: true };
        super::super::detect(&known).into_iter().map(|g| g.command).collect()
    }

    #[test]
    fn commands_are_those_of_the_project() {
        type Row = (
            &'static [(&'static str, &'static str)],
            &'static [&'static str],
            &'static [&'static str],
        );
        const PACKAGE: &str = r#"{"scripts": {"test": "vitest", "lint": "x", "typecheck": "tsc"}}"#;
        let table: [Row; 9] = [
            (
                &[
                    (
                        "Cargo.toml",
                        "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/x\"]\n[package]\nname = \"r\"",
                    ),
                    ("crates/a/Cargo.toml", "[package]\nname = \"a\""),
                    ("crates/x/Cargo.toml", "[package]\nname = \"x\""),
                ],
                &[],
                &[
                    "cargo test --workspace",
                    "cargo test -p a",
                    "cargo test --manifest-path crates/x/Cargo.toml",
                ],
            ),
            (
                &[("package.json", PACKAGE), ("p/package.json", r#"{"scripts": {"test": "x"}}"#)],
                &["pnpm-lock.yaml"],
                &["pnpm test", "pnpm run typecheck", "pnpm run lint", "pnpm --dir p test"],
            ),
            (
                &[("package.json", PACKAGE)],
                &["bun.lock"],
                &["bun run test", "bun run typecheck", "bun run lint"],
            ),
            (
                &[("go.mod", "module x"), ("sub/go.mod", "module y")],
                &[],
                &["go test ./...", "go -C sub test ./..."],
            ),
            (&[("pyproject.toml", "[tool.pytest.ini_options]")], &[], &["python -m pytest"]),
            (&[("pyproject.toml", "[tool.pytest.ini_options]")], &["uv.lock"], &["uv run pytest"]),
            (&[("setup.cfg", "")], &["tox.ini"], &["tox"]),
            (
                &[
                    ("pom.xml", "<modules><module>core</module></modules>"),
                    ("core/pom.xml", ""),
                    ("x/pom.xml", ""),
                ],
                &["mvnw"],
                &["./mvnw -q test", "./mvnw -q -pl core -am test"],
            ),
            (
                &[
                    ("app/core/build.gradle.kts", ""),
                    ("build.gradle", ""),
                    ("settings.gradle", "include ':app:core'"),
                ],
                &["gradlew"],
                &["./gradlew test", "./gradlew :app:core:test"],
            ),
        ];
        for (manifests, root, expected) in table {
            assert_eq!(commands(manifests, root), expected);
        }
    }

    #[test]
    fn a_hostile_name_makes_no_command() {
        let hostile = [
            ("Cargo.toml", "[workspace]\nmembers = [\"x\"]"),
            ("x/Cargo.toml", "[package]\nname = \"a; rm -rf /\""),
            ("$(id)/package.json", r#"{"scripts": {"test": "x"}}"#),
            ("a b/pom.xml", ""),
            ("pom.xml", ""),
        ];
        assert_eq!(commands(&hostile, &[]), ["cargo test", "mvn -q test"]);
    }
}
