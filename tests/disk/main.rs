//! Crash and disk, through the real binary: what becomes of kills, full and read-only disks, damaged and lost databases, clocks that jump, and two
//! of us in one place; what `doctor` says and mends of it; and backups.

#[path = "../support/mod.rs"]
mod support;

mod backup;
mod clock;
mod damage;
mod doctor;
mod full;
mod killed;
mod two;
