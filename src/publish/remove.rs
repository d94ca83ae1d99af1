//! Taking documents out of the tree.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;

use super::disk::{Disk, PublishError};

impl Disk {
    /// Removes documents, and folders that are empty without them. Whatever else lies in the tree stays, and so do pages of somebody
    /// else's.
    ///
    /// # Errors
    /// When the disk refuses; some may have been removed.
    pub fn remove<'d>(&self, documents: impl Iterator<Item = &'d str>) -> Result<(), PublishError> {
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for document in documents {
            let path = self.path(document);
            if self.is_foreign(&path) {
                continue;
            }
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
                Err(e) => return Err(self.error("remove", &path)(e)),
            }
            folders.extend(path.parent().map(PathBuf::from));
        }
        let mut changed: BTreeSet<PathBuf> = BTreeSet::new();
        for folder in folders {
            let mut folder = folder.as_path();
            // One that is not empty stays, and so does one that cannot be removed: it does no harm.
            while folder != self.path("") && fs::remove_dir(folder).is_ok() {
                let Some(parent) = folder.parent() else { break };
                folder = parent;
            }
            changed.insert(folder.to_owned());
        }
        for folder in changed.iter().filter(|f| f.is_dir()) {
            File::open(folder).and_then(|f| f.sync_all()).map_err(self.error("flush", folder))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_go_with_their_empty_folders_and_nothing_else_does() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("feeds");
        let disk = Disk::open(&root).expect("a tree");
        for document in ["a/all.rss", "a/topic/x.rss", "a/topic/y.rss", "b/topic/x.rss", "b/all.rss", "mine.rss"] {
            disk.publish(document, b"x", None).expect("written");
        }
        fs::write(root.join("b/notes.txt"), b"not ours").expect("a file");
        let gone = ["a/topic/x.rss", "a/topic/x.atom", "b/topic/x.rss", "b/all.rss", "none/at/all.rss", "mine.rss"];
        disk.remove(gone.into_iter()).expect("removed");
        for there in ["a/all.rss", "a/topic/y.rss", "b/notes.txt"] {
            assert!(root.join(there).exists(), "{there}");
        }
        for gone in ["a/topic/x.rss", "b/topic", "b/all.rss", "mine.rss", "none"] {
            assert!(!root.join(gone).exists(), "{gone}");
        }
        disk.remove(["a/all.rss", "a/topic/y.rss"].into_iter()).expect("removed");
        assert!(!root.join("a").exists() && root.exists());
    }
}
