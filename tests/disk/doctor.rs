//! `doctor`. Promised: it finds nothing wrong where nothing is, changes nothing, and does so beside a daemon; it names what is wrong, where, and what
//! to do; `--repair` makes the tree what it was, and touches nothing that is not ours.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::Value;

use crate::support::binary::{Place, Run};
use crate::support::daemon::{self, Daemon};
use crate::support::database;
use crate::support::listing::{Row, row, source};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;
use crate::support::tree;

pub const WRONG: Option<i32> = Some(65);

pub fn rows(count: usize) -> Vec<Row> {
    let item = |n: usize| {
        let topic = format!("Topic {}", n % 5);
        row(&format!("Item {n}"), &format!("{} May 2024", 1 + n / 3), &format!("/{n}"))
            .topics(&[&topic, "All of them"])
            .kind("News")
    };
    (0..count).rev().map(item).collect()
}

pub fn doctor(place: &Place, args: &[&str]) -> Run {
    place.run(&[&["doctor"], args].concat())
}

/// What is wrong: (part, what, where).
pub fn problems(place: &Place) -> Vec<(String, String, String)> {
    let run = doctor(place, &["--json"]);
    let json = run.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = json["findings"].as_array().expect("a list").iter().filter(|f| f["problem"] == true);
    let out: Vec<_> = findings.map(|f| (text(&f["part"]), text(&f["what"]), text(&f["where"]))).collect();
    assert_eq!(run.code, if out.is_empty() { Some(0) } else { WRONG }, "{run:#?}");
    assert!(json["findings"].as_array().expect("a list").iter().all(|f| !text(&f["advice"]).is_empty()), "{run:#?}");
    out
}

#[track_caller]
fn fine(place: &Place) {
    assert_eq!(problems(place), [], "{:#?}", place.path());
}

fn scene() -> Scene {
    let scene = Scene::new("items = 12", "");
    let feed = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { topic = [\"Topic 1\"] }\n";
    scene.place.configure("items = 12", &format!("{}{feed}", source(&scene.newsroom, "news", "News", "/news", "")));
    scene.poll(&rows(30));
    scene
}

#[test]
fn nothing_is_wrong_where_nothing_is_and_nothing_is_changed() {
    let scene = Scene::new("items = 12", "");
    fine(&scene.place);
    assert!(!scene.place.database().exists() && !scene.feeds().exists(), "looking makes nothing");
    scene.poll(&rows(20));
    fine(&scene.place);
    // Edits, another link, other terms, renamed and forgotten ones: all that leaves traces in the database.
    let mut rows = rows(25);
    rows[7].title = "Corrected".into();
    rows[9] = rows[9].clone().topics(&["Topic 3"]);
    rows.insert(4, rows[3].clone().link("/again/3"));
    scene.poll(&rows);
    fine(&scene.place);
    let alias = source(&scene.newsroom, "news", "News", "/news", "")
        .replace("[source.facet.topic]", "[source.facet.topic]\nalias = { \"Topic 1\" = \"Topic 2\" }");
    scene.place.configure("items = 12\nformats = [\"atom\", \"rss\"]", &alias);
    scene.place.once();
    fine(&scene.place);
    scene.place.run(&["forget", "news/topic/topic-4"]).ok();
    let item = scene.entry("Corrected").id;
    scene.place.run(&["forget", &item]).ok();
    fine(&scene.place);
    let before = (database::files(&scene.place.database()), tree::files(&scene.feeds()));
    let run = doctor(&scene.place, &[]).ok();
    assert!(run.stdout.ends_with("nothing is wrong\n") && run.stdout.contains("no daemon runs"), "{run:#?}");
    assert_eq!((database::files(&scene.place.database()), tree::files(&scene.feeds())), before);
}

#[test]
fn it_looks_beside_a_daemon_and_knows_it() {
    let scene = daemon::scene_of("every = \"1s\"", &rows(20));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new="]);
    for count in 21..25 {
        scene.show(&[&rows(count)]);
        fine(&scene.place);
    }
    let json = doctor(&scene.place, &["--json"]).ok().json();
    assert_eq!(json["daemon"]["runs"], true);
    let process = json["daemon"]["process"].as_u64();
    assert!(process.is_none() || process == Some(daemon.process.id().into()), "{json:#}");
    daemon.stop();
    assert_eq!(doctor(&scene.place, &["--json"]).ok().json()["daemon"]["runs"], false);
}

/// Breaks something; a part of what is said of it, and where.
type Case = (&'static str, fn(&Scene), &'static str, &'static str);

const CASES: &[Case] = &[
    ("tree", |s| fs::remove_file(s.feeds().join("news/all.rss")).expect("a file"), "1 document is not there", "news/all.rss"),
    ("tree", |s| fs::remove_dir_all(s.feeds()).expect("a tree"), "the folder of the feeds is not there", "feeds"),
    (
        "tree",
        |s| fs::write(s.feeds().join("news/topic/topic-1.atom"), "<feed/>").expect("a file"),
        "not what the database says",
        "news/topic/topic-1.atom",
    ),
    ("tree", |s| fs::write(s.feeds().join("index.html"), "").expect("a file"), "not what the database says", "index.html"),
    (
        "tree",
        |s| {
            let file = fs::File::options().append(true).open(s.feeds().join("mine.json")).expect("a file");
            file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("a time");
        },
        "of another time",
        "mine.json",
    ),
    (
        "tree",
        |s| {
            let old = fs::read_to_string(s.feeds().join("news/topic/topic-1.rss")).expect("a file");
            fs::write(s.feeds().join("news/topic/gone.rss"), old.replace("topic/topic-1.", "topic/gone.")).expect("a file");
        },
        "left over",
        "news/topic/gone.rss",
    ),
    ("tree", |s| fs::write(s.feeds().join("news/.newsroomd-half"), "<rss").expect("a file"), "left over", "news/.newsroomd-half"),
    (
        "rights",
        |s| fs::set_permissions(s.feeds().join("news/all.atom"), fs::Permissions::from_mode(0o600)).expect("a mode"),
        "not readable by a web server",
        "news/all.atom",
    ),
    (
        "rights",
        |s| fs::set_permissions(s.feeds().join("news"), fs::Permissions::from_mode(0o700)).expect("a mode"),
        "not readable by a web server",
        "news",
    ),
    ("database", |s| database::run(&s.place.database(), "UPDATE source SET items = 7"), "wrong numbers of items", ""),
    (
        "database",
        |s| database::run(&s.place.database(), "DELETE FROM item_term WHERE term = 1"),
        "other feeds than their terms say",
        "",
    ),
    ("database", |s| database::run(&s.place.database(), "DELETE FROM sighting WHERE item < 4"), "3 items without the rows", ""),
    (
        "database",
        |s| database::run(&s.place.database(), "DELETE FROM channel WHERE address = 'news/topic/topic-2'"),
        "feeds that are not listed",
        "",
    ),
    ("database", |s| database::run(&s.place.database(), "DELETE FROM flush"), "tables of one row", ""),
    (
        "database",
        |s| database::run(&s.place.database(), "PRAGMA foreign_keys = OFF; DELETE FROM source; DELETE FROM past"),
        "whose source is not known",
        "",
    ),
    (
        "database",
        |s| database::run(&s.place.database(), "PRAGMA foreign_keys = OFF; INSERT INTO trace VALUES (99, x'00', x'00', 1, NULL)"),
        "rows of what is not stored",
        "",
    ),
];

#[test]
fn what_is_wrong_is_named_and_repaired() {
    let like_before = |scene: &Scene, before: &BTreeMap<String, _>, what: &str| {
        let after = tree::files(&scene.feeds());
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{what}");
    };
    let scene = scene();
    fs::write(scene.feeds().join("robots.txt"), "mine").expect("a file");
    fs::write(scene.feeds().join("news/topic/foreign.rss"), "<rss>mine</rss>").expect("a file");
    let timeless = tree::timeless(&scene.feeds());
    for (part, break_it, what, place) in CASES {
        fine(&scene.place);
        let before = tree::files(&scene.feeds());
        break_it(&scene);
        if *place == "feeds" {
            fs::create_dir_all(scene.feeds().join("news/topic")).expect("a folder");
            fs::remove_dir_all(scene.feeds()).expect("gone");
        }
        let found = problems(&scene.place);
        assert!(found.iter().any(|f| f.0 == *part && f.1.contains(what) && f.2.ends_with(place)), "{what}: {found:#?}");
        let run = doctor(&scene.place, &["--repair"]).ok();
        assert!(run.stdout.contains("repaired: "), "{run:#?}");
        if *place == "feeds" {
            // What was not ours went with the folder.
            fs::write(scene.feeds().join("robots.txt"), "mine").expect("a file");
            fs::write(scene.feeds().join("news/topic/foreign.rss"), "<rss>mine</rss>").expect("a file");
        }
        like_before(&scene, &before, what);
        assert_eq!(tree::timeless(&scene.feeds()), timeless, "{what}");
        fine(&scene.place);
    }
    // And newsroomd goes on as if nothing had been.
    scene.poll(&rows(31));
    assert_eq!(scene.titles("news/all")[0], "Item 30");
    fine(&scene.place);
}

#[test]
fn a_daemon_repairs_its_tree_when_doctor_asks() {
    let scene = daemon::scene_of("every = \"1h\"", &rows(20));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new="]);
    fs::write(scene.feeds().join("news/topic/foreign.rss"), "<rss>mine</rss>").expect("a file");
    let before = tree::files(&scene.feeds());
    fs::write(scene.feeds().join("news/all.atom"), "<feed/>").expect("a file");
    fs::remove_file(scene.feeds().join("news/all.rss")).expect("a file");
    let ours = String::from_utf8_lossy(&before["news/topic/topic-1.rss"].0).replace("topic/topic-1.", "topic/gone.");
    fs::write(scene.feeds().join("news/topic/gone.rss"), ours).expect("a file");
    let run = doctor(&scene.place, &["--repair"]).ok();
    assert!(run.stdout.contains("the daemon that runs has published everything anew"), "{run:#?}");
    assert_eq!(tree::files(&scene.feeds()), before);
    // The database is not mended behind its back.
    database::run(&scene.place.database(), "UPDATE source SET items = 7");
    let run = doctor(&scene.place, &["--repair"]);
    assert!(run.code == Some(1) && run.stderr.contains("stop it"), "{run:#?}");
    daemon.stop();
    doctor(&scene.place, &["--repair"]).ok();
}

#[test]
fn feeds_of_sources_that_the_database_does_not_know_are_told_and_left() {
    let scene = scene();
    let text = fs::read_to_string(scene.feeds().join("news/all.rss")).expect("a file").replace("news/all.", "other/all.");
    fs::create_dir(scene.feeds().join("other")).expect("a folder");
    fs::write(scene.feeds().join("other/all.rss"), text).expect("a file");
    for args in [&[][..], &["--repair"]] {
        let run = doctor(&scene.place, args).ok();
        assert!(run.stdout.contains("note: tree: other/all.rss") && run.stdout.contains("does not know"), "{run:#?}");
    }
    assert!(scene.feeds().join("other/all.rss").exists());
}

#[test]
fn sources_listeners_and_times_are_told() {
    let scene = scene();
    scene.newsroom.set("/news", Reply::Status(500));
    for _ in 0..3 {
        scene.place.run(&["once", "--all", "--now"]);
    }
    let found = problems(&scene.place);
    assert!(found.iter().any(|f| f.0 == "sources" && f.1.starts_with("failing since 20") && f.2 == "news"), "{found:#?}");
    database::due_in(&scene.place.database(), 30 * 86_400);
    let found = problems(&scene.place);
    assert!(found.iter().any(|f| f.0 == "clock" && f.1.contains("is due at") && f.2 == "news"), "{found:#?}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let source = source(&scene.newsroom, "news", "News", "/news", "");
    for keys in [format!("listen = \"{address}\""), format!("listen = \"127.0.0.1:0\"\nadmin = \"{address}\"")] {
        scene.place.configure("", &format!("[http]\n{keys}\n{source}"));
        let found = problems(&scene.place);
        assert!(
            found.iter().any(|f| f.0 == "daemon" && f.1.contains("another program listens") && f.2 == address.to_string()),
            "{keys}: {found:#?}"
        );
    }
}

#[test]
fn feeds_published_by_other_settings_are_told_and_not_compared() {
    let scene = scene();
    assert!(!doctor(&scene.place, &[]).ok().stdout.contains("other settings"));
    let text = fs::read_to_string(scene.place.config()).expect("a config");
    fs::write(scene.place.config(), text.replace("items = 12", "items = 11")).expect("a config");
    fs::write(scene.feeds().join("news/all.rss"), "altered").expect("a file");
    let run = doctor(&scene.place, &[]).ok();
    assert!(run.stdout.contains("feeds were published by other settings, and not compared"), "{run:#?}");
    scene.place.run(&["once"]).ok();
    fine(&scene.place);
    assert!(!doctor(&scene.place, &[]).ok().stdout.contains("other settings"));
}

#[test]
fn files_of_another_user_are_told() {
    let scene = scene();
    for file in [scene.feeds().join("news/all.rss"), scene.place.path().join("state/hosts")] {
        if std::os::unix::fs::chown(&file, Some(12_345), None).is_err() {
            println!("not tested: this user may give nothing away");
            return;
        }
        let found = problems(&scene.place);
        let told =
            |f: &(String, String, String)| f.0 == "rights" && f.1.contains("user 12345") && f.2 == file.display().to_string();
        assert!(found.iter().any(told), "{found:#?}");
        std::os::unix::fs::chown(&file, Some(fs::metadata(scene.place.config()).expect("a file").uid()), None)
            .expect("given back");
    }
    fine(&scene.place);
    std::os::unix::fs::chown(scene.place.database(), Some(12_345), None).expect("given away");
    let run = doctor(&scene.place, &["--repair"]);
    assert!(run.code == Some(1) && run.stderr.contains("run it as user 12345"), "what root writes is root's: {run:#?}");
}

#[test]
fn a_wrong_config_is_told_as_check_tells_it() {
    let scene = Scene::new("itmes = 12", "");
    let (run, check) = (doctor(&scene.place, &[]), scene.place.run(&["check"]));
    assert_eq!((run.code, &run.stderr), (Some(78), &check.stderr));
}
