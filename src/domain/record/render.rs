//! Record to text: TOML 1.0, the keys in their documented order, what says nothing left out.
//! Reading it again gives the same record.

use std::fmt::Write as _;

use super::{Asked, Objective, Record, RedGate, Try, Wave};
use crate::domain::id::ObjectiveId;
use crate::domain::path::RepoPath;
use crate::domain::plan::toml_string;

/// The widest line that a list may fill before it is broken, in characters.
const WIDTH: usize = 100;

/// The record as the text of `session.toml`.
pub fn to_toml(record: &Record) -> String {
    let mut out = Writer(String::new());
    out.number("schema", record.schema.into());
    out.text("plan", record.plan.as_str());
    out.text("request", &record.request);
    out.text("type", record.task_type.as_str());
    out.text("target", &record.target);
    out.text("pin", &record.pin);
    out.text("base", &record.base);
    out.text("approved", &record.approved);
    out.maybe("landed", record.landed.as_deref());
    out.list("synced", &record.synced);
    for wave in &record.waves {
        out.wave(wave);
    }
    for objective in &record.objectives {
        out.objective(objective);
    }
    for one in &record.tries {
        out.one_try(one);
    }
    for red in &record.reds {
        out.red(red);
    }
    for request in &record.requests {
        out.request(request);
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

    fn number(&mut self, key: &str, value: u64) {
        self.line(key, &value.to_string());
    }

    fn maybe(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text(key, value);
        }
    }

    /// A list, on one line where it fits; left out where it is empty.
    fn list(&mut self, key: &str, values: &[impl AsRef<str>]) {
        if values.is_empty() {
            return;
        }
        let items: Vec<String> = values.iter().map(|v| toml_string(v.as_ref())).collect();
        let line = format!("[{}]", items.join(", "));
        if key.len() + line.chars().count() + 3 <= WIDTH {
            return self.line(key, &line);
        }
        let rows: Vec<String> = items.iter().map(|i| format!("    {i},\n")).collect();
        self.line(key, &format!("[\n{}]", rows.concat()));
    }

    fn wave(&mut self, wave: &Wave) {
        self.head("wave");
        self.number("number", wave.number.into());
        self.text("commit", &wave.commit);
        self.text("merged", &wave.merged);
        self.list("gates", &wave.gates);
        let ids: Vec<&str> = wave.objectives.iter().map(ObjectiveId::as_str).collect();
        self.list("objectives", &ids);
    }

    fn one_try(&mut self, one: &Try) {
        self.head("try");
        self.text("objective", one.objective.as_str());
        self.text("worker", &one.worker);
        self.text("began", &one.began);
        self.maybe("ended", one.ended.as_deref());
        self.text("how", &one.how);
        if one.violations > 0 {
            self.number("violations", one.violations.into());
        }
        if let Some(turns) = one.usage.turns {
            self.number("turns", turns);
        }
        if let Some(cost) = one.usage.cost {
            self.line("cost_usd", cost.to_string().trim_start_matches('$'));
        }
        self.maybe("claim", Some(&one.claim));
    }

    fn red(&mut self, red: &RedGate) {
        self.head("red");
        self.number("wave", red.wave.into());
        self.text("command", &red.command);
        let ids: Vec<&str> = red.blamed.iter().map(ObjectiveId::as_str).collect();
        self.list("blamed", &ids);
        self.maybe("how", Some(&red.how));
        self.list("output", &red.output);
        if red.before {
            self.line("before", "true");
        }
    }

    fn request(&mut self, request: &Asked) {
        self.head("asked");
        self.text("objective", request.objective.as_str());
        self.text("time", &request.time);
        self.list("patterns", &request.patterns);
        self.maybe("why", Some(&request.why));
        self.text("state", &request.state);
        self.text("said", &request.said);
    }

    fn objective(&mut self, o: &Objective) {
        self.head("objective");
        self.text("id", o.id.as_str());
        self.text("title", &o.title);
        self.number("wave", o.wave.into());
        self.text("phase", o.phase.as_str());
        self.text("worker", &o.worker);
        self.maybe("start", o.start.as_deref());
        self.maybe("tip", o.tip.as_deref());
        self.number("commits", o.commits);
        self.number("files", o.files);
        self.number("lines_added", o.lines_added);
        self.number("lines_removed", o.lines_removed);
        self.maybe("began", o.began.as_deref());
        self.maybe("ended", o.ended.as_deref());
        if let Some(minutes) = o.minutes {
            self.number("minutes", minutes);
        }
        if let Some(minutes) = o.estimated {
            self.number("estimated", minutes);
        }
        self.number("retries", o.retries.into());
        self.number("violations", o.violations.into());
        self.list("touch", &o.touch);
        self.list("granted", &o.granted);
        let refused: Vec<_> = o.refused.iter().map(RepoPath::quoted).collect();
        self.list("refused", &refused);
        let touched: Vec<_> = o.touched.iter().map(RepoPath::quoted).collect();
        self.list("touched", &touched);
        if o.touched_more > 0 {
            self.number("touched_more", o.touched_more);
        }
        self.list("authors", &o.authors);
        self.list("gates", &o.gates);
        self.list("said", &o.said);
        self.list("output", &o.output);
        self.list("backups", &o.backups);
    }
}
