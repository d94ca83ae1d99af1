//! `check`: what the configuration means.

use std::path::Path;

use crate::commands::out::say;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Exit, endings};
use crate::cli::CheckArgs;
use crate::config::{self, Config, Listen, Overrides, Source};
use crate::domain::{Address, Id, Zone};
use crate::pipeline;
use crate::schedule::Schedule;
use crate::store::{Store, TermInfo};

/// The id of a feed, the facet and the name of a term that it asks for and no item ever had, and the nearest that some had.
type Unseen = (String, String, String, Option<String>);

/// How many runs to show.
const RUNS: usize = 3;

pub(super) async fn run(config: &Config, args: &CheckArgs) -> anyhow::Result<Exit> {
    let unseen = unseen(config).await;
    if args.json {
        say!("{:#}", as_json(config, &unseen));
    } else {
        print(config, &unseen);
    }
    Ok(Exit::Done)
}

/// Terms that feeds ask for and no item ever had. None before there is a database: nothing is known of any term then.
async fn unseen(config: &Config) -> Vec<Unseen> {
    let asks = config.feeds.iter().any(|feed| !feed.question.terms().is_empty());
    let Some(store) = (if asks { Store::read(&config.database).await.ok() } else { None }) else { return Vec::new() };
    let mut seen: Vec<TermInfo> = Vec::new();
    for source in &config.sources {
        seen.extend(store.terms(&source.newsroom.id).await.unwrap_or_default());
    }
    store.close().await;
    let mut out = Vec::new();
    for feed in &config.feeds {
        for (facet, folded, shown) in feed.question.terms() {
            let of_facet = || seen.iter().filter(|t| t.facet == facet && !t.forgotten);
            if of_facet().next().is_some() && of_facet().all(|t| t.folded != folded) {
                let near = config::nearest(&folded, of_facet().map(|t| t.folded.as_str()));
                let near = near.and_then(|near| of_facet().find(|t| t.folded == near)).map(|t| t.name.clone());
                out.push((feed.id.to_string(), facet.to_owned(), shown.to_owned(), near));
            }
        }
    }
    out
}

/// The whole configuration, as it is in force.
pub(super) fn show(path: &Path, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (text, warnings) = Config::in_force(path, &config::state_directory(), overrides)?;
    warnings.iter().for_each(|warning| eprintln!("{warning}"));
    say!("{}", text.trim_end());
    Ok(Exit::Done)
}

/// The next times at which a source is due, if it were polled now.
fn runs(source: &Source, now: DateTime<Utc>) -> Vec<DateTime<Zone>> {
    let zone = source.newsroom.timezone;
    let times = std::iter::successors(Some(now), |t| Some(source.schedule.next(*t, zone)));
    times.skip(1).take(RUNS).map(|t| t.with_timezone(&zone)).collect()
}

fn schedule(source: &Source) -> String {
    match &source.schedule {
        Schedule::Every(every) => format!("every {}", humantime::format_duration(*every)),
        Schedule::Cron(cron, _) => format!("cron {}", cron.pattern),
    }
}

fn places(config: &Config, address: &Address) -> Vec<String> {
    let endings = endings(config);
    let on_disk = config.publish.directory.as_ref().map(|d| format!("{}.{endings}", d.join(address.as_str()).display()));
    on_disk.into_iter().chain([format!("{}{address}.{endings}", config.base_url)]).collect()
}

fn shown(addresses: &[Listen]) -> Vec<String> {
    addresses.iter().map(Listen::to_string).collect()
}

fn print(config: &Config, unseen: &[Unseen]) {
    let now = Utc::now();
    say!("{} is in order.", config.path.display());
    say!("  database   {}", config.database.display());
    say!("  documents  the newest {} items each, at most {} bytes", config.publish.items, config.publish.max_size);
    match &config.publish.directory {
        Some(directory) => say!("  on disk    {}", directory.display()),
        None => say!("  on disk    nothing ([publish] directory is not set)"),
    }
    if let Some(http) = &config.http {
        let listen = if http.listen.is_empty() { "nothing".to_owned() } else { shown(&http.listen).join(", ") };
        say!("  over HTTP  {listen}");
        if !http.admin.is_empty() {
            say!("  health     /readyz and /metrics at {}", shown(&http.admin).join(", "));
        }
    }
    if config.status.public {
        say!("  status     {}{}.{}", config.base_url, crate::feed::status::ADDRESS, endings(config));
    }
    if let Some(webhook) = &config.status.webhook {
        say!("  incidents  are posted to {}", webhook.origin().ascii_serialization());
    }
    for source in &config.sources {
        let newsroom = &source.newsroom;
        say!("\nsource {}: {}", newsroom.id, newsroom.title);
        say!("  {:<9}  {}", if source.page_rules().is_some() { "page" } else { "its feed" }, source.page);
        say!("  polled     {}, times of {}", schedule(source), newsroom.timezone);
        if let Some(translates) = &source.translates {
            say!("  edition    in {} of {translates}", newsroom.language);
        }
        let times: Vec<String> = runs(source, now).iter().map(|t| t.format("%a %d %b %Y %H:%M:%S %Z").to_string()).collect();
        say!("  next runs  at once if it never was, then {}", times.join(", "));
        for place in places(config, &Address::all(&newsroom.id)) {
            say!("  feed       {place}");
        }
        for facet in &newsroom.facets {
            let many = if facet.many { "any number of terms an item" } else { "one term an item" };
            say!("  facet      {} ({}), {many}, at most {} terms", facet.name, facet.title, facet.max_terms);
            for place in places(config, &Address::term(&newsroom.id, &facet.name, "TERM")) {
                say!("  feeds      {place}");
            }
        }
        for (first, second) in source.pairs.iter().map(|(a, b)| (&*newsroom.facets[*a].name, &*newsroom.facets[*b].name)) {
            say!("  pairs      {first} and {second}, at most {} pairs", source.max_pairs);
            for place in places(config, &Address::pair(&newsroom.id, [first, "TERM"], [second, "TERM"])) {
                say!("  feeds      {place}");
            }
        }
    }
    for feed in &config.feeds {
        say!("\nfeed {}: {}", feed.id, feed.title);
        say!("  holds      {}", pipeline::in_words(config, feed));
        if let Some(merged) = pipeline::merged_in_words(config, feed) {
            say!("  merged     {merged}");
        }
        for (_, facet, term, near) in unseen.iter().filter(|(id, ..)| id == feed.id.as_str()) {
            let near = near.as_ref().map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            say!("  note       no item ever had the {facet} {term:?}{near}");
        }
        for place in places(config, &Address::feed(&feed.id)) {
            say!("  feed       {place}");
        }
    }
}

fn as_json(config: &Config, unseen: &[Unseen]) -> Value {
    let now = Utc::now();
    let sources: Vec<Value> = config
        .sources
        .iter()
        .map(|source| {
            let newsroom = &source.newsroom;
            let facets = newsroom.facets.iter().map(|f| {
                json!({"name": f.name, "title": f.title, "many": f.many, "max-terms": f.max_terms,
                       "feeds": places(config, &Address::term(&newsroom.id, &f.name, "TERM"))})
            });
            json!({
                "id": newsroom.id.as_str(), "title": newsroom.title, "kind": if source.page_rules().is_some() { "html" } else { "feed" }, "page": source.page.as_str(), "schedule": schedule(source),
                "timezone": newsroom.timezone.name(), "language": newsroom.language,
                "translates": source.translates.as_ref().map(Id::as_str),
                "next-runs": runs(source, now).iter().map(DateTime::to_rfc3339).collect::<Vec<_>>(),
                "feeds": places(config, &Address::all(&newsroom.id)), "facets": facets.collect::<Vec<_>>(),
                "pairs": source.pairs.iter().map(|(a, b)| [&newsroom.facets[*a].name, &newsroom.facets[*b].name]).collect::<Vec<_>>(),
                "max-pairs": source.max_pairs,
            })
        })
        .collect();
    let feeds = config.feeds.iter().map(|f| {
        let of_feed = unseen.iter().filter(|(id, ..)| id == f.id.as_str());
        let unseen = of_feed.map(|(_, facet, term, near)| json!({"facet": facet, "term": term, "nearest": near}));
        json!({
            "id": f.id.as_str(), "title": f.title, "selects": pipeline::in_words(config, f), "merge": f.merge.name(), "unseen": unseen.collect::<Vec<_>>(),
            "feeds": places(config, &Address::feed(&f.id)),
        })
    });
    json!({
        "config": config.path, "base-url": config.base_url.as_str(), "database": config.database, "directory": config.publish.directory,
        "listen": config.http.as_ref().map(|http| shown(&http.listen)).unwrap_or_default(),
        "admin": config.http.as_ref().map(|http| shown(&http.admin)).unwrap_or_default(), "formats": config.publish.formats.iter().map(|f| f.extension()).collect::<Vec<_>>(),
        "items": config.publish.items, "max-size": config.publish.max_size, "public-status": config.status.public,
        "webhook": config.status.webhook.as_ref().map(|w| w.origin().ascii_serialization()), "sources": sources, "feeds": feeds.collect::<Vec<_>>(),
    })
}
