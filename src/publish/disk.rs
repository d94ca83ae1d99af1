//! The tree on disk: whole documents or none, and nothing touched whose bytes do not change.
//!
//! A document is written at the root of the tree, flushed, and renamed over the old one; its folder is flushed at the end of a batch. Whoever
//! reads sees the old document or the new one. A process that dies leaves at most a file that begins with a dot, which the next one removes: it has
//! to look for it in one folder, not in hundreds.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::claim::{Claim, claim};
use crate::feed::pages;

/// Why a document was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The disk refuses.
    #[error("cannot {what} {}: {source}; see that {} and all in it belong to the user that newsroomd runs as, and that the disk is not full", path.display(), root.display())]
    Refused {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// The tree.
        root: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file stands in its way.
    #[error("cannot make the folder {}: what is there is none; move it away, or name another folder in [publish] directory", path.display())]
    NoFolder {
        /// Where the folder should be.
        path: PathBuf,
    },
    /// A process with another database publishes there.
    #[error("another newsroomd publishes to {} from another database: name another folder in [publish] directory of one of the two", root.display())]
    Claimed {
        /// The tree.
        root: PathBuf,
    },
}

/// The published tree.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
    /// Pages of somebody else's that were told of.
    foreign: Arc<Mutex<BTreeSet<PathBuf>>>,
    /// Held until the last copy is dropped; None: it is only looked at.
    _claim: Option<Claim>,
}

/// What marks files that are being written.
pub(super) const UNFINISHED: &str = ".newsroomd-";

impl Disk {
    /// The tree at this folder, which is made if it is missing. Leftovers of a process that died are removed: call it only
    /// while holding the publish lock.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or a process with another database publishes there.
    pub fn open(root: &Path) -> Result<Self, PublishError> {
        let mut disk = Self::look(root);
        disk.make_folder(root)?;
        match claim(root).map_err(disk.error("open", root))? {
            None => return Err(PublishError::Claimed { root: root.to_owned() }),
            claim => disk._claim = claim,
        }
        disk.sweep()?;
        Ok(disk)
    }

    /// The tree at this folder, to look at only: nothing is made or removed.
    pub fn look(root: &Path) -> Self {
        Self { root: root.to_owned(), foreign: Arc::default(), _claim: None }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What is told of a failure with a file of the tree.
    pub fn error<'a>(&'a self, what: &'static str, path: &'a Path) -> impl Fn(io::Error) -> PublishError + 'a {
        move |source| PublishError::Refused { what, path: path.to_owned(), root: self.root.clone(), source }
    }

    fn sweep(&self) -> Result<(), PublishError> {
        let root = &self.root;
        for entry in fs::read_dir(root).map_err(self.error("read", root))? {
            let entry = entry.map_err(self.error("read", root))?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let path = entry.path();
                fs::remove_file(&path).map_err(self.error("remove the unfinished", &path))?;
            }
        }
        Ok(())
    }

    fn make_folder(&self, folder: &Path) -> Result<(), PublishError> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent().filter(|p| p.starts_with(&self.root)) {
            self.make_folder(parent)?;
        }
        if folder.exists() {
            return Err(PublishError::NoFolder { path: folder.to_owned() });
        }
        fs::create_dir_all(folder).map_err(self.error("make the folder", folder))?;
        // Web servers run as other users: what is published may be read by all, whatever the umask of the shell.
        fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(self.error("open to readers", folder))
    }

    /// Where a document lies. Addresses are made of ids and slugs, which hold neither dots nor slashes of their own.
    pub fn path(&self, document: &str) -> PathBuf {
        self.root.join(document)
    }

    /// Whether the document is there.
    pub fn holds(&self, document: &str) -> bool {
        self.path(document).is_file()
    }

    /// When the document changed (unix seconds): what its modification time says.
    pub fn changed(&self, document: &str) -> Option<u64> {
        let modified = fs::metadata(self.path(document)).and_then(|m| m.modified()).ok()?;
        modified.duration_since(SystemTime::UNIX_EPOCH).ok().map(|d| d.as_secs())
    }

    /// Whether a page stands there that somebody else made: `index.html` may be the web site's own. Told once.
    pub fn is_foreign(&self, path: &Path) -> bool {
        if path.extension().is_none_or(|ending| ending != pages::ENDING) {
            return false;
        }
        let mut beginning = Vec::new();
        let read = File::open(path).and_then(|file| file.take(pages::TELLING as u64).read_to_end(&mut beginning));
        // One that is empty or cannot be read is no page of anybody's.
        let foreign = read.is_ok() && !beginning.is_empty() && !pages::is_ours(&beginning);
        if foreign && self.foreign.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
            tracing::warn!(path = %path.display(), "a page of somebody else's is in the way and stays; move it to have newsroomd's there");
        }
        foreign
    }

    /// Publishes a document unless it is there byte for byte; says whether it wrote. `changed`: what its modification time is to say.
    /// A page of somebody else's stays as it is.
    ///
    /// # Errors
    /// When the disk refuses; then the old document stands as it was.
    pub fn publish(&self, document: &str, bytes: &[u8], changed: Option<u64>) -> Result<bool, PublishError> {
        let path = self.path(document);
        if same(&path, bytes) || self.is_foreign(&path) {
            return Ok(false);
        }
        let folder = path.parent().unwrap_or(&self.root);
        self.make_folder(folder)?;
        let name = format!("{UNFINISHED}{}", document.replace('/', "~"));
        let mut written = write(&self.root.join(&name), &path, bytes, changed);
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::CrossesDevices) {
            // The folder is another disk's, mounted there or behind a link.
            written = write(&folder.join(&name), &path, bytes, changed);
        }
        written.map_err(self.error("write", &path))?;
        Ok(true)
    }

    /// Makes the renames of these documents durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush<'d>(&self, documents: impl Iterator<Item = &'d str>) -> Result<(), PublishError> {
        let folders: BTreeSet<PathBuf> = documents.filter_map(|d| self.path(d).parent().map(Path::to_owned)).collect();
        for folder in folders {
            File::open(&folder).and_then(|f| f.sync_all()).map_err(self.error("flush", &folder))?;
        }
        Ok(())
    }
}

/// Writes a file under one name, and gives it the other once it is whole.
fn write(unfinished: &Path, path: &Path, bytes: &[u8], changed: Option<u64>) -> io::Result<()> {
    let whole = || -> io::Result<()> {
        let mut file = File::create(unfinished)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        if let Some(changed) = changed {
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(changed))?;
        }
        file.sync_all()?;
        fs::rename(unfinished, path)
    };
    whole().inspect_err(|_| {
        // Best effort: the next start removes it too.
        let _ = fs::remove_file(unfinished);
    })
}

/// Whether the file holds these bytes.
fn same(path: &Path, bytes: &[u8]) -> bool {
    let read = || -> io::Result<bool> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() != bytes.len() as u64 {
            return Ok(false);
        }
        let mut there = Vec::with_capacity(bytes.len());
        file.read_to_end(&mut there)?;
        Ok(there == bytes)
    };
    read().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_way_of_a_folder_is_told_as_that() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let said =
            Disk::open(file.path()).and_then(|disk| disk.publish("a/b.rss", b"x", None)).expect_err("no folder").to_string();
        assert!(said.contains("what is there is none") && said.contains("[publish] directory"), "{said}");
    }

    #[test]
    fn documents_are_whole_readable_and_untouched_when_the_same() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("feeds");
        let disk = Disk::open(&root).expect("a tree");
        assert!(disk.publish("osce/topic/x.rss", b"one", Some(1_700_000_000)).expect("written"));
        let path = disk.path("osce/topic/x.rss");
        let stat = || fs::metadata(&path).expect("a file");
        assert_eq!(stat().permissions().mode() & 0o777, 0o644);
        assert_eq!(fs::metadata(root.join("osce")).expect("a folder").permissions().mode() & 0o777, 0o755);
        assert_eq!(stat().modified().expect("a time"), SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        assert!(!disk.publish("osce/topic/x.rss", b"one", Some(1_800_000_000)).expect("nothing to do"));
        assert_eq!(stat().modified().expect("a time"), SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        assert!(disk.publish("osce/topic/x.rss", b"two", None).expect("written"));
        assert_eq!(fs::read(&path).expect("bytes"), b"two");
        fs::write(root.join(".newsroomd-left"), b"half").expect("a leftover");
        Disk::open(&root).expect("a tree");
        assert!(!root.join(".newsroomd-left").exists());
    }
}
