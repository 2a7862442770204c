//! The first line of a commit: Conventional Commits 1.0.0, at most 72 characters.

use super::one_line;
use crate::domain::plan::TaskType;

/// The longest subject, in characters: what `git log --oneline` shows beside an id in 80 columns.
pub const WIDTH: usize = 72;

/// The types that a request may begin with already (the Angular convention, which Conventional
/// Commits refers to).
const TYPES: [&str; 11] =
    ["build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"];

/// Whether a word is a type of a Conventional Commit.
pub fn is_conventional_type(word: &str) -> bool {
    TYPES.contains(&word)
}

/// The type of a commit that carries out a request of this kind (DESIGN §9).
pub fn conventional_type(task: TaskType) -> &'static str {
    match task {
        TaskType::Feature | TaskType::Enhancement => "feat",
        TaskType::Bug => "fix",
        TaskType::Refactor | TaskType::Reset => "refactor",
    }
}

/// The subject of a wave or a landing: the first line of the request behind the type of its kind,
/// cut at a word so that `suffix` still fits. `fallback` stands for a request without words.
pub fn subject(task: TaskType, request: &str, fallback: &str, suffix: &str) -> String {
    let lead = format!("{}: ", conventional_type(task));
    line(&lead, request, fallback, suffix)
}

/// The subject of an objective's commit, `feat(<slug>): <title>`.
pub fn objective_subject(task: TaskType, slug: &str, title: &str, fallback: &str) -> String {
    let lead = format!("{}({}): ", conventional_type(task), one_line(slug));
    line(&lead, title, fallback, "")
}

fn line(lead: &str, text: &str, fallback: &str, suffix: &str) -> String {
    let first = text.lines().map(one_line).find(|line| !line.is_empty()).unwrap_or_default();
    let first = without_type(&first).trim_end_matches('.').trim_end();
    let what = if first.is_empty() { one_line(fallback) } else { lower_first(first) };
    let suffix = one_line(suffix);
    let suffix = if suffix.is_empty() { suffix } else { format!(" {suffix}") };
    let room = WIDTH.saturating_sub(lead.chars().count() + suffix.chars().count());
    format!("{lead}{}{suffix}", cut(&what, room))
}

/// The text without a type of Conventional Commits that it begins with, as in `fix(parser): x`.
fn without_type(text: &str) -> &str {
    let Some((head, rest)) = text.split_once(':') else { return text };
    let head = head.strip_suffix('!').unwrap_or(head);
    let word = match head.split_once('(') {
        Some((word, scope)) if scope.ends_with(')') => word,
        Some(_) => return text,
        None => head,
    };
    if TYPES.contains(&word.to_ascii_lowercase().as_str()) { rest.trim_start() } else { text }
}

/// The text with its first letter in lower case, unless its first word is one that is written as
/// it is: an acronym (`JWT`), a name with capitals inside (`OAuth`), `I`, or code (`Token::new`).
fn lower_first(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let word = word.trim_end_matches([',', ':', ';']);
    let mut chars = word.chars();
    let Some(first) = chars.next() else { return String::new() };
    let rest = chars.as_str();
    let plain =
        rest.chars().all(|c| (c.is_alphabetic() || "-'\u{2019}".contains(c)) && !c.is_uppercase());
    if !first.is_uppercase() || !plain || word == "I" {
        return text.to_owned();
    }
    first.to_lowercase().chain(text.chars().skip(1)).collect()
}

/// At most `room` characters of the text, the last one an ellipsis where something is missing;
/// cut between words, inside one only where it alone is too long.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    let next = text.chars().nth(room.saturating_sub(1));
    let whole = if next == Some(' ') {
        kept.as_str()
    } else {
        kept.rsplit_once(' ').map_or(&*kept, |(words, _)| words)
    };
    let whole = whole.trim_end_matches(|c: char| c == ' ' || ",;:-".contains(c));
    format!("{whole}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_waves_and_landings() {
        use TaskType::{Bug, Enhancement, Feature, Refactor, Reset};
        let table = [
            (Feature, "Add JWT authentication", "", "feat: add JWT authentication"),
            (Enhancement, "JWT tokens expire.", "", "feat: JWT tokens expire"),
            (Bug, "OAuth login fails", "", "fix: OAuth login fails"),
            (Refactor, "Token::new is long", "", "refactor: Token::new is long"),
            (Reset, "\n  Rewrite\tthe parser \nand more", "", "refactor: rewrite the parser"),
            (Bug, "fix(parser)!: Handle tabs", "", "fix: handle tabs"),
            (Bug, "Note: it fails", "", "fix: note: it fails"),
            (Feature, "I want a login", "", "feat: I want a login"),
            (Feature, "Ärger vermeiden", "", "feat: ärger vermeiden"),
            (Feature, "A login", "(wave 2)", "feat: a login (wave 2)"),
            (Feature, "", "", "feat: add-jwt"),
            (Feature, "feat:", "", "feat: add-jwt"),
            (Feature, "...", "", "feat: add-jwt"),
            (Feature, "x\u{1b}[2J\u{202e}", "", "feat: x\\u{1b}[2J\\u{202e}"),
            (
                Feature,
                "Add JWT authentication with secure token handling, refresh and revocation lists",
                "",
                "feat: add JWT authentication with secure token handling, refresh and…",
            ),
            (
                Feature,
                "Add JWT authentication with secure token handling, refresh and revocation lists",
                "(wave 12)",
                "feat: add JWT authentication with secure token handling… (wave 12)",
            ),
        ];
        for (task, request, suffix, expected) in table {
            let subject = subject(task, request, "add-jwt", suffix);
            assert_eq!(subject, expected, "{request:?}");
            assert!(subject.chars().count() <= WIDTH);
        }
    }

    #[test]
    fn no_subject_is_longer_than_the_line() {
        for n in 1..120 {
            for text in ["x".repeat(n), "é ".repeat(n), format!("{} y", "x".repeat(n))] {
                let subject = subject(TaskType::Bug, &text, "f", "(wave 3)");
                assert!(subject.chars().count() <= WIDTH, "{subject}");
                assert!(
                    subject.starts_with("fix: ") && subject.ends_with(" (wave 3)"),
                    "{subject}"
                );
            }
        }
        let endless = subject(TaskType::Feature, &"x".repeat(100), "f", "");
        assert_eq!(endless.chars().count(), WIDTH);
        let exact = "y ".repeat(33);
        assert_eq!(subject(TaskType::Feature, &exact, "f", ""), format!("feat: {}", exact.trim()));
    }

    #[test]
    fn subjects_of_objectives() {
        let of = |slug: &str, title: &str| objective_subject(TaskType::Feature, slug, title, "T1");
        assert_eq!(of("add-jwt", "Token issue"), "feat(add-jwt): token issue");
        let long = "add-jwt-authentication-secure-token-abcd";
        let subject = of(long, "Token issue and verification of it all");
        assert_eq!(subject, format!("feat({long}): token issue and…"));
    }
}
