//! `feeds`: every feed, its address, what is stored and shown, when it changed, and what is odd about it. Promised: it reads only.

use std::time::Duration;

use newsroomd::publish::{Lock, Purpose};
use serde_json::Value;

use crate::support::binary::{Place, Run};
use crate::support::listing::{Row, row, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::scene::Scene;
use crate::support::{database, tree};

fn rows() -> Vec<Row> {
    vec![
        row("Three", "3 May 2024", "/3").topics(&["Water", "air"]).department("Vienna"),
        row("Two", "2 May 2024", "/2").topics(&["Water"]),
        row("One", "1 May 2024", "/1").topics(&["Fire"]),
    ]
}

const OWN: &str = "[[feed]]\nid = \"mine\"\ntitle = \"My own\"\nmatch = { topic = [\"Fire\"] }\n";

/// A scene with a feed of one's own.
fn scene(publish: &str, keys: &str) -> Scene {
    let scene = Scene::new(publish, keys);
    scene.place.configure(publish, &format!("{}{OWN}", source(&scene.newsroom, "news", "News", "/news", keys)));
    scene
}

fn feeds(place: &Place) -> Vec<Value> {
    place.run(&["feeds", "--json"]).ok().json()["feeds"].as_array().expect("feeds").clone()
}

fn feed(place: &Place, address: &str) -> Value {
    let mut found: Vec<Value> = feeds(place).into_iter().filter(|f| f["address"] == address).collect();
    assert_eq!(found.len(), 1, "{address}: {found:#?}");
    found.remove(0)
}

/// The line of a feed, without what aligns it.
fn line(run: &Run, address: &str) -> String {
    let words = |l: &str| l.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    let with_ending = format!("/{address}.");
    let mut found = run.stdout.lines().filter(|l| l.contains(&with_ending) || l.trim_start().starts_with(address));
    let line = found.next().unwrap_or_else(|| panic!("{address} in {run:#?}"));
    words(line)
}

#[test]
fn feeds_are_listed_as_in_the_lists_with_their_numbers() {
    let scene = scene("items = 2\nformats = [\"rss\", \"json\"]", "");
    scene.poll(&rows());
    let run = scene.place.run(&["feeds"]).ok();
    assert_eq!(run.stderr, "");
    let changed = "0000-00-00 00:00:00";
    let shape = |line: &str| line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    let url = |address: &str| format!("https://feeds.example.org/{address}.{{rss,json}}");
    let long = url("news/department/vienna").len();
    let entry = |address: &str, stored: u8, shown: u8| (format!("  {:long$}  {stored:>6}  {shown:>5}  ", url(address)), changed);
    let want = [
        (format!("  {:long$}  STORED  SHOWN  CHANGED (UTC)", "FEED"), ""),
        ("News (news)".into(), ""),
        entry("news/all", 3, 2),
        ("News: What we do".into(), ""),
        entry("news/topic/air", 1, 1),
        entry("news/topic/fire", 1, 1),
        entry("news/topic/water", 2, 2),
        ("News: Where we are".into(), ""),
        entry("news/department/vienna", 1, 1),
        ("Feeds of your own".into(), ""),
        entry("mine", 1, 1),
        ("    holds items with “Fire” under “What we do”".into(), ""),
    ];
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), want.len(), "{run:#?}");
    for (line, (start, rest)) in lines.iter().zip(&want) {
        assert!(line.starts_with(start) && shape(&line[start.len()..]) == *rest, "{line:?} is not {start:?}");
    }
    // The order is that of the published lists, whose selections stand apart.
    let listed: Vec<String> =
        feeds(&scene.place).iter().map(|f| format!("{}.rss", f["address"].as_str().expect("text"))).collect();
    assert_eq!(tree::opml(&scene.feeds()), listed);
    assert!(!run.stdout.contains('\x1b'), "no colours where there is no terminal");
}

#[test]
fn json_names_everything() {
    let scene = scene("", "");
    scene.poll(&rows());
    let changed = tree::changed(&scene.feeds(), "news/topic/water");
    let json = scene.place.run(&["feeds", "--json"]).ok().json();
    assert_eq!(
        (&json["base-url"], &json["formats"]),
        (&"https://feeds.example.org/".into(), &serde_json::json!(["rss", "atom", "json"]))
    );
    let url = |ending: &str| format!("https://feeds.example.org/news/topic/water.{ending}");
    let want = serde_json::json!({
        "address": "news/topic/water", "urls": {"rss": url("rss"), "atom": url("atom"), "json": url("json")}, "title": "News: Water",
        "source": "news", "facet": "topic", "term": "Water", "items": 2, "shown": 2, "changed": changed.to_rfc3339(),
        "moved-to": null, "selects": null, "configured": true, "waiting": false, "empty": false, "held": false,
    });
    assert_eq!(feed(&scene.place, "news/topic/water"), want);
    let own = feed(&scene.place, "mine");
    assert_eq!((&own["source"], &own["title"], &own["items"]), (&Value::Null, &"My own".into(), &1.into()));
    assert_eq!(own["selects"], "items with “Fire” under “What we do”");
}

#[test]
fn what_is_stored_and_what_is_shown_differ() {
    let scene = Scene::new("items = 1", "");
    scene.poll(&rows());
    database::age(&scene.place.database(), 200_000);
    scene.poll(&[vec![row("Four", "4 May 2024", "/4").topics(&["Water"])], rows()].concat());
    let all = feed(&scene.place, "news/all");
    assert_eq!((&all["items"], &all["shown"]), (&4.into(), &1.into()), "{all:#}");
    let water = feed(&scene.place, "news/topic/water");
    assert_eq!((&water["items"], &water["shown"]), (&3.into(), &1.into()), "{water:#}");
}

#[test]
fn a_renamed_term_is_marked_with_its_new_address() {
    let scene = scene("", "");
    scene.poll(&rows());
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    let alias = "alias = { \"Fire\" = \"Water\" }\n[source.facet.department]";
    std::fs::write(scene.place.config(), text.replace("[source.facet.department]", alias)).expect("a config");
    scene.place.once();
    let (old, new) = (feed(&scene.place, "news/topic/fire"), feed(&scene.place, "news/topic/water"));
    assert_eq!((&old["moved-to"], &old["empty"], &new["moved-to"]), (&"news/topic/water".into(), &false.into(), &Value::Null));
    assert_eq!((&old["items"], &new["items"]), (&3.into(), &3.into()));
    assert!(line(&scene.place.run(&["feeds"]).ok(), "news/topic/fire").ends_with(" moved to news/topic/water"));
}

#[test]
fn an_empty_feed_is_marked() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let mut moved = rows();
    moved[2] = moved[2].clone().topics(&["Water"]);
    scene.poll(&moved);
    let fire = feed(&scene.place, "news/topic/fire");
    assert_eq!((&fire["items"], &fire["empty"]), (&0.into(), &true.into()));
    assert!(line(&scene.place.run(&["feeds"]).ok(), "news/topic/fire").ends_with(" empty"));
    assert_eq!(feed(&scene.place, "news/topic/water")["empty"], false);
}

#[test]
fn what_waits_to_be_published_is_marked() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    assert!(feeds(&scene.place).iter().all(|f| f["waiting"] == false));
    database::run(&scene.place.database(), "UPDATE channel SET stale = 1 WHERE address = 'news/topic/fire'");
    let waiting = |place: &Place| -> Vec<Value> {
        feeds(place).into_iter().filter(|f| f["waiting"] == true).map(|f| f["address"].clone()).collect()
    };
    assert_eq!(waiting(&scene.place), ["news/topic/fire"]);
    assert!(line(&scene.place.run(&["feeds"]).ok(), "news/topic/fire").ends_with(" waiting to be published"));
    scene.place.once();
    assert_eq!(waiting(&scene.place), [""; 0]);
}

#[test]
fn terms_that_are_held_are_listed_without_a_document() {
    let scene = Scene::new("", "max-terms = 2");
    scene.poll(&rows());
    let held: Vec<Value> = feeds(&scene.place).into_iter().filter(|f| f["held"] == true).collect();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (&held[0]["address"], &held[0]["items"], &held[0]["urls"]),
        (&"news/topic/water".into(), &2.into(), &serde_json::json!({}))
    );
    assert_eq!(
        line(&scene.place.run(&["feeds"]).ok(), "news/topic/water"),
        "news/topic/water 2 - - held: one of too many terms, no feed"
    );
}

#[test]
fn what_is_no_longer_configured_is_listed_last() {
    let scene = scene("", "");
    scene.newsroom.page("/other", "<article><h3><a href=/o>Else</a></h3><time>1 May 2024</time></article>");
    let news = source(&scene.newsroom, "news", "News", "/news", "");
    let other = source(&scene.newsroom, "other", "Other", "/other", "");
    scene.place.configure("", &format!("{news}{other}{OWN}"));
    scene.poll(&rows());
    assert!(feeds(&scene.place).iter().all(|f| f["configured"] == true));
    let without_topics: String = other.split("[source.facet.topic]").take(1).collect();
    scene.place.configure("", &without_topics);
    scene.place.once();
    let listed = feeds(&scene.place);
    let known: Vec<(&str, bool)> =
        listed.iter().map(|f| (f["address"].as_str().expect("text"), f["configured"] == true)).collect();
    let gone = ["mine", "news/all", "news/department/vienna", "news/topic/air", "news/topic/fire", "news/topic/water"];
    assert_eq!(known, std::iter::once(("other/all", true)).chain(gone.map(|a| (a, false))).collect::<Vec<_>>());
    let run = scene.place.run(&["feeds"]).ok();
    assert!(line(&run, "news/topic/air").ends_with(" not configured"), "{run:#?}");
    assert!(run.stdout.contains("No longer configured: they stay as they are until `newsroomd forget`"), "{run:#?}");
}

#[test]
fn before_the_first_poll_there_are_no_feeds_yet() {
    let (newsroom, place) = (Newsroom::start(), Place::new("", ""));
    place.configure("", &source(&newsroom, "news", "News", "/news", ""));
    for args in [&["feeds"][..], &["feeds", "--json"]] {
        let run = place.run(args);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (Some(1), "", 1), "{run:#?}");
        assert!(run.stderr.contains(&format!("there is no database {} yet: run `newsroomd once`", place.database().display())));
        assert!(!place.path().join("state").exists(), "none is made");
    }
    newsroom.set("/news", Reply::Status(503));
    assert_eq!(place.run(&["once"]).code, Some(75));
    let told = place.run(&["feeds"]).ok().stdout;
    assert!(told.starts_with("no feeds yet: run `newsroomd once`\nnews: suspect since "), "{told}");
    assert!(feeds(&place).is_empty());
}

#[test]
fn feeds_changes_nothing_and_leaves_nothing() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let (before, published) = (database::files(&scene.place.database()), tree::files(&scene.feeds()));
    scene.newsroom.take_log();
    // Neither a source nor a feed that is new in the config is entered.
    scene.place.configure("", &format!("{}{OWN}", source(&scene.newsroom, "else", "Else", "/else", "")));
    scene.place.run(&["feeds"]).ok();
    scene.place.run(&["feeds", "--json"]).ok();
    assert!(database::files(&scene.place.database()) == before, "{:?}", database::files(&scene.place.database()).keys());
    assert_eq!(tree::files(&scene.feeds()), published);
    assert!(scene.newsroom.take_log().is_empty());
}

#[test]
fn feeds_works_while_another_process_writes_and_publishes() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let _lock = Lock::take(&scene.place.database(), Purpose::Once, Duration::ZERO).expect("the lock");
    let before = feeds(&scene.place);
    let script = "BEGIN IMMEDIATE; UPDATE channel SET stale = 1; DELETE FROM item_term";
    database::during(&scene.place.database(), script, || assert_eq!(feeds(&scene.place), before));
    // What a process committed counts, though it lies in the log only.
    let script = "UPDATE channel SET stale = 1; BEGIN IMMEDIATE";
    let waiting = |place: &Place| feeds(place).iter().filter(|f| f["waiting"] == true).count();
    assert_eq!(database::during(&scene.place.database(), script, || waiting(&scene.place)), before.len());
}

#[test]
fn a_database_that_is_none_or_of_another_version_is_told_and_not_touched() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let refused = |told: &str| {
        let before = database::files(&scene.place.database());
        let run = scene.place.run(&["feeds"]);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (Some(1), "", 1), "{run:#?}");
        assert!(run.stderr.contains(told), "{run:#?}");
        assert!(database::files(&scene.place.database()) == before);
    };
    database::make_old(&scene.place.database());
    refused("was last written by an older newsroomd: run `newsroomd once`");
    scene.place.once();
    assert_eq!(feeds(&scene.place).len(), 5);
    database::run(&scene.place.database(), "PRAGMA user_version = 999");
    refused("was written by a newer newsroomd");
    for bytes in [b"my diary".to_vec(), [b"SQLite format 3\0".to_vec(), vec![0xee; 4_080]].concat()] {
        std::fs::write(scene.place.database(), bytes).expect("a file");
        refused("is not a database of newsroomd");
    }
}
