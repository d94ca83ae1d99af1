//! A small newsroom built into the binary, for the `demo` command and for tests: listing pages as the OSCE newsroom had them,
//! with the oddities of the real one, served on loopback.
//!
//! Promises: the same items give the same bytes; a change to the [`Newsroom`] shows in the next answer and moves its validators.
//! It imports nothing else of this crate, so that the demo reads it through the same door as any newsroom, with an operator's
//! rules. Every item is invented.

mod article;
mod listing;
mod newsroom;
mod server;
#[cfg(test)]
mod tests;

pub use newsroom::{Item, Markup, Newsroom, Tally};
pub use server::serve;
