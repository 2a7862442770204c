//! Text to plan. What a text may say is in [`super::shape`]; here the words become ids, and
//! every value of the plan keeps its place in the text.

use std::cell::OnceCell;

use super::{Complexity, Contract, Derived, Objective, Plan, Priority, SCHEMA, Shared, TaskType};
use super::{default, shape};
use crate::domain::document::{self, Node, Syntax, SyntaxError};
use crate::domain::finding::{Code, Finding, Lines, Place};
use crate::domain::id::{ObjectiveId, PlanId};

/// A plan text as far as it could be read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The text.
    pub text: String,
    /// How it is written, if it could be parsed.
    pub syntax: Option<Syntax>,
    /// The plan; none if there is an error in [`Reading::findings`].
    pub plan: Option<Plan>,
    /// What is wrong with its keys and values.
    pub findings: Vec<Finding>,
    root: Option<Node>,
    /// Those of the text, once a place was asked for.
    lines: OnceCell<Lines>,
}

/// Reads a plan from TOML, JSON, or either in a fenced block of a Markdown text.
pub fn read(text: &str) -> Reading {
    match document::parse(text) {
        Ok((root, syntax)) => of(text, root, syntax),
        Err(error) => unreadable(text, error),
    }
}

/// The reading of a text that is no document.
pub(super) fn unreadable(text: &str, error: SyntaxError) -> Reading {
    let place = Place::of(text, error.span);
    let finding = Finding::error(Code::BadField, error.message)
        .help("write TOML or JSON as `git ap schema plan` describes it")
        .at(Some(place));
    Reading {
        text: text.to_owned(),
        syntax: None,
        plan: None,
        findings: vec![finding],
        root: None,
        lines: OnceCell::new(),
    }
}

/// The reading of a document whose places are in `text`.
pub(super) fn of(text: &str, root: Node, syntax: Syntax) -> Reading {
    let mut findings = document::check(text, &root, &shape::PLAN);
    let mut plan = None;
    if findings.is_empty() {
        let mut builder = Builder { text, lines: OnceCell::new(), findings };
        plan = builder.plan(&root);
        findings = builder.findings;
    }
    Reading {
        text: text.to_owned(),
        syntax: Some(syntax),
        plan: plan.filter(|_| findings.is_empty()),
        findings,
        root: Some(root),
        lines: OnceCell::new(),
    }
}

impl Reading {
    /// The place of a key of an objective (by its position in the plan), or of the objective
    /// itself where it has no such key.
    pub fn objective_place(&self, index: usize, key: &str) -> Option<Place> {
        self.table_place("objective", index, key)
    }

    /// The same for entry `index` of any list of tables.
    pub fn table_place(&self, table: &str, index: usize, key: &str) -> Option<Place> {
        let node = self.table(table, index)?;
        Some(self.place(node.get(key).unwrap_or(node).span.clone()))
    }

    /// The place of bytes `inner` of item `item` of a list of texts: of objective `index`, or of
    /// entry `index` of another list of tables.
    pub fn item_place(
        &self,
        table: &str,
        index: usize,
        key: &str,
        item: usize,
        inner: Option<&std::ops::Range<usize>>,
    ) -> Option<Place> {
        let node = self.table(table, index)?.get(key)?.items().get(item)?;
        let span = match inner {
            Some(inner) => node.inside(&self.text, inner),
            None => node.span.clone(),
        };
        Some(self.place(span))
    }

    /// The place of a key at the top of the plan.
    pub fn top_place(&self, key: &str) -> Option<Place> {
        Some(self.place(self.root.as_ref()?.get(key)?.span.clone()))
    }

    fn place(&self, span: std::ops::Range<usize>) -> Place {
        self.lines.get_or_init(|| Lines::of(&self.text)).place(&self.text, span)
    }

    fn table(&self, table: &str, index: usize) -> Option<&Node> {
        self.root.as_ref()?.get(table)?.items().get(index)
    }
}

struct Builder<'a> {
    text: &'a str,
    lines: OnceCell<Lines>,
    findings: Vec<Finding>,
}

impl Builder<'_> {
    fn report(&mut self, node: &Node, message: String, help: impl Into<String>) {
        let lines = self.lines.get_or_init(|| Lines::of(self.text));
        let place = lines.place(self.text, node.span.clone());
        self.findings.push(Finding::error(Code::BadField, message).help(help).at(Some(place)));
    }

    fn plan(&mut self, root: &Node) -> Option<Plan> {
        let id_node = root.get("id")?;
        let id = match PlanId::parse(id_node.as_str()?) {
            Ok(id) => Some(id),
            Err(why) => {
                self.report(id_node, format!("`id` cannot be `{}`", id_node.as_str()?), why);
                None
            }
        };
        let target = self.checked(root, "target", branch_name);
        let base = self.checked(root, "base", revision);
        let objectives: Vec<_> =
            root.get("objective")?.items().iter().map(|n| self.objective(n)).collect();
        let contracts: Vec<_> = items(root, "contract").iter().map(|n| self.contract(n)).collect();
        let derived = items(root, "derived")
            .iter()
            .map(|n| Derived { paths: texts(n, "paths"), command: text(n, "command") });
        let shared = items(root, "shared").iter().map(|n| Shared { paths: texts(n, "paths") });
        let plan = Plan {
            schema: SCHEMA,
            id: id?,
            request: text(root, "request"),
            task_type: TaskType::parse(root.get("type")?.as_str()?)?,
            target,
            base,
            strategy: text(root, "strategy"),
            objectives: objectives.into_iter().collect::<Option<_>>()?,
            contracts: contracts.into_iter().collect::<Option<_>>()?,
            derived: derived.collect(),
            shared: shared.collect(),
        };
        for node in items(root, "derived") {
            self.commands(node, "command");
        }
        Some(plan)
    }

    fn checked(
        &mut self,
        node: &Node,
        key: &str,
        rule: fn(&str) -> Result<(), &'static str>,
    ) -> Option<String> {
        let value = node.get(key)?;
        let text = value.as_str()?;
        if let Err(help) = rule(text) {
            self.report(value, format!("`{key}` cannot be `{text}`"), help);
        }
        Some(text.to_owned())
    }

    fn id(&mut self, node: &Node) -> Option<ObjectiveId> {
        let word = node.as_str()?;
        match ObjectiveId::parse(word) {
            Ok(id) => Some(id),
            Err(why) => {
                self.report(node, format!("`{word}` is no objective's id"), why);
                None
            }
        }
    }

    fn ids(&mut self, node: &Node, key: &str) -> Option<Vec<ObjectiveId>> {
        let ids: Vec<_> = items(node, key).iter().map(|n| self.id(n)).collect();
        ids.into_iter().collect()
    }

    /// A command is one line: it is shown for approval, and what is shown must be all of it.
    fn commands(&mut self, node: &Node, key: &str) {
        let Some(value) = node.get(key) else { return };
        let list =
            if value.items().is_empty() { std::slice::from_ref(value) } else { value.items() };
        for item in list.iter().filter(|i| i.as_str().is_some()) {
            let text = item.as_str().unwrap_or_default();
            if text.trim().is_empty() {
                self.report(item, format!("`{key}` holds an empty command"), "remove it");
            } else if !text.chars().all(crate::domain::path::is_printable) {
                let message = format!("`{key}` holds a command with a control character");
                self.report(item, message, "write it as one printable line");
            }
        }
    }

    fn objective(&mut self, node: &Node) -> Option<Objective> {
        let id = self.id(node.get("id")?);
        let depends_on = self.ids(node, "depends_on");
        self.checked(node, "agent_type", agent_type);
        self.commands(node, "gates");
        let mut objective = Objective::new(id?, text(node, "title"), texts(node, "touch"));
        objective.wave = number(node, "wave");
        objective.depends_on = depends_on?;
        objective.read = texts(node, "read");
        objective.forbid = texts(node, "forbid");
        objective.creates = node.get("creates").and_then(Node::as_bool).unwrap_or(false);
        if let Some(kind) = node.get("agent_type").and_then(Node::as_str) {
            kind.clone_into(&mut objective.agent_type);
        }
        let word = |key: &str| node.get(key).and_then(Node::as_str);
        let complexity =
            Complexity::ALL.into_iter().find(|c| Some(c.as_str()) == word("complexity"));
        objective.complexity = complexity.unwrap_or_default();
        let priority = Priority::ALL.into_iter().find(|p| Some(p.as_str()) == word("priority"));
        objective.priority = priority.unwrap_or_default();
        objective.estimate_minutes =
            number(node, "estimate_minutes").unwrap_or(default::ESTIMATE_MINUTES);
        objective.timeout_minutes =
            number(node, "timeout_minutes").unwrap_or(default::TIMEOUT_MINUTES);
        objective.retries = number(node, "retries").unwrap_or(default::RETRIES);
        objective.context = texts(node, "context");
        objective.integration_points = texts(node, "integration_points");
        objective.constraints = texts(node, "constraints");
        objective.acceptance = texts(node, "acceptance");
        objective.gates = texts(node, "gates");
        objective.deliverables = texts(node, "deliverables");
        objective.notes = texts(node, "notes");
        Some(objective)
    }

    fn contract(&mut self, node: &Node) -> Option<Contract> {
        let provider = self.id(node.get("provider")?);
        let consumers = self.ids(node, "consumers");
        self.commands(node, "check");
        Some(Contract {
            provider: provider?,
            consumers: consumers?,
            description: text(node, "description"),
            check: node.get("check").and_then(Node::as_str).map(str::to_owned),
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

fn number(node: &Node, key: &str) -> Option<u32> {
    u32::try_from(node.get(key)?.as_integer()?).ok()
}

/// The rules of `git check-ref-format --branch`.
pub(in crate::domain) fn branch_name(name: &str) -> Result<(), &'static str> {
    let component = |c: &str| {
        !c.is_empty()
            && !c.starts_with('.')
            && c.rsplit_once('.').is_none_or(|(_, end)| end != "lock")
    };
    let forbidden = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let good = !name.starts_with('-')
        && name != "@"
        && name != "HEAD"
        && !name.starts_with("refs/")
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.contains(forbidden)
        && name.split('/').all(component);
    if good { Ok(()) } else { Err("write the short name of a branch, such as `main`") }
}

fn revision(name: &str) -> Result<(), &'static str> {
    let good =
        !name.starts_with('-') && name.chars().all(|c| !c.is_control() && !c.is_whitespace());
    if good { Ok(()) } else { Err("write a full commit id, as `git rev-parse HEAD` prints it") }
}

fn agent_type(name: &str) -> Result<(), &'static str> {
    let good = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if good { Ok(()) } else { Err("write `auto`, `human` or the name of a worker's type") }
}
