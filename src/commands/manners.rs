//! `manners`: how hosts were asked, and what they want: what one would show a newsroom's webmaster. Reads only.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::bail;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};

use super::Exit;
use crate::cli::MannersArgs;
use crate::commands::out::say;
use crate::config::{Config, Source};
use crate::domain::{HostCounts, HostWait, RobotsCopy, host};
use crate::fetch::{Rules, authority};
use crate::store::Store;

/// One host.
struct Host<'c> {
    name: String,
    counts: HostCounts,
    wait: Option<HostWait>,
    robots: Vec<Robots<'c>>,
}

/// A robots.txt, and what it says of the sources under it.
struct Robots<'c> {
    authority: String,
    copy: Option<RobotsCopy>,
    rules: Rules,
    sources: Vec<&'c Source>,
}

pub(super) async fn run(config: &Config, args: &MannersArgs) -> anyhow::Result<Exit> {
    let now = Utc::now();
    let since = now.date_naive().checked_sub_days(Days::new(u64::from(args.days) - 1)).unwrap_or_default();
    let store = Store::read(&config.database).await?;
    let (counts, robots, waits) = (store.host_counts(since).await?, store.all_robots().await?, store.host_waits(now).await?);
    store.close().await;
    let mut hosts = hosts(config, counts, &robots, &waits);
    if let Some(name) = &args.host {
        hosts.retain(|host| host.name.eq_ignore_ascii_case(name));
        if hosts.is_empty() {
            bail!("no host \"{name}\" was asked in the last {} days, and no source is on it", args.days);
        }
    }
    if args.json {
        say!("{:#}", as_json(config, &hosts, since));
    } else {
        print(config, &hosts, since);
    }
    Ok(Exit::Done)
}

/// Hosts that were asked, and those of the sources.
fn hosts<'c>(
    config: &'c Config,
    mut counts: BTreeMap<String, HostCounts>,
    copies: &BTreeMap<String, RobotsCopy>,
    waits: &[(String, HostWait)],
) -> Vec<Host<'c>> {
    let of_source = |source: &Source| (host(&source.page), authority(&source.page));
    let of_copy = |authority: &String| url::Url::parse(authority).map(|url| host(&url)).ok();
    let names: BTreeSet<String> = counts.keys().cloned().chain(config.sources.iter().map(|s| of_source(s).0)).collect();
    let host = |name: String| {
        let known = copies.keys().filter(|a| of_copy(a).as_ref() == Some(&name)).cloned();
        let configured = config.sources.iter().map(of_source).filter(|(host, _)| *host == name).map(|(_, authority)| authority);
        let authorities: BTreeSet<String> = known.chain(configured).collect();
        let robots = authorities.into_iter().map(|authority| {
            let copy = copies.get(&authority).cloned();
            let rules = copy.as_ref().and_then(|c| c.text.as_deref()).map(Rules::parse).unwrap_or_default();
            let sources = config.sources.iter().filter(|s| of_source(s).1 == authority).collect();
            Robots { authority, copy, rules, sources }
        });
        let wait = waits.iter().find(|(host, _)| *host == name).map(|(_, wait)| *wait);
        Host { counts: counts.remove(&name).unwrap_or_default(), wait, robots: robots.collect(), name }
    };
    names.into_iter().map(host).collect()
}

fn share(counts: &HostCounts) -> u64 {
    (counts.not_modified * 100).checked_div(counts.requests - counts.robots.min(counts.requests)).unwrap_or(0)
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{}s", milliseconds / 1_000, milliseconds % 1_000 / 100)
}

/// Whole seconds in the units that people use.
fn long(milliseconds: u64) -> String {
    humantime::format_duration(Duration::from_secs(milliseconds / 1_000)).to_string()
}

fn print(config: &Config, hosts: &[Host<'_>], since: NaiveDate) {
    say!(
        "Since {since} 00:00 UTC. One request at a time to a host, at least {} apart; a running daemon adds to this once a minute.\n",
        humantime::format_duration(config.fetch.min_gap)
    );
    let head = [
        "HOST",
        "REQUESTS",
        "ROBOTS",
        "304",
        "2XX",
        "3XX",
        "4XX",
        "5XX",
        "NONE",
        "BYTES",
        "LEAST GAP",
        "WAITED FOR GAP",
        "RETRY-AFTER",
        "NOT ASKED",
    ];
    let row = |host: &Host<'_>| {
        let c = &host.counts;
        let waited = if c.turns == 0 { "-".into() } else { format!("{} x, {}", c.turns, long(c.turns_ms)) };
        let told = if c.waits == 0 { "-".into() } else { format!("{} x, {}", c.waits, long(c.waits_ms)) };
        let numbers = [c.success, c.redirects, c.client_errors, c.server_errors, c.unanswered, c.bytes].map(|n| n.to_string());
        let gap = c.least_gap_ms.map_or_else(|| "-".into(), seconds);
        let start =
            [host.name.clone(), c.requests.to_string(), c.robots.to_string(), format!("{} ({} %)", c.not_modified, share(c))];
        start.into_iter().chain(numbers).chain([gap, waited, told, c.put_off.to_string()]).collect::<Vec<String>>()
    };
    let mut table = vec![head.map(str::to_owned).to_vec()];
    table.extend(hosts.iter().map(row));
    let widths: Vec<usize> =
        (0..head.len()).map(|c| table.iter().map(|line| line[c].chars().count()).max().unwrap_or(0)).collect();
    for line in &table {
        let cell =
            |(at, (cell, w)): (usize, (&String, &usize))| if at == 0 { format!("{cell:w$}") } else { format!("{cell:>w$}") };
        say!("{}", line.iter().zip(&widths).enumerate().map(cell).collect::<Vec<_>>().join("  "));
    }
    for host in hosts {
        say!("\n{}", host.name);
        if let Some(wait) = &host.wait {
            say!("  left alone until {} UTC: it answered {} at {}", time(wait.until), wait.status, time(wait.asked));
        }
        host.robots.iter().for_each(|robots| print_robots(config, robots));
    }
}

fn print_robots(config: &Config, robots: &Robots<'_>) {
    say!("  {}/robots.txt: {}", robots.authority, robots.says(config));
    let mut allowed = Vec::new();
    // What it allows is not known.
    let unknown = robots.copy.as_ref().is_none_or(|copy| copy.answered.is_none());
    for source in &robots.sources {
        let id = source.newsroom.id.as_str();
        match robots.rules.forbids(&source.page) {
            _ if !source.obey_robots => say!("    source {id}: not obeyed (obey-robots = false)"),
            None if unknown => say!("    source {id}: not asked before it is read"),
            None => allowed.push(id),
            Some(rule) => say!("    source {id}: forbidden by \"{rule}\""),
        }
    }
    if !allowed.is_empty() {
        say!("    allowed: {}", allowed.join(", "));
    }
}

impl Robots<'_> {
    fn says(&self, config: &Config) -> String {
        let Some(copy) = &self.copy else { return "not read yet".into() };
        let mut text = match (copy.answered, &copy.text) {
            (Some(at), Some(_)) => format!("read at {} UTC", time(at)),
            (Some(at), None) => format!("there was none at {} UTC, which allows everything", time(at)),
            (None, _) => "never read".into(),
        };
        if let Some(delay) = self.rules.crawl_delay() {
            let most = config.fetch.max_crawl_delay;
            text += &format!(", crawl-delay {}", humantime::format_duration(delay));
            if delay > most {
                text += &format!(" (kept to {}: max-crawl-delay)", humantime::format_duration(most));
            }
        }
        if let (Some(error), Some(since), Some(again)) = (&copy.error, copy.unreachable, copy.again) {
            text += &format!("; cannot be read since {}, tried again at {} UTC: {error}", time(since), time(again));
        }
        text
    }
}

fn as_json(config: &Config, hosts: &[Host<'_>], since: NaiveDate) -> Value {
    let robots = |robots: &Robots<'_>| {
        let copy = robots.copy.clone().unwrap_or_default();
        let sources = robots.sources.iter().map(|source| {
            let rule = robots.rules.forbids(&source.page);
            json!({"source": source.newsroom.id.as_str(), "allowed": rule.is_none(), "rule": rule, "obeyed": source.obey_robots})
        });
        json!({
            "authority": robots.authority, "read": copy.answered.map(|t| t.to_rfc3339()), "exists": copy.text.is_some(),
            "crawl-delay": robots.rules.crawl_delay().map(|d| d.as_secs_f64()), "error": copy.error,
            "unreachable-since": copy.unreachable.map(|t| t.to_rfc3339()), "again": copy.again.map(|t| t.to_rfc3339()),
            "sources": sources.collect::<Vec<_>>(),
        })
    };
    let host = |host: &Host<'_>| {
        let c = &host.counts;
        json!({
            "host": host.name, "requests": c.requests, "robots-requests": c.robots, "not-modified": c.not_modified, "not-modified-percent": share(c),
            "success": c.success, "redirects": c.redirects, "client-errors": c.client_errors, "server-errors": c.server_errors,
            "unanswered": c.unanswered, "bytes": c.bytes, "least-gap-ms": c.least_gap_ms, "waited-for-gap": c.turns,
            "waited-for-gap-ms": c.turns_ms, "retry-after": c.waits, "retry-after-ms": c.waits_ms, "not-asked": c.put_off,
            "left-alone-until": host.wait.map(|wait| wait.until.to_rfc3339()), "robots": host.robots.iter().map(robots).collect::<Vec<_>>(),
        })
    };
    json!({
        "since": since.to_string(), "min-gap-ms": u64::try_from(config.fetch.min_gap.as_millis()).unwrap_or(u64::MAX),
        "hosts": hosts.iter().map(host).collect::<Vec<_>>(),
    })
}
