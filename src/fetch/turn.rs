//! Turns: one request at a time to a host, and a pause between two, over all tasks of this process and all processes on one database.
//!
//! Within the process those who wait stand in line. Between processes a file per host is locked, which the system lets go of when a process ends,
//! however it ends; in it stands when the host was last asked, so that the pause outlives the process without a row being written. The pause
//! counts from the end of a request (from its beginning if the process died in it): who answers slowly has the same rest as others.
//! The time is written into the file instead of set as the file's own: that is exact on every file system, and asks for no ownership.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, sleep};

/// How often to look whether another process is done: at first, and at last.
const LOOK: Duration = Duration::from_millis(2);
const LOOK_LATER: Duration = Duration::from_millis(100);

/// Files that stay open between two requests; a process may have a thousand open in all.
const KEPT: usize = 128;

/// Hosts that are remembered in this process.
const MOST: usize = 4_096;

/// Nanoseconds since 1970, in digits.
const STAMP: usize = 20;

/// All hosts.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Where the files are; None: this process is on its own.
    folder: Option<PathBuf>,
    lanes: Mutex<HashMap<String, Lane>>,
}

/// Whoever holds it has the turn; the others wait in the order of their coming.
type Lane = Arc<tokio::sync::Mutex<Head>>;

#[derive(Debug, Default)]
struct Head {
    /// When the last request of this process ended.
    last: Option<Instant>,
    file: Option<File>,
    /// It was told already that others cannot be heeded here.
    warned: bool,
}

/// Who is first in line of this process; the others wait until it is dropped, or its turn is.
#[derive(Debug)]
pub(super) struct First {
    head: OwnedMutexGuard<Head>,
    keep: bool,
}

/// A turn: nobody else asks the host until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    head: OwnedMutexGuard<Head>,
    locked: bool,
    keep: bool,
    /// Whether others want to know when this was.
    paced: bool,
    begun: bool,
    /// How long it was waited for at the head of the line: for the gap to be over, or for another process.
    pub waited: Duration,
    /// How long ago the host was last asked, as far as that is known.
    pub since_last: Option<Duration>,
}

impl Turns {
    /// Shares turns with all processes that use this folder, which is made if its own folder is there.
    pub fn shared(folder: &Path) -> Self {
        // Where it cannot be made, no file in it can be opened, which is told then.
        let _ = std::fs::create_dir(folder);
        Self { folder: Some(folder.to_owned()), lanes: Mutex::default() }
    }

    /// Waits for a turn at `name`, `gap` after the last one. Dropped meanwhile, it leaves nothing behind.
    pub async fn take(&self, name: &str, gap: Duration) -> Turn {
        let first = self.line(name).await;
        self.ahead(first, name, gap).await
    }

    /// Waits in the line of this process only, which costs no look at a file: whoever is first may find that no turn is needed any more.
    pub async fn line(&self, name: &str) -> First {
        let (lane, keep) = self.lane(name);
        First { head: lane.lock_owned().await, keep }
    }

    /// The first in line at `name` waits for other processes, and for the gap to be over.
    pub async fn ahead(&self, First { mut head, keep }: First, name: &str, gap: Duration) -> Turn {
        let began = Instant::now();
        if head.file.is_none() {
            self.open(&mut head, name);
        }
        let mut turn =
            Turn { head, locked: false, keep, paced: !gap.is_zero(), begun: false, waited: Duration::ZERO, since_last: None };
        let mut look = LOOK;
        let mut ahead = None;
        loop {
            turn.since_last = turn.head.last.map(|last| last.elapsed());
            if let Some(rest) = turn.since_last.and_then(|since| gap.checked_sub(since)).filter(|rest| !rest.is_zero()) {
                sleep(rest).await;
                continue;
            }
            let Some(file) = &turn.head.file else { break };
            match file.try_lock() {
                Ok(()) => turn.locked = true,
                Err(TryLockError::WouldBlock) => {
                    sleep(look).await;
                    look = (look * 2).min(LOOK_LATER);
                    continue;
                }
                Err(TryLockError::Error(error)) => {
                    turn.head.warn(name, &error);
                    break;
                }
            }
            if file.metadata().is_ok_and(|file| file.nlink() == 0) {
                // It was removed: others lock another one.
                turn.unlock();
                self.open(&mut turn.head, name);
                continue;
            }
            if !turn.paced {
                break;
            }
            let last = stamp(file);
            let since = match last.map(|last| SystemTime::now().duration_since(last)) {
                Some(Ok(since)) => Some(since),
                // A clock was set back: that may cost one gap, and no more.
                Some(Err(_)) if std::mem::replace(&mut ahead, last) != last => Some(Duration::ZERO),
                Some(Err(_)) | None => None,
            };
            let Some(rest) = since.and_then(|since| gap.checked_sub(since)).filter(|rest| !rest.is_zero()) else {
                turn.since_last = turn.since_last.into_iter().chain(since).min();
                break;
            };
            // Not while it is locked: others wait for the same moment, and have the same chance then.
            turn.unlock();
            sleep(rest).await;
        }
        turn.waited = began.elapsed();
        turn
    }

    /// Opens the file of a host. Without it turns are shared within this process only, as when another user looks at a page.
    fn open(&self, head: &mut Head, name: &str) {
        let Some(folder) = &self.folder else { return };
        let path = folder.join(file_name(name));
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        // Such as one that another user made: it can be locked, and read, all the same.
        let opened = opened.or_else(|error| File::open(&path).map_err(|_| error));
        head.file = match opened {
            Ok(file) => Some(file),
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    head.warn(name, &error);
                }
                None
            }
        };
    }

    fn lane(&self, name: &str) -> (Lane, bool) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(name) {
            return (lane.clone(), lanes.len() <= KEPT);
        }
        // Redirects may lead to ever new hosts. What is forgotten here stands in the files.
        if lanes.len() >= MOST {
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        }
        let lane = Lane::default();
        lanes.insert(name.to_owned(), lane.clone());
        (lane, lanes.len() <= KEPT)
    }
}

/// Removes the files of hosts that nobody asked for so long, in a folder that processes share; what cannot be opened or removed stays. Blocks the
/// thread.
///
/// # Errors
/// When the folder cannot be read.
pub fn sweep(folder: &Path, unused: Duration) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "turn") {
            continue;
        }
        if let Err(error) = remove_old(&path, unused) {
            tracing::debug!(file = %path.display(), %error, "not removed");
        }
    }
    Ok(())
}

fn remove_old(path: &Path, unused: Duration) -> std::io::Result<()> {
    let file = File::open(path)?;
    let old = file.metadata()?.modified()?.elapsed().is_ok_and(|age| age > unused);
    // Whoever has it open, and gets the lock after us, sees that it is gone.
    if old && file.try_lock().is_ok() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

impl Head {
    /// Once for each host is enough.
    fn warn(&mut self, host: &str, error: &std::io::Error) {
        if !std::mem::replace(&mut self.warned, true) {
            tracing::warn!(host, %error, "no lock: other newsroomd processes may ask this host at the same time");
        }
    }
}

impl Turn {
    /// The request begins: from now on others keep their distance, even if this process dies.
    pub fn begin(&mut self) {
        self.begun = true;
        self.note();
    }

    fn note(&mut self) {
        self.head.last = Some(Instant::now());
        if let (true, Some(file)) = (self.locked && self.paced, &self.head.file) {
            let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
            // What cannot be noted is not known to others; within this process it is.
            if let Err(error) = file.write_all_at(format!("{nanoseconds:0STAMP$}\n").as_bytes(), 0) {
                tracing::debug!(%error, "the time of a request was not noted");
            }
        }
    }

    fn unlock(&mut self) {
        if let (true, Some(file)) = (std::mem::replace(&mut self.locked, false), &self.head.file)
            && let Err(error) = file.unlock()
        {
            tracing::debug!(%error, "a lock was not let go of");
            self.head.file = None;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.begun {
            self.note();
        }
        self.unlock();
        if !self.keep {
            self.head.file = None;
        }
    }
}

/// A name that every file system takes, and that is no other host's.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']') { c } else { '_' };
    let text: String = name.chars().map(plain).collect();
    if text == name && name.len() <= 120 {
        return format!("{text}.turn");
    }
    let text: String = text.chars().take(80).collect();
    format!("{text}_{:016x}.turn", xxhash_rust::xxh3::xxh3_64(name.as_bytes()))
}

/// When the host was last asked, as the file says; None: never, or nobody knows.
fn stamp(file: &File) -> Option<SystemTime> {
    let mut text = [0; STAMP];
    file.read_exact_at(&mut text, 0).ok()?;
    let nanoseconds: u64 = std::str::from_utf8(&text).ok()?.parse().ok()?;
    Some(UNIX_EPOCH + Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_millis(80);

    async fn request(turns: &Turns, name: &str, gap: Duration) -> Instant {
        let mut turn = turns.take(name, gap).await;
        turn.begin();
        Instant::now()
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[tokio::test]
    async fn the_gap_is_kept_within_a_process_and_between_two() {
        let dir = folder();
        let folder = dir.path().join("hosts");
        let (one, other) = (Turns::shared(&folder), Turns::shared(&folder));
        let first = request(&one, "a.example", GAP).await;
        let second = request(&other, "a.example", GAP).await;
        let third = request(&one, "a.example", GAP).await;
        assert!(second - first >= GAP && third - second >= GAP, "{:?}, {:?}", second - first, third - second);
        // Another process, later.
        let fourth = request(&Turns::shared(&folder), "a.example", GAP).await;
        assert!(fourth - third >= GAP, "{:?}", fourth - third);
    }

    #[tokio::test]
    async fn one_at_a_time_even_without_a_gap() {
        let dir = folder();
        let (one, other) = (Turns::shared(&dir.path().join("hosts")), Turns::shared(&dir.path().join("hosts")));
        let held = one.take("a.example", Duration::ZERO).await;
        for turns in [&one, &other] {
            let second = tokio::time::timeout(GAP, turns.take("a.example", Duration::ZERO)).await;
            assert!(second.is_err());
            drop(tokio::time::timeout(GAP * 50, turns.take("b.example", Duration::ZERO)).await.expect("another host's turn"));
        }
        drop(held);
        drop(other.take("a.example", Duration::ZERO).await);
        drop(one.take("a.example", Duration::ZERO).await);
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_costs_one_gap() {
        let dir = folder();
        let folder = dir.path().join("hosts");
        let _ = request(&Turns::shared(&folder), "a.example", GAP).await;
        let file = folder.join("a.example.turn");
        let text = std::fs::read_to_string(&file).expect("a file");
        assert_eq!(text.len(), STAMP + 1, "{text}");
        std::fs::write(&file, format!("{:0STAMP$}\n", 4_000_000_000_000_000_000_u64)).expect("a file");
        // The file goes on telling a time to come; whoever waited for it goes on all the same.
        let waited = tokio::time::timeout(GAP * 100, request(&Turns::shared(&folder), "a.example", GAP)).await;
        assert!(waited.is_ok());
        for nonsense in ["", "x", "99999999999999999999\n"] {
            std::fs::write(&file, nonsense).expect("a file");
            request(&Turns::shared(&folder), "a.example", GAP).await;
        }
    }

    #[tokio::test]
    async fn without_a_folder_the_process_is_on_its_own() {
        let turns = Turns::shared(Path::new("/nonexistent/hosts"));
        let first = request(&turns, "a.example", GAP).await;
        assert!(request(&turns, "a.example", GAP).await - first >= GAP);
    }

    #[tokio::test]
    async fn files_that_nobody_uses_are_removed_under_nobody() {
        let dir = folder();
        let folder = dir.path().join("hosts");
        let (one, other) = (Turns::shared(&folder), Turns::shared(&folder));
        for name in ["a.example", "b.example"] {
            request(&one, name, GAP).await;
        }
        let held = one.take("b.example", Duration::ZERO).await;
        sweep(&folder, Duration::from_secs(3_600)).expect("swept");
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 2);
        sweep(&folder, Duration::ZERO).expect("swept");
        let left: Vec<_> = std::fs::read_dir(&folder).expect("a folder").flatten().map(|e| e.file_name()).collect();
        assert_eq!(left, ["b.example.turn"], "the one that is in use stays");
        drop(held);
        // Who has the removed one open still shares turns with who has not.
        let held = one.take("a.example", Duration::ZERO).await;
        assert!(tokio::time::timeout(GAP, other.take("a.example", Duration::ZERO)).await.is_err());
        drop(held);
        drop(other.take("a.example", Duration::ZERO).await);
    }

    /// Such as one that another user made: no writing to it, but it can be locked. A folder is that for everybody.
    #[tokio::test]
    async fn a_file_that_cannot_be_written_still_shares_turns() {
        let dir = folder();
        let folder = dir.path().join("hosts");
        std::fs::create_dir_all(folder.join("a.example.turn")).expect("a folder");
        let (one, other) = (Turns::shared(&folder), Turns::shared(&folder));
        let held = one.take("a.example", GAP).await;
        assert!(tokio::time::timeout(GAP, other.take("a.example", GAP)).await.is_err());
        drop(held);
        let first = request(&one, "a.example", GAP).await;
        assert!(request(&one, "a.example", GAP).await - first >= GAP);
        drop(other.take("a.example", GAP).await);
    }

    #[tokio::test]
    async fn when_it_was_is_read_where_it_cannot_be_written() {
        let dir = folder();
        let folder = dir.path().join("hosts");
        let first = request(&Turns::shared(&folder), "a.example", GAP).await;
        let other = Turns::shared(&folder);
        other.lane("a.example").0.try_lock().expect("nobody's turn").file = File::open(folder.join("a.example.turn")).ok();
        assert!(request(&other, "a.example", GAP).await - first >= GAP);
    }

    #[tokio::test]
    async fn files_that_cannot_be_opened_or_removed_do_not_end_the_sweep() {
        let dir = folder();
        let folder = dir.path().join("hosts");
        request(&Turns::shared(&folder), "m.example", GAP).await;
        for n in 0..8 {
            std::fs::create_dir_all(folder.join(format!("{n}.turn"))).expect("a folder");
            std::os::unix::fs::symlink("/nonexistent/file", folder.join(format!("{n}{n}.turn"))).expect("a link");
        }
        sweep(&folder, Duration::ZERO).expect("swept");
        assert!(!folder.join("m.example.turn").exists());
    }

    #[test]
    fn file_names() {
        assert_eq!(file_name("www.example.org:8080"), "www.example.org:8080.turn");
        assert_eq!(file_name(".."), "...turn");
        for name in ["robots https://a.example", "a/b", &"x".repeat(250)] {
            let file = file_name(name);
            assert!(file.len() < 120 && !file.contains('/') && !file.contains(' '), "{file}");
        }
        assert_ne!(file_name("a/b"), file_name("a_b"));
    }
}
