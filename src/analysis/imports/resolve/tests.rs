use crate::analysis::analyze;
use crate::analysis::source::memory::Memory;

/// `from -> to`, with a `~` where it is not certain, in the order of the graph.
fn edges(files: &[(&str, &str)]) -> Vec<String> {
    let analysis = analyze(&Memory::new(files), "x", &|_| {}).expect("memory can be read");
    let path = |file: usize| analysis.files[file].path.to_lossy();
    let edges = analysis.graph.edges.iter();
    edges
        .map(|e| {
            let sign = if e.approximate { "~" } else { "" };
            format!("{} -> {sign}{}", path(e.from), path(e.to))
        })
        .collect()
}

type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

fn assert_all(table: &[Case<'_>]) {
    for (what, files, expected) in table {
        assert_eq!(edges(files), *expected, "{what}");
    }
}

#[test]
fn crates_are_what_manifests_say() {
    let package = "[package]\nname = \"a\"\n";
    let with = |text: &str| format!("{package}{text}");
    let renamed = with("[dependencies]\nfoo = { package = \"bar-x\", path = \"../b\" }");
    let inherited = with("[dependencies]\nbar-x.workspace = true");
    let registry = with("[dependencies]\nbar-x = \"1\"");
    let bar = ("b/Cargo.toml", "[package]\nname = \"bar-x\"\n[lib]\npath = \"code/face.rs\"");
    let named = ("b/Cargo.toml", "[package]\nname = \"bar-x\"\n[lib]\nname = \"other\"");
    assert_all(&[
        (
            "a renamed one, with a library elsewhere",
            &[
                ("a/Cargo.toml", &renamed),
                ("a/src/lib.rs", "use foo::deep::X;\nuse foo::Y;\nuse bar_x::Z;"),
                bar,
                ("b/code/deep.rs", ""),
                ("b/code/face.rs", ""),
            ],
            &["a/src/lib.rs -> b/code/deep.rs", "a/src/lib.rs -> b/code/face.rs"],
        ),
        (
            "one that the workspace places",
            &[
                ("Cargo.toml", "[workspace.dependencies]\nbar-x = { path = \"b\" }"),
                ("a/Cargo.toml", &inherited),
                ("a/src/main.rs", "fn main() { other::go() }"),
                named,
                ("b/src/lib.rs", ""),
            ],
            &["a/src/main.rs -> b/src/lib.rs"],
        ),
        (
            "one of a registry is no part of the repository, unless it is patched",
            &[
                ("Cargo.toml", "[workspace]\n"),
                ("a/Cargo.toml", &registry),
                ("a/src/lib.rs", "use bar_x::Y;"),
                bar,
                ("b/code/face.rs", ""),
            ],
            &[],
        ),
        (
            "a patched one",
            &[
                ("Cargo.toml", "[workspace]\n[patch.crates-io]\nbar-x = { path = \"b\" }"),
                ("a/Cargo.toml", &registry),
                ("a/src/lib.rs", "use bar_x::Y;"),
                bar,
                ("b/code/face.rs", ""),
            ],
            &["a/src/lib.rs -> b/code/face.rs"],
        ),
        (
            "of several that are called the same, its own",
            &[
                ("a/Cargo.toml", package),
                ("a/src/lib.rs", ""),
                ("a/src/bin/x.rs", "use a::A;"),
                ("z/Cargo.toml", package),
                ("z/src/lib.rs", ""),
                ("q.rs", "use a::A;"),
            ],
            &["a/src/bin/x.rs -> a/src/lib.rs"],
        ),
    ]);
}

#[test]
fn crates_begin_where_manifests_say() {
    let tests = "[package]\nname = \"a\"\nautotests = false\n[[test]]\nname = \"t\"\npath = \"tests/all.rs\"";
    assert_all(&[
        (
            "modules of one crate of tests",
            &[
                ("Cargo.toml", tests),
                ("src/lib.rs", ""),
                ("tests/all.rs", "mod one;\nmod two;"),
                ("tests/one.rs", "use crate::two::f;\nmod deep;\nuse crate::Top;"),
                ("tests/one/deep.rs", ""),
                ("tests/two.rs", ""),
            ],
            &[
                "tests/all.rs -> tests/one.rs",
                "tests/all.rs -> tests/two.rs",
                "tests/one.rs -> tests/all.rs",
                "tests/one.rs -> tests/one/deep.rs",
                "tests/one.rs -> tests/two.rs",
            ],
        ),
        (
            "a program elsewhere",
            &[
                (
                    "Cargo.toml",
                    "[package]\nname = \"a\"\n[[bin]]\nname = \"a\"\npath = \"core/go.rs\"",
                ),
                ("core/go.rs", "mod flags;"),
                ("core/flags.rs", "use crate::run;"),
            ],
            &["core/flags.rs -> core/go.rs", "core/go.rs -> core/flags.rs"],
        ),
    ]);
}

#[test]
fn packages_of_the_web_offer_what_manifests_say() {
    let lib = |rest: &str| format!("{{\"name\": \"@x/lib\", {rest}}}");
    let exports =
        lib(r#""exports": {".": {"types": "./dist/main.d.ts", "import": "./dist/main.js"},
            "./sub/*": "./code/*.ts", "./sub/hidden": null, "./made": "./dist/deep/made.js"}"#);
    let faces = lib(r#""main": "./dist/none.js", "module": "./code/face.js""#);
    let app = ("app/package.json", r#"{"dependencies": {"@x/lib": "workspace:*"}}"#);
    let own = r##"{"imports": {"#a": {"node": "./in/a.js", "default": "./in/b.js"}, "#b/*": "./in/*.js"}}"##;
    assert_all(&[
        (
            "exports; what is built stands for its source",
            &[
                app,
                (
                    "app/a.ts",
                    "import '@x/lib'; import '@x/lib/sub/one'; import '@x/lib/sub/hidden'; import '@x/lib/no'",
                ),
                ("app/b.ts", "import '@x/lib/made'"),
                ("lib/package.json", &exports),
                ("lib/code/hidden.ts", ""),
                ("lib/code/one.ts", ""),
                ("lib/no.ts", ""),
                ("lib/src/deep/made.ts", ""),
                ("lib/src/main.ts", ""),
            ],
            &[
                "app/a.ts -> lib/code/one.ts",
                "app/a.ts -> ~lib/src/main.ts",
                "app/b.ts -> ~lib/src/deep/made.ts",
            ],
        ),
        (
            "without exports every path is open",
            &[
                app,
                ("app/a.ts", "import '@x/lib'; import '@x/lib/code/two.js'"),
                ("lib/package.json", &faces),
                ("lib/code/face.js", ""),
                ("lib/code/two.ts", ""),
            ],
            &["app/a.ts -> lib/code/face.js", "app/a.ts -> lib/code/two.ts"],
        ),
        (
            "its own names",
            &[
                ("package.json", own),
                ("in/a.js", "import '#b/c'"),
                ("in/c.js", "import '../'"),
                ("index.js", "import '#a'"),
            ],
            &["in/a.js -> in/c.js", "in/c.js -> index.js", "index.js -> in/a.js"],
        ),
        (
            "a link wins, several of one name mean none, a name that nobody asks for is not certain",
            &[
                ("a/package.json", r#"{"dependencies": {"p": "file:./p"}}"#),
                ("a/p/package.json", r#"{"name": "p"}"#),
                ("a/p/index.js", ""),
                ("a/x.js", "import 'p'"),
                ("b/p/package.json", r#"{"name": "p"}"#),
                ("b/p/index.js", ""),
                ("b/x.js", "import 'p'; import 'q'; import 'fs'"),
                ("fs/package.json", r#"{"name": "fs"}"#),
                ("fs/index.js", ""),
                ("q/package.json", r#"{"name": "q"}"#),
                ("q/index.js", ""),
            ],
            &["a/x.js -> a/p/index.js", "b/x.js -> ~q/index.js"],
        ),
    ]);
}

#[test]
fn names_of_files_are_those_of_the_nearest_configuration() {
    assert_all(&[
        (
            "paths, extended, with comments",
            &[
                (
                    "tsconfig.base.json",
                    "{ // all\n \"compilerOptions\": {\"baseUrl\": \"code\", \"paths\": {\"~/*\": [\"none/*\", \"./*\"],}}}",
                ),
                ("app/tsconfig.json", "{\"extends\": \"../tsconfig.base\"}"),
                ("app/a.ts", "import '~/b'; import 'c/d'; import 'react'"),
                ("code/b.ts", ""),
                ("code/c/d.ts", ""),
            ],
            &["app/a.ts -> code/b.ts", "app/a.ts -> code/c/d.ts"],
        ),
        (
            "the longest pattern, a part that speaks for all, a configuration further up",
            &[
                ("tsconfig.json", r#"{"compilerOptions": {"paths": {"up": ["up.ts"]}}}"#),
                ("up.ts", ""),
                (
                    "app/jsconfig.json",
                    r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}]}"#,
                ),
                (
                    "app/tsconfig.app.json",
                    r#"{"compilerOptions": {"paths": {"@/*": ["./*"], "@/x/*": ["./y/*"]}}}"#,
                ),
                ("app/a.js", "import '@/x/b'; import 'up'"),
                ("app/x/b.ts", ""),
                ("app/y/b.ts", ""),
            ],
            &["app/a.js -> app/y/b.ts", "app/a.js -> ~up.ts"],
        ),
        (
            "one that extends itself, and one that leaves the repository",
            &[
                (
                    "tsconfig.json",
                    r#"{"extends": ["./tsconfig.json", "../../x", "p"], "compilerOptions": {"baseUrl": "..", "paths": {"a": ["../../b", "b.ts"]}}}"#,
                ),
                ("a.ts", "import 'a'; import 'b'"),
                ("b.ts", ""),
            ],
            &[],
        ),
    ]);
}

#[test]
fn python_looks_where_it_would() {
    assert_all(&[
        (
            "a module beside one of a package is not meant by its plain name",
            &[
                ("src/p/__init__.py", ""),
                ("src/p/app.py", "import json\nfrom p import typing\nimport p.json"),
                ("src/p/json.py", ""),
                ("src/p/typing.py", ""),
                ("tool/run.py", "import near"),
                ("tool/near.py", ""),
            ],
            &[
                "src/p/app.py -> src/p/json.py",
                "src/p/app.py -> src/p/typing.py",
                "tool/run.py -> tool/near.py",
            ],
        ),
        (
            "namespace packages and packages elsewhere",
            &[
                (
                    "pyproject.toml",
                    "[tool.setuptools]\npackage-dir = {\"\" = \"code/py\", \"moved.it\" = \"other\"}",
                ),
                ("code/py/ns/one/mod.py", ""),
                ("other/sub.py", ""),
                ("tests/test_a.py", "from ns.one import mod\nimport moved.it.sub\nimport one.mod"),
            ],
            &["tests/test_a.py -> code/py/ns/one/mod.py", "tests/test_a.py -> other/sub.py"],
        ),
        (
            "of several projects the nearest, or none",
            &[
                ("x/a/app/__init__.py", ""),
                ("x/b/app/__init__.py", ""),
                ("x/a/tests/t.py", "import app"),
                ("x/c/t.py", "import app"),
            ],
            &["x/a/tests/t.py -> x/a/app/__init__.py"],
        ),
    ]);
}

#[test]
fn go_packages_are_where_modules_say() {
    let uses = "package main\nimport \"o.org/lib/p\"\nfunc main() { p.F() }";
    assert_all(&[
        (
            "a directory in place of a module",
            &[
                ("app/go.mod", "module x.org/app\nreplace o.org/lib v1.0.0 => ../fork"),
                ("app/main.go", uses),
                ("fork/p/p.go", "package p\nfunc F() {}"),
            ],
            &["app/main.go -> fork/p/p.go"],
        ),
        (
            "of several that are called the same, the one that is worked on",
            &[
                ("app/go.mod", "module x.org/app"),
                ("app/main.go", uses),
                ("go.work", "go 1.22\nuse (\n\t./app\n\t./lib\n)"),
                ("lib/go.mod", "module o.org/lib"),
                ("lib/p/p.go", "package p\nfunc F() {}"),
                ("old/go.mod", "module o.org/lib"),
                ("old/main.go", uses),
                ("old/p/p.go", "package p\nfunc F() {}"),
                ("third/main.go", "package main\nimport \"o.org/lib/p\"\nfunc main() { p.F() }"),
            ],
            &[
                "app/main.go -> lib/p/p.go",
                "old/main.go -> old/p/p.go",
                "third/main.go -> lib/p/p.go",
            ],
        ),
        (
            "what is imported for its start",
            &[
                ("go.mod", "module x.org/m"),
                ("all.go", "package m\nimport (\n_ \"x.org/m/one\"\n_ \"x.org/m/two\"\n)"),
                ("one/a.go", "package one"),
                ("two/a.go", "package two\nfunc init() {}"),
                ("two/b.go", "package two\nfunc F() {}"),
            ],
            &["all.go -> one/a.go", "all.go -> two/a.go"],
        ),
    ]);
}
