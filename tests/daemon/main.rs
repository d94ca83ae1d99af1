//! The promises of what runs for years, through the real binary: `run` against newsrooms on loopback, and `demo`.

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod articles;
mod backfill;
mod beside;
mod browser;
mod day;
mod demo;
mod disturbed;
mod health;
mod listeners;
mod logs;
mod manners;
mod metrics;
mod news;
mod readers;
mod ready;
mod redesigned;
mod reload;
mod renamed;
mod schedule;
mod soak;
mod stop;
mod systemd;
mod told;
mod trouble;
