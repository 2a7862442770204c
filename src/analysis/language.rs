//! What a file is, from its name alone: its language, and whether it is code, a test, a text
//! for people, configuration, or something that no person writes.

use crate::domain::path::RepoPath;

macro_rules! languages {
    ($($variant:ident $name:literal $kind:ident [$($ending:literal)*]),+ $(,)?) => {
        /// A language that files are written in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Language {
            $(#[doc = $name] $variant),+
        }

        impl Language {
            /// Every language.
            pub const ALL: &'static [Language] = &[$(Self::$variant),+];

            /// The name in reports and JSON, in lower case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What the language is for.
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind),+ }
            }

            fn of_extension(extension: &str) -> Option<Self> {
                match extension { $($($ending)|* => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

/// What a language is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Programs.
    Code,
    /// Structured values: configuration and data.
    Data,
    /// Text for people.
    Prose,
}

languages! {
    Rust "rust" Code ["rs"],
    Python "python" Code ["py" "pyi"],
    JavaScript "javascript" Code ["js" "jsx" "mjs" "cjs"],
    TypeScript "typescript" Code ["ts" "tsx" "mts" "cts"],
    Vue "vue" Code ["vue"],
    Svelte "svelte" Code ["svelte"],
    Go "go" Code ["go"],
    Java "java" Code ["java"],
    Kotlin "kotlin" Code ["kt" "kts"],
    Scala "scala" Code ["scala"],
    C "c" Code ["c" "h"],
    Cpp "c++" Code ["cc" "cpp" "cxx" "hh" "hpp" "hxx"],
    CSharp "c#" Code ["cs"],
    Ruby "ruby" Code ["rb" "rake"],
    Php "php" Code ["php"],
    Swift "swift" Code ["swift"],
    Dart "dart" Code ["dart"],
    Elixir "elixir" Code ["ex" "exs"],
    Haskell "haskell" Code ["hs"],
    Lua "lua" Code ["lua"],
    Perl "perl" Code ["pl" "pm"],
    Zig "zig" Code ["zig"],
    Shell "shell" Code ["sh" "bash" "zsh" "fish" "ps1"],
    Sql "sql" Code ["sql"],
    Protobuf "protobuf" Code ["proto"],
    Html "html" Code ["html" "htm" "hbs" "j2" "jinja" "erb" "ejs"],
    Css "css" Code ["css" "scss" "sass" "less" "styl" "pcss"],
    Json "json" Data ["json" "json5" "jsonc"],
    Toml "toml" Data ["toml"],
    Yaml "yaml" Data ["yml" "yaml"],
    Ini "ini" Data ["ini" "cfg" "conf" "properties"],
    Xml "xml" Data ["xml"],
    Markdown "markdown" Prose ["md" "mdx" "markdown"],
    Text "text" Prose ["rst" "txt" "adoc" "asciidoc" "org"],
}

impl Language {
    /// The language of a file by its ending; `None` where the ending says nothing.
    pub fn of(path: &RepoPath) -> Option<Self> {
        let name = path.to_lossy().to_ascii_lowercase();
        let name = name.rsplit('/').next().unwrap_or_default();
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() { None } else { Self::of_extension(extension) }
    }

    /// Whether files of the two may import each other.
    pub fn mixes_with(self, other: Self) -> bool {
        let web = |l| matches!(l, Self::JavaScript | Self::TypeScript | Self::Vue | Self::Svelte);
        let native = |l| matches!(l, Self::C | Self::Cpp);
        let virtual_machine = |l| matches!(l, Self::Java | Self::Kotlin | Self::Scala);
        self == other
            || (web(self) && web(other))
            || (native(self) && native(other))
            || (virtual_machine(self) && virtual_machine(other))
    }
}

/// What part a file plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The program itself.
    Source,
    /// A test, or what tests need.
    Test,
    /// An example, a demonstration, a benchmark, what tests feed on.
    Example,
    /// Text for people.
    Docs,
    /// Manifests, build and tool configuration, continuous integration.
    Config,
    /// Anything else that is tracked: images, data.
    Asset,
    /// Made by a program, copied from elsewhere, or a lock file: nobody edits it by hand.
    Generated,
}

/// Directories whose content was copied or built.
const FOREIGN_DIRECTORIES: &[&str] = &[
    "node_modules",
    "vendor",
    "third_party",
    "bower_components",
    "dist",
    ".yarn",
    "Pods",
    "__snapshots__",
];

/// Those of them that hold what others wrote.
const VENDORED_DIRECTORIES: &[&str] =
    &["node_modules", "vendor", "third_party", "bower_components", ".yarn", "Pods"];

/// The outermost directory of a path that holds what others wrote, if it lies in one.
pub fn foreign_root(path: &str) -> Option<&str> {
    let (directories, _) = path.rsplit_once('/')?;
    let mut end = 0;
    for part in directories.split('/') {
        end += part.len();
        if VENDORED_DIRECTORIES.contains(&part) {
            return Some(&path[..end]);
        }
        end += 1;
    }
    None
}
const TEST_DIRECTORIES: &[&str] =
    &["test", "tests", "__tests__", "spec", "specs", "e2e", "testing"];
const EXAMPLE_DIRECTORIES: &[&str] = &[
    "example",
    "examples",
    "demo",
    "demos",
    "sample",
    "samples",
    "playground",
    "playgrounds",
    "benches",
    "benchmark",
    "benchmarks",
    "benchsuite",
    "fixtures",
    "__fixtures__",
    "testdata",
    "__mocks__",
];
const DOCS_DIRECTORIES: &[&str] = &["doc", "docs", "documentation", "man"];

/// Lock files by name.
pub const LOCK_FILES: &[&str] = &[
    "Cargo.lock",
    "Gemfile.lock",
    "Pipfile.lock",
    "bun.lock",
    "bun.lockb",
    "composer.lock",
    "flake.lock",
    "go.sum",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "yarn.lock",
];

/// The part that a file plays, by its path; content may still show that it is generated.
pub fn role(path: &RepoPath, language: Option<Language>) -> Role {
    let text = path.to_lossy();
    let (directories, name) = text.rsplit_once('/').unwrap_or(("", &text));
    let under = |list: &[&str]| directories.split('/').any(|part| list.contains(&part));
    let minified = [".min.js", ".min.css", ".map"].iter().any(|ending| name.ends_with(ending));
    if under(FOREIGN_DIRECTORIES) || LOCK_FILES.contains(&name) || minified {
        return Role::Generated;
    }
    if under(EXAMPLE_DIRECTORIES) {
        return Role::Example;
    }
    if under(TEST_DIRECTORIES) || is_test_name(name) {
        return Role::Test;
    }
    if is_config(&text, name) {
        return Role::Config;
    }
    // Code below a folder `doc` inside the sources makes documentation; it is none.
    let top = directories.split('/').next().unwrap_or_default();
    match language.map(Language::kind) {
        Some(Kind::Prose) => Role::Docs,
        Some(Kind::Code) if !DOCS_DIRECTORIES.contains(&top) => Role::Source,
        _ if under(DOCS_DIRECTORIES) || is_legal(name) => Role::Docs,
        Some(Kind::Code) => Role::Source,
        Some(Kind::Data) => Role::Config,
        None => Role::Asset,
    }
}

/// The name of a test's subject by the conventions of the languages: `foo` for `test_foo.py`,
/// `foo_test.go`, `foo.spec.ts`, `FooTest.java`, `foo_spec.rb`; `None` if the name is no
/// test's.
pub fn test_subject(name: &str) -> Option<&str> {
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let marked = [".test.", ".spec.", ".e2e."].iter().any(|mark| name.contains(mark));
    if marked {
        return Some(stem);
    }
    stem.strip_prefix("test_")
        .or_else(|| stem.strip_suffix("_test"))
        .or_else(|| stem.strip_suffix("_tests"))
        .or_else(|| stem.strip_suffix("_spec"))
        .or_else(|| stem.strip_suffix("-test"))
        .or_else(|| stem.strip_suffix("Tests"))
        .or_else(|| stem.strip_suffix("Test"))
        .or_else(|| stem.strip_suffix("Spec"))
        .filter(|subject| !subject.is_empty())
}

/// Whether a file is one in which every change may be told: a changelog, release notes.
pub fn tells_changes(path: &RepoPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name()).to_lowercase();
    let stem = name.split_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let text = name == stem
        || [".md", ".rst", ".txt", ".adoc", ".rdoc", ".markdown"].iter().any(|e| name.ends_with(e));
    let told = ["changelog", "changes", "history", "news", "releases", "release_notes"];
    text && told.contains(&stem.replace('-', "_").as_str())
}

fn is_test_name(name: &str) -> bool {
    test_subject(name).is_some()
        || matches!(name, "conftest.py" | "tests.rs" | "test.rs" | "tests.py")
}

fn is_config(path: &str, name: &str) -> bool {
    let bare = name.split_once('.').map_or(name, |(stem, _)| stem);
    path.starts_with(".github/")
        || path.starts_with(".circleci/")
        || path.starts_with(".cargo/")
        || name.starts_with('.')
        || name.contains(".config.")
        || matches!(bare, "Makefile" | "Dockerfile" | "Justfile" | "justfile" | "Rakefile")
        || matches!(name, "build.rs" | "setup.py" | "noxfile.py" | "go.mod" | "Gemfile")
        || matches!(name, "CMakeLists.txt" | "requirements.txt" | "MANIFEST.in" | "CODEOWNERS")
        || matches!(name, "build.gradle" | "build.gradle.kts" | "settings.gradle" | "meson.build")
        || matches!(name, "settings.gradle.kts" | "mix.exs" | "Package.swift" | "BUILD.bazel")
        || [".csproj", ".fsproj", ".sln", ".gemspec"].iter().any(|end| name.ends_with(end))
}

fn is_legal(name: &str) -> bool {
    ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE", "AUTHORS", "README", "CHANGELOG"]
        .iter()
        .any(|word| name.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role_of(path: &str) -> Role {
        let path = RepoPath::new(path).expect("a valid path");
        role(&path, Language::of(&path))
    }

    #[test]
    fn a_path_tells_the_part_that_its_file_plays() {
        let table = [
            ("src/lib.rs", Role::Source),
            ("src/auth/tests.rs", Role::Test),
            ("tests/it/main.rs", Role::Test),
            ("context_test.go", Role::Test),
            ("test_sessions.py", Role::Test),
            ("src/a.spec.ts", Role::Test),
            ("playground/css/main.js", Role::Example),
            ("vendor/x/y.go", Role::Generated),
            ("package-lock.json", Role::Generated),
            ("web/app.min.js", Role::Generated),
            ("README.md", Role::Docs),
            ("LICENSE", Role::Docs),
            ("docs/conf.py", Role::Docs),
            ("src/doc/help.rs", Role::Source),
            ("Cargo.toml", Role::Config),
            (".github/workflows/ci.yml", Role::Config),
            ("vite.config.ts", Role::Config),
            ("logo.png", Role::Asset),
            ("latest.rs", Role::Source),
            ("protest.go", Role::Source),
            ("app/build.gradle.kts", Role::Config),
            ("CODEOWNERS", Role::Config),
        ];
        for (path, expected) in table {
            assert_eq!(role_of(path), expected, "{path}");
        }
    }

    #[test]
    fn what_others_wrote_has_a_root() {
        let table = [
            ("a/vendor/b/vendor/c.go", Some("a/vendor")),
            ("third_party/x", Some("third_party")),
            ("vendor", None),
            ("a/vendors/b", None),
            ("dist/app.js", None),
        ];
        for (path, root) in table {
            assert_eq!(foreign_root(path), root, "{path}");
        }
    }

    #[test]
    fn a_test_names_its_subject() {
        let table = [
            ("test_foo.py", Some("foo")),
            ("foo_test.go", Some("foo")),
            ("foo.spec.ts", Some("foo")),
            ("FooTest.java", Some("Foo")),
            ("foo.rs", None),
            ("test_.py", None),
        ];
        for (name, expected) in table {
            assert_eq!(test_subject(name), expected, "{name}");
        }
    }
}
