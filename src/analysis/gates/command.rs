//! Which command lines test or lint something: told by the program and what follows it, never
//! by running anything.

use super::GateKind;

/// A longer line is no command that a person would approve at a glance, in bytes.
const LONGEST: usize = 200;

/// Words behind which the command proper stands.
const RUNNERS: &[&[&str]] = &[
    &["uv", "run"],
    &["poetry", "run"],
    &["pdm", "run"],
    &["hatch", "run"],
    &["bundle", "exec"],
    &["python", "-m"],
    &["python3", "-m"],
    &["npx"],
    &["pnpm", "exec"],
    &["yarn", "exec"],
    &["bunx"],
];

/// What a line of a CI script tests, if it is one plain command that tests or lints.
pub(super) fn kind_of(line: &str) -> Option<GateKind> {
    let line = line.trim();
    if line.len() > LONGEST || !is_plain(line) {
        return None;
    }
    let mut words: Vec<&str> = line.split_ascii_whitespace().collect();
    if words
        .iter()
        .any(|w| matches!(*w, "--fix" | "--write" | "-w" | "--watch" | "--snapshot-update"))
    {
        return None;
    }
    while let Some(runner) = RUNNERS.iter().find(|runner| words.starts_with(runner)) {
        words.drain(..runner.len());
        let flag = |word: &&str| matches!(*word, "--locked" | "--frozen" | "--no-sync" | "--yes");
        words.drain(..words.iter().take_while(|word| flag(word)).count());
    }
    let (program, arguments) = words.split_first()?;
    let first = arguments.first().copied().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or(program);
    match program {
        "npm" | "pnpm" | "yarn" | "bun" => {
            let script = if first == "run" { arguments.get(1).copied()? } else { first };
            of_name(script)
        }
        "make" | "just" | "task" | "rake" | "composer" | "nox" | "deno" => {
            let target = arguments.iter().find(|a| !a.starts_with('-')).copied();
            target.map_or((program == "nox").then_some(GateKind::Test), of_name)
        }
        "cargo" => match (first, arguments) {
            ("test" | "nextest", _) => Some(GateKind::Test),
            ("clippy", _) => Some(GateKind::Lint),
            ("fmt", rest) if rest.contains(&"--check") => Some(GateKind::Lint),
            _ => None,
        },
        "go" => match first {
            "test" => Some(GateKind::Test),
            "vet" => Some(GateKind::Lint),
            _ => None,
        },
        "mvn" | "mvnw" | "gradle" | "gradlew" => {
            let goals = ["test", "verify", "check", "integrationTest"];
            let tests = |a: &&str| goals.contains(&a.rsplit(':').next().unwrap_or(a));
            arguments.iter().any(tests).then_some(GateKind::Test)
        }
        "mix" | "dotnet" | "swift" | "bazel" | "meson" | "sbt" | "stack" | "cabal" | "flutter"
        | "dart" => (first == "test").then_some(GateKind::Test),
        "pytest" | "py.test" | "unittest" | "tox" | "rspec" | "phpunit" | "ctest" | "jest"
        | "vitest" | "mocha" => Some(GateKind::Test),
        "ruff" => (first == "check").then_some(GateKind::Lint),
        "black" | "isort" => arguments.contains(&"--check").then_some(GateKind::Lint),
        "flake8" | "pylint" | "eslint" | "golangci-lint" | "staticcheck" | "rubocop"
        | "shellcheck" | "phpstan" | "oxlint" => Some(GateKind::Lint),
        "pre-commit" => (first == "run").then_some(GateKind::Lint),
        "mypy" | "pyright" | "vue-tsc" => Some(GateKind::Types),
        "tsc" => arguments.contains(&"--noEmit").then_some(GateKind::Types),
        _ => None,
    }
}

/// What a script or target of this name does, by the words that it is made of.
pub(super) fn of_name(name: &str) -> Option<GateKind> {
    let words: Vec<&str> = name.split(['-', ':', '_', '.']).collect();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if any(&["watch", "fix", "update", "ui", "coverage", "bench", "install", "dev"]) {
        return None;
    }
    if any(&["typecheck", "types", "tsc"]) || name == "type-check" {
        return Some(GateKind::Types);
    }
    if any(&["lint", "vet", "clippy"]) || name == "format-check" || name == "check-format" {
        return Some(GateKind::Lint);
    }
    any(&["test", "tests", "check", "spec"]).then_some(GateKind::Test)
}

/// Whether a shell takes the line as one command with words that mean themselves: nothing is
/// expanded, piped, redirected or chained, and quotes hold the same.
fn is_plain(line: &str) -> bool {
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (_, ' ') => {}
            (_, c) if c.is_ascii_alphanumeric() || "_-./:=@,+%".contains(c) => {}
            _ => return false,
        }
    }
    // A word with `=` at the beginning sets a variable instead.
    let first = line.split(' ').next().unwrap_or_default();
    quote.is_none() && !first.is_empty() && !first.contains('=') && !first.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_lints_are_recognised() {
        use GateKind::{Lint, Test, Types};
        let table = [
            ("cargo test --all-features", Some(Test)),
            ("cargo fmt --all -- --check", Some(Lint)),
            ("cargo fmt", None),
            ("cargo build", None),
            ("go test -race ./...", Some(Test)),
            ("pnpm run test:unit", Some(Test)),
            ("npm run test-watch", None),
            ("npm ci", None),
            ("yarn lint", Some(Lint)),
            ("pnpm typecheck", Some(Types)),
            ("uv run --locked tox run -e py", Some(Test)),
            ("uv run pytest -m 'not slow'", Some(Test)),
            ("python -m unittest", Some(Test)),
            ("./gradlew :core:check", Some(Test)),
            ("./mvnw -B verify", Some(Test)),
            ("bundle exec rake spec", Some(Test)),
            ("npx tsc --noEmit", Some(Types)),
            ("make -j test", Some(Test)),
            ("echo test", None),
            ("", None),
        ];
        for (line, kind) in table {
            assert_eq!(kind_of(line), kind, "{line}");
        }
    }

    #[test]
    fn what_a_shell_would_change_is_left_out() {
        for line in [
            "go test $(go list)",
            "cargo test ${{ matrix.flags }}",
            "cargo test && rm -rf x",
            "cargo test; id",
            "cargo test | tee x",
            "cargo test > x",
            "cargo test `id`",
            "cargo test $X",
            "X=1 cargo test",
            "cargo test 'x",
            "cargo test *",
            "cargo test \u{202e}x",
            "cargo test\u{1b}",
            "cargo test \\",
            "eslint --fix .",
        ] {
            assert_eq!(kind_of(line), None, "{line}");
        }
    }
}
