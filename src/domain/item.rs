//! Items, and the rows that tell of them.

use std::ops::RangeInclusive;

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::Digest;

/// When an item was published: an instant with the offset in which it is written.
pub type Published = DateTime<FixedOffset>;

/// Where an item can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Absolute http or https URL, without userinfo.
    pub url: String,
    /// What two spellings of the same address have in common, or what the source's `link-key` captures.
    pub identity: Digest,
}

/// A term of a facet, as a row names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag {
    /// Index into the newsroom's facets.
    pub facet: usize,
    /// The name as spelt on the page, after aliases.
    pub name: String,
}

/// What a date may mean that is only told from the moment of reading, such as "2 days ago", or "12 November" without a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approximate {
    /// The days that may be meant.
    pub days: RangeInclusive<NaiveDate>,
    /// Day and month are told, and not the year: the same day of an earlier year may be meant.
    pub yearly: bool,
    /// The keys that the row would have on the other ones, unless those are too many.
    pub keys: Vec<Digest>,
}

/// One row of a page, normalised: an item as one walk saw it at one link.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The page of the walk, counted from 0.
    pub page: usize,
    /// The row of the page, counted from 0.
    pub row: usize,
    /// What makes two rows the same item: source, folded title, day (and the link, in sources whose `identity` says so).
    pub key: Digest,
    /// Source, folded title and day: what the guid is made of.
    pub origin: Digest,
    /// The folded title alone.
    pub title_key: Digest,
    /// What a reader would call a change: folded title, date, folded summary.
    pub version: Digest,
    /// Everything the row says, to the letter.
    pub exact: Digest,
    /// The title as spelt.
    pub title: String,
    /// The day the row states, in the newsroom's zone.
    pub day: NaiveDate,
    /// The instant the row states.
    pub published: Published,
    /// The row tells its date from the moment of reading: `day` and `published` are what that comes to now.
    pub approximate: Option<Approximate>,
    /// By how many days `day` may be off; None: it is stated.
    pub slack: Option<u32>,
    /// Where it leads, if anywhere.
    pub link: Option<Link>,
    /// Sanitised HTML with absolute links.
    pub summary: Option<String>,
    /// The address of its image: absolute http or https, without userinfo.
    pub image: Option<String>,
    /// The terms the row names, without doubles.
    pub tags: Vec<Tag>,
}

impl Reading {
    /// The last day that the row may mean.
    pub fn latest(&self) -> NaiveDate {
        self.approximate.as_ref().map_or(self.day, |approximate| *approximate.days.end())
    }
}

/// An item as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The id of its source.
    pub source: String,
    /// The globally unique id: never changes once published.
    pub guid: Digest,
    /// The title, plain text.
    pub title: String,
    /// The item's own link.
    pub link: Option<String>,
    /// Links of further sightings, in order of first sight.
    pub related: Vec<String>,
    /// When it was published.
    pub published: Published,
    /// When title, date or summary last changed; at first the same as `published`.
    pub updated: Published,
    /// Sanitised HTML.
    pub summary: Option<String>,
    /// The address of its image.
    pub image: Option<String>,
    /// Facet name and term name pairs, in the order of the page.
    pub categories: Vec<(String, String)>,
    /// What its own page says, where that was read.
    pub article: Option<super::Article>,
}
