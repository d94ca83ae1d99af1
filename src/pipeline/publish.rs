//! Rendering what is stale, and bringing it to disk.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::channel::{Known, feed_stamp, known, source_stamp, source_stamps};
use super::page::Pages;
use super::question::questions;
use super::shelve::shelve;
use super::story::{carriers, editions, merges};
use super::{Pipeline, PipelineError};
use crate::domain::{Address, Digest, Item, Merge};
use crate::feed::pages::{self, Around};
use crate::feed::{Document, Fitted, fit};
use crate::publish::shelf::Update;
use crate::publish::{Disk, PublishError};
use crate::store::{Categories, ChannelRow, Members, Rendered, Selection};

/// What a publishing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// Channels rendered.
    pub channels: usize,
    /// Writes of files: one may be written by more than one publishing of a round. The other files were there byte for byte.
    pub written: usize,
    /// Files in the tree, lists included.
    pub documents: usize,
}

impl Published {
    /// What both did, this one before the other.
    pub(super) fn and(self, after: Self) -> Self {
        Self { channels: self.channels + after.channels, written: self.written + after.written, ..after }
    }
}

/// Channels rendered before their documents are written: bounds memory, and how much a crash repeats.
pub(super) const BATCH: usize = 64;

/// New items stay in a feed for this long (seconds) before its last change, however many they are.
const FRESH: i64 = 86_400;

/// A channel that needs rendering.
pub(super) struct Job<'a> {
    pub row: &'a ChannelRow,
    pub known: Known<'a>,
    /// Channels of terms that were renamed to this one's: the same documents stand at their addresses too.
    pub moved: Vec<&'a ChannelRow>,
}

impl Job<'_> {
    /// When the channel last changed, if it ever did, and the instant of a change that is found now (unix seconds).
    fn instants(&self) -> (Option<i64>, i64) {
        let marked = std::iter::once(&self.row).chain(&self.moved).filter_map(|r| r.stale).max();
        let after = self.row.changed.map(|before| before + 1);
        (self.row.changed, marked.max(after).unwrap_or_default())
    }

    /// From when on (unix seconds) what regular polls first saw stands in the document, however much.
    pub fn since(&self) -> i64 {
        let (before, now) = self.instants();
        before.unwrap_or(now).min(now) - FRESH
    }

    /// Whose items the channel holds.
    pub fn members(&self) -> Members<'_> {
        match (self.known, &self.row.source, self.row.term) {
            (Known::Feed(feed), ..) => Members::Chosen(&self.row.address, feed.merge),
            (Known::Pair(..), ..) => Members::Chosen(&self.row.address, Merge::Nothing),
            (_, Some(_), Some(term)) => Members::Term(term),
            (_, source, _) => Members::All(source.as_deref().unwrap_or_default()),
        }
    }
}

/// A channel that is to be rendered.
pub(super) struct Prepared {
    pub ready: Ready,
    document: Document,
    /// Items too fresh to be left out.
    fresh: HashSet<Digest>,
    /// What its page says beside its feed; None: it has none.
    around: Option<Around>,
}

/// A channel's documents in the tree: ending and bytes, page included.
pub(super) type Documents = Vec<(&'static str, Vec<u8>)>;

/// A channel on its way to disk.
pub(super) struct Ready {
    /// Its own, and those that lead to it.
    pub addresses: Vec<String>,
    pub state: Rendered,
    /// For how long readers need not ask again (seconds).
    max_age: u32,
}

impl Pipeline {
    /// Applies renamed terms, and marks as stale what was rendered by other settings.
    pub(super) async fn settle(&self, at: DateTime<Utc>) -> Result<(), PipelineError> {
        let odd = self.store.sources_with_odd_terms().await?;
        for source in &self.config.sources {
            let newsroom = &source.newsroom;
            if newsroom.facets.iter().any(|f| !f.alias.is_empty()) || odd.iter().any(|name| name == newsroom.id.as_str()) {
                self.store.align_terms(newsroom, source.max_new_terms, at).await?;
            }
        }
        let rows = self.store.channels().await?;
        let stamps = source_stamps(&self.config);
        let feeds: Vec<(Address, Digest)> =
            self.config.feeds.iter().map(|f| (Address::feed(&f.id), feed_stamp(&self.config, f))).collect();
        let stamp = |row: &ChannelRow| match &row.source {
            Some(source) => stamps.get(source.as_str()),
            None => feeds.iter().find(|(address, _)| address.as_str() == row.address).map(|(_, stamp)| stamp),
        };
        let differs = |row: &&ChannelRow| row.stale.is_none() && stamp(row).is_some_and(|stamp| row.config != Some(*stamp));
        let known = |address: &str| rows.iter().any(|r| r.address == address);
        let new = feeds.iter().map(|(address, _)| address.as_str()).filter(|address| !known(address));
        let stale: Vec<&str> = rows.iter().filter(differs).map(|r| r.address.as_str()).chain(new).collect();
        if !stale.is_empty() {
            self.store.mark_stale(&stale, at).await?;
        }
        Ok(())
    }

    /// Renders what is stale or missing and publishes it, on the shelf all at once; None: there is no outlet.
    ///
    /// # Errors
    /// When store or disk fail; what was published before stays.
    pub async fn publish(&self) -> Result<Option<Published>, PipelineError> {
        let mut pending = self.store.pending().await?;
        if self.moves_from(&pending) {
            self.move_in().await?;
            pending = self.store.pending().await?;
        }
        self.finish_forgetting(&pending.gone, pending.erase).await?;
        let mut update = Update::new();
        update.base(self.config.base_url.as_str());
        // What is wrong with it is no matter of the feeds.
        let status = self.publish_status(&pending, &mut update).await;
        if self.disk.is_none() && self.shelf.is_none() {
            return status.map(|()| None);
        }
        // Nothing is shown before it is known whose story it is.
        if merges(&self.config) {
            self.store.find_stories(&editions(&self.config)).await?;
        }
        let questions = questions(&self.config);
        // What came since it was read is asked by the next publishing, which it brings about.
        if !pending.is_asked(&questions) {
            for name in self.store.ask(&questions, Utc::now()).await? {
                tracing::warn!(pairs = name, "there are more pairs than `max-pairs`: the rest have no feeds");
            }
        }
        let rows = self.store.channels().await?;
        let jobs = self.jobs(&rows);
        let done = self.publish_jobs(&rows, &jobs, pending.lists, &mut update).await;
        // After an error too: what came to disk before it is published.
        if let Some(shelf) = &self.shelf {
            shelf.update(update);
        }
        let done = done?;
        status.map(|()| Some(done))
    }

    /// `lists`: the stamp of the lists of feeds as they stand.
    async fn publish_jobs(
        &self,
        rows: &[ChannelRow],
        jobs: &[Job<'_>],
        lists: Option<Digest>,
        update: &mut Update,
    ) -> Result<Published, PipelineError> {
        let mut done = Published { channels: jobs.len(), ..Published::default() };
        let mut after = None;
        // One document that cannot be written does not keep the others from being published.
        let mut failure = None;
        if !jobs.is_empty() {
            // What readers are shown must not be forgotten: the store first.
            self.store.flush().await?;
            let categories = self.store.categories().await?;
            let mut pages = Pages::new(&self.config, rows);
            for batch in jobs.chunks(BATCH) {
                let (written, failed) = self.batch(batch, &categories, &mut pages, update).await?;
                done.written += written;
                failure = failure.or(failed);
            }
            after = Some(self.store.channels().await?);
        }
        let rows = after.as_deref().unwrap_or(rows);
        done.written += self.lists(rows, lists, update).await?;
        self.shelve_moved(rows, update);
        done.documents = rows.iter().filter(|r| known(&self.config, r).is_some()).count() * self.endings().count() + 2;
        if self.config.status.public {
            done.documents += self.config.publish.formats.len();
        }
        failure.map_or(Ok(done), |failure| Err(failure.into()))
    }

    /// Whether a feed that is stored has no document: at a first start, or after the published folder was lost or changed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn lacks_documents(&self) -> Result<bool, PipelineError> {
        let rows = self.store.channels().await?;
        Ok(rows.iter().any(|row| known(&self.config, row).is_some() && self.is_missing(row)))
    }

    fn jobs<'a>(&'a self, rows: &'a [ChannelRow]) -> Vec<Job<'a>> {
        let mut jobs = self.all_jobs(rows);
        jobs.retain(|job| std::iter::once(&job.row).chain(&job.moved).any(|r| r.stale.is_some() || self.is_missing(r)));
        jobs
    }

    /// Every channel that the config knows.
    pub(super) fn all_jobs<'a>(&'a self, rows: &'a [ChannelRow]) -> Vec<Job<'a>> {
        let mut moved: BTreeMap<String, Vec<&ChannelRow>> = BTreeMap::new();
        for row in rows {
            if let Some(to) = &row.moved_to {
                moved.entry(to.clone()).or_default().push(row);
            }
        }
        let own = rows.iter().filter(|r| r.moved_to.is_none());
        let jobs = own.filter_map(|row| -> Option<Job<'_>> {
            let known = known(&self.config, row)?;
            let moved = moved.remove(&row.address).unwrap_or_default();
            Some(Job { row, known, moved })
        });
        let mut jobs: Vec<Job<'_>> = jobs.collect();
        // Their pages state how many items each term has.
        jobs.sort_by_key(|job| matches!(job.known, Known::All(_)));
        jobs
    }

    /// Whether a document of the channel is not where it should be.
    fn is_missing(&self, row: &ChannelRow) -> bool {
        let on_disk = |document: &str| self.disk.as_ref().is_none_or(|disk| disk.holds(document));
        let snapshot = self.shelf.as_ref().map(|shelf| shelf.snapshot());
        // Addresses that moved stand on the shelf without documents.
        let on_shelf =
            |document: &str| row.moved_to.is_some() || snapshot.as_ref().is_none_or(|shelf| shelf.find(document).is_some());
        self.documents(&row.address).any(|d| !on_disk(&d) || !on_shelf(&d))
    }

    /// The documents of a channel in the tree.
    pub(super) fn documents<'a>(&'a self, address: &'a str) -> impl Iterator<Item = String> + 'a {
        self.endings().map(move |ending| format!("{address}.{ending}"))
    }

    /// The endings of a channel's documents.
    fn endings(&self) -> impl Iterator<Item = &'static str> {
        let page = self.config.publish.pages.then_some(pages::ENDING);
        self.config.publish.formats.iter().map(|f| f.extension()).chain(page)
    }

    /// Renders and publishes some channels: how many files were written, and why some could not be. Those stay stale.
    async fn batch(
        &self,
        jobs: &[Job<'_>],
        categories: &Categories,
        pages: &mut Pages<'_>,
        update: &mut Update,
    ) -> Result<(usize, Option<PublishError>), PipelineError> {
        let asked: Vec<_> = jobs.iter().map(|job| (job.members(), job.since())).collect();
        let selections = self.store.select(&asked, self.config.publish.items).await?;
        // Read once, though most items stand in several channels.
        let ids: HashSet<i64> = selections.iter().flat_map(Selection::items).collect();
        let items = self.store.items(ids.into_iter(), categories).await?;
        jobs.iter().zip(&selections).for_each(|(job, selection)| pages.count(&job.row.address, selection.total));
        let prepared: Vec<_> =
            jobs.iter().zip(&selections).map(|(job, selection)| self.prepare(job, selection, &items, pages)).collect();
        let max_size = self.config.publish.max_size;
        let rendered = tokio::task::spawn_blocking(move || -> Vec<(Ready, Documents)> {
            prepared.into_iter().map(|prepared| prepared.render(max_size)).collect()
        });
        let mut rendered = rendered.await?;
        let mut states = Vec::new();
        for (ready, _) in &rendered {
            states.extend(ready.addresses.iter().map(|address| Rendered { address: address.clone(), ..ready.state.clone() }));
        }
        for (job, state) in jobs.iter().flat_map(|j| std::iter::once(&j.row).chain(&j.moved)).zip(&mut states) {
            state.marked = job.mark();
        }
        self.store.rendered(&states).await?;
        let mut written = Written::default();
        if let Some(disk) = self.disk.clone() {
            let work = tokio::task::spawn_blocking(move || {
                let written = write(&disk, &rendered);
                (rendered, written)
            });
            (rendered, written) = work.await?;
            rendered.retain(|(ready, _)| !written.failed.contains(&ready.state.address));
            let failed = |state: &Rendered| written.failed.contains(&state.address);
            states.retain(|state| !failed(state));
        }
        if self.shelf.is_some() {
            for (ready, documents) in rendered {
                shelve(&ready.state, documents, ready.max_age, update);
            }
        }
        self.store.published(&states).await?;
        Ok((written.files, written.failure))
    }

    /// Chooses a channel's items, and says since when it holds them.
    pub(super) fn prepare(
        &self,
        job: &Job<'_>,
        selection: &Selection,
        items: &HashMap<i64, Item>,
        pages: &Pages<'_>,
    ) -> Prepared {
        let row = job.row;
        let make = |at: i64, same: bool| {
            let chosen = selection.since(at - FRESH);
            let of_feed: Vec<_> = chosen.iter().filter_map(|(id, _)| items.get(id)).collect();
            let newest = of_feed.iter().map(|i| i.updated.timestamp()).max().unwrap_or(at);
            let updated = DateTime::from_timestamp(if same { at } else { at.max(newest) }, 0).unwrap_or_default();
            let mut document = job.known.document(&self.config, row, &of_feed, updated);
            if let Known::Feed(_) = job.known {
                let sources = job.known.sources(&self.config);
                carriers(&self.config, &sources, &mut document, &chosen, items, &selection.doubles);
                document = document.clean();
            }
            let content = document.content();
            let fresh = chosen.iter().filter(|(_, fresh)| *fresh).filter_map(|(id, _)| items.get(id)).map(|i| i.guid).collect();
            (document, content, fresh, of_feed)
        };
        // Rendered anew at the same instant first: time alone takes nothing out of a feed.
        let (before, now) = job.instants();
        let unchanged = before.map(|before| make(before, true)).filter(|(_, content, ..)| row.content == Some(*content));
        let (document, content, fresh, of_feed) = unchanged.unwrap_or_else(|| make(now, false));
        let state = Rendered {
            address: row.address.clone(),
            items: selection.total,
            shown: 0,
            changed: document.updated.timestamp(),
            content,
            config: self.stamp_of(&job.known),
            marked: row.mark(),
        };
        let addresses = std::iter::once(&row).chain(&job.moved).map(|r| r.address.clone()).collect();
        let max_age = job.known.max_age(&self.config);
        let around = self.config.publish.pages.then(|| self.around(pages, row, &job.known, &of_feed, selection.total));
        Prepared { ready: Ready { addresses, state, max_age }, document, fresh, around }
    }

    pub(super) fn stamp_of(&self, known: &Known<'_>) -> Digest {
        match known {
            Known::All(source) | Known::Term(source, _) | Known::Pair(source, ..) => source_stamp(&self.config, source),
            Known::Feed(feed) => feed_stamp(&self.config, feed),
        }
    }
}

impl Prepared {
    /// Its documents.
    pub fn render(self, max_size: u64) -> (Ready, Documents) {
        let mut ready = self.ready;
        let page = self.around.map(|around| (pages::ENDING, pages::channel(&self.document, &around)));
        let Fitted { documents, items } = fit(self.document, &self.fresh, max_size);
        ready.state.shown = i64::try_from(items).unwrap_or(i64::MAX);
        let feeds = documents.into_iter().map(|(format, bytes)| (format.extension(), bytes));
        (ready, feeds.chain(page).collect())
    }
}

/// What came to disk.
#[derive(Default)]
struct Written {
    /// How many files had to be written.
    files: usize,
    /// Addresses of channels whose documents are not all there, and the first reason.
    failed: HashSet<String>,
    failure: Option<PublishError>,
}

/// Brings documents to disk. What fails with one channel is no matter of the others.
fn write(disk: &Disk, rendered: &[(Ready, Documents)]) -> Written {
    let mut out = Written::default();
    let mut written = Vec::new();
    for (ready, documents) in rendered {
        let documents = ready.addresses.iter().flat_map(|a| documents.iter().map(move |d| (a, d)));
        for (address, (ending, bytes)) in documents {
            let document = format!("{address}.{ending}");
            match disk.publish(&document, bytes, changed(&ready.state, ending)) {
                Ok(true) => written.push(document),
                Ok(false) => {}
                Err(failure) => {
                    out.failed.extend(ready.addresses.iter().cloned());
                    out.failure.get_or_insert(failure);
                }
            }
        }
    }
    if let Err(failure) = disk.flush(written.iter().map(String::as_str)) {
        out.failed.extend(rendered.iter().flat_map(|(ready, _)| ready.addresses.iter().cloned()));
        out.failure.get_or_insert(failure);
    }
    out.files = written.len();
    out
}

/// Since when (unix seconds) a document has been as it is. A page may change while its feed does not, and that is kept for feeds only.
pub(super) fn changed(state: &Rendered, ending: &str) -> Option<u64> {
    u64::try_from(state.changed).ok().filter(|_| ending != pages::ENDING)
}
