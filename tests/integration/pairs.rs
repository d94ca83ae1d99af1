//! Feeds of pairs of terms. Promised:
//! - with `pairs`, each two terms of these facets that some item has get a feed of what has both, at `/source/facet/slug/facet/slug`; the pages of the
//!   terms list it with how many items it has; `feeds.opml` and `index.html` do not;
//! - it follows what becomes of items and terms: edits, other terms, renamed ones (the old address goes on), forgotten ones;
//! - no more than `max-pairs` of two facets have feeds; without `pairs` what is published stays, and can be forgotten.

use crate::support::database;
use crate::support::listing::{Row, row};
use crate::support::scene::Scene;
use crate::support::tree;

const PAIRS: &str = "pairs = [[\"department\", \"topic\"]]";

fn rows() -> Vec<Row> {
    vec![
        row("Four", "4 May 2024", "/4").topics(&["Media"]),
        row("Three", "3 May 2024", "/3").topics(&["Elections", "Media"]).department("ODIHR"),
        row("Two", "2 May 2024", "/2").topics(&["Elections"]).department("Secretariat"),
        row("One", "1 May 2024", "/1").topics(&["Elections"]).department("ODIHR"),
    ]
}

fn pair(department: &str, topic: &str) -> String {
    format!("news/department/{department}/topic/{topic}")
}

/// The addresses of pairs in the tree.
fn pairs(scene: &Scene) -> Vec<String> {
    tree::addresses(&scene.feeds()).into_iter().filter(|a| a.matches('/').count() == 4).collect()
}

/// What the page of a term leads to of pairs.
fn linked(scene: &Scene, term: &str) -> Vec<String> {
    let links = tree::links_of(&scene.feeds(), &format!("news/{term}.html")).into_iter();
    links
        .filter_map(|l| Some(l.strip_prefix("../../")?.strip_suffix(".html")?.to_owned()))
        .filter(|l| l.matches('/').count() == 4)
        .collect()
}

#[track_caller]
fn sound(scene: &Scene) {
    let run = scene.place.run(&["doctor"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
}

#[test]
fn each_two_terms_that_an_item_has_get_a_feed() {
    let scene = Scene::new("", PAIRS);
    scene.poll(&rows());
    let all = [pair("odihr", "elections"), pair("odihr", "media"), pair("secretariat", "elections")];
    assert_eq!(pairs(&scene), all);
    let feed = tree::feed(&scene.feeds(), &all[0]);
    assert_eq!(feed.title, "News: ODIHR, Elections");
    assert_eq!(scene.titles(&all[0]), ["Three", "One"]);
    assert_eq!((scene.titles(&all[1]), scene.titles(&all[2])), (vec!["Three".to_owned()], vec!["Two".to_owned()]));
    // The same items under the same guids.
    let of_source = scene.entries();
    assert!(feed.entries.iter().all(|entry| of_source.contains(entry)));

    assert_eq!(linked(&scene, "department/odihr"), [&*all[0], &*all[1]]);
    assert_eq!(linked(&scene, "topic/elections"), [&*all[0], &*all[2]]);
    let page = std::fs::read_to_string(scene.feeds().join("news/department/odihr.html")).expect("a page");
    assert!(page.contains("Elections</a> <span class=\"note\">2</span>"), "{page}");
    let listed = [tree::opml(&scene.feeds()), tree::index(&scene.feeds())].concat();
    assert!(listed.iter().all(|document| document.matches('/').count() < 4), "{listed:?}");
    let shown = scene.place.run(&["feeds", "--json"]).ok().json();
    let shown = shown["feeds"].as_array().expect("feeds").iter().filter(|f| f["address"] == all[0].as_str());
    assert_eq!(shown.map(|f| (f["items"].as_i64(), f["configured"] == true)).collect::<Vec<_>>(), [(Some(2), true)]);
    sound(&scene);

    let files = tree::files(&scene.feeds());
    scene.poll(&rows());
    assert!(tree::files(&scene.feeds()) == files, "nothing changed");
}

#[test]
fn a_pair_follows_items_and_terms() {
    let scene = Scene::new("", PAIRS);
    scene.poll(&rows());
    let before = tree::files(&scene.feeds());
    // One item comes, one gets another department, one another title.
    let mut changed = rows();
    changed[1] = changed[1].clone().department("Secretariat");
    changed[3] = changed[3].clone().title("Won");
    changed.insert(0, row("Five", "5 May 2024", "/5").topics(&["Media"]).department("Secretariat"));
    scene.poll(&changed);
    assert_eq!(scene.titles(&pair("odihr", "elections")), ["Won"]);
    assert_eq!(scene.titles(&pair("odihr", "media")), [""; 0]);
    assert_eq!(scene.titles(&pair("secretariat", "media")), ["Five", "Three"]);
    assert_eq!(scene.titles(&pair("secretariat", "elections")), ["Three", "Two"]);
    assert_eq!(linked(&scene, "department/odihr"), [pair("odihr", "elections")]);
    sound(&scene);

    // Only the pairs of what changes are touched.
    let files = tree::files(&scene.feeds());
    assert!(files.len() > before.len());
    changed.insert(0, row("Six", "6 May 2024", "/6").topics(&["Media"]).department("Secretariat"));
    scene.poll(&changed);
    let now = tree::files(&scene.feeds());
    for other in [pair("odihr", "elections"), pair("odihr", "media"), pair("secretariat", "elections")] {
        for ending in ["rss", "atom", "json"] {
            let name = format!("{other}.{ending}");
            assert!(tree::same(&name, &files[&name], &now[&name]), "{name}");
        }
    }

    // What is forgotten is in none, and a forgotten term's pairs go.
    let guid = scene.entry("Six").id;
    scene.place.run(&["forget", &guid]).ok();
    assert_eq!(scene.titles(&pair("secretariat", "media")), ["Five", "Three"]);
    scene.place.run(&["forget", "news/topic/media"]).ok();
    assert_eq!(pairs(&scene), [pair("odihr", "elections"), pair("secretariat", "elections")]);
    scene.place.once();
    assert_eq!(pairs(&scene), [pair("odihr", "elections"), pair("secretariat", "elections")]);
    sound(&scene);
}

#[test]
fn a_renamed_terms_pairs_keep_their_addresses() {
    let scene = Scene::new("", PAIRS);
    scene.poll(&rows());
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    let renamed = text.replace("[source.facet.type]", "alias = { \"ODIHR\" = \"Secretariat\" }\n[source.facet.type]");
    std::fs::write(scene.place.config(), renamed).expect("a config");
    scene.place.once();
    let (old, new) = (pair("odihr", "elections"), pair("secretariat", "elections"));
    assert_eq!(scene.titles(&new), ["Three", "Two", "One"]);
    let files = tree::files(&scene.feeds());
    for ending in ["rss", "atom", "json", "html"] {
        assert!(files[&format!("{old}.{ending}")].0 == files[&format!("{new}.{ending}")].0, "{ending}");
    }
    assert_eq!(linked(&scene, "topic/elections"), [new]);
    assert_eq!(scene.titles(&pair("secretariat", "media")), ["Three"], "it had none before");
    sound(&scene);
    // And back.
    std::fs::write(scene.place.config(), text).expect("a config");
    scene.place.once();
    assert_eq!(scene.titles(&old), ["Three", "One"]);
    assert_eq!(scene.titles(&pair("secretariat", "elections")), ["Two"]);
    sound(&scene);
}

#[test]
fn there_are_no_more_than_the_limit_and_the_rest_comes_when_it_is_raised() {
    let scene = Scene::new("", &format!("{PAIRS}\nmax-pairs = 2"));
    scene.show(&[&rows()]);
    let run = scene.place.once();
    assert!(run.stderr.contains("there are more pairs than `max-pairs`"), "{run:#?}");
    assert_eq!(pairs(&scene).len(), 2);
    scene.configure("", PAIRS);
    scene.place.once();
    assert_eq!(pairs(&scene).len(), 3);
}

#[test]
fn pairs_that_are_asked_for_later_hold_what_is_stored_and_stay_when_they_are_not() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    assert_eq!(pairs(&scene), [""; 0]);
    scene.configure("", "pairs = [[\"topic\", \"department\"]]");
    scene.place.once();
    let mine = "news/topic/elections/department/odihr";
    assert_eq!(scene.titles(mine), ["Three", "One"]);
    scene.configure("", "");
    let run = scene.place.run(&["forget", mine]);
    scene.place.once();
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(pairs(&scene).len(), 2, "the others stay");
    assert_eq!(database::texts(&scene.place.database(), "SELECT count(*) || '' FROM list_item"), ["0"]);
    assert_eq!(linked(&scene, "topic/elections"), [""; 0]);
    // Nothing comes and goes with them.
    let files = tree::files(&scene.feeds());
    scene.place.once();
    assert!(tree::files(&scene.feeds()) == files);
    sound(&scene);
    // The same again, where they stood.
    scene.configure("", "pairs = [[\"topic\", \"department\"]]");
    scene.place.once();
    assert_eq!(scene.titles(mine), ["Three", "One"]);
    let run = scene.place.run(&["forget", mine]);
    assert!(run.code == Some(1) && run.stderr.contains("still configured"), "{run:#?}");
}
