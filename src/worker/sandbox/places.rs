//! From a scope to what must be writable for it: pure, but for what is on the disk, which is
//! asked for.

use std::collections::BTreeSet;

use super::rules::Why;
use crate::domain::path::RepoPath;
use crate::domain::pattern::{NormalForm, Pattern, Segment, Tail};
use crate::domain::scope::{Rules as Law, Scope};

/// Files that tools make and take for new where they are empty. Where the directory around one
/// stays closed, it is made before.
pub(super) const BLANKS: [&str; 2] = [".coverage", "Cargo.lock"];

/// What is on the disk at a path of the worktree. A symbolic link is never followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    Directory,
    File,
    /// A symbolic link, a pipe or the like.
    Other,
}

/// What a scope needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Directories, none for the root; with the pattern that needs each first.
    pub directories: Vec<(Option<RepoPath>, Why, String)>,
    /// Of these, those that are not there yet.
    pub missing: BTreeSet<RepoPath>,
    /// Files outside of the directories.
    pub files: Vec<(RepoPath, Why, String)>,
    /// Of these, those that are not there yet.
    pub blank: BTreeSet<RepoPath>,
}

/// What must be writable so that everything which a scope allows can be written (DESIGN §8): the
/// directories that the literal leads of its patterns name, and of what is shared or derived the
/// files that are there. The kernel knows directories and files, no patterns: this is more than
/// the scope, and never less than it needs.
///
/// A file needs the directory that it is in: editors write a new file and rename it. Only shared
/// and derived files, which everybody has, are opened one by one.
pub(super) fn needs(
    scope: &Scope,
    law: &Law,
    tracked: &[RepoPath],
    look: impl Fn(&RepoPath) -> Seen,
) -> Needs {
    let mut needs = Needs::default();
    for pattern in scope.touch.iter().filter(|p| something_is_left(scope, law, p)) {
        for form in pattern.forms() {
            needs.directory(form, Why::Touch, pattern, &look);
        }
    }
    for (why, patterns) in [(Why::Shared, &law.shared), (Why::Derived, &law.derived)] {
        for pattern in patterns.iter().filter(|p| something_is_left(scope, law, p)) {
            for form in pattern.forms() {
                let literal = form.is_literal().then(|| RepoPath::new(form.literal_lead()));
                let literal = literal.flatten();
                let seen = literal.as_ref().map_or(Seen::Nothing, &look);
                let blank = literal.filter(|path| {
                    why == Why::Derived && seen == Seen::Nothing && is_blank(path, &look)
                });
                if let Some(path) = blank {
                    needs.files.push((path.clone(), why, pattern.to_string()));
                    needs.blank.insert(path);
                }
                let new = why == Why::Shared && seen != Seen::File && is_one_place(form);
                if new || seen == Seen::Directory {
                    needs.directory(form, why, pattern, &look);
                }
            }
            let there = tracked.iter().filter(|path| pattern.matches(path));
            for path in there.filter(|path| look(path) == Seen::File) {
                needs.files.push((path.clone(), why, pattern.to_string()));
            }
        }
    }
    needs.tidy();
    needs
}

/// Whether a file that a tool makes can be made for it, empty.
fn is_blank(path: &RepoPath, look: impl Fn(&RepoPath) -> Seen) -> bool {
    BLANKS.iter().any(|name| name.as_bytes() == path.file_name())
        && path.parent().is_none_or(|parent| look(&parent) == Seen::Directory)
}

/// Whether a pattern allows anything that is not forbidden. One that is too complex to decide
/// does.
fn something_is_left(scope: &Scope, law: &Law, pattern: &Pattern) -> bool {
    scope.permitted(law, pattern).example().map_or(true, |example| example.is_some())
}

/// Whether all that a form matches is in one directory, or is all of one directory: what is new
/// there can be allowed without opening much else.
fn is_one_place(form: &NormalForm) -> bool {
    let in_one = |segments: &[Segment]| match segments.split_last() {
        Some((Segment::One(_), before)) => before.iter().all(is_name),
        Some((Segment::AnyDepth, _)) | None => false,
    };
    match form.tail() {
        Tail::Below | Tail::AtOrBelow => form.is_literal(),
        Tail::Exact => in_one(form.segments()) && (form.is_literal() || form.segments().len() > 1),
    }
}

fn is_name(segment: &Segment) -> bool {
    matches!(segment, Segment::One(component) if component.literal().is_some())
}

impl Needs {
    /// Adds the directory that a form needs.
    fn directory(
        &mut self,
        form: &NormalForm,
        why: Why,
        pattern: &Pattern,
        look: impl Fn(&RepoPath) -> Seen,
    ) {
        let lead = form.literal_lead();
        let whole = !form.is_literal() || form.tail() == Tail::Below;
        let Some((directory, missing)) = directory(&lead, whole, look) else { return };
        if missing && let Some(directory) = &directory {
            self.missing.insert(directory.clone());
        }
        self.directories.push((directory, why, pattern.to_string()));
    }

    /// Leaves out what is below another directory.
    fn tidy(&mut self) {
        self.directories.sort_by(|a, b| a.0.cmp(&b.0));
        let mut kept: Vec<(Option<RepoPath>, Why, String)> = Vec::new();
        for one in std::mem::take(&mut self.directories) {
            if !kept.iter().any(|(above, ..)| holds(above.as_ref(), one.0.as_ref())) {
                kept.push(one);
            }
        }
        self.directories = kept;
        let kept =
            |path: &RepoPath| self.directories.iter().any(|(d, ..)| d.as_ref() == Some(path));
        self.missing.retain(|path| kept(path));
        let above = |path: &RepoPath| {
            self.directories.iter().any(|(above, ..)| holds(above.as_ref(), Some(path)))
        };
        self.files.retain(|(path, ..)| !above(path));
        self.files.sort_by(|a, b| a.0.cmp(&b.0));
        self.files.dedup_by(|a, b| a.0 == b.0);
        let files = &self.files;
        self.blank.retain(|path| files.iter().any(|(file, ..)| file == path));
    }
}

/// Whether a directory is a path or holds it; none is the root.
fn holds(directory: Option<&RepoPath>, path: Option<&RepoPath>) -> bool {
    match (directory, path) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(directory), Some(path)) => path == directory || path.is_below(directory),
    }
}

/// The directory that a literal lead needs, none being the root, and whether it is still to be
/// made. No directory at all: nothing can be at such a path.
///
/// Where `whole`, the lead itself is a directory. Else it is a file, or a directory if there is
/// one. Where something else stands in the way, it must be replaced, and that needs the directory
/// that it is in.
fn directory(
    lead: &[u8],
    whole: bool,
    look: impl Fn(&RepoPath) -> Seen,
) -> Option<(Option<RepoPath>, bool)> {
    if lead.is_empty() {
        return Some((None, false));
    }
    let path = RepoPath::new(lead)?;
    let ends = lead.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let mut here: Option<RepoPath> = None;
    for end in ends.chain([lead.len()]) {
        let prefix = RepoPath::new(&lead[..end])?;
        match look(&prefix) {
            Seen::Directory => here = Some(prefix),
            Seen::Nothing if end == lead.len() && !whole => break,
            Seen::Nothing => return Some((if whole { Some(path) } else { path.parent() }, true)),
            Seen::File | Seen::Other => break,
        }
    }
    Some((here, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ObjectiveId;

    fn patterns(texts: &str) -> Vec<Pattern> {
        let words = texts.split_whitespace();
        words.map(|text| Pattern::parse(text).expect("a pattern")).collect()
    }

    /// What is there: directories end in `/`, links in `@`.
    const DISK: [&str; 14] = [
        "src/",
        "src/auth/",
        "src/auth/login.rs",
        "src/web/",
        "src/web/app.rs",
        "src/web/mod.rs",
        "src/lib.rs",
        "src/mod.rs",
        "Cargo.toml",
        "Cargo.lock",
        "link@",
        "news/",
        "gen/",
        "gen/api.rs",
    ];

    fn seen(path: &RepoPath) -> Seen {
        let text = path.to_lossy();
        let is = |suffix: &str| DISK.iter().any(|d| *d == format!("{text}{suffix}"));
        match () {
            () if is("/") => Seen::Directory,
            () if is("@") => Seen::Other,
            () if is("") => Seen::File,
            () => Seen::Nothing,
        }
    }

    /// Directories (`+`: to be made), then files (`*`: to be made).
    fn needed(touch: &str, forbid: &str, shared: &str, derived: &str) -> String {
        let scope = Scope {
            id: ObjectiveId::parse("T1").expect("an id"),
            touch: patterns(touch),
            read: Vec::new(),
            forbid: patterns(forbid),
        };
        let law = Law {
            global_forbid: patterns("dist/"),
            derived: patterns(derived),
            shared: patterns(shared),
        };
        let files = DISK.iter().filter(|d| !d.ends_with('/'));
        let tracked: Vec<RepoPath> =
            files.filter_map(|d| RepoPath::new(d.trim_end_matches('@'))).collect();
        let needs = needs(&scope, &law, &tracked, seen);
        let directories = needs.directories.iter().map(|(path, ..)| match path {
            None => "/".to_owned(),
            Some(path) if needs.missing.contains(path) => format!("+{path}/"),
            Some(path) => format!("{path}/"),
        });
        let made = |path| if needs.blank.contains(path) { "*" } else { "" };
        let files = needs.files.iter().map(|(path, ..)| format!("{path}{}", made(path)));
        directories.chain(files).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_scope_needs_the_directories_that_its_patterns_lead_to() {
        for (touch, expected) in [
            ("src/auth/", "src/auth/"),
            ("src/auth", "src/auth/"),
            ("src/auth/login.rs", "src/auth/"),
            ("src/auth/*.rs src/auth/login.rs", "src/auth/"),
            ("src/auth/new.rs", "src/auth/"),
            ("src/new.rs src/auth/", "src/"),
            ("src/new/", "+src/new/"),
            ("src/new/a.rs", "+src/new/"),
            ("src/new/deep/*.rs", "+src/new/deep/"),
            ("docs/", "+docs/"),
            ("docs/a.md docs/b/c.md", "+docs/"),
            ("src/a*", "src/"),
            ("src/{auth,web}/", "src/auth/ src/web/"),
            ("**/*.rs", "/"),
            ("*.md", "/"),
            ("Cargo.toml", "/"),
            ("NEW", "/"),
            ("**", "/"),
            // Something stands in the way, and must be replaced.
            ("link/", "/"),
            ("src/lib.rs/x.rs", "src/"),
            // Nothing is left of it, or nothing can be there.
            ("dist/ src/web/", "src/web/"),
            ("", ""),
        ] {
            assert_eq!(needed(touch, "", "", ""), expected, "{touch}");
        }
        assert_eq!(needed("src/auth/ src/web/", "src/auth/", "", ""), "src/web/");
    }

    #[test]
    fn what_is_everybodys_is_opened_file_by_file() {
        for (shared, derived, expected) in [
            ("src/lib.rs", "", "src/auth/ src/lib.rs"),
            ("**/mod.rs", "", "src/auth/ src/mod.rs src/web/mod.rs"),
            ("src/auth/login.rs", "", "src/auth/"),
            ("news/", "", "news/ src/auth/"),
            ("news/*.md", "", "news/ src/auth/"),
            ("news", "", "news/ src/auth/"),
            ("src/new.rs", "", "src/"),
            ("CHANGES", "", "/"),
            ("*.md", "", "src/auth/"),
            ("", "Cargo.lock", "src/auth/ Cargo.lock"),
            ("", "gen/", "gen/ src/auth/"),
            ("", "package-lock.json", "src/auth/"),
            ("", "src/web/Cargo.lock none/Cargo.lock", "src/auth/ src/web/Cargo.lock*"),
            ("src/auth/Cargo.lock", "src/auth/Cargo.lock", "src/auth/"),
            ("", "**/*.lock", "src/auth/ Cargo.lock"),
            ("link", "", "/"),
            ("", "link", "src/auth/"),
        ] {
            assert_eq!(needed("src/auth/", "", shared, derived), expected, "{shared} {derived}");
        }
        assert_eq!(needed("src/auth/", "src/lib.rs", "src/lib.rs", ""), "src/auth/");
    }
}
