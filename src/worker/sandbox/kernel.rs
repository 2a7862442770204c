//! What the kernel can hold a process to, and doing it (landlock(7)).

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use anyhow::{Context as _, Result};
use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, LandlockStatus,
    PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, Scope,
};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

use super::Support;
use super::rules::{Place, Rules, SHARED_MEMORY, shown};
use crate::domain::error::{Failure, Kind};

/// What is asked of the kernel; one that is older does what it can of it. Later versions add
/// nothing about writing but sockets, which are a way to talk.
const ASKED: ABI = ABI::V6;

/// What every process may write besides its rules: devices that hold nothing.
const DEVICES: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];

/// What this kernel can do. Asked on a thread of its own: the answer comes from closing one.
pub(super) fn support() -> Support {
    let asked = std::thread::spawn(|| {
        let closed = Ruleset::default()
            .handle_access(AccessFs::from_write(ABI::V1))
            .and_then(Ruleset::create)
            .and_then(RulesetCreated::restrict_self);
        closed.map(|status| status.landlock)
    });
    match asked.join() {
        Ok(Ok(LandlockStatus::Available { effective_abi, kernel_abi })) => {
            // The number of a version is what the kernel calls it.
            let known = effective_abi as i32;
            Support::Landlock(u32::try_from(kernel_abi.unwrap_or(known)).unwrap_or_default())
        }
        Ok(Ok(LandlockStatus::NotEnabled)) => {
            Support::None("Landlock is not enabled in this kernel (`lsm=` of its command line)")
        }
        Ok(Ok(LandlockStatus::NotImplemented)) => {
            Support::None("this system has no Landlock, or does not let it be used")
        }
        Ok(Err(_)) | Err(_) => Support::None("Landlock is there and fails"),
    }
}

/// Closes this thread, and with that what it executes, to everything but the rules. There is no
/// way back. Fails where a place of the rules is gone, or a link stands in its way.
pub(super) fn close(rules: &Rules) -> Result<()> {
    let access = AccessFs::from_write(ASKED);
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(access)
        .and_then(|ruleset| ruleset.scope(Scope::from_all(ASKED)))
        .and_then(Ruleset::create);
    let mut ruleset = ruleset.context("cannot make a sandbox")?;
    let of_file = access & AccessFs::from_file(ASKED);
    // A device that a worker could make would be a way to the disk below.
    let of_directory = access & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    for (places, rights) in [(&rules.directories, of_directory), (&rules.files, of_file)] {
        for place in places {
            ruleset = allow(ruleset, opened(place)?, rights)?;
        }
    }
    let memory = rules.shared_memory.then_some(SHARED_MEMORY);
    for device in DEVICES.into_iter().chain(memory) {
        // Not every system has each of them.
        let Ok(fd) = PathFd::new(device) else { continue };
        let rights = if Path::new(device).is_dir() { of_directory } else { of_file };
        ruleset = allow(ruleset, fd, rights)?;
    }
    ruleset.restrict_self().context("cannot close the sandbox")?;
    Ok(())
}

fn allow(
    ruleset: RulesetCreated,
    fd: impl AsFd,
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated> {
    ruleset.add_rule(PathBeneath::new(fd, rights)).context("cannot open a place of the sandbox")
}

/// A place as the rules have it: somebody may have put a link there since, to open what it leads
/// to (openat2(2)).
fn opened(place: &Place) -> Result<OwnedFd, Failure> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    openat2(CWD, &place.path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).map_err(|error| {
        let why = match error {
            rustix::io::Errno::LOOP => "a symbolic link is in its way".to_owned(),
            error => error.to_string(),
        };
        let path = shown(&place.path);
        Failure::new(Kind::Io, format!("the sandbox cannot be closed around `{path}`: {why}"))
    })
}
