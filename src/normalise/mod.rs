//! From raw rows to readings, and from readings to what is new, edited or known: pure rules.
//!
//! Knows no network, store or clock: `now` is an argument.

pub mod fold;
pub mod link;
