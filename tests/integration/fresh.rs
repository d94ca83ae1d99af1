//! How much a feed holds. Promised: the newest N items, and beyond them every item that a regular poll saw first in the 24 hours before the
//! feed's last change; no document over `max-size`, the oldest go first; the formats agree.

use crate::support::database;
use crate::support::listing::{Row, row};
use crate::support::scene::Scene;
use crate::support::tree;

/// Items from..to, the newest first.
fn items(from: usize, to: usize) -> Vec<Row> {
    (from..to).rev().map(|n| row(&format!("Item {n}"), &format!("{} May 2024", 1 + n), &format!("/{n}")).topics(&["A"])).collect()
}

fn titles(from: usize, to: usize) -> Vec<String> {
    items(from, to).into_iter().map(|r| r.title).collect()
}

#[test]
fn a_first_poll_fills_a_feed_with_the_newest() {
    let scene = Scene::new("items = 5", "");
    scene.poll(&items(0, 12));
    for address in ["news/all", "news/topic/a"] {
        tree::feed(&scene.feeds(), address);
        assert_eq!(scene.titles(address), titles(7, 12));
    }
}

#[test]
fn a_regular_poll_that_finds_more_than_fit_publishes_them_all() {
    let scene = Scene::new("items = 5", "");
    scene.poll(&items(0, 3));
    scene.poll(&items(3, 15));
    for address in ["news/all", "news/topic/a"] {
        tree::feed(&scene.feeds(), address);
        assert_eq!(scene.titles(address), titles(3, 15), "{address}");
    }
    // One more: those twelve are still news.
    scene.poll(&items(12, 16));
    assert_eq!(scene.titles("news/all"), titles(3, 16));
    assert_eq!(scene.titles("news/topic/a"), titles(3, 16));
}

#[test]
fn new_items_with_old_dates_are_news_all_the_same() {
    let scene = Scene::new("items = 2", "");
    scene.poll(&items(10, 14));
    assert_eq!(scene.titles("news/all"), titles(12, 14));
    scene.poll(&[items(10, 14), items(3, 4)].concat());
    assert_eq!(scene.titles("news/all"), ["Item 13", "Item 12", "Item 3"]);
}

#[test]
fn a_first_walk_that_took_several_polls_brings_no_news() {
    let scene = Scene::new("items = 2", "");
    scene.show(&[&items(6, 9), &items(3, 6)]);
    scene.newsroom.set("/news?page=1", crate::support::newsroom::Reply::Status(503));
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    scene.show(&[&items(6, 9), &items(3, 6)]);
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(7, 9));
}

#[test]
fn no_document_is_over_the_limit_and_the_oldest_go_first() {
    let scene = Scene::new("max-size = \"20kB\"", "");
    let rows: Vec<Row> = items(0, 28).into_iter().map(|r| r.summary(&"Lorem ipsum & dolor. ".repeat(40))).collect();
    scene.poll(&rows);
    for address in ["news/all", "news/topic/a"] {
        let feed = tree::feed(&scene.feeds(), address);
        let held: Vec<String> = feed.entries.iter().map(|e| e.title.clone()).collect();
        assert!((5..28).contains(&held.len()), "{}", held.len());
        assert_eq!(held, titles(28 - held.len(), 28));
        assert!(feed.entries.iter().all(|e| e.summary.is_some()));
        for format in ["rss", "atom", "json"] {
            let size = std::fs::metadata(scene.feeds().join(format!("{address}.{format}"))).expect("a file").len();
            assert!(size <= 20_000, "{address}.{format}: {size}");
        }
    }
}

#[test]
fn news_over_the_limit_loses_summaries_but_no_title() {
    let scene = Scene::new("max-size = \"20kB\"", "");
    scene.poll(&items(0, 3));
    let rows: Vec<Row> = items(3, 23).into_iter().map(|r| r.summary(&"Lorem ipsum & dolor. ".repeat(60))).collect();
    scene.poll(&rows);
    let feed = tree::feed(&scene.feeds(), "news/all");
    let held: Vec<String> = feed.entries.iter().map(|e| e.title.clone()).collect();
    assert_eq!(held[..20], titles(3, 23), "{held:?}");
    assert!(std::fs::metadata(scene.feeds().join("news/all.json")).expect("a file").len() <= 20_000);
}

#[test]
fn news_is_news_for_24_hours_before_the_last_change_and_time_alone_takes_nothing_out() {
    let scene = Scene::new("items = 2", "");
    scene.poll(&items(0, 2));
    scene.poll(&items(2, 6));
    assert_eq!(scene.titles("news/all"), titles(2, 6));
    let bytes = |scene: &Scene| tree::files(&scene.feeds())["news/all.atom"].0.clone();
    let before = bytes(&scene);
    database::age(&scene.place.database(), 90_000);
    scene.place.once();
    assert_eq!(bytes(&scene), before, "nothing happened but time");
    // The next change counts anew.
    scene.poll(&items(4, 7));
    assert_eq!(scene.titles("news/all"), titles(5, 7));
    assert_eq!(scene.titles("news/topic/a"), titles(5, 7));
    database::age(&scene.place.database(), 80_000);
    scene.poll(&items(6, 9));
    assert_eq!(scene.titles("news/all"), titles(6, 9));
}
