use super::source::memory::Memory;
use super::*;

fn analysis_of(files: &[(&str, &str)], request: &str) -> Analysis {
    let source = Memory::new(files);
    let analysis = analyze(&source, request, &|_| {}).expect("memory can be read");
    assert_eq!(analyze(&source, request, &|_| {}).expect("memory can be read"), analysis);
    analysis
}

/// `from -> to: symbols`, in the order of the graph.
fn edges(files: &[(&str, &str)]) -> Vec<String> {
    let analysis = analysis_of(files, "x");
    let path = |file: usize| analysis.files[file].path.to_lossy();
    let edge =
        |e: &imports::Edge| format!("{} -> {}: {}", path(e.from), path(e.to), e.symbols.join(","));
    analysis.graph.edges.iter().map(edge).collect()
}

fn ranked(analysis: &Analysis) -> Vec<String> {
    analysis.ranked.iter().map(|r| analysis.files[r.file].path.to_lossy().into_owned()).collect()
}

#[test]
fn rust_imports_are_resolved() {
    let found = edges(&[
        ("Cargo.toml", "[workspace]"),
        ("a/Cargo.toml", "[package]\nname = \"my-a\""),
        ("a/src/lib.rs", "mod b;\npub use b::c::Thing;"),
        ("a/src/b/mod.rs", "pub mod c;\nuse super::d::D;"),
        ("a/src/b/c.rs", "use crate::d::{D, E};\nuse super::other;\nuse std::fmt;"),
        ("a/src/d.rs", "pub struct D;"),
        ("x/Cargo.toml", "[package]\nname = \"x\""),
        ("x/src/main.rs", "use my_a::d::D;\nuse my_a::Thing;"),
        ("x/tests/it.rs", "mod support;"),
        ("x/tests/support.rs", ""),
    ]);
    assert_eq!(
        found,
        [
            "a/src/b/c.rs -> a/src/b/mod.rs: other",
            "a/src/b/c.rs -> a/src/d.rs: D,E",
            "a/src/b/mod.rs -> a/src/b/c.rs: ",
            "a/src/b/mod.rs -> a/src/d.rs: D",
            "a/src/lib.rs -> a/src/b/c.rs: Thing",
            "a/src/lib.rs -> a/src/b/mod.rs: ",
            "x/src/main.rs -> a/src/d.rs: D",
            "x/src/main.rs -> a/src/lib.rs: Thing",
            "x/tests/it.rs -> x/tests/support.rs: ",
        ]
    );
}

#[test]
fn python_imports_are_resolved() {
    let found = edges(&[
        ("src/pkg/__init__.py", "from .app import App"),
        ("src/pkg/app.py", "from . import helpers\nfrom .sub.deep import f, g\nimport os"),
        ("src/pkg/helpers.py", "import pkg.app"),
        ("src/pkg/sub/__init__.py", ""),
        ("src/pkg/sub/deep.py", "from ..helpers import h"),
        ("tests/test_app.py", "from pkg import App\nfrom pkg.sub import deep"),
    ]);
    assert_eq!(
        found,
        [
            "src/pkg/__init__.py -> src/pkg/app.py: App",
            "src/pkg/app.py -> src/pkg/helpers.py: ",
            "src/pkg/app.py -> src/pkg/sub/deep.py: f,g",
            "src/pkg/helpers.py -> src/pkg/app.py: ",
            "src/pkg/sub/deep.py -> src/pkg/helpers.py: h",
            "tests/test_app.py -> src/pkg/__init__.py: App",
            "tests/test_app.py -> src/pkg/sub/deep.py: ",
        ]
    );
}

#[test]
fn what_is_used_without_a_plain_import_is_resolved() {
    let rust = edges(&[
        ("Cargo.toml", "[package]\nname = \"x\""),
        ("src/lib.rs", "mod a;\n#[path = \"odd/b.rs\"]\nmod b;\nmod out { mod inner; }"),
        (
            "src/a.rs",
            "fn f() { crate::b::B::new() }\nmod tests { use super::*; use super::super::b; }",
        ),
        ("src/odd/b.rs", "use crate::a;\nfn g() { a::f(); include!(\"table.rs\") }"),
        ("src/odd/table.rs", ""),
        ("src/out/inner.rs", ""),
    ]);
    assert_eq!(
        rust,
        [
            // A path to a module with `#[path]` leads to where that is declared.
            "src/a.rs -> src/lib.rs: b",
            "src/lib.rs -> src/a.rs: ",
            "src/lib.rs -> src/odd/b.rs: ",
            "src/lib.rs -> src/out/inner.rs: ",
            "src/odd/b.rs -> src/a.rs: f",
            "src/odd/b.rs -> src/odd/table.rs: ",
        ]
    );
    let go = edges(&[
        ("go.mod", "module x.org/m"),
        ("tools/go.mod", "module x.org/m/tools"),
        ("p/a.go", "package p\nfunc A(local B) { helper(); local.Close(); Twice() }"),
        ("p/b.go", "package p\ntype B struct{}\nfunc (b B) Close() {}\nfunc Twice() {}"),
        ("p/c.go", "package p\nfunc helper() {}\nfunc Twice() {}"),
        ("p/a_test.go", "package p\nfunc TestA() { A(B{}) }"),
        ("tools/t.go", "package tools\nfunc T() {}"),
        ("main.go", "package main\nimport \"x.org/m/tools\"\nfunc main() { tools.T() }"),
    ]);
    assert_eq!(
        go,
        [
            "main.go -> tools/t.go: T",
            "p/a.go -> p/b.go: B",
            "p/a.go -> p/c.go: helper",
            "p/a_test.go -> p/a.go: A",
            "p/a_test.go -> p/b.go: B",
        ]
    );
    let java = edges(&[
        ("one/src/main/java/a/b/C.java", "package a.b;\nclass C extends D { E e; }"),
        ("one/src/main/java/a/b/D.java", "package a.b;\nclass D {}"),
        ("two/src/main/java/a/b/D.java", "package a.b;\nclass D {}"),
        ("one/src/main/java/a/E.java", "package a;\nimport a.b.*;\nclass E { D d; }"),
    ]);
    assert_eq!(
        java,
        [
            "one/src/main/java/a/E.java -> one/src/main/java/a/b/D.java: D",
            "one/src/main/java/a/b/C.java -> one/src/main/java/a/b/D.java: D",
        ]
    );
    let native = edges(&[
        ("lib/x.c", "#include <n/x.h>\n#include <string.h>\n#include \"y.h\""),
        ("include/n/x.h", ""),
        ("compat/string.h", ""),
        ("lib/y.h", ""),
        ("other/y.h", ""),
    ]);
    assert_eq!(native, ["lib/x.c -> include/n/x.h: ", "lib/x.c -> lib/y.h: "]);
    let ruby = edges(&[
        ("app/models/user.rb", "class User\n  def go; Billing::Plan.new; String; end\nend"),
        ("app/models/billing/plan.rb", "module Billing\n  class Plan; Item; end\nend"),
        ("app/models/billing/item.rb", "module Billing\n  class Item; end\nend"),
        ("spec/string.rb", "class String; end"),
    ]);
    assert_eq!(
        ruby,
        [
            "app/models/billing/plan.rb -> app/models/billing/item.rb: Item",
            "app/models/user.rb -> app/models/billing/plan.rb: Plan",
        ]
    );
}

#[test]
fn imports_of_other_languages_are_resolved() {
    let web = edges(&[
        ("package.json", r#"{"name": "root"}"#),
        ("packages/lib/package.json", r#"{"name": "@x/lib"}"#),
        ("packages/lib/src/index.ts", "export { a } from './a.js'"),
        ("packages/lib/src/a.ts", "import { b } from '../../app/b'"),
        ("packages/app/b.tsx", "import { a } from '@x/lib'\nimport React from 'react'"),
        ("packages/app/up.ts", "import '../../../../outside'"),
    ]);
    assert_eq!(
        web,
        [
            "packages/app/b.tsx -> packages/lib/src/index.ts: a",
            "packages/lib/src/a.ts -> packages/app/b.tsx: b",
            "packages/lib/src/index.ts -> packages/lib/src/a.ts: a",
        ]
    );
    let go = edges(&[
        ("go.mod", "module example.org/m"),
        ("main.go", "package main\nimport \"example.org/m/render\"\nfunc main() { render.JSON() }"),
        ("render/json.go", "package render\nfunc JSON() {}"),
        ("render/json_test.go", "package render\nfunc JSON() {}"),
        ("render/xml.go", "package render\nfunc XML() {}"),
    ]);
    assert_eq!(go, ["main.go -> render/json.go: JSON"]);
    let others = edges(&[
        ("src/main/java/a/B.java", "import a.c.D;\nimport static a.c.D.of;"),
        ("src/main/java/a/c/D.java", "class D {}"),
        ("c/main.c", "#include \"util/list.h\"\n#include \"twice.h\""),
        ("c/util/list.h", ""),
        ("c/one/twice.h", ""),
        ("c/two/twice.h", ""),
        ("lib/x.rb", "require_relative 'y/z'"),
        ("lib/y/z.rb", ""),
    ]);
    assert_eq!(
        others,
        [
            "c/main.c -> c/util/list.h: ",
            "lib/x.rb -> lib/y/z.rb: ",
            "src/main/java/a/B.java -> src/main/java/a/c/D.java: D,of",
        ]
    );
}

#[test]
fn the_inventory_counts_what_there_is() {
    let analysis = analysis_of(
        &[
            (".gitattributes", "gen/** linguist-generated"),
            ("Cargo.lock", ""),
            ("Cargo.toml", "[package]\nname = \"x\""),
            ("gen/a.rs", "fn a() {}"),
            ("src/lib.rs", "#[cfg(test)]\nmod tests {}"),
            ("src/made.rs", "// Code generated by x. DO NOT EDIT.\n"),
            ("tests/a.rs", ""),
            ("vendor/y/Cargo.toml", "[package]\nname = \"y\""),
        ],
        "x",
    );
    let paths = |list: &[usize]| -> Vec<String> {
        list.iter().map(|i| analysis.files[*i].path.to_lossy().into_owned()).collect()
    };
    let inventory = &analysis.inventory;
    assert_eq!(paths(&inventory.generated), ["Cargo.lock", "gen/a.rs", "src/made.rs"]);
    assert_eq!(inventory.vendored.get("vendor"), Some(&1));
    assert_eq!(paths(&inventory.entry_points), ["src/lib.rs"]);
    assert_eq!(paths(&inventory.tests), ["tests/a.rs"]);
    assert_eq!(paths(&inventory.inline_tests), ["src/lib.rs"]);
    assert_eq!(paths(&inventory.config), [".gitattributes", "Cargo.toml"]);
    let modules: Vec<_> =
        inventory.modules.iter().map(|m| (m.directory.as_str(), m.files)).collect();
    assert_eq!(modules, [("", 8)]);
    assert_eq!(inventory.languages["rust"], inventory::Amount { files: 2, lines: 2 });
    assert_eq!(inventory.gates.len(), 1);
}

/// Files that differ in one respect each: what is better evidence ranks higher.
#[test]
fn better_evidence_ranks_higher() {
    type Row = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);
    let table: [Row; 5] = [
        (
            "Fix the token",
            &[
                ("src/a.rs", "// token"),
                ("src/b.rs", "fn token() {}"),
                ("src/token.rs", "// token"),
            ],
            &["src/token.rs", "src/b.rs", "src/a.rs"],
        ),
        (
            "Fix AuthError",
            &[("src/a.rs", "fn f() -> AuthError {}"), ("src/b.rs", "struct AuthError;")],
            &["src/b.rs", "src/a.rs"],
        ),
        (
            "Fix the token in src/z.rs",
            &[("src/token.rs", "fn token() {}"), ("src/z.rs", "")],
            &["src/z.rs", "src/token.rs"],
        ),
        (
            "Fix the session cookie",
            &[
                ("src/a.rs", "// a session, then a long cookie"),
                ("src/b.rs", "// session cookie, so long then a"),
            ],
            &["src/b.rs", "src/a.rs"],
        ),
        (
            "Fix the login",
            &[
                ("src/a.rs", "fn login() {}"),
                ("tests/a.rs", "fn login() {}"),
                ("vendor/a.rs", "fn login() {}"),
            ],
            &["src/a.rs", "tests/a.rs"],
        ),
    ];
    for (request, files, expected) in table {
        assert_eq!(ranked(&analysis_of(files, request)), expected, "{request}");
    }
}

#[test]
fn what_cannot_be_read_as_text_is_survived() {
    let files: [(&[u8], &[u8]); 4] = [
        (b"src/a.rs", b"fn login() {} \xff\xfe"),
        (b"src/\xff.rs", b"fn login() {}"),
        (b"src/b.rs", b"login\0binary"),
        (b"Cargo.toml", b"[package\nname ="),
    ];
    let source = Memory::new(&files);
    let analysis = analyze(&source, "Fix login", &|_| {}).expect("memory can be read");
    assert_eq!(analysis.ranked.len(), 2);
    let document = Document::new(&analysis, "c0ffee", &[], "");
    let json = serde_json::to_value(&document).expect("a document is JSON");
    let coded =
        json["files"].as_array().expect("a list").iter().find(|f| f["path_bytes"].is_string());
    assert_eq!(coded.expect("one path is no UTF-8")["path_bytes"], "c3JjL/8ucnM=");
}
