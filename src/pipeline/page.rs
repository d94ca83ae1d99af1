//! What a channel's page holds beside its feed.
//!
//! A page changes with its own channel only: it names no number and no term of another, but for a source's page, whose channel holds every
//! item, so that whatever changes a term's changes it too.

use std::collections::HashMap;

use super::Pipeline;
use super::channel::{Known, categories, known};
use super::question::in_words;
use crate::config::{Config, Source};
use crate::domain::{Address, Item};
use crate::feed::directory::{Listed, ListedFacet};
use crate::feed::pages::{Around, ENDING, SHOWN, Shown, Step};
use crate::store::ChannelRow;

/// What pages need to know of all channels.
pub(super) struct Pages<'a> {
    rows: &'a [ChannelRow],
    /// The feeds of terms: source, facet and name to address.
    feeds: HashMap<(&'a str, &'a str, &'a str), &'a str>,
    /// How many items the channels hold that were rendered since the rows were read.
    counts: HashMap<String, i64>,
}

impl<'a> Pages<'a> {
    pub fn new(config: &Config, rows: &'a [ChannelRow]) -> Self {
        let mut feeds = HashMap::new();
        // The feeds of a facet that is no longer configured are not made any more.
        for row in rows.iter().filter(|r| r.moved_to.is_none() && known(config, r).is_some()) {
            if let (Some(source), Some(facet), Some(name)) = (&row.source, &row.facet, &row.name) {
                feeds.insert((source.as_str(), facet.as_str(), name.as_str()), row.address.as_str());
            }
        }
        Self { rows, feeds, counts: HashMap::new() }
    }

    fn feed(&self, source: &str, facet: &str, name: &str) -> Option<String> {
        self.feeds.get(&(source, facet, name)).map(|address| (*address).to_owned())
    }

    /// Notes how many items a channel holds.
    pub fn count(&mut self, address: &str, items: i64) {
        self.counts.insert(address.to_owned(), items);
    }
}

/// A channel's page in the tree.
pub(super) fn page_file(address: &str) -> String {
    format!("{address}.{ENDING}")
}

impl Pipeline {
    /// What the page of a channel says beside these items, which are all that its feed holds, and `total` that are stored.
    pub(super) fn around(&self, pages: &Pages<'_>, row: &ChannelRow, of: &Known<'_>, items: &[&Item], total: i64) -> Around {
        let sources = of.sources(&self.config);
        let several = sources.len() > 1;
        let mut above = Vec::new();
        if let Known::Term(source, facet) | Known::Pair(source, facet, _) = of {
            let page = page_file(Address::all(&source.newsroom.id).as_str());
            let facet = &source.newsroom.facets[*facet];
            above.push(Step { name: source.newsroom.title.clone(), address: page.clone() });
            above.push(Step { name: facet.title.clone(), address: format!("{page}#facet/{}", facet.name) });
        }
        if let Some(pair) = &row.pair {
            above.push(Step { name: pair.names[0].clone(), address: page_file(&pair.terms[0]) });
        }
        let shown = items.iter().take(SHOWN).map(|item| {
            let source = sources.iter().find(|s| several && s.newsroom.id.as_str() == item.source);
            let terms = categories(&self.config, item);
            Shown {
                source: source.map(|s| s.newsroom.title.clone()),
                language: source.map(|s| s.newsroom.language.clone()),
                feeds: terms.into_iter().map(|(facet, name)| pages.feed(&item.source, facet, name)).collect(),
            }
        });
        Around {
            base_url: self.config.base_url.to_string(),
            address: row.address.clone(),
            name: of.name(row),
            selects: match of {
                Known::Feed(feed) => Some(in_words(&self.config, feed)),
                Known::All(_) | Known::Term(..) | Known::Pair(..) => None,
            },
            above,
            items: u64::try_from(total).unwrap_or(0),
            shown: shown.collect(),
            facets: match of {
                Known::All(source) => self.facets(pages.rows, source, &pages.counts),
                Known::Term(..) | Known::Pair(..) | Known::Feed(_) => Vec::new(),
            },
            pairs: match of {
                Known::Term(source, facet) => self.pairs(pages.rows, source, *facet, &row.address),
                Known::All(_) | Known::Pair(..) | Known::Feed(_) => Vec::new(),
            },
        }
        .clean()
    }

    /// The pairs of a term, by the facet of the other one. What is in one of them is in the term's own feed, whose page therefore changes with it.
    fn pairs(&self, rows: &[ChannelRow], source: &Source, facet: usize, address: &str) -> Vec<ListedFacet> {
        let mut facets = Vec::new();
        for (first, second) in source.pairs.iter().copied().filter(|(a, b)| [a, b].contains(&&facet)) {
            let (own, other) = if first == facet { (0, 1) } else { (1, 0) };
            let known = Known::Pair(source, first, second);
            let of_term = rows.iter().filter(|r| r.moved_to.is_none()).filter_map(|row| {
                let pair = row.pair.as_ref().filter(|pair| pair.terms[own] == address)?;
                let is_of = [first, second].iter().zip(&pair.facets).all(|(n, name)| source.newsroom.facets[*n].name == *name);
                is_of.then(|| Listed {
                    items: u64::try_from(pair.items).unwrap_or(0),
                    ..self.listed(row, &known, pair.names[other].clone())
                })
            });
            let mut feeds: Vec<Listed> = of_term.collect();
            feeds.sort_by_key(|f| (f.name.to_lowercase(), f.address.clone()));
            let facet = &source.newsroom.facets[if own == 0 { second } else { first }];
            facets.push(ListedFacet { name: facet.name.clone(), title: facet.title.clone(), feeds });
        }
        facets
    }
}
