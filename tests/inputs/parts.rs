//! A walk stored in parts. Promised: parts of any size give the same items, guids and order as the walk in one piece, also where pages overlap or
//! links carry several stories.

use std::path::Path;

use chrono::DateTime;
use newsroomd::config::{Config, Source};
use newsroomd::domain::Reading;
use newsroomd::fetch::Page;
use newsroomd::normalise::matching::{Covered, Terms};
use newsroomd::pipeline::read_page;
use newsroomd::store::{Backfill, Store, Validators, Walk};
use proptest::prelude::*;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::support::listing::{Row, page, row};

fn source() -> Source {
    let text = "base-url = \"https://feeds.example.org/\"\n[publish]\ndirectory = \"feeds\"\n[[source]]\nid = \"any\"\ntitle = \"Any\"\n\
        page = \"https://example.org/\"\neach = \"article\"\n[source.item]\ntitle = \"h3\"\nsummary = \"p\"\ndate = { select = \"time\", format = \"%d %B %Y\" }\n\
        [source.facet.topic]\nvalue = { label = \"Topics\", many = true }\n";
    let (config, _) = Config::parse(Path::new("any.toml"), text, Path::new("/state")).unwrap_or_else(|e| panic!("{e}"));
    config.sources[0].clone()
}

fn read(source: &Source, pages: &[Vec<Row>]) -> Vec<Vec<Reading>> {
    let read = |(n, rows): (usize, &Vec<Row>)| {
        let body = page(rows, None).into_bytes();
        let page =
            Page { url: source.page.clone(), body, charset: Some("utf-8".into()), etag: None, last_modified: None, moved: None };
        read_page(&page, n, source, chrono::Utc::now()).rows
    };
    pages.iter().enumerate().map(read).collect()
}

async fn texts(path: &Path, query: &'static str) -> Vec<String> {
    let mut db = SqliteConnectOptions::new().filename(path).connect().await.expect("a database");
    let texts = sqlx::query_scalar(query).fetch_all(&mut db).await.expect("texts");
    db.close().await.expect("closed");
    texts
}

/// Stores pages in parts of so many, after what was known, and says what is there: items in order with all their sightings.
async fn store(source: &Source, known: &[Reading], pages: &[Vec<Reading>], size: usize) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("n.db");
    let store = Store::open(&path).await.expect("a store");
    let id = &source.newsroom.id;
    store.sources(std::iter::once(id)).await.expect("a source");
    let at = DateTime::from_timestamp(1_800_000_000, 0).expect("an instant");
    let walk = |rows| Walk {
        newsroom: &source.newsroom,
        rows,
        terms: Terms { link_key: false, rules: source.rules_stamp, covered: Covered::Nothing },
        at,
        complete: true,
        validators: Validators::default(),
        moved: None,
        past: None,
        begins: false,
        articles: None,
        max_new_terms: 20,
        questions: &[],
    };
    if !known.is_empty() {
        store.save_walks(&[walk(known)]).await.expect("saved");
    }
    let mut so_far = Backfill { next: None, ..Backfill::begin(source.page.as_str(), source.rules_stamp, at) };
    let parts: Vec<Vec<Reading>> = pages.chunks(size).map(<[_]>::concat).collect();
    for part in &parts {
        store.save_backfill(&walk(part), std::collections::HashSet::new(), &mut so_far).await.expect("saved");
    }
    assert_eq!(store.backfill(id).await.expect("read"), Some(so_far));
    store.close().await;
    let query = "SELECT i.title || ' ' || i.day || ' ' || hex(i.origin) || ' ' || i.counter || ' ' || coalesce(i.summary, '') || ' ' || i.updated || ' '
             || (SELECT group_concat(link) FROM (SELECT coalesce(s.link, '-') AS link FROM sighting s WHERE s.item = i.id ORDER BY s.link))
         FROM item i ORDER BY i.day DESC, i.position, i.id";
    texts(&path, query).await
}

/// A listing in which now and then a row comes again some rows later, the same or at another link, or one in which landing pages carry several
/// stories. (Not both: a story at a known link amid rows that were read before may be the other story, edited.)
fn listing() -> impl Strategy<Value = Vec<Row>> {
    let one = (0..12usize, any::<bool>(), prop::option::weighted(0.2, (0..9usize, 0..3usize)));
    (prop::collection::vec(one, 5..40), any::<bool>()).prop_map(|(list, repeats)| {
        let mut rows: Vec<Row> = Vec::new();
        let mut again: Vec<(usize, Row)> = Vec::new();
        let count = list.len();
        for (n, (landing, odd, repeat)) in list.into_iter().enumerate() {
            let link = if landing < 2 && !repeats { format!("/landing/{landing}") } else { format!("/{n}") };
            let day = 28 - n * 7 / count;
            let one = row(&format!("Story {n}"), &format!("{day} May 2024"), &link).topics(&[if odd { "Odd" } else { "Even" }]);
            if let Some((back, how)) = repeat.filter(|_| repeats) {
                let same = match how {
                    0 => one.clone(),
                    1 => one.clone().link(&format!("/another/address/{n}")),
                    _ => one.clone().summary("Shorter"),
                };
                again.push((n + back, same));
            }
            rows.push(one);
            let due: Vec<Row> = again.iter().filter(|(at, _)| *at == n).map(|(_, row)| row.clone()).collect();
            rows.extend(due);
        }
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_of_any_size_give_what_one_piece_gives(rows in listing(), of_page in 1..6usize, overlap in 0..3usize, size in 1..4usize, known in 0..12usize) {
        let source = source();
        // Next to rows that were read before, a story at a known link is that other story, edited.
        let overlap = if rows.iter().any(|row| row.link.contains("landing")) { 0 } else { overlap };
        let step = of_page.saturating_sub(overlap).max(1);
        let pages: Vec<Vec<Row>> = (0..rows.len()).step_by(step).map(|at| rows[at..(at + of_page).min(rows.len())].to_vec()).collect();
        let readings = read(&source, &pages);
        // Polls know some of the rows, none of which is at a landing page.
        let known: Vec<Row> = rows.iter().filter(|row| !row.link.contains("landing")).take(known).cloned().collect();
        let known = read(&source, &[known]).concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut whole = runtime.block_on(store(&source, &known, &readings, pages.len()));
        let mut parts = runtime.block_on(store(&source, &known, &readings, size));
        // Rows that come again out of their order stand beside whatever is known by then.
        let titles: std::collections::BTreeSet<&str> = rows.iter().map(|row| row.title.as_str()).collect();
        if titles.len() < rows.len() {
            whole.sort();
            parts.sort();
        }
        prop_assert_eq!(parts, whole);
    }
}
