//! What several sources carry: one entry, which names where it comes from and who else has it.

use std::collections::HashMap;

use super::channel::Known;
use crate::config::{Config, Feed, Source};
use crate::domain::{Address, Alternate, Item, Merge};
use crate::feed::{Document, Entry, Origin};
use crate::normalise::link::is_same;
use crate::normalise::story::{Edition, Editions};

/// Whether some feed leaves out what is another's story.
pub(super) fn merges(config: &Config) -> bool {
    config.feeds.iter().any(|feed| feed.merge != Merge::Nothing && is_over_several(config, feed))
}

fn is_over_several(config: &Config, feed: &Feed) -> bool {
    Known::Feed(feed).sources(config).len() > 1
}

/// What becomes of a story that a feed holds several times, in words; None: it is over one source.
pub fn merged_in_words(config: &Config, feed: &Feed) -> Option<&'static str> {
    let words = match feed.merge {
        Merge::Nothing => "nothing: a story stands there for each source that carries it",
        Merge::Doubles => "what several sources carry has one entry",
        Merge::Translations => "what several sources carry, in whatever language, has one entry",
    };
    is_over_several(config, feed).then_some(words)
}

/// The sources that are language editions of one another.
pub(super) fn editions(config: &Config) -> Editions {
    let mut editions = Editions::default();
    for source in &config.sources {
        let id = &source.newsroom.id;
        let is_root = || config.sources.iter().any(|s| s.translates.as_ref() == Some(id));
        let root = source.translates.clone().or_else(|| is_root().then(|| id.clone()));
        if let Some(root) = root {
            let (language, link_key) = (source.newsroom.language.clone(), source.identity.link_key.clone());
            editions.0.insert(id.to_string(), Edition { root, language, link_key });
        }
    }
    editions
}

/// Adds to the entries of a feed over several sources where each comes from and who else carries it. `chosen`: the entries' items in order, by
/// number; `doubles`: for each of them those that were left out.
pub(super) fn carriers(
    config: &Config,
    sources: &[&Source],
    document: &mut Document,
    chosen: &[(i64, bool)],
    items: &HashMap<i64, Item>,
    doubles: &HashMap<i64, Vec<i64>>,
) {
    if sources.len() < 2 {
        return;
    }
    let of_feed = chosen.iter().filter_map(|(id, _)| Some((id, items.get(id)?)));
    for ((id, item), entry) in of_feed.zip(&mut document.entries) {
        entry.origin = Some(origin(config, item));
        for other in doubles.get(id).into_iter().flatten().filter_map(|other| items.get(other)) {
            add(config, item, other, entry);
        }
    }
}

/// The feed of everything of the item's source; of one that is no longer configured it stands as it last was.
fn origin(config: &Config, item: &Item) -> Origin {
    let source = config.source(&item.source);
    let address = Address::stored(format!("{}/all", item.source));
    Origin {
        id: address.feed_id(),
        title: source.map_or_else(|| item.source.clone(), |s| s.newsroom.title.clone()),
        home: source.map(|s| s.newsroom.home.clone()),
        address: format!("{}{address}", config.base_url),
    }
}

/// Adds the link of another item of the story, unless it is there, however spelt.
fn add(config: &Config, item: &Item, other: &Item, entry: &mut Entry) {
    let Some(url) = &other.link else { return };
    let there = entry.link.iter().chain(&entry.related).chain(entry.alternates.iter().map(|t| &t.url));
    if there.into_iter().any(|link| is_same(link, url)) {
        return;
    }
    let language = |item: &Item| config.source(&item.source).map(|s| s.newsroom.language.clone());
    match language(other) {
        // One link of a kind for each language (RFC 4287, section 4.1.2).
        Some(tag) if language(item).as_ref() != Some(&tag) && entry.alternates.iter().all(|t| t.language != tag) => {
            entry.alternates.push(Alternate { language: tag, url: url.clone() });
        }
        _ => entry.related.push(url.clone()),
    }
}
