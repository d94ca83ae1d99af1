//! The only door to the network: one page, by a conditional request (RFC 9110, section 13), within limits and with manners.
//!
//! `client` follows redirects and makes requests; `visit` says when and whether one is made, by what `manners` keep in mind: `turn` (one at a time, and
//! the gap between two), `retry_after`, `robots`; `memory` is what must outlive the process, which whoever drives the fetcher keeps. `door` holds the
//! connections, `address` says what is inside and `resolve` keeps names from leading there; `coding` unpacks.

pub mod address;
mod client;
mod coding;
mod door;
mod manners;
mod memory;
mod resolve;
mod retry_after;
mod robots;
mod turn;
mod visit;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use address::{Inside, Network};
pub use client::Fetcher;
pub use manners::{Slot, authority};
pub use memory::{Memory, MemoryError};
pub use robots::Rules;
pub use turn::sweep;

use crate::domain::MAX_URL;
use crate::domain::text::cut;

/// How requests are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Where a newsroom's webmaster can read who we are; part of the user agent.
    pub contact: Option<String>,
    /// At most this long to connect.
    pub connect_timeout: Duration,
    /// At most this long until the head of an answer is there.
    pub header_timeout: Duration,
    /// At most this long between two pieces of its body.
    pub read_timeout: Duration,
    /// At most this long for one whole request, redirects included.
    pub timeout: Duration,
    /// A page may have this many bytes, unpacked.
    pub max_size: u64,
    /// A page may have this many bytes as they are sent.
    pub max_wire_size: u64,
    /// The least time between two requests to one host.
    pub min_gap: Duration,
    /// A longer pause that a robots.txt asks for is cut to this.
    pub max_crawl_delay: Duration,
    /// A longer wait that a host asks for is cut to this.
    pub max_retry_after: Duration,
    /// Inside networks that sources may be on.
    pub allow_networks: Vec<Network>,
    /// Asked for every page, wherever it is itself. It looks names up, so that only addresses in URLs are judged here.
    pub proxy: Option<Url>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            contact: None,
            connect_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            max_size: 10_000_000,
            max_wire_size: 10_000_000,
            min_gap: Duration::from_secs(10),
            max_crawl_delay: Duration::from_secs(60),
            max_retry_after: Duration::from_secs(24 * 60 * 60),
            allow_networks: Vec::new(),
            proxy: None,
        }
    }
}

/// What is known of a page: sent to the address that said it, so that the page need not come again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// That address; None: the one that is asked first.
    pub url: Option<&'a str>,
    /// ETag, verbatim.
    pub etag: Option<&'a str>,
    /// Last-Modified, verbatim.
    pub last_modified: Option<&'a str>,
}

/// What is asked for, and how.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The page.
    pub url: &'a Url,
    /// The newsroom's page on whose behalf it is asked for: a pager, a redirect or a move may have led elsewhere.
    pub home: &'a Url,
    /// What is known of it; if nothing is, the whole page is asked for.
    pub known: Known<'a>,
    /// Whether robots.txt is obeyed on the host of `home`; on others it always is.
    pub obey_robots: bool,
    /// Whether to ask even a host that asked to be left alone for now.
    pub now: bool,
    /// Where it is noted what it took, if somebody wants to know.
    pub tally: Option<&'a Tally>,
    /// A feed is what is looked for, where a host has both at one address.
    pub feed: bool,
    /// The only hosts that redirects may lead to (as [`crate::domain::host()`] has them); None: any that is not inside.
    pub only: Option<&'a [String]>,
}

/// What asking took, requests for robots.txt included.
#[derive(Debug, Default)]
pub struct Tally {
    requests: AtomicU64,
    bytes: AtomicU64,
    nanoseconds: AtomicU64,
}

/// What asking took, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Requests that went out.
    pub requests: u64,
    /// Bytes of bodies as they were sent, mostly packed.
    pub bytes: u64,
    /// The time from each request to the end of its answer; waiting for a host's turn is not in it.
    pub time: Duration,
}

impl Tally {
    fn add(&self, bytes: u64, time: Duration) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What it came to so far.
    pub fn effort(&self) -> Effort {
        Effort {
            requests: self.requests.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            time: Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)),
        }
    }
}

impl<'a> Ask<'a> {
    /// The whole page, with all manners.
    pub fn whole(url: &'a Url) -> Self {
        Self { url, home: url, known: Known::default(), obey_robots: true, now: false, tally: None, feed: false, only: None }
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
        /// Its address after redirects.
        url: Url,
        /// Where it has moved for good.
        moved: Option<Url>,
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
    /// Where it has moved for good: as far as redirects were permanent ones, from the first on (RFC 9110, sections 15.4.2 and 15.4.9).
    pub moved: Option<Url>,
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
    /// A redirect to a host that may not be led to.
    #[error(
        "{url} redirects to {to}, which is on none of the hosts that its articles may be on: if it may be, add it to `hosts` of [source.article]"
    )]
    OtherHost {
        /// The page.
        url: Url,
        /// Where to.
        to: Box<Url>,
    },
    /// An address that is no page's.
    #[error("{address} is longer than {MAX_URL} bytes: such an address is not asked for")]
    LongAddress {
        /// How it begins.
        address: String,
    },
    /// One new host after the other.
    #[error("{url} is not asked for: the pages of {home} led to {} other hosts today, and lead to no more", manners::STRANGERS)]
    ManyHosts {
        /// The page.
        url: Url,
        /// The newsroom's own host.
        home: String,
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
    #[error("{url} did not answer in time: {} are allowed ([fetch] {key})", humantime::format_duration(*limit))]
    Timeout {
        /// The page.
        url: Url,
        /// The limit's key.
        key: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// It is inside, or leads there.
    #[error("{url} is not asked for")]
    Inside {
        /// The page.
        url: Url,
        /// Which address that is.
        #[source]
        source: Box<Inside>,
    },
    /// A coding that was not asked for.
    #[error("{url} is sent as {coding:?}, a Content-Encoding that was not asked for")]
    Coding {
        /// The page.
        url: Url,
        /// What it says.
        coding: String,
    },
    /// It does not unpack.
    #[error("{url} is cut, or is not what its Content-Encoding says")]
    Packed {
        /// The page.
        url: Url,
        /// What is wrong with it.
        #[source]
        source: io::Error,
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
    /// More bytes came than allowed.
    #[error("{url} is larger than {limit} bytes as it is sent ([fetch] max-wire-size)")]
    WireTooLarge {
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
    /// Refuses an address that is too long to ask for.
    fn check_length(url: &Url) -> Result<(), Self> {
        let long = || Self::LongAddress { address: cut(url.to_string(), 80) };
        if url.as_str().len() > MAX_URL { Err(long()) } else { Ok(()) }
    }

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

    /// Whether it is a failure of our own: nothing was asked, and it says nothing of the page.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Setup(_) | Self::Certificates(_) | Self::Memory(_))
    }

    /// Whether it is what the server did, or did not do, as opposed to what is wrong here.
    fn is_of_server(&self) -> bool {
        match self {
            Self::Request { .. }
            | Self::Timeout { .. }
            | Self::Status { .. }
            | Self::AskedToWait { .. }
            | Self::TooLarge { .. }
            | Self::WireTooLarge { .. }
            | Self::Coding { .. }
            | Self::Packed { .. } => true,
            Self::Setup(_)
            | Self::Inside { .. }
            | Self::Certificates(_)
            | Self::Redirects { .. }
            | Self::LongAddress { .. }
            | Self::OtherHost { .. }
            | Self::ManyHosts { .. }
            | Self::Nowhere { .. }
            | Self::HostWaits { .. }
            | Self::RobotsUnreachable { .. }
            | Self::Disallowed { .. }
            | Self::Memory(_) => false,
        }
    }
}
