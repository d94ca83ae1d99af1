//! Whatever comes in: nothing panics, what goes out is well-formed, safe and says the same.

use std::path::Path;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeZone, Timelike, Utc};
use newsroomd::config::{Config, Source};
use newsroomd::domain::text::{is_xml_char, xml_legal};
use newsroomd::domain::{digest, fold};
use newsroomd::extract::Markup;
use newsroomd::extract::date::{DateFormat, When, read_date, recognise, recognise_all};
use newsroomd::extract::months::Language;
use newsroomd::feed::{Category, Document, Entry, Format};
use newsroomd::fetch::Page;
use newsroomd::normalise::html::{Sanitiser, text_of};
use newsroomd::pipeline::read_page;
use proptest::prelude::*;
use url::Url;

use crate::reading::{safe_html, safe_link};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Any text, with more than its share of what breaks documents.
fn text() -> impl Strategy<Value = String> {
    let trap = prop::sample::select(vec![
        "\u{0}",
        "\u{1}",
        "\u{8}",
        "\u{b}",
        "\u{1f}",
        "\u{7f}",
        "\u{85}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{1fffe}",
        "\u{2028}",
        "\u{feff}",
        "\r",
        "\r\n",
        "\n",
        "\t",
        "  ",
        "]]>",
        "]]",
        "<![CDATA[",
        "<",
        ">",
        "&",
        "&amp;",
        "&#0;",
        "&#xFFFF;",
        "\"",
        "'",
        "<b>",
        "<!--",
        "-->",
        "<?xml",
        "\\",
        "😀",
        "\u{202e}",
        "e\u{301}",
    ]);
    let piece = prop_oneof![3 => trap.prop_map(str::to_owned), 2 => any::<char>().prop_map(String::from), 2 => "[a-zA-Z0-9 ]{1,8}", 1 => any::<String>()];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn document(title: &str, summary: Option<&str>, term: &str) -> Document {
    let at = DateTime::from_timestamp(1_727_647_200, 0).expect("an instant");
    let published = FixedOffset::east_opt(7_200).expect("an offset").from_utc_datetime(&at.naive_utc());
    let entry = Entry {
        id: digest(["item"]),
        title: title.to_owned(),
        link: Some("https://example.org/?a=1&b=2".into()),
        origin: None,
        related: vec!["https://example.org/?c=3&d=4".into()],
        published,
        updated: published,
        summary: summary.map(str::to_owned),
        content: None,
        enclosures: Vec::new(),
        alternates: Vec::new(),
        image: Some("https://example.org/i.jpg?a=1&b='2'".into()),
        categories: vec![Category { scheme: "https://example.org/a?b&c".into(), term: term.to_owned() }],
    };
    let without_link = Entry { id: digest(["other"]), link: None, related: Vec::new(), ..entry.clone() };
    Document {
        id: digest(["feed"]),
        title: title.to_owned(),
        description: term.to_owned(),
        home: "https://example.org/?x=1&y=2".into(),
        language: "en".into(),
        author: title.to_owned(),
        updated: at,
        ttl: 15,
        address: "https://feeds.example.org/all".into(),
        formats: Format::ALL.to_vec(),
        entries: vec![entry, without_link],
    }
}

/// Line ends as XML parsers see them (XML 1.0, 2.11), unless they were written as references.
fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[track_caller]
fn same_text(got: Option<&str>, want: &str, what: &str) {
    let (got, want) = (got.unwrap_or_default(), xml_legal(want));
    assert!(got == want || got == line_ends(&want), "{what}: {got:?} is not {want:?}");
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn any_texts_make_well_formed_documents_that_read_back_the_same(title in text(), summary in proptest::option::of(text()), term in text()) {
        let document = document(&title, summary.as_deref(), &term).clean();
        let render = |format: Format| String::from_utf8(format.render(&document)).expect("UTF-8");
        let (rss, atom, json) = (render(Format::Rss), render(Format::Atom), render(Format::Json));

        let rss = roxmltree::Document::parse(&rss).unwrap_or_else(|e| panic!("{e}: {rss}"));
        let media = "http://search.yahoo.com/mrss/";
        let image = |node: roxmltree::Node<'_, '_>| {
            node.children().find(|n| n.has_tag_name((media, "thumbnail"))).and_then(|n| n.attribute("url")).map(str::to_owned)
        };
        let expected = Some("https://example.org/i.jpg?a=1&b='2'".to_owned());
        for item in rss.descendants().filter(|n| n.has_tag_name("item")) {
            let child = |name: &'static str| item.children().find(move |n| n.tag_name().name() == name).and_then(|n| n.text());
            prop_assert_eq!(image(item), expected.clone());
            same_text(child("title"), &title, "RSS title");
            same_text(child("description"), summary.as_deref().unwrap_or_default(), "RSS description");
            same_text(child("category"), &term, "RSS category");
        }
        let atom = roxmltree::Document::parse(&atom).unwrap_or_else(|e| panic!("{e}: {atom}"));
        for entry in atom.descendants().filter(|n| n.tag_name().name() == "entry") {
            let child = |name: &'static str| entry.children().find(move |n| n.tag_name().name() == name);
            prop_assert_eq!(image(entry), expected.clone());
            same_text(child("title").and_then(|n| n.text()), &title, "Atom title");
            same_text(child("summary").and_then(|n| n.text()), summary.as_deref().unwrap_or_default(), "Atom summary");
            // In attributes every white space may come back as a blank (XML 1.0, 3.3.3).
            let blank = |text: &str| text.replace(['\t', '\n', '\r'], " ");
            let got = child("category").and_then(|n| n.attribute("term")).unwrap_or_default();
            prop_assert_eq!(blank(&line_ends(got)), blank(&line_ends(&xml_legal(&term))));
        }
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        prop_assert_eq!(json["items"][0]["title"].as_str().map(str::to_owned), Some(line_ends(&xml_legal(&title))));
        prop_assert_eq!(json["items"][0]["content_html"].as_str().map(str::to_owned), Some(line_ends(&xml_legal(summary.as_deref().unwrap_or_default()))));
        prop_assert_eq!(json["items"][0]["tags"][0].as_str().map(str::to_owned), Some(line_ends(&xml_legal(&term))));
    }

    #[test]
    fn folding_twice_is_folding_once(text in text()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }
}

/// HTML as an attacker or a broken template writes it.
fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "<script>",
        "</script>",
        "<svg onload=x>",
        "</svg>",
        "<math>",
        "<mtext>",
        "<mglyph>",
        "<style>",
        "</style>",
        "<iframe src=javascript:x>",
        "<a href=\"javascript:alert(1)\">",
        "<a href=\"java\tscript:x\">",
        "<a href=' &#1;javascript:x'>",
        "<a href=\"https://u:p@example.org/\">",
        "<a href=\"//u:p@example.org/\">",
        "<a href=\"data:text/html,x\">",
        "<a href=/ok>",
        "<a href=http:ok>",
        "<a href=\"http://[::1\">",
        "</a>",
        "<img src=x onerror=y>",
        "<img src=\"data:x\">",
        "<img srcset=\"javascript:x 1x\">",
        "<p style=\"x:expression(y)\" onclick=z>",
        "</p>",
        "<base href=\"javascript:/\">",
        "<base href=\"https://evil.example/\">",
        "<meta http-equiv=refresh content=0>",
        "<form action=x>",
        "<input>",
        "<template>",
        "</template>",
        "<noscript>",
        "</noscript>",
        "<title>",
        "<textarea>",
        "</textarea>",
        "<plaintext>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<table><tr><td>",
        "</table>",
        "<b>",
        "</b>",
        "<q cite=javascript:x>",
        "<details ontoggle=x open>",
        "<article>",
        "</article>",
        "<h3>",
        "</h3>",
        "<time>",
        "</time>",
        "<time>30 September 2024</time>",
        "<div>Topics: ",
        "</div>",
        "Topics:",
        "&lt;script&gt;",
        "&#0;",
        "&#x110000;",
        "\u{0}",
        "\u{8}",
        "<",
        ">",
        "\"",
        "'",
        "&",
    ]);
    let piece = prop_oneof![6 => token.prop_map(str::to_owned), 1 => text(), 1 => "[a-z ]{1,6}"];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn nothing_unsafe_gets_through_the_sanitiser(html in soup()) {
        let mut sanitiser = Sanitiser::new(Url::parse("https://example.org/news/").expect("a base"));
        for markup in [Markup::Html(html.clone()), Markup::Text(html)] {
            let Some(clean) = sanitiser.summary(&markup) else { continue };
            safe_html(&clean);
            prop_assert!(clean.chars().all(is_xml_char), "{clean:?}");
            // What was cleaned says the same to whoever cleans it again; a byte order mark at the front is no text to a parser.
            let said = |html: &str| text_of(html).trim_start_matches('\u{feff}').trim_start().to_owned();
            let again = sanitiser.summary(&Markup::Html(clean.clone())).unwrap_or_default();
            prop_assert_eq!(said(&again), said(&clean));
        }
    }
}

fn source() -> Source {
    let text = r#"
        base-url = "https://feeds.example.org/"
        [publish]
        directory = "feeds"
        [[source]]
        id = "any"
        title = "Any"
        page = "https://example.org/"
        each = ["article", "tr", "body"]
        next = "a"
        link-key = '/(\d+)$'
        [source.item]
        title = ["h3", "b", { label = "Topics" }, "a"]
        date = [{ label = "Date", format = "%d %B %Y" }, "time"]
        summary = ["p", "div"]
        [source.facet.topic]
        value = [{ label = "Topics", many = true }, { select = "td", many = true }]
        [source.facet.type]
        value = { attr = "class" }
    "#;
    let (config, _) = Config::parse(Path::new("any.toml"), text, Path::new("/state")).unwrap_or_else(|e| panic!("{e}"));
    config.sources[0].clone()
}

fn page(body: Vec<u8>, charset: Option<&str>) -> Page {
    let url = Url::parse("https://example.org/list?page=1").expect("an address");
    Page { url, moved: None, body, charset: charset.map(str::to_owned), etag: None, last_modified: None }
}

#[track_caller]
fn readable(page: &Page, source: &Source) {
    let read = read_page(page, 0, source, Utc::now());
    assert!(read.rows.len() <= read.found);
    for row in &read.rows {
        assert!(!row.title.is_empty() && row.title.chars().all(is_xml_char) && !row.title.contains(['\n', '\t']), "{row:?}");
        row.link.iter().for_each(|link| safe_link(&link.url));
        row.summary.iter().for_each(|html| safe_html(html));
    }
    read.next.iter().for_each(|next| safe_link(next.as_str()));
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn no_bytes_make_reading_panic(body in prop::collection::vec(any::<u8>(), 0..400), charset in prop::sample::select(vec![None, Some("utf-16"), Some("iso-2022-jp"), Some("gb18030"), Some("x")])) {
        readable(&page(body, charset), &source());
    }

    #[test]
    fn no_soup_makes_reading_panic(body in soup(), head in prop::sample::select(vec!["", "<article><h3>T</h3><time>2024-09-30</time><p>", "<meta charset=utf-16>", "<base href='data:x'>"])) {
        readable(&page(format!("{head}{body}").into_bytes(), None), &source());
    }
}

/// What dates are made of, in many hands.
fn scraps() -> impl Strategy<Value = String> {
    let scraps = [
        "30",
        "9",
        "2024",
        "24",
        "113",
        "2567",
        "1403",
        "999999999999",
        "٣٠",
        "๓๐",
        "三十",
        "September",
        "sept",
        "сентября",
        "syyskuuta",
        "tháng",
        "Meán",
        "Fómhair",
        "年",
        "月",
        "日",
        "令和",
        "元",
        "R",
        "민국",
        "ago",
        "vor",
        "hours",
        "小时前",
        "시간전",
        "yesterday",
        "gestern",
        "pm",
        "a. m.",
        "UTC",
        "+",
        "-",
        "/",
        ".",
        ":",
        ",",
        " ",
        " ",
        " ",
        "T",
        "Z",
        "(",
        ")",
        "'",
        "’",
        "\u{200f}",
        "\u{ad}",
        "\u{301}",
        "%",
        "🦀",
        "İ",
        "ß",
    ];
    prop::collection::vec(prop::sample::select(scraps.to_vec()), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn no_text_makes_recognising_panic(text in prop_oneof![scraps(), any::<String>()], tag in prop::sample::select(vec!["en", "th", "ja", "zh-TW", "fa", "he", "vi", "mn", "fi", "ar", "ko"])) {
        let language = Language::of(tag).expect("a known language");
        if let Some(found) = recognise(&text, language) {
            let said = text.get(found.span.clone());
            prop_assert!(said.is_some_and(|s| !s.is_empty()), "{:?} in {:?}", found.span, text);
            if !found.form.is_empty() {
                let format = DateFormat::parse(&found.form, language).expect("a form that is a format");
                prop_assert_eq!(read_date(said.expect("a span"), &[format]), Some(found.date), "{} for {:?}", found.form, text);
            }
            prop_assert_eq!(recognise_all(&[&text], language, false), [Some(found)]);
        }
    }
}

#[test]
fn a_long_text_is_searched_no_further_than_a_short_one() {
    let english = Language::of("en").expect("English");
    let long = |scrap: &str| scrap.repeat(2_000_000 / scrap.len());
    for scrap in ["30.", "30 September ", "1:", "3 hours ", "a ", "30/", "r1.", "一", "12 12 ", "-", "’"] {
        let begun = std::time::Instant::now();
        recognise(&long(scrap), english);
        recognise_all(&[&long(scrap)], english, true);
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{scrap:?} takes {:?}", begun.elapsed());
    }
    assert_eq!(recognise(&format!("{}30 September 2024", " ".repeat(300)), english), None);
}

/// Languages whose dates are written with names of months.
const LANGUAGES: [&str; 40] = [
    "en", "de", "fr", "es", "it", "pt", "ru", "uk", "cs", "pl", "sr", "hy", "tr", "el", "sq", "mk", "bs", "fi", "sv", "da", "nb",
    "nl", "ro", "bg", "hr", "sk", "sl", "lt", "lv", "et", "be", "kk", "az", "ka", "ar", "he", "id", "cy", "is", "sr-Latn",
];

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn dates_by_name_read_back_in_every_language(days in 0..40_000i64, tag in prop::sample::select(LANGUAGES.to_vec()), pick in any::<prop::sample::Index>(), upper in any::<bool>()) {
        let day = NaiveDate::from_ymd_opt(1990, 1, 1).expect("a day") + chrono::Days::new(u64::try_from(days).expect("days"));
        let language = Language::of(tag).expect("a known language");
        let names: Vec<_> = language.months().into_iter().filter(|(name, n)| *n == day.month() && !name.is_empty()).collect();
        let name = names[pick.index(names.len())].0;
        let name = if upper { name.to_uppercase() } else { name.to_owned() };
        let bare = name.trim().trim_end_matches('.');
        for (format, text) in [
            ("%d %B %Y", format!("{} {bare} {}", day.day(), day.year())),
            ("%d %b %Y", format!("{} {bare} {}", day.day(), day.year())),
            ("%d. %B %Y, %H:%M", format!("{}. {bare} {}, 23:59", day.day(), day.year())),
            ("%B %d, %Y", format!("…: {bare} {:02}, {} (x)", day.day(), day.year())),
            ("%d %b. %Y", format!("{} {bare}. {}", day.day(), day.year())),
        ] {
            let read = read_date(&text, &[DateFormat::parse(format, language).expect("a format")]);
            prop_assert_eq!(read.and_then(When::stated).map(|d| d.day), Some(day), "{} by {} in {}", text, format, tag);
        }
        let read = read_date(&format!("{} {bare} {}", day.day(), day.year()), &DateFormat::unmistakable(language));
        prop_assert_eq!(read.and_then(When::stated).map(|d| d.day), Some(day), "{} without format in {}", bare, tag);
    }

    #[test]
    fn dates_in_numbers_read_back(seconds in 0..4_000_000_000i64, quarters in -48..=56i32) {
        let offset = FixedOffset::east_opt(quarters * 900).expect("an offset");
        let at = DateTime::<Utc>::from_timestamp(seconds, 0).expect("an instant").with_timezone(&offset);
        let en = Language::of("en").expect("English");
        for format in ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y %H:%M", "%Y年%m月%d日", "%A, %d %B %Y", "%s", "%Y-%m-%dT%H:%M:%S%z", "%e %b %Y"] {
            let Ok(rule) = DateFormat::parse(format, en) else { continue };
            let read = read_date(&at.format(format).to_string(), &[rule]);
            let day = if format == "%s" { at.naive_utc().date() } else { at.date_naive() };
            prop_assert_eq!(read.and_then(When::stated).map(|d| d.day), Some(day), "{}", at.format(format));
        }
        for text in [at.to_rfc3339(), at.to_rfc2822(), at.with_timezone(&Utc).format("%a, %d %b %Y %H:%M:%S GMT").to_string(), at.with_timezone(&Utc).format("%Y-%m-%dT%H:%M:%SZ").to_string()] {
            let read = read_date(&text, &DateFormat::unmistakable(en)).and_then(When::stated).unwrap_or_else(|| panic!("{text}"));
            let local = read.day.and_time(read.time.expect("a time"));
            let instant = read.offset.expect("an offset").from_local_datetime(&local).single().expect("one instant");
            prop_assert_eq!(instant.timestamp(), at.timestamp(), "{}", text);
            prop_assert_eq!(read.time.map(|t| t.second()), Some(at.second()));
        }
    }
}
