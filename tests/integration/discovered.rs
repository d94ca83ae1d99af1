//! Sources without selectors, and with ones that match nothing any more. Promised, through the real binary:
//! - a source without `each` has feeds; an unchanged page costs one conditional request; new rows are new items, old ones are none;
//! - rows that were found instead of those that selectors gave reach a feed only if half of them are known; else the page is broken;
//! - the guids are those that selectors gave, and no item looks edited;
//! - `discover` says what it found, how sure it is and why, and shows a table that reads the same.

use crate::support::binary::Place;
use crate::support::database;
use crate::support::listing::{Row, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::scene::Scene;
use crate::support::tree;

fn item(n: usize) -> Row {
    row(&format!("Delegation number {n} meets in Vienna for talks"), &format!("{} May 2024", 1 + n), &format!("/story/{n}00"))
}

/// Items from..=to, the newest first.
fn items(from: usize, to: usize) -> Vec<Row> {
    (to..=from).rev().map(item).collect()
}

/// The same in another markup.
fn redesigned(rows: &[Row]) -> String {
    let row = |r: &Row| {
        format!(
            "<li class=\"teaser\"><span class=\"teaser-date\">{}</span><a class=\"teaser-title\" href=\"{}\">{}</a><div class=\"teaser-text\">{}, and more</div></li>\n",
            r.date, r.link, r.title, r.summary
        )
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<!DOCTYPE html><html lang=\"en\"><title>News</title><nav><ul><li><a href=/a>About us</a><li><a href=/b>Contact</a></ul></nav>\
         <main><h1>News</h1><ul class=\"teasers\">{rows}</ul></main><footer>Footer</footer></html>"
    )
}

/// A source without a word on how its pages are read.
fn bare(newsroom: &Newsroom) -> String {
    format!("[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\ntimezone = \"Europe/Vienna\"\n", newsroom.url("/news"))
}

fn with_auto(scene: &Scene) {
    let text = source(&scene.newsroom, "news", "News", "/news", "");
    scene.place.configure("", &text.replace("each = \"article\"", "each = [\"article\", \"auto\"]"));
}

fn incidents(place: &Place) -> Vec<String> {
    database::texts(&place.database(), "SELECT kind || ' ' || iif(closed IS NULL, 'open', 'closed') FROM incident ORDER BY id")
}

#[test]
fn a_source_without_selectors_has_feeds() {
    let newsroom = Newsroom::start();
    let place = Place::new("", &bare(&newsroom));
    newsroom.page("/news", &redesigned(&items(9, 0)));
    place.once();
    let first = tree::feed(&place.feeds(), "news/all").entries;
    assert_eq!(
        first.iter().map(|e| e.title.clone()).collect::<Vec<_>>(),
        items(9, 0).into_iter().map(|r| r.title).collect::<Vec<_>>()
    );
    assert!(first[0].published.starts_with("2024-05-10T00:00:00+02:00"), "{:?}", first[0]);
    newsroom.take_log();
    place.once();
    assert_eq!(newsroom.take_visits().last().map(|(path, status)| (path.clone(), *status)), Some(("/news".to_owned(), 304)));
    newsroom.page("/news", &redesigned(&items(10, 1)));
    place.once();
    let second = tree::feed(&place.feeds(), "news/all").entries;
    assert_eq!(second.len(), 11);
    assert_eq!(second[1..].iter().map(|e| &e.id).collect::<Vec<_>>(), first.iter().map(|e| &e.id).collect::<Vec<_>>());
    assert_eq!(incidents(&place), [""; 0]);
}

#[test]
fn a_page_that_surely_holds_no_listing_makes_no_feed() {
    let newsroom = Newsroom::start();
    let place = Place::new("", &bare(&newsroom));
    newsroom.page("/news", "<!DOCTYPE html><title>About</title><nav><ul><li><a href=/a>About us</a><li><a href=/b>Contact</a></ul></nav><p>Since 3 March 1990.");
    let run = place.run(&["once", "--all"]);
    assert_eq!(run.code, Some(75), "{run:?}");
    assert_eq!(incidents(&place), ["page open"]);
    assert!(tree::files(&place.feeds()).keys().all(|f| !f.starts_with("news/")));
}

#[test]
fn a_redesign_is_taken_over_with_the_guids_that_it_had() {
    let scene = Scene::new("", "");
    with_auto(&scene);
    scene.poll(&items(9, 0));
    let before = scene.entries();
    scene.newsroom.page("/news", &redesigned(&items(10, 1)));
    let run = scene.place.once();
    assert!(run.stderr.contains("redesign suspected") && run.stderr.contains("li.teaser"), "{run:?}");
    let after = scene.entries();
    let stable = |e: &tree::Entry| (e.id.clone(), e.updated.clone(), e.published.clone());
    assert_eq!(after[1..].iter().map(stable).collect::<Vec<_>>(), before.iter().map(stable).collect::<Vec<_>>());
    assert_eq!((after.len(), after[0].title.as_str()), (11, item(10).title.as_str()));
    assert_eq!(incidents(&scene.place), ["redesign open"]);
    // The next poll is a conditional one, and tells nothing twice.
    scene.newsroom.take_log();
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits().last().map(|v| v.1), Some(304));
    // More than half of it new, but read as it was the last time.
    scene.newsroom.page("/news", &redesigned(&items(18, 9)));
    scene.place.once();
    assert_eq!(scene.entries().len(), 19);
    assert_eq!(incidents(&scene.place), ["redesign open"]);
    // The old site is back.
    scene.poll(&items(18, 9));
    assert_eq!(incidents(&scene.place), ["redesign closed"]);
    assert_eq!(scene.entries().len(), 19);
}

#[test]
fn a_wrong_guess_reaches_no_feed() {
    let scene = Scene::new("", "");
    with_auto(&scene);
    scene.poll(&items(9, 0));
    let files = tree::files(&scene.feeds());
    // Another list altogether, with four rows of the old one.
    let other: Vec<Row> = (0..6)
        .map(|n| row(&format!("Ten recipes for autumn, part {n}"), &format!("{} June 2024", 20 - n), &format!("/food/{n}00")))
        .collect();
    let rows = [other, items(9, 5)].concat();
    scene.newsroom.page("/news", &redesigned(&rows));
    for _ in 0..2 {
        let run = scene.place.run(&["once", "--all", "--now"]);
        assert_eq!(run.code, Some(75), "{run:?}");
        assert!(run.stderr.contains("not taken over"), "{run:?}");
        assert_eq!(tree::files(&scene.feeds()), files);
    }
    assert_eq!(incidents(&scene.place), ["page open"]);
    let preview = scene.place.run(&["preview", "news"]);
    assert_eq!(preview.code, Some(75));
    assert!(preview.stdout.contains("each = [\"li.teaser"), "{preview:?}");
}

#[test]
fn one_known_story_shown_time_and_again_brings_no_strangers_into_the_feed() {
    let newsroom = Newsroom::start();
    let place = Place::new("", &bare(&newsroom));
    newsroom.page("/news", &redesigned(&items(9, 0)));
    place.once();
    let repeated = (0..6).map(|_| item(9)).chain(items(25, 20));
    let page = redesigned(&repeated.collect::<Vec<_>>()).replace("teaser", "promo");
    newsroom.page("/news", &page);
    let run = place.run(&["once", "--all", "--now"]);
    assert!(run.code == Some(75) && run.stderr.contains("of which only 1 are known"), "{run:?}");
    assert_eq!(tree::feed(&place.feeds(), "news/all").entries.len(), 10);
}

#[test]
fn discover_shows_a_table_that_reads_the_same() {
    let newsroom = Newsroom::start();
    newsroom.page("/news", &redesigned(&items(9, 0)));
    let place = Place::new("", &bare(&newsroom));
    let url = newsroom.url("/news");
    let run = place.run(&["discover", &url]).ok();
    assert!(run.stdout.contains("sure: ") && run.stdout.contains("dates go from newest to oldest"), "{run:?}");
    let json = place.run(&["discover", &url, "--json"]).ok().json();
    assert_eq!((json["sure"].as_bool(), json["rows"].as_array().map(Vec::len)), (Some(true), Some(10)));
    let table = json["source"].as_str().expect("a table");
    place.configure("", table);
    let preview = place.run(&["preview", &url, "--json"]).ok().json();
    assert!(preview.get("discovered").is_none(), "by its selectors: {preview:#}");
    let titles = |v: &serde_json::Value| {
        v["rows"].as_array().expect("rows").iter().map(|r| (r["title"].clone(), r["link"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(titles(&preview), titles(&json));

    newsroom.page("/about", "<title>About</title><p>Nothing to see.");
    let run = place.run(&["discover", &newsroom.url("/about")]);
    assert_eq!((run.code, run.stderr.contains("not sure")), (Some(75), true), "{run:?}");
    assert_eq!(place.run(&["discover", "/nonexistent"]).code, Some(1));
    // Nobody who asks for a page has to have a configuration; but the inside stays out of reach.
    std::fs::remove_file(place.config()).expect("a config");
    let run = place.run(&["discover", &url]);
    assert!(run.code == Some(1) && run.stderr.contains("is not asked for"), "{run:?}");
    let saved = place.path().join("saved.html");
    std::fs::write(&saved, redesigned(&items(9, 0))).expect("a file");
    place.run(&["discover", &saved.display().to_string(), "--url", "https://example.org/news"]).ok();
}
