//! A document's bytes, and what is made of them alone: their tags, and their forms in the content codings.

use std::sync::OnceLock;

use bytes::Bytes;
use http::HeaderValue;
use xxhash_rust::xxh3::xxh3_128;

use super::coding::Coding;

/// Shared by documents that differ in nothing but their fields.
#[derive(Debug)]
pub(super) struct Content {
    identity: Bytes,
    /// By the number of the coding, without identity. None within: packing would save nothing.
    packed: [OnceLock<Option<Bytes>>; 3],
    /// By the number of the coding. All are made of the one hash, so that a reader's tag is known before the packed bytes are.
    etags: [HeaderValue; 4],
}

impl Content {
    pub fn new(bytes: Vec<u8>) -> Self {
        let hash = xxh3_128(&bytes);
        let etags = Coding::ALL.map(|coding| match coding {
            Coding::Identity => field(&format!("\"{hash:032x}\"")),
            _ => field(&format!("\"{hash:032x}-{}\"", coding.name())),
        });
        Self { identity: tight(bytes), packed: Default::default(), etags }
    }

    /// The bytes in a coding, if they are made and shorter than the bytes as they are.
    pub fn bytes(&self, coding: Coding) -> Option<&Bytes> {
        match self.place(coding) {
            None => Some(&self.identity),
            Some(place) => place.get()?.as_ref(),
        }
    }

    pub fn etag(&self, coding: Coding) -> &HeaderValue {
        &self.etags[coding as usize]
    }

    /// Makes the form in a coding unless it is there; says whether it did.
    pub fn pack(&self, coding: Coding) -> bool {
        let Some(place) = self.place(coding) else { return false };
        let missing = place.get().is_none();
        place.get_or_init(|| coding.pack(&self.identity).map(tight));
        missing
    }

    fn place(&self, coding: Coding) -> Option<&OnceLock<Option<Bytes>>> {
        self.packed.get((coding as usize).checked_sub(1)?)
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

/// What a renderer reserved and didn't use would stay reserved for as long as the document stands.
fn tight(bytes: Vec<u8>) -> Bytes {
    Bytes::from(bytes.into_boxed_slice())
}

/// A field's value of letters, digits and punctuation.
pub(super) fn field(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("visible ASCII")
}
