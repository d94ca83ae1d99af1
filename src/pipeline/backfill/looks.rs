//! Reading pages of a listing that moves meanwhile.
//!
//! What comes in on top pushes rows down: the next page repeats some, which costs nothing. What is removed pulls rows up: a row can slip from a page not
//! read yet to the one just read, and would be missed. Nothing on the next page tells of it. So each page is looked at again (by a conditional
//! request) when the one after it was read: if it is what it was, nothing slipped between the two; if it is not, what it shows now is read as well, and both
//! are looked at again until it stays. A row that slipped up and was pushed back before that shows at the top of the next page when that is looked at again in
//! its turn. So only rows that slip up, are pushed back and slip up again within a few requests could be missed. A check at longer
//! intervals would ask less, but see only the sum of what came and went, and nothing of what went amid the pages since the last check.

use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use url::Url;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use super::{Run, Told, WARNINGS};
use crate::domain::Reading;
use crate::extract::pager;
use crate::fetch::{Answer, Ask, FetchError, Known, Page};
use crate::judge::{Verdict, judge_later};
use crate::normalise::Course;
use crate::pipeline::health::settled;
use crate::pipeline::{Judged, PageRead, PollError, ask, now, read_archived};
use crate::store::StoreError;

/// How often a page and the next are looked at again before the listing is taken as it is.
const SETTLE: usize = 5;

/// Where so many pages in a row do not settle, the listing is one that never does, and is not asked again.
const RESTLESS: usize = 3;

/// How often the walk begins at page 1 again because the way was lost.
const ANEWS: usize = 3;

/// How often a page that cannot be read is asked for again.
const RETRIES: u32 = 3;

/// Before the first time, in gaps; twice as long before each next one.
const GAPS: u32 = 3;

/// The least gap that counts for that.
const LEAST_GAP: Duration = Duration::from_millis(100);

/// When a newsroom says when to come back, it is waited for, if it is not longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// A page as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    /// Its number among all looks.
    pub look: usize,
    pub url: String,
    /// Its rows: links and origins, as hashes.
    pub rows: Vec<u64>,
    /// Hash of its bytes.
    body: u64,
    /// Where it was after redirects, if it was led on: whose validators these are.
    #[serde(default)]
    answered: Option<String>,
    etag: Option<String>,
    last_modified: Option<String>,
    pub next: Option<String>,
    /// Where the rows before its first were in time, and where its last one is.
    #[serde(default)]
    course: Option<(Course, Course)>,
    #[serde(skip)]
    pub oldest: Option<NaiveDate>,
    #[serde(skip)]
    pub newest: Option<NaiveDate>,
}

/// What one step along the pager came to.
pub(super) enum Stepped {
    /// The next page.
    Page(Box<Look>),
    /// The page before has become the last one.
    End,
    /// The page before shows nothing that was read before: the way from there is lost.
    Lost,
}

/// What the page before shows when it is looked at again.
enum Again {
    Same,
    Moved,
    Lost,
}

fn hash(row: &Reading) -> u64 {
    let mut hash = Xxh3Default::new();
    if let Some(link) = &row.link {
        hash.update(link.identity.as_bytes());
    }
    // One that tells its date from the moment of reading is the same after midnight.
    hash.update(if row.approximate.is_some() { row.title_key.as_bytes() } else { row.origin.as_bytes() });
    hash.digest()
}

impl Run<'_> {
    /// Reads the next page, and makes sure that nothing slipped between it and the one before. Asks again for what cannot be read.
    pub(super) async fn step(&mut self, mut url: Url) -> Result<Stepped, PollError> {
        let mut failures = 0;
        let mut moved = 0;
        loop {
            let (look, again) = match self.pair(&url).await {
                Ok(pair) => pair,
                Err(error) => {
                    failures += 1;
                    self.wait(error, failures).await?;
                    // A page that is gone may have been the last one.
                    match self.again().await {
                        Ok(again) => (None, again),
                        Err(_) => continue,
                    }
                }
            };
            match (look, again) {
                (Some(look), Again::Same) => {
                    self.restless = 0;
                    return Ok(Stepped::Page(Box::new(look)));
                }
                (None, Again::Same) => {}
                (_, Again::Lost) => return Ok(Stepped::Lost),
                (look, Again::Moved) => {
                    moved += 1;
                    if let Some(look) = look {
                        // What it shows now reaches into what the next one showed.
                        if self.last_of_before().is_some_and(|last| look.rows.contains(&last)) {
                            return Ok(Stepped::Page(Box::new(look)));
                        }
                        if moved > SETTLE {
                            self.restless += 1;
                            if self.restless == RESTLESS {
                                self.notice("the listing never stays as it is: pages are no longer looked at again".into());
                            }
                            return Ok(Stepped::Page(Box::new(look)));
                        }
                    }
                    let next = self.before.as_ref().and_then(|before| before.next.as_deref());
                    match next.map(Url::parse) {
                        Some(Ok(next)) => url = next,
                        _ => return Ok(Stepped::End),
                    }
                }
            }
        }
    }

    /// Looks at the last page again: one that came in half, or empty, leads nowhere. If it leads on, the walk goes on there.
    pub(super) async fn confirm_end(&mut self) -> Result<(), PollError> {
        let mut failures = 0;
        let again = loop {
            match self.again().await {
                Ok(again) => break again,
                // The listing has become shorter than it was: what stood there was read, or slipped up to where it was read.
                Err(PollError::Fetch { source: FetchError::Status { status, .. }, .. })
                    if matches!(status.as_u16(), 404 | 410) =>
                {
                    break Again::Same;
                }
                Err(error) => {
                    failures += 1;
                    if let Err(error) = self.wait(error, failures).await {
                        // The next run reads that page anew.
                        self.state.next = self.before.take().map(|before| before.url);
                        self.state.pages = self.state.pages.saturating_sub(1);
                        return Err(error);
                    }
                }
            }
        };
        if let Again::Lost = again {
            self.anew();
            return Ok(());
        }
        self.state.next = self.before.as_ref().and_then(|before| before.next.clone()).filter(|next| !self.was_visited(next));
        self.over = self.state.next.is_none();
        Ok(())
    }

    /// The page, and what the one before shows now.
    async fn pair(&mut self, url: &Url) -> Result<(Option<Look>, Again), PollError> {
        let Some(mut look) = self.look(url, self.state.pages, None).await? else { return Ok((None, Again::Same)) };
        let twins = self.before.as_ref().is_some_and(|before| before.rows == look.rows && !look.rows.is_empty());
        let again = self.again().await?;
        if let (true, Again::Same) = (twins, &again) {
            self.notice(format!(
                "page {} shows the same as the page before it: that is taken for the pager's end",
                self.state.pages + 1
            ));
            look.next = None;
        }
        Ok((Some(look), again))
    }

    fn last_of_before(&self) -> Option<u64> {
        self.before.as_ref().and_then(|before| before.rows.last().copied())
    }

    /// Looks at the page before again.
    async fn again(&mut self) -> Result<Again, PollError> {
        let Some(before) = self.before.clone().filter(|_| self.restless < RESTLESS) else { return Ok(Again::Same) };
        let Ok(url) = Url::parse(&before.url) else { return Ok(Again::Same) };
        let number = self.state.pages.saturating_sub(1);
        let Some(look) = self.look(&url, number, Some(&before)).await? else { return Ok(Again::Same) };
        if look.rows == before.rows {
            // Its bytes differ, or the server knows no validators.
            self.part.retain(|row| row.page != look.look);
            self.before = Some(look);
            return Ok(Again::Same);
        }
        let known = self.anews >= ANEWS
            || before.rows.is_empty()
            || look.rows.iter().any(|row| before.rows.contains(row))
            || self.was_read(&look).await?;
        self.before = Some(look);
        Ok(if known { Again::Moved } else { Again::Lost })
    }

    /// Whether a row of the look was read before it.
    async fn was_read(&self, look: &Look) -> Result<bool, StoreError> {
        let (rows, others): (Vec<Reading>, Vec<Reading>) = self.part.iter().cloned().partition(|row| row.page == look.look);
        if others.iter().any(|row| look.rows.contains(&hash(row))) {
            return Ok(true);
        }
        let store = &self.pipeline.store;
        let (_, rows) = settled(store, self.source, &rows).await?;
        store.backfill_has_read(&self.source.newsroom.id, &rows).await
    }

    /// Reads a page into the part; None: it is as it was at that look.
    async fn look(&mut self, url: &Url, number: usize, as_it_was: Option<&Look>) -> Result<Option<Look>, PollError> {
        self.requests += 1;
        let known = as_it_was.map_or_else(Known::default, |look| Known {
            url: look.answered.as_deref(),
            etag: look.etag.as_deref(),
            last_modified: look.last_modified.as_deref(),
        });
        let fetcher = self.pipeline.fetcher.allowing(self.source.allow_networks.as_deref());
        let fetched = fetcher
            .get(&Ask { known, ..ask(self.source, url) })
            .await
            .map_err(|source| PollError::Fetch { page: number, source })?;
        let page = match fetched.answer {
            Answer::NotModified { .. } => return Ok(None),
            Answer::Page(page) => page,
        };
        let body = xxh3_64(&page.body);
        if as_it_was.is_some_and(|look| look.body == body) {
            return Ok(None);
        }
        let mut look = Look {
            look: self.state.looks,
            url: url.to_string(),
            rows: Vec::new(),
            body,
            answered: Some(page.url.to_string()).filter(|answered| answered != url.as_str()),
            etag: page.etag.clone(),
            last_modified: page.last_modified.clone(),
            next: None,
            course: None,
            oldest: None,
            newest: None,
        };
        let at = page.url.clone();
        let begins = match (as_it_was, &self.before) {
            (Some(look), _) => look.course.as_ref().map(|(begins, _)| begins.clone()),
            (None, Some(before)) => before.course.as_ref().map(|(_, ends)| ends.clone()),
            (None, None) => None,
        };
        let begins = begins.or_else(|| self.state.since.filter(|_| number > 0).map(Course::amid)).unwrap_or_default();
        let (read, last) = self.parse(page, number, begins.clone()).await?;
        let refused = self.refused(&read, number, url);
        self.warned += read.warnings.len();
        let room = WARNINGS.saturating_sub(self.warnings.len());
        self.warnings.extend(read.warnings.into_iter().take(room).map(|w| (number, w)));
        if let Some(error) = refused {
            return Err(error);
        }
        self.first.get_or_insert(read.look);
        look.rows = read.rows.iter().map(hash).collect();
        look.course = Some((begins, read.course));
        look.next = read.next.map(String::from);
        look.oldest = read.rows.iter().map(|row| row.day).min();
        look.newest = read.rows.iter().map(Reading::latest).max();
        if !self.estimated {
            self.hint(last.as_deref(), &at, &look);
        }
        self.state.looks += 1;
        self.replace(number, &read.rows);
        self.looks.push((look.look, number));
        if as_it_was.is_some() {
            self.again.insert(look.look);
        }
        self.part.extend(read.rows);
        Ok(Some(look))
    }

    /// Why nothing is to be taken from a page, if so. Later ones are judged as those of polls are, by the first that this run read.
    fn refused(&self, read: &PageRead, number: usize, url: &Url) -> Option<PollError> {
        let verdict = match number {
            0 => Judged::by_itself(self.source, read, now()).verdict,
            _ => judge_later(&read.look, self.first.as_ref()),
        };
        let Verdict::Broken(reasons) = verdict else { return None };
        let first = read.warnings.iter().find(|w| w.row.is_some()).cloned();
        Some(PollError::Broken { page: number, url: url.clone(), reasons, first })
    }

    /// Work for the processor; the pager's link to its last page only of the first page.
    async fn parse(&self, page: Page, number: usize, course: Course) -> Result<(PageRead, Option<String>), PollError> {
        let permit = self.pipeline.cores.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (source, look, first) = (self.source.clone(), self.state.looks, !self.estimated);
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let last = first.then(|| pager::last_link(&String::from_utf8_lossy(&page.body))).flatten();
            (read_archived(&page, look, &source, now(), course), last)
        });
        work.await.map_err(|source| PollError::Died { page: number, source })
    }

    /// A row that says something else at its link than at an earlier look at the same page was edited in between: what it said then is no other story.
    fn replace(&mut self, number: usize, rows: &[Reading]) {
        let earlier: Vec<usize> = self.looks.iter().filter(|(_, page)| *page == number).map(|(look, _)| *look).collect();
        if earlier.is_empty() {
            return;
        }
        let link = |row: &Reading| row.link.as_ref().map(|l| l.identity);
        let edited = |was: &Reading| {
            let mut at_link = rows.iter().filter(|row| link(row).is_some() && link(row) == link(was)).peekable();
            at_link.peek().is_some() && at_link.all(|row| row.origin != was.origin)
        };
        self.part.retain(|was| !earlier.contains(&was.page) || !edited(was));
    }

    /// Waits after a failure, longer each time; the error, if that was the last time.
    async fn wait(&mut self, error: PollError, failures: u32) -> Result<(), PollError> {
        if failures > RETRIES || matches!(error, PollError::Store(_) | PollError::Died { .. }) {
            return Err(error);
        }
        let gap = self.pipeline.config.fetch.min_gap.max(LEAST_GAP);
        let mut pause = gap * GAPS * 2u32.pow(failures - 1);
        if let Some(until) = error.wait_until() {
            pause = pause.max((until - now()).to_std().unwrap_or_default());
            if pause > LONGEST_WAIT {
                return Err(error);
            }
        }
        (self.tell)(Told::Waits(pause, error));
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
