//! What one blob says whatever is asked, as bytes.

use super::codec::{Cursor, put, put_text};
use crate::analysis::imports::Statement;

/// What one blob says, its names as numbers in some list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub struct Blob {
    /// Its size, as far as it is read.
    pub size: u32,
    /// Whether it is no text.
    pub binary: bool,
    /// Whether a program wrote it.
    pub generated: bool,
    /// Whether its imports and definitions were read line by line.
    pub approximate: bool,
    /// Whether it holds tests beside its code.
    pub inline_tests: bool,
    /// Whether it starts a program.
    pub starts_program: bool,
    /// Lines of its text.
    pub lines: u32,
    /// Words of its text: an identifier may have several.
    pub words: u32,
    /// Words of the names that it defines.
    pub defined_words: u32,
    /// The identifiers of its text and how often each occurs, ascending.
    pub identifiers: Vec<(u32, u32)>,
    /// The names that it defines, in the order of their text.
    pub definitions: Vec<u32>,
    /// What it imports.
    pub imports: Vec<Statement>,
}

impl Blob {
    fn flags(&self) -> u32 {
        [self.binary, self.generated, self.approximate, self.inline_tests, self.starts_program]
            .into_iter()
            .enumerate()
            .fold(0, |flags, (bit, set)| flags | (u32::from(set) << bit))
    }

    /// Appends it to `out`.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        for number in [self.flags(), self.size, self.lines, self.words, self.defined_words] {
            put(out, number);
        }
        put(out, count(self.identifiers.len()));
        let mut before = 0;
        for (name, times) in &self.identifiers {
            put(out, name - before);
            put(out, *times);
            before = *name;
        }
        put(out, count(self.definitions.len()));
        for name in &self.definitions {
            put(out, *name);
        }
        put(out, count(self.imports.len()));
        for statement in &self.imports {
            put(out, u32::from(statement.child));
            put_text(out, &statement.target);
            put(out, count(statement.symbols.len()));
            for symbol in &statement.symbols {
                put_text(out, symbol);
            }
        }
    }

    /// Reads one, and gives each identifier with how often it occurs to `each` instead of keeping
    /// it. `None` where the bytes are none.
    pub(super) fn decode(bytes: &[u8], mut each: impl FnMut(u32, u32)) -> Option<Self> {
        let mut cursor = Cursor { rest: bytes };
        let flags = cursor.number()?;
        let is = |bit: u32| flags & (1 << bit) != 0;
        let mut blob = Self {
            binary: is(0),
            generated: is(1),
            approximate: is(2),
            inline_tests: is(3),
            starts_program: is(4),
            size: cursor.number()?,
            lines: cursor.number()?,
            words: cursor.number()?,
            defined_words: cursor.number()?,
            ..Self::default()
        };
        let mut name = 0_u32;
        for _ in 0..cursor.length()? {
            name = name.checked_add(cursor.number()?)?;
            each(name, cursor.number()?);
        }
        let definitions = cursor.length()?;
        blob.definitions = (0..definitions).map(|_| cursor.number()).collect::<Option<_>>()?;
        for _ in 0..cursor.length()? {
            let child = cursor.number()? != 0;
            let target = cursor.text()?.to_owned();
            let symbols = cursor.length()?;
            let symbols =
                (0..symbols).map(|_| Some(cursor.text()?.to_owned())).collect::<Option<_>>()?;
            blob.imports.push(Statement { target, symbols, child });
        }
        cursor.rest.is_empty().then_some(blob)
    }

    /// The size of an encoded one.
    pub(super) fn size_of(bytes: &[u8]) -> Option<u32> {
        let mut cursor = Cursor { rest: bytes };
        cursor.number()?;
        cursor.number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_read_as_it_was_written() {
        let statement = Statement {
            target: "crate::a".to_owned(),
            symbols: vec!["B".to_owned(), "größe".to_owned()],
            child: true,
        };
        let blob = Blob {
            size: 70_000,
            generated: true,
            inline_tests: true,
            lines: 3,
            words: 12,
            defined_words: 2,
            identifiers: vec![(0, 1), (7, 300), (100_000, 2)],
            definitions: vec![7, 3],
            imports: vec![statement, Statement::default()],
            ..Blob::default()
        };
        let mut bytes = Vec::new();
        blob.encode(&mut bytes);
        let mut found = Vec::new();
        let read = Blob::decode(&bytes, |name, times| found.push((name, times)));
        assert_eq!(found, blob.identifiers);
        let without = Blob { identifiers: Vec::new(), ..blob };
        assert_eq!(read, Some(without));
        assert_eq!(Blob::size_of(&bytes), Some(70_000));
        for cut in 0..bytes.len() {
            assert_eq!(Blob::decode(&bytes[..cut], |_, _| ()), None, "torn at {cut}");
        }
    }
}
