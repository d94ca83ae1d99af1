//! Sees that the configuration file has changed (`watch = true`).
//!
//! Its folder is watched, since editors put a new file in the old one's place; what counts is whether its bytes are others once nothing has happened
//! for a moment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::config::text_digest;
use crate::domain::Digest;

/// Who saves a file may do it in several steps.
const QUIET: Duration = Duration::from_millis(300);

/// Watches for as long as it lives.
#[derive(Debug)]
pub(super) struct Changed {
    _watcher: RecommendedWatcher,
    task: JoinHandle<()>,
}

impl Changed {
    /// Tells `asked` whenever the file holds another text than when it was last looked at; `known`: that which is in force. None, with a warning, where
    /// the system does not say.
    pub fn watch(path: &Path, known: Digest, asked: Arc<Notify>) -> Option<Self> {
        match Self::start(path, known, asked) {
            Ok(changed) => Some(changed),
            Err(error) => {
                tracing::warn!(%error, "the configuration cannot be watched: SIGHUP has a changed one taken over");
                None
            }
        }
    }

    fn start(path: &Path, mut known: Digest, asked: Arc<Notify>) -> notify::Result<Self> {
        let path = path.to_owned();
        let happened = Arc::new(Notify::new());
        let tell = happened.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is no change; what the system could not tell may be one.
            let read = |kind: &EventKind| match kind {
                EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
                EventKind::Access(_) => true,
                _ => false,
            };
            if !event.is_ok_and(|event| read(&event.kind)) {
                tell.notify_one();
            }
        })?;
        for folder in folders(&path) {
            watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        }
        // It may have changed since it was read and before it is watched: a start can take a minute.
        happened.notify_one();
        let task = tokio::spawn(async move {
            loop {
                happened.notified().await;
                while timeout(QUIET, happened.notified()).await.is_ok() {}
                // A file that is gone for now is no configuration, good or bad.
                let path = path.clone();
                let Ok(Some(text)) = tokio::task::spawn_blocking(move || text_digest(&path)).await else { continue };
                if known != text {
                    known = text;
                    asked.notify_one();
                }
            }
        });
        Ok(Self { _watcher: watcher, task })
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The file's folder, and that of the file that it leads to.
fn folders(path: &Path) -> Vec<PathBuf> {
    let folder = |path: &Path| match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut folders = vec![folder(path)];
    if let Ok(real) = path.canonicalize() {
        let real = folder(&real);
        if folders[0].canonicalize().ok().as_ref() != Some(&real) {
            folders.push(real);
        }
    }
    folders
}
