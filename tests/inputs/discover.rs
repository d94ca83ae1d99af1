//! Listings found without selectors. Promised: on every page of `fixtures/discover` the right rows with title, link and date, or an honest "not
//! sure"; the rules that are shown read the same rows; the same page gives the same answer, whatever it is, in bounded time.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use newsroomd::discover::{Discovery, Hints, SURE, discover};
use newsroomd::extract::charset::{Evidence, decode};
use newsroomd::extract::date::When;
use scraper::Html;
use serde_json::Value;
use url::Url;

use crate::reading::fixture;

/// What a fixture is, and what is expected of it.
struct Case {
    name: String,
    folder: PathBuf,
    html: String,
    url: Url,
    today: NaiveDate,
    sure: bool,
    rows: Vec<(String, String, String)>,
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
    let rows = expected["rows"].as_array().expect("rows").iter();
    Case {
        name: folder.file_name().expect("a name").to_string_lossy().into_owned(),
        folder: folder.to_owned(),
        html: decode(&bytes, &evidence).text.into_owned(),
        today: text(&expected["today"]).parse().expect("a day"),
        sure: expected["sure"].as_bool().expect("sure or not"),
        rows: rows.map(|r| (text(&r["title"]), text(&r["link"]), text(&r["date"]))).collect(),
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
    let day = |when: When| match when {
        When::Stated(date) => date.day,
        When::Ago(ago) => ago.resolve(noon, chrono_tz::Tz::UTC).day,
    };
    discovery.extracted.rows.iter().map(|r| (r.title.clone(), link(&r.link), day(r.date).to_string())).collect()
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
        let all = got == case.rows;
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
        if std::env::var_os("DISCOVER_WHY").is_some_and(|name| name.to_string_lossy() == case.name || name == "all" && word != "right") {
            let _ = writeln!(out, "  next {next:?}, expected {:?}", case.next);
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
    assert!(SURE >= 50);
}

#[test]
fn held() {
    println!("{}", table("discover-held").0);
}
