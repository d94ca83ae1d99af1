//! Has the linker pack the places in tables of addresses that are set at every start (DT_RELR): as they are without it they take 1.3 MB, all of which is
//! read and stays in memory. What is linked so needs glibc 2.36, and says so; it is done where that is there.

use std::env::var;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let native = var("HOST").is_ok_and(|host| var("TARGET").is_ok_and(|target| host == target && target.ends_with("-linux-gnu")));
    if native && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's C library: `glibc 2.36`.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let (major, minor) = std::str::from_utf8(&told.stdout).ok()?.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
