//! `pyproject.toml`, `setup.cfg` and `setup.py`: the first is TOML, the second INI, the third a
//! program of which only what is certain is read.

use super::Manifest;

/// Test runners that a manifest may name.
const TOOLS: &[&str] = &["pytest", "tox", "nox"];

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    for tool in TOOLS {
        if text.contains(tool) {
            manifest.tools.insert((*tool).to_owned());
        }
    }
    match manifest.path.file_name() {
        b"pyproject.toml" => project(manifest, text),
        b"setup.cfg" => config(manifest, text),
        _ => manifest.name = argument(text),
    }
}

fn project(manifest: &mut Manifest, text: &str) {
    let Ok(table) = text.parse::<toml::Table>() else { return };
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry"));
    for section in [table.get("project"), poetry].into_iter().flatten() {
        let name = section.get("name").and_then(|name| name.as_str());
        manifest.name = manifest.name.take().or_else(|| name.map(str::to_owned));
        for key in ["scripts", "gui-scripts"] {
            let scripts = section.get(key).and_then(toml::Value::as_table);
            for target in scripts.into_iter().flatten().filter_map(|(_, value)| value.as_str()) {
                enters(manifest, target);
            }
        }
    }
}

/// `name` of `[metadata]`, and the lines `x = a.b:c` below `console_scripts`.
fn config(manifest: &mut Manifest, text: &str) {
    let mut section = "";
    let mut scripts = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name;
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        if !line.starts_with([' ', '\t']) {
            scripts = key.trim() == "console_scripts";
            if section == "metadata" && key.trim() == "name" && manifest.name.is_none() {
                manifest.name = Some(value.trim().to_owned());
            }
        } else if scripts {
            enters(manifest, value.trim());
        }
    }
}

/// The text behind `name=` of a call of `setup`.
fn argument(text: &str) -> Option<String> {
    let behind = text.split("setup(").nth(1)?.split("name").nth(1)?.trim_start();
    let value = behind.strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_owned)
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
