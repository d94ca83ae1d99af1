//! The only door to the network: one page, by a conditional request (RFC 9110, section 13), within limits.

//!
//! `client` asks and follows redirects, `door` holds the connections, `address` says what is inside and `resolve` keeps names from leading
//! there, `coding` unpacks.

pub mod address;
mod client;
mod coding;
mod door;
mod resolve;

use std::io;
use std::time::Duration;

use url::Url;

use address::{Inside, Network};
pub use client::Fetcher;

/// How requests are made.
#[derive(Debug, Clone)]
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
    /// The least time between two requests to one host. Not acted upon yet.
    pub min_gap: Duration,
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
            max_wire_size: 5_000_000,
            min_gap: Duration::from_secs(10),
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

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The page is what it was (304).
    NotModified {
        /// Its address after redirects.
        url: Url,
        /// Where it has moved for good.
        moved: Option<Url>,
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
}
