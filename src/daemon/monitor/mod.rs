//! How the daemon fares, for operators: noted by the work as it goes on, told at the addresses of `[http] admin`.
//!
//! Who asks is answered from what is noted here: a request costs the store nothing, and waits for nobody. `watch` looks at the store now and then, for
//! as long as there is such an address; `ready` judges what is known, `metrics` puts it as OpenMetrics.

mod metrics;
mod ready;
mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::doors::Open;
use crate::domain::Address;
use crate::domain::health::Kind;
use crate::fetch::Effort;
use crate::http::{Readiness, Report, Traffic};
use crate::pipeline::{Outcome, Pipeline, Published};
use crate::publish::shelf::Shelf;
use crate::schedule::Schedule;
use crate::store::SourceState;
use metrics::Metrics;

use watch::Look;
pub(super) use watch::watch;

/// What is known. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Monitor {
    known: Arc<Mutex<Known>>,
    metrics: Arc<Metrics>,
    traffic: Arc<Traffic>,
    /// Something moved in the store.
    moved: Arc<Notify>,
}

/// What is known of everything.
#[derive(Debug, Default)]
struct Known {
    /// Those of the configuration in force, in its order.
    sources: Vec<Watched>,
    feeds: Vec<Feed>,
    store: Looked,
    publishing: Publishing,
    reloads: Reloads,
    shelf: Option<Arc<Shelf>>,
    open: Option<Open>,
}

/// A feed that the configuration names: of all of a source, or one's own.
#[derive(Debug)]
struct Feed {
    address: String,
    /// One of its documents.
    path: String,
    /// When that changed, where it is on disk alone.
    changed: Option<SystemTime>,
}

/// A source.
#[derive(Debug)]
struct Watched {
    id: String,
    schedule: Schedule,
    zone: Tz,
    /// How it stands by the store.
    state: Option<SourceState>,
    good: Option<Good>,
    counts: Counts,
}

/// The last poll of a source that went well.
#[derive(Debug, Clone, Copy)]
struct Good {
    /// When it ended, as far as is known: one before the start may have ended a poll earlier.
    at: DateTime<Utc>,
    /// Until when the source is fresh by it. Counted once: cron lines that seldom come to pass take their time.
    until: DateTime<Utc>,
}

/// What came of a source's polls since the start, or since it was configured.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    polls: [u64; Came::ALL.len()],
    /// Rows read, by what their items were to the store: new, edited, touched, known.
    items: [u64; 4],
    unread: u64,
    effort: Effort,
}

/// What a poll came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// Items came or changed.
    Changed,
    /// The page was read, and brought nothing.
    Unchanged,
    /// The newsroom said that the page is what it was (304).
    NotModified,
    /// Selectors matched nothing, and the page was read without.
    Redesigned,
    /// The host is left alone for now.
    Waiting,
    /// A page could not be got.
    FetchFailed,
    /// A page is broken.
    PageBroken,
    /// Something of our own failed.
    OwnFailed,
}

impl Came {
    const ALL: [(Self, &str); 8] = [
        (Self::Changed, "changed"),
        (Self::Unchanged, "unchanged"),
        (Self::NotModified, "not_modified"),
        (Self::Redesigned, "redesigned"),
        (Self::Waiting, "waiting"),
        (Self::FetchFailed, "fetch_failed"),
        (Self::PageBroken, "page_broken"),
        (Self::OwnFailed, "own_failed"),
    ];

    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Waiting { .. } => Self::Waiting,
            Outcome::Failed { error, .. } => match error.kind() {
                Kind::Fetch => Self::FetchFailed,
                Kind::Page | Kind::Redesign => Self::PageBroken,
                Kind::Own | Kind::Config => Self::OwnFailed,
            },
            Outcome::Polled(polled) if polled.not_modified => Self::NotModified,
            Outcome::Polled(polled) if polled.redesign.is_some() => Self::Redesigned,
            Outcome::Polled(polled) if polled.saved.new + polled.saved.edited + polled.saved.touched > 0 => Self::Changed,
            Outcome::Polled(_) => Self::Unchanged,
        }
    }
}

/// How looking at the store went.
#[derive(Debug, Default)]
struct Looked {
    /// When it last answered.
    answered: Option<Instant>,
    /// Why it did not, the last time.
    trouble: Option<String>,
    /// The bytes of the database and its log.
    size: u64,
}

/// How publishing went since the start.
#[derive(Debug, Default)]
struct Publishing {
    done: u64,
    failed: u64,
    channels: u64,
    written: u64,
    /// Files in the tree after the last one.
    documents: usize,
    last: Option<DateTime<Utc>>,
    /// Why the last one failed.
    trouble: Option<String>,
}

/// How taking over configurations went since the start.
#[derive(Debug, Default)]
struct Reloads {
    taken: u64,
    refused: u64,
    /// When the one in force was taken over.
    last: Option<DateTime<Utc>>,
    /// What is wrong with the one that should have taken its place, and since when.
    wrong: Option<(String, DateTime<Utc>)>,
}

impl Watched {
    /// A good poll ended.
    fn went_well(&mut self, at: DateTime<Utc>) {
        self.good = Some(Good { at, until: ready::deadline(&self.schedule, self.zone, at) });
    }
}

impl Monitor {
    pub fn new() -> Self {
        let (known, traffic) = (Arc::<Mutex<Known>>::default(), Arc::<Traffic>::default());
        let metrics = Arc::new(Metrics::new(known.clone(), traffic.clone(), Utc::now()));
        Self { known, metrics, traffic, moved: Arc::default() }
    }

    /// Where answers over HTTP are counted.
    pub fn traffic(&self) -> Arc<Traffic> {
        self.traffic.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another configuration is in force, the first one at the start. Before polls begin by it: how they went before is known by the store until then.
    pub async fn take_over(&self, pipeline: &Pipeline, open: Open) {
        let states = pipeline.states().await.ok();
        let at = Utc::now();
        let mut known = self.known();
        if states.is_some() {
            known.store.answered = Some(Instant::now());
        }
        let config = pipeline.config();
        let mut states = states.unwrap_or_default().into_iter();
        let mut before = std::mem::take(&mut known.sources);
        known.sources = config
            .sources
            .iter()
            .map(|source| {
                let id = source.newsroom.id.as_str();
                let state = states.next().flatten();
                let kept = before.iter().position(|old| old.id == id).map(|at| before.swap_remove(at));
                let (good, counts) = match kept {
                    Some(old) => (old.good.map(|good| good.at), old.counts),
                    None => (state.as_ref().and_then(last_good), Counts::default()),
                };
                let (schedule, zone) = (source.schedule.clone(), source.newsroom.timezone);
                let mut watched = Watched { id: id.to_owned(), schedule, zone, state, good: None, counts };
                good.into_iter().for_each(|at| watched.went_well(at));
                watched
            })
            .collect();
        let ending = config.publish.formats.first().map(|format| format.extension()).unwrap_or_default();
        let addresses = config.sources.iter().map(|s| Address::all(&s.newsroom.id));
        let addresses = addresses.chain(config.feeds.iter().map(|f| Address::feed(&f.id)));
        let feed = |address: Address| Feed { path: format!("{address}.{ending}"), address: address.to_string(), changed: None };
        known.feeds = addresses.map(feed).collect();
        known.shelf = pipeline.shelf().cloned();
        known.open = Some(open);
        known.reloads.last = Some(at);
    }

    /// A configuration was taken over while the daemon ran, or not.
    pub fn reloaded(&self, wrong: Option<String>) {
        let reloads = &mut self.known().reloads;
        *(if wrong.is_none() { &mut reloads.taken } else { &mut reloads.refused }) += 1;
        reloads.wrong = wrong.map(|wrong| (wrong, Utc::now()));
    }

    /// Something moved in the store.
    pub fn moved(&self) {
        self.moved.notify_one();
    }

    /// A walk came to its end, and is not stored yet.
    pub fn walked(&self, source: &str, effort: Effort, took: Duration) {
        self.metrics.polled.observe(took.as_secs_f64());
        if effort.requests > 0 {
            self.metrics.asked.observe(effort.time.as_secs_f64());
        }
        self.count(source, |watched| {
            let so_far = &mut watched.counts.effort;
            so_far.requests += effort.requests;
            so_far.bytes += effort.bytes;
            so_far.time += effort.time;
        });
    }

    /// A poll is stored.
    pub fn polled(&self, source: &str, outcome: &Outcome) {
        let came = Came::of(outcome);
        self.count(source, |watched| {
            watched.counts.polls[came as usize] += 1;
            if let Outcome::Polled(polled) | Outcome::Failed { polled, .. } = outcome {
                let saved = &polled.saved;
                for (count, more) in watched.counts.items.iter_mut().zip([saved.new, saved.edited, saved.touched, saved.known]) {
                    *count += more as u64;
                }
                watched.counts.unread += polled.warnings.iter().filter(|(_, warning)| warning.row.is_some()).count() as u64;
            }
            if matches!(outcome, Outcome::Polled(_)) {
                watched.went_well(Utc::now());
            }
        });
    }

    /// A poll came to nothing, by a fault of our own.
    pub fn lost(&self, source: &str) {
        self.count(source, |watched| watched.counts.polls[Came::OwnFailed as usize] += 1);
    }

    /// One that is no longer configured has no counts.
    fn count(&self, source: &str, what: impl FnOnce(&mut Watched)) {
        if let Some(watched) = self.known().sources.iter_mut().find(|watched| watched.id == source) {
            what(watched);
        }
    }

    /// A publishing came to its end.
    pub fn published(&self, published: Result<Published, String>, took: Duration) {
        self.metrics.published.observe(took.as_secs_f64());
        let publishing = &mut self.known().publishing;
        match published {
            Ok(Published { channels, written, documents }) => {
                publishing.done += 1;
                publishing.channels += channels as u64;
                publishing.written += written as u64;
                publishing.documents = documents;
                publishing.last = Some(Utc::now());
                publishing.trouble = None;
            }
            Err(trouble) => {
                publishing.failed += 1;
                publishing.trouble = Some(trouble);
            }
        }
    }

    /// Documents that lie on disk alone: their paths below the published folder.
    fn on_disk(&self) -> Vec<String> {
        let known = self.known();
        let feeds = if known.shelf.is_none() { known.feeds.as_slice() } else { &[] };
        feeds.iter().map(|feed| feed.path.clone()).collect()
    }

    /// The store was looked at, and documents that lie on disk alone.
    fn looked(&self, pipeline: &Pipeline, looked: Result<Look, String>) {
        let mut known = self.known();
        match looked {
            Ok(Look { states, size, changed }) => {
                for feed in &mut known.feeds {
                    feed.changed = changed.get(&feed.path).copied();
                }
                known.store = Looked { answered: Some(Instant::now()), trouble: None, size };
                for (source, state) in pipeline.config().sources.iter().zip(states) {
                    if let Some(watched) = known.sources.iter_mut().find(|watched| watched.id == source.newsroom.id.as_str()) {
                        watched.state = state;
                    }
                }
            }
            Err(trouble) => known.store.trouble = Some(trouble),
        }
    }
}

impl Report for Monitor {
    fn readiness(&self) -> Readiness {
        ready::readiness(&self.known(), Utc::now(), Instant::now())
    }

    fn metrics(&self) -> String {
        self.metrics.text()
    }
}

/// When the last good poll of an earlier run began. Of a source that fails, the store knows only that it was before the first that failed.
fn last_good(state: &SourceState) -> Option<DateTime<Utc>> {
    match state.since {
        Some(since) => state.walked.then_some(since),
        None => state.polled.filter(|_| state.failures == 0),
    }
}
