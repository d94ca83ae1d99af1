//! `preview`: what a page gives, before any feed is made of it.

use crate::commands::out::say;
use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use url::Url;

use super::Exit;
use crate::cli::PreviewArgs;
use crate::config::{Config, Source};
use crate::domain::Reading;
use crate::domain::text::cut;
use crate::fetch::{Answer, Fetcher, Known, Page};
use crate::pipeline::{PageRead, read_page};

pub(super) async fn run(config: &Config, args: &PreviewArgs) -> anyhow::Result<Exit> {
    let (source, page) = page(config, args).await?;
    let read = read_page(&page, 0, source, chrono::Utc::now());
    if args.json {
        say!("{:#}", as_json(source, &page, &read));
    } else {
        print(source, &page, &read);
    }
    if read.rows.is_empty() {
        let of_source = format!("`each` of source \"{}\"", source.newsroom.id);
        match read.found {
            0 => eprintln!("{of_source} matches nothing on this page: compare its selectors with the page's source text"),
            n => eprintln!("{of_source} matches {n} rows, but none of them has both a title and a date: see the warnings"),
        }
        return Ok(Exit::SourceFailed);
    }
    Ok(Exit::Done)
}

/// Finds out what is meant, and gets it.
async fn page<'c>(config: &'c Config, args: &PreviewArgs) -> anyhow::Result<(&'c Source, Page)> {
    let named = |id: &str| config.sources.iter().find(|s| s.newsroom.id.as_str() == id);
    if let (Some(source), None) = (named(&args.target), &args.source) {
        return Ok((source, fetch(config, source, &source.page).await?));
    }
    let url = Url::parse(&args.target).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    let source = match &args.source {
        Some(id) => named(id).with_context(|| format!("no source is called \"{id}\"; there are: {}", ids(config)))?,
        None => by_host(config, url.as_ref())?,
    };
    if let Some(url) = url {
        return Ok((source, fetch(config, source, &url).await?));
    }
    // A file may be named as browsers show it.
    let path = Url::parse(&args.target).ok().filter(|u| u.scheme() == "file").and_then(|u| u.to_file_path().ok());
    let body = std::fs::read(path.as_deref().unwrap_or(Path::new(&args.target))).with_context(|| {
        format!("\"{}\" is no source ({}), no http(s) address and no file that can be read", args.target, ids(config))
    })?;
    Ok((source, Page { url: source.page.clone(), moved: None, body, charset: None, etag: None, last_modified: None }))
}

/// The source by whose rules a page is most likely to be read: the only one, or the only one of its host.
fn by_host<'c>(config: &'c Config, url: Option<&Url>) -> anyhow::Result<&'c Source> {
    let mut of_host = config.sources.iter().filter(|s| url.is_some_and(|u| u.host_str() == s.page.host_str()));
    match (config.sources.as_slice(), of_host.next(), of_host.next()) {
        ([only], ..) | (_, Some(only), None) => Ok(only),
        ([], ..) => bail!("the configuration holds no source: without one it is not known how to read a page"),
        _ => bail!("say by whose rules the page is to be read: --source {}", ids(config)),
    }
}

fn ids(config: &Config) -> String {
    config.sources.iter().map(|s| s.newsroom.id.as_str()).collect::<Vec<_>>().join(" | ")
}

async fn fetch(config: &Config, source: &Source, url: &Url) -> anyhow::Result<Page> {
    let fetcher = Fetcher::new(&config.fetch)?.allowing(source.allow_networks.as_deref());
    match fetcher.get(url, &Known::default()).await? {
        Answer::Page(page) => Ok(page),
        Answer::NotModified { .. } => bail!("{url} answered 304 to an unconditional request"),
    }
}

/// The first row that is the same item as this one, if there is one before it.
fn merged(rows: &[Reading]) -> Vec<Option<usize>> {
    let mut first: HashMap<_, usize> = HashMap::new();
    rows.iter()
        .map(|r| (*first.entry(r.key).or_insert(r.row), r.row))
        .map(|(first, row)| (first != row).then_some(first))
        .collect()
}

fn terms(row: &Reading, facet: usize) -> String {
    row.tags.iter().filter(|t| t.facet == facet).map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn print(source: &Source, page: &Page, read: &PageRead) {
    let facets = &source.newsroom.facets;
    let mut table = vec![["row", "date", "title", "link"].map(str::to_owned).to_vec()];
    table[0].extend(facets.iter().map(|f| f.name.clone()));
    for (row, same) in read.rows.iter().zip(merged(&read.rows)) {
        let number = same.map_or(format!("{}", row.row + 1), |first| format!("{} = {}", row.row + 1, first + 1));
        let timed = row.published.time() != chrono::NaiveTime::MIN;
        let date = if timed { row.published.format("%Y-%m-%d %H:%M").to_string() } else { row.day.to_string() };
        let link = row.link.as_ref().and_then(|l| Url::parse(&l.url).ok()).map(|u| u[url::Position::BeforePath..].to_owned());
        let date = if row.approximate.is_some() { format!("~{date}") } else { date };
        let mut line = vec![number, date, cut(row.title.clone(), 70), cut(link.unwrap_or_else(|| "-".into()), 40)];
        line.extend((0..facets.len()).map(|f| cut(terms(row, f), 36)));
        table.push(line);
    }
    let columns = table[0].len();
    let width = |c: usize| table.iter().map(|line| line[c].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    say!("{}", page.url);
    for line in &table {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, w)| format!("{cell}{}", " ".repeat(w - cell.chars().count()))).collect();
        say!("{}", cells.join("  ").trim_end());
    }
    let same = merged(&read.rows).iter().flatten().count();
    let next = read.next.as_ref().map_or("no next page".to_owned(), |n| format!("next page {n}"));
    say!(
        "{} rows, {} read, {same} merged with another (=), {} warnings; {next}",
        read.found,
        read.rows.len(),
        read.warnings.len()
    );
    read.warnings.iter().for_each(|w| say!("warning: {w}"));
    if let Some(moved) = &page.moved {
        say!("warning: the page has moved for good to {moved}: change `page`");
    }
}

fn as_json(source: &Source, page: &Page, read: &PageRead) -> Value {
    let rows = read.rows.iter().zip(merged(&read.rows)).map(|(row, same)| {
        let facets: serde_json::Map<String, Value> = source
            .newsroom
            .facets
            .iter()
            .enumerate()
            .map(|(n, f)| (f.name.clone(), json!(row.tags.iter().filter(|t| t.facet == n).map(|t| &t.name).collect::<Vec<_>>())))
            .collect();
        let mut json = json!({
            "row": row.row + 1, "same-as": same.map(|s| s + 1), "guid": row.origin.urn().to_string(), "title": row.title, "date": row.published.to_rfc3339(),
            "link": row.link.as_ref().map(|l| &l.url), "summary": row.summary, "facets": facets,
        });
        if row.approximate.is_some() {
            json["approximate"] = true.into();
        }
        json
    });
    let warnings = read.warnings.iter().map(|w| json!({"row": w.row.map(|r| r + 1), "field": w.field, "message": w.message}));
    json!({
        "source": source.newsroom.id.as_str(), "page": page.url.as_str(), "moved": page.moved.as_ref().map(Url::as_str), "next": read.next.as_ref().map(Url::as_str),
        "rows-found": read.found, "rows": rows.collect::<Vec<_>>(), "warnings": warnings.collect::<Vec<_>>(),
    })
}
