//! What the commits of a session say: a Conventional Commit subject, and trailers by which plan,
//! wave, objective and everybody who took part can be found again.

mod insert;
mod subject;
mod trailer;

pub use insert::{with_trailers, with_trailers_commented};
pub use subject::{WIDTH, conventional_type, is_conventional_type, objective_subject, subject};
pub(in crate::domain) use trailer::person;
pub use trailer::{
    Trailer, amendment, checkpoint, co_author, co_authors, is_checkpoint, objective, once_each,
    pin, record, sync, wave, with_co_authors,
};

use super::path::is_printable;

/// `text` on one line without a character that could move a cursor, hide text or end the line:
/// white space of any kind becomes single spaces, everything else that is not printable its
/// escape. No value can begin a line of its own, and with that no trailer.
pub fn one_line(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        let mut out = String::with_capacity(word.len());
        for c in word.chars() {
            if is_printable(c) {
                out.push(c);
            } else {
                out.extend(c.escape_unicode());
            }
        }
        out
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A whole message: `body`, then the trailers as a paragraph of their own.
///
/// Git takes the last paragraph for the trailers (git-interpret-trailers(1)): whatever the body
/// ends with, it is none of them.
pub fn complete(body: &str, trailers: &[Trailer]) -> String {
    let body = body.trim_end();
    let trailers = once_each(trailers.iter().cloned());
    if trailers.is_empty() {
        return format!("{body}\n");
    }
    let lines: Vec<String> = trailers.iter().map(ToString::to_string).collect();
    format!("{body}\n\n{}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_on_its_line() {
        let table = [
            ("plain words", "plain words"),
            ("  a\n\nAP-Plan: x\r\n\tb ", "a AP-Plan: x b"),
            ("a\u{1b}[2Jb\u{202e}", "a\\u{1b}[2Jb\\u{202e}"),
            ("a\u{2028}b\u{85}c\u{b}d", "a b c d"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_checkpoint_is_known_by_its_trailer() {
        let id = |text| crate::domain::id::ObjectiveId::parse(text).expect("valid");
        let message = checkpoint("add", &id("T1"), "stopped\nAP-Plan: x", Some("A <a@b>"));
        assert_eq!(
            message,
            "chore(ap): checkpoint of T1\n\nHalf-done work, kept as it was left: stopped AP-Plan: x.\n\n\
             AP-Objective: add/T1\nAP-Checkpoint: add/T1\nCo-authored-by: A <a@b>\n"
        );
        assert!(is_checkpoint(&message, "add", &id("T1")));
        assert!(!is_checkpoint(&message, "add", &id("T2")));
        assert!(!is_checkpoint("x\n\nAP-Checkpoint: add/T1\n\nbody", "add", &id("T1")));
    }

    #[test]
    fn trailers_are_a_paragraph_of_their_own() {
        let trailers = [Trailer::new("A", "1"), Trailer::new("a", " 1 "), Trailer::new("B", "2")];
        assert_eq!(
            complete("x: y\n\nTests: passed\n", &trailers),
            "x: y\n\nTests: passed\n\nA: 1\nB: 2\n"
        );
        assert_eq!(complete("x: y", &[]), "x: y\n");
    }
}
