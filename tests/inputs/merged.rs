//! What several sources carry, of many items. Promised: of 30,000 items of five sources a merged feed holds each story once, as a plain count of
//! the rules has it, before and after a poll with a new item; that one is looked at alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{Days, NaiveDate};

use crate::support::binary::Place;
use crate::support::changing::Dice;
use crate::support::database;
use crate::support::listing::{page, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::tree;

const ITEMS: usize = 30_000;
/// A feed shows so many, to be compared.
const SHOWN: usize = 1_500;

const SOURCES: [&str; 5] = ["a", "b", "c", "d", "e"];
/// The last two are editions of the third in other languages.
const LANGUAGES: [&str; 5] = ["en", "en", "en", "ru", "de"];
const SAY_NOTHING: [&str; 3] = ["Press release", "Statement", "A b c"];
const COME_AGAIN: [&str; 3] = ["Weekly report of the mission", "Daily press review today", "Agenda of the coming week"];

/// The home page of every newsroom, a landing page of many, and all others.
const HOME: usize = 0;
const LANDING: usize = 1;

#[derive(Clone)]
struct Item {
    source: usize,
    day: u64,
    title: String,
    /// Its page, and whether that is spelt with what is none of it.
    page: usize,
    spelt: bool,
    /// Its place within its day.
    position: i64,
}

impl Item {
    /// Its address without host and scheme; of an edition, behind its language.
    fn path(&self) -> String {
        let language =
            if self.page > LANDING && self.source >= 3 { format!("/{}", LANGUAGES[self.source]) } else { String::new() };
        match self.page {
            HOME => "/".to_owned(),
            page => format!("{language}/page/{page}"),
        }
    }

    fn link(&self) -> String {
        let path = self.path();
        if self.spelt { format!("http://www.news.example{path}?utm_source=x#top") } else { format!("https://news.example{path}") }
    }
}

/// Items, every third of which takes something from one of the last few hundred.
fn items(count: usize, dice: &mut Dice) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::with_capacity(count);
    for n in 0..count {
        let new = Item {
            source: dice.roll(SOURCES.len()),
            day: (n * 3_000 / count + dice.roll(3)) as u64,
            title: match dice.roll(20) {
                0 => SAY_NOTHING[dice.roll(3)].to_owned(),
                1 => COME_AGAIN[dice.roll(3)].to_owned(),
                _ => format!("Ministers meet in Vienna {n}"),
            },
            page: match dice.roll(100) {
                0 => HOME,
                1 => LANDING,
                2 => 2 + dice.roll(20),
                _ => 100 + n,
            },
            spelt: dice.roll(2) == 0,
            position: i64::try_from(n).expect("few"),
        };
        let other = (n > 0).then(|| items[n - 1 - dice.roll(n.min(300))].clone());
        items.push(match (other, dice.roll(12)) {
            (Some(other), 0) => Item { page: other.page, ..new },
            (Some(other), 1) => Item { title: other.title.to_uppercase(), day: other.day, ..new },
            (Some(other), 2) => Item { title: other.title, day: other.day, page: other.page, ..new },
            (Some(other), 3) => Item { title: other.title, ..new },
            _ => new,
        });
    }
    items
}

/// The rules, counted plainly: of each item the first one of its story, and of its story in whatever language.
struct Recount {
    story: Vec<usize>,
    across: Vec<usize>,
}

impl Recount {
    fn of(items: &[Item]) -> Self {
        let (mut story, mut across): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut by_page: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut by_title: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut by_edition: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut members_across: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (n, item) in items.iter().enumerate() {
            // Who alone of its source has it, among those of a mark that is none of this source's.
            let telling = |having: &[usize]| -> Vec<usize> {
                if having.len() >= 64 || having.iter().any(|&o| items[o].source == item.source) {
                    return Vec::new();
                }
                let alone = |o: &&usize| having.iter().filter(|&&p| items[p].source == items[**o].source).count() == 1;
                having.iter().filter(alone).copied().collect()
            };
            let free = |of: &[usize], members: &BTreeMap<usize, BTreeSet<usize>>, found: Vec<usize>| {
                found.into_iter().map(|o| of[o]).find(|first| !members[first].contains(&item.source))
            };
            let title = item.title.to_lowercase();
            let says = !SAY_NOTHING.iter().any(|t| t.to_lowercase() == title);
            let page = by_page.entry(item.path()).or_default();
            let of_page = if item.page == HOME { Vec::new() } else { telling(page) };
            page.push(n);
            let of_title = by_title.entry(title).or_default();
            let recent: Vec<usize> = of_title.iter().copied().filter(|&o| items[o].day.abs_diff(item.day) <= 366).collect();
            let same_day: Vec<usize> = if says { telling(&recent) } else { Vec::new() };
            let same_day = same_day.into_iter().filter(|&o| items[o].day == item.day).collect();
            of_title.push(n);
            let first = free(&story, &members, of_page).or_else(|| free(&story, &members, same_day)).unwrap_or(n);
            members.entry(first).or_default().insert(item.source);
            // Its sibling's, else that of the same page in another language.
            let sibling = (first < n).then(|| across[first]);
            let mut first_across = sibling;
            if item.source >= 2 {
                let edition = by_edition.entry(item.page).or_default();
                first_across = first_across.or_else(|| free(&across, &members_across, telling(edition)));
                edition.push(n);
            }
            let first_across = first_across.unwrap_or(n);
            members_across.entry(first_across).or_default().insert(item.source);
            story.push(first);
            across.push(first_across);
        }
        Self { story, across }
    }

    /// What a feed of these sources holds, newest first, and how many are left out.
    fn feed(items: &[Item], groups: &[usize], sources: &[usize]) -> (Vec<usize>, usize) {
        let mut seen = BTreeSet::new();
        let held: Vec<usize> = (0..items.len()).filter(|&n| sources.contains(&items[n].source)).collect();
        let mut first: Vec<usize> = held.iter().copied().filter(|&n| seen.insert(groups[n])).collect();
        first.sort_by_key(|&n| (std::cmp::Reverse(items[n].day), items[n].position));
        let left_out = held.len() - first.len();
        (first, left_out)
    }
}

struct Archive {
    newsroom: Newsroom,
    place: Place,
    items: Vec<Item>,
    /// A feed shows so many.
    shown: usize,
}

/// Each feed: its id, its sources and what it merges.
const FEEDS: [(&str, &[usize], &str); 5] = [
    ("all-of-them", &[0, 1, 2, 3, 4], "doubles"),
    ("two", &[0, 3], "doubles"),
    ("kept", &[0, 1, 2, 3, 4], "nothing"),
    ("one", &[0, 1, 2, 3, 4], "translations"),
    ("editions", &[2, 3, 4], "translations"),
];

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2015, 1, 1).expect("a day")
}

fn published(item: &Item) -> i64 {
    (first_day() + Days::new(item.day)).and_hms_opt(0, 0, 0).expect("midnight").and_utc().timestamp() - 3_600
}

impl Archive {
    fn new(count: usize, shown: usize, dice: &mut Dice) -> Self {
        let newsroom = Newsroom::start();
        for id in SOURCES {
            newsroom.page(&format!("/{id}"), &page(&[row("Old", "2010-05-01", &format!("/{id}/old"))], None));
        }
        let archive = Self { newsroom, place: Place::new("", ""), items: items(count, dice), shown };
        archive.configure("");
        archive.place.once();
        // As if they had been polled long ago, in this order.
        let ids = database::texts(&archive.place.database(), "SELECT name || '=' || id FROM source");
        let number = |source: usize| -> String {
            ids.iter().find_map(|t| t.strip_prefix(&format!("{}=", SOURCES[source]))).expect("a source").to_owned()
        };
        let numbers: Vec<String> = (0..SOURCES.len()).map(number).collect();
        let days_before = (first_day() - NaiveDate::default()).num_days();
        let mut sql = String::from("BEGIN;\n");
        for (n, item) in archive.items.iter().enumerate() {
            let (id, day, published) = (n + 100, days_before + i64::try_from(item.day).expect("few"), published(item));
            let _ = writeln!(
                sql,
                "INSERT INTO item (id, source, origin, counter, key, title_key, version, day, position, title, link, related, published, zone, updated, first_seen, regular, terms)
                 VALUES ({id}, {}, randomblob(16), 0, randomblob(16), x'00', x'00', {day}, {id}, '{}', '{}', '[]', {published}, 3600, {published}, 0, 0, '[]');",
                numbers[item.source],
                item.title,
                item.link(),
            );
        }
        sql += "COMMIT";
        database::run(&archive.place.database(), sql.leak());
        archive
    }

    fn configure(&self, feeds: &str) {
        let source = |(n, id): (usize, &&str)| {
            let translates = if n >= 3 { "translates = 'c'" } else { "" };
            source(&self.newsroom, id, id, &format!("/{id}"), &format!("language = '{}'\n{translates}", LANGUAGES[n]))
                .replace("%d %B %Y", "%Y-%m-%d")
        };
        let sources: String = SOURCES.iter().enumerate().map(source).collect();
        self.place.configure(
            &format!("pages = false\nformats = [\"json\"]\nitems = {}\nmax-size = \"50MB\"", self.shown),
            &format!("{sources}{feeds}"),
        );
    }

    fn compare(&self) {
        let recount = Recount::of(&self.items);
        let totals: BTreeMap<String, i64> =
            database::texts(&self.place.database(), "SELECT address || '=' || items FROM channel WHERE source IS NULL")
                .iter()
                .filter_map(|t| t.split_once('='))
                .map(|(address, items)| (address.to_owned(), items.parse().expect("a number")))
                .collect();
        let (mut merged, mut translated) = (0, 0);
        for (id, sources, merge) in FEEDS {
            let alone: Vec<usize> = (0..self.items.len()).collect();
            let groups = match merge {
                "doubles" => &recount.story,
                "translations" => &recount.across,
                _ => &alone,
            };
            let (wanted, left_out) = Recount::feed(&self.items, groups, sources);
            if merge == "doubles" {
                merged += left_out
            } else {
                translated += left_out
            }
            // One old item of each source was polled.
            assert_eq!(totals[id], i64::try_from(wanted.len() + sources.len()).expect("few"), "{id}");
            let entries = tree::json_feed(&self.place.feeds(), id).entries;
            let shown: Vec<(&str, &str)> =
                entries.iter().map(|e| (e.title.as_str(), e.link.as_deref().unwrap_or_default())).collect();
            let links: Vec<String> = wanted.iter().map(|&n| self.items[n].link()).collect();
            let wanted: Vec<(&str, &str)> =
                wanted.iter().zip(&links).map(|(&n, link)| (self.items[n].title.as_str(), link.as_str())).collect();
            assert_eq!(shown.len(), SHOWN.min(wanted.len() + sources.len()), "{id}");
            let place = shown.iter().zip(&wanted).position(|(a, b)| a != b);
            assert!(place.is_none(), "{id}: at {place:?}: {:?} and {:?}", place.map(|n| shown[n]), place.map(|n| wanted[n]));
        }
        assert!(merged > self.items.len() / 10 && translated > self.items.len() / 10, "{merged} and {translated} are left out");
    }

    /// A poll of everything that finds one new item, of the first source.
    fn show(&mut self, new: Item) {
        let date = (first_day() + Days::new(new.day)).format("%Y-%m-%d").to_string();
        let rows = [row(&new.title, &date, &new.link()), row("Old", "2010-05-01", "/a/old")];
        self.newsroom.page("/a", &page(&rows, None));
        self.place.once();
        self.items.push(new);
    }
}

fn feeds() -> String {
    let feed = |(id, sources, merge): &(&str, &[usize], &str)| {
        let ids = sources.iter().map(|&n| format!("'{}'", SOURCES[n])).collect::<Vec<_>>().join(", ");
        format!("[[feed]]\nid = '{id}'\ntitle = '{id}'\nmatch = {{ source = [{ids}] }}\nmerge = '{merge}'\n")
    };
    FEEDS.iter().map(feed).collect()
}

#[test]
fn of_many_items_each_story_is_shown_once() {
    each_story_is_shown_once(6_000);
}

#[test]
#[ignore = "takes half a minute: cargo test --test inputs -- --ignored --nocapture of_thirty_thousand_items"]
fn of_thirty_thousand_items_each_story_is_shown_once() {
    each_story_is_shown_once(ITEMS);
    let mut archive = Archive::new(ITEMS, 50, &mut Dice(17));
    archive.configure(&feeds());
    let new = |n: i64| Item {
        source: 0,
        day: 3_100,
        title: format!("Something wholly new here {n}"),
        page: 900_000 + usize::try_from(n).expect("few"),
        spelt: false,
        position: -n,
    };
    let mut cost = |new: Option<Item>| {
        let began = spent();
        match new {
            Some(new) => archive.show(new),
            None => drop(archive.place.once()),
        }
        spent() - began
    };
    let (all, one, nothing) = (cost(None), cost(Some(new(1))), cost(None));
    eprintln!(
        "{ITEMS} items, feeds of 50: {all:.2} s of the processor for all, {one:.2} s for a poll with a new one, {nothing:.2} s for one with nothing new"
    );
    assert!(one - nothing < all / 4.0, "a new item costs a fraction of all: {one}, {nothing} and {all} s");
}

/// The processor's time that this process's ended children took, in seconds (proc_pid_stat(5): cutime and cstime, in hundredths).
fn spent() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after = stat.rsplit_once(')').expect("a name").1;
    after.split_whitespace().skip(13).take(2).map(|ticks| ticks.parse::<f64>().expect("a number") / 100.0).sum()
}

fn each_story_is_shown_once(count: usize) {
    let mut dice = Dice(17);
    let mut archive = Archive::new(count, SHOWN, &mut dice);
    archive.configure(&feeds());
    let began = spent();
    archive.place.once();
    let full = spent() - began;
    archive.compare();
    let run = archive.place.run(&["doctor"]);
    assert!(!run.stdout.contains("where they do not belong"), "{run:#?}");

    // One that another source carries by title and day, of the newest, and one that is nobody's else.
    let last = archive.items.iter().rev().find(|i| i.source != 0 && i.title.starts_with("Ministers")).expect("one").clone();
    let of_a = Item { source: 0, page: 900_000, spelt: false, position: -1, ..last };
    let database = archive.place.database();
    database::count_writes(&database);
    let mut alone: f64 = 0.0;
    for new in [of_a.clone(), Item { title: "Something wholly new here".into(), page: 900_001, position: -2, ..of_a }] {
        let began = spent();
        archive.show(new);
        alone = alone.max(spent() - began);
        let written = database::take_writes(&database);
        assert_eq!(
            (written["story"], written["story_mark"]),
            (2, 2),
            "a row and its part across languages, link and title: {written:?}"
        );
        assert!(written["list_item"] == 4 && written["list"] <= 12, "a row and counters of each feed that holds it: {written:?}");
    }
    archive.compare();
    eprintln!(
        "{count} items: {full:.2} s of the processor for all, {alone:.2} s for a new one; each with its poll and publishing"
    );
}
