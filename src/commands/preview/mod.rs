//! `preview`: what a page gives, before any feed is made of it.

mod article;

use crate::commands::out::say;
use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use url::Url;

use super::{Exit, saved};
use crate::cli::PreviewArgs;
use crate::config::{Config, Source};
use crate::discover::SURE;
use crate::domain::Reading;
use crate::domain::host;
use crate::domain::text::cut;
use crate::fetch::address::Network;
use crate::fetch::{Answer, Ask, Page};
use crate::judge::Verdict;
use crate::pipeline::{Judged, PageRead, ask, judge_first, now, polite, read_page};
use crate::store::{Store, StoreError};

pub(super) async fn run(config: &Config, args: &PreviewArgs) -> anyhow::Result<Exit> {
    let (source, page, listing) = page(config, args).await?;
    let mut read = read_page(&page, 0, source, now());
    if let Some(row) = args.article {
        return article::show(config, source, &page, listing.then_some(&read), row, args.json).await;
    }
    // Of another page than the listing's first nothing is remembered.
    let judged = match listing {
        true => judged(config, source, &mut read).await,
        false => Judged::by_itself(source, &read, now()),
    };
    let verdict = &judged.verdict;
    if args.json {
        say!("{:#}", as_json(source, &page, &read, &judged));
    } else {
        let is_file = args.target != source.newsroom.id.as_str() && Url::parse(&args.target).map_or(true, |u| u != page.url);
        match is_file {
            true => say!("{}, as of {}", args.target, page.url),
            false => say!("{}", page.url),
        }
        print(source, &page, &read);
        let by = if judged.past.is_some() { "by the source's past" } else { "by itself: nothing is stored of earlier pages" };
        let reasons = verdict.reasons().join("; ");
        say!("{}{}{reasons} ({by})", verdict.name(), if reasons.is_empty() { "" } else { ": " });
        if let Some(found) = &read.discovered {
            say!(
                "found without selectors, with a confidence of {} of 100 (from {SURE} on it is sure); what would read it:",
                found.confidence
            );
            say!("\n{}", found.table);
        }
    }
    if read.rows.is_empty() && !(read.found == 0 && source.empty_is_normal && !matches!(verdict, Verdict::Broken(_))) {
        let of_source = format!("`each` of source \"{}\"", source.newsroom.id);
        match read.found {
            0 if source.page_rules().is_none() => {
                eprintln!("this gives no entry: source \"{}\" is of kind = \"feed\"", source.newsroom.id)
            }
            n if source.page_rules().is_none() => eprintln!("none of its {n} entries could be read: see the warnings"),
            0 if source.page_rules().is_some_and(|rules| rules.each.is_empty()) => {
                eprintln!("nothing on this page looks like a listing")
            }
            0 => eprintln!("{of_source} matches nothing on this page: compare its selectors with the page's source text"),
            n => eprintln!("{of_source} matches {n} rows, but none of them has both a title and a date: see the warnings"),
        }
        return Ok(Exit::SourceFailed);
    }
    if let Verdict::Broken(_) = verdict {
        eprintln!(
            "a poll would change no feed by this page; if the newsroom means it, `newsroomd once --accept {}` takes it over",
            source.newsroom.id
        );
        return Ok(Exit::SourceFailed);
    }
    Ok(Exit::Done)
}

/// Judges the page as a poll would that began now. What is stored is only read; where nothing is, the page is judged by itself.
async fn judged(config: &Config, source: &Source, read: &mut PageRead) -> Judged {
    let of_store = async {
        let store = Store::read(&config.database).await?;
        let state = store.standing(std::iter::once(&source.newsroom.id)).await?.pop().flatten().unwrap_or_default();
        let judged = judge_first(&store, source, &state, now(), read).await;
        store.close().await;
        judged
    };
    let judged: Result<Judged, StoreError> = of_store.await;
    judged.unwrap_or_else(|_| Judged::by_itself(source, read, now()))
}

/// Finds out what is meant, and gets it; says whether it is meant to be the first page of the source's listing.
async fn page<'c>(config: &'c Config, args: &PreviewArgs) -> anyhow::Result<(&'c Source, Page, bool)> {
    if let (Some(source), None) = (config.source(&args.target), &args.source) {
        return Ok((source, fetch(config, source, &source.page).await?, true));
    }
    let url = Url::parse(&args.target).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    let source = match &args.source {
        Some(id) => config.source(id).with_context(|| format!("no source is called \"{id}\"; there are: {}", ids(config)))?,
        None => by_host(config, url.as_ref())?,
    };
    if let Some(url) = url {
        let listing = url == source.page;
        return Ok((source, fetch(config, source, &url).await?, listing));
    }
    let body = saved::read(&args.target, &format!("no source ({}), ", ids(config)))?;
    let page = Page { url: source.page.clone(), moved: None, body, charset: None, etag: None, last_modified: None };
    Ok((source, page, true))
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

/// After so long it is told what is waited for: robots.txt comes first, and then a gap.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks for a page with the manners of all processes on this database. Nothing of the page is stored; what was learnt of its host is, where
/// there is a database.
async fn fetch(config: &Config, source: &Source, url: &Url) -> anyhow::Result<Page> {
    fetch_page(config, ask(source, url), source.allow_networks.as_deref()).await
}

/// The same of an article, which may be on these hosts only.
async fn fetch_article(config: &Config, source: &Source, url: &Url, hosts: &[String]) -> anyhow::Result<Page> {
    let ask = Ask { only: Some(hosts), feed: false, ..ask(source, url) };
    fetch_page(config, ask, source.allow_networks.as_deref()).await
}

/// The same of any page.
pub(super) async fn fetch_page(config: &Config, ask: Ask<'_>, allowed: Option<&[Network]>) -> anyhow::Result<Page> {
    let url = ask.url;
    let store = store(config).await;
    let fetcher = polite(config, store.as_ref())?.allowing(allowed);
    let mut fetching = std::pin::pin!(fetcher.get(&ask));
    let fetched = tokio::select! {
        fetched = &mut fetching => fetched,
        () = tokio::time::sleep(PATIENCE) => {
            let gap = humantime::format_duration(config.fetch.min_gap);
            eprintln!("waiting for {}: it is asked at most once in {gap} ([fetch] min-gap), or rather slow", host(url));
            fetching.await
        }
    };
    if let Some(store) = store {
        if let Err(error) = store.add_host_counts(chrono::Utc::now().date_naive(), &fetcher.take_counts()).await {
            tracing::debug!(error = crate::error_chain(&error), "the request is not counted");
        }
        store.close().await;
    }
    match fetched?.answer {
        Answer::Page(page) => Ok(page),
        Answer::NotModified { .. } => bail!("{url} answered 304 to an unconditional request"),
    }
}

/// The database, if there is one that is not to be made or changed for this.
async fn store(config: &Config) -> Option<Store> {
    let reader = Store::read(&config.database).await.ok()?;
    match Store::open(&config.database).await {
        Ok(store) => {
            reader.close().await;
            Some(store)
        }
        Err(_) => Some(reader),
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
    if let Some(about) = &read.about {
        let title =
            about.title.as_deref().map_or("without a title".to_owned(), |title| format!("{:?}", cut(title.to_owned(), 70)));
        let language = about.language.as_deref().unwrap_or("not stated");
        say!("{}, {title}, language {language} (of the source: {})", about.format, source.newsroom.language);
    }
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

fn as_json(source: &Source, page: &Page, read: &PageRead, judged: &Judged) -> Value {
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
        if let Some(image) = &row.image {
            json["image"] = image.as_str().into();
        }
        if row.approximate.is_some() {
            json["approximate"] = true.into();
        }
        json
    });
    let warnings = read.warnings.iter().map(|w| json!({"row": w.row.map(|r| r + 1), "field": w.field, "message": w.message}));
    let mut out = json!({
        "source": source.newsroom.id.as_str(), "page": page.url.as_str(), "moved": page.moved.as_ref().map(Url::as_str), "next": read.next.as_ref().map(Url::as_str),
        "rows-found": read.found, "rows": rows.collect::<Vec<_>>(), "warnings": warnings.collect::<Vec<_>>(),
        "verdict": {"name": judged.verdict.name(), "reasons": judged.verdict.reasons(), "by-past": judged.past.is_some()},
    });
    if let Some(about) = &read.about {
        out["feed"] = json!({"format": about.format, "title": about.title, "language": about.language});
    }
    if let Some(found) = &read.discovered {
        out["discovered"] =
            json!({"confidence": found.confidence, "sure": found.sure, "redesign": found.redesign, "source": found.table});
    }
    out
}
