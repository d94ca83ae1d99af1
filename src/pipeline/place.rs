//! Where documents are published to: a folder that is taken again after another one holds what was true when it was left.

use super::{Pipeline, PipelineError};
use crate::store::Pending;

impl Pipeline {
    /// The folder as it is stored; empty: there is none.
    fn folder(&self) -> String {
        self.disk.as_ref().map(|disk| disk.root().to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Whether this pipeline publishes, and to another place than was published to the last time.
    pub(super) fn moves_from(&self, pending: &Pending) -> bool {
        (self.disk.is_some() || self.shelf.is_some()) && pending.folder != Some(self.folder())
    }

    /// Has all documents published anew: what is there already, byte for byte, is not touched.
    pub(super) async fn move_in(&self) -> Result<(), PipelineError> {
        self.publish_anew(&[]).await?;
        self.store.publish_to(&self.folder()).await?;
        Ok(())
    }
}
