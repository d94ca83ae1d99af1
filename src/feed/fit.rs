//! Documents that feed readers take: none larger than a limit, if it can be helped (design: channels).

use std::collections::HashSet;

use super::{Document, Format};
use crate::domain::Digest;

/// A document in its formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// Format and bytes.
    pub documents: Vec<(Format, Vec<u8>)>,
    /// How many items they hold.
    pub items: usize,
}

/// Renders the document in its formats, none over `max_size` bytes: articles' contents go first, the oldest items' before the others', then the oldest items, but never the `fresh` ones, then
/// summaries and images. All formats hold the same. Fresh items' titles stay even if the limit cannot be met.
pub fn fit(mut document: Document, fresh: &HashSet<Digest>, max_size: u64) -> Fitted {
    let render = |document: &Document| -> Vec<_> { document.formats.iter().map(|f| (*f, f.render(document))).collect() };
    let limit = usize::try_from(max_size).unwrap_or(usize::MAX);
    let largest = |documents: &[(Format, Vec<u8>)]| documents.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or(0);
    let mut documents = render(&document);
    while largest(&documents) > limit {
        let contents = document.entries.iter().filter(|e| e.content.is_some()).count();
        if contents > 0 {
            let over = largest(&documents) - limit;
            drop_contents(&mut document, over);
            documents = render(&document);
            continue;
        }
        let spare = document.entries.iter().filter(|e| !fresh.contains(&e.id)).count();
        if spare > 0 && document.entries.len() > 1 {
            // In proportion to what is too much, at least one, never all.
            let over = largest(&documents) - limit;
            let share = (document.entries.len() * over).div_ceil(largest(&documents));
            drop_oldest(&mut document, fresh, share.clamp(1, spare));
        } else if document.entries.iter().any(|e| e.summary.is_some() || e.image.is_some()) {
            document.entries.iter_mut().for_each(|e| (e.summary, e.image) = (None, None));
        } else {
            break;
        }
        documents = render(&document);
    }
    Fitted { documents, items: document.entries.len() }
}

/// Drops the oldest items' contents, until what they take is dropped; at least one.
fn drop_contents(document: &mut Document, over: usize) {
    let mut dropped = 0;
    for content in document.entries.iter_mut().rev().map(|e| &mut e.content) {
        if dropped >= over {
            return;
        }
        dropped += content.take().map_or(0, |content| content.len());
    }
}

fn drop_oldest(document: &mut Document, fresh: &HashSet<Digest>, mut count: usize) {
    let mut at = document.entries.len();
    while count > 0 && at > 0 && document.entries.len() > 1 {
        at -= 1;
        if !fresh.contains(&document.entries[at].id) {
            document.entries.remove(at);
            count -= 1;
        }
    }
}
