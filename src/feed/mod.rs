//! Documents: a channel and its items as RSS 2.0, Atom 1.0 and JSON Feed 1.1, the lists of all feeds, and pages for people. Pure: the same input gives
//! the same bytes.

mod atom;
pub mod directory;
mod document;
mod fit;
mod format;
mod json;
pub mod opml;
pub mod pages;
mod rss;
pub mod status;

pub use document::{Category, Document, Entry};
pub use fit::{Fitted, fit};
pub use format::Format;

/// What a document says made it. Without a version: an upgrade must not change every feed.
pub const GENERATOR: &str = "newsroomd";
/// Where the generator lives.
pub const GENERATOR_URL: &str = "https://crates.io/crates/newsroomd";
