//! One writer at a time: what was decided about files must still hold when it is written.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// How long it is waited before that is worth a word.
const SOON: Duration = Duration::from_secs(1);
/// How often it is tried until then.
const PACE: Duration = Duration::from_millis(5);

/// Held while the files below `.ap/` are decided on and written; the operating system gives it
/// back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock of a repository, whose common git directory this is.
    pub fn acquire(common_dir: &Path) -> Result<Self> {
        Self::of(&common_dir.join("ap"), &|| {})
    }

    /// Waits for the lock of one session, in whose folder it is: held while its journal is read,
    /// decided on and written. `waits` is called once where somebody else keeps it for a while.
    #[expect(clippy::disallowed_methods, reason = "a lock file is not written, it is only there")]
    pub fn of(folder: &Path, waits: &dyn Fn()) -> Result<Self> {
        std::fs::create_dir_all(folder).context("cannot make the folder of the lock")?;
        let path = folder.join("lock");
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        let locking = || format!("cannot lock {}", path.display());
        let begin = Instant::now();
        while let Err(error) = file.try_lock() {
            match error {
                TryLockError::Error(error) => return Err(error).with_context(locking),
                TryLockError::WouldBlock if begin.elapsed() < SOON => std::thread::sleep(PACE),
                TryLockError::WouldBlock => {
                    waits();
                    file.lock().with_context(locking)?;
                    break;
                }
            }
        }
        Ok(Self { _file: file })
    }

    /// Whether this process could hold the lock of a session, in whose folder it is. access(2)
    /// does not know what a sandbox keeps closed, so the file is opened.
    pub fn is_possible(folder: &Path) -> bool {
        File::options().append(true).open(folder.join("lock")).is_ok()
    }
}
