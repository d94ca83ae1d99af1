//! Documents: a channel and its items as RSS 2.0, Atom 1.0 and JSON Feed 1.1. Pure: the same input gives the same bytes.

/// A feed format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    Json,
}
