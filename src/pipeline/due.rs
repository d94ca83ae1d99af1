//! Which sources are due, and that their polls begin.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Pipeline, PipelineError};
use crate::config::Source;
use crate::domain::health::State;
use crate::domain::stamp;
use crate::schedule::MOST_JITTER;
use crate::store::{BeginPoll, SourceState, Stale};

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

/// How the sources stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many there are.
    pub sources: usize,
    /// Of those, how many failed once or twice in a row.
    pub suspect: usize,
    /// How many failed more often.
    pub failing: usize,
    /// When the next poll is due, if one was made before.
    pub next: Option<DateTime<Utc>>,
}

impl Pipeline {
    /// The source that is due.
    pub fn source(&self, due: &Due) -> &Source {
        &self.config.sources[due.number]
    }

    /// The sources that are due by `is_due`, a question of their place in the config and how they stand. Stores when they are due again before any
    /// request goes out, as if it failed: a process that dies in a loop cannot hammer a newsroom. Those that another process began to poll meanwhile, or
    /// forgot, are not among them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begin(
        &self,
        at: DateTime<Utc>,
        mut is_due: impl FnMut(usize, &SourceState) -> bool,
    ) -> Result<Vec<Due>, PipelineError> {
        let states = self.store.standing(self.config.sources.iter().map(|s| &s.newsroom.id)).await?;
        let states = states.into_iter().enumerate().filter_map(|(number, state)| Some((number, state?)));
        let mut due: Vec<Due> =
            states.filter(|(number, state)| is_due(*number, state)).map(|(number, state)| Due { number, state, at }).collect();
        if !due.is_empty() {
            let polls: Vec<_> = due
                .iter()
                .map(|due| {
                    let source = self.source(due);
                    let next = next(source, due.state.failures + 1, at);
                    BeginPoll { source: &source.newsroom.id, due: next, last: due.state.polled }
                })
                .collect();
            let ours = self.store.begin_polls(&polls, at).await?;
            due.retain(|due| ours.contains(self.source(due).newsroom.id.as_str()));
        }
        Ok(due)
    }

    /// Whether a source is due: asked every second, so it costs little.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_any_due(&self, at: DateTime<Utc>) -> Result<bool, PipelineError> {
        let due = self.store.due(at).await?;
        Ok(!due.is_empty() && self.config.sources.iter().any(|s| due.contains(s.newsroom.id.as_str())))
    }

    /// How all sources stand.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn standing(&self) -> Result<Standing, PipelineError> {
        let states = self.states().await?;
        let mut standing = Standing { sources: self.config.sources.len(), ..Standing::default() };
        for state in states.into_iter().flatten() {
            match State::after(state.failures) {
                State::Fine => {}
                State::Suspect => standing.suspect += 1,
                State::Failing => standing.failing += 1,
            }
            standing.next = [standing.next, state.due].into_iter().flatten().min();
        }
        Ok(standing)
    }

    /// How each source stands, in the config's order; None: it was forgotten meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn states(&self) -> Result<Vec<Option<SourceState>>, PipelineError> {
        Ok(self.store.standing(self.config.sources.iter().map(|s| &s.newsroom.id)).await?)
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

    /// Polls that could not be stored are to be made again after a while.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn again(&self, polls: &[Due], at: DateTime<Utc>) -> Result<(), PipelineError> {
        let due: Vec<_> = polls.iter().map(|due| (&self.source(due).newsroom.id, at)).collect();
        Ok(self.store.reschedule(&due).await?)
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
        self.tidy_hosts().await?;
        Ok(self.store.tidy().await?)
    }

    /// Has sources be due by this configuration whose polls ended by an earlier one after this one took over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn catch_up(&self) -> Result<(), PipelineError> {
        let states = self.store.standing(self.config.sources.iter().map(|s| &s.newsroom.id)).await?;
        let states: Vec<_> = states.into_iter().map(Option::unwrap_or_default).collect();
        self.reschedule(&states).await
    }

    /// Sources whose schedule became a closer one since their last poll are due by the new one; those that failed by other rules, at once.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn reschedule(&self, states: &[SourceState]) -> Result<(), PipelineError> {
        let sooner = self.config.sources.iter().zip(states).filter_map(|(source, state)| {
            let (polled, due) = (state.polled?, state.due?);
            // What failed by other rules says nothing of these.
            if state.tried.is_some_and(|tried| tried != source.rules_stamp) {
                return (due > polled).then_some((&source.newsroom.id, polled));
            }
            // Jitter of the old schedule and of the new one may differ; beyond that it was another schedule.
            let latest = next(source, state.failures, polled) + MOST_JITTER;
            (due > latest).then(|| (&source.newsroom.id, next(source, state.failures, polled)))
        });
        let sooner: Vec<_> = sooner.collect();
        if !sooner.is_empty() {
            self.store.reschedule(&sooner).await?;
        }
        Ok(())
    }
}

/// Whether a poll is to begin at `at`, with `slack` to spare. A last poll that began later than that began by a clock that was wrong.
pub fn is_due(state: &SourceState, at: DateTime<Utc>, slack: Duration) -> bool {
    state.due.is_none_or(|due| due <= at + slack) || state.polled.is_some_and(|polled| polled > at)
}

/// Whether a source waits because polls of it failed: longer than its schedule says, which is so from the second failure in a row on.
pub fn backs_off(state: &SourceState, at: DateTime<Utc>, slack: Duration) -> bool {
    state.failures > 1 && !is_due(state, at, slack)
}

/// When the source is due again, if so many polls in a row have failed by the one that began at `at`.
pub(super) fn next(source: &Source, failures: i64, at: DateTime<Utc>) -> DateTime<Utc> {
    let (more, number) = stamp([source.newsroom.id.as_str(), &at.timestamp().to_string()]).as_u64_pair();
    let schedule = &source.schedule;
    schedule.next_after(failures, at, source.newsroom.timezone, more) + schedule.jitter(number)
}

/// Now, in whole seconds, as the store keeps them.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap_or_default()
}
