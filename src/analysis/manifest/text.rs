//! Manifests that are programs or markup: only names and lists that stand there plainly are
//! read, nothing is evaluated.

use super::Manifest;

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    match manifest.tool() {
        "maven" => maven(manifest, text),
        "gradle" => gradle(manifest, text),
        "cmake" => cmake(manifest, text),
        "meson" => {
            manifest.name = quoted_after(text, "project(");
            manifest.module = manifest.name.is_some();
        }
        "ruby" => {
            manifest.name = text.lines().find_map(|line| {
                let (key, value) = line.split_once('=')?;
                key.trim_end().strip_suffix(".name")?;
                first_quoted(value)
            });
            if text.contains("rspec") {
                manifest.tools.insert("rspec".to_owned());
            }
        }
        "composer" => composer(manifest, text),
        "mix" => {
            let app =
                text.split("app:").nth(1).and_then(|rest| rest.trim_start().strip_prefix(':'));
            manifest.name = app.and_then(word);
        }
        "swift" => manifest.name = quoted_after(text, "name:"),
        "dotnet" => {
            let name = String::from_utf8_lossy(manifest.path.file_name()).into_owned();
            manifest.name = name.rsplit_once('.').map(|(stem, _)| stem.to_owned());
        }
        _ => {}
    }
}

/// The first `artifactId` that is not that of the parent or of a dependency, and `<module>`s.
fn maven(manifest: &mut Manifest, text: &str) {
    let own = match (text.find("<parent>"), text.find("</parent>")) {
        (Some(start), Some(end)) if start < end => [&text[..start], &text[end..]].concat(),
        _ => text.to_owned(),
    };
    let ends = ["<dependencies>", "<dependencyManagement>", "<build>", "<profiles>"];
    let head = ends.iter().filter_map(|end| own.find(end)).min().map_or(&*own, |at| &own[..at]);
    manifest.name = tagged(head, "artifactId").next();
    manifest.members = tagged(text, "module").collect();
}

/// What stands in each element of a name.
fn tagged<'t>(text: &'t str, name: &str) -> impl Iterator<Item = String> + 't {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts: Vec<&str> = text.split(open.as_str()).skip(1).collect();
    parts.into_iter().filter_map(move |part| {
        part.split_once(close.as_str()).map(|(inner, _)| inner.trim().to_owned())
    })
}

/// `rootProject.name = "x"`, and the projects of `include ':a', ':b:c'`. Settings alone make
/// no module.
fn gradle(manifest: &mut Manifest, text: &str) {
    let settings = manifest.path.file_name().starts_with(b"settings");
    manifest.name = text.lines().find_map(|line| {
        let rest = line.trim_start().strip_prefix("rootProject.name")?;
        first_quoted(rest)
    });
    if !settings {
        return;
    }
    manifest.module = manifest.path.parent().is_none();
    for line in text.lines() {
        let Some(rest) = line.trim_start().strip_prefix("include") else { continue };
        if rest.starts_with([' ', '(', '\t']) {
            let projects = rest.split(['"', '\'']).skip(1).step_by(2);
            manifest.members.extend(
                projects
                    .map(|p| p.trim_start_matches(':').replace(':', "/"))
                    .filter(|p| !p.is_empty()),
            );
        }
    }
}

/// A `CMakeLists.txt` makes a module where it has a project or a target of its own.
fn cmake(manifest: &mut Manifest, text: &str) {
    let called = |function: &str| {
        text.lines().find_map(|line| {
            let line = line.trim_start();
            let same = line.get(..function.len())?.eq_ignore_ascii_case(function);
            same.then(|| word(line[function.len()..].trim_start())).flatten()
        })
    };
    let named = ["project(", "add_library(", "add_executable("].iter().find_map(|f| called(f));
    manifest.module = named.is_some() || manifest.path.parent().is_none();
    manifest.name = named;
}

fn composer(manifest: &mut Manifest, text: &str) {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return };
    manifest.name = value.get("name").and_then(|name| name.as_str()).map(str::to_owned);
    let scripts = value.get("scripts").and_then(|scripts| scripts.as_object());
    manifest.tools.extend(scripts.into_iter().flatten().map(|(name, _)| name.clone()));
}

/// The letters, digits, `_`, `-` and `.` that a text begins with.
fn word(text: &str) -> Option<String> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let word: String = text.chars().take_while(|c| part(*c)).collect();
    (!word.is_empty()).then_some(word)
}

fn quoted_after(text: &str, mark: &str) -> Option<String> {
    first_quoted(text.split(mark).nth(1)?)
}

/// What stands between the first quotes.
fn first_quoted(text: &str) -> Option<String> {
    let mut parts = text.split(['"', '\'']);
    let inner = parts.nth(1).map(str::to_owned)?;
    parts.next().map(|_| inner).filter(|inner| !inner.is_empty())
}
