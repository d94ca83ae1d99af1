//! A feed to its rows: RSS 0.9x to 2.0, RDF (RSS 0.90 and 1.0), Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1.
//!
//! Entries are read by feed-rs, each by itself, after they were mended ([`xml`]) and put into a form of which it drops nothing ([`canonical`]). Dates, ids
//! and images are read here, since feed-rs makes them up or leaves them out. An entry that cannot be read is a warning, and never the end of the
//! others; one without a date is taken at first sight, if its link says which it is.

mod canonical;
mod date;
mod entry;
mod json;
mod mend;
mod names;
mod tree;
mod xml;

use feed_rs::parser::Builder;
use url::Url;

use self::canonical::Canonical;
use self::date::{Told, first_sight};
use self::entry::{Words, read, title};
use self::xml::Dialect;
use super::advertised::advertised;
use super::frame::Frame;
use super::page::{Extracted, RawRow, Warning};
use super::parse::parse;
use super::rules::FeedRules;
use crate::domain::text::{cut, xml_legal};

/// What a feed says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its format, such as `RSS 2.0`.
    pub format: String,
    /// Its title.
    pub title: Option<String>,
    /// Its language, as it writes the tag.
    pub language: Option<String>,
}

/// The entries, in the form in which feed-rs reads them, and the rest of the feed.
struct Cut {
    about: About,
    entries: Vec<Canonical>,
    found: usize,
    words: Words,
    /// Where relative links start.
    base: Url,
    next: Option<String>,
    whole: bool,
    broken_entry: bool,
}

/// Whether a document is a feed, and what it says of itself.
pub fn about(text: &str) -> Option<About> {
    let nowhere = Url::parse("https://example.org/").ok()?;
    cut_up(text, &nowhere).ok().map(|cut| cut.about)
}

/// Reads a feed that was found at `url`. A document that is none gives no rows, and says so in its frame.
pub fn extract_feed(text: &str, rules: &FeedRules, url: &Url) -> Extracted {
    let Cut { about, entries, found, words, base, next, whole, broken_entry } = match cut_up(text, url) {
        Ok(cut) => cut,
        Err(alien) => return foreign(text, alien, url),
    };
    let frame = Frame {
        closed: whole,
        cut_off: !whole,
        size: text.len(),
        ..Frame::named(about.title.as_deref().unwrap_or_default(), about.language.as_deref())
    };
    let dates = date::dates(entries.iter().map(|entry| entry.beside.dates.as_slice()), rules.language);
    let mut out =
        Extracted { rows_found: found + usize::from(broken_entry), base: Some(base.into()), next, frame, ..Extracted::default() };
    let mut undated = 0;
    for (row, (canonical, date)) in entries.iter().zip(dates).enumerate() {
        let mut warn = |field: &str, message: String| {
            out.warnings.push(Warning { row: Some(row), field: field.to_owned(), message });
        };
        let entry = match parsed(&canonical.document).map(|feed| feed.entries.into_iter().next()) {
            Ok(Some(entry)) => entry,
            Ok(None) => {
                warn("entry", "nothing there, the entry is left out".to_owned());
                continue;
            }
            Err(error) => {
                warn("entry", format!("{error}: the entry is left out"));
                continue;
            }
        };
        let said = read(&entry, &canonical.beside, words, &rules.facets);
        if said.title.is_empty() {
            warn("title", "nothing there, nor a text that could be its title: the entry is left out".to_owned());
            continue;
        }
        let shown = cut(said.title.clone(), 60);
        if said.link.is_none() {
            warn("link", format!("nothing there, {shown:?} stays without one"));
        }
        let date = match date {
            Told::Date(date) => Some(date),
            Told::Nothing => {
                undated += 1;
                None
            }
            Told::Unset => {
                warn("date", format!("1970 is when computers begin to count: {shown:?} is taken for undated"));
                None
            }
            Told::Unreadable(text) => {
                warn("date", format!("{:?} is no date that can be read: {shown:?} is taken for undated", cut(text, 60)));
                None
            }
        };
        if date.is_none() && said.link.is_none() {
            warn("date", format!("nothing there, nor a link by which it would be known again: {shown:?} is left out"));
            continue;
        }
        out.rows.push(RawRow {
            row,
            title: said.title,
            link: said.link,
            date: date.unwrap_or_else(first_sight),
            summary: said.summary,
            image: said.image,
            terms: said.terms,
            base: said.base,
        });
    }
    let mut note = |field: &str, message: String| out.warnings.push(Warning { row: None, field: field.to_owned(), message });
    if undated > 0 {
        note("date", format!("{undated} state none: they are dated by the poll that first sees them"));
    }
    if found > entries.len() {
        note("entries", format!("there are more than {}, of which no more are read", entries.len()));
    }
    if !whole {
        note("feed", "it breaks off before its end: what is whole is read".to_owned());
    }
    if broken_entry {
        let message = "it breaks off within this entry, which is left out".to_owned();
        out.warnings.push(Warning { row: Some(entries.len()), field: "entry".to_owned(), message });
    }
    out.about = Some(about);
    out
}

/// By feed-rs: without what it would make up.
fn parsed(document: &str) -> Result<feed_rs::model::Feed, feed_rs::parser::ParseFeedError> {
    // A parser that has met an error is of no further use: its state of media elements is left open.
    let builder = Builder::new().sanitize_content(false).timestamp_parser(|_| None).id_generator(|_, _, _| String::new());
    builder.build().parse(document.as_bytes())
}

/// What a document is that is no feed.
enum Alien {
    Page,
    CutJson,
    OtherJson,
    /// The name of its root element, empty where it has none.
    Other(String),
}

fn cut_up(text: &str, url: &Url) -> Result<Cut, Alien> {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c.is_control());
    if start.starts_with(['{', '[']) { of_json(start, url) } else { of_xml(start, url) }
}

fn of_json(text: &str, url: &Url) -> Result<Cut, Alien> {
    let scanned = json::scan(&xml_legal(text), xml::ENTRIES).map_err(|trouble| match trouble {
        json::Trouble::Cut => Alien::CutJson,
        json::Trouble::Other => Alien::OtherJson,
    })?;
    let base = scanned.home.and_then(|home| url.join(&home).ok()).unwrap_or_else(|| url.clone());
    // What it leads to is said as seen from its own address.
    let next = scanned.next.map(|next| url.join(&next).map_or(next, String::from));
    Ok(Cut {
        about: About { format: scanned.version, title: scanned.title, language: scanned.language },
        entries: scanned.entries,
        found: scanned.found,
        words: Words::Told,
        base,
        next,
        whole: true,
        broken_entry: false,
    })
}

/// What servers complain of stands before the feed.
const COMPLAINTS: usize = 4096;

fn of_xml(text: &str, url: &Url) -> Result<Cut, Alien> {
    let text = &text[text.find("<?xml").filter(|at| *at < COMPLAINTS).unwrap_or(0)..];
    let scanned = xml::scan(text).map_err(|root| match root.as_str() {
        "html" | "head" | "body" => Alien::Page,
        _ if text.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) && !root.is_empty() => Alien::Page,
        _ => Alien::Other(root),
    })?;
    let head = parsed(&canonical::head(&scanned, url)).ok();
    let links = head.as_ref().map(|head| head.links.as_slice()).unwrap_or_default();
    let of = |wanted: &str| links.iter().find(|link| link.rel.as_deref() == Some(wanted)).map(|link| link.href.clone());
    // Atom says where relative links start (RFC 4287, section 2). RSS does not: authors mean the site, wherever its feed is.
    let channel = links.iter().find(|link| link.rel.is_none()).and_then(|link| url.join(&link.href).ok());
    let (words, base) = match scanned.dialect {
        Dialect::Rss => (Words::Guessed, channel.filter(|link| matches!(link.scheme(), "http" | "https"))),
        Dialect::Atom => (Words::Told, None),
    };
    let base = base.unwrap_or_else(|| url.clone());
    let about = About {
        format: scanned.version.clone(),
        title: head.as_ref().and_then(|head| head.title.as_ref()).map(|t| title(t, words)).filter(|t| !t.is_empty()),
        language: canonical::language(&scanned)
            .map(str::to_owned)
            .or_else(|| head.as_ref().and_then(|head| head.language.clone()))
            .map(|tag| tag.trim().to_owned()),
    };
    Ok(Cut {
        about,
        entries: scanned.entries.iter().map(|entry| canonical::entry(entry, scanned.dialect, &base)).collect(),
        found: scanned.entries.len() + usize::from(scanned.too_many),
        words,
        base,
        // RFC 5005: the next page of a paged feed, else the archive before this one.
        next: of("next").or_else(|| of("prev-archive")),
        whole: scanned.closed,
        broken_entry: scanned.broken_entry,
    })
}

/// As much of a document that is no feed is looked at.
const HEAD: usize = 200_000;

/// A document that is no feed.
fn foreign(text: &str, alien: Alien, url: &Url) -> Extracted {
    let head = &text[..text.floor_char_boundary(HEAD)];
    let document = parse(head).document;
    let (what, advice) = match &alien {
        Alien::Page => ("it is a page (HTML), not a feed", offers(&document, url)),
        Alien::CutJson => ("it is no JSON that can be read, as if it were cut off", String::new()),
        Alien::OtherJson => ("it is JSON, but no JSON Feed", String::new()),
        Alien::Other(root) if root.is_empty() => ("it is no feed: neither XML nor JSON", String::new()),
        Alien::Other(root) => {
            ("it is no feed: neither RSS, Atom nor JSON Feed", format!("its root element is <{}>", cut(root.clone(), 40)))
        }
    };
    let message = if advice.is_empty() { what.to_owned() } else { format!("{what}: {advice}") };
    Extracted {
        frame: Frame { foreign: Some(what), ..Frame::of(text, &document) },
        warnings: vec![Warning { row: None, field: "feed".to_owned(), message }],
        ..Extracted::default()
    }
}

/// What to do with a page: the feeds that it names, else the way without one.
fn offers(document: &scraper::Html, url: &Url) -> String {
    let feeds: Vec<String> = advertised(document, url).into_iter().take(3).map(|feed| cut(feed.url, 200)).collect();
    if feeds.is_empty() {
        format!("leave out kind = \"feed\"; `newsroomd discover {url}` shows how to read it")
    } else {
        format!("it offers {}: put that into `page`", feeds.join(", "))
    }
}

#[cfg(test)]
mod tests;
