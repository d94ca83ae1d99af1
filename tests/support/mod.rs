//! What integration tests share: a newsroom of our own on loopback that can misbehave, a folder with a config, the real binary.
#![allow(dead_code)] // each test binary uses its part

pub mod binary;
pub mod database;
pub mod listing;
pub mod newsroom;
pub mod scene;
pub mod tree;
