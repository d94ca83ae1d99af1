//! What is remembered of hosts beyond this process. The fetcher says what it needs; whoever drives it has the place.

use std::error::Error;
use std::fmt::Debug;

use futures_util::future::BoxFuture;

use crate::domain::{HostWait, RobotsCopy};

/// Why something could not be remembered.
pub type MemoryError = Box<dyn Error + Send + Sync>;

/// What must outlive this process, and be known to others: which hosts want no request for how long, and robots.txt.
pub trait Memory: Debug + Send + Sync {
    /// The hosts that want no request for now, and perhaps some that did.
    fn waits(&self) -> BoxFuture<'_, Result<Vec<(String, HostWait)>, MemoryError>>;

    /// Notes that a host wants no request for a while.
    fn keep_wait<'a>(&'a self, host: &'a str, wait: HostWait) -> BoxFuture<'a, Result<(), MemoryError>>;

    /// The robots.txt of a scheme, host and port.
    fn robots<'a>(&'a self, authority: &'a str) -> BoxFuture<'a, Result<Option<RobotsCopy>, MemoryError>>;

    /// Keeps a robots.txt.
    fn keep_robots<'a>(&'a self, authority: &'a str, copy: &'a RobotsCopy) -> BoxFuture<'a, Result<(), MemoryError>>;
}
