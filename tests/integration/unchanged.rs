//! What stays as it is costs nothing and is not touched. Promised:
//! - an unchanged poll is one conditional request; no file changes a byte or its modification time, and no row but the source's own is written;
//! - the same holds if the newsroom sends the same page in full;
//! - a document that is gone is written again, byte for byte and with the same modification time, though the newsroom has nothing new;
//! - another config renders anew, and guids and feed ids stay.

use crate::support::database;
use crate::support::listing::{Row, page, row};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;
use crate::support::tree;

fn rows() -> Vec<Row> {
    vec![
        row("Three", "3 May 2024", "/3").topics(&["A", "B"]).department("X"),
        row("Two", "2 May 2024", "/2").topics(&["B"]).kind("News"),
        row("One", "1 May 2024", "/1").topics(&["A"]),
    ]
}

fn scene() -> Scene {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    scene.newsroom.take_log();
    scene
}

#[test]
fn an_unchanged_poll_is_one_conditional_request_and_touches_nothing() {
    let scene = scene();
    let (files, tables) = (tree::files(&scene.feeds()), database::tables_but_source(&scene.place.database()));
    for _ in 0..2 {
        scene.place.once();
        let log = scene.newsroom.take_log();
        assert_eq!(log.iter().map(|r| (r.path.as_str(), r.status)).collect::<Vec<_>>(), [("/news", 304)]);
        assert_eq!(tree::files(&scene.feeds()), files);
        assert_eq!(database::tables_but_source(&scene.place.database()), tables);
    }
}

#[test]
fn an_unchanged_page_sent_in_full_writes_no_row_of_an_item() {
    let scene = scene();
    let (files, tables) = (tree::files(&scene.feeds()), database::tables_but_source(&scene.place.database()));
    scene.newsroom.set("/news", Reply::Typed("text/html; charset=utf-8", page(&rows(), None).into_bytes()));
    let past = || database::tables(&scene.place.database()).remove("past");
    let before = past();
    for _ in 0..2 {
        scene.place.once();
        assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 200)]);
        assert_eq!(tree::files(&scene.feeds()), files);
        assert_eq!(database::tables_but_source(&scene.place.database()), tables);
        assert_eq!(past(), before);
    }
}

#[test]
fn a_page_that_changed_around_the_rows_touches_nothing() {
    let scene = scene();
    let (files, tables) = (tree::files(&scene.feeds()), database::tables_but_source(&scene.place.database()));
    scene.newsroom.page("/news", &page(&rows(), None).replace("<title>News", "<title>4711 visitors"));
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 200)]);
    assert_eq!(tree::files(&scene.feeds()), files);
    assert_eq!(database::tables_but_source(&scene.place.database()), tables);
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 304)], "the new validators were not kept");
}

#[test]
fn a_lost_document_is_written_again_as_it_was() {
    let scene = scene();
    let files = tree::files(&scene.feeds());
    for gone in ["news/topic/a.atom", "news/all.rss", "news/all.html", "feeds.opml", "index.html"] {
        std::fs::remove_file(scene.feeds().join(gone)).expect("a file to lose");
    }
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 304)]);
    let again = tree::files(&scene.feeds());
    for (name, before) in &files {
        assert!(tree::same(name, before, &again[name]), "{name}");
    }
    assert_eq!(again.len(), files.len());
    std::fs::remove_dir_all(scene.feeds()).expect("a tree to lose");
    scene.place.once();
    let again = tree::files(&scene.feeds());
    assert_eq!(again.len(), files.len());
    assert!(files.iter().filter(|(name, _)| name.starts_with("news/")).all(|(name, before)| tree::same(
        name,
        before,
        &again[name]
    )));
}

#[test]
fn a_folder_that_is_published_to_again_says_what_came_meanwhile() {
    let scene = scene();
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    let elsewhere = scene.feeds().with_file_name("elsewhere");
    let other = text.replace(&scene.feeds().display().to_string(), &elsewhere.display().to_string());
    assert_ne!(other, text);
    std::fs::write(scene.place.config(), other).expect("a config");
    let mut rows = rows();
    rows.insert(0, row("Four", "4 May 2024", "/4").topics(&["C"]));
    scene.poll(&rows);
    let wanted = tree::files(&elsewhere);
    std::fs::write(scene.place.config(), &text).expect("a config");
    scene.place.once();
    let files = tree::files(&scene.feeds());
    assert_eq!(files.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    for (name, want) in &wanted {
        assert!(tree::same(name, want, &files[name]), "{name}");
    }
}

#[test]
fn lists_that_were_half_written_are_written_again() {
    let scene = scene();
    let files = tree::files(&scene.feeds());
    let (config, index) = (std::fs::read_to_string(scene.place.config()).expect("a config"), scene.feeds().join("index.html"));
    let page = std::fs::read(&index).expect("a page");
    std::fs::remove_file(&index).expect("a page");
    std::fs::create_dir(&index).expect("a folder in its way");
    std::fs::write(scene.place.config(), config.replacen("title = \"News\"", "title = \"Renamed\"", 1)).expect("a config");
    let run = scene.place.run(&["once", "--all"]);
    assert!(run.code != Some(0) && run.stderr.contains("index.html"), "{run:#?}");
    let opml = || std::fs::read_to_string(scene.feeds().join("feeds.opml")).expect("a list");
    assert!(opml().contains("Renamed"));
    // As it was: that one of the two says something else is nowhere to be seen.
    std::fs::remove_dir(&index).expect("a folder");
    std::fs::write(&index, page).expect("a page");
    std::fs::write(scene.place.config(), config).expect("a config");
    scene.place.once().ok();
    assert!(!opml().contains("Renamed"));
    assert_eq!(tree::files(&scene.feeds()).len(), files.len());
}

#[test]
fn feeds_are_published_though_the_database_does_not_say_how_the_status_feed_stands() {
    let scene = scene();
    database::run(&scene.place.database(), "DELETE FROM status");
    let feed = scene.feeds().join("news/all.atom");
    std::fs::remove_file(&feed).expect("a feed to lose");
    let run = scene.place.run(&["once", "--all"]);
    assert!(run.code != Some(0), "{run:#?}");
    assert!(feed.is_file());
}

/// What must never change of a feed.
fn identity(scene: &Scene, address: &str) -> (Option<String>, Vec<(String, String)>) {
    let feed = tree::atom_feed(&scene.feeds(), address);
    (feed.id, feed.entries.into_iter().map(|e| (e.title, e.id)).collect())
}

#[test]
fn another_config_renders_anew_and_changes_no_guid() {
    let scene = scene();
    let before = ["news/all", "news/topic/a"].map(|a| identity(&scene, a));
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(scene.place.config()).expect("a config");
        assert!(text.contains(from), "{from}");
        std::fs::write(scene.place.config(), text.replacen(from, to, 1)).expect("a config");
        let changed = tree::atom_feed(&scene.feeds(), "news/topic/a").updated;
        scene.place.once();
        let feed = tree::atom_feed(&scene.feeds(), "news/topic/a");
        assert!(feed.updated > changed, "{to}: what a reader sees changed, `updated` did not");
        let text = std::fs::read_to_string(scene.feeds().join("news/topic/a.atom")).expect("a feed");
        (feed, text)
    };
    let (feed, _) = edit("title = \"News\"", "title = \"Newsroom\"");
    assert_eq!(feed.title, "Newsroom: A");
    let (_, text) = edit("https://feeds.example.org/", "https://moved.example.net/");
    assert!(text.contains("https://moved.example.net/news/topic/a.atom") && !text.contains("feeds.example.org"), "{text}");
    assert_eq!(["news/all", "news/topic/a"].map(|a| identity(&scene, a)), before);

    let (feed, _) = edit("[fetch]", "items = 1\n[fetch]");
    assert_eq!(feed.entries.iter().map(|e| e.title.as_str()).collect::<Vec<_>>(), ["Three"]);
    let (feed, _) = edit("items = 1\n", "items = 50\n");
    assert_eq!(feed.entries.len(), 2);
    assert_eq!(["news/all", "news/topic/a"].map(|a| identity(&scene, a)), before);

    // The documents name each other: one format less is another document.
    let (_, text) = edit("items = 50\n", "formats = [\"atom\"]\n");
    assert!(!text.contains("news/topic/a.rss") && !text.contains("news/topic/a.json"), "{text}");
    assert_eq!(["news/all", "news/topic/a"].map(|a| identity(&scene, a)), before);
}

#[test]
fn the_same_config_in_other_words_touches_nothing() {
    let scene = scene();
    let files = tree::files(&scene.feeds());
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    std::fs::write(scene.place.config(), format!("# the same\n{}", text.replace("[fetch]", "items = 50\n\n[fetch]")))
        .expect("a config");
    scene.place.once();
    assert_eq!(tree::files(&scene.feeds()), files);
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 304)]);
}
