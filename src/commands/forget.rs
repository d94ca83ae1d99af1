//! `forget`: the only way to lose an item. Says in one line each what goes.

use crate::commands::out::say;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::target::{Target, find, named};
use super::{Exit, report};
use crate::cli::ForgetArgs;
use crate::config::Config;
use crate::domain::Item;
use crate::feed::{Format, pages};
use crate::pipeline::{self, Outlets, Pipeline, Published};
use crate::publish::{Lock, LockError, Purpose};
use crate::store::{ChannelRow, Store, StoreError};

/// What goes, found out before anything does.
#[derive(Default)]
struct Going {
    kind: &'static str,
    /// Terms and the like, as they are called.
    names: Vec<String>,
    /// Items that are lost.
    items: Vec<Item>,
    /// Items that stay, without the term.
    kept: i64,
    /// Feeds that end, by address.
    feeds: Vec<String>,
    /// Feeds that are published anew without the item.
    changed: Vec<String>,
    /// Documents that are removed.
    files: Vec<String>,
}

/// How far it came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not begun: a dry run.
    Asked,
    /// Stored; the documents are still as they were.
    Stored,
    /// Stored and published.
    Published,
}

pub(super) async fn run(config: &Config, args: &ForgetArgs) -> anyhow::Result<Exit> {
    if args.dry_run {
        let store = Store::read(&config.database).await?;
        let going = match find(config, &store, &args.target).await? {
            Target::Forgotten => None,
            target => Some(going(config, &store, &target).await?),
        };
        store.close().await;
        tell(args, going.as_ref(), Stage::Asked);
        return Ok(Exit::Done);
    }
    if !config.database.exists() {
        return Err(StoreError::Missing { path: config.database.clone() }.into());
    }
    // Taken first: nobody publishes what is being forgotten. Who does not get it leaves the publishing to whoever has it.
    let lock = match Lock::take(&config.database, Purpose::Once, Duration::ZERO) {
        Ok(lock) => Some(lock),
        Err(LockError::Held { .. } | LockError::Daemon { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let store = Store::open(&config.database).await?;
    let result = forget(config, args, &store, lock.is_some()).await;
    store.close().await;
    drop(lock);
    result
}

async fn forget(config: &Config, args: &ForgetArgs, store: &Store, may_publish: bool) -> anyhow::Result<Exit> {
    let target = find(config, store, &args.target).await?;
    let going = match &target {
        Target::Forgotten => None,
        target => Some(going(config, store, target).await?),
    };
    let endings: Vec<&str> = endings().collect();
    let at = DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap_or_default();
    match &target {
        Target::Item(id) => store.forget_item(*id, &going.as_ref().map(|g| g.files.clone()).unwrap_or_default(), at).await?,
        Target::Term { terms, .. } => {
            store.forget_terms(&terms.iter().map(|t| t.id).collect::<Vec<_>>(), &endings, at).await?;
        }
        Target::Source(name) => store.forget_source(name, &endings, at).await?,
        Target::Feed(address) => store.forget_feed(address, &endings).await?,
        Target::Forgotten => {}
    }
    let erased = store.erase().await;
    let published = if may_publish { Some(publish(config, store).await) } else { None };
    let stage = if matches!(published, Some(Ok(_))) { Stage::Published } else { Stage::Stored };
    tell(args, going.as_ref(), stage);
    if !args.json {
        match &published {
            Some(Ok(published)) => report::published(published.as_ref(), false),
            Some(Err(_)) => {}
            None => say!(
                "another newsroomd is publishing: the documents change when it does so next, else with the next `newsroomd once`"
            ),
        }
    }
    let again = "copies of the text may be left in the database's files until `newsroomd once` has run";
    match erased {
        // Publishing tries again what could not be done at first.
        _ if !store.pending().await?.erase => {}
        Ok(true) => {}
        Ok(false) => bail!("it is forgotten, but another process went on reading the database from before; {again}"),
        Err(error) => {
            return Err(error).with_context(|| format!("it is forgotten, but the database could not be written anew; {again}"));
        }
    }
    published.transpose().context("it is forgotten, but the documents could not be published; run `newsroomd once`")?;
    Ok(Exit::Done)
}

async fn publish(config: &Config, store: &Store) -> anyhow::Result<Option<Published>> {
    let outlets = Outlets { disk: true, shelf: None };
    Ok(Pipeline::new(Arc::new(config.clone()), store.clone(), outlets).await?.publish().await?)
}

/// Finds out what goes with the target.
async fn going(config: &Config, store: &Store, target: &Target) -> anyhow::Result<Going> {
    let rows = store.channels().await?;
    let ending = |which: &dyn Fn(&ChannelRow) -> bool| -> Vec<String> {
        rows.iter().filter(|row| which(row)).map(|row| row.address.clone()).collect()
    };
    let mut going = match target {
        Target::Item(id) => return of_item(config, store, &rows, *id).await,
        Target::Term { source, terms } => {
            let counts = store.counts().await?.terms;
            let of_terms: Vec<String> = terms.iter().map(|t| format!("{source}/{}/{}", t.facet, t.slug)).collect();
            let of_pair = |row: &ChannelRow| row.pair.as_ref().is_some_and(|p| p.terms.iter().any(|t| of_terms.contains(t)));
            let is = |row: &ChannelRow| terms.iter().any(|t| row.term == Some(t.id)) || of_pair(row);
            Going {
                kind: "term",
                names: terms.iter().map(|t| format!("{:?} ({source}/{}/{})", t.name, t.facet, t.slug)).collect(),
                kept: terms.iter().filter_map(|t| counts.get(&t.id)).sum(),
                feeds: ending(&is),
                ..Going::default()
            }
        }
        Target::Source(name) => {
            let ids = store.items_of(name).await?;
            let mut items = store.items(ids.iter().copied(), &store.categories().await?).await?;
            Going {
                kind: "source",
                names: vec![name.clone()],
                items: ids.iter().filter_map(|id| items.remove(id)).collect(),
                feeds: ending(&|row| row.source.as_ref() == Some(name)),
                ..Going::default()
            }
        }
        Target::Feed(address) => {
            Going { kind: "feed", names: vec![address.clone()], feeds: vec![address.clone()], ..Going::default() }
        }
        Target::Forgotten => Going::default(),
    };
    let documents = going.feeds.iter().flat_map(|address| endings().map(move |ending| format!("{address}.{ending}")));
    going.files = documents.filter(|d| on_disk(config, d).is_some_and(|path| path.is_file())).collect();
    Ok(going)
}

/// Of all documents that a feed may have.
fn endings() -> impl Iterator<Item = &'static str> {
    Format::ALL.into_iter().map(Format::extension).chain([pages::ENDING])
}

fn on_disk(config: &Config, document: &str) -> Option<std::path::PathBuf> {
    config.publish.directory.as_ref().map(|directory| directory.join(document))
}

async fn of_item(config: &Config, store: &Store, rows: &[ChannelRow], id: i64) -> anyhow::Result<Going> {
    let mut items = store.items(std::iter::once(id), &store.categories().await?).await?;
    let item = items.remove(&id).context("the item was forgotten meanwhile")?;
    let of_item = store.channels_of(id).await?;
    let configured = |row: &&ChannelRow| pipeline::title(config, row).is_some();
    let mut changed: Vec<String> =
        rows.iter().filter(configured).map(|row| row.address.clone()).filter(|a| of_item.contains(a)).collect();
    changed.extend(
        store.own_feeds_of(id).await?.into_iter().filter(|a| rows.iter().filter(configured).any(|row| row.address == *a)),
    );
    // What will not be rendered again cannot be rendered without it.
    let (mut files, mut in_the_way) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.source.as_ref().is_none_or(|s| *s == item.source)) {
        for ending in endings() {
            let document = format!("{}.{ending}", row.address);
            let is_made = (ending == pages::ENDING && config.publish.pages)
                || config.publish.formats.iter().any(|f| f.extension() == ending);
            let rendered = configured(&row) && is_made;
            if rendered || !mentions(config, &document, &item)? {
                continue;
            }
            match configured(&row) {
                true => files.push(document),
                false => in_the_way.push(forgotten_by(config, row)),
            }
        }
    }
    in_the_way.dedup();
    if !in_the_way.is_empty() {
        let commands: Vec<String> = in_the_way.iter().map(|target| format!("`newsroomd forget {target}`")).collect();
        bail!(
            "{} stands in documents of feeds that are no longer configured, which cannot be made anew without it: configure them again, or first run {}",
            named(&item),
            commands.join(" and ")
        );
    }
    Ok(Going { kind: "item", items: vec![item], changed, files, ..Going::default() })
}

/// Whether a document on disk holds the item.
fn mentions(config: &Config, document: &str, item: &Item) -> anyhow::Result<bool> {
    let Some(path) = on_disk(config, document) else { return Ok(false) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.contains(&item.guid.to_string())),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(e) => Err(e).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// What to forget so that a channel that is no longer configured goes.
fn forgotten_by(config: &Config, row: &ChannelRow) -> String {
    let gone = row.source.as_ref().filter(|id| config.sources.iter().all(|s| s.newsroom.id.as_str() != *id));
    gone.unwrap_or(&row.address).clone()
}

fn tell(args: &ForgetArgs, going: Option<&Going>, stage: Stage) {
    let nothing = Going { kind: "forgotten-before", ..Going::default() };
    let going_or_not = going.unwrap_or(&nothing);
    if args.json {
        let items = going_or_not.items.iter().map(|i| {
            json!({"guid": i.guid.urn().to_string(), "title": i.title, "date": i.published.to_rfc3339(), "link": i.link, "source": i.source})
        });
        let json = json!({
            "target": args.target, "kind": going_or_not.kind, "dry-run": args.dry_run, "published": stage == Stage::Published,
            "names": going_or_not.names, "items": items.collect::<Vec<_>>(), "items-kept": going_or_not.kept,
            "feeds": going_or_not.feeds, "changed-feeds": going_or_not.changed, "files": going_or_not.files,
        });
        say!("{json:#}");
        return;
    }
    let Some(going) = going else {
        say!("it was forgotten before; nothing of it is stored but what keeps it away");
        return;
    };
    let (forgot, ended, removed, took) = match stage {
        Stage::Asked => ("would forget", "would end", "would remove", "would take it out of"),
        Stage::Stored => ("forgot", "ended", "still to be removed:", "still to be taken out of:"),
        Stage::Published => ("forgot", "ended", "removed", "took it out of"),
    };
    going.names.iter().for_each(|name| say!("{forgot} {} {name}", going.kind));
    going.items.iter().for_each(|item| say!("{forgot} item {}", named(item)));
    going.feeds.iter().for_each(|feed| say!("{ended} feed {feed}"));
    going.changed.iter().for_each(|feed| say!("{took} feed {feed}"));
    going.files.iter().for_each(|file| say!("{removed} file {file}"));
    if going.kind == "term" {
        let items = if going.kept == 1 { "item stays" } else { "items stay" };
        say!("{} {items}, without this category", going.kept);
    }
}
