//! The promises, through the real binary, against a newsroom on loopback and a real database.

#[path = "../support/mod.rs"]
mod support;

mod backoff;
mod counts;
mod feeds;
mod first_run;
mod forget;
mod forget_feeds;
mod fresh;
mod identity;
mod judge;
mod kill;
mod lost_database;
mod order;
mod redirects;
mod renames;
mod schedule;
mod status;
mod together;
mod unchanged;
mod walks;
