//! `package.json`: what others can import of a package and what its own files can, by the rules
//! of the Node.js manual, "Modules: Packages".

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Links, Manifest};

/// Directories into which packages are built; what is named there lies in `src`.
pub const BUILT: &[&str] = &["dist", "lib", "build", "out", "es", "esm", "cjs"];

/// What a `package.json` says of imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Npm {
    /// What others can import, if that is limited: `.` or `./path`, and where it is.
    pub exports: Vec<Offer>,
    /// What its own files can import, by names that begin with `#`.
    pub imports: Vec<Offer>,
    /// The files that the bare name means, in the order in which they are looked for.
    pub faces: Vec<String>,
    /// Packages that lie in a directory of the same repository: name and directory.
    pub linked: Vec<(String, String)>,
    /// The names of all packages that it asks for.
    pub uses: BTreeSet<String>,
}

/// A name with the files that it may mean, the best first; none where it is withheld. A `*` in
/// the name stands for the same text as in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What is imported.
    pub name: String,
    /// Where it is, relative to the manifest.
    pub files: Vec<String>,
}

/// Conditions, those that lead to sources first.
const CONDITIONS: &[&str] =
    &["source", "development", "import", "module", "module-sync", "node", "default", "require"];
/// How deep conditions are followed.
const DEPTH: usize = 6;
/// Sections with dependencies.
const SECTIONS: &[&str] =
    &["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
/// What a dependency on a directory begins with.
const PROTOCOLS: &[&str] = &["file:", "link:", "portal:"];

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    manifest.name = text_of(&value, "name");
    for key in ["main", "module", "bin", "source", "exports"] {
        strings(value.get(key), 0, &mut manifest.entries);
    }
    let scripts = value.get("scripts").and_then(|s| s.as_object());
    for (name, command) in scripts.into_iter().flatten() {
        // `npm init` writes a `test` script that only fails.
        let real = command.as_str().is_some_and(|c| !c.contains("no test specified"));
        if real {
            manifest.tools.insert(name.clone());
        }
    }
    let faces = ["source", "module", "main", "types", "typings"];
    manifest.links = Links::Npm(Box::new(Npm {
        exports: exports(value.get("exports")),
        imports: offers(value.get("imports"), '#'),
        faces: faces.iter().filter_map(|key| text_of(&value, key)).collect(),
        linked: linked(&value),
        uses: dependencies(&value).map(|(name, _)| name.clone()).collect(),
    }));
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

/// `exports` may be what the name itself means, or a list of paths.
fn exports(value: Option<&Value>) -> Vec<Offer> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Vec::new() };
    let listed = offers(Some(value), '.');
    if !listed.is_empty() {
        return listed;
    }
    vec![Offer { name: ".".to_owned(), files: targets(value) }]
}

/// The entries of a list whose names begin with `lead`.
fn offers(value: Option<&Value>, lead: char) -> Vec<Offer> {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries
        .filter(|(name, _)| name.starts_with(lead))
        .map(|(name, value)| Offer { name: name.clone(), files: targets(value) })
        .collect()
}

fn targets(value: &Value) -> Vec<String> {
    let mut files = Vec::new();
    follow(value, 0, &mut files);
    files
}

/// The files that a name means under any condition.
fn follow(value: &Value, depth: usize, files: &mut Vec<String>) {
    match value {
        Value::String(text) => files.push(text.clone()),
        Value::Array(list) if depth < DEPTH => {
            for value in list {
                follow(value, depth + 1, files);
            }
        }
        Value::Object(map) if depth < DEPTH => {
            let known = CONDITIONS.iter().filter_map(|condition| map.get(*condition));
            let other = map.iter().filter(|(name, _)| !CONDITIONS.contains(&name.as_str()));
            for value in known.chain(other.map(|(_, value)| value)) {
                follow(value, depth + 1, files);
            }
        }
        _ => {}
    }
}

/// What it asks for, in which versions.
fn dependencies(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    SECTIONS.iter().filter_map(|section| value.get(*section)?.as_object()).flatten()
}

/// Dependencies on a directory.
fn linked(value: &Value) -> Vec<(String, String)> {
    let entries = dependencies(value).filter_map(|(name, version)| {
        let version = version.as_str()?;
        let path = PROTOCOLS.iter().find_map(|protocol| version.strip_prefix(protocol));
        let path = path.or_else(|| version.starts_with('.').then_some(version))?;
        Some((name.clone(), path.to_owned()))
    });
    entries.collect()
}

/// The texts of a value, wherever they stand in it.
fn strings(value: Option<&Value>, depth: usize, out: &mut Vec<String>) {
    match value {
        Some(Value::String(text)) => out.push(text.clone()),
        Some(Value::Object(map)) if depth < DEPTH => {
            for value in map.values() {
                strings(Some(value), depth + 1, out);
            }
        }
        Some(Value::Array(list)) if depth < DEPTH => {
            for value in list {
                strings(Some(value), depth + 1, out);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::manifest::ManifestKind;
    use crate::domain::path::RepoPath;

    fn npm(text: &str) -> Npm {
        let path = RepoPath::new("package.json").expect("a path");
        match Manifest::read(&path, ManifestKind::Npm, text).links {
            Links::Npm(npm) => *npm,
            links => panic!("{links:?}"),
        }
    }

    #[test]
    fn exports_are_read_in_every_form() {
        type Row = (&'static str, &'static [(&'static str, &'static [&'static str])]);
        let table: [Row; 6] = [
            (r#""./a.js""#, &[(".", &["./a.js"])]),
            (r#"{"types": "./a.d.ts", "import": "./a.js"}"#, &[(".", &["./a.js", "./a.d.ts"])]),
            (r#"{".": "./a.js", "./b/*": null}"#, &[(".", &["./a.js"]), ("./b/*", &[])]),
            (r#"{"./x": [{"default": "./x.js"}, "./y.js"]}"#, &[("./x", &["./x.js", "./y.js"])]),
            ("null", &[]),
            ("7", &[(".", &[])]),
        ];
        for (exports, expected) in table {
            let read = npm(&format!("{{\"exports\": {exports}}}")).exports;
            let read: Vec<(String, Vec<String>)> =
                read.into_iter().map(|offer| (offer.name, offer.files)).collect();
            let expected: Vec<(String, Vec<String>)> = expected
                .iter()
                .map(|(n, f)| ((*n).to_owned(), f.iter().map(|f| (*f).to_owned()).collect()))
                .collect();
            assert_eq!(read, expected, "{exports}");
        }
    }

    #[test]
    fn what_lies_in_the_repository_is_known() {
        let read = npm(
            r##"{"imports": {"#a/*": "./a/*.ts", "b": "./b"}, "types": "t.d.ts", "main": "m.js",
                "dependencies": {"x": "file:./x", "y": "^1", "z": "workspace:*"},
                "devDependencies": {"w": "link:../w"}}"##,
        );
        assert_eq!(read.imports.len(), 1);
        assert_eq!(read.faces, ["m.js", "t.d.ts"]);
        let linked = [("x", "./x"), ("w", "../w")].map(|(n, d)| (n.to_owned(), d.to_owned()));
        assert_eq!(read.linked, linked);
        assert_eq!(read.uses.into_iter().collect::<Vec<_>>(), ["w", "x", "y", "z"]);
    }
}
