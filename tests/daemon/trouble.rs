//! What goes wrong for a while. Promised:
//! - a broken page leaves the feeds byte for byte as they are; each change of the source's state is told once, and then news comes through;
//! - a disk that cannot be written ends nothing: polls go on, feeds go on being served, and what could not be published is published later.

use crate::support::binary::Place;
use crate::support::daemon::{self, Daemon};
use crate::support::listing::{Row, page, row};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::raw::{Raw, redirect};
use crate::support::scene::Scene;
use crate::support::tree;

fn rows(count: usize) -> Vec<Row> {
    let item = |n: usize| row(&format!("Item {n}"), &format!("{n} May 2024"), &format!("/{n}")).topics(&["All of them"]);
    (1..=count).rev().map(item).collect()
}

fn started(scene: &Scene) -> Daemon {
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    daemon
}

/// Waits until so many polls that begin from now on have come to their end: the next one has begun by then.
fn polled(scene: &Scene, times: usize) {
    scene.newsroom.take_log();
    scene.newsroom.wait_for_visits("/news", times + 1);
}

#[test]
fn a_broken_page_changes_no_feed_and_each_change_of_state_is_told_once() {
    let scene = daemon::scene_of("every = \"1s\"", &rows(2));
    let mut daemon = started(&scene);
    let before = tree::files(&scene.feeds());
    let cases: [(Reply, &str); 3] = [
        (Reply::Status(500), "500"),
        (Reply::Page(b"<!DOCTYPE html><title>News</title><p>We are being redesigned".to_vec()), "shows no row"),
        (Reply::Page(b"<article><h3>Are you human?</h3></article>".to_vec()), "none could be read"),
    ];
    for (reply, reason) in cases {
        scene.newsroom.set("/news", reply);
        let line = daemon.wait(&["WARN", "poll failed", "source.id=\"news\"", "state=\"suspect\""]);
        assert!(line.contains(reason), "{line}");
        assert_eq!(tree::files(&scene.feeds()), before, "{reason}");
        daemon.assert_serves(&scene.place);
        scene.show(&[&rows(2)]);
        daemon.wait(&["INFO", "poll succeeded again", "source.id=\"news\"", "state=\"fine\""]);
        assert_eq!(tree::files(&scene.feeds()), before, "{reason}");
    }
    // Told when it begins, when it goes on, and when it is over, however many polls fail.
    scene.newsroom.set("/news", Reply::Status(500));
    daemon.wait(&["WARN", "poll failed", "state=\"suspect\""]);
    daemon.wait(&["WARN", "poll failed", "state=\"failing\"", "failures=3"]);
    polled(&scene, 0);
    scene.show(&[&rows(3)]);
    daemon.wait(&["INFO", "poll succeeded again", "source.id=\"news\""]);
    daemon.published(&["new=1"]);
    assert_eq!(daemon.process.stderr.count("poll failed"), 5, "{:#?}", daemon.process.stderr.all());
    assert_eq!(daemon.process.stderr.count("poll succeeded again"), 4);
    assert_eq!(daemon.titles("news/all"), ["Item 3", "Item 2", "Item 1"]);
    daemon.assert_serves(&scene.place);
    daemon.stop();
}

#[test]
fn a_disk_that_cannot_be_written_ends_nothing() {
    let scene = daemon::scene_of("every = \"1s\"", &rows(2));
    let mut daemon = started(&scene);
    let document = scene.feeds().join("news/all.rss");
    std::fs::remove_file(&document).expect("a file");
    std::fs::create_dir_all(document.join("in the way")).expect("a folder");

    scene.show(&[&rows(3)]);
    daemon.wait(&[" polled ", "new=1"]);
    let line = daemon.wait(&["ERROR", "publishing failed"]);
    assert!(line.contains("news/all.rss") && line.matches("os error").count() == 1, "{line}");
    assert_eq!(daemon.get("/news/all.rss").status, 200, "what was published is still served");
    scene.show(&[&rows(4)]);
    daemon.wait(&[" polled ", "new=1"]);
    polled(&scene, 2);
    assert_eq!(daemon.process.stderr.count("publishing failed"), 1, "{:#?}", daemon.process.stderr.all());
    assert!(daemon.get("/news/all.rss").text().contains("Item 2"));
    daemon.stop();

    // The start is not kept from serving by it either.
    let mut daemon = Daemon::start(&scene.place);
    daemon.wait(&["ERROR", "publishing failed"]);
    assert_eq!(daemon.get("/news/all.json").status, 200);
    daemon.stop();

    std::fs::remove_dir_all(&document).expect("a folder");
    let daemon = Daemon::start(&scene.place);
    // Before it says that it is ready.
    assert_eq!(daemon.process.stderr.count(" published "), 1);
    assert_eq!(daemon.titles("news/all"), ["Item 4", "Item 3", "Item 2", "Item 1"]);
    daemon.assert_serves(&scene.place);
    daemon.stop();
}

#[test]
fn a_page_that_moved_for_good_is_told_once_even_if_it_fails_in_between() {
    let newsroom = Newsroom::start();
    newsroom.page("/news", &page(&rows(2), None));
    let old = Raw::saying(redirect(301, &newsroom.url("/news")));
    let source = crate::support::raw::source("news", &old.url("/"), "every = \"1s\"");
    let scene = Scene { newsroom, place: Place::new("", &format!("{}{source}", daemon::LISTEN)) };
    let mut daemon = Daemon::start(&scene.place);
    let told = daemon.wait(&["WARN", "the page has moved for good: change `page`", "source.id=\"news\""]);
    assert!(told.contains(&scene.newsroom.url("/news")), "{told}");
    polled(&scene, 2);
    assert_eq!(old.take_requests().len(), 1);
    scene.newsroom.set("/news", Reply::Status(500));
    daemon.wait(&["WARN", "poll failed"]);
    scene.show(&[&rows(3)]);
    daemon.published(&["new=1"]);
    assert!(!old.take_requests().is_empty(), "the configured page was asked again");
    assert_eq!(daemon.process.stderr.count("moved for good"), 1);
    daemon.stop();
}
