//! Reading a page and rendering feeds, beside the parser that both stand on: `cargo bench [-- PAGE.html CONFIG.toml]`.
//!
//! All cases take turns in one process, so that a shared machine is unkind to each alike: read the ratios. Without arguments the page is
//! the first of the newsroom that is built in, read by the rules of the demo.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::Utc;
use newsroomd::config::{Config, Source};
use newsroomd::demo::{self, Markup, Newsroom};
use newsroomd::domain::Address;
use newsroomd::feed::pages::{self, Around, SHOWN, Shown};
use newsroomd::feed::{Category, Document, Entry, Format};
use newsroomd::fetch::Page;
use newsroomd::pipeline::read_page;
use scraper::{Html, Selector};

/// Turns that each case takes, after two to warm up.
const TURNS: usize = 200;

/// What is timed; gives a number so that no work can be left out.
type Case<'a> = Box<dyn Fn() -> usize + 'a>;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let (html, text) = match args.as_slice() {
        [page, config, ..] => {
            (std::fs::read_to_string(page).expect("a page"), std::fs::read_to_string(config).expect("a configuration"))
        }
        _ => {
            let config = demo::config("http://127.0.0.1/press-releases", "feeds", "newsroomd.db", "http://127.0.0.1/");
            (Newsroom::built_in(Markup::Classes).page(0, 50), config)
        }
    };
    let (config, _) = Config::parse(Path::new("bench.toml"), &text, Path::new(".")).unwrap_or_else(|e| panic!("{e}"));
    let source = &config.sources[0];
    let page = Page {
        url: source.page.clone(),
        moved: None,
        body: html.clone().into_bytes(),
        charset: Some("utf-8".into()),
        etag: None,
        last_modified: None,
    };
    let rows = read_page(&page, 0, source, Utc::now()).rows;
    println!("page of {} bytes, {} rows read", html.len(), rows.len());

    let document = document(source, &page);
    let around = around(&document);
    let selectors: Vec<Selector> = [
        ".search-title a",
        ".publishing-date",
        ".where-we-are a, .publishing-where a",
        ".what-we-do a, .publishing-what a",
        ".search-snippet",
    ]
    .iter()
    .map(|s| Selector::parse(s).expect("valid"))
    .collect();
    let cases: [(&str, Case<'_>); 7] = [
        ("DOM alone", Box::new(|| Html::parse_document(black_box(&html)).tree.nodes().count())),
        ("DOM and selectors", Box::new(|| bare(black_box(&html), source, &selectors))),
        ("read: DOM, fields, normalise, keys", Box::new(|| read_page(black_box(&page), 0, source, Utc::now()).rows.len())),
        ("render RSS", Box::new(|| Format::Rss.render(black_box(&document)).len())),
        ("render Atom", Box::new(|| Format::Atom.render(black_box(&document)).len())),
        ("render page", Box::new(|| pages::channel(black_box(&document), black_box(&around)).len())),
        ("render JSON Feed", Box::new(|| Format::Json.render(black_box(&document)).len())),
    ];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); cases.len()];
    for turn in 0..TURNS + 2 {
        for ((_, case), times) in cases.iter().zip(&mut times) {
            let start = Instant::now();
            black_box(case());
            if turn >= 2 {
                times.push(start.elapsed());
            }
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let medians: Vec<Duration> = times.iter_mut().map(median).collect();
    for ((name, _), time) in cases.iter().zip(&medians) {
        println!(
            "{name:36} {:8.1} us   x{:.2} of DOM and selectors",
            time.as_secs_f64() * 1e6,
            time.as_secs_f64() / medians[1].as_secs_f64()
        );
    }
}

/// What anyone would write with the parser alone: the texts of five fields a row.
fn bare(html: &str, source: &Source, fields: &[Selector]) -> usize {
    let document = Html::parse_document(html);
    let mut each = source.page_rules().expect("pages").each.iter().map(|each| each.selector());
    let each = each.find(|each| document.select(each).next().is_some());
    let rows = each.into_iter().flat_map(|each| document.select(each));
    let texts = rows.flat_map(|row| fields.iter().flat_map(move |f| row.select(f).map(|e| e.text().collect::<String>())));
    texts.map(|t| t.len()).sum()
}

/// Every term has a feed.
fn around(document: &Document) -> Around {
    let feeds = |entry: &Entry| entry.categories.iter().map(|c| Some(format!("osce/topic/{}", c.term))).collect();
    let shown = document.entries.iter().take(SHOWN).map(|entry| Shown { feeds: feeds(entry), ..Shown::default() });
    Around {
        base_url: "http://127.0.0.1/".into(),
        address: "osce/all".into(),
        name: document.title.clone(),
        shown: shown.collect(),
        ..Around::default()
    }
}

fn document(source: &Source, page: &Page) -> Document {
    let rows = read_page(page, 0, source, Utc::now()).rows;
    let entries = rows.iter().map(|row| Entry {
        id: row.origin,
        title: row.title.clone(),
        link: row.link.as_ref().map(|l| l.url.clone()),
        origin: None,
        related: Vec::new(),
        published: row.published,
        updated: row.published,
        summary: row.summary.clone(),
        content: None,
        enclosures: Vec::new(),
        alternates: Vec::new(),
        image: row.image.clone(),
        categories: row.tags.iter().map(|t| Category { scheme: "http://127.0.0.1/x".into(), term: t.name.clone() }).collect(),
    });
    let address = Address::all(&source.newsroom.id);
    Document {
        id: address.feed_id(),
        title: source.newsroom.title.clone(),
        description: source.newsroom.title.clone(),
        home: source.page.to_string(),
        language: "en".into(),
        author: source.newsroom.title.clone(),
        updated: chrono::DateTime::UNIX_EPOCH,
        ttl: 15,
        address: format!("http://127.0.0.1/{address}"),
        formats: Format::ALL.to_vec(),
        entries: entries.collect(),
    }
}
