//! The only door to the network: one page, by a conditional request (RFC 9110, section 13), within limits and with manners.
//!
//! `client` makes requests; `visit` says when and whether one is made, by what `manners` keep in mind: `turn` (one at a time, and the gap between two),
//! `retry_after`, `robots`. `memory` is what must outlive the process, which whoever drives the fetcher keeps.

mod client;
mod manners;
mod memory;
mod retry_after;
mod robots;
mod turn;
mod visit;

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

pub use client::Fetcher;
pub use manners::{Slot, authority};
pub use memory::{Memory, MemoryError};
pub use robots::Rules;
pub use turn::sweep;

/// How requests are made.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Where a newsroom's webmaster can read who we are; part of the user agent.
    pub contact: Option<String>,
    /// At most this long to connect.
    pub connect_timeout: Duration,
    /// At most this long between two pieces of an answer.
    pub read_timeout: Duration,
    /// At most this long for one whole request, redirects included.
    pub timeout: Duration,
    /// A page may have this many bytes, unpacked.
    pub max_size: u64,
    /// The least time between two requests to one host.
    pub min_gap: Duration,
    /// A longer pause that a robots.txt asks for is cut to this.
    pub max_crawl_delay: Duration,
    /// A longer wait that a host asks for is cut to this.
    pub max_retry_after: Duration,
    /// Inside networks that sources may be on, as address and prefix length. Not acted upon yet.
    pub allow_networks: Vec<(IpAddr, u8)>,
}

/// What is asked for, and how.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The page.
    pub url: &'a Url,
    /// The ETag of its last answer, verbatim; without validators the whole page is asked for.
    pub etag: Option<&'a str>,
    /// The Last-Modified of its last answer, verbatim.
    pub last_modified: Option<&'a str>,
    /// Whether robots.txt is obeyed on the page's own host; on others it always is.
    pub obey_robots: bool,
    /// Whether to ask even a host that asked to be left alone for now.
    pub now: bool,
}

impl<'a> Ask<'a> {
    /// The whole page, with all manners.
    pub fn whole(url: &'a Url) -> Self {
        Self { url, etag: None, last_modified: None, obey_robots: true, now: false }
    }
}

/// An answer, and its place in memory: so many may be held at a time.
#[derive(Debug)]
pub struct Fetched {
    /// The answer.
    pub answer: Answer,
    /// To be dropped when the page has been read.
    pub slot: Slot,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The page is what it was (304). A validator that is left out is what it was, too.
    NotModified {
        /// ETag, verbatim.
        etag: Option<String>,
        /// Last-Modified, verbatim.
        last_modified: Option<String>,
    },
    /// The page.
    Page(Page),
}

/// A page as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its address after redirects.
    pub url: Url,
    /// Its bytes, unpacked.
    pub body: Vec<u8>,
    /// The charset that its Content-Type states.
    pub charset: Option<String>,
    /// ETag, verbatim.
    pub etag: Option<String>,
    /// Last-Modified, verbatim.
    pub last_modified: Option<String>,
}

/// Why a page was not got.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The HTTP client cannot be made.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// No certificates were found, or they cannot be read.
    #[error("cannot read the certificates of this system, without which no https page can be trusted; install ca-certificates")]
    Certificates(#[source] reqwest::Error),
    /// One redirect after another.
    #[error("{url} leads from one address to the next, more than {limit} times")]
    Redirects {
        /// The page.
        url: Url,
        /// How many are followed.
        limit: usize,
    },
    /// A redirect to no web address.
    #[error("{url} redirects to {location:?}, which is no http or https address")]
    Nowhere {
        /// The page.
        url: Url,
        /// Where to, as the server wrote it.
        location: String,
    },
    /// Nothing usable came back: no connection, a cut answer.
    #[error("cannot get {url}")]
    Request {
        /// The page.
        url: Url,
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
    /// It took too long.
    #[error("{url} did not answer in time")]
    Timeout {
        /// The page.
        url: Url,
    },
    /// The server said no.
    #[error("{url} answered {status}")]
    Status {
        /// The page.
        url: Url,
        /// The status line's code and reason.
        status: reqwest::StatusCode,
    },
    /// The page is larger than allowed.
    #[error("{url} is larger than {limit} bytes ([fetch] max-size)")]
    TooLarge {
        /// The page.
        url: Url,
        /// The limit in bytes.
        limit: u64,
    },
    /// The server said no, and for how long (429 and 503).
    #[error("{url} answered {status}, and asks to be left alone for a while")]
    AskedToWait {
        /// The page.
        url: Url,
        /// The status line's code and reason.
        status: reqwest::StatusCode,
        /// Until when its host is not asked.
        until: DateTime<Utc>,
    },
    /// Nothing was asked: the host is left alone for now.
    #[error("nothing is asked there before {}: {}", until.format("%Y-%m-%d %H:%M:%S UTC"), reason(host, *asked_for))]
    HostWaits {
        /// The host.
        host: String,
        /// Until when.
        until: DateTime<Utc>,
        /// True: it asked for it; false: its robots.txt cannot be read, and it is not known what is allowed.
        asked_for: bool,
    },
    /// robots.txt cannot be read: nobody knows what is allowed (RFC 9309, section 2.3.1.4).
    #[error("{url} cannot be read, and as long as it is not known what it allows nothing else is asked there")]
    RobotsUnreachable {
        /// The robots.txt.
        url: Url,
        /// When it is asked for again.
        until: DateTime<Utc>,
        /// Why it cannot be read.
        #[source]
        source: Box<FetchError>,
    },
    /// robots.txt forbids it.
    #[error("{}/robots.txt forbids newsroomd {url} by \"{rule}\"", authority(url))]
    Disallowed {
        /// The page.
        url: Url,
        /// The rule, as written there.
        rule: String,
    },
    /// What is remembered of hosts cannot be read.
    #[error("cannot read what hosts asked for before")]
    Memory(#[source] MemoryError),
}

/// Why a host is left alone.
pub fn reason(host: &str, asked_for: bool) -> String {
    if asked_for { format!("{host} asked for it (Retry-After)") } else { format!("the robots.txt of {host} cannot be read") }
}

impl FetchError {
    /// Before which it is of no use to try again, where the host said so or its robots.txt cannot be read.
    pub fn wait_until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::AskedToWait { until, .. } | Self::HostWaits { until, .. } | Self::RobotsUnreachable { until, .. } => {
                Some(*until)
            }
            _ => None,
        }
    }

    /// The host that is left alone for now, and whether it asked for that: no request was made, so that nothing failed.
    pub fn put_off(&self) -> Option<(&str, bool)> {
        match self {
            Self::HostWaits { host, asked_for, .. } => Some((host, *asked_for)),
            _ => None,
        }
    }

    /// Whether it is what the server did, or did not do, as opposed to what is wrong here.
    fn is_of_server(&self) -> bool {
        match self {
            Self::Request { .. }
            | Self::Timeout { .. }
            | Self::Status { .. }
            | Self::AskedToWait { .. }
            | Self::TooLarge { .. } => true,
            Self::Setup(_)
            | Self::Certificates(_)
            | Self::Redirects { .. }
            | Self::Nowhere { .. }
            | Self::HostWaits { .. }
            | Self::RobotsUnreachable { .. }
            | Self::Disallowed { .. }
            | Self::Memory(_) => false,
        }
    }
}
