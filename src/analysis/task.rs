//! Which kind of change a request asks for: what its instruction says, where sentences put
//! one, held against whether the thing that it names exists.

use crate::domain::plan::TaskType;

/// What an instruction says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To bring something in: `add`, `feat:`.
    Introduce,
    /// To mend something: `fix`, or a report of what goes wrong.
    Mend,
    /// To give the same behaviour another form: `refactor`, `rename`.
    Reshape,
    /// To make more of something: `improve`, `perf:`.
    Improve,
    /// To start over: `rewrite`.
    Restart,
}

/// The instruction of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instruction {
    /// The word in the place of the imperative, in lower case, if it is a known one.
    pub word: Option<String>,
    /// What it says.
    pub intent: Option<Intent>,
    /// Where that was read from, for the report.
    pub evidence: Option<String>,
}

/// Imperatives and Conventional Commit types (<https://www.conventionalcommits.org>). A closed
/// class: they say what is done, never to what.
fn intent_of(word: &str) -> Option<Intent> {
    Some(match word {
        "add" | "allow" | "build" | "create" | "enable" | "expose" | "feat" | "feature"
        | "implement" | "integrate" | "introduce" | "provide" | "support" | "write" => {
            Intent::Introduce
        }
        "avoid" | "bugfix" | "correct" | "fix" | "handle" | "hotfix" | "mend" | "prevent"
        | "repair" | "resolve" | "revert" | "solve" | "stop" => Intent::Mend,
        "clean" | "consolidate" | "convert" | "decouple" | "deduplicate" | "extract" | "inline"
        | "merge" | "migrate" | "modernise" | "modernize" | "move" | "port" | "refactor"
        | "rename" | "reorganise" | "reorganize" | "restructure" | "separate" | "simplify"
        | "split" | "unify" => Intent::Reshape,
        "adjust" | "bump" | "chore" | "change" | "ci" | "docs" | "document" | "enhance"
        | "expand" | "extend" | "improve" | "increase" | "make" | "optimise" | "optimize"
        | "perf" | "polish" | "reduce" | "remove" | "show" | "speed" | "style" | "test"
        | "tune" | "update" | "upgrade" | "use" => Intent::Improve,
        "recreate" | "redo" | "reimplement" | "reset" | "restart" | "rewrite" => Intent::Restart,
        _ => return None,
    })
}

/// What may stand before an imperative: politeness and wishes. An article may not: behind one
/// stands a noun, even if it looks like an imperative ("the fix").
const PREAMBLE: &[&str] = &[
    "also", "can", "could", "have", "i", "let's", "like", "must", "need", "needs", "please",
    "should", "to", "us", "want", "we", "would", "you",
];

/// Predicates of a report about something that goes wrong.
const COMPLAINTS: &[&str] = &[
    "breaks",
    "broken",
    "can't",
    "cannot",
    "crash",
    "crashes",
    "doesn't",
    "fail",
    "fails",
    "freezes",
    "hangs",
    "incorrect",
    "incorrectly",
    "isn't",
    "leaks",
    "panics",
    "won't",
    "wrong",
    "wrongly",
];

impl Instruction {
    /// Reads the first line: a Conventional Commit prefix, else the first word that is not a
    /// function word ("please", "we should") if it is an imperative, else a complaint.
    pub fn read(text: &str) -> Self {
        let line = text.lines().next().unwrap_or_default();
        if let Some((kind, _)) = prefix(line)
            && let Some(intent) = intent_of(&kind.to_lowercase())
        {
            let rest = Self::read_sentence(without_prefix(line));
            let evidence = Some(format!("the prefix `{}:`", kind.to_lowercase()));
            return Self { intent: Some(intent), evidence, ..rest };
        }
        Self::read_sentence(line)
    }

    fn read_sentence(line: &str) -> Self {
        let words = || line.split_whitespace().map(bare).filter(|word| !word.is_empty());
        let leading = words().find(|word| !PREAMBLE.contains(&word.as_str()));
        if let Some(word) = leading
            && let Some(intent) = intent_of(&word)
        {
            let evidence = Some(format!("the instruction `{word}`"));
            return Self { word: Some(word), intent: Some(intent), evidence };
        }
        let negated = line.to_lowercase().contains("does not ");
        let complaint = words().find(|word| COMPLAINTS.binary_search(&word.as_str()).is_ok());
        if let Some(word) = complaint.or_else(|| negated.then(|| "does not".to_owned())) {
            let evidence = Some(format!("`{word}` reports something that goes wrong"));
            return Self { word: None, intent: Some(Intent::Mend), evidence };
        }
        Self::default()
    }
}

/// Whether a word tells how something goes wrong, not what.
pub fn is_complaint(word: &str) -> bool {
    COMPLAINTS.binary_search(&word).is_ok()
}

fn bare(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// The type of a Conventional Commit subject, and what follows its colon.
fn prefix(line: &str) -> Option<(&str, &str)> {
    let (head, rest) = line.split_once(':')?;
    let head = head.strip_suffix('!').unwrap_or(head);
    let kind = match head.split_once('(') {
        Some((kind, scope)) if scope.ends_with(')') => kind,
        Some(_) => return None,
        None => head,
    };
    let word = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphabetic());
    (word && rest.starts_with(' ') && intent_of(&kind.to_lowercase()).is_some())
        .then_some((kind, rest.trim_start()))
}

/// What stands before the first colon of a first line, as `termcolor` in `termcolor: add bold` or
/// `auth` in `fix(auth)!: expiry`: by custom the part of a codebase that a change is about.
pub fn scope(text: &str) -> Option<&str> {
    let line = text.lines().next().unwrap_or_default().trim_start();
    let (head, rest) = line.split_once(':')?;
    let head = head.strip_suffix('!').unwrap_or(head);
    let inner = match head.split_once('(') {
        Some((_, scope)) => scope.strip_suffix(')')?,
        None if intent_of(&head.to_lowercase()).is_some() => return None,
        None => head,
    };
    let short = inner.chars().count() <= SCOPE && inner.split_whitespace().count() <= 3;
    let plain = inner.chars().all(|c| c.is_alphanumeric() || "-_./, ".contains(c));
    (short && plain && !inner.trim().is_empty() && rest.starts_with(char::is_whitespace))
        .then_some(inner)
}

/// How long the part before a colon may be to be the name of something, in characters.
const SCOPE: usize = 40;

/// The line without a Conventional Commit prefix.
pub fn without_prefix(line: &str) -> &str {
    prefix(line).map_or(line, |(_, rest)| rest)
}

/// What kind of change is asked for, and why that was concluded. `known` says how much of
/// what the request names exists in the code, from 0 to 1, and where.
pub fn decide(instruction: &Instruction, known: &Existence) -> (TaskType, String) {
    let exists = known.share >= EXISTS;
    let evidence = instruction.evidence.as_deref().unwrap_or("no instruction that is known");
    let found = &known.reason;
    let task = match instruction.intent {
        Some(Intent::Mend) => TaskType::Bug,
        Some(Intent::Reshape) => TaskType::Refactor,
        Some(Intent::Restart) => TaskType::Reset,
        Some(Intent::Improve) => TaskType::Enhancement,
        Some(Intent::Introduce) | None if exists => TaskType::Enhancement,
        Some(Intent::Introduce) | None => TaskType::Feature,
    };
    (task, format!("{evidence}; {found}"))
}

/// From which share of its words on the thing that a request names counts as existing.
const EXISTS: f64 = 0.8;

/// How much of what a request names is there already.
#[derive(Clone, Debug, PartialEq)]
pub struct Existence {
    /// The weight of the words found together in the names of one file, from 0 to 1.
    pub share: f64,
    /// The same in words.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instruction_stands_where_sentences_put_it() {
        assert!(COMPLAINTS.is_sorted());
        let table = [
            ("Add JWT", Some(Intent::Introduce)),
            ("Please add JWT", Some(Intent::Introduce)),
            ("fix(auth)!: token refresh", Some(Intent::Mend)),
            ("perf: faster walk", Some(Intent::Improve)),
            ("Rewrite the parser", Some(Intent::Restart)),
            ("Rename Foo to Bar", Some(Intent::Reshape)),
            ("The login crashes on empty input", Some(Intent::Mend)),
            ("Login does not work", Some(Intent::Mend)),
            ("The fix button", None),
            ("Anmeldung hinzufügen", None),
            ("", None),
            ("note: this", None),
        ];
        for (request, expected) in table {
            assert_eq!(Instruction::read(request).intent, expected, "{request}");
        }
    }

    #[test]
    fn the_part_that_a_change_is_about_stands_before_a_colon() {
        for (text, expected) in [
            ("termcolor: add bold", Some("termcolor")),
            ("fix(auth)!: expiry", Some("auth")),
            ("feat: add bold", None),
            ("core/flags: add bold", Some("core/flags")),
            ("See https://example.org", None),
            ("The thing that I want is this: add bold", None),
            ("a:b", None),
            (": x", None),
            ("no colon", None),
        ] {
            assert_eq!(scope(text), expected, "{text}");
        }
    }

    #[test]
    fn existence_decides_where_words_do_not() {
        let known = |share| Existence { share, reason: String::new() };
        let table = [
            ("Add x", 1.0, TaskType::Enhancement),
            ("Add x", 0.2, TaskType::Feature),
            ("hinzufügen", 1.0, TaskType::Enhancement),
            ("hinzufügen", 0.0, TaskType::Feature),
            ("Fix x", 0.0, TaskType::Bug),
            ("Improve x", 0.0, TaskType::Enhancement),
        ];
        for (request, share, expected) in table {
            assert_eq!(decide(&Instruction::read(request), &known(share)).0, expected, "{request}");
        }
    }
}
