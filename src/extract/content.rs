//! What was sent where a page was expected, for messages that help: by its first bytes, its first tag, or what it lacks.

use scraper::{Html, Selector};

use super::is_read;
use crate::domain::text::cut;

/// What bytes are that were to be a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A page, or at least nothing that is surely something else.
    Page,
    /// Nothing but blanks.
    Empty,
    /// RSS, Atom or JSON Feed.
    Feed(&'static str),
    /// JSON that is no feed.
    Json,
    /// XML that is neither page nor feed, with this first element.
    Xml(String),
    /// Text without a tag.
    Text,
    /// A file of this media type.
    File(&'static str),
    /// A page of scripts, which fill it in a browser.
    Scripts,
}

impl Content {
    /// Of what was sent, what it says in letters, and the tree that was made of it.
    pub fn of(body: &[u8], text: &str, document: &Html) -> Self {
        let start = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
        if start.is_empty() {
            return Self::Empty;
        }
        if let Some(feed) = feed(start) {
            return Self::Feed(feed);
        }
        if let Some(file) = infer::get(body).filter(|file| !file.mime_type().starts_with("text/")) {
            return Self::File(file.mime_type());
        }
        if is_binary(start) {
            return Self::File("application/octet-stream");
        }
        if let Some(element) = xml(start) {
            return Self::Xml(cut(element.to_owned(), 40));
        }
        let json = start.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(start).is_ok();
        match () {
            () if json && start.contains("jsonfeed.org/version") => Self::Feed("a JSON feed"),
            () if json => Self::Json,
            () if !text.contains('<') => Self::Text,
            () if is_filled_by_scripts(document) => Self::Scripts,
            () => Self::Page,
        }
    }

    /// What it is and what to do; None: it is a page.
    pub fn advice(&self) -> Option<String> {
        let advice = match self {
            Self::Page => return None,
            Self::Empty => "it is empty: ask for the address in a browser, and see whether it shows anything".into(),
            Self::Feed(what) => format!("it is {what} already: a source with kind = \"feed\" reads it, and so do feed readers"),
            Self::Json => "it is JSON, data for programs: give the address of the page that people read".into(),
            Self::Xml(element) => {
                format!("it is XML (<{element}>), data for programs: give the address of the page that people read")
            }
            Self::Text => "it is text without any tag: give the address of the page that lists the news".into(),
            Self::File("application/pdf") => {
                "it is a PDF document: give the address of the page that lists such documents".into()
            }
            Self::File(media) => format!("it is a file ({media}), no page: give the address of the page that lists the news"),
            Self::Scripts => {
                "it holds scripts and next to no text: a browser fills it, newsroomd does not run scripts; look for a feed, \
                              a printable list or an archive of the newsroom"
                    .into()
            }
        };
        Some(advice)
    }
}

/// More than a slip in a page: one in so many characters that no text has.
const SLIPS: usize = 50;

fn is_binary(text: &str) -> bool {
    let odd = |c: &char| (c.is_control() && !c.is_whitespace()) || *c == '\u{fffd}';
    let start = || text.chars().take(4_096);
    start().filter(odd).count() > 4 + start().count() / SLIPS
}

/// The first element of what declares itself as XML and is no page.
fn xml(text: &str) -> Option<&str> {
    let (name, _) = first_element(text)?;
    let is_map = matches!(name, "urlset" | "sitemapindex" | "opml");
    (is_map || (text.starts_with("<?xml") && !name.eq_ignore_ascii_case("html"))).then_some(name)
}

/// Which feed begins here.
fn feed(text: &str) -> Option<&'static str> {
    let (name, rest) = first_element(text)?;
    match name.rsplit(':').next()? {
        "rss" => Some("an RSS feed"),
        "RDF" if rest.contains("purl.org/rss") || rest.contains("netscape.com/rdf") => Some("an RSS feed"),
        "feed" if rest.contains("w3.org/2005/Atom") || rest.contains("purl.org/atom") => Some("an Atom feed"),
        _ => None,
    }
}

/// The first element's name, and the text from there on.
fn first_element(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    // What may stand before the first element: the XML declaration, style sheets, comments, a document type.
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => rest.find("?>")? + 2,
            _ if rest.starts_with("<!--") => rest.find("-->")? + 3,
            _ if rest.starts_with("<!") => rest.find('>')? + 1,
            _ => break,
        };
        rest = rest[end..].trim_start();
    }
    let name = rest.strip_prefix('<')?.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next()?;
    Some((name, rest))
}

/// So few characters are no listing, only a title and a request to enable scripts.
const NEXT_TO_NOTHING: usize = 300;

fn is_filled_by_scripts(document: &Html) -> bool {
    let scripts = Selector::parse("script:not([type]), script[src], script[type=module], script#__NEXT_DATA__")
        .expect("a constant selector");
    if document.select(&scripts).next().is_none() {
        return false;
    }
    let links = Selector::parse("body a[href]").expect("a constant selector");
    let characters: usize = document
        .tree
        .nodes()
        .filter(|node| node.ancestors().filter(|n| n.value().is_element()).all(is_read))
        .filter_map(|node| node.value().as_text())
        .map(|text| text.split_whitespace().map(|word| word.chars().count()).sum::<usize>())
        .sum();
    characters < NEXT_TO_NOTHING && document.select(&links).count() < 5
}
