//! One source, once, and one stale channel, once: the parts, driven in order.
//!
//! `due` says which sources are due; `poll` walks one source's pages into the store; `publish` renders what the store marked stale and brings it to
//! disk, `shelve` to the shelf; `question` is what feeds of one's own ask; `lists` are the lists of feeds, `removal` what was forgotten; `round` is all of it once;
//! `article` asks for new items' own pages; `backfill` walks a pager to its end. `health` judges pages and notes how sources fare, `status` makes the feed of
//! it, `deliver` tells the webhook; `examine` compares the tree with the store, `place` tells when it is another one; `hosts` keeps what the fetcher
//! must remember of hosts; `aside` is for work that blocks.

mod article;
mod aside;
mod backfill;
mod channel;
mod deliver;
mod due;
mod examine;
mod found;
mod health;
mod hosts;
mod lists;
mod page;
mod place;
mod poll;
mod publish;
mod question;
mod read;
mod removal;
mod round;
mod shelve;
mod status;
mod story;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use article::{Articles, Failure, article_hosts, read_article};
pub use backfill::{BackfillAsked, Backfilled, Begins, Ended, Estimate, Outlet, Progress, Told};
pub use channel::title;
pub use due::{Due, Standing, backs_off, is_due, now};
pub use examine::Examined;
pub use health::{Judged, judge_first};
pub use hosts::{ask, polite, turns};
pub use poll::{Otherwise, PollError, Polled, Walked};
pub use publish::Published;
pub use question::in_words;
pub use read::{PageRead, read_archived, read_page};
pub use round::{Outcome, Round, Wait, Which};
pub use story::merged_in_words;

use self::aside::aside;
use self::status::Private;
use crate::config::Config;
use crate::fetch::{FetchError, Fetcher};
use crate::notify::Webhook;
use crate::publish::shelf::Shelf;
use crate::publish::{Disk, LockError, PublishError};
use crate::store::{Store, StoreError};

/// Everything a poll and a publishing need. Clones share it.
#[derive(Debug, Clone)]
pub struct Pipeline {
    config: Arc<Config>,
    store: Store,
    fetcher: Fetcher,
    disk: Option<Disk>,
    /// Where the status feed lies, for who holds the publish lock.
    private: Option<Arc<Private>>,
    shelf: Option<Arc<Shelf>>,
    webhook: Option<Webhook>,
    /// Parsing is work for the processor: no more pages at a time than there are cores.
    cores: Arc<Semaphore>,
}

/// Where documents go. Without any, what is polled is only stored and marked: a daemon beside us publishes it.
#[derive(Debug, Clone, Default)]
pub struct Outlets {
    /// To the config's directory, if it names one. Only for who holds the publish lock.
    pub disk: bool,
    /// To this shelf.
    pub shelf: Option<Arc<Shelf>>,
}

/// Why the pipeline cannot go on. (A poll that fails is no such thing: it is an [`Outcome`].)
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tree on disk cannot be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A lock cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A step died.
    #[error("a step of the pipeline died")]
    Died(#[from] tokio::task::JoinError),
}

impl Pipeline {
    /// Makes ready: opens the tree, registers the sources and applies renamed terms.
    ///
    /// # Errors
    /// When store or tree cannot be used.
    pub async fn new(config: Arc<Config>, store: Store, outlets: Outlets) -> Result<Self, PipelineError> {
        let fetcher = polite(&config, Some(&store))?;
        let private = outlets.disk.then(|| Arc::new(Private::beside(&config.database)));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::made(config, store, fetcher, private, outlets, Arc::new(Semaphore::new(cores))).await
    }

    /// The same by another configuration, of the same database: hosts are asked with what is known of them. Polls that go on by this one keep
    /// it. `shelf`: instead of this one's.
    ///
    /// # Errors
    /// When store or tree cannot be used; what was published stays.
    pub async fn renewed(&self, config: Arc<Config>, shelf: Option<Arc<Shelf>>) -> Result<Self, PipelineError> {
        let fetcher = match config.fetch == self.config.fetch {
            true => self.fetcher.clone(),
            false => polite(&config, Some(&self.store))?,
        };
        let outlets = Outlets { disk: self.private.is_some(), shelf };
        Self::made(config, self.store.clone(), fetcher, self.private.clone(), outlets, self.cores.clone()).await
    }

    async fn made(
        config: Arc<Config>,
        store: Store,
        fetcher: Fetcher,
        private: Option<Arc<Private>>,
        outlets: Outlets,
        cores: Arc<Semaphore>,
    ) -> Result<Self, PipelineError> {
        let disk = match config.publish.directory.clone().filter(|_| outlets.disk) {
            Some(root) => Some(aside(move || Disk::open(&root)).await??),
            None => None,
        };
        let states = store.sources(config.sources.iter().map(|s| &s.newsroom.id)).await?;
        let webhook = config.status.webhook.clone().map(Webhook::new);
        let pipeline = Self { config, store, fetcher, disk, private, shelf: outlets.shelf, webhook, cores };
        pipeline.reschedule(&states).await?;
        let names: Vec<&str> = pipeline.config.sources.iter().map(|s| s.newsroom.id.as_str()).collect();
        pipeline.store.settle_incidents(&names, now(), pipeline.webhook.is_some()).await?;
        pipeline.settle(chrono::Utc::now()).await?;
        Ok(pipeline)
    }

    /// A pipeline to look with: it changes neither store nor tree, and asks nobody.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn looking(config: Arc<Config>, store: Store) -> Result<Self, PipelineError> {
        let fetcher = Fetcher::new(&config.fetch)?;
        let disk = config.publish.directory.as_deref().map(Disk::look);
        Ok(Self { config, store, fetcher, disk, private: None, shelf: None, webhook: None, cores: Arc::new(Semaphore::new(1)) })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether what both ask of hosts is counted together.
    pub fn shares_counts(&self, other: &Self) -> bool {
        self.config.fetch == other.config.fetch
    }

    /// Whether both are of one configuration, read at one time.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config)
    }
}
