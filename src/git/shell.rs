//! Programs of the user that are run as git runs them: the editor, and hooks that were there
//! before ours.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

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

/// Runs a hook with the arguments, the input and the environment that git gave us. Returns its
/// exit code; 128 and the signal's number where one ended it. As for git, a script without a
/// first line that says what runs it is run by `sh`.
pub fn hook(file: &Path, arguments: &[OsString], input: Option<&[u8]>) -> Result<u8> {
    use std::os::unix::process::ExitStatusExt as _;
    let starting = || format!("cannot run the hook {}", file.display());
    let mut child = match started(file, &[], arguments, input.is_some()) {
        Err(e) if e.raw_os_error() == Some(ENOEXEC) => {
            started(Path::new("sh"), &[file.as_os_str().to_owned()], arguments, input.is_some())
                .with_context(starting)?
        }
        child => child.with_context(starting)?,
    };
    let status = std::thread::scope(|scope| {
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), input) {
            // A hook need not read what it is given.
            scope.spawn(move || pipe.write_all(bytes).ok());
        }
        child.wait()
    });
    let status = status.with_context(starting)?;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// The system's answer to a file that is no program (execve(2)).
const ENOEXEC: i32 = 8;

#[expect(clippy::disallowed_methods, reason = "this is the place that starts chained hooks")]
fn started(
    program: &Path,
    first: &[OsString],
    arguments: &[OsString],
    piped: bool,
) -> std::io::Result<std::process::Child> {
    // git connects a hook's standard output to its standard error (githooks(5)).
    let stdin = if piped { Stdio::piped() } else { Stdio::inherit() };
    Command::new(program).args(first).args(arguments).stdin(stdin).spawn()
}
