//! News on its way to readers. Promised:
//! - a new item, an edit and a repost are in the feeds at the next poll, over HTTP and on disk alike: the guid is kept, an edit moves `updated`
//!   and a repost does not, and a repost makes no second item;
//! - after each publishing every document is served as it stands on disk;
//! - a poll that brings nothing changes nothing.

use crate::support::daemon::{self, Daemon};
use crate::support::listing::{Row, row};
use crate::support::tree::{self, Entry};

fn old() -> Row {
    row("Old", "1 May 2024", "/1").topics(&["Elections"]).department("Vienna")
}

/// The one entry of `news/all` with this link.
#[track_caller]
fn entry(daemon: &Daemon, link: &str) -> Entry {
    let mut found = daemon.feed("news/all").entries;
    found.retain(|e| e.link.as_deref().is_some_and(|l| l.ends_with(link)));
    assert_eq!(found.len(), 1, "{link}: {found:#?}");
    found.remove(0)
}

#[test]
fn an_item_an_edit_and_a_repost_reach_the_readers() {
    let scene = daemon::scene_of("every = \"1s\"", &[old()]);
    // A story may be more than one department's.
    let config = std::fs::read_to_string(scene.place.config()).expect("a config");
    let many = config.replace("label = \"Department\"", "label = \"Department\", many = true");
    std::fs::write(scene.place.config(), many).expect("a config");
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    daemon.assert_serves(&scene.place);
    let untouched = entry(&daemon, "/1");
    let begun = daemon.feed("news/all").updated;

    let new = row("Misson opens", "2 May 2024", "/2").topics(&["Elections"]).department("Warsaw");
    scene.show(&[&[new.clone(), old()]]);
    daemon.published(&["new=1", "edited=0", "known=1"]);
    daemon.assert_serves(&scene.place);
    assert_eq!(daemon.titles("news/all"), ["Misson opens", "Old"]);
    assert_eq!(daemon.titles("news/department/warsaw"), ["Misson opens"]);
    let first = entry(&daemon, "/2");
    let news = daemon.feed("news/all").updated;
    assert!(news > begun, "{news} after {begun}");

    let edited = new.title("Mission opens");
    scene.show(&[&[edited.clone(), old()]]);
    daemon.published(&["new=0", "edited=1"]);
    daemon.assert_serves(&scene.place);
    let second = entry(&daemon, "/2");
    assert_eq!((second.title.as_str(), &second.id, &second.published), ("Mission opens", &first.id, &first.published));
    assert!(second.updated > first.updated, "{} after {}", second.updated, first.updated);
    assert_eq!(daemon.titles("news/department/warsaw"), ["Mission opens"]);

    let reposted = edited.clone().link("/secretariat/2").department("Secretariat");
    scene.show(&[&[reposted, edited, old()]]);
    daemon.published(&["new=0", "edited=0", "touched=1"]);
    daemon.assert_serves(&scene.place);
    assert_eq!(daemon.titles("news/all"), ["Mission opens", "Old"]);
    let third = entry(&daemon, "/2");
    assert_eq!((&third.id, &third.updated), (&second.id, &second.updated), "a repost is no edit");
    assert_eq!(third.related, [scene.newsroom.url("/secretariat/2")]);
    for department in ["warsaw", "secretariat"] {
        let of_department = daemon.feed(&format!("news/department/{department}")).entries;
        assert_eq!(of_department, [third.clone()].as_slice(), "{department}");
    }
    assert_eq!(entry(&daemon, "/1"), untouched);

    // From now on polls bring nothing: no document is touched, and nothing is said.
    let (files, said) = (tree::files(&scene.feeds()), daemon.process.stderr.all());
    scene.newsroom.take_log();
    scene.newsroom.wait_for_visits("/news", 3);
    assert!(scene.newsroom.take_log().iter().filter(|r| r.path == "/news").all(|r| r.status == 304));
    assert_eq!((tree::files(&scene.feeds()), daemon.process.stderr.all()), (files, said));
    daemon.stop();
}

#[test]
fn the_lists_follow_what_there_is() {
    let scene = daemon::scene_of("every = \"1s\"", &[old()]);
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    let lists = |daemon: &Daemon| (daemon.get("/feeds.opml").text(), daemon.get("/index.html").text());
    assert!(!lists(&daemon).0.contains("news/topic/media.rss"));
    scene.show(&[&[row("New", "2 May 2024", "/2").topics(&["Media"]), old()]]);
    daemon.published(&["new=1"]);
    let (opml, index) = lists(&daemon);
    assert!(opml.contains("https://feeds.example.org/news/topic/media.rss"), "{opml}");
    assert!(index.contains("news/topic/media."), "{index}");
    assert_eq!(daemon.get("/").text(), index);
    daemon.assert_serves(&scene.place);
    daemon.stop();
}
