//! What to read from a page: selectors, labels and date formats, ready to use.

use scraper::Selector;

use super::query::Query;

use super::date::DateFormat;
use super::months::Language;
use crate::domain::Zone;

/// How a source's documents are read.
#[derive(Debug, Clone)]
pub enum Reader {
    /// As pages, by selectors or without.
    Page(Rules),
    /// As a feed.
    Feed(FeedRules),
}

/// How a feed is read. Its format says what is what: there is little to add.
#[derive(Debug, Clone)]
pub struct FeedRules {
    /// The language of names in dates that are not written as they should be.
    pub language: Language,
    /// Each facet's values, in the order of the newsroom's facets.
    pub facets: Vec<FeedFacet>,
}

/// The values of a feed's facet.
#[derive(Debug, Clone)]
pub struct FeedFacet {
    /// Where they stand.
    pub value: FeedValue,
    /// Several values; else the first one counts.
    pub many: bool,
}

/// What of an entry makes a facet's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedValue {
    /// Who wrote it.
    Author,
    /// Its categories.
    Category {
        /// Those of one of these schemes (RSS: domains); none: of all.
        schemes: Vec<String>,
        /// Those of these names, folded; none: of all.
        only: Vec<String>,
        /// Without those of these names, folded.
        without: Vec<String>,
    },
}

/// The rules by which one source's pages are read. All texts that are compared with the page are folded beforehand.
#[derive(Debug, Clone)]
pub struct Rules {
    /// One row each; alternatives, the first that matches anything on the page.
    pub each: Vec<Query>,
    /// The link to the next page; alternatives.
    pub next: Vec<Selector>,
    /// The title; alternatives, the first that gives a text.
    pub title: Vec<Field>,
    /// The link; alternatives. Without any, the first link in or around the title, else in the row.
    pub link: Vec<Field>,
    /// The date; alternatives.
    pub date: Vec<DateField>,
    /// The summary; alternatives, read as HTML. May be empty.
    pub summary: Vec<Field>,
    /// The image; alternatives. May be empty.
    pub image: Vec<Field>,
    /// Each facet's values, in the order of the newsroom's facets.
    pub facets: Vec<FacetField>,
    /// The zone of dates that state none.
    pub timezone: Zone,
    /// What is done where `each` matches nothing; None: nothing.
    pub discovery: Option<Discover>,
}

/// That a page's listing is to be found without selectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discover {
    /// The language of names in its dates, where the operator states it.
    pub language: Option<Language>,
}

/// Where in a row a value stands.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// The element; without it the row itself, or with `label` the whole row is searched.
    pub select: Option<Query>,
    /// It stands above the row: the nearest such element before it, in which the others are looked for.
    pub above: Option<Selector>,
    /// The value is this attribute, not the text.
    pub attr: Option<String>,
    /// The value follows this visible label (folded, without colon).
    pub label: Option<String>,
    /// Elements inside that do not count, such as a "read more" link.
    pub without: Vec<Selector>,
}

/// A date and how it is written.
#[derive(Debug, Clone)]
pub struct DateField {
    /// Where it stands.
    pub field: Field,
    /// What is read behind it, in order: a month that stands elsewhere than its day.
    pub then: Vec<Field>,
    /// How it may be written, in order.
    pub formats: Vec<DateFormat>,
}

/// The values of a facet.
#[derive(Debug, Clone)]
pub struct FacetField {
    /// The facet's name, for warnings.
    pub name: String,
    /// Where the values stand; alternatives.
    pub values: Vec<Field>,
    /// Several values: links first, else split at commas.
    pub many: bool,
}

impl Rules {
    /// Every label that a row may hold: where one begins, the value of the one before ends.
    pub fn labels(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields().filter_map(|f| f.label.as_deref())
    }

    /// Every field.
    pub fn fields(&self) -> impl Iterator<Item = &Field> + Clone {
        let dates = self.date.iter().flat_map(|d| std::iter::once(&d.field).chain(&d.then));
        let facets = self.facets.iter().flat_map(|f| &f.values);
        self.title.iter().chain(&self.link).chain(dates).chain(&self.summary).chain(&self.image).chain(facets)
    }
}
