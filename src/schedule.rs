//! When a source is due: pure functions of (schedule, zone, now).

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;

/// No poll begins later than this after its time for the sake of jitter.
pub const MOST_JITTER: Duration = Duration::from_secs(30);

/// How often a source is polled.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// This long after the last poll began.
    Every(Duration),
    /// At these times of the source's zone (five fields: minute, hour, day of month, month, day of week), and the shortest time between two.
    Cron(Box<Cron>, Duration),
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
        // Counted from a fixed instant: documents state it, and know no clock.
        let times: Vec<_> = cron.iter_after(epoch).take(100).collect();
        let gaps = times.windows(2).filter_map(|w| (w[1] - w[0]).to_std().ok());
        let shortest = gaps.min().unwrap_or(Duration::from_secs(86_400));
        Ok(Self::Cron(Box::new(cron), shortest))
    }

    /// The first time after `now` at which the source is due, if it is polled at `now`. Cron times are wall-clock times of `zone`:
    /// one that daylight saving skips comes at the first instant after the gap; one that it repeats comes once.
    pub fn next(&self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Every(every) => now + *every,
            Self::Cron(cron, _) => {
                let local = now.with_timezone(&zone);
                cron.find_next_occurrence(&local, false).map_or(now + Duration::from_secs(86_400), |t| t.with_timezone(&Utc))
            }
        }
    }

    /// How much later a poll may begin than its schedule says, up to a twentieth of the interval ([`MOST_JITTER`] at most), by a number that differs from
    /// source to source and from poll to poll: newsrooms and hosts that came due together don't stay together.
    pub fn jitter(&self, number: u64) -> Duration {
        let most = (self.interval() / 20).min(MOST_JITTER).as_millis().max(1);
        Duration::from_millis(u64::try_from(u128::from(number) % most).unwrap_or(0))
    }

    /// The shortest usual time between two polls: what a feed states as its time to live.
    pub fn interval(&self) -> Duration {
        match self {
            Self::Every(interval) | Self::Cron(_, interval) => *interval,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, zone: Tz, now: &str) -> String {
        let now: DateTime<Utc> = now.parse().expect("an instant");
        Schedule::cron(cron).expect("a cron").next(now, zone).with_timezone(&zone).to_rfc3339()
    }

    #[test]
    fn cron_is_wall_clock_time_of_the_zone() {
        let vienna = Tz::Europe__Vienna;
        assert_eq!(next("*/15 6-22 * * *", vienna, "2026-11-23T22:05:00Z"), "2026-11-24T06:00:00+01:00");
        // Skipped by daylight saving: the first instant after the gap. Repeated by it: once.
        assert_eq!(next("30 2 * * *", vienna, "2026-03-28T12:00:00Z"), "2026-03-29T03:00:00+02:00");
        let autumn = next("30 2 * * *", vienna, "2026-10-24T12:00:00Z");
        assert!(autumn.starts_with("2026-10-25T02:30:00"), "{autumn}");
        let after: DateTime<Utc> = autumn.parse().expect("an instant");
        assert!(next("30 2 * * *", vienna, &after.to_rfc3339()).starts_with("2026-10-26T02:30:00"));
    }

    #[test]
    fn intervals_know_no_clock() {
        assert_eq!(Schedule::cron("*/15 6-22 * * *").map(|s| s.interval()), Ok(Duration::from_secs(900)));
        assert_eq!(Schedule::Every(Duration::from_secs(60)).interval(), Duration::from_secs(60));
    }

    #[test]
    fn jitter_is_small_and_spreads() {
        for (seconds, most) in [(900, 30_000), (60, 3_000), (2, 100)] {
            let schedule = Schedule::Every(Duration::from_secs(seconds));
            let all: Vec<u128> =
                (0..1_000u64).map(|n| schedule.jitter(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).as_millis()).collect();
            assert!(all.iter().all(|ms| *ms < most), "of {seconds} s");
            assert!(all.iter().any(|ms| *ms > most / 2), "of {seconds} s");
        }
    }

    #[test]
    fn what_is_no_cron_is_told() {
        for bad in ["* * * *", "0 * * * * *", "61 * * * *", "0 0 30 2 *", "x"] {
            assert!(Schedule::cron(bad).is_err(), "{bad}");
        }
    }
}
