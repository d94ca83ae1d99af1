//! Links: made absolute, made safe, and what makes two of them the same.

use regex::Regex;

/// What makes two rows of a source the same item.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// What its first group captures of a canonical link is the story (`link-key`).
    pub link_key: Option<Regex>,
    /// `identity = "title+date+link"`: stories of one title and date stay apart if their links differ.
    pub with_link: bool,
}
