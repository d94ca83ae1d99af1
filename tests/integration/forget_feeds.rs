//! `forget TERM` and `forget SOURCE`. Promised: a term's feed goes and does not come back, its items stay; of a source everything goes, and
//! nothing else does; what would come back by itself is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use newsroomd::publish::{Lock, Purpose};

use crate::support::binary::Run;
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;
use crate::support::{database, tree};

fn rows() -> Vec<Row> {
    vec![
        row("Three", "3 May 2024", "/3").topics(&["Water", "Subscribe!"]).department("Vienna"),
        row("Two", "2 May 2024", "/2").topics(&["Subscribe!"]),
        row("One", "1 May 2024", "/1").topics(&["Water"]),
    ]
}

const JUNK: &str = "news/topic/subscribe";
const OWN: &str = "[[feed]]\nid = \"mine\"\ntitle = \"Mine\"\nmatch = { topic = [\"Subscribe!\"] }\n";

/// A scene with a feed of one's own by the term that is to go.
fn scene(keys: &str) -> Scene {
    let scene = Scene::new("", keys);
    configure(&scene, keys);
    scene.poll(&rows());
    scene
}

fn configure(scene: &Scene, keys: &str) {
    scene.place.configure("", &format!("{}{OWN}", source(&scene.newsroom, "news", "News", "/news", keys)));
}

fn alias(scene: &Scene, alias: &str) {
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    std::fs::write(
        scene.place.config(),
        text.replace("[source.facet.department]", &format!("alias = {{ {alias} }}\n[source.facet.department]")),
    )
    .expect("a config");
}

fn categories(scene: &Scene) -> Vec<String> {
    scene.entries().into_iter().flat_map(|e| e.categories).map(|(_, term)| term).collect()
}

#[track_caller]
fn refused(run: &Run, told: &str) {
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (Some(1), "", 1), "{run:#?}");
    assert!(run.stderr.starts_with("newsroomd: ") && run.stderr.contains(told), "{told} in {run:#?}");
}

fn files_of(scene: &Scene, address: &str) -> usize {
    tree::files(&scene.feeds()).keys().filter(|f| f.starts_with(&format!("{address}."))).count()
}

#[test]
fn a_terms_feed_goes_and_its_items_stay_without_it() {
    let scene = scene("");
    let before = scene.entries();
    let run = scene.place.run(&["forget", JUNK]).ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    let removed = ["rss", "atom", "json", "html"].map(|e| format!("removed file {JUNK}.{e}"));
    assert_eq!(lines[0], "forgot term \"Subscribe!\" (news/topic/subscribe)");
    assert_eq!(lines[1], format!("ended feed {JUNK}"));
    assert_eq!(lines[2..6], removed);
    assert_eq!(lines[6], "2 items stay, without this category");
    assert_eq!((files_of(&scene, JUNK), lines.len()), (0, 8), "{run:#?}");
    assert_eq!(categories(&scene), ["Water", "Vienna", "Water"]);
    let without = |entries: Vec<tree::Entry>| -> Vec<tree::Entry> {
        entries.into_iter().map(|e| tree::Entry { categories: Vec::new(), ..e }).collect()
    };
    assert_eq!(without(scene.entries()), without(before), "nothing else of the items changed, and it is no edit");
    assert_eq!(scene.titles("mine"), [""; 0], "a selection by the term holds nothing");
    assert_eq!(scene.titles("news/topic/water"), ["Three", "One"]);
    for list in [tree::opml(&scene.feeds()), tree::index(&scene.feeds())] {
        assert!(!list.iter().any(|d| d.starts_with(JUNK)), "{list:?}");
    }
    assert!(!scene.place.run(&["feeds"]).ok().stdout.contains(JUNK));
}

#[test]
fn pages_that_still_name_a_forgotten_term_make_no_feed_and_no_category_of_it() {
    let scene = scene("");
    scene.place.run(&["forget", JUNK]).ok();
    let news = row("Four", "4 May 2024", "/4").topics(&["SUBSCRIBE!", "Water"]);
    let edited = rows()[1].clone().title("Two, edited");
    scene.poll(&[vec![news.clone(), rows()[0].clone(), edited], rows()[2..].to_vec()].concat());
    // Another sighting, too.
    scene.poll(&[vec![news], rows(), vec![rows()[1].clone().link("/again")]].concat());
    assert_eq!(files_of(&scene, JUNK), 0);
    assert!(!categories(&scene).iter().any(|c| c.eq_ignore_ascii_case("subscribe!")), "{:?}", categories(&scene));
    assert_eq!(scene.titles("news/topic/water"), ["Four", "Three", "One"]);
    assert_eq!(scene.titles("mine"), [""; 0]);
    // Neither do other settings bring it back.
    configure(&scene, "max-terms = 400");
    alias(&scene, "\"Nothing\" = \"At all\"");
    scene.place.once();
    configure(&scene, "");
    scene.place.once();
    assert_eq!(files_of(&scene, JUNK), 0);
    assert!(scene.place.run(&["forget", JUNK]).ok().stdout.starts_with("it was forgotten before"));
}

#[test]
fn its_address_is_given_to_no_other_term() {
    let scene = scene("");
    scene.place.run(&["forget", JUNK]).ok();
    scene.poll(&[vec![row("Four", "4 May 2024", "/4").topics(&["Subscribe?"])], rows()].concat());
    assert_eq!(files_of(&scene, JUNK), 0);
    let other: Vec<String> = tree::addresses(&scene.feeds()).into_iter().filter(|a| a.starts_with(JUNK)).collect();
    assert_eq!(other.len(), 1);
    assert_eq!((other[0].len(), scene.titles(&other[0])), (JUNK.len() + 7, vec!["Four".to_owned()]), "{other:?}");
}

#[test]
fn a_forgotten_term_leaves_room_for_another() {
    let scene = scene("max-terms = 2");
    scene.place.run(&["forget", JUNK]).ok();
    let run = scene.poll(&[vec![row("Four", "4 May 2024", "/4").topics(&["Air"])], rows()].concat());
    assert!(!run.stderr.contains("too many"), "{run:#?}");
    assert_eq!(scene.titles("news/topic/air"), ["Four"]);
}

#[test]
fn a_term_is_taken_by_address_and_by_url() {
    let scene = scene("");
    let (before, stored) = (tree::files(&scene.feeds()), database::files(&scene.place.database()));
    let urls =
        ["", ".rss", ".atom", ".json", ".html", ".{rss,atom,json}"].map(|end| format!("https://feeds.example.org/{JUNK}{end}"));
    for target in urls.iter().map(String::as_str).chain([JUNK, "news/topic/subscribe.rss", "/news/topic/subscribe"]) {
        let json = scene.place.run(&["forget", "--dry-run", "--json", target]).ok().json();
        let files = ["rss", "atom", "json", "html"].map(|e| format!("{JUNK}.{e}"));
        assert_eq!(
            [&json["kind"], &json["feeds"], &json["files"], &json["items"], &json["items-kept"]],
            [&"term".into(), &serde_json::json!([JUNK]), &serde_json::json!(files), &serde_json::json!([]), &2.into()],
            "{target}"
        );
    }
    let run = scene.place.run(&["forget", "--dry-run", JUNK]).ok();
    assert!(run.stdout.lines().all(|l| l.starts_with("would ") || l.ends_with("items stay, without this category")), "{run:#?}");
    assert_eq!(tree::files(&scene.feeds()), before);
    assert!(database::files(&scene.place.database()) == stored);
}

#[test]
fn with_a_term_those_go_that_were_renamed_to_it() {
    let scene = scene("");
    alias(&scene, "\"Water\" = \"Subscribe!\"");
    scene.place.once();
    assert_eq!(scene.titles("news/topic/water"), ["Three", "Two", "One"]);
    let run = scene.place.run(&["forget", JUNK]).ok();
    for line in ["ended feed news/topic/water", "ended feed news/topic/subscribe", "3 items stay, without this category"] {
        assert!(run.stdout.lines().any(|l| l == line), "{line} in {run:#?}");
    }
    // Neither with the alias nor without it.
    for _ in 0..2 {
        scene.newsroom.page("/news", &format!("{}<!-- again -->", page(&rows(), None)));
        scene.place.once();
        assert_eq!((files_of(&scene, JUNK), files_of(&scene, "news/topic/water")), (0, 0));
        assert_eq!(categories(&scene), ["Vienna"]);
        configure(&scene, "");
    }
}

#[test]
fn an_old_address_can_be_forgotten_alone() {
    let scene = scene("");
    alias(&scene, "\"Subscribe!\" = \"Water\"");
    scene.place.once();
    scene.place.run(&["forget", JUNK]).ok();
    assert_eq!(files_of(&scene, JUNK), 0);
    assert_eq!(scene.titles("news/topic/water"), ["Three", "Two", "One"], "the items have the new name");
    scene.newsroom.page("/news", &format!("{}<!-- again -->", page(&rows(), None)));
    scene.place.once();
    assert_eq!((files_of(&scene, JUNK), scene.titles("news/topic/water").len()), (0, 3));
    // Without the alias the name is one that was forgotten.
    configure(&scene, "");
    scene.place.once();
    assert_eq!((files_of(&scene, JUNK), scene.titles("news/topic/water")), (0, vec!["Three".into(), "One".into()]));
}

#[test]
fn no_term_moves_to_one_that_was_forgotten() {
    let scene = scene("");
    scene.place.run(&["forget", JUNK]).ok();
    alias(&scene, "\"Water\" = \"Subscribe!\"");
    scene.newsroom.set("/news", Reply::Status(503));
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    assert_eq!(scene.titles("news/topic/water"), ["Three", "One"]);
    assert_eq!(categories(&scene), ["Water", "Vienna", "Water"]);
    assert_eq!(files_of(&scene, JUNK), 0);
    assert!(!scene.place.run(&["feeds"]).ok().stdout.contains("moved to"));
}

#[test]
fn a_term_that_waits_can_be_forgotten() {
    let scene = scene("max-terms = 1");
    let held = |scene: &Scene| {
        let feeds = scene.place.run(&["feeds", "--json"]).ok().json()["feeds"].as_array().cloned().unwrap_or_default();
        feeds
            .into_iter()
            .filter(|f| f["held"] == true)
            .map(|f| f["address"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(held(&scene), ["news/topic/water"]);
    scene.place.run(&["forget", "news/topic/water"]).ok();
    assert_eq!(held(&scene), [""; 0]);
    configure(&scene, "max-terms = 9");
    scene.place.once();
    assert_eq!(files_of(&scene, "news/topic/water"), 0);
    assert!(!categories(&scene).contains(&"Water".to_owned()));
}

#[test]
fn beside_a_process_that_publishes_the_documents_go_later() {
    let scene = scene("");
    let lock = Lock::take(&scene.place.database(), Purpose::Once, Duration::ZERO).expect("the lock");
    let run = scene.place.run(&["forget", JUNK]).ok();
    assert!(run.stdout.contains(&format!("still to be removed: file {JUNK}.rss")), "{run:#?}");
    assert_eq!(files_of(&scene, JUNK), 4);
    drop(lock);
    scene.place.run(&["once"]).ok();
    assert_eq!(files_of(&scene, JUNK), 0);
    assert_eq!(categories(&scene), ["Water", "Vienna", "Water"]);
    // What was removed once is not looked for again: a file that a person puts there stays.
    std::fs::write(scene.feeds().join(format!("{JUNK}.rss")), "mine").expect("a file");
    scene.place.once();
    assert_eq!(files_of(&scene, JUNK), 1);
}

/// A scene with two sources, and one more feed over both.
fn two_sources() -> Scene {
    let scene = Scene::new("", "");
    let both = |scene: &Scene| [named(scene, "news"), named(scene, "other"), BOTH.into()].concat();
    scene.place.configure("", &both(&scene));
    scene.newsroom.page("/other", &page(&[row("Else", "4 May 2024", "/else").topics(&["Water"])], None));
    scene.poll(&rows());
    scene
}

const BOTH: &str = "[[feed]]\nid = \"both\"\ntitle = \"Both\"\nmatch = { topic = [\"Water\"] }\n";

fn named(scene: &Scene, id: &str) -> String {
    source(&scene.newsroom, id, id, &format!("/{id}"), "")
}

/// How many rows each table has.
fn tables(scene: &Scene) -> BTreeMap<String, usize> {
    database::tables(&scene.place.database()).into_iter().map(|(name, rows)| (name, rows.len())).collect()
}

#[test]
fn a_source_that_is_configured_is_refused() {
    let scene = two_sources();
    let (before, stored) = (tree::files(&scene.feeds()), database::tables(&scene.place.database()));
    let config = scene.place.config().display().to_string();
    for target in ["news", "https://feeds.example.org/news"] {
        refused(
            &scene.place.run(&["forget", target]),
            &format!("the source news is still configured, and would come back at the next poll: remove it from {config} first"),
        );
    }
    refused(&scene.place.run(&["forget", "--dry-run", "news"]), "still configured");
    refused(&scene.place.run(&["forget", "both"]), "the feed both is still configured");
    assert_eq!(tree::files(&scene.feeds()), before);
    assert_eq!(database::tables(&scene.place.database()), stored);
}

#[test]
fn of_a_source_everything_goes_and_nothing_else() {
    let scene = two_sources();
    let other = tree::files(&scene.feeds()).into_iter().filter(|(f, _)| f.starts_with("other/")).collect::<Vec<_>>();
    let guids: Vec<String> = scene.entries().into_iter().map(|e| e.id).collect();
    scene.place.configure("", &[named(&scene, "other"), BOTH.into()].concat());
    scene.place.once();
    assert_eq!(scene.titles("both"), ["Else", "Three", "One"], "a removed source keeps its feeds until it is forgotten");
    std::fs::write(scene.feeds().join("news/topic/notes.txt"), "not ours").expect("a file");

    let dry = scene.place.run(&["forget", "--dry-run", "news"]).ok();
    assert!(scene.feeds().join("news/all.rss").exists());
    let run = scene.place.run(&["forget", "news"]).ok();
    let lines =
        |run: &Run, start: &str| run.stdout.lines().filter_map(|l| l.strip_prefix(start).map(str::to_owned)).collect::<Vec<_>>();
    for (would, did, count) in [
        ("would forget item ", "forgot item ", 3),
        ("would end feed ", "ended feed ", 4),
        ("would remove file ", "removed file ", 16),
    ] {
        assert_eq!(lines(&dry, would), lines(&run, did));
        assert_eq!(lines(&run, did).len(), count, "{run:#?}");
    }
    assert_eq!(run.stdout.lines().next(), Some("forgot source news"));

    assert_eq!(
        tree::files(&scene.feeds()).keys().filter(|f| f.starts_with("news/")).collect::<Vec<_>>(),
        ["news/topic/notes.txt"]
    );
    assert!(!scene.feeds().join("news/department").exists(), "empty folders go");
    assert_eq!(tree::files(&scene.feeds()).into_iter().filter(|(f, _)| f.starts_with("other/")).collect::<Vec<_>>(), other);
    assert_eq!(scene.titles("both"), ["Else"]);
    for name in ["item", "sighting", "source", "item_term", "term"] {
        assert_eq!(tables(&scene)[name], 1, "{name}");
    }
    assert_eq!((tables(&scene)["channel"], tables(&scene)["gone"], tables(&scene)["shared_link"]), (3, 0, 0));
    for text in ["About Three", "Subscribe", "Vienna"] {
        assert!(!database::holds_text(&scene.place.database(), text), "{text}");
    }
    refused(&scene.place.run(&["forget", "news"]), "is no feed, term, source or item that is stored");

    // Configured again, it is a source like any other, and its items have the guids that they had.
    scene.place.configure("", &[named(&scene, "news"), named(&scene, "other"), BOTH.into()].concat());
    scene.place.once();
    assert_eq!(scene.entries().into_iter().map(|e| e.id).collect::<Vec<_>>(), guids);
}

#[test]
fn a_folder_that_is_empty_then_goes_too() {
    let scene = two_sources();
    // With links that were no identity.
    scene.poll(&[vec![row("Five", "5 May 2024", "/landing"), row("Six", "6 May 2024", "/landing")], rows()].concat());
    assert_eq!(tables(&scene)["shared_link"], 1);
    scene.place.configure("", &named(&scene, "other"));
    scene.place.run(&["forget", "news"]).ok();
    assert!(!scene.feeds().join("news").exists());
    assert_eq!(tables(&scene)["shared_link"], 0);
}

#[test]
fn what_was_forgotten_of_a_source_stays_forgotten_when_the_source_comes_back() {
    let scene = two_sources();
    scene.place.run(&["forget", &scene.entry("Two").id]).ok();
    scene.place.configure("", &named(&scene, "other"));
    scene.place.run(&["forget", "news"]).ok();
    scene.place.configure("", &named(&scene, "news"));
    scene.place.once();
    assert_eq!(scene.titles("news/all"), ["Three", "One"]);
}

#[test]
fn terms_of_a_source_with_renamed_ones_go_with_it() {
    let scene = scene("");
    alias(&scene, "\"Subscribe!\" = \"Water\"");
    scene.place.once();
    scene.place.configure("", &named(&scene, "other"));
    scene.place.run(&["forget", "news"]).ok();
    assert_eq!((tables(&scene)["term"], tables(&scene)["item"]), (0, 0));
}

#[test]
fn a_feed_of_ones_own_that_is_no_longer_configured_can_be_forgotten() {
    let scene = two_sources();
    scene.place.configure("", &[named(&scene, "news"), named(&scene, "other")].concat());
    let before = scene.entries();
    let run = scene.place.run(&["forget", "https://feeds.example.org/both.atom"]).ok();
    assert_eq!(run.stdout.lines().take(2).collect::<Vec<_>>(), ["forgot feed both", "ended feed both"], "{run:#?}");
    assert_eq!((files_of(&scene, "both"), files_of(&scene, "news/all")), (0, 4));
    assert_eq!(scene.entries(), before);
    assert!(!scene.place.run(&["feeds"]).ok().stdout.contains("both"));
    // Configured again, it is there again.
    scene.place.configure("", &[named(&scene, "news"), named(&scene, "other"), BOTH.into()].concat());
    scene.place.once();
    assert_eq!(scene.titles("both"), ["Else", "Three", "One"]);
}
