//! `once`: one round, for cron.

use std::sync::Arc;
use std::time::Duration;

use super::{Exit, report};
use crate::cli::OnceArgs;
use crate::config::Config;
use crate::pipeline::Pipeline;
use crate::publish::Lock;
use crate::store::Store;

/// How long to wait for another process that publishes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(config: &Config, args: &OnceArgs) -> anyhow::Result<Exit> {
    let store = Store::open(&config.database).await?;
    let database = config.database.clone();
    let lock = tokio::task::spawn_blocking(move || Lock::take(&database, PATIENCE)).await??;
    let pipeline = Pipeline::new(Arc::new(config.clone()), store.clone()).await?;
    let round = pipeline.round(args.all).await?;
    store.close().await;
    drop(lock);
    report::round(&round, args.json);
    Ok(if round.failed() { Exit::SourceFailed } else { Exit::Done })
}
