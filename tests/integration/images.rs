//! Images of items. Promised: an item's image is in all three formats; whatever becomes of it, and however it came to be read, moves no item's
//! `updated` and changes no guid; a database from before images goes on.

use crate::support::binary::Place;
use crate::support::database;
use crate::support::newsroom::Newsroom;
use crate::support::tree::{self, Entry};

fn rows(images: &[&str]) -> String {
    let row = |(n, image): (usize, &&str)| {
        format!("<article><img {image}><h3><a href=/{n}>Story number {n}</a></h3><time>2024-05-0{}</time></article>", 9 - n)
    };
    images.iter().enumerate().map(row).collect()
}

fn config(newsroom: &Newsroom, image: &str) -> String {
    format!(
        "[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\neach = \"article\"\n[source.item]\ntitle = \"h3\"\ndate = \"time\"\n{image}\n",
        newsroom.url("/news")
    )
}

/// The addresses of the images, in order, and that the formats have the same.
#[track_caller]
fn images(place: &Place) -> Vec<Option<String>> {
    let read = |ending: &str| std::fs::read_to_string(place.feeds().join(format!("news/all.{ending}"))).expect("a feed");
    let of_xml = |text: &str, entry: &str| -> Vec<Option<String>> {
        let document = roxmltree::Document::parse(text).expect("well-formed");
        let entries = document.descendants().filter(|n| n.tag_name().name() == entry);
        let thumbnail = |n: &roxmltree::Node<'_, '_>| n.has_tag_name(("http://search.yahoo.com/mrss/", "thumbnail"));
        entries.map(|e| e.children().find(thumbnail).and_then(|t| t.attribute("url")).map(str::to_owned)).collect()
    };
    let rss = of_xml(&read("rss"), "item");
    let json: serde_json::Value = serde_json::from_str(&read("json")).expect("JSON");
    let items = json["items"].as_array().expect("items").iter();
    assert_eq!(rss, items.map(|i| i["image"].as_str().map(str::to_owned)).collect::<Vec<_>>());
    assert_eq!(rss, of_xml(&read("atom"), "entry"));
    rss
}

fn entries(place: &Place) -> Vec<Entry> {
    tree::atom(&place.feeds(), "news/all")
}

#[test]
fn images_are_published_and_move_nothing_of_their_items() {
    let newsroom = Newsroom::start();
    newsroom.page(
        "/news",
        &rows(&["src='/a.jpg?w=1&amp;h=2'", "data-src=/b.jpg src=data:,", "src='ftp://x.example/c.jpg'", "alt=x"]),
    );
    let place = Place::new("", &config(&newsroom, ""));
    place.once().ok();
    let before = entries(&place);
    assert_eq!(images(&place), [None, None, None, None]);
    // Switched on: taken over silently.
    place.configure("", &config(&newsroom, "image = \"img\""));
    let run = place.once().ok();
    assert!(run.stdout.contains("0 new, 0 edited"), "{run:#?}");
    let (a, b) = (newsroom.url("/a.jpg?w=1&h=2"), newsroom.url("/b.jpg"));
    assert_eq!(images(&place), [Some(a), Some(b.clone()), None, None]);
    assert_eq!(entries(&place), before);
    // A token that changes at every look costs no feed.
    let published = tree::files(&place.feeds());
    newsroom.page("/news", &rows(&["src='/a.jpg?w=7'", "data-src=/b.jpg?token=x src=data:,", "alt=y", "alt=x"]));
    place.once().ok();
    assert_eq!(tree::files(&place.feeds()), published);
    // Another image, and none.
    newsroom.page("/news", &rows(&["src=/other.jpg", "alt=none", "alt=y", "alt=x"]));
    let run = place.once().ok();
    assert!(run.stdout.contains("0 new, 0 edited"), "{run:#?}");
    assert_eq!(images(&place), [Some(newsroom.url("/other.jpg")), None, None, None]);
    assert_eq!(entries(&place), before);
}

#[test]
fn a_database_from_before_images_goes_on_with_the_same_feeds() {
    let newsroom = Newsroom::start();
    newsroom.page("/news", &rows(&["src=/a.jpg", "src=/b.jpg", "src=/c.jpg"]));
    let place = Place::new("", &config(&newsroom, ""));
    place.once().ok();
    let (before, files) = (entries(&place), tree::files(&place.feeds()));
    database::forget_questions(&place.database());
    let older = "ALTER TABLE item DROP COLUMN image; DELETE FROM _sqlx_migrations WHERE version > 10; PRAGMA user_version = 10";
    database::run(&place.database(), older);
    place.once().ok();
    assert_eq!(tree::files(&place.feeds()), files, "what has no image stays as it is, to the byte");
    place.configure("", &config(&newsroom, "image = \"img\""));
    place.once().ok();
    assert_eq!(images(&place).iter().flatten().count(), 3);
    assert_eq!(entries(&place), before);
}
