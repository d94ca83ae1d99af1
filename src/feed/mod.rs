//! Documents: a channel and its items as RSS 2.0, Atom 1.0 and JSON Feed 1.1, and the lists of all feeds. Pure: the same input gives
//! the same bytes.

mod atom;
mod document;
mod fit;
mod format;
pub mod index;
mod json;
pub mod opml;
mod rss;
pub mod status;

pub use document::{Category, Document, Entry};
pub use fit::{Fitted, fit};
pub use format::Format;

/// What a document says made it. Without a version: an upgrade must not change every feed.
pub const GENERATOR: &str = "newsroomd";
/// Where the generator lives.
pub const GENERATOR_URL: &str = "https://crates.io/crates/newsroomd";
