//! Newsrooms read by their own feeds. Promised: what holds for pages holds for feeds (conditional requests, walks, backfills, facets, last good wins);
//! an entry without a date keeps that of its first sight; what is no feed, or half of one, changes nothing and takes nothing away.

use std::collections::BTreeSet;

use crate::support::binary::Place;
use crate::support::database;
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::tree;

struct Site {
    newsroom: Newsroom,
    place: Place,
}

impl Site {
    fn new() -> Self {
        let newsroom = Newsroom::start();
        let config = format!(
            "[[source]]\nid = \"news\"\ntitle = \"News\"\nkind = \"feed\"\npage = \"{}\"\n[source.facet.topic]\nvalue = {{ domain = \"topics\" }}\n\
             [source.facet.author]\nvalue = \"author\"\n",
            newsroom.url("/feed")
        );
        Self { newsroom, place: Place::new("", &config) }
    }

    fn show(&self, path: &str, text: &str) {
        let etag = format!("\"{}\"", text.len());
        self.newsroom
            .set(path, Reply::Full(200, vec![("Content-Type", "application/rss+xml".into()), ("ETag", etag)], text.into()));
    }

    fn titles(&self) -> Vec<String> {
        tree::titles(&self.place.feeds(), "news/all")
    }
}

/// A feed of these items and this in its channel.
fn rss(channel: &str, items: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>News</title><link>/</link>{channel}{}</channel></rss>",
        items.concat()
    )
}

fn item(n: usize) -> String {
    let topic = if n.is_multiple_of(2) { "Even" } else { "Odd" };
    format!(
        "<item><title>Item {n} &amp;amp; more</title><link>/{n}</link><pubDate>{n:02} May 2024 10:00:00 GMT</pubDate><author>a@example.org (Ada)</author>\
         <category domain=\"topics\">{topic}</category><category>Other</category><description>&lt;p&gt;About {n}&lt;/p&gt;</description></item>\n"
    )
}

fn items(from: usize, to: usize) -> Vec<String> {
    (to..=from).rev().map(item).collect()
}

fn names(from: usize, to: usize) -> Vec<String> {
    (to..=from).rev().map(|n| format!("Item {n} & more")).collect()
}

#[test]
fn a_feed_becomes_feeds_of_its_terms_and_is_asked_conditionally() {
    let site = Site::new();
    site.newsroom.set("/feed", Reply::Page(rss("", &items(4, 1)).into_bytes()));
    let run = site.place.once();
    assert!(run.stdout.starts_with("news: 4 rows on 1 page: 4 new"), "{run:#?}");
    assert_eq!(site.titles(), names(4, 1));
    let addresses: BTreeSet<String> =
        ["news/all", "news/topic/even", "news/topic/odd", "news/author/ada"].map(str::to_owned).into();
    assert_eq!(tree::addresses(&site.place.feeds()), addresses);
    let first = &tree::atom(&site.place.feeds(), "news/all")[0];
    assert_eq!(
        (first.link.as_deref(), first.summary.as_deref()),
        (Some(site.newsroom.url("/4").as_str()), Some("<p>About 4</p>"))
    );
    let asked = site.newsroom.take_log();
    assert!(
        asked[0].headers["accept"].starts_with("application/rss+xml, application/atom+xml, application/feed+json"),
        "{asked:?}"
    );
    let before = tree::timeless(&site.place.feeds());
    site.place.once();
    assert_eq!(site.newsroom.take_visits(), [("/feed".to_owned(), 304)]);
    assert_eq!(tree::timeless(&site.place.feeds()), before);
    // The same entries in another order, under other ids, are the same items.
    let turned: String = rss(
        "<ttl>5</ttl>",
        &items(4, 1)
            .into_iter()
            .rev()
            .map(|i| i.replace("<link>", "<guid isPermaLink=\"false\">x</guid><link>"))
            .collect::<Vec<_>>(),
    );
    site.newsroom.set("/feed", Reply::Page(turned.into_bytes()));
    let run = site.place.once();
    assert!(run.stdout.contains("0 new, 0 edited, 4 known"), "{run:#?}");
    assert_eq!(tree::timeless(&site.place.feeds()), before);
}

#[test]
fn an_entry_without_a_date_keeps_that_of_its_first_sight() {
    let site = Site::new();
    let undated = |n: usize| format!("<item><title>Undated {n}</title><link>/u/{n}</link></item>");
    let all = |to: usize| (1..=to).rev().map(undated).chain([item(1)]).collect::<Vec<_>>();
    site.show("/feed", &rss("", &all(4)));
    let run = site.place.once();
    assert!(run.stdout.starts_with("news: 5 rows on 1 page: 5 new") && run.stderr.contains("4 state none"), "{run:#?}");
    // Three days later.
    database::run(
        &site.place.database(),
        "UPDATE item SET day = day - 3, published = published - 259200, updated = updated - 259200, key = randomblob(16);",
    );
    let published = || -> Vec<(String, String, String)> {
        tree::atom(&site.place.feeds(), "news/all").into_iter().map(|e| (e.title, e.id, e.published)).collect()
    };
    site.show("/feed", &rss("", &all(5)));
    let run = site.place.once();
    assert!(run.stdout.contains("1 new, 0 edited"), "{run:#?}");
    let after = published();
    let dates: BTreeSet<&str> = after.iter().map(|(.., date)| date.get(..10).expect("a date")).collect();
    assert_eq!((after.len(), dates.len()), (6, 3), "{after:?}");
    assert_eq!(after[0].0, "Undated 5");
    site.show("/feed", &rss("<ttl>1</ttl>", &all(5)));
    site.place.once();
    assert_eq!(published(), after);
}

#[test]
fn what_is_no_feed_changes_nothing_and_says_where_one_is() {
    let site = Site::new();
    site.show("/feed", &rss("", &items(4, 1)));
    site.place.once();
    let before = tree::timeless(&site.place.feeds());
    for (text, expected) in [
        (
            "<!DOCTYPE html><html><head><link rel=alternate type=application/rss+xml href=/rss></head><body>News".to_owned(),
            format!(
                "is broken: it is a page (HTML), not a feed (feed: it is a page (HTML), not a feed: it offers {}",
                site.newsroom.url("/rss")
            ),
        ),
        (
            "<?xml version=\"1.0\"?><urlset></urlset>".to_owned(),
            "is broken: it is no feed: neither RSS, Atom nor JSON Feed".to_owned(),
        ),
        (
            "{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": [{\"ti".to_owned(),
            "is broken: it is no JSON".to_owned(),
        ),
        (String::new(), "is broken: it is no feed: neither XML nor JSON".to_owned()),
        (rss("", &[]), "is broken: it shows no row".to_owned()),
    ] {
        site.show("/feed", &text);
        let run = site.place.run(&["once", "--all", "--now"]);
        assert_eq!(run.code, Some(75), "{run:#?}");
        assert!(run.stderr.contains(&expected) || run.stdout.contains(&expected), "{expected}: {run:#?}");
        assert_eq!(tree::timeless(&site.place.feeds()), before, "{text}");
    }
}

#[test]
fn half_a_feed_takes_nothing_away_and_is_asked_for_again_whole() {
    let site = Site::new();
    // At first sight of the source: what is whole is taken, and the next request is for all of it.
    let whole = rss("", &items(6, 1));
    let half = &whole[..whole.find("Item 3").expect("it is there")];
    site.show("/feed", half);
    let run = site.place.once();
    assert!(run.stderr.contains("it breaks off within this entry") && run.stdout.contains("3 new"), "{run:#?}");
    assert_eq!(site.titles(), names(6, 4));
    site.show("/feed", &whole);
    site.newsroom.take_log();
    site.place.once();
    assert!(!site.newsroom.take_log()[0].headers.contains_key("if-none-match"), "half a feed leaves no validators");
    assert_eq!(site.titles(), names(6, 1));
    // Later: half of what was there before is odd or broken, and nothing is gone for it.
    let before = tree::timeless(&site.place.feeds());
    for end in ["Item 5", "Item 2"] {
        site.show("/feed", &whole[..whole.find(end).expect("it is there")]);
        let run = site.place.run(&["once", "--all", "--now"]);
        assert!(format!("{run:?}").contains("as if it were cut off"), "{run:#?}");
        assert_eq!(tree::timeless(&site.place.feeds()), before, "{end}");
    }
}

#[test]
fn paged_feeds_are_walked_and_their_archives_taken_in() {
    let site = Site::new();
    let page = |n: usize| {
        let next = if n < 3 {
            format!("<atom:link rel=\"{}\" href=\"/feed?p={}\"/>", if n == 0 { "next" } else { "prev-archive" }, n + 1)
        } else {
            String::new()
        };
        rss(&next, &items(20 - n * 5, 16 - n * 5))
    };
    for n in 0..4 {
        let path = if n == 0 { "/feed".to_owned() } else { format!("/feed?p={n}") };
        site.newsroom.set(&path, Reply::Page(page(n).into_bytes()));
    }
    let run = site.place.once();
    assert!(run.stdout.starts_with("news: 20 rows on 4 pages: 20 new"), "{run:#?}");
    assert_eq!(site.titles(), names(20, 1));
    site.place.forget_everything();
    let text = std::fs::read_to_string(site.place.config()).expect("a config");
    std::fs::write(site.place.config(), text.replace("kind = \"feed\"", "kind = \"feed\"\nmax-pages = 1")).expect("written");
    site.place.once();
    let run = site.place.run(&["backfill", "news"]).ok();
    assert_eq!(site.titles(), names(20, 1), "{run:#?}");
}
