//! All feeds, as lists of them show them. Holds no poll times and no states of sources.

use std::borrow::Cow;

use super::Format;
use crate::domain::text::xml_legal;

/// All feeds, as lists of them show them. Texts free of what XML forbids: see [`Directory::clean`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Directory {
    /// Where readers find the feeds; ends with a slash.
    pub base_url: String,
    /// The formats that every feed is published in.
    pub formats: Vec<Format>,
    /// Every feed has a page for people.
    pub pages: bool,
    /// The newsrooms, in the config's order.
    pub sources: Vec<ListedSource>,
    /// Feeds that the config defines.
    pub feeds: Vec<Listed>,
    /// The status feed is one of them. It is no feed for readers: lists for feed readers leave it out.
    pub status: bool,
}

/// A newsroom and its feeds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListedSource {
    /// The newsroom's id.
    pub id: String,
    /// The newsroom's title.
    pub title: String,
    /// The newsroom's own page.
    pub home: String,
    /// The feed of all its items.
    pub all: Listed,
    /// Its facets, in the config's order.
    pub facets: Vec<ListedFacet>,
}

/// A facet and its feeds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListedFacet {
    /// The facet's name in addresses.
    pub name: String,
    /// The facet's title.
    pub title: String,
    /// Its terms' feeds, by name.
    pub feeds: Vec<Listed>,
}

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Listed {
    /// Its address below `base_url`, without ending.
    pub address: String,
    /// Its full title.
    pub title: String,
    /// Its name within its list: the term.
    pub name: String,
    /// The page that readers are sent to.
    pub home: String,
    /// Language tag.
    pub language: String,
    /// How many items are stored for it.
    pub items: u64,
}

impl Directory {
    /// The full address of a feed in a format.
    pub fn url(&self, feed: &Listed, format: Format) -> String {
        format!("{}{}", self.base_url, relative(feed, format))
    }

    /// Drops what XML 1.0 forbids from every text.
    pub fn clean(mut self) -> Self {
        legal(&mut self.base_url);
        for source in &mut self.sources {
            legal(&mut source.title);
            legal(&mut source.home);
            source.all.clean();
            source.facets.iter_mut().for_each(ListedFacet::clean);
        }
        self.feeds.iter_mut().for_each(Listed::clean);
        self
    }
}

impl ListedFacet {
    pub(super) fn clean(&mut self) {
        legal(&mut self.title);
        self.feeds.iter_mut().for_each(Listed::clean);
    }
}

impl Listed {
    fn clean(&mut self) {
        [&mut self.title, &mut self.name, &mut self.home, &mut self.language].into_iter().for_each(legal);
    }
}

/// Most texts are legal as they are.
pub(super) fn legal(text: &mut String) {
    if let Cow::Owned(clean) = xml_legal(text) {
        *text = clean;
    }
}

/// The address of a feed as seen from the root of the tree.
pub(super) fn relative(feed: &Listed, format: Format) -> String {
    format!("{}.{}", feed.address, format.extension())
}
