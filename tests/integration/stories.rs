//! What several sources carry. Promised: in a feed over them it has one entry, that of the source which was first seen to carry it, which names its
//! origin and the others' links; no edit, poll or upgrade makes it two or none; what only looks alike stays apart.

use std::path::Path;

use crate::support::binary::Place;
use crate::support::database;
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::tree::{self, Entry};

const TITLE: &str = "Ministers meet in Vienna";
const DAY: &str = "5 May 2024";

/// Three newsrooms; what they show comes from elsewhere as well.
struct Scene {
    newsroom: Newsroom,
    place: Place,
}

impl Scene {
    /// The third is the first one's edition in Russian.
    fn new(feeds: &str) -> Self {
        let newsroom = Newsroom::start();
        ["a", "b", "c"].iter().for_each(|id| newsroom.page(&format!("/{id}"), &page(&[other(id, 0)], None)));
        let scene = Self { newsroom, place: Place::new("", "") };
        scene.configure(&["a", "b", "c"], feeds);
        scene
    }

    fn configure(&self, sources: &[&str], feeds: &str) {
        let source = |id: &&str| {
            let keys = if *id == "c" { "language = 'ru'\ntranslates = 'a'" } else { "language = 'en'" };
            let text = source(&self.newsroom, id, &format!("Source {id}"), &format!("/{id}"), keys);
            if *id == "c" { text.replace("%d %B %Y", "%d.%m.%Y") } else { text }
        };
        self.place.configure("", &format!("{}{feeds}", sources.iter().map(source).collect::<String>()));
    }

    /// Shows these rows and an old one.
    fn show(&self, id: &str, rows: &[Row]) {
        self.newsroom.page(&format!("/{id}"), &page(&[rows, &[other(id, 0)]].concat(), None));
    }

    fn once(&self) {
        self.place.once();
    }

    /// The entries of a feed but for the old rows, after making sure that all formats agree.
    fn entries(&self, feed: &str) -> Vec<Entry> {
        let root = self.place.feeds();
        let all = tree::atom(&root, feed);
        assert_eq!(tree::rss_feed(&root, feed).entries, all);
        assert_eq!(tree::json_feed(&root, feed).entries, all);
        all.into_iter().filter(|e| !e.title.starts_with("Of old")).collect()
    }

    /// Their titles and links, which begin with the source.
    fn links(&self, feed: &str) -> Vec<String> {
        let path = |url: String| url.replacen(&self.newsroom.url(""), "", 1);
        self.entries(feed).into_iter().filter_map(|e| e.link).map(path).collect()
    }

    /// How many items are stored for a feed, as `feeds` says.
    fn counted(&self, feed: &str) -> i64 {
        let feeds = self.place.run(&["feeds", "--json"]).ok().json();
        let found = feeds["feeds"]
            .as_array()
            .expect("feeds")
            .iter()
            .find(|f| f["address"] == feed)
            .unwrap_or_else(|| panic!("{feeds:#}"));
        found["items"].as_i64().expect("a number")
    }

    fn sound(&self) {
        let run = self.place.run(&["doctor"]);
        assert_eq!(run.code, Some(0), "{run:#?}");
    }
}

fn other(id: &str, n: usize) -> Row {
    let date = if id == "c" { "01.01.2020" } else { "1 January 2020" };
    row(&format!("Of old {id} {n}"), date, &format!("/{id}/old/{n}"))
}

const ALL: &str = "[[feed]]\nid = 'all-of-them'\ntitle = 'All'\nmatch = {}\n";
const KEPT: &str = "[[feed]]\nid = 'kept'\ntitle = 'Kept'\nmatch = {}\nmerge = 'nothing'\n";
const ONE: &str = "[[feed]]\nid = 'one'\ntitle = 'One'\nmatch = {}\nmerge = 'translations'\n";
const RUSSIAN: &str = "[[feed]]\nid = 'ru'\ntitle = 'RU'\nmatch = { language = 'ru' }\n";

#[test]
fn one_link_is_one_entry_whatever_its_title_and_its_spelling() {
    let scene = Scene::new(&[ALL, KEPT].concat());
    scene.show("a", &[row(TITLE, DAY, "/story/1")]);
    scene.once();
    let before = scene.entries("all-of-them");
    scene.show("b", &[row("A meeting", "7 May 2024", "/story/1?utm_source=b")]);
    scene.once();
    assert_eq!(scene.entries("all-of-them"), before, "the same address is no further link");
    assert_eq!(scene.links("kept"), ["/story/1?utm_source=b", "/story/1"]);
    assert_eq!((scene.counted("all-of-them"), scene.counted("kept")), (4, 5));
    assert_eq!(tree::titles(&scene.place.feeds(), "b/all").len(), 2, "a source's own feed holds all of its items");
    scene.sound();
}

#[test]
fn one_title_and_day_is_one_entry_with_the_other_link_and_its_origin() {
    let scene = Scene::new(ALL);
    scene.show("b", &[row(TITLE, DAY, "/b/1")]);
    scene.once();
    let before = scene.entries("all-of-them").remove(0);
    scene.show("a", &[row("MINISTERS meet in Vienna", DAY, "/a/1"), row(TITLE, "6 May 2024", "/a/2")]);
    scene.once();
    let entries = scene.entries("all-of-them");
    assert_eq!(scene.links("all-of-them"), ["/a/2", "/b/1"]);
    assert_eq!(Entry { related: vec![scene.newsroom.url("/a/1")], ..before }, entries[1], "guid and `updated` stay");

    let read =
        |ending: &str| std::fs::read_to_string(scene.place.feeds().join(format!("all-of-them.{ending}"))).expect("a document");
    let rss = read("rss");
    assert!(rss.contains("<source url=\"https://feeds.example.org/b/all.rss\">Source b</source>"), "{rss}");
    let atom = read("atom");
    let doc = roxmltree::Document::parse(&atom).expect("XML");
    let sources: Vec<_> = doc.descendants().filter(|n| n.tag_name().name() == "source").collect();
    assert_eq!(sources.len(), tree::titles(&scene.place.feeds(), "all-of-them").len());
    let text =
        |name: &str| sources[1].children().find(|n| n.tag_name().name() == name).and_then(|n| n.text()).unwrap_or_default();
    let own = tree::atom_feed(&scene.place.feeds(), "b/all");
    assert_eq!((Some(text("id").to_owned()), text("title")), (own.id, "Source b"));
    assert_eq!(text("updated"), entries[1].updated);
    let links: Vec<_> = sources[1].children().filter_map(|n| Some((n.attribute("rel")?, n.attribute("href")?))).collect();
    assert_eq!(links, [("self", "https://feeds.example.org/b/all.atom"), ("alternate", scene.newsroom.url("/b").as_str())]);
    let json: serde_json::Value = serde_json::from_str(&read("json")).expect("JSON");
    assert_eq!(json["items"][1]["_newsroomd"]["source"]["feed_url"], "https://feeds.example.org/b/all.json");
    assert!(!std::fs::read_to_string(scene.place.feeds().join("b/all.rss")).expect("a document").contains("<source"));
}

#[test]
fn what_only_looks_alike_stays_apart() {
    let scene = Scene::new(ALL);
    // Titles that say nothing, one that comes every week, a home page, and a landing page.
    let of = |id: &str| {
        vec![
            row("Press release", DAY, &format!("/{id}/1")),
            row("Weekly report of the mission", DAY, &format!("/{id}/2")),
            row("Weekly report of the mission", "28 April 2024", &format!("/{id}/3")),
            row(&format!("Of the home page by {id}"), DAY, "/"),
            row(&format!("First on the landing page by {id}"), DAY, "/landing"),
            row(&format!("Second on the landing page by {id}"), DAY, "/landing"),
        ]
    };
    scene.show("a", &of("a"));
    scene.once();
    scene.show("b", &of("b"));
    scene.once();
    assert_eq!(scene.links("all-of-them").len(), 12);
    assert_eq!(scene.counted("all-of-them"), 15);
}

#[test]
fn items_of_one_source_are_never_one_story() {
    let scene = Scene::new(ALL);
    scene.show("a", &[row(TITLE, DAY, "/a/1")]);
    scene.once();
    scene.show("b", &[row("Another title altogether", DAY, "/a/1"), row(TITLE, DAY, "/b/2")]);
    scene.once();
    assert_eq!(scene.links("all-of-them").len(), 2, "one is the story of a, the other one its own");
    assert_eq!(tree::titles(&scene.place.feeds(), "b/all").len(), 3);
}

#[test]
fn an_edit_makes_an_entry_neither_vanish_nor_two() {
    let scene = Scene::new(ALL);
    scene.show("a", &[row(TITLE, DAY, "/a/1")]);
    scene.once();
    scene.show("b", &[row(TITLE, DAY, "/b/1")]);
    scene.once();
    let id = scene.entries("all-of-them").remove(0).id;
    for (of_a, of_b) in [("Ministers have met", TITLE), ("Ministers have met", "A wholly other thing here"), (TITLE, TITLE)] {
        scene.show("a", &[row(of_a, DAY, "/a/1")]);
        scene.show("b", &[row(of_b, DAY, "/b/1")]);
        scene.once();
        let entries = scene.entries("all-of-them");
        assert_eq!(entries.len(), 1, "{entries:#?}");
        assert_eq!((entries[0].id.as_str(), entries[0].title.as_str()), (id.as_str(), of_a));
        assert_eq!(entries[0].related, [scene.newsroom.url("/b/1")]);
    }
    scene.sound();
}

#[test]
fn when_the_first_is_forgotten_or_not_asked_for_the_next_takes_over() {
    let scene = Scene::new(ALL);
    for id in ["b", "a", "c"] {
        let day = if id == "c" { "05.05.2024" } else { DAY };
        scene.show(id, &[row(TITLE, day, &format!("/{id}/1"))]);
        scene.once();
    }
    assert_eq!(scene.links("all-of-them"), ["/b/1"]);
    let guids: Vec<String> = ["b/all", "a/all", "c/all"].map(|f| tree::atom(&scene.place.feeds(), f).remove(0).id).into();
    let feed = |sources: &str| ALL.replace("{}", &format!("{{ source = {sources} }}"));
    scene.configure(&["a", "b", "c"], &feed("['a', 'c']"));
    scene.once();
    assert_eq!(scene.entries("all-of-them").iter().map(|e| &e.id).collect::<Vec<_>>(), [&guids[1]]);
    scene.configure(&["a", "b", "c"], ALL);
    scene.once();
    assert_eq!(scene.entries("all-of-them")[0].id, guids[0]);
    scene.place.run(&["forget", &guids[0]]).ok();
    scene.once();
    let left = scene.entries("all-of-them");
    assert_eq!(left.iter().map(|e| &e.id).collect::<Vec<_>>(), [&guids[1]]);
    assert_eq!(scene.counted("all-of-them"), 4);
    // A source that is gone from the configuration, then from the store.
    scene.configure(&["b", "c"], &ALL.replace("{}", "{ source = ['b', 'c'] }"));
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    std::fs::write(scene.place.config(), text.replace("\ntranslates = 'a'", "")).expect("written");
    scene.once();
    assert_eq!(scene.entries("all-of-them").iter().map(|e| &e.id).collect::<Vec<_>>(), [&guids[2]]);
    scene.place.run(&["forget", "a"]).ok();
    scene.once();
    assert_eq!(scene.entries("all-of-them").iter().map(|e| &e.id).collect::<Vec<_>>(), [&guids[2]]);
    scene.sound();
}

#[test]
fn editions_in_other_languages_are_one_entry_only_where_that_is_asked_for() {
    let scene = Scene::new(&[ALL, ONE, RUSSIAN].concat());
    scene.show("a", &[row(TITLE, DAY, "/en/news/1")]);
    scene.once();
    let before = scene.entries("one");
    scene.show(
        "c",
        &[row("Встреча министров в Вене", "06.05.2024", "/ru/news/1"), row("Только по-русски, увы", "06.05.2024", "/ru/news/2")],
    );
    scene.once();
    assert_eq!(scene.links("all-of-them"), ["/ru/news/1", "/ru/news/2", "/en/news/1"]);
    assert_eq!(scene.links("one"), ["/ru/news/2", "/en/news/1"]);
    assert_eq!(scene.links("ru"), ["/ru/news/1", "/ru/news/2"], "one feed per language");
    assert_eq!((scene.counted("one"), scene.counted("all-of-them")), (5, 6));
    assert_eq!(scene.entries("one")[1..], before, "and no related link");
    let translated = |document: &str| {
        let text = std::fs::read_to_string(scene.place.feeds().join(document)).expect("a document");
        text.contains(&format!("href=\"{}\" rel=\"related\" hreflang=\"ru\"", scene.newsroom.url("/ru/news/1")))
    };
    assert!(translated("one.atom") && translated("one.rss"));
    let json = std::fs::read_to_string(scene.place.feeds().join("one.json")).expect("a document");
    assert!(json.contains("\"translations\"") && json.contains("\"language\": \"ru\""), "{json}");
    scene.sound();
    // No longer an edition: two again; and once more one.
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    for (text, links) in [(text.replace("\ntranslates = 'a'", ""), 3), (text.clone(), 2)] {
        std::fs::write(scene.place.config(), text).expect("written");
        scene.once();
        assert_eq!(scene.links("one").len(), links);
        scene.sound();
    }
}

#[test]
fn who_is_polled_first_carries_it_and_the_same_store_gives_the_same_bytes() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let scene = Scene::new(ALL);
        for id in [first, second] {
            scene.show(id, &[row(TITLE, DAY, &format!("/{id}/1"))]);
            scene.once();
        }
        assert_eq!(scene.links("all-of-them"), [format!("/{first}/1")]);
        let files = tree::files(&scene.place.feeds());
        scene.once();
        assert!(tree::files(&scene.place.feeds()) == files, "nothing is written for nothing");
        std::fs::remove_dir_all(scene.place.feeds()).expect("removed");
        scene.once();
        let bytes = |files: &std::collections::BTreeMap<String, (Vec<u8>, std::time::SystemTime)>| -> Vec<(String, Vec<u8>)> {
            files.iter().map(|(name, (bytes, _))| (name.clone(), bytes.clone())).collect()
        };
        assert!(bytes(&tree::files(&scene.place.feeds())) == bytes(&files));
    }
}

#[test]
fn the_stories_of_an_older_database_are_found() {
    let scene = Scene::new(KEPT);
    for id in ["b", "a"] {
        scene.show(id, &[row(TITLE, DAY, &format!("/{id}/1"))]);
        scene.once();
    }
    let stored = |path: &Path| database::texts(path, "SELECT count(*) || '' FROM story");
    assert_eq!(stored(&scene.place.database()), ["0"], "where nothing is merged nothing is looked for");
    let updated = tree::atom(&scene.place.feeds(), "b/all")[0].updated.clone();
    database::forget_questions(&scene.place.database());
    scene.configure(&["a", "b", "c"], ALL);
    scene.once();
    assert_eq!(scene.links("all-of-them"), ["/b/1"]);
    assert_eq!(scene.entries("all-of-them")[0].updated, updated);
    assert_eq!(stored(&scene.place.database()), ["5"]);
    scene.sound();
}
