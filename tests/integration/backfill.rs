//! `backfill`. Promised:
//! - it walks to the pager's end, however far `max-pages` lets polls go, and past what is known; killed at any instant, it goes on
//!   where it stopped, and ends where an undisturbed one would have, with the same items, guids, order and feeds;
//! - what it brings is no news, and polls before, beside and after it find what they would have found;
//! - a page that fails ends it with status 75 after a few tries, and nothing is lost; a pager without end is ended;
//! - of one source there is one at a time.

use std::collections::BTreeMap;
use std::process::Stdio;

use crate::support::binary::{Place, Run};
use crate::support::database;
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Reply;
use crate::support::process::Process;
use crate::support::scene::{Scene, address};
use crate::support::tree;

/// Three a day, some of them at two links some rows apart.
fn item(n: usize) -> Row {
    let topic = format!("Topic {}", n % 5);
    row(&format!("Item {n}"), &format!("{} {} 2024", 1 + n / 3 % 28, ["May", "June", "July"][n / 84]), &format!("/{n}"))
        .topics(&[&topic, "All of them"])
        .kind("News")
}

/// Items from..=to, the newest first.
fn items(from: usize, to: usize) -> Vec<Row> {
    (to..=from).rev().map(item).collect()
}

fn titles(from: usize, to: usize) -> Vec<String> {
    items(from, to).into_iter().map(|r| r.title).collect()
}

/// Shows pages of four.
fn show(scene: &Scene, rows: &[Row]) {
    scene.show(&rows.chunks(4).collect::<Vec<_>>());
}

/// The source `news` with a listing of these rows; polls read two pages at most.
fn archive(publish: &str, rows: &[Row]) -> Scene {
    let scene = Scene::new(publish, "max-pages = 2");
    show(&scene, rows);
    scene
}

fn backfill(place: &Place, args: &[&str]) -> Run {
    place.run(&[&["backfill", "news"], args].concat())
}

/// What is stored of items, in the order of feeds, without when it was.
fn stored(place: &Place) -> Vec<String> {
    database::texts(
        &place.database(),
        "SELECT i.title || ' ' || i.day || ' ' || hex(i.origin) || ' ' || i.counter || ' ' || coalesce(i.link, '') || i.related || ' ' || i.regular || ' '
             || (SELECT group_concat(name) FROM (SELECT t.name FROM json_each(i.terms) j JOIN term t ON t.id = j.value))
             || (SELECT group_concat(link) FROM (SELECT s.link FROM sighting s WHERE s.item = i.id ORDER BY s.link))
         FROM item i ORDER BY i.source, i.published DESC, i.position, i.id",
    )
}

fn neutral(scene: &Scene) -> (Vec<String>, BTreeMap<String, String>) {
    let neutral = |text: String| text.replace(&scene.newsroom.host(), "newsroom.example");
    let tree = tree::timeless(&scene.feeds()).into_iter().map(|(name, text)| (name, neutral(text))).collect();
    (stored(&scene.place).into_iter().map(neutral).collect(), tree)
}

#[test]
fn it_walks_to_the_end_once() {
    let scene = archive("items = 100", &items(90, 0));
    let run = backfill(&scene.place, &[]).ok();
    assert!(
        run.stdout.contains("news: finished, 91 rows on 23 pages, back to 2024-05-01: 91 new, 0 edited, 0 known"),
        "{run:#?}"
    );
    assert!(run.stdout.contains("files stand published"), "{run:#?}");
    assert!(run.stderr.contains("news: from page 1 to the pager's end") && run.stderr.contains("4 rows a page"), "{run:#?}");
    assert_eq!(scene.titles("news/all"), titles(90, 0));
    assert!(stored(&scene.place).iter().all(|item| item.contains(" 0 All") || item.contains(" 0 Topic")), "none is news");
    let visits = scene.newsroom.take_visits();
    assert_eq!(visits.iter().filter(|(_, status)| *status == 200).count(), 23, "each is read once: {visits:?}");
    assert_eq!(visits.iter().filter(|(_, status)| *status == 304).count(), 23, "and looked at again: {visits:?}");

    let run = backfill(&scene.place, &[]).ok();
    assert!(run.stdout.contains("news: finished on 20") && run.stdout.contains("`--restart` begins anew"), "{run:#?}");
    assert!(scene.newsroom.take_log().is_empty());
    let json = backfill(&scene.place, &["--json"]).ok().json();
    assert_eq!((&json["outcome"], &json["new"], &json["run"]["requests"]), (&"finished-before".into(), &91.into(), &0.into()));
    let (files, before) = (tree::files(&scene.feeds()), stored(&scene.place));
    let json = backfill(&scene.place, &["--restart", "--json"]).ok().json();
    assert_eq!(
        (&json["outcome"], &json["new"], &json["known"], &json["rows"]),
        (&"finished".into(), &0.into(), &91.into(), &91.into())
    );
    assert_eq!((tree::files(&scene.feeds()), stored(&scene.place)), (files, before));
    assert_eq!(database::texts(&scene.place.database(), "SELECT hex(link) FROM backfill_row"), [""; 0]);
}

/// Pages of four: some stories at two links, some links with two stories, rows that repeat.
fn tangled() -> Vec<Row> {
    let mut rows = items(60, 0);
    for (n, back) in [(5, 2), (11, 9), (23, 1), (40, 4)] {
        let again = rows[n].clone().link(&format!("/again/{n}")).topics(&["Seen again"]);
        rows.insert(n + back, again);
    }
    for n in [15, 16, 33] {
        rows[n].link = "/landing".into();
    }
    let twice = rows[27].clone();
    rows.insert(30, twice);
    rows
}

#[test]
fn killed_at_any_instant_it_ends_as_an_undisturbed_one() {
    for polled in [false, true] {
        let rows = tangled();
        let scene = |()| {
            let scene = archive("items = 12", &rows[if polled { 9 } else { 0 }..]);
            if polled {
                scene.place.once();
                show(&scene, &rows);
            }
            scene.newsroom.take_log();
            scene
        };
        let quiet = scene(());
        backfill(&quiet.place, &[]).ok();
        let requests = quiet.newsroom.requests();
        let want = neutral(&quiet);
        let kill = |scene: &Scene, at: usize| {
            scene.newsroom.take_log();
            let mut command = scene.place.command(&["backfill", "news"]);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
            scene.newsroom.wait_for(at);
            child.kill().expect("killed");
            child.wait().expect("ended");
        };
        for at in (1..=requests).step_by(5).chain([requests]) {
            let scene = scene(());
            kill(&scene, at);
            backfill(&scene.place, &[]).ok();
            assert_eq!(neutral(&scene), want, "killed at request {at} of {requests}");
        }
        let scene = scene(());
        for at in [13, 13, 5, 3, 1] {
            kill(&scene, at);
        }
        backfill(&scene.place, &[]).ok();
        assert_eq!(neutral(&scene), want, "killed again and again");
        assert!(backfill(&scene.place, &[]).ok().stdout.contains("finished on"));
    }
}

#[test]
fn pages_and_since_leave_the_rest_to_another_run() {
    let scene = archive("items = 100", &items(60, 0));
    let run = backfill(&scene.place, &["--pages", "3"]).ok();
    assert!(run.stdout.contains("stopped, 12 rows on 3 pages") && run.stdout.contains("goes on at page 4"), "{run:#?}");
    assert_eq!(scene.titles("news/all"), titles(60, 49));
    let run = backfill(&scene.place, &["--since", "2024-05-15"]).ok();
    assert!(run.stderr.contains("resuming at page 4"), "{run:#?}");
    assert!(run.stdout.contains("all of the time that was asked for is there"), "{run:#?}");
    // Item 42 is the first of that day: the first page with none since begins with item 40.
    assert_eq!(scene.titles("news/all"), titles(60, 37));
    scene.newsroom.take_log();
    for since in ["2024-05-15", "2024-06-01"] {
        let json = backfill(&scene.place, &["--since", since, "--json"]).ok().json();
        assert_eq!(json["outcome"], "finished-before");
    }
    assert!(scene.newsroom.take_log().is_empty());
    let json = backfill(&scene.place, &["--json"]).ok().json();
    assert_eq!((&json["outcome"], &json["pages"], &json["rows"]), (&"finished".into(), &16.into(), &61.into()));
    assert_eq!(scene.titles("news/all"), titles(60, 0));
}

#[test]
fn an_archive_that_reaches_back_before_1980_is_resumed_there() {
    let old = |n: usize| row(&format!("Item {n}"), &format!("{} May {}", 1 + n, 1970 + n / 2), &format!("/{n}"));
    let rows: Vec<Row> = (0..28).rev().map(old).collect();
    let titles: Vec<String> = rows.iter().map(|r| r.title.clone()).collect();
    let scene = archive("items = 100", &rows);
    backfill(&scene.place, &["--pages", "4"]).ok();
    for goes_on in ["page 5", "page 6", "page 7"] {
        let run = backfill(&scene.place, &["--pages", "1"]).ok();
        assert!(run.stderr.contains(&format!("resuming at {goes_on}")), "{run:#?}");
    }
    assert_eq!(scene.titles("news/all"), titles);
    let json = backfill(&scene.place, &["--json"]).ok().json();
    assert_eq!((&json["outcome"], &json["rows"]), (&"finished-before".into(), &28.into()));
    let undisturbed = archive("items = 100", &rows);
    backfill(&undisturbed.place, &[]).ok();
    assert_eq!(stored(&scene.place).len(), stored(&undisturbed.place).len());
}

#[test]
fn a_page_that_fails_ends_it_for_now() {
    for reply in
        [Reply::Status(500), Reply::HangUp, Reply::Page(b"<p>Are you human? <a rel=next href='/captcha'>next</a>".to_vec())]
    {
        let scene = archive("items = 100", &items(60, 0));
        let seventh = page(&items(60, 0)[28..32], Some(&address(8)));
        scene.newsroom.set(&address(7), reply.clone());
        let run = backfill(&scene.place, &[]);
        assert_eq!(run.code, Some(75), "{run:#?}");
        assert!(run.stderr.contains("news: failed: page 8") && run.stderr.contains("it goes on at page 8"), "{run:#?}");
        assert!(run.stderr.contains("asking again in"), "{run:#?}");
        assert_eq!(scene.newsroom.visits(&address(7)).len(), 4, "a few times");
        assert_eq!(scene.titles("news/all"), titles(60, 33), "what was read is published");
        scene.newsroom.page(&address(7), &seventh);
        scene.newsroom.take_log();
        backfill(&scene.place, &[]).ok();
        assert_eq!(scene.newsroom.take_visits()[0], (address(7), 200), "it goes on there");
        assert_eq!(scene.titles("news/all"), titles(60, 0));
    }
}

#[test]
fn a_page_that_fails_once_is_asked_for_again() {
    let scene = archive("items = 100", &items(60, 0));
    let rows = items(60, 0);
    let pages: Vec<Vec<Row>> = rows.chunks(4).map(<[Row]>::to_vec).collect();
    let mut asked = 0;
    scene.newsroom.make(move |path| {
        let n = (0..pages.len()).find(|n| address(*n) == path)?;
        asked += 1;
        let html = page(&pages[n], (n + 1 < pages.len()).then(|| address(n + 1)).as_deref());
        // Every sixth answer is a page without a row that leads on.
        Some(if asked % 6 == 0 { page(&[], Some("/elsewhere")) } else { html })
    });
    let run = backfill(&scene.place, &[]).ok();
    assert!(run.stderr.contains("asking again in"), "{run:#?}");
    assert_eq!(scene.titles("news/all"), titles(60, 0));
}

#[test]
fn a_page_that_came_in_half_is_no_end() {
    // The seventh answer has half its rows, or none, and no way on.
    for rows in [2, 0] {
        let scene = archive("items = 100", &items(40, 0));
        let all = items(40, 0);
        let mut asked = 0;
        scene.newsroom.make(move |path| {
            asked += 1;
            let pages: Vec<&[Row]> = all.chunks(4).collect();
            let n = (0..pages.len()).find(|n| address(*n) == path)?;
            let next = (n + 1 < pages.len()).then(|| address(n + 1));
            Some(if asked == 8 { page(&pages[n][..rows], None) } else { page(pages[n], next.as_deref()) })
        });
        backfill(&scene.place, &[]).ok();
        assert_eq!(scene.titles("news/all"), titles(40, 0), "{rows} rows");
    }
}

#[test]
fn a_last_page_that_is_gone_is_no_failure() {
    // The last item slips from page 3, which is no more, to page 2.
    let scene = archive("items = 100", &items(8, 0));
    let mut asked = 0;
    scene.newsroom.make(move |path| {
        asked += 1;
        let rows: Vec<Row> = items(8, 0).into_iter().filter(|row| asked < 4 || row.title != "Item 7").collect();
        let pages: Vec<&[Row]> = rows.chunks(4).collect();
        let n = (0..pages.len()).find(|n| address(*n) == path)?;
        Some(page(pages[n], (n + 1 < pages.len()).then(|| address(n + 1)).as_deref()))
    });
    backfill(&scene.place, &[]).ok();
    assert_eq!(scene.titles("news/all"), titles(8, 0));
}

#[test]
fn pagers_without_end_are_ended() {
    // A loop, a last page that leads to itself under ever new addresses, and three pages that go round so.
    let scene = archive("items = 100", &items(19, 0));
    scene.newsroom.page(&address(4), &page(&items(3, 0), Some(&address(2))));
    backfill(&scene.place, &[]).ok();
    assert_eq!(scene.titles("news/all"), titles(19, 0));

    for round in [1, 3] {
        let scene = archive("items = 100", &items(19, 0));
        let rows = items(19, 0);
        scene.newsroom.make(move |path| {
            let n = if path == "/news" { 0 } else { path.split("page=").nth(1)?.parse::<usize>().ok()? };
            let shown = if n < 5 { n } else { 4 - (n - 4) % round };
            Some(page(&rows[shown * 4..shown * 4 + 4], Some(&address(n + 1))))
        });
        let run = backfill(&scene.place, &[]).ok();
        let said = if round == 1 {
            "shows the same as the page before it"
        } else {
            "pages in a row showed nothing that was not read before"
        };
        assert!(run.stderr.contains(said), "{run:#?}");
        assert!(scene.newsroom.requests() < 100, "{}", scene.newsroom.requests());
        assert_eq!(scene.titles("news/all"), titles(19, 0));
        assert!(backfill(&scene.place, &[]).ok().stdout.contains("finished on"));
    }
}

#[test]
fn changed_rules_begin_anew() {
    let scene = archive("items = 100", &items(30, 0));
    backfill(&scene.place, &["--pages", "5"]).ok();
    scene.configure("items = 100", "max-pages = 3");
    assert!(backfill(&scene.place, &["--pages", "1"]).ok().stderr.contains("resuming at page 6"));
    scene.configure("items = 100", "max-pages = 2\nlink-key = '/(\\d+)$'");
    let run = backfill(&scene.place, &[]).ok();
    assert!(run.stderr.contains("beginning anew, since the rules"), "{run:#?}");
    assert_eq!(scene.titles("news/all"), titles(30, 0));
}

#[test]
fn what_it_brings_is_no_news() {
    // A feed of two holds what polls found in the last 24 hours beyond those, but nothing that a backfill brought.
    let scene = archive("items = 2", &items(40, 0));
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(40, 39));
    scene.place.once();
    let entries = scene.entries();
    let state = database::texts(
        &scene.place.database(),
        "SELECT json_array(polled, due, etag, complete, walked, hex(rules), failures) FROM source",
    );
    let files = tree::files(&scene.feeds());
    backfill(&scene.place, &[]).ok();
    assert_eq!(scene.entries(), entries);
    let changed: Vec<String> = tree::files(&scene.feeds())
        .into_iter()
        .filter(|(name, file)| name.contains("all.") && files[name] != *file)
        .map(|(n, _)| n)
        .collect();
    assert_eq!(changed, ["news/all.html"], "old items below change nothing of a full feed; its page tells how many there are");
    assert_eq!(stored(&scene.place).len(), 41);
    assert_eq!(
        database::texts(
            &scene.place.database(),
            "SELECT json_array(polled, due, etag, complete, walked, hex(rules), failures) FROM source"
        ),
        state
    );
    // And polls go on as before: a condition, then news.
    scene.newsroom.take_log();
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 304)]);
    show(&scene, &items(44, 0));
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(44, 41), "four are news, so all four are shown");
}

#[test]
fn a_first_poll_after_a_backfill_is_a_first_one() {
    let scene = archive("items = 2", &items(30, 0));
    backfill(&scene.place, &["--pages", "2"]).ok();
    scene.newsroom.take_log();
    show(&scene, &items(33, 0));
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".into(), 200), (address(1), 200)], "it does not stop at known items");
    assert_eq!(scene.titles("news/all"), titles(33, 32), "its items are no news");
    backfill(&scene.place, &[]).ok();
    assert_eq!(stored(&scene.place).len(), 34);
    show(&scene, &items(36, 0));
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(36, 34), "those of the next one are");
}

#[test]
fn a_backfill_that_dies_amid_news_hides_none_from_polls() {
    // Polls know items 0 to 20 and stop at what is known; news fills seven pages when a backfill begins and dies on page 5.
    let scene = Scene::new("items = 100", "max-pages = 20");
    show(&scene, &items(20, 0));
    scene.place.once();
    show(&scene, &items(47, 0));
    scene.newsroom.take_log();
    let mut command = scene.place.command(&["backfill", "news"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
    scene.newsroom.wait_for(12);
    child.kill().expect("killed");
    child.wait().expect("ended");
    scene.place.once();
    assert_eq!(scene.titles("news/all"), titles(47, 0));
}

#[test]
fn two_at_a_time_are_one_too_many() {
    let scene = archive("items = 100", &items(30, 0));
    scene.newsroom.set(&address(3), Reply::Held);
    let process = Process::start(&mut scene.place.command(&["backfill", "news"]));
    scene.newsroom.wait_for_visits(&address(3), 1);
    let run = backfill(&scene.place, &[]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:#?}");
    assert!(run.stderr.contains("another process is taking in the archive of news"), "{run:#?}");
    // But `once` is none of its business.
    scene.place.once();
    scene.newsroom.page(&address(3), &page(&items(30, 0)[12..16], Some(&address(4))));
    assert_eq!(process.end().code, Some(0));
    assert_eq!(scene.titles("news/all"), titles(30, 0));
}

#[test]
fn told_to_stop_it_stores_what_it_read() {
    let scene = archive("items = 100", &items(60, 0));
    scene.newsroom.set(&address(7), Reply::Held);
    let mut process = Process::start(&mut scene.place.command(&["backfill", "news"]));
    scene.newsroom.wait_for_visits(&address(7), 1);
    process.signal("INT");
    let ended = process.end();
    assert_eq!(ended.code, Some(75), "{ended:#?}");
    assert!(ended.stdout.iter().any(|line| line.contains("goes on at page 8")), "{ended:#?}");
    assert_eq!(scene.titles("news/all"), titles(60, 33));
    scene.newsroom.page(&address(7), &page(&items(60, 0)[28..32], Some(&address(8))));
    backfill(&scene.place, &[]).ok();
    assert_eq!(scene.titles("news/all"), titles(60, 0));
}

#[test]
fn a_source_can_be_forgotten_amid_its_backfill() {
    let scene = archive("items = 100", &items(60, 0));
    backfill(&scene.place, &["--pages", "5"]).ok();
    scene.place.configure("", &source(&scene.newsroom, "other", "Other", "/other", ""));
    scene.place.run(&["forget", "news"]).ok();
    assert_eq!(
        database::texts(&scene.place.database(), "SELECT page FROM backfill UNION SELECT hex(link) FROM backfill_row"),
        [""; 0]
    );
    scene.configure("items = 100", "");
    assert!(backfill(&scene.place, &[]).ok().stderr.contains("from page 1"));
    assert_eq!(scene.titles("news/all"), titles(60, 0));
}

#[test]
fn what_was_forgotten_stays_away() {
    let scene = archive("items = 100", &items(30, 0));
    backfill(&scene.place, &["--pages", "5"]).ok();
    scene.place.run(&["forget", &scene.entry("Item 20").id]).ok();
    backfill(&scene.place, &[]).ok();
    backfill(&scene.place, &["--restart"]).ok();
    let want: Vec<String> = titles(30, 0).into_iter().filter(|title| title != "Item 20").collect();
    assert_eq!(scene.titles("news/all"), want);
}

#[test]
fn what_was_corrected_while_it_slept_is_one_item() {
    let scene = archive("items = 100", &items(60, 0));
    backfill(&scene.place, &["--pages", "5"]).ok();
    // Seven came on top; of those that were read one on the page that is looked at again was corrected, and one above.
    let mut rows = items(67, 0);
    for n in [20, 24, 26] {
        rows[n].title = format!("{}, corrected", rows[n].title);
    }
    show(&scene, &rows);
    backfill(&scene.place, &[]).ok();
    let all = scene.titles("news/all");
    assert_eq!(all.len(), 61, "{all:#?}");
    assert_eq!(all.iter().filter(|title| title.contains("corrected")).count(), 3, "{all:#?}");
}

#[test]
fn so_many_were_removed_while_it_slept_that_the_way_is_lost() {
    let scene = archive("items = 100", &items(60, 0));
    backfill(&scene.place, &["--pages", "5"]).ok();
    show(&scene, &items(60, 0)[12..]);
    let run = backfill(&scene.place, &[]).ok();
    assert!(run.stderr.contains("beginning at page 1 again"), "{run:#?}");
    assert_eq!(scene.titles("news/all"), titles(60, 0));
}

#[test]
fn the_archives_terms_are_no_flood() {
    let rows: Vec<Row> = (0..60).rev().map(|n| item(n).topics(&[&format!("Old topic {}", n / 2)])).collect();
    let scene = archive("items = 100", &rows[52..]);
    scene.place.once();
    show(&scene, &rows);
    backfill(&scene.place, &[]).ok();
    assert!(scene.feeds().join("news/topic/old-topic-29.atom").exists());
}

#[test]
fn wrong_arguments_are_told() {
    let scene = archive("", &items(4, 0));
    let run = scene.place.run(&["backfill", "nwes"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.contains("no source is called \"nwes\"; there are: news"), "{run:#?}");
    for args in [&["--since", "yesterday"][..], &["--since", "2024-02-30"], &["--pages", "0"], &["--pages", "many"]] {
        let run = backfill(&scene.place, args);
        assert_eq!(run.code, Some(2), "{run:#?}");
    }
    assert_eq!(scene.place.run(&["backfill"]).code, Some(2));
    assert!(scene.newsroom.take_log().is_empty());
}

#[test]
fn killed_among_pages_that_polls_know_it_does_not_begin_anew() {
    let scene = Scene::new("items = 100", "max-pages = 10");
    show(&scene, &items(79, 0));
    scene.place.once();
    scene.newsroom.set(&address(9), Reply::Held);
    scene.newsroom.take_log();
    let process = Process::start(&mut scene.place.command(&["backfill", "news", "--json"]));
    scene.newsroom.wait_for_visits(&address(9), 1);
    process.kill();
    show(&scene, &items(79, 0));
    let run = backfill(&scene.place, &[]).ok();
    assert!(run.stderr.contains("at page 6"), "{run:#?}");
}
