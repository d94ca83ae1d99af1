//! newsroomd reads newsrooms that publish no usable feeds, remembers every item for good, and publishes RSS, Atom and JSON feeds.
//!
//! Data flows one way: `fetch` -> `extract` -> `normalise` -> `store` -> `feed` -> `publish` -> `http`, driven by `pipeline`, which the
//! `daemon` drives on schedule; `judge` says what is not to be taken over, `notify` tells the operator's webhook.
//! `domain` is known by all; the pure parts (`extract`, `discover`, `article`, `normalise`, `judge`, `feed`, `schedule`) know no clock, network or database;
//! the parts that do (`fetch`, `notify`, `store`, `publish`, `http`) do not know one another, but for the shelf that `publish` fills and `http` serves;
//! `config` fills everybody's settings from one TOML file.

pub mod article;
pub mod cli;
pub mod commands;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod discover;
pub mod domain;
pub mod extract;
pub mod feed;
pub mod fetch;
pub mod http;
pub mod judge;
pub mod normalise;
pub mod notify;
pub mod pipeline;
pub mod publish;
pub mod schedule;
pub mod store;
pub mod telemetry;

/// An error and its causes in one line.
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // Some errors say their cause amid their own words.
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}
