//! A newsroom: what a source is called and how it speaks, apart from how its pages are read.

use std::fmt;

use super::Zone;

/// The id of a source or of a feed that the config defines: `[a-z0-9-]+`, chosen once, for good (guids hang on it).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(String);

/// Words that the server or the tree on disk uses at the place where an id stands.
pub const RESERVED: &[&str] = &[
    "all", "assets", "favicon", "feed", "feeds", "health", "healthz", "hub", "index", "metrics", "opml", "readyz", "robots",
    "rss", "atom", "json", "search", "sitemap", "status", "static",
];

impl Id {
    /// Takes `[a-z0-9-]+` of at most 64 bytes that is no reserved word.
    ///
    /// # Errors
    /// Says what is wrong with the text, as the end of a sentence that begins with its name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 64 {
            return Err("must have 1 to 64 characters".into());
        }
        if !text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return Err("may hold only a-z, 0-9 and -".into());
        }
        if RESERVED.contains(&text) {
            return Err(format!("must not be \"{text}\", a word that newsroomd uses itself"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text has the form of a language tag (RFC 5646, section 2.1), whether or not there is such a language.
pub fn is_language_tag(text: &str) -> bool {
    text.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A newsroom, as its readers know it.
#[derive(Debug, Clone)]
pub struct Newsroom {
    /// Its id in the config.
    pub id: Id,
    /// What feeds of it are called.
    pub title: String,
    /// The page that readers are sent to (an absolute http or https URL).
    pub home: String,
    /// Language tag of its items (BCP 47), such as `en`.
    pub language: String,
    /// The zone in which its pages state days and times.
    pub timezone: Zone,
    /// The facets by which it has feeds, in the config's order.
    pub facets: Vec<Facet>,
}

/// One way in which a newsroom's items are sorted: topic, department, type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Its name in addresses: `[a-z0-9-]+`.
    pub name: String,
    /// What readers see, such as "What we do".
    pub title: String,
    /// Whether an item can have several terms. Terms of such a facet are united over an item's sightings;
    /// of the others, the row of the item's own link decides.
    pub many: bool,
    /// How many terms may have feeds.
    pub max_terms: usize,
    /// Renamed terms: (folded old name, new name as it is to be spelt).
    pub alias: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_addresses() {
        assert_eq!(Id::parse("osce-2").map(|i| i.to_string()), Ok("osce-2".into()));
        for bad in ["", "OSCE", "a b", "ä", "../x", "status", "a/b", &"x".repeat(65)] {
            assert!(Id::parse(bad).is_err(), "{bad:?}");
        }
    }
}
