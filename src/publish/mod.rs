//! Documents out: to disk, so that any web server can serve them.

mod disk;
mod lock;
mod remove;

pub use disk::{Disk, PublishError};
pub use lock::{Lock, LockError};
