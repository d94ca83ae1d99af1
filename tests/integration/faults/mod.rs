//! A newsroom that misbehaves in every way that is known (tests/support/faults.rs), on page 1 of a walk and on page 2.

mod archive;
mod bombs;
mod charsets;
mod kinds;
mod pagers;
mod robots;
mod storm;
mod story;
mod validators;
