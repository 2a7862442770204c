//! Who hears what happens while a session is worked on.

use crate::domain::event::EventKind;

/// Hears what happens; how it is shown is the business of commands.
pub trait Listener {
    /// Something worth a line.
    fn note(&mut self, text: &str);
    /// A line of a command's output.
    fn output(&mut self, command: &str, line: &str);
    /// Something that programs follow.
    fn event(&mut self, event: EventKind);
    /// How much of the whole command is done from here on, in percent.
    fn done(&mut self, _percent: u8) {}
}
