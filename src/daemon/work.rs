//! Between start and stop: at each heartbeat what is due is polled, and what polls brought is stored and published.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Local};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::Event;
use super::articles::{Articles, Done};
use super::changed::Changed;
use super::doors::Doors;
use super::heartbeat::Heartbeat;
use super::log::{self, Log};
use super::manager::Manager;
use super::monitor::Monitor;
use super::reload::{Refused, Reload, Renewed};
use super::watchdog::Pulse;
use crate::error_chain;
use crate::pipeline::{Due, Outcome, Pipeline, PipelineError, Published, Standing, Walked, is_due, now};
use crate::store::Stale;
use crate::telemetry;

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
    /// Those of earlier configurations that have counts of their own, until their polls are done.
    retired: Vec<Pipeline>,
    walks: JoinSet<Box<Walked>>,
    /// The sources being polled: none is polled twice at a time. A poll is done by the configuration by which it began.
    busy: HashMap<Id, (Pipeline, Due)>,
    /// Those whose polls are being stored.
    storing: Vec<(Pipeline, Due)>,
    articles: Articles,
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
    /// What it tells it by.
    pub current: watch::Sender<Pipeline>,
    pub doors: Doors,
    reload: Option<Reload>,
    changed: Option<Changed>,
    /// The first thing that is wrong with the configuration that should have been taken over.
    wrong: Option<String>,
    manager: Manager,
    monitor: Monitor,
    /// The manager was not told yet how sources stand now.
    standing_moved: bool,
    pub pulse: Pulse,
}

impl Work {
    pub fn new(
        pipeline: Pipeline,
        doors: Doors,
        reload: Option<Reload>,
        manager: Manager,
        monitor: Monitor,
        watcher: Option<UnboundedSender<Event>>,
    ) -> Self {
        let mut work = Self {
            current: watch::Sender::new(pipeline.clone()),
            pipeline,
            retired: Vec::new(),
            walks: JoinSet::new(),
            busy: HashMap::new(),
            storing: Vec::new(),
            articles: Articles::default(),
            count_at: Instant::now() + COUNTS,
            stale: Stale::default(),
            // An earlier run may have left something.
            publish_at: Some(Instant::now()),
            log: Log::default(),
            watcher,
            incident: std::sync::Arc::default(),
            doors,
            reload,
            changed: None,
            wrong: None,
            manager,
            monitor,
            standing_moved: true,
            pulse: Pulse::new(),
        };
        work.watch_config();
        work
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
        let reload = self.reload.as_ref().map(|reload| reload.asked.clone()).unwrap_or_default();
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = heartbeat.beat.notified() => self.beat().await,
                // The scheduler goes by the clock on the wall, and falls silent where that is set back.
                _ = without_clock.tick() => self.beat().await,
                () = heartbeat.tidy.notified() => self.tidy().await,
                () = reload.notified() => self.reload().await,
                Some(walk) = self.walks.join_next_with_id() => self.store(walk).await,
                Some(done) = self.articles.next() => self.articles_done(done),
            }
            if !stop.is_cancelled() && self.publish_at.is_some_and(|at| at <= Instant::now()) {
                self.publish().await;
            }
            if self.count_at <= Instant::now() {
                self.count().await;
            }
            self.pulse.rest();
        }
    }

    async fn count(&mut self) {
        self.pulse.at("storing what was asked of hosts");
        self.count_at = Instant::now() + COUNTS;
        let mut kept = self.pipeline.keep_counts().await;
        for retired in &self.retired {
            kept = kept.and(retired.keep_counts().await);
        }
        match kept {
            Ok(()) => {
                let busy = |pipeline: &Pipeline| self.busy.values().chain(&self.storing).any(|(own, _)| own.is(pipeline));
                self.retired.retain(busy);
                self.log.fine("storing what was asked of hosts");
            }
            Err(error) => self.log.trouble("storing what was asked of hosts", &error),
        }
    }

    /// Has the configuration that is there now taken over, if it is a good one.
    async fn reload(&mut self) {
        let Some(reload) = self.reload.clone() else { return };
        self.pulse.at("taking over a changed configuration");
        self.manager.reloading();
        self.manager.status("reloading");
        match reload.renew(&self.pipeline, &self.doors).await {
            Ok(renewed) => {
                self.monitor.take_over(&renewed.pipeline, self.doors.open()).await;
                self.monitor.reloaded(None);
                self.take_over(renewed);
                tracing::info!(sources = self.sources(), "the configuration was read anew");
            }
            Err(refused) => self.refuse(&refused).await,
        }
        self.standing().await;
        self.manager.ready();
    }

    fn take_over(&mut self, Renewed { pipeline, doors, shelf }: Renewed) {
        let old = std::mem::replace(&mut self.pipeline, pipeline.clone());
        if !old.shares_counts(&pipeline) {
            self.retired.push(old);
        }
        self.current.send_replace(pipeline);
        let config = self.pipeline.config();
        self.doors.move_to(&config.base_url);
        self.doors.deal(config.http.as_ref());
        self.doors.serve(doors, &shelf.unwrap_or_default());
        self.doors.close_others(config.http.as_ref());
        telemetry::set_levels(&config.log.level);
        self.wrong = None;
        self.watch_config();
        // What the other rules change, and an incident that may be over by this.
        self.publish_at = Some(Instant::now());
        self.incident.notify_one();
    }

    async fn refuse(&mut self, refused: &Refused) {
        let reasons = refused.reasons();
        self.monitor.reloaded(Some(reasons.join("; ")));
        tracing::error!(error = %refused, "the changed configuration is wrong: the one before stays in force");
        self.wrong = reasons.first().cloned();
        match self.pipeline.note_wrong_config(&reasons).await {
            Ok(news) => {
                if news {
                    self.publish_at = Some(Instant::now());
                    self.incident.notify_one();
                }
                self.log.fine("noting that the configuration is wrong");
            }
            Err(error) => self.log.trouble("noting that the configuration is wrong", &error.into()),
        }
    }

    fn watch_config(&mut self) {
        let config = self.pipeline.config();
        match (&self.reload, config.watch) {
            (Some(reload), true) if self.changed.is_none() => {
                self.changed = Changed::watch(&config.path, config.text, reload.asked.clone());
            }
            (_, false) => self.changed = None,
            _ => {}
        }
    }

    /// Tells the manager how the sources stand.
    async fn standing(&mut self) {
        if !self.manager.listens() {
            return;
        }
        // What cannot be read is told by what needs it.
        if let Ok(standing) = self.pipeline.standing().await {
            self.standing_moved = false;
            self.manager.status(&status(&standing, self.wrong.as_deref(), Local::now()));
        }
    }

    /// Begins the polls that are due, and looks whether another process left something to publish.
    async fn beat(&mut self) {
        self.pulse.beat();
        self.pulse.at("asking what is due");
        if self.standing_moved {
            self.standing().await;
        }
        match self.begin().await {
            Ok(()) => self.log.fine("asking what is due"),
            Err(error) => self.log.trouble("asking what is due", &error),
        }
    }

    async fn begin(&mut self) -> Result<(), PipelineError> {
        let at = now();
        if self.pipeline.is_any_due(at).await? {
            let id = |(pipeline, due): &(Pipeline, Due)| pipeline.source(due).newsroom.id.clone();
            let busy: HashSet<_> = self.busy.values().map(id).collect();
            let sources = &self.pipeline.config().sources;
            let is_due =
                |number: usize, state: &_| is_due(state, at, Duration::ZERO) && !busy.contains(&sources[number].newsroom.id);
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
        self.busy.insert(handle.id(), (self.pipeline.clone(), due));
        self.standing_moved = true;
        self.monitor.moved();
    }

    /// What came of asking for a source's articles.
    fn articles_done(&mut self, (source, articles): Done) {
        match articles {
            Ok(articles) => {
                self.log.articles(&source, &articles);
                if articles.changed > 0 {
                    self.publish_at = Some(Instant::now());
                }
            }
            Err(error) => self.log.trouble("storing articles", &error.into()),
        }
    }

    /// Stores a walk, and those that end at about the same time.
    async fn store(&mut self, first: Result<(Id, Box<Walked>), JoinError>) {
        self.pulse.at("storing what was polled");
        let mut group = Vec::new();
        self.add(first, &mut group);
        let until = Instant::now() + TOGETHER;
        while group.len() < GROUP {
            match tokio::time::timeout_at(until, self.walks.join_next_with_id()).await {
                Ok(Some(walk)) => self.add(walk, &mut group),
                Ok(None) | Err(_) => break,
            }
        }
        self.storing = group.iter().map(|(pipeline, (due, _))| (pipeline.clone(), due.clone())).collect();
        for (pipeline, group) in apart(group) {
            self.keep(&pipeline, group).await;
        }
        self.storing.clear();
        self.standing_moved = true;
        self.monitor.moved();
    }

    /// Stores walks of one configuration.
    async fn keep(&mut self, pipeline: &Pipeline, group: Vec<(Due, Box<Walked>)>) {
        let polls: Vec<Due> = group.iter().map(|(due, _)| due.clone()).collect();
        let kept = pipeline.keep(group).await;
        self.storing.retain(|(of, _)| !of.is(pipeline));
        match kept {
            Ok(outcomes) => {
                self.log.fine("storing what was polled");
                for (due, outcome) in outcomes {
                    let source = pipeline.source(&due).newsroom.id.to_string();
                    self.log.polled(&source, &outcome);
                    self.monitor.polled(&source, &outcome);
                    if outcome.changed() {
                        self.publish_at = Some(Instant::now());
                    }
                    if outcome.is_incident() {
                        self.incident.notify_one();
                    }
                    if matches!(outcome, Outcome::Polled(_)) {
                        self.articles.ask(pipeline, pipeline.source(&due));
                    }
                    self.tell(Event::Polled { source, outcome: Box::new(outcome) });
                }
            }
            Err(error) => {
                polls.iter().for_each(|due| self.monitor.lost(pipeline.source(due).newsroom.id.as_str()));
                self.log.trouble("storing what was polled", &error.into());
                if let Err(error) = pipeline.again(&polls, now() + AGAIN).await {
                    self.log.trouble("noting what to poll again", &error);
                }
            }
        }
        // When they are due again was said by a configuration that is no longer in force.
        if !pipeline.is(&self.pipeline)
            && let Err(error) = self.pipeline.catch_up().await
        {
            self.log.trouble("noting what is due by the new configuration", &error);
        }
    }

    fn add(&mut self, walk: Result<(Id, Box<Walked>), JoinError>, group: &mut Vec<(Pipeline, (Due, Box<Walked>))>) {
        match walk {
            Ok((id, walked)) => {
                let Some((pipeline, due)) = self.busy.remove(&id) else { return };
                self.monitor.walked(pipeline.source(&due).newsroom.id.as_str(), walked.effort(), walked.took());
                group.push((pipeline, (due, walked)));
            }
            Err(error) => {
                // A bug; its source is polled again when it is due.
                let polled = self.busy.remove(&error.id());
                let source = polled.map(|(pipeline, due)| pipeline.source(&due).newsroom.id.to_string());
                source.iter().for_each(|source| self.monitor.lost(source));
                tracing::error!(source.id = source, %error, "a poll died");
            }
        }
    }

    async fn publish(&mut self) {
        self.pulse.at("publishing");
        let began = Instant::now();
        let done = self.publish_once().await;
        let told = done.as_ref().map(|(published, _)| *published).map_err(|error| error_chain(error));
        self.monitor.published(told, began.elapsed());
        match done {
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
        self.pulse.at("tidying the database");
        if let Err(error) = self.pipeline.tidy().await {
            self.log.trouble("tidying the database", &error);
        }
    }

    /// Cuts the polls under way, and gives up those that were not stored in time: they are due again at the next start.
    pub async fn give_up(&mut self) {
        // Waited for: what they asked is counted when they end.
        self.walks.shutdown().await;
        self.articles.give_up().await;
        let cut: Vec<(Pipeline, Due)> = self.busy.drain().map(|(_, cut)| cut).chain(self.storing.drain(..)).collect();
        for (pipeline, cut) in apart(cut) {
            if let Err(error) = pipeline.give_up(&cut).await {
                self.log.trouble("giving up polls", &error);
            }
        }
        self.count().await;
    }
}

/// What belongs to one configuration together, by configuration.
fn apart<T>(all: Vec<(Pipeline, T)>) -> Vec<(Pipeline, Vec<T>)> {
    let mut out: Vec<(Pipeline, Vec<T>)> = Vec::new();
    for (pipeline, one) in all {
        match out.iter_mut().find(|(known, _)| known.is(&pipeline)) {
            Some((_, group)) => group.push(one),
            None => out.push((pipeline, vec![one])),
        }
    }
    out
}

/// How things stand, for people: `12 sources, 1 suspect, next poll 14:05`.
fn status(standing: &Standing, wrong: Option<&str>, now: DateTime<Local>) -> String {
    let Standing { sources, suspect, failing, next } = *standing;
    let mut out = match wrong {
        Some(wrong) => format!("the changed configuration is wrong ({wrong}), the one before stays in force; "),
        None => String::new(),
    };
    out += &if sources == 1 { "1 source".to_owned() } else { format!("{sources} sources") };
    for (count, state) in [(suspect, "suspect"), (failing, "failing")] {
        if count > 0 {
            out += &format!(", {count} {state}");
        }
    }
    if let Some(next) = next.map(|next| next.with_timezone(&Local)) {
        let format = if next.date_naive() == now.date_naive() { "%H:%M" } else { "%a %H:%M" };
        out += &format!(", next poll {}", next.format(format));
    }
    out
}

#[cfg(test)]
mod tests {
    use chrono::{Days, TimeZone, Utc};

    use super::*;

    #[test]
    fn the_status_is_a_line_that_people_understand() {
        let now = Local.with_ymd_and_hms(2026, 11, 25, 13, 50, 0).single().expect("an instant");
        let five_past = Some((now + Duration::from_secs(900)).with_timezone(&Utc));
        let tomorrow = five_past.and_then(|t| t.checked_add_days(Days::new(1)));
        for ((sources, suspect, failing, next), wrong, expected) in [
            ((12, 1, 0, five_past), None, "12 sources, 1 suspect, next poll 14:05"),
            ((1, 0, 0, None), None, "1 source"),
            ((3, 1, 2, tomorrow), None, "3 sources, 1 suspect, 2 failing, next poll Thu 14:05"),
            (
                (2, 0, 0, five_past),
                Some("a.toml:5:1: unknown key `x`"),
                "the changed configuration is wrong (a.toml:5:1: unknown key `x`), the one before stays in force; 2 sources, next poll 14:05",
            ),
        ] {
            assert_eq!(status(&Standing { sources, suspect, failing, next }, wrong, now), expected);
        }
    }
}
