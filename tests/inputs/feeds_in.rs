//! Feeds as the world has them, read by the real binary; what they give stands beside them. Promised: whatever a feed is like, what can be read of it
//! is read, what cannot is told, and guids depend neither on how often nor in which order it is read.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use newsroomd::config::Config;
use newsroomd::domain::text::is_xml_char;
use newsroomd::fetch::Page;
use newsroomd::pipeline::read_page;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::reading::{fixture, golden, safe_html, safe_link};
use crate::support::binary::{Place, Run};

const SOURCE: &str = r#"
[[source]]
id = "read"
title = "Feed"
kind = "feed"
page = "https://news.example.org/feeds/all.xml"
timezone = "Europe/Vienna"
[source.facet.tag]
value = "category"
[source.facet.topic]
value = { domain = ["topics", "https://diary.example.org/topics"], scheme = "https://letters.example.org/topics" }
[source.facet.author]
value = "author"
"#;

/// With the language of dates where that is not English.
fn place(name: &str) -> Place {
    let language = match name {
        "windows-1251.xml" => "language = \"ru\"\n",
        "atom-0.3.xml" => "language = \"de\"\n",
        _ => "",
    };
    Place::new("", &SOURCE.replacen("timezone", &format!("{language}timezone"), 1))
}

fn preview(place: &Place, file: &Path) -> Run {
    place.run(&["preview", &file.display().to_string(), "--json"])
}

/// Without what is told from the moment of reading.
fn settled(mut json: Value) -> Value {
    for row in json["rows"].as_array_mut().expect("rows") {
        if row["approximate"] == true {
            (row["date"], row["guid"]) = (json!("of first sight"), json!("of first sight"));
        }
    }
    json
}

fn feeds() -> Vec<PathBuf> {
    let files = std::fs::read_dir(fixture("feeds-in")).expect("fixtures").map(|entry| entry.expect("a file").path());
    let is_feed = |path: &PathBuf| !path.to_string_lossy().ends_with(".expected.json");
    let mut feeds: Vec<PathBuf> = files.filter(is_feed).collect();
    feeds.sort();
    feeds
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn every_feed_gives_what_stands_beside_it() {
    let feeds = feeds();
    assert!(feeds.len() >= 35, "{feeds:?}");
    for file in feeds {
        let name = name(&file);
        let start = Instant::now();
        let run = preview(&place(&name), &file);
        assert!(start.elapsed() < Duration::from_secs(10), "{name} took {:?}", start.elapsed());
        let failed = run.code != Some(0);
        let json = settled(run.json());
        let broken = json["verdict"]["name"] == "broken";
        assert_eq!(failed, broken || json["rows"] == json!([]), "{name}: {run:?}");
        golden(&file.with_file_name(format!("{name}.expected.json")), &format!("{json:#}\n"));
    }
}

#[test]
fn a_feed_that_is_said_to_be_a_page_says_what_to_do() {
    for rules in ["", "each = \"li\"\n[source.item]\ntitle = \"a\"\ndate = \"time\"\n"] {
        let place = Place::new(
            "",
            &format!("[[source]]\nid = \"page\"\ntitle = \"Page\"\npage = \"https://news.example.org/\"\n{rules}"),
        );
        let run = preview(&place, &fixture("feeds-in").join("rss-2.0.xml"));
        let json = run.json();
        assert_eq!((run.code, &json["verdict"]["reasons"][0]), (Some(75), &json!("it is a feed, not a page")), "{rules}");
        assert_eq!(
            json["warnings"][0]["message"],
            "it is an RSS feed already: a source with kind = \"feed\" reads it, and so do feed readers"
        );
    }
}

/// Title, date and guid of each row.
fn identities(json: &Value) -> Vec<String> {
    let row = |row: &Value| format!("{} {} {}", row["title"], row["date"], row["guid"]);
    let mut all: Vec<String> = json["rows"].as_array().expect("rows").iter().map(row).collect();
    all.sort();
    all
}

#[test]
fn guids_are_the_same_however_often_and_in_whatever_order_entries_are_read() {
    let mut turned = 0;
    for file in feeds() {
        let name = name(&file);
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let (start, end) = if text.contains("<entry") { ("<entry", "</entry>") } else { ("<item>", "</item>") };
        let (Some(first), Some(last)) = (text.find(start), text.rfind(end)) else { continue };
        let entries: Vec<&str> = text[first..last + end.len()].split_inclusive(end).collect();
        if name.starts_with("markup-") || entries.len() < 2 || text.contains("truncated") {
            continue;
        }
        let backwards: String = entries.iter().rev().copied().collect();
        let place = place(&name);
        let other = place.path().join(&name);
        std::fs::write(&other, format!("{}{backwards}{}", &text[..first], &text[last + end.len()..])).expect("written");
        let once = settled(preview(&place, &file).json());
        assert_eq!(identities(&once), identities(&settled(preview(&place, &file).json())), "{name} again");
        assert_eq!(identities(&once), identities(&settled(preview(&place, &other).json())), "{name} backwards");
        turned += 1;
    }
    assert!(turned >= 10, "{turned}");
}

/// What a program does to a feed on its way.
#[derive(Debug, Clone)]
enum Harm {
    /// Cuts it off after this share (of 1000).
    Cut(usize),
    /// Puts this in at that share.
    Insert(usize, &'static str),
    /// Leaves out so many characters at that share.
    Drop(usize, usize),
    /// Repeats so many characters at that share, so many times.
    Repeat(usize, usize, usize),
}

impl Harm {
    fn done(&self, text: &str) -> String {
        let at =
            |share: usize, more: usize| text.char_indices().map(|(at, _)| at).nth(text.chars().count() * share / 1000 + more);
        let at = |share, more| at(share, more).unwrap_or(text.len());
        match *self {
            Self::Cut(share) => text[..at(share, 0)].to_owned(),
            Self::Insert(share, trap) => format!("{}{trap}{}", &text[..at(share, 0)], &text[at(share, 0)..]),
            Self::Drop(share, length) => format!("{}{}", &text[..at(share, 0)], &text[at(share, length)..]),
            Self::Repeat(share, length, times) => {
                let (from, to) = (at(share, 0), at(share, length));
                format!("{}{}{}", &text[..from], text[from..to].repeat(times), &text[to..])
            }
        }
    }
}

fn harm() -> impl Strategy<Value = Harm> {
    let traps = vec![
        "<",
        ">",
        "&",
        "&#0;",
        "&#x110000;",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "</item>",
        "<item>",
        "<entry>",
        "</channel>",
        "</rss>",
        "<!DOCTYPE x [",
        "<?",
        "'",
        "\"",
        "=\"",
        "\u{0}",
        "\u{fffe}",
        "é",
        "<br>",
        "<p>",
        "xmlns:x='",
        "xml:base='//['",
        "{",
        "}",
        "\\",
        "1e999",
    ];
    prop_oneof![
        (0..1000usize).prop_map(Harm::Cut),
        (0..1000usize, prop::sample::select(traps)).prop_map(|(at, trap)| Harm::Insert(at, trap)),
        (0..1000usize, 1..40usize).prop_map(|(at, length)| Harm::Drop(at, length)),
        (0..1000usize, 1..80usize, 2..50usize).prop_map(|(at, length, times)| Harm::Repeat(at, length, times)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// No panic, no endless work, and what goes on from here is fit to be published.
    #[test]
    fn a_harmed_feed_is_read_safely(which in 0..1000usize, harms in prop::collection::vec(harm(), 1..4)) {
        let (config, _) = Config::parse(Path::new("x.toml"), &format!("[http]\n{SOURCE}"), Path::new("/state")).expect("a configuration");
        let feeds = feeds();
        let text = String::from_utf8_lossy(&std::fs::read(&feeds[which % feeds.len()]).expect("a feed")).into_owned();
        let text = harms.iter().fold(text, |text, harm| harm.done(&text));
        let page = Page { url: config.sources[0].page.clone(), body: text.into_bytes(), charset: None, etag: None, last_modified: None, moved: None };
        let read = read_page(&page, 0, &config.sources[0], chrono::Utc::now());
        prop_assert!(read.rows.len() <= read.found);
        for row in &read.rows {
            prop_assert!(!row.title.is_empty() && row.title.chars().all(is_xml_char), "{row:?}");
            row.link.iter().for_each(|link| safe_link(&link.url));
            row.image.iter().for_each(|image| safe_link(image));
            row.summary.iter().for_each(|html| safe_html(html));
        }
    }
}
