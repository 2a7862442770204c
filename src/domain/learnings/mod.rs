//! The sections of `AGENTS.md` that git ap keeps, where the owner wants it: how to work under
//! AP 1.0, and what sessions have taught. Each stands between two markers; what stands outside
//! them stays as it is, byte for byte.

mod learned;
mod section;

pub use learned::learned;
use section::Section;

use super::error::Failure;
use super::id::PlanId;
use super::path::is_printable;
use super::prompt;

/// The file.
pub const FILE: &str = "AGENTS.md";
/// The most lines that the learnings of one session fill.
pub const SESSION_LINES: usize = 12;
/// The most lines of learnings, of all sessions.
pub const LINES: usize = 120;
/// The most bytes of learnings, of all sessions.
pub const BYTES: usize = 16 * 1024;
/// The longest line, in bytes.
const LINE: usize = 1_000;

static PROMPT: Section = Section {
    name: "how to work",
    begin: "<!-- git ap: how to work: begin -->",
    end: "<!-- git ap: how to work: end -->",
};

static LEARNINGS: Section = Section {
    name: "learnings",
    begin: "<!-- git ap: learnings: begin -->",
    end: "<!-- git ap: learnings: end -->",
};

/// The file with how to work under AP 1.0 in its section, which comes to its end where it has
/// none; `text`: none, there is no file.
///
/// Fails where the markers are not one pair.
pub fn with_prompt(text: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
    PROMPT.put(text.unwrap_or_default(), &boot_prompt())
}

/// The file with the learnings of a session on top of those of earlier ones, of which the oldest
/// go where there are too many. A session's earlier learnings are replaced. Without anything
/// learned nothing changes.
///
/// Fails where the markers are not one pair.
pub fn with_learnings(
    text: Option<&[u8]>,
    session: &PlanId,
    lines: &[String],
) -> Result<Vec<u8>, Failure> {
    let text = text.unwrap_or_default();
    let before = LEARNINGS.inner(text)?.unwrap_or_default();
    let mut entries = entries(&String::from_utf8_lossy(before));
    entries.retain(|(id, _)| id != session);
    if lines.is_empty() && entries.is_empty() {
        return Ok(text.to_vec());
    }
    if !lines.is_empty() {
        entries.insert(0, (session.clone(), shortened(lines)));
    }
    let mut body = String::from(HEAD);
    let mut count = body.lines().count();
    for (id, lines) in entries {
        let rows: Vec<&str> = lines.iter().flat_map(|line| ["- ", line, "\n"]).collect();
        let entry = format!("\n### {id}\n\n{}", rows.concat());
        count += lines.len() + 3;
        if count > LINES || body.len() + entry.len() > BYTES {
            break;
        }
        body.push_str(&entry);
    }
    LEARNINGS.put(text, &body)
}

/// Whether a file differs from what it was in nothing but what stands in these sections. A
/// section that was not there comes where [`with_prompt`] and [`with_learnings`] put it.
pub fn only_sections_differ(before: Option<&[u8]>, after: Option<&[u8]>) -> bool {
    let Some(after) = after else { return before.is_none() };
    let mut made = before.unwrap_or_default().to_vec();
    for section in [&PROMPT, &LEARNINGS] {
        let (Ok(inner), Ok(own)) = (section.inner(after), section.inner(&made)) else {
            return false;
        };
        match (inner, own) {
            (Some(inner), _) => match section.put_bytes(&made, inner) {
                Ok(next) => made = next,
                Err(_) => return false,
            },
            (None, Some(_)) => return false,
            (None, None) => {}
        }
    }
    made == after
}

const HEAD: &str = "## Learnings

What sessions of git ap found out here, newest first. `git ap land` writes this section; write
your own notes outside it.
";

/// The entries of a section, as far as they are of this form: a session's id, and lines.
fn entries(body: &str) -> Vec<(PlanId, Vec<String>)> {
    let mut found: Vec<(PlanId, Vec<String>)> = Vec::new();
    for line in body.lines() {
        if let Some(head) = line.strip_prefix("### ") {
            found.extend(PlanId::parse(head).ok().map(|id| (id, Vec::new())));
        } else if let (Some(line), Some((_, lines))) = (line.strip_prefix("- "), found.last_mut())
            && line.len() <= LINE
            && line.chars().all(is_printable)
            && !line.contains("<!--")
            && lines.len() < SESSION_LINES
        {
            lines.push(line.to_owned());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|(id, lines)| !lines.is_empty() && seen.insert(id.clone()));
    found
}

/// As many lines as one session may fill; of the others there is a count.
fn shortened(lines: &[String]) -> Vec<String> {
    if lines.len() <= SESSION_LINES {
        return lines.to_vec();
    }
    let kept = lines[..SESSION_LINES - 1].iter().cloned();
    kept.chain([format!("And {} more.", lines.len() + 1 - SESSION_LINES)]).collect()
}

/// How to work under AP 1.0 (DESIGN §9).
fn boot_prompt() -> String {
    let mut out = format!(
        "## Working on an objective (AP {})

`git ap` divides work on this repository into objectives with exclusive scopes. Where your
prompt begins with `{}`, it hands you one of them:

",
        prompt::VERSION,
        prompt::FIRST_LINE
    );
    let mut rule = |text: &str| out.extend(["- ", text, "\n"]);
    rule(
        "`SCOPE_TOUCH` is what you may change, `SCOPE_READ` what you rely on, and `SCOPE_FORBID` what you leave alone.",
    );
    for note in prompt::NOTES {
        rule(note);
    }
    rule(
        "Where it cannot be done, say so in a Failure Report: what you tried, and what went wrong.",
    );
    out.push_str("\nYour answer holds, in this order:\n\n");
    for (n, part) in prompt::RESPONSE.iter().enumerate() {
        out.extend([&(n + 1).to_string(), ". ", part, "\n"]);
    }
    out.push_str(
        "\nPeople work in the worktree that `git ap path T1` names, ask with `git ap scope request`
for what lies outside their scope, and end with `git ap done`.
",
    );
    out
}

#[cfg(test)]
mod tests;
