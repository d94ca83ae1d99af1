//! Killed at any instant. Promised: what was published stays whole, and the next run ends where an undisturbed one would have; nothing
//! half-written is left.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::binary::Place;
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::scene::address;
use crate::support::tree;

fn items(from: usize, to: usize) -> Vec<Row> {
    let item = |n: usize| {
        let topic = format!("Topic {}", n % 7);
        row(&format!("Item {n}"), &format!("{} May 2024", 1 + n / 2), &format!("/{n}"))
            .topics(&[&topic, "All of them"])
            .kind("News")
    };
    (from..to).rev().map(item).collect()
}

fn show(newsroom: &Newsroom, rows: &[Row]) {
    let pages: Vec<&[Row]> = rows.chunks(8).collect();
    for (n, rows) in pages.iter().enumerate() {
        newsroom.page(&address(n), &page(rows, (n + 1 < pages.len()).then(|| address(n + 1)).as_deref()));
    }
}

/// A newsroom before its news and with it: the same but for the pages, so that both are there at a time.
struct Scene {
    before: Vec<Row>,
    after: Vec<Row>,
    want: BTreeMap<String, String>,
    usual: Duration,
}

impl Scene {
    fn place(&self, newsroom: &Newsroom) -> Place {
        place(newsroom)
    }

    /// Links hold the newsroom's port.
    fn comparable(place: &Place, newsroom: &Newsroom) -> BTreeMap<String, String> {
        let neutral = |text: String| text.replace(&newsroom.host(), "newsroom.example");
        tree::timeless(&place.feeds()).into_iter().map(|(name, text)| (name, neutral(text))).collect()
    }
}

fn place(newsroom: &Newsroom) -> Place {
    let feed = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { topic = [\"Topic 1\", \"Topic 2\"] }\n";
    Place::new("items = 12", &format!("{}{feed}", source(newsroom, "news", "News", "/news", "")))
}

/// What an undisturbed run makes of it. `known`: the run that is to be killed is a second one.
fn scene(known: bool) -> Scene {
    let before = if known { items(0, 20) } else { Vec::new() };
    let mut after = items(0, 30);
    if known {
        // One is retagged, so that a feed loses an item.
        after[12] = after[12].clone().topics(&["All of them", "Topic 2"]);
    }
    let newsroom = Newsroom::start();
    let place = place(&newsroom);
    if known {
        show(&newsroom, &before);
        place.once();
    }
    show(&newsroom, &after);
    let started = Instant::now();
    place.once();
    let usual = started.elapsed();
    Scene { before, after, want: Scene::comparable(&place, &newsroom), usual }
}

fn unfinished(place: &Place) -> Vec<String> {
    tree::files(&place.feeds()).into_keys().filter(|name| hidden(name)).collect()
}

fn hidden(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|file| file.starts_with('.'))
}

/// Every document that stands is whole.
fn assert_whole(place: &Place) {
    if !place.feeds().exists() {
        return;
    }
    for name in tree::files(&place.feeds()).keys().filter(|n| !hidden(n)) {
        match name.rsplit_once('.') {
            Some((address, "atom")) => drop(tree::atom_feed(&place.feeds(), address)),
            Some((address, "rss")) => drop(tree::rss_feed(&place.feeds(), address)),
            Some((address, "json")) => drop(tree::json_feed(&place.feeds(), address)),
            _ => {}
        }
    }
}

/// Kills a run when `moment` returns, and lets the next one go on.
fn kill_at(scene: &Scene, what: &str, moment: impl FnOnce(&Newsroom, &Place)) {
    let newsroom = Newsroom::start();
    let place = scene.place(&newsroom);
    if !scene.before.is_empty() {
        show(&newsroom, &scene.before);
        place.once();
        newsroom.take_log();
    }
    show(&newsroom, &scene.after);
    let mut child =
        place.command(&["once", "--all"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
    moment(&newsroom, &place);
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_whole(&place);
    place.once();
    assert_eq!(unfinished(&place), [""; 0], "{what}");
    let tree = Scene::comparable(&place, &newsroom);
    assert_eq!(tree.keys().collect::<Vec<_>>(), scene.want.keys().collect::<Vec<_>>(), "{what}");
    for (name, text) in &scene.want {
        assert_eq!(&tree[name], text, "{what}: {name}");
    }
    // And then there is nothing left to do.
    let files = tree::files(&place.feeds());
    place.once();
    assert_eq!(tree::files(&place.feeds()), files, "{what}");
}

fn kill_after_delays(scene: &Scene, points: u32) {
    for point in 0..points {
        // A spread over the whole run and a little beyond; no test depends on where exactly it hits.
        let delay = scene.usual * point * 11 / (points * 10);
        kill_at(scene, &format!("killed after {delay:?}"), |_, _| std::thread::sleep(delay));
    }
}

fn kill_after_requests(scene: &Scene, requests: usize) {
    for n in 1..=requests {
        kill_at(scene, &format!("killed at request {n}"), |newsroom, _| newsroom.wait_for(n));
    }
}

/// Kills as soon as so many documents of the run stand.
fn kill_after_documents(scene: &Scene, counts: &[usize]) {
    for &count in counts {
        kill_at(scene, &format!("killed at document {count}"), |_, place| {
            let begun = Instant::now();
            let old = files(place);
            while files(place).iter().filter(|f| !old.contains(f)).count() < count && begun.elapsed() < scene.usual * 10 {
                std::thread::yield_now();
            }
        });
    }
}

/// Names and modification times; the tree may change under our eyes.
fn files(place: &Place) -> Vec<(std::path::PathBuf, Option<std::time::SystemTime>)> {
    let mut out = Vec::new();
    let mut folders = vec![place.feeds()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                folders.push(entry.path());
            } else {
                out.push((entry.path(), entry.metadata().and_then(|m| m.modified()).ok()));
            }
        }
    }
    out
}

#[test]
fn a_first_run_killed_at_any_instant_is_finished_by_the_next() {
    let scene = scene(false);
    kill_after_delays(&scene, 6);
    kill_after_requests(&scene, 4);
    kill_after_documents(&scene, &[1, 9, 20]);
}

#[test]
fn a_later_run_killed_at_any_instant_is_finished_by_the_next() {
    let scene = scene(true);
    kill_after_delays(&scene, 6);
    kill_after_requests(&scene, 3);
    kill_after_documents(&scene, &[1, 7, 15]);
}

#[test]
#[ignore = "takes minutes: cargo test --test integration -- --ignored killed_a_thousand_times"]
fn killed_a_thousand_times() {
    for known in [false, true] {
        kill_after_delays(&scene(known), 500);
    }
}

#[test]
fn a_run_killed_again_and_again_gets_there_in_the_end() {
    let scene = scene(true);
    let newsroom = Newsroom::start();
    let place = scene.place(&newsroom);
    show(&newsroom, &scene.before);
    place.once();
    show(&newsroom, &scene.after);
    for point in 1..10 {
        let mut child =
            place.command(&["once", "--all"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
        std::thread::sleep(scene.usual * point / 12);
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert_whole(&place);
    }
    place.once();
    assert_eq!(Scene::comparable(&place, &newsroom), scene.want);
    assert_eq!(unfinished(&place), [""; 0]);
}
