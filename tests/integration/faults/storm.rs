//! Hundreds of polls of newsrooms that change all the time, while almost every third request meets some fault. Promised: at every step each
//! document is whole, no item stands in it twice, none that was there is gone, and no guid changes; once the faults are over, the tree is that of
//! a run that met none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::support::binary::{NOW, Place};
use crate::support::changing::{Dice, Listing, first_page};
use crate::support::database;
use crate::support::faults::{self, Fault};
use crate::support::listing::source;
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::sound::{Files, assert_sound, comparable};
use crate::support::tree;

/// Of all requests, these meet a fault, in percent.
const FAULTY: usize = 30;

/// Limits of [fetch] into which the faults run soon. A good page that runs into them is one fault more.
const TIGHT: &str = "timeout = \"600ms\"\nheader-timeout = \"300ms\"\nread-timeout = \"200ms\"\nmax-size = \"200kB\"\n";

/// Keys of [publish]: so many items that a feed holds all there are; and one format, since what takes longest is to write the files.
const BRIEF: &str = "items = 500\nformats = [\"atom\"]";
const FULL: &str = "items = 500";

/// Every so many rounds robots.txt is asked for.
const ROBOTS: usize = 4;

/// How often each fault was met.
type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

fn config(newsrooms: &[Newsroom], limits: &str) -> String {
    let all = newsrooms.iter().enumerate();
    let sources = all.map(|(n, newsroom)| source(newsroom, &format!("s{n}"), &format!("Source {n}"), &first_page(n), ""));
    let feed = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { topic = [\"Topic 1\", \"Topic 2\"] }\n";
    format!("{limits}{}{feed}", sources.collect::<String>())
}

/// Lets requests meet faults at random. What is answered instead is made of the page that would have been.
fn brew(newsroom: &Newsroom, seed: u64, faults: &Arc<Vec<Fault>>, counts: &Counts) {
    let (faults, counts) = (faults.clone(), counts.clone());
    let mut dice = Dice(seed);
    newsroom.weather(move |path, set| {
        let maze = faults::maze(path);
        if maze.is_some() || dice.roll(100) >= FAULTY {
            return maze;
        }
        let fault = &faults[dice.roll(faults.len())];
        *counts.lock().expect("no thread died").entry(fault.name.clone()).or_default() += 1;
        let html = match set {
            Some(Reply::Page(body)) => String::from_utf8_lossy(body).into_owned(),
            _ => String::new(),
        };
        Some(fault.reply(&html))
    });
}

/// Guids by feed and own link.
fn guids(place: &Place, sources: usize) -> BTreeMap<(usize, String), String> {
    let mut out = BTreeMap::new();
    for n in 0..sources {
        for entry in tree::atom(&place.feeds(), &format!("s{n}/all")) {
            out.insert((n, entry.link.expect("a link")), entry.id);
        }
    }
    out
}

/// No document holds an item twice.
#[track_caller]
fn assert_nothing_double(place: &Place) {
    for address in tree::addresses(&place.feeds()) {
        let entries = tree::atom(&place.feeds(), &address);
        let ids: BTreeSet<&String> = entries.iter().map(|entry| &entry.id).collect();
        assert_eq!(ids.len(), entries.len(), "{address}");
    }
}

fn ends_where_a_quiet_run_ends(seed: u64, sources: usize, rounds: usize, publish: &str) {
    let start = || (0..sources).map(|_| Newsroom::start()).collect::<Vec<_>>();
    let newsrooms = [start(), start()];
    let [quiet, stormy] = [(0, ""), (1, TIGHT)].map(|(n, limits)| Place::new(publish, &config(&newsrooms[n], limits)));
    let mut listings: Vec<Listing> = (0..sources).map(Listing::new).collect();
    let show = |listings: &[Listing]| {
        listings.iter().enumerate().for_each(|(n, listing)| listing.show([&newsrooms[0][n], &newsrooms[1][n]]));
    };
    show(&listings);
    quiet.once();
    stormy.once();
    newsrooms[1].iter().for_each(|newsroom| drop(newsroom.take_log()));

    let mut dice = Dice(seed);
    let (faults, counts) = (Arc::new(faults::all()), Counts::default());
    for (n, newsroom) in newsrooms[1].iter().enumerate() {
        brew(newsroom, seed << 32 | n as u64, &faults, &counts);
    }
    let mut files = Files::new();
    let mut published = guids(&stormy, sources);
    let (mut failed, mut requests) = (0, 0);
    for step in 0..rounds {
        listings.iter_mut().for_each(|listing| listing.change(step, &mut dice));
        show(&listings);
        quiet.once();
        if step % ROBOTS == 0 {
            // A day goes by for robots.txt: it is asked for again, in the midst of the storm.
            database::run(
                &stormy.database(),
                "UPDATE robots SET answered = unixepoch() - 90000, again = NULL WHERE answered IS NOT NULL",
            );
        }
        let run = stormy.run(NOW);
        assert!(matches!(run.code, Some(0 | 75)), "{run:#?}");
        failed += run.stderr.lines().filter(|line| line.contains(": failed: ")).count();
        requests += newsrooms[1].iter().map(|newsroom| newsroom.take_log().len() + newsroom.take_robots()).sum::<usize>();
        files = assert_sound(&stormy, &files);
        assert_nothing_double(&stormy);
        let now = guids(&stormy, sources);
        let lost: Vec<_> = published.iter().filter(|(link, id)| now.get(link) != Some(id)).collect();
        assert!(lost.is_empty(), "after round {step}: gone, or of another guid: {lost:#?}");
        published = now;
    }
    let met = counts.lock().expect("no thread died").clone();
    let all: usize = met.values().sum();
    println!(
        "seed {seed}: {} polls, {failed} of them failed; {requests} requests, {all} of them met one of {} faults; {} items",
        rounds * sources,
        met.len(),
        listings.iter().map(Listing::items).sum::<usize>(),
    );
    for (fault, times) in &met {
        println!("{times:5} {fault}");
    }

    newsrooms[1].iter().for_each(Newsroom::fair_weather);
    stormy.configure(publish, &config(&newsrooms[1], ""));
    stormy.run(NOW).ok();
    assert_sound(&stormy, &files);
    let [want, tree] = [comparable(&quiet, &newsrooms[0]), comparable(&stormy, &newsrooms[1])];
    assert_eq!(tree.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    for (name, text) in &want {
        assert_eq!(&tree[name], text, "{name}");
    }
    let settled = tree::files(&stormy.feeds());
    newsrooms[1].iter().for_each(|newsroom| drop(newsroom.take_log()));
    stormy.run(NOW).ok();
    assert!(tree::files(&stormy.feeds()) == settled, "there was nothing new");
    for (n, newsroom) in newsrooms[1].iter().enumerate() {
        assert_eq!(newsroom.take_visits(), [(first_page(n), 304)]);
    }
}

#[test]
fn two_hundred_polls_in_a_storm_of_faults() {
    ends_where_a_quiet_run_ends(1, 16, 13, BRIEF);
}

#[test]
#[ignore = "takes minutes: cargo test --test integration -- --ignored --nocapture thousands_of_polls_in_a_storm"]
fn thousands_of_polls_in_a_storm_of_faults() {
    for seed in 2..7 {
        ends_where_a_quiet_run_ends(seed, 16, 50, FULL);
    }
}
