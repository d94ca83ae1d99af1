//! A first run. Promised:
//! - every item stands exactly once in each feed where it belongs, and nowhere else; there is a feed for each term that has an item, and no other;
//! - all feeds are sorted by date, then as the listing shows them;
//! - the three formats state the same;
//! - a channel is called `{source title}: {term as first spelt}`;
//! - `feeds.opml` and `index.html` list each feed once, OPML in one format.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::listing::{Row, row};
use crate::support::scene::Scene;
use crate::support::tree;

fn first_page() -> Vec<Row> {
    vec![
        row("Five", "5 May 2024", "/5").topics(&["Elections", "Human rights"]).department("Mission to Moldova").kind("News"),
        row("Four", "4 May 2024", "/4").topics(&["Elections"]).department("Secretariat").kind("Press release"),
        row("Four and a half", "4 May 2024", "/4b").topics(&["Media freedom & access"]).kind("News"),
        row("Three", "3 May 2024", "/3").department("Secretariat").kind("Press release"),
    ]
}

fn second_page() -> Vec<Row> {
    vec![
        row("Three again", "3 May 2024", "/3b").topics(&["Human rights", "Elections"]).department("Secretariat").kind("News"),
        row("Two", "2 May 2024", "/2").topics(&["Élections"]).department("Mission to Moldova").summary(""),
        row("One", "1 May 2024", "/1"),
    ]
}

/// Which titles each feed is to hold, counted from the rows themselves.
fn model(rows: &[Row]) -> BTreeMap<String, Vec<String>> {
    let slug = |term: &str| {
        let plain = term.replace('É', "e").replace('&', "").to_lowercase();
        plain.split_whitespace().collect::<Vec<_>>().join("-")
    };
    let mut feeds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for r in rows {
        let topics = r.topics.iter().map(|t| ("topic", t.as_str()));
        let terms = topics.chain([("department", r.department.as_str()), ("type", r.kind.as_str())]);
        // "Élections" is another word than "Elections", whose address is taken: it gets digits, looked for below.
        let addresses = terms.filter(|(_, t)| !t.is_empty() && *t != "Élections").map(|(f, t)| format!("news/{f}/{}", slug(t)));
        for address in addresses.chain(["news/all".to_owned()]) {
            feeds.entry(address).or_default().push(r.title.clone());
        }
    }
    feeds
}

fn scene() -> (Scene, BTreeMap<String, Vec<String>>) {
    let scene = Scene::new("", "");
    let (first, second) = (first_page(), second_page());
    scene.show(&[&first, &second]);
    scene.place.once();
    let mut model = model(&[first, second].concat());
    let accented = tree::addresses(&scene.feeds()).into_iter().find(|a| a.starts_with("news/topic/elections-")).expect("a feed");
    assert_eq!(accented.len(), "news/topic/elections-".len() + 6, "{accented}");
    model.insert(accented, vec!["Two".into()]);
    (scene, model)
}

#[test]
fn every_item_is_once_in_each_feed_where_it_belongs_and_nowhere_else() {
    let (scene, model) = scene();
    assert_eq!(tree::addresses(&scene.feeds()), model.keys().cloned().collect::<BTreeSet<_>>());
    assert_eq!(tree::files(&scene.feeds()).len(), model.len() * 4 + 2);
    let mut of_title: BTreeMap<String, BTreeSet<tree::Entry>> = BTreeMap::new();
    for (address, titles) in &model {
        let feed = tree::feed(&scene.feeds(), address);
        assert_eq!(&feed.entries.iter().map(|e| e.title.clone()).collect::<Vec<_>>(), titles, "{address}");
        feed.entries.into_iter().for_each(|e| {
            of_title.entry(e.title.clone()).or_default().insert(e);
        });
    }
    // An item reads the same in every feed, and no two have one guid.
    assert!(of_title.values().all(|entries| entries.len() == 1), "{of_title:#?}");
    let guids: BTreeSet<&str> = of_title.values().flatten().map(|e| e.id.as_str()).collect();
    assert_eq!(guids.len(), 7);
    assert!(guids.iter().all(|g| g.starts_with("urn:uuid:")), "{guids:?}");
}

#[test]
fn an_entry_says_what_the_row_says() {
    let (scene, _) = scene();
    let four = scene.entry("Four");
    assert_eq!(four.link, Some(scene.newsroom.url("/4")));
    assert_eq!((four.published.as_str(), four.updated.as_str()), ("2024-05-04T00:00:00+02:00", "2024-05-04T00:00:00+02:00"));
    assert_eq!(four.summary.as_deref(), Some("About Four"));
    let term = |facet: &str, name: &str| (facet.to_owned(), name.to_owned());
    let want = [term("topic", "Elections"), term("department", "Secretariat"), term("type", "Press release")];
    assert_eq!(four.categories, want);
    assert_eq!(scene.entry("Two").summary, None);
    assert!(scene.entries().iter().all(|e| e.related.is_empty()));
}

#[test]
fn channels_are_called_by_source_and_term() {
    let (scene, _) = scene();
    for (address, title) in [
        ("news/all", "News"),
        ("news/topic/human-rights", "News: Human rights"),
        ("news/topic/media-freedom-access", "News: Media freedom & access"),
        ("news/department/mission-to-moldova", "News: Mission to Moldova"),
        ("news/type/press-release", "News: Press release"),
    ] {
        assert_eq!(tree::feed(&scene.feeds(), address).title, title);
    }
}

#[test]
fn lists_name_each_feed_once() {
    let (scene, model) = scene();
    let mut opml = tree::opml(&scene.feeds());
    assert_eq!(opml.first().map(String::as_str), Some("news/all.rss"));
    opml.sort();
    assert_eq!(opml, model.keys().map(|a| format!("{a}.rss")).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    let mut index = tree::index(&scene.feeds());
    index.sort();
    let mut want: Vec<String> =
        model.keys().flat_map(|a| ["rss", "atom", "json"].map(|format| format!("{a}.{format}"))).collect();
    want.sort();
    assert_eq!(index, want);
}

#[test]
fn feed_ids_differ() {
    let (scene, model) = scene();
    let ids: BTreeSet<String> = model.keys().filter_map(|a| tree::feed(&scene.feeds(), a).id).collect();
    assert_eq!(ids.len(), model.len());
}
