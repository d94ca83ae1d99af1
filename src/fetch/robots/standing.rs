//! How long a robots.txt is good for (RFC 9309, section 2.4), and what holds while it cannot be read (section 2.3.1.4).

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::RobotsCopy;

/// A copy is used for so long without asking again.
const FRESH: TimeDelta = TimeDelta::days(1);

/// While the server fails, its last copy is used for so long; a server that fails for so long and never gave one is taken to have none.
const REASONABLE: TimeDelta = TimeDelta::days(30);

/// The pause after the first failure; each further one doubles it.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(5);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(4);

/// What a copy is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds.
    Holds,
    /// It is to be asked for.
    Ask,
    /// Nobody knows what is allowed: nothing is, until it is asked for again.
    Wait(DateTime<Utc>),
    /// The server fails to give one for so long that it is taken to have none.
    Gone,
}

/// What a copy is good for now. An instant in the future was noted by a clock that was wrong.
pub fn standing(copy: &RobotsCopy, now: DateTime<Utc>) -> Standing {
    let answered_within = |time| copy.answered.is_some_and(|answered| answered <= now && now - answered < time);
    if answered_within(FRESH) {
        return Standing::Holds;
    }
    let Some(again) = copy.again.filter(|again| *again > now && *again - now <= LONGEST_PAUSE) else { return Standing::Ask };
    if answered_within(REASONABLE) {
        Standing::Holds
    } else if copy.unreachable.is_some_and(|since| since <= now && now - since >= REASONABLE) {
        Standing::Gone
    } else {
        Standing::Wait(again)
    }
}

/// The server gave it, or said that there is none.
pub fn answered(text: Option<String>, now: DateTime<Utc>) -> RobotsCopy {
    RobotsCopy { text, answered: Some(now), ..RobotsCopy::default() }
}

/// It could not be read.
pub fn failed(copy: &RobotsCopy, error: String, now: DateTime<Utc>) -> RobotsCopy {
    let doubled = FIRST_PAUSE * (1 << copy.failures.min(10));
    RobotsCopy {
        unreachable: copy.unreachable.filter(|since| *since <= now).or(Some(now)),
        failures: copy.failures.saturating_add(1),
        again: Some(now + doubled.min(LONGEST_PAUSE)),
        error: Some(error),
        ..copy.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    const DAY: i64 = 24 * 60;

    #[test]
    fn a_copy_is_good_for_a_day() {
        let copy = answered(Some("x".into()), at(0));
        for (minutes, want) in [(0, Standing::Holds), (DAY - 1, Standing::Holds), (DAY, Standing::Ask), (-1, Standing::Ask)] {
            assert_eq!(standing(&copy, at(minutes)), want, "{minutes}");
        }
        assert_eq!(standing(&RobotsCopy::default(), at(0)), Standing::Ask);
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let (mut copy, mut now, mut pauses) = (RobotsCopy::default(), 0, Vec::new());
        for _ in 0..8 {
            copy = failed(&copy, "x".into(), at(now));
            let Standing::Wait(again) = standing(&copy, at(now)) else { panic!("{copy:?}") };
            pauses.push((again - at(now)).num_minutes());
            now += pauses[pauses.len() - 1];
            assert_eq!(standing(&copy, at(now)), Standing::Ask);
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 240, 240]);
        assert_eq!(copy.unreachable, Some(at(0)));
    }

    #[test]
    fn while_the_server_fails_the_last_copy_holds_for_thirty_days() {
        let copy = answered(Some("x".into()), at(0));
        for (day, want) in [(2, Standing::Holds), (29, Standing::Holds)] {
            assert_eq!(standing(&failed(&copy, "x".into(), at(day * DAY)), at(day * DAY)), want, "{day}");
        }
        let late = failed(&copy, "x".into(), at(31 * DAY));
        assert!(matches!(standing(&late, at(31 * DAY)), Standing::Wait(_)));
    }

    #[test]
    fn a_server_that_never_gave_one_is_believed_to_have_none_after_thirty_days() {
        let first = failed(&RobotsCopy::default(), "x".into(), at(0));
        for (day, gone) in [(1, false), (29, false), (30, true), (90, true)] {
            let again = failed(&first, "x".into(), at(day * DAY));
            assert_eq!(standing(&again, at(day * DAY)) == Standing::Gone, gone, "{day}");
        }
    }

    #[test]
    fn a_clock_that_ran_ahead_silences_nobody() {
        let copy = failed(&RobotsCopy::default(), "x".into(), at(1_000_000));
        assert_eq!(standing(&copy, at(0)), Standing::Ask);
        assert_eq!(failed(&copy, "x".into(), at(0)).unreachable, Some(at(0)));
    }
}
