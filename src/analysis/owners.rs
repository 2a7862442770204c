//! Whom to ask about a path: CODEOWNERS, by the rules of GitHub, and of GitLab where the file
//! has sections or lies where only GitLab looks.
//!
//! GitHub: "About code owners"; GitLab: "Syntax of `CODEOWNERS` file". Lines that neither could
//! read own nothing.

use crate::domain::path::RepoPath;

/// Where the file may be, the place that counts first.
const PLACES: &[&str] =
    &[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// Rules beyond these are not read: every path asked for is held against all of them.
const MAX_RULES: usize = 20_000;

/// Who owns which paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// The file that says so; none where there is none.
    pub source: Option<RepoPath>,
    sections: Vec<Section>,
    /// Lines that could not be read.
    pub unread: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Section {
    name: String,
    rules: Vec<Rule>,
    /// Owners of the rules that name none (GitLab).
    default: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    owners: Vec<String>,
    /// GitLab's `!pattern`: the section owns nothing of it.
    excludes: bool,
}

/// A pattern's components; none is a `**`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern(Vec<Option<Vec<u8>>>);

/// How far down the list of places a file stands; none if it is no such file.
pub(super) fn place(path: &RepoPath) -> Option<usize> {
    PLACES.iter().position(|place| place.as_bytes() == path.as_bytes())
}

impl Owners {
    /// Where the file may be, the place that counts first.
    pub fn places() -> impl Iterator<Item = RepoPath> {
        PLACES.iter().filter_map(|place| RepoPath::new(*place))
    }

    /// Reads the file at `path`.
    pub fn read(path: &RepoPath, text: &str) -> Self {
        let lines = || text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let gitlab =
            path.as_bytes().starts_with(b".gitlab/") || lines().any(|l| header(l).is_some());
        let mut owners =
            Self { source: Some(path.clone()), sections: vec![Section::default()], unread: 0 };
        let mut count = 0;
        for line in lines() {
            if gitlab && let Some((name, default)) = header(line) {
                owners.open(name, default);
                continue;
            }
            let section = owners.sections.last_mut().expect("there is a first section");
            match Rule::read(line, gitlab) {
                Some(mut rule) if count < MAX_RULES => {
                    if rule.owners.is_empty() {
                        rule.owners.clone_from(&section.default);
                    }
                    section.rules.push(rule);
                    count += 1;
                }
                _ => owners.unread += 1,
            }
        }
        owners
    }

    /// A section goes on where its name comes again, in any case.
    fn open(&mut self, name: String, default: Vec<String>) {
        let known = self.sections.iter().position(|s| s.name.eq_ignore_ascii_case(&name));
        let section = match known {
            Some(known) => self.sections.remove(known),
            None => Section { name, ..Section::default() },
        };
        self.sections.push(Section { default, ..section });
    }

    /// The owners of a path as the file writes them, each once: of every section the last rule
    /// that matches.
    pub fn of(&self, path: &RepoPath) -> Vec<&str> {
        let components: Vec<&[u8]> = path.components().collect();
        let mut found: Vec<&str> = Vec::new();
        for section in &self.sections {
            let matching = |rule: &&Rule| rule.pattern.matches(&components);
            if section.rules.iter().filter(|rule| rule.excludes).any(|rule| matching(&rule)) {
                continue;
            }
            let last = section.rules.iter().rev().find(matching);
            for owner in last.into_iter().flat_map(|rule| &rule.owners) {
                if !found.contains(&owner.as_str()) {
                    found.push(owner);
                }
            }
        }
        found
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|section| section.rules.is_empty())
    }
}

/// `[Name]`, `^[Name]`, `[Name][2] @default`: a section's name and default owners.
fn header(line: &str) -> Option<(String, Vec<String>)> {
    let inner = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (name, rest) = inner.split_once(']')?;
    let rest = match rest.strip_prefix('[') {
        Some(count) => {
            let (count, rest) = count.split_once(']')?;
            count.parse::<u32>().ok()?;
            rest
        }
        None => rest,
    };
    let valid = !name.trim().is_empty() && (rest.is_empty() || rest.starts_with([' ', '\t']));
    valid.then(|| (name.trim().to_owned(), named(rest).unwrap_or_default()))
}

/// The owners of a line behind its pattern; `None` where a word is none.
fn named(rest: &str) -> Option<Vec<String>> {
    let words = rest.split_whitespace().take_while(|word| !word.starts_with('#'));
    words
        .map(|word| {
            // `@user`, `@group/team`, GitLab's `@@role`, or an address.
            let called = word.starts_with('@') && !word.trim_start_matches('@').is_empty();
            let mail = word.split_once('@').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
            let plain = |c: char| c.is_alphanumeric() || "@._-/+".contains(c);
            ((called || mail) && word.chars().all(plain)).then(|| word.to_owned())
        })
        .collect()
}

impl Rule {
    fn read(line: &str, gitlab: bool) -> Option<Self> {
        let (pattern, rest) = word(line);
        let (excludes, pattern) = match pattern.strip_prefix(b"!") {
            Some(pattern) if gitlab => (true, pattern.to_vec()),
            // GitHub has no exceptions and skips the line.
            Some(_) => return None,
            None => (false, pattern),
        };
        Some(Self { pattern: Pattern::read(&pattern, gitlab)?, owners: named(rest)?, excludes })
    }
}

/// The first word, in which a backslash takes what follows as it is, and the rest.
fn word(line: &str) -> (Vec<u8>, &str) {
    let mut word = String::new();
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => word.extend(chars.next().map(|(_, c)| c)),
            c if c.is_whitespace() => return (word.into_bytes(), &line[at..]),
            c => word.push(c),
        }
    }
    (word.into_bytes(), "")
}

impl Pattern {
    fn read(text: &[u8], gitlab: bool) -> Option<Self> {
        // Ranges in brackets match nothing on either host.
        let bracket = text.contains(&b'[') || text.contains(&b']');
        if text.is_empty() || text == b"/" || bracket {
            return None;
        }
        let rooted = text.starts_with(b"/");
        let inner = text.strip_prefix(b"/").unwrap_or(text);
        let (inner, directory) =
            inner.strip_suffix(b"/").map_or((inner, false), |inner| (inner, true));
        let mut parts: Vec<Option<Vec<u8>>> = inner
            .split(|b| *b == b'/')
            .map(|part| (part != b"**").then(|| part.to_vec()))
            .collect();
        if parts.iter().flatten().any(Vec::is_empty) {
            return None;
        }
        // gitignore(5): a slash at the beginning or in the middle ties a pattern to the root.
        if !rooted && (gitlab || parts.len() == 1) {
            parts.insert(0, None);
        }
        if directory {
            // At least one component is below a directory.
            parts.extend([None, Some(b"*".to_vec())]);
        } else if parts.last().is_some_and(|last| last.as_deref().is_some_and(|l| l != b"*")) {
            // A name means a file, or a directory with all that is in it; `docs/*` does not
            // reach into the directories below `docs`.
            parts.push(None);
        }
        Some(Self(parts))
    }

    /// Whether the pattern matches the components; work is bounded by their product.
    fn matches(&self, components: &[&[u8]]) -> bool {
        // Which numbers of components the parts so far can take up.
        let mut reach = vec![false; components.len() + 1];
        reach[0] = true;
        for part in &self.0 {
            let mut next = vec![false; components.len() + 1];
            match part {
                None => {
                    let first = reach.iter().position(|r| *r).unwrap_or(reach.len());
                    next.iter_mut().skip(first).for_each(|r| *r = true);
                }
                Some(part) => {
                    for (at, component) in components.iter().enumerate() {
                        next[at + 1] = reach[at] && component_matches(part, component);
                    }
                }
            }
            if !next.contains(&true) {
                return false;
            }
            reach = next;
        }
        reach[components.len()]
    }
}

/// `*` is any bytes, `?` one. Goes back to the last star only, so it is never exponential.
fn component_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, at)) = star else { return false };
                star = Some((after, at + 1));
                (p, t) = (after, at + 1);
            }
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).expect("a valid path")
    }

    fn owners(file: &str, text: &str) -> Owners {
        Owners::read(&path(file), text)
    }

    #[test]
    fn patterns_are_githubs() {
        let table = [
            ("*", "a/b.rs", true),
            ("*.js", "a/b.js", true),
            ("*.js", "a/b.jsx", false),
            ("/build/logs/", "build/logs/a/b", true),
            ("/build/logs/", "x/build/logs/a", false),
            ("docs/*", "docs/a.md", true),
            ("docs/*", "docs/a/b.md", false),
            ("apps/", "x/apps/y/z", true),
            ("apps/", "apps", false),
            ("/docs/", "docs/a", true),
            ("/scripts", "scripts/a/b", true),
            ("/scripts", "scripts", true),
            ("**/logs", "a/b/logs/c", true),
            ("**/logs", "logs", true),
            ("src/auth", "src/auth/a.rs", true),
            ("src/auth", "x/src/auth/a.rs", false),
            ("src/**/test", "src/test", true),
            ("src/**/test", "src/a/b/test/x", true),
            ("src/**", "src/a/b", true),
            ("a?c", "abc", true),
            ("README", "x/README", true),
            ("with\\ space.md", "with space.md", true),
        ];
        for (pattern, file, expected) in table {
            let owners = owners("CODEOWNERS", &format!("{pattern} @a"));
            assert_eq!(!owners.of(&path(file)).is_empty(), expected, "{pattern} {file}");
        }
    }

    #[test]
    fn the_last_rule_wins() {
        let text = "# all\n* @all\n*.rs @rust a@b.c # why\n/gen/\n!x @no\n*.[ab] @no\nq nobody\n";
        let owners = owners(".github/CODEOWNERS", text);
        assert_eq!(owners.of(&path("a.txt")), ["@all"]);
        assert_eq!(owners.of(&path("x/a.rs")), ["@rust", "a@b.c"]);
        assert!(owners.of(&path("gen/a.rs")).is_empty(), "a rule without owners takes them away");
        assert_eq!(owners.unread, 3);
    }

    #[test]
    fn gitlabs_sections_add_up() {
        let text = "* @all\n[Docs][2] @writers\ndocs/\n*.md @editor\n!docs/old/\n^[Data]\nsrc/db @dba\n[docs]\nREADME.md\n";
        let owners = owners("CODEOWNERS", text);
        assert_eq!(owners.of(&path("docs/x")), ["@all", "@writers"]);
        assert_eq!(owners.of(&path("docs/x.md")), ["@all", "@editor"]);
        assert_eq!(owners.of(&path("docs/old/x.md")), ["@all"]);
        assert_eq!(owners.of(&path("deep/src/db/a")), ["@all", "@dba"]);
        assert!(owners.unread == 0 && !owners.is_empty());
    }

    #[test]
    fn hostile_patterns_cost_little() {
        let pattern = "*a".repeat(2_000);
        let deep = "**/".repeat(2_000);
        let owners = owners("CODEOWNERS", &format!("{pattern} @a\n{deep}x @b\n\\ @c\n/ @d\n"));
        let long = path("a/".repeat(500).trim_end_matches('/'));
        assert!(owners.of(&long).is_empty());
        assert!(owners.of(&path(&"a".repeat(1_900))).is_empty());
    }
}
