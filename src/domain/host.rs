//! A host that is asked for pages, and what is remembered of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

/// The host of a URL, as manners count it: its name or address in lower case, with the port where it is not the scheme's default.
/// http and https of one name are one host.
pub fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    let name = name.strip_suffix('.').unwrap_or(name);
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// A longer address, in bytes, is not asked for (RFC 9110, section 4.1: 8000 are to be supported): matching robots.txt takes time in its length.
pub const MAX_URL: usize = 8_192;

/// A time during which a host wants no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostWait {
    /// When it said so.
    pub asked: DateTime<Utc>,
    /// When it may be asked again.
    pub until: DateTime<Utc>,
    /// The status of the answer that said so.
    pub status: u16,
}

/// A robots.txt as it was last read (RFC 9309, section 2.4), and what came of asking for it since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RobotsCopy {
    /// Its text; None: there is none, which allows everything.
    pub text: Option<String>,
    /// When the server last gave it, or said that there is none.
    pub answered: Option<DateTime<Utc>>,
    /// Since when it cannot be read.
    pub unreachable: Option<DateTime<Utc>>,
    /// How often in a row it could not be read.
    pub failures: u32,
    /// When it is asked for again after that.
    pub again: Option<DateTime<Utc>>,
    /// Why it could not be read.
    pub error: Option<String>,
}

/// What was asked of a host, and how it went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCounts {
    /// Requests, those for robots.txt among them.
    pub requests: u64,
    /// Requests for robots.txt.
    pub robots: u64,
    /// Answers 2xx.
    pub success: u64,
    /// Answers 304.
    pub not_modified: u64,
    /// Other answers 3xx.
    pub redirects: u64,
    /// Answers 4xx.
    pub client_errors: u64,
    /// Answers 5xx.
    pub server_errors: u64,
    /// Requests without an answer.
    pub unanswered: u64,
    /// Bytes of the bodies that came.
    pub bytes: u64,
    /// Requests that, next in line, waited for the gap to be over or for another process.
    pub turns: u64,
    /// How long they waited, in milliseconds.
    pub turns_ms: u64,
    /// How often the host said when it may be asked again (429 and 503).
    pub waits: u64,
    /// How long these waits were, in milliseconds.
    pub waits_ms: u64,
    /// Requests that were not made because of such a wait.
    pub put_off: u64,
    /// The shortest time between the end of a request and the beginning of the next, in milliseconds.
    pub least_gap_ms: Option<u64>,
}

impl HostCounts {
    /// Adds what was counted elsewhere.
    pub fn add(&mut self, more: &Self) {
        for (mine, more) in [
            (&mut self.requests, more.requests),
            (&mut self.robots, more.robots),
            (&mut self.success, more.success),
            (&mut self.not_modified, more.not_modified),
            (&mut self.redirects, more.redirects),
            (&mut self.client_errors, more.client_errors),
            (&mut self.server_errors, more.server_errors),
            (&mut self.unanswered, more.unanswered),
            (&mut self.bytes, more.bytes),
            (&mut self.turns, more.turns),
            (&mut self.turns_ms, more.turns_ms),
            (&mut self.waits, more.waits),
            (&mut self.waits_ms, more.waits_ms),
            (&mut self.put_off, more.put_off),
        ] {
            *mine += more;
        }
        self.least_gap_ms = self.least_gap_ms.into_iter().chain(more.least_gap_ms).min();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (url, want) in [
            ("https://WWW.Example.org/a?b", "www.example.org"),
            ("http://www.example.org:80/", "www.example.org"),
            ("http://www.example.org./", "www.example.org"),
            ("https://example.org:8443/", "example.org:8443"),
            ("http://[::1]:8080/", "[::1]:8080"),
            ("http://2130706433/", "127.0.0.1"),
            ("http://bücher.example/", "xn--bcher-kva.example"),
        ] {
            assert_eq!(host(&Url::parse(url).expect("a URL")), want, "{url}");
        }
    }
}
