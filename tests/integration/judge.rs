//! Pages that are no listing. Promised, through the real binary:
//! - an error page or a captcha with status 200, half a page, and a page whose selectors match nothing change no byte of a feed;
//! - the source is suspect, after three runs failing, and fine again by itself on a good page; each is told once, in `once`, in `feeds` and as an
//!   incident that is opened once and closed once;
//! - of a broken page no validators are kept: the next request is unconditional, until a good page came;
//! - no item is lost or doubled by any of it.

use crate::support::database;
use crate::support::listing::{Row, page, row};
use crate::support::newsroom::Reply;
use crate::support::scene::{Scene, address};
use crate::support::tree;

fn item(n: usize) -> Row {
    row(&format!("Delegation number {n} meets in Vienna"), &format!("{} May 2024", 1 + n), &format!("/{n}")).topics(&["Meetings"])
}

/// Items from..=to, the newest first.
fn items(from: usize, to: usize) -> Vec<Row> {
    (to..=from).rev().map(item).collect()
}

fn titles(from: usize, to: usize) -> Vec<String> {
    items(from, to).into_iter().map(|r| r.title).collect()
}

/// A whole page, as a content management system makes it.
fn whole(rows: &[Row], next: Option<&str>) -> String {
    let page = page(rows, next).replace("<!DOCTYPE html>", "<!DOCTYPE html><html lang=\"en\">");
    format!("{page}<footer>{}</footer></body></html>\n", "Contact us. ".repeat(20))
}

fn show(scene: &Scene, newest: usize, size: usize) {
    let rows = items(newest, 0);
    let pages: Vec<&[Row]> = rows.chunks(size).collect();
    for (n, rows) in pages.iter().enumerate() {
        let next = (n + 1 < pages.len()).then(|| address(n + 1));
        scene.newsroom.page(&address(n), &whole(rows, next.as_deref()));
    }
}

/// Two polls of a newsroom of 16 items, 8 a page.
fn scene() -> Scene {
    let scene = Scene::new("", "");
    show(&scene, 14, 8);
    scene.place.once();
    show(&scene, 15, 8);
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(15, 0));
    scene.newsroom.take_log();
    scene
}

fn captcha(rows: &str) -> String {
    format!("<!DOCTYPE html><html><title>Just a moment...</title><p>Checking your browser: are you human?{rows}</html>")
}

/// Pages that must not change a feed, by what they are.
fn broken_pages() -> Vec<(&'static str, String)> {
    let good = whole(&items(15, 8), Some(&address(1)));
    let accidental = "<article><h3><a href='/login'>Sign in to go on</a></h3><time>3 June 2024</time></article>";
    let half = good[..good.len() / 2].to_owned();
    let without_the_end: String = whole(&items(17, 13), None).split("<footer>").next().unwrap_or_default().to_owned();
    vec![
        ("an error page", "<!DOCTYPE html><title>Error</title><h1>Internal Server Error</h1>".to_owned()),
        ("an error page in the newsroom's frame", whole(&[], None).replace("News", "Page not found")),
        ("a captcha", captcha("")),
        ("a captcha with a row that matches by accident", captcha(accidental)),
        ("half a page", half),
        ("half a page with news in it", without_the_end),
        ("a page whose selectors match nothing", good.replace("article", "section")),
        ("a page whose rows have no dates any more", good.replace("<time>", "<b>").replace("</time>", "</b>")),
        ("a page whose titles are all the same", {
            let same = items(15, 8).into_iter().map(|r| r.title("Read more"));
            whole(&same.collect::<Vec<_>>(), Some(&address(1)))
        }),
        ("nothing at all", String::new()),
    ]
}

fn incidents(scene: &Scene) -> Vec<String> {
    let query = "SELECT source || ' ' || kind || ' ' || iif(closed IS NULL, 'open', 'closed') FROM incident ORDER BY id";
    database::texts(&scene.place.database(), query)
}

/// State, failures and validators of the source.
fn state(scene: &Scene) -> (String, String, bool) {
    let told = scene.place.run(&["feeds", "--json"]).ok().json();
    let source = &told["sources"][0];
    let etags = database::texts(&scene.place.database(), "SELECT count(etag) || '' FROM source");
    (source["state"].as_str().unwrap_or_default().to_owned(), source["failures"].to_string(), etags == ["1"])
}

#[test]
fn a_broken_page_changes_no_feed_and_the_source_recovers_by_itself() {
    for (what, html) in broken_pages() {
        let scene = scene();
        let files = tree::files(&scene.feeds());
        scene.newsroom.page("/news", &html);
        for (run, (want, told)) in
            [("suspect", true), ("suspect", false), ("failing", true), ("failing", false)].into_iter().enumerate()
        {
            let polled = scene.place.run(&["once", "--all", "--now"]);
            assert_eq!(polled.code, Some(75), "{what}: {polled:?}");
            assert!(polled.stderr.contains("its feeds stay as they are"), "{what}: {polled:?}");
            assert_eq!(polled.stderr.contains(&format!("it is {want} now")), told, "{what}, run {run}: {polled:?}");
            assert_eq!(tree::files(&scene.feeds()), files, "{what}");
            assert_eq!(state(&scene), (want.into(), (run + 1).to_string(), false), "{what}");
            assert_eq!(incidents(&scene), ["news page open"], "{what}");
        }
        let log = scene.newsroom.take_log();
        let conditional: Vec<bool> = log.iter().map(|r| r.headers.contains_key("if-none-match")).collect();
        assert_eq!(conditional, [true, false, false, false], "{what}");
        let told = scene.place.run(&["feeds"]).ok().stdout;
        assert!(told.contains("failing since ") && told.contains("4 failures"), "{what}: {told}");

        // The newsroom is back, with two more items.
        show(&scene, 17, 8);
        let run = scene.place.once();
        assert!(run.stdout.contains("it is fine again"), "{what}: {run:?}");
        assert_eq!(scene.titles("news/all"), titles(17, 0), "{what}");
        assert_eq!(state(&scene), ("fine".into(), "0".into(), true), "{what}");
        assert_eq!(incidents(&scene), ["news page closed"], "{what}");
        scene.newsroom.take_log();
        scene.place.once();
        assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 304)], "{what}");
    }
}

#[test]
fn a_page_that_comes_back_as_it_was_clears_the_suspicion_by_being_sent_whole() {
    let scene = scene();
    let files = tree::files(&scene.feeds());
    scene.newsroom.page("/news", &captcha(""));
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    show(&scene, 15, 8);
    scene.newsroom.take_log();
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits()[0], ("/news".to_owned(), 200));
    assert_eq!(state(&scene).0, "fine");
    assert_eq!(tree::files(&scene.feeds()), files);
    // A failure to get the page is another matter: 304 says that it is what it was.
    scene.newsroom.set("/news", Reply::Status(500));
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    assert_eq!(state(&scene), ("suspect".into(), "1".into(), true));
    show(&scene, 15, 8);
    scene.newsroom.take_log();
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 304)]);
    assert_eq!(state(&scene).0, "fine");
    assert_eq!(incidents(&scene), ["news page closed"], "one failure to get a page is no incident");
}

#[test]
fn a_second_page_that_is_broken_hides_no_news() {
    let second = |scene: &Scene| whole(&items(25, 0)[8..16], Some(&address(2))).replace("/news", &scene.newsroom.url("/news"));
    type Html = Box<dyn Fn(&Scene) -> String>;
    let broken: Vec<(&str, Html)> = vec![
        ("a captcha without a way on", Box::new(|_| captcha(""))),
        ("an error page", Box::new(|_| "<!DOCTYPE html><h1>502</h1>".into())),
        ("a captcha with a row", Box::new(|_| captcha("<article><h3>Sign in</h3><time>3 June 2024</time></article>"))),
        ("cut off in the middle", Box::new(move |s| second(s)[..second(s).len() / 2].to_owned())),
    ];
    for (what, html) in broken {
        let scene = scene();
        // Ten more: page 2 shows the last two of them.
        show(&scene, 25, 8);
        let good = whole(&items(25, 0)[8..16], Some(&address(2)));
        scene.newsroom.page(&address(1), &html(&scene));
        for _ in 0..2 {
            let run = scene.place.run(&["once", "--all", "--now"]);
            assert_eq!(run.code, Some(75), "{what}: {run:?}");
            assert!(run.stderr.contains("page 2 (") && run.stderr.contains("is broken"), "{what}: {run:?}");
            assert_eq!(scene.titles("news/all"), [titles(25, 18), titles(15, 0)].concat(), "{what}: page 1's news");
        }
        assert_eq!(incidents(&scene), ["news page open"], "{what}");
        scene.newsroom.page(&address(1), &good);
        scene.place.once();
        assert_eq!(scene.titles("news/all"), titles(25, 0), "{what}");
        assert_eq!(incidents(&scene), ["news page closed"], "{what}");
    }
}

#[test]
fn a_last_page_with_a_form_and_a_number_in_its_title_ends_polls_and_backfills() {
    let form = "<script>error = 'An error occurred'; load('/recaptcha.js')</script>";
    for rows in [16, 17] {
        let scene = Scene::new("", "");
        let all = items(rows, 0);
        let pages: Vec<&[Row]> = all.chunks(8).chain(std::iter::once(&all[..0]).filter(|_| rows == 16)).collect();
        for (n, rows) in pages.iter().enumerate() {
            let next = (n + 1 < pages.len()).then(|| address(n + 1));
            let title = format!("News - page {}", ["one", "two", "three", "four"][n]);
            let html = whole(rows, next.as_deref()).replace("<footer>", &format!("{form}<footer>"));
            scene.newsroom.page(&address(n), &html.replacen("<title>News", &format!("<title>{title}"), 1));
        }
        scene.place.once();
        assert_eq!(scene.titles("news/all"), titles(rows, 0));
        assert_eq!(state(&scene).0, "fine", "the poll");
        let run = scene.place.run(&["backfill", "news"]).ok();
        assert!(run.stdout.contains("news: finished"), "{run:?}");
    }
}

#[test]
fn what_a_newsroom_may_do_is_taken_over_and_told() {
    let scene = scene();
    // Half as many rows to a page, with a pager: odd, and no more.
    show(&scene, 16, 4);
    let run = scene.place.once();
    assert!(run.stderr.contains("the page is odd: it shows 4 rows, where it showed 8"), "{run:?}");
    assert_eq!(scene.titles("news/all"), titles(16, 0));
    assert!(incidents(&scene).is_empty());
    // A whole page of news.
    show(&scene, 24, 8);
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(24, 0));
}

#[test]
fn the_operator_can_accept_a_page() {
    for by_rules in [false, true] {
        let scene = scene();
        // The newsroom shows its three newest from now on, and no pager.
        scene.newsroom.page("/news", &whole(&items(16, 14), None));
        let run = scene.place.run(&["once", "--all"]);
        assert!(run.code == Some(75) && run.stderr.contains("it shows 3 rows, where it showed 8"), "{run:?}");
        let run = scene.place.run(&["preview", "news"]);
        assert_eq!(run.code, Some(75), "{run:?}");
        assert!(run.stdout.contains("broken: it shows 3 rows, where it showed 8"), "{run:?}");
        assert!(run.stderr.contains("once --accept news"), "{run:?}");
        if by_rules {
            scene.configure("", "link-key = '/(\\d+)$'");
            scene.place.once();
        } else {
            scene.place.run(&["once", "--accept", "news"]).ok();
        }
        assert_eq!(scene.titles("news/all"), titles(16, 0));
        scene.newsroom.page("/news", &whole(&items(17, 15), None));
        scene.place.once();
        assert_eq!(scene.titles("news/all"), titles(17, 0));
        let run = scene.place.run(&["preview", "news"]).ok();
        assert!(run.stdout.contains("fine (by the source's past)"), "{run:?}");
    }
    let run = scene().place.run(&["once", "--accept", "nwes"]);
    assert!(run.code == Some(1) && run.stderr.contains("no source is called \"nwes\"; there are: news"), "{run:?}");
}

#[test]
fn preview_reads_only() {
    let scene = scene();
    // The request itself is counted.
    let before = database::tables_but_counts(&scene.place.database());
    scene.newsroom.page("/news", &captcha(""));
    let run = scene.place.run(&["preview", "news", "--json"]);
    assert_eq!((run.code, run.json()["verdict"]["name"].as_str().map(str::to_owned)), (Some(75), Some("broken".into())));
    assert_eq!(run.json()["verdict"]["by-past"], true);
    assert_eq!(database::tables_but_counts(&scene.place.database()), before);
    assert_eq!(state(&scene).0, "fine");
}

#[test]
fn empty_is_normal_where_it_is_declared() {
    let empty = whole(&[], None);
    for declared in [false, true] {
        let scene = Scene::new("", if declared { "empty-is-normal = true" } else { "" });
        scene.newsroom.page("/news", &empty);
        let run = scene.place.run(&["once", "--all"]);
        assert_eq!(run.code, Some(if declared { 0 } else { 75 }), "{run:?}");
        if !declared {
            continue;
        }
        scene.newsroom.take_log();
        scene.place.once();
        assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 304)], "its validators are kept");
        scene.newsroom.page("/news", &whole(&items(2, 0), None));
        scene.place.once();
        assert_eq!(scene.titles("news/all"), titles(2, 0));
        let files = tree::files(&scene.feeds());
        scene.newsroom.page("/news", &empty);
        scene.place.once();
        assert_eq!(tree::files(&scene.feeds()), files, "what was published stays");
        for wall in [captcha(""), String::new(), empty.replace("News", "Page not found"), "<title>News</title>".into()] {
            scene.newsroom.page("/news", &wall);
            let run = scene.place.run(&["once", "--all", "--now"]);
            assert_eq!(run.code, Some(75), "{wall}: {run:?}");
            assert_eq!(tree::files(&scene.feeds()), files, "{wall}");
        }
        scene.newsroom.page("/news", &empty);
        scene.place.once();
        assert_eq!(state(&scene).0, "fine");
    }
}

#[test]
fn what_is_odd_is_told_once_and_asked_for_whole_once_more() {
    let scene = scene();
    // The pager is gone for good.
    scene.newsroom.page("/news", &whole(&items(15, 8), None));
    scene.newsroom.take_log();
    for (run, (told, status)) in [(true, 200), (false, 200), (false, 304), (false, 304)].into_iter().enumerate() {
        let polled = scene.place.once();
        assert_eq!(polled.stderr.contains("the page is odd: it leads to no next page"), told, "run {run}: {polled:?}");
        assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), status)], "run {run}");
    }
    assert_eq!(scene.titles("news/all"), titles(15, 0));
}

#[test]
fn what_a_page_that_may_lack_rows_does_not_show_is_not_gone() {
    let scene = Scene::new("", "");
    // Item 4 stands there twice; its own link is the one in the lower half.
    let mut rows = items(9, 1);
    rows[1] = item(4).link("/4/again");
    let pages = [page(&rows, Some(&address(1))), page(&items(0, 0), None)];
    pages.iter().enumerate().for_each(|(n, html)| scene.newsroom.page(&address(n), html));
    scene.place.once();
    let files = tree::files(&scene.feeds());
    assert!(scene.entry(&item(4).title).link.is_some_and(|l| l.ends_with("/4")));
    // A frame that is never closed: that it was cut off after the fifth row cannot be told for certain.
    scene.newsroom.page("/news", &page(&rows[..5], None));
    let run = scene.place.once();
    assert!(run.stderr.contains("the page is odd"), "{run:?}");
    assert_eq!(tree::files(&scene.feeds()), files);
    pages.iter().enumerate().for_each(|(n, html)| scene.newsroom.page(&address(n), html));
    scene.newsroom.take_log();
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 200), (address(1), 200)]);
    assert_eq!(tree::files(&scene.feeds()), files);
}
