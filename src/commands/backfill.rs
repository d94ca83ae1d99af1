//! `backfill`: a source's whole archive, once.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::out::say;
use super::run::on_signals;
use super::{Exit, report};
use crate::cli::BackfillArgs;
use crate::config::Config;
use crate::error_chain;
use crate::pipeline::{BackfillAsked, Backfilled, Begins, Ended, Estimate, Outlet, Outlets, Pipeline, Progress, Published, Told};
use crate::publish::Lock;
use crate::store::Store;

/// How often the log says how far it came.
const SAY_EVERY: Duration = Duration::from_secs(60);

pub(super) async fn run(config: &Config, args: &BackfillArgs) -> anyhow::Result<Exit> {
    let id = args.source.as_str();
    let number = config.sources.iter().position(|s| s.newsroom.id.as_str() == id).with_context(|| {
        let ids: Vec<&str> = config.sources.iter().map(|s| s.newsroom.id.as_str()).collect();
        format!("no source is called \"{id}\"; there are: {}", ids.join(" | "))
    })?;
    let Some(lock) = Lock::of_backfill(&config.database, id)? else {
        bail!("another process is taking in the archive of {id}: leave it to that one");
    };
    let store = Store::open(&config.database).await?;
    let pipeline = Pipeline::new(Arc::new(config.clone()), store.clone(), Outlets::default()).await?;
    let stop = CancellationToken::new();
    on_signals(&stop, None)?;
    let asked = BackfillAsked { since: args.since, pages: args.pages.map(|n| n as usize), restart: args.restart };
    let mut teller = Teller::new(id, asked.pages);
    let done = pipeline.backfill(number, &asked, &stop, &mut |told| teller.tell(told)).await;
    teller.end();
    let done = done?;
    store.close().await;
    drop(lock);
    warnings(id, &done);
    if args.json {
        say!("{:#}", as_json(id, &done));
    } else {
        print(id, &done);
    }
    if let Ended::Failed(error) = &done.ended {
        eprintln!("{id}: failed: {}; {}", error_chain(error), going_on(id, &done.progress));
    }
    Ok(match done.ended {
        Ended::Failed(_) | Ended::Stopped => Exit::SourceFailed,
        Ended::Finished | Ended::Since | Ended::Pages | Ended::Before(_) => Exit::Done,
    })
}

/// How to go on after a run that did not come to the end.
fn going_on(id: &str, progress: &Progress) -> String {
    format!("run `newsroomd backfill {id}` again, and it goes on at page {}", progress.stored_page())
}

/// Tells how it goes on: with a bar on a terminal, else with a line of the log now and then.
struct Teller<'a> {
    source: &'a str,
    pages: Option<usize>,
    bar: Option<ProgressBar>,
    began: Instant,
    said: Instant,
}

impl<'a> Teller<'a> {
    fn new(source: &'a str, pages: Option<usize>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            bar.set_style(style(false));
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self { source, pages, bar, began: Instant::now(), said: Instant::now() }
    }

    fn tell(&mut self, told: Told) {
        match told {
            Told::Begins(Begins::First) => self.line(format!("{}: from page 1 to the pager's end", self.source)),
            Told::Begins(Begins::Anew(why)) => self.line(format!("{}: beginning anew, since {why}", self.source)),
            Told::Begins(Begins::Resumes(page)) => self.line(format!("{}: resuming at page {}", self.source, page + 1)),
            Told::Estimate(estimate) => self.line(format!("{}: {}", self.source, estimated(&estimate))),
            Told::Page(progress) => self.page(&progress),
            Told::Waits(pause, error) => {
                let pause = humantime::format_duration(Duration::from_millis(u64::try_from(pause.as_millis()).unwrap_or(0)));
                self.warn(format!("{}: {}; asking again in {pause}", self.source, error_chain(&error)));
            }
            Told::Notice(text) => self.warn(format!("{}: {text}", self.source)),
        }
    }

    fn line(&self, text: String) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => tracing::info!("{text}"),
        }
    }

    fn warn(&self, text: String) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => tracing::warn!("{text}"),
        }
    }

    fn page(&mut self, progress: &Progress) {
        let stored = &progress.stored;
        let oldest = stored.oldest.map(|day| format!(", back to {day}")).unwrap_or_default();
        let text = format!("{} new, {} known{oldest}", stored.new, stored.known);
        if let Some(bar) = &self.bar {
            let left = self.pages.map(|pages| progress.pages + pages.saturating_sub(progress.pages_now));
            if let Some(of) = progress.of.into_iter().chain(left).min().filter(|_| bar.length().is_none()) {
                bar.set_length(of as u64);
                bar.set_style(style(true));
                // What earlier runs read says nothing of how long the rest takes.
                bar.set_position(progress.pages as u64);
                bar.reset_eta();
            }
            bar.set_position(progress.pages as u64);
            bar.set_message(text);
        } else if self.said.elapsed() >= SAY_EVERY {
            self.said = Instant::now();
            let of = progress.of.map(|of| format!(" of about {of}")).unwrap_or_default();
            let rate = progress.pages_now as f64 * 3_600.0 / self.began.elapsed().as_secs_f64();
            tracing::info!("{}: page {}{of}: {text}; {rate:.0} pages an hour", self.source, progress.pages);
        }
    }

    fn end(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }
}

fn style(with_length: bool) -> ProgressStyle {
    let template = if with_length {
        "{bar:30} page {pos} of about {len}: {msg}; {elapsed} passed, about {eta} left"
    } else {
        "{spinner} page {pos}: {msg}; {elapsed} passed"
    };
    ProgressStyle::with_template(template).expect("a valid template")
}

fn estimated(estimate: &Estimate) -> String {
    let minutes = |d: Duration| humantime::format_duration(Duration::from_secs(d.as_secs().div_ceil(60) * 60)).to_string();
    let mut text = format!("{} rows a page", estimate.rows);
    if let Some(of) = estimate.of {
        text.push_str(&format!(", about {of} pages if the pager's link to the last one is right"));
    }
    if estimate.per_page.is_zero() {
        text.push_str("; as fast as the newsroom answers");
        return text;
    }
    let rate = 3_600.0 / estimate.per_page.as_secs_f64();
    text.push_str(&format!(
        "; each is looked at twice, {} apart ([fetch] min-gap): {rate:.0} pages an hour",
        humantime::format_duration(estimate.per_page / 2)
    ));
    match estimate.pages {
        Some(pages) => {
            let pages = u32::try_from(pages).unwrap_or(u32::MAX);
            text.push_str(&format!(", about {} for {pages} pages", minutes(estimate.per_page.saturating_mul(pages))));
        }
        None => text.push_str("; the listing does not say how many there are"),
    }
    text
}

fn warnings(id: &str, done: &Backfilled) {
    for (page, warning) in &done.warnings {
        eprintln!("{id}: warning: page {}, {warning}", page + 1);
    }
    if done.warned > done.warnings.len() {
        eprintln!("{id}: {} more warnings", done.warned - done.warnings.len());
    }
    for (facet, name) in &done.held {
        eprintln!("{id}: warning: too many terms: {facet} {name:?} gets no feed until max-terms allows it");
    }
}

fn print(id: &str, done: &Backfilled) {
    let stored = &done.progress.stored;
    let touched = if stored.touched > 0 { format!(", {} otherwise changed", stored.touched) } else { String::new() };
    let oldest = stored.oldest.map(|day| format!(", back to {day}")).unwrap_or_default();
    let plural = if stored.pages == 1 { "" } else { "s" };
    let brief = format!(
        "{} rows on {} page{plural}{oldest}: {} new, {} edited, {} known{touched}",
        stored.rows, stored.pages, stored.new, stored.edited, stored.known
    );
    let took = humantime::format_duration(Duration::from_secs(done.took.as_secs()));
    match &done.ended {
        Ended::Finished => {
            let read = done.progress.pages_now;
            say!("{id}: finished, {brief}; this run read {read} page{} in {took}", if read == 1 { "" } else { "s" });
        }
        Ended::Since => say!(
            "{id}: all of the time that was asked for is there, {brief}; without --since it goes on at page {}",
            done.progress.stored_page()
        ),
        Ended::Pages | Ended::Stopped => say!("{id}: stopped, {brief}; {}", going_on(id, &done.progress)),
        Ended::Failed(_) => say!("{id}: {brief}"),
        Ended::Before(at) => {
            say!("{id}: finished on {} already, {brief}; `--restart` begins anew", at.format("%Y-%m-%d %H:%M:%S UTC"));
        }
    }
    match done.outlet {
        Outlet::Published(published) => report::published(published.as_ref(), false),
        Outlet::Daemon => report::published(None, true),
        Outlet::Busy => {
            say!("what is new is stored; another newsroomd is publishing just now, and the next one publishes the rest")
        }
    }
}

fn as_json(id: &str, done: &Backfilled) -> Value {
    let progress = &done.progress;
    let stored = &progress.stored;
    let (outcome, error) = match &done.ended {
        Ended::Finished => ("finished", None),
        Ended::Since => ("since", None),
        Ended::Pages => ("pages", None),
        Ended::Stopped => ("stopped", None),
        Ended::Failed(error) => ("failed", Some(error_chain(error))),
        Ended::Before(_) => ("finished-before", None),
    };
    let finished = match &done.ended {
        Ended::Before(at) => Some(*at),
        _ => stored.finished,
    };
    let published: Option<Published> = match done.outlet {
        Outlet::Published(published) => published,
        Outlet::Daemon | Outlet::Busy => None,
    };
    let warnings: Vec<Value> = done
        .warnings
        .iter()
        .map(|(page, w)| json!({"page": page + 1, "row": w.row.map(|r| r + 1), "field": w.field, "message": w.message}))
        .collect();
    json!({
        "source": id, "outcome": outcome, "error": error, "pages": stored.pages, "rows": stored.rows, "new": stored.new,
        "edited": stored.edited, "touched": stored.touched, "known": stored.known, "oldest": stored.oldest.map(|d| d.to_string()),
        "next": stored.next, "started": stored.started.to_rfc3339(), "finished": finished.map(|t| t.to_rfc3339()),
        "run": {"pages": progress.pages_now, "requests": progress.requests, "seconds": done.took.as_secs_f64()},
        "held-terms": done.held.iter().map(|(facet, name)| json!({"facet": facet, "term": name})).collect::<Vec<_>>(),
        "warnings": warnings, "warned": done.warned,
        "published-by-daemon": done.outlet == Outlet::Daemon,
        "channels-rendered": published.map(|p| p.channels),
        "documents-written": published.map(|p| p.written),
        "documents": published.map(|p| p.documents),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_told_before_it_goes_on() {
        let estimate = |of, pages, per_page| Estimate { rows: 50, of, pages, per_page: Duration::from_secs(per_page) };
        for (estimate, want) in [
            (
                estimate(Some(600), Some(600), 20),
                "50 rows a page, about 600 pages if the pager's link to the last one is right; each is looked at twice, 10s apart ([fetch] min-gap): \
                 180 pages an hour, about 3h 20m for 600 pages",
            ),
            (
                estimate(None, None, 20),
                "50 rows a page; each is looked at twice, 10s apart ([fetch] min-gap): 180 pages an hour; the listing does not say how many there are",
            ),
            (estimate(None, Some(5), 0), "50 rows a page; as fast as the newsroom answers"),
        ] {
            assert_eq!(estimated(&estimate), want);
        }
    }
}
