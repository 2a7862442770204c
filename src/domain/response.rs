//! What a worker hands back (DESIGN §9), read leniently: sections in any order, Markdown or not.
//! Everything in it is the worker's claim; what it did is in its worktree.

use super::commit_message::one_line;

/// The most characters of a claim that are kept.
const CLAIM: usize = 2_000;
/// The most patterns that one answer may ask for.
const PATTERNS: usize = 100;

/// What a worker says about its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The commit message that it proposes, subject first.
    pub commit: Option<String>,
    /// What it says that it changed.
    pub summary: Option<String>,
    /// Why it could not go on, if it says so.
    pub blocked: Option<Blocked>,
    /// Why it says that it failed, if it wrote a failure report.
    pub failure: Option<String>,
}

/// `STATUS=BLOCKED`, with what goes with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocked {
    /// `REASON=`, on one line.
    pub reason: String,
    /// `REQUESTED_SCOPE_ADDITION=`, the patterns.
    pub requested: Vec<String>,
    /// `JUSTIFICATION=`, on one line.
    pub justification: String,
}

/// Reads the last message of a worker.
pub fn read(message: &str) -> Response {
    let fields = |name: &str| field(message, name);
    let blocked = (fields("STATUS").is_some_and(|value| value.eq_ignore_ascii_case("BLOCKED")))
        .then(|| Blocked {
            reason: fields("REASON").unwrap_or_default(),
            requested: patterns(&fields("REQUESTED_SCOPE_ADDITION").unwrap_or_default()),
            justification: fields("JUSTIFICATION").unwrap_or_default(),
        });
    let sections = sections(message);
    let of = |wanted: &[&str]| {
        let found = sections.iter().rev().find(|(title, _)| {
            let title = title.to_lowercase();
            wanted.iter().any(|wanted| title.contains(wanted))
        });
        found.map(|(_, body)| body.trim()).filter(|body| !body.is_empty()).map(cut)
    };
    Response {
        commit: of(&["conventional commit", "commit message"]).and_then(|body| commit(&body)),
        summary: of(&["change summary"]),
        blocked,
        failure: of(&["failure report"]),
    }
}

/// The value of `NAME=` on a line of its own, the last one where there are several.
fn field(text: &str, name: &str) -> Option<String> {
    let line = |line: &str| {
        let plain = line.trim().trim_start_matches(['-', ' ']);
        let marks = plain.len() - plain.trim_start_matches(['`', '*']).len();
        let (marks, plain) = plain.split_at(marks);
        let value = plain.strip_prefix(name)?.strip_prefix('=')?.trim();
        let value = value.strip_suffix(marks).unwrap_or(value);
        Some(one_line(value).chars().take(CLAIM).collect())
    };
    text.lines().rev().find_map(line)
}

/// Patterns of one line: separated by commas or spaces, each perhaps in quotes.
fn patterns(text: &str) -> Vec<String> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let mut out: Vec<String> = Vec::new();
    let (mut rest, mut depth) = (text, 0_usize);
    let mut word = String::new();
    let mut end = |word: &mut String| {
        let plain = word.trim_matches(['"', '\'', '`']).to_owned();
        if !plain.is_empty() && !out.contains(&plain) && out.len() < PATTERNS {
            out.push(plain);
        }
        word.clear();
    };
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '"' => {
                let (inside, behind) = rest.split_once('"').unwrap_or((rest, ""));
                word.push_str(inside);
                rest = behind;
            }
            '{' => {
                depth += 1;
                word.push(letter);
            }
            '}' => {
                depth = depth.saturating_sub(1);
                word.push(letter);
            }
            ',' | ' ' if depth == 0 => end(&mut word),
            _ => word.push(letter),
        }
    }
    end(&mut word);
    out
}

/// The sections of a text: a heading of Markdown, or a line that ends with a colon and has
/// nothing behind it, and what follows.
fn sections(text: &str) -> Vec<(&str, String)> {
    let mut out: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        let plain = line.trim();
        let heading = plain.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim());
        let bold = plain
            .strip_prefix("**")
            .and_then(|rest| rest.strip_suffix("**").or_else(|| rest.strip_suffix("**:")));
        let named = plain
            .strip_suffix(':')
            .filter(|name| name.len() < 60 && name.chars().next().is_some_and(char::is_alphabetic));
        match heading.or(bold).or(named) {
            Some(title) => out.push((title.trim_end_matches(':'), String::new())),
            None => {
                if let Some((_, body)) = out.last_mut() {
                    body.push_str(line);
                    body.push('\n');
                }
            }
        }
    }
    out
}

/// A proposed message, if its first line is a Conventional Commit.
fn commit(body: &str) -> Option<String> {
    let body = body.trim().trim_matches('`').trim();
    let mut lines = body.lines().map(str::trim_end).filter(|line| !line.trim().starts_with("```"));
    let subject = lines.by_ref().map(|l| l.trim().trim_matches('`')).find(|l| !l.is_empty())?;
    let subject = one_line(subject);
    let (head, rest) = subject.split_once(": ")?;
    let word = head.trim_end_matches('!').split('(').next()?;
    let known = super::commit_message::is_conventional_type(word);
    if !known || rest.trim().is_empty() || subject.chars().count() > super::commit_message::WIDTH {
        return None;
    }
    let body: Vec<String> = lines.map(one_line).collect();
    let body = body.join("\n");
    let body = body.trim();
    Some(if body.is_empty() { subject } else { format!("{subject}\n\n{body}") })
}

fn cut(text: &str) -> String {
    text.chars().take(CLAIM).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_answer_is_taken_apart() {
        let text = "Done.\n\n## Diff summary\nsrc/a.rs: one function\n\n\
                    ## Proposed Conventional Commit message\n\n```\nfeat(auth): add tokens\n\n\
                    They expire.\n```\n\n### Change Summary\nTokens are issued.\n";
        let response = read(text);
        assert_eq!(response.commit.as_deref(), Some("feat(auth): add tokens\n\nThey expire."));
        assert_eq!(response.summary.as_deref(), Some("Tokens are issued."));
        assert_eq!((response.blocked, response.failure), (None, None));
    }

    #[test]
    fn who_is_blocked_says_what_is_wanted() {
        let text = "I cannot.\nSTATUS=BLOCKED\nREASON=the route is elsewhere\n\
                    REQUESTED_SCOPE_ADDITION=src/app.rs, \"a, b.txt\",docs/{x,y}.md `z/**`\n\
                    JUSTIFICATION=it registers \u{1b}[2Jthe handler\n";
        let blocked = read(text).blocked.expect("it is");
        assert_eq!(blocked.reason, "the route is elsewhere");
        assert_eq!(blocked.requested, ["src/app.rs", "a, b.txt", "docs/{x,y}.md", "z/**"]);
        assert_eq!(blocked.justification, "it registers \\u{1b}[2Jthe handler");
        assert_eq!(read("STATUS=OK\nREASON=x").blocked, None);
        assert_eq!(read("- `STATUS=BLOCKED`").blocked, Some(Blocked::default()));
    }

    #[test]
    fn a_message_that_is_none_is_not_taken() {
        for body in ["fixed it", "feat: ", "foo: bar", &format!("feat: {}", "x".repeat(80))] {
            let text = format!("Commit message:\n{body}\n");
            assert_eq!(read(&text).commit, None, "{body}");
        }
        assert_eq!(
            read("**Proposed Conventional Commit:**\n`fix!: x`").commit.as_deref(),
            Some("fix!: x")
        );
        assert_eq!(read("").commit, None);
    }

    #[test]
    fn a_failure_report_is_told() {
        let text = "# Failure Report\nthe library has no such call\n";
        assert_eq!(read(text).failure.as_deref(), Some("the library has no such call"));
    }
}
