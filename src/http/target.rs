//! What a request asks for: its Host, and its path among the shelf's.

use hyper::header::HOST;
use hyper::{HeaderMap, Version};
use url::Url;

use super::guess::guess;
use crate::publish::shelf::{Document, Found, Snapshot};

/// The document at `/`.
const INDEX: &str = "index.html";

/// Where readers find the feeds.
#[derive(Debug)]
pub(super) struct Base {
    /// The whole address, with the slash at its end.
    pub url: String,
    /// Its path, if that is more than a slash: a proxy may pass it on or take it off.
    prefix: Option<String>,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target<'a> {
    /// A document.
    Document(&'a Document),
    /// This path below the base.
    Elsewhere(&'a str),
}

impl Base {
    pub fn new(url: &Url) -> Self {
        Self { url: url.as_str().to_owned(), prefix: Some(url.path()).filter(|p| *p != "/").map(str::to_owned) }
    }

    /// What stands at exactly this path of a request: nothing is decoded, nothing resolved.
    pub fn find<'a>(&self, shelf: &'a Snapshot, path: &str) -> Option<Target<'a>> {
        let at = |path: &str| {
            shelf.find(if path.is_empty() { INDEX } else { path }).map(|found| match found {
                Found::Document(document) => Target::Document(document),
                Found::Moved(to) => Target::Elsewhere(to),
            })
        };
        at(path.strip_prefix('/')?).or_else(|| {
            let prefix = self.prefix.as_deref()?;
            match path.strip_prefix(prefix) {
                Some(path) => at(path),
                // The page's links are relative: without the slash they would lead astray.
                None => (prefix.strip_suffix('/') == Some(path)).then_some(Target::Elsewhere("")),
            }
        })
    }

    /// Whether a path asks if the server is alive: `/healthz`, also below the base. No source or feed may be called so.
    pub fn is_health(&self, path: &str) -> bool {
        let below = self.prefix.as_deref().and_then(|prefix| path.strip_prefix(prefix));
        path == "/healthz" || below == Some("healthz")
    }

    /// Where below the base a path should have led that leads nowhere.
    pub fn guess(&self, shelf: &Snapshot, path: &str) -> Option<String> {
        let path = self.prefix.as_deref().and_then(|prefix| path.strip_prefix(prefix)).or_else(|| path.strip_prefix('/'))?;
        guess(shelf, path)
    }
}

/// Whether a request names its host as RFC 9112, section 3.2 wants it: once, or not at all in HTTP/1.0.
///
/// No answer depends on the name; but a request that two programs on its way could read as for two hosts is refused.
pub(super) fn host_is_right(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.as_bytes().iter().all(|b| may_name_a_host(*b)),
        (Some(_), Some(_)) => false,
    }
}

/// Letters, digits and what else a host and its port are written with (RFC 3986, section 3.2.2), without the comma.
const fn may_name_a_host(byte: u8) -> bool {
    let is_mark = matches!(byte, b'!' | b'$'..=b'+' | b'-' | b'.' | b':' | b';' | b'=' | b'[' | b']' | b'_' | b'~');
    is_mark || byte.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;
    use crate::publish::shelf::{Kind, Shelf, Update};

    /// What a path leads to at a base: a document's number of bytes, a path, or nothing.
    fn find(base: &str, path: &str) -> String {
        let shelf = Shelf::new();
        let mut update = Update::new();
        for (path, bytes) in [("index.html", 1), ("osce/all.rss", 2), ("feeds/all.rss", 3), ("a/new.rss", 4)] {
            update.put(path, Document::new(Kind::Page, vec![b'x'; bytes], None, 0));
        }
        update.moved([("a/old.rss".to_owned(), "a/new.rss".to_owned())]);
        shelf.update(update);
        let base = Base::new(&Url::parse(base).expect("a URL"));
        let snapshot = shelf.snapshot();
        match base.find(&snapshot, path) {
            None => "-".into(),
            Some(Target::Elsewhere(to)) => format!("to {to}"),
            Some(Target::Document(document)) => {
                document.bytes(crate::publish::shelf::Coding::Identity).map_or(0, |b| b.len()).to_string()
            }
        }
    }

    #[test]
    fn paths_at_the_root() {
        for (path, want) in [
            ("/", "1"),
            ("/index.html", "1"),
            ("/osce/all.rss", "2"),
            ("/a/old.rss", "to a/new.rss"),
            ("", "-"),
            ("*", "-"),
            ("osce/all.rss", "-"),
            ("//osce/all.rss", "-"),
            ("/osce//all.rss", "-"),
            ("/osce/all.rss/", "-"),
            ("/osce/./all.rss", "-"),
            ("/osce/../osce/all.rss", "-"),
            ("/osce%2Fall.rss", "-"),
            ("/osce/all.rss%00", "-"),
            ("/OSCE/all.rss", "-"),
            ("/osce", "-"),
            ("/../../etc/passwd", "-"),
        ] {
            assert_eq!(find("https://example.org/", path), want, "{path}");
        }
    }

    #[test]
    fn paths_below_a_prefix() {
        for (path, want) in [
            ("/feeds/", "1"),
            ("/", "1"),
            ("/feeds", "to "),
            ("/feeds/osce/all.rss", "2"),
            ("/osce/all.rss", "2"),
            ("/feeds/a/old.rss", "to a/new.rss"),
            ("/feeds/all.rss", "3"),
            ("/feeds/feeds/all.rss", "3"),
            ("/feeds/feeds", "-"),
            ("/feeds//osce/all.rss", "-"),
            ("/feedsosce/all.rss", "-"),
        ] {
            assert_eq!(find("https://example.org/feeds/", path), want, "{path}");
        }
    }

    #[test]
    fn hosts() {
        let right = |version, hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(HOST, HeaderValue::from_str(host).expect("a value"));
            }
            host_is_right(version, &headers)
        };
        for good in ["example.org", "example.org:8080", "[::1]:80", "127.0.0.1", "xn--e1afmkfd.example", ""] {
            assert!(right(Version::HTTP_11, &[good]), "{good}");
        }
        for bad in ["a b", "a/b", "me@example.org", "a,b", "a?b", "a#b"] {
            assert!(!right(Version::HTTP_11, &[bad]), "{bad}");
        }
        assert!(!right(Version::HTTP_11, &[]) && right(Version::HTTP_10, &[]));
        assert!(!right(Version::HTTP_11, &["a", "a"]) && !right(Version::HTTP_10, &["a", "a"]));
    }
}
