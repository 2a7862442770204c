//! The files below `.ap/`: where they are, and how they are read and written. Nothing here is
//! ever half-written, and every write is a step that a test can make fail or kill.

pub mod layout;
mod lock;
mod plans;
mod read;
mod steps;
mod writer;

pub use lock::Lock;
pub use plans::{Plans, list};
pub use read::read_text;
pub use steps::Steps;
pub use writer::{Outcome, Writer};
