//! What the newsroom holds, and what may happen to it while a daemon is watching.

use serde::Deserialize;

use super::{article, listing, redesign};

/// One item as the newsroom's editors know it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The article's address, from the root.
    pub path: String,
    /// The title, plain text.
    pub title: String,
    /// The date as the page shows it: day, English month, year.
    pub date: String,
    /// The content type, if the page names one.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The departments: "Where we are".
    #[serde(default, rename = "where")]
    pub departments: Vec<String>,
    /// The topics: "What we do".
    #[serde(default, rename = "what")]
    pub topics: Vec<String>,
    /// The summary, HTML that stands in the page as it is here; empty: an element that holds the "Read more" link alone.
    pub summary: Option<String>,
    /// Further labels, each with its value.
    #[serde(default)]
    pub labels: Vec<(String, String)>,
}

/// How the listing marks up its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Markup {
    /// Class names for every field, a span around each label, links around the terms.
    #[default]
    Classes,
    /// Type, departments and topics as bare text in elements whose class says nothing: only the labels tell them apart.
    LabelsOnly,
    /// Another site altogether: no element or class is as it was.
    Redesigned,
}

/// What the server answered so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Requests answered, whatever the answer.
    pub requests: u64,
    /// Those answered 304.
    pub not_modified: u64,
    /// Those answered 404.
    pub not_found: u64,
}

/// The newsroom: its items in the listing's order, newest first but for the odd day.
#[derive(Debug, Clone)]
pub struct Newsroom {
    items: Vec<Item>,
    markup: Markup,
    revision: u64,
    pub(super) tally: Tally,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    item: Vec<Item>,
}

impl Newsroom {
    /// The newsroom with its built-in items.
    pub fn built_in(markup: Markup) -> Self {
        let file: File = toml::from_str(include_str!("items.toml")).expect("the items built in are valid, every test reads them");
        Self::new(file.item, markup)
    }

    /// A newsroom with items of one's own, in the listing's order.
    pub fn new(items: Vec<Item>, markup: Markup) -> Self {
        Newsroom { items, markup, revision: 0, tally: Tally::default() }
    }

    /// The items in the listing's order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Moves with every change to the items.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What the server answered so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Puts a new item on top of the listing.
    pub fn publish(&mut self, item: Item) {
        self.items.insert(0, item);
        self.revision += 1;
    }

    /// Gives the item at `path` another title; false if there is none.
    pub fn edit(&mut self, path: &str, new_title: &str) -> bool {
        let Some(item) = self.items.iter_mut().find(|i| i.path == path) else { return false };
        new_title.clone_into(&mut item.title);
        self.revision += 1;
        true
    }

    /// Lists the item at `path` once more, right above, under another path and with other departments, as when a field office
    /// takes over a story; false if there is none.
    pub fn repost(&mut self, path: &str, new_path: &str, departments: &[&str]) -> bool {
        let Some(at) = self.items.iter().position(|i| i.path == path) else { return false };
        let departments = departments.iter().map(|&d| d.to_owned()).collect();
        let copy = Item { path: new_path.to_owned(), departments, ..self.items[at].clone() };
        self.items.insert(at, copy);
        self.revision += 1;
        true
    }

    /// A page of the listing, counted from 0, with that many rows; beyond the end it has none.
    pub fn page(&self, number: usize, rows: usize) -> String {
        match self.markup {
            Markup::Redesigned => redesign::render(&self.items, number, rows),
            markup => listing::render(&self.items, markup, number, rows),
        }
    }

    /// Gives the newsroom another markup.
    pub fn redesign(&mut self, markup: Markup) {
        self.markup = markup;
        self.revision += 1;
    }

    /// The article at `path`.
    pub fn article(&self, path: &str) -> Option<String> {
        self.items.iter().find(|i| i.path == path).map(article::render)
    }
}
