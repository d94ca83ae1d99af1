//! One newsroom with one listing, and one place that reads it: the scene of most tests.

use std::path::PathBuf;

use super::binary::{Place, Run};
use super::listing::{Row, page, source};
use super::newsroom::Newsroom;
use super::tree::{self, Entry};

/// The source is `news`; its listing begins at `/news`.
pub struct Scene {
    pub newsroom: Newsroom,
    pub place: Place,
}

impl Scene {
    /// `publish` are keys of [publish], `keys` of [[source]].
    pub fn new(publish: &str, keys: &str) -> Self {
        let newsroom = Newsroom::start();
        let place = Place::new(publish, &source(&newsroom, "news", "News", "/news", keys));
        Self { newsroom, place }
    }

    /// Another place that reads the same newsroom, so that even the links are the same.
    pub fn beside(&self, publish: &str, keys: &str) -> Self {
        let place = Place::new(publish, &source(&self.newsroom, "news", "News", "/news", keys));
        Self { newsroom: self.newsroom.clone(), place }
    }

    /// Rewrites the config.
    pub fn configure(&self, publish: &str, keys: &str) {
        self.place.configure(publish, &source(&self.newsroom, "news", "News", "/news", keys));
    }

    /// Lets the listing show these pages.
    pub fn show(&self, pages: &[&[Row]]) {
        for (n, rows) in pages.iter().enumerate() {
            let next = (n + 1 < pages.len()).then(|| address(n + 1));
            self.newsroom.page(&address(n), &page(rows, next.as_deref()));
        }
    }

    /// Lets the listing show one page, and polls it.
    #[track_caller]
    pub fn poll(&self, rows: &[Row]) -> Run {
        self.show(&[rows]);
        self.place.once()
    }

    pub fn feeds(&self) -> PathBuf {
        self.place.feeds()
    }

    /// The entries of `news/all`.
    pub fn entries(&self) -> Vec<Entry> {
        tree::atom(&self.feeds(), "news/all")
    }

    /// The one entry of `news/all` with this title.
    #[track_caller]
    pub fn entry(&self, title: &str) -> Entry {
        let mut found: Vec<Entry> = self.entries().into_iter().filter(|e| e.title == title).collect();
        assert_eq!(found.len(), 1, "{title}: {found:#?}");
        found.remove(0)
    }

    /// The titles of a feed, in its order; none if there is no such feed.
    pub fn titles(&self, address: &str) -> Vec<String> {
        if self.feeds().join(format!("{address}.atom")).exists() { tree::titles(&self.feeds(), address) } else { Vec::new() }
    }
}

/// The address of the listing's nth page.
pub fn address(page: usize) -> String {
    if page == 0 { "/news".into() } else { format!("/news?page={page}") }
}
