//! Taking the hooks away, so that everything is as if they had never been there. What is not
//! ours stays, whoever put it where.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;

use super::directory::{Directory, Taken};
use super::effect::remove_empty_directory;
use super::place::{Layout, Room};
use super::record::Record;
use super::setting::Settings;
use super::{FORWARDED, FORWARDED_IF_THERE, Hook, Repository};
use crate::store::Steps;

/// What was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uninstalled {
    /// Each hook in each directory that was looked into, in order.
    pub hooks: Vec<RemovedHook>,
    /// Whether `extensions.worktreeConfig` stays on, because something else uses it.
    pub extension_stays: bool,
}

/// What taking away did for one hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedHook {
    /// Which one.
    pub hook: Hook,
    /// Where git looks for it.
    pub file: PathBuf,
    /// What was done.
    pub done: Removed,
    /// Files that would have been lost, under the names that they have now; nothing runs them.
    pub aside: Vec<PathBuf>,
}

/// What was done about one hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// There was none of ours.
    Nothing,
    /// Ours was removed.
    Removed,
    /// Ours was removed, and the one before it is back.
    Restored,
    /// Somebody else's is there, and stays; ours behind it is gone.
    Theirs,
}

/// Takes the hooks out of the whole repository. Doing it again does nothing.
pub fn uninstall(repository: &Repository, steps: &Steps) -> Result<Uninstalled> {
    let layout = Layout::of(repository)?;
    let mut record = Record::load(&layout.common)?;
    let mut looked: BTreeSet<PathBuf> = record.directories().into_iter().map(|(p, _)| p).collect();
    // A record that is gone must not leave hooks that nobody takes away.
    looked.insert(layout.common.join("hooks"));
    looked.insert(layout.own());
    for worktree in layout.guarded() {
        if let Ok(Room::Shared(directory)) = layout.room(worktree) {
            looked.insert(directory);
        }
    }
    for directory in looked {
        record.add_directory(&directory, directory == layout.own());
    }
    let (hooks, extension_stays) = clear(&layout, &mut record, &BTreeSet::new(), false, steps)?;
    Record::remove(&layout.common, steps)?;
    Ok(Uninstalled { hooks, extension_stays })
}

/// Takes away what is installed but for the directories in `keep`, and but for our own directory
/// with what names it if `keep_own`.
pub(super) fn clear(
    layout: &Layout,
    record: &mut Record,
    keep: &BTreeSet<PathBuf>,
    keep_own: bool,
    steps: &Steps,
) -> Result<(Vec<RemovedHook>, bool)> {
    let own = layout.own();
    let mut extension_stays = false;
    if !keep_own {
        let mut settings = Settings { common: &layout.common, record, steps };
        settings.take_out()?;
        extension_stays = settings.turn_off()?;
        settings.remove_leftovers()?;
        // From here on it is as somebody else wants it.
        record.edits.clear();
    }
    let mut directories = record.directories();
    directories.retain(|(path, _)| !(keep.contains(path) || keep_own && *path == own));
    // Those below come before those that hold them.
    directories.sort_by(|(one, _), (other, _)| other.cmp(one));
    let mut hooks = Vec::new();
    for (path, made) in directories {
        let holds = |kept: &PathBuf| kept.starts_with(&path);
        if keep.iter().any(holds) || (keep_own && holds(&own)) {
            continue;
        }
        if path.is_dir() {
            let directory = Directory::new(&path, steps);
            for hook in Hook::ALL {
                let (taken, put) = directory.take_out(hook.name())?;
                let (file, done) = (path.join(hook.name()), removed(taken));
                hooks.push(RemovedHook { hook, file, done, aside: put.aside });
            }
            if path == own {
                for name in FORWARDED.into_iter().chain(FORWARDED_IF_THERE) {
                    directory.take_out(name)?;
                }
            }
            if made {
                remove_empty_directory(&path, steps)?;
            }
        }
        record.drop_directory(&path);
    }
    hooks.sort_by(|one, other| {
        let place = |hook: &RemovedHook| (hook.file.parent().map(PathBuf::from), hook.hook);
        place(one).cmp(&place(other))
    });
    Ok((hooks, extension_stays))
}

fn removed(taken: Taken) -> Removed {
    match taken {
        Taken::Nothing => Removed::Nothing,
        Taken::Removed => Removed::Removed,
        Taken::Restored => Removed::Restored,
        Taken::Theirs => Removed::Theirs,
    }
}
