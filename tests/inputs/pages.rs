//! Pages of many markups and encodings, read by the rules beside them; what they give stands in `expected.json`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::reading::{fixture, golden};
use crate::support::binary::{Place, Run};
use crate::support::newsroom::{Newsroom, Reply};

/// A place with one source, by the rules of a fixture.
fn place(fixture: &Path, page: &str) -> Place {
    let rules = std::fs::read_to_string(fixture.join("rules.toml")).expect("rules");
    Place::new("", &format!("[[source]]\nid = \"fixture\"\ntitle = \"Fixture\"\npage = \"{page}\"\n{rules}"))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Reads a saved page by the rules beside it, and compares.
#[track_caller]
fn saved(name: &str) -> Value {
    let folder = fixture("pages").join(name);
    let page = folder.join("page.html").display().to_string();
    let json = place(&folder, "https://example.org/news/list").run(&["preview", &page, "--json"]).ok().json();
    golden(&folder.join("expected.json"), &pretty(&json));
    json
}

#[track_caller]
fn titles(json: &Value) -> Vec<&str> {
    json["rows"].as_array().expect("rows").iter().map(|r| r["title"].as_str().expect("a title")).collect()
}

#[track_caller]
fn dates(json: &Value) -> Vec<&str> {
    json["rows"].as_array().expect("rows").iter().map(|r| r["date"].as_str().expect("a date")).collect()
}

#[test]
fn drupal_fields_with_labels_and_items_in_blocks() {
    let json = saved("drupal7-fields");
    assert_eq!(json["rows"][0]["facets"], json!({"topic": ["Water, soil and air", "Law"], "region": ["Danube", "Sava"]}));
    assert_eq!(json["rows"][1]["facets"], json!({"topic": [], "region": []}), "a title is no label");
    assert_eq!(dates(&json), ["2024-09-30T14:05:00+02:00", "2024-10-27T02:30:00+02:00"]);
    assert_eq!(json["next"], "https://example.org/news/list?page=1");
}

#[test]
fn definition_lists() {
    let json = saved("definition-list");
    assert_eq!(json["rows"][0]["facets"], json!({"author": ["Ada Berg", "Bo Chen"], "kind": ["Report"]}));
    assert_eq!(json["rows"][1]["facets"], json!({"author": ["Chi Doe", "Dee Eck"], "kind": ["Note"]}));
    assert_eq!(json["rows"][0]["link"], "https://example.org/news/files/first.pdf");
    assert_eq!(json["rows"][0]["summary"], "What we found &amp; what we did not.");
    assert_eq!((&json["warnings"][0]["row"], &json["warnings"][0]["field"]), (&json!(2), &json!("link")));
}

#[test]
fn tables_with_unclosed_cells() {
    let json = saved("table");
    assert_eq!(dates(&json), ["2024-08-09T00:00:00+00:00", "2024-08-08T00:00:00+00:00"]);
    assert_eq!(json["rows"][0]["facets"], json!({"office": ["North"]}));
    let warnings: Vec<_> =
        json["warnings"].as_array().expect("warnings").iter().map(|w| (w["row"].clone(), w["field"].clone())).collect();
    assert_eq!(warnings, [(json!(2), json!("link")), (json!(3), json!("date"))]);
}

#[test]
fn cards_that_are_links_themselves() {
    let json = saved("cards");
    assert_eq!(titles(&json), ["Harbour opens", "Harbour closes", "Card that leads nowhere"]);
    assert_eq!(dates(&json), ["2024-10-01T01:30:00+09:00", "2024-09-30T00:00:00+09:00", "2024-09-29T23:59:00+09:00"]);
    let links: Vec<_> = json["rows"].as_array().expect("rows").iter().map(|r| r["link"].clone()).collect();
    assert_eq!(links, [json!("https://cards.example.org/en/news/1"), json!("https://cards.example.org/ja/news/2"), Value::Null]);
    assert_eq!(json["rows"][0]["facets"]["tag"], json!(["Rice", "Ports"]));
}

#[test]
fn time_elements_with_and_without_zones() {
    let json = saved("time-elements");
    assert_eq!(
        dates(&json),
        [
            "2024-09-30T22:15:00-04:00",
            "2024-09-29T23:15:00-04:00",
            "2024-09-30T03:00:00-04:00",
            "2024-09-30T09:00:00-04:00",
            "2024-09-30T09:00:00.250-04:00",
            "2024-12-24T18:00:00-05:00",
            "2024-09-30T00:00:00-04:00",
            "2024-03-10T03:00:00-04:00",
            "2024-09-30T05:00:00-04:00",
        ]
    );
    assert_eq!(json["warnings"][0]["row"], 9, "a month alone is no day");
}

#[test]
fn german_dates_and_spellings() {
    let json = saved("german");
    let days: Vec<_> = dates(&json).into_iter().map(|d| &d[..10]).collect();
    assert_eq!(days, ["2024-09-30", "2024-03-01", "2024-01-03", "2024-10-05", "2024-12-24", "2024-12-31"]);
    assert_eq!(json["rows"][0]["facets"]["thema"], json!(["Verkehr", "Straßenbau"]));
    assert_eq!(json["rows"][0]["summary"], "Ein Absatz.");
}

#[test]
fn russian_page_whose_charset_stands_in_meta_only() {
    let json = saved("russian-windows-1251");
    assert_eq!(titles(&json), ["Встреча в Бишкеке: «Диалог» № 5", "Май без точки", "Ёлка и ещё"]);
    assert_eq!(dates(&json), ["2024-09-30T00:00:00+06:00", "2024-05-09T00:00:00+06:00", "2024-01-01T00:00:00+06:00"]);
    assert_eq!(json["warnings"], json!([]));
}

#[test]
fn charset_of_the_header_counts_where_the_page_is_silent() {
    let folder = fixture("pages/czech-iso-8859-2");
    let newsroom = Newsroom::start();
    let bytes = std::fs::read(folder.join("page.html")).expect("a page");
    newsroom.set("/list", Reply::Typed("text/html; charset=ISO-8859-2", bytes.clone()));
    let place = place(&folder, &newsroom.url("/list"));
    let json = place.run(&["preview", "fixture", "--json"]).ok().json();
    assert_eq!(titles(&json)[0], "Příští schůzka: žluťoučký kůň úpěl ďábelské ódy");
    let text = pretty(&json).replace(&newsroom.host(), "NEWSROOM");
    golden(&folder.join("expected.json"), &text);
    // Without the header nothing tells: the bytes are no UTF-8, and that is said.
    newsroom.set("/list", Reply::Typed("text/html", bytes));
    let json = place.run(&["preview", "fixture", "--json"]).json();
    assert_eq!(json["warnings"][0]["field"], "charset", "{json:#}");
}

#[test]
fn a_byte_order_mark_beats_a_meta_that_lies() {
    let json = saved("utf-8-bom-lying-meta");
    assert_eq!(titles(&json), ["Sinirlioğlu – “Žurnal” €"]);
    assert_eq!(json["rows"][0]["link"], "https://example.org/%C5%BE");
}

#[test]
fn every_fixture_has_its_test() {
    let folders: BTreeSet<_> = std::fs::read_dir(fixture("pages"))
        .expect("fixtures")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    let tests = include_str!("pages.rs");
    for folder in folders {
        assert!(tests.contains(&folder), "{folder}");
        assert!(
            std::fs::read_dir(fixture("pages").join(&folder))
                .expect("a folder")
                .flatten()
                .any(|e| e.file_name().to_string_lossy().ends_with("expected.json"))
        );
    }
}

/// The first page of the OSCE listing; its address as the shipped configuration has it.
const OSCE: &str = "https://www.osce.org/press-releases?rows=50&solrsort=ds_date+desc";

/// A variant of the OSCE listing, read by the shipped rules or by the demo's.
#[track_caller]
fn osce(variant: &str, rules: &str) -> Value {
    let place = Place::new("", "");
    let text = match rules {
        "shipped" => {
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/newsroomd.toml")).expect("a config")
        }
        _ => newsroomd::demo::config(OSCE, "feeds", "newsroomd.db", "https://feeds.example.org/"),
    };
    std::fs::write(place.config(), text).expect("a config");
    let page = fixture(&format!("pages/osce/{variant}.html")).display().to_string();
    let run: Run = place.run(&["preview", &page, "--json"]).ok();
    run.json()
}

#[test]
fn osce_listing_gives_the_same_by_classes_or_by_labels_alone() {
    let want = osce("listing-classes", "shipped");
    golden(&fixture("pages/osce/listing-classes.expected.json"), &pretty(&want));
    for (variant, rules) in [("listing-labels-only", "shipped"), ("listing-classes", "demo"), ("listing-labels-only", "demo")] {
        let got = osce(variant, rules);
        let (want, got) = (want["rows"].as_array().expect("rows"), got["rows"].as_array().expect("rows"));
        assert_eq!(want.len(), got.len(), "{variant} by {rules} rules");
        want.iter().zip(got).for_each(|(want, got)| assert_eq!(want, got, "{variant} by {rules} rules"));
    }
    golden(&fixture("pages/osce/listing-labels-only.expected.json"), &pretty(&osce("listing-labels-only", "shipped")));
}

#[test]
fn osce_listing_decoys_lose() {
    let json = osce("listing-classes", "shipped");
    assert_eq!((&json["rows-found"], titles(&json).len()), (&json!(50), 50));
    assert_eq!(json["warnings"], json!([]));
    assert_eq!(json["next"], "https://www.osce.org/press-releases?page=1&rows=50&solrsort=ds_date+desc");
    let page = std::fs::read_to_string(fixture("pages/osce/listing-classes.html")).expect("a page");
    assert!(page.contains("/node/999002") && page.contains("1 January 2030"), "the page has its decoys");
    let text = json.to_string();
    for decoy in ["/999", "2030", "Row of a script", "most read", "Most read", "Read more", "Publishing date", "im_taxonomy"] {
        assert!(!text.contains(decoy), "{decoy}");
    }
    let same: Vec<_> = json["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|r| !r["same-as"].is_null())
        .map(|r| (r["row"].clone(), r["same-as"].clone()))
        .collect();
    assert_eq!(same, [(json!(23), json!(22)), (json!(31), json!(30))], "one story at two paths, one title twice a day");
}
