//! Sets of bytes: what one place of a pattern accepts. Small enough to copy, ordered so that
//! equal patterns are equal values.

/// A set of byte values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// No byte.
    pub const EMPTY: ByteSet = ByteSet([0; 4]);

    /// Every byte that can stand inside a path component: all but `/` and NUL.
    pub fn component() -> Self {
        let mut set = ByteSet([u64::MAX; 4]);
        set.remove(b'/');
        set.remove(0);
        set
    }

    /// The set of one byte.
    pub fn of(byte: u8) -> Self {
        let mut set = Self::EMPTY;
        set.insert(byte);
        set
    }

    /// Adds a byte.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Takes a byte out.
    pub fn remove(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] &= !(1 << (byte & 63));
    }

    /// Whether a byte is in the set.
    pub fn contains(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }

    /// The bytes of a path component that are not in the set.
    #[must_use]
    pub fn complement(self) -> Self {
        let all = Self::component();
        let mut out = Self::EMPTY;
        for (word, (mine, every)) in out.0.iter_mut().zip(self.0.iter().zip(all.0)) {
            *word = !mine & every;
        }
        out
    }

    /// The set with both cases of each ASCII letter that it has one of.
    #[must_use]
    pub fn folded(self) -> Self {
        let mut out = self;
        for byte in self.iter().filter(u8::is_ascii_alphabetic) {
            out.insert(byte ^ 0x20);
        }
        out
    }

    /// Whether the sets share a byte.
    pub fn meets(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    /// The bytes that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut out = self;
        for (word, theirs) in out.0.iter_mut().zip(other.0) {
            *word &= theirs;
        }
        out
    }

    /// How many bytes are in the set.
    pub fn len(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// The bytes, lowest first.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        let bits = |(block, mut word): (u8, u64)| {
            std::iter::from_fn(move || {
                let bit = u8::try_from(word.trailing_zeros()).ok().filter(|bit| *bit < 64)?;
                word &= word - 1;
                Some(block * 64 + bit)
            })
        };
        (0..4).zip(self.0).flat_map(bits)
    }

    /// The maximal runs of neighbouring bytes, lowest first, as inclusive bounds.
    pub fn runs(self) -> Vec<(u8, u8)> {
        let mut runs: Vec<(u8, u8)> = Vec::new();
        for byte in self.iter() {
            match runs.last_mut() {
                Some((_, end)) if u16::from(*end) + 1 == u16::from(byte) => *end = byte,
                _ => runs.push((byte, byte)),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complement_stays_inside_a_component() {
        let set = ByteSet::of(b'a');
        let rest = set.complement();
        assert!(!rest.contains(b'a') && !rest.contains(b'/') && !rest.contains(0));
        assert!(rest.contains(0xff) && rest.contains(b'b'));
        assert_eq!(rest.complement(), set);
        assert_eq!(rest.len(), 253);
        assert_eq!(rest.iter().count(), 253);
        assert!(rest.iter().is_sorted() && rest.iter().all(|b| rest.contains(b)));
        assert_eq!(rest.and(ByteSet::of(b'b')), ByteSet::of(b'b'));
        assert!(rest.and(set).is_empty());
        assert!(!set.meets(rest));
    }

    #[test]
    fn runs_are_maximal() {
        let mut set = ByteSet::EMPTY;
        for byte in *b"abcz\xff" {
            set.insert(byte);
        }
        assert_eq!(set.runs(), [(b'a', b'c'), (b'z', b'z'), (0xff, 0xff)]);
    }
}
