//! The history that a commit has, read once: what a commit changed never changes, so only
//! commits that are new since the last time are looked at.

mod cache;

use std::cell::Cell;
use std::collections::HashMap;

use anyhow::Result;

use super::words;
use crate::domain::history::{CommitFacts, History};
use crate::git::Repository;

use cache::Cache;

/// How many commits are looked at where a plan is judged; merges and first commits are not among
/// them.
pub const COMMITS: usize = 2_000;
/// How many commits are looked at where files are searched: what a message speaks of stays true
/// for longer than what changes together.
pub const SEARCHED: usize = 10_000;

/// How many words of one message are kept.
const WORDS: usize = 200;

/// The last `limit` commits that `tip` reaches. `told` hears how many were read, of how many.
///
/// What was read is kept below the common git directory. That only saves time: one that is
/// missing, torn or of another version is made anew, and one that cannot be written is not.
///
/// # Errors
///
/// When git cannot read the history, as in a clone that left its trees out.
pub fn load(
    repository: &Repository,
    tip: &str,
    limit: usize,
    told: &dyn Fn(usize, usize),
) -> Result<History> {
    let key = repository.history_key(tip)?;
    let shallow = repository.is_shallow()?;
    let mut cache = Cache::read(repository).unwrap_or_default();
    if cache.key == key && cache.asked >= limit {
        cache.commits.truncate(limit);
        return Ok(History::new(cache.commits, shallow));
    }
    // Whoever asked for more will ask again.
    let asked = limit.max(cache.asked.min(SEARCHED));
    let ids = repository.plain_commits(tip, asked)?;
    let mut known: HashMap<String, CommitFacts> =
        cache.commits.into_iter().map(|facts| (facts.id.clone(), facts)).collect();
    let new: Vec<String> = ids.iter().filter(|id| !known.contains_key(*id)).cloned().collect();
    let read = Cell::new(0);
    told(0, new.len());
    let words = |message: &str| {
        read.set(read.get() + 1);
        told(read.get(), new.len());
        spoken(message)
    };
    let read = repository.commit_facts(&new, &words)?;
    known.extend(read.into_iter().map(|facts| (facts.id.clone(), facts)));
    let commits = ids.iter().filter_map(|id| known.remove(id)).collect();
    let mut cache = Cache { key, asked, commits };
    // A disk that is full or that must not be written to costs time and nothing else.
    cache.write(repository).ok();
    cache.commits.truncate(limit);
    Ok(History::new(cache.commits, shallow))
}

/// The words of a message in the form in which they are compared, those of its first line before
/// a line feed. Lines that only machines read, such as trailers, are left out.
fn spoken(message: &str) -> String {
    let mut out = String::new();
    let mut left = WORDS;
    for (number, line) in message.trim().lines().enumerate() {
        if number > 0 && is_trailer(line) {
            continue;
        }
        let pieces = words::identifiers(line).flat_map(words::chunks).flat_map(words::pieces);
        for piece in pieces.take(left) {
            left -= 1;
            out.push_str(&words::stem(&piece.to_lowercase()));
            out.push(' ');
        }
        if number == 0 {
            out.push('\n');
        }
    }
    out
}

/// Whether a line is a trailer such as `Signed-off-by: A <a@b>`.
fn is_trailer(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(key, _)| {
        key.contains('-') && key.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_its_words() {
        for (message, expected) in [
            (
                "fix(auth): handle TokenStore\n\nThe cache_key was wrong.",
                "fix auth handl token stor \nthe cach key was wrong ",
            ),
            ("one\nSigned-off-by: A <a@b>\nnote: kept", "one \nnote kept "),
            ("", ""),
            ("\u{1b}[2J", "2 j \n"),
        ] {
            assert_eq!(spoken(message), expected, "{message:?}");
        }
        let long = "word ".repeat(1000);
        assert_eq!(spoken(&long).split_whitespace().count(), WORDS);
    }
}
