//! Files that an article offers: its links to PDF documents.

use scraper::{ElementRef, Html};
use url::Url;

use super::selector;
use crate::domain::Enclosure;
use crate::normalise::link::absolute;

const PDF: &str = "application/pdf";

/// As many are named at most.
const MOST: usize = 20;

/// Those of the part of a page that says what is its main one; none where nothing says so.
pub(super) fn in_main(document: &Html, base: &Url) -> Vec<Enclosure> {
    let main = selector("article, main, [role=main]");
    let Some(main) = document.select(&main).next() else { return Vec::new() };
    files(main, Some(base))
}

/// Those of sanitised HTML.
pub(super) fn in_html(html: &str) -> Vec<Enclosure> {
    files(Html::parse_fragment(html).root_element(), None)
}

/// Both, each once.
pub(super) fn united(mut some: Vec<Enclosure>, more: Vec<Enclosure>) -> Vec<Enclosure> {
    for file in more {
        if !some.iter().any(|known| known.url == file.url) {
            some.push(file);
        }
    }
    some.truncate(MOST);
    some
}

/// A PDF document that nobody asked for yet.
pub fn pdf(url: Url) -> Enclosure {
    Enclosure { url: url.into(), media: PDF.into(), length: 0 }
}

fn files(within: ElementRef<'_>, base: Option<&Url>) -> Vec<Enclosure> {
    let mut out: Vec<Enclosure> = Vec::new();
    for link in within.select(&selector("a[href]")) {
        let Some(href) = link.attr("href") else { continue };
        let url = match base {
            Some(base) => absolute(href, base).ok(),
            None => Url::parse(href).ok(),
        };
        let Some(mut url) = url.filter(|url| is_pdf(url) || link.attr("type") == Some(PDF)) else { continue };
        url.set_fragment(None);
        if !out.iter().any(|known| known.url == url.as_str()) {
            out.push(pdf(url));
        }
    }
    out
}

/// By its file's name a PDF document.
pub fn is_pdf(url: &Url) -> bool {
    url.path().to_ascii_lowercase().ends_with(".pdf")
}
