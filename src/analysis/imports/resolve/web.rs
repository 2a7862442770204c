//! JavaScript and TypeScript: paths with or without an ending, names that `tsconfig.json` gives
//! to files, and packages of the same repository by what they offer.

use std::collections::BTreeMap;

use super::super::layout::{Layout, join, normalise, parent};
use super::aliases::Aliasing;
use crate::analysis::inventory::holds;
use crate::analysis::manifest::{BUILT, Links, Manifest, Npm, Offer, Redirect};

/// The packages of a codebase.
#[derive(Default)]
pub(in crate::analysis::imports) struct Packages {
    /// By the directory of their `package.json`.
    at: BTreeMap<String, Npm>,
    /// Where the package of a name is; nothing where there are several.
    known: BTreeMap<String, Option<String>>,
    aliases: Aliasing,
}

/// A file that an import means.
#[derive(Clone, Copy)]
pub(super) struct Meant {
    pub(super) file: usize,
    /// Whether nothing says so in so many words.
    pub(super) approximate: bool,
}

impl Meant {
    fn certain(file: usize) -> Self {
        Self { file, approximate: false }
    }
}

impl Packages {
    /// What the manifests say of packages, and `tsconfig.json` of names.
    pub(in crate::analysis::imports) fn new(
        manifests: &[Manifest],
        redirects: &[Redirect],
    ) -> Self {
        let mut packages = Self::default();
        for manifest in manifests {
            let Links::Npm(npm) = &manifest.links else { continue };
            packages.at.insert(manifest.directory(), (**npm).clone());
            if let Some(name) = &manifest.name {
                let several = |known: &mut Option<String>| *known = None;
                let known = packages.known.entry(name.clone()).and_modify(several);
                known.or_insert_with(|| Some(manifest.directory()));
            }
        }
        packages.aliases = Aliasing::new(redirects, |name| packages.known.get(name)?.clone());
        packages
    }

    /// The directory of the package that a name means in a file, and whether a manifest above
    /// the file says so.
    fn directory(&self, path: &str, name: &str) -> Option<(String, bool)> {
        let mut declared = false;
        for directory in above(path) {
            let Some(npm) = self.at.get(directory) else { continue };
            if let Some((_, place)) = npm.linked.iter().find(|(linked, _)| linked == name) {
                return normalise(directory, place).map(|place| (place, true));
            }
            declared |= npm.uses.contains(name);
        }
        let place = self.known.get(name)?.as_deref()?;
        declared |= holds(place, path);
        (declared || !NODE.contains(&name)).then(|| (place.to_owned(), declared))
    }
}

/// Modules that a package must not be taken for unless a manifest asks for it: what Node.js
/// brings by such a plain name.
const NODE: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "worker_threads",
    "zlib",
];

/// The directories above a file, the innermost first.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path).or(Some("")), |directory| {
        (!directory.is_empty()).then(|| parent(directory).unwrap_or_default())
    })
}

/// Endings that bundlers and Node try, in an order that prefers sources.
const ENDINGS: &[&str] =
    &["", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".d.ts"];
/// Files that stand for their directory.
const INDICES: &[&str] =
    &["index.ts", "index.tsx", "index.js", "index.jsx", "index.mjs", "index.vue"];
/// TypeScript writes the ending that its output will have.
const WRITTEN: &[(&str, &str)] = &[
    (".js", ".ts"),
    (".js", ".tsx"),
    (".mjs", ".mts"),
    (".cjs", ".cts"),
    (".jsx", ".tsx"),
    (".js", ".d.ts"),
    (".d.ts", ".ts"),
];

/// The file that a specifier means.
pub(super) fn target(layout: &Layout<'_>, path: &str, specifier: &str) -> Option<Meant> {
    if specifier.starts_with('.') {
        let plain = specifier.split(['?', '#']).next().unwrap_or_default();
        let base = normalise(parent(path).unwrap_or_default(), plain)?;
        return file(layout, &base).or_else(|| built(layout, &base));
    }
    let plain = specifier.split('?').next().unwrap_or_default();
    if let Some(found) = layout.packages.aliases.of(layout, path, plain) {
        return Some(found);
    }
    if plain.starts_with('#') {
        let (directory, npm) =
            above(path).find_map(|directory| layout.packages.at.get_key_value(directory))?;
        return offered(layout, directory, &npm.imports, plain);
    }
    let (name, below) = divided(plain)?;
    let (directory, declared) = layout.packages.directory(path, name)?;
    let found = package(layout, &directory, below)?;
    Some(Meant { approximate: found.approximate || !declared, ..found })
}

/// A package's name and the path inside of it.
fn divided(specifier: &str) -> Option<(&str, &str)> {
    let scope = if specifier.starts_with('@') { specifier.find('/')? + 1 } else { 0 };
    let end = specifier[scope..].find('/').map_or(specifier.len(), |at| scope + at);
    Some((&specifier[..end], specifier[end..].trim_start_matches('/')))
}

/// What a package offers under its name, or below it.
fn package(layout: &Layout<'_>, directory: &str, below: &str) -> Option<Meant> {
    let npm = layout.packages.at.get(directory);
    let exports = npm.map_or(&[][..], |npm| npm.exports.as_slice());
    let name = if below.is_empty() { ".".to_owned() } else { format!("./{below}") };
    if let Some(found) = offered(layout, directory, exports, &name) {
        return Some(found);
    }
    // A list of exports withholds what it does not name. What it names and nobody tracks is built.
    let listed = exports
        .iter()
        .any(|offer| !offer.files.is_empty() && matches(&offer.name, &name).is_some());
    if !below.is_empty() {
        let open = exports.is_empty();
        let inside = path_of(layout, &join(directory, below)).filter(|_| open);
        return inside.map(Meant::certain).or_else(|| {
            let source = path_of(layout, &join(directory, &format!("src/{below}")));
            source.filter(|_| open || listed).map(|file| Meant { file, approximate: true })
        });
    }
    let faces = npm.map_or(&[][..], |npm| npm.faces.as_slice());
    let named = faces.iter().filter(|_| !listed).find_map(|face| placed(layout, directory, face));
    named.or_else(|| {
        let usual = ["src/index", "index", "lib/index"].map(|base| join(directory, base));
        let file = usual.iter().find_map(|base| path_of(layout, base))?;
        Some(Meant { file, approximate: listed || !faces.is_empty() })
    })
}

/// What a list of offers has under a name: the entry that says most of it.
fn offered(layout: &Layout<'_>, directory: &str, offers: &[Offer], name: &str) -> Option<Meant> {
    let fitting = offers.iter().filter_map(|offer| Some((offer, matches(&offer.name, name)?)));
    let (offer, star) = fitting.max_by_key(|(offer, _)| {
        (!offer.name.contains('*'), offer.name.find('*').unwrap_or(offer.name.len()))
    })?;
    offer.files.iter().find_map(|file| placed(layout, directory, &file.replace('*', star)))
}

/// The text that the `*` of a pattern stands for; empty where it has none and is the name.
pub(super) fn matches<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let Some((lead, tail)) = pattern.split_once('*') else {
        return (pattern == name).then_some("");
    };
    name.strip_prefix(lead)?.strip_suffix(tail)
}

/// The source of what is built to a path.
fn built(layout: &Layout<'_>, base: &str) -> Option<Meant> {
    let directory = above(base).find(|d| layout.packages.at.contains_key(*d))?;
    placed(layout, directory, base.strip_prefix(directory)?.trim_start_matches('/'))
}

/// The tracked file at a path of a package, or the source that is built to it.
fn placed(layout: &Layout<'_>, directory: &str, path: &str) -> Option<Meant> {
    let base = normalise(directory, path)?;
    if let Some(file) = path_of(layout, &base) {
        return Some(Meant::certain(file));
    }
    let inside = path.trim_start_matches("./");
    let (_, rest) = inside.split_once('/').filter(|(first, _)| BUILT.contains(first))?;
    let stem = rest.rsplit_once('.').map_or(rest, |(stem, _)| stem);
    let stem = stem.strip_suffix(".d").unwrap_or(stem);
    let source = normalise(directory, &format!("src/{stem}"))?;
    path_of(layout, &source).map(|file| Meant { file, approximate: true })
}

/// The file at a path, with the endings that are left out; a directory means its package.
pub(super) fn file(layout: &Layout<'_>, base: &str) -> Option<Meant> {
    let whole = with_ending(layout, base).map(Meant::certain);
    whole
        .or_else(|| {
            let npm = layout.packages.at.get(base)?;
            npm.faces.iter().find_map(|face| placed(layout, base, face))
        })
        .or_else(|| path_of(layout, base).map(Meant::certain))
}

fn path_of(layout: &Layout<'_>, base: &str) -> Option<usize> {
    with_ending(layout, base)
        .or_else(|| INDICES.iter().find_map(|index| layout.file(&join(base, index))))
}

fn with_ending(layout: &Layout<'_>, base: &str) -> Option<usize> {
    let found = ENDINGS.iter().find_map(|ending| layout.file(&format!("{base}{ending}")));
    found.or_else(|| {
        WRITTEN.iter().find_map(|(written, source)| {
            layout.file(&format!("{}{source}", base.strip_suffix(written)?))
        })
    })
}
