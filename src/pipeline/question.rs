//! What the configuration asks of items, as the store is told it, and in words.

use crate::config::{Config, Feed};
use crate::domain::question::Names;
use crate::domain::{Address, Id, stamp};
use crate::store::{Asked, Pairs, What};

/// Every question of the configuration.
pub(super) fn questions(config: &Config) -> Vec<Asked> {
    let feed = |feed: &Feed| Asked {
        name: Address::feed(&feed.id).to_string(),
        stamp: feed.question.stamp(),
        what: What::Feed(feed.question.clone()),
    };
    let mut asked: Vec<Asked> = config.feeds.iter().map(feed).collect();
    for source in &config.sources {
        for &(first, second) in &source.pairs {
            let (id, facets) = (source.newsroom.id.clone(), [first, second].map(|n| source.newsroom.facets[n].name.clone()));
            let max = source.max_pairs;
            asked.push(Asked {
                name: format!("{id}/{}/{}", facets[0], facets[1]),
                stamp: stamp(["pairs", &max.to_string()]),
                what: What::Pairs(Pairs { source: id, facets, max }),
            });
        }
    }
    asked
}

/// What a feed of the config's own holds, in words.
pub fn in_words(config: &Config, feed: &Feed) -> String {
    feed.question.in_words(&Titles(config))
}

struct Titles<'a>(&'a Config);

impl Names for Titles<'_> {
    fn source(&self, id: &Id) -> String {
        let source = self.0.source(id.as_str());
        source.map_or_else(|| id.to_string(), |s| s.newsroom.title.clone())
    }

    fn facet(&self, name: &str) -> String {
        let mut facets = self.0.sources.iter().flat_map(|s| &s.newsroom.facets);
        facets.find(|f| f.name == name).map_or_else(|| name.to_owned(), |f| f.title.clone())
    }
}
