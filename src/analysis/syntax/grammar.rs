//! The grammars, and which of them may read a text.

use tree_sitter::Language as Syntax;

use super::walk::Act;
use super::{go, java, native, python, ruby, rust, web};
use crate::analysis::language::Language;

/// A grammar that is compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    Rust,
    Python,
    JavaScript,
    TypeScript,
    Tsx,
    Go,
    Java,
    C,
    Cpp,
    Ruby,
}

impl Grammar {
    /// How many there are.
    pub(super) const COUNT: usize = 10;

    /// The grammar's parse table.
    pub(super) fn syntax(self) -> Syntax {
        match self {
            Self::Rust => tree_sitter_rust::LANGUAGE,
            Self::Python => tree_sitter_python::LANGUAGE,
            Self::JavaScript => tree_sitter_javascript::LANGUAGE,
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
            Self::Go => tree_sitter_go::LANGUAGE,
            Self::Java => tree_sitter_java::LANGUAGE,
            Self::C => tree_sitter_c::LANGUAGE,
            Self::Cpp => tree_sitter_cpp::LANGUAGE,
            Self::Ruby => tree_sitter_ruby::LANGUAGE,
        }
        .into()
    }

    /// What its kinds of nodes mean here; kinds that are not listed are passed through.
    pub(super) fn acts(self) -> &'static [(&'static str, Act)] {
        match self {
            Self::Rust => rust::ACTS,
            Self::Python => python::ACTS,
            Self::JavaScript | Self::TypeScript | Self::Tsx => web::ACTS,
            Self::Go => go::ACTS,
            Self::Java => java::ACTS,
            Self::C | Self::Cpp => native::ACTS,
            Self::Ruby => ruby::ACTS,
        }
    }
}

/// The grammars for a text, the likeliest first. The next is asked where one finds errors.
pub(super) fn candidates(language: Language, text: &str) -> &'static [Grammar] {
    match language {
        Language::Rust => &[Grammar::Rust],
        Language::Python => &[Grammar::Python],
        // Types in a `.js` file are Flow's, which look like TypeScript's.
        Language::JavaScript if text.contains("@flow") => &[Grammar::Tsx, Grammar::JavaScript],
        Language::JavaScript => &[Grammar::JavaScript],
        // Casts as `<T>x` and elements as `<a/>` exclude each other.
        Language::TypeScript | Language::Vue | Language::Svelte => {
            if text.contains("/>") || text.contains("</") {
                &[Grammar::Tsx, Grammar::TypeScript]
            } else {
                &[Grammar::TypeScript]
            }
        }
        Language::Go => &[Grammar::Go],
        Language::Java => &[Grammar::Java],
        // A header does not say which of the two it belongs to.
        Language::C if ["class ", "namespace ", "template"].iter().any(|w| text.contains(w)) => {
            &[Grammar::Cpp, Grammar::C]
        }
        Language::C => &[Grammar::C],
        Language::Cpp => &[Grammar::Cpp],
        Language::Ruby => &[Grammar::Ruby],
        _ => &[],
    }
}
