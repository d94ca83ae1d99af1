//! What forgetting leaves to whoever holds the publish lock: removing the documents of forgotten feeds, so that none is written again behind
//! the back of who forgot, and erasing what could not be erased then.

use super::{Pipeline, PipelineError};
use crate::publish::shelf::Update;

impl Pipeline {
    /// Removes the documents that the store notes as gone. One that a feed has again is missing then, and is rendered with the rest.
    pub(super) async fn finish_forgetting(&self, gone: &[String], erase: bool) -> Result<(), PipelineError> {
        if !gone.is_empty() && (self.disk.is_some() || self.shelf.is_some()) {
            if let Some(disk) = self.disk.clone() {
                let documents = gone.to_vec();
                tokio::task::spawn_blocking(move || disk.remove(documents.iter().map(String::as_str))).await??;
            }
            if let Some(shelf) = &self.shelf {
                let mut update = Update::new();
                gone.iter().for_each(|document| update.remove(document));
                shelf.update(update);
            }
            self.store.removed(gone).await?;
        }
        // A full disk or a process that reads on must not keep news from being published.
        match if erase { self.store.erase().await } else { Ok(true) } {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("copies of what was forgotten may be left in the database: another process goes on reading")
            }
            Err(error) => {
                let error = crate::error_chain(&error);
                tracing::warn!(error, "copies of what was forgotten may be left in the database: it cannot be written anew");
            }
        }
        Ok(())
    }
}
