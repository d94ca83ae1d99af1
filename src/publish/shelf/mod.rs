//! The shelf: every published document in memory, from which HTTP is answered.
//!
//! What stands on it at an instant is a [`Snapshot`], which never changes. An [`Update`] makes another one and puts it in the old one's
//! place as a whole: whoever holds a snapshot sees all of a publishing or nothing of it, and a response under way keeps its bytes.
//!
//! What it takes: the bytes of each document, and half to two thirds as much again for its packed forms. A channel of the demo in three formats has 21 kB
//! and 15 kB packed on average; that of all its 67 items 190 kB and 100 kB.

mod coding;
mod content;
mod document;
mod links;
mod pack;

pub use coding::Coding;
pub use document::{Document, Kind};

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The documents, and the addresses that moved.
#[derive(Debug, Default)]
pub struct Shelf {
    /// Locked for as long as it takes to make an answer's head or to replace the pointer.
    current: RwLock<Arc<Snapshot>>,
    /// Held by who makes the next snapshot, so that of two updates at a time neither is lost.
    writing: Mutex<()>,
    packing: pack::Packing,
}

/// What stands on the shelf at an instant.
#[derive(Debug, Default)]
pub struct Snapshot {
    documents: HashMap<Arc<str>, Arc<Document>>,
    moved: Arc<HashMap<String, String>>,
    /// Where readers find the documents, if it was said; ends with a slash.
    base: Option<Arc<str>>,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// A document.
    Document(&'a Document),
    /// Another path, where a document is.
    Moved(&'a str),
}

/// What is to change, all in one.
#[derive(Debug, Default)]
pub struct Update {
    put: Vec<(String, Document)>,
    remove: Vec<String>,
    retain: Option<HashSet<String>>,
    moved: Option<HashMap<String, String>>,
    base: Option<String>,
}

impl Update {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a document at a path such as `osce/all.rss`, in place of what stands there.
    pub fn put(&mut self, path: impl Into<String>, document: Document) {
        self.put.push((path.into(), document));
    }

    /// Takes away what stands at a path.
    pub fn remove(&mut self, path: impl Into<String>) {
        self.remove.push(path.into());
    }

    /// Takes away everything but what stands at these paths or is put by this update.
    pub fn retain(&mut self, paths: impl IntoIterator<Item = String>) {
        self.retain = Some(paths.into_iter().collect());
    }

    /// From now on these are all the addresses that moved: old path, new path. They go before a document at the old path, which
    /// shows only while none stands at the new one.
    pub fn moved(&mut self, paths: impl IntoIterator<Item = (String, String)>) {
        self.moved = Some(paths.into_iter().collect());
    }

    /// From now on this is where readers find the documents (ends with a slash): feeds name themselves and each other by it (Link).
    pub fn base(&mut self, url: impl Into<String>) {
        self.base = Some(url.into());
    }
}

impl Shelf {
    /// An empty shelf.
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands on the shelf now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.read(Arc::clone)
    }

    /// Looks something up in what stands on the shelf now. An update waits for it to return.
    pub fn read<T>(&self, look: impl FnOnce(&Arc<Snapshot>) -> T) -> T {
        // Whoever panics under this lock has changed nothing.
        look(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes all of an update visible at once; says how many of its documents are new or differ from what stood there.
    ///
    /// A document that is as it was stays the one that it was, and one whose bytes are as they were keeps its packed forms.
    pub fn update(&self, update: Update) -> usize {
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.snapshot();
        let mut documents = old.documents.clone();
        if let Some(retain) = &update.retain {
            documents.retain(|path, _| retain.contains(&**path));
        }
        for path in &update.remove {
            documents.remove(path.as_str());
        }
        let base = update.base.map(Arc::from).or_else(|| old.base.clone());
        let put: Vec<Arc<str>> = update.put.iter().map(|(path, _)| path.as_str().into()).collect();
        documents.extend(put.iter().cloned().zip(update.put.into_iter().map(|(_, document)| Arc::new(document))));
        let moved_house: Vec<_> = if base == old.base { Vec::new() } else { documents.keys().cloned().collect() };
        let linked = put.iter().chain(&moved_house).map(|path| {
            let links = base.as_ref().and_then(|base| links::links(base, path, |other| documents.contains_key(other)));
            (path.clone(), Document::clone(&documents[path]).linking(links))
        });
        let mut changed = 0;
        for (path, document) in linked.collect::<HashMap<_, _>>() {
            let before = old.documents.get(&path);
            let document = match before {
                Some(before) if **before == document => before.clone(),
                Some(before) => Arc::new(document.sharing(before)),
                None => Arc::new(document),
            };
            changed += usize::from(before.is_none_or(|before| !Arc::ptr_eq(before, &document)));
            documents.insert(path, document);
        }
        let moved = update.moved.map_or_else(|| old.moved.clone(), Arc::new);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Snapshot { documents, moved, base });
        changed
    }
}

impl Snapshot {
    /// What stands at exactly this path.
    pub fn find(&self, path: &str) -> Option<Found<'_>> {
        let moved = self.moved.get(path).filter(|to| self.documents.contains_key(to.as_str()));
        moved.map(|to| Found::Moved(to)).or_else(|| self.documents.get(path).map(|d| Found::Document(d)))
    }

    /// Where documents stand, in no order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.documents.keys().map(|path| &**path)
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str, max_age: u32) -> Document {
        Document::new(Kind::Page, text.repeat(100).into_bytes(), Some(1), max_age)
    }

    fn with(paths: &[(&str, &str)]) -> Shelf {
        let shelf = Shelf::new();
        let mut update = Update::new();
        paths.iter().for_each(|(path, text)| update.put(*path, page(text, 60)));
        shelf.update(update);
        shelf
    }

    /// The document at a path.
    fn at(shelf: &Shelf, path: &str) -> Arc<Document> {
        shelf.snapshot().documents[path].clone()
    }

    #[test]
    fn a_snapshot_shows_all_of_an_update_or_nothing() {
        let shelf = with(&[("a", "one"), ("b", "one"), ("c", "one")]);
        let before = shelf.snapshot();
        let mut update = Update::new();
        update.put("a", page("two", 60));
        update.put("d", page("two", 60));
        update.remove("b");
        assert_eq!(shelf.update(update), 2);
        let paths = |snapshot: &Snapshot| {
            let mut paths: Vec<String> = snapshot.documents.keys().map(|p| p.to_string()).collect();
            paths.sort();
            paths.concat()
        };
        assert_eq!((paths(&before), paths(&shelf.snapshot())), ("abc".into(), "acd".into()));
        assert_ne!(before.documents["a"].etag(Coding::Identity), at(&shelf, "a").etag(Coding::Identity));
        assert_eq!(before.documents["c"].etag(Coding::Identity), at(&shelf, "c").etag(Coding::Identity));
    }

    #[test]
    fn equal_documents_are_kept_and_equal_bytes_packed_once() {
        let shelf = with(&[("same", "x"), ("older", "x"), ("other", "x")]);
        assert_eq!((shelf.pack(), shelf.pack()), (9, 0));
        let before = at(&shelf, "same");
        let mut update = Update::new();
        update.put("same", page("x", 60));
        update.put("older", page("x", 90));
        update.put("other", page("y", 60));
        assert_eq!(shelf.update(update), 2);
        assert!(Arc::ptr_eq(&before, &at(&shelf, "same")));
        assert_eq!(at(&shelf, "older").cache_control(), "max-age=90");
        assert!(at(&shelf, "older").bytes(Coding::Gzip).is_some(), "packed already");
        assert_eq!(shelf.pack(), 3);
    }

    #[test]
    fn retaining_takes_away_the_rest() {
        let shelf = with(&[("a", "x"), ("b", "x"), ("c", "x")]);
        let mut update = Update::new();
        update.retain(["a".to_owned()]);
        update.put("c", page("x", 60));
        assert_eq!(shelf.update(update), 0, "c is as it was");
        let snapshot = shelf.snapshot();
        assert!(snapshot.find("a").is_some() && snapshot.find("b").is_none() && snapshot.find("c").is_some());
    }

    #[test]
    fn moved_addresses_lead_to_documents_only() {
        let shelf = with(&[("new.rss", "x"), ("old.rss", "x"), ("lost.rss", "x")]);
        let mut update = Update::new();
        update.moved(
            [("old.rss", "new.rss"), ("lost.rss", "none.rss"), ("gone.rss", "none.rss")].map(|(a, b)| (a.into(), b.into())),
        );
        shelf.update(update);
        shelf.update(Update::new());
        let snapshot = shelf.snapshot();
        assert!(matches!(snapshot.find("old.rss"), Some(Found::Moved("new.rss"))), "kept by an update that names none");
        assert!(matches!(snapshot.find("lost.rss"), Some(Found::Document(_))));
        assert!(snapshot.find("gone.rss").is_none());
        let mut update = Update::new();
        update.moved([]);
        shelf.update(update);
        assert!(matches!(shelf.snapshot().find("old.rss"), Some(Found::Document(_))));
    }

    #[test]
    fn feeds_name_each_other_by_the_base() {
        let shelf = with(&[("a.rss", "x"), ("a.atom", "x"), ("index.html", "x")]);
        let links = |path: &str| at(&shelf, path).links().map(|field| field.to_str().expect("ASCII").to_owned());
        assert_eq!(links("a.rss"), None, "nobody said where");
        let tag = at(&shelf, "a.rss").etag(Coding::Identity).clone();
        let mut update = Update::new();
        update.base("https://example.org/");
        assert_eq!(shelf.update(update), 2);
        let alternate = "<https://example.org/a.atom>; rel=\"alternate\"; type=\"application/atom+xml\"";
        assert_eq!(links("a.rss").as_deref(), Some(format!("<https://example.org/a.rss>; rel=\"self\", {alternate}").as_str()));
        assert_eq!(links("index.html"), None);
        assert_eq!(at(&shelf, "a.rss").etag(Coding::Identity), tag);

        let before = at(&shelf, "a.rss");
        let mut update = Update::new();
        update.put("a.rss", page("x", 60));
        assert_eq!(shelf.update(update), 0, "the base is kept");
        assert!(Arc::ptr_eq(&before, &at(&shelf, "a.rss")));
    }

    #[test]
    fn no_update_is_lost() {
        let shelf = Shelf::new();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let shelf = &shelf;
                scope.spawn(move || {
                    let mut update = Update::new();
                    update.put(n.to_string(), page("x", 60));
                    shelf.update(update);
                });
            }
        });
        assert_eq!(shelf.snapshot().len(), 8);
    }
}
