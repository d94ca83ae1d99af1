//! newsroomd reads newsrooms that publish no usable feeds, remembers every item for good, and publishes RSS, Atom and JSON feeds.
//!
//! Data flows one way: `fetch` -> `extract` -> `normalise` -> `store` -> `feed` -> `publish`, driven by `pipeline`.
//! `domain` is known by all; the pure parts (`extract`, `normalise`, `feed`, `schedule`) know no clock, network or database;
//! the parts that do (`fetch`, `store`, `publish`) do not know one another; `config` fills everybody's settings from one TOML file.

pub mod config;
pub mod demo;
pub mod domain;
pub mod extract;
pub mod feed;
pub mod fetch;
pub mod normalise;
pub mod schedule;
pub mod store;
