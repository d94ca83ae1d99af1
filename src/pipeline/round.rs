//! One round: every source that is due, once, then what they made stale.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};

use super::{Articles, Pipeline, PipelineError, PollError, Polled, Published, backs_off, is_due, now};
use crate::config::Source;
use crate::domain::host;
use crate::schedule::Schedule;

/// Walks stored in one transaction, and how long the first of them waits for others.
const GROUP: usize = 64;
const PATIENCE: Duration = Duration::from_millis(500);

/// Which sources a round polls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which {
    /// All, due or not.
    pub all: bool,
    /// Also those that wait because polls failed, or whose hosts asked to be left alone for a while.
    pub now: bool,
}

/// How one source fared.
#[derive(Debug)]
pub enum Outcome {
    /// Not due yet, or its host is left alone for now.
    Waiting {
        /// When it is.
        until: DateTime<Utc>,
        /// Why it waits longer than its schedule says, if it does.
        why: Option<Wait>,
    },
    /// Polled.
    Polled(Polled),
    /// The poll failed; what it read before that is stored.
    Failed {
        /// What was read.
        polled: Polled,
        /// Why it failed.
        error: PollError,
    },
}

/// Why a source waits longer than its schedule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// Polls failed.
    Failures {
        /// How many in a row.
        count: i64,
        /// Why the last one did.
        error: String,
    },
    /// Its host is left alone for now.
    Host {
        /// The host.
        host: String,
        /// True: it asked for that; false: its robots.txt cannot be read.
        asked_for: bool,
    },
}

impl Outcome {
    /// Whether the store holds something to publish that it did not hold before.
    pub fn changed(&self) -> bool {
        let (Self::Polled(polled) | Self::Failed { polled, .. }) = self else { return false };
        polled.saved.new + polled.saved.edited + polled.saved.touched > 0 || self.is_incident()
    }

    /// Whether an incident was opened or closed.
    pub fn is_incident(&self) -> bool {
        let (Self::Polled(polled) | Self::Failed { polled, .. }) = self else { return false };
        polled.turned.is_some_and(|turned| turned.incident)
    }
}

/// What a round did.
#[derive(Debug, Default)]
pub struct Round {
    /// Each source in the config's order, by id.
    pub sources: Vec<(String, Outcome)>,
    /// What asking for articles came to, by source.
    pub articles: Vec<(String, Articles)>,
    /// What was published; None: there was no outlet.
    pub published: Option<Published>,
}

impl Round {
    /// Whether a source failed.
    pub fn failed(&self) -> bool {
        self.sources.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed { .. }))
    }
}

impl Pipeline {
    /// Publishes what an earlier run left undone, polls every source that is due (or all, as asked), and publishes what they changed.
    ///
    /// # Errors
    /// When store or disk fail. A source that fails is an outcome, not an error.
    pub async fn round(&self, which: Which) -> Result<Round, PipelineError> {
        let round = self.poll_and_publish(which).await;
        let counted = self.keep_counts().await;
        let round = round?;
        counted.map(|()| round)
    }

    async fn poll_and_publish(&self, Which { all, now: regardless }: Which) -> Result<Round, PipelineError> {
        let before = self.publish().await?;
        let mut held_by_host = Vec::new();
        for source in &self.config.sources {
            held_by_host.push(self.fetcher.host_wait(&source.page).await?);
        }
        // What is due only when its host may be asked again, and when that is.
        let held = |number: usize, due: DateTime<Utc>| {
            let until: Option<DateTime<Utc>> = held_by_host[number];
            let until = until.filter(|until| due <= *until)?;
            Some((until, Wait::Host { host: host(&self.config.sources[number].page), asked_for: true }))
        };
        // By their places in the config: one that is forgotten meanwhile has none here.
        let mut sources: Vec<Option<(String, Outcome)>> = self.config.sources.iter().map(|_| None).collect();
        let due = self
            .begin(now(), |number, state| {
                let source = &self.config.sources[number];
                let (at, slack) = (now(), slack(&source.schedule));
                let backs_off = backs_off(state, at, slack);
                let host = state.due.and_then(|due| held(number, due));
                let waits = match regardless {
                    true => !all && !is_due(state, at, slack) && !backs_off && host.is_none(),
                    false => backs_off || !all && !is_due(state, at, slack),
                };
                let (until, why) = match (backs_off, host) {
                    (true, _) => {
                        let error = state.error.clone().unwrap_or_default();
                        (state.due, Some(Wait::Failures { count: state.failures, error }))
                    }
                    (false, Some((until, host))) => (Some(until), Some(host)),
                    (false, None) => (state.due, None),
                };
                let until = until.filter(|_| waits);
                sources[number] = until.map(|until| (source.newsroom.id.to_string(), Outcome::Waiting { until, why }));
                until.is_none()
            })
            .await?;
        let mut anything_new = false;
        let walks = due.into_iter().map(|due| {
            let pipeline = self.clone();
            // Each a task of its own, so that walks go on while others are being stored. All at once: most wait for their hosts' turns, with empty hands.
            tokio::spawn(async move {
                // In a place of its own: a task is moved about before it begins.
                let walked = Box::pin(pipeline.walk(&due, regardless)).await;
                (due, walked)
            })
        });
        // Those that are done at about the same time share a transaction: its cost is mostly the pages of the indexes that it touches.
        let mut walks: FuturesUnordered<_> = walks.collect();
        loop {
            let group = gather(&mut walks, PATIENCE).await;
            if group.is_empty() {
                break;
            }
            // One that died must not lose the others of its group.
            let (group, died): (Vec<_>, Vec<_>) = group.into_iter().partition(Result::is_ok);
            let kept = self.keep(group.into_iter().flatten().collect()).await?;
            died.into_iter().collect::<Result<Vec<_>, _>>()?;
            for (due, outcome) in kept {
                anything_new |= outcome.changed();
                sources[due.number] = Some((self.source(&due).newsroom.id.to_string(), outcome));
            }
        }
        let mut published = before;
        if let (true, Some(before)) = (anything_new, before) {
            published = self.publish().await?.map(|after| before.and(after));
        }
        // What is new is out: articles may take as long as they want.
        let sources: Vec<(String, Outcome)> = sources.into_iter().flatten().collect();
        let articles = self.articles_of(&sources, regardless).await?;
        if let (true, Some(before)) = (articles.iter().any(|(_, a)| a.changed > 0), published) {
            published = self.publish().await?.map(|after| before.and(after));
        }
        Ok(Round { sources, articles, published })
    }

    /// Asks for the articles of the sources that were polled, all at once: each host is asked in its turns.
    async fn articles_of(
        &self,
        polled: &[(String, Outcome)],
        regardless: bool,
    ) -> Result<Vec<(String, Articles)>, PipelineError> {
        let polled = |source: &&Source| {
            let of_source =
                |(id, outcome): &(String, Outcome)| *id == source.newsroom.id.as_str() && matches!(outcome, Outcome::Polled(_));
            source.article.is_some() && polled.iter().any(of_source)
        };
        let asked = self.config.sources.iter().filter(polled).map(|source| async move {
            let articles = self.articles(source, regardless).await?;
            Ok::<_, PipelineError>((source.newsroom.id.to_string(), articles))
        });
        let mut articles: Vec<_> = futures_util::future::join_all(asked).await.into_iter().collect::<Result<_, _>>()?;
        articles.retain(|(_, a)| *a != Articles::default());
        Ok(articles)
    }
}

/// The next results, as many as come soon after the first; none: there are no more.
async fn gather<S: Stream + Unpin>(results: &mut S, patience: Duration) -> Vec<S::Item> {
    let mut group: Vec<S::Item> = results.next().await.into_iter().collect();
    let until = tokio::time::Instant::now() + patience;
    while !group.is_empty() && group.len() < GROUP {
        match tokio::time::timeout_at(until, results.next()).await {
            Ok(Some(result)) => group.push(result),
            Ok(None) | Err(_) => break,
        }
    }
    group
}

/// Cron starts `once` a little before or after the minute: a source that is due within a tenth of its interval (a minute at most) is due,
/// else every second run would find nothing to do.
fn slack(schedule: &Schedule) -> Duration {
    (schedule.interval() / 10).min(Duration::from_secs(60))
}
