//! The sandbox of workers: the kernel keeps what a worker writes to the directories that its
//! scope needs. It is coarser than the scope, so it only keeps mistakes small; what the scope does
//! not allow is found by whoever looks at the worktree, and by the merge (DESIGN §8).
//!
//! [`rules()`] decides, [`wrap`] prepares a command, and the helper that it starts calls [`enter`].

mod attend;
mod gather;
mod ignored;
#[cfg(target_os = "linux")]
mod kernel;
mod places;
mod rules;

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};

pub use attend::attend;
pub use gather::{Site, rules, rules_apart};
pub use rules::{Place, Rules, Why};

use crate::domain::config::Sandbox;
use crate::domain::error::{Failure, Kind};

/// The name of the rules' file in the folder that is given for it.
pub const FILE: &str = "sandbox.json";

/// From this version on Landlock keeps every way to change a file's contents: before, truncate(2)
/// was free.
const COMPLETE: u32 = 3;

/// From this version on files can be moved between directories; before, Landlock refuses it
/// everywhere.
const MOVING: u32 = 2;

/// What this system can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Landlock, of this version of its interface.
    Landlock(u32),
    /// Nothing, for this reason.
    None(&'static str),
}

/// What keeps workers to their scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InForce {
    /// Landlock, of this version of its interface.
    Landlock(u32),
    /// Nothing, because the system cannot; why.
    Nothing(&'static str),
    /// Nothing, because the owner wants it so.
    Off,
}

/// What this system can do.
pub fn support() -> Support {
    #[cfg(target_os = "linux")]
    return kernel::support();
    #[cfg(not(target_os = "linux"))]
    Support::None("there is no Landlock outside Linux")
}

/// What is in force under a policy. Refused where the policy asks for more than the system can
/// do.
pub fn in_force(policy: Sandbox) -> Result<InForce, Failure> {
    if policy == Sandbox::Off { Ok(InForce::Off) } else { decide(policy, support()) }
}

fn decide(policy: Sandbox, support: Support) -> Result<InForce, Failure> {
    let refuse = |why: &str| {
        let message = format!("workers cannot be kept to their scope: {why}");
        let hint = "set `[run] sandbox = \"auto\"` to run without what is missing";
        Err(Failure::new(Kind::Repository, message).hint(hint))
    };
    match (policy, support) {
        (Sandbox::Off, _) => Ok(InForce::Off),
        (Sandbox::Auto, Support::None(why)) => Ok(InForce::Nothing(why)),
        (Sandbox::Scope, Support::None(why)) => refuse(why),
        (Sandbox::Scope, Support::Landlock(version)) if version < COMPLETE => refuse(&format!(
            "this kernel has Landlock ABI {version}, and only from ABI {COMPLETE} on no file can \
             be cut short"
        )),
        (Sandbox::Auto | Sandbox::Scope, Support::Landlock(version)) => {
            Ok(InForce::Landlock(version))
        }
    }
}

impl InForce {
    /// Whether commands are to be wrapped.
    pub fn is_on(self) -> bool {
        matches!(self, Self::Landlock(_))
    }

    /// What it comes to for these rules, in one line.
    pub fn told(self, rules: &Rules) -> String {
        match self {
            Self::Landlock(version) => {
                let whole = if rules.is_whole() {
                    ", all of the worktree among them: the scope has something at its root"
                } else {
                    ""
                };
                let cut = match version {
                    ..MOVING => {
                        "; files can still be cut short, and not be moved between directories"
                    }
                    MOVING..COMPLETE => "; files can still be cut short",
                    _ => "",
                };
                let count = rules.count();
                format!("writes are kept to {count} by Landlock ABI {version}{whole}{cut}")
            }
            Self::Nothing(why) => format!("nothing keeps writes to the scope: {why}"),
            Self::Off => "nothing keeps writes to the scope: `[run] sandbox` is off".to_owned(),
        }
    }
}

/// Makes what of the rules is not there yet, writes them into `folder`, which the worker must not
/// be able to write, and returns the words of a command that runs `words` under them. `program`
/// is git ap's own file.
pub fn wrap(
    words: &[OsString],
    rules: &Rules,
    program: &Path,
    folder: &Path,
) -> Result<Vec<OsString>> {
    let file = folder.join(FILE);
    let real =
        folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    if rules.may_write(&real.join(FILE)) {
        let message = format!("the rules of a sandbox cannot be kept in {}", rules::shown(&real));
        return Err(Failure::new(Kind::Bug, message).into());
    }
    for path in &rules.missing {
        make(path, rules)?;
    }
    let writing = || format!("cannot write {}", file.display());
    let mut out = fs::File::create(&file).with_context(writing)?;
    out.write_all(rules.json().to_string().as_bytes()).with_context(writing)?;
    let own = [program.into(), "sandbox".into(), "--rules".into(), file.into(), "--".into()];
    Ok(own.into_iter().chain(words.iter().cloned()).collect())
}

/// Makes a directory and those above it that are not there, or an empty file. A link is never
/// followed, and what is there stays as it is.
fn make(path: &Path, rules: &Rules) -> Result<()> {
    let making = || format!("cannot make {}", rules::shown(path));
    if rules.files.iter().any(|file| file.path == path) {
        return match fs::File::create_new(path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(error).with_context(making)
            }
            Ok(_) | Err(_) => Ok(()),
        };
    }
    let missing: Vec<&Path> = path.ancestors().take_while(|path| !is_directory(path)).collect();
    for path in missing.into_iter().rev() {
        match fs::create_dir(path) {
            // Somebody else made it just now.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_directory(path) => {}
            made => made.with_context(making)?,
        }
    }
    Ok(())
}

fn is_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

/// Reads rules that [`wrap`] wrote.
pub fn read(file: &Path) -> Result<Rules> {
    let reading = || format!("cannot read {}", file.display());
    let text = fs::read_to_string(file).with_context(reading)?;
    Rules::read(&text).with_context(|| format!("{} holds no rules of a sandbox", file.display()))
}

/// Closes this thread to everything but the rules, and executes a command in place of this
/// process. Returns only where that fails, and why.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "this is the place that starts what is sandboxed")]
pub fn enter(rules: &Rules, program: &OsString, arguments: &[OsString]) -> anyhow::Error {
    use std::os::unix::process::CommandExt as _;
    if let Err(error) = kernel::close(rules) {
        return error;
    }
    let mut command = std::process::Command::new(program);
    command.args(arguments);
    // `git status` would write the index, which it cannot (git(1), `GIT_OPTIONAL_LOCKS`).
    command.env("GIT_OPTIONAL_LOCKS", "0");
    if let Some(temporary) = &rules.temporary {
        command.env("TMPDIR", temporary);
    }
    let error = command.exec();
    let shown = crate::domain::path::quote(program.as_encoded_bytes()).into_owned();
    Failure::new(Kind::User, format!("cannot run `{shown}`: {error}")).into()
}

/// There is nothing that could be closed.
#[cfg(not(target_os = "linux"))]
pub fn enter(_: &Rules, _: &OsString, _: &[OsString]) -> anyhow::Error {
    Failure::new(Kind::Repository, "there is no Landlock outside Linux").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_gets_what_the_system_can_do_or_refuses() {
        let none = Support::None("why");
        for (policy, support, expected) in [
            (Sandbox::Off, Support::Landlock(7), Some(InForce::Off)),
            (Sandbox::Auto, Support::Landlock(1), Some(InForce::Landlock(1))),
            (Sandbox::Auto, none, Some(InForce::Nothing("why"))),
            (Sandbox::Scope, Support::Landlock(7), Some(InForce::Landlock(7))),
            (Sandbox::Scope, Support::Landlock(3), Some(InForce::Landlock(3))),
            (Sandbox::Scope, Support::Landlock(2), None),
            (Sandbox::Scope, none, None),
        ] {
            assert_eq!(decide(policy, support).ok(), expected, "{policy:?} {support:?}");
        }
        let refused = decide(Sandbox::Scope, none).expect_err("it cannot");
        assert_eq!(refused.message, "workers cannot be kept to their scope: why");
    }

    #[test]
    fn what_is_in_force_is_told_with_what_it_lacks() {
        let rules = Rules::default();
        let landlock = |version| InForce::Landlock(version).told(&rules);
        let kept = "writes are kept to 0 directories by Landlock ABI";
        assert_eq!(landlock(3), format!("{kept} 3"));
        assert_eq!(landlock(2), format!("{kept} 2; files can still be cut short"));
        let oldest = "; files can still be cut short, and not be moved between directories";
        assert_eq!(landlock(1), format!("{kept} 1{oldest}"));
        let nothing = "nothing keeps writes to the scope: why";
        assert_eq!(InForce::Nothing("why").told(&rules), nothing);
    }
}
