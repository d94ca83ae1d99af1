//! `once`: one round, for cron.

use std::sync::Arc;
use std::time::Duration;

use super::{Exit, report};
use crate::cli::OnceArgs;
use crate::config::Config;
use crate::pipeline::{Outlets, Pipeline, Which};
use crate::publish::{Lock, LockError, Purpose};
use crate::store::Store;

/// How long to wait for another process that publishes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(config: &Config, args: &OnceArgs) -> anyhow::Result<Exit> {
    let store = Store::open(&config.database).await?;
    let database = config.database.clone();
    let lock = match tokio::task::spawn_blocking(move || Lock::take(&database, Purpose::Once, PATIENCE)).await? {
        Ok(lock) => Some(lock),
        // It publishes what is stored here.
        Err(LockError::Daemon { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let outlets = Outlets { disk: lock.is_some(), shelf: None };
    let pipeline = Pipeline::new(Arc::new(config.clone()), store.clone(), outlets).await?;
    let round = pipeline.round(Which { all: args.all, now: args.now }).await?;
    store.close().await;
    let by_daemon = lock.is_none();
    drop(lock);
    report::round(&round, by_daemon, args.json);
    Ok(if round.failed() { Exit::SourceFailed } else { Exit::Done })
}
