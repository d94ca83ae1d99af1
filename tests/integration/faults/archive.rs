//! A backfill of a newsroom that meets some fault at almost every third request. Promised: a run ends well or says what is wrong, and the next goes
//! on; in the end every item stands once, as after a backfill that met none; nothing is made news by it.

use std::sync::{Arc, Mutex};

use crate::support::changing::Dice;
use crate::support::faults::{self, Fault};
use crate::support::listing::{Row, row, site};
use crate::support::newsroom::Reply;
use crate::support::scene::{Scene, address};
use crate::support::tree::Entry;

const ITEMS: usize = 60;
const ROWS: usize = 5;

/// Of all requests, these meet a fault, in percent.
const FAULTY: usize = 30;

/// Limits of [fetch] into which the faults run soon.
const TIGHT: &str = "timeout = \"1s\"\nheader-timeout = \"500ms\"\nread-timeout = \"500ms\"\nmax-size = \"200kB\"\n";

fn scene() -> Scene {
    let scene = Scene::new("items = 100", "max-pages = 2");
    let item =
        |n: usize| row(&format!("Item {n}"), &format!("{} May 2024", 1 + n / 3), &format!("/{n}")).topics(&[["A", "B"][n % 2]]);
    let rows: Vec<Row> = (0..ITEMS).rev().map(item).collect();
    let pages: Vec<&[Row]> = rows.chunks(ROWS).collect();
    for (n, rows) in pages.iter().enumerate() {
        scene.newsroom.page(&address(n), &site(rows, (n + 1 < pages.len()).then(|| address(n + 1)).as_deref()));
    }
    scene
}

/// What is the same whenever and wherever it was seen.
fn neutral(scene: &Scene) -> Vec<Entry> {
    let neutral = |entry: Entry| Entry {
        link: entry.link.map(|link| link.replace(&scene.newsroom.host(), "newsroom.example")),
        updated: String::new(),
        ..entry
    };
    scene.entries().into_iter().map(neutral).collect()
}

/// Faults that pass: those that ask to be left alone for minutes are waited for, as is a host that nobody answers for.
fn passing() -> Vec<Fault> {
    let lasts = ["status-429", "status-503", "redirect-to-a-closed-port"];
    faults::all().into_iter().filter(|fault| !lasts.iter().any(|name| fault.name.starts_with(name))).collect()
}

fn survives(seed: u64) {
    let quiet = scene();
    quiet.place.run(&["backfill", "news"]).ok();
    let want = neutral(&quiet);
    assert_eq!(want.len(), ITEMS);

    let scene = scene();
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    std::fs::write(scene.place.config(), text.replace("[fetch]\n", &format!("[fetch]\n{TIGHT}"))).expect("a config");
    // Robots.txt is read in fair weather.
    scene.place.once();
    let (met, mut dice, faults) = (Arc::new(Mutex::new(0)), Dice(seed), passing());
    let count = met.clone();
    scene.newsroom.weather(move |path, set| {
        let maze = faults::maze(path);
        if maze.is_some() || dice.roll(100) >= FAULTY {
            return maze;
        }
        *count.lock().expect("no thread died") += 1;
        let html = match set {
            Some(Reply::Page(body)) => String::from_utf8_lossy(body).into_owned(),
            _ => String::new(),
        };
        Some(faults[dice.roll(faults.len())].reply(&html))
    });
    let mut runs = 0;
    let last = loop {
        runs += 1;
        let run = scene.place.run(&["backfill", "news"]);
        let entries = scene.entries();
        let mut ids: Vec<&String> = entries.iter().map(|entry| &entry.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), entries.len(), "an item twice: {run:#?}");
        match run.code {
            Some(0) => break run,
            Some(75) => assert!(runs < 60, "{run:#?}"),
            _ => panic!("{run:#?}"),
        }
    };
    println!("seed {seed}: {runs} runs, {} faults", met.lock().expect("no thread died"));
    assert_eq!(neutral(&scene), want, "{last:#?}");
}

#[test]
fn a_backfill_in_a_storm_of_faults_ends_as_one_in_fair_weather() {
    survives(7);
}

#[test]
#[ignore = "takes minutes: cargo test --test integration -- --ignored --nocapture backfills_in_storms"]
fn backfills_in_storms_of_faults_end_as_one_in_fair_weather() {
    (8..18).for_each(survives);
}
