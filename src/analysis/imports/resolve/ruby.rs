//! Ruby: what is required, and the constants that an autoloader finds.

use super::super::layout::{Layout, normalise, parent};
use crate::analysis::corpus::FileFacts;

/// The file that an autoloader would find for a constant: `app/models/a/b.rb` or `lib/a/b.rb`
/// for `A::B`, where there is one such file and it defines that name.
pub(super) fn constants(
    layout: &Layout<'_>,
    facts: &[FileFacts],
    used: &str,
) -> Option<(usize, Vec<String>)> {
    let (around, name) = used.split_once('/')?;
    let scopes: Vec<&str> = around.split("::").filter(|scope| !scope.is_empty()).collect();
    let last = name.rsplit("::").next()?;
    (0..=scopes.len()).rev().find_map(|depth| {
        let parts = scopes[..depth].iter().copied().chain(name.split("::"));
        let suffix = format!("{}.rb", parts.map(underscored).collect::<Vec<_>>().join("/"));
        let file = layout.by_suffix(&suffix)?;
        let root = layout.path(file)?.strip_suffix(&suffix)?.trim_end_matches('/');
        let loaded = root.rsplit('/').next() == Some("lib")
            || parent(root).is_some_and(|above| above.rsplit('/').next() == Some("app"));
        let defined = facts
            .get(file)?
            .definitions
            .binary_search_by(|definition| definition.as_str().cmp(last))
            .is_ok();
        (loaded && defined).then(|| (file, vec![last.to_owned()]))
    })
}

/// `http_server` of `HTTPServer`, as `ActiveSupport::Inflector#underscore` writes it.
fn underscored(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1);
        let word = before.is_some_and(|b| b.is_lowercase() || b.is_numeric())
            || (before.is_some_and(char::is_uppercase) && after.is_some_and(|a| a.is_lowercase()));
        if letter.is_uppercase() && word {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

pub(super) fn required(layout: &Layout<'_>, path: &str, target: &str) -> Option<usize> {
    if target.starts_with("./") {
        let base = normalise(parent(path).unwrap_or_default(), target)?;
        return layout.file(&base).or_else(|| layout.file(&format!("{base}.rb")));
    }
    layout.by_suffix(&format!("lib/{}.rb", target.trim_end_matches(".rb")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_written_as_an_autoloader_writes_them() {
        for (name, file) in
            [("User", "user"), ("HTTPServer", "http_server"), ("V2Api", "v2_api"), ("A", "a")]
        {
            assert_eq!(underscored(name), file);
        }
    }
}
