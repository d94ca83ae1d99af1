use super::*;
use crate::extract::date::When;
use crate::extract::months::Language;
use crate::extract::{FeedFacet, FeedValue, Markup};

const AT: &str = "https://feeds.example.org/news/feed.xml";

fn rules(values: &[FeedValue]) -> FeedRules {
    let facets = values.iter().map(|value| FeedFacet { value: value.clone(), many: true }).collect();
    FeedRules { language: Language::of("en").expect("English"), facets }
}

fn feed(text: &str, values: &[FeedValue]) -> Extracted {
    extract_feed(text, &rules(values), &Url::parse(AT).expect("an address"))
}

/// The only row of a feed with this item.
#[track_caller]
fn item(inside: &str) -> RawRow {
    let text = format!("<rss version='2.0'><channel><link>https://example.org/</link><item>{inside}</item></channel></rss>");
    let mut rows = feed(&text, &[]).rows;
    assert_eq!(rows.len(), 1, "{inside}");
    rows.remove(0)
}

#[track_caller]
fn entry(inside: &str) -> RawRow {
    let text = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='/e'/><updated>2026-11-23</updated>{inside}</entry></feed>"
    );
    let mut rows = feed(&text, &[]).rows;
    assert_eq!(rows.len(), 1, "{inside}");
    rows.remove(0)
}

fn shown(summary: Option<Markup>) -> String {
    match summary {
        None => String::new(),
        Some(Markup::Text(text)) => format!("text {text}"),
        Some(Markup::Html(html)) => format!("html {html}"),
    }
}

#[test]
fn titles_are_text_however_they_are_escaped() {
    for (inside, want) in [
        ("<title>Tom &amp; Jerry</title>", "Tom & Jerry"),
        ("<title>Tom &amp;amp; Jerry</title>", "Tom & Jerry"),
        ("<title>Tom & Jerry</title>", "Tom & Jerry"),
        ("<title><![CDATA[Tom &amp; Jerry]]></title>", "Tom & Jerry"),
        ("<title>&lt;b&gt;Tom&lt;/b&gt; &amp;#8211; &amp;eacute;</title>", "Tom – é"),
        ("<title><b>Tom</b> &amp; Jerry</title>", "Tom & Jerry"),
        ("<title>How &lt;script&gt; tags are used</title>", "How <script> tags are used"),
        ("<title>1 &lt; 2 &amp; 3 &gt; 2</title>", "1 < 2 & 3 > 2"),
        ("<media:title>No</media:title><title> A\n  title </title><title>Another</title>", "A title"),
    ] {
        assert_eq!(item(&format!("<link>/a</link>{inside}")).title, want, "{inside}");
    }
    for (inside, want) in [
        ("<title type='html'>Tom &amp;amp; &amp;lt;Jerry&amp;gt;</title>", "Tom & <Jerry>"),
        ("<title type='html'>&lt;i&gt;Tom&lt;/i&gt;</title>", "Tom"),
        ("<title>Tom &amp;amp; &lt;i&gt;Jerry&lt;/i&gt;</title>", "Tom &amp; <i>Jerry</i>"),
        ("<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Tom &amp; <i>Jerry</i></div></title>", "Tom & Jerry"),
        ("<title type='xhtml'><x:div xmlns:x='http://www.w3.org/1999/xhtml'>1 &lt; 2</x:div></title>", "1 < 2"),
        ("<title type='text/html' mode='escaped'>&lt;i&gt;Tom&lt;/i&gt;</title>", "Tom"),
        ("<title type='odd type'/><title>Tom</title>", "Tom"),
    ] {
        assert_eq!(entry(inside).title, want, "{inside}");
    }
}

#[test]
fn an_entry_without_title_is_called_by_the_beginning_of_its_text() {
    let long = "It is long, and longer still, ".repeat(10);
    for (inside, want) in [
        ("<description>&lt;p&gt;Short &amp;amp; good.&lt;/p&gt;</description>", "Short & good."),
        ("<title> </title><content:encoded>Whole</content:encoded>", "Whole"),
        (
            &format!("<description>{long}</description>"),
            "It is long, and longer still, It is long, and longer still, It is long, and longer still, It is…",
        ),
    ] {
        assert_eq!(item(&format!("<link>/a</link>{inside}")).title, want, "{inside}");
    }
    let nothing =
        feed("<rss version='2.0'><item><link>https://example.org/a</link><description> </description></item></rss>", &[]);
    assert_eq!((nothing.rows_found, nothing.rows.len()), (1, 0));
    assert_eq!(
        nothing.warnings[0].to_string(),
        "row 1, title: nothing there, nor a text that could be its title: the entry is left out"
    );
}

#[test]
fn links_and_where_they_start() {
    for (inside, want) in [
        ("<link>/a</link>", Some("https://example.org/a")),
        ("<link> https://x.example/a?b=1&amp;c=2 </link>", Some("https://x.example/a?b=1&c=2")),
        ("<link/><guid>https://example.org/g</guid>", Some("https://example.org/g")),
        ("<guid isPermaLink='true'>https://example.org/g</guid>", Some("https://example.org/g")),
        ("<guid isPermaLink='False'>https://example.org/g</guid><pubDate>2026-11-23</pubDate>", None),
        ("<guid>tag:example.org,2026:1</guid><pubDate>2026-11-23</pubDate>", None),
        ("<atom:link href='/self' rel='self'/><atom:link href='/a'/>", Some("https://example.org/a")),
        ("<comments>/c</comments><enclosure url='/e.mp3' type='audio/mpeg'/><pubDate>2026-11-23</pubDate>", None),
    ] {
        assert_eq!(item(&format!("<title>T</title>{inside}")).link.as_deref(), want, "{inside}");
    }
    let text = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/a/'><link href='https://example.org/'/><updated>2026-11-23</updated>\
        <entry xml:base='b/'><title>1</title><link rel='edit' href='no'/><link type='application/json' href='1.json'/><link type='text/html' href='1'/>\
        <content type='html' xml:base='c/'>&lt;a href='x'>x&lt;/a></content></entry>\
        <entry><title>2</title><id>https://example.org/2</id></entry><entry><title>3</title><link href='3' xml:base='https://x.example/'/></entry></feed>";
    let out = feed(text, &[]);
    let links: Vec<_> = out.rows.iter().map(|row| row.link.as_deref().unwrap_or("-")).collect();
    assert_eq!(links, ["https://feeds.example.org/a/b/1", "https://example.org/2", "https://x.example/3"]);
    assert_eq!(out.rows[0].base.as_deref(), Some("https://feeds.example.org/a/b/c/"));
    let rdf = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel><title>T</title><link>x/</link></channel>\
        <item rdf:about='https://example.org/1'><title>1</title></item><item><title>2</title><link>2</link></item></rdf:RDF>";
    let links: Vec<_> = feed(rdf, &[]).rows.into_iter().map(|row| row.link.unwrap_or_default()).collect();
    assert_eq!(links, ["https://example.org/1", "https://feeds.example.org/news/x/2"]);
}

#[test]
fn summaries_before_contents() {
    for (inside, want) in [
        ("<description>A &amp; b</description>", "html A & b"),
        ("<description>Plain</description><content:encoded>&lt;p>Whole&lt;/p></content:encoded>", "text Plain"),
        ("<description/><content:encoded><![CDATA[<p>Whole</p>]]></content:encoded>", "html <p>Whole</p>"),
        (
            "<description>&lt;p>&lt;/p></description><body xmlns='http://www.w3.org/1999/xhtml'>a <b>b</b> &amp; c</body>",
            "html a <b>b</b> &amp; c",
        ),
        (
            "<description>Nobody <b>escaped</b> this &amp; that<br><img src='/i.png'></description>",
            "html Nobody <b>escaped</b> this &amp; that<br><img src=\"/i.png\">",
        ),
    ] {
        let want = if want == "html A & b" { "text A & b" } else { want };
        assert_eq!(shown(item(&format!("<title>T</title><link>/a</link>{inside}")).summary), want, "{inside}");
    }
    for (inside, want) in [
        ("<summary>A &lt; b</summary>", "text A < b"),
        ("<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>a<br/>b</p></div></content>", "html <p>a<br>b</p>"),
        ("<content type='image/png'>iVBORw0KGgo=</content>", ""),
        ("<content type='text/plain' mode='base64'>iVBORw0KGgo=</content>", ""),
        ("<content type='text/html' src='/whole'/>", ""),
        ("<summary type='html'/><content type='html'>&lt;p>x&lt;/p></content>", "html <p>x</p>"),
        ("<content type='xhtml'>no div &amp; no more</content>", "text no div & no more"),
    ] {
        assert_eq!(shown(entry(&format!("<title>T</title>{inside}")).summary), want, "{inside}");
    }
}

#[test]
fn images_in_every_way() {
    let media = "xmlns:media='http://search.yahoo.com/mrss/'";
    for (inside, want) in [
        (format!("<media:thumbnail {media} url='/t.jpg'/>"), "/t.jpg"),
        (
            format!(
                "<media:group {media}><media:content url='/v.mp4' type='video/mp4'><media:thumbnail url='t.jpg'/></media:content></media:group>"
            ),
            "/t.jpg",
        ),
        (format!("<media:content {media} url='/c' medium='image'/>"), "/c"),
        (format!("<media:content {media} url='/v' medium='video'/>"), ""),
        ("<media:content url='/c.png'/>".to_owned(), "/c.png"),
        ("<enclosure url='/e' type='image/jpeg' length='1'/>".to_owned(), "/e"),
        ("<enclosure url='/e.mp3' type='audio/mpeg'/><itunes:image href='/i.jpg'/>".to_owned(), "/i.jpg"),
        ("<image><url>/i.gif</url></image>".to_owned(), "/i.gif"),
    ] {
        let image = item(&format!("<title>T</title><link>/a</link>{inside}")).image;
        let want = Some(want).filter(|w| !w.is_empty()).map(|w| format!("https://example.org{w}"));
        assert_eq!(image, want, "{inside}");
    }
    let image = entry("<title>T</title><link rel='enclosure' type='image/png' href='/e.png'/>").image;
    assert_eq!(image.as_deref(), Some("https://feeds.example.org/e.png"));
}

#[test]
fn categories_and_authors_make_terms() {
    let category = |schemes: &[&str], only: &[&str], without: &[&str]| {
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect();
        FeedValue::Category { schemes: texts(schemes), only: texts(only), without: texts(without) }
    };
    let values = [
        category(&[], &[], &[]),
        category(&["topics"], &[], &[]),
        category(&["topics", "places"], &[], &["law"]),
        category(&[], &["kyiv"], &[]),
        FeedValue::Author,
    ];
    let rss = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><item><title>T</title><link>https://example.org/a</link>\
        <category domain='topics'>Law</category><category domain='topics'>R&amp;amp;D</category><category domain=' places '> Kyiv </category><category/>\
        <dc:subject>Other</dc:subject><dc:creator>Ada Berg</dc:creator><author>bo@example.org (Bo Chen)</author></item></rss>";
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>T</title><link href='/a'/><category term='law' label='Law' scheme='topics'/>\
        <category term='R&amp;D' scheme='topics'/><category term='Kyiv' scheme='places'/><category term='Other'/><author><name>Ada Berg</name></author>\
        <author><name>Bo Chen</name><email>bo@example.org</email></author></entry></feed>";
    for text in [rss, atom] {
        let terms = &feed(text, &values).rows[0].terms;
        assert_eq!(terms[0], ["Law", "R&D", "Kyiv", "Other"], "{text}");
        assert_eq!(terms[1], ["Law", "R&D"]);
        assert_eq!(terms[2], ["R&D", "Kyiv"]);
        assert_eq!(terms[3], ["Kyiv"]);
        assert_eq!(terms[4], ["Ada Berg", "Bo Chen"], "{text}");
    }
}

#[test]
fn an_entry_that_cannot_be_read_leaves_the_others() {
    let text = "{\"version\": \"https://jsonfeed.org/version/1\", \"title\": 1, \"items\": [{\"id\": 7, \"title\": \"One\", \"url\": \"/1\", \"tags\": [1, null, \"t\"]}, 5, \
        {\"title\": {}, \"content_text\": \"Two\", \"external_url\": \"/2\", \"attachments\": [{\"url\": \"/x\"}], \"date_published\": 3, \"image\": \"/i\"}], \"next_url\": \"?page=2\"}";
    let out = feed(text, &[]);
    let rows: Vec<_> = out.rows.iter().map(|row| (row.row, row.title.as_str(), row.link.as_deref())).collect();
    assert_eq!(rows, [(0, "One", Some("/1")), (2, "Two", Some("/2"))]);
    assert_eq!(out.rows_found, 3);
    assert_eq!(out.next.as_deref(), Some("https://feeds.example.org/news/feed.xml?page=2"));
    assert_eq!(out.rows[1].image.as_deref(), Some("/i"));
}

#[test]
fn undated_entries_need_a_link() {
    let text = "<rss><channel><item><title>1</title><link>https://example.org/1</link></item><item><title>2</title></item>\
        <item><title>3</title><link>https://example.org/3</link><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate></item>\
        <item><title>4</title><link>https://example.org/4</link><pubDate>soon</pubDate></item></channel></rss>";
    let out = feed(text, &[]);
    assert_eq!(out.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [0, 2, 3]);
    assert!(out.rows.iter().all(|row| matches!(row.date, When::Ago(_))), "{out:?}");
    let told: Vec<String> = out.warnings.iter().map(|w| format!("{w}")).collect();
    assert_eq!(
        told,
        [
            "row 2, link: nothing there, \"2\" stays without one",
            "row 2, date: nothing there, nor a link by which it would be known again: \"2\" is left out",
            "row 3, date: 1970 is when computers begin to count: \"3\" is taken for undated",
            "row 4, date: \"soon\" is no date that can be read: \"4\" is taken for undated",
            "date: 2 state none: they are dated by the poll that first sees them"
        ]
    );
}

#[test]
fn what_is_no_feed_says_so() {
    for (text, want) in [
        (
            "<!DOCTYPE html><html><title>x</title>",
            "feed: it is a page (HTML), not a feed: leave out kind = \"feed\"; `newsroomd discover https://feeds.example.org/news/feed.xml` shows how to read it",
        ),
        (
            "<html><link rel=alternate type=application/atom+xml href=/real.atom>",
            "feed: it is a page (HTML), not a feed: it offers https://feeds.example.org/real.atom: put that into `page`",
        ),
        (
            "{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": [{",
            "feed: it is no JSON that can be read, as if it were cut off",
        ),
        ("{\"a\": 1}", "feed: it is JSON, but no JSON Feed"),
        ("<svg/>", "feed: it is no feed: neither RSS, Atom nor JSON Feed: its root element is <svg>"),
        ("", "feed: it is no feed: neither XML nor JSON"),
    ] {
        let out = feed(text, &[]);
        assert!(out.frame.foreign.is_some() && out.rows_found == 0, "{text}");
        assert_eq!(out.warnings[0].to_string(), want, "{text}");
    }
}

#[test]
fn paged_feeds_and_archives_lead_on() {
    let atom = |links: &str| {
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'>{links}<entry><title>1</title><link rel='next' href='no'/></entry></feed>"
        )
    };
    for (text, want) in [
        (atom("<link rel='prev-archive' href='/2'/><link rel='next' href='?p=2'/>"), Some("https://feeds.example.org/news/feed.xml?p=2")),
        (atom("<link rel='prev-archive' href='/2'/>"), Some("https://feeds.example.org/2")),
        (atom("<link rel='self' href='/2'/>"), None),
        ("<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><link>https://example.org/</link><atom:link rel='next' href='/2'/></channel></rss>".to_owned(), Some("https://feeds.example.org/2")),
    ] {
        assert_eq!(feed(&text, &[]).next.as_deref(), want, "{text}");
    }
}

#[test]
fn markup_in_entries_is_bounded() {
    let start = std::time::Instant::now();
    for piece in ["&lt;div>", "&lt;b>", "&lt;p>", "&amp;", "&lt;", "&lt;a href=x", "&amp;amp", "&lt;/"] {
        let row = item(&format!("<title>T</title><link>/a</link><description>x{}</description>", piece.repeat(20_000)));
        assert!(row.summary.is_some(), "{piece}");
        let row = item(&format!("<title>x{}</title><link>/a</link>", piece.repeat(20_000)));
        assert!(row.title.starts_with('x'), "{piece}");
    }
    let page = feed(&format!("<html>{}", "<div>".repeat(100_000)), &[]);
    assert!(page.frame.foreign.is_some());
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
}
