//! Stories: which items of different sources are one. A pure step beside identity (see [`super::matching`]), which governs the items of one source:
//! those are never one story.
//!
//! 1. Items whose links have one canonical form (before any `link-key`) are one, unless a source has several items of that link: a landing page.
//! 2. Else items of one folded title and one day, if the title tells something (has three words at least), and neither source has used it for other items
//!    within a year.
//! 3. Across languages, where a source is declared to translate another: items whose links name the same story, by the `link-key` of each, or but
//!    for the part that names the language. That is a grouping of its own, for feeds that ask for it.
//!
//! What is told of an item is how it was when its story was looked for first. A later edit changes no story.

use std::collections::{BTreeMap, HashSet};

use regex::Regex;
use url::Url;

use super::link::canonical;
use crate::domain::{Digest, Id, fold, stamp};

/// Titles of fewer words or characters than these are no marks: "Press release", "Statement".
const MARK_WORDS: usize = 3;
const MARK_CHARACTERS: usize = 8;

/// Another item of its source within so many days makes a title one that comes again.
pub const RECENT: i64 = 366;

/// A mark that more items have than this is none: so few are looked up.
pub const MOST: usize = 64;

/// Part of every stamp: another way of telling editions apart.
const VERSION: &str = "1";

/// What an item is found by among those of other sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Its link.
    pub link: Option<Digest>,
    /// Its title.
    pub title: Option<Digest>,
    /// What its link has in common with those of other language editions.
    pub edition: Option<Digest>,
}

/// A source as one of several language editions of a newsroom.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The source that the others translate.
    pub root: Id,
    /// Its language tag.
    pub language: String,
    /// What is the story in its canonical links.
    pub link_key: Option<Regex>,
}

/// The sources that are language editions, by id.
#[derive(Debug, Clone, Default)]
pub struct Editions(pub BTreeMap<String, Edition>);

impl Editions {
    /// Changes whenever other items may be one story across languages.
    pub fn stamp(&self) -> Digest {
        let parts = self.0.iter().flat_map(|(id, edition)| {
            let key = edition.link_key.as_ref().map_or("", Regex::as_str);
            [id.as_str(), edition.root.as_str(), &edition.language, key].map(str::to_owned)
        });
        let parts: Vec<String> = std::iter::once(VERSION.to_owned()).chain(parts).collect();
        stamp(parts.iter().map(String::as_str))
    }
}

/// The marks of an item: its title and its own link, as they are published.
pub fn marks(title: &str, link: Option<&str>, edition: Option<&Edition>) -> Marks {
    let url = link.and_then(|link| Url::parse(link).ok());
    // A home page is no story's.
    let telling = url.as_ref().map(canonical).filter(|link| link.split_once('/').is_some_and(|(_, path)| !path.is_empty()));
    let folded = fold(title);
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let enough = words.map(words_of).sum::<usize>() >= MARK_WORDS && folded.chars().count() >= MARK_CHARACTERS;
    Marks {
        link: telling.map(|link| stamp(["story", "link", &link])),
        title: enough.then(|| stamp(["story", "title", &folded])),
        edition: url.as_ref().zip(edition).map(|(url, edition)| edition_mark(url, edition)),
    }
}

/// Scripts without spaces between words: two characters are about a word.
fn words_of(word: &str) -> usize {
    let dense = |c: &char| matches!(u32::from(*c), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0x20000..=0x3FFFF);
    word.chars().filter(dense).count().div_ceil(2).max(1)
}

fn edition_mark(url: &Url, edition: &Edition) -> Digest {
    let canonical = canonical(url);
    let captured = edition.link_key.as_ref().and_then(|key| key.captures(&canonical)).and_then(|found| found.get(1));
    match captured {
        Some(story) => stamp(["story", "edition", "key", edition.root.as_str(), story.as_str()]),
        None => stamp(["story", "edition", "link", edition.root.as_str(), &without_language(&canonical, &edition.language)]),
    }
}

/// Parameters that name a language.
const PARAMETERS: &[&str] = &["lang", "language", "locale", "hl"];

/// A canonical link without what names the language: the first label of the host, a folder, the end of the last name, a parameter.
fn without_language(canonical: &str, language: &str) -> String {
    let tag = language.to_ascii_lowercase();
    let primary = tag.split('-').next().unwrap_or_default();
    let names = |text: &str| {
        let text = text.to_ascii_lowercase().replace('_', "-");
        text == tag || text == primary
    };
    let (place, query) = canonical.split_once('?').unwrap_or((canonical, ""));
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let host = host.split_once('.').filter(|(first, rest)| names(first) && rest.contains('.')).map_or(host, |(_, rest)| rest);
    let mut out = host.to_owned();
    for folder in path.split('/').filter(|folder| !names(folder)) {
        out.push('/');
        let (stem, ending) = folder.rsplit_once('.').map_or((folder, ""), |(stem, ending)| (stem, ending));
        let cut = stem.rfind(['-', '_', '.']).filter(|at| *at > 0 && names(&stem[at + 1..]));
        out.push_str(cut.map_or(stem, |at| &stem[..at]));
        if !ending.is_empty() {
            out.push('.');
            out.push_str(ending);
        }
    }
    let is_language = |p: &str| p.split_once('=').is_some_and(|(name, value)| PARAMETERS.contains(&name) && names(value));
    for (n, parameter) in query.split('&').filter(|p| !p.is_empty() && !is_language(p)).enumerate() {
        out.push(if n == 0 { '?' } else { '&' });
        out.push_str(parameter);
    }
    out
}

/// An earlier item that has a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// Its number.
    pub item: i64,
    /// The number of its source.
    pub source: i64,
    /// Its day, counted from 1970-01-01.
    pub day: i64,
}

/// Of the items with the same link those that are one story with an item of this source, earliest first.
pub fn by_link(source: i64, bearers: &[Bearer]) -> Vec<i64> {
    let mut items: Vec<i64> = alone(source, bearers).map(|b| b.item).collect();
    items.sort_unstable();
    items
}

/// Of the items with the same title those that are one story with an item of this source and day, earliest first.
pub fn by_title(source: i64, day: i64, bearers: &[Bearer]) -> Vec<i64> {
    let recent: Vec<Bearer> = bearers.iter().copied().filter(|b| (b.day - day).abs() <= RECENT).collect();
    let mut items: Vec<i64> = alone(source, &recent).filter(|b| b.day == day).map(|b| b.item).collect();
    items.sort_unstable();
    items
}

/// Those that are their source's only ones; none if there is one of this source, or too many.
fn alone(source: i64, bearers: &[Bearer]) -> impl Iterator<Item = Bearer> {
    let telling = bearers.len() < MOST && bearers.iter().all(|b| b.source != source);
    let (mut once, mut more) = (HashSet::new(), HashSet::new());
    for bearer in bearers {
        if !once.insert(bearer.source) {
            more.insert(bearer.source);
        }
    }
    bearers.iter().copied().filter(move |b| telling && !more.contains(&b.source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition(language: &str, key: Option<&str>) -> Edition {
        Edition {
            root: Id::parse("osce").expect("an id"),
            language: language.into(),
            link_key: key.map(|key| Regex::new(key).expect("a pattern")),
        }
    }

    #[test]
    fn spellings_of_one_link_are_one_mark_whatever_the_source() {
        let of = |link: &str| marks("x", Some(link), None).link;
        assert_eq!(of("https://www.example.org/a/1?utm_source=x#top"), of("http://example.org/a/1"));
        assert_ne!(of("https://example.org/a/1"), of("https://example.org/a/2"));
        for none in ["https://example.org/", "https://www.example.org", "https://example.org/?utm_source=x#top", "not a link"] {
            assert_eq!(of(none), None, "{none}");
        }
        assert!(of("https://example.org/?id=1").is_some());
        assert_eq!(marks("x", None, None), Marks { link: None, title: None, edition: None });
    }

    #[test]
    fn titles_that_say_nothing_are_no_marks() {
        let of = |title: &str| marks(title, None, None).title;
        for nothing in ["Press release", "Statement", "PRESS – RELEASE", "A b c", "新闻发布会", "", "— — — — — — —"]
        {
            assert_eq!(of(nothing), None, "{nothing}");
        }
        for telling in ["Ministers meet in Vienna", "Press release 12/2024", "欧安组织主席访问摩尔多瓦共和国", "Re-elected again"]
        {
            assert!(of(telling).is_some(), "{telling}");
        }
        assert_eq!(of("Ministers meet in “Vienna”"), of("MINISTERS meet  in \"Vienna\""));
        assert_ne!(of("Ministers meet in Vienna 1"), of("Ministers meet in Vienna 2"));
    }

    #[test]
    fn editions_meet_where_their_links_name_one_story() {
        let en = |link: &str| marks("x", Some(link), Some(&edition("en-GB", None))).edition;
        let ru = |link: &str| marks("x", Some(link), Some(&edition("ru", None))).edition;
        for (english, russian) in [
            ("https://www.osce.org/odihr/1", "https://www.osce.org/ru/odihr/1"),
            ("https://osce.org/en/odihr/1", "https://osce.org/ru/odihr/1"),
            ("https://osce.org/en-gb/odihr/1", "https://osce.org/ru/odihr/1"),
            ("https://osce.org/en_GB/odihr/1", "https://osce.org/ru/odihr/1"),
            ("https://www.osce.org/odihr/1", "https://ru.osce.org/odihr/1"),
            ("https://osce.org/a?id=1&lang=en", "https://osce.org/a?lang=ru&id=1"),
            ("https://osce.org/a/meeting.html", "https://osce.org/a/meeting-ru.html"),
            ("https://osce.org/a/meeting.en.html", "https://osce.org/a/meeting.ru.html"),
        ] {
            assert_eq!(en(english), ru(russian), "{english} {russian}");
        }
        assert_ne!(en("https://osce.org/odihr/1"), ru("https://osce.org/ru/odihr/2"));
        assert_ne!(en("https://osce.org/de/odihr/1"), ru("https://osce.org/ru/odihr/1"), "another language's folder");
        // Each by its own `link-key`.
        let keyed = |language: &str, key: &str, link: &str| marks("x", Some(link), Some(&edition(language, Some(key)))).edition;
        let english = keyed("en", r"/(\d+)$", "https://osce.org/odihr/meeting/577522");
        assert_eq!(english, keyed("ru", r"/ru/.*-(\d+)$", "https://osce.org/ru/vstrecha-577522"));
        assert_ne!(english, keyed("ru", r"/(\d+)$", "https://osce.org/ru/577523"));
        assert_eq!(marks("x", Some("https://osce.org/odihr/1"), None).edition, None);
    }

    #[test]
    fn what_comes_again_is_no_identity() {
        let bearer = |item: i64, source: i64, day: i64| Bearer { item, source, day };
        for (bearers, link, title) in [
            (vec![], vec![], vec![]),
            (vec![bearer(1, 1, 100)], vec![1], vec![1]),
            // Another day: the link alone tells.
            (vec![bearer(1, 1, 99)], vec![1], vec![]),
            (vec![bearer(5, 2, 100), bearer(1, 1, 100)], vec![1, 5], vec![1, 5]),
            // The other source has several of it, a third one has not.
            (vec![bearer(1, 1, 100), bearer(2, 1, 93), bearer(3, 2, 100)], vec![3], vec![3]),
            // So has the own one.
            (vec![bearer(1, 1, 100), bearer(2, 9, 93)], vec![], vec![]),
            // But long ago: a title may come again.
            (vec![bearer(1, 1, 100), bearer(2, 9, 100 - RECENT - 1)], vec![], vec![1]),
            ((0..64).map(|n| bearer(n, n, 100)).collect(), vec![], vec![]),
        ] {
            assert_eq!((by_link(9, &bearers), by_title(9, 100, &bearers)), (link, title), "{bearers:?}");
        }
    }

    #[test]
    fn another_family_has_another_stamp() {
        let of = |language: &str, key: Option<&str>| Editions([("a".to_owned(), edition(language, key))].into()).stamp();
        let stamps: HashSet<Digest> = [Editions::default().stamp(), of("en", None), of("ru", None), of("ru", Some("(a)"))].into();
        assert_eq!(stamps.len(), 4);
    }
}
