//! The status feed: always beside the database, and among the published feeds if the config says so.

use super::publish::file;
use super::{Pipeline, PipelineError};
use crate::domain::{Digest, stamp};
use crate::feed::status::{ADDRESS, document};
use crate::feed::{Document, Format};
use crate::publish::PublishError;
use crate::publish::shelf;
use crate::publish::shelf::{Kind, Update};

/// The folder beside the database.
pub(super) const FOLDER: &str = "status";

/// The feed holds this many of the newest incidents.
const INCIDENTS: usize = 50;

/// For how long (seconds) a cache may show it without asking.
const MAX_AGE: u32 = 60;

/// Part of the stamp, so that an upgrade that renders differently renders anew.
const RENDERING: &str = "1";

impl Pipeline {
    /// Renders the status feed if an incident was opened or closed, or something of it is not where it should be. Only for who holds the
    /// publish lock.
    pub(super) async fn publish_status(&self, update: &mut Update) -> Result<(), PipelineError> {
        let Some(private) = self.private.clone() else { return Ok(()) };
        let row = self.store.status().await?;
        let config = self.status_stamp();
        if row.published == Some(row.revision) && row.config == Some(config) && self.is_status_in_place() {
            return Ok(());
        }
        self.store.flush().await?;
        let incidents = self.store.incidents(INCIDENTS).await?;
        let title =
            |id: &str| self.config.sources.iter().find(|s| s.newsroom.id.as_str() == id).map(|s| s.newsroom.title.clone());
        let document = document(self.config.base_url.as_str(), &self.config.publish.formats, &incidents, title, row.changed);
        let public = self.config.status.public;
        let changed = u64::try_from(row.changed.timestamp()).ok();
        let disk = self.disk.clone();
        let work = tokio::task::spawn_blocking(move || {
            let documents = render(&document);
            let (there, gone): (Vec<_>, Vec<_>) = documents.iter().partition(|(_, bytes)| bytes.is_some());
            for (disk, shown) in std::iter::once((&private, true)).chain(disk.iter().map(|disk| (disk, public))) {
                let mut written = Vec::new();
                for (name, bytes) in there.iter().filter(|_| shown) {
                    if disk.publish(name, bytes.as_deref().unwrap_or_default(), changed)? {
                        written.push(name.as_str());
                    }
                }
                disk.flush(written.into_iter())?;
                let gone = gone.iter().chain(there.iter().filter(|_| !shown)).map(|(name, _)| name.as_str());
                disk.remove(gone.filter(|name| disk.holds(name)))?;
            }
            Ok::<_, PublishError>(documents)
        });
        for (name, bytes) in work.await?? {
            match (Kind::of(&name), bytes) {
                (Some(kind), Some(bytes)) if public => update.put(name, shelf::Document::new(kind, bytes, changed, MAX_AGE)),
                _ => update.remove(name),
            }
        }
        Ok(self.store.status_published(row.revision, config).await?)
    }

    /// Whether each document is where it should be, and nowhere else.
    fn is_status_in_place(&self) -> bool {
        let public = self.config.status.public;
        let snapshot = self.shelf.as_ref().map(|shelf| shelf.snapshot());
        Format::ALL.into_iter().all(|format| {
            let name = file(ADDRESS, format);
            let wanted = self.config.publish.formats.contains(&format);
            self.private.as_ref().is_none_or(|disk| disk.holds(&name) == wanted)
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

/// The documents by name; None: the config does not have this format.
fn render(document: &Document) -> Vec<(String, Option<Vec<u8>>)> {
    let bytes = |format: Format| document.formats.contains(&format).then(|| format.render(document));
    Format::ALL.into_iter().map(|format| (file(ADDRESS, format), bytes(format))).collect()
}
