//! What was found wrong with an answer, in words that are sent back with it.

use std::fmt::Write as _;

use super::one_line;
use crate::domain::finding::Finding;

/// How many findings are sent back.
const SENT: usize = 40;

/// The first finding in a line; there is none only where nothing is wrong.
pub(super) fn first(findings: &[Finding]) -> String {
    findings.first().map(|f| one_line(&headline(f))).unwrap_or_default()
}

fn headline(finding: &Finding) -> String {
    let line = finding.place.as_ref().map(|place| format!(", line {}", place.line));
    format!("{}{}: {}", finding.code.as_str(), line.unwrap_or_default(), finding.message)
}

/// The findings, a paragraph each: code, line, words, the line itself, and the fix. Places are in
/// `text`.
pub(super) fn paragraphs(findings: &[Finding], text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    for finding in findings.iter().take(SENT) {
        writeln!(out, "- {}", one_line(&headline(finding))).expect("a string");
        let line = finding.place.as_ref().and_then(|place| lines.get(place.line.checked_sub(1)?));
        if let Some(line) = line.filter(|line| !line.trim().is_empty()) {
            writeln!(out, "  the line: {}", one_line(line)).expect("a string");
        }
        if let Some(help) = &finding.help {
            writeln!(out, "  help: {}", one_line(help)).expect("a string");
        }
    }
    if findings.len() > SENT {
        writeln!(out, "- and {} more", findings.len() - SENT).expect("a string");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::{Code, Place};

    #[test]
    fn each_says_where_and_what_to_do() {
        let text = "a\ntouch = [\"\u{202e}x\"]\n";
        let finding = Finding::error(Code::BadPattern, "no\x1b such").help("write it");
        let finding = finding.at(Some(Place::of(text, 2..7)));
        let told = paragraphs(&vec![finding.clone(); 42], text);
        assert!(told.starts_with(
            "- \"bad-pattern, line 2: no\\033 such\"\n  the line: \"touch = [\\\"\\342\\200\\256x\\\"]\"\n  help: write it\n- "
        ), "{told}");
        assert!(told.ends_with("- and 2 more\n"));
        assert_eq!(first(&[finding]), "\"bad-pattern, line 2: no\\033 such\"");
        let nowhere = Finding::error(Code::BadField, "empty");
        assert_eq!(paragraphs(&[nowhere], ""), "- bad-field: empty\n");
    }
}
