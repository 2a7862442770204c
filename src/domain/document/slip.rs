//! What was probably meant: the word that a slip of the hand turned into the one that was read.

/// The candidate that a slip of the hand would turn into `word`: the one with the least edits,
/// at most a third of its length, or the one that `word` begins or is part of.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    let scored = candidates.into_iter().filter_map(|candidate| {
        let plain = candidate.to_lowercase().replace('-', "_");
        let limit = (plain.len().max(word.len()) / 3).max(1);
        let part = word.len() >= 3 && (plain.starts_with(&word) || word.starts_with(&plain));
        // Each character that one has more than the other is an edit, of at most four bytes.
        if !part && plain.len().abs_diff(word.len()) > 4 * limit {
            return None;
        }
        let edits = edit_distance(&word, &plain);
        (edits <= limit || part).then_some((edits, candidate))
    });
    scored.min().map(|(_, candidate)| candidate)
}

/// The number of characters to insert, delete, replace or swap with a neighbour (the optimal
/// string alignment distance). Long words are not compared: they are no slips.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substitute = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitute.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        assert_eq!(closest("dependson", ["depends_on", "touch"]), Some("depends_on"));
        assert_eq!(closest("depends-on", ["depends_on", "touch"]), Some("depends_on"));
        assert_eq!(closest("estimate", ["estimate_minutes", "touch"]), Some("estimate_minutes"));
        assert_eq!(closest("colour", ["touch", "wave"]), None);
    }
}
