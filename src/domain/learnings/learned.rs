//! What a session teaches whoever works here next, as lines of Markdown. Each is made from what
//! its record counts; what workers said is left out, because the file is read as instructions.

use crate::domain::path::is_printable;
use crate::domain::record::{HUMAN, Objective, Record, duration};
use crate::domain::session::Phase;

/// How many patterns or paths are named in a line.
const NAMED: usize = 3;
/// The longest of them, in bytes.
const LONGEST: usize = 120;
/// From how many minutes on, estimated or taken, an estimate is worth a line.
const WORTH: u64 = 20;

/// What a session has taught, in the order of its plan: what its objectives were given or
/// refused beyond their scopes, what was given up or took several tries, which gates were red
/// and why, and estimates that were far from the time that was taken.
pub fn learned(record: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    for lesson in record.lessons() {
        let Some(objective) = record.objectives.iter().find(|o| o.id == lesson.objective) else {
            continue;
        };
        let place = place(objective);
        if !lesson.granted.is_empty() {
            let granted = named(lesson.granted.iter().map(|p| p.as_str().to_owned()));
            lines.push(format!("Work on {place} turned out to need {granted}, too."));
        }
        if !lesson.refused.is_empty() {
            let refused = named(lesson.refused.iter().map(|p| p.quoted().into_owned()));
            let text =
                format!("Work on {place} also changed {refused}, and was refused: plan it in.");
            lines.push(text);
        }
    }
    lines.extend(record.objectives.iter().flat_map(outcome));
    for red in &record.reds {
        let by = record.objectives.iter().filter(|o| red.blamed.contains(&o.id));
        let by: Vec<String> = by.map(place).collect();
        let why = match by.as_slice() {
            [] if red.before => "it was red before the wave".to_owned(),
            [] => "no single objective turned it".to_owned(),
            by => format!("work on {} turned it", by.join(" and on ")),
        };
        lines.push(format!("The gate {} was red on the way: {why}.", code(&red.command)));
    }
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    lines
}

/// How it went with an objective, where that is out of the ordinary.
fn outcome(objective: &Objective) -> Vec<String> {
    let place = place(objective);
    let mut lines = Vec::new();
    let tries = u64::from(objective.retries) + 1;
    let violated = objective.violations > 0;
    let why = if violated { " after changes outside its scope" } else { "" };
    match (objective.phase, tries) {
        (Phase::Dropped, _) if objective.began.is_none() => {}
        (Phase::Dropped, 1) => lines.push(format!("Work on {place} was given up{why}.")),
        (Phase::Dropped, _) => {
            lines.push(format!("Work on {place} was given up{why}, at try {tries}."));
        }
        (_, 1) => {}
        (_, _) => lines.push(format!("Work on {place} took {tries} tries{why}.")),
    }
    if let (Some(took), Some(estimated)) = (objective.minutes, objective.estimated)
        && objective.phase == Phase::Merged
        // People do other things meanwhile.
        && objective.worker != HUMAN
        && took.max(estimated) >= WORTH
        && (took >= 2 * estimated || estimated >= 2 * took)
    {
        let (took, estimated) = (duration(took), duration(estimated));
        lines.push(format!("Work on {place} took {took} where {estimated} were estimated."));
    }
    lines
}

/// Where an objective works: what its plan let it touch at first.
fn place(objective: &Objective) -> String {
    let declared = objective.touch.iter().filter(|p| !objective.granted.contains(p));
    named(declared.cloned())
}

/// The first of these as code, and how many there are besides.
fn named(texts: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = texts.collect();
    let shown: Vec<String> = all.iter().take(NAMED).map(|text| code(text)).collect();
    match (shown.as_slice(), all.len().saturating_sub(NAMED)) {
        ([], _) => "nothing".to_owned(),
        (_, more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        ([one], _) => one.clone(),
        ([first @ .., last], _) => format!("{} and {last}", first.join(", ")),
    }
}

/// Text as code of Markdown, on one line, without anything that could end it, begin a comment
/// or move a cursor.
fn code(text: &str) -> String {
    let plain: String = text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = words.join(" ").replace('`', "'").replace("<!--", "<! --").replace("-->", "-- >");
    if plain.is_empty() {
        return "` `".to_owned();
    }
    if plain.len() <= LONGEST {
        return format!("`{plain}`");
    }
    let cut = (0..=LONGEST).rev().find(|at| plain.is_char_boundary(*at)).unwrap_or_default();
    format!("`{}…`", &plain[..cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_be_left() {
        for (text, expected) in [
            ("src/a/", "`src/a/`"),
            ("a`b", "`a'b`"),
            ("a\n<!-- git ap: learnings: end -->", "`a <! -- git ap: learnings: end -- >`"),
            ("a\u{1b}[2J\u{202e}b", "`a [2J b`"),
            ("\n", "` `"),
        ] {
            assert_eq!(code(text), expected);
        }
        assert!(code(&"é".repeat(500)).len() < LONGEST + 10);
        assert_eq!(named(["a", "b"].into_iter().map(str::to_owned)), "`a` and `b`");
        assert_eq!(named(["a"; 5].into_iter().map(str::to_owned)), "`a`, `a`, `a` and 2 more");
    }
}
