//! What `forget` is asked to forget: found by guid, link, address or id, and refused if it would come back.

use std::collections::HashMap;

use anyhow::bail;
use url::Url;
use uuid::Uuid;

use crate::config::{Config, nearest};
use crate::domain::{Digest, Id, Item};
use crate::feed::{Format, pages};
use crate::normalise::link::{Identity, link};
use crate::pipeline;
use crate::store::{Held, Store, TermInfo};

/// What is meant.
pub(super) enum Target {
    /// An item, by number.
    Item(i64),
    /// A term of a source, and those that were renamed to it.
    Term { source: String, terms: Vec<TermInfo> },
    /// A source that is no longer configured.
    Source(String),
    /// A feed of the config's own or of a pair that is no longer configured, by address.
    Feed(String),
    /// Something that was forgotten before.
    Forgotten,
}

/// Finds out what is meant.
pub(super) async fn find(config: &Config, store: &Store, text: &str) -> anyhow::Result<Target> {
    let text = text.trim();
    if let Some(guid) = guid(text) {
        return match store.by_guid(guid).await? {
            Held { items, .. } if !items.is_empty() => Ok(Target::Item(items[0])),
            Held { forgotten: true, .. } => Ok(Target::Forgotten),
            _ => bail!("no item has the guid {}: guids stand in the feeds, as <guid>, <id> or \"id\" of their items", guid.urn()),
        };
    }
    let address = text.strip_prefix(config.base_url.as_str()).or((!text.contains("://")).then_some(text));
    let address = address.map(without_ending);
    if let Some(address) = address
        && let Some(target) = by_address(config, store, address).await?
    {
        return Ok(target);
    }
    match Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https")) {
        Some(url) if address.is_none() => by_link(config, store, &url).await,
        // The newsroom may live at the address of the feeds.
        Some(url) => match by_link(config, store, &url).await {
            Ok(target) => Ok(target),
            Err(_) => bail!("{}", unknown(config, store, text, address).await?),
        },
        None => bail!("{}", unknown(config, store, text, address).await?),
    }
}

fn guid(text: &str) -> Option<Digest> {
    let bare = text.get(..9).filter(|start| start.eq_ignore_ascii_case("urn:uuid:")).map_or(text, |_| &text[9..]);
    if bare.len() == 36 { Uuid::try_parse(bare).ok() } else { None }
}

fn without_ending(address: &str) -> &str {
    let address = address.trim_matches('/');
    // As `feeds` shows it, or as it is found in one format or as a page.
    let shown = address.split_once(".{").map(|(stem, _)| stem);
    let mut endings = Format::ALL.iter().map(|f| f.extension()).chain([pages::ENDING]);
    let ended = || endings.find_map(|ending| address.strip_suffix(ending)?.strip_suffix('.'));
    shown.or_else(ended).unwrap_or(address)
}

async fn by_address(config: &Config, store: &Store, address: &str) -> anyhow::Result<Option<Target>> {
    let file = config.path.display();
    let parts: Vec<&str> = address.split('/').collect();
    match *parts.as_slice() {
        [id] => {
            if config.source(id).is_some() {
                bail!(
                    "the source {id} is still configured, and would come back at the next poll: remove it from {file} first, and reload a daemon that runs"
                );
            }
            if store.known_sources().await?.iter().any(|name| name == id) {
                return Ok(Some(Target::Source(id.to_owned())));
            }
            if config.feeds.iter().any(|f| f.id.as_str() == id) {
                bail!(
                    "the feed {id} is still configured, and would be published again: remove it from {file} first, and reload a daemon that runs"
                );
            }
            let own = store.channels().await?.into_iter().find(|row| row.source.is_none() && row.address == id);
            Ok(own.map(|row| Target::Feed(row.address)))
        }
        [source, "all"] if store.known_sources().await?.iter().any(|name| name == source) => {
            bail!(
                "{address} is the feed of everything of the source {source}: forget items or terms of it one by one, or all of it with `newsroomd forget {source}`"
            )
        }
        [source, facet, slug] => {
            let Ok(id) = Id::parse(source) else { return Ok(None) };
            let terms = store.terms(&id).await?;
            let Some(term) = terms.iter().find(|t| t.facet == facet && t.slug == slug) else { return Ok(None) };
            if term.forgotten {
                return Ok(Some(Target::Forgotten));
            }
            let renamed = terms.iter().filter(|t| t.target == Some(term.id) && !t.forgotten);
            let terms = std::iter::once(term).chain(renamed).cloned().collect();
            Ok(Some(Target::Term { source: source.to_owned(), terms }))
        }
        [_, _, _, _, _] => {
            let rows = store.channels().await?;
            let Some(row) = rows.into_iter().find(|row| row.pair.is_some() && row.address == address) else { return Ok(None) };
            if pipeline::title(config, &row).is_some() {
                bail!(
                    "{address} is the feed of a pair that is still configured: remove its facets from `pairs` in {file} first, and reload a daemon that runs; or forget one of its terms"
                );
            }
            Ok(Some(Target::Feed(row.address)))
        }
        _ => Ok(None),
    }
}

async fn by_link(config: &Config, store: &Store, url: &Url) -> anyhow::Result<Target> {
    let mut identities: Vec<Digest> = config.sources.iter().map(|s| link(&s.newsroom.id, url, &s.identity).identity).collect();
    let stored = store.known_sources().await?;
    let ids = stored.iter().filter_map(|name| Id::parse(name).ok());
    identities.extend(ids.map(|id| link(&id, url, &Identity::default()).identity));
    let held = store.by_link(&identities, url.as_str()).await?;
    match held.items.as_slice() {
        [one] => Ok(Target::Item(*one)),
        [] if held.forgotten => Ok(Target::Forgotten),
        [] => bail!("no item was seen at {url}: look for its guid in the feeds, as <guid>, <id> or \"id\" of the item"),
        many => {
            let items = store.items(many.iter().copied(), &HashMap::new()).await?;
            let lines = many.iter().filter_map(|id| items.get(id)).map(|item| format!("\n  {}", named(item)));
            bail!("{} items were seen at {url}: say which, by its guid{}", many.len(), lines.collect::<String>())
        }
    }
}

/// An item in one line.
pub(super) fn named(item: &Item) -> String {
    format!("{} {:?} of {} ({})", item.guid.urn(), item.title, item.published.format("%Y-%m-%d"), item.source)
}

async fn unknown(config: &Config, store: &Store, text: &str, address: Option<&str>) -> anyhow::Result<String> {
    let mut known: Vec<String> = store.channels().await?.into_iter().map(|row| row.address).collect();
    known.extend(store.known_sources().await?);
    known.extend(config.sources.iter().map(|s| s.newsroom.id.to_string()));
    let near = address.and_then(|address| nearest(address, known.iter().map(String::as_str)));
    let hint = near.map_or_else(
        || "`newsroomd feeds` shows all addresses; items go by their guid or link".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    Ok(format!("\"{text}\" is no feed, term, source or item that is stored; {hint}"))
}
