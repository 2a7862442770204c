//! A list of names in which each has a number.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::codec::{Cursor, put};

/// Names, each once, with the numbers in which they came.
#[derive(Debug, Default)]
pub struct Names {
    text: String,
    /// Where each name ends in the text.
    ends: Vec<u32>,
    /// Made when the first name is asked for.
    numbers: Option<HashMap<Box<str>, u32, RandomState>>,
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.ends == other.ends
    }
}

impl Names {
    /// The number of a name, which is new if it has none yet.
    pub fn number(&mut self, name: &str) -> u32 {
        if self.numbers.is_none() {
            let known = (0..self.count()).map(|n| (Box::from(self.get(n)), n)).collect();
            self.numbers = Some(known);
        }
        let next = self.count();
        let numbers = self.numbers.get_or_insert_default();
        if let Some(number) = numbers.get(name) {
            return *number;
        }
        numbers.insert(Box::from(name), next);
        self.text.push_str(name);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        next
    }

    /// How many names there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// A name by its number; empty where nothing has that number.
    pub fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let start = if at == 0 { Some(&0) } else { self.ends.get(at - 1) };
        let range = start.zip(self.ends.get(at)).map(|(start, end)| *start as usize..*end as usize);
        range.and_then(|range| self.text.get(range)).unwrap_or_default()
    }

    /// All names as one text, without anything between them.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of the name that holds the byte at `place` of the text.
    pub fn at(&self, place: usize) -> u32 {
        let number = self.ends.partition_point(|end| *end as usize <= place);
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Where a name ends in the text.
    pub fn end(&self, number: u32) -> usize {
        self.ends.get(number as usize).map_or(self.text.len(), |end| *end as usize)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.count());
        let mut before = 0;
        for end in &self.ends {
            put(out, end - before);
            before = *end;
        }
        out.extend(self.text.as_bytes());
    }

    pub(super) fn decode(cursor: &mut Cursor<'_>) -> Option<Self> {
        let count = cursor.length()?;
        let mut ends = Vec::with_capacity(count);
        let mut end = 0_u32;
        for _ in 0..count {
            end = end.checked_add(cursor.number()?)?;
            ends.push(end);
        }
        let text = std::str::from_utf8(cursor.bytes(end as usize)?).ok()?.to_owned();
        Some(Self { text, ends, numbers: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_one_number() {
        let mut names = Names::default();
        assert_eq!(["a", "größe", "a", "b"].map(|name| names.number(name)), [0, 1, 0, 2]);
        let mut bytes = Vec::new();
        names.encode(&mut bytes);
        let mut read = Names::decode(&mut Cursor { rest: &bytes }).expect("whole");
        assert_eq!((0..4).map(|n| read.get(n)).collect::<Vec<_>>(), ["a", "größe", "b", ""]);
        assert_eq!(["b", "c", "a"].map(|name| read.number(name)), [2, 3, 0]);
        assert_eq!(read.text(), "agrößebc");
        assert_eq!([0, 1, 3, 7, 8, 9].map(|place| read.at(place)), [0, 1, 1, 1, 2, 3]);
    }
}
