//! A listing that changes between any two requests of a backfill. Promised: whatever stood in it from beginning to end is stored, exactly once, whether
//! items come in on top, in the middle or go.

use std::collections::BTreeSet;

use crate::support::database;
use crate::support::listing::{Row, page, row};
use crate::support::scene::{Scene, address};

/// A small generator of numbers (xorshift), so that a seed is a story.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).expect("small")
    }
}

fn item(n: usize, day: usize) -> Row {
    row(&format!("Item {n}"), &format!("{} May 2024", 1 + day), &format!("/{n}"))
}

/// Runs a backfill over a listing in which something changes at one request of `rarely`; the items that it missed.
fn walk(seed: u64, rarely: usize, only_gone: bool) -> Vec<usize> {
    let scene = Scene::new("items = 1000", "");
    let mut random = Random(seed);
    for _ in 0..10 {
        random.below(2);
    }
    let mut listing: Vec<(usize, usize)> = (0..90).map(|n| (n, 27 - n / 4)).collect();
    let mut next = 1_000;
    let stood = std::sync::Arc::new(std::sync::Mutex::new(listing.iter().map(|(n, _)| *n).collect::<BTreeSet<usize>>()));
    let shared = stood.clone();
    scene.newsroom.make(move |path| {
        let n = if path == "/news" { 0 } else { path.split("page=").nth(1)?.parse::<usize>().ok()? };
        if random.below(rarely) == 0 {
            match if only_gone { 2 } else { random.below(4) } {
                0 => listing.insert(0, (next, 27)),
                1 => {
                    let at = random.below(listing.len());
                    listing.insert(at, (next, listing[at].1));
                }
                _ => {
                    let gone = listing.remove(random.below(listing.len()));
                    shared.lock().expect("no thread died").remove(&gone.0);
                }
            }
            next += 1;
        }
        let pages: Vec<&[(usize, usize)]> = listing.chunks(5).collect();
        let rows: Vec<Row> = pages.get(n)?.iter().map(|(n, day)| item(*n, *day)).collect();
        Some(page(&rows, (n + 1 < pages.len()).then(|| address(n + 1)).as_deref()))
    });
    scene.place.run(&["backfill", "news"]).ok();
    let titles = database::texts(&scene.place.database(), "SELECT title FROM item");
    let once: BTreeSet<&String> = titles.iter().collect();
    assert_eq!(once.len(), titles.len(), "seed {seed}: doubled");
    let stood = stood.lock().expect("no thread died");
    let lost: Vec<usize> = stood.iter().copied().filter(|n| !once.contains(&format!("Item {n}"))).collect();
    // Those that stood stand in the order in which they stood.
    let order = database::texts(&scene.place.database(), "SELECT title FROM item ORDER BY published DESC, position, id");
    let order: Vec<usize> =
        order.iter().filter_map(|t| t.strip_prefix("Item ")?.parse().ok()).filter(|n| stood.contains(n)).collect();
    assert!(order.is_sorted(), "seed {seed}: {order:?}");
    lost
}

#[test]
fn what_stands_is_stored_once_while_items_come_and_go() {
    for seed in 1..=12 {
        assert_eq!(walk(seed, 8, false), [0; 0], "seed {seed}");
    }
}

#[test]
fn what_stands_is_stored_once_while_items_go() {
    for seed in 1..=6 {
        assert_eq!(walk(seed, 5, true), [0; 0], "seed {seed}");
    }
}

#[test]
fn a_listing_that_never_stays_as_it_is_is_read_all_the_same() {
    // At this pace a row can slip up, down and up again within three requests: one may be missed, none is doubled, the order stands.
    for seed in 1..=6 {
        assert!(walk(seed, 3, false).len() <= 1, "seed {seed}");
    }
}
