//! Which commands a project tests itself with, from its manifests, task files and CI: facts,
//! for a plan to propose. Nothing of it runs before an owner approved a plan that holds it.

mod ci;
mod command;
mod manifest;

use std::collections::BTreeSet;

use super::manifest::Manifest;

pub(super) use ci::is_ci;

/// What a gate looks at, the most useful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateKind {
    /// It runs tests.
    Test,
    /// It checks types.
    Types,
    /// It looks for mistakes and style.
    Lint,
}

impl GateKind {
    /// The name in JSON and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Types => "types",
            Self::Lint => "lint",
        }
    }
}

/// A command that a project tests itself with. The order is that of usefulness: the whole
/// repository before its modules, tests before lints, manifests before CI.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gate {
    /// The directory of the module that it tests, empty for the whole repository.
    pub module: String,
    /// What it looks at.
    pub kind: GateKind,
    /// Whether only a CI file names it.
    pub from_ci: bool,
    /// The command, to be run at the repository's root.
    pub command: String,
    /// The file that says so.
    pub source: String,
}

/// What gates are read from.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The manifests, by path.
    pub manifests: &'a [Manifest],
    /// Makefile and justfile of the root: path and text.
    pub tasks: &'a [(String, String)],
    /// CI files: path and text.
    pub ci: &'a [(String, String)],
    /// Names of the files at the root.
    pub root: &'a BTreeSet<String>,
    /// Whether the project has test files.
    pub tests: bool,
}

/// The most gates of CI files that are kept.
const MAX_CI: usize = 12;

/// The commands for the whole repository and for each module that can be tested alone, the
/// most useful first.
pub fn detect(known: &Known<'_>) -> Vec<Gate> {
    let mut gates = manifest::gates(known);
    for (path, text) in known.tasks {
        gates.extend(of_tasks(path, text));
    }
    let mut commands: BTreeSet<String> = gates.iter().map(|gate| gate.command.clone()).collect();
    let of_ci = known.ci.iter().flat_map(|(path, text)| ci::gates(path, text));
    gates.extend(of_ci.filter(|gate| commands.insert(gate.command.clone())).take(MAX_CI));
    // Stable, so that commands of one rank stay in the order of the file that names them.
    gates.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let mut seen = BTreeSet::new();
    gates.retain(|gate| seen.insert((gate.module.clone(), gate.command.clone())));
    gates
}

fn rank(gate: &Gate) -> (bool, GateKind, bool, &str) {
    (!gate.module.is_empty(), gate.kind, gate.from_ci, &gate.module)
}

/// The targets of a Makefile or a justfile that test or lint, each kind once.
fn of_tasks(path: &str, text: &str) -> Vec<Gate> {
    let program = if path == "Makefile" { "make" } else { "just" };
    let mut gates: Vec<Gate> = Vec::new();
    for line in text.lines() {
        let Some((targets, rest)) = line.split_once(':') else { continue };
        if line.starts_with(['\t', ' ', '#', '.', '@']) || rest.starts_with('=') {
            continue;
        }
        let targets = targets.split_whitespace();
        for target in targets.filter(|target| plain(target).is_some()) {
            // Only the plain names: `test-race-386` is a variant of `test`.
            let kind = match target {
                "test" | "tests" | "check" => GateKind::Test,
                "lint" | "vet" | "clippy" => GateKind::Lint,
                "typecheck" | "mypy" => GateKind::Types,
                _ => continue,
            };
            // `check` is mostly `test` with more; one of them is enough.
            if !gates.iter().any(|gate| gate.kind == kind) {
                gates.push(gate("", kind, format!("{program} {target}"), path));
            }
        }
    }
    gates
}

/// What tests a module best: its own tests, else those of the whole repository, else anything
/// that looks at it.
pub fn best<'a>(gates: &'a [Gate], module: &str) -> Option<&'a Gate> {
    let own = |gate: &&Gate| gate.module == module;
    let whole = |gate: &&Gate| gate.module.is_empty();
    let tests = || gates.iter().filter(|gate| gate.kind == GateKind::Test);
    tests()
        .find(own)
        .or_else(|| tests().find(whole))
        .or_else(|| gates.iter().find(own))
        .or_else(|| gates.iter().find(whole))
}

fn gate(module: &str, kind: GateKind, command: String, source: &str) -> Gate {
    Gate { module: module.to_owned(), kind, command, source: source.to_owned(), from_ci: false }
}

/// A name that a shell takes as one word and as nothing but a word; anything else would make
/// a command of a hostile name.
pub fn plain(name: &str) -> Option<&str> {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@');
    (!name.is_empty() && !name.starts_with('-') && name.chars().all(safe)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_task_files_are_read() {
        let make = "build test: x\n\tgo\nlint:\n\tx\n.PHONY: check\ncheck: test\ntest-all:\n";
        let commands = |path: &str, text: &str| -> Vec<String> {
            of_tasks(path, text).into_iter().map(|g| g.command).collect()
        };
        assert_eq!(commands("Makefile", make), ["make test", "make lint"]);
        assert_eq!(
            commands("justfile", "check: a\n  x\ntypecheck:\n"),
            ["just check", "just typecheck"]
        );
        assert!(commands("Makefile", "test := x\n# test: y\n\ttest: z\n").is_empty());
    }

    #[test]
    fn a_module_is_tested_by_its_own_tests_first() {
        let gates = [
            gate("", GateKind::Test, "all".to_owned(), ""),
            gate("a", GateKind::Test, "a".to_owned(), ""),
            gate("b", GateKind::Lint, "lint b".to_owned(), ""),
        ];
        let of = |gates, module| best(gates, module).map(|gate| gate.command.as_str());
        for (module, expected) in [("a", "a"), ("b", "all"), ("c", "all"), ("", "all")] {
            assert_eq!(of(&gates, module), Some(expected), "{module}");
        }
        assert_eq!(of(&gates[2..], "b"), Some("lint b"));
        assert_eq!(of(&gates[2..], "c"), None);
    }

    #[test]
    fn the_most_useful_comes_first_and_each_once() {
        let tasks = [("Makefile".to_owned(), "lint:\ntest:\n".to_owned())];
        let ci = [(
            ".github/workflows/ci.yml".to_owned(),
            "on: push\njobs: {a: {steps: [{run: make lint}, {run: go vet ./...}, {run: go test ./...}]}}"
                .to_owned(),
        )];
        let root = BTreeSet::new();
        let known = Known { manifests: &[], tasks: &tasks, ci: &ci, root: &root, tests: true };
        let found = detect(&known);
        let commands: Vec<&str> = found.iter().map(|g| g.command.as_str()).collect();
        assert_eq!(commands, ["make test", "go test ./...", "make lint", "go vet ./..."]);
        assert_eq!(found[1].source, ".github/workflows/ci.yml");
    }
}
