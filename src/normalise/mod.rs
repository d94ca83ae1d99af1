//! From raw rows to readings, and from readings to what is new, edited or known: pure rules.
//!
//! Knows no network, store or clock: `now` is an argument.

pub mod approximate;
pub mod course;
pub mod forgotten;
pub mod html;
pub mod link;
pub mod matching;
pub mod order;
pub mod reading;
pub mod story;

pub use course::Course;
pub use link::Identity;
pub use reading::readings;
