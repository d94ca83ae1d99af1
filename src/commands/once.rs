//! `once`: one round, for cron.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::{Exit, report};
use crate::cli::OnceArgs;
use crate::config::{Config, Source};
use crate::pipeline::{Outlets, Pipeline, Which};
use crate::publish::{Lock, LockError, Purpose};
use crate::store::Store;

/// How long the webhook may take at the end. What it does not take is told by the next run.
const WEBHOOK: Duration = Duration::from_secs(5);

/// How long to wait for another process that publishes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(config: Config, args: &OnceArgs) -> anyhow::Result<Exit> {
    let config = Arc::new(config);
    // The process ends with the round: to take thousands of selectors apart would be for nothing.
    std::mem::forget(config.clone());
    let accepted = args.accept.iter().map(|id| source(&config, id)).collect::<anyhow::Result<Vec<_>>>()?;
    let store = Store::open(&config.database).await?;
    // Nothing else goes on here meanwhile.
    let lock = match Lock::take(&config.database, Purpose::Once, PATIENCE) {
        Ok(lock) => Some(lock),
        // It publishes what is stored here.
        Err(LockError::Daemon { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let outlets = Outlets { disk: lock.is_some(), shelf: None };
    let pipeline = Pipeline::new(config.clone(), store.clone(), outlets).await?;
    for source in accepted {
        store.accept(&source.newsroom.id).await?;
    }
    let round = pipeline.round(Which { all: args.all, now: args.now }).await?;
    if let Ok(Err(error)) = tokio::time::timeout(WEBHOOK, pipeline.deliver()).await {
        eprintln!("newsroomd: the webhook could not be told: {}", crate::error_chain(&error));
    }
    store.close().await;
    let by_daemon = lock.is_none();
    drop(lock);
    report::round(&round, by_daemon, args.json);
    Ok(if round.failed() { Exit::SourceFailed } else { Exit::Done })
}

fn source<'c>(config: &'c Config, id: &str) -> anyhow::Result<&'c Source> {
    config.source(id).with_context(|| {
        let ids: Vec<&str> = config.sources.iter().map(|s| s.newsroom.id.as_str()).collect();
        format!("no source is called \"{id}\"; there are: {}", ids.join(" | "))
    })
}
