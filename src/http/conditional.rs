//! Conditional requests (RFC 9110, section 13): does the client hold what it asks for?
//!
//! The order of section 13.2.2: If-Match, else If-Unmodified-Since; then If-None-Match, else If-Modified-Since. If-Range does not matter
//! where Range is ignored.

use std::time::SystemTime;

use hyper::HeaderMap;
use hyper::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};

/// What the answer to a GET or HEAD is. The number tells which of the representations it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// 200: the representation.
    Send(usize),
    /// 304: the client holds the representation.
    NotModified(usize),
    /// 412: the client wants none but another.
    Failed,
}

/// Decides by a request's header fields, the ETags of the representations that the client would take, preferred ones first (at least
/// one), and the instant of the last change (unix seconds).
///
/// The preconditions are about *the selected representation*, and which that is, is the server's choice among what the client accepts
/// (section 12.1). So the choice falls on the one that the client names, if it names one: a cache that holds the gzip form and asks with
/// the tags of all forms that it holds is told by the ETag of the 304 which one to use (RFC 9111, section 4.3.4). A tag of a form that the
/// client does not accept counts as unknown: to a 304 with that tag, a cache would answer its own client with bytes that it can't read.
pub fn decide(headers: &HeaderMap, etags: &[&[u8]], modified: Option<u64>) -> Decision {
    let mut chosen = 0;
    if headers.contains_key(IF_MATCH) {
        match find(headers, IF_MATCH, etags, false) {
            Some(found) => chosen = found,
            None => return Decision::Failed,
        }
    } else if date(headers, IF_UNMODIFIED_SINCE).zip(modified).is_some_and(|(limit, modified)| modified > limit) {
        return Decision::Failed;
    }
    if headers.contains_key(IF_NONE_MATCH) {
        return find(headers, IF_NONE_MATCH, etags, true).map_or(Decision::Send(chosen), Decision::NotModified);
    }
    match date(headers, IF_MODIFIED_SINCE).zip(modified) {
        Some((since, modified)) if modified <= since => Decision::NotModified(chosen),
        _ => Decision::Send(chosen),
    }
}

/// The first representation whose tag is listed in these fields. All lines are one list; `*` is every tag.
fn find(headers: &HeaderMap, name: HeaderName, etags: &[&[u8]], weak: bool) -> Option<usize> {
    let mut first: Option<usize> = None;
    for line in headers.get_all(&name) {
        let line = line.as_bytes().trim_ascii();
        if line == b"*" {
            return Some(0);
        }
        // Section 8.8.3.2: what is weak matches in a weak comparison only.
        for tag in Tags(line).filter(|tag| weak || !tag.weak) {
            let found = etags.iter().position(|etag| *etag == tag.etag);
            first = first.into_iter().chain(found).min();
        }
    }
    first
}

/// An entity tag of a list, its quotes included.
struct Tag<'a> {
    weak: bool,
    etag: &'a [u8],
}

/// The tags in the rest of a line. A comma may be part of a tag; what is no tag is passed over up to the next comma.
struct Tags<'a>(&'a [u8]);

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let start = self.0.iter().position(|b| !matches!(b, b' ' | b'\t' | b','))?;
            let rest = &self.0[start..];
            let (weak, tag) = rest.strip_prefix(b"W/").map_or((false, rest), |tag| (true, tag));
            let inside = tag.strip_prefix(b"\"");
            if let Some(length) = inside.and_then(|inside| inside.iter().position(|b| *b == b'"')) {
                let (etag, after) = tag.split_at(length + 2);
                self.0 = after;
                return Some(Tag { weak, etag });
            }
            let end = rest.iter().position(|b| *b == b',')?;
            self.0 = &rest[end..];
        }
    }
}

/// The instant that a field names (unix seconds). Malformed, or more than one line: none, as if it had not been sent.
fn date(headers: &HeaderMap, name: HeaderName) -> Option<u64> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?;
    let instant = httpdate::parse_http_date(line.to_str().ok()?).ok()?;
    instant.duration_since(SystemTime::UNIX_EPOCH).ok().map(|d| d.as_secs())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::Decision::{Failed, NotModified, Send};
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT
    const MODIFIED: u64 = 784_111_777;

    /// The decision for a client that takes gzip and identity.
    fn of(fields: &[(&str, &str)]) -> Decision {
        decide(&headers(fields), &[b"\"a-gzip\"", b"\"a\""], Some(MODIFIED))
    }

    fn headers(fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    #[test]
    fn if_none_match() {
        for (value, want) in [
            ("\"a\"", NotModified(1)),
            ("\"a-gzip\"", NotModified(0)),
            ("W/\"a\"", NotModified(1)),
            ("*", NotModified(0)),
            (" * ", NotModified(0)),
            ("\"x\", \"a\", \"y\"", NotModified(1)),
            ("\"x\",\"a\"", NotModified(1)),
            (", ,\t\"a\" ,", NotModified(1)),
            ("\"a\", \"a-gzip\"", NotModified(0)),
            ("\"x, y\", \"a\"", NotModified(1)),
            ("x, \"a\"", NotModified(1)),
            ("\"a", Send(0)),
            ("\"x, \"a\"", Send(0)),
            ("a", Send(0)),
            ("w/\"a\"", Send(0)),
            ("\"A\"", Send(0)),
            ("\"*\"", Send(0)),
            ("\"\"", Send(0)),
            ("", Send(0)),
        ] {
            assert_eq!(of(&[("if-none-match", value)]), want, "{value}");
        }
        assert_eq!(of(&[("if-none-match", "\"x\""), ("if-none-match", "\"a\"")]), NotModified(1));
    }

    #[test]
    fn a_form_that_the_client_does_not_take_is_unknown() {
        let identity_only = |value| decide(&headers(&[("if-none-match", value)]), &[b"\"a\""], None);
        assert_eq!(identity_only("\"a-gzip\""), Send(0));
        assert_eq!(identity_only("\"a-gzip\", \"a\""), NotModified(0));
    }

    #[test]
    fn if_modified_since() {
        for (value, want) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", NotModified(0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", NotModified(0)),
            ("Sun Nov  6 08:49:37 1994", NotModified(0)),
            ("Sun, 06 Nov 1994 08:49:38 GMT", NotModified(0)),
            ("Sun, 06 Nov 1994 08:49:36 GMT", Send(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", NotModified(0)),
            ("Sun, 31 Feb 1999 08:49:37 GMT", Send(0)),
            ("yesterday", Send(0)),
            ("", Send(0)),
        ] {
            assert_eq!(of(&[("if-modified-since", value)]), want, "{value}");
        }
        let since = ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(of(&[since, since]), Send(0), "two lines are no date");
        assert_eq!(of(&[("if-none-match", "\"x\""), since]), Send(0), "If-None-Match goes before");
        assert_eq!(decide(&headers(&[since]), &[b"\"a\""], None), Send(0), "no date to compare with");
    }

    #[test]
    fn if_match_and_if_unmodified_since() {
        let (before, after) = ("Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (fields, want) in [
            (vec![("if-match", "\"a\"")], Send(1)),
            (vec![("if-match", "*")], Send(0)),
            (vec![("if-match", "W/\"a\"")], Failed),
            (vec![("if-match", "\"x\"")], Failed),
            (vec![("if-match", "a")], Failed),
            (vec![("if-unmodified-since", before)], Failed),
            (vec![("if-unmodified-since", after)], Send(0)),
            (vec![("if-unmodified-since", "soon")], Send(0)),
            (vec![("if-match", "\"a\""), ("if-unmodified-since", before)], Send(1)),
            (vec![("if-match", "\"x\""), ("if-none-match", "\"a\"")], Failed),
            (vec![("if-match", "\"a\""), ("if-none-match", "\"a\"")], NotModified(1)),
            (vec![("if-match", "\"a\""), ("if-modified-since", after)], NotModified(1)),
        ] {
            assert_eq!(of(&fields), want, "{fields:?}");
        }
    }

    proptest! {
        #[test]
        fn any_fields_are_read(value: Vec<u8>, date in "[ -~]{0,40}") {
            let mut headers = headers(&[("if-modified-since", &date)]);
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(IF_NONE_MATCH, value.clone());
                headers.append(IF_MATCH, value);
            }
            decide(&headers, &[b"\"a\""], Some(MODIFIED));
        }

        #[test]
        fn a_listed_tag_is_found(before in "[!#-~]{0,20}", after in "[!#-~]{0,20}") {
            let value = format!("\"{before}\", W/\"a\",\"{after}\"");
            prop_assert_eq!(decide(&headers(&[("if-none-match", &value)]), &[b"\"a\""], None), NotModified(0));
        }
    }
}
