//! `preview --article`: what the page of a row gives.

use anyhow::{Context, bail};
use chrono::DateTime;
use serde_json::json;
use url::Url;

use super::Exit;
use crate::article::Rules;
use crate::commands::out::say;
use crate::config::{Config, Source};
use crate::domain::{Article, host};
use crate::fetch::Page;
use crate::pipeline::{PageRead, article_hosts, read_article};

/// Shows the article that a row (from 1) of the listing leads to; where the page is no listing, or a listing without rows, it is the article itself.
pub(super) async fn show(
    config: &Config,
    source: &Source,
    page: &Page,
    read: Option<&PageRead>,
    row: usize,
    as_json: bool,
) -> anyhow::Result<Exit> {
    // Without [source.article] it is shown as it would be with an empty one.
    let found = Rules { body: Vec::new(), found: true, remove: Vec::new(), time: Vec::new(), timezone: source.newsroom.timezone };
    let rules = source.article.as_ref().map_or(found, |article| article.rules.clone());
    let of_row = read.filter(|read| !read.rows.is_empty()).map(|read| chosen(read, row)).transpose()?;
    let (asked, page, summary) = match of_row {
        Some((url, summary)) => {
            let hosts = article_hosts(source, None);
            if !hosts.contains(&host(&url)) {
                bail!(
                    "{url} is on none of the hosts of source \"{}\" ({}): see `hosts` of [source.article]",
                    source.newsroom.id,
                    hosts.join(", ")
                );
            }
            let page = super::fetch_article(config, source, &url, &hosts).await?;
            (url, page, summary)
        }
        None => (page.url.clone(), page.clone(), None),
    };
    let read = read_article(&page, &asked, &rules, source.charset, summary);
    match read {
        Ok(article) if as_json => say!("{:#}", json!({"url": page.url.as_str(), "article": article})),
        Ok(article) => print(&page.url, source, &article),
        Err(reason) => {
            eprintln!("no article from {}: {reason}", page.url);
            return Ok(Exit::SourceFailed);
        }
    }
    Ok(Exit::Done)
}

fn chosen(read: &PageRead, row: usize) -> anyhow::Result<(Url, Option<&str>)> {
    let reading = row.checked_sub(1).and_then(|row| read.rows.get(row));
    let reading = reading.with_context(|| format!("there is no row {row}: {} were read", read.rows.len()))?;
    let link = reading.link.as_ref().with_context(|| format!("row {row} (\"{}\") leads nowhere", reading.title))?;
    Ok((Url::parse(&link.url)?, reading.summary.as_deref()))
}

fn print(url: &Url, source: &Source, article: &Article) {
    say!("{url}");
    if let Some(time) = article.published.and_then(|t| DateTime::from_timestamp(t, 0)) {
        say!("time: {}", time.with_timezone(&source.newsroom.timezone).to_rfc3339());
    }
    if let Some(image) = &article.image {
        say!("image: {image}");
    }
    for file in &article.enclosures {
        say!("file: {} ({})", file.url, file.media);
    }
    for alternate in &article.alternates {
        say!("in {}: {}", alternate.language, alternate.url);
    }
    match &article.content {
        Some(content) => say!("\n{content}"),
        None => say!("\nit is a file: its item keeps its summary"),
    }
}
