//! What a worker says to the `run` that watches it, from inside its sandbox: letters in its
//! inbox, and the replies to them. A letter is hostile: it is bounded, and says nothing about
//! whose it is. That is known by the inbox that it lies in.

use serde::{Deserialize, Serialize};

use super::commit_message::one_line;
use super::error::{Failure, Kind};
use super::plan::SCHEMA;

/// The most bytes of a letter, and of a reply.
pub const LIMIT: usize = 64 * 1024;
/// The most patterns of one letter.
const PATTERNS: usize = 100;
/// The most bytes of a pattern: the longest path that git takes.
const PATTERN: usize = 4_096;
/// The most characters of what is said in words.
const WORDS: usize = 2_000;

/// What a worker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "snake_case", deny_unknown_fields)]
pub enum Letter {
    /// It asks for more than its scope.
    Request {
        /// For what, as patterns.
        patterns: Vec<String>,
        /// What for; may be empty.
        why: String,
    },
    /// It asks no longer for what is not decided.
    Withdraw {},
    /// How far it is. Nobody replies to this.
    Progress {
        /// Of a hundred.
        percent: u8,
        /// What it does.
        note: String,
    },
    /// It says that it is done.
    Submit {
        /// What it did, as it claims.
        summary: String,
    },
    /// It says that it cannot go on.
    Blocked {
        /// Why.
        why: String,
        /// What it would need, as patterns; may be empty.
        requested: Vec<String>,
    },
}

/// What is said to a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The objective may touch all of that as it is.
    May,
    /// These requests of the journal, by their numbers, are what was asked for.
    Requests {
        /// The numbers.
        numbers: Vec<u64>,
        /// What else the asker should know.
        note: Option<String>,
    },
    /// It was heard.
    Heard,
    /// It was refused.
    Refused {
        /// As a failure has it.
        kind: Kind,
        /// As a failure has it.
        message: String,
        /// As a failure has it.
        hint: Option<String>,
    },
}

/// A document with the version of its form.
#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    schema: u32,
    #[serde(flatten)]
    inner: T,
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let document: Versioned<serde_json::Value> =
        serde_json::from_slice(bytes).ok().filter(|_| bytes.len() <= LIMIT)?;
    let inner = (document.schema == SCHEMA).then_some(document.inner)?;
    serde_json::from_value(inner).ok()
}

fn bytes<T: Serialize>(inner: &T) -> Vec<u8> {
    serde_json::to_vec(&Versioned { schema: SCHEMA, inner }).expect("plain data can be written")
}

impl Letter {
    /// Reads a letter; why it is none, in words without anything of it.
    pub fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let letter: Self = read(bytes).ok_or("it is no letter that git ap has written")?;
        letter.check()?;
        Ok(letter)
    }

    /// The letter as bytes, or why it is too much for one.
    pub fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let failure = |why: &str| Failure::new(Kind::Usage, format!("that cannot be sent: {why}"));
        self.check().map_err(failure)?;
        let bytes = bytes(self);
        if bytes.len() > LIMIT { Err(failure("it is too long")) } else { Ok(bytes) }
    }

    /// Whether its writer waits for a reply.
    pub fn wants_reply(&self) -> bool {
        !matches!(self, Self::Progress { .. })
    }

    fn check(&self) -> Result<(), &'static str> {
        let (patterns, words): (&[String], &str) = match self {
            Self::Request { patterns, .. } if patterns.is_empty() => {
                return Err("it names no pattern");
            }
            Self::Request { patterns, why } => (patterns, why),
            Self::Withdraw {} => (&[], ""),
            Self::Progress { percent, .. } if *percent > 100 => {
                return Err("it is more than a hundred percent");
            }
            Self::Progress { note, .. } => (&[], note),
            Self::Submit { summary } => (&[], summary),
            Self::Blocked { why, requested } => (requested, why),
        };
        if patterns.len() > PATTERNS {
            return Err("it names more than a hundred patterns");
        }
        if patterns.iter().any(|pattern| pattern.len() > PATTERN) {
            return Err("a pattern of it is longer than a path can be");
        }
        if words.len() > LIMIT / 2 {
            return Err("it is too long");
        }
        Ok(())
    }

    /// What it comes to in a worker's last message, as [`super::response`] reads it; none: it
    /// says nothing about the end.
    pub fn in_response(&self) -> Option<String> {
        match self {
            Self::Submit { summary } => Some(format!("### Change Summary\n\n{}\n", cut(summary))),
            Self::Blocked { why, requested } => {
                let wanted: Vec<String> =
                    requested.iter().map(|p| format!("\"{}\"", one_line(p))).collect();
                Some(format!(
                    "STATUS=BLOCKED\nREASON={}\nREQUESTED_SCOPE_ADDITION={}\nJUSTIFICATION=\n",
                    cut(&one_line(why)),
                    wanted.join(",")
                ))
            }
            Self::Request { .. } | Self::Withdraw {} | Self::Progress { .. } => None,
        }
    }
}

impl Reply {
    /// Reads a reply; none: it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        read(bytes)
    }

    /// The reply as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        bytes(self)
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        let Failure { kind, message, hint } = failure;
        Self::Refused { kind, message: cut(&message), hint: hint.map(|hint| cut(&hint)) }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::response;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn letters_and_replies_come_through_unchanged() {
        let why = "because\n\u{1b}[2J".to_owned();
        for letter in [
            Letter::Request { patterns: strings(&["a,b", "{c}/"]), why: why.clone() },
            Letter::Withdraw {},
            Letter::Progress { percent: 100, note: String::new() },
            Letter::Submit { summary: why.clone() },
            Letter::Blocked { why, requested: Vec::new() },
        ] {
            let bytes = letter.bytes().expect("it is short");
            assert_eq!(Letter::read(&bytes), Ok(letter));
        }
        let failure = Failure::new(Kind::Conflict, "m").hint("h");
        for reply in [
            Reply::May,
            Reply::Heard,
            Reply::Requests { numbers: vec![3], note: None },
            Reply::from(failure),
        ] {
            assert_eq!(Reply::read(&reply.bytes()), Some(reply));
        }
    }

    #[test]
    fn what_is_no_letter_is_refused_without_being_repeated() {
        let long = "x".repeat(LIMIT);
        let many = serde_json::json!(vec!["a"; PATTERNS + 1]);
        for (text, expected) in [
            (String::new(), "no letter"),
            ("null".into(), "no letter"),
            ("[]".into(), "no letter"),
            ("{\"schema\":1}".into(), "no letter"),
            ("{\"schema\":2,\"says\":\"withdraw\"}".into(), "no letter"),
            ("{\"schema\":1,\"says\":\"approve\"}".into(), "no letter"),
            ("{\"schema\":1,\"says\":\"withdraw\",\"objective\":\"T2\"}".into(), "no letter"),
            ("{\"schema\":1,\"says\":\"progress\",\"percent\":-1,\"note\":\"\"}".into(), "no le"),
            ("{\"schema\":1,\"says\":\"progress\",\"percent\":1e9,\"note\":\"\"}".into(), "no le"),
            ("{\"schema\":1,\"says\":\"progress\",\"percent\":101,\"note\":\"\"}".into(), "hundr"),
            ("{\"schema\":1,\"says\":\"request\",\"patterns\":[],\"why\":\"\"}".into(), "names no"),
            ("{\"schema\":1,\"says\":\"request\",\"patterns\":[1],\"why\":\"\"}".into(), "no lett"),
            (
                format!("{{\"schema\":1,\"says\":\"request\",\"patterns\":{many},\"why\":\"\"}}"),
                "hundred patterns",
            ),
            (format!("{{\"schema\":1,\"says\":\"submit\",\"summary\":\"{long}\"}}"), "no letter"),
            ("[".repeat(10_000), "no letter"),
        ] {
            let refused = Letter::read(text.as_bytes()).expect_err(&text);
            assert!(refused.contains(expected), "{text}: {refused}");
        }
        assert_eq!(Letter::read(b"\xff\xfe"), Err("it is no letter that git ap has written"));
        let pattern = "a".repeat(PATTERN + 1);
        let letter = Letter::Request { patterns: vec![pattern], why: String::new() };
        assert!(letter.bytes().is_err());
        let letter = Letter::Submit { summary: "\u{1}".repeat(LIMIT / 2) };
        assert!(letter.bytes().is_err(), "what has to be escaped counts as it is written");
    }

    #[test]
    fn the_end_reads_as_it_was_said() {
        let read = |letter: Letter| response::read(&letter.in_response().unwrap_or_default());
        let submit = Letter::Submit { summary: "all\nof it".to_owned() };
        assert_eq!(read(submit).summary.as_deref(), Some("all\nof it"));
        let requested = strings(&["docs/a b.md", "{x,y}/"]);
        let blocked = Letter::Blocked { why: "no\nway".into(), requested: requested.clone() };
        let blocked = read(blocked).blocked.expect("it says so");
        assert_eq!((blocked.reason.as_str(), blocked.requested), ("no way", requested));
        let bare = Letter::Blocked { why: String::new(), requested: Vec::new() };
        assert_eq!(read(bare).blocked, Some(response::Blocked::default()));
        assert_eq!(Letter::Withdraw {}.in_response(), None);
    }
}
