//! One poll: a source's walk along its pager, into the store.

use chrono::{DateTime, Utc};
use url::Url;

use super::health::{judge_first, recognised};
use super::{Due, Outcome, Pipeline};
use crate::config::Source;
use crate::domain::{Address, Filter, Reading};
use crate::extract::{Warning, charset, extract};
use crate::fetch::{Answer, FetchError, Page};
use crate::judge::{Look, Past, Verdict, judge_later};
use crate::normalise::link::absolute;
use crate::normalise::matching::{Covered, Terms};
use crate::normalise::{reading, readings};
use crate::store::{Saved, StoreError, Turned, Validators, Walk};

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
    /// What is odd about the first page, which was taken over all the same.
    pub odd: Vec<String>,
    /// How the source's state moved; None: it went well as ever.
    pub turned: Option<Turned>,
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
    #[error("page {} ({url}) is broken: {}{}; see it with `newsroomd preview`", page + 1, reasons.join("; "), of_first(first.as_ref()))]
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

fn of_first(warning: Option<&Warning>) -> String {
    warning.map(|w| format!(" ({w})")).unwrap_or_default()
}

/// A page, read.
#[derive(Debug, Clone)]
pub struct PageRead {
    /// How many rows it shows.
    pub found: usize,
    /// Those that could be read.
    pub rows: Vec<Reading>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
    /// The next page.
    pub next: Option<Url>,
    /// The page in numbers.
    pub look: Look,
}

/// Reads a page: decode, extract, normalise. Work for the processor.
pub fn read_page(page: &Page, number: usize, source: &Source) -> PageRead {
    let decoded = charset::decode(&page.body, page.charset.as_deref());
    let extracted = extract(&decoded.text, &source.rules);
    let (rows, more) = readings(&extracted, &page.url, number, &source.newsroom, &source.identity);
    let base = reading::base(&extracted, &page.url);
    let mut warnings = Vec::new();
    if decoded.damaged {
        let message = format!("not all bytes are {}: shown as U+FFFD", decoded.encoding);
        warnings.push(Warning { row: None, field: "charset".into(), message });
    }
    warnings.extend(extracted.warnings);
    warnings.extend(more);
    warnings.sort_by_key(|w| w.row);
    let next = extracted.next.as_deref().and_then(|href| match absolute(href, &base) {
        Ok(mut url) => {
            // A last page's `href="#"` leads to itself: without the fragment the walk sees that.
            url.set_fragment(None);
            Some(url)
        }
        Err(message) => {
            warnings.push(Warning { row: None, field: "next".into(), message });
            None
        }
    });
    let look = Look::of(extracted.rows_found, &rows, &warnings, next.is_some(), extracted.frame);
    PageRead { found: extracted.rows_found, rows, warnings, next, look }
}

/// A walk under way.
#[derive(Default)]
struct Steps {
    rows: Vec<Reading>,
    validators: Validators,
    polled: Polled,
    end: bool,
    /// The first page may not have shown all that it should.
    lacks: bool,
    /// The first page, which was not broken.
    first: Option<Look>,
    /// What it was judged by.
    past: Option<Past>,
}

/// A walk that came to its end, one way or another, and is not stored yet.
pub struct Walked {
    steps: Steps,
    error: Option<PollError>,
    /// What the source's good pages were like, this one's first among them.
    past: Option<String>,
}

impl Pipeline {
    /// Walks along a due source's pager: one conditional request, and as many pages as it takes to reach what is known.
    pub async fn walk(&self, due: &Due) -> Walked {
        let mut steps = Steps::default();
        let error = self.pages(self.source(due), due, &mut steps).await.err();
        let past = steps.first.as_ref().map(|look| match steps.past.clone() {
            Some(past) => past.learn(look).to_text(),
            None => Past::begin(look).to_text(),
        });
        Walked { steps, error, past }
    }

    /// Stores walks, all in one transaction. What a walk read before it failed is kept, and the next one does not stop at known items.
    ///
    /// # Errors
    /// When the store fails; then none is stored.
    pub async fn keep(&self, walks: Vec<(Due, Walked)>) -> Result<Vec<(Due, Outcome)>, StoreError> {
        let feeds: Vec<(Address, Filter)> = self.config.feeds.iter().map(|f| (Address::feed(&f.id), f.filter.clone())).collect();
        let read = walks.iter().filter(|(_, walked)| walked.read_anything());
        let to_store: Vec<Walk<'_>> = read.map(|(due, walked)| walked.to_store(self.source(due), due.at, &feeds)).collect();
        let saved = if to_store.is_empty() { Vec::new() } else { self.store.save_walks(&to_store).await? };
        let mut saved = saved.into_iter();
        let mut out = Vec::with_capacity(walks.len());
        for (due, walked) in walks {
            let read_anything = walked.read_anything();
            let Walked { mut steps, error, .. } = walked;
            if read_anything {
                steps.polled.saved = saved.next().unwrap_or_default();
            }
            let polled = steps.polled;
            out.push((
                due,
                match error {
                    Some(error) => Outcome::Failed { polled, error },
                    None => Outcome::Polled(polled),
                },
            ));
        }
        self.note(&mut out).await?;
        Ok(out)
    }

    /// Goes from page to page until the walk is complete.
    async fn pages(&self, source: &Source, due: &Due, steps: &mut Steps) -> Result<(), PollError> {
        let state = &due.state;
        let same_rules = state.rules == Some(source.rules_stamp);
        let mut url = source.page.clone();
        let mut seen = vec![url.clone()];
        for number in 0..source.max_pages {
            let validators =
                if number == 0 && same_rules && state.complete { state.validators.clone() } else { Validators::default() };
            let fetched = self.fetcher.get(&url, validators.etag.as_deref(), validators.last_modified.as_deref()).await;
            let page = match fetched.map_err(|source| PollError::Fetch { page: number, source })? {
                Answer::NotModified => {
                    steps.polled.not_modified = true;
                    return Ok(());
                }
                Answer::Page(page) => page,
            };
            if number == 0 {
                steps.validators = Validators { etag: page.etag.clone(), last_modified: page.last_modified.clone() };
            }
            let mut read = self.read(page, number, source).await?;
            let (verdict, all_known) = match &steps.first {
                None => {
                    let judged = judge_first(&self.store, source, state, due.at, &mut read).await?;
                    steps.past = judged.past;
                    (judged.verdict, judged.all_known)
                }
                Some(first) => (judge_later(&read.look, first), None),
            };
            let first = read.warnings.iter().find(|w| w.row.is_some()).cloned();
            steps.polled.warnings.extend(read.warnings.into_iter().map(|w| (number, w)));
            match verdict {
                Verdict::Broken(reasons) => return Err(PollError::Broken { page: number, url, reasons, first }),
                Verdict::Odd { reasons, lacks } => {
                    steps.lacks = lacks;
                    steps.polled.odd = reasons;
                }
                Verdict::Fine => {}
            }
            steps.first.get_or_insert(read.look);
            steps.polled.pages += 1;
            steps.polled.rows += read.rows.len();
            let stop = state.complete
                && match all_known {
                    Some(all_known) => all_known,
                    None => recognised(&self.store, source, &read.rows).await?.all() == read.rows.len(),
                };
            steps.rows.extend(read.rows);
            let Some(next) = read.next.filter(|next| !seen.contains(next)) else {
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

    async fn read(&self, page: Page, number: usize, source: &Source) -> Result<PageRead, PollError> {
        let permit = self.cores.clone().acquire_owned().await.expect("the semaphore is never closed");
        let source = source.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read_page(&page, number, &source)
        });
        read.await.map_err(|source| PollError::Died { page: number, source })
    }
}

impl Walked {
    /// Whether there is something to store: rows, or that there were none in a listing that may be empty.
    fn read_anything(&self) -> bool {
        !self.steps.rows.is_empty() || (self.error.is_none() && self.steps.polled.pages > 0)
    }

    fn to_store<'a>(&'a self, source: &'a Source, at: DateTime<Utc>, feeds: &'a [(Address, Filter)]) -> Walk<'a> {
        // What is missing must not hide behind a 304, nor count as gone: the next walk asks for the whole page, and goes on beyond it.
        let complete = self.error.is_none() && !self.steps.lacks;
        let last = self.steps.rows.last().map_or(Covered::Nothing, |row| Covered::After(row.day));
        let covered = match self.steps.end && complete {
            _ if self.steps.lacks => Covered::Nothing,
            true => Covered::Everything,
            false => last,
        };
        Walk {
            newsroom: &source.newsroom,
            rows: &self.steps.rows,
            terms: terms(source, covered),
            at,
            complete,
            validators: self.steps.validators.clone(),
            past: self.past.as_deref(),
            begins: self.steps.past.is_none() || !self.steps.polled.odd.is_empty(),
            max_new_terms: source.max_new_terms,
            feeds,
        }
    }
}

pub(super) fn terms(source: &Source, covered: Covered) -> Terms {
    Terms { link_key: source.identity.link_key.is_some(), rules: source.rules_stamp, covered }
}
