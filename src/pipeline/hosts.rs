//! What is remembered of hosts, for the fetcher: in the store, but for turns, which are shared by files beside it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use url::Url;

use super::{Pipeline, PipelineError};
use crate::config::{Config, Source};
use crate::domain::{HostWait, RobotsCopy};
use crate::fetch::{Ask, FetchError, Fetcher, Memory, MemoryError, sweep};
use crate::store::Store;

/// A fetcher that keeps the same manners as all processes on this database. Without a store it knows only what happens now.
///
/// # Errors
/// When TLS cannot be set up.
pub fn polite(config: &Config, store: Option<&Store>) -> Result<Fetcher, FetchError> {
    let memory = store.map(|store| Arc::new(Remembered(store.clone())) as Arc<dyn Memory>);
    Ok(Fetcher::new(&config.fetch)?.sharing(memory, &turns(config)))
}

/// How a source's page is asked for, wherever it is: the newsroom's consent not to obey robots.txt is for the host of the configured page, not for
/// where its pager leads or it has moved.
pub fn ask<'a>(source: &'a Source, url: &'a Url) -> Ask<'a> {
    Ask { home: &source.page, obey_robots: source.obey_robots, feed: source.page_rules().is_none(), ..Ask::whole(url) }
}

/// The folder of the files by which processes take turns.
pub fn turns(config: &Config) -> PathBuf {
    config.database.with_file_name("hosts")
}

/// The store as the fetcher's memory.
#[derive(Debug)]
struct Remembered(Store);

impl Memory for Remembered {
    fn waits(&self) -> BoxFuture<'_, Result<Vec<(String, HostWait)>, MemoryError>> {
        async { Ok(self.0.host_waits(Utc::now()).await?) }.boxed()
    }

    fn keep_wait<'a>(&'a self, host: &'a str, wait: HostWait) -> BoxFuture<'a, Result<(), MemoryError>> {
        async move { Ok(self.0.keep_host_wait(host, wait).await?) }.boxed()
    }

    fn robots<'a>(&'a self, authority: &'a str) -> BoxFuture<'a, Result<Option<RobotsCopy>, MemoryError>> {
        async move { Ok(self.0.robots(authority).await?) }.boxed()
    }

    fn keep_robots<'a>(&'a self, authority: &'a str, copy: &'a RobotsCopy) -> BoxFuture<'a, Result<(), MemoryError>> {
        async move { Ok(self.0.keep_robots(authority, copy).await?) }.boxed()
    }
}

/// What was remembered of a host that nobody asks any more is forgotten after so long; what was asked of it a year later.
const REMEMBERED: Duration = Duration::from_secs(60 * 24 * 3_600);

impl Pipeline {
    /// Forgets hosts that nobody asks any more: redirects may lead to ever new ones.
    pub(super) async fn tidy_hosts(&self) -> Result<(), PipelineError> {
        self.store.tidy_hosts(Utc::now() - REMEMBERED).await?;
        let folder = turns(&self.config);
        if let Err(error) = tokio::task::spawn_blocking(move || sweep(&folder, REMEMBERED)).await? {
            tracing::debug!(%error, "files of hosts that nobody asks any more are not removed");
        }
        Ok(())
    }

    /// Adds what was asked of hosts to the store: now and then and at the end, for it is not worth a row at each request.
    ///
    /// # Errors
    /// When the store fails; the counts are kept for the next time.
    pub async fn keep_counts(&self) -> Result<(), PipelineError> {
        let (fetcher, store) = (self.fetcher.clone(), self.store.clone());
        // A task, for whoever waits for this may be cut: what was taken is kept or given back all the same, and not both.
        let kept = tokio::spawn(async move {
            let counts = fetcher.take_counts();
            let kept = store.add_host_counts(Utc::now().date_naive(), &counts).await;
            if kept.is_err() {
                fetcher.return_counts(&counts);
            }
            kept
        });
        Ok(kept.await??)
    }
}
