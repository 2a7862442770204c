//! The answer for one path: as a row of JSON, and in words.

use std::borrow::Cow;

use serde::Serialize;

use super::places::Source;
use crate::domain::base64;
use crate::domain::path::{RepoPath, quote};
use crate::domain::scope::{Answer, RuleKind, Verdict};
use crate::ui::text::one_line;

/// What is known of one path.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    /// The path from the root; `.` is the root.
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Whether it is answered as a directory: for all that could be below it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    directory: bool,
    /// Whether it is there: at `HEAD`, or in the worktree.
    exists: bool,
    /// Whether it, or something below it, is tracked at `HEAD`.
    tracked: bool,
    pub(super) owner: Option<&'a str>,
    /// The wave of the owner.
    pub(super) wave: Option<u32>,
    pub(super) rule: &'static str,
    pub(super) pattern: Option<&'a str>,
    pub(super) may_touch: Vec<&'a str>,
    reserved_by: Option<String>,
    /// Whether the objective of this worktree may change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allowed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<Vec<RuleRow<'a>>>,
    /// In words, without the path.
    #[serde(skip)]
    pub(super) words: String,
    #[serde(skip)]
    bytes: &'a [u8],
}

/// A rule that has a say.
#[derive(Serialize)]
pub(super) struct RuleRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) objective: Option<&'a str>,
    pub(super) rule: &'static str,
    pub(super) pattern: &'a str,
    /// The alternative of its braces that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alternative: Option<String>,
    pub(super) source: Source,
    pub(super) decides: bool,
}

/// What is found where a path is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) directory: bool,
    pub(super) exists: bool,
    pub(super) tracked: bool,
}

impl<'a> Row<'a> {
    /// A row that says nothing yet but what is there.
    pub(super) fn new(path: Option<&'a RepoPath>, found: Found, reserved: Option<String>) -> Self {
        Self {
            path: path.map_or(Cow::Borrowed("."), RepoPath::to_lossy),
            path_bytes: path.filter(|p| p.to_str().is_none()).map(|p| base64::encode(p.as_bytes())),
            directory: found.directory,
            exists: found.exists,
            tracked: found.tracked,
            owner: None,
            wave: None,
            rule: "outside",
            pattern: None,
            may_touch: Vec::new(),
            reserved_by: reserved,
            allowed: None,
            rules: None,
            words: String::new(),
            bytes: path.map_or(b".", RepoPath::as_bytes),
        }
    }

    /// The row in words: one line, and a line for each rule if they were asked for. A pattern can
    /// hold a new line, which must not begin one here.
    pub(super) fn text(&self, own: Option<&str>) -> String {
        let slash = if self.directory { "/" } else { "" };
        let path = quote(self.bytes);
        let mut text = format!("{path}{slash}: {}", self.words);
        if let (Some(own), Some(allowed)) = (own, self.allowed) {
            let may = if allowed { "may" } else { "may not" };
            text = format!("{path}{slash}: {own} {may} change it: {}", self.words);
        }
        if !self.exists {
            text.push_str("; does not exist");
        } else if !self.tracked {
            text.push_str("; not tracked");
        }
        if let Some(holder) = &self.reserved_by {
            text.push_str("; reserved by ");
            text.push_str(holder);
        }
        let rules = self.rules.iter().flatten();
        let rules = rules.map(|rule| format!("\n  {}", one_line(&rule.text(self.directory))));
        format!("{}{}", one_line(&text), rules.collect::<String>())
    }
}

impl RuleRow<'_> {
    fn text(&self, directory: bool) -> String {
        let of = self.objective.map_or(String::new(), |id| format!(" of {id}"));
        let alternative = self.alternative.as_ref();
        let alternative = alternative.map_or(String::new(), |a| format!(" (as `{a}`)"));
        let head =
            format!("{}{of}: `{}`{alternative}, {}", self.rule, self.pattern, self.source.short());
        let what = match (self.rule, self.objective) {
            _ if directory => return head,
            ("read", Some(id)) => format!("{id} relies on it"),
            _ if !self.decides => "overruled".to_owned(),
            ("forbid", Some(id)) => format!("{id} may not change it"),
            ("touch", Some(id)) => format!("{id} may change it"),
            ("derived", _) => "a command makes it, and a change is dropped at the merge".to_owned(),
            ("shared", _) => "every objective may change it".to_owned(),
            _ => "no objective may change it".to_owned(),
        };
        format!("{head}: {what}")
    }
}

/// The key of a verdict's rule, and its pattern.
pub(super) fn rule_of(verdict: Verdict<'_>) -> (&'static str, Option<&str>) {
    let (kind, by) = match verdict {
        Verdict::Touch(by) => (RuleKind::Touch, by),
        Verdict::Shared(by) => (RuleKind::Shared, by),
        Verdict::Derived(by) => (RuleKind::Derived, by),
        Verdict::GloballyForbidden(by) => (RuleKind::GlobalForbid, by),
        Verdict::Forbidden(by) => (RuleKind::Forbid, by),
        Verdict::Outside => return ("outside", None),
    };
    (kind.as_str(), Some(by.as_str()))
}

/// An answer in words; `name` gives the name of an objective with its wave.
pub(super) fn words(answer: &Answer<'_>, name: impl Fn(usize) -> String) -> String {
    let owners: Vec<String> = answer
        .own
        .iter()
        .filter_map(|(scope, verdict)| match verdict {
            Verdict::Touch(by) => Some(format!("{} (`{}`)", name(*scope), by.as_str())),
            _ => None,
        })
        .collect();
    if !owners.is_empty() {
        return owners.join(", ");
    }
    let but: Vec<String> = answer
        .own
        .iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Forbidden(_)))
        .map(|(scope, _)| name(*scope))
        .collect();
    let but = if but.is_empty() { String::new() } else { format!(" but {}", but.join(", ")) };
    match answer.foremost() {
        Verdict::Shared(by) => format!("every objective{but} (shared, `{by}`)"),
        Verdict::Derived(by) => format!("a command makes it (derived, `{by}`)"),
        Verdict::GloballyForbidden(by) => format!("nobody (`{by}` is forbidden to all)"),
        Verdict::Forbidden(by) => format!("nobody (`forbid` names `{by}`)"),
        Verdict::Touch(_) | Verdict::Outside => "nobody (it is in no scope)".to_owned(),
    }
}
