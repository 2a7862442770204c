//! Java, Kotlin and Scala: a class is a file below the directories of its package.

use super::super::Statement;
use super::super::layout::{Layout, join, parent};

/// `a.b.C`, a member of it, `a.b.*` with the classes that may be meant, or `.a.b`, the
/// package of the file itself.
pub(super) fn targets(
    layout: &Layout<'_>,
    path: &str,
    statement: &Statement,
) -> Vec<(usize, Vec<String>)> {
    let target = statement.target.as_str();
    let package = target.strip_prefix('.').or_else(|| target.strip_suffix(".*"));
    let Some(package) = package else {
        let found = virtual_machine(layout, path, target);
        return found.map(|to| (to, statement.symbols.clone())).into_iter().collect();
    };
    let directory = package.replace('.', "/");
    let classes = statement.symbols.iter().filter_map(|class| {
        let to = class_file(layout, path, &join(&directory, class))?;
        Some((to, vec![class.clone()]))
    });
    // `import static a.B.*` means members of one class.
    let whole = target.ends_with(".*").then(|| class_file(layout, path, &directory)).flatten();
    classes.chain(whole.map(|to| (to, Vec::new()))).collect()
}

fn virtual_machine(layout: &Layout<'_>, from: &str, target: &str) -> Option<usize> {
    let path = target.replace('.', "/");
    // `import static a.B.c` names a member of the class before it.
    [path.as_str(), parent(&path).unwrap_or_default()]
        .into_iter()
        .filter(|base| !base.is_empty())
        .find_map(|base| class_file(layout, from, base))
}

fn class_file(layout: &Layout<'_>, from: &str, base: &str) -> Option<usize> {
    ["java", "kt", "scala"]
        .iter()
        .find_map(|ending| layout.by_suffix_near(&format!("{base}.{ending}"), from))
}
