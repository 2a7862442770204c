//! What was read of a history, as a file: a line with a version and the digest of what is behind
//! it, then fields that end with a NUL.

use std::io::Read as _;

use anyhow::{Result, bail};

use crate::domain::history::CommitFacts;
use crate::domain::path::RepoPath;
use crate::git::Repository;
use crate::store::{Steps, Writer, layout};

/// Told from files of other versions.
const MAGIC: &str = "git ap history 2 ";
/// A larger one is neither written nor read.
const LIMIT: u64 = 64 << 20;

/// What was read of the history that a key names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cache {
    /// What [`Repository::history_key`] said; empty: nothing was read.
    pub(super) key: String,
    /// How many commits were asked for; the history may have fewer.
    pub(super) asked: usize,
    /// The commits, newest first.
    pub(super) commits: Vec<CommitFacts>,
}

impl Cache {
    /// What an earlier command kept; none where there is nothing, or nothing that is whole.
    pub(super) fn read(repository: &Repository) -> Option<Self> {
        let file = repository.common_dir().join(&*layout::history_cache().to_lossy());
        let mut bytes = Vec::new();
        std::fs::File::open(file).ok()?.take(LIMIT + 1).read_to_end(&mut bytes).ok()?;
        let cut = bytes.iter().position(|b| *b == b'\n').filter(|_| bytes.len() as u64 <= LIMIT)?;
        let (head, body) = (&bytes[..cut], &bytes[cut + 1..]);
        let digest = head.strip_prefix(MAGIC.as_bytes())?;
        if repository.blob_id(body).ok()?.as_bytes() != digest {
            return None;
        }
        parse(body)
    }

    /// Keeps it for the next command.
    pub(super) fn write(&self, repository: &Repository) -> Result<()> {
        let body = self.body();
        if body.len() as u64 + 100 > LIMIT {
            bail!("the history is too large to be kept");
        }
        let mut bytes = format!("{MAGIC}{}\n", repository.blob_id(&body)?).into_bytes();
        bytes.extend(body);
        // Nothing depends on this write, so it is none of the steps of the command.
        let steps = Steps::default();
        Writer::new(repository.common_dir(), &steps).write(&layout::history_cache(), &bytes)?;
        Ok(())
    }

    fn body(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut field = |bytes: &[u8]| {
            out.extend(bytes);
            out.push(0);
        };
        field(self.key.as_bytes());
        field(self.asked.to_string().as_bytes());
        for facts in &self.commits {
            field(facts.id.as_bytes());
            field(facts.author.as_bytes());
            field(facts.subject.as_bytes());
            field(facts.words.as_bytes());
            let numbers = [facts.files, facts.paths.len(), facts.renames.len()];
            field(facts.time.to_string().as_bytes());
            for number in numbers {
                field(number.to_string().as_bytes());
            }
            for path in &facts.paths {
                field(path.as_bytes());
            }
            for (old, new) in &facts.renames {
                field(old.as_bytes());
                field(new.as_bytes());
            }
        }
        out
    }
}

fn parse(body: &[u8]) -> Option<Cache> {
    let mut fields = body.strip_suffix(b"\0")?.split(|b| *b == 0);
    let text = |field: &[u8]| String::from_utf8(field.to_vec()).ok();
    let key = text(fields.next()?)?;
    let asked = text(fields.next()?)?.parse().ok()?;
    let mut commits = Vec::new();
    while let Some(id) = fields.next() {
        let mut string = || text(fields.next()?);
        let (id, author, subject, words) = (text(id)?, string()?, string()?, string()?);
        let time = text(fields.next()?)?.parse().ok()?;
        let mut number = || text(fields.next()?)?.parse::<usize>().ok();
        let (files, paths, renames) = (number()?, number()?, number()?);
        let mut path = || RepoPath::new(fields.next()?);
        let paths = (0..paths).map(|_| path()).collect::<Option<_>>()?;
        let renames = (0..renames).map(|_| Some((path()?, path()?))).collect::<Option<_>>()?;
        commits.push(CommitFacts { id, time, author, subject, words, files, paths, renames });
    }
    Some(Cache { key, asked, commits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let path = |text: &[u8]| RepoPath::new(text).expect("git can hold it");
        let facts = |id: &str, renames| CommitFacts {
            id: id.to_owned(),
            time: -7,
            author: "A\n".to_owned(),
            subject: "fix: \u{1b}[2J".to_owned(),
            words: "fix\nmore".to_owned(),
            files: 70,
            paths: vec![path(b"a\nb"), path(b"\xff")],
            renames,
        };
        let commits = vec![facts("aa", vec![(path(b"x"), path(b"y"))]), facts("bb", Vec::new())];
        let cache = Cache { key: "bb 12".to_owned(), asked: 9, commits };
        let body = cache.body();
        assert_eq!(parse(&body), Some(cache));
        let empty = Cache { key: "key".to_owned(), asked: 7, commits: Vec::new() };
        assert_eq!(parse(b"key\x007\0"), Some(empty));
        for cut in 1..body.len() {
            let part = parse(&body[..cut]);
            assert!(part.is_none_or(|part| part.commits.len() < 2), "torn at {cut}");
        }
        for wrong in [
            &b""[..],
            b"k\0",
            b"k\0x\0",
            b"k\x001\0id\0a\0s\0w\0x\x001\x000\x000\0",
            b"k\x001\0id\0a\0s\0w\x001\x001\x009\x000\0a\0",
        ] {
            assert_eq!(parse(wrong), None);
        }
    }
}
