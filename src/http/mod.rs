//! The shelf over HTTP/1.1: conditional GET and HEAD of whole documents, and nothing else.
//!
//! Promises: a path is looked up among the shelf's and never reaches the file system; nothing that a client sends, holds back or refuses to
//! take keeps another from being served; a response is made of one snapshot of the shelf. TLS and access control are left to a proxy.

mod conditional;
mod encoding;
mod listen;
mod respond;
mod server;
mod stall;
mod target;

pub use listen::HttpError;
pub use server::Server;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
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
    /// The places of several servers, instead of `connections`.
    pub places: Option<Arc<Semaphore>>,
    /// How long a client may take for the head of its next request, from the end of the answer before, or from connecting. So an idle
    /// connection is closed after as long.
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
            connections: 1_024,
            places: None,
            head_timeout: half_a_minute,
            write_timeout: half_a_minute,
            drain: Duration::from_secs(2),
        }
    }
}
