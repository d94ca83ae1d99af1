//! The order of a feed, and when it says that it changed. Promised:
//! - the second item of a day goes on top of the first; what an older page shows goes below; known items never move;
//! - a feed's `updated` moves whenever what it holds changes, never goes back, and is the same instant in all formats, in
//!   `lastBuildDate` and in the files' modification times; feeds that hold nothing of the change keep theirs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::support::listing::{Row, row};
use crate::support::scene::Scene;
use crate::support::tree;

const DAY: &str = "2 May 2024";

fn day(title: &str) -> Row {
    row(title, DAY, &format!("/{title}")).topics(&[title])
}

fn stamps(scene: &Scene) -> BTreeMap<String, DateTime<Utc>> {
    let all = tree::addresses(&scene.feeds()).into_iter();
    all.map(|a| (a.clone(), tree::changed(&scene.feeds(), &a))).collect()
}

#[test]
fn the_second_item_of_a_day_goes_on_top_and_moves_updated() {
    let scene = Scene::new("", "");
    scene.poll(&[day("a")]);
    let first = stamps(&scene);
    scene.poll(&[day("b"), day("a")]);
    assert_eq!(scene.titles("news/all"), ["b", "a"]);
    let second = stamps(&scene);
    assert!(second["news/all"] > first["news/all"]);
    assert_eq!(second["news/topic/a"], first["news/topic/a"], "nothing of that feed changed");
    // Also when the first is not listed any more.
    scene.poll(&[day("c")]);
    assert_eq!(scene.titles("news/all"), ["c", "b", "a"]);
    assert!(stamps(&scene)["news/all"] > second["news/all"]);
}

#[test]
fn an_older_page_goes_below() {
    let scene = Scene::new("", "max-pages = 1");
    scene.show(&[&[day("a"), day("b")], &[day("c"), row("old", "1 May 2024", "/old"), day("d")]]);
    scene.place.once();
    assert_eq!(scene.titles("news/all"), ["a", "b"]);
    // Other rules make a walk read on: page 1 is read in full, and is known.
    scene.configure("", "max-pages = 2");
    scene.show(&[&[day("new"), day("a"), day("b")], &[day("c"), row("old", "1 May 2024", "/old"), day("d")]]);
    scene.place.once();
    assert_eq!(scene.titles("news/all"), ["new", "a", "b", "c", "d", "old"]);
}

#[test]
fn known_items_never_move() {
    let scene = Scene::new("", "");
    scene.poll(&[day("a"), day("b"), day("c")]);
    scene.poll(&[day("c"), day("b"), day("a"), day("d")]);
    let order = scene.titles("news/all");
    let known: Vec<&String> = order.iter().filter(|t| *t != "d").collect();
    assert_eq!(known, ["a", "b", "c"]);
    // New ones stand beside their neighbours.
    let scene = Scene::new("", "");
    scene.poll(&[day("a"), day("c")]);
    scene.poll(&[day("a"), day("b"), day("c"), day("d")]);
    assert_eq!(scene.titles("news/all"), ["a", "b", "c", "d"]);
}

#[test]
fn a_corrected_date_moves_the_item_to_its_day() {
    let scene = Scene::new("", "");
    scene.poll(&[day("a"), day("b"), row("c", "1 May 2024", "/c")]);
    scene.poll(&[row("b", "3 May 2024", "/b").topics(&["b"]), day("a"), row("c", "1 May 2024", "/c")]);
    assert_eq!(scene.titles("news/all"), ["b", "a", "c"]);
    scene.poll(&[day("a"), row("b", "1 May 2024", "/b").topics(&["b"]), row("c", "1 May 2024", "/c")]);
    assert_eq!(scene.titles("news/all"), ["a", "b", "c"]);
    assert_eq!(scene.titles("news/topic/b"), ["b"]);
}

#[test]
fn a_date_far_ahead_does_not_pin_an_item_to_the_top() {
    let scene = Scene::new("", "");
    let before = Utc::now();
    scene.poll(&[row("typing error", "2 May 2424", "/x"), day("a")]);
    let published = DateTime::parse_from_rfc3339(&scene.entry("typing error").published).expect("a date").to_utc();
    assert!(published.timestamp() >= before.timestamp() && published <= Utc::now(), "{published}");
    let entry = scene.entry("typing error");
    scene.poll(&[day("b"), row("typing error", "2 May 2424", "/x"), day("a")]);
    assert_eq!(scene.entry("typing error"), entry);
}

#[test]
fn updated_moves_with_every_change_and_never_goes_back() {
    let scene = Scene::new("", "");
    let both = |b: Row| vec![row("c", "3 May 2024", "/c").topics(&["x"]), b, row("a", "1 May 2024", "/a")];
    let b = || row("b", DAY, "/b").topics(&["x"]).summary("One");
    let steps: [(&str, Row); 6] = [
        ("first", b()),
        ("summary edited", b().summary("Two")),
        ("the version before", b()),
        ("title within the fold", b().title("B")),
        ("retagged", b().topics(&["x", "y"])),
        ("untagged", b().topics(&["y"])),
    ];
    let mut last: Option<DateTime<Utc>> = None;
    for (what, b) in steps {
        scene.poll(&both(b));
        let stamp = stamps(&scene)["news/topic/x"];
        assert!(last.is_none_or(|last| stamp > last), "{what}: {stamp}, before {last:?}");
        last = Some(stamp);
    }
    // The newest item of the feed is older than the feed's last change: the stamp is no item's.
    assert!(last.expect("a stamp") > DateTime::parse_from_rfc3339(&scene.entry("c").updated).expect("a date"));
}

#[test]
fn updated_is_when_the_feed_changed_by_the_clock() {
    let scene = Scene::new("", "");
    let before = Utc::now().timestamp();
    scene.poll(&[day("a")]);
    let stamp = tree::changed(&scene.feeds(), "news/all").timestamp();
    assert!((before..=Utc::now().timestamp()).contains(&stamp));
}
