//! What every fault must leave as it is. Many sources of one place, each with a newsroom of its own; each meets one fault, on page 1 or on
//! page 2 of a walk, while it has news; one meets none. Promised:
//! - a poll that fails says so, with the source and the page, and ends the run with status 75; the other sources are read;
//! - a fault on page 1 leaves every byte of the source's feeds; one on page 2 leaves page 1's news, and nothing else is changed;
//! - every document stays whole, no item is lost or doubled, no guid changes;
//! - nothing is asked twice in one poll, and the next poll is due as usual or later, a day at most;
//! - memory stays bounded;
//! - once the fault is over, the feeds are those of the source that met none, and the next poll is one conditional request.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use crate::support::binary::{NOW, Place};
use crate::support::database;
use crate::support::faults::{Fault, Outcome, with_maze};
use crate::support::listing::{Row, row, site, source};
use crate::support::newsroom::Newsroom;
use crate::support::process::{Ended, Process};
use crate::support::scene::address;
use crate::support::tree;

/// Rows of a page.
const ROWS: usize = 8;

/// Items that are published before anything happens, and when the fault is there.
const OLD: usize = 16;
const ALL: usize = OLD + ROWS + 2;

/// What a run may have in memory at a time beyond what a run without faults has.
const MEMORY: u64 = 24 << 20;

/// The seconds between two polls, and the most that any fault may make of them (a wait is rounded up to whole seconds).
const EVERY: i64 = 900;
const DAY: i64 = 86_402;

/// One source, its newsroom, and what happens to it.
struct Case {
    id: String,
    newsroom: Newsroom,
    /// The page on which it happens, and what.
    fault: Option<(usize, std::rc::Rc<Fault>)>,
}

fn item(n: usize) -> Row {
    let date = if n < 30 { format!("{} May 2024", n + 1) } else { format!("{} June 2024", n - 29) };
    row(&format!("Item number {n}"), &date, &format!("/{n}")).topics(&[["Even", "Odd"][n % 2], "All"])
}

/// The pages before anything happened.
fn before() -> Vec<Row> {
    (0..OLD).rev().map(item).collect()
}

/// The same with a page and more of news, an edit and a repost.
fn after() -> Vec<Row> {
    let mut rows: Vec<Row> = (0..ALL).rev().map(item).collect();
    let at = |rows: &[Row], n: usize| rows.iter().position(|row| row.link == format!("/{n}")).expect("it is there");
    let edited = at(&rows, OLD - 7);
    rows[edited].title.push_str(", corrected");
    let reposted = at(&rows, OLD - 1);
    rows.insert(reposted, rows[reposted].clone().link(&format!("/office/{}", OLD - 1)));
    rows
}

impl Case {
    fn show(&self, rows: &[Row]) {
        for (n, html) in pages(rows).iter().enumerate() {
            self.newsroom.page(&address(n), html);
        }
    }

    /// Lets the fault be there.
    fn strike(&self) {
        if let Some((at, fault)) = &self.fault {
            self.newsroom.set(&address(*at), fault.reply(&pages(&after())[*at]));
        }
    }

    fn outcome(&self) -> Outcome {
        self.fault.as_ref().map_or(Outcome::Read, |(_, fault)| fault.outcome)
    }

    /// Requests since the last call, but for robots.txt.
    fn visits(&self) -> Vec<(String, u16)> {
        self.newsroom.take_visits().into_iter().filter(|(path, _)| path != "/robots.txt").collect()
    }

    /// What its feeds hold, in words that are the same for all cases.
    fn feeds(&self, place: &Place) -> BTreeMap<String, Vec<tree::Entry>> {
        let own = format!("{}/", self.id);
        let addresses = tree::addresses(&place.feeds()).into_iter().filter(|address| address.starts_with(&own));
        addresses
            .map(|address| {
                let mut feed = tree::feed(&place.feeds(), &address);
                let neutral = |url: &mut String| *url = url.replace(&self.newsroom.host(), "newsroom.example");
                for entry in &mut feed.entries {
                    entry.link.iter_mut().chain(&mut entry.related).for_each(neutral);
                }
                (address.replace(&own, ""), feed.entries)
            })
            .collect()
    }
}

fn pages(rows: &[Row]) -> Vec<String> {
    let chunks: Vec<&[Row]> = rows.chunks(ROWS).collect();
    let last = chunks.len() - 1;
    chunks.iter().enumerate().map(|(n, rows)| site(rows, (n < last).then(|| address(n + 1)).as_deref())).collect()
}

/// Guids by the items' own links.
fn guids(feeds: &BTreeMap<String, Vec<tree::Entry>>) -> BTreeMap<String, String> {
    feeds["all"].iter().map(|entry| (entry.link.clone().unwrap_or_default(), entry.id.clone())).collect()
}

/// What of the feeds is the same for all sources, a line an entry: guids know the source, and `updated` the time.
fn comparable(feeds: &BTreeMap<String, Vec<tree::Entry>>) -> Vec<String> {
    let line = |address: &String, e: &tree::Entry| {
        format!("{address}: {} {} {:?} {:?} {:?} {:?}", e.published, e.title, e.link, e.related, e.summary, e.categories)
    };
    feeds.iter().flat_map(|(address, entries)| entries.iter().map(move |entry| line(address, entry))).collect()
}

/// The lines that one has and the other has not.
fn difference<'a>(one: &'a [String], other: &[String]) -> Vec<&'a String> {
    one.iter().filter(|line| !other.contains(line)).collect()
}

/// A run, and the most that it had in memory at a time, in bytes.
fn measured(place: &Place, args: &[&str]) -> (Ended, u64) {
    let began = Instant::now();
    let mut process = Process::start(&mut place.command(args));
    let mut peak = 0;
    while process.runs() {
        peak = peak.max(process.peak_memory().unwrap_or(0));
        assert!(began.elapsed() < Duration::from_secs(120), "{args:?} does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
    (process.end(), peak)
}

fn own(files: &BTreeMap<String, (Vec<u8>, SystemTime)>, id: &str) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let own = format!("{id}/");
    files.iter().filter(|(name, _)| name.starts_with(&own)).map(|(name, file)| (name.clone(), file.clone())).collect()
}

/// What went wrong first, of each case.
#[derive(Default)]
struct Problems(BTreeMap<String, String>);

impl Problems {
    fn unless(&mut self, right: bool, case: &Case, what: impl std::fmt::Display) {
        if !right {
            self.0.entry(case.id.clone()).or_insert_with(|| what.to_string());
        }
    }
}

/// Lets these faults happen, with these limits of [fetch].
#[track_caller]
pub fn survives(faults: Vec<Fault>, limits: &str) {
    let mut cases = vec![Case { id: "spared".into(), newsroom: Newsroom::start(), fault: None }];
    for fault in faults.into_iter().map(std::rc::Rc::new) {
        for at in fault.pages.clone() {
            let id = format!("{}-on-page-{}", fault.name, at + 1);
            cases.push(Case { id, newsroom: Newsroom::start(), fault: Some((at, fault.clone())) });
        }
    }
    let config = |limits: &str| {
        let sources = cases.iter().map(|case| source(&case.newsroom, &case.id, &case.id, "/news", "every = \"15m\""));
        format!("{limits}{}", sources.collect::<String>())
    };
    let configure = |place: &Place, limits: &str| {
        place.configure("", &config(limits));
        // Where a newsroom is, and nowhere else.
        let text = std::fs::read_to_string(place.config()).expect("a config");
        std::fs::write(place.config(), text.replace("127.0.0.0/8", "127.0.0.1/32")).expect("a config");
    };
    let place = Place::new("", "");
    configure(&place, "");
    for case in &cases {
        with_maze(&case.newsroom);
        case.show(&before());
    }
    let (ended, usual) = measured(&place, &["once", "--all"]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let files = tree::files(&place.feeds());
    let feeds: Vec<_> = cases.iter().map(|case| case.feeds(&place)).collect();
    let mut problems = Problems::default();

    for case in &cases {
        case.visits();
        case.show(&after());
        case.strike();
    }
    configure(&place, limits);
    let (ended, peak) = measured(&place, &["once", "--all"]);
    assert_eq!(ended.code, Some(75), "{ended:#?}");
    assert!(peak < usual + MEMORY, "{} MiB, without faults {} MiB", peak >> 20, usual >> 20);
    println!("memory: {} MiB, without faults {} MiB", peak >> 20, usual >> 20);
    let meanwhile = tree::files(&place.feeds());
    let due = due(&place);
    let mut published = Vec::new();
    for (case, feeds) in cases.iter().zip(&feeds) {
        told(case, &ended, &mut problems);
        let visits = case.visits();
        let most = case.fault.as_ref().map_or(4, |(at, fault)| at + fault.requests);
        let met = case.fault.as_ref().is_none_or(|(at, _)| visits.iter().any(|(path, _)| *path == address(*at)));
        let not_as_said = !matches!(case.outcome(), Outcome::Fails(_));
        problems.unless(met && (visits.len() <= most || not_as_said), case, format!("asked for {visits:?}"));
        problems.unless((EVERY - 60..=DAY).contains(&due[&case.id]), case, format!("due in {} s", due[&case.id]));
        let now = case.feeds(&place);
        let titles: BTreeSet<&str> = now["all"].iter().map(|entry| entry.title.as_str()).collect();
        problems.unless(titles.len() == now["all"].len(), case, format!("an item twice: {titles:?}"));
        let kept = guids(feeds).into_iter().all(|(link, id)| guids(&now).get(&link) == Some(&id));
        problems.unless(kept, case, "an item is gone or has another guid");
        if let (Some((at, _)), Outcome::Fails(_)) = (&case.fault, case.outcome()) {
            let want: BTreeSet<String> =
                (0..OLD).chain(if *at == 0 { 0..0 } else { ALL - ROWS..ALL }).map(|n| item(n).title).collect();
            problems.unless(titles.iter().copied().eq(want.iter().map(String::as_str)), case, format!("published: {titles:?}"));
            let same = own(&files, &case.id) == own(&meanwhile, &case.id);
            problems.unless(same || *at > 0, case, "a file was touched");
        }
        let read = comparable(&now) == comparable(&cases[0].feeds(&place));
        problems.unless(read || case.outcome() != Outcome::Read, case, "the page was not read as it was meant");
        published.push(guids(&now));
    }

    place.run(&["once"]).ok();
    for case in &cases {
        let visits = case.visits();
        problems.unless(visits.is_empty(), case, format!("asked again at once: {visits:?}"));
    }

    configure(&place, "");
    cases.iter().for_each(|case| case.show(&after()));
    let run = place.run(NOW);
    assert_eq!(run.code, Some(0), "{run:#?}\n{:#?}", problems.0);
    let want = comparable(&cases[0].feeds(&place));
    for (case, published) in cases.iter().zip(published) {
        let feeds = case.feeds(&place);
        let now = comparable(&feeds);
        let differences = [difference(&now, &want), difference(&want, &now)];
        problems.unless(
            now == want,
            case,
            format!("in the end there is {:#?}, and there is no {:#?}", differences[0], differences[1]),
        );
        let kept = published.iter().all(|(link, id)| guids(&feeds).get(link) == Some(id));
        problems.unless(kept, case, "a guid that was published has changed");
        case.visits();
    }

    let files = tree::files(&place.feeds());
    place.run(NOW).ok();
    for case in &cases {
        let visits = case.visits();
        problems.unless(visits == [("/news".to_owned(), 304)], case, format!("an unchanged poll asked for {visits:?}"));
    }
    assert!(problems.0.is_empty(), "{:#?}", problems.0);
    assert!(tree::files(&place.feeds()) == files, "an unchanged poll touched a file");
}

/// When the sources are due, in seconds from now.
fn due(place: &Place) -> BTreeMap<String, i64> {
    let texts = database::texts(&place.database(), "SELECT name || ' ' || (due - unixepoch()) FROM source");
    let pairs = texts.iter().filter_map(|text| text.split_once(' '));
    pairs.map(|(name, seconds)| (name.to_owned(), seconds.parse().expect("a number"))).collect()
}

/// One sentence names the source, the page and what is wrong; nothing is told of a source that is well.
fn told(case: &Case, ended: &Ended, problems: &mut Problems) {
    let own = format!("{}: failed: ", case.id);
    let lines: Vec<&String> = ended.stderr.iter().filter(|line| line.starts_with(&own)).collect();
    let right = match (case.outcome(), &case.fault) {
        (Outcome::Either, _) => lines.len() <= 1,
        (Outcome::Fails(why), Some((at, _))) => {
            let page = format!("page {}", at + 1);
            matches!(lines[..], [line] if line.contains(&page) && line.contains(why))
        }
        _ => lines.is_empty(),
    };
    problems.unless(right, case, format!("told: {lines:?}"));
}
