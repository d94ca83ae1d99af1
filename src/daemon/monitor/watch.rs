//! Looking at the store: how the sources stand, how large it is, and whether it answers at all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use super::Monitor;
use crate::error_chain;
use crate::pipeline::Pipeline;

/// Also when nothing moves: whether it still answers.
const EVERY: Duration = Duration::from_secs(5);

/// Hundreds of polls that end one after another are looked at together.
const PAUSE: Duration = Duration::from_millis(200);

/// Looks whenever something moved, and now and then, until `stop`; only while the configuration in force has an address where it is told.
pub(in crate::daemon) async fn watch(monitor: Monitor, mut current: Receiver<Pipeline>, stop: CancellationToken) {
    let looking = async {
        loop {
            let pipeline = current.borrow_and_update().clone();
            if pipeline.config().http.as_ref().is_none_or(|http| http.admin.is_empty()) {
                drop(pipeline);
                if current.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let looked = look(&pipeline).await;
            monitor.looked(&pipeline, looked);
            drop(pipeline);
            tokio::time::sleep(PAUSE).await;
            tokio::select! {
                () = monitor.moved.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
                changed = current.changed() => if changed.is_err() { return },
            }
        }
    };
    tokio::select! {
        () = looking => {}
        () = stop.cancelled() => {}
    }
}

async fn look(pipeline: &Pipeline) -> Result<(Vec<Option<crate::store::SourceState>>, u64), String> {
    let states = pipeline.states().await.map_err(|error| error_chain(&error))?;
    let database = &pipeline.config().database;
    Ok((states, bytes(database).await + bytes(&log_of(database)).await))
}

async fn bytes(path: &Path) -> u64 {
    tokio::fs::metadata(path).await.map_or(0, |metadata| metadata.len())
}

/// The write-ahead log, which lies beside a database.
fn log_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}
