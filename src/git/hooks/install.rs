//! Installing: decide for each worktree where ours can stand, refuse before anything is done,
//! then put them there. Doing it again does nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::chain::runnable;
use super::directory::{Directory, before, is_executable};
use super::effect::make_directory;
use super::place::{Layout, Room, Worktree};
use super::record::Record;
use super::setting::Settings;
use super::{FORWARDED, FORWARDED_IF_THERE, Hook, Repository, shim, uninstall};
use crate::store::Steps;

/// What is installed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The directory that git looks into in this worktree.
    pub directory: PathBuf,
    /// Whether it is named by this worktree's own configuration.
    pub by_setting: bool,
    /// Each hook.
    pub hooks: Vec<InstalledHook>,
}

/// What installing did for one hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledHook {
    /// Which one.
    pub hook: Hook,
    /// Our script.
    pub file: PathBuf,
    /// Whether anything had to be done.
    pub changed: bool,
    /// The hook that was there before, which ours runs.
    pub chained: Option<PathBuf>,
    /// Files that would have been lost, under the names that they have now; nothing runs them.
    pub aside: Vec<PathBuf>,
}

/// What is to be: shared directories with ours in them, worktrees that look into our own.
struct Wanted<'a> {
    shared: BTreeSet<PathBuf>,
    own: Vec<&'a Worktree>,
}

/// Installs the hooks so that they call `program`, an absolute path: in this worktree, the main
/// one, and those of objectives. Refuses, before anything is changed, where git looks for hooks
/// outside the repository.
pub fn install(repository: &Repository, program: &Path, steps: &Steps) -> Result<Installed> {
    let layout = Layout::of(repository)?;
    put(&layout, &layout.guarded(), program, true, steps)
}

/// Installs the hooks for one linked worktree, by its root. Where they stand in a directory that
/// all worktrees share this does nothing but see to that.
pub fn install_in(worktree: &Path, program: &Path, steps: &Steps) -> Result<Installed> {
    let layout = Layout::at(worktree)?;
    put(&layout, &[&layout.here], program, false, steps)
}

fn put(
    layout: &Layout,
    worktrees: &[&Worktree],
    program: &Path,
    all: bool,
    steps: &Steps,
) -> Result<Installed> {
    let mut wanted = Wanted { shared: BTreeSet::new(), own: Vec::new() };
    let mut by_setting = false;
    let mut here = layout.own();
    for worktree in worktrees {
        let is_here = **worktree == layout.here;
        match layout.room(worktree)? {
            Room::Own => {
                by_setting |= is_here;
                wanted.own.push(worktree);
            }
            Room::Shared(directory) => {
                if is_here {
                    here.clone_from(&directory);
                }
                wanted.shared.insert(directory);
            }
        }
    }
    let common = &layout.common;
    let mut record = Record::load(common)?;
    if all {
        // What an earlier configuration asked for would run ours twice.
        uninstall::clear(layout, &mut record, &wanted.shared, !wanted.own.is_empty(), steps)?;
    }
    let mut hooks = Vec::new();
    for directory in &wanted.shared {
        let put = put_shared(layout, directory, program, &mut record, steps)?;
        if *directory == here {
            hooks = put;
        }
    }
    if !wanted.own.is_empty() {
        let put = put_own(layout, &wanted.own, program, &mut record, steps)?;
        if by_setting {
            hooks = put;
        }
    }
    Ok(Installed { directory: here, by_setting, hooks })
}

fn put_shared(
    layout: &Layout,
    path: &Path,
    program: &Path,
    record: &mut Record,
    steps: &Steps,
) -> Result<Vec<InstalledHook>> {
    prepare(layout, path, record, steps)?;
    let directory = Directory::new(path, steps);
    let mut hooks = Vec::new();
    for hook in Hook::ALL {
        let put = directory.put(hook.name(), &shim::guard(hook, program, false))?;
        let file = path.join(hook.name());
        let chained = Some(before(&file)).filter(|file| is_executable(file));
        hooks.push(InstalledHook { hook, file, changed: put.changed, chained, aside: put.aside });
    }
    Ok(hooks)
}

fn put_own(
    layout: &Layout,
    worktrees: &[&Worktree],
    program: &Path,
    record: &mut Record,
    steps: &Steps,
) -> Result<Vec<InstalledHook>> {
    let path = layout.own();
    prepare(layout, &path, record, steps)?;
    let directory = Directory::new(&path, steps);
    let mut forwarded: BTreeSet<&str> = FORWARDED.into_iter().collect();
    for worktree in worktrees {
        let there = layout.before(worktree)?;
        forwarded.extend(FORWARDED_IF_THERE.iter().filter(|name| is_executable(&there.join(name))));
    }
    for name in forwarded {
        directory.put(name, &shim::forward(name))?;
    }
    let there = layout.before(&layout.here)?;
    let mut hooks = Vec::new();
    for hook in Hook::ALL {
        let put = directory.put(hook.name(), &shim::guard(hook, program, true))?;
        let file = path.join(hook.name());
        let beside = Some(before(&file)).filter(|file| is_executable(file));
        let chained = match beside {
            Some(beside) => Some(beside),
            None => runnable(&there.join(hook.name()))?,
        };
        hooks.push(InstalledHook { hook, file, changed: put.changed, chained, aside: put.aside });
    }
    let mut settings = Settings { common: &layout.common, record, steps };
    for worktree in worktrees {
        let changed = settings.put(&worktree.config())?;
        if **worktree == layout.here {
            for hook in &mut hooks {
                hook.changed |= changed;
            }
        }
    }
    settings.remove_leftovers()?;
    Ok(hooks)
}

/// Makes a directory, after writing down that it is used, and what of it was not there.
fn prepare(layout: &Layout, path: &Path, record: &mut Record, steps: &Steps) -> Result<()> {
    let missing = |p: &&Path| p.starts_with(&layout.common) && p.symlink_metadata().is_err();
    let above: Vec<&Path> = path.ancestors().skip(1).take_while(missing).collect();
    let is_missing = missing(&path);
    record.add_directory(path, is_missing);
    for directory in above {
        record.add_directory(directory, true);
    }
    record.save(&layout.common, steps)?;
    if is_missing {
        make_directory(path, steps)?;
    }
    Ok(())
}
