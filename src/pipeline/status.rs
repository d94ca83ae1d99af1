//! The status feed: always beside the database, and among the published feeds if the config says so.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::aside::aside;
use super::{Pipeline, PipelineError};
use crate::domain::{Digest, stamp};
use crate::error_chain;
use crate::feed::status::{ADDRESS, document};
use crate::feed::{Document, Format};
use crate::publish::shelf;
use crate::publish::shelf::{Kind, Update};
use crate::publish::{Disk, PublishError};
use crate::store::Pending;

/// The feed holds this many of the newest incidents.
const INCIDENTS: usize = 50;

/// For how long (seconds) a cache may show it without asking.
const MAX_AGE: u32 = 60;

/// Part of the stamp, so that an upgrade that renders differently renders anew.
const RENDERING: &str = "1";

/// The folder beside the database. That it cannot be written is told, and keeps nothing else from being done.
#[derive(Debug)]
pub(super) struct Private {
    folder: PathBuf,
    disk: OnceLock<Disk>,
    /// What was told last.
    trouble: Mutex<Option<String>>,
}

impl Private {
    /// The folder is named after the database: others may lie there.
    pub fn beside(database: &Path) -> Self {
        let mut folder = database.as_os_str().to_owned();
        folder.push("-status");
        Self { folder: folder.into(), disk: OnceLock::new(), trouble: Mutex::default() }
    }

    /// The tree there, opened the first time. Blocks the thread.
    fn open(&self) -> Result<&Disk, PublishError> {
        if let Some(disk) = self.disk.get() {
            return Ok(disk);
        }
        let disk = Disk::open(&self.folder)?;
        Ok(self.disk.get_or_init(|| disk))
    }

    /// Once for as long as it is the same.
    fn tell(&self, error: &PublishError) {
        let error = error_chain(error);
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.as_ref() != Some(&error) {
            tracing::warn!(error, "the status feed beside the database cannot be written; all else goes on");
            *trouble = Some(error);
        }
    }

    fn fine(&self) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Pipeline {
    /// Renders the status feed if an incident was opened or closed, or something of it is not where it should be. Only for who holds the
    /// publish lock.
    pub(super) async fn publish_status(&self, pending: &Pending, update: &mut Update) -> Result<(), PipelineError> {
        let Some(private) = self.private.clone() else { return Ok(()) };
        let opener = private.clone();
        let opened = aside(move || opener.open().map(|_| ())).await?;
        let row = pending.status()?;
        let config = self.status_stamp();
        if row.published == Some(row.revision) && row.config == Some(config) && self.is_status_in_place() {
            return Ok(());
        }
        self.store.flush().await?;
        let incidents = self.store.incidents(INCIDENTS).await?;
        let title = |id: &str| self.config.source(id).map(|s| s.newsroom.title.clone());
        let document = document(self.config.base_url.as_str(), &self.config.publish.formats, &incidents, title, row.changed);
        let public = self.config.status.public;
        let changed = u64::try_from(row.changed.timestamp()).ok();
        let disk = self.disk.clone();
        let folder = private.clone();
        let work = aside(move || {
            let documents = render(&document);
            let beside = opened.and_then(|()| write(folder.open()?, &documents, true, changed));
            let among = disk.map_or(Ok(()), |disk| write(&disk, &documents, public, changed));
            (documents, beside, among)
        });
        let (documents, beside, among) = work.await?;
        among?;
        for (name, bytes) in documents {
            match (Kind::of(&name), bytes) {
                (Some(kind), Some(bytes)) if public => update.put(name, shelf::Document::new(kind, bytes, changed, MAX_AGE)),
                _ => update.remove(name),
            }
        }
        match beside {
            Ok(()) => {
                private.fine();
                self.store.status_published(row.revision, config).await?;
            }
            // The next publishing tries again.
            Err(error) => private.tell(&error),
        }
        Ok(())
    }

    /// Whether each document is where it should be, and nowhere else.
    fn is_status_in_place(&self) -> bool {
        let public = self.config.status.public;
        let snapshot = self.shelf.as_ref().map(|shelf| shelf.snapshot());
        Format::ALL.into_iter().all(|format| {
            let name = file(format);
            let wanted = self.config.publish.formats.contains(&format);
            self.private.as_ref().is_none_or(|private| private.disk.get().is_some_and(|disk| disk.holds(&name) == wanted))
                && self.disk.as_ref().is_none_or(|disk| disk.holds(&name) == (wanted && public))
                && snapshot.as_ref().is_none_or(|shelf| shelf.find(&name).is_some() == (wanted && public))
        })
    }

    fn status_stamp(&self) -> Digest {
        let config = &self.config;
        let sources = config.sources.iter().flat_map(|s| [s.newsroom.id.as_str(), s.newsroom.title.as_str()]);
        let formats = config.publish.formats.iter().map(|f| f.extension());
        let public = if config.status.public { "public" } else { "private" };
        stamp([RENDERING, config.base_url.as_str(), public].into_iter().chain(formats).chain(sources))
    }
}

/// Brings the documents to a tree, or takes them away from there.
fn write(disk: &Disk, documents: &[(String, Option<Vec<u8>>)], shown: bool, changed: Option<u64>) -> Result<(), PublishError> {
    let (there, gone): (Vec<_>, Vec<_>) = documents.iter().partition(|(_, bytes)| shown && bytes.is_some());
    let mut written = Vec::new();
    for (name, bytes) in there {
        if disk.publish(name, bytes.as_deref().unwrap_or_default(), changed)? {
            written.push(name.as_str());
        }
    }
    disk.flush(written.into_iter())?;
    disk.remove(gone.iter().map(|(name, _)| name.as_str()).filter(|name| disk.holds(name)))
}

/// The documents by name; None: the config does not have this format.
fn render(document: &Document) -> Vec<(String, Option<Vec<u8>>)> {
    let bytes = |format: Format| document.formats.contains(&format).then(|| format.render(document));
    Format::ALL.into_iter().map(|format| (file(format), bytes(format))).collect()
}

/// Its place in the tree.
fn file(format: Format) -> String {
    format!("{ADDRESS}.{}", format.extension())
}
