//! Feeds that the config defines. Promised: such a feed holds every item of its sources for which all keys of `match` hold, values of a key
//! being alternatives and words whole words; it follows edits and retagging; it stands at `/{id}` and in the lists.

use crate::support::binary::Place;
use crate::support::database;
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::tree;

fn scene(feeds: &str) -> (Newsroom, Place) {
    let newsroom = Newsroom::start();
    newsroom.page("/a", &page(&first(), None));
    newsroom.page("/b", &page(&second(), None));
    let sources = format!("{}{}", source(&newsroom, "a", "A", "/a", ""), source(&newsroom, "b", "B", "/b", ""));
    let place = Place::new("", &format!("{sources}{feeds}"));
    place.once();
    (newsroom, place)
}

fn first() -> Vec<Row> {
    vec![
        row("Election in Moldova", "5 May 2024", "/a/5").topics(&["Elections", "Media"]).department("ODIHR"),
        row("Elections, elections", "3 May 2024", "/a/3").topics(&["Elections"]).department("Secretariat"),
        row("A seminar", "1 May 2024", "/a/1")
            .topics(&["Media"])
            .department("ODIHR")
            .summary("On the <b>election</b>s’ coverage and more"),
    ]
}

fn second() -> Vec<Row> {
    vec![
        row("Press conference", "4 May 2024", "/b/4")
            .topics(&["elections"])
            .department("ODIHR")
            .summary("Before the ELECTION day"),
        row("Nothing", "2 May 2024", "/b/2"),
    ]
}

fn feed(id: &str, filter: &str) -> String {
    format!("[[feed]]\nid = \"{id}\"\ntitle = \"Of {id}\"\nmatch = {filter}\n")
}

#[test]
fn keys_must_all_hold_and_values_are_alternatives() {
    for (filter, want) in [
        ("{}", &["Election in Moldova", "Press conference", "Elections, elections", "Nothing", "A seminar"][..]),
        ("{ topic = [\"Elections\"], department = [\"ODIHR\"] }", &["Election in Moldova", "Press conference"]),
        ("{ topic = [\"ELECTIONS\", \"Media\"], source = \"a\" }", &["Election in Moldova", "Elections, elections", "A seminar"]),
        ("{ source = [\"a\", \"b\"], department = [\"Secretariat\", \"Nobody\"] }", &["Elections, elections"]),
        ("{ title = [\"election\"] }", &["Election in Moldova"]),
        ("{ title = [\"elections elections\", \"in moldova\"] }", &["Election in Moldova"]),
        ("{ text = [\"election day\", \"coverage\"] }", &["Press conference", "A seminar"]),
        ("{ text = [\"election\"], topic = [\"Elections\"] }", &["Election in Moldova", "Press conference"]),
        ("{ topic = [\"No such term\"] }", &[]),
        ("{ summary = [\"election day\"] }", &["Press conference"]),
        ("{ title = [\"elect*\"], not = { department = \"Secretariat\" } }", &["Election in Moldova"]),
        (
            "{ any = [{ title = \"ÉLECTION\" }, { source = \"b\", not = { text = \"nothing\" } }] }",
            &["Election in Moldova", "Press conference"],
        ),
        ("{ all = [{ text = \"election\" }, { text = \"coverage\" }] }", &["A seminar"]),
        ("{ since = 2024-05-03, until = \"2024-05-04\" }", &["Press conference", "Elections, elections"]),
        ("{ not = [{ topic = \"Media\" }, { title = \"nothing\" }, { until = 2024-05-03 }] }", &["Press conference"]),
    ] {
        let (_newsroom, place) = scene(&feed("mine", filter));
        let found = tree::feed(&place.feeds(), "mine");
        assert_eq!(found.title, "Of mine");
        assert_eq!(found.entries.iter().map(|e| e.title.as_str()).collect::<Vec<_>>(), want, "{filter}");
        assert_eq!(tree::opml(&place.feeds()).contains(&"mine.rss".to_owned()), !want.is_empty(), "{filter}");
        assert_eq!(tree::index(&place.feeds()).contains(&"mine.rss".to_owned()), !want.is_empty(), "{filter}");
    }
}

#[test]
fn what_a_feed_holds_is_said_wherever_it_is_shown() {
    let (_newsroom, place) = scene(&feed("mine", "{ source = \"a\", topic = \"Electons\", not = { title = \"draft*\" } }"));
    let words = "items from A, with “Electons” under “What we do”, not with “draft*” in the title";
    let check = place.run(&["check"]).ok().stdout;
    assert!(
        check.contains(words) && check.contains("no item ever had the topic \"Electons\"; did you mean \"Elections\"?"),
        "{check}"
    );
    assert!(place.run(&["feeds"]).ok().stdout.contains(words));
    assert_eq!(place.run(&["check", "--json"]).ok().json()["feeds"][0]["unseen"][0]["nearest"], "Elections");
    for document in ["mine.html", "mine.rss", "mine.json"] {
        let text = std::fs::read_to_string(place.feeds().join(document)).expect("a document");
        assert!(text.contains(words), "{document}: {text}");
    }
}

#[test]
fn what_is_forgotten_is_in_no_feed_and_a_feed_that_goes_leaves_no_row() {
    let (_newsroom, place) =
        scene(&(feed("mine", "{ text = \"election\" }") + &feed("other", "{ not = { text = \"election\" } }")));
    let titles = || tree::titles(&place.feeds(), "mine");
    assert_eq!(titles(), ["Election in Moldova", "Press conference", "A seminar"]);
    let guid = tree::feed(&place.feeds(), "mine").entries[1].id.clone();
    let told = place.run(&["forget", &guid]).ok().stdout;
    assert!(told.contains("took it out of feed mine") && !told.contains("feed other"), "{told}");
    assert_eq!(titles(), ["Election in Moldova", "A seminar"]);
    place.once();
    assert_eq!(titles(), ["Election in Moldova", "A seminar"]);
    let rows = || database::texts(&place.database(), "SELECT l.address || ' ' || l.items FROM list l ORDER BY 1");
    assert_eq!(rows(), ["mine 2", "other 2"]);
    let text = std::fs::read_to_string(place.config()).expect("a config");
    std::fs::write(place.config(), text.replace(&feed("mine", "{ text = \"election\" }"), "")).expect("a config");
    let files = tree::files(&place.feeds());
    place.once();
    assert_eq!(rows(), ["other 2"]);
    assert_eq!(tree::files(&place.feeds())["mine.atom"], files["mine.atom"], "its documents stay until it is forgotten");
    let left =
        database::texts(&place.database(), "SELECT (SELECT count(*) FROM question) || ' ' || (SELECT count(*) FROM list_item)");
    assert_eq!(left, ["1 2"]);
    assert_eq!(place.run(&["doctor"]).code, Some(0));
}

#[test]
fn doctor_mends_what_stands_in_feeds_where_it_does_not_belong() {
    let (_newsroom, place) = scene(&feed("mine", "{ text = \"election\" }"));
    let files = tree::files(&place.feeds());
    database::run(
        &place.database(),
        "UPDATE list_item SET position = position + 1000 WHERE item = (SELECT max(item) FROM list_item)",
    );
    assert_eq!(place.run(&["doctor"]).code, Some(65));
    place.run(&["doctor", "--repair"]).ok();
    place.once();
    assert!(tree::files(&place.feeds()) == files);
    assert_eq!(place.run(&["doctor"]).code, Some(0));
}

#[test]
fn questions_that_are_too_much_are_refused_briefly() {
    let newsroom = Newsroom::start();
    let deep =
        format!("{}{{ title = \"x\" }}{}", "{ any = [{ title = \"y\" }, { all = [{ not = ".repeat(12), " }] }] }".repeat(12));
    for (filter, told) in [
        (deep.as_str(), "is nested more than 8 deep"),
        (&format!("{{ title = \"{}\" }}", "word ".repeat(20_000)), "is longer than 1000 bytes"),
        (&format!("{{ title = [{}] }}", "'word', ".repeat(5_000)), "holds 5001 tables and values, more than 5000"),
        (&format!("{{ all = [{}] }}", "{ all = [], any = [{}] }, ".repeat(100_000)), "more than 5000"),
        ("{ any = [], all = [], not = [], title = [], topic = [] }", "`any` must not be empty"),
        ("{ any = [{ not = { topics = \"x\" } }] }", "did you mean `topic`?"),
    ] {
        let place = Place::new("", &(source(&newsroom, "a", "A", "/a", "") + &feed("mine", filter)));
        let run = place.run(&["check"]);
        assert_eq!(run.code, Some(78), "{run:#?}");
        assert!(run.stderr.contains(told) && run.stderr.len() < 20_000, "{} bytes: {:.2000}", run.stderr.len(), run.stderr);
    }
}

#[test]
fn a_question_as_large_and_as_deep_as_may_be_is_answered() {
    let words: String = (0..4_900).map(|n| format!("'word{n}*', ")).collect();
    let mut filter = format!("{{ title = ['nothing', {words}] }}");
    for how in ["not", "all", "any", "not", "any", "all", "all"] {
        filter = format!("{{ {how} = [{filter}, {{ source = 'b' }}] }}");
    }
    let (_newsroom, place) = scene(&feed("mine", &filter));
    let run = place.run(&["check"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{:.2000}", run.stderr);
    // Step by step: all of A, none, all of B, all of A, all, and twice all of B.
    assert_eq!(tree::titles(&place.feeds(), "mine"), ["Press conference", "Nothing"]);
    for document in ["mine.rss", "mine.json", "mine.html"] {
        let size = std::fs::metadata(place.feeds().join(document)).expect("a document").len();
        assert!(size < 100_000, "{document} has {size} bytes");
    }
}

#[test]
fn items_are_the_same_in_every_feed() {
    let (_newsroom, place) = scene(&feed("mine", "{}"));
    let mut of_sources: Vec<_> = ["a/all", "b/all"].iter().flat_map(|a| tree::feed(&place.feeds(), a).entries).collect();
    let mut mine = tree::feed(&place.feeds(), "mine").entries;
    of_sources.sort();
    mine.sort();
    assert_eq!(mine, of_sources);
}

#[test]
fn a_feed_follows_edits_and_retagging_and_is_left_alone_otherwise() {
    let (newsroom, place) = scene(&feed("mine", "{ topic = [\"Media\"], title = [\"seminar\", \"workshop\"] }"));
    let titles = || tree::titles(&place.feeds(), "mine");
    assert_eq!(titles(), ["A seminar"]);
    let changed = tree::changed(&place.feeds(), "mine");
    let show = |edit: &dyn Fn(Row) -> Row| {
        let mut rows = first();
        rows[2] = edit(rows[2].clone());
        newsroom.page("/a", &page(&rows, None));
        place.once();
    };
    show(&|r| r.title("A workshop"));
    assert_eq!(titles(), ["A workshop"]);
    assert!(tree::changed(&place.feeds(), "mine") > changed);
    show(&|r| r.title("A round table"));
    assert_eq!(titles(), [""; 0]);
    assert!(!tree::opml(&place.feeds()).contains(&"mine.rss".to_owned()));
    show(&|r| r.title("A seminar"));
    assert_eq!(titles(), ["A seminar"]);
    show(&|r| r.topics(&["Elections"]));
    assert_eq!(titles(), [""; 0]);

    let files = tree::files(&place.feeds());
    newsroom.page("/b", &page(&[vec![row("More", "6 May 2024", "/b/6")], second()].concat(), None));
    place.once();
    assert_eq!(tree::files(&place.feeds())["mine.atom"], files["mine.atom"]);
}

#[test]
fn another_match_is_another_selection_at_once() {
    let (newsroom, place) = scene(&feed("mine", "{ topic = [\"Media\"] }"));
    let id = tree::feed(&place.feeds(), "mine").id;
    newsroom.take_log();
    let text = std::fs::read_to_string(place.config()).expect("a config");
    std::fs::write(place.config(), text.replace("{ topic = [\"Media\"] }", "{ source = \"b\" }")).expect("a config");
    place.once();
    assert!(newsroom.take_visits().iter().all(|(_, status)| *status == 304));
    let feed = tree::feed(&place.feeds(), "mine");
    assert_eq!(feed.entries.iter().map(|e| e.title.as_str()).collect::<Vec<_>>(), ["Press conference", "Nothing"]);
    assert_eq!(feed.id, id);
}

#[test]
fn a_feed_added_later_holds_what_is_stored() {
    let (_newsroom, place) = scene("");
    let text = std::fs::read_to_string(place.config()).expect("a config");
    std::fs::write(place.config(), format!("{text}{}", feed("late", "{ department = [\"ODIHR\"] }"))).expect("a config");
    place.once();
    assert_eq!(tree::titles(&place.feeds(), "late"), ["Election in Moldova", "Press conference", "A seminar"]);
    assert!(tree::opml(&place.feeds()).contains(&"late.rss".to_owned()));
}
