//! `pyproject.toml`, `setup.cfg` and `setup.py`: the first is TOML, the second INI, the third a
//! program of which only what is certain is read.

use toml::Value;

use super::{Links, Manifest, texts};

/// Where a project keeps its packages, relative to its manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Python {
    /// Directories whose entries are importable by their names.
    pub roots: Vec<String>,
    /// Packages that lie in a directory of another name.
    pub packages: Vec<(String, String)>,
}

impl Python {
    fn root(&mut self, directory: &str) {
        self.roots.push(directory.to_owned());
    }

    /// A package by its directory: what is above it is a root.
    fn package(&mut self, directory: &str) {
        let directory = directory.trim_end_matches('/');
        self.root(directory.rsplit_once('/').map_or("", |(above, _)| above));
    }

    /// An entry of a `package_dir`: no name means all packages.
    fn mapped(&mut self, name: &str, directory: &str) {
        if name.is_empty() {
            self.root(directory);
        } else {
            self.packages.push((name.to_owned(), directory.to_owned()));
        }
    }
}

/// Test runners that a manifest may name.
const TOOLS: &[&str] = &["pytest", "tox", "nox"];
/// Where tools of `pyproject.toml` keep one directory or a list of directories that are roots.
const ROOTS: &[&[&str]] = &[
    &["setuptools", "packages", "find", "where"],
    &["pytest", "ini_options", "pythonpath"],
    &["pdm", "build", "package-dir"],
    &["maturin", "python-source"],
    &["uv", "build-backend", "module-root"],
    &["hatch", "build", "sources"],
    &["hatch", "build", "targets", "wheel", "sources"],
];
/// Where hatch lists directories of packages.
const PACKAGES: &[&[&str]] =
    &[&["hatch", "build", "packages"], &["hatch", "build", "targets", "wheel", "packages"]];

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    for tool in TOOLS {
        if text.contains(tool) {
            manifest.tools.insert((*tool).to_owned());
        }
    }
    let mut python = Python::default();
    match manifest.path.file_name() {
        b"pyproject.toml" => project(manifest, &mut python, text),
        b"setup.cfg" => config(manifest, &mut python, text),
        _ => {
            manifest.name = argument(text);
            called(&mut python, text);
        }
    }
    manifest.links = Links::Python(python);
}

fn project(manifest: &mut Manifest, python: &mut Python, text: &str) {
    let Ok(table) = text.parse::<toml::Table>() else { return };
    let tools = table.get("tool");
    let poetry = tools.and_then(|tool| tool.get("poetry"));
    for section in [table.get("project"), poetry].into_iter().flatten() {
        let name = section.get("name").and_then(|name| name.as_str());
        manifest.name = manifest.name.take().or_else(|| name.map(str::to_owned));
        for key in ["scripts", "gui-scripts"] {
            let scripts = section.get(key).and_then(Value::as_table);
            for target in scripts.into_iter().flatten().filter_map(|(_, value)| value.as_str()) {
                enters(manifest, target);
            }
        }
    }
    let Some(tools) = tools else { return };
    let at = |keys: &[&str]| keys.iter().try_fold(tools, |value, key| value.get(*key));
    for root in ROOTS.iter().filter_map(|keys| at(keys)).flat_map(one_or_more) {
        python.root(&root);
    }
    for directory in PACKAGES.iter().flat_map(|keys| texts(at(keys))) {
        python.package(&directory);
    }
    for keys in [&["setuptools", "package-dir"][..], &["setuptools", "package_dir"]] {
        for (name, directory) in at(keys).and_then(Value::as_table).into_iter().flatten() {
            python.mapped(name, directory.as_str().unwrap_or_default());
        }
    }
    let listed = at(&["poetry", "packages"]).and_then(Value::as_array).into_iter().flatten();
    for from in listed.filter_map(|item| item.get("from")).filter_map(Value::as_str) {
        python.root(from);
    }
}

/// A text, or the texts of a list.
fn one_or_more(value: &Value) -> Vec<String> {
    value.as_str().map_or_else(|| texts(Some(value)), |text| vec![text.to_owned()])
}

/// `name` of `[metadata]`, the lines `x = a.b:c` below `console_scripts`, and where packages are.
fn config(manifest: &mut Manifest, python: &mut Python, text: &str) {
    let mut section = "";
    let mut open = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name;
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if line.starts_with([' ', '\t']) {
            match open {
                "console_scripts" => enters(manifest, value),
                "package_dir" => python.mapped(key, value),
                _ => {}
            }
            continue;
        }
        open = key;
        match (section, key) {
            ("metadata", "name") if manifest.name.is_none() => {
                manifest.name = Some(value.to_owned());
            }
            ("options.packages.find", "where") if !value.is_empty() => python.root(value),
            ("options", "package_dir") => {
                for (name, directory) in value.split(',').filter_map(|pair| pair.split_once('=')) {
                    python.mapped(name.trim(), directory.trim());
                }
            }
            _ => {}
        }
    }
}

/// The text behind `name=` of a call of `setup`.
fn argument(text: &str) -> Option<String> {
    let behind = text.split("setup(").nth(1)?.split("name").nth(1)?.trim_start();
    quoted(behind.strip_prefix('=')?).map(|(name, _)| name.to_owned())
}

/// `package_dir={"": "src"}`, `find_packages("src")` and `find_packages(where="src")`.
fn called(python: &mut Python, text: &str) {
    let listed = text.split("package_dir").nth(1).and_then(|rest| {
        let rest = rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('{')?;
        rest.split('}').next()
    });
    let mut rest = listed.unwrap_or_default();
    while let Some((name, behind)) = quoted(rest)
        && let Some(behind) = behind.trim_start().strip_prefix(':')
        && let Some((directory, behind)) = quoted(behind)
    {
        python.mapped(name, directory);
        rest = behind.trim_start().trim_start_matches(',');
    }
    for call in ["find_packages(", "find_namespace_packages("] {
        for rest in text.split(call).skip(1) {
            let rest = rest.trim_start();
            let value = rest
                .strip_prefix("where")
                .map_or(rest, |rest| rest.trim_start().strip_prefix('=').unwrap_or_default());
            if let Some((directory, _)) = quoted(value) {
                python.root(directory);
            }
        }
    }
}

/// The quoted text that a text begins with, and what comes behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split_once(quote)
}

/// `package.module:function` means a file of the package, beside the manifest or below `src`.
fn enters(manifest: &mut Manifest, target: &str) {
    let module = target.split([':', ' ']).next().unwrap_or_default().replace('.', "/");
    if module.is_empty() {
        return;
    }
    for root in ["", "src/"] {
        manifest.entries.push(format!("{root}{module}.py"));
        manifest.entries.push(format!("{root}{module}/__init__.py"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::manifest::ManifestKind;
    use crate::domain::path::RepoPath;

    #[test]
    fn packages_lie_where_the_manifest_says() {
        type Row = (
            &'static str,
            &'static str,
            &'static [&'static str],
            &'static [(&'static str, &'static str)],
        );
        let table: [Row; 12] = [
            ("pyproject.toml", "[tool.setuptools.packages.find]\nwhere = [\"src\"]", &["src"], &[]),
            (
                "pyproject.toml",
                "[tool.setuptools]\npackage-dir = {\"\" = \"lib\", a = \"b/c\"}",
                &["lib"],
                &[("a", "b/c")],
            ),
            (
                "pyproject.toml",
                "[tool.hatch.build.targets.wheel]\npackages = [\"src/foo\", \"bar\"]",
                &["src", ""],
                &[],
            ),
            (
                "pyproject.toml",
                "[[tool.poetry.packages]]\ninclude = \"p\"\nfrom = \"code\"",
                &["code"],
                &[],
            ),
            ("pyproject.toml", "[tool.maturin]\npython-source = \"py\"", &["py"], &[]),
            ("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = \"a\"", &["a"], &[]),
            ("pyproject.toml", "[project]\nname = \"x\"", &[], &[]),
            (
                "setup.cfg",
                "[options]\npackage_dir =\n    = src\n    q = r\n[options.packages.find]\nwhere = w",
                &["src", "w"],
                &[("q", "r")],
            ),
            ("setup.cfg", "[options]\npackage_dir = =src", &["src"], &[]),
            (
                "setup.py",
                "setup(name='s', package_dir={'': 'src', \"a\": \"b\"}, packages=find_packages('src'))",
                &["src", "src"],
                &[("a", "b")],
            ),
            ("setup.py", "setup(packages=find_packages(where = \"lib\"))", &["lib"], &[]),
            ("setup.py", "setup(package_dir=where(), packages=find_packages())", &[], &[]),
        ];
        for (path, text, roots, packages) in table {
            let path = RepoPath::new(path).expect("a path");
            let read = Manifest::read(&path, ManifestKind::Python, text).links;
            let packages =
                packages.iter().map(|(n, d)| ((*n).to_owned(), (*d).to_owned())).collect();
            let roots = roots.iter().map(|root| (*root).to_owned()).collect();
            assert_eq!(read, Links::Python(Python { roots, packages }), "{text}");
        }
    }
}
