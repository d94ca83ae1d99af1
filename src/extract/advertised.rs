//! The feeds that a page offers itself.

use scraper::{Html, Selector};
use url::Url;

use crate::domain::text::{cut, one_line};

/// A feed that the page names itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvertisedFeed {
    /// Its address.
    pub url: String,
    /// Its type, such as `application/rss+xml`.
    pub kind: String,
    /// What the page calls it.
    pub title: Option<String>,
}

/// Feeds that the page advertises (`<link rel=alternate>` of a feed's type).
pub fn advertised(document: &Html, base: &Url) -> Vec<AdvertisedFeed> {
    const TYPES: &[&str] = &["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"];
    let mut out: Vec<AdvertisedFeed> = Vec::new();
    let links = Selector::parse("link[rel~=\"alternate\"][type][href]").expect("a valid selector");
    for link in document.select(&links) {
        let kind = link.attr("type").unwrap_or_default().trim().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        let url = base.join(link.attr("href").unwrap_or_default().trim()).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
        if let Some(url) = url.filter(|_| TYPES.contains(&kind.as_str()))
            && out.len() < 20
            && out.iter().all(|f| f.url != url.as_str())
        {
            let title = link.attr("title").map(|t| cut(one_line(t), 100)).filter(|t| !t.is_empty());
            out.push(AdvertisedFeed { url: url.into(), kind, title });
        }
    }
    out
}
