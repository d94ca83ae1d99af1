//! Whether all is as it should be: the rules, and how it is told.
//!
//! Ready is: the store answers, documents are published, the configuration on disk is the one in force, and every source is fresh. A source is fresh unless
//! its polls fail, so that an incident is told ([`Kind::opens`]), or its last good poll is so long ago that [`MISSED`] more should have been since.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Known, Watched};
#[cfg(doc)]
use crate::domain::health::Kind;
use crate::http::Readiness;
use crate::schedule::{MOST_JITTER, Schedule};
use crate::store::SourceState;

/// So many polls in a row may fail to bring something good before what is published counts as not fresh.
pub(super) const MISSED: u32 = 3;

/// A poll takes its time, and may begin later by chance.
const SLACK: Duration = Duration::from_secs(30);

/// The store is asked every few seconds; a long write may keep it busy.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn readiness(known: &Known, now: DateTime<Utc>, instant: Instant) -> Readiness {
    let store = store(known, instant);
    let documents = documents(known);
    let configuration = known.reloads.wrong.as_ref().map(|(wrong, _)| wrong.clone());
    let sources: Vec<_> = known.sources.iter().map(|source| (source, stale(source, now))).collect();

    let mut problems: Vec<String> = Vec::new();
    problems.extend(store.as_ref().map(|why| format!("store: {why}")));
    problems.extend(documents.as_ref().map(|why| format!("documents: {why}")));
    let refused = "the changed one is wrong, the one before stays in force";
    problems.extend(configuration.as_ref().map(|why| format!("configuration: {refused}: {why}")));
    problems.extend(sources.iter().filter_map(|(source, why)| Some(format!("source {}: {}", source.id, why.as_ref()?))));

    let report = json!({
        "ready": problems.is_empty(),
        "problems": problems,
        "store": {"answers": store.is_none(), "problem": store},
        "documents": {
            "published": documents.is_none(), "count": count(known),
            "last-published": known.publishing.last.map(time), "problem": documents,
        },
        "configuration": {
            "in-force-since": known.reloads.last.map(time), "last-reload-failed": configuration.is_some(),
            "failed": known.reloads.wrong.as_ref().map(|(_, at)| time(*at)), "problem": configuration,
        },
        "sources": sources.iter().map(|(source, why)| of_source(source, why.as_ref(), now)).collect::<Vec<_>>(),
    });
    Readiness { ready: problems.is_empty(), json: format!("{report:#}\n") }
}

fn of_source(source: &Watched, why: Option<&String>, now: DateTime<Utc>) -> Value {
    let state = source.state.as_ref();
    json!({
        "source": source.id, "fresh": why.is_none(), "state": state.map(|state| state.health().name()), "problem": why,
        "last-good-poll": source.good.map(|good| time(good.at)), "age-seconds": source.good.map(|good| (now - good.at).num_seconds().max(0)),
        "last-poll": state.and_then(|state| state.polled).map(time), "next-poll": state.and_then(|state| state.due).map(time),
        "failures": state.map_or(0, |state| state.failures), "since": state.and_then(|state| state.since).map(time),
        "kind": state.and_then(|state| state.kind).map(|kind| kind.name()), "error": state.and_then(|state| state.error.as_ref()),
    })
}

/// Why the store is not ready.
fn store(known: &Known, now: Instant) -> Option<String> {
    let silent = known.store.answered.map(|answered| now.saturating_duration_since(answered));
    if let Some(trouble) = &known.store.trouble {
        return Some(trouble.clone());
    }
    match silent {
        None => Some("it has not answered yet".to_owned()),
        Some(silent) if silent > PATIENCE => Some(format!("it has not answered for {} seconds", silent.as_secs())),
        Some(_) => None,
    }
}

/// How many documents are published: on the shelf, or in the tree where nothing is served.
pub(super) fn count(known: &Known) -> usize {
    known.shelf.as_ref().map_or(known.publishing.documents, |shelf| shelf.snapshot().len())
}

/// Why what is stored is not published.
fn documents(known: &Known) -> Option<String> {
    let is_empty = count(known) == 0;
    let trouble = known.publishing.trouble.as_ref().map(|trouble| format!("publishing failed: {trouble}"));
    trouble.or_else(|| is_empty.then(|| "none is published yet".to_owned()))
}

/// Why a source is not fresh.
pub(super) fn stale(source: &Watched, now: DateTime<Utc>) -> Option<String> {
    let is_incident = |state: &&SourceState| state.failures > 0 && state.kind.is_some_and(|kind| kind.opens(state.failures));
    if let Some(state) = source.state.as_ref().filter(is_incident) {
        let since = state.since.map(|since| format!(" since {}", time(since))).unwrap_or_default();
        let error = state.error.as_deref().unwrap_or("the log says why");
        let polls = if state.failures == 1 { "poll" } else { "polls" };
        return Some(format!("{}{since}, {} failed {polls}: {error}", state.health().name(), state.failures));
    }
    let Some(good) = source.good else { return Some("no poll of it went well yet".to_owned()) };
    (now > good.until).then(|| {
        let next = source.state.as_ref().and_then(|state| state.due);
        let next = next.map(|next| format!("; the next poll is due at {}", time(next))).unwrap_or_default();
        format!("no poll of it went well since {}{next}", time(good.at))
    })
}

/// When a source that went well at an instant had so many more polls, by whatever schedule it has.
pub(super) fn deadline(schedule: &Schedule, zone: Tz, good: DateTime<Utc>) -> DateTime<Utc> {
    let last = (0..MISSED).fold(good, |at, _| schedule.next(at, zone));
    last + MISSED * MOST_JITTER.min(schedule.interval()) + SLACK
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::super::{Counts, Looked, Reloads};
    use super::*;
    use crate::domain::health::Kind as Failure;
    use crate::publish::shelf::{Document, Kind, Shelf, Update};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn source(schedule: Schedule, good: Option<&str>, failures: i64) -> Watched {
        let since = (failures > 0).then(|| at("2026-11-25T11:00:00Z"));
        let kind = since.map(|_| Failure::Fetch);
        let state = SourceState { failures, since, kind, error: since.map(|_| "no answer".to_owned()), ..SourceState::default() };
        let zone = chrono_tz::Europe::Vienna;
        let mut watched = Watched { id: "a".into(), schedule, zone, state: Some(state), good: None, counts: Counts::default() };
        good.into_iter().for_each(|good| watched.went_well(at(good)));
        watched
    }

    #[test]
    fn a_source_is_fresh_until_it_fails_or_its_last_good_poll_is_long_ago() {
        let quarter = || Schedule::Every(Duration::from_secs(900));
        // On weekdays from six to ten at night: nobody expects a poll at night or on Sunday.
        let office = || Schedule::cron("*/15 6-22 * * 1-5").expect("a cron line");
        for (source, now, want) in [
            (source(quarter(), Some("2026-11-25T12:00:00Z"), 0), "2026-11-25T12:46:00Z", None),
            (
                source(quarter(), Some("2026-11-25T12:00:00Z"), 0),
                "2026-11-25T12:48:00Z",
                Some("no poll of it went well since 2026-11-25T12:00:00Z"),
            ),
            (source(quarter(), Some("2026-11-25T12:00:00Z"), 2), "2026-11-25T12:40:00Z", None),
            (
                source(quarter(), Some("2026-11-25T12:00:00Z"), 2),
                "2026-11-25T12:50:00Z",
                Some("no poll of it went well since 2026-11-25T12:00:00Z"),
            ),
            (
                source(quarter(), Some("2026-11-25T12:00:00Z"), 3),
                "2026-11-25T12:01:00Z",
                Some("failing since 2026-11-25T11:00:00Z, 3 failed polls: no answer"),
            ),
            (source(quarter(), None, 0), "2026-11-25T12:00:00Z", Some("no poll of it went well yet")),
            // The clock was set back.
            (source(quarter(), Some("2026-11-25T12:00:00Z"), 0), "2020-01-01T00:00:00Z", None),
            // Friday night to Monday morning, at Vienna's time.
            (source(office(), Some("2026-11-27T21:45:10Z"), 0), "2026-11-30T05:29:00Z", None),
            (
                source(office(), Some("2026-11-27T21:45:10Z"), 0),
                "2026-11-30T05:40:00Z",
                Some("no poll of it went well since 2026-11-27T21:45:10Z"),
            ),
        ] {
            assert_eq!(stale(&source, at(now)).as_deref(), want, "{source:?} at {now}");
        }
        // A broken page is an incident at once: it seldom mends itself.
        let mut broken = source(quarter(), Some("2026-11-25T12:00:00Z"), 1);
        broken.state.as_mut().expect("a state").kind = Some(Failure::Page);
        let want = "suspect since 2026-11-25T11:00:00Z, 1 failed poll: no answer";
        assert_eq!(stale(&broken, at("2026-11-25T12:01:00Z")).as_deref(), Some(want));
    }

    #[test]
    fn each_thing_that_is_wrong_is_named() {
        let (now, instant) = (at("2026-11-25T12:00:00Z"), Instant::now());
        let shelf = Shelf::new();
        let mut update = Update::new();
        update.put("index.html", Document::new(Kind::Page, Vec::new(), None, 0));
        shelf.update(update);
        let mut known = Known {
            sources: vec![source(Schedule::Every(Duration::from_secs(60)), Some("2026-11-25T12:00:00Z"), 0)],
            store: Looked { answered: Some(instant), ..Looked::default() },
            shelf: Some(std::sync::Arc::new(shelf)),
            ..Known::default()
        };
        let problems = |known: &Known| {
            let Readiness { ready, json } = readiness(known, now, instant + PATIENCE);
            let report: Value = serde_json::from_str(&json).expect("JSON");
            assert_eq!(report["ready"], ready);
            let problems = report["problems"].as_array().expect("a list");
            assert_eq!(problems.is_empty(), ready);
            problems.iter().map(|problem| problem.as_str().expect("a text").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(problems(&known), [""; 0]);
        known.store.answered = instant.checked_sub(Duration::from_secs(5));
        assert_eq!(problems(&known), ["store: it has not answered for 35 seconds"]);
        known.store.trouble = Some("disk I/O error".to_owned());
        known.publishing.trouble = Some("no space".to_owned());
        known.reloads = Reloads { wrong: Some(("x.toml:1:1: no".to_owned(), now)), ..Reloads::default() };
        known.sources[0].good = None;
        assert_eq!(
            problems(&known),
            [
                "store: disk I/O error",
                "documents: publishing failed: no space",
                "configuration: the changed one is wrong, the one before stays in force: x.toml:1:1: no",
                "source a: no poll of it went well yet",
            ]
        );
    }
}
