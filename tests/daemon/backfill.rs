//! `backfill` beside the daemon. Promised: it stores, writes no document, and the daemon publishes; polls go on.

use crate::support::daemon::{self, Daemon};
use crate::support::listing::{Row, page, row};
use crate::support::newsroom::Reply;
use crate::support::process::{Process, eventually};
use crate::support::scene::address;
use crate::support::tree;

fn rows(from: usize, to: usize) -> Vec<Row> {
    let item =
        |n: usize| row(&format!("Item {n}"), &format!("{} May 2024", 1 + n / 2), &format!("/{n}")).topics(&["All of them"]);
    (to..=from).rev().map(item).collect()
}

fn titles(from: usize, to: usize) -> Vec<String> {
    rows(from, to).into_iter().map(|r| r.title).collect()
}

/// The titles of everything in one of its documents: the others may be of another moment.
fn served(daemon: &Daemon) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(&daemon.get("/news/all.json").text()).expect("JSON");
    json["items"].as_array().into_iter().flatten().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

#[test]
fn it_stores_and_the_daemon_publishes() {
    let scene = daemon::scene("every = \"1s\"\nmax-pages = 1");
    let all = rows(39, 0);
    scene.show(&all.chunks(4).collect::<Vec<_>>());
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new="]);
    assert_eq!(daemon.titles("news/all"), titles(39, 36));
    scene.newsroom.set(&address(7), Reply::Held);
    let process = Process::start(&mut scene.place.command(&["backfill", "news", "--json"]));
    scene.newsroom.wait_for_visits(&address(7), 1);
    // The first part is stored by then.
    eventually("the first part is published", || served(&daemon).len() >= 20);
    // The daemon polls on meanwhile.
    let second = page(&rows(40, 37), Some(&address(1)));
    scene.newsroom.page("/news", &second);
    eventually("news is published", || served(&daemon)[0] == "Item 40");
    let before = tree::files(&scene.feeds());
    daemon.process.signal("STOP");
    scene.newsroom.page(&address(7), &page(&all[28..32], Some(&address(8))));
    let ended = process.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let json: serde_json::Value = serde_json::from_str(&ended.stdout.join("\n")).expect("JSON");
    assert_eq!(
        (&json["published-by-daemon"], &json["documents-written"], &json["outcome"]),
        (&true.into(), &serde_json::Value::Null, &"finished".into())
    );
    assert_eq!(tree::files(&scene.feeds()), before, "the documents are the daemon's");
    daemon.process.signal("CONT");
    eventually("all is published", || served(&daemon) == titles(40, 0));
    eventually("the tree is what is served", || daemon.difference(&scene.place).is_none());
    daemon.stop();
}
