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

/// The namespace of Media RSS (rssboard.org/media-rss). An image is a `media:thumbnail` in RSS and in Atom: readers and feed libraries take it
/// from there, and it asks for an address alone. An enclosure would state the file's length (RSS 2.0), which only a request for every image could
/// tell, and is offered as a download.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// Whether any of them has an image: the namespace is declared only where it is used, so that other feeds stay as they are.
fn has_images(entries: &[Entry]) -> bool {
    entries.iter().any(|e| e.image.is_some())
}

pub use document::{Category, Document, Entry, Origin};
pub use fit::{Fitted, fit};
pub use format::Format;

/// What a document says made it. Without a version: an upgrade must not change every feed.
pub const GENERATOR: &str = "newsroomd";
/// Where the generator lives.
pub const GENERATOR_URL: &str = "https://crates.io/crates/newsroomd";
