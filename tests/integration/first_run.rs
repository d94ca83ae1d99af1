//! A first run, and runs that find nothing new.

use crate::support::binary::Place;
use crate::support::newsroom::Newsroom;
use crate::support::tree;

fn page(rows: &[(&str, &str, &str, &str)], next: Option<&str>) -> String {
    let row = |(title, date, link, topics): &(&str, &str, &str, &str)| {
        format!(
            "<article><h3><a href=\"{link}\">{title}</a></h3><time>{date}</time><p>About {title}</p><div>Topics: {topics}</div></article>"
        )
    };
    let next = next.map(|n| format!("<a rel=next href=\"{n}\">next</a>")).unwrap_or_default();
    format!("<!DOCTYPE html><title>News</title>{}{next}", rows.iter().map(row).collect::<String>())
}

fn config(newsroom: &Newsroom) -> String {
    format!(
        "[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\neach = \"article\"\nnext = \"a[rel=next]\"\ntimezone = \"Europe/Vienna\"\n[source.item]\ntitle = \"h3\"\ndate = {{ select = \"time\", format = \"%d %B %Y\" }}\nsummary = \"p\"\n[source.facet.topic]\ntitle = \"Topics\"\nvalue = {{ label = \"Topics\", many = true }}\n",
        newsroom.url("/news")
    )
}

#[test]
fn unchanged_pages_touch_nothing() {
    let newsroom = Newsroom::start();
    newsroom.page("/news", &page(&[("One", "2 May 2024", "/1", "A, B"), ("Two", "1 May 2024", "/2", "B")], None));
    let place = Place::new("", &config(&newsroom));
    place.once();
    let before = tree::files(&place.feeds());
    assert_eq!(tree::titles(&place.feeds(), "news/all"), ["One", "Two"]);
    assert_eq!(tree::titles(&place.feeds(), "news/topic/a"), ["One"]);
    newsroom.take_log();
    place.once();
    let log = newsroom.take_log();
    assert_eq!(log.iter().map(|r| r.status).collect::<Vec<_>>(), [304]);
    assert_eq!(tree::files(&place.feeds()), before);
}
