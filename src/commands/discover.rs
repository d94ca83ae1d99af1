//! `discover`: what a page holds of which nothing is known, how sure that is, and what to put into the configuration.

use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use scraper::{Html, Selector};
use serde_json::{Value, json};
use url::Url;

use super::preview::fetch_page;
use super::{Exit, load, saved};
use crate::cli::DiscoverArgs;
use crate::commands::out::say;
use crate::config::{Config, ConfigError, FeedSource, Overrides, id_of, state_directory};
use crate::discover::{Candidate, Discovery, Hints, How, SURE, discover};
use crate::domain::text::cut;
use crate::extract::charset::{Evidence, decode};
use crate::extract::months::Language;
use crate::extract::{About, AdvertisedFeed, Content, Parsed, RawRow, about, parse};
use crate::fetch::{Ask, Page};
use crate::pipeline::now;

/// Where a saved page stands that does not say where it was.
const NOWHERE: &str = "https://example.org/";

/// So many rows are shown.
const SHOWN: usize = 10;

pub(super) async fn run(path: &Path, args: &DiscoverArgs) -> anyhow::Result<Exit> {
    let at = now();
    let (url, page) = page(path, args).await?;
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let decoded = decode(&page.body, &Evidence { told: None, header: page.charset.as_deref(), host });
    if let Some(about) = about(&decoded.text) {
        let url = url.unwrap_or(page.url);
        of_feed(&about, &url, args.json);
        return Ok(Exit::Done);
    }
    let Parsed { document, unread, .. } = parse(&decoded.text);
    let content = Content::of(&page.body, &decoded.text, &document);
    let url = url.or_else(|| stated(&document)).unwrap_or(page.url);
    let discovery = discover(&document, &Hints { url: &url, language: None, today: at.date_naive() });
    let advice = content.advice().filter(|_| discovery.candidates.is_empty());
    if args.json {
        say!("{:#}", as_json(&discovery, &url, at, advice.as_deref()));
    } else if advice.is_none() {
        print(&discovery, &args.target, &url, at);
    }
    if let Some(unread) = unread {
        eprintln!("warning: {unread}");
    }
    if discovery.is_sure() {
        return Ok(Exit::Done);
    }
    match advice {
        Some(advice) => eprintln!("{}: {advice}", args.target),
        None => eprintln!("{}: not sure: no list on this page is surely a listing of news", args.target),
    }
    Ok(Exit::SourceFailed)
}

/// A feed needs no discovery.
fn of_feed(about: &About, url: &Url, as_json: bool) {
    let title = about.title.as_deref().unwrap_or_default();
    let source = source(title, about.language.as_deref(), url);
    if as_json {
        let feed = json!({"format": about.format, "title": about.title, "language": about.language});
        say!("{:#}", json!({"page": url.as_str(), "sure": true, "feed": feed, "source": source}));
    } else {
        say!("{url}\nit is a feed ({})\n\n# for the configuration\n{source}", about.format);
    }
}

/// The table that reads a feed.
fn source(title: &str, language: Option<&str>, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    FeedSource {
        id: id_of(title, url, |_| false),
        title: if title.is_empty() { host } else { title }.to_owned(),
        page: url.to_string(),
        home: None,
        language: language.filter(|tag| Language::of(tag).is_some()).map(str::to_owned),
        comment: None,
    }
    .to_string()
}

/// The same of a feed that a page offers: titles such as "RSS" say little.
fn offered(feed: &AdvertisedFeed, discovery: &Discovery) -> Option<String> {
    Url::parse(&feed.url).ok().map(|url| source("", Some(&discovery.origin.tag), &url))
}

/// The page, and its address if that is known.
async fn page(path: &Path, args: &DiscoverArgs) -> anyhow::Result<(Option<Url>, Page)> {
    let web = |text: &str| Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    if let Some(url) = web(&args.target) {
        let page = fetch_page(&config(path, &url)?, Ask::whole(&url), None).await?;
        return Ok((Some(page.url.clone()), page));
    }
    let told = match &args.url {
        Some(text) => Some(web(text).with_context(|| format!("--url \"{text}\" is no http(s) address"))?),
        None => None,
    };
    let body = saved::read(&args.target, "")?;
    let url = Url::parse(NOWHERE).expect("a constant URL");
    Ok((told, Page { url, moved: None, body, charset: None, etag: None, last_modified: None }))
}

/// The configuration says how newsrooms are asked; who has none yet asks by the defaults.
fn config(path: &Path, url: &Url) -> anyhow::Result<Config> {
    match load(path, false, &Overrides::default()) {
        Err(ConfigError::Unreadable { reason, .. }) if reason.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("[http]\n[[source]]\nid = \"page\"\ntitle = \"Page\"\npage = '''{url}'''\n");
            match Config::parse(Path::new("defaults"), &text, &state_directory()) {
                Ok((config, _)) => Ok(config),
                Err(error) => bail!("{url} cannot be a source's page: {error}"),
            }
        }
        loaded => Ok(loaded?),
    }
}

/// A saved page's own word on where it was.
fn stated(document: &Html) -> Option<Url> {
    let all = [("link[rel~=\"canonical\"]", "href"), ("meta[property=\"og:url\"]", "content"), ("base", "href")];
    all.iter().find_map(|(selector, attribute)| {
        let selector = Selector::parse(selector).ok()?;
        let text = document.select(&selector).find_map(|e| e.attr(attribute))?;
        Url::parse(text.trim()).ok().filter(|u| matches!(u.scheme(), "http" | "https"))
    })
}

fn day(row: &RawRow, at: DateTime<Utc>) -> String {
    let date = row.date.resolve(at, chrono_tz::Tz::UTC);
    match date.time {
        Some(time) => format!("{} {}", date.day, time.format("%H:%M")),
        None => date.day.to_string(),
    }
}

fn link(row: &RawRow, discovery: &Discovery, url: &Url) -> Option<Url> {
    absolute(row.link.as_deref(), discovery, url)
}

fn absolute(address: Option<&str>, discovery: &Discovery, url: &Url) -> Option<Url> {
    let base = discovery.extracted.base.as_deref().and_then(|b| url.join(b).ok());
    base.as_ref().unwrap_or(url).join(address?.trim()).ok()
}

fn how(candidate: &Candidate) -> String {
    match &candidate.how {
        How::Selectors(derived) => derived.whole_each(),
        How::LinkedData => "the page's JSON-LD".to_owned(),
    }
}

fn print(discovery: &Discovery, target: &str, url: &Url, at: DateTime<Utc>) {
    match url.as_str() {
        address if address == target || address == NOWHERE => say!("{target}"),
        address => say!("{target}, as of {address}"),
    }
    for row in discovery.extracted.rows.iter().take(SHOWN) {
        let link = link(row, discovery, url).map(|l| l[url::Position::BeforePath..].to_owned()).unwrap_or_else(|| "-".into());
        say!("{:<16}  {:<70}  {}", day(row, at), cut(row.title.clone(), 70), cut(link, 50));
    }
    let rows = discovery.extracted.rows.len();
    if rows > SHOWN {
        say!("and {} more", rows - SHOWN);
    }
    let next = discovery.extracted.next.as_deref().and_then(|n| url.join(n).ok());
    let next = next.map_or_else(|| "no next page".to_owned(), |n| format!("next page {n}"));
    match discovery.best() {
        Some(best) => {
            let word = if discovery.is_sure() { "sure" } else { "not sure" };
            say!("{rows} rows; {next}; {word}: {} of 100, {SURE} are needed", best.confidence);
            for reason in &best.reasons {
                say!("  {:+4}  {}", reason.points, reason.text);
            }
        }
        None => say!("nothing on it looks like a listing"),
    }
    if discovery.candidates.len() > 1 {
        say!("also considered:");
        for candidate in discovery.candidates.iter().skip(1) {
            let first = candidate.titles.first().cloned().unwrap_or_default();
            say!("  {:>3}  {} rows of {}: {}", candidate.confidence, candidate.rows, how(candidate), cut(first, 60));
        }
    }
    if !discovery.feeds.is_empty() {
        say!("the page offers feeds itself; where one holds what you need, read that instead:");
        for feed in &discovery.feeds {
            say!("  {}  {}", feed.url, feed.title.as_deref().unwrap_or(&feed.kind));
        }
        if let Some(table) = discovery.feeds.first().and_then(|feed| offered(feed, discovery)) {
            say!("\n# the first of them, for the configuration\n{table}");
        }
    }
    if let Some(table) = &discovery.table {
        let what =
            if discovery.is_sure() { "for the configuration" } else { "for the configuration, to be checked and completed" };
        say!("\n# {what}\n{table}");
    }
}

fn as_json(discovery: &Discovery, url: &Url, at: DateTime<Utc>, advice: Option<&str>) -> Value {
    let rows = discovery
        .extracted
        .rows
        .iter()
        .map(|row| json!({"title": row.title, "date": day(row, at), "link": link(row, discovery, url).map(String::from), "image": absolute(row.image.as_deref(), discovery, url).map(String::from)}));
    let candidates = discovery.candidates.iter().map(|c| {
        let reasons = c.reasons.iter().map(|r| json!({"points": r.points, "reason": r.text}));
        json!({
            "each": how(c), "confidence": c.confidence, "rows": c.rows, "titles": c.titles, "reasons": reasons.collect::<Vec<_>>(),
        })
    });
    let feeds =
        discovery.feeds.iter().map(|f| json!({"url": f.url, "type": f.kind, "title": f.title, "source": offered(f, discovery)}));
    let next = discovery.extracted.next.as_deref().and_then(|n| url.join(n).ok()).map(String::from);
    json!({
        "page": url.as_str(), "sure": discovery.is_sure(), "needed": SURE, "rows": rows.collect::<Vec<_>>(), "next": next,
        "language": discovery.origin.tag, "timezone": discovery.origin.timezone.name(),
        "candidates": candidates.collect::<Vec<_>>(), "feeds": feeds.collect::<Vec<_>>(), "source": discovery.table, "advice": advice,
    })
}
