//! The files below `.ap/` and the running state of sessions: where they are, and how they are
//! read and written. Nothing here is ever half-written, and every write is a step that a test can make fail or kill.

mod holder;
mod inbox;
mod journal;
pub mod layout;
mod lock;
mod plans;
mod read;
mod steps;
mod writer;

pub use holder::{is_alive, this_process};
pub use inbox::{Inbox, Name, Taken};
pub use journal::{Journal, sessions};
pub use lock::Lock;
pub use plans::{Plans, list};
pub use read::read_text;
pub use steps::Steps;
pub use writer::{Outcome, Writer, replace};
