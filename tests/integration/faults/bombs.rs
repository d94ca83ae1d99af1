//! What the bombs are made of.

use std::io::Read;

use crate::support::wire::{BROTLI_BOMB, gzip_bomb, zstd_bomb};

#[test]
fn bombs_are_what_they_say() {
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(gzip_bomb(3).as_slice()).read_to_end(&mut unpacked).expect("a gzip stream");
    assert!(unpacked.len() == 3 << 20 && unpacked.iter().all(|byte| *byte == b' '));
    let sizes = [gzip_bomb(1024).len(), zstd_bomb(1024).len(), BROTLI_BOMB.len()];
    assert!(sizes[0] < 1_200_000 && sizes[1] < 40_000 && sizes[2] < 2_000, "{sizes:?}");
}
