//! The failpoint seam. Whatever writes passes a named step before each effect; a test can make
//! any of them fail, or kill the process there, to see that the next command goes on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, bail};

use crate::domain::path::quote;

/// The steps that a process has passed, and what is to happen at one of them.
///
/// The setting is the value of `GIT_AP_FAILPOINT`: `write-file=fail` at each step of that name,
/// `write-file#2=kill` at the second one, `*#7=kill` at the seventh step of any name, `trace` to
/// have every step named on standard error.
///
/// Threads that work beside each other pass the same steps: a clone counts with the one that it
/// was cloned from.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rule: Option<Rule>,
    /// How many were passed; held while one is traced, so that the numbers come in order.
    passed: Mutex<usize>,
    named: AtomicUsize,
}

#[derive(Debug, PartialEq, Eq)]
enum Rule {
    Trace,
    At { name: String, count: Option<usize>, kill: bool },
}

impl Steps {
    /// Steps under a setting. An unreadable one is refused: a test that does not do what it says
    /// would prove nothing.
    pub fn new(setting: Option<&str>) -> Result<Self> {
        let rule = setting.filter(|s| !s.is_empty()).map(parse).transpose()?;
        Ok(Self { inner: Arc::new(Inner { rule, ..Inner::default() }) })
    }

    /// Passes the step `name`, about to do `detail`. Fails where the setting says so.
    pub fn pass(&self, name: &str, detail: &str) -> Result<()> {
        match &self.inner.rule {
            None => Ok(()),
            Some(Rule::Trace) => {
                let mut passed = self.inner.passed.lock().unwrap_or_else(PoisonError::into_inner);
                *passed += 1;
                trace(*passed, name, detail);
                Ok(())
            }
            Some(Rule::At { name: wanted, count, kill }) => {
                if wanted != "*" && wanted != name {
                    return Ok(());
                }
                let named = self.inner.named.fetch_add(1, Ordering::Relaxed) + 1;
                if count.is_some_and(|n| n != named) {
                    return Ok(());
                }
                if *kill {
                    // Like a power cut: no destructor runs, nothing is flushed.
                    std::process::abort();
                }
                bail!("step `{name}` was made to fail before: {}", quote(detail.as_bytes()))
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "tests read the steps here, past whatever `ui` shows")]
fn trace(number: usize, name: &str, detail: &str) {
    eprintln!("step {number} {name} {}", quote(detail.as_bytes()));
}

fn parse(setting: &str) -> Result<Rule> {
    if setting == "trace" {
        return Ok(Rule::Trace);
    }
    let read = || {
        let (place, what) = setting.split_once('=')?;
        let kill = match what {
            "kill" => true,
            "fail" => false,
            _ => return None,
        };
        let (name, count) = match place.split_once('#') {
            Some((name, count)) => (name, Some(count.parse().ok()?)),
            None => (place, None),
        };
        (!name.is_empty()).then(|| Rule::At { name: name.to_owned(), count, kill })
    };
    match read() {
        Some(rule) => Ok(rule),
        None => bail!("GIT_AP_FAILPOINT is not `trace`, `NAME=fail`, `NAME=kill` or `NAME#N=…`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_step_fails_when_its_turn_comes() {
        let steps = Steps::new(Some("b#2=fail")).expect("readable");
        let passed: Vec<bool> =
            ["a", "b", "a", "b", "b"].iter().map(|n| steps.pass(n, "x").is_ok()).collect();
        assert_eq!(passed, [true, true, true, false, true]);
        let any = Steps::new(Some("*#3=fail")).expect("readable");
        let passed: Vec<bool> = ["a", "b", "c"].iter().map(|n| any.pass(n, "x").is_ok()).collect();
        assert_eq!(passed, [true, true, false]);
        for wrong in ["x", "a=", "=kill", "a#x=kill", "a#1=explode"] {
            assert!(Steps::new(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
