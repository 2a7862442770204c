//! The script that git runs: it finds the program and hands over to it.

use std::path::Path;

/// The hooks that are installed.
pub const NAMES: [&str; 4] = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];

const SHIM: &str = include_str!("../../../hooks/shim.sh");
/// What the second line of every shim begins with, also of those of other versions.
const SIGN: &str = "# git ap: made by `git ap hook install`";

/// The script of a hook.
pub(super) fn text(name: &str, program: &Path) -> Vec<u8> {
    let quoted = quoted(program);
    SHIM.replace("@NAME@", name).replace("@PROGRAM@", &quoted).into_bytes()
}

/// Whether a file is a shim of any version.
pub(super) fn is_ours(file: &Path) -> bool {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().nth(1).is_some_and(|line| line.starts_with(SIGN))
}

/// A path as one word of a shell. One that is not UTF-8 is left to `PATH`.
fn quoted(program: &Path) -> String {
    let text = program.to_str().unwrap_or_default();
    format!("'{}'", text.replace('\'', "'\\''"))
}
