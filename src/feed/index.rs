//! `index.html`: every feed with its count and formats, plain, without scripts. Holds no poll times and no states of sources.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Format;
use crate::domain::text::xml_legal;

/// All feeds, as lists of them show them. Texts free of what XML forbids: see [`Directory::clean`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Where readers find the feeds; ends with a slash.
    pub base_url: String,
    /// The formats that every feed is published in.
    pub formats: Vec<Format>,
    /// The newsrooms, in the config's order.
    pub sources: Vec<ListedSource>,
    /// Feeds that the config defines.
    pub feeds: Vec<Listed>,
    /// The status feed is one of them. It is no feed for readers: lists for feed readers leave it out.
    pub status: bool,
}

/// A newsroom and its feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSource {
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFacet {
    /// The facet's title.
    pub title: String,
    /// Its terms' feeds, by name.
    pub feeds: Vec<Listed>,
}

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        let legal = |text: &mut String| *text = xml_legal(text).into_owned();
        let listed =
            |feed: &mut Listed| [&mut feed.title, &mut feed.name, &mut feed.home, &mut feed.language].into_iter().for_each(legal);
        legal(&mut self.base_url);
        for source in &mut self.sources {
            legal(&mut source.title);
            legal(&mut source.home);
            listed(&mut source.all);
            for facet in &mut source.facets {
                legal(&mut facet.title);
                facet.feeds.iter_mut().for_each(listed);
            }
        }
        self.feeds.iter_mut().for_each(listed);
        self
    }
}

/// The address of a feed as seen from the page, which works behind any address and from disk.
fn relative(feed: &Listed, format: Format) -> String {
    format!("{}.{}", feed.address, format.extension())
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
h1{font-size:1.6rem}h2{margin-top:2.5rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}.n{text-align:right}a+a{margin-left:.6rem}";

/// The list as a page.
pub fn render(directory: &Directory) -> Vec<u8> {
    let sources = directory.sources.iter().filter(|s| s.all.items > 0);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Feeds" }
                @for source in sources.clone() { (discovery(directory, &source.all)) }
                @for feed in &directory.feeds { (discovery(directory, feed)) }
                link rel="alternate" type="text/x-opml" title="All feeds (OPML)" href="feeds.opml";
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { "Feeds" }
                    p { "Subscribe to any of these in a feed reader, or take them all: " a href="feeds.opml" { "feeds.opml" } "." }
                    @if directory.feeds.iter().any(|f| f.items > 0) {
                        section {
                            h2 { "Selections" }
                            (table(directory, "Feed", directory.feeds.iter()))
                        }
                    }
                    @for source in sources {
                        section {
                            h2 { a href=(source.home) { (source.title) } }
                            (table(directory, "Feed", std::iter::once(&source.all)))
                            @for facet in source.facets.iter().filter(|f| f.feeds.iter().any(|f| f.items > 0)) {
                                h3 { (facet.title) }
                                (table(directory, &facet.title, facet.feeds.iter()))
                            }
                        }
                    }
                    @if directory.sources.iter().all(|s| s.all.items == 0) { p { "No items yet." } }
                    @if directory.status {
                        p {
                            "Which of these newsrooms cannot be read just now:"
                            @for format in &directory.formats {
                                " " a href={ (super::status::ADDRESS) "." (format.extension()) } type=(format.media_type()) { (format.title()) }
                            }
                        }
                    }
                }
            }
        }
    };
    let mut out = page.into_string().into_bytes();
    out.push(b'\n');
    out
}

fn discovery(directory: &Directory, feed: &Listed) -> Markup {
    html! {
        @if feed.items > 0 {
            @for format in &directory.formats {
                link rel="alternate" type=(format.media_type()) title={ (feed.title) " (" (format.title()) ")" } href=(relative(feed, *format));
            }
        }
    }
}

fn table<'a>(directory: &Directory, head: &str, feeds: impl Iterator<Item = &'a Listed>) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { (head) } th scope="col" class="n" { "Items" } th scope="col" { "Formats" } } }
            tbody {
                @for feed in feeds.filter(|f| f.items > 0) {
                    tr {
                        td { (feed.name) }
                        td class="n" { (feed.items) }
                        td {
                            @for format in &directory.formats {
                                a href=(relative(feed, *format)) type=(format.media_type()) aria-label={ (feed.title) ", " (format.title()) } { (format.title()) }
                            }
                        }
                    }
                }
            }
        }
    }
}
