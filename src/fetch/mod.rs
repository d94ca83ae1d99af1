//! The only door to the network.

use std::net::IpAddr;
use std::time::Duration;

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
    /// At least this long between two requests to one host.
    pub min_gap: Duration,
    /// Inside networks that sources may be on: address and prefix length.
    pub allow_networks: Vec<(IpAddr, u8)>,
}
