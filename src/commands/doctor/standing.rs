//! What the stored states of sources and hosts say: who fails, and whether the clock has jumped. Pure: now is an argument.

use chrono::{DateTime, TimeDelta, Utc};

use crate::config::{Config, Source};
use crate::domain::finding::{Finding, Part};
use crate::domain::health::State;
use crate::schedule::MOST_JITTER;
use crate::store::{ChannelRow, SourceState};

/// Clocks of two machines, or of one before and after it was set, differ by so much without harm.
const SLACK: TimeDelta = TimeDelta::seconds(60);

/// This program is younger than that: a clock that says so was never set. (2024-01-01)
const BIRTH: i64 = 1_704_067_200;

/// How the sources fare.
pub(super) fn sources(config: &Config, states: &[Option<SourceState>]) -> Vec<Finding> {
    let finding = |(source, state): (&Source, &Option<SourceState>)| {
        let id = source.newsroom.id.as_str();
        let Some(state) = state else {
            return Some(Finding::note(Part::Sources, "was never polled", "run `newsroomd once`, or the daemon").at(id));
        };
        let since = state.since.map(|t| format!(" since {}", t.format("%Y-%m-%d %H:%M:%S UTC"))).unwrap_or_default();
        let error = state.error.as_deref().unwrap_or("no reason is known");
        let what = format!("{}{since}: {error}", state.health().name());
        let advice = format!("`newsroomd preview {id}` shows what a poll would make of the page");
        match state.health() {
            State::Fine => None,
            State::Suspect => Some(Finding::note(Part::Sources, what, "one good poll makes it fine again").at(id)),
            State::Failing => Some(Finding::problem(Part::Sources, what, advice).at(id)),
        }
    };
    config.sources.iter().zip(states).filter_map(finding).collect()
}

/// Whether times that are stored lie where the clock cannot have been.
pub(super) fn clock(config: &Config, states: &[Option<SourceState>], rows: &[ChannelRow], now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if now.timestamp() < BIRTH {
        let what = format!("it says {}", now.format("%Y-%m-%d %H:%M:%S UTC"));
        findings.push(Finding::problem(Part::Clock, what, "set the clock: feeds get the dates that it says"));
    }
    let future = |t: DateTime<Utc>| t > now + SLACK;
    for (source, state) in config.sources.iter().zip(states) {
        let (id, Some(state)) = (source.newsroom.id.as_str(), state) else { continue };
        if let Some(polled) = state.polled.filter(|t| future(*t)) {
            let what = format!("the last poll began at {}, which is yet to come", polled.format("%Y-%m-%d %H:%M:%S UTC"));
            findings
                .push(Finding::note(Part::Clock, what, "nothing: the clock was set back; the source is polled at once").at(id));
            continue;
        }
        let latest = source.schedule.next_after(state.failures.max(1), now, source.newsroom.timezone, u64::MAX) + MOST_JITTER;
        // Unless its host asked for a longer wait, or has a robots.txt that forbids it, which is looked at again a day later.
        let waits = TimeDelta::from_std(config.fetch.max_retry_after).unwrap_or_default().max(TimeDelta::days(1));
        let latest = latest.max(now + waits + MOST_JITTER);
        if let Some(due) = state.due.filter(|due| *due > latest + SLACK) {
            let what = format!("the next poll is due at {} only", due.format("%Y-%m-%d %H:%M:%S UTC"));
            let advice = "if the clock is right now, run `newsroomd once --all --now`, which polls it and sets the time anew";
            findings.push(Finding::problem(Part::Clock, what, advice).at(id));
        }
    }
    let changed = |row: &&ChannelRow| row.changed.and_then(|t| DateTime::from_timestamp(t, 0)).is_some_and(future);
    let ahead: Vec<&str> = rows.iter().filter(changed).map(|r| r.address.as_str()).collect();
    if let Some(first) = ahead.first() {
        let what = format!("{} feeds say that they change in the future", ahead.len());
        let advice = "nothing: that never goes back; each change adds a second until the clock is there";
        findings.push(Finding::note(Part::Clock, what, advice).at(*first));
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config() -> Config {
        let text = "base-url = \"https://feeds.example.org/\"\n[http]\n[[source]]\nid = \"a\"\ntitle = \"A\"\npage = \"https://example.org/\"\nevery = \"15m\"\neach = \"li\"\nitem = { title = \"a\", date = \"time\" }\n";
        Config::parse(Path::new("any.toml"), text, Path::new("/state")).unwrap_or_else(|e| panic!("{e}")).0
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
    }

    #[test]
    fn times_that_no_schedule_gives_are_told() {
        let config = config();
        for (polled, due, failures, told) in [
            (-60, 840, 0, None),
            (-60, 930, 0, None),
            (-60, 6 * 3_600, 9, None),
            (-60, 86_400, 0, None),
            (-60, 2 * 86_400, 0, Some((true, "due at"))),
            (86_400, 87_300, 0, Some((false, "yet to come"))),
            (30, 930, 0, None),
        ] {
            let state = SourceState { polled: Some(at(polled)), due: Some(at(due)), failures, ..SourceState::default() };
            let found = clock(&config, &[Some(state)], &[], at(0));
            let found = found.first().map(|f| (f.problem, f.what.clone()));
            match told {
                None => assert_eq!(found, None, "{polled} {due}"),
                Some((problem, text)) => {
                    assert!(found.as_ref().is_some_and(|f| f.0 == problem && f.1.contains(text)), "{polled} {due}: {found:?}");
                }
            }
        }
        let never_set = clock(&config, &[None], &[], DateTime::from_timestamp(0, 0).expect("an instant"));
        assert!(never_set[0].problem && never_set[0].what.contains("1970"), "{never_set:?}");
    }

    #[test]
    fn who_fails_for_long_is_a_problem_and_who_failed_once_is_none() {
        let config = config();
        let of = |failures| {
            let state = SourceState { failures, since: Some(at(0)), error: Some("it hangs".into()), ..SourceState::default() };
            sources(&config, &[Some(state)]).pop().map(|f| (f.problem, f.what))
        };
        assert_eq!(of(0), None);
        assert_eq!(of(1), Some((false, "suspect since 2027-01-15 08:00:00 UTC: it hangs".into())));
        assert_eq!(of(3), Some((true, "failing since 2027-01-15 08:00:00 UTC: it hangs".into())));
    }
}
