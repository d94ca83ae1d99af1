//! What comes in, and what becomes of it: odd rows, odd pages, odd bytes, the feeds to the letter, the commands, the database.

#[path = "../support/mod.rs"]
mod support;

mod bad_rows;
mod commands;
mod demo;
mod discover;
mod feeds_command;
mod feeds_in;
mod goldens;
mod import;
mod manual;
mod merged;
mod pages;
mod parts;
mod properties;
mod questions;
mod reading;
mod settings;
mod storage;
mod units;
mod wrong_pages;
