//! The two names that end up in paths, refs and trailers. Both are validated wherever they
//! come from, so that no other code has to ask whether one is safe to put into a path.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// The longest slug of a plan id, in bytes.
pub const SLUG_MAX: usize = 40;

/// `YYYYMMDD-HHMMSS-<slug>`: names a plan and its session.
///
/// The time is UTC, the slug is 1 to 40 characters of `[a-z0-9-]` without `-` at either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlanId(String);

impl PlanId {
    /// Returns the id, or what is wrong with it and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "write `YYYYMMDD-HHMMSS-<slug>`, as in `20251008-104131-add-jwt`";
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| {
            bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
        };
        let shaped = digits(0..8)
            && bytes.get(8) == Some(&b'-')
            && digits(9..15)
            && bytes.get(15) == Some(&b'-');
        if !shaped {
            return Err(format!("a plan id begins with its time: {form}"));
        }
        let slug = &text[16..];
        if slug.is_empty() || slug.len() > SLUG_MAX {
            return Err(format!("the slug of a plan id has 1 to {SLUG_MAX} characters: {form}"));
        }
        if !slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(format!("the slug of a plan id is made of `a-z`, `0-9` and `-`: {form}"));
        }
        if slug.starts_with('-') || slug.ends_with('-') {
            return Err("the slug of a plan id neither begins nor ends with `-`".into());
        }
        let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(99);
        let real = (1..=days(number(0..4), number(4..6))).contains(&number(6..8))
            && number(9..11) < 24
            && number(11..13) < 60
            && number(13..15) < 61;
        if !real {
            return Err(format!("`{}` is no date and time: {form}", &text[..15]));
        }
        Ok(Self(text.to_owned()))
    }

    /// Builds an id from a UTC time written `YYYYMMDD-HHMMSS` and the text of a request.
    pub fn new(stamp: &str, request: &str) -> Result<Self, String> {
        Self::parse(&format!("{stamp}-{}", slug(request)))
    }

    /// The same id with `-n` behind its slug, shortened so that it stays an id.
    #[must_use]
    pub fn numbered(&self, n: usize) -> Self {
        let suffix = format!("-{n}");
        let room = SLUG_MAX - suffix.len();
        let slug = self.slug();
        let kept = slug[..slug.len().min(room)].trim_end_matches('-');
        Self(format!("{}-{kept}{suffix}", &self.0[..15]))
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part behind the time.
    pub fn slug(&self) -> &str {
        &self.0[16..]
    }
}

impl TryFrom<String> for PlanId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<PlanId> for String {
    fn from(id: PlanId) -> Self {
        id.0
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The days of a month; none for a number that is no month.
fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// Words of a request that say nothing in a name.
const SLUG_SKIPS: [&str; 12] =
    ["a", "an", "the", "of", "to", "for", "and", "or", "in", "on", "with", "please"];

/// The slug of a request: its telling words in lower case ASCII, joined by `-`, cut at a word
/// boundary to [`SLUG_MAX`] bytes. A request with no ASCII letter or digit gives `plan`.
pub fn slug(request: &str) -> String {
    let lower = request.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
    let mut out = String::new();
    for word in words.filter(|w| !SLUG_SKIPS.contains(w)) {
        let separator = usize::from(!out.is_empty());
        if out.len() + separator + word.len() > SLUG_MAX {
            if out.is_empty() {
                out.push_str(&word[..SLUG_MAX]);
            }
            break;
        }
        if separator == 1 {
            out.push('-');
        }
        out.push_str(word);
    }
    if out.is_empty() { "plan".to_owned() } else { out }
}

/// The name of an objective inside its plan: `[A-Za-z][A-Za-z0-9_-]{0,31}`, inner single dots
/// allowed. It becomes a branch and a directory, so ids that differ only in case are equal,
/// and `integration`, `gate` and `*.lock` are refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectiveId(String);

impl ObjectiveId {
    /// Returns the id, or what is wrong with it and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = text.as_bytes();
        if !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
            return Err("an objective's id begins with a letter: write `T1`".into());
        }
        if bytes.len() > 32 {
            return Err("an objective's id has at most 32 characters: shorten it".into());
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if let Some(bad) = text.chars().find(|c| !u8::try_from(*c).is_ok_and(allowed)) {
            return Err(format!(
                "`{}` cannot stand in an objective's id: use letters, digits, `_`, `-` and single dots",
                bad.escape_debug()
            ));
        }
        if text.contains("..") || text.ends_with('.') {
            return Err("dots in an objective's id stand alone and inside it: write `T1.2`".into());
        }
        let lower = text.to_ascii_lowercase();
        if matches!(lower.as_str(), "integration" | "gate") {
            return Err(format!(
                "`{text}` names a branch or worktree of git ap: choose another id"
            ));
        }
        if lower.split('.').next_back() == Some("lock") {
            return Err("git refuses a branch that ends with `.lock`: choose another id".into());
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ObjectiveId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<ObjectiveId> for String {
    fn from(id: ObjectiveId) -> Self {
        id.0
    }
}

impl fmt::Display for ObjectiveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for ObjectiveId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ObjectiveId {}

impl Hash for ObjectiveId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl PartialOrd for ObjectiveId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Natural order, so that `T2` comes before `T10`; case does not count.
impl Ord for ObjectiveId {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.0.to_ascii_lowercase(), other.0.to_ascii_lowercase());
        natural_cmp(&a, &b).then_with(|| a.cmp(&b))
    }
}

/// Compares two ASCII texts with runs of digits compared by their value.
fn natural_cmp(mut a: &str, mut b: &str) -> Ordering {
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    loop {
        match (digits(a), digits(b)) {
            (0, 0) => match (a.bytes().next(), b.bytes().next()) {
                (Some(x), Some(y)) if x == y => (a, b) = (&a[1..], &b[1..]),
                (x, y) => return x.cmp(&y),
            },
            (left, right) => {
                let (this, that) =
                    (a[..left].trim_start_matches('0'), b[..right].trim_start_matches('0'));
                let order = (left == 0)
                    .cmp(&(right == 0))
                    .then_with(|| this.len().cmp(&that.len()))
                    .then_with(|| this.cmp(that));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (&a[left..], &b[right..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_ids() {
        for good in ["20251008-104131-add-jwt", "20240229-235960-x", "20251231-000000-0"] {
            assert_eq!(PlanId::parse(good).map(|id| id.0), Ok(good.to_owned()));
        }
        let long = format!("20251008-104131-{}", "a".repeat(41));
        for bad in [
            "",
            "jwt",
            "20251008-104131-",
            "20251008-104131-A",
            "20251008-104131-a/b",
            "20251008-104131--a",
            "20251008-104131-a-",
            "20251308-104131-a",
            "20250229-104131-a",
            "20250431-104131-a",
            "20251008-246131-a",
            "../../20251008-104131-a",
            "2025100é-104131-a",
            long.as_str(),
        ] {
            assert!(PlanId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn slugs_are_always_valid() {
        let table = [
            (
                "Add JWT authentication with secure token handling",
                "add-jwt-authentication-secure-token",
            ),
            ("", "plan"),
            ("Füge Anmeldung hinzu", "f-ge-anmeldung-hinzu"),
            ("日本語", "plan"),
            ("../../etc/passwd", "etc-passwd"),
        ];
        for (request, expected) in table {
            assert_eq!(slug(request), expected);
        }
        let endless = "x".repeat(100);
        let id = PlanId::new("20251008-104131", &endless).expect("a long word is cut");
        assert_eq!(id.slug().len(), SLUG_MAX);
        let second = id.numbered(2);
        assert_eq!(PlanId::parse(second.as_str()), Ok(second.clone()));
        assert!(second.as_str().ends_with("x-2"));
    }

    #[test]
    fn objective_ids() {
        for good in ["T1", "a", "T1.2", "auth_core-3", "Integration2"] {
            assert!(ObjectiveId::parse(good).is_ok(), "{good:?}");
        }
        let long = "a".repeat(33);
        for bad in [
            "",
            "1T",
            "T 1",
            "T/1",
            "T..1",
            "T.",
            "gate",
            "Integration",
            "a.lock",
            "T\u{e9}",
            "-a",
            long.as_str(),
        ] {
            assert!(ObjectiveId::parse(bad).is_err(), "{bad:?}");
        }
        let id = |s: &str| ObjectiveId::parse(s).expect("valid");
        assert_eq!(id("T1"), id("t1"));
        let mut ids = [id("T10"), id("T2"), id("t1"), id("A1")];
        ids.sort();
        assert_eq!(ids.map(|i| i.0), ["A1", "t1", "T2", "T10"]);
    }
}
