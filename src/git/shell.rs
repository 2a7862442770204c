//! The one shell command that is run as git runs it: the editor that the user has configured.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

/// Opens `file` in `editor`, a shell command as `git var GIT_EDITOR` prints it. The file is an
/// argument of the shell, never part of the command's text. Returns whether the editor ended
/// well.
#[expect(clippy::disallowed_methods, reason = "this is the place that starts the editor")]
pub fn edit(editor: &str, file: &Path) -> Result<bool> {
    let script = format!("{editor} \"$@\"");
    let status = Command::new("sh")
        .args(["-c", &script, editor])
        .arg(file)
        .status()
        .with_context(|| format!("cannot start the editor `{editor}`"))?;
    Ok(status.success())
}
