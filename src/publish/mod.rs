//! Documents out: to disk, so that any web server can serve them, and to the shelf, from which HTTP is answered.

mod disk;
mod lock;
mod remove;
pub mod shelf;

pub use disk::{Disk, PublishError};
pub use lock::{Lock, LockError, Purpose};
