//! When a source is due: pure functions of (schedule, zone, now).

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;

/// How often a source is polled.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// This long after the last poll began.
    Every(Duration),
    /// At these times of the source's zone (five fields: minute, hour, day of month, month, day of week).
    Cron(Box<Cron>),
}

impl Schedule {
    /// Parses a five-field cron expression.
    ///
    /// # Errors
    /// What is wrong with it, in croner's words.
    pub fn cron(text: &str) -> Result<Self, String> {
        if text.split_whitespace().count() != 5 {
            return Err("must have five fields: minute, hour, day of month, month, day of week".into());
        }
        let cron: Cron = text.parse().map_err(|e: croner::errors::CronError| e.to_string())?;
        let epoch = DateTime::<Utc>::UNIX_EPOCH;
        cron.find_next_occurrence(&epoch, false).map_err(|_| "never comes to pass".to_owned())?;
        Ok(Self::Cron(Box::new(cron)))
    }

    /// The first time after `now` at which the source is due, if it is polled at `now`. Cron times are wall-clock times of `zone`:
    /// one that daylight saving skips comes at the first instant after the gap; one that it repeats comes once.
    pub fn next(&self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Every(every) => now + *every,
            Self::Cron(cron) => {
                let local = now.with_timezone(&zone);
                cron.find_next_occurrence(&local, false).map_or(now + Duration::from_secs(86_400), |t| t.with_timezone(&Utc))
            }
        }
    }

    /// The usual time between two polls: what a feed states as its time to live.
    pub fn interval(&self, now: DateTime<Utc>, zone: Tz) -> Duration {
        match self {
            Self::Every(every) => *every,
            Self::Cron(_) => {
                let first = self.next(now, zone);
                (self.next(first, zone) - first).to_std().unwrap_or(Duration::from_secs(3_600))
            }
        }
    }
}
