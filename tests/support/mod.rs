//! What integration tests share: a newsroom of our own on loopback that can misbehave, a folder with a config, the real binary.
#![allow(dead_code)] // each test binary uses its part

pub mod binary;
pub mod browser;
pub mod changing;
pub mod daemon;
pub mod database;
pub mod faults;
pub mod limits;
pub mod listing;
pub mod manager;
pub mod metrics;
pub mod newsroom;
pub mod process;
pub mod raw;
pub mod receiver;
pub mod scene;
pub mod sound;
pub mod trap;
pub mod tree;
pub mod web;
pub mod wire;
