//! The only door to the network: one page, by a conditional request (RFC 9110, section 13), within limits.

mod client;

use std::net::IpAddr;
use std::time::Duration;

use url::Url;

pub use client::Fetcher;

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
    /// The least time between two requests to one host. Not acted upon yet.
    pub min_gap: Duration,
    /// Inside networks that sources may be on, as address and prefix length. Not acted upon yet.
    pub allow_networks: Vec<(IpAddr, u8)>,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The page is what it was (304).
    NotModified,
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
}
