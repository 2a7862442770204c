//! Files that make no module and yet say what an import means: `tsconfig.json` with its
//! relatives, by the reference of TypeScript, and `go.work`.

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::go::{self, Go};
use crate::domain::path::RepoPath;

/// Such a file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Where it is.
    pub path: RepoPath,
    /// What it says.
    pub says: Says,
}

/// What such a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// `go.work`
    Work(Go),
    /// `tsconfig.json`, `jsconfig.json` and what they are put together from.
    Aliases(Aliases),
}

/// Other names for files, in the order of the text; all paths are relative to the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    /// From where plain names are looked for.
    pub base: Option<String>,
    /// Names, with one `*` at most, and the files that each may mean. `None` where it says
    /// nothing, so that what it extends holds.
    pub paths: Option<Vec<(String, Vec<String>)>>,
    /// Other such files whose word holds where this one has none; the last first.
    pub extends: Vec<String>,
    /// Other such files that speak for a part of the files.
    pub references: Vec<String>,
}

impl Redirect {
    /// Whether a path is one of these by its name.
    pub fn is_one(path: &RepoPath) -> bool {
        let name = path.file_name();
        name == b"go.work" || is_script(name)
    }

    /// Reads one. What cannot be parsed says nothing.
    pub fn read(path: &RepoPath, text: &str) -> Self {
        let says = if is_script(path.file_name()) {
            Says::Aliases(aliases(text).unwrap_or_default())
        } else {
            Says::Work(go::directives(text))
        };
        Self { path: path.clone(), says }
    }

    /// The directory that it stands in, empty at the root.
    pub fn directory(&self) -> String {
        self.path.parent().map(|p| p.to_lossy().into_owned()).unwrap_or_default()
    }
}

fn is_script(name: &[u8]) -> bool {
    let lead = [&b"tsconfig"[..], b"jsconfig"].iter().any(|lead| name.starts_with(lead));
    lead && name.ends_with(b".json")
}

fn aliases(text: &str) -> Option<Aliases> {
    // Comments and trailing commas are allowed in these files; nesting is bounded by the parser.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok()?;
    let Value::Object(root) = tree.value? else { return None };
    let mut aliases = Aliases { extends: texts(member(&root, "extends")), ..Aliases::default() };
    aliases.extends.reverse();
    if let Some(options) = root.get_object("compilerOptions") {
        aliases.base = texts(member(options, "baseUrl")).pop();
        aliases.paths = options.get_object("paths").map(named);
    }
    for item in root.get_array("references").into_iter().flat_map(|list| &list.elements) {
        if let Value::Object(item) = item {
            aliases.references.extend(texts(member(item, "path")));
        }
    }
    Some(aliases)
}

fn member<'o, 't>(object: &'o Object<'t>, name: &str) -> Option<&'o Value<'t>> {
    object.get(name).map(|property| &property.value)
}

fn named(paths: &Object<'_>) -> Vec<(String, Vec<String>)> {
    let entry =
        |p: &jsonc_parser::ast::ObjectProp<'_>| (p.name.as_str().to_owned(), texts(Some(&p.value)));
    paths.properties.iter().map(entry).collect()
}

/// A text, or the texts of a list.
fn texts(value: Option<&Value<'_>>) -> Vec<String> {
    match value {
        Some(Value::StringLit(text)) => vec![text.value.clone().into_owned()],
        Some(Value::Array(list)) => {
            let texts = list.elements.iter().filter_map(|item| match item {
                Value::StringLit(text) => Some(text.value.clone().into_owned()),
                _ => None,
            });
            texts.collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_read_with_comments() {
        let text = r##"{
            // shared
            "extends": ["./a.json", "./b"],
            "compilerOptions": {
                "baseUrl": ".", /* here */
                "paths": { "~/*": ["./src/*", "./lib/*"], "#x": ["x.ts"], },
            },
            "references": [{ "path": "./tsconfig.app.json" }, 7],
        }"##;
        let read = aliases(text).expect("an object");
        assert_eq!(read.extends, ["./b", "./a.json"]);
        assert_eq!(read.base.as_deref(), Some("."));
        assert_eq!(read.references, ["./tsconfig.app.json"]);
        let paths = read.paths.expect("paths");
        assert_eq!(paths.len(), 2);
        assert!(paths.contains(&("#x".to_owned(), vec!["x.ts".to_owned()])));
        for broken in ["", "[]", "{", &"[".repeat(100_000)] {
            assert_eq!(aliases(broken), None, "{}", broken.len());
        }
    }

    #[test]
    fn only_their_names_make_them() {
        let table = [
            ("tsconfig.json", true),
            ("a/jsconfig.json", true),
            ("tsconfig.base.json", true),
            ("go.work", true),
            ("go.work.sum", false),
            ("tsconfig.ts", false),
            ("package.json", false),
        ];
        for (path, expected) in table {
            let path = RepoPath::new(path).expect("a path");
            assert_eq!(Redirect::is_one(&path), expected, "{path}");
        }
    }
}
