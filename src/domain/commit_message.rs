//! What the commits of git ap say: a Conventional Commit subject, and trailers by which people
//! and `git ap verify` find out what a commit is (DESIGN §9).

use std::fmt::Write as _;

use super::id::{ObjectiveId, PlanId};
use super::path::is_printable;
use super::plan::TaskType;

/// The longest subject, in characters.
const SUBJECT: usize = 72;

/// The trailer that names the plan.
pub const PLAN: &str = "AP-Plan";
/// The trailer that names the wave of a merge.
pub const WAVE: &str = "AP-Wave";
/// The trailer with the object id of the agreed plan's text.
pub const SCOPE: &str = "AP-Scope";
/// The trailer that names the objective of a commit, as `<slug>/<id>`.
pub const OBJECTIVE: &str = "AP-Objective";
/// The trailer that names the target that was merged into the integration branch.
pub const SYNC: &str = "AP-Sync";
/// The trailer of the commit that holds a session's record.
pub const RECORD: &str = "AP-Record";
/// The trailer that names somebody who worked on a commit.
pub const CO_AUTHOR: &str = "Co-authored-by";

/// Text on one line, without what could move a cursor or begin a line of its own.
pub fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The type of a Conventional Commit for a kind of change.
pub fn commit_type(task_type: TaskType) -> &'static str {
    match task_type {
        TaskType::Feature | TaskType::Enhancement => "feat",
        TaskType::Bug => "fix",
        TaskType::Refactor | TaskType::Reset => "refactor",
    }
}

/// `type(scope): text`, at most 72 characters, cut between words.
pub fn subject(task_type: TaskType, scope: Option<&str>, text: &str) -> String {
    let scope = scope.map(|s| format!("({s})")).unwrap_or_default();
    let head = format!("{}{scope}: ", commit_type(task_type));
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no title");
    let text = uncapitalised(&one_line(first));
    let text = text.trim_end_matches('.');
    let room = SUBJECT.saturating_sub(head.chars().count());
    if text.chars().count() <= room {
        return format!("{head}{text}");
    }
    let mut cut = String::new();
    for word in text.split(' ') {
        let longer = if cut.is_empty() { word.to_owned() } else { format!("{cut} {word}") };
        if longer.chars().count() > room.saturating_sub(1) {
            break;
        }
        cut = longer;
    }
    if cut.is_empty() {
        cut = text.chars().take(room.saturating_sub(1)).collect();
    }
    format!("{head}{cut}…")
}

/// The text with a small first letter, unless its first word is a name: an acronym, code.
fn uncapitalised(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let rest_is_small = word.chars().skip(1).all(char::is_lowercase);
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if rest_is_small && word.chars().count() > 1 => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// Trailers, each once: the order is that of the first time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trailers(Vec<(String, String)>);

impl Trailers {
    /// The trailers of a wave's commit.
    pub fn wave(plan: &PlanId, wave: u32, digest: &str) -> Self {
        Self::default().with(PLAN, plan.as_str()).with(WAVE, &wave.to_string()).with(SCOPE, digest)
    }

    /// The trailers of a commit of an objective.
    pub fn objective(plan: &PlanId, objective: &ObjectiveId) -> Self {
        Self::default().with(OBJECTIVE, &format!("{}/{objective}", plan.slug()))
    }

    /// The trailers of a merge of the target, by its short name.
    pub fn sync(plan: &PlanId, target: &str) -> Self {
        Self::default().with(PLAN, plan.as_str()).with(SYNC, target)
    }

    /// The trailers of the record's commit.
    pub fn record(plan: &PlanId) -> Self {
        Self::default().with(PLAN, plan.as_str()).with(RECORD, plan.as_str())
    }

    /// The same with one more, unless it is there.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        let value = one_line(value);
        let known = self.0.iter().any(|(k, v)| k.eq_ignore_ascii_case(key) && *v == value);
        if !known && !value.is_empty() {
            self.0.push((key.to_owned(), value));
        }
        self
    }

    /// The same with people who worked on it, as `Name <mail>`, each mail address once.
    #[must_use]
    pub fn with_co_authors(mut self, people: impl IntoIterator<Item = String>) -> Self {
        for person in people {
            let same = |other: &str| mail(other).is_some() && mail(other) == mail(&person);
            let known = self.0.iter().any(|(k, v)| k == CO_AUTHOR && same(v));
            if !known {
                self = self.with(CO_AUTHOR, &person);
            }
        }
        self
    }

    /// The trailers as they stand in a message.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// A message with these trailers behind it.
    pub fn under(&self, message: &str) -> String {
        let mut out = message.trim_end().to_owned();
        out.push_str("\n\n");
        for (key, value) in &self.0 {
            writeln!(out, "{key}: {value}").expect("writing to a string cannot fail");
        }
        out
    }
}

/// The mail address of `Name <mail>`, in small letters.
fn mail(person: &str) -> Option<String> {
    let (_, rest) = person.rsplit_once('<')?;
    Some(rest.trim_end().strip_suffix('>')?.to_ascii_lowercase())
}

/// The value of a trailer in a message's last paragraph; the last one if there are several.
pub fn trailer<'m>(message: &'m str, key: &str) -> Option<&'m str> {
    let last = message.trim_end().rsplit("\n\n").next()?;
    let mut found = last.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
    });
    found.next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects() {
        let long = "Add JWT authentication with secure token handling for every route of the public interface";
        let table = [
            (TaskType::Feature, None, "Add login.", "feat: add login"),
            (TaskType::Bug, Some("x"), "JWT is wrong\nmore", "fix(x): JWT is wrong"),
            (TaskType::Reset, None, "a\u{1b}[2Jb\tc", "refactor: a [2Jb c"),
            (
                TaskType::Feature,
                None,
                long,
                "feat: add JWT authentication with secure token handling for every route…",
            ),
            (TaskType::Feature, None, "", "feat: no title"),
        ];
        for (task, scope, text, expected) in table {
            let found = subject(task, scope, text);
            assert_eq!(found, expected);
            assert!(found.chars().count() <= 72);
        }
        assert_eq!(subject(TaskType::Bug, None, &"x".repeat(99)).chars().count(), 72);
    }

    #[test]
    fn a_trailer_stands_once_and_cannot_be_forged() {
        let trailers = Trailers::default()
            .with("A", "1\nB: 2")
            .with("a", "1 B: 2")
            .with_co_authors(["X <x@y>".into(), "Other <X@Y>".into(), "Z <z@y>".into()]);
        let text = trailers.under("subject\n");
        assert_eq!(
            text,
            "subject\n\nA: 1 B: 2\nCo-authored-by: X <x@y>\nCo-authored-by: Z <z@y>\n"
        );
        assert_eq!(trailer(&text, "co-authored-by"), Some("Z <z@y>"));
        assert_eq!(trailer(&text, "B"), None);
        assert_eq!(trailer("A: 1\n\nbody\n", "A"), None);
    }
}
