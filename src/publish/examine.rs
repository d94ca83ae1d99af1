//! Looking over a tree: what lies in it, and whether it is ours.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::disk::UNFINISHED;
use super::shelf::Kind;
use crate::feed::{Format, GENERATOR, pages};

/// A larger file is no document of ours.
const LARGEST: u64 = 100_000_000;

/// Something that lies in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lying {
    /// Its path from the tree's root; empty: the root itself.
    pub name: String,
    /// Whether it is a folder. (A link to one is none.)
    pub folder: bool,
    /// Its permissions.
    pub mode: u32,
    /// The user it belongs to.
    pub owner: u32,
}

impl Lying {
    /// Whether it was being written by a process that died, unless one is writing it just now.
    pub fn is_unfinished(&self) -> bool {
        !self.folder && self.name.rsplit('/').next().is_some_and(|name| name.starts_with(UNFINISHED))
    }

    /// Whether all may read it, as a web server must.
    pub fn is_open(&self) -> bool {
        self.mode & self.open() == self.open()
    }

    fn open(&self) -> u32 {
        if self.folder { 0o555 } else { 0o444 }
    }

    /// Whether it is a feed, or a page of one, that newsroomd made for this very place: it says so in its generator, and names its own address.
    pub fn is_feed_of_ours(&self, root: &Path) -> bool {
        let path = root.join(&self.name);
        let plain = fs::symlink_metadata(&path).is_ok_and(|m| m.is_file() && m.len() < LARGEST);
        let Some(kind) = Kind::of(&self.name).filter(|_| !self.folder && plain) else { return false };
        let Ok(text) = fs::read_to_string(&path) else { return false };
        let marked = match kind {
            // JSON Feed knows no generator; our extension is as telling.
            Kind::Feed(Format::Json) => text.contains("\"_newsroomd\""),
            Kind::Feed(_) => text.contains(GENERATOR),
            Kind::Page => pages::is_ours(text.as_bytes()),
            Kind::List => false,
        };
        marked && text.contains(&format!("/{}\"", self.name))
    }
}

/// Everything in a tree, the root first, by name. Links are not followed.
///
/// # Errors
/// When a folder cannot be read.
pub fn survey(root: &Path) -> io::Result<Vec<Lying>> {
    let lying = |name: String, metadata: &fs::Metadata| Lying {
        name,
        folder: metadata.is_dir(),
        mode: metadata.permissions().mode(),
        owner: metadata.uid(),
    };
    let mut out = vec![lying(String::new(), &fs::metadata(root)?)];
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            // What we write has names of ASCII.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            match entry.metadata() {
                Ok(metadata) => {
                    if metadata.is_dir() {
                        folders.push(name.clone());
                    }
                    out.push(lying(name, &metadata));
                }
                // It was replaced under our eyes.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(out)
}

/// Opens to readers what they cannot read.
///
/// # Errors
/// When one of them is another user's.
pub fn mend_modes(root: &Path, lying: &[Lying]) -> io::Result<()> {
    for one in lying.iter().filter(|one| !one.is_open()) {
        let mode = if one.folder { 0o755 } else { 0o644 };
        match fs::set_permissions(root.join(&one.name), Permissions::from_mode(mode)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Sets the modification times of documents (unix seconds).
///
/// # Errors
/// When one of them is another user's.
pub fn mend_times(root: &Path, times: &[(String, u64)]) -> io::Result<()> {
    for (name, changed) in times {
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(*changed);
        fs::File::options().append(true).open(root.join(name)).and_then(|file| file.set_modified(changed))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_that_it_is_ours_at_this_very_place_is_ours() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        fs::create_dir(root.join("a")).expect("a folder");
        let rss =
            |address: &str, generator: &str| format!("<atom:link href=\"https://x.example/{address}\"/><generator>{generator}");
        for (name, text, ours) in [
            ("a/x.rss", rss("a/x.rss", "newsroomd"), true),
            ("a/copy.rss", rss("a/x.rss", "newsroomd"), false),
            ("a/y.rss", rss("a/y.rss", "another"), false),
            ("a/z.json", "{\"feed_url\":\"https://x.example/a/z.json\",\"_newsroomd\":{}}".into(), true),
            ("a/w.json", "{\"feed_url\":\"https://x.example/a/w.json\"}".into(), false),
            ("a/x.txt", rss("a/x.txt", "newsroomd"), false),
        ] {
            fs::write(root.join(name), text).expect("a file");
            let lying = survey(root).expect("read").into_iter().find(|l| l.name == name).expect("there");
            assert_eq!(lying.is_feed_of_ours(root), ours, "{name}");
        }
    }

    #[test]
    fn what_readers_cannot_read_is_opened() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        fs::set_permissions(root, Permissions::from_mode(0o755)).expect("a mode");
        fs::write(root.join("all.rss"), "x").expect("a file");
        fs::write(root.join(".newsroomd-x"), "x").expect("a file");
        fs::set_permissions(root.join("all.rss"), Permissions::from_mode(0o600)).expect("a mode");
        let lying = survey(root).expect("read");
        let names = |is: fn(&Lying) -> bool| lying.iter().filter(|l| is(l)).map(|l| l.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names(|l| !l.is_open()), ["all.rss"]);
        assert_eq!(names(Lying::is_unfinished), [".newsroomd-x"]);
        mend_modes(root, &lying).expect("mended");
        assert!(survey(root).expect("read").iter().all(Lying::is_open));
    }
}
