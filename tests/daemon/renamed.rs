//! Renamed terms. Promised: the old address leads readers to the new one over HTTP, and goes on being written on disk, where nobody can be
//! told; without the alias all is as it was.

use crate::support::daemon::{BASE, Daemon, LISTEN, scene};
use crate::support::listing::{Row, row, source};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;
use crate::support::tree;

const OLD: &str = "news/topic/chairmanship";
const NEW: &str = "news/topic/chairpersonship";

fn rows() -> Vec<Row> {
    vec![
        row("Two", "2 May 2024", "/2").topics(&["Chairpersonship"]),
        row("One", "1 May 2024", "/1").topics(&["Chairmanship", "Other"]),
    ]
}

fn rename(scene: &Scene, alias: &str) {
    let config = source(&scene.newsroom, "news", "News", "/news", "every = \"1s\"");
    let config = config.replace("[source.facet.department]", &format!("{alias}\n[source.facet.department]"));
    scene.place.configure("", &format!("{LISTEN}{config}"));
}

#[test]
fn an_old_address_leads_to_the_new_one_and_stays_on_disk() {
    let scene = scene("every = \"1s\"");
    scene.poll(&rows());
    let before = tree::files(&scene.feeds());

    rename(&scene, "alias = { \"Chairmanship\" = \"Chairpersonship\" }");
    let mut daemon = Daemon::start(&scene.place);
    daemon.wait(&[" published "]);
    for again in [false, true] {
        if again {
            // Also by a start that finds all published, with the newsroom down.
            daemon.stop();
            scene.newsroom.set("/news", Reply::HangUp);
            daemon = Daemon::start(&scene.place);
        }
        for format in ["rss", "atom", "json"] {
            for method in ["GET", "HEAD"] {
                let moved = daemon.ask(method, &format!("/{OLD}.{format}"), &[]);
                assert_eq!((moved.status, moved.field("location")), (301, Some(format!("{BASE}{NEW}.{format}").as_str())));
            }
        }
        assert_eq!(daemon.titles(NEW), ["Two", "One"]);
        assert_eq!(tree::titles(&scene.feeds(), OLD), ["Two", "One"]);
        daemon.assert_serves(&scene.place);
    }

    // News under the old name comes to both places.
    scene.show(&[&[vec![row("Three", "3 May 2024", "/3").topics(&["Chairmanship"])], rows()].concat()]);
    daemon.published(&["new=1"]);
    daemon.assert_serves(&scene.place);
    assert_eq!(daemon.titles(NEW), ["Three", "Two", "One"]);
    assert_eq!(tree::titles(&scene.feeds(), OLD), ["Three", "Two", "One"]);
    daemon.stop();

    rename(&scene, "");
    let mut daemon = Daemon::start(&scene.place);
    // Read with the alias, they have their old names back when they are read without it.
    daemon.published(&["new=0", "edited=0", "touched=2"]);
    assert_eq!((daemon.titles(OLD), daemon.titles(NEW)), (vec!["Three".to_owned(), "One".into()], vec!["Two".to_owned()]));
    daemon.assert_serves(&scene.place);
    assert_eq!(tree::files(&scene.feeds()).keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    daemon.stop();
}

#[test]
fn without_a_tree_an_old_address_leads_to_the_new_one_too() {
    let scene = scene("");
    rename(&scene, "");
    crate::support::daemon::without_directory(&scene.place);
    scene.show(&[&rows()]);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    assert_eq!(daemon.titles(OLD), ["One"]);
    daemon.stop();
    scene.newsroom.set("/news", Reply::Silence);
    rename(&scene, "alias = { \"Chairmanship\" = \"Chairpersonship\" }");
    crate::support::daemon::without_directory(&scene.place);
    let daemon = Daemon::start(&scene.place);
    assert_eq!(daemon.get(&format!("/{OLD}.rss")).status, 301);
    assert_eq!(daemon.titles(NEW), ["Two", "One"]);
    daemon.stop();
}

#[test]
fn the_old_address_of_a_pair_leads_to_the_new_one() {
    let pairs = "every = \"1s\"\npairs = [[\"topic\", \"department\"]]";
    let scene = scene(pairs);
    scene.poll(&rows().into_iter().map(|row| row.department("Vienna")).collect::<Vec<_>>());
    let config = source(&scene.newsroom, "news", "News", "/news", pairs);
    let config = config
        .replace("[source.facet.department]", "alias = { \"Chairmanship\" = \"Chairpersonship\" }\n[source.facet.department]");
    scene.place.configure("", &format!("{LISTEN}{config}"));
    let mut daemon = Daemon::start(&scene.place);
    daemon.wait(&[" published "]);
    let (old, new) = (format!("{OLD}/department/vienna"), format!("{NEW}/department/vienna"));
    for format in ["rss", "atom", "json", "html"] {
        let moved = daemon.ask("GET", &format!("/{old}.{format}"), &[]);
        assert_eq!((moved.status, moved.field("location")), (301, Some(format!("{BASE}{new}.{format}").as_str())));
    }
    assert_eq!(daemon.titles(&new), ["Two", "One"]);
    assert_eq!(tree::titles(&scene.feeds(), &old), ["Two", "One"]);
    daemon.assert_serves(&scene.place);
    daemon.stop();
}
