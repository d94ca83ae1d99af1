//! Publishing beside others: the lock is held for a publishing only, since a backfill goes on for hours.

use std::time::Duration;

use crate::pipeline::{Pipeline, PipelineError, Published};
use crate::publish::{Disk, Lock, LockError, Purpose};

/// Where what is new was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlet {
    /// By us; None: the config names no folder.
    Published(Option<Published>),
    /// A daemon publishes it.
    Daemon,
    /// Another process is publishing: it may have seen it, else the next one does.
    Busy,
}

impl Pipeline {
    /// Publishes what is stale, unless a daemon does. Waits for at most `patience` while another process publishes.
    ///
    /// # Errors
    /// When store or disk fail.
    pub(super) async fn publish_beside(&self, patience: Duration) -> Result<Outlet, PipelineError> {
        let Some(root) = self.config.publish.directory.clone() else { return self.without_folder().await };
        let database = self.config.database.clone();
        let lock = match tokio::task::spawn_blocking(move || Lock::take(&database, Purpose::Once, patience)).await? {
            Ok(lock) => lock,
            Err(LockError::Daemon { .. }) => return Ok(Outlet::Daemon),
            Err(LockError::Held { .. }) => return Ok(Outlet::Busy),
            Err(error) => return Err(error.into()),
        };
        let disk = tokio::task::spawn_blocking(move || Disk::open(&root)).await??;
        let published = Self { disk: Some(disk), ..self.clone() }.publish().await?;
        drop(lock);
        Ok(Outlet::Published(published))
    }

    /// Without a folder only a daemon can publish.
    async fn without_folder(&self) -> Result<Outlet, PipelineError> {
        let database = self.config.database.clone();
        let lock = tokio::task::spawn_blocking(move || Lock::take(&database, Purpose::Once, Duration::ZERO)).await?;
        Ok(if let Err(LockError::Daemon { .. }) = lock { Outlet::Daemon } else { Outlet::Published(None) })
    }
}
