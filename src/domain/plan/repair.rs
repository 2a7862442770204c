//! Repairing the waves of a plan: the fewest moves that leave no overlap and no dependency in
//! the wrong order, and the text of the plan with those moves, comments and all.

use toml_edit::{DocumentMut, Item, value};

use super::{Plan, Proof};
use crate::domain::id::ObjectiveId;
use crate::domain::overlap::{Case, candidates, meet};
use crate::domain::scope::Languages;
use crate::domain::wave::{self, Constraints, Cycle};

/// An objective that has to stand in another wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Its position in the plan.
    pub index: usize,
    /// Which objective.
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
    let constraints = Constraints { conflicts: all_conflicts(proof), ..proof.constraints.clone() };
    let waves = wave::repair(&constraints)?;
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
        why: reason(plan, &constraints, &waves, index),
    });
    Ok(told.collect())
}

/// Every pair whose scopes meet, whatever their waves.
fn all_conflicts(proof: &Proof) -> std::collections::BTreeSet<(usize, usize)> {
    let languages = Languages::new(&proof.scopes, &proof.rules);
    let touched: Vec<_> = proof.scopes.iter().map(|s| s.touch.as_slice()).collect();
    let pairs = candidates(&touched, Case::Exact).into_iter();
    // A pair that cannot be decided is kept apart.
    pairs
        .filter(|(a, b)| {
            !matches!(meet(languages.get(*a), languages.get(*b), Case::Exact), Ok(None))
        })
        .collect()
}

fn reason(plan: &Plan, constraints: &Constraints, waves: &[u32], index: usize) -> String {
    let id = |i: usize| &plan.objectives[i].id;
    let wished = constraints.fixed[index];
    let before = |wave: Option<u32>, other: usize| wave.is_none_or(|w| waves[other] >= w);
    if let Some(&need) = constraints.depends_on[index].iter().find(|need| before(wished, **need)) {
        return format!("it depends on {} in wave {}", id(need), waves[need]);
    }
    let meets = (0..waves.len()).find(|other| {
        let pair = (index.min(*other), index.max(*other));
        *other != index && constraints.conflicts.contains(&pair) && Some(waves[*other]) == wished
    });
    match meets {
        Some(other) => format!("its scope meets that of {}", id(other)),
        None => "others had to move before it".to_owned(),
    }
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
