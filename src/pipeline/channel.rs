//! What a channel is called, and the document it makes of items.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::question::in_words;
use super::story::editions;
use crate::config::{Config, Feed, Source};
use crate::domain::text::cut;
use crate::domain::{Address, Digest, Item, Stamper};
use crate::feed::{Category, Document, Entry, pages};
use crate::store::ChannelRow;

/// A description goes no further than this (characters), whatever a feed asks for.
const LONGEST_DESCRIPTION: usize = 500;

/// How documents are made; part of every channel's stamp, so that an upgrade that renders differently renders anew.
const RENDERING: &str = "1";

/// A channel that the config knows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known<'a> {
    /// Everything of a source.
    All(&'a Source),
    /// A term of a source's facet.
    Term(&'a Source, usize),
    /// A pair of terms, of the first and the second of these facets of a source.
    Pair(&'a Source, usize, usize),
    /// A feed of the config's own.
    Feed(&'a Feed),
}

/// The config's part in a stored channel; None: it is no longer configured, and stays as it was last published.
pub(super) fn known<'a>(config: &'a Config, row: &ChannelRow) -> Option<Known<'a>> {
    let Some(source) = &row.source else {
        return config.feeds.iter().find(|f| Address::feed(&f.id).as_str() == row.address).map(Known::Feed);
    };
    let source = config.source(source)?;
    let place = |name: &String| source.newsroom.facets.iter().position(|f| f.name == *name);
    if let Some(pair) = &row.pair {
        let pair = (place(&pair.facets[0])?, place(&pair.facets[1])?);
        return source.pairs.contains(&pair).then_some(Known::Pair(source, pair.0, pair.1));
    }
    match &row.facet {
        None => Some(Known::All(source)),
        Some(name) => place(name).map(|facet| Known::Term(source, facet)),
    }
}

/// What a stored channel's feed is called; None: it is no longer configured.
pub fn title(config: &Config, row: &ChannelRow) -> Option<String> {
    known(config, row).map(|known| known.title(row))
}

/// For how many seconds a cache may answer without asking, by how often (seconds) there can be news: half of that, so that what a poll brought is seen
/// well before the next one, but a minute at least and an hour at most. Nobody knows when in the interval a cache asked; a whole one would double
/// the wait.
fn max_age(interval: u32) -> u32 {
    (interval / 2).clamp(60, 3_600)
}

impl Known<'_> {
    /// The feed's title.
    pub fn title(&self, row: &ChannelRow) -> String {
        match self {
            Self::All(source) => source.newsroom.title.clone(),
            Self::Term(source, _) => format!("{}: {}", source.newsroom.title, row.name.as_deref().unwrap_or_default()),
            Self::Pair(source, ..) => format!("{}: {}", source.newsroom.title, self.name(row)),
            Self::Feed(feed) => feed.title.clone(),
        }
    }

    /// What it is called where it is plain whose it is.
    pub fn name(&self, row: &ChannelRow) -> String {
        match self {
            Self::Term(..) => row.name.clone().unwrap_or_default(),
            Self::Pair(..) => row.pair.as_ref().map(|pair| pair.names.join(", ")).unwrap_or_default(),
            Self::All(_) | Self::Feed(_) => self.title(row),
        }
    }

    /// One sentence on what it holds.
    fn description(&self, config: &Config, row: &ChannelRow) -> String {
        match self {
            Self::All(source) => format!("Everything from {}", source.newsroom.title),
            Self::Term(source, facet) => {
                format!(
                    "{}, {}: {}",
                    source.newsroom.title,
                    source.newsroom.facets[*facet].title,
                    row.name.as_deref().unwrap_or_default()
                )
            }
            Self::Pair(source, first, second) => {
                let names = row.pair.as_ref().map(|pair| pair.names.clone()).unwrap_or_default();
                let facet = |n: usize| &source.newsroom.facets[n].title;
                format!("{}, {}: {}, {}: {}", source.newsroom.title, facet(*first), names[0], facet(*second), names[1])
            }
            Self::Feed(feed) => cut(format!("{}: {}", feed.title, in_words(config, feed)), LONGEST_DESCRIPTION),
        }
    }

    /// The sources its items come from.
    pub(super) fn sources<'c>(&'c self, config: &'c Config) -> Vec<&'c Source> {
        match self {
            Self::All(source) | Self::Term(source, _) | Self::Pair(source, ..) => vec![source],
            Self::Feed(feed) => {
                let named = feed.question.sources();
                let of_feed = |s: &&Source| named.as_ref().is_none_or(|named| named.contains(&s.newsroom.id));
                config.sources.iter().filter(of_feed).collect()
            }
        }
    }

    /// The page that readers are sent to, and the language: the source's; of several, the list of feeds and what they have in common.
    pub fn home_and_language(&self, config: &Config) -> (String, String) {
        let sources = self.sources(config);
        let language = sources.first().map_or("en", |s| &s.newsroom.language);
        let same = sources.iter().all(|s| s.newsroom.language == language);
        let home = match sources.as_slice() {
            [one] => one.newsroom.home.clone(),
            _ => config.base_url.to_string(),
        };
        (home, if same { language.to_owned() } else { "mul".to_owned() })
    }

    /// How often (seconds) there can be news: as often as the source among its sources that is polled most often.
    fn interval(&self, config: &Config) -> u32 {
        let interval = self.sources(config).iter().map(|s| s.schedule.interval()).min().unwrap_or(Duration::from_secs(3_600));
        u32::try_from(interval.as_secs()).unwrap_or(u32::MAX)
    }

    /// For how many seconds a cache may answer without asking.
    pub fn max_age(&self, config: &Config) -> u32 {
        max_age(self.interval(config))
    }

    /// The document. `updated` is the instant at which what it holds last changed.
    pub fn document(&self, config: &Config, row: &ChannelRow, items: &[&Item], updated: DateTime<Utc>) -> Document {
        let sources = self.sources(config);
        let (home, language) = self.home_and_language(config);
        let author = match sources.as_slice() {
            [one] => one.newsroom.title.clone(),
            _ => self.title(row),
        };
        let document = Document {
            id: Address::stored(row.address.clone()).feed_id(),
            title: self.title(row),
            description: self.description(config, row),
            home,
            language,
            author,
            updated,
            ttl: u64::from(self.interval(config) / 60).max(1),
            address: format!("{}{}", config.base_url, row.address),
            formats: config.publish.formats.clone(),
            entries: items.iter().map(|item| entry(config, item)).collect(),
        };
        document.clean()
    }
}

/// An item's terms in the order of its source's facets: facet and name.
pub(super) fn categories<'i>(config: &Config, item: &'i Item) -> Vec<&'i (String, String)> {
    let source = config.source(&item.source);
    let place = |facet: &str| source.and_then(|s| s.newsroom.facets.iter().position(|f| f.name == facet)).unwrap_or(usize::MAX);
    let mut categories: Vec<&(String, String)> = item.categories.iter().collect();
    categories.sort_by_key(|(facet, _)| place(facet));
    categories
}

fn entry(config: &Config, item: &Item) -> Entry {
    let category = |(facet, name): &(String, String)| Category {
        scheme: format!("{}{}/{facet}", config.base_url, item.source),
        term: name.clone(),
    };
    let article = item.article.clone().unwrap_or_default();
    Entry {
        id: item.guid,
        title: item.title.clone(),
        link: item.link.clone(),
        related: item.related.clone(),
        published: item.published,
        updated: item.updated,
        summary: item.summary.clone(),
        image: item.image.clone(),
        categories: categories(config, item).into_iter().map(category).collect(),
        origin: None,
        content: article.content,
        enclosures: article.enclosures,
        alternates: article.alternates,
    }
}

/// A stamp of all settings that the documents of a source depend on.
pub(super) fn source_stamp(config: &Config, source: &Source) -> Digest {
    stamp_of_source(publishing(config), source)
}

/// Those of all sources, by id.
pub(super) fn source_stamps(config: &Config) -> HashMap<&str, Digest> {
    let publishing = publishing(config);
    config.sources.iter().map(|s| (s.newsroom.id.as_str(), stamp_of_source(publishing.clone(), s))).collect()
}

fn stamp_of_source(mut stamper: Stamper, source: &Source) -> Digest {
    let newsroom = &source.newsroom;
    [newsroom.title.as_str(), &newsroom.home, &newsroom.language].into_iter().for_each(|part| stamper.part(part));
    for facet in &newsroom.facets {
        [facet.name.as_str(), &facet.title].into_iter().for_each(|part| stamper.part(part));
    }
    for &(first, second) in &source.pairs {
        [first, second].into_iter().for_each(|n| stamper.part(&newsroom.facets[n].name));
    }
    stamper.part(&source.schedule.interval().as_secs().to_string());
    stamper.finish()
}

/// The same for a feed of the config's own.
pub(super) fn feed_stamp(config: &Config, feed: &Feed) -> Digest {
    let publishing = publishing(config);
    let mut stamper = publishing.clone();
    stamper.part(&feed.title);
    stamper.part(&feed.question.stamp().to_string());
    stamper.part(&in_words(config, feed));
    stamper.part(feed.merge.name());
    stamper.part(&editions(config).stamp().to_string());
    for source in Known::Feed(feed).sources(config) {
        stamper.part(&stamp_of_source(publishing.clone(), source).to_string());
    }
    stamper.finish()
}

/// What all documents depend on.
fn publishing(config: &Config) -> Stamper {
    let publish = &config.publish;
    let mut stamper = Stamper::default();
    [RENDERING, &pages::version(), config.base_url.as_str()].into_iter().for_each(|part| stamper.part(part));
    [publish.pages.to_string(), publish.items.to_string(), publish.max_size.to_string()]
        .iter()
        .for_each(|part| stamper.part(part));
    publish.formats.iter().for_each(|format| stamper.part(format.extension()));
    stamper
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_ask_twice_an_interval_within_limits() {
        for (interval, want) in [(0, 60), (10, 60), (120, 60), (900, 450), (3_600, 1_800), (86_400, 3_600), (u32::MAX, 3_600)] {
            assert_eq!(max_age(interval), want, "{interval}");
        }
    }
}
