//! Other commands while the daemon runs. Promised:
//! - `once` polls and stores, says that the daemon publishes, and writes no document; the daemon publishes what it stored;
//! - what `forget` forgets is soon gone from HTTP and from disk, and does not come back.

use crate::support::daemon::{self, Daemon, LISTEN};
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::process::eventually;
use crate::support::scene::Scene;
use crate::support::tree;

/// The daemon itself polls once, when it starts.
const RARELY: &str = "every = \"1h\"";

fn rows(count: usize) -> Vec<Row> {
    let item = |n: usize| row(&format!("Item {n}"), &format!("{n} May 2024"), &format!("/{n}")).topics(&["All of them"]);
    (1..=count).rev().map(item).collect()
}

fn started(scene: &Scene) -> Daemon {
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new="]);
    daemon
}

/// Waits for heartbeats, after which the daemon has published what was stored before. Its source must be polled every second.
fn heartbeats(scene: &Scene) {
    let so_far = scene.newsroom.visits("/news").len();
    scene.newsroom.wait_for_visits("/news", so_far + 2);
}

#[test]
fn once_stores_and_the_daemon_publishes() {
    let scene = daemon::scene_of(RARELY, &rows(1));
    let mut daemon = started(&scene);
    for (count, args) in [(2, vec!["once", "--all"]), (3, vec!["once", "--all", "--json"])] {
        scene.show(&[&rows(count)]);
        let before = tree::files(&scene.feeds());
        // So that it is certain who writes.
        daemon.process.signal("STOP");
        let run = scene.place.run(&args).ok();
        assert_eq!(tree::files(&scene.feeds()), before, "the documents are the daemon's");
        if args.len() == 2 {
            let said: Vec<&str> = run.stdout.lines().collect();
            let [polled, published] = said[..] else { panic!("{run:#?}") };
            assert_eq!(polled, "news: 2 rows on 1 page: 1 new, 0 edited, 1 known");
            assert_eq!(published, "what is new is stored; the daemon that runs on this database publishes it");
        } else {
            let said = run.json();
            assert_eq!((&said["published-by-daemon"], &said["documents-written"]), (&true.into(), &serde_json::Value::Null));
            assert_eq!((&said["sources"][0]["outcome"], &said["sources"][0]["new"]), (&"polled".into(), &1.into()));
        }
        daemon.process.signal("CONT");
        daemon.wait(&[" published "]);
        assert_eq!(daemon.titles("news/all").len(), count);
        assert_eq!(daemon.titles("news/topic/all-of-them").len(), count);
        daemon.assert_serves(&scene.place);
    }
    daemon.stop();
    let run = scene.place.run(&["once"]).ok();
    assert!(run.stdout.contains("nothing to publish"), "{run:#?}");
}

#[test]
fn many_rounds_of_others_beside_the_daemon_lose_nothing() {
    let scene = daemon::scene_of("every = \"1s\"", &rows(1));
    let daemon = started(&scene);
    for count in 2..12 {
        scene.show(&[&rows(count)]);
        scene.place.once();
    }
    let titles: Vec<String> = (1..12).rev().map(|n| format!("Item {n}")).collect();
    let feeds = ["news/all", "news/topic/all-of-them"];
    heartbeats(&scene);
    feeds.iter().for_each(|feed| assert_eq!(daemon.titles(feed), titles, "{feed}"));
    daemon.assert_serves(&scene.place);
    daemon.stop();
    let alone = scene.beside("", "every = \"1s\"");
    for count in 1..12 {
        scene.show(&[&rows(count)]);
        alone.place.once();
    }
    assert_eq!(tree::timeless(&scene.feeds()), tree::timeless(&alone.feeds()));
}

#[test]
fn what_is_forgotten_goes_from_http_and_disk() {
    let scene = daemon::scene_of("every = \"1s\"", &[]);
    let junk = row("Quicksilver", "20 May 2024", "/junk").topics(&["Junk", "All of them"]).department("Vienna");
    scene.show(&[&[vec![junk.clone()], rows(2)].concat()]);
    let mut daemon = started(&scene);
    let item = daemon.feed("news/all").entries[0].clone();
    assert_eq!((item.title.as_str(), daemon.titles("news/topic/junk").len()), ("Quicksilver", 1));
    let anywhere = |text: &str| {
        let files = tree::files(&scene.feeds());
        files.into_iter().filter(|(_, (bytes, _))| String::from_utf8_lossy(bytes).contains(text)).map(|f| f.0).collect::<Vec<_>>()
    };

    // A term: its feed is gone, its items stay without it, also when their rows are read again.
    let run = scene.place.run(&["forget", "news/topic/junk"]).ok();
    assert!(run.stdout.contains("another newsroomd is publishing"), "{run:#?}");
    heartbeats(&scene);
    let without_term = |daemon: &Daemon| {
        assert_eq!(anywhere("Junk"), [""; 0]);
        daemon.assert_serves(&scene.place);
        for format in ["rss", "atom", "json"] {
            assert_eq!(daemon.get(&format!("/news/topic/junk.{format}")).status, 404, "{format}");
            assert!(!scene.feeds().join(format!("news/topic/junk.{format}")).exists(), "{format}");
        }
    };
    without_term(&daemon);
    assert_eq!(daemon.titles("news/all"), ["Quicksilver", "Item 2", "Item 1"]);
    scene.show(&[&[vec![junk.clone()], rows(3)].concat()]);
    daemon.published(&["new=1"]);
    without_term(&daemon);

    // An item: it leaves its feeds, and does not come back.
    let run = scene.place.run(&["forget", "--json", &item.id]).ok();
    assert_eq!((&run.json()["published"], &run.json()["kind"]), (&false.into(), &"item".into()));
    heartbeats(&scene);
    for count in [3, 4] {
        if count == 4 {
            scene.show(&[&[vec![junk.clone()], rows(4)].concat()]);
            daemon.published(&["new=1"]);
        }
        assert_eq!(anywhere("Quicksilver"), [""; 0]);
        daemon.assert_serves(&scene.place);
        assert_eq!((daemon.titles("news/all").len(), daemon.titles("news/topic/all-of-them").len()), (count, count));
    }
    daemon.stop();
}

#[test]
fn a_removed_source_is_served_until_it_is_forgotten() {
    let scene = daemon::scene_of(RARELY, &rows(2));
    scene.newsroom.page("/other", &page(&[row("Other", "2 May 2024", "/other/1").topics(&["Topic"])], None));
    let of = |id: &str, path: &str| source(&scene.newsroom, id, id, path, RARELY);
    let stays = of("news", "/news");
    scene.place.configure("", &format!("{LISTEN}{stays}{}", of("other", "/other")));
    scene.place.once();
    let before = tree::files(&scene.feeds());
    let documents: Vec<&String> = before.keys().filter(|name| name.starts_with("other/")).collect();
    assert_eq!(documents.len(), 8);

    scene.place.configure("", &format!("{LISTEN}{stays}"));
    let mut daemon = Daemon::start(&scene.place);
    daemon.wait(&[" published "]);
    daemon.assert_serves(&scene.place);
    let after = tree::files(&scene.feeds());
    for document in &documents {
        assert_eq!(after[*document], before[*document], "{document}");
        assert_eq!(daemon.get(&format!("/{document}")).status, 200, "{document}");
    }
    assert!(!daemon.get("/feeds.opml").text().contains("other/"), "it is no longer listed");

    daemon.process.stderr.skip();
    scene.place.run(&["forget", "other"]).ok();
    for document in &documents {
        eventually("404", || daemon.get(&format!("/{document}")).status == 404);
        eventually("no file", || !scene.feeds().join(document).exists());
    }
    let left = tree::files(&scene.feeds());
    assert_eq!(left, after.into_iter().filter(|(name, _)| !name.starts_with("other/")).collect());
    daemon.assert_serves(&scene.place);
    daemon.stop();
}

#[test]
fn a_source_forgotten_beside_a_daemon_that_still_polls_it_stays_forgotten() {
    let scene = daemon::scene_of("every = \"1s\"", &rows(2));
    let clock = Newsroom::start();
    clock.page("/clock", &page(&rows(1), None));
    let both = std::fs::read_to_string(scene.place.config()).expect("a config")
        + &source(&clock, "clock", "Clock", "/clock", "every = \"1s\"");
    std::fs::write(scene.place.config(), &both).expect("a config");
    let mut daemon = Daemon::start(&scene.place);
    let served = |address: &str| daemon.get(address).status == 200;
    eventually("both are served", || served("/news/all.atom") && served("/clock/all.atom"));
    // The config that names it no longer is another process's: the daemon was not restarted.
    let without = format!("{LISTEN}{}", source(&clock, "clock", "Clock", "/clock", ""));
    scene.place.configure("", &without);
    scene.place.run(&["forget", "news"]).ok();
    eventually("it is gone", || daemon.get("/news/all.atom").status == 404);
    let so_far = clock.visits("/clock").len();
    clock.wait_for_visits("/clock", so_far + 3);
    assert_eq!(daemon.get("/news/all.atom").status, 404, "and does not come back");
    assert!(!scene.feeds().join("news").exists());
    daemon.process.stderr.skip();
    clock.page("/clock", &page(&rows(2), None));
    daemon.wait(&["source.id=\"clock\"", "new=1"]);
    daemon.stop();
}
