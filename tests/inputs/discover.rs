//! Listings found without selectors. Promised: on every page of `fixtures/discover` the right rows with title, link and date, or an honest "not
//! sure"; the rules that are shown read the same rows; the same page gives the same answer, whatever it is, in bounded time.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::NaiveDate;
use newsroomd::config::Config;
use newsroomd::discover::{Discovery, Hints, discover};
use newsroomd::extract::charset::{Evidence, decode};
use newsroomd::extract::date::When;
use newsroomd::extract::extract;
use proptest::prelude::*;
use scraper::Html;
use serde_json::Value;
use url::Url;

use crate::reading::fixture;

/// What a fixture is, and what is expected of it.
struct Case {
    name: String,
    html: String,
    url: Url,
    today: NaiveDate,
    sure: bool,
    rows: Vec<(String, String, String)>,
    /// Where the fixture states any.
    images: Option<Vec<Option<String>>>,
    next: Option<String>,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn cases(of: &str) -> Vec<Case> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(fixture(of)).expect("fixtures").flatten().map(|e| e.path()).collect();
    folders.sort();
    folders.into_iter().map(|folder| case(&folder)).collect()
}

fn case(folder: &Path) -> Case {
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).expect("expectations")).expect("JSON");
    let bytes = std::fs::read(folder.join("page.html")).expect("a page");
    let url = Url::parse(&text(&expected["url"])).expect("a URL");
    let evidence = Evidence { host: url.host_str().unwrap_or_default(), ..Evidence::default() };
    let rows = expected["rows"].as_array().expect("rows");
    let images: Vec<Option<String>> = rows.iter().map(|r| r["image"].as_str().map(str::to_owned)).collect();
    let stated = expected["images"].as_bool() == Some(true) || images.iter().any(Option::is_some);
    Case {
        name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
        html: decode(&bytes, &evidence).text.into_owned(),
        today: text(&expected["today"]).parse().expect("a day"),
        sure: expected["sure"].as_bool().expect("sure or not"),
        images: stated.then_some(images),
        rows: rows.iter().map(|r| (text(&r["title"]), text(&r["link"]), text(&r["date"]))).collect(),
        next: expected["next"].as_str().map(str::to_owned),
        url,
    }
}

fn found(case: &Case) -> Discovery {
    let document = Html::parse_document(&case.html);
    discover(&document, &Hints { url: &case.url, language: None, today: case.today })
}

/// Title, absolute link and day of each row.
fn rows(discovery: &Discovery, url: &Url, today: NaiveDate) -> Vec<(String, String, String)> {
    let base = discovery.extracted.base.as_deref().and_then(|b| url.join(b).ok()).unwrap_or_else(|| url.clone());
    let link = |l: &Option<String>| l.as_deref().and_then(|l| base.join(l).ok()).map(String::from).unwrap_or_default();
    let noon = today.and_hms_opt(12, 0, 0).expect("noon").and_utc();
    let day = |when: When| when.resolve(noon, chrono_tz::Tz::UTC).day;
    discovery.extracted.rows.iter().map(|r| (r.title.clone(), link(&r.link), day(r.date).to_string())).collect()
}

/// Absolute addresses of the rows' images.
fn images(discovery: &Discovery, url: &Url) -> Vec<Option<String>> {
    let base = discovery.extracted.base.as_deref().and_then(|b| url.join(b).ok()).unwrap_or_else(|| url.clone());
    let image = |r: &newsroomd::extract::RawRow| r.image.as_deref().and_then(|i| base.join(i).ok()).map(String::from);
    discovery.extracted.rows.iter().map(image).collect()
}

#[derive(PartialEq)]
enum Fared {
    Right,
    NotSure,
    Wrong,
}

/// How the fixtures of a folder fared, as a table.
fn table(of: &str) -> (String, Vec<(String, Fared)>) {
    let mut out = format!("{:<24} {:>5} {:>8} {:>5} {:>10}  {}\n", "fixture", "found", "expected", "same", "confidence", "");
    let mut fared = Vec::new();
    for case in cases(of) {
        let discovery = found(&case);
        let got = rows(&discovery, &case.url, case.today);
        let same = got.iter().filter(|row| case.rows.contains(row)).count();
        let images = images(&discovery, &case.url);
        let all = got == case.rows && case.images.as_ref().is_none_or(|want| *want == images);
        let confidence = discovery.best().map_or(0, |c| c.confidence);
        let next = discovery.extracted.next.as_deref().and_then(|n| case.url.join(n).ok()).map(String::from);
        let right = match (discovery.is_sure(), case.sure) {
            (true, true) if all && next == case.next => Fared::Right,
            (false, _) => Fared::NotSure,
            _ => Fared::Wrong,
        };
        let word = match (&right, case.sure) {
            (Fared::Right, _) => "right",
            (Fared::NotSure, false) => "not sure, rightly",
            (Fared::NotSure, true) => "not sure",
            (Fared::Wrong, _) => "WRONG",
        };
        let _ = writeln!(out, "{:<24} {:>5} {:>8} {:>5} {:>10}  {word}", case.name, got.len(), case.rows.len(), same, confidence);
        if std::env::var_os("DISCOVER_WHY")
            .is_some_and(|name| name.to_string_lossy() == case.name || name == "all" && word != "right")
        {
            let _ = writeln!(out, "  next {next:?}, expected {:?}", case.next);
            for (got, want) in images.iter().zip(case.images.iter().flatten()).filter(|(a, b)| a != b).take(2) {
                let _ = writeln!(out, "  got  {got:?}\n  want {want:?}");
            }
            for (got, want) in got.iter().zip(&case.rows).filter(|(a, b)| a != b).take(2) {
                let _ = writeln!(out, "  got  {got:?}\n  want {want:?}");
            }
            for candidate in &discovery.candidates {
                let reasons: Vec<String> = candidate.reasons.iter().map(|r| format!("{:+} {}", r.points, r.text)).collect();
                let _ = writeln!(out, "  - {} {:?}\n    {}\n", candidate.confidence, candidate.how, reasons.join("; "));
            }
        }
        fared.push((case.name, right));
    }
    (out, fared)
}

#[test]
fn every_fixture_gives_the_right_rows_or_an_honest_not_sure() {
    let (table, fared) = table("discover");
    println!("{table}");
    assert!(fared.iter().all(|(_, f)| *f != Fared::Wrong), "{table}");
    let expected = cases("discover").iter().filter(|c| c.sure).count();
    let right = fared.iter().filter(|(_, f)| *f == Fared::Right).count();
    assert_eq!(right, expected, "{table}");
}

/// Pages that were written after the search was. Of its first answers to them, before what was wrong in it was repaired, 22 of 30 were right or rightly
/// not sure, 1 was not sure, 3 lacked the next page only, and 4 were wrong. Of those to sixteen that were added later, 9 were right or rightly not sure,
/// 6 were not sure, and 1 lacked the story above the list.
#[test]
fn pages_that_it_was_not_made_for() {
    let (table, fared) = table("discover-held");
    println!("{table}");
    assert!(fared.iter().all(|(_, f)| *f != Fared::Wrong), "{table}");
    let right = fared.iter().filter(|(_, f)| *f == Fared::Right).count();
    assert_eq!(right, cases("discover-held").iter().filter(|c| c.sure).count(), "{table}");
}

/// The table is read by the crate's own reader, and its selectors give the rows that were found.
#[test]
fn the_table_that_is_shown_reads_the_same_rows() {
    for case in cases("discover").into_iter().chain(cases("discover-held")).filter(|c| c.sure) {
        let discovery = found(&case);
        if !discovery.is_sure() {
            continue;
        }
        let table = discovery.table.as_deref().expect("a table");
        let text = format!("base-url = \"https://feeds.example.org/\"\n[http]\n{table}");
        let (config, _) = Config::parse(Path::new("found.toml"), &text, Path::new("/state"))
            .unwrap_or_else(|e| panic!("{}: {e}\n{table}", case.name));
        let rules = config.sources[0].page_rules().expect("pages");
        assert_eq!(config.sources[0].page, case.url);
        if discovery.rules().is_none() {
            assert!(rules.each.is_empty() && rules.discovery.is_some(), "{table}");
            continue;
        }
        let read = extract(&case.html, rules);
        assert_eq!(read.rows, discovery.extracted.rows, "{}: {table}", case.name);
        assert_eq!((read.next, read.rows_found), (discovery.extracted.next.clone(), read.rows.len()), "{}", case.name);
    }
}

/// A page of a megabyte, most of it what no listing is.
#[test]
fn a_large_page_is_answered_in_bounded_time() {
    let menu = "<li class=\"m\"><a href=\"/a/b\">Some entry of a menu that goes on</a></li>".repeat(6_000);
    let row = |n: usize| {
        format!(
            "<div class=\"row-x\"><div><h3><a href=\"/news/story-{n}-x\">Story number {n} of a long list</a></h3><span>{} May 2024</span><p>{}</p></div></div>",
            1 + n % 28,
            "Words of a summary. ".repeat(15)
        )
    };
    let rows: String = (0..1_500).map(row).collect();
    let html = format!("<html lang=en><body><nav><ul>{menu}</ul></nav><main>{rows}</main>{}", "<div>".repeat(3_000));
    assert!(html.len() > 1_000_000, "{}", html.len());
    let document = Html::parse_document(&html);
    let url = Url::parse("https://example.org/").expect("a URL");
    let hints = Hints { url: &url, language: None, today: NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day") };
    let begun = std::time::Instant::now();
    let discovery = discover(&document, &hints);
    let took = begun.elapsed();
    println!("{} bytes in {took:?}, without optimisation", html.len());
    assert!(discovery.best().is_some_and(|c| c.rows == 1_500), "{:?}", discovery.candidates);
    // Many times what it takes when optimised: a bound against squares, not a measurement.
    assert!(took < std::time::Duration::from_secs(8), "{took:?}");
}

#[test]
fn a_page_nested_without_end_is_answered() {
    let row = |n: usize| {
        format!("<li class=item><a href=/story-{n}-a>Story number {n} of a list</a> {n} May 2024{}</li>", "<span>".repeat(300))
    };
    let deep = "<div>".repeat(3_000);
    let html =
        format!("<ul>{}</ul>{deep}<ul>{}</ul>", (1..20).map(row).collect::<String>(), (1..20).map(row).collect::<String>());
    answer(&html);
}

fn answer(html: &str) -> String {
    let url = Url::parse("https://example.org/news").expect("a URL");
    let hints = Hints { url: &url, language: None, today: NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day") };
    format!("{:?}", discover(&Html::parse_document(html), &hints))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_page_is_answered_and_the_same_page_the_same(pieces in prop::collection::vec(piece(), 0..60)) {
        let html: String = pieces.concat();
        prop_assert_eq!(answer(&html), answer(&html));
    }

    #[test]
    fn torn_pages_are_answered(cut in 0..100usize, which in 0..20usize) {
        static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| cases("discover"));
        let html = &CASES[which % CASES.len()].html;
        let at = (0..=html.len() * cut / 100).rev().find(|at| html.is_char_boundary(*at)).unwrap_or(0);
        prop_assert_eq!(answer(&html[..at]), answer(&html[..at]));
        answer(&html[at..]);
    }
}

fn piece() -> impl Strategy<Value = String> {
    let whole = |text: &str| Just(text.to_owned());
    prop_oneof![
        whole("<li class='x y-1'><a href='/a?b=1'>A title of a story</a> 3 May 2024</li>"),
        whole("<tr><td>2024-05-03<td><a href=story-2>Another title of another story</a>"),
        whole("<article itemscope itemtype='http://schema.org/NewsArticle'><h2 itemprop=headline>T"),
        whole(
            "<script type='application/ld+json'>[{\"@type\":[\"NewsArticle\",3],\"url\":{\"@id\":\"x\"},\"headline\":\"<b>&amp;\"}]</script>"
        ),
        whole("<dl><dt>1. 5. 2024<dd><a href=//x>Et cetera et cetera</a></dl><nav class=pager><a href='?page=1'>next</a>"),
        "<(div|ul|li|p|h3|a|time|span|table|td|dt|dd|b|main|nav|aside)( class=['\"]?[a-z0-9_:.-]{0,9}['\"]?)?( datetime=[0-9T:-]{0,12})?>",
        "</(div|ul|li|p|h3|a|table|td|main)>",
        "[ -~äßñ次ح«\u{0}\u{200f}]{0,40}",
        "[0-9]{1,2}[./ -][0-9]{1,2}[./ -][0-9]{2,4}",
    ]
}
