//! One document as it is sent: its bytes in every form, and the header fields that go with them, all made beforehand.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderValue;

use super::coding::Coding;
use super::content::{Content, field};
use crate::feed::Format;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A feed.
    Feed(Format),
    /// A list of feeds for feed readers (OPML).
    List,
    /// A web page.
    Page,
}

impl Kind {
    /// What stands at a path, by its ending; none: nothing that is published.
    pub fn of(path: &str) -> Option<Self> {
        let (_, ending) = path.rsplit_once('.')?;
        match ending {
            "opml" => Some(Self::List),
            "html" => Some(Self::Page),
            _ => Format::ALL.into_iter().find(|f| f.extension() == ending).map(Self::Feed),
        }
    }

    /// Its media type with charset. Feed readers guess by this field: `text/xml` without a charset was once read as ASCII.
    pub fn content_type(self) -> &'static HeaderValue {
        static RSS: HeaderValue = HeaderValue::from_static("application/rss+xml; charset=utf-8");
        static ATOM: HeaderValue = HeaderValue::from_static("application/atom+xml; charset=utf-8");
        static JSON: HeaderValue = HeaderValue::from_static("application/feed+json; charset=utf-8");
        static OPML: HeaderValue = HeaderValue::from_static("text/x-opml; charset=utf-8");
        static HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
        match self {
            Self::Feed(Format::Rss) => &RSS,
            Self::Feed(Format::Atom) => &ATOM,
            Self::Feed(Format::Json) => &JSON,
            Self::List => &OPML,
            Self::Page => &HTML,
        }
    }
}

/// The last second that an HTTP date can name.
const LAST_SECOND: u64 = 253_402_300_799;

/// A document, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    kind: Kind,
    content: Arc<Content>,
    cache_control: HeaderValue,
    modified: Option<(u64, HeaderValue)>,
    links: Option<HeaderValue>,
}

impl Document {
    /// A document. `changed`: the instant since when it has been so (unix seconds), if that is known;
    /// `max_age`: for how many seconds a cache may answer with it without asking; 0: it asks every time.
    pub fn new(kind: Kind, bytes: Vec<u8>, changed: Option<u64>, max_age: u32) -> Self {
        let date = |seconds| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        Self {
            kind,
            content: Arc::new(Content::new(bytes)),
            cache_control: if max_age == 0 { HeaderValue::from_static("no-cache") } else { field(&format!("max-age={max_age}")) },
            modified: changed.filter(|seconds| *seconds <= LAST_SECOND).map(|seconds| (seconds, field(&date(seconds)))),
            links: None,
        }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its bytes in a coding. Packed: none until [`Self::pack`], and none if that saves nothing.
    pub fn bytes(&self, coding: Coding) -> Option<&Bytes> {
        self.content.bytes(coding)
    }

    /// The ETag of its form in a coding (RFC 9110, section 8.8.3): strong, and another one for each.
    pub fn etag(&self, coding: Coding) -> &HeaderValue {
        self.content.etag(coding)
    }

    /// The value of Cache-Control.
    pub fn cache_control(&self) -> &HeaderValue {
        &self.cache_control
    }

    /// Since when it has been so: unix seconds, and the value of Last-Modified.
    pub fn modified(&self) -> Option<(u64, &HeaderValue)> {
        self.modified.as_ref().map(|(seconds, field)| (*seconds, field))
    }

    /// The value of Link, if it has one.
    pub fn links(&self) -> Option<&HeaderValue> {
        self.links.as_ref()
    }

    /// Makes the form in a coding unless it is there; says whether it did. Blocks for about 3 ms per 100 kB.
    pub fn pack(&self, coding: Coding) -> bool {
        self.content.pack(coding)
    }

    /// This document, with this Link.
    pub(super) fn linking(mut self, links: Option<HeaderValue>) -> Self {
        self.links = links;
        self
    }

    /// This document, with the other's packed forms if their bytes are equal.
    pub(super) fn sharing(mut self, other: &Self) -> Self {
        if self.content == other.content {
            self.content = other.content.clone();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_have_the_types_of_their_formats() {
        for format in Format::ALL {
            let path = format!("osce/topic/x.{}", format.extension());
            let content_type = Kind::of(&path).expect("a feed").content_type();
            assert_eq!(*content_type, format!("{}; charset=utf-8", format.media_type()));
        }
        assert_eq!((Kind::of("feeds.opml"), Kind::of("index.html")), (Some(Kind::List), Some(Kind::Page)));
        for none in ["", "x", "rss", "osce.rss/x", "x.RSS", ".newsroomd-all.rss~"] {
            assert_eq!(Kind::of(none), None, "{none}");
        }
    }

    #[test]
    fn forms_are_there_once_they_are_made_each_with_a_tag_of_its_own() {
        let document = Document::new(Kind::Page, "An item. ".repeat(500).into_bytes(), None, 60);
        let mut tags = vec![document.etag(Coding::Identity)];
        for coding in Coding::PACKED {
            assert_eq!(document.bytes(coding), None);
            assert!(document.pack(coding), "made now");
            assert!(!document.pack(coding), "made already");
            assert!(document.bytes(coding).expect("packed").len() < 500);
            assert!(!tags.contains(&document.etag(coding)));
            tags.push(document.etag(coding));
        }
        assert!(!document.pack(Coding::Identity));
    }

    #[test]
    fn what_packing_does_not_shorten_is_sent_as_it_is() {
        let document = Document::new(Kind::Page, b"<p>".to_vec(), None, 0);
        document.pack(Coding::Gzip);
        assert_eq!(document.bytes(Coding::Gzip), None);
        assert_eq!(document.cache_control(), "no-cache");
    }

    #[test]
    fn dates_that_http_cannot_write_are_left_out() {
        let modified = |seconds| {
            let document = Document::new(Kind::Page, Vec::new(), seconds, 0);
            document.modified().map(|(_, field)| field.to_str().expect("ASCII").to_owned())
        };
        assert_eq!(modified(Some(784_111_777)).as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(modified(Some(LAST_SECOND)).as_deref(), Some("Fri, 31 Dec 9999 23:59:59 GMT"));
        assert_eq!((modified(Some(LAST_SECOND + 1)), modified(None)), (None, None));
    }

    proptest! {
        #[test]
        fn no_document_is_refused(bytes: Vec<u8>, changed: Option<u64>, max_age: u32) {
            let document = Document::new(Kind::List, bytes.clone(), changed, max_age);
            for coding in Coding::PACKED {
                document.pack(coding);
            }
            prop_assert_eq!(document.bytes(Coding::Identity).map(|b| b.to_vec()), Some(bytes));
        }
    }
}
