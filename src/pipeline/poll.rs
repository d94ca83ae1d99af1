//! One poll: a source's walk along its pager, into the store.

use chrono::{DateTime, Utc};
use url::Url;

use super::{Due, Outcome, Pipeline};
use crate::config::Source;
use crate::domain::{Address, Filter, Reading};
use crate::extract::{Warning, charset, extract};
use crate::fetch::{Answer, FetchError, Known, Page};
use crate::normalise::approximate::settle;
use crate::normalise::link::absolute;
use crate::normalise::matching::{Covered, Terms, all_known};
use crate::normalise::{reading, readings};
use crate::store::{Moved, Saved, SourceState, StoreError, Validators, Walk};

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
    /// A page without a row: no feed is changed for it.
    #[error("page {} ({url}) shows no row: `each` matches nothing there; see it with `newsroomd preview`", page + 1)]
    NoRows {
        /// The page, from 0.
        page: usize,
        /// Its address.
        url: Url,
    },
    /// Rows, but none of them whole.
    #[error("page {} ({url}) shows {rows} rows, of which none could be read: {first}", page + 1)]
    NoneReadable {
        /// The page, from 0.
        page: usize,
        /// Its address.
        url: Url,
        /// How many rows there are.
        rows: usize,
        /// What is wrong with the first.
        first: Warning,
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
}

/// Reads a page: decode, extract, normalise. Work for the processor. Relative dates count from `read_at`.
pub fn read_page(page: &Page, number: usize, source: &Source, read_at: DateTime<Utc>) -> PageRead {
    let host = page.url.host_str().unwrap_or_default();
    let decoded = charset::decode(&page.body, &charset::Evidence { told: source.charset, header: page.charset.as_deref(), host });
    let extracted = extract(&decoded.text, &source.rules);
    let (rows, more) = readings(&extracted, &page.url, number, &source.newsroom, &source.identity, read_at);
    let base = reading::base(&extracted, &page.url);
    let mut warnings: Vec<Warning> =
        decoded.doubts().into_iter().map(|message| Warning { row: None, field: "charset".into(), message }).collect();
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
    PageRead { found: extracted.rows_found, rows, warnings, next }
}

/// A walk under way.
#[derive(Default)]
struct Steps {
    rows: Vec<Reading>,
    validators: Validators,
    polled: Polled,
    end: bool,
    /// Where page 1 has moved for good, by what is known after this walk.
    moved: Option<Moved>,
}

/// A walk that came to its end, one way or another, and is not stored yet.
pub struct Walked {
    steps: Steps,
    error: Option<PollError>,
}

impl Pipeline {
    /// Walks along a due source's pager: one conditional request, and as many pages as it takes to reach what is known.
    pub async fn walk(&self, due: &Due) -> Walked {
        let mut steps = Steps::default();
        let error = self.pages(self.source(due), due, &mut steps).await.err();
        Walked { steps, error }
    }

    /// Stores walks, all in one transaction. What a walk read before it failed is kept, and the next one does not stop at known items.
    ///
    /// # Errors
    /// When the store fails; then none is stored.
    pub async fn keep(&self, walks: Vec<(Due, Walked)>) -> Result<Vec<(Due, Outcome)>, StoreError> {
        let feeds: Vec<(Address, Filter)> = self.config.feeds.iter().map(|f| (Address::feed(&f.id), f.filter.clone())).collect();
        let with_rows = walks.iter().filter(|(_, walked)| !walked.steps.rows.is_empty());
        let to_store: Vec<Walk<'_>> = with_rows.map(|(due, walked)| walked.to_store(self.source(due), due.at, &feeds)).collect();
        let saved = if to_store.is_empty() { Vec::new() } else { self.store.save_walks(&to_store).await? };
        let mut saved = saved.into_iter();
        let mut out = Vec::with_capacity(walks.len());
        for (due, walked) in walks {
            let Walked { mut steps, error } = walked;
            if !steps.rows.is_empty() {
                steps.polled.saved = saved.next().unwrap_or_default();
            }
            let id = &self.source(&due).newsroom.id;
            let polled = steps.polled;
            let outcome = match error {
                Some(error) => {
                    self.store.poll_failed(id, &crate::error_chain(&error)).await?;
                    if steps.rows.is_empty() && due.state.moved.is_some() {
                        // Nothing good is there, or no longer: the configured page is asked again.
                        self.store.note_moved(id, None).await?;
                    }
                    Outcome::Failed { polled, error }
                }
                None => {
                    if polled.not_modified && due.state.failures > 0 {
                        self.store.poll_unchanged(id).await?;
                    }
                    if polled.not_modified && steps.moved != due.state.moved {
                        self.store.note_moved(id, steps.moved.as_ref()).await?;
                    }
                    Outcome::Polled(polled)
                }
            };
            out.push((due, outcome));
        }
        Ok(out)
    }

    /// Goes from page to page until the walk is complete.
    async fn pages(&self, source: &Source, due: &Due, steps: &mut Steps) -> Result<(), PollError> {
        let state = &due.state;
        let same_rules = state.rules == Some(source.rules_stamp);
        let fetcher = self.fetcher.allowing(source.allow_networks.as_deref());
        let remembered = remembered(source, state);
        let mut url = remembered.clone().unwrap_or_else(|| source.page.clone());
        let mut seen = vec![source.page.clone(), url.clone()];
        for number in 0..source.max_pages {
            let validators = Some(&state.validators).filter(|_| number == 0 && same_rules && state.complete);
            let fetched = fetcher.get(&url, &validators.map(known).unwrap_or_default()).await;
            let page = match fetched.map_err(|source| PollError::Fetch { page: number, source })? {
                Answer::NotModified { moved, .. } => {
                    steps.polled.not_modified = true;
                    steps.learn(source, remembered, moved);
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
            let read = self.read(page, number, source, due.at).await?;
            let first = read.warnings.iter().find(|w| w.row.is_some()).cloned();
            steps.polled.warnings.extend(read.warnings.into_iter().map(|w| (number, w)));
            if read.found == 0 && (number == 0 || read.next.is_some()) {
                return Err(PollError::NoRows { page: number, url });
            }
            if let (true, Some(first)) = (read.rows.is_empty(), first) {
                return Err(PollError::NoneReadable { page: number, url, rows: read.found, first });
            }
            steps.polled.pages += 1;
            steps.polled.rows += read.rows.len();
            let stop = state.complete && self.all_known(source, &read.rows).await?;
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

    async fn read(&self, page: Page, number: usize, source: &Source, at: DateTime<Utc>) -> Result<PageRead, PollError> {
        let permit = self.cores.clone().acquire_owned().await.expect("the semaphore is never closed");
        let source = source.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read_page(&page, number, &source, at)
        });
        read.await.map_err(|source| PollError::Died { page: number, source })
    }

    async fn all_known(&self, source: &Source, rows: &[Reading]) -> Result<bool, PollError> {
        let known = self.store.known(rows).await?;
        let terms = terms(source, Covered::Nothing);
        Ok(all_known(&settle(rows, &known, &terms, &source.newsroom), &known, &terms))
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
    fn to_store<'a>(&'a self, source: &'a Source, at: DateTime<Utc>, feeds: &'a [(Address, Filter)]) -> Walk<'a> {
        let complete = self.error.is_none();
        let last = self.steps.rows.last().map_or(Covered::Nothing, |row| {
            // A day that is only told from the moment of reading may be a later one.
            Covered::After(row.approximate.as_ref().map_or(row.day, |a| *a.days.end()))
        });
        let covered = if self.steps.end && complete { Covered::Everything } else { last };
        Walk {
            newsroom: &source.newsroom,
            rows: &self.steps.rows,
            terms: terms(source, covered),
            at,
            complete,
            validators: self.steps.validators.clone(),
            moved: self.steps.moved.clone(),
            max_new_terms: source.max_new_terms,
            feeds,
        }
    }
}

fn terms(source: &Source, covered: Covered) -> Terms {
    Terms { link_key: source.identity.link_key.is_some(), rules: source.rules_stamp, covered }
}
