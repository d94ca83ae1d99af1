//! One round: every source that is due, once, then what they made stale.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt, stream};

use super::{Pipeline, PipelineError, PollError, Polled, Published};
use crate::schedule::Schedule;

/// Sources polled side by side.
const SIDE_BY_SIDE: usize = 8;

/// Walks stored in one transaction, and how long the first of them waits for others.
const GROUP: usize = 64;
const PATIENCE: Duration = Duration::from_millis(500);

/// How one source fared.
#[derive(Debug)]
pub enum Outcome {
    /// Not due yet.
    Waiting {
        /// When it is.
        until: DateTime<Utc>,
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

impl Outcome {
    /// Whether the store holds something that it did not hold before.
    fn changed(&self) -> bool {
        let (Self::Polled(polled) | Self::Failed { polled, .. }) = self else { return false };
        polled.saved.new + polled.saved.edited + polled.saved.touched > 0
    }
}

/// What a round did.
#[derive(Debug, Default)]
pub struct Round {
    /// Each source in the config's order, by id.
    pub sources: Vec<(String, Outcome)>,
    /// What was published.
    pub published: Published,
}

impl Round {
    /// Whether a source failed.
    pub fn failed(&self) -> bool {
        self.sources.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed { .. }))
    }
}

impl Pipeline {
    /// Publishes what an earlier run left undone, polls every source that is due (or all), and publishes what they changed.
    ///
    /// # Errors
    /// When store or disk fail. A source that fails is an outcome, not an error.
    pub async fn round(&self, all: bool) -> Result<Round, PipelineError> {
        let before = self.publish().await?;
        let at = DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap_or_default();
        let mut due = Vec::new();
        let mut sources: Vec<Option<(String, Outcome)>> = Vec::new();
        let states = self.store.sources(self.config.sources.iter().map(|s| &s.newsroom.id)).await?;
        for ((n, source), state) in self.config.sources.iter().enumerate().zip(&states) {
            let until = state.due.filter(|due| !all && *due > at + slack(&source.schedule));
            sources.push(until.map(|until| (source.newsroom.id.to_string(), Outcome::Waiting { until })));
            if until.is_none() {
                due.push((n, source, state));
            }
        }
        let next: Vec<_> = due.iter().map(|(_, s, _)| (&s.newsroom.id, s.schedule.next(at, s.newsroom.timezone))).collect();
        if !next.is_empty() {
            self.store.begin_polls(&next, at).await?;
        }
        let mut polled_anything_new = false;
        let walks = due.iter().map(|(n, _, state)| {
            let (pipeline, n, state) = (self.clone(), *n, (*state).clone());
            // Each a task of its own, so that walks go on while others are being stored.
            tokio::spawn(async move { (n, pipeline.walked(&pipeline.config.sources[n], &state).await) })
        });
        // Those that are done at about the same time share a transaction: its cost is mostly the pages of the indexes that it touches.
        let mut walks = stream::iter(walks).buffer_unordered(SIDE_BY_SIDE);
        loop {
            let group = gather(&mut walks).await;
            if group.is_empty() {
                break;
            }
            let group = group.into_iter().collect::<Result<Vec<_>, _>>()?;
            let order: Vec<usize> = group.iter().map(|(n, _)| *n).collect();
            let walks = group.into_iter().map(|(n, walked)| (&self.config.sources[n], &states[n], walked)).collect();
            for (n, (polled, error)) in order.into_iter().zip(self.save(walks, at).await?) {
                let outcome = match error {
                    None => Outcome::Polled(polled),
                    Some(error) => Outcome::Failed { polled, error },
                };
                polled_anything_new |= outcome.changed();
                sources[n] = Some((self.config.sources[n].newsroom.id.to_string(), outcome));
            }
        }
        let mut published = before;
        if polled_anything_new {
            published = self.publish().await?;
            published.channels += before.channels;
            published.written += before.written;
        }
        Ok(Round { sources: sources.into_iter().flatten().collect(), published })
    }
}

/// The next results, as many as come within [`PATIENCE`] of the first; none: there are no more.
async fn gather<S: Stream + Unpin>(results: &mut S) -> Vec<S::Item> {
    let mut group: Vec<S::Item> = results.next().await.into_iter().collect();
    let until = tokio::time::Instant::now() + PATIENCE;
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
