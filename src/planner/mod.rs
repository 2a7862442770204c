//! From facts and a request to a plan. The built-in planner needs no model: it divides the
//! files that the analysis found so that no two objectives can meet. A worker can be asked instead.

pub mod asked;
pub mod builtin;
pub mod learned;
pub mod scopes;
