//! The daemon: polls on schedule, publishes, answers over HTTP, until it is told to stop.
//!
//! Start and stop stand on this page; what happens between them in `work`. `doors` are where HTTP is answered, `reload` takes another configuration
//! over (`changed` sees that there is one); `manager` and `watchdog` tell systemd, `monitor` whoever asks how it fares.

mod articles;
mod changed;
mod courier;
mod descriptors;
mod doors;
mod heartbeat;
mod log;
mod manager;
mod monitor;
mod reload;
mod watchdog;
mod work;

pub use doors::{Audience, Door, DoorError, open};
pub use reload::{Read, Reload};

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error_chain;
use crate::pipeline::{Outcome, Outlets, Pipeline, PipelineError, Published};
use crate::publish::shelf::Shelf;
use crate::publish::{Lock, LockError, Purpose};
use crate::store::{Store, StoreError};
use doors::Doors;
use heartbeat::Heartbeat;
use manager::Manager;
use monitor::Monitor;
use work::Work;

/// How long a start waits for a process that is publishing, such as `once` from cron.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a stop waits for what is being stored and published, and beside it for the readers being answered. With all else, a stop takes less than
/// 4 seconds. What is cut off is done by the next start.
const GRACE: Duration = Duration::from_secs(2);

/// What happened, for whoever watches.
#[derive(Debug)]
pub enum Event {
    /// The feeds that are stored are served; no poll has begun yet.
    Ready,
    /// A source was polled.
    Polled {
        /// Its id.
        source: String,
        /// How it went.
        outcome: Box<Outcome>,
    },
    /// Something was published.
    Published(Published),
}

/// Why the daemon could not start.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another process publishes.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Settings, tree or client cannot be used.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The scheduler does not start.
    #[error("cannot start the scheduler")]
    Scheduler(#[from] tokio_cron_scheduler::JobSchedulerError),
    /// A step of the start died.
    #[error("a step of the start died")]
    Died(#[from] tokio::task::JoinError),
}

/// Runs the daemon until `stop`. `doors`: where HTTP is answered, bound already; `reload`: how another configuration is had, if ever; `watcher` is told
/// what happens.
///
/// # Errors
/// When it cannot start. Once it runs, failures are logged, and what failed is tried again.
pub async fn run(
    config: Config,
    doors: Vec<Door>,
    reload: Option<Reload>,
    stop: CancellationToken,
    watcher: Option<UnboundedSender<Event>>,
) -> Result<(), DaemonError> {
    let manager = Manager::of_environment();
    manager.status("starting");
    let shelf = doors.iter().any(Door::is_for_readers).then(|| Arc::new(Shelf::new()));
    let monitor = Monitor::new();
    let mut open = Doors::new(&config, monitor.traffic(), Arc::new(monitor.clone()), stop.clone());
    let (lock, store, pipeline) = tokio::select! {
        ready = make_ready(config, shelf.clone()) => ready?,
        () = stop.cancelled() => {
            tracing::info!("stopped before the start was done");
            return Ok(());
        }
    };
    monitor.take_over(&pipeline, open.open()).await;
    open.serve(doors, &shelf.unwrap_or_default());
    let mut work = Work::new(pipeline, open, reload, manager.clone(), monitor.clone(), watcher);
    tokio::spawn(monitor::watch(monitor, work.current.subscribe(), stop.clone()));
    let courier = tokio::spawn(courier::run(work.current.subscribe(), work.incident.clone(), stop.clone()));
    let heartbeat = Heartbeat::start().await?;
    tracing::info!(sources = work.sources(), "ready");
    manager.ready();
    work.tell(Event::Ready);
    if let Some(every) = manager::watchdog() {
        let (pulse, open) = (work.pulse.clone(), work.doors.open());
        tokio::spawn(watchdog::run(every, manager.clone(), pulse, store.clone(), open, stop.clone()));
    }

    tokio::select! {
        () = work.go_on(&heartbeat, &stop) => {}
        () = async { stop.cancelled().await; tokio::time::sleep(GRACE).await } => {
            tracing::warn!("what was being stored or published did not end in time; the next start does it again");
        }
    }

    manager.stopping();
    tracing::info!("stopping");
    heartbeat.stop().await;
    // The database may be another process's just now.
    if tokio::time::timeout(GRACE / 4, work.give_up()).await.is_err() {
        tracing::warn!("the polls that were cut are not noted as due again: they wait for their next time");
    }
    if let Err(error) = courier.await {
        tracing::error!(%error, "telling the webhook died");
    }
    work.doors.close().await;
    if tokio::time::timeout(GRACE / 4, store.close()).await.is_err() {
        tracing::warn!("the database did not close in time; the next start reads its log");
    }
    drop(lock);
    tracing::info!("stopped");
    Ok(())
}

/// Takes the lock, opens the store, and fills the shelf: readers are served from what is stored before the first poll. What an earlier run left on
/// disk is at hand; what is missing, all of it where there is no disk, is rendered.
async fn make_ready(config: Config, shelf: Option<Arc<Shelf>>) -> Result<(Lock, Store, Pipeline), DaemonError> {
    let database = config.database.clone();
    let lock = tokio::task::spawn_blocking(move || Lock::take(&database, Purpose::Daemon, PATIENCE)).await??;
    let store = Store::open(&config.database).await?;
    let pipeline = Pipeline::new(Arc::new(config), store.clone(), Outlets { disk: true, shelf }).await?;
    pipeline.shelve_published().await?;
    if pipeline.lacks_documents().await? {
        match pipeline.publish().await {
            Ok(published) => log::published(published.unwrap_or_default()),
            // It is tried again, and told, once the daemon runs.
            Err(error) => tracing::debug!(error = error_chain(&error), "publishing failed"),
        }
    }
    Ok((lock, store, pipeline))
}
