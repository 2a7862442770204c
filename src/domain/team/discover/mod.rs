//! What a worker says about itself when it is asked before it gets any work, and what of that is
//! proposed for its entry in `team.toml`. All of it is foreign text: it is bounded here, once, and
//! a name that is too long or cannot be shown is no name.

mod edit;
mod fit;
mod words;

use serde_json::Value;

pub use edit::{Edit, with_proposals};
pub use words::{Vocabulary, Wanted};

use crate::domain::document::closest;
use crate::domain::path::is_printable;
use crate::domain::team::{Manner, Transport, Worker};

/// How many of each thing are kept.
const MANY: usize = 200;
/// How many properties of a tool are kept, and how many values of one.
const PROPERTIES: usize = 64;
const CHOICES: usize = 32;
/// The longest name, in characters: that of a tool has 128 at most (MCP, "Tool Names").
const NAME: usize = 128;
/// How much of a description is kept, in characters.
const ABOUT: usize = 1_000;

/// Something with a name and a description: a mode, a command, a way to log in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What it is, as far as it is told.
    pub about: String,
}

/// Something that can be set, and to what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// The values that are offered.
    pub choices: Vec<String>,
}

/// What a tool takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// What it is, as far as it is told.
    pub about: String,
    /// Its type in the schema; empty: any.
    pub kind: String,
    /// Whether the tool cannot be called without it.
    pub required: bool,
    /// The texts that it can be; empty: any.
    pub choices: Vec<String>,
}

/// A tool of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, as far as it is told.
    pub about: String,
    /// What it takes.
    pub properties: Vec<Property>,
    /// Whether it says that it changes nothing.
    pub read_only: bool,
}

/// What a worker says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What it is called.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The version of the protocol that was spoken; empty: none was.
    pub protocol: String,
    /// Its tools.
    pub tools: Vec<Tool>,
    /// The modes of its sessions.
    pub modes: Vec<Named>,
    /// What can be set of a session.
    pub settings: Vec<Setting>,
    /// Its commands.
    pub commands: Vec<Named>,
    /// The ways to log in.
    pub logins: Vec<Named>,
    /// What else it says that it can do.
    pub abilities: Vec<String>,
    /// How much more it said, or said with names that are none.
    pub left_out: usize,
    /// What kept it from saying all.
    pub trouble: Option<String>,
}

/// What of an answer is proposed, each with why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Capabilities that its entry does not have.
    pub capabilities: Vec<(String, String)>,
    /// The tool that takes an objective.
    pub tool: Option<(String, String)>,
    /// What that gets: names with texts as `arguments` holds them.
    pub arguments: Option<(Vec<(String, String)>, String)>,
    /// What is to be known of it.
    pub notes: Vec<String>,
    /// What is wrong with its entry as it stands.
    pub findings: Vec<String>,
}

impl Proposal {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.capabilities.is_empty() && self.tool.is_none() && self.arguments.is_none()
    }
}

/// A name that is one: not empty, not too long, and every character can be shown.
fn name(text: &str) -> Option<String> {
    let good = !text.is_empty() && text.chars().count() <= NAME && text.chars().all(is_printable);
    good.then(|| text.to_owned())
}

/// Foreign text, not too long.
pub fn kept(text: &str) -> String {
    text.trim().chars().take(ABOUT).collect()
}

/// As many as are kept of these; `left_out` counts the others.
pub fn bounded<T>(items: impl Iterator<Item = Option<T>>, left_out: &mut usize) -> Vec<T> {
    let mut out = Vec::new();
    for item in items {
        match item.filter(|_| out.len() < MANY) {
            Some(item) => out.push(item),
            None => *left_out += 1,
        }
    }
    out
}

impl Named {
    /// Something that is called so; none where that is no name.
    pub fn new(called: &str, about: &str) -> Option<Self> {
        Some(Self { name: name(called)?, about: kept(about) })
    }
}

impl Setting {
    /// Something that can be set to these; none where that is no name.
    pub fn new<'a>(called: &str, choices: impl Iterator<Item = &'a str>) -> Option<Self> {
        Some(Self {
            name: name(called)?,
            choices: choices.take(CHOICES).filter_map(name).collect(),
        })
    }
}

impl Tool {
    /// A tool with the schema of what it takes; none where that is no name, or where it takes
    /// something without one.
    pub fn new(called: &str, about: &str, schema: &Value, read_only: bool) -> Option<Self> {
        let required: Vec<&str> = texts(&schema["required"]);
        let properties = schema["properties"].as_object().into_iter().flatten();
        let mut out = Vec::new();
        for (called, schema) in properties {
            let needed = required.contains(&called.as_str());
            match Property::new(called, schema, needed) {
                Some(property) if needed || out.len() < PROPERTIES => out.push(property),
                None if needed => return None,
                Some(_) | None => {}
            }
            if out.len() > 2 * PROPERTIES {
                return None;
            }
        }
        Some(Self { name: name(called)?, about: kept(about), properties: out, read_only })
    }
}

impl Property {
    fn new(called: &str, schema: &Value, required: bool) -> Option<Self> {
        let about = schema["description"].as_str().unwrap_or_default();
        Some(Self {
            name: name(called)?,
            about: kept(about),
            kind: kind(schema),
            required,
            choices: choices(schema),
        })
    }

    /// Whether it can be any text.
    fn takes_text(&self) -> bool {
        self.choices.is_empty() && matches!(self.kind.as_str(), "" | "string")
    }
}

/// The type of a value; of several, a text where it can be one.
fn kind(schema: &Value) -> String {
    let several = ["anyOf", "oneOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
    let inner = several.take(CHOICES).filter_map(|schema| schema["type"].as_str());
    let own = texts(&schema["type"]).into_iter().chain(schema["type"].as_str());
    let kinds: Vec<&str> = own.chain(inner).collect();
    let kind = kinds.iter().find(|kind| **kind == "string").or(kinds.first());
    kind.and_then(|kind| name(kind)).unwrap_or_default()
}

/// The texts that a value can be, or that its items can be.
fn choices(schema: &Value) -> Vec<String> {
    let of = |schema: &Value| {
        let mut of = texts(&schema["enum"]);
        of.extend(schema["const"].as_str());
        of.into_iter().filter_map(name).collect::<Vec<_>>()
    };
    let mut out = of(schema);
    out.extend(of(&schema["items"]));
    out.truncate(CHOICES);
    out
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).take(2 * PROPERTIES).collect()
}

/// What an answer of a worker means for its entry.
pub fn propose(worker: &Worker, told: &Told, vocabulary: &Vocabulary<'_>) -> Proposal {
    let mut out =
        Proposal { capabilities: words::capabilities(worker, told, vocabulary), ..<_>::default() };
    if worker.capabilities.is_empty() && !out.capabilities.is_empty() {
        let note = "it takes anything now; with capabilities it comes first where they fit, and \
                    last elsewhere";
        out.notes.push(note.to_owned());
    }
    if worker.transport != Transport::Mcp || told.trouble.is_some() {
        return out;
    }
    match worker.tool(Manner::Free) {
        Some((named, arguments)) => of_tool(worker, &named, &arguments, told, &mut out),
        None => guess(worker, told, &mut out),
    }
    out
}

/// Looks at the tool that the entry names.
fn of_tool(worker: &Worker, named: &str, arguments: &Value, told: &Told, out: &mut Proposal) {
    let Some(tool) = told.tools.iter().find(|tool| tool.name == named) else {
        let there = told.tools.iter().map(|tool| tool.name.as_str());
        let near = closest(named, there).map(|near| format!("; did you mean `{near}`?"));
        let near = near.unwrap_or_default();
        out.findings.push(format!("it has no tool `{named}`, which takes its objectives{near}"));
        return;
    };
    if worker.tool.is_some() && worker.arguments.is_none() {
        match fit::fit(tool, worker.is_remote()) {
            Ok(fit) => out.arguments = Some((fit.arguments, fit.why)),
            Err(why) => out.notes.push(format!("nothing is proposed for `arguments`: {why}")),
        }
        return;
    }
    let lacking = tool.properties.iter().filter(|p| p.required && arguments.get(&p.name).is_none());
    for property in lacking {
        let name = &property.name;
        out.findings.push(format!("its tool `{named}` needs `{name}`, which `arguments` lacks"));
    }
}

/// Looks for the tool that could take an objective.
fn guess(worker: &Worker, told: &Told, out: &mut Proposal) {
    let fits = told.tools.iter().map(|tool| (tool, fit::fit(tool, worker.is_remote())));
    let mut fitting: Vec<_> = fits.filter_map(|(tool, fit)| Some((tool, fit.ok()?))).collect();
    if fitting.iter().any(|(_, fit)| fit.says_where) {
        fitting.retain(|(_, fit)| fit.says_where);
    }
    if let [(tool, fit)] = fitting.as_slice() {
        let why = format!("tool `{}`: {}", tool.name, fit.why);
        out.tool = Some((tool.name.clone(), why.clone()));
        if worker.arguments.is_none() {
            out.arguments = Some((fit.arguments.clone(), why));
        }
        return;
    }
    let finding = if fitting.is_empty() {
        "none of its tools is seen to take an objective: write `tool` and `arguments` by hand"
            .to_owned()
    } else {
        let names: Vec<String> =
            fitting.iter().take(20).map(|(tool, _)| format!("`{}`", tool.name)).collect();
        format!(
            "several of its tools could take an objective ({}): write `tool` by hand",
            names.join(", ")
        )
    };
    out.findings.push(finding);
}

#[cfg(test)]
mod tests;
