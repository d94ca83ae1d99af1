//! The publish lock: of all processes on one store, one publishes at a time, so that none overwrites newer documents with older ones. And the lock of
//! a backfill: of one source there is one at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The lock, held until dropped; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Whoever looks between our end and the next holder's beginning is not to read of us. Best effort: the lock itself says the truth.
        let _ = self.file.set_len(0);
    }
}

/// For what the lock is taken. The file tells whoever finds it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A daemon publishes for as long as it runs, also what others stored.
    Daemon,
    /// One publishing.
    Once,
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
    /// A daemon holds it.
    #[error("a newsroomd daemon is running on this database (lock {}); stop it first, or leave it to the daemon", path.display())]
    Daemon {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds it.
    #[error("another newsroomd is publishing from this database (lock {}); try again when it is done", path.display())]
    Held {
        /// The file.
        path: PathBuf,
    },
}

/// Who holds the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// A daemon.
    Daemon {
        /// Its process, as far as the system tells.
        process: Option<u32>,
    },
    /// A process that publishes once.
    Other {
        /// It, as far as the system tells.
        process: Option<u32>,
    },
}

/// What the file says while a daemon holds it.
const DAEMON: &[u8] = b"daemon\n";

/// How often a waiting process looks whether the lock is free.
const LOOK: Duration = Duration::from_millis(50);

impl Lock {
    /// Takes the lock of the one process that walks the archive of this source. None: another has it.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn of_backfill(database: &Path, source: &str) -> Result<Option<Self>, LockError> {
        let (file, path) = beside(database, &format!(".backfill-{source}.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(LockError::Unusable { path, source }),
        }
    }

    /// Takes the lock beside the database, waiting for at most `patience` while another process publishes. Blocks the thread.
    ///
    /// # Errors
    /// When a daemon holds it, another process holds it for longer, or the file cannot be made.
    pub fn take(database: &Path, purpose: Purpose, patience: Duration) -> Result<Self, LockError> {
        let (file, path) = beside(database, ".lock")?;
        let unusable = |source| LockError::Unusable { path: path.clone(), source };
        let started = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    file.set_len(0).map_err(unusable)?;
                    if purpose == Purpose::Daemon {
                        (&file).write_all(DAEMON).map_err(unusable)?;
                    }
                    return Ok(Self { file });
                }
                Err(TryLockError::Error(source)) => return Err(unusable(source)),
                Err(TryLockError::WouldBlock) if std::fs::read(&path).is_ok_and(|told| told == DAEMON) => {
                    return Err(LockError::Daemon { path });
                }
                Err(TryLockError::WouldBlock) if started.elapsed() >= patience => return Err(LockError::Held { path }),
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::info!(lock = %path.display(), "waiting for the publish lock: another newsroomd is publishing");
                    }
                    std::thread::sleep(LOOK);
                }
            }
        }
    }
}

impl Holder {
    /// Who holds the publish lock now. It is not taken, and no file is made.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn now(database: &Path) -> Result<Self, LockError> {
        let path = name(database, ".lock");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::Nobody),
            Err(source) => return Err(LockError::Unusable { path, source }),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Self::Nobody),
            Err(TryLockError::Error(source)) => Err(LockError::Unusable { path, source }),
            Err(TryLockError::WouldBlock) => {
                let process = process(&file);
                let is_daemon = std::fs::read(&path).is_ok_and(|told| told == DAEMON);
                Ok(if is_daemon { Self::Daemon { process } } else { Self::Other { process } })
            }
        }
    }
}

/// The process that holds the lock of a file (proc_locks(5)), if the system tells.
fn process(file: &File) -> Option<u32> {
    let inode = std::os::unix::fs::MetadataExt::ino(&file.metadata().ok()?).to_string();
    // 1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF
    let is_it = |fields: &Vec<&str>| {
        fields.get(1) == Some(&"FLOCK") && fields.get(5).and_then(|place| place.rsplit(':').next()) == Some(inode.as_str())
    };
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let fields = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(is_it)?;
    fields[4].parse().ok().filter(|process| *process > 0)
}

/// The name of a lock's file.
fn name(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The file of a lock.
fn beside(database: &Path, ending: &str) -> Result<(File, PathBuf), LockError> {
    let path = name(database, ending);
    let unusable = |source| LockError::Unusable { path: path.clone(), source };
    // At the very first start the lock comes before the database.
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(unusable)?;
    }
    let file = OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(unusable)?;
    Ok((file, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_finds_it_held_learns_by_whom() {
        let dir = tempfile::tempdir().expect("a folder");
        let database = dir.path().join("n.db");
        let take = |purpose| Lock::take(&database, purpose, Duration::ZERO);
        let once = take(Purpose::Once).expect("free");
        assert!(matches!(take(Purpose::Daemon), Err(LockError::Held { .. })));
        drop(once);
        assert_eq!(Holder::now(&database).expect("told"), Holder::Nobody);
        let daemon = take(Purpose::Daemon).expect("free");
        let ours = Some(std::process::id());
        let told = Holder::now(&database).expect("told");
        assert!([ours, None].iter().any(|process| told == Holder::Daemon { process: *process }), "{told:?}");
        assert!(matches!(take(Purpose::Once), Err(LockError::Daemon { .. })));
        drop(daemon);
        drop(take(Purpose::Once).expect("free"));
        let again = take(Purpose::Once).expect("free");
        assert!(matches!(take(Purpose::Once), Err(LockError::Held { .. })), "a daemon that is gone is not spoken of");
        drop(again);
    }
}
