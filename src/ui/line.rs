//! The terminal as the progress line sees it: a little narrower than it is. The line fills its
//! width, and the `^C` that a terminal echoes must still fit behind it: on a row of its own it
//! would hide the line from whoever clears it.

use std::io::{self, Write as _};

use indicatif::TermLike;

/// Columns left free: for two of them, and the cursor.
const FREE: u16 = 5;

/// Standard error, one line of it.
#[derive(Debug)]
pub(super) struct Line;

fn size() -> (u16, u16) {
    terminal_size::terminal_size_of(io::stderr())
        .map_or((80, 24), |(width, height)| (width.0, height.0))
}

fn write(text: &str) -> io::Result<()> {
    io::stderr().write_all(text.as_bytes())
}

/// Moves in one direction, which is nothing for no steps: terminals take 0 for 1 (ECMA-48).
fn steps(n: usize, direction: char) -> io::Result<()> {
    if n == 0 { Ok(()) } else { write(&format!("\x1b[{n}{direction}")) }
}

impl TermLike for Line {
    fn width(&self) -> u16 {
        size().0.saturating_sub(FREE).max(1)
    }

    fn height(&self) -> u16 {
        size().1
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        steps(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        steps(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        steps(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        steps(n, 'D')
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        write(&format!("{s}\n"))
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        write(s)
    }

    fn clear_line(&self) -> io::Result<()> {
        write("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
