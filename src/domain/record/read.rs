//! Text to record. What a text may say is in [`super::shape`]; here the words become ids, times
//! and commits, because a record comes from whoever could commit it.

use super::paths::unquoted;
use super::{Asked, Objective, Record, RedGate, SESSION, Try, Wave};
use crate::domain::document::{self, Node};
use crate::domain::finding::{Code, Finding, Place};
use crate::domain::id::{ObjectiveId, PlanId};
use crate::domain::plan::{SCHEMA, TaskType};
use crate::domain::session::Phase;
use crate::domain::team::stream::{Cost, Usage};

/// Every phase, to be found by its word.
const PHASES: [Phase; 10] = [
    Phase::Planned,
    Phase::Started,
    Phase::Working,
    Phase::Submitted,
    Phase::Accepted,
    Phase::Merged,
    Phase::Failed,
    Phase::Violated,
    Phase::Waiting,
    Phase::Dropped,
];

/// The record that a text holds.
///
/// # Errors
///
/// What is wrong with it, each with its place: never empty.
pub fn read(text: &str) -> Result<Record, Vec<Finding>> {
    let (root, _) = document::parse(text).map_err(|error| {
        let place = Place::of(text, error.span);
        let finding = Finding::error(Code::BadField, error.message)
            .help("write TOML as `git ap schema session` describes it")
            .at(Some(place));
        vec![finding]
    })?;
    let findings = document::check(text, &root, &SESSION);
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut reader = Reader { text, findings: Vec::new() };
    match reader.record(&root) {
        Some(record) if reader.findings.is_empty() => Ok(record),
        _ => Err(reader.findings),
    }
}

struct Reader<'a> {
    text: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    /// What `parse` makes of a value; where that is nothing, a finding.
    fn parsed<T>(
        &mut self,
        node: &Node,
        key: &str,
        help: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let word = node.as_str()?;
        let value = parse(word);
        if value.is_none() {
            let place = Place::of(self.text, node.span.clone());
            let message = format!("`{key}` cannot be `{word}`");
            self.findings.push(Finding::error(Code::BadField, message).help(help).at(Some(place)));
        }
        value
    }

    fn each<T>(
        &mut self,
        node: &Node,
        key: &str,
        help: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let parsed: Vec<Option<T>> =
            items(node, key).iter().map(|item| self.parsed(item, key, help, &parse)).collect();
        parsed.into_iter().collect()
    }

    fn commit(&mut self, node: &Node, key: &str) -> Option<String> {
        self.parsed(node.get(key)?, key, "write the full id of a commit", commit)
    }

    fn time(&mut self, node: &Node, key: &str) -> Option<String> {
        self.parsed(node.get(key)?, key, "write a time as in `2025-10-08T10:41:31Z`", time)
    }

    fn id(&mut self, node: &Node, key: &str) -> Option<ObjectiveId> {
        self.parsed(node.get(key)?, key, "write an id such as `T1`", |w| ObjectiveId::parse(w).ok())
    }

    fn record(&mut self, root: &Node) -> Option<Record> {
        let plan = self.parsed(root.get("plan")?, "plan", "write the id of a plan", |word| {
            PlanId::parse(word).ok()
        });
        let (pin, base) = (self.commit(root, "pin"), self.commit(root, "base"));
        let (approved, landed) = (self.time(root, "approved"), self.time(root, "landed"));
        let synced = self.each(root, "synced", "write full ids of commits", commit);
        let waves: Vec<_> = items(root, "wave").iter().map(|n| self.wave(n)).collect();
        let objectives: Vec<_> =
            items(root, "objective").iter().map(|n| self.objective(n)).collect();
        let tries: Vec<_> = items(root, "try").iter().map(|n| self.one_try(n)).collect();
        let reds: Vec<_> = items(root, "red").iter().map(|n| self.red(n)).collect();
        let requests: Vec<_> = items(root, "asked").iter().map(|n| self.request(n)).collect();
        Some(Record {
            schema: SCHEMA,
            plan: plan?,
            request: text(root, "request"),
            task_type: TaskType::parse(root.get("type")?.as_str()?)?,
            target: text(root, "target"),
            pin: pin?,
            base: base?,
            approved: approved?,
            landed,
            synced: synced?,
            waves: waves.into_iter().collect::<Option<_>>()?,
            objectives: objectives.into_iter().collect::<Option<_>>()?,
            tries: tries.into_iter().collect::<Option<_>>()?,
            reds: reds.into_iter().collect::<Option<_>>()?,
            requests: requests.into_iter().collect::<Option<_>>()?,
        })
    }

    fn request(&mut self, node: &Node) -> Option<Asked> {
        let (objective, time) = (self.id(node, "objective"), self.time(node, "time"));
        Some(Asked {
            objective: objective?,
            time: time?,
            patterns: texts(node, "patterns"),
            why: text(node, "why"),
            state: text(node, "state"),
            said: text(node, "said"),
        })
    }

    fn one_try(&mut self, node: &Node) -> Option<Try> {
        let objective = self.id(node, "objective");
        let (began, ended) = (self.time(node, "began"), self.time(node, "ended"));
        Some(Try {
            objective: objective?,
            worker: text(node, "worker"),
            began: began?,
            ended,
            how: text(node, "how"),
            violations: number(node, "violations"),
            usage: Usage {
                turns: node.get("turns").map(|_| number(node, "turns")),
                cost: node.get("cost_usd").and_then(Node::as_number).and_then(Cost::of),
            },
            claim: text(node, "claim"),
        })
    }

    fn red(&mut self, node: &Node) -> Option<RedGate> {
        let blamed = self
            .each(node, "blamed", "write ids such as `T1`", |word| ObjectiveId::parse(word).ok());
        let (wave, command) = (number(node, "wave"), text(node, "command"));
        Some(RedGate {
            wave,
            command,
            blamed: blamed?,
            how: text(node, "how"),
            output: texts(node, "output"),
            before: node.get("before").and_then(Node::as_bool).unwrap_or(false),
        })
    }

    fn wave(&mut self, node: &Node) -> Option<Wave> {
        let (commit, merged) = (self.commit(node, "commit"), self.time(node, "merged"));
        let objectives = self.each(node, "objectives", "write ids such as `T1`", |word| {
            ObjectiveId::parse(word).ok()
        });
        Some(Wave {
            number: number(node, "number"),
            commit: commit?,
            merged: merged?,
            gates: texts(node, "gates"),
            objectives: objectives?,
        })
    }

    fn objective(&mut self, node: &Node) -> Option<Objective> {
        let id = self.id(node, "id");
        let (start, tip) = (self.commit(node, "start"), self.commit(node, "tip"));
        let (began, ended) = (self.time(node, "began"), self.time(node, "ended"));
        let refused = self.each(node, "refused", "write a path as git quotes it", unquoted);
        let touched = self.each(node, "touched", "write a path as git quotes it", unquoted);
        let phase = node.get("phase")?.as_str()?;
        Some(Objective {
            id: id?,
            title: text(node, "title"),
            wave: number(node, "wave"),
            phase: PHASES.into_iter().find(|p| p.as_str() == phase)?,
            worker: text(node, "worker"),
            start,
            tip,
            commits: number(node, "commits"),
            files: number(node, "files"),
            lines_added: number(node, "lines_added"),
            lines_removed: number(node, "lines_removed"),
            began,
            ended,
            minutes: node.get("minutes").map(|_| number(node, "minutes")),
            estimated: node.get("estimated").map(|_| number(node, "estimated")),
            retries: number(node, "retries"),
            violations: number(node, "violations"),
            touch: texts(node, "touch"),
            granted: texts(node, "granted"),
            refused: refused?,
            touched: touched?,
            touched_more: number(node, "touched_more"),
            authors: texts(node, "authors"),
            gates: texts(node, "gates"),
            said: texts(node, "said"),
            output: texts(node, "output"),
            backups: texts(node, "backups"),
        })
    }
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).map_or(&[], Node::items)
}

fn text(node: &Node, key: &str) -> String {
    node.get(key).and_then(Node::as_str).unwrap_or_default().to_owned()
}

fn texts(node: &Node, key: &str) -> Vec<String> {
    items(node, key).iter().filter_map(Node::as_str).map(str::to_owned).collect()
}

/// A number; none: 0. The bounds of the key's row keep it within the type.
fn number<T: TryFrom<i64> + Default>(node: &Node, key: &str) -> T {
    let number = node.get(key).and_then(Node::as_integer);
    number.and_then(|n| T::try_from(n).ok()).unwrap_or_default()
}

/// A full object id, of SHA-1 or SHA-256: it reaches git's command line.
fn commit(word: &str) -> Option<String> {
    let hex = word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (hex && matches!(word.len(), 40 | 64)).then(|| word.to_owned())
}

fn time(word: &str) -> Option<String> {
    word.parse::<jiff::Timestamp>().ok().map(|_| word.to_owned())
}
