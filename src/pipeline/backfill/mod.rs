//! The archive, once: a walk along a source's whole pager, stored part by part, each part in one transaction with how far the walk came. A process
//! that dies repeats a part at most.
//!
//! Parts end at the same pages however often the walk is interrupted, so that an interrupted one ends where an undisturbed one does. (The rows of
//! a part are matched as a set, and what earlier parts read counts as read in the same walk: see `Known::earlier`.) The first part is longer: of a source that
//! is polled it reaches down to a page that polls know. A poll stops at what is known; stored without what stands between, the news on page 1 would
//! hide that on page 2 from it.
//!
//! What it brings is no news, and the state that polls leave (validators, due times, failures) is not touched.

mod looks;
mod outlet;
mod told;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::health::recognised;
use super::poll::terms;
use super::question::questions;
use super::{Pipeline, PipelineError, now};
use crate::config::Source;
use crate::domain::Reading;
use crate::extract::{Warning, pager};
use crate::judge;
use crate::normalise::matching::Covered;
use crate::store::{Asked, Backfill, Validators, Walk};
use looks::{Look, Stepped};
pub use outlet::Outlet;
pub use told::{BackfillAsked, Backfilled, Begins, Ended, Estimate, Progress, Told};

/// A part ends at each page whose number is a multiple of this: fewer transactions cost less, since each writes all pages of the indexes that it touches.
const PAGES_OF_PART: usize = 5;

/// ... and when it is this old: a newsroom that wants long gaps is not to be asked twice for much.
const PART_LASTS: Duration = Duration::from_secs(150);

/// No first part has more pages, whatever `max-pages` a poll has.
const LONGEST_FIRST_PART: usize = 100;

/// Pages in a row that show only what was read before: then the pager has no end.
const REPEATED: usize = 25;

/// How often what is new is published, at least, unless publishing takes more than a twentieth of that.
const PUBLISH_EVERY: Duration = Duration::from_secs(60);

/// How long the last publishing waits for another process that publishes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Warnings that are kept to be told.
const WARNINGS: usize = 10;

/// A run under way.
struct Run<'a> {
    pipeline: &'a Pipeline,
    source: &'a Source,
    questions: Vec<Asked>,
    tell: &'a mut dyn FnMut(Told),
    state: Backfill,
    /// The first page that this run read.
    first: Option<judge::Look>,
    /// The page before the one that is next.
    before: Option<Look>,
    /// What was read and is not stored yet, of which pages (numbers of the look and of the page), and since when.
    part: Vec<Reading>,
    looks: Vec<(usize, usize)>,
    /// Which of these looks were second ones, after the next page was read.
    again: HashSet<usize>,
    part_pages: usize,
    part_began: Instant,
    /// The part may end: it reaches what polls know.
    connected: bool,
    /// How often it had to begin at page 1 again.
    anews: usize,
    /// Pages in a row that did not stay as they were.
    restless: usize,
    visited: HashSet<u64>,
    /// The pager's end was looked at again.
    over: bool,
    /// Pages that may repeat what was read.
    may_repeat: usize,
    of: Option<usize>,
    estimated: bool,
    asked: BackfillAsked,
    pages_now: usize,
    requests: usize,
    /// As far as is stored.
    resumes: usize,
    warnings: Vec<(usize, Warning)>,
    warned: usize,
    held: Vec<(String, String)>,
    changed: bool,
}

impl Pipeline {
    /// Walks along the pager of the `number`th source, from where an earlier run stopped, until its end, until `stop`, or as far as is asked.
    ///
    /// # Errors
    /// When store or disk fail. A page that cannot be read is an outcome.
    pub async fn backfill(
        &self,
        number: usize,
        asked: &BackfillAsked,
        stop: &CancellationToken,
        tell: &mut dyn FnMut(Told),
    ) -> Result<Backfilled, PipelineError> {
        let source = &self.config.sources[number];
        let began = Instant::now();
        let (begins, state) = self.begin_backfill(source, asked).await?;
        let mut run = Run::new(self, source, asked, tell, state);
        let ended = match begins {
            Ok(begins) => {
                let polled = self.store.standing(std::iter::once(&source.newsroom.id)).await?.pop().flatten();
                // Where no walk is complete, the next poll does not stop at what is known.
                run.connected = run.before.is_some() || polled.is_none_or(|state| !state.complete);
                (run.tell)(Told::Begins(begins));
                run.go(stop).await?
            }
            Err(at) => Ended::Before(at),
        };
        let outlet = self.publish_beside(PATIENCE).await?;
        Ok(Backfilled {
            ended,
            progress: run.progress(),
            took: began.elapsed(),
            warnings: run.warnings,
            warned: run.warned,
            held: run.held,
            outlet,
        })
    }

    /// Where to begin, and how far an earlier run came; or when it came as far as is asked.
    async fn begin_backfill(
        &self,
        source: &Source,
        asked: &BackfillAsked,
    ) -> Result<(Result<Begins, DateTime<Utc>>, Backfill), PipelineError> {
        let id = &source.newsroom.id;
        let why = match self.store.backfill(id).await? {
            None => Begins::First,
            Some(_) if asked.restart => Begins::First,
            Some(state) if state.page != source.page.as_str() => Begins::Anew("`page` is another one in the configuration"),
            Some(state) if state.rules != source.rules_stamp => Begins::Anew("the rules by which pages are read were changed"),
            Some(state) => {
                let since = asked.since.is_some_and(|asked| state.since.is_some_and(|since| since <= asked));
                let at = state.finished.or(since.then_some(state.stored));
                let begins = at.map_or(Ok(Begins::Resumes(state.pages)), Err);
                return Ok((begins, state));
            }
        };
        self.store.restart_backfill(id).await?;
        let state = Backfill::begin(source.page.as_str(), source.rules_stamp, now());
        Ok((Ok(why), state))
    }
}

impl<'a> Run<'a> {
    fn new(
        pipeline: &'a Pipeline,
        source: &'a Source,
        asked: &BackfillAsked,
        tell: &'a mut dyn FnMut(Told),
        state: Backfill,
    ) -> Self {
        let before: Option<Look> = state.before.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self {
            pipeline,
            source,
            questions: questions(&pipeline.config),
            tell,
            first: None,
            part: Vec::new(),
            looks: Vec::new(),
            again: HashSet::new(),
            part_pages: 0,
            part_began: Instant::now(),
            connected: true,
            anews: 0,
            over: false,
            restless: 0,
            visited: before.iter().map(|look| xxh3_64(look.url.as_bytes())).collect(),
            // What came on top since an earlier run pushed down what that one read, by any number of pages.
            may_repeat: REPEATED.max(state.pages),
            before,
            of: None,
            estimated: false,
            asked: asked.clone(),
            pages_now: 0,
            requests: 0,
            resumes: state.pages,
            warnings: Vec::new(),
            warned: 0,
            held: Vec::new(),
            changed: false,
            state,
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            pages: self.state.pages,
            of: self.of,
            pages_now: self.pages_now,
            requests: self.requests,
            resumes: self.resumes,
            stored: self.state.clone(),
        }
    }

    async fn go(&mut self, stop: &CancellationToken) -> Result<Ended, PipelineError> {
        let (mut published, mut publish_after) = (Instant::now(), PUBLISH_EVERY);
        loop {
            if stop.is_cancelled() {
                return self.end(Ended::Stopped).await;
            }
            let Some(next) = self.state.next.clone() else {
                if self.over {
                    return self.end(Ended::Finished).await;
                }
                if let Err(error) = self.confirm_end().await {
                    return self.end(Ended::Failed(error)).await;
                }
                continue;
            };
            // Stored before it is connected, news would be hidden from polls.
            if self.connected && self.asked.pages.is_some_and(|pages| self.pages_now >= pages) {
                return self.end(Ended::Pages).await;
            }
            if self.connected && self.state.since.is_some_and(|since| self.asked.since.is_some_and(|asked| since <= asked)) {
                return self.end(Ended::Since).await;
            }
            let Ok(url) = Url::parse(&next) else {
                self.anew();
                continue;
            };
            let stepped = tokio::select! {
                biased;
                () = stop.cancelled() => return self.end(Ended::Stopped).await,
                stepped = self.step(url) => stepped,
            };
            match stepped {
                Ok(Stepped::Page(look)) => self.advance(*look).await?,
                Ok(Stepped::End) => self.state.next = None,
                Ok(Stepped::Lost) => self.anew(),
                Err(error) => return self.end(Ended::Failed(error)).await,
            }
            if self.connected
                && (self.state.pages.is_multiple_of(PAGES_OF_PART) || self.part_began.elapsed() >= PART_LASTS)
                && self.state.next.is_some()
            {
                self.store().await?;
            }
            if self.state.repeated >= self.may_repeat {
                let pages = self.state.repeated;
                self.notice(format!("the pager goes on, but {pages} pages in a row showed nothing that was not read before: that is taken for its end"));
                self.state.next = None;
                self.over = true;
            }
            let progress = self.progress();
            (self.tell)(Told::Page(progress));
            if self.changed && published.elapsed() >= publish_after {
                let began = Instant::now();
                if let Outlet::Published(_) = self.pipeline.publish_beside(Duration::ZERO).await? {
                    self.changed = false;
                }
                publish_after = PUBLISH_EVERY.max(began.elapsed() * 20);
                published = Instant::now();
            }
        }
    }

    fn notice(&mut self, text: String) {
        (self.tell)(Told::Notice(text));
    }

    /// Takes a page that was read as the one from which to go on.
    async fn advance(&mut self, look: Look) -> Result<(), PipelineError> {
        self.visited.insert(xxh3_64(look.url.as_bytes()));
        self.state.pages += 1;
        self.part_pages += 1;
        self.pages_now += 1;
        self.state.rows += look.rows.len();
        self.state.oldest = self.state.oldest.into_iter().chain(look.oldest).min();
        self.state.next = look.next.clone().filter(|next| !self.was_visited(next));
        // All rows of the page are older than the day after the newest of them.
        self.state.since = look.newest.and_then(|day| day.succ_opt());
        if !self.estimated {
            self.estimated = true;
            let left = self.of.map(|of| of.saturating_sub(self.state.pages - 1));
            let pages = left.into_iter().chain(self.asked.pages).min();
            let per_page = self.pipeline.config.fetch.min_gap * 2;
            (self.tell)(Told::Estimate(Estimate { rows: look.rows.len(), of: self.of, pages, per_page }));
        }
        if !self.connected {
            let first = self.source.max_pages.min(LONGEST_FIRST_PART);
            let rows: Vec<Reading> = self.part.iter().filter(|row| row.page == look.look).cloned().collect();
            let all_known = recognised(&self.pipeline.store, self.source, &rows).await?.all() == rows.len();
            self.connected = all_known || self.state.pages >= first || self.state.next.is_none();
        }
        self.before = Some(look);
        Ok(())
    }

    fn was_visited(&self, url: &str) -> bool {
        self.visited.contains(&xxh3_64(url.as_bytes()))
    }

    /// Goes back to page 1: what was read is known, and costs only its requests.
    fn anew(&mut self) {
        let page = self.state.pages;
        self.notice(format!(
            "the listing changed so much that page {page} shows nothing that was read: beginning at page 1 again"
        ));
        self.connected = false;
        self.anews += 1;
        self.state.next = Some(self.source.page.to_string());
        self.may_repeat = REPEATED.max(self.state.pages * 2);
        self.state.pages = 0;
        self.before = None;
        self.visited.clear();
    }

    async fn end(&mut self, ended: Ended) -> Result<Ended, PipelineError> {
        if let Ended::Finished = ended {
            self.state.finished = Some(now());
            self.connected = true;
        }
        if self.connected {
            self.store().await?;
        } else {
            self.pipeline.keep_counts().await?;
        }
        Ok(ended)
    }

    /// Stores the part and how far it came.
    async fn store(&mut self) -> Result<(), PipelineError> {
        self.state.stored = now();
        self.state.before = self.before.as_ref().map(|look| serde_json::json!(look).to_string());
        self.state.repeated += self.part_pages;
        let part = Walk {
            newsroom: &self.source.newsroom,
            rows: &self.part,
            terms: terms(self.source, Covered::Nothing),
            at: self.state.stored,
            complete: false,
            validators: Validators::default(),
            moved: None,
            past: None,
            begins: false,
            articles: None,
            max_new_terms: self.source.max_new_terms,
            questions: &self.questions,
        };
        let saved = self.pipeline.store.save_backfill(&part, std::mem::take(&mut self.again), &mut self.state).await?;
        self.changed |= saved.new + saved.edited + saved.touched > 0;
        self.held.extend(saved.held);
        if saved.odd {
            self.notice("most known rows read differently now; that was taken over, but not as edits".into());
        }
        self.pipeline.keep_counts().await?;
        self.resumes = self.state.pages;
        self.part.clear();
        self.looks.clear();
        self.part_pages = 0;
        self.part_began = Instant::now();
        Ok(())
    }

    /// Reads the pager's idea of its length from a page.
    fn hint(&mut self, last: Option<&str>, url: &Url, look: &Look) {
        let last = last.and_then(|last| url.join(last).ok());
        let next = look.next.as_deref().and_then(|next| Url::parse(next).ok());
        self.of = match (next, last) {
            (Some(next), Some(last)) => pager::pages(&next, &last, self.state.pages, look.rows.len()),
            _ => None,
        };
    }
}
