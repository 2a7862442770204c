//! Plan to text: TOML 1.0, the keys in their documented order, what equals its default left
//! out. Reading it again gives the same plan.

use std::fmt::Write as _;

use super::{Complexity, Contract, Objective, Plan, Priority, default};
use crate::domain::path::is_printable;

/// The widest line that a list may fill before it is broken, in characters.
const WIDTH: usize = 100;

/// The plan as the text of `plan.toml`.
pub fn to_toml(plan: &Plan) -> String {
    let mut out = Writer(String::new());
    out.line("schema", &plan.schema.to_string());
    out.text("id", plan.id.as_str());
    out.text("request", &plan.request);
    out.text("type", plan.task_type.as_str());
    if let Some(target) = &plan.target {
        out.text("target", target);
    }
    if let Some(base) = &plan.base {
        out.text("base", base);
    }
    if !plan.strategy.is_empty() {
        out.text("strategy", &plan.strategy);
    }
    for objective in &plan.objectives {
        out.objective(objective);
    }
    for contract in &plan.contracts {
        out.contract(contract);
    }
    for derived in &plan.derived {
        out.head("derived");
        out.list("paths", &derived.paths);
        out.text("command", &derived.command);
    }
    for shared in &plan.shared {
        out.head("shared");
        out.list("paths", &shared.paths);
    }
    out.0
}

struct Writer(String);

impl Writer {
    fn line(&mut self, key: &str, value: &str) {
        writeln!(self.0, "{key} = {value}").expect("writing to a string cannot fail");
    }

    fn head(&mut self, table: &str) {
        writeln!(self.0, "\n[[{table}]]").expect("writing to a string cannot fail");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.line(key, &toml_string(value));
    }

    fn list(&mut self, key: &str, values: &[impl AsRef<str>]) {
        self.line(key, &toml_list(key, values));
    }

    /// A list that may be left out when it is empty.
    fn optional(&mut self, key: &str, values: &[impl AsRef<str>]) {
        if !values.is_empty() {
            self.list(key, values);
        }
    }

    fn objective(&mut self, o: &Objective) {
        self.head("objective");
        self.text("id", o.id.as_str());
        self.text("title", &o.title);
        if let Some(wave) = o.wave {
            self.line("wave", &wave.to_string());
        }
        let depends: Vec<&str> = o.depends_on.iter().map(super::ObjectiveId::as_str).collect();
        self.optional("depends_on", &depends);
        self.list("touch", &o.touch);
        self.optional("read", &o.read);
        self.optional("forbid", &o.forbid);
        if o.creates {
            self.line("creates", "true");
        }
        if o.agent_type != default::AGENT_TYPE {
            self.text("agent_type", &o.agent_type);
        }
        if o.complexity != Complexity::default() {
            self.text("complexity", o.complexity.as_str());
        }
        if o.priority != Priority::default() {
            self.text("priority", o.priority.as_str());
        }
        for (key, value, usual) in [
            ("estimate_minutes", o.estimate_minutes, default::ESTIMATE_MINUTES),
            ("timeout_minutes", o.timeout_minutes, default::TIMEOUT_MINUTES),
            ("retries", o.retries, default::RETRIES),
        ] {
            if value != usual {
                self.line(key, &value.to_string());
            }
        }
        self.optional("context", &o.context);
        self.optional("integration_points", &o.integration_points);
        self.optional("constraints", &o.constraints);
        self.optional("acceptance", &o.acceptance);
        self.optional("gates", &o.gates);
        self.optional("deliverables", &o.deliverables);
        self.optional("notes", &o.notes);
    }

    fn contract(&mut self, contract: &Contract) {
        self.head("contract");
        self.text("provider", contract.provider.as_str());
        let consumers: Vec<&str> =
            contract.consumers.iter().map(super::ObjectiveId::as_str).collect();
        self.list("consumers", &consumers);
        self.text("description", &contract.description);
        if let Some(check) = &contract.check {
            self.text("check", check);
        }
    }
}

/// A list of strings, on one line where it fits behind its key.
fn toml_list(key: &str, values: &[impl AsRef<str>]) -> String {
    let items: Vec<String> = values.iter().map(|v| toml_string(v.as_ref())).collect();
    let line = format!("[{}]", items.join(", "));
    if key.len() + line.chars().count() + 3 <= WIDTH {
        return line;
    }
    let rows: Vec<String> = items.iter().map(|i| format!("    {i},\n")).collect();
    format!("[\n{}]", rows.concat())
}

/// A TOML 1.0 basic string on one line. Whatever could move a cursor, reorder the line or hide
/// in it is written as an escape.
pub fn toml_string(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xffff => {
                write!(out, "\\u{:04X}", u32::from(c)).expect("writing to a string cannot fail");
            }
            c => write!(out, "\\U{:08X}", u32::from(c)).expect("writing to a string cannot fail"),
        }
    }
    out.push('"');
    out
}
