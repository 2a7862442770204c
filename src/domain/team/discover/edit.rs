//! The text of `team.toml` with what was proposed in it: values are added, none is removed or
//! replaced; comments, order and layout stay.

use toml_edit::{Array, InlineTable, Item, TableLike, Value};

use super::Proposal;
use crate::domain::plan::edited;
use crate::domain::team::{Worker, read_unfinished};
use crate::domain::toml_list::push;

/// What is added to the entry at a position in the file.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// Which entry.
    pub index: usize,
    /// What is proposed for it.
    pub proposal: &'a Proposal,
}

/// The text with what is proposed in it. None where it is no team, or where what came out would
/// not read as it should.
pub fn with_proposals(text: &str, edits: &[Edit<'_>]) -> Option<String> {
    let before = read_unfinished(text).require("the team").ok()?;
    let new = edited(text, |document| {
        for edit in edits {
            let table: &mut dyn TableLike = match document.get_mut("worker")? {
                Item::ArrayOfTables(tables) => tables.get_mut(edit.index)?,
                Item::Value(Value::Array(items)) => {
                    items.get_mut(edit.index)?.as_inline_table_mut()?
                }
                _ => return None,
            };
            add(table, edit.proposal)?;
        }
        Some(())
    })?;
    let after = read_unfinished(&new).require("the team").ok()?;
    let mut expected = before;
    edits.iter().try_for_each(|edit| expect(expected.get_mut(edit.index)?, edit.proposal))?;
    (after == expected).then_some(new)
}

fn add(table: &mut dyn TableLike, proposal: &Proposal) -> Option<()> {
    if let Some((tool, _)) = &proposal.tool {
        insert(table, "tool", Value::from(tool.as_str()))?;
    }
    if let Some((arguments, _)) = &proposal.arguments {
        let mut inline = InlineTable::new();
        for (name, text) in arguments {
            inline.insert(name, Value::from(text.as_str()));
        }
        insert(table, "arguments", Value::InlineTable(inline))?;
    }
    if proposal.capabilities.is_empty() {
        return Some(());
    }
    if table.get("capabilities").is_none() {
        insert(table, "capabilities", Value::Array(Array::new()))?;
    }
    let list = table.get_mut("capabilities")?.as_array_mut()?;
    proposal.capabilities.iter().for_each(|(word, _)| push(list, word));
    Some(())
}

/// Adds a key that is not there.
fn insert(table: &mut dyn TableLike, key: &str, value: Value) -> Option<()> {
    table.insert(key, Item::Value(value)).is_none().then_some(())
}

/// What the entry is to be.
fn expect(worker: &mut Worker, proposal: &Proposal) -> Option<()> {
    if let Some((tool, _)) = &proposal.tool {
        worker.tool.replace(tool.clone()).is_none().then_some(())?;
    }
    if let Some((arguments, _)) = &proposal.arguments {
        let pairs = arguments.iter().map(|(name, text)| (name.clone(), text.as_str().into()));
        let value = serde_json::Value::Object(pairs.collect());
        worker.arguments.replace(value).is_none().then_some(())?;
    }
    worker.capabilities.extend(proposal.capabilities.iter().map(|(word, _)| word.clone()));
    Some(())
}
