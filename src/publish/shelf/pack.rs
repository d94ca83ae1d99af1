//! Packing: the forms of documents in the content codings are made once, off the request path, by one thread at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, TryLockError};
use std::time::Instant;

use super::{Coding, Shelf};

/// Who packs, and whether there is more to do.
#[derive(Debug, Default)]
pub(super) struct Packing {
    turn: Mutex<()>,
    wanted: AtomicBool,
}

impl Shelf {
    /// Packs every document that lacks a form, the coding that most readers ask for first, and says how many forms were made. Until then such
    /// a document is sent in another form. A call while another one is at work leaves what it wanted to that one.
    ///
    /// Blocks: not for a thread that serves. It rests for as long as it works, so that a start with thousands of documents leaves half a core.
    pub fn pack(&self) -> usize {
        let mut made = 0;
        self.packing.wanted.store(true, Ordering::SeqCst);
        while self.packing.wanted.load(Ordering::SeqCst) {
            let _turn = match self.packing.turn.try_lock() {
                Ok(turn) => turn,
                // Whoever died of a document changed nothing else.
                Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
                // It looks again before it ends.
                Err(TryLockError::WouldBlock) => return made,
            };
            self.packing.wanted.store(false, Ordering::SeqCst);
            for coding in Coding::PACKED {
                let snapshot = self.snapshot();
                for document in snapshot.documents.values() {
                    let began = Instant::now();
                    if document.pack(coding) {
                        made += 1;
                        std::thread::sleep(began.elapsed());
                    }
                }
            }
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Kind, Update};
    use super::*;

    #[test]
    fn whoever_packs_nothing_is_left_unpacked() {
        let shelf = Shelf::new();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let shelf = &shelf;
                scope.spawn(move || {
                    for m in 0..20 {
                        let mut update = Update::new();
                        let text = format!("{n} {m} ").repeat(200);
                        update.put(format!("{n}-{m}.rss"), Document::new(Kind::Page, text.into_bytes(), None, 0));
                        shelf.update(update);
                        shelf.pack();
                    }
                });
            }
        });
        let snapshot = shelf.snapshot();
        assert_eq!(snapshot.len(), 160);
        let whole = |document: &Document| Coding::PACKED.iter().all(|coding| document.bytes(*coding).is_some());
        assert!(snapshot.documents.values().all(|document| whole(document)));
        assert_eq!(shelf.pack(), 0);
    }
}
