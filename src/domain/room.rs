//! How much room worktrees take on a disk, and whether there is as much.

/// The worktrees that are to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many.
    pub worktrees: u64,
    /// Files of one.
    pub files: u64,
    /// Bytes that one takes, in whole blocks.
    pub bytes: u64,
}

/// What is free on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// The size of a block, in bytes.
    pub block: u64,
    /// Bytes.
    pub bytes: u64,
    /// Files and directories that can still be made; none: the disk does not count them.
    pub files: Option<u64>,
}

impl Room {
    /// What is too little, in words that follow a name; none: there is room.
    pub fn lacks(self, free: Free) -> Option<String> {
        let bytes = self.bytes.saturating_mul(self.worktrees);
        let files = self.files.saturating_mul(self.worktrees);
        let noun = if self.worktrees == 1 { "worktree" } else { "worktrees" };
        if bytes > free.bytes {
            return Some(format!(
                "needs {} for {} {noun} of {}, and {} are free",
                size(bytes),
                self.worktrees,
                size(self.bytes),
                size(free.bytes)
            ));
        }
        let left = free.files.filter(|left| files > *left)?;
        Some(format!(
            "needs {files} files for {} {noun} of {}, and there is room for {left} more",
            self.worktrees, self.files
        ))
    }
}

/// Bytes as people say them: `512 B`, `3.2 GiB`.
fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let (mut whole, mut tenths, mut unit) = (bytes, 0, "B");
    for next in units {
        if whole < 1024 {
            break;
        }
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit = next;
    }
    if unit == "B" { format!("{whole} B") } else { format!("{whole}.{tenths} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_little_is_told_with_figures() {
        let room = |worktrees, files, bytes| Room { worktrees, files, bytes };
        let free = Free { block: 4096, bytes: 3 << 30, files: Some(1000) };
        let table = [
            (room(2, 100, 1 << 30), None),
            (
                room(4, 100, 1 << 30),
                Some("needs 4.0 GiB for 4 worktrees of 1.0 GiB, and 3.0 GiB are free"),
            ),
            (
                room(1, 1001, 10),
                Some("needs 1001 files for 1 worktree of 1001, and there is room for 1000 more"),
            ),
            (room(0, 0, 0), None),
            (room(u64::MAX, 2, u64::MAX), Some("needs 15.9 EiB")),
        ];
        for (room, expected) in table {
            let said = room.lacks(free);
            match expected {
                Some(text) => {
                    assert!(said.as_deref().is_some_and(|s| s.starts_with(text)), "{said:?}");
                }
                None => assert_eq!(said, None),
            }
        }
        assert_eq!(room(1, 9999, 0).lacks(Free { files: None, ..free }), None);
        assert_eq!(
            (size(0), size(1536), size(1023)),
            ("0 B".into(), "1.5 KiB".into(), "1023 B".into())
        );
    }
}
