//! The promises of what runs for years, through the real binary: `run` against newsrooms on loopback, and `demo`.

#[path = "../support/mod.rs"]
mod support;

mod backfill;
mod beside;
mod day;
mod demo;
mod disturbed;
mod manners;
mod news;
mod readers;
mod ready;
mod redesigned;
mod renamed;
mod schedule;
mod soak;
mod stop;
mod told;
mod trouble;
