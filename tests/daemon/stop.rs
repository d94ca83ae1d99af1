//! The end. Promised:
//! - SIGTERM and SIGINT end the daemon with status 0 in less than 4 seconds, whatever newsrooms and readers do;
//! - a poll that is cut off is made at once by the next start;
//! - a second signal ends it where it stands, and what is published stays published.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use newsroomd::publish::{Lock, Purpose};

use crate::support::daemon::{self, Daemon};
use crate::support::database;
use crate::support::listing::{Row, row};
use crate::support::newsroom::Reply;
use crate::support::process::Process;
use crate::support::tree;

/// What a stop may take, with all that waits.
const LIMIT: Duration = Duration::from_secs(4);

fn rows() -> Vec<Row> {
    vec![row("One", "1 May 2024", "/1").topics(&["A"])]
}

#[track_caller]
fn stops_during_a_poll(signal: &str) {
    let scene = daemon::scene("every = \"1h\"");
    scene.newsroom.set("/news", Reply::Silence);
    let mut daemon = Daemon::start(&scene.place);
    scene.newsroom.wait_for_visits("/news", 1);
    daemon.process.signal(signal);
    let ended = daemon.process.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.took < LIMIT, "{ended:#?}");
    assert!(ended.stderr.iter().any(|line| line.contains("stopped")), "{ended:#?}");
    let asked = database::texts(&scene.place.database(), "SELECT requests || ' ' || unanswered FROM host_day");
    assert_eq!(asked, ["2 1"], "robots.txt, and the request that was cut");

    scene.show(&[&rows()]);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    daemon.assert_serves(&scene.place);
    daemon.stop();
    scene.newsroom.take_log();
    let daemon = Daemon::start(&scene.place);
    assert_eq!(daemon.titles("news/all"), ["One"]);
    daemon.stop();
    assert_eq!(scene.newsroom.take_log().len(), 0, "what was polled to the end is not due again");
}

#[test]
fn sigterm_ends_it_during_a_poll_which_the_next_start_repeats() {
    stops_during_a_poll("TERM");
}

#[test]
fn sigint_ends_it_during_a_poll_which_the_next_start_repeats() {
    stops_during_a_poll("INT");
}

/// A reader that asks and asks, and takes no answer: none of them can be brought to its end.
fn stuck(daemon: &Daemon) -> TcpStream {
    let mut reader = TcpStream::connect(daemon.address).expect("a connection");
    let ask = "GET /news/all.rss HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1_000);
    reader.set_write_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    // Until neither side takes any more.
    while reader.write_all(ask.as_bytes()).is_ok() {}
    reader
}

#[test]
fn readers_that_take_no_answer_hold_up_the_stop_for_seconds_only() {
    let scene = daemon::scene_of("", &rows());
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    let _idle = TcpStream::connect(daemon.address).expect("a connection");
    let mut half = TcpStream::connect(daemon.address).expect("a connection");
    half.write_all(b"GET /news/all.rss HTTP/1.1\r\nHo").expect("sent");
    let _stuck = stuck(&daemon);
    daemon.process.signal("TERM");
    let ended = daemon.process.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.took < LIMIT, "{ended:#?}");
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = half.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).starts_with("HTTP/1.1 5"), "{rest:?}");
}

#[test]
fn a_second_signal_ends_it_where_it_stands() {
    let scene = daemon::scene_of("every = \"1s\"", &rows());
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    let files = tree::files(&scene.feeds());
    let _stuck = stuck(&daemon);
    daemon.process.signal("TERM");
    daemon.wait(&["stopping"]);
    assert!(daemon.process.runs(), "a reader is still to be answered");
    daemon.process.signal("TERM");
    let ended = daemon.process.end();
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.took < Duration::from_secs(1), "{ended:#?}");
    assert!(!ended.stderr.iter().any(|line| line.contains("stopped")), "{ended:#?}");
    assert_eq!(tree::files(&scene.feeds()), files);
    let daemon = Daemon::start(&scene.place);
    daemon.assert_serves(&scene.place);
    daemon.stop();
}

#[test]
fn a_hangup_ends_nothing() {
    let scene = daemon::scene("every = \"1h\"");
    scene.show(&[&rows()]);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    daemon.process.signal("HUP");
    daemon.wait(&["the configuration was read anew"]);
    assert_eq!(daemon.titles("news/all"), ["One"]);
    daemon.stop();
}

#[test]
fn a_stop_does_not_wait_for_the_start() {
    let scene = daemon::scene("every = \"1h\"");
    std::fs::create_dir_all(scene.place.path().join("state")).expect("a folder");
    let lock = Lock::take(&scene.place.database(), Purpose::Once, Duration::ZERO).expect("the lock");
    // It waits for whoever is publishing, and has caught the signal's name by then.
    let mut process = Process::start(scene.place.command(&["run"]).env("NEWSROOMD_LOG", "debug"));
    process.stderr.wait(&["waiting for the publish lock"]);
    process.signal("TERM");
    let ended = process.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.took < LIMIT, "{ended:#?}");
    drop(lock);
}
