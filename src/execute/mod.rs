//! Work that takes time: it runs beside the display, says what it does and can be stopped.

mod interrupt;
pub mod judge;
pub mod narrate;
pub mod reservations;
pub mod session;
