//! Lines at the bottom of a terminal that change in place. Everything else that is printed goes
//! above them. The cursor rests on the empty row below: whoever kills the program, or types there,
//! finds a terminal that is in order.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::columns::width;

/// The time between two pictures, but for a few.
const PACE: Duration = Duration::from_millis(95);
/// How many pictures a second need not wait for it: what is printed would leave a gap.
const AT_ONCE: u32 = 10;

/// The lines, shared by all who print.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Mutex<Region>>);

#[derive(Debug, Default)]
struct Region {
    /// What should stand there.
    wanted: Vec<String>,
    /// What does, as the widths of the lines; none: nothing.
    drawn: Vec<usize>,
    /// Whether `wanted` is what stands there.
    fresh: bool,
    at: Option<Instant>,
    /// When this second of pictures began, and how many it had.
    second: Option<(Instant, u32)>,
}

/// Columns and rows of the terminal behind standard error.
pub(super) fn size() -> (usize, usize) {
    terminal_size::terminal_size_of(io::stderr())
        .map_or((80, 24), |(width, height)| (usize::from(width.0), usize::from(height.0)))
}

impl Live {
    /// Shows lines of our own instead of those that were shown; each is harmless and narrower than
    /// the terminal. Where the last picture is not a tenth of a second old, the next call shows
    /// them.
    pub fn show(&self, lines: Vec<String>) {
        let mut region = self.region();
        region.fresh = region.fresh && region.wanted == lines;
        region.wanted = lines;
        if !region.fresh && region.is_due() {
            region.draw();
        }
    }

    /// Takes the lines away for good.
    pub fn clear(&self) {
        let mut region = self.region();
        region.wanted.clear();
        // Where something panics, its words stand below the lines by now.
        if !std::thread::panicking() {
            region.erase();
        }
    }

    /// Prints something above the lines.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        let mut region = self.region();
        region.erase();
        let printed = print();
        if !region.wanted.is_empty() && region.is_due() {
            region.draw();
        }
        printed
    }

    fn region(&self) -> MutexGuard<'_, Region> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Region {
    fn is_due(&self) -> bool {
        let few = |(began, count): (Instant, u32)| {
            count < AT_ONCE || began.elapsed() >= Duration::from_secs(1)
        };
        self.at.is_none_or(|at| at.elapsed() >= PACE) || self.second.is_none_or(few)
    }

    fn erase(&mut self) {
        if !self.drawn.is_empty() {
            let up = upwards(&std::mem::take(&mut self.drawn), size().0);
            write(&format!("{up}\x1b[J"));
        }
        self.fresh = false;
    }

    /// One write, each line over the one that stood there: nothing flickers.
    fn draw(&mut self) {
        let mut out = upwards(&self.drawn, size().0);
        for line in &self.wanted {
            write!(out, "{line}\x1b[K\r\n").expect("writing to a string cannot fail");
        }
        out.push_str("\x1b[J");
        write(&out);
        self.drawn = self.wanted.iter().map(|line| width(line)).collect();
        self.fresh = true;
        let now = Instant::now();
        self.at = Some(now);
        self.second = match self.second {
            Some((began, count)) if now - began < Duration::from_secs(1) => {
                Some((began, count + 1))
            }
            _ => Some((now, 1)),
        };
    }
}

/// To the beginning of the first of the lines. A terminal that has become narrower since has
/// broken those that no longer fit.
fn upwards(drawn: &[usize], columns: usize) -> String {
    let rows: usize = drawn.iter().map(|width| width.div_ceil(columns.max(1)).max(1)).sum();
    // Terminals take 0 for 1 (ECMA-48).
    if rows == 0 { "\r".to_owned() } else { format!("\r\x1b[{rows}A") }
}

/// Nobody reads a closed standard error.
fn write(text: &str) {
    let mut err = io::stderr().lock();
    drop(err.write_all(text.as_bytes()).and_then(|()| err.flush()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_up_counts_what_a_narrower_terminal_has_broken() {
        let table = [
            (vec![], 80, "\r"),
            (vec![10, 0], 80, "\r\x1b[2A"),
            (vec![80, 81], 80, "\r\x1b[3A"),
            (vec![79], 20, "\r\x1b[4A"),
            (vec![3], 0, "\r\x1b[3A"),
        ];
        for (drawn, columns, expected) in table {
            assert_eq!(upwards(&drawn, columns), expected, "{drawn:?} in {columns}");
        }
    }
}
