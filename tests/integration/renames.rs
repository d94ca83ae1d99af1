//! Terms that are renamed, and terms that flood in. Promised:
//! - an alias makes one term of two: the new address holds the items of both, the old address goes on being written with the same bytes, and
//!   the lists name only the new one; without the alias all is as it was;
//! - more than `max-new-terms` new terms in a poll after the first get no feed, with a warning, until the key lets them in.

use crate::support::listing::{Row, page, row};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;
use crate::support::tree;

fn rows() -> Vec<Row> {
    vec![
        row("Three", "3 May 2024", "/3").topics(&["Chairpersonship", "Other"]),
        row("Two", "2 May 2024", "/2").topics(&["Chairmanship"]),
        row("One", "1 May 2024", "/1").topics(&["Chairmanship", "Other"]),
    ]
}

const OLD: &str = "news/topic/chairmanship";
const NEW: &str = "news/topic/chairpersonship";

fn rename(scene: &Scene, alias: &str) {
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    let plain: String = text.lines().filter(|l| !l.starts_with("alias")).map(|l| format!("{l}\n")).collect();
    let with = plain.replace("[source.facet.department]", &format!("{alias}\n[source.facet.department]"));
    std::fs::write(scene.place.config(), with).expect("a config");
}

fn listed(scene: &Scene, address: &str) -> (bool, bool) {
    let document = format!("{address}.rss");
    (tree::opml(&scene.feeds()).contains(&document), tree::index(&scene.feeds()).contains(&document))
}

#[track_caller]
fn assert_united(scene: &Scene, titles: &[&str]) {
    assert_eq!(scene.titles(NEW), titles);
    assert_eq!((listed(scene, OLD), listed(scene, NEW)), ((false, false), (true, true)));
    let files = tree::files(&scene.feeds());
    for format in ["rss", "atom", "json"] {
        let (old, new) = (&files[&format!("{OLD}.{format}")], &files[&format!("{NEW}.{format}")]);
        assert_eq!(String::from_utf8_lossy(&old.0), String::from_utf8_lossy(&new.0), "{format}");
        assert_eq!(old.1, new.1, "{format}: modification times");
    }
    assert_eq!(files[&format!("{OLD}.html")].0, files[&format!("{NEW}.html")].0, "pages too");
    // Nobody is told the old name.
    let terms = scene.entries().into_iter().flat_map(|e| e.categories).map(|(_, term)| term);
    assert!(terms.into_iter().all(|t| t != "Chairmanship"));
}

#[test]
fn an_alias_makes_one_feed_of_two_and_goes_without_a_trace() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let before = tree::timeless(&scene.feeds());
    let guids = |scene: &Scene| scene.entries().into_iter().map(|e| (e.id, e.updated)).collect::<Vec<_>>();
    let known = guids(&scene);
    assert_eq!((scene.titles(OLD).len(), scene.titles(NEW).len()), (2, 1));

    rename(&scene, "alias = { \"Chairmanship\" = \"Chairpersonship\" }");
    scene.place.once();
    assert_united(&scene, &["Three", "Two", "One"]);
    assert_eq!(guids(&scene), known, "a renamed term is no edit");
    let files = tree::files(&scene.feeds());
    scene.place.once();
    assert_eq!(tree::files(&scene.feeds()), files);

    // News under either name.
    let more = [
        vec![
            row("Five", "5 May 2024", "/5").topics(&["Chairmanship"]),
            row("Four", "4 May 2024", "/4").topics(&["chairpersonship"]),
        ],
        rows(),
    ];
    scene.poll(&more.concat());
    assert_united(&scene, &["Five", "Four", "Three", "Two", "One"]);

    // A lost copy comes back.
    let files = tree::files(&scene.feeds());
    std::fs::remove_file(scene.feeds().join(format!("{OLD}.rss"))).expect("a file to lose");
    scene.place.once();
    assert_eq!(tree::files(&scene.feeds()), files);

    rename(&scene, "");
    scene.place.once();
    assert_eq!(scene.titles(OLD), ["Five", "Two", "One"]);
    assert_eq!(scene.titles(NEW), ["Four", "Three"]);
    assert_eq!((listed(&scene, OLD), listed(&scene, NEW)), ((true, true), (true, true)));
    assert_eq!(tree::feed(&scene.feeds(), OLD).title, "News: Chairmanship");
    // As if the alias had never been.
    let fresh = scene.beside("", "");
    fresh.poll(&rows());
    assert_eq!(tree::timeless(&fresh.feeds()), before);
}

#[test]
fn an_alias_works_though_the_newsroom_is_down() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    scene.newsroom.set("/news", Reply::HangUp);
    rename(&scene, "alias = { \"Chairmanship\" = \"Chairpersonship\" }");
    assert_eq!(scene.place.run(&["once", "--all", "--now"]).code, Some(75));
    assert_united(&scene, &["Three", "Two", "One"]);
    let before = tree::timeless(&scene.feeds());
    rename(&scene, "");
    assert_eq!(scene.place.run(&["once", "--all", "--now"]).code, Some(75));
    assert_eq!((scene.titles(OLD), scene.titles(NEW)), (vec!["Two".to_owned(), "One".into()], vec!["Three".to_owned()]));
    rename(&scene, "alias = { \"Chairmanship\" = \"Chairpersonship\" }");
    assert_eq!(scene.place.run(&["once", "--all", "--now"]).code, Some(75));
    assert_eq!(tree::timeless(&scene.feeds()), before);
}

#[test]
fn an_alias_reaches_the_feeds_that_the_config_defines() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    let feed = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { topic = [\"Chairpersonship\"] }\n";
    std::fs::write(scene.place.config(), format!("{text}{feed}")).expect("a config");
    scene.place.once();
    assert_eq!(scene.titles("mine"), ["Three"]);
    // What is no longer listed has the new name too.
    scene.newsroom.set("/news", Reply::Status(503));
    rename(&scene, "alias = { \"Chairmanship\" = \"Chairpersonship\" }");
    assert_eq!(scene.place.run(&["once", "--all", "--now"]).code, Some(75));
    assert_eq!(scene.titles("mine"), ["Three", "Two", "One"]);
    rename(&scene, "");
    assert_eq!(scene.place.run(&["once", "--all", "--now"]).code, Some(75));
    assert_eq!(scene.titles("mine"), ["Three"]);
}

#[test]
fn an_alias_to_a_name_that_is_not_in_use_yet() {
    let scene = Scene::new("", "");
    scene.poll(&rows()[1..]);
    rename(&scene, "alias = { \"CHAIRMANSHIP\" = \"Chairpersonship\" }");
    scene.place.once();
    assert_united(&scene, &["Two", "One"]);
    assert_eq!(tree::feed(&scene.feeds(), NEW).title, "News: Chairpersonship");
    scene.poll(&rows());
    assert_united(&scene, &["Three", "Two", "One"]);
}

#[test]
fn an_alias_from_the_beginning_makes_no_old_feed() {
    let scene = Scene::new("", "");
    rename(&scene, "alias = { \"Chairmanship\" = \"Chairpersonship\" }");
    scene.poll(&rows());
    assert_eq!(scene.titles(NEW), ["Three", "Two", "One"]);
    assert!(!scene.feeds().join(format!("{OLD}.rss")).exists());
}

#[test]
fn a_flood_of_new_terms_waits_for_the_operator() {
    let scene = Scene::new("", "max-new-terms = 2");
    scene.poll(&rows());
    let flooded = |n: usize| row(&format!("Flood {n}"), "4 May 2024", &format!("/f{n}")).topics(&["Other", "F1", "F2", "F3"]);
    let run = scene.poll(&[vec![flooded(1).department("New")], rows()].concat());
    for name in ["F1", "F2", "F3"] {
        assert!(run.stderr.contains(&format!("too many new terms: topic \"{name}\"")), "{run:?}");
    }
    assert!(!run.stderr.contains("\"New\""), "another facet is not flooded: {run:?}");
    let flood = || tree::addresses(&scene.feeds()).into_iter().filter(|a| a.starts_with("news/topic/f")).collect::<Vec<_>>();
    assert_eq!(flood(), [""; 0]);
    // The item itself is news, and says all its terms.
    assert_eq!(scene.titles("news/topic/other"), ["Flood 1", "Three", "One"]);
    assert_eq!(scene.titles("news/department/new"), ["Flood 1"]);

    // They go on waiting, whatever comes.
    scene.poll(&[vec![flooded(2), flooded(1).department("New")], rows()].concat());
    assert_eq!(flood(), [""; 0]);
    scene.newsroom.take_log();
    scene.configure("", "max-new-terms = 3");
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 304)]);
    assert_eq!(flood(), ["news/topic/f1", "news/topic/f2", "news/topic/f3"]);
    assert_eq!(scene.titles("news/topic/f2"), ["Flood 2", "Flood 1"]);
    assert_eq!(listed(&scene, "news/topic/f2"), (true, true));
}

#[test]
fn a_first_poll_may_bring_any_number_of_terms() {
    let scene = Scene::new("", "max-new-terms = 1");
    let run = scene.poll(&rows());
    assert!(!run.stderr.contains("too many"), "{run:?}");
    assert_eq!(scene.titles("news/topic/other"), ["Three", "One"]);
}

#[test]
fn more_terms_than_a_facet_may_have_wait_too() {
    let scene = Scene::new("", "max-terms = 2");
    let run = scene.poll(&rows());
    assert_eq!(run.stderr.matches("too many new terms").count(), 1, "{run:?}");
    assert_eq!(tree::addresses(&scene.feeds()).len(), 3);
    scene.configure("", "max-terms = 3");
    scene.newsroom.page("/news", &page(&rows(), None));
    scene.place.once();
    assert_eq!(tree::addresses(&scene.feeds()).len(), 4);
}
