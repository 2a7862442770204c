//! Where rules are written: the file, the line and the column of each pattern.

use std::cell::RefCell;
use std::collections::HashMap;

use serde::Serialize;

use crate::domain::config;
use crate::domain::finding::Place;
use crate::domain::plan::{Plan, Reading};
use crate::domain::scope::{Rule, RuleKind};

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Source {
    /// A place of a file.
    Written {
        /// Its path from the root.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// No file says it.
    BuiltIn(&'static str),
}

const BUILT_IN: Source = Source::BuiltIn("built-in");

impl Source {
    /// The place in a word: the name of the file alone, as there is one of each.
    pub(super) fn short(&self) -> String {
        match self {
            Self::Written { file, line, column } => {
                let name = file.rsplit('/').next().unwrap_or(file);
                format!("{name}:{line}:{column}")
            }
            Self::BuiltIn(word) => (*word).to_owned(),
        }
    }
}

/// The texts that rules are written in.
pub(super) struct Places<'a> {
    /// The plan as it was read, and the path of its file.
    pub(super) reading: &'a Reading,
    pub(super) plan_file: String,
    pub(super) plan: &'a Plan,
    /// The items of `global_forbid`; none: the file says nothing of it.
    global_forbid: Option<Vec<Place>>,
    config_file: String,
    /// Finding a line takes a walk through the text: once for each rule.
    known: RefCell<HashMap<Key, Source>>,
}

/// The kind of a rule, its objective, and its position in their list.
type Key = (RuleKind, Option<usize>, usize);

impl<'a> Places<'a> {
    pub(super) fn new(
        (plan, reading): (&'a Plan, &'a Reading),
        plan_file: String,
        config_text: Option<&str>,
        config_file: String,
    ) -> Self {
        let global_forbid = config_text.and_then(config::global_forbid_places);
        let known = RefCell::default();
        Self { reading, plan_file, plan, global_forbid, config_file, known }
    }

    /// Where a rule is written.
    pub(super) fn source(&self, rule: &Rule<'_>) -> Source {
        let key = (rule.kind, rule.scope, rule.item);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let (file, place) = match (rule.kind, rule.scope) {
            (RuleKind::GlobalForbid, _) => {
                let place = self.global_forbid.as_ref().and_then(|p| p.get(rule.item)).cloned();
                (&self.config_file, place)
            }
            (RuleKind::Derived, _) => {
                let lengths = self.plan.derived.iter().map(|d| d.paths.len());
                (&self.plan_file, self.of_table("derived", lengths, rule.item))
            }
            (RuleKind::Shared, _) => {
                let lengths = self.plan.shared.iter().map(|s| s.paths.len());
                (&self.plan_file, self.of_table("shared", lengths, rule.item))
            }
            (kind @ (RuleKind::Forbid | RuleKind::Touch | RuleKind::Read), scope) => {
                let key = kind.as_str();
                let place = scope.and_then(|scope| {
                    self.reading.item_place("objective", scope, key, rule.item, None)
                });
                (&self.plan_file, place)
            }
        };
        let source = place.map_or(BUILT_IN, |place| Source::Written {
            file: file.clone(),
            line: place.line,
            column: place.column,
        });
        self.known.borrow_mut().insert(key, source.clone());
        source
    }

    /// The place of item `item` of the `paths` of all tables of a name, one after the other.
    fn of_table(
        &self,
        table: &str,
        lengths: impl Iterator<Item = usize>,
        item: usize,
    ) -> Option<Place> {
        let mut item = item;
        for (index, length) in lengths.enumerate() {
            if item < length {
                return self.reading.item_place(table, index, "paths", item, None);
            }
            item -= length;
        }
        None
    }
}
