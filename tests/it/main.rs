//! Tests through the library and the binary, on real git.

mod oracle;
