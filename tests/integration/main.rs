//! The promises, through the real binary, against a newsroom on loopback and a real database.

#[path = "../support/mod.rs"]
mod support;

mod first_run;
mod identity;
mod lost_database;
mod unchanged;
