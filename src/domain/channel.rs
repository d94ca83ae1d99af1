//! Channels: which feeds there are, where they stand, and which items belong to them.

use std::collections::{BTreeMap, BTreeSet};
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

/// What a feed of one's own holds: the values of a key are alternatives, and all keys must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Sources to take items from; empty: all.
    pub sources: BTreeSet<Id>,
    /// Facet name to folded term names.
    pub facets: BTreeMap<String, BTreeSet<String>>,
    /// Folded words or phrases, one of which the title must hold; empty: any title.
    pub title: Vec<String>,
    /// Folded words or phrases, one of which the title or the summary must hold; empty: any.
    pub text: Vec<String>,
}

/// What a filter asks of an item. All texts folded.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The item's source.
    pub source: &'a Id,
    /// (facet name, folded term name) of its terms.
    pub terms: &'a [(String, String)],
    /// Its folded title.
    pub title: &'a str,
    /// Its folded summary, without markup.
    pub summary: &'a str,
}

impl Filter {
    /// Whether the item belongs to the feed.
    pub fn holds(&self, item: &Candidate<'_>) -> bool {
        (self.sources.is_empty() || self.sources.contains(item.source))
            && self.facets.iter().all(|(facet, names)| item.terms.iter().any(|(f, name)| f == facet && names.contains(name)))
            && (self.title.is_empty() || self.title.iter().any(|phrase| has_phrase(item.title, phrase)))
            && (self.text.is_empty()
                || self.text.iter().any(|phrase| has_phrase(item.title, phrase) || has_phrase(item.summary, phrase)))
    }
}

/// Whether the phrase stands in the text as whole words.
fn has_phrase(text: &str, phrase: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !phrase.is_empty()
        && text
            .match_indices(phrase)
            .any(|(at, found)| edge(text[..at].chars().next_back()) && edge(text[at + found.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::parse(text).expect("test id")
    }

    #[test]
    fn phrases_are_whole_words() {
        assert!(has_phrase("odihr opens election mission", "election"));
        assert!(has_phrase("election", "election"));
        assert!(!has_phrase("elections in x", "election"));
        assert!(has_phrase("pre-election, elections", "elections"));
        assert!(!has_phrase("anything", ""));
    }

    #[test]
    fn keys_must_all_hold_and_values_are_alternatives() {
        let filter = Filter {
            sources: BTreeSet::from([id("osce")]),
            facets: BTreeMap::from([("topic".into(), BTreeSet::from(["elections".into(), "media".into()]))]),
            title: vec!["moldova".into()],
            text: vec![],
        };
        let osce = id("osce");
        let terms = [("topic".to_owned(), "media".to_owned())];
        let item = Candidate { source: &osce, terms: &terms, title: "news from moldova", summary: "" };
        assert!(filter.holds(&item));
        assert!(!filter.holds(&Candidate { title: "news", ..item.clone() }));
        assert!(!filter.holds(&Candidate { terms: &[], ..item.clone() }));
        assert!(!filter.holds(&Candidate { source: &id("other"), ..item }));
    }

    #[test]
    fn feed_ids_know_no_base_url_and_differ() {
        let osce = id("osce");
        assert_ne!(Address::all(&osce).feed_id(), Address::term(&osce, "topic", "all").feed_id());
        assert_eq!(Address::all(&osce).to_string(), "osce/all");
    }
}
