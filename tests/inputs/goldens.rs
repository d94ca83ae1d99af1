//! The published documents to the letter: a small newsroom through the real binary, compared with `tests/fixtures/feeds`.

use std::collections::BTreeMap;

use chrono::DateTime;

use crate::reading::{alike, fixture, golden, strict};
use crate::support::binary::Place;
use crate::support::newsroom::Newsroom;
use crate::support::tree;

const PAGES: [&str; 2] = [
    r#"<!doctype html><html lang=en><meta charset=utf-8><title>News</title><base href="/en/">
<article><h3><a href="news/12?utm_source=list">Fish &amp; chips: “a plan” for &lt;all&gt; – 1/2 😀</a></h3><time>30 September 2024</time>
<div>What: <a href=/t/1>Food, drink &amp; trade</a>, <a href=/t/2>Élections</a></div><div>Kind: Press release</div>
<p>Plain text, with an ampersand &amp; a &lt;tag&gt; that is none...</p></article>
<article><h3><a href="news/11">Markup in the summary</a></h3><time>30 September 2024</time>
<div>What: <a href=/t/2>Élections</a></div><div>Kind: News</div>
<p>Two <b>bold</b> words, <a href="more?a=1&amp;b=2" onclick="x()">a link</a>,<br>a break and ]]&gt; an end.<script>alert(1)</script> <img src="pic.png" alt="A &quot;picture&quot;"></p></article>
<article><h3>No link and no summary</h3><time>29 September 2024</time></article>
<a rel=next href="/en/news?page=1">next</a>"#,
    r#"<!doctype html><html lang=en><meta charset=utf-8><title>News</title>
<article><h3><a href="/en/news/10">One story at two addresses</a></h3><time>28 September 2024</time><div>What: Élections</div><div>Kind: News</div><p>Told once.</p></article>
<article><h3><a href="/mission/77">One story at two addresses</a></h3><time>28 September 2024</time><div>What: Water</div><div>Kind: News</div><p>Told once.</p></article>
<article><h3><a href="/en/news/9">بيان صحفي – Žurnal é</a></h3><time>1 January 1997</time><div>Kind: News</div><p>ends in the middle of</p></article>"#,
];

/// The newsroom, polled once.
fn published() -> (Newsroom, Place) {
    let newsroom = Newsroom::start();
    newsroom.page("/news", PAGES[0]);
    newsroom.page("/en/news?page=1", PAGES[1]);
    let config = format!(
        r#"
[[source]]
id = "golden"
title = "Golden & Sons"
page = "{}"
home = "https://golden.example.org/?a=1&b=2"
every = "15m"
timezone = "Europe/Vienna"
language = "en-GB"
each = "article"
next = "a[rel=next]"
[source.item]
title = "h3"
date = {{ select = "time", format = "%d %B %Y" }}
summary = "p"
[source.facet.topic]
title = "What we do"
value = {{ label = "What", many = true }}
[source.facet.type]
title = "Content type"
value = {{ label = "Kind" }}
[[feed]]
id = "releases"
title = "Releases on <food>"
match = {{ type = ["Press release"], topic = ["Food, drink & trade"] }}
[[feed]]
id = "nothing-yet"
title = "Nothing yet"
match = {{ title = ["no such word"] }}
"#,
        newsroom.url("/news")
    );
    let place = Place::new("", &config);
    let run = place.once();
    assert!(run.stdout.starts_with("golden: 6 rows on 2 pages: 5 new"), "{run:#?}");
    (newsroom, place)
}

/// The text without the newsroom's port and the stamps that tell when the test ran.
fn fixed(text: &str, host: &str) -> String {
    let stamped = |line: &str| {
        for (before, after) in
            [("  <lastBuildDate>", "</lastBuildDate>"), (" <updated>", "</updated>"), ("    \"updated\": \"", "\",")]
        {
            if let Some(stamp) = line.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) {
                let real = DateTime::parse_from_rfc2822(stamp).or_else(|_| DateTime::parse_from_rfc3339(stamp)).expect("a stamp");
                assert!(real.timestamp() > 1_700_000_000, "{line}");
                return format!("{before}STAMP{after}");
            }
        }
        line.to_owned()
    };
    assert!(text.ends_with('\n') && !text.contains('\r'), "lines end as everywhere");
    text.replace(host, "NEWSROOM").lines().map(|line| stamped(line) + "\n").collect()
}

/// A page without its style, its script and their hashes, an element a line.
fn bare(page: &str) -> String {
    let mut page = page.to_owned();
    for (start, end) in [("<style>", "</style>"), ("<script>", "</script>"), ("style-src '", "'"), ("script-src '", "'")] {
        let (before, rest) = page.split_once(start).expect("all of these are there");
        let (_, after) = rest.split_once(end).expect("it ends");
        page = format!("{before}{start}{end}{after}");
    }
    page.replace("><", ">\n<")
}

/// Documents kept as goldens: address below the tree, name of the golden.
const KEPT: [(&str, &str); 4] =
    [("golden/all", "all"), ("golden/topic/elections", "elections"), ("releases", "releases"), ("nothing-yet", "nothing-yet")];

#[test]
fn documents_are_the_goldens_byte_for_byte() {
    let (newsroom, place) = published();
    strict(&place.feeds());
    let read = |name: &str| std::fs::read_to_string(place.feeds().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    for (address, name) in KEPT {
        for ending in ["rss", "atom", "json"] {
            golden(
                &fixture("feeds").join(format!("{name}.{ending}")),
                &fixed(&read(&format!("{address}.{ending}")), &newsroom.host()),
            );
        }
    }
    golden(&fixture("feeds").join("feeds.opml"), &fixed(&read("feeds.opml"), &newsroom.host()));
    for (page, name) in [("index.html", "index"), ("golden/all.html", "all"), ("golden/topic/elections.html", "elections")] {
        golden(&fixture("feeds").join(format!("{name}.html")), &bare(&fixed(&read(page), &newsroom.host())));
    }
}

#[test]
fn goldens_read_back_say_what_the_page_says() {
    let (newsroom, place) = published();
    let all = alike(&place.feeds(), "golden/all");
    let said: Vec<_> = all.iter().map(|e| (e.title.as_str(), e.link.clone(), e.published.as_str())).collect();
    assert_eq!(
        said,
        [
            (
                "Fish & chips: “a plan” for <all> – 1/2 😀",
                Some(newsroom.url("/en/news/12?utm_source=list")),
                "2024-09-30T00:00:00+02:00"
            ),
            ("Markup in the summary", Some(newsroom.url("/en/news/11")), "2024-09-30T00:00:00+02:00"),
            ("No link and no summary", None, "2024-09-29T00:00:00+02:00"),
            ("One story at two addresses", Some(newsroom.url("/en/news/10")), "2024-09-28T00:00:00+02:00"),
            ("بيان صحفي – Žurnal é", Some(newsroom.url("/en/news/9")), "1997-01-01T00:00:00+01:00"),
        ]
    );
    assert_eq!(all[3].related, [newsroom.url("/mission/77")]);
    let terms: BTreeMap<_, _> =
        all.iter().map(|e| (e.title.as_str(), e.categories.iter().map(|(_, t)| t.as_str()).collect::<Vec<_>>())).collect();
    assert_eq!(terms["One story at two addresses"], ["Élections", "Water", "News"]);
    assert_eq!(terms["Fish & chips: “a plan” for <all> – 1/2 😀"], ["Food, drink & trade", "Élections", "Press release"]);
    assert_eq!(all[0].summary.as_deref(), Some("Plain text, with an ampersand &amp; a &lt;tag&gt; that is none..."));
    assert_eq!(tree::titles(&place.feeds(), "releases"), ["Fish & chips: “a plan” for <all> – 1/2 😀"]);
    assert_eq!(alike(&place.feeds(), "nothing-yet"), []);
}

#[test]
fn the_same_newsroom_elsewhere_gives_the_same_bytes() {
    let ((newsroom, place), (other_newsroom, other)) = (published(), published());
    let text = |newsroom: &Newsroom, place: &Place| -> BTreeMap<String, String> {
        let files = tree::files(&place.feeds());
        files
            .into_iter()
            .map(|(name, (bytes, _))| (name, fixed(&String::from_utf8(bytes).expect("UTF-8"), &newsroom.host())))
            .collect()
    };
    assert_eq!(text(&newsroom, &place), text(&other_newsroom, &other));
}
