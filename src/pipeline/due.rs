//! Which sources are due, and that their polls begin.

use chrono::{DateTime, Utc};

use super::{Pipeline, PipelineError};
use crate::config::Source;
use crate::domain::stamp;
use crate::schedule::MOST_JITTER;
use crate::store::{SourceState, Stale};

/// A source whose poll begins: its next due time is stored already.
#[derive(Debug, Clone)]
pub struct Due {
    /// Its place in the config.
    pub(super) number: usize,
    /// How it stood before.
    pub(super) state: SourceState,
    /// When the poll begins (whole seconds).
    pub(super) at: DateTime<Utc>,
}

impl Due {
    /// The source's place in the config.
    pub fn number(&self) -> usize {
        self.number
    }
}

impl Pipeline {
    /// The source that is due.
    pub fn source(&self, due: &Due) -> &Source {
        &self.config.sources[due.number]
    }

    /// The sources that are due by `is_due`, a question of their place in the config and when they were to be polled next. Stores when they are
    /// due again before any request goes out: a process that dies in a loop cannot hammer a newsroom.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(
        &self,
        at: DateTime<Utc>,
        mut is_due: impl FnMut(usize, Option<DateTime<Utc>>) -> bool,
    ) -> Result<Vec<Due>, PipelineError> {
        let states = self.store.sources(self.config.sources.iter().map(|s| &s.newsroom.id)).await?;
        let due: Vec<Due> = states
            .into_iter()
            .enumerate()
            .filter(|(number, state)| is_due(*number, state.due))
            .map(|(number, state)| Due { number, state, at })
            .collect();
        let next: Vec<_> = due.iter().map(|due| (&self.source(due).newsroom.id, next(self.source(due), at))).collect();
        if !next.is_empty() {
            self.store.begin_polls(&next, at).await?;
        }
        Ok(due)
    }
}

impl Pipeline {
    /// Whether a source is due: asked every second, so it costs little.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_any_due(&self, at: DateTime<Utc>) -> Result<bool, PipelineError> {
        let due = self.store.due(at).await?;
        Ok(!due.is_empty() && self.config.sources.iter().any(|s| due.contains(s.newsroom.id.as_str())))
    }

    /// Gives up polls that came to nothing: they are due again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn give_up(&self, polls: &[Due]) -> Result<(), PipelineError> {
        let ids: Vec<_> = polls.iter().map(|due| &self.source(due).newsroom.id).collect();
        if !ids.is_empty() {
            self.store.give_up_polls(&ids).await?;
        }
        Ok(())
    }

    /// What waits to be rendered.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stale(&self) -> Result<Stale, PipelineError> {
        Ok(self.store.stale().await?)
    }

    /// Keeps the store in shape.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&self) -> Result<(), PipelineError> {
        Ok(self.store.tidy().await?)
    }
}

impl Pipeline {
    /// Sources whose schedule became a closer one since their last poll are due by the new one.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn reschedule(&self, states: &[SourceState]) -> Result<(), PipelineError> {
        let sooner = self.config.sources.iter().zip(states).filter_map(|(source, state)| {
            let (polled, due) = (state.polled?, state.due?);
            // Jitter of the old schedule and of the new one may differ; beyond that it was another schedule.
            let latest = source.schedule.next(polled, source.newsroom.timezone) + MOST_JITTER;
            (due > latest).then(|| (&source.newsroom.id, next(source, polled)))
        });
        let sooner: Vec<_> = sooner.collect();
        if !sooner.is_empty() {
            self.store.reschedule(&sooner).await?;
        }
        Ok(())
    }
}

/// When the source is due again.
fn next(source: &Source, at: DateTime<Utc>) -> DateTime<Utc> {
    let (_, number) = stamp([source.newsroom.id.as_str(), &at.timestamp().to_string()]).as_u64_pair();
    source.schedule.next(at, source.newsroom.timezone) + source.schedule.jitter(number)
}

/// Now, in whole seconds, as the store keeps them.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap_or_default()
}
