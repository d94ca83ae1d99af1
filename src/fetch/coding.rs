//! Content codings (RFC 9110, section 8.4), undone by ourselves: what comes over the wire and what it unpacks to are counted apart, as they come, so
//! that a bomb ends at the limit and not in memory.

use std::io::{self, Write};

use brotli_decompressor::{BrotliDecoderParameter, DecompressorWriter};
use flate2::write::MultiGzDecoder;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// What we say that we can undo.
pub(super) const ACCEPTED: &str = "gzip, br, zstd";

/// Bytes unpacked at a time.
const PIECE: usize = 32 * 1024;

/// The largest window of zstd is 8 MB over HTTP (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// Undoes a coding.
pub(super) struct Unpack(Coding);

enum Coding {
    Identity(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Brotli(Box<DecompressorWriter<Bounded>>),
    Zstd(Box<Zstd>),
}

/// Why a body could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodingError {
    /// It unpacks to more than the limit.
    #[error("too large")]
    TooLarge,
    /// It is not what it is said to be.
    #[error(transparent)]
    Broken(io::Error),
}

impl From<io::Error> for CodingError {
    fn from(error: io::Error) -> Self {
        // Only `Bounded` says this, and what unpacks hands it on.
        if error.kind() == io::ErrorKind::FileTooLarge { Self::TooLarge } else { Self::Broken(error) }
    }
}

impl Unpack {
    /// By the values of Content-Encoding. At most `limit` bytes come out.
    ///
    /// # Errors
    /// The coding, if we cannot undo it, or undo several at a time: none such was asked for.
    pub fn new<'a>(fields: impl Iterator<Item = &'a str>, limit: u64, expected: u64) -> Result<Self, String> {
        let codings: Vec<String> = fields.flat_map(|f| f.split(',')).map(|c| c.trim().to_ascii_lowercase()).collect();
        let codings: Vec<&str> = codings.iter().map(String::as_str).filter(|c| !c.is_empty() && *c != "identity").collect();
        let mut out = Bounded { bytes: Vec::new(), limit };
        Ok(Self(match *codings.as_slice() {
            [] => {
                out.bytes.reserve(usize::try_from(expected.min(limit)).unwrap_or(0));
                Coding::Identity(out)
            }
            ["gzip" | "x-gzip"] => Coding::Gzip(Box::new(MultiGzDecoder::new(out))),
            ["br"] => {
                let mut decoder = DecompressorWriter::new(out, PIECE);
                // Windows of up to 1 GB are no part of the coding (RFC 7932).
                decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
                Coding::Brotli(Box::new(decoder))
            }
            ["zstd"] => Coding::Zstd(Box::new(Zstd::new(out).map_err(|e| e.to_string())?)),
            _ => return Err(codings.join(", ")),
        }))
    }

    /// What comes is the page itself.
    pub fn is_plain(&self) -> bool {
        matches!(self.0, Coding::Identity(_))
    }

    /// Takes what came.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CodingError> {
        Ok(match &mut self.0 {
            Coding::Identity(out) => out.write_all(bytes),
            Coding::Gzip(decoder) => decoder.write_all(bytes),
            Coding::Brotli(decoder) => decoder.write_all(bytes),
            Coding::Zstd(decoder) => decoder.write_all(bytes),
        }?)
    }

    /// What came so far, up to the limit.
    pub fn so_far(self) -> Vec<u8> {
        match self.0 {
            Coding::Identity(out) => out.bytes,
            Coding::Gzip(mut decoder) => std::mem::take(&mut decoder.get_mut().bytes),
            Coding::Brotli(mut decoder) => std::mem::take(&mut decoder.get_mut().bytes),
            Coding::Zstd(decoder) => decoder.out.bytes,
        }
    }

    /// All came: what it is, if it is whole.
    pub fn finish(self) -> Result<Vec<u8>, CodingError> {
        let out = match self.0 {
            Coding::Identity(out) => out,
            Coding::Gzip(decoder) => decoder.finish()?,
            Coding::Brotli(mut decoder) => {
                decoder.close()?;
                std::mem::take(decoder.get_mut())
            }
            Coding::Zstd(decoder) => decoder.finish()?,
        };
        Ok(out.bytes)
    }
}

/// Takes bytes up to a limit.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    limit: u64,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + bytes.len()) as u64 > self.limit {
            let rest = usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_sub(self.bytes.len());
            self.bytes.extend_from_slice(&bytes[..rest.min(bytes.len())]);
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// zstd's own writer does not tell a cut stream from a whole one.
struct Zstd {
    decoder: Decoder<'static>,
    piece: Vec<u8>,
    out: Bounded,
    /// Within a frame, or before the first.
    open: bool,
}

impl Zstd {
    fn new(out: Bounded) -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
        Ok(Self { decoder, piece: vec![0; PIECE], out, open: true })
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut input = InBuffer::around(bytes);
        loop {
            let mut output = OutBuffer::around(self.piece.as_mut_slice());
            self.open = self.decoder.run(&mut input, &mut output)? != 0;
            let full = output.pos() == output.capacity();
            self.out.write_all(output.as_slice())?;
            // After the end of a frame another run would begin the next, if there is none.
            if input.pos() == bytes.len() && !(full && self.open) {
                return Ok(());
            }
        }
    }

    fn finish(self) -> io::Result<Bounded> {
        if self.open { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(self.out) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "One upon a time. One upon a time. One upon a time.";
    /// `TEXT`, as the brotli program packs it.
    const BROTLI: &[u8] = include_bytes!("../../tests/fixtures/coding/text.br");

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).expect("packed");
        encoder.finish().expect("packed")
    }

    fn zstd(text: &str) -> Vec<u8> {
        zstd::encode_all(text.as_bytes(), 3).expect("packed")
    }

    /// In pieces of this size.
    fn unpacked(coding: &str, bytes: &[u8], piece: usize, limit: u64) -> Result<String, String> {
        let mut unpack = Unpack::new([coding].into_iter(), limit, 0)?;
        let all = bytes.chunks(piece).try_for_each(|chunk| unpack.write(chunk)).and_then(|()| unpack.finish());
        all.map(|bytes| String::from_utf8(bytes).expect("text")).map_err(|e| e.to_string())
    }

    #[test]
    fn codings_are_undone_in_pieces_of_any_size() {
        let long = format!("{}{}", TEXT.repeat(5_000), "end");
        for (coding, bytes, text) in [
            ("", TEXT.as_bytes().to_vec(), TEXT),
            ("identity, ", TEXT.as_bytes().to_vec(), TEXT),
            ("GZIP", gzip(TEXT), TEXT),
            ("x-gzip", gzip(&long), &long),
            ("gzip", [gzip(TEXT), gzip("")].concat(), TEXT),
            ("br", BROTLI.to_vec(), TEXT),
            ("zstd", zstd(TEXT), TEXT),
            ("zstd", zstd(&long), &long),
            ("zstd", [zstd(""), zstd(TEXT)].concat(), TEXT),
            // Exactly one piece.
            ("zstd", zstd(&long[..PIECE]), &long[..PIECE]),
        ] {
            for piece in [1, 7, 1_000_000] {
                assert_eq!(unpacked(coding, &bytes, piece, 1_000_000).as_deref(), Ok(text), "{coding} by {piece}");
            }
            assert_eq!(unpacked(coding, &bytes, 100, text.len() as u64).as_deref(), Ok(text), "{coding}");
            assert_eq!(unpacked(coding, &bytes, 100, text.len() as u64 - 1), Err("too large".into()), "{coding}");
        }
    }

    #[test]
    fn what_lies_or_was_cut_is_no_page() {
        for (coding, whole) in [("gzip", gzip(TEXT)), ("br", BROTLI.to_vec()), ("zstd", zstd(TEXT))] {
            for cut in 0..whole.len() {
                let got = unpacked(coding, &whole[..cut], 1_000, 1_000);
                assert!(got.is_err(), "{coding} cut at {cut}: {got:?}");
            }
            for bytes in [TEXT.as_bytes(), b"\0", &[whole.as_slice(), b"garbage"].concat()] {
                for piece in [1, 1_000] {
                    let got = unpacked(coding, bytes, piece, 1_000);
                    assert!(got.is_err(), "{coding}: {got:?}");
                }
            }
        }
        for coding in ["gzip, br", "gzip, gzip", "deflate", "compress", "utf-8"] {
            assert_eq!(unpacked(coding, b"", 1, 1), Err(coding.to_owned()));
        }
    }

    #[test]
    fn a_window_beyond_what_the_web_allows_is_refused() {
        // A frame that claims a window of 2 GB (RFC 8878, section 3.1.1.1.2).
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3];
        assert!(unpacked("zstd", &frame, 100, 1_000).is_err());
    }
}
