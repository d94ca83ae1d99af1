//! The shelf over HTTP/1.1: conditional GET and HEAD of whole documents, in the coding that fits best.
//!
//! Promises: a path is looked up among the shelf's and never reaches the file system; nothing that a client sends, holds back or refuses to
//! take keeps another from being served; a response is made of one snapshot of the shelf. TLS and access control are left to a proxy.
//! Operators are told how the daemon fares at addresses of their own (`admin`).

mod admin;
mod clients;
mod conditional;
mod encoding;
mod forwarded;
mod guess;
mod listen;
mod passed;
mod places;
mod respond;
mod server;
mod socket_file;
mod stall;
mod stream;
mod target;
mod timer;
mod traffic;

pub use admin::{Readiness, Report};
pub use forwarded::Trusted;
pub use listen::{Address, HttpError, near};
pub use passed::Passed;
pub use places::Places;
pub use server::Server;
pub use socket_file::LONGEST_PATH;
pub use traffic::{Answered, Traffic};

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use url::Url;

/// How the server deals with its clients.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where readers find the feeds; ends with a slash. Addresses in answers are made of it, never of what a client says.
    pub base_url: Url,
    /// Where they are found from then on, whenever it says so.
    pub moves: Option<watch::Receiver<Url>>,
    /// How many connections are served at a time; more wait.
    pub connections: usize,
    /// How many of them one client may have, which is an IPv4 address or 64 bits of an IPv6 address; more are closed. Those of trusted proxies
    /// and of Unix sockets are not counted.
    pub connections_per_client: usize,
    /// Who says truly for whom it asks.
    pub trusted: Trusted,
    /// The places of several servers, instead of ones of its own.
    pub places: Option<Places>,
    /// Where answers are counted.
    pub traffic: Arc<Traffic>,
    /// How long a client may take for the head of its next request, first byte and last, from the end of the answer before, or from
    /// connecting. So an idle connection is closed after as long. A body is not waited for at all: a request that has one is the last of
    /// its connection.
    pub head_timeout: Duration,
    /// How long a client may take to take 16 kB of an answer, or the rest of it.
    pub write_timeout: Duration,
    /// How long answers under way may take after the shutdown.
    pub drain: Duration,
}

impl Settings {
    /// The defaults, for feeds at this address.
    pub fn new(base_url: Url) -> Self {
        let half_a_minute = Duration::from_secs(30);
        Self {
            base_url,
            moves: None,
            connections: 2_048,
            connections_per_client: 1_024,
            trusted: Trusted::default(),
            places: None,
            traffic: Arc::default(),
            head_timeout: half_a_minute,
            write_timeout: half_a_minute,
            drain: Duration::from_secs(2),
        }
    }
}
