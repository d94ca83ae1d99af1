//! Walks along the pager. Promised:
//! - a walk ends at a page whose items were all known before it, at the pager's end (a loop is an end too), or at `max-pages`;
//! - a failure on page 2 loses nothing: page 1's news is published, the exit status is 75, and the next poll is unconditional, reads page 2
//!   again and does not stop at what page 1 made known;
//! - pages that overlap, since items shift while paging, lose and double nothing.

use crate::support::database;
use crate::support::listing::{Row, page, row};
use crate::support::newsroom::Reply;
use crate::support::scene::{Scene, address};
use crate::support::tree;

fn item(n: usize) -> Row {
    row(&format!("Item {n}"), &format!("{} May 2024", 1 + n), &format!("/{n}")).topics(&[if n.is_multiple_of(2) {
        "Even"
    } else {
        "Odd"
    }])
}

/// Items from..=to, the newest first.
fn items(from: usize, to: usize) -> Vec<Row> {
    (to..=from).rev().map(item).collect()
}

fn titles(from: usize, to: usize) -> Vec<String> {
    items(from, to).into_iter().map(|r| r.title).collect()
}

fn visits(scene: &Scene) -> Vec<(usize, u16)> {
    let number = |path: &str| (0..50).find(|n| address(*n) == path).unwrap_or_else(|| panic!("{path}"));
    scene.newsroom.take_visits().into_iter().map(|(path, status)| (number(&path), status)).collect()
}

fn show(scene: &Scene, newest: usize, size: usize) {
    let rows = items(newest, 0);
    scene.show(&rows.chunks(size).collect::<Vec<_>>());
}

#[test]
fn a_walk_stops_at_a_page_all_known() {
    let scene = Scene::new("", "");
    show(&scene, 11, 3);
    scene.place.once();
    assert_eq!(visits(&scene), [(0, 200), (1, 200), (2, 200), (3, 200)], "the first walk goes to the end");
    assert_eq!(scene.titles("news/all"), titles(11, 0));
    show(&scene, 13, 3);
    scene.place.once();
    assert_eq!(visits(&scene), [(0, 200), (1, 200)], "page 2 holds only what was known");
    show(&scene, 20, 3);
    scene.place.once();
    // Seven are new: two pages and one row of the third.
    assert_eq!(visits(&scene), [(0, 200), (1, 200), (2, 200), (3, 200)]);
    assert_eq!(scene.titles("news/all"), titles(20, 0));
    scene.place.once();
    assert_eq!(visits(&scene), [(0, 304)]);
}

/// Page 2 fails in this way, on a first poll and on a later one.
fn page_2_fails(reply: &dyn Fn(&str) -> Reply) {
    for later in [false, true] {
        let scene = Scene::new("", "");
        let known = if later { 3 } else { 0 };
        if later {
            show(&scene, known, 2);
            scene.place.once();
            visits(&scene);
        }
        // Seven newer ones on pages 1 to 4.
        show(&scene, known + 7, 2);
        let second = page(&items(known + 7, 0)[2..4], Some(&address(2)));
        scene.newsroom.set(&address(1), reply(&second));
        for attempt in 0..2 {
            let run = scene.place.run(&["once", "--all", "--now"]);
            assert_eq!(run.code, Some(75), "{run:?}");
            assert!(run.stderr.contains("news: failed: page 2"), "{run:?}");
            let log = scene.newsroom.take_log();
            assert_eq!((log[0].path.as_str(), log[0].status), ("/news", 200));
            assert!(!log.iter().any(|r| r.headers.contains_key("if-none-match") && (!later || attempt > 0)), "{log:?}");
            let mut want = titles(known + 7, known + 6);
            want.extend(if later { titles(known, 0) } else { vec![] });
            assert_eq!(scene.titles("news/all"), want, "page 1's news is published");
        }
        scene.newsroom.page(&address(1), &second);
        scene.place.once();
        assert_eq!(scene.titles("news/all"), titles(known + 7, 0));
        // A walk that does not stop at known items goes to the end.
        let pages = (known + 8).div_ceil(2);
        assert_eq!(visits(&scene), (0..pages).map(|n| (n, 200)).collect::<Vec<_>>());
        scene.place.once();
        assert_eq!(visits(&scene), [(0, 304)]);
    }
}

#[test]
fn a_second_page_that_answers_500_hides_no_news() {
    page_2_fails(&|_| Reply::Status(500));
}

#[test]
fn a_second_page_that_hangs_up_hides_no_news() {
    page_2_fails(&|_| Reply::HangUp);
}

#[test]
fn a_second_page_that_is_cut_off_hides_no_news() {
    page_2_fails(&|html| Reply::Truncated(html.as_bytes().to_vec()));
}

#[test]
fn a_second_page_of_captchas_hides_no_news() {
    // No row, yet a way on: that is no end of a listing.
    page_2_fails(&|_| Reply::Page(b"<!DOCTYPE html><p>Are you human? <a rel=next href='/captcha'>next</a>".to_vec()));
}

#[test]
fn a_first_page_that_fails_leaves_everything_as_it_was() {
    let scene = Scene::new("", "");
    show(&scene, 3, 2);
    scene.place.once();
    // What is told of the source aside.
    let tables_of_items = || {
        let mut tables = database::tables_but_source(&scene.place.database());
        tables.retain(|name, _| !matches!(name.as_str(), "incident" | "status" | "flush"));
        tables
    };
    let (files, tables) = (tree::files(&scene.feeds()), tables_of_items());
    let good = page(&items(3, 2), Some(&address(1)));
    for reply in [
        Reply::Status(500),
        Reply::Status(404),
        Reply::HangUp,
        Reply::Truncated(good.clone().into_bytes()),
        Reply::Page(b"<!DOCTYPE html><p>Are you human?".to_vec()),
        Reply::Page(Vec::new()),
    ] {
        scene.newsroom.set("/news", reply.clone());
        let run = scene.place.run(&["once", "--all", "--now"]);
        assert_eq!(run.code, Some(75), "{reply:?}: {run:?}");
        assert_eq!(tree::files(&scene.feeds()), files, "{reply:?}");
        assert_eq!(tables_of_items(), tables, "{reply:?}");
    }
    scene.newsroom.page("/news", &good);
    scene.place.once();
    assert_eq!(tree::files(&scene.feeds()), files);
}

#[test]
fn a_source_that_fails_does_not_hold_up_another() {
    let scene = Scene::new("", "");
    show(&scene, 3, 9);
    let broken = crate::support::listing::source(&scene.newsroom, "broken", "Broken", "/nowhere", "");
    let good = crate::support::listing::source(&scene.newsroom, "news", "News", "/news", "");
    scene.place.configure("", &format!("{broken}{good}"));
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    assert_eq!(scene.titles("news/all"), titles(3, 0));
    assert!(!scene.feeds().join("broken").exists());
}

#[test]
fn a_pager_that_runs_in_circles_ends() {
    let scene = Scene::new("", "");
    scene.newsroom.page("/news", &page(&items(1, 0), Some("/news")));
    scene.place.once();
    assert_eq!(visits(&scene), [(0, 200)], "a page that leads to itself");
    let scene = Scene::new("", "");
    for (n, next) in [1, 2, 1].into_iter().enumerate() {
        scene.newsroom.page(&address(n), &page(&items(5 - 2 * n, 4 - 2 * n), Some(&address(next))));
    }
    scene.place.once();
    assert_eq!(visits(&scene), [(0, 200), (1, 200), (2, 200)], "a loop");
    assert_eq!(scene.titles("news/all"), titles(5, 0));
    scene.place.once();
    assert_eq!(visits(&scene), [(0, 304)], "the walk was complete");
}

#[test]
fn max_pages_is_respected_and_ends_a_walk_well() {
    let scene = Scene::new("", "max-pages = 3");
    // Beyond the last page the newsroom shows the last page again, under ever new addresses.
    for n in 0..10 {
        scene.newsroom.page(&address(n), &page(&items(5 - n.min(2), 4 - n.min(2)), Some(&address(n + 1))));
    }
    scene.place.once();
    assert_eq!(visits(&scene), [(0, 200), (1, 200), (2, 200)]);
    assert_eq!(scene.titles("news/all"), titles(5, 2));
    scene.place.once();
    assert_eq!(visits(&scene), [(0, 304)], "the walk was complete");
}

#[test]
fn items_that_shift_while_paging_are_neither_lost_nor_doubled() {
    let scene = Scene::new("", "");
    // Item 6 came in after page 1 was read: page 2 begins with the last row of page 1.
    scene.newsroom.page("/news", &page(&items(5, 3), Some(&address(1))));
    scene.newsroom.page(&address(1), &page(&items(3, 1), Some(&address(2))));
    scene.newsroom.page(&address(2), &page(&items(0, 0), None));
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(5, 0));
    assert!(scene.entries().iter().all(|e| e.related.is_empty()));
    // Two more come while the next poll pages, and one of those it has read is withdrawn.
    scene.newsroom.page("/news", &page(&items(8, 6), Some(&address(1))));
    scene.newsroom.page(&address(1), &page(&[items(8, 6), items(5, 4)].concat(), Some(&address(2))));
    scene.newsroom.page(&address(2), &page(&items(3, 0), None));
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(8, 0));
    assert_eq!(scene.titles("news/topic/even"), ["Item 8", "Item 6", "Item 4", "Item 2", "Item 0"]);
}

#[test]
fn a_second_page_that_shows_what_page_1_showed_does_not_end_the_walk() {
    let scene = Scene::new("", "");
    show(&scene, 2, 3);
    scene.place.once();
    // Known before the walk began is what counts: page 2 repeats the new rows of page 1, page 3 has more news.
    scene.newsroom.page("/news", &page(&items(8, 7), Some(&address(1))));
    scene.newsroom.page(&address(1), &page(&items(8, 7), Some(&address(2))));
    scene.newsroom.page(&address(2), &page(&items(6, 3), Some(&address(3))));
    scene.newsroom.page(&address(3), &page(&items(2, 0), None));
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(8, 0));
}
