//! `feeds`: every feed, where it is found, and how it stands. Reads only.

use crate::commands::out::say;
use std::collections::HashMap;
use std::io::IsTerminal;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Exit, endings};
use crate::cli::FeedsArgs;
use crate::config::{Config, Source};
use crate::domain::Address;
use crate::domain::health::{Kind, State};
use crate::pipeline;
use crate::store::{ChannelRow, Counts, SourceState, Store, StoreError, TermInfo};

/// Feeds that stand together in lists.
struct Group {
    heading: String,
    feeds: Vec<Feed>,
}

/// One feed, or a term that has none because it is held.
struct Feed {
    address: String,
    title: String,
    source: Option<String>,
    facet: Option<String>,
    term: Option<String>,
    items: i64,
    shown: i64,
    changed: Option<i64>,
    moved_to: Option<String>,
    /// What it holds, in words, if the config says it.
    selects: Option<String>,
    configured: bool,
    waiting: bool,
    held: bool,
}

pub(super) async fn run(config: &Config, args: &FeedsArgs) -> anyhow::Result<Exit> {
    let store = Store::read(&config.database).await?;
    let groups = groups(config, &store).await?;
    let states = store.standing(config.sources.iter().map(|s| &s.newsroom.id)).await?;
    store.close().await;
    if args.json {
        say!("{:#}", as_json(config, &groups, &states));
    } else if groups.iter().all(|g| g.feeds.is_empty()) {
        say!("no feeds yet: run `newsroomd once`");
        let sources = config.sources.iter().zip(&states);
        sources.filter_map(|(s, state)| Some((s, troubled(state.as_ref()?)?))).for_each(|(s, t)| say!("{}: {t}", s.newsroom.id));
    } else {
        print(config, &groups, &states);
    }
    Ok(Exit::Done)
}

/// All feeds in the order of `index.html` and `feeds.opml`, then those that the configuration no longer names.
async fn groups(config: &Config, store: &Store) -> Result<Vec<Group>, StoreError> {
    let (rows, counts) = (store.channels().await?, store.counts().await?);
    let feeds = || rows.iter().map(|row| (row, Feed::of(config, row, &counts)));
    let mut groups = Vec::new();
    for source in &config.sources {
        let newsroom = &source.newsroom;
        let id = newsroom.id.as_str();
        let of_source = || feeds().filter(|(row, _)| row.source.as_deref() == Some(id));
        let all = of_source().filter(|(row, _)| row.term.is_none() && row.pair.is_none()).map(|(_, feed)| feed).collect();
        groups.push(Group { heading: heading_of(source), feeds: all });
        let held: Vec<TermInfo> = store.terms(&newsroom.id).await?.into_iter().filter(|t| t.held).collect();
        for facet in &newsroom.facets {
            let of_facet = of_source().filter(|(row, _)| row.facet.as_ref() == Some(&facet.name)).map(|(_, feed)| feed);
            let held = held.iter().filter(|t| t.facet == facet.name).map(|t| Feed::held(source, t, &counts));
            let mut of_facet: Vec<Feed> = of_facet.chain(held).collect();
            of_facet.sort_by_key(|f| (f.term.as_ref().map(|t| t.to_lowercase()), f.address.clone()));
            groups.push(Group { heading: format!("{}: {}", newsroom.title, facet.title), feeds: of_facet });
        }
        for (first, second) in source.pairs.iter().map(|(a, b)| (&newsroom.facets[*a], &newsroom.facets[*b])) {
            let of_pairs =
                of_source().filter(|(row, _)| row.pair.as_ref().is_some_and(|p| p.facets == [&*first.name, &*second.name]));
            let heading = format!("{}: {} and {}", newsroom.title, first.title, second.title);
            groups.push(Group { heading, feeds: of_pairs.map(|(_, feed)| feed).collect() });
        }
    }
    let of_feed = |id: &str| feeds().find(|(row, _)| row.source.is_none() && row.address == id).map(|(_, feed)| feed);
    let own = config.feeds.iter().filter_map(|f| of_feed(Address::feed(&f.id).as_str())).collect();
    groups.push(Group { heading: "Feeds of your own".into(), feeds: own });
    let rest = feeds().map(|(_, feed)| feed).filter(|f| !f.configured).collect();
    groups.push(Group { heading: "No longer configured: they stay as they are until `newsroomd forget`".into(), feeds: rest });
    Ok(groups)
}

impl Feed {
    fn of(config: &Config, row: &ChannelRow, counts: &Counts) -> Self {
        let title = pipeline::title(config, row);
        let moved_to = row.moved_to.clone();
        // What is stored now; of a selection, and of a copy of another feed, what was when it was last rendered.
        let items = match (&row.source, row.term) {
            _ if moved_to.is_some() => row.items,
            _ if row.pair.is_some() => row.pair.as_ref().map_or(0, |pair| pair.items),
            (_, Some(term)) => counts.terms.get(&term).copied().unwrap_or_default(),
            (Some(source), None) => counts.sources.get(source).copied().unwrap_or_default(),
            (None, None) => row.items,
        };
        let configured = title.is_some();
        Self {
            title: title.unwrap_or_else(|| row.name.clone().unwrap_or_else(|| row.address.clone())),
            waiting: configured && (row.stale.is_some() || row.changed.is_none()),
            address: row.address.clone(),
            source: row.source.clone(),
            facet: row.facet.clone(),
            term: row.name.clone(),
            items,
            shown: row.shown,
            changed: row.changed,
            moved_to,
            selects: config.feeds.iter().find(|f| f.id.as_str() == row.address).map(|f| pipeline::in_words(config, f)),
            configured,
            held: false,
        }
    }

    fn held(source: &Source, term: &TermInfo, counts: &Counts) -> Self {
        let newsroom = &source.newsroom;
        Self {
            address: Address::term(&newsroom.id, &term.facet, &term.slug).to_string(),
            title: format!("{}: {}", newsroom.title, term.name),
            source: Some(newsroom.id.to_string()),
            facet: Some(term.facet.clone()),
            term: Some(term.name.clone()),
            items: counts.terms.get(&term.id).copied().unwrap_or_default(),
            shown: 0,
            changed: None,
            moved_to: None,
            selects: None,
            configured: true,
            waiting: false,
            held: true,
        }
    }

    fn is_empty(&self) -> bool {
        self.items == 0 && self.moved_to.is_none()
    }

    /// What there is to say of it besides numbers.
    fn marks(&self) -> String {
        let moved = self.moved_to.as_ref().map(|to| format!("moved to {to}"));
        let marks = [
            moved,
            self.held.then(|| "held: one of too many terms, no feed".into()),
            self.waiting.then(|| "waiting to be published".into()),
            self.is_empty().then(|| "empty".into()),
            (!self.configured).then(|| "not configured".into()),
        ];
        marks.into_iter().flatten().collect::<Vec<String>>().join(", ")
    }
}

/// The heading above a source's feed of everything.
fn heading_of(source: &Source) -> String {
    format!("{} ({})", source.newsroom.title, source.newsroom.id)
}

/// What is wrong with a source, if anything is.
fn troubled(state: &SourceState) -> Option<String> {
    let shown = |t: DateTime<Utc>| t.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    (state.health() != State::Fine).then(|| {
        let plural = if state.failures == 1 { "" } else { "s" };
        let since = state.since.map(|t| format!(" since {}", shown(t))).unwrap_or_default();
        let next = state.due.map(|t| format!("; next try at {}", shown(t))).unwrap_or_default();
        let error = state.error.as_deref().unwrap_or_default();
        format!("{}{since}, {} failure{plural}: {error}{next}", state.health().name(), state.failures)
    })
}

fn print(config: &Config, groups: &[Group], states: &[Option<SourceState>]) {
    let trouble = |heading: &str| {
        let of_source = config.sources.iter().zip(states).find(|(s, _)| heading == heading_of(s));
        of_source.and_then(|(_, state)| troubled(state.as_ref()?))
    };
    let endings = endings(config);
    let row = |feed: &Feed| {
        let changed = feed.changed.and_then(|t| DateTime::from_timestamp(t, 0));
        let changed = changed.map_or_else(|| "-".into(), |t| t.format("%Y-%m-%d %H:%M:%S").to_string());
        let place = if feed.held { feed.address.clone() } else { format!("{}{}.{endings}", config.base_url, feed.address) };
        let shown = if feed.held { "-".into() } else { feed.shown.to_string() };
        [place, feed.items.to_string(), shown, changed, feed.marks()]
    };
    let head = ["FEED", "STORED", "SHOWN", "CHANGED (UTC)", ""].map(str::to_owned);
    type Line<'a> = ([String; 5], Option<&'a str>);
    let rows: Vec<(&str, Vec<Line<'_>>)> = groups
        .iter()
        .filter(|g| !g.feeds.is_empty() || trouble(&g.heading).is_some())
        .map(|g| (g.heading.as_str(), g.feeds.iter().map(|f| (row(f), f.selects.as_deref())).collect()))
        .collect();
    let all = || std::iter::once(&head).chain(rows.iter().flat_map(|(_, rows)| rows.iter().map(|(row, _)| row)));
    let widths: Vec<usize> = (0..5).map(|c| all().map(|r| r[c].chars().count()).max().unwrap_or(0)).collect();
    let line = |[place, items, shown, changed, marks]: &[String; 5]| {
        let line = format!(
            "  {place:a$}  {items:>b$}  {shown:>c$}  {changed:d$}  {marks}",
            a = widths[0],
            b = widths[1],
            c = widths[2],
            d = widths[3]
        );
        say!("{}", line.trim_end());
    };
    let bold = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    line(&head);
    for (heading, rows) in &rows {
        say!("{}", if bold { format!("\x1b[1m{heading}\x1b[0m") } else { (*heading).to_owned() });
        trouble(heading).iter().for_each(|trouble| say!("  {trouble}"));
        for (row, selects) in rows {
            line(row);
            selects.iter().for_each(|selects| say!("    holds {selects}"));
        }
    }
}

fn as_json(config: &Config, groups: &[Group], states: &[Option<SourceState>]) -> Value {
    let feed = |f: &Feed| {
        let url = |ending: &str| format!("{}{}.{ending}", config.base_url, f.address);
        let formats = config.publish.formats.iter().map(|format| (format.extension(), url(format.extension())));
        let urls: HashMap<&str, String> = formats.filter(|_| !f.held).collect();
        json!({
            "address": f.address, "urls": urls, "title": f.title, "source": f.source, "facet": f.facet, "term": f.term,
            "items": f.items, "shown": f.shown,
            "changed": f.changed.and_then(|t| DateTime::from_timestamp(t, 0)).map(|t| t.to_rfc3339()),
            "moved-to": f.moved_to, "selects": f.selects, "configured": f.configured, "waiting": f.waiting, "empty": f.is_empty(), "held": f.held,
        })
    };
    let feeds: Vec<Value> = groups.iter().flat_map(|g| &g.feeds).map(feed).collect();
    let source = |(source, state): (&Source, &Option<SourceState>)| {
        let state = state.clone().unwrap_or_default();
        json!({
            "id": source.newsroom.id.as_str(), "title": source.newsroom.title, "state": state.health().name(),
            "since": state.since.map(|t| t.to_rfc3339()), "failures": state.failures, "kind": state.kind.map(Kind::name),
            "error": state.error, "due": state.due.map(|t| t.to_rfc3339()),
        })
    };
    let sources: Vec<Value> = config.sources.iter().zip(states).map(source).collect();
    json!({
        "sources": sources,
        "base-url": config.base_url.as_str(), "formats": config.publish.formats.iter().map(|f| f.extension()).collect::<Vec<_>>(),
        "feeds": feeds,
    })
}
