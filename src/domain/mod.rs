//! The words everything else is said in: newsrooms, items, channels.
//!
//! Plain data and the rules that belong to it; knows no HTML, TOML, SQL, HTTP or feed format.

pub mod article;
pub mod channel;
pub mod finding;
pub mod fold;
pub mod health;
pub mod host;
pub mod item;
pub mod network;
pub mod newsroom;
pub mod question;
pub mod story;
pub mod text;
pub mod words;
pub mod zone;

use std::hash::Hash;

pub use article::{Alternate, Article, Enclosure};
pub use channel::Address;
pub use fold::fold;
pub use host::{HostCounts, HostWait, MAX_URL, RobotsCopy, host};
pub use item::{Approximate, Item, Link, Published, Reading, Tag};
pub use network::Network;
pub use newsroom::{Facet, Id, Newsroom, is_language_tag};
pub use question::Question;
pub use story::Merge;
pub use zone::Zone;

/// 128 bits: guids and keys are version 5 UUIDs (RFC 9562, section 5.5), stamps are plain hashes.
pub type Digest = uuid::Uuid;

/// The name space of every digest that newsroomd makes. It carries the version of the scheme: were the rules of identity to change,
/// a new name space would keep old and new apart.
const SCHEME: uuid::Uuid = uuid::uuid!("6f8b7d36-2f0d-5c6a-9a57-0d5e1c7b4a01");

/// Digests the parts, each ended by U+001F, which no part can hold (the text rules drop control characters), so that
/// `["ab", "c"]` and `["a", "bc"]` differ.
pub fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> Digest {
    let mut bytes = Vec::with_capacity(256);
    for part in parts {
        bytes.extend_from_slice(part.as_bytes());
        bytes.push(0x1f);
    }
    uuid::Uuid::new_v5(&SCHEME, &bytes)
}

/// A stamp of the parts: tells whether something changed since it was stored. Cheaper than [`digest`], and never published, so that
/// a change of the algorithm would cost no more than one silent rewrite.
pub fn stamp<'a>(parts: impl IntoIterator<Item = &'a str>) -> Digest {
    let mut stamper = Stamper::default();
    parts.into_iter().for_each(|part| stamper.part(part));
    stamper.finish()
}

/// A stamp of a value.
pub fn stamp_of(value: &impl Hash) -> Digest {
    let mut stamper = Stamper::default();
    value.hash(&mut stamper.0);
    stamper.finish()
}

/// Makes a [`stamp`] of parts that come one by one.
#[derive(Default, Clone)]
pub struct Stamper(xxhash_rust::xxh3::Xxh3Default);

impl Stamper {
    /// Adds a part.
    pub fn part(&mut self, text: &str) {
        self.0.update(text.as_bytes());
        self.0.update(&[0x1f]);
    }

    /// The stamp of all parts.
    pub fn finish(self) -> Digest {
        Digest::from_u128(self.0.digest128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_fixed_for_good() {
        // Published guids hang on this value: it must never change.
        assert_eq!(digest(["osce", "a title", "2024-09-30"]).to_string(), "ee469f30-0a2a-5296-985e-da92c687bbb8");
        assert_ne!(stamp(["ab", "c"]), stamp(["a", "bc"]));
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
        assert_eq!(digest(["osce"]).get_version_num(), 5);
    }
}
