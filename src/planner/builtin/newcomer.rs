//! A request for something of which the code knows nothing: one objective with a place of its
//! own, next to what comes closest.

use std::collections::BTreeMap;

use super::Ground;
use super::groups::{Group, Part};
use crate::analysis::language::{Kind, Language, Role};
use crate::analysis::words;
use crate::domain::path::RepoPath;
use crate::planner::scopes::{directory, literal};

/// Files by which a new module is announced to the ones beside it.
const FACES: &[&str] = &["lib.rs", "mod.rs", "main.rs", "__init__.py", "index.ts", "index.js"];

/// A part for what is new and called `topic`.
pub(super) fn group(ground: &Ground<'_>, topic: &str, notes: &mut Vec<String>) -> Group {
    let near = nearest(ground);
    let language =
        near.and_then(|file| ground.analysis.facts[file].language).unwrap_or(Language::Text);
    let above = near.and_then(|file| ground.path(file).parent());
    let name = in_style(language, topic);
    let place = fresh(ground, above.as_ref(), &name);
    let mut new = vec![directory(&place)];
    // A single file is the other form that a new module takes, with the same name.
    let extension = near.and_then(|file| {
        let name = String::from_utf8_lossy(ground.path(file).file_name()).into_owned();
        name.rsplit_once('.').map(|(_, extension)| extension.to_owned())
    });
    let single = extension.and_then(|e| RepoPath::new(format!("{}.{e}", place.to_lossy())));
    new.extend(single.filter(|path| !ground.exists(path)).as_ref().map(literal));
    new.extend(
        test_path(ground, language, &name).filter(|p| !ground.exists(p)).as_ref().map(literal),
    );
    let face = FACES.iter().find_map(|face| {
        let path = above
            .as_ref()
            .map_or_else(|| (*face).to_owned(), |above| format!("{}/{face}", above.to_lossy()));
        let path = RepoPath::new(path)?;
        ground.analysis.files.binary_search_by(|file| file.path.cmp(&path)).ok()
    });
    notes.push(format!(
        "nothing in the code matches the request closely, so it gets a place of its own: `{place}/`"
    ));
    Group {
        part: Part::New,
        files: face.into_iter().collect(),
        tests: Vec::new(),
        new,
        place: format!("{place}/"),
        rank: 0,
    }
}

/// The source file that comes closest, else an entry point, else any source file.
fn nearest(ground: &Ground<'_>) -> Option<usize> {
    let analysis = ground.analysis;
    let usable = |file: &usize| {
        analysis.facts[*file].role == Role::Source
            && analysis.facts[*file].language.is_some_and(|l| l.kind() == Kind::Code)
            && ground.is_free(ground.path(*file))
    };
    let ranked = analysis.ranked.iter().map(|r| r.file);
    let main = main_language(ground);
    let entries = analysis.inventory.entry_points.iter().copied();
    let others = entries.chain(0..analysis.files.len());
    ranked.chain(others.filter(|file| analysis.facts[*file].language == main)).find(usable)
}

/// The language that most of the sources are written in.
fn main_language(ground: &Ground<'_>) -> Option<Language> {
    let mut counts: BTreeMap<Language, usize> = BTreeMap::new();
    let sources = ground.analysis.facts.iter().filter(|f| f.role == Role::Source);
    for language in sources.filter_map(|f| f.language).filter(|l| l.kind() == Kind::Code) {
        *counts.entry(language).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))
        .map(|(language, _)| language)
}

/// A directory below `above` that does not exist and that nobody forbids.
fn fresh(ground: &Ground<'_>, above: Option<&RepoPath>, name: &str) -> RepoPath {
    let lead = above.map(|above| format!("{}/", above.to_lossy())).unwrap_or_default();
    let taken = |path: &RepoPath| {
        let inside = RepoPath::new(format!("{}/x", path.to_lossy()));
        ground.exists(path)
            || ground.below(Some(path)).next().is_some()
            || inside.is_none_or(|inside| !ground.is_free(&inside))
    };
    std::iter::once(format!("{lead}{name}"))
        .chain((2..100).map(|n| format!("{lead}{name}_{n}")))
        .filter_map(RepoPath::new)
        .find(|path| !taken(path))
        .unwrap_or_else(|| RepoPath::new("feature").expect("a word is a path"))
}

/// A name for what is new, its words separated by spaces: of the request's first line, the words
/// that no source knows. `proper` asks for names that cannot be taken for an ordinary word, such
/// as `JWT` or `rate_limiter`; without it any noun-like word will do.
pub(super) fn topic(ground: &Ground<'_>, proper: bool) -> Option<String> {
    let request = &ground.analysis.request;
    let known = |term: usize| {
        let facts = ground.analysis.facts.iter().filter(|f| f.role == Role::Source);
        facts.filter(|f| f.counts.terms.iter().any(|(t, _)| *t == term)).count()
    };
    let line = request.text.lines().next().unwrap_or_default();
    let written =
        |word: &str| words::identifiers(line).find(|written| written.to_lowercase().contains(word));
    let names: Vec<(usize, usize)> = request
        .subject()
        .filter(|(_, term)| is_plain(&term.word))
        .filter_map(|(index, term)| {
            let spelled = written(&term.word)?;
            let named = words::is_proper(spelled) && !line.starts_with(spelled);
            let count = known(index);
            (if proper { named && count == 0 } else { true }).then_some((count, index))
        })
        .collect();
    let rarest = names.iter().map(|(count, _)| *count).min()?;
    let mut chosen: Vec<usize> =
        names.iter().filter(|(count, _)| *count == rarest).map(|(_, index)| *index).collect();
    chosen.truncate(2);
    let chosen: Vec<&str> = chosen.iter().map(|i| request.terms[*i].word.as_str()).collect();
    Some(chosen.join(" "))
}

fn is_plain(word: &str) -> bool {
    word.len() >= 2
        && word.bytes().all(|b| b.is_ascii_alphanumeric())
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// A name as the files of a language are called.
pub(super) fn in_style(language: Language, topic: &str) -> String {
    let separator = match language {
        Language::JavaScript
        | Language::TypeScript
        | Language::Vue
        | Language::Svelte
        | Language::Css
        | Language::Html => "-",
        Language::Go => "",
        _ => "_",
    };
    topic.replace(' ', separator).chars().take(40).collect()
}

fn test_path(ground: &Ground<'_>, language: Language, name: &str) -> Option<RepoPath> {
    let tests = RepoPath::new("tests")?;
    ground.below(Some(&tests)).next()?;
    match language {
        Language::Python => RepoPath::new(format!("tests/test_{name}.py")),
        Language::Rust => RepoPath::new(format!("tests/{name}.rs")),
        _ => None,
    }
}
