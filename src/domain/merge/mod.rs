//! The merge of a wave: the net changes of several objectives laid upon the integration tree.
//! Paths that one objective changed are taken as they are; where two meet, lines are merged or
//! nobody wins.

mod lines;
mod overlay;

pub use lines::{Insertions, LineClash, merge_lines};
pub use overlay::{Clash, Contribution, Edit, Overlay, Reason, Their, ToMerge, overlay};
