//! A tree is published to from one database at a time: its folder is locked for as long as a process has it open. The publish lock does not tell
//! two databases apart that were configured for one folder, and each would take the other's lists of feeds for its own.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The folder's lock; the system lets go of it when the process ends, however it ends.
pub(super) type Claim = Arc<File>;

/// What this process has open, by device and inode: it may open a tree a second time, when it takes over a changed configuration.
static HELD: Mutex<Vec<(u64, u64, Weak<File>)>> = Mutex::new(Vec::new());

/// Whoever has just published may let go of the publish lock a moment before it lets go of the tree.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often to look whether it is free.
const LOOK: Duration = Duration::from_millis(20);

/// Locks the folder. None: another process publishes there. On file systems that cannot lock a folder it is not locked. Blocks the thread.
///
/// # Errors
/// When the folder cannot be opened.
pub(super) fn claim(root: &Path) -> io::Result<Option<Claim>> {
    let folder = File::open(root)?;
    let metadata = folder.metadata()?;
    let (device, inode) = (metadata.dev(), metadata.ino());
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.retain(|(_, _, claim)| claim.strong_count() > 0);
    let ours = held.iter().filter(|h| (h.0, h.1) == (device, inode)).find_map(|h| h.2.upgrade());
    if ours.is_some() {
        return Ok(ours);
    }
    let began = Instant::now();
    loop {
        match folder.try_lock() {
            Ok(()) | Err(TryLockError::Error(_)) => {
                let claim = Arc::new(folder);
                held.push((device, inode, Arc::downgrade(&claim)));
                return Ok(Some(claim));
            }
            Err(TryLockError::WouldBlock) if began.elapsed() >= PATIENCE => return Ok(None),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_may_open_it_twice_and_another_may_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = claim(dir.path()).expect("a folder").expect("free");
        let second = claim(dir.path()).expect("a folder").expect("ours");
        drop(first);
        let other = File::open(dir.path()).expect("a folder");
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)), "held as long as one of them is open");
        drop(second);
        other.try_lock().expect("free");
        assert!(claim(dir.path()).expect("a folder").is_none(), "another's");
    }
}
