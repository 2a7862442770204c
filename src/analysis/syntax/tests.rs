//! What the grammars find in tricky sources, and that hostile ones end.

use super::*;

/// A language, a text, the imports as `target: symbols`, the definitions.
type Row = (Language, &'static str, &'static [&'static str], &'static [&'static str]);

fn check(rows: &[Row]) {
    let mut reader = Reader::new();
    for (language, text, imports, definitions) in rows {
        let syntax = reader.read(*language, text);
        let shown: Vec<String> = syntax
            .imports
            .iter()
            .map(|s| {
                let child = if s.child { "mod " } else { "" };
                format!("{child}{}: {}", s.target, s.symbols.join(","))
            })
            .collect();
        assert_eq!(shown, *imports, "imports of {text}");
        assert_eq!(syntax.definitions, *definitions, "definitions of {text}");
        assert!(!syntax.approximate, "{text}");
    }
}

#[test]
fn rust() {
    check(&[
        (
            Language::Rust,
            "mod a;\npub(in crate::x) mod b;\nuse crate::x::{Y, z::{self, W as V, q::*}};\nuse std::{\n    io, // why\n    fs::File,\n};\nextern crate foo as bar;\npub use self::a::T;",
            &[
                "mod a: ",
                "mod b: ",
                "crate::x::Y: Y",
                "crate::x::z: z",
                "crate::x::z::W: W",
                "crate::x::z::q: ",
                "std::io: io",
                "std::fs::File: File",
                "foo: foo",
                "self::a::T: T",
            ],
            &["a", "b"],
        ),
        (
            Language::Rust,
            "#[path = \"other/x.rs\"]\nmod x;\n#[cfg_attr(unix, path = \"u.rs\")]\n#[cfg_attr(windows, path = \"w.rs\")]\nmod sys;\nmod out { mod inner; use super::x; use super::super::up; fn f() { super::x::g(); self::inner::h() } }\ninclude!(\"gen.rs\");",
            &[
                "mod ./other/x.rs: ",
                "mod ./u.rs: ",
                "mod ./w.rs: ",
                "mod out/inner: ",
                "self::x: x",
                "super::up: up",
                "mod ./gen.rs: ",
                "self::out::inner::h: h",
                "self::x::g: g",
            ],
            &["f", "inner", "out", "sys", "x"],
        ),
        (
            Language::Rust,
            "use crate::tool;\n/// use crate::doc::D;\nfn f() -> crate::kind::Kind {\n    use super::local::L;\n    let s = \"crate::string::S\";\n    tool::sharpen(Vec::<crate::deep::T>::new());\n    println!(\"{}\", crate::token::name());\n    std::mem::drop(s); String::new(); self.x\n}\nmacro_rules! m { () => { $crate::expanded::E } }",
            &[
                "crate::tool: tool",
                "super::local::L: L",
                "crate::deep::T: T",
                "crate::expanded::E: E",
                "crate::kind::Kind: Kind",
                "crate::token::name: name",
                "crate::tool::sharpen: sharpen",
            ],
            &["f", "m"],
        ),
    ]);
}

#[test]
fn python() {
    check(&[
        (
            Language::Python,
            "import os, a.b as c\nfrom . import d\nfrom ..e.f import (\n    G,  # why\n    H as I,\n)\nfrom x import *\nfrom .y import z; import w\nc.use(); c.Other; w.go",
            &["os: ", "a.b: use,Other", ".: d", "..e.f: G,H", "x: ", ".y: z", "w: go"],
            &[],
        ),
        (
            Language::Python,
            "\"\"\"\nimport doc\nfrom doc import x\n\"\"\"\nfrom __future__ import annotations\nif TYPE_CHECKING:\n    from .t import T\ntry:\n    import fast\nexcept ImportError:\n    import slow as fast\n# import no\nclass A(B):\n    x = 1\n    async def f(self):\n        from .late import L\n        y = importlib.import_module(\"a.late\")\nC: int = 1\nD, E = 1, 2\n",
            &[".t: T", "fast: ", "slow: ", ".late: L", "a.late: "],
            &["A", "C", "D", "E", "f"],
        ),
    ]);
}

#[test]
fn web() {
    check(&[
        (
            Language::TypeScript,
            "import a from './a'\nimport type { B, C as D } from \"../b\"\nimport n, * as e from './e.js'\nimport './side'\nexport * from './g'\nexport { x as y, default as z } from './h'\nimport q = require('./q')\nexport { local }\ne.one; var t: e.Two; e.one()\ntype T = import('./types').K",
            &[
                "./a: ",
                "../b: B,C",
                "./e.js: one,Two",
                "./side: ",
                "./g: ",
                "./h: x",
                "./q: ",
                "./types: ",
            ],
            &["T", "t"],
        ),
        (
            Language::JavaScript,
            "// import './no'\nconst s = \"import './no'\", t = `require('./no')`\nconst { a, b: c } = require('./h')\nasync function f() { const { d } = await import(`./i`); const local = 1; require(s) }\nexports.g = function () {}\nP.prototype.h = () => {}\nexport const view = () => <A href='./no'>import './no'</A>\nnew Worker(new URL('./w.js', import.meta.url))\nclass K { static m() {} }",
            &["./h: a,b", "./i: d", "./w.js: "],
            &["K", "f", "g", "h", "m", "s", "t", "view"],
        ),
        (
            Language::Vue,
            "<template><p>import x from './no'</p></template>\n<script setup lang=\"ts\">\nimport { a } from './a'\nconst b: number = 1\n</script>\n<style>@import './no'</style>",
            &["./a: a"],
            &["b"],
        ),
        (
            Language::TypeScript,
            "const a = <T>b; export abstract class C<T> { f?(): void }",
            &[],
            &["C", "a"],
        ),
        (Language::TypeScript, "const a = <p>x</p>\nimport b from 'b'", &["b: "], &["a"]),
    ]);
}

#[test]
fn go_and_java() {
    check(&[
        (
            Language::Go,
            "package a\n// import \"no\"\nimport (\n\t\"fmt\"\n\tr \"x.org/m/render\"\n\t_ \"x.org/m/side\"\n\t\"x.org/n/v2\"\n)\nconst (\n\tA = 1\n\tb\n)\ntype R struct { next *Node }\nfunc (c *Context) JSON(code int) { x := helper(code); r.JSON(r.Data{}, x); fmt.Println(`x.No`); var local r.Kind; n.Go(local, A) }",
            &[
                "fmt: Println",
                "x.org/m/render: Data,JSON,Kind",
                "x.org/m/side: ",
                "x.org/n/v2: Go",
                ".: Context,Node,helper",
            ],
            &["A", "JSON", "R", "b"],
        ),
        (
            Language::Java,
            "package p.q;\nimport a.b.C;\nimport static a.D.e;\nimport x.*;\n/** import no.No; */\npublic class K<T> extends Base { K() {} @Note C go(Other o) { return Factory.make(\"import z.Z;\"); } enum E { ONE } }",
            &[
                "a.b.C: C",
                "a.D.e: e",
                "x.*: Base,Factory,Note,ONE,Other,T",
                ".p.q: Base,Factory,Note,ONE,Other,T",
            ],
            &["E", "K", "go"],
        ),
    ]);
}

#[test]
fn native_and_ruby() {
    check(&[
        (
            Language::C,
            "#include \"a/b.h\"\n#ifdef X\n# include <sys/c.h>\n#endif\n/* #include \"no.h\" */\n#define MAX 1\n#define F(x) x\nstruct node { int a; };\ntypedef struct { int b; } tree_t;\nint *parse(char *s);\nstatic int run(void) { struct node n; int local(void); return 0; }",
            &["a/b.h: ", "<sys/c.h>: "],
            &["F", "MAX", "node", "parse", "run", "tree_t"],
        ),
        (
            Language::Cpp,
            "#include \"k.hpp\"\nnamespace n {\ntemplate <class T> class K : public B { public: void go(int a) const; int field; ~K(); };\nvoid K<int>::run() {}\nusing Alias = int;\nenum class E { A };\n}",
            &["k.hpp: "],
            &["Alias", "E", "K", "go", "n", "run", "~K"],
        ),
        (
            Language::Ruby,
            "require_relative 'a/b'\nrequire \"c\"\n# require 'no'\nautoload :D, 'x/d'\nmodule M\n  class N::K < Base\n    LIMIT = 1\n    def self.go; Other::Thing.new(LIMIT); end\n    def ask?; end\n  end\nend\nrequire \"#{x}\"",
            &[
                "./a/b: ",
                "c: ",
                "x/d: D",
                "::M::N::K/Base: ",
                "::M::N::K/N::K: ",
                "::M::N::K/Other::Thing: ",
            ],
            &["K", "LIMIT", "M", "ask?", "go"],
        ),
    ]);
}

#[test]
fn what_no_grammar_reads_is_approximate() {
    let mut reader = Reader::new();
    let kotlin = reader.read(Language::Kotlin, "import a.b.C\nclass K");
    assert!(kotlin.approximate);
    assert_eq!(kotlin.definitions, ["K"]);
    assert_eq!(kotlin.imports[0].target, "a.b.C");
    let wrong = reader.read(Language::Go, &"}{ ]] ==> <% ~~ %>\n".repeat(100));
    assert!(wrong.approximate);
    let long = format!("def f(): pass\n{}", "# a line\n".repeat(TEXT_LIMIT / 8));
    assert!(reader.read(Language::Python, &long).approximate);
    // An error in one place leaves the rest to the grammar.
    let partly = reader.read(Language::Rust, "use crate::a;\nfn f( { }\nfn g() {}\nstruct S;\n");
    assert!(!partly.approximate);
    assert_eq!(partly.imports[0].target, "crate::a");
}

#[test]
fn programs_and_inline_tests_are_seen() {
    let mut reader = Reader::new();
    assert!(reader.read(Language::Go, "package main\n").starts_program);
    assert!(reader.read(Language::Python, "if __name__ == '__main__':\n    f()").starts_program);
    assert!(!reader.read(Language::Rust, "fn main() {}").starts_program);
    assert!(reader.read(Language::Rust, "#[cfg(test)]\nmod tests {}").inline_tests);
}

const GRAMMARS: [Language; 10] = [
    Language::Rust,
    Language::Python,
    Language::JavaScript,
    Language::TypeScript,
    Language::Svelte,
    Language::Go,
    Language::Java,
    Language::C,
    Language::Cpp,
    Language::Ruby,
];

#[test]
fn deep_nesting_ends() {
    let mut reader = Reader::new();
    let units =
        ["(", "{[", "a(", "a<", "a::{", "mod a { mod b;", "-", "<a>", "if x:\n", "module A\nB\n"];
    for language in GRAMMARS {
        for unit in units {
            let text = unit.repeat(100_000);
            reader.read(language, &text);
        }
    }
}

#[test]
fn random_bytes_end() {
    let mut reader = Reader::new();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words = [
        "import ", "from ", "use ", "{", "}", "(", ")", "\n", "\n    ", "\"", "'", "`", "class ",
        "def ", "fn ", "=>", "::", ".", "/*", "//", "#", "<<A\n", "é", "\u{0}", "x", "1", ";", ",",
        "<", ">", "${", "#{", "R\"(", "%w[", "'''",
    ];
    for language in GRAMMARS {
        for _ in 0..20 {
            let bytes: Vec<u8> = (0..2000).map(|_| next().to_le_bytes()[0]).collect();
            reader.read(language, &String::from_utf8_lossy(&bytes));
            let length = words.len() as u64;
            let text: String = (0..2000)
                .map(|_| words[usize::try_from(next() % length).expect("a small number")])
                .collect();
            reader.read(language, &text);
        }
    }
}
