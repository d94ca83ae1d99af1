//! Pages for people. Promised:
//! - each feed has a page beside it, the list of all has one; every link within the tree leads to a document that is there;
//! - a page shows the feed's newest items, in its order, and what newsrooms write is text in it;
//! - a poll with a new item writes the pages that show it, and no other;
//! - what was forgotten is on no page;
//! - a page of somebody else's in the published folder is neither overwritten nor removed.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::listing::{Row, row};
use crate::support::scene::Scene;
use crate::support::tree;

fn rows() -> Vec<Row> {
    vec![
        row("Three &lt;b&gt;", "3 May 2024", "/3")
            .topics(&["Water", "Air"])
            .summary("One <b>bold</b> &amp; <img src=/x.png> word"),
        row("Two", "2 May 2024", "/2").topics(&["Air"]).department("Vienna"),
        row("One", "1 May 2024", "/1").topics(&["Water"]).kind("News"),
    ]
}

fn read(scene: &Scene, document: &str) -> String {
    std::fs::read_to_string(scene.feeds().join(document)).unwrap_or_else(|e| panic!("{document}: {e}"))
}

fn pages(scene: &Scene) -> BTreeSet<String> {
    tree::files(&scene.feeds()).into_keys().filter(|name| name.ends_with(".html")).collect()
}

#[test]
fn every_feed_has_a_page_and_every_link_leads_somewhere() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let want = tree::addresses(&scene.feeds()).into_iter().map(|a| format!("{a}.html")).chain(["index.html".into()]);
    assert_eq!(pages(&scene), want.collect());
    for page in pages(&scene) {
        let folder = Path::new(&page).parent().expect("a folder").to_owned();
        let links = tree::links_of(&scene.feeds(), &page);
        assert!(links.len() > 3, "{page}: {links:?}");
        for link in links {
            let (file, id) = link.split_once('#').map_or((link.as_str(), None), |(file, id)| (file, Some(id)));
            let path = scene.feeds().join(&folder).join(file);
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{page} links to {link}: {e}"));
            assert!(id.is_none_or(|id| text.contains(&format!("id=\"{id}\""))), "{page} links to {link}");
        }
    }
    let all = tree::links_of(&scene.feeds(), "news/all.html");
    assert!(all.contains(&"../news/topic/air.html".to_owned()), "a source's page lists its terms: {all:?}");
    assert!(read(&scene, "news/all.html").contains(">Air</a> <span class=\"note\">2</span>"), "with their counts");
}

#[test]
fn a_page_shows_the_items_of_its_feed_as_text() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let page = read(&scene, "news/topic/water.html");
    let order: Vec<usize> = ["Three &lt;b&gt;", "One bold &amp; word", ">One</a>"].map(|t| page.find(t).expect(t)).to_vec();
    assert!(order.is_sorted() && !page.contains("Two") && !page.contains("<img"), "{page}");
    for entry in tree::atom(&scene.feeds(), "news/topic/water") {
        assert!(page.contains(&format!("<time datetime=\"{0}\">{0}</time>", &entry.published[..10])), "{entry:?}");
    }
}

#[test]
fn a_new_item_changes_the_pages_that_show_it_and_no_other() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let before = tree::files(&scene.feeds());
    scene.poll(&[vec![row("Four", "4 May 2024", "/4").topics(&["Water", "New"])], rows()].concat());
    let after = tree::files(&scene.feeds());
    let touched: BTreeSet<&str> = after
        .iter()
        .filter(|(name, file)| name.ends_with(".html") && before.get(*name) != Some(file))
        .map(|(n, _)| n.as_str())
        .collect();
    assert_eq!(touched, BTreeSet::from(["index.html", "news/all.html", "news/topic/new.html", "news/topic/water.html"]));
    let all = read(&scene, "news/all.html");
    for counted in [">New</a> <span class=\"note\">1</span>", ">Water</a> <span class=\"note\">3</span>"] {
        assert!(all.contains(counted), "{counted} of the same poll");
    }
    scene.place.once();
    assert_eq!(tree::files(&scene.feeds()), after, "an unchanged poll writes nothing");
}

#[test]
fn what_was_forgotten_is_on_no_page() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    let two = scene.entry("Two");
    scene.place.run(&["forget", &two.id]).ok();
    scene.place.run(&["forget", "news/topic/air"]).ok();
    assert!(!pages(&scene).contains("news/topic/air.html"));
    for page in pages(&scene) {
        let text = read(&scene, &page);
        assert!(!text.contains("About Two") && !text.contains(">Air<"), "{page}: {text}");
    }
}

#[test]
fn a_page_of_somebody_elses_stays() {
    let scene = Scene::new("", "");
    std::fs::create_dir_all(scene.feeds().join("news/topic")).expect("folders");
    let foreign = ["index.html", "news/topic/water.html"];
    for page in foreign {
        std::fs::write(scene.feeds().join(page), "<!doctype html><title>Mine</title>").expect("a page");
    }
    let run = scene.poll(&rows());
    assert_eq!(run.stderr.matches("a page of somebody else's is in the way").count(), 2, "{run:#?}");
    scene.place.once();
    scene.place.run(&["forget", "news/topic/water"]).ok();
    for page in foreign {
        assert_eq!(read(&scene, page), "<!doctype html><title>Mine</title>");
    }
    assert!(!scene.feeds().join("news/topic/water.rss").exists());
    std::fs::remove_file(scene.feeds().join("index.html")).expect("a page");
    scene.place.once();
    assert!(read(&scene, "index.html").contains("<h1>Feeds</h1>"), "once it is out of the way, ours is there");
}

#[test]
fn a_term_that_is_let_in_is_linked_from_the_pages_that_name_it() {
    let scene = Scene::new("", "max-new-terms = 1");
    scene.poll(&rows());
    scene.poll(&[vec![row("Four", "4 May 2024", "/4").topics(&["Water", "New", "Newer"])], rows()].concat());
    let link = "href=\"../../news/topic/newer.html\"";
    assert!(
        read(&scene, "news/topic/water.html").contains("<bdi>Newer</bdi>") && !pages(&scene).contains("news/topic/newer.html")
    );
    let changed = tree::changed(&scene.feeds(), "news/topic/water");
    scene.configure("", "max-new-terms = 9");
    scene.place.once();
    assert!(read(&scene, "news/topic/water.html").contains(link) && pages(&scene).contains("news/topic/newer.html"));
    assert_eq!(tree::changed(&scene.feeds(), "news/topic/water"), changed, "the feed itself did not change");
}

#[test]
fn where_no_pages_are_wanted_there_is_the_list_alone_and_it_leads_to_none() {
    let scene = Scene::new("pages = false", "");
    scene.poll(&rows());
    assert_eq!(pages(&scene), ["index.html".to_owned()].into());
    let links = tree::links_of(&scene.feeds(), "index.html");
    assert!(links.iter().all(|link| !link.contains(".html")), "{links:?}");
    // Wanted again, they are made without another item.
    scene.configure("", "");
    scene.place.once();
    assert_eq!(pages(&scene).len(), tree::addresses(&scene.feeds()).len() + 1);
}
