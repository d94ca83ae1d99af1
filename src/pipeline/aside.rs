//! Work that blocks for a moment.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{JoinError, spawn_blocking};

/// Does what takes some milliseconds, seldom more, on a thread for such work, so that nobody is kept waiting; where one thread drives all, as in a
/// round of `once`, on the spot: there is nobody, and another thread costs more than what is done there.
///
/// # Errors
/// When it panics on a thread of its own.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => Ok(work()),
        _ => spawn_blocking(work).await,
    }
}
