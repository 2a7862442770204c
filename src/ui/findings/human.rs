//! Findings for people: the line of the file, underlined, with what belongs to it and what to
//! do. Everything from the file is made harmless before the renderer sees it.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Source, Subject, first_line, is_valid};
use crate::domain::finding::{Finding, Place, Severity};
use crate::ui::{count_of, text};

/// The most text between the first and the last place of a finding that is handed to the
/// renderer; places further away are named by line and column instead.
const EXCERPT_MAX: usize = 4 * 1024;

/// The most text that is handed to the renderer for all findings: beyond, a place is named and
/// not shown. It keeps a hostile file of one long line from making each finding cost all of it.
const EXCERPTS_MAX: usize = 8 * 1024 * 1024;

/// How findings may look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// With colours.
    pub color: bool,
    /// Columns.
    pub width: usize,
}

/// Findings with the lines that they are about, and a last line that counts them.
pub fn human(
    findings: &[Finding],
    source: Option<Source<'_>>,
    subject: Subject<'_>,
    look: Look,
) -> String {
    let renderer = if look.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(look.width);
    let mut out = String::new();
    let mut room = EXCERPTS_MAX;
    for finding in findings {
        out.push_str(&render(finding, source, &renderer, &mut room));
        out.push_str("\n\n");
    }
    out.push_str(&summary(findings, subject));
    out.push('\n');
    out
}

/// One line that counts what was found.
fn summary(findings: &[Finding], subject: Subject<'_>) -> String {
    let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
    let warnings = findings.len() - errors;
    let mut out = if is_valid(findings) { "valid".to_owned() } else { "not valid".to_owned() };
    if let Some(plan) = subject.plan {
        out = format!("{}: {out}", text::one_line(plan));
    }
    if subject.objectives > 0 {
        let waves = usize::try_from(subject.waves).unwrap_or(usize::MAX);
        let objectives = count_of(subject.objectives, "objective");
        out = format!("{out}, {objectives} in {}", count_of(waves, "wave"));
    }
    for (n, thing) in [(errors, "error"), (warnings, "warning")] {
        if n > 0 {
            out = format!("{out}, {}", count_of(n, thing));
        }
    }
    out
}

fn render(
    finding: &Finding,
    source: Option<Source<'_>>,
    renderer: &Renderer,
    room: &mut usize,
) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(text::one_line(&finding.message).into_owned())
        .id(finding.code.as_str());
    let mut group = Group::with_title(title);
    let mut notes = Vec::new();
    if let (Some(place), Some(source)) = (&finding.place, source) {
        let path = text::one_line(source.path).into_owned();
        let shown = shown(finding, source.text, place.span.clone());
        if shown.lines.len() > *room {
            let origin = Origin::path(path).line(place.line).char_column(place.column);
            group = group.element(origin);
        } else {
            *room -= shown.lines.len();
            let excerpt = Excerpt::of(place, source.text, shown);
            let mut snippet = Snippet::source(excerpt.text)
                .path(path)
                .line_start(excerpt.line)
                .annotation(AnnotationKind::Primary.span(excerpt.primary));
            for (span, label) in excerpt.related {
                snippet = snippet.annotation(AnnotationKind::Context.span(span).label(label));
            }
            group = group.element(snippet);
            notes.extend(excerpt.far);
        }
    }
    notes.extend(witness_note(finding));
    for note in notes {
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(text::one_line(help).into_owned()));
    }
    renderer.render(&[group])
}

/// The path that shows it, where the message does not say it already.
fn witness_note(finding: &Finding) -> Option<String> {
    let path = finding.witness.as_ref()?.quoted().into_owned();
    if finding.message.contains(&path) {
        return None;
    }
    let tracked = match (finding.witness_exists, finding.tracked_count) {
        (Some(true), Some(n)) if n > 1 => format!(", one of {n} tracked files"),
        (Some(true), _) => ", which exists".to_owned(),
        (Some(false), _) => ", which does not exist yet".to_owned(),
        (None, _) => String::new(),
    };
    Some(format!("shown by {path}{tracked}"))
}

/// The lines of a file that a finding is about, harmless, with spans relative to them.
struct Excerpt {
    text: String,
    /// The number of its first line.
    line: usize,
    primary: Range<usize>,
    related: Vec<(Range<usize>, String)>,
    /// Places too far away to be shown, in words.
    far: Vec<String>,
}

/// What of a file is shown for a finding, in bytes of the file.
struct Shown {
    lines: Range<usize>,
    primary: Range<usize>,
    near: Vec<(Range<usize>, String)>,
    far: Vec<String>,
}

fn shown(finding: &Finding, whole: &str, primary: Range<usize>) -> Shown {
    let primary = first_line(whole, primary);
    let mut shown = lines_around(whole, &primary);
    let mut near = Vec::new();
    let mut far = Vec::new();
    for (place, label) in &finding.related {
        let label = text::one_line(label).into_owned();
        let span = first_line(whole, place.span.clone());
        let lines = lines_around(whole, &span);
        let both = shown.start.min(lines.start)..shown.end.max(lines.end);
        if both.len() <= EXCERPT_MAX || lines == shown {
            shown = both;
            near.push((span, label));
        } else {
            far.push(format!("line {}, column {}: {label}", place.line, place.column));
        }
    }
    Shown { lines: shown, primary, near, far }
}

impl Excerpt {
    fn of(place: &Place, whole: &str, shown: Shown) -> Self {
        let Shown { lines, primary, near, far } = shown;
        let relative = |span: Range<usize>| span.start - lines.start..span.end - lines.start;
        let above = whole[lines.start..primary.start].bytes().filter(|b| *b == b'\n').count();
        Self {
            text: text::same_length(&whole[lines.clone()]).into_owned(),
            line: place.line.saturating_sub(above).max(1),
            primary: relative(primary),
            related: near.into_iter().map(|(span, label)| (relative(span), label)).collect(),
            far,
        }
    }
}

/// The byte range of the line that holds `span`, without its line feed.
fn lines_around(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start].rfind('\n').map_or(0, |i| i + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |i| span.end + i);
    start..end
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::finding::Code;
    use crate::domain::path::is_printable;

    const PLAIN: Look = Look { color: false, width: 100 };

    #[test]
    fn lines_are_underlined_and_counted() {
        let subject =
            Subject { plan: Some("20251008-104131-x"), objectives: 3, waves: 1, moves: None };
        let out = human(&sample::findings(), Some(sample::source()), subject, PLAIN);
        let expected = r#"error[scope-overlap]: T1 and T2 may both change files
 --> .ap/plans/a b/plan.toml:2:10
  |
2 | touch = ["src/**"]
  |          ^^^^^^^^
3 | read = []
4 | touch = ["src/auth/"] # é!
  |          ----------- T2 claims it here
  |
  = note: shown by src/auth/login.rs, one of 4 tracked files
  = help: give `src/auth/` to one of them

warning[bad-field]: 50% of:\u{1b}[31m this\nis, odd
 --> .ap/plans/a b/plan.toml:4:26
  |
4 | touch = ["src/auth/"] # é!
  |                          ^

warning[stale-render]: `plan.md` is old

20251008-104131-x: not valid, 3 objectives in 1 wave, 1 error, 2 warnings
"#;
        assert_eq!(out, expected);
    }

    #[test]
    fn a_hostile_file_cannot_reach_the_terminal() {
        let text = format!("a = \"\x1b[2J\u{202e}\"\r\n{}b = \"x\"", "y\x07".repeat(1 << 19));
        let at = text.find("b = ").expect("there");
        let here = |start, end| Some(Place::of(&text, start..end));
        let mut finding = Finding::error(Code::BadField, "m").at(here(at, at + 1));
        finding.related = vec![(Place::of(&text, 4..5), "\x1b[0mfar".into())];
        let first = Finding::error(Code::BadField, "n").at(here(5, 9));
        let source = Some(Source { path: "p\n\x1b", text: &text });
        let out = human(&[finding, first], source, Subject::default(), PLAIN);
        assert!(out.chars().all(|c| is_printable(c) || c == '\n'), "{out:?}");
        assert!(out.lines().all(|line| line.chars().count() <= 120), "{out}");
        assert!(out.contains(&format!("2:{}", (1 << 20) + 1)), "{out}");
        assert!(out.contains("line 1, column 5: \\u{1b}[0mfar"), "{out}");
    }

    #[test]
    fn many_findings_in_one_long_line_are_named_and_not_all_shown() {
        let text = "touch = [".to_owned() + &"\"a\", ".repeat(1 << 18);
        let place = |i: usize| Place::of(&text, 9 + 5 * i..12 + 5 * i);
        let finding = |i| Finding::error(Code::BadPattern, format!("m{i}")).at(Some(place(i)));
        let many: Vec<Finding> = (0..100).map(finding).collect();
        let source = Some(Source { path: "p", text: &text });
        let out = human(&many, source, Subject::default(), PLAIN);
        assert!(out.contains("error[bad-pattern]: m0\n --> p:1:10\n  |\n"), "{out}");
        assert!(out.contains("error[bad-pattern]: m99\n--> p:1:505\n\n"), "{out}");
    }

    #[test]
    fn a_place_outside_the_file_is_no_panic() {
        let place = Place { span: 90..120, line: 7, column: 3 };
        let [late, early] = [3, 1];
        let ends = [Source { path: "p", text: "" }, Source { path: "p", text: "a\né" }];
        for source in ends {
            let mut finding = Finding::error(Code::BadField, "m").at(Some(place.clone()));
            finding.related = vec![(Place { span: late..early, line: 1, column: 1 }, "l".into())];
            let out = human(&[finding], Some(source), Subject::default(), PLAIN);
            assert!(out.starts_with("error[bad-field]: m\n"), "{out}");
        }
    }

    #[test]
    fn nothing_found_is_one_line() {
        let subject = Subject { plan: Some("x"), objectives: 1, waves: 1, moves: None };
        assert_eq!(human(&[], None, subject, PLAIN), "x: valid, 1 objective in 1 wave\n");
    }
}
