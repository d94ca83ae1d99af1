//! Answers as they go over the wire, byte by byte: what a well-behaved server never sends, and how a connection can end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use flate2::{Compress, Compression, Crc, FlushCompress};

/// One thing that happens on a connection.
#[derive(Debug, Clone)]
pub enum Act {
    Send(Vec<u8>),
    /// Byte by byte, each after this pause.
    Trickle(Vec<u8>, Duration),
    /// These bytes again and again, until the client gives up.
    Forever(Vec<u8>, Duration),
    /// So many times.
    Times(usize, Vec<u8>),
    /// Nothing more, until the client gives up.
    Hang,
    /// The connection ends in the middle of things (RST), without a farewell.
    Reset,
}

/// What is answered: the acts in their order, then the connection is closed.
#[derive(Debug, Clone)]
pub struct Wire {
    /// What the log says of it; 0: no answer that anybody could read.
    pub status: u16,
    pub acts: Vec<Act>,
}

impl Wire {
    pub fn new(status: u16, acts: impl Into<Vec<Act>>) -> Self {
        Self { status, acts: acts.into() }
    }

    /// Nothing but these bytes.
    pub fn bytes(status: u16, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(status, [Act::Send(bytes.into())])
    }

    /// An answer as it should be, with these header fields besides.
    pub fn answer(status: u16, fields: &[&str], body: &[u8]) -> Self {
        let length = format!("Content-Length: {}", body.len());
        let mut bytes = head(status, &[fields, &[length.as_str()]].concat());
        bytes.extend_from_slice(body);
        Self::bytes(status, bytes)
    }

    /// The same by a redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::answer(status, &[&format!("Location: {location}")], b"")
    }

    /// Says all this to a client, as long as it listens.
    pub fn play(&self, stream: &mut TcpStream, reader: &mut BufReader<TcpStream>) {
        // The client hung up: that is its right.
        let _ = self.acts.iter().try_for_each(|act| act.play(stream, reader));
    }
}

impl Act {
    fn play(&self, stream: &mut TcpStream, reader: &mut BufReader<TcpStream>) -> std::io::Result<()> {
        match self {
            Self::Send(bytes) => stream.write_all(bytes),
            Self::Trickle(bytes, pause) => bytes.iter().try_for_each(|byte| {
                std::thread::sleep(*pause);
                stream.write_all(&[*byte])
            }),
            Self::Forever(bytes, pause) => loop {
                std::thread::sleep(*pause);
                stream.write_all(bytes)?;
            },
            Self::Times(times, bytes) => (0..*times).try_for_each(|_| stream.write_all(bytes)),
            Self::Hang => reader.read_until(0, &mut Vec::new()).map(drop),
            Self::Reset => socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO)),
        }
    }
}

/// A status line and header fields, with the empty line that ends them. Says that the connection will be closed.
pub fn head(status: u16, fields: &[&str]) -> Vec<u8> {
    let mut head = open_head(status, fields);
    head.extend_from_slice(b"\r\n");
    head
}

/// The same without an end.
pub fn open_head(status: u16, fields: &[&str]) -> Vec<u8> {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{fields}").into_bytes()
}

/// One chunk of a chunked body.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(bytes, Compression::fast()).read_to_end(&mut packed).expect("packed");
    packed
}

const MEBIBYTE: usize = 1 << 20;

/// What comes before the compressed data of a gzip stream (RFC 1952).
pub const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff];

/// A mebibyte of spaces, packed (RFC 1951) such that it can be said again and again in one stream.
pub fn packed_mebibyte() -> Vec<u8> {
    let mut packed = Vec::with_capacity(16 << 10);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(&[b' '; MEBIBYTE], &mut packed, FlushCompress::Full).expect("packed");
    assert_eq!(compress.total_in(), MEBIBYTE as u64);
    packed
}

/// A whole and correct gzip stream that unpacks to so many mebibytes of spaces: about a thousandth of that.
pub fn gzip_bomb(mebibytes: u32) -> Vec<u8> {
    let mut one = Crc::new();
    one.update(&[b' '; MEBIBYTE]);
    let mut crc = Crc::new();
    (0..mebibytes).for_each(|_| crc.combine(&one));
    let mut bomb = GZIP_HEAD.to_vec();
    bomb.extend_from_slice(&packed_mebibyte().repeat(mebibytes as usize));
    bomb.extend_from_slice(&[3, 0]); // an empty last block
    bomb.extend_from_slice(&crc.sum().to_le_bytes());
    bomb.extend_from_slice(&crc.amount().to_le_bytes());
    bomb
}

/// A whole and correct Zstandard stream (RFC 8878) that unpacks to so many mebibytes of spaces: 32 bytes for each.
pub fn zstd_bomb(mebibytes: usize) -> Vec<u8> {
    // Magic number, no flags, a window of 128 KiB.
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    // Blocks of one byte repeated 128 Ki times: last or not, type 1, size.
    let block = |last: u32| (last | 1 << 1 | (128 << 10) << 3).to_le_bytes();
    let all = mebibytes * 8;
    (0..all).for_each(|n| bomb.extend_from_slice(&[&block(u32::from(n + 1 == all))[..3], b" "].concat()));
    bomb
}

/// A whole and correct Brotli stream (RFC 7932) that unpacks to a gibibyte of spaces.
pub const BROTLI_BOMB: &[u8] = include_bytes!("../fixtures/bombs/gibibyte-of-spaces.br");
