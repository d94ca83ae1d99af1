//! Guesses: which feed somebody means who asks for an address that is none of ours.
//!
//! People and feed readers try `/feed`, `/rss.xml` or `/osce/topic/elections.xml`, and leave slashes and capitals where there are none. The rules
//! are pure: what comes out stands on the shelf, so that no guess leads to another one.

use crate::feed::Format;
use crate::publish::shelf::{Found, Snapshot};

/// Longer paths are not guessed at: an address of ours has three names of at most 80 bytes.
const LONGEST: usize = 300;

const OPML: &str = "feeds.opml";
const INDEX: &str = "index.html";
const PAGE: &str = "html";

/// What is asked for by an ending or a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Feed(Format),
    Page,
}

/// Where a path that leads nowhere should have led: a path of the shelf, or "" for the list of feeds.
pub(super) fn guess(shelf: &Snapshot, asked: &str) -> Option<String> {
    let path = plain(asked)?;
    let mut names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return at(shelf, INDEX);
    }
    let as_it_is = names.join("/");
    if let Some(path) = at(shelf, &as_it_is) {
        return Some(path);
    }
    let (mut wanted, mut is_named) = (None, false);
    while let Some(last) = names.pop() {
        let (name, ending) = split(last);
        if name == "opml" || ending == "opml" {
            return at(shelf, OPML);
        }
        wanted = wanted.or(named(name)).or(named(ending));
        let channel = names.iter().copied().chain([name]).collect::<Vec<_>>().join("/");
        let channels = [format!("{channel}/all"), channel];
        if let Some(path) = channels.iter().rev().find_map(|channel| of_channel(shelf, channel, wanted, is_named)) {
            return Some(path);
        }
        if !is_generic(name) {
            return None;
        }
        is_named = true;
    }
    match wanted {
        Some(Wanted::Page) => at(shelf, INDEX),
        _ => of_channel(shelf, &format!("{}/all", only_source(shelf)?), wanted, true),
    }
}

/// The path in lower case, if it may be one of ours that was written in another way.
fn plain(path: &str) -> Option<String> {
    let usual = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    let fits = path.len() <= LONGEST && path.bytes().all(usual) && !path.split('/').any(|name| matches!(name, "." | ".."));
    fits.then(|| path.to_ascii_lowercase())
}

/// The address of what stands at a path, or where that moved to.
fn at(shelf: &Snapshot, path: &str) -> Option<String> {
    shelf.find(path).map(|found| match found {
        Found::Document(_) if path == INDEX => String::new(),
        Found::Document(_) => path.to_owned(),
        Found::Moved(to) => to.to_owned(),
    })
}

/// The document of a channel such as `osce/topic/elections` that fits best. `is_named`: a feed was asked for in so many words.
fn of_channel(shelf: &Snapshot, channel: &str, wanted: Option<Wanted>, is_named: bool) -> Option<String> {
    let feeds = Format::ALL.map(Format::extension);
    let (first, rest): (Option<&str>, &[&str]) = match wanted {
        Some(Wanted::Feed(format)) => (Some(format.extension()), &feeds),
        Some(Wanted::Page) => (Some(PAGE), &[]),
        None if is_named => (None, &feeds),
        None => (Some(PAGE), &feeds),
    };
    first.iter().chain(rest).find_map(|ending| at(shelf, &format!("{channel}.{ending}")))
}

/// A name and its ending, if that is one that documents have anywhere.
fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, ending)) if named(ending).is_some() || ending == "opml" => (stem, ending),
        _ => (name, ""),
    }
}

/// What a name or an ending asks for, if it does. RSS and RDF are what `.xml` stood for when there was no other.
fn named(name: &str) -> Option<Wanted> {
    match name {
        "rss" | "rss2" | "rdf" | "xml" => Some(Wanted::Feed(Format::Rss)),
        "atom" => Some(Wanted::Feed(Format::Atom)),
        "json" => Some(Wanted::Feed(Format::Json)),
        "html" | "htm" | "xhtml" | "php" | "aspx" => Some(Wanted::Page),
        _ => None,
    }
}

/// Whether a name says "the feed of what stands before".
fn is_generic(name: &str) -> bool {
    matches!(name, "feed" | "feeds" | "rss" | "rss2" | "rdf" | "atom" | "json" | "xml" | "index" | "all" | "latest")
}

/// The source, if there is no other.
fn only_source(shelf: &Snapshot) -> Option<&str> {
    let is_all = |rest: &str| rest.strip_prefix("all.").is_some_and(|ending| Format::ALL.iter().any(|f| f.extension() == ending));
    let mut sources = shelf.paths().filter_map(|path| path.split_once('/').filter(|(_, rest)| is_all(rest)).map(|(id, _)| id));
    let first = sources.next()?;
    sources.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::publish::shelf::{Document, Kind, Shelf, Update};

    fn shelf(paths: &[&str]) -> Arc<Snapshot> {
        let shelf = Shelf::new();
        let mut update = Update::new();
        paths.iter().for_each(|path| update.put(*path, Document::new(Kind::Page, path.as_bytes().to_vec(), None, 0)));
        update.moved([("osce/topic/old.rss".to_owned(), "osce/topic/elections.rss".to_owned())]);
        shelf.update(update);
        shelf.snapshot()
    }

    const ONE: &[&str] = &[
        "index.html",
        "feeds.opml",
        "mine.rss",
        "osce/all.rss",
        "osce/all.atom",
        "osce/all.json",
        "osce/topic/elections.rss",
        "osce/topic/elections.atom",
        "osce/topic/feed.rss",
        "osce/topic/with-page.html",
        "osce/topic/with-page.rss",
    ];

    fn assert_guesses(paths: &[&str], table: &[(&str, &str)]) {
        let shelf = shelf(paths);
        for (asked, want) in table {
            assert_eq!(guess(&shelf, asked).as_deref().unwrap_or("-"), *want, "{asked}");
        }
    }

    #[test]
    fn of_one_source() {
        assert_guesses(
            ONE,
            &[
                ("feed", "osce/all.rss"),
                ("feed/", "osce/all.rss"),
                ("rss", "osce/all.rss"),
                ("rss.xml", "osce/all.rss"),
                ("atom", "osce/all.atom"),
                ("atom.xml", "osce/all.atom"),
                ("feed.xml", "osce/all.rss"),
                ("feed.json", "osce/all.json"),
                ("feed.atom", "osce/all.atom"),
                ("index.xml", "osce/all.rss"),
                ("index.rss", "osce/all.rss"),
                ("index.rdf", "osce/all.rss"),
                ("feed/atom", "osce/all.atom"),
                ("feed/rss2/", "osce/all.rss"),
                ("all.rss", "osce/all.rss"),
                ("index.php", ""),
                ("index.htm", ""),
                ("/", ""),
                ("opml", "feeds.opml"),
                ("opml.xml", "feeds.opml"),
                ("subscriptions.opml", "feeds.opml"),
                ("osce", "osce/all.rss"),
                ("osce/", "osce/all.rss"),
                ("osce.xml", "osce/all.rss"),
                ("osce.json", "osce/all.json"),
                ("osce/feed", "osce/all.rss"),
                ("osce/rss", "osce/all.rss"),
                ("osce/atom.xml", "osce/all.atom"),
                ("osce/all", "osce/all.rss"),
                ("osce/all/", "osce/all.rss"),
                ("osce/all.xml", "osce/all.rss"),
                ("OSCE/All.RSS", "osce/all.rss"),
                ("/osce//all.rss/", "osce/all.rss"),
                ("osce/topic/elections", "osce/topic/elections.rss"),
                ("osce/topic/elections.xml", "osce/topic/elections.rss"),
                ("osce/topic/elections.atom/", "osce/topic/elections.atom"),
                ("osce/topic/Elections/feed/atom", "osce/topic/elections.atom"),
                // Not published in that format, or not as a page.
                ("osce/topic/elections.json", "osce/topic/elections.rss"),
                ("osce/topic/elections.html", "-"),
                ("osce/topic/with-page", "osce/topic/with-page.html"),
                ("osce/topic/with-page/", "osce/topic/with-page.html"),
                ("osce/topic/with-page.htm", "osce/topic/with-page.html"),
                ("osce/topic/with-page/feed", "osce/topic/with-page.rss"),
                ("osce/topic/with-page.xml", "osce/topic/with-page.rss"),
                ("osce/topic/feed", "osce/topic/feed.rss"),
                ("osce/topic/feed.xml", "osce/topic/feed.rss"),
                ("osce/topic/Old.rss", "osce/topic/elections.rss"),
                ("mine", "mine.rss"),
                ("mine/feed.json", "mine.rss"),
                ("osce/topic", "-"),
                ("osce/topic/none.xml", "-"),
                ("none", "-"),
                ("none/feed", "-"),
                ("", ""),
                ("osce/../osce/all.rss", "-"),
                ("osce/./all.rss", "-"),
                ("osce%2fall.xml", "-"),
                ("osce\\all.xml", "-"),
                ("osce/all.xml\0", "-"),
                ("etc/passwd", "-"),
            ],
        );
    }

    #[test]
    fn of_several_sources_none_is_meant() {
        assert_guesses(
            &["osce/all.rss", "other/all.atom"],
            &[
                ("feed", "-"),
                ("rss.xml", "-"),
                ("index.php", "-"),
                ("", "-"),
                ("osce/feed", "osce/all.rss"),
                ("other", "other/all.atom"),
                ("other/rss.xml", "other/all.atom"),
            ],
        );
        assert_guesses(&[], &[("feed", "-"), ("", "-")]);
    }

    proptest! {
        #[test]
        fn what_is_guessed_stands_and_is_nothing_that_would_be_guessed_at(
            asked in prop_oneof!["[ -~]{0,40}", "(/?(OSCE|osce|topic|feed|rss|all|elections|index|old)(\\.(xml|rss|html|opml|json))?){0,5}/?"],
        ) {
            let shelf = shelf(ONE);
            if let Some(path) = guess(&shelf, &asked) {
                let stands = if path.is_empty() { INDEX } else { &path };
                prop_assert!(matches!(shelf.find(stands), Some(Found::Document(_))), "{}", path);
            }
        }
    }
}
