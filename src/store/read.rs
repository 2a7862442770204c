//! Reading a text file of the working tree, with an answer for every way in which it may not
//! be one.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::domain::error::{Failure, Kind};
use crate::domain::path::quote;

/// The largest text that is read, in bytes.
const LIMIT: u64 = 16 * 1024 * 1024;

/// The text of a file, or `None` if there is none. `shown` is what messages call it.
///
/// Fails by name on a file that is no regular one, too large, or not UTF-8.
pub fn read_text(file: &Path, shown: &str) -> Result<Option<String>> {
    let shown = quote(shown.as_bytes()).into_owned();
    let metadata = match fs::metadata(file) {
        Ok(metadata) => metadata,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(e).with_context(|| format!("cannot read `{shown}`")),
    };
    if metadata.is_dir() {
        let failure = Failure::new(Kind::User, format!("`{shown}` is a directory"));
        return Err(failure.hint("name a file").into());
    }
    if !metadata.is_file() {
        // Opening a pipe would wait for a writer.
        let failure = Failure::new(Kind::User, format!("`{shown}` is no regular file"));
        return Err(failure.hint("give `-` to read standard input").into());
    }
    if metadata.len() > LIMIT {
        let message = format!("`{shown}` has more than {} MiB", LIMIT >> 20);
        return Err(Failure::new(Kind::User, message).into());
    }
    let opened = fs::File::open(file).with_context(|| format!("cannot read `{shown}`"))?;
    let mut bytes = Vec::new();
    opened
        .take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read `{shown}`"))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let message = format!("`{shown}` is not UTF-8 at byte {at}");
            Err(Failure::new(Kind::User, message).hint("save it as UTF-8").into())
        }
    }
}
