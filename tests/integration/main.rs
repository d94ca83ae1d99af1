//! The promises, through the real binary, against a newsroom on loopback and a real database.

#[path = "../support/mod.rs"]
mod support;

mod articles;
mod backfill;
mod backfill_shifts;
mod backoff;
mod charsets;
mod counts;
mod discovered;
mod escapes;
mod faults;
mod feeds;
mod feeds_in;
mod first_run;
mod forget;
mod forget_feeds;
mod fresh;
mod identity;
mod images;
mod judge;
mod kill;
mod limits;
mod lost_database;
mod manners;
mod moved;
mod order;
mod pages;
mod pairs;
mod redirects;
mod relative;
mod renames;
mod retry_after;
mod robots;
mod schedule;
mod status;
mod stories;
mod together;
mod unchanged;
mod walks;
