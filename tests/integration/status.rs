//! Telling the operator. Promised:
//! - the status feed has one entry when an incident opens and one when it closes, in every format, beside the database; among the published feeds
//!   only with `public-status`; its bytes stay while nothing happens; no query of an address and no text of a page is in it;
//! - the webhook is told each once, in order, and again until it takes it, over restarts; its redirects are not followed, and it blocks nothing.

use std::path::PathBuf;

use crate::support::binary::{Place, Run};
use crate::support::database;
use crate::support::faults;
use crate::support::listing::{row, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::receiver::Receiver;
use crate::support::scene::Scene;
use crate::support::tree;

/// A newsroom whose address has a query, and a config with these lines before the source.
fn scene(lines: &str) -> Scene {
    let newsroom = Newsroom::start();
    let place = Place::new("", &config(&newsroom, lines));
    let scene = Scene { newsroom, place };
    good(&scene, 1);
    scene.place.once();
    scene
}

fn config(newsroom: &Newsroom, lines: &str) -> String {
    format!("{lines}{}", source(newsroom, "news", "The News", "/news?token=sesame", ""))
}

fn good(scene: &Scene, items: usize) {
    let rows: Vec<_> = (1..=items).rev().map(|n| row(&format!("Item {n}"), &format!("{n} May 2024"), &format!("/{n}"))).collect();
    scene.newsroom.page("/news?token=sesame", &crate::support::listing::page(&rows, None));
}

fn fail(scene: &Scene, reply: Reply) -> Run {
    scene.newsroom.set("/news?token=sesame", reply);
    let run = scene.place.run(&["once", "--all", "--now"]);
    assert_eq!(run.code, Some(75), "{run:?}");
    run
}

fn wall() -> Reply {
    Reply::Page(b"<title>Sorry</title><article>Access denied: unmistakable words</article>".to_vec())
}

fn private(scene: &Scene) -> PathBuf {
    scene.place.path().join("state/newsroomd.db-status")
}

fn titles(scene: &Scene) -> Vec<String> {
    tree::feed(&private(scene), "status").entries.into_iter().map(|e| e.title).collect()
}

#[test]
fn an_incident_is_one_entry_and_one_more_when_it_is_over() {
    let scene = scene("");
    assert!(titles(&scene).is_empty());
    let published = tree::files(&scene.feeds());
    fail(&scene, wall());
    assert_eq!(titles(&scene), ["The News (news): its page is broken"]);
    let opened = tree::files(&private(&scene));
    for _ in 0..3 {
        fail(&scene, wall());
        fail(&scene, Reply::Status(500));
        assert_eq!(tree::files(&private(&scene)), opened, "nothing opened, nothing closed: not a byte, not a time");
    }
    good(&scene, 1);
    scene.place.once();
    assert_eq!(titles(&scene), ["The News (news): fine again", "The News (news): its page is broken"]);
    assert_eq!(tree::files(&scene.feeds()), published);

    // Failures to get a page are an incident once they are three in a row.
    for (n, entries) in [(1, 2), (2, 2), (3, 3), (4, 3)] {
        fail(&scene, Reply::Status(503));
        assert_eq!(titles(&scene).len(), entries, "failure {n}");
    }
    assert_eq!(titles(&scene)[0], "The News (news): its page cannot be got");
    let feed = tree::feed(&private(&scene), "status");
    let guids: std::collections::BTreeSet<&str> = feed.entries.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(guids.len(), 3);
    assert!(feed.entries[0].summary.as_deref().is_some_and(|s| s.contains("the server answered with status 503")));
    for (name, (bytes, _)) in tree::files(&private(&scene)) {
        let text = String::from_utf8(bytes).expect("UTF-8");
        for secret in ["sesame", "token", "unmistakable", "Sorry"] {
            assert!(!text.contains(secret), "{secret} in {name}");
        }
    }
    // A lost document is written again as it was.
    let before = tree::files(&private(&scene));
    std::fs::remove_file(private(&scene).join("status.json")).expect("a file to lose");
    good(&scene, 1);
    scene.newsroom.set("/news?token=sesame", Reply::Status(503));
    scene.place.run(&["once", "--all", "--now"]);
    assert_eq!(tree::files(&private(&scene)), before);
}

#[test]
fn the_feed_is_public_only_if_the_config_says_so() {
    let scene = scene("");
    fail(&scene, wall());
    let shown = || tree::files(&scene.feeds()).into_keys().filter(|name| name.starts_with("status")).collect::<Vec<_>>();
    assert!(shown().is_empty());
    scene.place.configure("", &config(&scene.newsroom, "[status]\npublic-status = true\n"));
    good(&scene, 1);
    scene.place.once();
    assert_eq!(shown(), ["status.atom", "status.json", "status.rss"]);
    assert_eq!(tree::titles(&scene.feeds(), "status"), ["The News (news): fine again", "The News (news): its page is broken"]);
    assert_eq!(tree::feed(&scene.feeds(), "status"), tree::feed(&private(&scene), "status"));
    let index = std::fs::read_to_string(scene.feeds().join("index.html")).expect("a page");
    assert!(index.contains("status.atom"), "{index}");
    assert!(!tree::opml(&scene.feeds()).iter().any(|document| document.contains("status")));
    let before = tree::files(&scene.feeds());
    scene.place.once();
    assert_eq!(tree::files(&scene.feeds()), before);
    scene.place.configure("formats = [\"atom\"]", &config(&scene.newsroom, "[status]\npublic-status = true\n"));
    scene.place.once();
    assert_eq!(shown(), ["status.atom"]);
    scene.place.configure("", &config(&scene.newsroom, ""));
    scene.place.once();
    assert!(shown().is_empty(), "it is taken away again");
    assert!(!std::fs::read_to_string(scene.feeds().join("index.html")).expect("a page").contains("status.atom"));
}

#[test]
fn two_databases_in_one_folder_have_a_status_feed_each() {
    let scene = scene("");
    fail(&scene, wall());
    let of_first = tree::files(&private(&scene));
    let config = std::fs::read_to_string(scene.place.config()).expect("a config");
    std::fs::write(scene.place.config(), config.replace("newsroomd.db", "other.db").replace("/feeds\"", "/others\""))
        .expect("a config");
    good(&scene, 1);
    scene.place.once();
    assert_eq!(tree::files(&private(&scene)), of_first, "the other one's is another");
    let other = scene.place.path().join("state/other.db-status");
    assert!(tree::feed(&other, "status").entries.is_empty());
    assert!(!scene.place.path().join("state/status").exists());
}

#[test]
fn a_status_folder_that_cannot_be_written_keeps_no_poll_from_being_published() {
    let newsroom = Newsroom::start();
    let place = Place::new("", &config(&newsroom, "[status]\npublic-status = true\n"));
    let scene = Scene { newsroom, place };
    let warned = |run: &Run| run.stderr.matches("the status feed beside the database cannot be written").count();
    // A file is where the folder should be, and then a folder where a document should be.
    std::fs::create_dir_all(scene.place.path().join("state")).expect("a folder");
    std::fs::write(private(&scene), "a file").expect("a file");
    for items in 1..=2 {
        good(&scene, items);
        let run = scene.place.once();
        assert_eq!(warned(&run), 1, "{run:?}");
        assert_eq!(scene.titles("news/all").len(), items);
    }
    std::fs::remove_file(private(&scene)).expect("a file");
    std::fs::create_dir_all(private(&scene).join("status.atom")).expect("a folder");
    good(&scene, 3);
    assert_eq!(warned(&scene.place.once()), 1);
    let run = fail(&scene, wall());
    assert_eq!((warned(&run), scene.titles("news/all").len()), (1, 3), "{run:?}");
    assert_eq!(
        tree::titles(&scene.feeds(), "status"),
        ["The News (news): its page is broken"],
        "the public one is another matter"
    );
    std::fs::remove_dir(private(&scene).join("status.atom")).expect("a folder");
    let run = fail(&scene, wall());
    assert_eq!((warned(&run), titles(&scene)), (0, vec!["The News (news): its page is broken".to_owned()]), "{run:?}");
}

#[test]
fn a_source_that_is_gone_has_no_open_incident() {
    let scene = scene("");
    fail(&scene, wall());
    scene.newsroom.page("/other", &crate::support::listing::page(&[row("Other", "1 May 2024", "/o")], None));
    scene.place.configure("", &source(&scene.newsroom, "other", "Other", "/other", ""));
    scene.place.once();
    assert_eq!(titles(&scene), ["news: fine again", "news: its page is broken"]);
    scene.place.run(&["forget", "news"]).ok();
    scene.place.once();
    assert!(titles(&scene).is_empty());
}

#[test]
fn the_webhook_is_told_each_once_though_it_fails_first() {
    let receiver = Receiver::start();
    let scene = scene(&format!("[status]\nwebhook = \"{}\"\n", receiver.url("/hook?key=hush")));
    receiver.answer(&[(500, ""), (302, "Location: /elsewhere\r\n")]);
    let run = fail(&scene, wall());
    assert!(!run.stderr.contains("hush"), "{run:?}");
    assert_eq!(receiver.events(), [("opened".to_owned(), 500)]);
    // It waits its pause; then it is told again, by whichever run comes then, until it takes it.
    let later = || database::run(&scene.place.database(), "UPDATE delivery SET due = unixepoch() - 1");
    fail(&scene, wall());
    assert_eq!(receiver.events().len(), 1);
    later();
    fail(&scene, wall());
    assert_eq!(receiver.events()[1..], [("opened".to_owned(), 302)]);
    assert!(database::texts(&scene.place.database(), "SELECT (due > unixepoch() + 2) || tries FROM delivery") == ["12"]);
    good(&scene, 1);
    later();
    scene.place.once();
    assert_eq!(receiver.events()[2..], [("opened".to_owned(), 204), ("closed".to_owned(), 204)]);
    later();
    scene.place.once();
    let posts = receiver.posts();
    assert_eq!(posts.len(), 4, "{posts:#?}");
    assert!(posts.iter().all(|p| p.path == "/hook?key=hush"), "no redirect was followed: {posts:#?}");
    assert!(posts[..3].iter().all(|p| p.body == posts[0].body), "the same whenever it is told: {posts:#?}");
    let (opened, closed) = (&posts[2].body, &posts[3].body);
    assert_eq!((&opened["source"], &opened["kind"]), (&"news".into(), &"page".into()), "{opened:#}");
    assert_eq!(opened["reasons"][0], "page 1: it shows 1 rows, of which none could be read", "{opened:#}");
    assert!(opened["since"] == opened["at"] && closed["since"] == opened["since"], "{closed:#}");
    // The ids are those of the feed's entries.
    let guids: Vec<String> = tree::feed(&private(&scene), "status").entries.into_iter().map(|e| e.id).collect();
    assert_eq!(guids, [closed["id"].as_str().unwrap_or_default(), opened["id"].as_str().unwrap_or_default()]);
}

#[test]
fn a_webhook_that_nobody_answers_blocks_nothing_and_is_given_up_after_a_day() {
    let scene = scene(&format!("[status]\nwebhook = \"http://127.0.0.1:{}/\"\n", faults::closed_port()));
    fail(&scene, wall());
    good(&scene, 2);
    scene.place.once();
    assert_eq!(scene.titles("news/all"), ["Item 2", "Item 1"]);
    let left = || database::texts(&scene.place.database(), "SELECT event FROM delivery ORDER BY id");
    assert_eq!(left(), ["opened", "closed"]);
    database::run(&scene.place.database(), "UPDATE delivery SET due = unixepoch() - 1, at = at - 90000 WHERE event = 'opened'");
    let run = scene.place.once();
    assert!(run.stderr.contains("did not take it for a day"), "{run:?}");
    assert_eq!(left(), ["closed"]);
}
