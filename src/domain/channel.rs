//! Channels: which feeds there are, and where they stand.

use std::fmt;

use super::{Digest, Id, digest};

/// The address of a channel below `base-url` and below the directory on disk, without the format's ending.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    /// Every item of a source: `osce/all`.
    pub fn all(source: &Id) -> Self {
        Self(format!("{source}/all"))
    }

    /// One term of a facet: `osce/topic/elections`.
    pub fn term(source: &Id, facet: &str, slug: &str) -> Self {
        Self(format!("{source}/{facet}/{slug}"))
    }

    /// Two terms of two facets, each facet and slug: `osce/department/secretariat/topic/elections`.
    pub fn pair(source: &Id, first: [&str; 2], second: [&str; 2]) -> Self {
        Self(format!("{source}/{}/{}", first.join("/"), second.join("/")))
    }

    /// A feed that the config defines: `odihr-elections`.
    pub fn feed(id: &Id) -> Self {
        Self(id.to_string())
    }

    /// The address as kept in the store.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The feed's id: never changes, knows nothing of where the feeds are published.
    pub fn feed_id(&self) -> Digest {
        digest(std::iter::once("feed").chain(self.0.split('/')))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::parse(text).expect("test id")
    }

    #[test]
    fn feed_ids_know_no_base_url_and_differ() {
        let osce = id("osce");
        assert_ne!(Address::all(&osce).feed_id(), Address::term(&osce, "topic", "all").feed_id());
        assert_eq!(Address::all(&osce).to_string(), "osce/all");
    }
}
