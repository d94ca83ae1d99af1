//! The same article in other languages: `link rel=alternate hreflang` (WHATWG HTML, 4.6.7.1).

use scraper::Html;
use url::Url;

use super::selector;
use crate::domain::{Alternate, is_language_tag};
use crate::normalise::link::absolute;

/// As many are named at most.
const MOST: usize = 100;

/// Each language once, without the page itself.
pub(super) fn alternates(document: &Html, base: &Url, own: &Url) -> Vec<Alternate> {
    let mut out: Vec<Alternate> = Vec::new();
    for link in document.select(&selector("link[rel~=alternate i][hreflang][href]")) {
        let language = link.attr("hreflang").unwrap_or_default().trim();
        // A feed in that language is no article.
        let is_page = link.attr("type").is_none_or(|kind| kind.trim().starts_with("text/html"));
        let known = out.iter().any(|other| other.language.eq_ignore_ascii_case(language));
        if !is_language_tag(language) || !is_page || known || language.eq_ignore_ascii_case("x-default") || out.len() >= MOST {
            continue;
        }
        let Ok(url) = absolute(link.attr("href").unwrap_or_default(), base) else { continue };
        if url != *own {
            out.push(Alternate { language: language.to_owned(), url: url.into() });
        }
    }
    out
}
