//! `forget ITEM`. Promised: the item leaves every feed, nothing of its text stays in the database, it never comes back, and its guid is given
//! to no other item. Nothing else is lost, and without a word to `forget` nothing is.

use std::time::Duration;

use newsroomd::publish::{Lock, Purpose};

use crate::support::binary::{Place, Run};
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;
use crate::support::{database, tree};

const TITLE: &str = "Zanzibar ambassador resigns";

fn one() -> Row {
    row(TITLE, "2 May 2024", "/zanzibar-1").topics(&["A", "B"]).department("Vienna").summary("Quicksilver words")
}

fn others() -> Vec<Row> {
    (2..6).map(|n| row(&format!("Other {n}"), &format!("{} May 2024", n - 1), &format!("/{n}")).topics(&["A"])).collect()
}

fn with(rows: &[Row]) -> Vec<Row> {
    [rows.to_vec(), others()].concat()
}

const OWN: &str = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { title = [\"ambassador\"] }\n";

/// A scene that has seen the one and the others, with a feed of one's own that holds the one.
fn scene(keys: &str) -> Scene {
    let scene = Scene::new("", keys);
    scene.place.configure("", &format!("{}{OWN}", source(&scene.newsroom, "news", "News", "/news", keys)));
    scene.poll(&with(&[one()]));
    scene
}

#[track_caller]
fn refused(run: &Run) {
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:#?}");
    assert!(run.stderr.starts_with("newsroomd: "), "{run:#?}");
}

/// Everything that is stored and published, but for locks.
type Everything =
    (std::collections::BTreeMap<String, Vec<String>>, std::collections::BTreeMap<String, (Vec<u8>, std::time::SystemTime)>);

fn everything(place: &Place) -> Everything {
    (database::tables(&place.database()), tree::files(&place.feeds()))
}

/// No document and no table tells of the one.
#[track_caller]
fn assert_gone(scene: &Scene) {
    for (name, (bytes, _)) in tree::files(&scene.feeds()) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!["Zanzibar", "zanzibar", "Quicksilver"].iter().any(|w| text.contains(w)), "{name}: {text}");
    }
    for word in ["Zanzibar", "zanzibar", "Quicksilver"] {
        assert!(!database::holds_text(&scene.place.database(), word), "{word}");
    }
}

#[test]
fn an_item_leaves_every_feed_and_the_others_stay_as_they_are() {
    let scene = scene("");
    let before = scene.entries();
    let guid = scene.entry(TITLE).id;
    let changed = tree::changed(&scene.feeds(), "news/all");
    let run = scene.place.run(&["forget", &guid]).ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[..6],
        [
            &format!("forgot item {guid} \"{TITLE}\" of 2024-05-02 (news)"),
            "took it out of feed news/all",
            "took it out of feed news/department/vienna",
            "took it out of feed news/topic/a",
            "took it out of feed news/topic/b",
            "took it out of feed mine",
        ],
        "{run:#?}"
    );
    assert!(lines[6].ends_with(" files stand published") && lines.len() == 7 && run.stderr.is_empty(), "{run:#?}");
    assert_gone(&scene);
    let left: Vec<_> = before.into_iter().filter(|e| e.id != guid).collect();
    assert_eq!(scene.entries(), left);
    assert_eq!(scene.titles("news/topic/a"), ["Other 5", "Other 4", "Other 3", "Other 2"]);
    assert_eq!((scene.titles("news/topic/b").len(), scene.titles("mine").len()), (0, 0));
    assert_eq!(tree::opml(&scene.feeds()), ["news/all.rss", "news/topic/a.rss"]);
    assert!(tree::changed(&scene.feeds(), "news/all") > changed, "readers are told");
    // And nothing waits to be done.
    let published = everything(&scene.place);
    scene.place.run(&["once"]).ok();
    assert_eq!(everything(&scene.place), published);
}

#[test]
fn a_guid_is_taken_with_and_without_its_name_space_and_a_link_in_any_spelling() {
    let scene = scene("link-key = '-(\\d+)$'");
    let dry = |target: &str| scene.place.run(&["forget", "--dry-run", "--json", target]).ok().json()["items"][0]["guid"].clone();
    let guid = scene.entry(TITLE).id;
    let bare = guid.trim_start_matches("urn:uuid:");
    let link = scene.newsroom.url("/zanzibar-1");
    for target in [
        guid.as_str(),
        bare,
        &bare.to_uppercase(),
        &guid.to_uppercase(),
        &link,
        &format!("{link}?utm_source=feed#top"),
        &link.replace("http://", "https://"),
        &scene.newsroom.url("/another/path-1"),
    ] {
        assert_eq!(dry(target), guid.as_str(), "{target}");
    }
}

#[test]
fn a_dry_run_says_what_would_go_and_changes_nothing() {
    let scene = scene("");
    let guid = scene.entry(TITLE).id;
    let (before, stored) = (everything(&scene.place), database::files(&scene.place.database()));
    let run = scene.place.run(&["forget", &guid, "--dry-run"]).ok();
    assert_eq!(run.stdout.lines().next(), Some(format!("would forget item {guid} \"{TITLE}\" of 2024-05-02 (news)").as_str()));
    assert_eq!(run.stdout.matches("would take it out of feed ").count(), 5, "{run:#?}");
    let mut dry = scene.place.run(&["forget", &guid, "--dry-run", "--json"]).ok().json();
    assert!(database::files(&scene.place.database()) == stored, "not a byte");
    assert_eq!(everything(&scene.place), before);
    let done = scene.place.run(&["forget", &guid, "--json"]).ok().json();
    assert_eq!((&dry["dry-run"], &done["dry-run"], &done["published"]), (&true.into(), &false.into(), &true.into()));
    (dry["dry-run"], dry["published"]) = (false.into(), true.into());
    assert_eq!(dry, done, "what was announced is what was done");
    assert_eq!(done["items"][0]["link"], scene.newsroom.url("/zanzibar-1"));
}

#[test]
fn nothing_of_its_text_is_left_in_the_database() {
    // Much is edited and retagged first, so that copies lie about in the file.
    let scene = scene("");
    for turn in 0..6 {
        let filler = |n: usize| {
            row(&format!("Filler {turn}-{n}"), "1 May 2024", &format!("/f{turn}-{n}")).summary(&"words ".repeat(30 + 20 * turn))
        };
        let edited =
            one().title(&format!("{TITLE} {turn}")).summary(&format!("{} {turn}", "Quicksilver words ".repeat(1 + turn * 20)));
        scene.poll(&[vec![edited.topics(&["A"])], others(), (0..60).map(filler).collect()].concat());
    }
    let guid = scene.entry(&format!("{TITLE} 5")).id;
    assert!(database::holds_text(&scene.place.database(), "Quicksilver"));
    // Another process has the database open, so that its log outlives this run.
    let run = database::during(&scene.place.database(), "SELECT count(*) FROM item; BEGIN", || {
        let run = scene.place.run(&["forget", &guid]).ok();
        assert!(database::files(&scene.place.database()).keys().any(|f| f.ends_with("-wal")), "the log is there");
        assert_gone(&scene);
        run
    });
    assert!(run.stderr.is_empty(), "{run:#?}");
    assert_gone(&scene);
    // The rest is what it was.
    assert_eq!(database::tables(&scene.place.database())["item"].len(), 4 + 6 * 60);
}

#[test]
fn a_process_that_reads_on_is_told_of_and_the_rest_can_be_erased_later() {
    let scene = scene("");
    let guid = scene.entry(TITLE).id;
    let run =
        database::during(&scene.place.database(), "BEGIN; SELECT count(*) FROM item", || scene.place.run(&["forget", &guid]));
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stdout.starts_with("forgot item"), "{run:#?}");
    assert!(run.stderr.contains("it is forgotten, but another process went on reading"), "{run:#?}");
    assert!(run.stderr.contains("may be left in the database's files until `newsroomd once` has run"), "{run:#?}");
    scene.newsroom.set("/news", Reply::HangUp);
    scene.place.run(&["once"]).ok();
    assert!(database::tables(&scene.place.database())["erasure"].is_empty(), "done");
    assert_gone(&scene);
    let run = scene.place.run(&["forget", &guid]).ok();
    assert!(run.stdout.starts_with("it was forgotten before"), "{run:#?}");
    assert_gone(&scene);
    assert_eq!(scene.place.run(&["forget", &guid, "--json"]).ok().json()["kind"], "forgotten-before");
    assert!(scene.place.run(&["forget", &scene.newsroom.url("/zanzibar-1")]).ok().stdout.starts_with("it was forgotten before"));
}

#[test]
fn it_never_comes_back() {
    let scene = scene("");
    scene.place.run(&["forget", &scene.entry(TITLE).id]).ok();
    let published = tree::files(&scene.feeds());
    let edited = one().title("Zanzibar ambassador withdraws");
    for (how, rows) in [
        ("by the same row on a page that changed", vec![one(), others()[0].clone().summary("Other words")]),
        ("by other terms", vec![one().topics(&["Zanzibar"])]),
        ("by an edited title", vec![edited.clone()]),
        ("by an edited summary", vec![edited.clone().summary("Quicksilver at last")]),
        ("by a corrected date", vec![edited.clone().date("3 May 2024")]),
        ("by a repost of what was edited", vec![edited.clone().date("3 May 2024").link("/zanzibar-news")]),
        ("by a repost", vec![one().link("/zanzibar-2"), one()]),
        ("by a repost that is edited", vec![one().title("Zanzibar again").link("/zanzibar-2")]),
        ("by a row without a link", vec![one().link("")]),
    ] {
        scene.newsroom.page("/news", &format!("{}<!-- {how} -->", page(&[rows, others()].concat(), None)));
        let run = scene.place.run(&["once", "--all", "--json"]).ok();
        assert_eq!(run.json()["sources"][0]["new"], 0, "{how}: {run:#?}");
        assert_gone(&scene);
        assert_eq!(scene.entries().len(), 4, "{how}");
        assert_eq!(tree::addresses(&scene.feeds()).len(), 5, "{how}: no feed of its terms");
    }
    assert_eq!(tree::files(&scene.feeds()).len(), published.len());
    // Once noted, all that costs no row.
    let stored = database::tables_but_source(&scene.place.database());
    scene.newsroom.page("/news", &format!("{}<!-- again -->", page(&with(&[one(), one().link("/zanzibar-2")]), None)));
    scene.place.once();
    assert_eq!(database::tables_but_source(&scene.place.database()), stored);
}

#[test]
fn not_even_when_all_of_a_source_is_forgotten() {
    let scene = Scene::new("", "");
    scene.poll(&[one()]);
    scene.place.run(&["forget", &scene.entry(TITLE).id]).ok();
    scene.newsroom.page("/news", &format!("{}<!-- again -->", page(&[one()], None)));
    scene.place.once();
    assert_gone(&scene);
    assert_eq!(scene.entries(), []);
}

#[test]
fn neither_its_first_title_nor_any_of_its_links_brings_it_back() {
    let scene = scene("");
    let long = one().link("/zanzibar-long");
    scene.poll(&with(&[one().title("Zanzibar ambassador withdraws"), long.clone()]));
    scene.poll(&with(&[one().title("Zanzibar ambassador withdraws"), long.clone().title("Zanzibar ambassador withdraws")]));
    let guid = scene.entry("Zanzibar ambassador withdraws").id;
    scene.place.run(&["forget", &guid]).ok();
    for row in [long.title("Zanzibar ambassador gone"), one().link("/zanzibar-new")] {
        scene.poll(&with(&[row]));
        assert_gone(&scene);
        assert_eq!(scene.entries().len(), 4);
    }
}

#[test]
fn another_story_is_news_though_it_has_the_link_or_the_title() {
    let scene = scene("");
    scene.place.run(&["forget", &scene.entry(TITLE).id]).ok();
    let news = [row("A week later", "9 May 2024", "/zanzibar-1"), one().date("10 May 2024").link("/new").topics(&[])];
    scene.poll(&with(&news));
    assert_eq!(scene.titles("news/all")[..2], [TITLE, "A week later"]);
}

#[test]
fn its_guid_is_given_to_no_other_item() {
    let scene = Scene::new("", "identity = \"title+date+link\"");
    let at = |link: &str| row("Statement", "2 May 2024", link);
    scene.poll(&[at("/a")]);
    let guid = scene.entry("Statement").id;
    scene.place.run(&["forget", &guid]).ok();
    scene.poll(&[at("/a"), at("/b")]);
    let second = scene.entry("Statement");
    assert_eq!(second.link, Some(scene.newsroom.url("/b")));
    assert_ne!(second.id, guid);
    // The second has a counter, and is found by its guid too.
    assert!(scene.place.run(&["forget", &second.id]).ok().stdout.starts_with("forgot item"));
    scene.poll(&[at("/a"), at("/b"), at("/c")]);
    let third = scene.entry("Statement");
    assert!(![guid, second.id.clone()].contains(&third.id), "{third:?}");
    assert!(scene.place.run(&["forget", &second.id]).ok().stdout.starts_with("it was forgotten before"));
}

#[test]
fn a_page_of_known_and_forgotten_rows_ends_the_walk() {
    let scene = Scene::new("", "");
    let older: Vec<Row> = (10..13).map(|n| row(&format!("Older {n}"), "1 April 2024", &format!("/{n}"))).collect();
    let rows = with(&[one()]);
    scene.show(&[&rows, &older]);
    scene.place.once();
    scene.place.run(&["forget", &scene.entry(TITLE).id]).ok();
    scene.newsroom.take_log();
    let pages = [with(&[one().title("Zanzibar, edited")]), with(&[one(), one().link("/zanzibar-2")])];
    for rows in pages {
        scene.show(&[&rows, &older]);
        scene.place.once();
        assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 200)]);
    }
    // A new row does not end it.
    scene.show(&[&with(&[row("New", "3 May 2024", "/new"), one()]), &older]);
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits(), [("/news".to_owned(), 200), ("/news?page=1".to_owned(), 200)]);
}

#[test]
fn positions_and_order_of_the_rest_do_not_move() {
    let scene = Scene::new("", "");
    let day: Vec<Row> = (1..6).map(|n| row(&format!("Item {n}"), "2 May 2024", &format!("/{n}"))).collect();
    scene.poll(&day);
    scene.place.run(&["forget", &scene.entry("Item 3").id]).ok();
    assert_eq!(scene.titles("news/all"), ["Item 1", "Item 2", "Item 4", "Item 5"]);
    let mut more = day.clone();
    more.insert(3, row("Between", "2 May 2024", "/b"));
    scene.poll(&more);
    assert_eq!(scene.titles("news/all"), ["Item 1", "Item 2", "Between", "Item 4", "Item 5"]);
}

#[test]
fn a_full_feed_gains_an_older_item_below() {
    let scene = Scene::new("items = 3", "");
    scene.poll(&with(&[one().date("20 May 2024")]));
    assert_eq!(scene.titles("news/all"), [TITLE, "Other 5", "Other 4"]);
    scene.place.run(&["forget", &scene.entry(TITLE).id]).ok();
    assert_eq!(scene.titles("news/all"), ["Other 5", "Other 4", "Other 3"]);
}

#[test]
fn a_link_of_several_items_asks_for_the_guid() {
    let scene = Scene::new("", "");
    scene.poll(&[row("First", "1 May 2024", "/landing"), row("Second", "2 May 2024", "/landing")]);
    let before = everything(&scene.place);
    let run = scene.place.run(&["forget", &scene.newsroom.url("/landing")]);
    refused(&run);
    assert!(run.stderr.contains("2 items were seen at"), "{run:#?}");
    for (title, day) in [("First", "01"), ("Second", "02")] {
        let line = format!("  {} \"{title}\" of 2024-05-{day} (news)", scene.entry(title).id);
        assert!(run.stderr.lines().any(|l| l == line), "{line} in {run:#?}");
    }
    assert_eq!(everything(&scene.place), before);
}

#[test]
fn what_is_not_found_is_one_sentence_with_a_way_on() {
    let scene = scene("");
    let before = everything(&scene.place);
    for (target, told) in [
        ("urn:uuid:00000000-0000-5000-8000-000000000000", "no item has the guid urn:uuid:00000000-0000-5000-8000-000000000000"),
        (&*scene.newsroom.url("/nowhere"), "look for its guid in the feeds"),
        ("https://feeds.example.org/news/topik/a.rss", "did you mean news/topic/a?"),
        ("news/topic/aa", "did you mean news/topic/a?"),
        ("nwes", "did you mean news?"),
        ("something else", "`newsroomd feeds` shows all addresses"),
        ("../../etc/passwd", "`newsroomd feeds` shows all addresses"),
        ("news/all", "or all of it with `newsroomd forget news`"),
    ] {
        for args in [&["forget", target][..], &["forget", "--dry-run", target]] {
            let run = scene.place.run(args);
            refused(&run);
            assert!(run.stderr.contains(told) && run.stderr.lines().count() == 1, "{told} in {run:#?}");
        }
    }
    assert_eq!(everything(&scene.place), before);
}

#[test]
fn a_missing_database_is_not_made() {
    let place = Scene::new("", "").place;
    for args in [&["forget", "x"][..], &["forget", "--dry-run", "x"]] {
        let run = place.run(args);
        refused(&run);
        assert!(run.stderr.contains("there is no database"), "{run:#?}");
        assert!(!place.path().join("state").exists());
    }
}

#[test]
fn beside_a_process_that_publishes_it_is_published_later() {
    let scene = scene("");
    let guid = scene.entry(TITLE).id;
    let published = tree::files(&scene.feeds());
    let lock = Lock::take(&scene.place.database(), Purpose::Once, Duration::ZERO).expect("the lock");
    let run = scene.place.run(&["forget", &guid]).ok();
    assert!(run.stdout.contains("still to be taken out of: feed news/topic/b"), "{run:#?}");
    assert!(run.stdout.contains("another newsroomd is publishing"), "{run:#?}");
    assert_eq!(tree::files(&scene.feeds()), published);
    assert!(!database::holds_text(&scene.place.database(), "Quicksilver"), "what is stored is erased at once");
    drop(lock);
    // Not even a round that asks nobody leaves it.
    scene.newsroom.set("/news", Reply::HangUp);
    scene.place.run(&["once"]).ok();
    assert_gone(&scene);
}

#[test]
fn a_publishing_that_read_before_does_not_clear_the_mark() {
    // It began in the same second as the forgetting, and holds the mark of then.
    let scene = scene("");
    let guid = scene.entry(TITLE).id;
    database::run(&scene.place.database(), "UPDATE channel SET stale = 4000000000");
    let _lock = Lock::take(&scene.place.database(), Purpose::Once, Duration::ZERO).expect("the lock");
    let revisions = || -> Vec<i64> {
        let channels = database::tables(&scene.place.database())["channel"].clone();
        let revision =
            |c: &String| c.split("revision=").nth(1).and_then(|n| n.split(' ').next()?.parse().ok()).expect("a number");
        channels.iter().map(revision).collect()
    };
    let before = revisions();
    scene.place.run(&["forget", &guid]).ok();
    let after = revisions();
    assert!(!before.is_empty() && before.iter().zip(&after).all(|(b, a)| a > b), "{before:?} {after:?}");
}

#[test]
fn documents_that_are_not_written_any_more_do_not_keep_it() {
    let scene = scene("");
    let guid = scene.entry(TITLE).id;
    let keys = source(&scene.newsroom, "news", "News", "/news", "");
    scene.place.configure("formats = [\"atom\"]", &format!("{keys}{OWN}"));
    scene.place.once();
    assert!(scene.feeds().join("news/all.rss").exists(), "left from before");
    // A feed that is no longer configured cannot be made anew, so it has to go first, or to come back.
    scene.place.configure("formats = [\"atom\"]", &keys);
    let before = everything(&scene.place);
    for args in [&["forget", &guid][..], &["forget", "--dry-run", &guid]] {
        let run = scene.place.run(args);
        refused(&run);
        assert!(run.stderr.contains("`newsroomd forget mine`"), "{run:#?}");
        assert_eq!(everything(&scene.place), before);
    }
    scene.place.run(&["forget", "mine"]).ok();
    let run = scene.place.run(&["forget", &guid]).ok();
    assert!(run.stdout.contains("removed file news/topic/b.json"), "{run:#?}");
    assert_gone(&scene);
    // Other documents of those formats are left in peace.
    assert!(!scene.feeds().join("news/all.rss").exists() && scene.feeds().join("news/all.atom").exists());
}

#[test]
fn an_item_of_a_source_that_is_no_longer_configured_goes_with_the_source() {
    let scene = scene("");
    let guid = scene.entry(TITLE).id;
    scene.place.configure("", &source(&scene.newsroom, "other", "Other", "/other", ""));
    let run = scene.place.run(&["forget", &guid]);
    refused(&run);
    assert!(run.stderr.contains("`newsroomd forget news`") && run.stderr.contains("`newsroomd forget mine`"), "{run:#?}");
    for target in ["news", "mine"] {
        scene.place.run(&["forget", target]).ok();
    }
    assert_gone(&scene);
}

#[test]
fn an_item_of_an_old_database_can_be_forgotten() {
    let scene = scene("");
    let guid = scene.entry(TITLE).id;
    database::make_old(&scene.place.database());
    let run = scene.place.run(&["forget", "--dry-run", &guid]);
    refused(&run);
    assert!(run.stderr.contains("older newsroomd"), "a dry run does not bring it up to date: {run:#?}");
    scene.place.run(&["forget", &guid]).ok();
    assert_gone(&scene);
    scene.poll(&with(&[one(), row("New", "3 May 2024", "/new")]));
    assert_gone(&scene);
    assert_eq!(scene.entries().len(), 5);
}
