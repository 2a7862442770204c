//! What was read of the files of a codebase, by the ids of their blobs: what a blob says never
//! changes, so that only blobs which are new since the last time are read again, whatever is asked.

mod blob;
mod codec;
mod names;

use std::collections::{HashMap, HashSet};
use std::hash::Hasher as _;

use foldhash::fast::RandomState;

use super::language::Language;
use crate::domain::tree::Entry;

pub use blob::Blob;
pub use names::Names;

use codec::Cursor;

/// Told from files of other versions. The number goes up whenever a blob would be read in another
/// way: with the grammars, the scanner, the limits or the format.
const MAGIC: &str = concat!("git ap index 1 ", env!("CARGO_PKG_VERSION"), "\n");
/// A larger one is neither written nor read.
const LIMIT: usize = 512 << 20;
/// What is kept for blobs that no file has any more, beside what the files have, as a factor.
const SPARE: usize = 2;
/// Bytes of a key.
const KEY: usize = 36;

/// A blob in a language: the same text says something else in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; KEY]);

impl Key {
    /// The key of a file; none where its id is no object id.
    pub fn of(file: &Entry, language: Option<Language>) -> Option<Self> {
        let mut key = [0; KEY];
        let hex = file.id.as_bytes();
        if hex.is_empty() || !hex.len().is_multiple_of(2) || hex.len() / 2 > KEY - 4 {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(language.map_or("", Language::name).as_bytes());
        key[KEY - 4..].copy_from_slice(&hasher.finish().to_le_bytes()[..4]);
        Some(Self(key))
    }

    /// A key for a text that has no id: it is not kept for the next time.
    pub fn of_place(place: usize) -> Self {
        let mut key = [0xff; KEY];
        key[..8].copy_from_slice(&(place as u64).to_le_bytes());
        Self(key)
    }
}

/// What is known of blobs.
#[derive(Debug, Default, PartialEq)]
pub struct Index {
    /// The names that occur in any of them.
    pub names: Names,
    /// Where each blob's bytes are.
    places: HashMap<Key, (usize, usize), RandomState>,
    records: Vec<u8>,
    grown: bool,
}

impl Index {
    /// The index that [`Index::to_bytes`] wrote; an empty one where there is none, or none that is
    /// whole.
    pub fn read(bytes: Option<Vec<u8>>) -> Self {
        bytes.and_then(|bytes| Self::parse(&bytes)).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let body = bytes.strip_prefix(MAGIC.as_bytes()).filter(|_| bytes.len() <= LIMIT)?;
        let (digest, body) = body.split_first_chunk::<8>()?;
        if checksum(body) != *digest {
            return None;
        }
        let mut cursor = Cursor { rest: body };
        let names = Names::decode(&mut cursor)?;
        let count = cursor.length()?;
        let mut places = HashMap::with_capacity_and_hasher(count, RandomState::default());
        let mut start = 0_usize;
        for _ in 0..count {
            let key = Key(cursor.bytes(KEY)?.try_into().ok()?);
            let end = start.checked_add(usize::try_from(cursor.number()?).ok()?)?;
            places.insert(key, (start, end));
            start = end;
        }
        let records = cursor.rest.to_vec();
        (start == records.len()).then_some(Self { names, places, records, grown: false })
    }

    /// Everything as bytes, for the next time: all that `used` names, and some that it does not.
    /// Nothing where the next time would find nothing new in it.
    pub fn to_bytes(&self, used: &[Key]) -> Option<Vec<u8>> {
        if !self.grown {
            return None;
        }
        let used: HashSet<&Key, RandomState> = used.iter().collect();
        let mut keys: Vec<&Key> = self.places.keys().collect();
        keys.sort_unstable();
        let size = |key: &&&Key| self.places.get(**key).map_or(0, |(start, end)| end - start);
        let needed: usize = keys.iter().filter(|key| used.contains(*key)).map(|k| size(&k)).sum();
        if self.records.len() > (needed + KEY).saturating_mul(1 + SPARE) {
            keys.retain(|key| used.contains(key));
        }
        let mut body = Vec::new();
        self.names.encode(&mut body);
        codec::put(&mut body, u32::try_from(keys.len()).ok()?);
        for key in &keys {
            body.extend(key.0);
            codec::put(&mut body, u32::try_from(size(&key)).ok()?);
        }
        for key in keys {
            let (start, end) = self.places.get(key)?;
            body.extend(&self.records[*start..*end]);
        }
        let mut bytes = MAGIC.as_bytes().to_vec();
        bytes.extend(checksum(&body));
        bytes.extend(body);
        (bytes.len() <= LIMIT).then_some(bytes)
    }

    /// Whether a blob is known.
    pub fn holds(&self, key: &Key) -> bool {
        self.places.contains_key(key)
    }

    /// Adds a blob whose names are numbers in [`Index::names`].
    pub fn add(&mut self, key: Key, blob: &Blob) {
        let start = self.records.len();
        blob.encode(&mut self.records);
        self.places.insert(key, (start, self.records.len()));
        self.grown = true;
    }

    /// What is known of a blob, without its identifiers, which are given to `each`; none where it
    /// is not known.
    pub fn blob(&self, key: &Key, each: impl FnMut(u32, u32)) -> Option<Blob> {
        let (start, end) = self.places.get(key)?;
        Blob::decode(&self.records[*start..*end], each)
    }

    /// The size of a blob, as far as it is read.
    pub fn size(&self, key: &Key) -> Option<u32> {
        let (start, end) = self.places.get(key)?;
        Blob::size_of(&self.records[*start..*end])
    }
}

/// Tells a damaged file. A standard library that hashes otherwise costs one reading.
fn checksum(body: &[u8]) -> [u8; 8] {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(body);
    hasher.finish().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path::RepoPath;
    use crate::domain::tree::Mode;

    fn key(id: &str, language: Option<Language>) -> Option<Key> {
        let path = RepoPath::new("a").expect("a path");
        Key::of(&Entry { path, mode: Mode::File, id: id.to_owned() }, language)
    }

    fn index(ids: &[&str]) -> Index {
        let mut index = Index::default();
        for (n, id) in ids.iter().enumerate() {
            let name = index.names.number(&format!("name{n}"));
            let blob = Blob { identifiers: vec![(name, 3)], size: 9, ..Blob::default() };
            index.add(key(id, None).expect("an id"), &blob);
        }
        index
    }

    #[test]
    fn a_key_is_a_blob_in_a_language() {
        assert_ne!(key("aa", None), key("aa", Some(Language::Rust)));
        assert_eq!(key("aa", Some(Language::Rust)), key("aa", Some(Language::Rust)));
        for wrong in ["", "a", "xx", &"a".repeat(66)] {
            assert_eq!(key(wrong, None), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_nothing_else() {
        let index = index(&["aa", "bb"]);
        let used: Vec<Key> = ["aa", "bb"].iter().filter_map(|id| key(id, None)).collect();
        let bytes = index.to_bytes(&used).expect("something is new");
        let read = Index::read(Some(bytes.clone()));
        let mut found = Vec::new();
        let blob = read.blob(&key("bb", None).expect("an id"), |n, times| found.push((n, times)));
        assert_eq!(blob.map(|blob| blob.size), Some(9));
        assert_eq!(
            found.iter().map(|(n, t)| (read.names.get(*n), *t)).collect::<Vec<_>>(),
            [("name1", 3)]
        );
        assert_eq!(read.to_bytes(&used), None, "nothing is new");
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 0x10;
            assert_eq!(Index::read(Some(wrong)), Index::default(), "flipped at {at}");
            assert_eq!(Index::read(Some(bytes[..at].to_vec())), Index::default(), "torn at {at}");
        }
        assert_eq!(Index::read(None), Index::default());
    }

    #[test]
    fn what_nobody_uses_goes_where_it_is_most() {
        let ids = ["aa", "bb", "cc", "dd", "ee", "ff", "a1", "a2", "a3", "a4", "a5", "a6", "a7"];
        let many: Vec<String> = (0..40).map(|n| format!("{n:04x}")).collect();
        let many: Vec<&str> = ids.into_iter().chain(many.iter().map(String::as_str)).collect();
        let index = index(&many);
        let of = |used: &[&str]| {
            let used: Vec<Key> = used.iter().filter_map(|id| key(id, None)).collect();
            Index::read(index.to_bytes(&used)).places.len()
        };
        assert_eq!(of(&many), many.len());
        assert_eq!(of(&many[..40]), many.len());
        assert_eq!(of(&["aa"]), 1);
    }
}
