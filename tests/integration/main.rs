//! The promises, through the real binary, against a newsroom on loopback and a real database.

#[path = "../support/mod.rs"]
mod support;

mod charsets;
mod counts;
mod escapes;
mod feeds;
mod first_run;
mod forget;
mod forget_feeds;
mod fresh;
mod identity;
mod kill;
mod limits;
mod lost_database;
mod moved;
mod order;
mod redirects;
mod relative;
mod renames;
mod schedule;
mod together;
mod unchanged;
mod walks;
