//! Documents out: to disk, so that any web server can serve them, and to the shelf, from which HTTP is answered.

mod claim;
mod disk;
mod examine;
mod lock;
mod remove;
pub mod shelf;

pub use disk::{Disk, PublishError};
pub use examine::{Lying, mend_modes, mend_times, survey};
pub use lock::{Holder, Lock, LockError, Purpose};
