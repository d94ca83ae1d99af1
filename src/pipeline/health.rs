//! How a source's poll went: its pages are judged by its past, and what that means for its state is noted.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::found::{self, Before};
use super::poll::Otherwise;
use super::{Due, Outcome, PageRead, Pipeline, PollError, Polled};
use crate::config::Source;
use crate::domain::Reading;
use crate::domain::health::Kind;
use crate::fetch::FetchError;
use crate::judge::{Circumstances, Past, Verdict, judge};
use crate::normalise::approximate::settle;
use crate::normalise::matching::{Covered, Known, Recognised, recognise};
use crate::store::{Fared, Fate, SourceState, Store, StoreError, Turned};

/// A first page, judged.
#[derive(Debug)]
pub struct Judged {
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// By what past; None: the source is new, or its rules are.
    pub past: Option<Past>,
    /// All its rows are items that were known; None: nobody asked.
    pub all_known: Option<bool>,
}

impl Judged {
    /// A page judged without knowing anything of the source's past.
    pub fn by_itself(source: &Source, read: &PageRead, at: DateTime<Utc>) -> Self {
        let look = &read.look;
        let mut verdict = judge(look, &circumstances(source, None, at, None));
        if let Some(found) = read.discovered.as_ref().filter(|_| look.rows > 0) {
            verdict = found::gate(found, look.rows, &Before { fresh: true, same: false, known: 0 }, verdict);
        }
        Self { verdict, past: None, all_known: None }
    }
}

fn circumstances<'a>(
    source: &Source,
    past: Option<&'a Past>,
    at: DateTime<Utc>,
    good: Option<DateTime<Utc>>,
) -> Circumstances<'a> {
    Circumstances {
        past,
        empty_is_normal: source.empty_is_normal,
        today: at.with_timezone(&source.newsroom.timezone).date_naive(),
        // A clock that was set back says nothing.
        silence: good.map(|good| (at - good).to_std().unwrap_or(Duration::MAX)),
    }
}

/// Judges the first page of a walk that began at `at`. Notes in what was read how much of it is known.
///
/// # Errors
/// When the store fails.
pub async fn judge_first(
    store: &Store,
    source: &Source,
    state: &SourceState,
    at: DateTime<Utc>,
    read: &mut PageRead,
) -> Result<Judged, StoreError> {
    let same = state.rules == Some(read.stamp(source));
    let stored = match same || read.discovered.is_some() {
        true => store.past(&source.newsroom.id).await?,
        false => None,
    };
    let fresh = stored.is_none();
    let past = stored.filter(|_| same).and_then(|text| Past::parse(&text));
    let mut all_known = None;
    let (mut stories, mut told) = (0, 0);
    if past.is_some() || state.complete || read.discovered.is_some() {
        let recognised = recognised(store, source, &read.rows).await?;
        (read.look.known, read.look.altered) = (Some(recognised.all()), recognised.linked);
        all_known = Some(recognised.all() == read.rows.len());
        // A story that is shown time and again vouches for its neighbours once.
        (stories, told) = (recognised.stories, recognised.stories_told);
    }
    let mut verdict = judge(&read.look, &circumstances(source, past.as_ref(), at, state.good()));
    if let Some(found) = read.discovered.as_ref().filter(|_| read.look.rows > 0) {
        verdict = found::gate(found, stories, &Before { fresh, same, known: told }, verdict);
    }
    Ok(Judged { verdict, past, all_known })
}

/// How many of the rows are known, and how.
pub(super) async fn recognised(store: &Store, source: &Source, rows: &[Reading]) -> Result<Recognised, StoreError> {
    let (known, rows) = settled(store, source, rows).await?;
    Ok(recognise(&rows, &known, &super::poll::terms(source, Covered::Nothing)))
}

/// What is known of the rows, and the rows, those that are known on the days of their items.
pub(super) async fn settled<'r>(
    store: &Store,
    source: &Source,
    rows: &'r [Reading],
) -> Result<(Known, Cow<'r, [Reading]>), StoreError> {
    let known = store.known(rows).await?;
    let rows = settle(rows, &known, &super::poll::terms(source, Covered::Nothing), &source.newsroom);
    Ok((known, rows))
}

impl PollError {
    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Fetch { source, .. } if source.is_own() => Kind::Own,
            Self::Fetch { .. } => Kind::Fetch,
            Self::Broken { .. } => Kind::Page,
            Self::Store(_) | Self::Died { .. } => Kind::Own,
        }
    }

    /// Why, in our own words: no text of a page, no query of an address.
    pub fn reasons(&self) -> Vec<String> {
        match self {
            Self::Fetch { page, source } => vec![format!("page {}: {}", page + 1, plain(source))],
            Self::Broken { page, reasons, .. } => reasons.iter().map(|reason| format!("page {}: {reason}", page + 1)).collect(),
            Self::Store(_) | Self::Died { .. } => vec!["newsroomd itself failed at it: its log says how".to_owned()],
        }
    }
}

fn plain(error: &FetchError) -> String {
    match error {
        FetchError::Status { status, .. } => format!("the server answered with status {}", status.as_u16()),
        FetchError::AskedToWait { status, .. } => {
            format!("the server answered with status {}, and asks to be left alone for a while", status.as_u16())
        }
        FetchError::Timeout { .. } => "the server did not answer in time".to_owned(),
        FetchError::TooLarge { limit, .. } | FetchError::WireTooLarge { limit, .. } => {
            format!("the page is larger than {limit} bytes")
        }
        FetchError::Redirects { .. } | FetchError::Nowhere { .. } => "the redirects lead nowhere".to_owned(),
        FetchError::ManyHosts { .. } => "the pages lead to too many other hosts in a day".to_owned(),
        FetchError::OtherHost { .. } => "the redirects lead to another host".to_owned(),
        FetchError::LongAddress { .. } => "the address is too long to be asked for".to_owned(),
        FetchError::Request { .. } => "there was no connection, or the answer was cut off".to_owned(),
        FetchError::Coding { .. } | FetchError::Packed { .. } => "the page cannot be unpacked".to_owned(),
        FetchError::Inside { .. } => "the address is inside, where nothing may be asked".to_owned(),
        FetchError::Disallowed { .. } => "robots.txt forbids it".to_owned(),
        FetchError::RobotsUnreachable { .. } | FetchError::HostWaits { asked_for: false, .. } => {
            "robots.txt cannot be read, so that nothing else is asked".to_owned()
        }
        FetchError::HostWaits { .. } => "the server asked to be left alone for a while".to_owned(),
        FetchError::Certificates(_) => "the certificates of this system cannot be read".to_owned(),
        FetchError::Setup(_) | FetchError::Memory(_) => "newsroomd itself failed at it: its log says how".to_owned(),
    }
}

impl Pipeline {
    /// Opens an incident of newsroomd itself: the configuration that it was to take over is wrong. It ends when one is good, in
    /// [`Pipeline::renewed`]. Says whether that is news.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_wrong_config(&self, reasons: &[String]) -> Result<bool, StoreError> {
        self.store.open_own_incident(Kind::Config, reasons, super::now(), self.config.status.webhook.is_some()).await
    }

    /// Notes failures, and polls that went well again; what turned stands in the outcomes from then on.
    pub(super) async fn note(&self, outcomes: &mut [(Due, Outcome)]) -> Result<(), StoreError> {
        let words: Vec<Option<(Kind, String, Vec<String>)>> = outcomes
            .iter()
            .map(|(_, outcome)| match outcome {
                Outcome::Failed { error, .. } => Some((error.kind(), crate::error_chain(error), error.reasons())),
                Outcome::Polled(_) | Outcome::Waiting { .. } => None,
            })
            .collect();
        // Where nothing was asked, nothing failed, and nothing went well.
        let polled = |outcome: &Outcome| !matches!(outcome, Outcome::Waiting { .. });
        let fared = outcomes.iter().zip(&words).enumerate().filter(|(_, ((_, outcome), _))| polled(outcome));
        let fared = fared.flat_map(|(n, ((due, outcome), words))| {
            let source = self.source(due);
            let fate = match words {
                Some((kind, error, reasons)) => Some(Fate::Failed { kind: *kind, rules: source.rules_stamp, error, reasons }),
                None if due.state.failures > 0 => Some(Fate::Recovered { due: super::due::next(source, 0, due.at) }),
                None => None,
            };
            let more = match outcome {
                Outcome::Polled(Polled { otherwise: Some(Otherwise::Redesigned), odd, .. }) => {
                    Some(Fate::Redesigned { reasons: odd })
                }
                Outcome::Polled(Polled { otherwise: Some(Otherwise::Settled), .. }) if fate.is_none() => Some(Fate::Settled),
                _ => None,
            };
            let fared = |outcome| (n, Fared { source: &source.newsroom.id, at: due.at, outcome });
            fate.into_iter().chain(more).map(fared).collect::<Vec<_>>()
        });
        let (numbers, fared): (Vec<usize>, Vec<Fared<'_>>) = fared.unzip();
        if fared.is_empty() {
            return Ok(());
        }
        let turned = self.store.fared(&fared, self.config.status.webhook.is_some()).await?;
        for (number, turned) in numbers.into_iter().zip(turned) {
            match &mut outcomes[number].1 {
                // The first note of a poll says how the state moved; one behind it may open or close an incident.
                Outcome::Polled(polled) | Outcome::Failed { polled, .. } => {
                    polled.turned = match (polled.turned, turned) {
                        (Some(first), Some(turned)) => Some(Turned { incident: first.incident || turned.incident, ..first }),
                        (first, turned) => first.or(turned),
                    };
                }
                Outcome::Waiting { .. } => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_here_is_no_failure_to_get_a_page() {
        let error = || reqwest::Proxy::all("no proxy").expect_err("no address");
        let limit = Duration::from_secs(1);
        let url: url::Url = "http://a.example/".parse().expect("an address");
        for (source, kind) in [
            (FetchError::Memory("the database is gone".into()), Kind::Own),
            (FetchError::Setup(error()), Kind::Own),
            (FetchError::Certificates(error()), Kind::Own),
            (FetchError::Timeout { url: url.clone(), key: "timeout", limit }, Kind::Fetch),
            (FetchError::Disallowed { url, rule: "/".into() }, Kind::Fetch),
        ] {
            let told = source.to_string();
            assert_eq!(PollError::Fetch { page: 0, source }.kind(), kind, "{told}");
        }
    }
}
