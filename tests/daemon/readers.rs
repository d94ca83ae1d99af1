//! What feed readers get. Promised: who has a document is told 304, by either validator, until there is news; what is compressed is the same;
//! every kind of document has its type; what is not there is not found.

use std::io::Read;
use std::time::{Duration, SystemTime};

use flate2::read::GzDecoder;

use crate::support::daemon::{self, Daemon};
use crate::support::listing::{Row, row};
use crate::support::process::eventually;
use crate::support::web::Answer;

fn rows(count: usize) -> Vec<Row> {
    let item = |n: usize| row(&format!("Item {n}"), &format!("{n} May 2024"), &format!("/{n}")).topics(&["Elections"]);
    (1..=count).rev().map(item).collect()
}

#[track_caller]
fn field<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.field(name).unwrap_or_else(|| panic!("no {name}: {answer:#?}"))
}

#[test]
fn a_reader_that_asks_again_is_told_304_until_there_is_news() {
    let scene = daemon::scene_of("every = \"1s\"", &rows(10));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=10"]);
    for path in ["/news/all.rss", "/news/all.atom", "/news/all.json", "/news/topic/elections.rss"] {
        let first = daemon.get(path);
        if path.ends_with(".rss") {
            let address = path.trim_end_matches(".rss");
            let alternate =
                format!("<https://feeds.example.org{address}.atom>; rel=\"alternate\"; type=\"application/atom+xml\"");
            let links = field(&first, "link");
            assert!(
                links.starts_with(&format!("<https://feeds.example.org{path}>; rel=\"self\", ")) && links.contains(&alternate),
                "{links}"
            );
        }
        assert_eq!((first.status, field(&first, "cache-control")), (200, "max-age=60"), "{path}");
        for (name, validator) in [("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")] {
            let again = daemon.ask("GET", path, &[(name, field(&first, validator))]);
            assert_eq!((again.status, again.body.len()), (304, 0), "{path} {name}: {again:#?}");
            assert_eq!(field(&again, "etag"), field(&first, "etag"), "{path} {name}");
        }
        let head = daemon.ask("HEAD", path, &[]);
        let fields = |answer: &Answer| answer.fields.iter().filter(|(name, _)| name != "date").cloned().collect::<Vec<_>>();
        assert_eq!((head.status, head.body.len(), fields(&head)), (200, 0, fields(&first)), "{path}");
    }

    let first = daemon.get("/news/all.rss");
    let (etag, modified) = (field(&first, "etag"), field(&first, "last-modified"));
    scene.show(&[&rows(11)]);
    daemon.published(&["new=1"]);
    for known in [("If-None-Match", etag), ("If-Modified-Since", modified)] {
        let news = daemon.ask("GET", "/news/all.rss", &[known]);
        assert_eq!(news.status, 200, "{known:?}");
        assert!(news.text().contains("Item 11") && field(&news, "etag") != etag, "{news:#?}");
    }
    daemon.stop();
}

#[test]
fn last_modified_is_when_the_feed_changed_and_not_when_it_was_served() {
    let scene = daemon::scene("every = \"1h\"");
    scene.poll(&rows(1));
    crate::support::database::age(&scene.place.database(), 86_400);
    std::fs::remove_dir_all(scene.feeds()).expect("a tree to lose");
    for _ in 0..2 {
        let daemon = Daemon::start(&scene.place);
        eventually("the feed", || daemon.get("/news/all.rss").status == 200);
        let modified = httpdate::parse_http_date(field(&daemon.get("/news/all.rss"), "last-modified")).expect("a date");
        let age = SystemTime::now().duration_since(modified).expect("the past");
        assert!(age > Duration::from_secs(86_000), "{age:?}");
        daemon.assert_serves(&scene.place);
        daemon.stop();
    }
}

#[test]
fn what_is_compressed_is_the_same() {
    let scene = daemon::scene_of("", &rows(10));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=10"]);
    for path in ["/news/all.rss", "/news/all.atom", "/news/all.json", "/feeds.opml", "/index.html", "/"] {
        let plain = daemon.ask("GET", path, &[("Accept-Encoding", "identity")]);
        assert_eq!(plain.field("content-encoding"), None, "{path}");
        // Until the compressed form is made, the other is sent.
        let mut packed = plain.clone();
        eventually("the compressed form", || {
            packed = daemon.ask("GET", path, &[("Accept-Encoding", "gzip")]);
            packed.field("content-encoding") == Some("gzip")
        });
        let mut unpacked = Vec::new();
        GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).expect("gzip");
        assert_eq!(String::from_utf8(unpacked).ok(), Some(plain.text()), "{path}");
        assert!(packed.body.len() < plain.body.len());
        assert_ne!(field(&packed, "etag"), field(&plain, "etag"), "{path}: other bytes, another tag");
        for coding in ["br", "zstd"] {
            eventually("the other forms", || {
                daemon.ask("GET", path, &[("Accept-Encoding", coding)]).field("content-encoding") == Some(coding)
            });
        }
        let again = daemon.ask("GET", path, &[("Accept-Encoding", "gzip"), ("If-None-Match", field(&packed, "etag"))]);
        assert_eq!((again.status, field(&again, "vary")), (304, "Accept-Encoding"), "{path}");
    }
    daemon.stop();
}

#[test]
fn every_address_answers_as_it_should() {
    let scene = daemon::scene_of("", &rows(2));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    for (path, kind) in [
        ("/news/all.rss", "application/rss+xml; charset=utf-8"),
        ("/news/all.atom", "application/atom+xml; charset=utf-8"),
        ("/news/all.json", "application/feed+json; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
    ] {
        let answer = daemon.get(path);
        assert_eq!((answer.status, answer.field("content-type")), (200, Some(kind)), "{path}");
    }
    std::fs::write(scene.feeds().join("note.txt"), "not published").expect("a file");
    for path in ["/news/topic/other.rss", "/note.txt", "/../newsroomd.toml", "/state/newsroomd.db"] {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("https://feeds.example.org/"), "{path}: {}", answer.text());
    }
    for (path, ending) in [("/news/all", "html"), ("/news/", "html"), ("/rss.xml", "rss"), ("/NEWS/all.xml", "rss")] {
        let answer = daemon.get(path);
        let meant = format!("https://feeds.example.org/news/all.{ending}");
        assert_eq!((answer.status, answer.field("location")), (301, Some(meant.as_str())), "{path}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let answer = daemon.ask(method, "/news/all.rss", &[]);
        assert_eq!((answer.status, answer.field("allow")), (405, Some("GET, HEAD, OPTIONS")), "{method}");
    }
    daemon.stop();
}
