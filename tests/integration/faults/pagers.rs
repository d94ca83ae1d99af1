//! Pagers that have no end, lead astray (to where nobody may go: escapes.rs), or move while they are read. Promised: a walk reads `max-pages` at
//! most and ends well there; what shifts from page to page meanwhile is neither lost nor doubled, whatever fails on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chrono::{Days, NaiveDate};

use crate::support::binary::NOW;
use crate::support::listing::{Row, page, row};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::scene::{Scene, address};
use crate::support::tree;

fn item(n: usize) -> Row {
    let day = NaiveDate::from_ymd_opt(1995, 1, 1).expect("a date") + Days::new(n as u64);
    row(&format!("Item {n}"), &day.format("%-d %B %Y").to_string(), &format!("/{n}"))
}

/// The number of the page that a path shows.
fn number(path: &str) -> Option<usize> {
    if path == address(0) { Some(0) } else { path.strip_prefix("/news?page=")?.parse().ok() }
}

fn visits(newsroom: &Newsroom) -> Vec<(String, u16)> {
    newsroom.take_visits().into_iter().filter(|(path, _)| path != "/robots.txt").collect()
}

#[test]
fn a_pager_without_end_is_read_to_max_pages() {
    let scene = Scene::new("items = 500", "max-pages = 5");
    // A calendar: every page has items of its own, and leads further into the past.
    scene.newsroom.weather(|path, _| {
        let n = number(path)?;
        let rows: Vec<Row> = (0..3).map(|k| item(9_000 - 3 * n - k)).collect();
        Some(Reply::Page(page(&rows, Some(&address(n + 1))).into_bytes()))
    });
    scene.place.once();
    assert_eq!(visits(&scene.newsroom).len(), 5);
    assert_eq!(scene.titles("news/all").len(), 15);
    scene.place.once();
    assert_eq!(visits(&scene.newsroom), [(address(0), 304)], "the walk was complete");
}

#[test]
fn a_pager_that_leads_to_a_file_is_not_followed() {
    for next in ["file:///etc/passwd", "javascript:next()", "mailto:press@example.org", "ftp://127.0.0.1/news"] {
        let scene = Scene::new("", "");
        scene.newsroom.page("/news", &page(&[item(1), item(0)], Some(next)));
        let run = scene.place.run(&["once", "--all"]);
        assert!(matches!(run.code, Some(0 | 75)), "{next}: {run:?}");
        assert!(run.stderr.contains("next"), "{next}: it is told: {run:?}");
        assert_eq!(visits(&scene.newsroom), [(address(0), 200)]);
        assert_eq!(scene.titles("news/all"), ["Item 1", "Item 0"]);
    }
}

/// What the newsroom has, and what happens while it is read.
struct Moving {
    items: usize,
    /// With every request for a page but the first of a walk there is one more.
    moves: bool,
    /// So many requests for page 2 fail.
    failures: usize,
}

/// Pages of three that are made when they are asked for.
fn moving(newsroom: &Newsroom) -> Arc<Mutex<Moving>> {
    let shared = Arc::new(Mutex::new(Moving { items: 9, moves: true, failures: 0 }));
    let state = shared.clone();
    newsroom.weather(move |path, _| {
        let n = number(path)?;
        let mut state = state.lock().expect("no thread died");
        state.items += usize::from(n > 0 && state.moves);
        if n == 1 && state.failures > 0 {
            state.failures -= 1;
            return Some(Reply::Status(502));
        }
        let rows: Vec<Row> = (0..state.items).rev().map(item).skip(3 * n).take(3).collect();
        let next = (3 * (n + 1) < state.items).then(|| address(n + 1));
        Some(Reply::Page(page(&rows, next.as_deref()).into_bytes()))
    });
    shared
}

/// Every item of the feed stands once, with the guid that it had.
fn assert_kept(scene: &Scene, guids: &mut BTreeMap<String, String>) {
    let entries = tree::atom(&scene.feeds(), "news/all");
    let titles: BTreeSet<&String> = entries.iter().map(|entry| &entry.title).collect();
    assert_eq!(titles.len(), entries.len());
    let now: BTreeMap<String, String> = entries.iter().map(|e| (e.title.clone(), e.id.clone())).collect();
    assert!(guids.iter().all(|(title, id)| now.get(title) == Some(id)), "{guids:#?}\n{now:#?}");
    *guids = now;
}

/// Rounds: news, and as many polls as `failures` says and one more.
fn nothing_is_lost(failures: &[usize]) {
    let scene = Scene::new("items = 500", "");
    let newsroom = moving(&scene.newsroom);
    let mut guids = BTreeMap::new();
    for failing in failures {
        {
            let mut newsroom = newsroom.lock().expect("no thread died");
            newsroom.failures = *failing;
            newsroom.items += 7;
        }
        for n in 0..=*failing {
            let run = scene.place.run(NOW);
            assert_eq!(run.code, Some(if n < *failing { 75 } else { 0 }), "{run:?}");
            assert_kept(&scene, &mut guids);
        }
    }
    // Those that came while the last walk was under way are above where it began.
    let count = {
        let mut newsroom = newsroom.lock().expect("no thread died");
        newsroom.moves = false;
        newsroom.items
    };
    assert_eq!(scene.place.run(NOW).code, Some(0));
    assert_kept(&scene, &mut guids);
    assert_eq!(scene.titles("news/all"), (0..count).rev().map(|n| item(n).title).collect::<Vec<_>>());
}

#[test]
fn items_that_shift_with_every_request_are_neither_lost_nor_doubled() {
    nothing_is_lost(&[0; 6]);
}

#[test]
fn items_that_shift_while_page_2_fails_are_neither_lost_nor_doubled() {
    nothing_is_lost(&[1, 0, 3, 0, 1]);
}
