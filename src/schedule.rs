//! When a source is due: pure functions of (schedule, zone, now).

use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::Cron;

use crate::domain::Zone;

/// No poll begins later than this after its time for the sake of jitter.
pub const MOST_JITTER: Duration = Duration::from_secs(30);

/// However often a poll fails, the next one is tried within this time (or the source's own interval, if that is longer).
const LONGEST_BACKOFF: Duration = Duration::from_secs(6 * 3_600);

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
    pub fn next(&self, now: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
        match self {
            Self::Every(every) => now + *every,
            Self::Cron(cron, _) => {
                let local = now.with_timezone(&zone);
                cron.find_next_occurrence(&local, false).map_or(now + Duration::from_secs(86_400), |t| t.with_timezone(&Utc))
            }
        }
    }

    /// The same after so many failed polls in a row: the first of them changes nothing, each further one doubles the wait ([`backoff`]).
    pub fn next_after(&self, failures: i64, now: DateTime<Utc>, zone: Zone, number: u64) -> DateTime<Utc> {
        let usual = self.next(now, zone);
        let Some(delay) = backoff(failures, self.interval(), number) else { return usual };
        match self {
            Self::Every(_) => usual.max(now + delay),
            // Its times stay those of the cron line.
            Self::Cron(..) => usual.max(self.next(now + delay - Duration::from_secs(1), zone)),
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

/// How long to wait after so many failed polls in a row; None: as the schedule says. Doubles from the second failure on, a tenth more or less by a
/// number that differs from source to source and from poll to poll, up to 32 intervals or six hours, whichever is less, but never below an interval.
pub fn backoff(failures: i64, interval: Duration, number: u64) -> Option<Duration> {
    let doublings = u32::try_from(failures).ok()?.checked_sub(2)?.min(30) + 1;
    let longest = LONGEST_BACKOFF.min(interval.saturating_mul(32)).max(interval);
    let delay = interval.saturating_mul(1 << doublings).min(longest);
    let percent = u32::try_from(90 + number % 21).unwrap_or(100);
    Some((delay / 100 * percent).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_double_the_wait() {
        let minutes = |failures, interval: u64, number| {
            backoff(failures, Duration::from_secs(interval * 60), number).map(|d| d.as_secs() / 60)
        };
        // The number 10 is no jitter: 100 %.
        for (failures, interval, want) in [
            (0, 15, None),
            (1, 15, None),
            (2, 15, Some(30)),
            (3, 15, Some(60)),
            (5, 15, Some(240)),
            // Six hours at most, or 32 intervals of a short one, or a long interval itself.
            (6, 15, Some(360)),
            (i64::MAX, 15, None),
            (1_000_000, 15, Some(360)),
            (40, 1, Some(32)),
            (2, 600, Some(600)),
            (9, 600, Some(600)),
        ] {
            assert_eq!(minutes(failures, interval, 10), want, "{failures} failures, every {interval} min");
        }
        assert_eq!((minutes(2, 100, 0), minutes(2, 100, 20), minutes(9, 600, 20)), (Some(180), Some(220), Some(600)));
    }

    #[test]
    fn a_source_that_fails_keeps_to_its_schedule() {
        let now: DateTime<Utc> = "2026-11-23T20:05:00Z".parse().expect("an instant");
        let cron = Schedule::cron("*/15 6-22 * * *").expect("a cron");
        let at = |failures| cron.next_after(failures, now, Zone::UTC, 10).to_rfc3339();
        assert_eq!(at(0), "2026-11-23T20:15:00+00:00");
        assert_eq!(at(1), "2026-11-23T20:15:00+00:00");
        assert_eq!(at(2), "2026-11-23T20:45:00+00:00");
        assert_eq!(at(5), "2026-11-24T06:00:00+00:00", "not by night");
        let daily = Schedule::Every(Duration::from_secs(86_400));
        for failures in 0..9 {
            assert_eq!(daily.next_after(failures, now, Zone::UTC, 0), now + Duration::from_secs(86_400));
        }
    }

    fn next(cron: &str, zone: Zone, now: &str) -> String {
        let now: DateTime<Utc> = now.parse().expect("an instant");
        Schedule::cron(cron).expect("a cron").next(now, zone).with_timezone(&zone).to_rfc3339()
    }

    #[test]
    fn cron_is_wall_clock_time_of_the_zone() {
        let vienna = Zone::named("Europe/Vienna").expect("a zone");
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
