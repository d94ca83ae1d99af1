//! Looking at the store: how the sources stand, how large it is, and whether it answers at all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use super::Monitor;
use crate::error_chain;
use crate::pipeline::Pipeline;
use crate::store::SourceState;

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
            let looked = look(&pipeline, monitor.on_disk()).await;
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

/// What there was to see.
pub(super) struct Look {
    /// How the sources stand, in the configuration's order.
    pub states: Vec<Option<SourceState>>,
    /// The bytes of the database and its log.
    pub size: u64,
    /// When documents that lie on disk alone changed: their times are those of their feeds.
    pub changed: HashMap<String, SystemTime>,
}

async fn look(pipeline: &Pipeline, on_disk: Vec<String>) -> Result<Look, String> {
    let states = pipeline.states().await.map_err(|error| error_chain(&error))?;
    let database = pipeline.config().database.clone();
    let root = pipeline.config().publish.directory.clone().unwrap_or_default();
    let seen = tokio::task::spawn_blocking(move || {
        let size = bytes(&database) + bytes(&log_of(&database));
        let changed = |path: String| Some((std::fs::metadata(root.join(&path)).ok()?.modified().ok()?, path));
        (size, on_disk.into_iter().filter_map(changed).map(|(time, path)| (path, time)).collect())
    });
    let (size, changed) = seen.await.map_err(|error| error.to_string())?;
    Ok(Look { states, size, changed })
}

fn bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// The write-ahead log, which lies beside a database.
fn log_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}
