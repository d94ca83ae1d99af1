//! What is counted. Promised: each count moves with what it counts, and no other; the text keeps the rules of OpenMetrics; labels are of the
//! configuration, whatever is asked for.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::support::binary::Place;
use crate::support::daemon::Daemon;
use crate::support::listing::{Row, page, row, source};
use crate::support::metrics::Exposition;
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::process::eventually;
use crate::support::scene::Scene;
use crate::support::web;

/// The source `news`, and operators told at a socket.
pub fn scene(rows: &[Row]) -> Scene {
    let newsroom = Newsroom::start();
    let keys = "[http]\nlisten = \"127.0.0.1:0\"\nadmin = \"unix:admin.sock\"\n";
    let place = Place::new("", &format!("{keys}{}", source(&newsroom, "news", "News", "/news", "every = \"1s\"")));
    let text = std::fs::read_to_string(place.config()).expect("a config");
    let socket = format!("unix:{}", socket(&place).display());
    std::fs::write(place.config(), text.replace("unix:admin.sock", &socket)).expect("a config");
    let scene = Scene { newsroom, place };
    scene.show(&[rows]);
    scene
}

/// Where operators are told.
pub fn socket(place: &Place) -> PathBuf {
    place.path().join("admin.sock")
}

/// What is exposed now.
#[track_caller]
pub fn exposed(place: &Place) -> Exposition {
    let answer = web::ask_socket(&socket(place), "GET", "/metrics");
    assert_eq!(answer.status, 200);
    Exposition::read(&answer.text())
}

fn rows(count: usize) -> Vec<Row> {
    let item = |n: usize| row(&format!("Item {n}"), &format!("{n} May 2024"), &format!("/{n}")).topics(&["A"]);
    (1..=count).rev().map(item).collect()
}

fn polls(of: &Exposition, outcome: &str) -> f64 {
    of.value("newsroomd_polls_total", &[("source", "news"), ("outcome", outcome)])
}

fn items(of: &Exposition) -> [f64; 3] {
    ["new", "edited", "touched"].map(|change| of.value("newsroomd_items_total", &[("source", "news"), ("change", change)]))
}

/// The state that a source is in; none while it is not one alone.
fn state(of: &Exposition) -> Option<&'static str> {
    let is = |state: &&str| of.value("newsroomd_source_state", &[("source", "news"), ("state", state)]) == 1.0;
    let all: Vec<_> = ["fine", "suspect", "failing"].into_iter().filter(is).collect();
    (all.len() == 1).then(|| all[0])
}

#[test]
fn each_count_moves_with_what_it_counts() {
    let scene = scene(&rows(2));
    let now = || exposed(&scene.place);
    let news = [("source", "news")];
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    eventually("the first news", || polls(&now(), "changed") == 1.0 && now().sum("newsroomd_publishes_total") >= 1.0);
    let first = now();
    assert_eq!(items(&first), [2.0, 0.0, 0.0]);
    assert_eq!(first.value("newsroomd_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    let length = page(&rows(2), None).len();
    eventually("an unchanged page", || polls(&now(), "not_modified") >= 2.0);
    let second = now();
    assert_eq!((polls(&second, "changed"), polls(&second, "unchanged")), (1.0, 0.0));
    let fetched = second.value("newsroomd_fetch_bytes_total", &news);
    // The page once, and an answer that there is no robots.txt.
    assert!((length as f64..length as f64 + 500.0).contains(&fetched), "{fetched} of {length}");
    assert!(
        second.value("newsroomd_fetch_requests_total", &news) >= 4.0
            && second.value("newsroomd_fetch_seconds_total", &news) > 0.0
    );
    assert_eq!(second.value("newsroomd_documents_written_total", &[]), first.value("newsroomd_documents_written_total", &[]));
    eventually("a fine state", || state(&now()) == Some("fine"));
    assert_eq!(now().value("newsroomd_source_fresh", &news), 1.0);
    assert_eq!(now().value("newsroomd_source_interval_seconds", &news), 1.0);
    let success = |of: &Exposition| of.value("newsroomd_source_last_success_timestamp_seconds", &news);
    assert!(success(&now()) > success(&first), "a page that is what it was is a good poll");
    let updated = |of: &Exposition| of.value("newsroomd_feed_updated_timestamp_seconds", &[("feed", "news/all")]);
    assert_eq!(updated(&first), updated(&second));

    // Another page with the same rows.
    scene.newsroom.page("/news", &format!("{}<!-- today -->", page(&rows(2), None)));
    eventually("the same rows again", || polls(&now(), "unchanged") == 1.0);
    let mut three = rows(3);
    three[2].summary = "Another summary".into();
    scene.show(&[&three]);
    daemon.published(&["new=1", "edited=1"]);
    eventually("more news", || items(&now()) == [3.0, 1.0, 0.0]);
    assert_eq!(polls(&now(), "changed"), 2.0);
    eventually("a younger feed", || updated(&now()) > updated(&second));

    scene.newsroom.set("/news", Reply::Status(500));
    eventually("a failure", || polls(&now(), "fetch_failed") >= 1.0 && state(&now()) != Some("fine"));
    let failing = now();
    scene.newsroom.page("/news", "<!DOCTYPE html><title>News</title><p>We are being redesigned");
    eventually("a broken page", || polls(&now(), "page_broken") >= 1.0);
    eventually("a source that fails", || state(&now()) == Some("failing"));
    let broken = now();
    assert_eq!((success(&broken), broken.value("newsroomd_source_fresh", &news)), (success(&failing), 0.0));
    assert!(broken.value("newsroomd_source_failures", &news) >= 3.0);
    assert_eq!((updated(&broken), items(&broken)), (updated(&now()), [3.0, 1.0, 0.0]), "a failure is no change of a feed");
    scene.show(&[&three]);
    eventually("a fine source", || state(&now()) == Some("fine") && now().value("newsroomd_source_fresh", &news) == 1.0);

    let last = now();
    assert!(success(&last) > success(&broken));
    let began = last.sum("newsroomd_poll_duration_seconds_count");
    assert!(began >= last.sum("newsroomd_polls_total") && began <= last.sum("newsroomd_polls_total") + 2.0);
    assert!(last.sum("newsroomd_poll_fetch_duration_seconds_count") >= began - 1.0);
    let publishes = last.sum("newsroomd_publishes_total");
    assert!(publishes >= 3.0 && last.sum("newsroomd_publish_duration_seconds_count") == publishes);
    assert!(last.sum("newsroomd_documents_written_total") > first.sum("newsroomd_documents_written_total"));
    assert_eq!(last.value("newsroomd_store_up", &[]), 1.0);
    let stored = std::fs::metadata(scene.place.database()).expect("a database").len();
    assert!(last.value("newsroomd_store_size_bytes", &[]) >= stored as f64);
    let started = last.value("process_start_time_seconds", &[]);
    assert!(started < success(&first) && started > success(&first) - 60.0);
    for file in ["README.md", "systemd/examples/newsroomd.rules.yml"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a file");
        let names: BTreeSet<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.strip_prefix("newsroomd_").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase())))
            .collect();
        let missing: Vec<&&str> = names.iter().filter(|name| !last.has(name) && !last.has(&format!("{name}_count"))).collect();
        assert!(names.len() > 5 && missing.is_empty(), "{file} names what is not exposed: {missing:?}");
    }
    daemon.stop();
}

#[test]
fn answers_are_counted_by_class_and_never_by_path() {
    let scene = scene(&rows(2));
    let now = || exposed(&scene.place);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    let requests = |of: &Exposition, route: &str, code: &str| {
        of.get("newsroomd_http_requests_total", &[("route", route), ("code", code)]).unwrap_or(0.0)
    };
    let bytes = |of: &Exposition, route: &str| of.value("newsroomd_http_response_bytes_total", &[("route", route)]);
    assert_eq!((requests(&now(), "feed", "200"), requests(&now(), "feed", "304")), (0.0, 0.0));

    let feed = daemon.get("/news/all.rss");
    let etag = feed.field("etag").expect("a validator").to_owned();
    assert_eq!(daemon.ask("GET", "/news/all.rss", &[("If-None-Match", &etag)]).status, 304);
    assert_eq!(daemon.ask("HEAD", "/news/all.rss", &[]).status, 200);
    let index = daemon.get("/");
    let sizes = ["/news/all.html", "/feeds.opml", "/healthz"].map(|path| daemon.get(path).body.len());
    assert_eq!(daemon.get("/feed").status, 301);
    assert_eq!(daemon.ask("POST", "/news/all.rss", &[]).status, 405);
    assert_eq!(daemon.ask("OPTIONS", "/news/all.rss", &[]).status, 204);
    let counted = now();
    for (route, code, want) in [
        ("feed", "200", 2.0),
        ("feed", "304", 1.0),
        ("index", "200", 1.0),
        ("page", "200", 1.0),
        ("opml", "200", 1.0),
        ("healthz", "200", 1.0),
        ("moved", "301", 1.0),
        ("other", "405", 1.0),
        ("other", "204", 1.0),
    ] {
        assert_eq!(requests(&counted, route, code), want, "{route} {code}");
    }
    assert_eq!(bytes(&counted, "feed"), feed.body.len() as f64, "of HEAD and 304 nothing");
    assert_eq!(bytes(&counted, "index"), index.body.len() as f64);
    assert_eq!(["page", "opml", "healthz"].map(|route| bytes(&counted, route)), sizes.map(|size| size as f64));
    assert!(requests(&counted, "metrics", "200") >= 1.0);

    // Whatever is asked for, there are no more series.
    assert_eq!(daemon.get("/nothing").status, 404);
    let next = || now().get("newsroomd_source_next_poll_timestamp_seconds", &[("source", "news")]);
    eventually("the time of the next poll", || next().is_some());
    let before = now();
    let mut stream = TcpStream::connect(daemon.address).expect("a connection");
    for hundred in 0..100 {
        let paths = (0..100).map(|n| format!("GET /{hundred}/{n}?q={n} HTTP/1.1\r\nHost: a\r\n\r\n"));
        stream.write_all(paths.collect::<String>().as_bytes()).expect("sent");
        let mut answers = String::new();
        while answers.matches("HTTP/1.1 404").count() < 100 {
            let mut buffer = [0; 64 * 1024];
            let read = stream.read(&mut buffer).expect("answers");
            assert!(read > 0, "{answers}");
            answers += std::str::from_utf8(&buffer[..read]).expect("text");
        }
    }
    let after = now();
    assert_eq!(requests(&after, "other", "404"), requests(&before, "other", "404") + 10_000.0);
    assert_eq!(after.len(), before.len());
    // The connection is open still.
    assert_eq!(after.value("newsroomd_http_connections", &[]), 1.0);
    assert!(after.value("newsroomd_http_connections_limit", &[]) >= 1.0);
    drop(stream);
    eventually("the connection to be closed", || now().value("newsroomd_http_connections", &[]) == 0.0);
    daemon.stop();
}
