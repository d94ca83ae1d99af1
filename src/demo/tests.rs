#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use scraper::{ElementRef, Html, Selector};
use tokio::net::TcpListener;

use super::*;

const ROW: &str = ".pane-apachesolr-result .search-result-news";

fn select<'a>(page: &'a Html, css: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(css).unwrap()).collect()
}

fn text(element: ElementRef) -> String {
    element.text().collect()
}

fn parsed(newsroom: &Newsroom, number: usize) -> Html {
    Html::parse_document(&newsroom.page(number, 50))
}

fn built_in() -> Newsroom {
    Newsroom::built_in(Markup::Classes)
}

#[test]
fn two_pages_of_rows_and_a_pager_between_them() {
    let newsroom = built_in();
    let (first, second) = (parsed(&newsroom, 0), parsed(&newsroom, 1));
    assert_eq!(select(&first, ROW).len(), 50);
    assert_eq!(select(&second, ROW).len(), 19);
    let next = select(&first, "li.pager-next a");
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].attr("href"), Some("?page=1&rows=50&solrsort=ds_date+desc"));
    assert!(newsroom.page(0, 50).contains("href=\"?page=1&amp;rows=50&amp;solrsort=ds_date+desc\""));
    assert_eq!(select(&first, "li.pager-last a").len(), 1);
    assert_eq!(text(select(&first, "li.pager-current")[0]), "1");
    assert!(select(&second, "li.pager-next, li.pager-last").is_empty());
    assert_eq!(select(&second, "li.pager-previous a").len(), 1);
    for beyond in [2, usize::MAX] {
        let page = parsed(&newsroom, beyond);
        assert!(select(&page, ROW).is_empty() && select(&page, "li.pager-next").is_empty());
    }
    assert_eq!(select(&Html::parse_document(&newsroom.page(0, 10)), "li.pager-item").len(), 6);
}

#[test]
fn every_row_reads_back_as_its_item() {
    let newsroom = built_in();
    let (first, second) = (parsed(&newsroom, 0), parsed(&newsroom, 1));
    let rows = select(&first, ROW).into_iter().chain(select(&second, ROW));
    let css = |css| Selector::parse(css).unwrap();
    let (link, date, term) = (css(".search-title a"), css(".publishing-date"), css(".what-we-do a"));
    for (row, item) in rows.zip(newsroom.items()) {
        let a = row.select(&link).next().unwrap();
        assert_eq!((text(a), a.attr("href")), (item.title.clone(), Some(item.path.as_str())));
        let date = row.select(&date).next().unwrap();
        assert_eq!(date.last_child().unwrap().value().as_text().unwrap().trim(), item.date);
        assert_eq!(row.select(&term).map(text).collect::<Vec<_>>(), item.topics);
    }
}

#[test]
fn traps_are_set() {
    let page = built_in().page(0, 50);
    let html = Html::parse_document(&page);
    for trap in ["Row of a comment", "Row of a script"] {
        assert!(page.contains(trap));
        assert!(select(&html, "a").into_iter().all(|a| text(a) != trap));
    }
    let scripts: String = select(&html, "script").into_iter().map(text).collect();
    assert!(scripts.contains(r#"class="search-result-news""#) && scripts.contains(r#"class=\"search-result-news\""#));
    assert_eq!(select(&html, "#sidebar-first .search-result-news .publishing-date").len(), 4);
    assert!(
        page.find("panel-pane pane-most-read") < page.find("panel-pane pane-apachesolr-result"),
        "the first match of the class is not a row"
    );
    assert_eq!(select(&html, "meta[charset]").len(), 1);
    assert!(select(&html, "#sidebar-second a.apachesolr-facet").len() > 40);
    assert_eq!(select(&html, "#footer .publishing-date").len(), 1);
}

#[test]
fn a_page_has_the_size_of_a_real_one() {
    let size = built_in().page(0, 50).len();
    assert!((70_000..=95_000).contains(&size), "{size}");
}

#[test]
fn labels_alone_tell_the_fields_apart() {
    let page = parsed(&Newsroom::built_in(Markup::LabelsOnly), 0);
    assert_eq!(select(&page, ROW).len(), 50);
    assert!(select(&page, ".content-type, .where-we-are, .what-we-do, dd .x7 > *").is_empty());
    assert!(select(&page, ".x7").into_iter().any(|e| text(e).starts_with("What we do: Elections, ")));
}

/// Nobody may thin the items out: each oddity stands for something that real pages do.
#[test]
fn every_oddity_is_there() {
    let newsroom = built_in();
    let items = newsroom.items();
    assert!(items.len() >= 64);
    let count = |test: &dyn Fn(&Item) -> bool| items.iter().filter(|i| test(i)).count();
    let mut days = BTreeMap::<_, Vec<&Item>>::new();
    items.iter().for_each(|i| days.entry(i.date.as_str()).or_default().push(i));

    assert!(days.values().any(|d| d.len() >= 8), "many items on one date");
    let lacks = |i: &Item| [i.kind.is_none(), i.departments.is_empty(), i.topics.is_empty()].into_iter().filter(|&l| l).count();
    assert!((10..=14).contains(&count(&|i| lacks(i) == 3)), "about one in six has no field");
    assert!(count(&|i| lacks(i) == 1 && i.kind.is_none()) > 0, "no type only");
    assert!(count(&|i| lacks(i) == 1 && i.departments.is_empty()) > 0, "no department only");
    assert!(count(&|i| lacks(i) == 1 && i.topics.is_empty()) > 0, "no topic only");
    assert!(count(&|i| i.summary.as_ref() == Some(&i.title)) >= 2, "summary repeats the title");
    assert!(count(&|i| i.summary.is_none()) > 0 && count(&|i| i.summary.as_deref() == Some("")) > 0, "no summary, empty summary");

    let communique: BTreeSet<_> = items
        .iter()
        .filter(|i| i.title == "Press communiqué of the Co-Chairs of the Lake Basin Dialogue")
        .map(|i| &i.date)
        .collect();
    assert!(communique.len() >= 2, "one title, several dates");
    assert_eq!(count(&|i| i.title == "Press Communiqué of the Co-Chairs of the Lake Basin Dialogue"), 1, "and another case");
    let reports: Vec<_> = days["3 March 2022"].iter().filter(|i| i.kind.as_deref() == Some("Daily report")).collect();
    assert!(reports.len() == 2 && reports[0].title.replace("48/", "47/") == reports[1].title, "differ by a number only");

    for piece in [
        "Sinirlioğlu",
        "Žurnal",
        "Türkiye",
        "Désir",
        "Pečuj",
        "#",
        "/",
        " + ",
        "Co-Ordinator",
        "Co-ordinator",
        "/ Uroševac",
        "ex-tremism",
        " & ",
        " < ",
        "<b>",
        "“",
        "”",
        "’",
        "'",
        "\"",
    ] {
        assert!(count(&|i| i.title.contains(piece)) > 0, "{piece} in a title");
    }
    assert!(count(&|i| i.title.starts_with('“')) > 0 && count(&|i| i.title.starts_with('"')) > 0, "leading quotes");
    assert!(count(&|i| (190..=220).contains(&i.title.chars().count())) > 0, "a very long title");
    let summary = |test: &dyn Fn(&str) -> bool| items.iter().filter_map(|i| i.summary.as_deref()).any(test);
    assert!(
        summary(&|s| s.contains("]]>"))
            && summary(&|s| s.contains("<em>") && s.contains("<br />"))
            && summary(&|s| s.contains("&amp;"))
    );
    assert!(
        summary(&|s| s.ends_with("...")) && summary(&|s| s.ends_with(':')) && summary(&|s| s.ends_with(" and")),
        "summaries' ends"
    );
    assert!(summary(&|s| s.contains("propoals")), "a typo kept");

    assert!(count(&|i| i.topics.len() == 18) == 1 && count(&|i| i.departments.len() == 7) == 1, "long lists");
    let has = |i: &Item, department: &str| i.departments.iter().any(|d| d == department);
    assert!(count(&|i| has(i, "OSCE Chairmanship") && i.date.ends_with("2023")) > 0, "the term of 2023");
    assert!(count(&|i| has(i, "OSCE Chairpersonship") && i.date.ends_with("2024")) > 0, "the term of 2024");
    assert!(count(&|i| i.departments.iter().any(|d| d.ends_with(" (closed)"))) >= 4, "closed missions");
    let trafficking = "Office of the Special Representative and Co-Ordinator for Combating Trafficking in Human Beings";
    assert!(count(&|i| has(i, trafficking)) > 0 && count(&|i| has(i, &trafficking.replace("Co-O", "Co-o"))) > 0, "a term's case");
    assert!(count(&|i| i.labels.iter().any(|(label, _)| label == "Collections")) == 1, "a rare label");

    let digits = |i: &Item| i.path.rsplit('/').next().map(str::to_owned);
    let twice: Vec<_> = days["30 September 2024"].iter().filter(|i| i.path.ends_with("/577522")).collect();
    assert!(twice.len() == 2 && twice[0].title == twice[1].title && twice[0].path != twice[1].path, "one story, two paths");
    let again: Vec<_> =
        days["25 September 2024"].iter().filter(|i| i.title == "Regional workshop on women in mine action").collect();
    assert!(again.len() == 2 && digits(again[0]) != digits(again[1]), "reposted under other digits");
    assert!(again[0].topics != again[1].topics && again[0].departments != again[1].departments, "with other terms");
    assert_eq!(items.iter().map(|i| (&i.title, &i.date)).collect::<BTreeSet<_>>().len(), items.len() - 2, "no other doubles");
    assert_eq!(items.iter().map(|i| &i.path).collect::<BTreeSet<_>>().len(), items.len(), "every row has its own path");

    let december: Vec<_> = items.iter().filter_map(|i| i.date.strip_suffix(" December 2023")).collect();
    assert_eq!(december[..4], ["30", "29", "15", "28"], "an order that is not strict");
    assert!(
        count(
            &|i| i.topics.iter().any(|t| t == "Elections") && has(i, "OSCE Office for Democratic Institutions and Human Rights")
        ) > 5
    );
    for item in items {
        assert!(
            chrono::NaiveDate::parse_from_str(&item.date, "%d %B %Y").is_ok() && !item.date.starts_with('0'),
            "{}",
            item.date
        );
    }
}

#[test]
fn changes_show_in_the_listing() {
    let mut newsroom = built_in();
    newsroom.publish(Item {
        path: "/node/1".into(),
        title: "Now & here {facets}".into(),
        date: "1 November 2025".into(),
        ..Item::default()
    });
    assert!(newsroom.edit("/odihr/601877", "Edited"));
    assert!(newsroom.repost("/odihr/601874", "/moldova/2", &["OSCE Mission to Moldova"]));
    assert!(!newsroom.edit("/nowhere", "x") && !newsroom.repost("/nowhere", "/x", &[]));
    assert_eq!(newsroom.revision(), 3);
    let titles: Vec<_> = select(&parsed(&newsroom, 0), ".pane-apachesolr-result .search-title a").into_iter().map(text).collect();
    assert_eq!(titles[..2], ["Now & here {facets}", "Edited"]);
    assert_eq!(titles[2], titles[3]);
    assert_eq!(newsroom.items()[2].departments, ["OSCE Mission to Moldova"]);
}

#[test]
fn the_configuration_is_toml_whatever_the_paths() {
    let page = "http://127.0.0.1:1/press-releases?rows=50";
    let text = config(page, "/tmp/a \"b\" \\c", "/tmp/x.db", "http://127.0.0.1:2/");
    let table: toml::Table = toml::from_str(&text).unwrap();
    assert_eq!(table["publish"]["directory"].as_str(), Some("/tmp/a \"b\" \\c"));
    assert_eq!(table["source"][0]["page"].as_str(), Some(page));
    assert!(!["{page}", "{directory}", "{database}", "{base-url}"].iter().any(|mark| text.contains(mark)));
    let each = table["source"][0]["each"].as_str().unwrap();
    assert_eq!(select(&parsed(&built_in(), 0), each).len(), 50);
}

/// `UPDATE_GOLDEN=1 cargo test demo` writes them anew.
#[test]
fn saved_pages_are_what_is_rendered() {
    for (markup, name) in [(Markup::Classes, "listing-classes.html"), (Markup::LabelsOnly, "listing-labels-only.html")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pages/osce").join(name);
        let page = Newsroom::built_in(markup).page(0, 50);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &page).unwrap();
        }
        assert!(std::fs::read_to_string(&path).unwrap() == page, "{name} is not what is rendered: run with UPDATE_GOLDEN=1");
    }
}

#[tokio::test]
async fn the_server_answers_with_validators_and_304() {
    // A second test may have installed it already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let newsroom = Arc::new(Mutex::new(built_in()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move { stopped.await.unwrap_or(()) };
    let server = tokio::spawn(serve(listener, newsroom.clone(), shutdown));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = format!("{base}/press-releases?rows=50&solrsort=ds_date+desc");

    let first = client.get(&page).send().await.unwrap();
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["content-type"], "text/html; charset=utf-8");
    let etag = first.headers()["etag"].clone();
    let modified = first.headers()["last-modified"].to_str().unwrap().to_owned();
    assert!(etag.to_str().unwrap().starts_with('"') && chrono::DateTime::parse_from_rfc2822(&modified).is_ok());
    assert_eq!(first.text().await.unwrap(), built_in().page(0, 50));

    let again = client.get(&page).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &etag));
    assert!(again.bytes().await.unwrap().is_empty());
    let head = client.head(&page).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["etag"]), (200, &etag));

    assert!(newsroom.lock().unwrap().edit("/odihr/601877", "Edited"));
    let changed = client.get(&page).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(changed.status(), 200);

    for (path, status) in [
        ("/", 200),
        ("/secretariat/577522", 200),
        ("/robots.txt", 200),
        ("/?page=1&rows=x", 200),
        ("/node/999001", 404),
        ("/x", 404),
    ] {
        assert_eq!(client.get(format!("{base}{path}")).send().await.unwrap().status(), status, "{path}");
    }
    assert_eq!(client.post(&page).send().await.unwrap().status(), 405);
    assert_eq!(newsroom.lock().unwrap().tally(), Tally { requests: 11, not_modified: 1, not_found: 2 });
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
