//! Tests and lints that the project's CI runs: steps of GitHub's workflows and scripts of
//! GitLab's jobs. Only what is certain: commands that run on every push or pull request, as
//! they are written, in a place that is known. Everything else is left out.

use super::command::kind_of;
use super::{Gate, plain};
use crate::analysis::yaml::Node;
use crate::domain::path::RepoPath;

/// Top-level keys of GitLab's file that are no jobs (GitLab, "CI/CD YAML syntax reference").
const NO_JOBS: &[&str] = &[
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "spec",
];

/// Words with which a line is no command of its own: what follows it runs elsewhere, or perhaps.
const STRUCTURE: &[&str] = &[
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac",
    "cd", "pushd", "popd", "source", ".", "function", "exit", "return", "eval", "exec", "trap",
    "{", "}", "(", ")", "[", "[[",
];

/// Whether a file is a CI configuration that is read here.
pub(in crate::analysis) fn is_ci(path: &RepoPath) -> bool {
    let bytes = path.as_bytes();
    let workflow = bytes.strip_prefix(b".github/workflows/").is_some_and(|name| {
        !name.contains(&b'/') && (name.ends_with(b".yml") || name.ends_with(b".yaml"))
    });
    workflow || bytes == b".gitlab-ci.yml"
}

/// The commands that a CI file runs, in its order.
pub(super) fn gates(path: &str, text: &str) -> Vec<Gate> {
    let Some(root) = Node::read(text) else { return Vec::new() };
    if path.ends_with(".gitlab-ci.yml") { gitlab(path, &root) } else { github(path, &root) }
}

fn github(path: &str, root: &Node) -> Vec<Gate> {
    if !runs_on_changes(root) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let jobs = root.get("jobs").map(Node::entries).unwrap_or_default();
    for (_, job) in jobs.iter().filter(|(_, job)| job.get("if").is_none()) {
        let steps = job.get("steps").map(Node::items).unwrap_or_default();
        for step in steps.iter().filter(|step| step.get("if").is_none()) {
            let allowed = |of: &Node| of.get("continue-on-error").is_none();
            let Some(script) = step.get("run").and_then(Node::text).filter(|_| allowed(step))
            else {
                continue;
            };
            let Some(place) = setting(root, job, step, "working-directory") else { continue };
            let posix = setting(root, job, step, "shell")
                .is_some_and(|shell| matches!(shell, "" | "bash" | "sh"));
            if posix {
                found.extend(of_script(path, place, script));
            }
        }
    }
    found
}

/// What a step is given, or its job or workflow by default: empty where nobody says; `None`
/// where it is no plain text.
fn setting<'a>(root: &'a Node, job: &'a Node, step: &'a Node, key: &str) -> Option<&'a str> {
    let default =
        |of: &'a Node| of.get("defaults").and_then(|d| d.get("run")).and_then(|r| r.get(key));
    match step.get(key).or_else(|| default(job)).or_else(|| default(root)) {
        Some(value) => value.text(),
        None => Some(""),
    }
}

/// Whether a workflow runs for pushes or pull requests, and not on a clock or by hand alone.
fn runs_on_changes(root: &Node) -> bool {
    let counts = |name: &str| matches!(name, "push" | "pull_request" | "merge_group");
    match root.get("on") {
        Some(Node::Text(name)) => counts(name),
        Some(Node::List(names)) => names.iter().filter_map(Node::text).any(counts),
        // A workflow for tags only builds releases.
        Some(Node::Map(events)) => events.iter().any(|(name, event)| {
            counts(name) && (event.get("tags").is_none() || event.get("branches").is_some())
        }),
        Some(Node::Unknown) | None => false,
    }
}

fn gitlab(path: &str, root: &Node) -> Vec<Gate> {
    let moves = |of: &Node| {
        of.get("before_script").is_some_and(|s| lines(s).is_none_or(|s| is_structured(&s)))
    };
    if moves(root) || root.get("default").is_some_and(moves) {
        return Vec::new();
    }
    let job =
        |(name, _): &&(String, Node)| !name.starts_with('.') && !NO_JOBS.contains(&name.as_str());
    let mut found = Vec::new();
    for (_, job) in root.entries().iter().filter(job) {
        let by_hand = job.get("when").is_some() || job.get("allow_failure").is_some();
        let rules = ["rules", "only", "except"].iter().any(|key| job.get(key).is_some());
        if by_hand || rules || moves(job) {
            continue;
        }
        if let Some(script) = job.get("script").and_then(lines) {
            found.extend(of_script(path, "", &script));
        }
    }
    found
}

/// A script of GitLab: text, or a list of texts.
fn lines(script: &Node) -> Option<String> {
    match script {
        Node::Text(text) => Some(text.clone()),
        Node::List(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Node::text).collect();
            texts.map(|texts| texts.join("\n"))
        }
        Node::Map(_) | Node::Unknown => None,
    }
}

fn is_structured(script: &str) -> bool {
    let joined = script.replace("\\\n", " ");
    joined.contains("<<")
        || joined.lines().any(|line| {
            let first = line.split_ascii_whitespace().next().unwrap_or_default();
            STRUCTURE.contains(&first) || line.contains("()") || line.contains("&& cd ")
        })
}

fn of_script(path: &str, place: &str, script: &str) -> Vec<Gate> {
    let place = place.trim_start_matches("./").trim_end_matches('/');
    let known = place.is_empty() || place == "." || (plain(place).is_some() && !leaves(place));
    if !known || is_structured(script) {
        return Vec::new();
    }
    let module = if place == "." { "" } else { place };
    let joined = script.replace("\\\n", " ");
    let gate = |line: &str| {
        let kind = kind_of(line)?;
        // A continued line was indented; inside quotes a space counts.
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let quoted = line.contains(['\'', '"']);
        let command = if quoted { line.trim().to_owned() } else { words.join(" ") };
        let command = if module.is_empty() { command } else { format!("cd {module} && {command}") };
        Some(Gate {
            module: module.to_owned(),
            kind,
            command,
            source: path.to_owned(),
            from_ci: true,
        })
    };
    joined.lines().filter_map(gate).collect()
}

/// Whether a directory is not below the root.
fn leaves(place: &str) -> bool {
    place.starts_with('/') || place.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(path: &str, text: &str) -> Vec<String> {
        gates(path, text).into_iter().map(|gate| gate.command).collect()
    }

    #[test]
    fn steps_of_workflows_are_read() {
        let text = "\
name: ci
on: {push: {branches: [main]}, pull_request: }
jobs:
  test:
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/checkout@v4
      - run: npm ci
      - run: |
          npm run lint
          npm test -- --shard=${{ matrix.shard }}
      - run: |
          go test \\
            -race ./...
      - run: cargo test
        working-directory: crates/a
      - run: cargo test
        working-directory: ../out
      - run: pytest
        if: runner.os == 'Linux'
      - run: pytest
        shell: pwsh
      - run: |
          cd web
          npm test
      - run: cargo clippy
        continue-on-error: true
      - run: *unknown
";
        // An alias without its anchor makes the whole file unreadable.
        assert!(commands(".github/workflows/ci.yml", text).is_empty());
        let text = text.replace("      - run: *unknown\n", "");
        assert_eq!(
            commands(".github/workflows/ci.yml", &text),
            ["npm run lint", "go test -race ./...", "cd crates/a && cargo test"]
        );
        let nightly =
            text.replace("on: {push: {branches: [main]}, pull_request: }", "on: schedule");
        assert!(commands(".github/workflows/ci.yml", &nightly).is_empty());
        let release =
            text.replace("{push: {branches: [main]}, pull_request: }", "{push: {tags: ['v*']}}");
        assert!(commands(".github/workflows/ci.yml", &release).is_empty());
    }

    #[test]
    fn scripts_of_gitlab_are_read() {
        let text = "\
stages: [test]
.hidden:
  script: cargo test --hidden
unit:
  script:
    - cargo test
    - cargo test $FLAGS
lint: {script: cargo clippy}
manual: {script: cargo test --all, when: manual}
sometimes: {script: cargo test --all, rules: [{if: $X}]}
moved: {before_script: [cd x], script: cargo test --all}
";
        assert_eq!(commands(".gitlab-ci.yml", text), ["cargo test", "cargo clippy"]);
    }

    #[test]
    fn ci_files_have_their_places() {
        let table = [
            (".github/workflows/ci.yml", true),
            (".github/workflows/a/ci.yml", false),
            (".github/dependabot.yml", false),
            (".gitlab-ci.yml", true),
            ("x/.gitlab-ci.yml", false),
        ];
        for (path, expected) in table {
            assert_eq!(is_ci(&RepoPath::new(path).expect("a valid path")), expected, "{path}");
        }
    }
}
