//! The start. Promised:
//! - what is stored is served before the first poll has an answer, also without a tree on disk, and then nothing comes to disk;
//! - whatever keeps the daemon from starting is told in one sentence, and nothing is touched.

use std::collections::BTreeMap;
use std::net::TcpListener;

use crate::support::binary::Place;
use crate::support::daemon::{self, Daemon, LISTEN};
use crate::support::listing::{Row, row, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::process::{Ended, Process};
use crate::support::scene::Scene;
use crate::support::tree;

const EVERY_SECOND: &str = "every = \"1s\"";

fn rows() -> Vec<Row> {
    vec![
        row("Two", "2 May 2024", "/2").topics(&["A", "B"]).department("Vienna"),
        row("One", "1 May 2024", "/1").topics(&["A"]).kind("News"),
    ]
}

fn texts(scene: &Scene) -> BTreeMap<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    tree::files(&scene.feeds()).into_iter().map(|(name, (bytes, _))| (name, text(bytes))).collect()
}

fn names_in(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn what_is_stored_is_served_while_the_newsroom_hangs() {
    let scene = daemon::scene(EVERY_SECOND);
    scene.poll(&rows());
    let before = tree::files(&scene.feeds());
    scene.newsroom.take_log();
    scene.newsroom.set("/news", Reply::Silence);
    let daemon = Daemon::start(&scene.place);
    daemon.assert_serves(&scene.place);
    assert_eq!(daemon.titles("news/topic/a"), ["Two", "One"]);
    scene.newsroom.wait_for_visits("/news", 1);
    daemon.assert_serves(&scene.place);
    assert_eq!(tree::files(&scene.feeds()), before);
    let ended = daemon.stop();
    let messages = ended.stderr.iter().filter_map(|line| line.split_once(" INFO ")?.1.split(' ').next());
    assert_eq!(messages.collect::<Vec<_>>(), ["serving", "ready", "stopping", "stopped"], "{ended:#?}");
    assert_eq!(ended.stdout, [""; 0]);
}

#[test]
fn what_a_run_that_died_stored_is_published_by_the_start() {
    let scene = daemon::scene(EVERY_SECOND);
    scene.poll(&rows());
    let before = texts(&scene);
    std::fs::remove_dir_all(scene.feeds()).expect("a tree to lose");
    scene.newsroom.set("/news", Reply::Silence);
    let daemon = Daemon::start(&scene.place);
    // It is ready when it is served, so by then it is rendered.
    assert_eq!(daemon.process.stderr.count(" published "), 1);
    assert_eq!(texts(&scene), before);
    daemon.assert_serves(&scene.place);
    daemon.stop();
}

#[test]
fn without_a_directory_feeds_are_served_and_nothing_comes_to_disk() {
    let scene = daemon::scene_of(EVERY_SECOND, &rows());
    daemon::without_directory(&scene.place);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    let paths = ["/news/all.rss", "/news/all.atom", "/news/all.json", "/news/department/vienna.rss", "/feeds.opml", "/"];
    let served = |daemon: &Daemon| paths.map(|path| daemon.get(path));
    let before = served(&daemon);
    assert!(before.iter().all(|answer| answer.status == 200), "{before:#?}");
    daemon.stop();

    scene.newsroom.set("/news", Reply::Silence);
    scene.newsroom.take_log();
    let mut daemon = Daemon::start(&scene.place);
    assert_eq!(served(&daemon).map(|a| a.text()), before.map(|a| a.text()), "from the store alone");
    scene.newsroom.wait_for_visits("/news", 1);
    assert_eq!(daemon.titles("news/all"), ["Two", "One"]);
    daemon.process.signal("KILL");
    daemon.process.end();

    // What another process stores is served too.
    let mut rows = rows();
    rows.insert(0, row("Three", "3 May 2024", "/3").topics(&["C"]));
    scene.show(&[&rows]);
    scene.place.once();
    scene.newsroom.set("/news", Reply::Silence);
    daemon = Daemon::start(&scene.place);
    assert_eq!(daemon.titles("news/topic/c"), ["Three"]);
    daemon.stop();
    assert_eq!(names_in(scene.place.path()), ["newsroomd.toml", "state"]);
}

#[track_caller]
fn refused(place: &Place) -> String {
    let ended: Ended = Process::start(&mut place.command(&["run"])).end();
    assert_eq!((ended.code, ended.stdout.as_slice()), (Some(1), [].as_slice()), "{ended:#?}");
    let [sentence] = ended.stderr.as_slice() else { panic!("more than a sentence: {ended:#?}") };
    sentence.clone()
}

#[test]
fn a_first_start_makes_its_folders() {
    let scene = daemon::scene_of("", &rows());
    assert_eq!(names_in(scene.place.path()), ["newsroomd.toml"]);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    daemon.assert_serves(&scene.place);
    daemon.stop();
    assert_eq!(names_in(scene.place.path()), ["feeds", "newsroomd.toml", "state"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_told_once() {
    let scene = daemon::scene("");
    let state = scene.place.path().join("state");
    std::fs::write(&state, "a file where the folder should be").expect("a file");
    let sentence = refused(&scene.place);
    assert!(sentence.starts_with("newsroomd: cannot make the lock file ") && sentence.ends_with("writable"), "{sentence}");
    assert_eq!(sentence.matches("os error").count(), 1, "{sentence}");
    assert_eq!(scene.newsroom.take_log().len(), 0);
}

#[test]
fn a_taken_port_is_told_before_anything_is_touched() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = held.local_addr().expect("an address");
    let newsroom = Newsroom::start();
    let listen = LISTEN.replace("127.0.0.1:0", &taken.to_string());
    let place = Place::new("", &format!("{listen}{}", source(&newsroom, "news", "News", "/news", "")));
    assert_eq!(
        refused(&place),
        format!(
            "newsroomd: cannot listen at {taken}: another program listens there already; stop it or change the address in [http]"
        )
    );
    assert_eq!(names_in(place.path()), ["newsroomd.toml"], "neither database nor feeds were made");
    assert_eq!(newsroom.take_log().len(), 0);
}

#[test]
fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let scene = daemon::scene_of("", &rows());
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    let before = tree::files(&scene.feeds());
    scene.newsroom.take_log();
    let lock = scene.place.path().join("state/newsroomd.db.lock");
    assert_eq!(
        refused(&scene.place),
        format!(
            "newsroomd: a newsroomd daemon is running on this database (lock {}); stop it first, or leave it to the daemon",
            lock.display()
        )
    );
    assert_eq!(scene.newsroom.take_log().len(), 0);
    assert_eq!(tree::files(&scene.feeds()), before);
    daemon.assert_serves(&scene.place);

    // Once the first is gone, however it went, another may start.
    daemon.kill();
    Daemon::start(&scene.place).stop();
    scene.place.run(&["once"]).ok();
}
