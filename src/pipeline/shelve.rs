//! What is published, brought to the shelf from which HTTP is answered.

use std::sync::Arc;

use super::channel::known;
use super::lists::{OPML, put_list};
use super::publish::changed;
use super::{Pipeline, PipelineError};
use crate::feed::pages::{self, INDEX};
use crate::publish::Disk;
use crate::publish::shelf::{Document, Kind, Shelf, Update};
use crate::store::{ChannelRow, Rendered};

impl Pipeline {
    /// The shelf, if HTTP is served.
    pub fn shelf(&self) -> Option<&Arc<Shelf>> {
        self.shelf.as_ref()
    }

    /// The addresses of renamed terms lead to the new ones.
    pub(super) fn shelve_moved(&self, rows: &[ChannelRow], update: &mut Update) {
        let mut moved = Vec::new();
        for row in rows {
            if let Some(to) = &row.moved_to {
                moved.extend(self.documents(&row.address).zip(self.documents(to)));
            }
        }
        update.moved(moved);
    }

    /// Fills the shelf with what is on disk: an earlier run's documents, served until newer ones take their places. Those of sources that are no
    /// longer configured are among them. What is not there is rendered by the next publishing.
    ///
    /// # Errors
    /// When the store fails. A document that cannot be read is one that is not there.
    pub async fn shelve_published(&self) -> Result<(), PipelineError> {
        let (Some(shelf), Some(disk)) = (self.shelf.clone(), self.disk.clone()) else { return Ok(()) };
        let rows = self.store.channels().await?;
        let mut update = Update::new();
        update.base(self.config.base_url.as_str());
        self.shelve_moved(&rows, &mut update);
        let pending = self.store.pending().await?;
        if let Err(error) = self.publish_status(&pending, &mut update).await {
            // It is tried again, and told, with the first publishing.
            tracing::debug!(error = crate::error_chain(&error), "the status feed cannot be published");
        }
        let mut wanted = Vec::new();
        for row in rows.iter().filter(|r| r.moved_to.is_none()) {
            let max_age = known(&self.config, row).map_or(3_600, |known| known.max_age(&self.config));
            wanted.extend(self.documents(&row.address).filter_map(|d| Kind::of(&d).map(|kind| (d, kind, max_age))));
        }
        tokio::task::spawn_blocking(move || {
            for (document, kind, max_age) in wanted {
                // A page of somebody else's is not ours to serve.
                if let Some(bytes) = read(&disk, &document, kind) {
                    // The file's own time: after a crash the store may know of a later change than the file holds.
                    let changed = disk.changed(&document).filter(|_| kind != Kind::Page);
                    update.put(document, Document::new(kind, bytes, changed, max_age));
                }
            }
            for (name, kind) in [(OPML, Kind::List), (INDEX, Kind::Page)] {
                if let Some(bytes) = read(&disk, name, kind) {
                    put_list(&mut update, name, bytes);
                }
            }
            shelf.update(update);
        })
        .await?;
        Ok(())
    }
}

fn read(disk: &Disk, document: &str, kind: Kind) -> Option<Vec<u8>> {
    std::fs::read(disk.path(document)).ok().filter(|bytes| kind != Kind::Page || pages::is_ours(bytes))
}

/// Puts the documents of one channel on the shelf.
pub(super) fn shelve(state: &Rendered, documents: Vec<(&'static str, Vec<u8>)>, max_age: u32, update: &mut Update) {
    for (ending, bytes) in documents {
        let path = format!("{}.{ending}", state.address);
        let kind = Kind::of(&path).expect("the endings of documents name kinds");
        update.put(path, Document::new(kind, bytes, changed(state, ending), max_age));
    }
}
