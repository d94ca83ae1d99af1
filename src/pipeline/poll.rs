//! One poll: a source's walk along its pager, into the store.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use url::Url;

use super::article::NEWEST_ARTICLES;
use super::due::next;
use super::found::{self, Found};
use super::health::{judge_first, recognised};
use super::question::questions;
use super::read::{PageRead, read};
use super::round::Wait;
use super::{Due, Outcome, Pipeline, ask};
use crate::config::Source;
use crate::domain::health::Kind;
use crate::domain::{Digest, Reading};
use crate::extract::Warning;
use crate::fetch::{Answer, Ask, Effort, FetchError, Fetched, Known, Page, Slot, Tally};
use crate::judge::{Look, Past, Verdict, judge_later};
use crate::normalise::Course;
use crate::normalise::matching::{Covered, Terms};
use crate::store::{Asked, Moved, Saved, SourceState, StoreError, Turned, Validators, Walk};

/// What a poll came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Polled {
    /// Page 1 is what it was (304): nothing was read.
    pub not_modified: bool,
    /// Pages read.
    pub pages: usize,
    /// Rows read.
    pub rows: usize,
    /// What the store made of them.
    pub saved: Saved,
    /// What could not be read: page (from 0) and warning.
    pub warnings: Vec<(usize, Warning)>,
    /// Page 1 has moved there for good, as was not known before.
    pub moved: Option<Url>,
    /// What is odd about the first page, which was taken over all the same.
    pub odd: Vec<String>,
    /// It was read in another way than the last time, and what that says.
    pub otherwise: Option<Otherwise>,
    /// The selectors match nothing: the `[[source]]` table that would read the page.
    pub redesign: Option<String>,
    /// How the source's state moved; None: it went well as ever.
    pub turned: Option<Turned>,
}

/// What it says that a page was read in another way than the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Selectors match nothing any more.
    Redesigned,
    /// It was read by selectors again.
    Settled,
}

/// Why a poll failed. What it read before is kept.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// A page could not be got.
    #[error("page {} could not be read", page + 1)]
    Fetch {
        /// The page, from 0.
        page: usize,
        /// Why.
        #[source]
        source: FetchError,
    },
    /// A page that is no listing as it should be: no feed is changed for it.
    #[error("page {} ({url}) is broken: {}{}; see it with `newsroomd preview {url}`", page + 1, reasons.join("; "), of_first(first.as_ref()))]
    Broken {
        /// The page, from 0.
        page: usize,
        /// Its address.
        url: Url,
        /// What is wrong with it.
        reasons: Vec<String>,
        /// What is wrong with the first row that could not be read.
        first: Option<Warning>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading the page died.
    #[error("reading page {} died", page + 1)]
    Died {
        /// The page, from 0.
        page: usize,
        /// How.
        #[source]
        source: tokio::task::JoinError,
    },
}

impl PollError {
    /// What went wrong in getting a page, if it was that.
    fn fetch(&self) -> Option<&FetchError> {
        if let Self::Fetch { source, .. } = self { Some(source) } else { None }
    }

    /// Before which it is of no use to try again, where the host said so or its robots.txt cannot be read.
    pub fn wait_until(&self) -> Option<DateTime<Utc>> {
        self.fetch().and_then(FetchError::wait_until)
    }
}

fn of_first(warning: Option<&Warning>) -> String {
    warning.map(|w| format!(" ({w})")).unwrap_or_default()
}

/// A walk under way.
#[derive(Default)]
struct Steps {
    rows: Vec<Reading>,
    validators: Validators,
    /// Page 1 is what it was, but has other validators now.
    renewed: Option<Validators>,
    polled: Polled,
    end: bool,
    /// Where page 1 has moved for good, by what is known after this walk.
    moved: Option<Moved>,
    /// The first page may not have shown all that it should.
    lacks: bool,
    /// The first page, which was not broken.
    first: Option<Look>,
    /// What it was judged by.
    past: Option<Past>,
    /// How its rows were found, if not by the source's selectors.
    found: Option<Found>,
    /// Where the pages so far came to in time.
    course: Course,
}

/// A walk that came to its end, one way or another, and is not stored yet.
pub struct Walked {
    steps: Steps,
    error: Option<PollError>,
    /// What the source's good pages were like, this one's first among them.
    past: Option<String>,
    /// What asking took.
    effort: Effort,
    /// The whole of it, waiting for hosts' turns included.
    took: Duration,
}

/// What a page says of the walk.
struct Taken {
    /// The next page.
    next: Option<Url>,
    /// What it holds was known: the walk need not go on.
    stop: bool,
}

impl Pipeline {
    /// Walks along a due source's pager: one conditional request, and as many pages as it takes to reach what is known. `now`: also where the host
    /// asked to be left alone for a while.
    pub async fn walk(&self, due: &Due, now: bool) -> Box<Walked> {
        let mut steps = Steps::default();
        let (began, tally) = (Instant::now(), Tally::default());
        let error = self.pages(self.source(due), due, now, &mut steps, &tally).await.err();
        let past = steps.first.as_ref().map(|look| match steps.past.clone() {
            Some(past) => past.learn(look).to_text(),
            None => Past::begin(look).to_text(),
        });
        // It is handed on several times.
        Box::new(Walked { steps, error, past, effort: tally.effort(), took: began.elapsed() })
    }

    /// Stores walks, all in one transaction. What a walk read before it failed is kept, and the next one does not stop at known items.
    ///
    /// # Errors
    /// When the store fails; then none is stored.
    pub async fn keep(&self, walks: Vec<(Due, Box<Walked>)>) -> Result<Vec<(Due, Outcome)>, StoreError> {
        let questions = questions(&self.config);
        let read = walks.iter().filter(|(_, walked)| walked.read_anything());
        let to_store: Vec<Walk<'_>> = read.map(|(due, walked)| walked.to_store(self.source(due), due.at, &questions)).collect();
        let saved = if to_store.is_empty() { Vec::new() } else { self.store.save_walks(&to_store).await? };
        let mut saved = saved.into_iter();
        let mut out = Vec::with_capacity(walks.len());
        for (due, walked) in walks {
            let read_anything = walked.read_anything();
            let otherwise = walked.otherwise(self.source(&due), &due.state);
            let Walked { mut steps, error, .. } = *walked;
            steps.polled.otherwise = otherwise;
            if read_anything {
                steps.polled.saved = saved.next().unwrap_or_default();
            }
            let source = self.source(&due);
            let id = &source.newsroom.id;
            let mut polled = steps.polled;
            if polled.pages == 0 && error.is_some() {
                // Where it leads is no good.
                polled.moved = None;
            }
            let put_off = error.as_ref().filter(|_| polled.pages == 0).and_then(|error| error.fetch()?.put_off());
            let wait = put_off.map(|(host, asked_for)| Wait::Host { host: host.to_owned(), asked_for });
            let until = error.as_ref().and_then(PollError::wait_until);
            let outcome = match (error, wait, until) {
                // Nothing was asked, so nothing failed.
                (Some(_), Some(wait), Some(until)) => {
                    self.store.reschedule(&[(id, until)]).await?;
                    Outcome::Waiting { until, why: Some(wait) }
                }
                (Some(error), ..) => {
                    let broken = matches!(error, PollError::Broken { .. }) && polled.pages == 0;
                    let nothing = steps.rows.is_empty() && error.kind() != Kind::Own;
                    if (nothing || broken) && due.state.moved.is_some() {
                        // Nothing good is there, or no longer: the configured page is asked again.
                        self.store.note_moved(id, None).await?;
                    }
                    if let Some(until) = until.filter(|until| *until > next(source, due.state.failures + 1, due.at)) {
                        self.store.reschedule(&[(id, until)]).await?;
                    }
                    Outcome::Failed { polled, error }
                }
                (None, ..) => {
                    if let Some(renewed) = &steps.renewed {
                        self.store.renew_validators(id, renewed).await?;
                    }
                    if polled.not_modified && steps.moved != due.state.moved {
                        self.store.note_moved(id, steps.moved.as_ref()).await?;
                    }
                    Outcome::Polled(polled)
                }
            };
            out.push((due, outcome));
        }
        self.note(&mut out).await?;
        Ok(out)
    }

    /// Goes from page to page until the walk is complete.
    async fn pages(&self, source: &Source, due: &Due, now: bool, steps: &mut Steps, tally: &Tally) -> Result<(), PollError> {
        let state = &due.state;
        let same_rules = state.rules.is_some_and(|rules| found::is_same_source(rules, source.rules_stamp));
        let fetcher = self.fetcher.allowing(source.allow_networks.as_deref());
        let remembered = remembered(source, state);
        let mut url = remembered.clone().unwrap_or_else(|| source.page.clone());
        let mut seen = vec![source.page.clone(), url.clone()];
        for number in 0..source.max_pages {
            let before = Some(&state.validators).filter(|_| number == 0 && same_rules && state.complete);
            let known = before.map(known).unwrap_or_default();
            let fetched = fetcher.get(&Ask { known, now, tally: Some(tally), ..ask(source, &url) }).await;
            let Fetched { answer, slot } = fetched.map_err(|source| PollError::Fetch { page: number, source })?;
            let page = match answer {
                Answer::NotModified { moved, etag, last_modified, .. } => {
                    steps.polled.not_modified = true;
                    steps.learn(source, remembered, moved);
                    // What a 304 leaves out is as it was (RFC 9111, section 4.3.4).
                    steps.renewed = before.and_then(|before| {
                        let renewed = Validators {
                            url: before.url.clone(),
                            etag: etag.or(before.etag.clone()),
                            last_modified: last_modified.or(before.last_modified.clone()),
                        };
                        (renewed != *before).then_some(renewed)
                    });
                    return Ok(());
                }
                Answer::Page(page) => page,
            };
            if number == 0 {
                let Page { url, etag, last_modified, moved, .. } = &page;
                steps.validators =
                    Validators { url: Some(url.to_string()), etag: etag.clone(), last_modified: last_modified.clone() };
                steps.learn(source, remembered.clone(), moved.clone());
            }
            // Large, and for a moment only: apart, so that walks that wait are not as large.
            let Taken { next, stop } = Box::pin(self.take((page, slot, &url), number, source, due, steps)).await?;
            let Some(next) = next.filter(|next| !seen.contains(next)) else {
                steps.end = true;
                return Ok(());
            };
            if stop {
                return Ok(());
            }
            seen.push(next.clone());
            url = next;
        }
        Ok(())
    }

    /// Reads a page that was got, at this address, and judges it.
    async fn take(
        &self,
        (page, slot, url): (Page, Slot, &Url),
        number: usize,
        source: &Source,
        due: &Due,
        steps: &mut Steps,
    ) -> Result<Taken, PollError> {
        let state = &due.state;
        let mut read = self.read(page, number, source, steps, due.at).await?;
        drop(slot);
        let (verdict, all_known) = match &steps.first {
            None => {
                let judged = judge_first(&self.store, source, state, due.at, &mut read).await?;
                steps.past = judged.past;
                steps.polled.redesign = read.discovered.as_ref().filter(|f| f.redesign).map(|f| f.table.clone());
                (judged.verdict, judged.all_known)
            }
            Some(first) => (judge_later(&read.look, Some(first)), None),
        };
        // What is no feed says so of itself, and what to do.
        let is_telling = |w: &&Warning| w.row.is_some() || read.look.frame.foreign.is_some();
        let first = read.warnings.iter().find(is_telling).cloned();
        steps.polled.warnings.extend(read.warnings.into_iter().map(|w| (number, w)));
        match verdict {
            Verdict::Broken(reasons) => return Err(PollError::Broken { page: number, url: url.clone(), reasons, first }),
            Verdict::Odd { reasons, lacks } => {
                steps.lacks = lacks;
                steps.polled.odd = reasons;
            }
            Verdict::Fine => {}
        }
        if steps.first.is_none() {
            steps.found = read.discovered;
        }
        steps.first.get_or_insert(read.look);
        steps.polled.pages += 1;
        steps.course = read.course;
        steps.polled.rows += read.rows.len();
        let stop = state.complete
            && match all_known {
                Some(all_known) => all_known,
                None => recognised(&self.store, source, &read.rows).await?.all() == read.rows.len(),
            };
        steps.rows.extend(read.rows);
        Ok(Taken { next: read.next, stop })
    }

    async fn read(
        &self,
        page: Page,
        number: usize,
        source: &Source,
        steps: &Steps,
        at: DateTime<Utc>,
    ) -> Result<PageRead, PollError> {
        // A walk's pages are read like its first one.
        let rules = steps.found.as_ref().and_then(|found| found.rules.clone());
        let by_selectors = steps.first.is_some() && steps.found.is_none();
        let permit = self.cores.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (source, course) = (source.clone(), steps.course.clone());
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            match (rules, by_selectors) {
                (Some(rules), _) => read(&page, number, &source, Some(&rules), at, course),
                (None, true) => read(&page, number, &source, source.page_rules(), at, course),
                (None, false) => read(&page, number, &source, None, at, course),
            }
        });
        read.await.map_err(|source| PollError::Died { page: number, source })
    }
}

impl Steps {
    /// Takes in where page 1 was: asked for where it was remembered to be, it may have moved on.
    fn learn(&mut self, source: &Source, remembered: Option<Url>, moved: Option<Url>) {
        let to = moved.or_else(|| remembered.clone()).filter(|to| *to != source.page);
        self.polled.moved = to.clone().filter(|_| to != remembered);
        self.moved = to.map(|to| Moved { from: source.page.to_string(), to: to.into() });
    }
}

/// Where the configured page has moved for good. What another one's redirects said is forgotten.
fn remembered(source: &Source, state: &SourceState) -> Option<Url> {
    let moved = state.moved.as_ref().filter(|moved| moved.from == source.page.as_str())?;
    Url::parse(&moved.to).ok()
}

fn known(validators: &Validators) -> Known<'_> {
    let Validators { url, etag, last_modified } = validators;
    Known { url: url.as_deref(), etag: etag.as_deref(), last_modified: last_modified.as_deref() }
}

impl Walked {
    /// What asking the newsroom took.
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// How long it took from its beginning to its end.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// What is to be noted of how it was read, where that is another way than the last time.
    fn otherwise(&self, source: &Source, state: &SourceState) -> Option<Otherwise> {
        let read = self.error.is_none() && self.steps.polled.pages > 0;
        let stamp = Some(self.stamp(source)).filter(|_| read)?;
        match &self.steps.found {
            Some(found) if found.redesign => (state.rules != Some(stamp) || state.failures > 0).then_some(Otherwise::Redesigned),
            _ => (state.rules.is_some() && state.rules != Some(stamp)).then_some(Otherwise::Settled),
        }
    }

    /// The stamp of the rules by which it was read.
    fn stamp(&self, source: &Source) -> Digest {
        self.steps.found.as_ref().map_or(source.rules_stamp, |found| found.stamp)
    }

    /// Whether there is something to store: rows, or that there were none in a listing that may be empty.
    fn read_anything(&self) -> bool {
        !self.steps.rows.is_empty() || (self.error.is_none() && self.steps.polled.pages > 0)
    }

    fn to_store<'a>(&'a self, source: &'a Source, at: DateTime<Utc>, questions: &'a [Asked]) -> Walk<'a> {
        // What is missing must not hide behind a 304, nor count as gone: the next walk asks for the whole page, and goes on beyond it.
        let complete = self.error.is_none() && !self.steps.lacks;
        let last = self.steps.rows.last().map_or(Covered::Nothing, |row| Covered::After(row.latest()));
        let covered = match self.steps.end && complete {
            _ if self.steps.lacks => Covered::Nothing,
            true => Covered::Everything,
            false => last,
        };
        Walk {
            newsroom: &source.newsroom,
            rows: &self.steps.rows,
            terms: Terms { rules: self.stamp(source), ..terms(source, covered) },
            at,
            complete,
            validators: self.steps.validators.clone(),
            moved: self.steps.moved.clone(),
            past: self.past.as_deref(),
            begins: self.steps.past.is_none() || !self.steps.polled.odd.is_empty(),
            max_new_terms: source.max_new_terms,
            questions,
            articles: source.article.as_ref().map(|_| NEWEST_ARTICLES),
        }
    }
}

pub(super) fn terms(source: &Source, covered: Covered) -> Terms {
    Terms { link_key: source.identity.link_key.is_some(), rules: source.rules_stamp, covered }
}
