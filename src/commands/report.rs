//! How rounds are told, to people and as JSON.

use crate::commands::out::say;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::health::State;
use crate::pipeline::{Outcome, Polled, Published, Round, Wait};
use crate::{error_chain, fetch};

/// Warnings shown of one source; `preview` shows them all.
const SHOWN: usize = 10;

/// Prints a round: what each source brought on standard output, what went wrong on standard error.
pub(super) fn round(round: &Round, by_daemon: bool, json: bool) {
    if json {
        say!("{:#}", as_json(round, by_daemon));
    }
    for (source, outcome) in &round.sources {
        match outcome {
            Outcome::Waiting { until, why } if !json => {
                let until = time(*until);
                match why {
                    None => say!("{source}: not due before {until}"),
                    Some(Wait::Failures { count, error }) => {
                        say!("{source}: waits until {until} after {count} failures: {error}; `once --now` does not wait")
                    }
                    Some(Wait::Host { host, asked_for }) => {
                        say!("{source}: waits until {until}: {}", fetch::reason(host, *asked_for))
                    }
                }
            }
            Outcome::Waiting { .. } => {}
            Outcome::Polled(polled) => {
                if !json {
                    say!("{source}: {}{}", brief(polled), turned(polled));
                }
                warnings(source, polled);
            }
            Outcome::Failed { polled, error } => {
                let again =
                    error.wait_until().map(|until| format!("; not asked again before {}", time(until))).unwrap_or_default();
                let error = error_chain(error);
                eprintln!("{source}: failed: {error}; its feeds stay as they are{}{again}", turned(polled));
                if polled.pages > 0 && !json {
                    say!("{source}: {}", brief(polled));
                }
                warnings(source, polled);
            }
        }
    }
    if !json {
        published(round.published.as_ref(), by_daemon);
    }
}

/// Prints what a publishing did; None: there was no outlet, because a daemon has it or because the config names none but HTTP.
pub(super) fn published(published: Option<&Published>, by_daemon: bool) {
    match published {
        None if by_daemon => say!("what is new is stored; the daemon that runs on this database publishes it"),
        None => say!("what is new is stored; there is no [publish] directory: `newsroomd run` serves it"),
        Some(p) if p.written == 0 => say!("nothing to publish: {} files stand as they are", p.documents),
        Some(p) => say!("{} files written; {} stand published", p.written, p.documents),
    }
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn brief(polled: &Polled) -> String {
    if polled.not_modified {
        return "not modified".into();
    }
    let saved = &polled.saved;
    let plural = if polled.pages == 1 { "" } else { "s" };
    let mut text = format!(
        "{} rows on {} page{plural}: {} new, {} edited, {} known",
        polled.rows, polled.pages, saved.new, saved.edited, saved.known
    );
    if saved.touched > 0 {
        text.push_str(&format!(", {} otherwise changed", saved.touched));
    }
    text
}

/// What to add where the source's state moved.
fn turned(polled: &Polled) -> String {
    match polled.turned.filter(|t| t.before != t.after) {
        None => String::new(),
        Some(turned) => match turned.after {
            State::Fine => "; it is fine again".to_owned(),
            State::Suspect => "; it is suspect now".to_owned(),
            State::Failing => format!("; it is failing now, after {} failures in a row", turned.failures),
        },
    }
}

fn warnings(source: &str, polled: &Polled) {
    if let Some(table) = &polled.redesign {
        eprintln!("{source}: warning: redesign suspected, selectors match nothing; what would read the page:\n{table}");
    }
    for reason in &polled.odd {
        eprintln!("{source}: warning: the page is odd: {reason}; it was taken over");
    }
    for (page, warning) in polled.warnings.iter().take(SHOWN) {
        eprintln!("{source}: warning: page {}, {warning}", page + 1);
    }
    if polled.warnings.len() > SHOWN {
        eprintln!("{source}: {} more warnings: see them with `newsroomd preview {source}`", polled.warnings.len() - SHOWN);
    }
    if let Some(moved) = &polled.moved {
        eprintln!("{source}: warning: the page has moved for good to {moved}: change `page`");
    }
    if polled.saved.odd {
        eprintln!("{source}: warning: most known rows read differently now; that was taken over, but not as edits");
    }
    for (facet, name) in &polled.saved.held {
        eprintln!(
            "{source}: warning: too many new terms: {facet} {name:?} gets no feed until max-terms or max-new-terms allow it"
        );
    }
}

fn as_json(round: &Round, by_daemon: bool) -> Value {
    let sources = round.sources.iter().map(|(source, outcome)| match outcome {
        Outcome::Waiting { until, why } => {
            let why = why.as_ref().map(|why| match why {
                Wait::Failures { count, error } => json!({"reason": "failures", "failures": count, "error": error}),
                Wait::Host { host, asked_for } => json!({
                    "reason": if *asked_for { "retry-after" } else { "robots" }, "host": host, "text": fetch::reason(host, *asked_for),
                }),
            });
            json!({"source": source, "outcome": "waiting", "until": until.to_rfc3339(), "why": why})
        }
        Outcome::Polled(polled) => polled_json(source, if polled.not_modified { "not-modified" } else { "polled" }, polled, None),
        Outcome::Failed { polled, error } => polled_json(source, "failed", polled, Some(error_chain(error))),
    });
    json!({
        "sources": sources.collect::<Vec<_>>(),
        "published-by-daemon": by_daemon,
        "channels-rendered": round.published.map(|p| p.channels),
        "documents-written": round.published.map(|p| p.written),
        "documents": round.published.map(|p| p.documents),
    })
}

fn polled_json(source: &str, outcome: &str, polled: &Polled, error: Option<String>) -> Value {
    let saved = &polled.saved;
    let warnings: Vec<Value> = polled
        .warnings
        .iter()
        .map(|(page, w)| json!({"page": page + 1, "row": w.row.map(|r| r + 1), "field": w.field, "message": w.message}))
        .collect();
    json!({
        "source": source, "outcome": outcome, "error": error, "pages": polled.pages, "rows": polled.rows,
        "new": saved.new, "edited": saved.edited, "touched": saved.touched, "known": saved.known, "odd": saved.odd,
        "held-terms": saved.held.iter().map(|(facet, name)| json!({"facet": facet, "term": name})).collect::<Vec<_>>(),
        "warnings": warnings, "moved": polled.moved.as_ref().map(url::Url::as_str),
        "page-odd": polled.odd, "redesign": polled.redesign, "state": polled.turned.map_or(State::Fine, |t| t.after).name(),
    })
}
