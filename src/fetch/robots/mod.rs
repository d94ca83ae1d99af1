//! robots.txt (RFC 9309): what it allows us, and how long a copy of it is good for. Knows no clock and no network.

mod rules;
mod standing;

pub(super) use rules::MAX_SIZE;
pub use rules::Rules;
pub(super) use standing::{Standing, answered, failed, standing};
