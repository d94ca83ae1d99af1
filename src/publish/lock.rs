//! The publish lock: of all processes on one store, one publishes at a time, so that none overwrites newer documents with older ones.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The lock, held until dropped; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the lock was not got.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file cannot be made.
    #[error("cannot make the lock file {}: {source}; see that its folder is writable", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another process holds it.
    #[error("another newsroomd is publishing from this database (lock {}); try again when it is done", path.display())]
    Held {
        /// The file.
        path: PathBuf,
    },
}

/// How often a waiting process looks whether the lock is free.
const LOOK: Duration = Duration::from_millis(50);

impl Lock {
    /// Takes the lock beside the database, waiting for at most `patience`. Blocks the thread.
    ///
    /// # Errors
    /// When another process holds it for longer, or the file cannot be made.
    pub fn take(database: &Path, patience: Duration) -> Result<Self, LockError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let unusable = |source| LockError::Unusable { path: path.clone(), source };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(unusable)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(source)) => return Err(unusable(source)),
                Err(TryLockError::WouldBlock) if started.elapsed() >= patience => return Err(LockError::Held { path }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
            }
        }
    }
}
