//! What an item's own page adds to it.

use serde::{Deserialize, Serialize};

/// A file that belongs to an item (RSS 2.0 `enclosure`, RFC 4287 section 4.2.7.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute http or https URL, without userinfo.
    pub url: String,
    /// Its media type.
    pub media: String,
    /// Its bytes; 0: not known.
    pub length: u64,
}

/// The same story in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternate {
    /// Language tag (BCP 47).
    pub language: String,
    /// Absolute http or https URL, without userinfo.
    pub url: String,
}

/// An item's article, as it was read from the page that the item leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Its body: sanitised HTML, all addresses absolute.
    pub content: Option<String>,
    /// The address of its first image.
    pub image: Option<String>,
    /// The files that it offers.
    pub enclosures: Vec<Enclosure>,
    /// The same in other languages, each language once.
    pub alternates: Vec<Alternate>,
    /// When it says that it was published (unix seconds).
    pub published: Option<i64>,
}
