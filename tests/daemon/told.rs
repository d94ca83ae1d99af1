//! What the operator of a daemon is told. Promised:
//! - an incident is posted to the webhook, again with growing pauses until it is taken, beside polls and publishings that go on;
//! - what was not taken when the daemon stopped is told by the next one;
//! - a public status feed is served as soon as something happened, also if another process found it; one that is not public is not.

use crate::support::binary::Place;
use crate::support::daemon::{Daemon, LISTEN};
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::process::eventually;
use crate::support::receiver::Receiver;
use crate::support::scene::Scene;

fn rows(count: usize) -> Vec<Row> {
    (1..=count).rev().map(|n| row(&format!("Item {n}"), &format!("{n} May 2024"), &format!("/{n}"))).collect()
}

fn scene(status: &str, keys: &str) -> Scene {
    let newsroom = Newsroom::start();
    let place = Place::new("", &format!("{LISTEN}[status]\n{status}\n{}", source(&newsroom, "news", "News", "/news", keys)));
    let scene = Scene { newsroom, place };
    scene.show(&[&rows(2)]);
    scene
}

fn wall() -> Reply {
    Reply::Page(b"<!DOCTYPE html><title>Sorry</title>Access denied".to_vec())
}

#[test]
fn the_webhook_is_told_until_it_takes_it_over_restarts() {
    let receiver = Receiver::start();
    let scene = scene(&format!("webhook = \"{}\"", receiver.url("/hook?key=hush")), "every = \"1s\"");
    receiver.answer(&[(500, ""), (503, "")]);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    scene.newsroom.set("/news", wall());
    receiver.wait_for(2);
    let line = daemon.wait(&["WARN", "the webhook did not take it", "event=\"opened\""]);
    assert!(!line.contains("hush") && !line.contains("/hook"), "{line}");
    // Meanwhile all goes on.
    scene.show(&[&rows(3)]);
    daemon.published(&["new=1"]);
    receiver.wait_for(4);
    let events = |receiver: &Receiver| receiver.events();
    let told = [("opened", 500), ("opened", 503), ("opened", 204), ("closed", 204)].map(|(e, s)| (e.to_owned(), s));
    assert_eq!(events(&receiver), told);

    receiver.answer(&[(500, "")]);
    scene.newsroom.set("/news", wall());
    daemon.wait(&["WARN", "the webhook did not take it", "event=\"opened\""]);
    daemon.stop();
    let daemon = Daemon::start(&scene.place);
    receiver.wait_for(6);
    assert_eq!(events(&receiver)[4..], [("opened".to_owned(), 500), ("opened".to_owned(), 204)]);
    daemon.stop();
    let ids: std::collections::BTreeSet<String> = receiver.posts().iter().map(|p| p.body["id"].to_string()).collect();
    assert_eq!(ids.len(), 3, "one for each thing that was told");
}

#[test]
fn a_public_status_feed_is_served_and_another_is_not() {
    let private = scene("public-status = false", "every = \"1s\"");
    let daemon = Daemon::start(&private.place);
    assert_eq!(daemon.get("/status.atom").status, 404);
    daemon.stop();

    // Polled by others only.
    let scene = scene("public-status = true", "every = \"24h\"");
    scene.place.once();
    let mut daemon = Daemon::start(&scene.place);
    assert!(daemon.titles("status").is_empty());
    daemon.assert_serves(&scene.place);
    scene.newsroom.set("/news", wall());
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    eventually("the incident in the feed", || daemon.get("/status.json").text().contains("its page is broken"));
    scene.newsroom.page("/news", &page(&rows(3), None));
    scene.place.once();
    daemon.wait(&[" published "]);
    eventually("its end in the feed", || daemon.get("/status.json").text().contains("fine again"));
    assert_eq!(daemon.titles("status"), ["News (news): fine again", "News (news): its page is broken"]);
    daemon.assert_serves(&scene.place);
    daemon.stop();
}

#[test]
fn a_page_that_breaks_while_its_source_is_suspect_is_told() {
    let scene = scene("public-status = true", "every = \"1s\"");
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    scene.newsroom.set("/news", Reply::Status(500));
    daemon.wait(&["WARN", "poll failed", "state=\"suspect\"", "500"]);
    // It opens an incident, though the source stays suspect.
    scene.newsroom.set("/news", wall());
    daemon.wait(&["WARN", "poll failed", "state=\"suspect\"", "is broken"]);
    daemon.stop();
}
