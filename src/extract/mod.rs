//! From a page's bytes to its rows: pure functions of (page, rules).
//!
//! Knows no network, store or clock. A row that cannot be read whole becomes a warning that names row and field.

/// Part of every source's `rules_stamp`: raised when the same rules may read the same page differently.
pub const VERSION: &str = "5";

mod advertised;
mod bounds;
pub mod charset;
mod content;
pub mod date;
mod feed;
mod frame;
mod image;
mod label;
pub mod months;
mod page;
pub mod pager;
mod parse;
mod query;
mod reference;
mod rules;
mod text;

pub use advertised::{AdvertisedFeed, advertised};
pub use content::Content;
pub use feed::{About, about, extract_feed};
pub use frame::Frame;
pub use image::{image_candidates, image_in, image_of};
pub use page::{Extracted, RawRow, Warning, base, extract, extract_document};
pub use parse::{Parsed, parse};
pub use query::Query;
pub use rules::{DateField, Discover, FacetField, FeedFacet, FeedRules, FeedValue, Field, Reader, Rules};
pub use text::Markup;
pub(crate) use text::is_read;
