//! Repairing the waves of a plan: the fewest moves that leave no overlap and no dependency in
//! the wrong order, and the text of the plan with those moves, comments and all.

use serde::Serialize;
use toml_edit::{DocumentMut, Item, value};

use super::ties::Ties;
use super::{Plan, Proof};
use crate::domain::id::ObjectiveId;
use crate::domain::wave::{self, Constraints, Cycle};

/// An objective that has to stand in another wave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Its position in the plan.
    #[serde(skip)]
    pub index: usize,
    /// Which objective.
    #[serde(rename = "objective")]
    pub id: ObjectiveId,
    /// The author's wave.
    pub from: Option<u32>,
    /// The wave where it can stand.
    pub to: u32,
    /// Why it cannot stay.
    pub why: String,
}

/// The moves that a plan needs, in the order of the plan; none: its waves are right. A cycle of
/// dependencies cannot be repaired by moving.
pub fn repair(plan: &Plan, proof: &Proof) -> Result<Vec<Move>, Cycle> {
    let ties = Ties::of(plan, proof);
    let constraints = ties.constraints(proof);
    let waves = ties.mended(&constraints)?;
    let mut settled = constraints.fixed.clone();
    for (index, author) in constraints.fixed.iter().enumerate() {
        settled[index] = author.map(|_| waves[index]);
    }
    // What the author left open is computed again from the moved ones; where that would differ
    // from the repaired order, it is written down too.
    loop {
        let computed =
            wave::assign(&Constraints { fixed: settled.clone(), ..constraints.clone() })?;
        let Some(open) =
            (0..waves.len()).find(|i| settled[*i].is_none() && computed[*i] != waves[*i])
        else {
            break;
        };
        settled[open] = Some(waves[open]);
    }
    let moved =
        (0..waves.len()).filter(|i| settled[*i].is_some() && settled[*i] != constraints.fixed[*i]);
    let told = moved.map(|index| Move {
        index,
        id: plan.objectives[index].id.clone(),
        from: constraints.fixed[index],
        to: waves[index],
        why: ties.reason(plan, &constraints, &waves, index),
    });
    Ok(told.collect())
}

/// The text of a TOML plan with the moves made; everything else, comments included, stays as it
/// was. `None` if the text is not such a plan.
pub fn with_moves(text: &str, moves: &[Move]) -> Option<String> {
    edited(text, |document| set_waves(document, moves))
}

/// The text of a TOML document after `edit`, with its line ends and byte order mark as they
/// were: the library writes neither back. `None` if the text is no TOML or `edit` gives up.
pub fn edited(text: &str, edit: impl FnOnce(&mut DocumentMut) -> Option<()>) -> Option<String> {
    let mark = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let body = &text[mark.len()..];
    let crlf = body.contains("\r\n");
    let mut document: DocumentMut = body.replace("\r\n", "\n").parse().ok()?;
    edit(&mut document)?;
    let written = document.to_string();
    Some(format!("{mark}{}", if crlf { written.replace('\n', "\r\n") } else { written }))
}

fn set_waves(document: &mut DocumentMut, moves: &[Move]) -> Option<()> {
    for one in moves {
        let wave = value(i64::from(one.to));
        let table: &mut dyn toml_edit::TableLike = match document.get_mut("objective")? {
            Item::ArrayOfTables(tables) => tables.get_mut(one.index)?,
            Item::Value(toml_edit::Value::Array(items)) => {
                items.get_mut(one.index)?.as_inline_table_mut()?
            }
            _ => return None,
        };
        match table.get_mut("wave") {
            Some(Item::Value(old)) => {
                let decor = old.decor().clone();
                *old = i64::from(one.to).into();
                *old.decor_mut() = decor;
            }
            _ => drop(table.insert("wave", wave)),
        }
    }
    Some(())
}
