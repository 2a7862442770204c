//! What is taken down of a conversation with a worker: what it does, its last message, what it
//! was not given leave for, and how it broke the protocol.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::run::Doing;
use crate::domain::team::stream::{Activity, Cost, Kind, Said, Usage, append, progress};

/// How many refusals are kept.
const DENIED: usize = 20;

/// Notes of one conversation.
#[derive(Debug)]
pub(super) struct Notes {
    does: mpsc::Sender<Doing>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    /// The last message.
    message: String,
    /// Whether the next part belongs to it.
    open: bool,
    /// What its agent calls it, if it says.
    name: Option<String>,
    cut: bool,
    denied: Vec<String>,
    broken: Option<String>,
    model: Option<String>,
    usage: Usage,
}

impl Notes {
    /// Notes that tell what is done as it comes.
    pub(super) fn new(does: mpsc::Sender<Doing>) -> Self {
        Self { does, taken: Mutex::default() }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing that is done while it is held can fail.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It does something. Where too much waits to be told, it is not.
    pub(super) fn does(&self, kind: Kind, text: &str) {
        self.between();
        self.tell(kind, text);
    }

    fn tell(&self, kind: Kind, text: &str) {
        if let Some(activity) = Activity::new(kind, text) {
            drop(self.does.try_send(Doing::Does(activity)));
        }
    }

    /// A part of a message; the next part belongs to it unless something else comes between, or
    /// it is of another.
    pub(super) fn says(&self, part: &str, of: Option<&str>) {
        if self.taken().name.as_deref() != of {
            self.between();
        }
        let mut taken = self.taken();
        if !taken.open {
            taken.message.clear();
            taken.open = true;
            taken.name = of.map(str::to_owned);
        }
        let Taken { message, cut, .. } = &mut *taken;
        append(message, part, cut);
    }

    /// A whole message.
    pub(super) fn message(&self, text: &str) {
        self.between();
        self.says(text, None);
        self.between();
    }

    /// The message that is open, if one is, is at its end.
    fn between(&self) {
        let mut taken = self.taken();
        if !std::mem::take(&mut taken.open) {
            return;
        }
        let message = taken.message.clone();
        drop(taken);
        for progress in message.lines().filter_map(progress) {
            drop(self.does.try_send(Doing::Does(progress)));
        }
        self.tell(Kind::Reasoning, &message);
    }

    /// It asked leave for something and did not get it.
    pub(super) fn denied(&self, what: &str, why: &str) {
        let text = format!("{what}: {why}");
        self.does(Kind::Log, &format!("not allowed: {text}"));
        let mut taken = self.taken();
        if taken.denied.len() < DENIED {
            taken.denied.push(text);
        }
    }

    /// It uses a tool, which counts as a turn, as far as known.
    pub(super) fn uses(&self, kind: Kind, text: &str) {
        self.does(kind, text);
        self.used(Usage::turn);
    }

    /// It says what it has cost so far, in US dollars.
    pub(super) fn cost(&self, dollars: f64) {
        self.used(|usage| usage.cost = Cost::of(dollars).or(usage.cost));
    }

    fn used(&self, more: impl FnOnce(&mut Usage)) {
        let mut taken = self.taken();
        more(&mut taken.usage);
        // Where too much waits to be told, the next that it uses tells of this too.
        drop(self.does.try_send(Doing::Uses(taken.usage)));
    }

    /// It broke the protocol, in words that follow its name. The first way counts.
    pub(super) fn broke(&self, how: String) {
        self.taken().broken.get_or_insert(how);
    }

    /// How it broke the protocol, if it did.
    pub(super) fn broken(&self) -> Option<String> {
        self.taken().broken.clone()
    }

    /// The model behind it did not answer, as far as it says.
    pub(super) fn model(&self, why: &str) {
        self.does(Kind::Log, why);
        self.taken().model = Some(why.to_owned());
    }

    /// Why the model behind it did not answer, if it said that.
    pub(super) fn model_failed(&self) -> Option<String> {
        self.taken().model.clone()
    }

    /// What was said.
    pub(super) fn said(&self) -> Said {
        self.between();
        let taken = self.taken();
        Said {
            message: taken.message.clone(),
            failure: None,
            cut: taken.cut,
            usage: taken.usage,
            denied: taken.denied.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_is_what_it_said_and_each_is_told_once() {
        let (does, mut told) = mpsc::channel(32);
        let notes = Notes::new(does);
        notes.says("I look\nPROGRESS: 25% - so far\n", None);
        notes.says("around", None);
        notes.does(Kind::ToolUse, "ls");
        notes.says("one", Some("m1"));
        notes.says("two", Some("m2"));
        notes.says(" three", Some("m2"));
        notes.denied("edit", "no");
        let said = notes.said();
        assert_eq!(
            (said.message.as_str(), said.denied),
            ("two three", vec!["edit: no".to_owned()])
        );
        let mut all = Vec::new();
        while let Ok(Doing::Does(activity)) = told.try_recv() {
            all.push(format!("{} {}", activity.kind.as_str(), activity.text));
        }
        assert_eq!(
            all,
            [
                "progress 25% - so far",
                "reasoning I look",
                "tool_use ls",
                "reasoning one",
                "reasoning two three",
                "log not allowed: edit: no",
            ]
        );
    }

    #[test]
    fn what_it_uses_is_told_as_it_grows() {
        let (does, mut told) = mpsc::channel(32);
        let notes = Notes::new(does);
        notes.uses(Kind::ToolUse, "ls");
        notes.cost(0.5);
        notes.cost(-1.0);
        notes.uses(Kind::Coding, "a.rs");
        let mut all = Vec::new();
        while let Ok(doing) = told.try_recv() {
            if let Doing::Uses(usage) = doing {
                all.push(usage.describe().unwrap_or_default());
            }
        }
        assert_eq!(all, ["1 turn", "1 turn, $0.50", "1 turn, $0.50", "2 turns, $0.50"]);
        assert_eq!(notes.said().usage.turns, Some(2));
    }
}
