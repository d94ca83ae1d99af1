//! How rounds are told, to people and as JSON.

use crate::commands::out::say;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::health::State;
use crate::pipeline::{Articles, Failure, Outcome, Polled, Published, Round, Wait};
use crate::{error_chain, fetch};

/// Warnings shown of one source; `preview` shows them all.
const SHOWN: usize = 10;

/// Prints a round: what each source brought on standard output, what went wrong on standard error.
pub(super) fn round(round: &Round, by_daemon: bool, json: bool) {
    if json {
        say!("{:#}", as_json(round, by_daemon));
    }
    // Hundreds of sources with nothing to complain of are told at once.
    let mut lines = Vec::new();
    for (source, outcome) in &round.sources {
        let (failure, line, polled) = match outcome {
            Outcome::Waiting { until, why } => (None, Some(waiting(*until, why.as_ref())), None),
            Outcome::Polled(polled) => (None, Some(format!("{}{}", brief(polled), turned(polled))), Some(polled)),
            Outcome::Failed { polled, error } => {
                let again = error.wait_until().map(|until| format!("; not asked again before {}", time(until)));
                let (error, again) = (error_chain(error), again.unwrap_or_default());
                let failure = format!("failed: {error}; its feeds stay as they are{}{again}", turned(polled));
                (Some(failure), (polled.pages > 0).then(|| brief(polled)), Some(polled))
            }
        };
        if let Some(failure) = failure {
            print(&mut lines);
            eprintln!("{source}: {failure}");
        }
        lines.extend(line.filter(|_| !json).map(|line| format!("{source}: {line}")));
        for warning in polled.map(|polled| warnings(source, polled)).unwrap_or_default() {
            print(&mut lines);
            eprintln!("{source}: {warning}");
        }
    }
    for (source, articles) in &round.articles {
        lines.extend(Some(format!("{source}: {}", of_articles(articles))).filter(|_| !json));
        print(&mut lines);
        for failure in articles.failed.iter().take(SHOWN) {
            eprintln!("{source}: {}", failed(failure));
        }
    }
    print(&mut lines);
    if !json {
        published(round.published.as_ref(), by_daemon);
    }
}

/// How many articles were read, in words.
fn of_articles(articles: &Articles) -> String {
    let plural = if articles.read == 1 { "" } else { "s" };
    match articles.failed.len() {
        0 => format!("{} article{plural} read", articles.read),
        failed => format!("{} article{plural} read, {failed} could not be read", articles.read),
    }
}

/// What is said of an article that could not be read.
pub(super) fn failed(failure: &Failure) -> String {
    let Failure { link, error, given_up } = failure;
    let next = if *given_up { "not tried again" } else { "tried again later" };
    format!("no article from {link}: {error}; its item keeps its summary, {next}")
}

fn print(lines: &mut Vec<String>) {
    if !lines.is_empty() {
        say!("{}", lines.join("\n"));
        lines.clear();
    }
}

fn waiting(until: DateTime<Utc>, why: Option<&Wait>) -> String {
    let until = time(until);
    match why {
        None => format!("not due before {until} (`once --all` polls it)"),
        Some(Wait::Failures { count, error }) => {
            format!("waits until {until} after {count} failures: {error}; `once --now` does not wait")
        }
        Some(Wait::Host { host, asked_for }) => format!("waits until {until}: {}", fetch::reason(host, *asked_for)),
    }
}

/// Prints what a publishing did; None: there was no outlet, because a daemon has it or because the config names none but HTTP.
pub(super) fn published(published: Option<&Published>, by_daemon: bool) {
    match published {
        None if by_daemon => say!("what is new is stored; the daemon that runs on this database publishes it"),
        None => say!("what is new is stored; there is no [publish] directory: `newsroomd run` serves it"),
        Some(p) if p.written == 0 => say!("nothing to publish: {} files stand as they are", p.documents),
        Some(p) => say!("{} writes; {} files stand published", p.written, p.documents),
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

fn warnings(source: &str, polled: &Polled) -> Vec<String> {
    let odd = polled.odd.iter().map(|reason| format!("warning: the page is odd: {reason}; it was taken over"));
    let rows = polled.warnings.iter().take(SHOWN).map(|(page, warning)| format!("warning: page {}, {warning}", page + 1));
    let redesign = polled
        .redesign
        .iter()
        .map(|table| format!("warning: redesign suspected, selectors match nothing; what would read the page:\n{table}"));
    let mut all: Vec<String> = redesign.chain(odd).chain(rows).collect();
    if polled.warnings.len() > SHOWN {
        let more = polled.warnings.len() - SHOWN;
        all.push(format!("{more} more warnings: see them with `newsroomd preview {source}`"));
    }
    if let Some(moved) = &polled.moved {
        all.push(format!("warning: the page has moved for good to {moved}: change `page`"));
    }
    if polled.saved.odd {
        all.push("warning: most known rows read differently now; that was taken over, but not as edits".to_owned());
    }
    let held = polled.saved.held.iter();
    all.extend(held.map(|(facet, name)| {
        format!("warning: too many new terms: {facet} {name:?} gets no feed until max-terms or max-new-terms allow it")
    }));
    all
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
        "articles": round.articles.iter().map(|(source, a)| articles_json(source, a)).collect::<Vec<_>>(),
        "published-by-daemon": by_daemon,
        "channels-rendered": round.published.map(|p| p.channels),
        "documents-written": round.published.map(|p| p.written),
        "documents": round.published.map(|p| p.documents),
    })
}

fn articles_json(source: &str, articles: &Articles) -> Value {
    let failed = |f: &Failure| json!({"link": f.link, "error": f.error, "given-up": f.given_up});
    json!({"source": source, "read": articles.read, "failed": articles.failed.iter().map(failed).collect::<Vec<_>>()})
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
