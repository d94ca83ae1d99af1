//! The content codings in which documents can be sent (RFC 9110, section 8.4.1).

use std::io::{self, Write};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;

/// A content coding in which a document can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// The bytes as they are.
    Identity,
    /// Gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// Brotli (RFC 7932).
    Brotli,
}

// How hard each tries. The demo's 188 documents (1,357 kB, 7 kB on average), best of several runs on one core, size and time of all:
//
//     gzip 1  373 kB   5.5 ms     zstd 1   339 kB    4.0 ms     brotli 4   308 kB     24 ms
//     gzip 3  326 kB   8.7 ms     zstd 3   332 kB    4.8 ms     brotli 5   289 kB     22 ms
//     gzip 6  319 kB  11.0 ms     zstd 6   318 kB    9.7 ms     brotli 6   288 kB     31 ms
//     gzip 9  319 kB  12.3 ms     zstd 9   316 kB   16.6 ms     brotli 9   287 kB    540 ms
//                                 zstd 19  312 kB  550   ms     brotli 11  246 kB  1,909 ms
//
// A document is made once and sent thousands of times, but a poll that touches 60 channels makes 180 of them, on machines that are small.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 6;
const BROTLI_LEVEL: i32 = 5;
/// Brotli's window is 2^18 bytes: as large as nearly every document, and quicker to set up than the usual 2^22.
const BROTLI_WINDOW: i32 = 18;

impl Coding {
    /// All of them, each at the place of its number.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Gzip, Self::Zstd, Self::Brotli];

    /// Those that are made: the one that most readers ask for first.
    pub const PACKED: [Self; 3] = [Self::Gzip, Self::Zstd, Self::Brotli];

    /// Its name in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
        }
    }

    /// The value of Content-Encoding; none: there is no such field.
    pub fn field(self) -> Option<&'static HeaderValue> {
        // Made by the compiler: at each answer it would be checked letter by letter.
        static GZIP: HeaderValue = HeaderValue::from_static("gzip");
        static ZSTD: HeaderValue = HeaderValue::from_static("zstd");
        static BROTLI: HeaderValue = HeaderValue::from_static("br");
        match self {
            Self::Identity => None,
            Self::Gzip => Some(&GZIP),
            Self::Zstd => Some(&ZSTD),
            Self::Brotli => Some(&BROTLI),
        }
    }

    /// The bytes in this coding; none: that saves nothing. Blocks for about 3 ms per 100 kB.
    pub(super) fn pack(self, bytes: &[u8]) -> Option<Vec<u8>> {
        // Writing to memory does not fail; if it did, the document would go out as it is.
        self.encode(bytes).ok().filter(|packed| packed.len() < bytes.len())
    }

    fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let room = bytes.len() / 4;
        match self {
            Self::Identity => Ok(bytes.to_vec()),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(room), Compression::new(GZIP_LEVEL));
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
            Self::Brotli => {
                let params = BrotliEncoderParams {
                    quality: BROTLI_LEVEL,
                    lgwin: BROTLI_WINDOW,
                    size_hint: bytes.len(),
                    ..BrotliEncoderParams::default()
                };
                let mut packed = Vec::with_capacity(room);
                brotli::BrotliCompress(&mut &bytes[..], &mut packed, &params)?;
                Ok(packed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn unpacked(coding: Coding, packed: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match coding {
            Coding::Identity => return packed.to_vec(),
            Coding::Gzip => flate2::read::GzDecoder::new(packed).read_to_end(&mut out),
            Coding::Zstd => zstd::stream::read::Decoder::new(packed).and_then(|mut decoder| decoder.read_to_end(&mut out)),
            Coding::Brotli => brotli_decompressor::Decompressor::new(packed, 4_096).read_to_end(&mut out),
        }
        .unwrap_or_else(|error| panic!("{coding:?}: {error}"));
        out
    }

    #[test]
    fn each_has_its_number_and_its_name() {
        for (n, coding) in Coding::ALL.into_iter().enumerate() {
            assert_eq!(coding as usize, n);
            assert_eq!(coding.field().map_or("identity".into(), |f| f.to_str().expect("ASCII").to_owned()), coding.name());
        }
    }

    #[test]
    fn what_is_not_shortened_is_not_packed() {
        for coding in Coding::PACKED {
            assert_eq!(coding.pack(b"<p>"), None, "{coding:?}");
            assert_eq!(coding.pack(b""), None, "{coding:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_is_the_same(piece in prop::collection::vec(any::<u8>(), 1..200), times in 1..2_000usize) {
            let bytes = piece.repeat(times);
            for coding in Coding::PACKED {
                if let Some(packed) = coding.pack(&bytes) {
                    prop_assert!(packed.len() < bytes.len());
                    prop_assert!(unpacked(coding, &packed) == bytes, "{:?}", coding);
                }
            }
        }
    }
}
