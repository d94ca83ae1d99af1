//! Between start and stop: at each heartbeat what is due is polled, and what polls brought is stored and published.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::Event;
use super::heartbeat::Heartbeat;
use super::log::{self, Log};
use crate::pipeline::{Due, Pipeline, PipelineError, Published, Walked, is_due, now};
use crate::store::Stale;

/// What was asked of hosts is stored so often, and at the end.
const COUNTS: Duration = Duration::from_secs(60);

/// Walks that end within this time of each other are stored in one transaction, this many at most.
const TOGETHER: Duration = Duration::from_millis(50);
const GROUP: usize = 64;

/// A heartbeat of its own, far between.
const BEAT_WITHOUT_CLOCK: Duration = Duration::from_secs(15);

/// How long to wait after what failed.
const AGAIN: Duration = Duration::from_secs(30);

pub(super) struct Work {
    pipeline: Pipeline,
    walks: JoinSet<Walked>,
    /// The sources being polled: none is polled twice at a time.
    busy: HashMap<Id, Due>,
    /// Those whose polls are being stored.
    storing: Vec<Due>,
    /// When counts are stored next.
    count_at: Instant,
    /// What waited when the last publishing began. What differs from it came since: from another process, if not from a poll of ours.
    stale: Stale,
    /// When to publish at the latest, if something waits for it.
    publish_at: Option<Instant>,
    log: Log,
    watcher: Option<UnboundedSender<Event>>,
    /// Wakes who tells the webhook.
    pub incident: std::sync::Arc<Notify>,
}

impl Work {
    pub fn new(pipeline: Pipeline, watcher: Option<UnboundedSender<Event>>) -> Self {
        Self {
            pipeline,
            walks: JoinSet::new(),
            busy: HashMap::new(),
            storing: Vec::new(),
            count_at: Instant::now() + COUNTS,
            stale: Stale::default(),
            // An earlier run may have left something.
            publish_at: Some(Instant::now()),
            log: Log::default(),
            watcher,
            incident: std::sync::Arc::default(),
        }
    }

    pub fn sources(&self) -> usize {
        self.pipeline.config().sources.len()
    }

    pub fn tell(&self, event: Event) {
        if let Some(watcher) = &self.watcher {
            // Whoever watched may have gone.
            let _ = watcher.send(event);
        }
    }

    /// Polls and publishes until `stop`. What is being stored or published then is brought to its end.
    pub async fn go_on(&mut self, heartbeat: &Heartbeat, stop: &CancellationToken) {
        let mut without_clock = tokio::time::interval(BEAT_WITHOUT_CLOCK);
        without_clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = heartbeat.beat.notified() => self.beat().await,
                // The scheduler goes by the clock on the wall, and falls silent where that is set back.
                _ = without_clock.tick() => self.beat().await,
                () = heartbeat.tidy.notified() => self.tidy().await,
                Some(walk) = self.walks.join_next_with_id() => self.store(walk).await,
            }
            if !stop.is_cancelled() && self.publish_at.is_some_and(|at| at <= Instant::now()) {
                self.publish().await;
            }
            if self.count_at <= Instant::now() {
                self.count().await;
            }
        }
    }

    async fn count(&mut self) {
        self.count_at = Instant::now() + COUNTS;
        match self.pipeline.keep_counts().await {
            Ok(()) => self.log.fine("storing what was asked of hosts"),
            Err(error) => self.log.trouble("storing what was asked of hosts", &error),
        }
    }

    /// Begins the polls that are due, and looks whether another process left something to publish.
    async fn beat(&mut self) {
        match self.begin().await {
            Ok(()) => self.log.fine("asking what is due"),
            Err(error) => self.log.trouble("asking what is due", &error),
        }
    }

    async fn begin(&mut self) -> Result<(), PipelineError> {
        let at = now();
        if self.pipeline.is_any_due(at).await? {
            let busy: Vec<usize> = self.busy.values().map(Due::number).collect();
            let is_due = |number: usize, state: &_| is_due(state, at, Duration::ZERO) && !busy.contains(&number);
            for due in self.pipeline.begin(at, is_due).await? {
                self.walk(due);
            }
        }
        if self.publish_at.is_none() && self.pipeline.stale().await? != self.stale {
            self.publish_at = Some(Instant::now());
        }
        Ok(())
    }

    fn walk(&mut self, due: Due) {
        let (pipeline, walked) = (self.pipeline.clone(), due.clone());
        let span = tracing::info_span!("poll", source.id = %self.pipeline.source(&due).newsroom.id);
        // However many: those that wait for their hosts' turns hold nothing, and the fetcher limits the requests under way.
        let walk = async move { pipeline.walk(&walked, false).await };
        let handle = self.walks.spawn(walk.instrument(span));
        self.busy.insert(handle.id(), due);
    }

    /// Stores a walk, and those that end at about the same time.
    async fn store(&mut self, first: Result<(Id, Walked), JoinError>) {
        let mut group = Vec::new();
        self.add(first, &mut group);
        let until = Instant::now() + TOGETHER;
        while group.len() < GROUP {
            match tokio::time::timeout_at(until, self.walks.join_next_with_id()).await {
                Ok(Some(walk)) => self.add(walk, &mut group),
                Ok(None) | Err(_) => break,
            }
        }
        self.storing = group.iter().map(|(due, _)| due.clone()).collect();
        let kept = self.pipeline.keep(group).await;
        let polls = std::mem::take(&mut self.storing);
        match kept {
            Ok(outcomes) => {
                self.log.fine("storing what was polled");
                for (due, outcome) in outcomes {
                    let source = self.pipeline.source(&due).newsroom.id.to_string();
                    self.log.polled(&source, &outcome);
                    if outcome.changed() {
                        self.publish_at = Some(Instant::now());
                    }
                    if outcome.is_incident() {
                        self.incident.notify_one();
                    }
                    self.tell(Event::Polled { source, outcome: Box::new(outcome) });
                }
            }
            Err(error) => {
                self.log.trouble("storing what was polled", &error.into());
                if let Err(error) = self.pipeline.again(&polls, now() + AGAIN).await {
                    self.log.trouble("noting what to poll again", &error);
                }
            }
        }
    }

    fn add(&mut self, walk: Result<(Id, Walked), JoinError>, group: &mut Vec<(Due, Walked)>) {
        match walk {
            Ok((id, walked)) => group.extend(self.busy.remove(&id).map(|due| (due, walked))),
            Err(error) => {
                // A bug; its source is polled again when it is due.
                let due = self.busy.remove(&error.id());
                let source = due.map(|due| self.pipeline.source(&due).newsroom.id.to_string());
                tracing::error!(source.id = source, %error, "a poll died");
            }
        }
    }

    async fn publish(&mut self) {
        match self.publish_once().await {
            Ok((published, stale)) => {
                (self.stale, self.publish_at) = (stale, None);
                self.log.fine("publishing");
                log::published(published);
                self.tell(Event::Published(published));
            }
            Err(error) => {
                self.publish_at = Some(Instant::now() + AGAIN);
                self.log.trouble("publishing", &error);
            }
        }
        // Readers get documents as they are until this is done.
        if let Some(shelf) = self.pipeline.shelf().cloned() {
            tokio::task::spawn_blocking(move || shelf.pack());
        }
    }

    /// Publishes, and says what waits from then on.
    async fn publish_once(&self) -> Result<(Published, Stale), PipelineError> {
        let before = self.pipeline.stale().await?;
        let published = self.pipeline.publish().await?.unwrap_or_default();
        let after = self.pipeline.stale().await?;
        // If something waits, another process may have added it while this went on: compared with what waited before, the next beat sees it.
        Ok((published, if after == Stale::default() { after } else { before }))
    }

    async fn tidy(&mut self) {
        if let Err(error) = self.pipeline.tidy().await {
            self.log.trouble("tidying the database", &error);
        }
    }

    /// Cuts the polls under way, and gives up those that were not stored in time: they are due again at the next start.
    pub async fn give_up(&mut self) {
        // Waited for: what they asked is counted when they end.
        self.walks.shutdown().await;
        let cut: Vec<Due> = self.busy.drain().map(|(_, due)| due).chain(self.storing.drain(..)).collect();
        if let Err(error) = self.pipeline.give_up(&cut).await {
            self.log.trouble("giving up polls", &error);
        }
        self.count().await;
    }
}
