//! `go.mod` and `go.work`: which directory stands for which module path, by the Go modules
//! reference.

use super::{Links, Manifest};

/// What a `go.mod` or `go.work` says of directories.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Go {
    /// Module paths in whose place a directory is used.
    pub replaced: Vec<(String, String)>,
    /// Directories of the modules that are worked on together.
    pub used: Vec<String>,
}

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let mut named = lines(text).filter(|(verb, _)| *verb == "module");
    manifest.name = named.find_map(|(_, rest)| rest.first().map(|name| (*name).to_owned()));
    manifest.links = Links::Go(directives(text));
}

/// The lines `use` and `replace`.
pub(super) fn directives(text: &str) -> Go {
    let mut go = Go::default();
    for (verb, rest) in lines(text) {
        let here = |path: &&str| path.starts_with("./") || path.starts_with("../");
        match (verb, rest.as_slice()) {
            ("use", [directory, ..]) => go.used.push((*directory).to_owned()),
            ("replace", [module, .., "=>", directory]) if here(directory) => {
                go.replaced.push(((*module).to_owned(), (*directory).to_owned()));
            }
            _ => {}
        }
    }
    go
}

/// The directives with their words: those of a block one by one, without comments and quotes.
fn lines(text: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let mut block = None;
    text.lines().filter_map(move |line| {
        let line = line.split("//").next().unwrap_or_default();
        let mut words: Vec<&str> =
            line.split_whitespace().map(|word| word.trim_matches(['"', '`'])).collect();
        if let Some(verb) = block {
            if words.first() == Some(&")") {
                block = None;
                return None;
            }
            return (!words.is_empty()).then_some((verb, words));
        }
        let verb = *words.first()?;
        words.remove(0);
        if words.last() == Some(&"(") {
            block = Some(verb);
            return None;
        }
        Some((verb, words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_stand_for_modules() {
        let pair = |module: &str, path: &str| (module.to_owned(), path.to_owned());
        let table = [
            ("replace a.org/x => ../x", vec![pair("a.org/x", "../x")], vec![]),
            ("replace a.org/x v1.0.0 => ./x // why", vec![pair("a.org/x", "./x")], vec![]),
            ("replace a.org/x => b.org/x v1.2.0", vec![], vec![]),
            (
                "replace (\n\ta.org/x => ./x\n\t\"a.org/y\" v2 => \"../y\"\n)\nuse ./z",
                vec![pair("a.org/x", "./x"), pair("a.org/y", "../y")],
                vec!["./z"],
            ),
            ("use (\n\t.\n\t./tools // more\n)", vec![], vec![".", "./tools"]),
            ("use (", vec![], vec![]),
            ("", vec![], vec![]),
        ];
        for (text, replaced, used) in table {
            let used = used.into_iter().map(str::to_owned).collect();
            assert_eq!(directives(text), Go { replaced, used }, "{text}");
        }
    }
}
