//! A page as it was got, read: letters, tree or feed, rows. Work for the processor; knows no store, and the clock by what it is told.

use chrono::{DateTime, Utc};
use url::Url;

use super::found::{self, Found};
use crate::config::Source;
use crate::domain::{Digest, Reading};
use crate::extract::{
    About, Content, Extracted, Frame, Parsed, Reader, Rules, Warning, charset, extract_document, extract_feed, parse,
};
use crate::fetch::Page;
use crate::judge::Look;
use crate::normalise::{Course, link, reading, readings};

/// A page, read.
#[derive(Debug, Clone)]
pub struct PageRead {
    /// How many rows it shows.
    pub found: usize,
    /// Those that could be read.
    pub rows: Vec<Reading>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
    /// The next page.
    pub next: Option<Url>,
    /// The page in numbers.
    pub look: Look,
    /// How its rows were found, if not by the source's selectors.
    pub discovered: Option<Found>,
    /// Where its rows came to in time.
    pub course: Course,
    /// What it says of itself, if it is a feed.
    pub about: Option<About>,
}

impl PageRead {
    /// The stamp of the rules by which it was read.
    pub fn stamp(&self, source: &Source) -> Digest {
        self.discovered.as_ref().map_or(source.rules_stamp, |found| found.stamp)
    }
}

/// Reads the first page of a listing: decode, extract, normalise. Work for the processor. Relative dates count from `read_at`. Where the source's
/// selectors match nothing, or there are none, its rows are found without, if the source says so.
pub fn read_page(page: &Page, number: usize, source: &Source, read_at: DateTime<Utc>) -> PageRead {
    read(page, number, source, None, read_at, Course::default())
}

/// Reads a page of an archive that was read to there in time: without selectors it holds what surely is a listing, or nothing.
pub fn read_archived(page: &Page, number: usize, source: &Source, read_at: DateTime<Utc>, course: Course) -> PageRead {
    let by = source.page_rules().filter(|rules| !rules.each.is_empty());
    let read = read(page, number, source, by, read_at, course);
    let sure = read.discovered.as_ref().is_none_or(|found| found.sure);
    if sure { read } else { PageRead { found: 0, rows: Vec::new(), look: Look { rows: 0, readable: 0, ..read.look }, ..read } }
}

/// By these rules and no others, or by the source's.
pub(super) fn read(
    page: &Page,
    number: usize,
    source: &Source,
    by: Option<&Rules>,
    read_at: DateTime<Utc>,
    mut course: Course,
) -> PageRead {
    let host = page.url.host_str().unwrap_or_default();
    let decoded = charset::decode(&page.body, &charset::Evidence { told: source.charset, header: page.charset.as_deref(), host });
    let (extracted, discovered, advice) = match &source.reader {
        Reader::Feed(rules) => (extract_feed(&decoded.text, rules, &page.url), None, None),
        Reader::Page(rules) => by_rules(page, &decoded.text, source, rules, by, read_at),
    };
    let (rows, more) = readings(&extracted, &page.url, number, &source.newsroom, &source.identity, read_at, &mut course);
    let base = reading::base(&extracted, &page.url);
    let mut warnings: Vec<Warning> =
        decoded.doubts().into_iter().map(|message| Warning { row: None, field: "charset".into(), message }).collect();
    if let Some(message) = advice {
        // What its letters are is no question then.
        warnings.clear();
        warnings.push(Warning { row: None, field: "page".into(), message });
    }
    warnings.extend(extracted.warnings);
    warnings.extend(more);
    warnings.sort_by_key(|w| w.row);
    let next = extracted.next.as_deref().and_then(|href| match link::page(href, &base) {
        Ok(url) => Some(url),
        Err(message) => {
            warnings.push(Warning { row: None, field: "next".into(), message });
            None
        }
    });
    let look = Look::of(extracted.rows_found, &rows, &warnings, next.is_some(), extracted.frame);
    PageRead { found: extracted.rows_found, rows, warnings, next, look, discovered, course, about: extracted.about }
}

/// A page by rules: by these and no others, or by the source's, and without them where they match nothing. Where it shows no row, what it is instead of
/// a page, and what to do.
fn by_rules(
    page: &Page,
    html: &str,
    source: &Source,
    rules: &Rules,
    by: Option<&Rules>,
    read_at: DateTime<Utc>,
) -> (Extracted, Option<Found>, Option<String>) {
    let Parsed { document, unread, read } = parse(html);
    let mut extracted = extract_document(&document, by.unwrap_or(rules));
    let discovered = match by {
        None => found::find(&document, &page.url, source, rules, read_at, &mut extracted),
        Some(_) => None,
    };
    extracted.frame = Frame::of(&html[..read], &document);
    extracted.warnings.extend(unread);
    if extracted.rows_found > 0 {
        return (extracted, discovered, None);
    }
    let content = Content::of(&page.body, html, &document);
    if let Content::Feed(_) = content {
        extracted.frame.foreign = Some("it is a feed, not a page");
    }
    (extracted, discovered, content.advice())
}
