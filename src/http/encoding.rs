//! Accept-Encoding: what a client wants the bytes to be packed in (RFC 9110, section 12.5.3).

use std::cmp::Reverse;

use hyper::HeaderMap;
use hyper::header::ACCEPT_ENCODING;

use crate::publish::shelf::Coding;

/// The codings that a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    order: [Coding; 4],
    length: usize,
}

impl Accepted {
    /// Identity alone.
    const PLAIN: Self = Self { order: Coding::ALL, length: 1 };

    /// Those that it prefers first, and of equal ones those that we do; at least one.
    pub fn codings(&mut self) -> &mut [Coding] {
        &mut self.order[..self.length]
    }
}

/// What we prefer: the shortest, which is by a tenth Brotli's, then what is unpacked the quickest.
const OURS: [Coding; 4] = [Coding::Brotli, Coding::Zstd, Coding::Gzip, Coding::Identity];

/// A quality in thousandths.
type Quality = u16;

/// Reads all Accept-Encoding lines as one list. What is malformed counts as not said.
///
/// A client that says nothing gets identity: by the RFC it would take anything, but those that say nothing are those that know nothing of
/// codings. Identity is always among what is taken, at worst as the last: a client that refuses it and offers nothing else that we have gets
/// it all the same, as section 12.1 allows. A feed that may be unreadable is more use than a 406 that surely is.
pub fn accepted(headers: &HeaderMap) -> Accepted {
    if !headers.contains_key(ACCEPT_ENCODING) {
        return Accepted::PLAIN;
    }
    let (mut said, mut any) = ([None::<Quality>; 4], None);
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    for (coding, quality) in lines.flat_map(|line| line.split(',')).filter_map(member) {
        if coding == "*" {
            any = Some(quality);
        } else if let Some(coding) = named(coding) {
            said[coding as usize] = Some(quality);
        }
    }
    // Not listed, identity is acceptable, but less than anything that is asked for.
    let quality = |coding: Coding| match said[coding as usize].or(any) {
        Some(quality) => quality,
        None => Quality::from(coding == Coding::Identity),
    };
    let (mut order, mut length) = (OURS, 0);
    for coding in OURS.into_iter().filter(|coding| *coding == Coding::Identity || quality(*coding) > 0) {
        order[length] = coding;
        length += 1;
    }
    order[..length].sort_by_key(|coding| Reverse(quality(*coding)));
    Accepted { order, length }
}

fn named(name: &str) -> Option<Coding> {
    // Section 8.4.1.3: x-gzip is gzip.
    let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
    OURS.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.name()))
}

/// `gzip`, `gzip;q=0.5`.
fn member(text: &str) -> Option<(&str, Quality)> {
    let mut parts = text.split(';').map(str::trim);
    let coding = parts.next()?;
    let mut quality = 1_000;
    for parameter in parts {
        match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("q") => quality = thousandths(value)?,
            _ => {}
        }
    }
    Some((coding, quality))
}

/// `1`, `0.25`: at most three decimals, nothing above 1 (section 12.4.2).
fn thousandths(text: &str) -> Option<Quality> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction = decimals.bytes().chain(std::iter::repeat(b'0')).take(3).fold(0, |sum, b| sum * 10 + Quality::from(b - b'0'));
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_bytes(line).expect("a value"));
        }
        accepted(&headers).codings().iter().map(|coding| coding.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_line() {
        for (line, want) in [
            ("", "identity"),
            ("gzip", "gzip identity"),
            ("GZIP", "gzip identity"),
            ("x-gzip", "gzip identity"),
            ("gzip, deflate, br, zstd", "br zstd gzip identity"),
            ("gzip, deflate, br", "br gzip identity"),
            ("gzip ; q=1.0 , deflate", "gzip identity"),
            ("deflate", "identity"),
            ("gzipped", "identity"),
            ("*", "br zstd gzip identity"),
            ("*;q=0", "identity"),
            ("gzip;q=0", "identity"),
            ("gzip;q=0.000", "identity"),
            ("gzip;q=0, *", "br zstd identity"),
            ("gzip;q=0, *;q=0.5", "br zstd identity"),
            ("*;q=0, gzip", "gzip identity"),
            ("br;q=0.1, gzip;q=0.9", "gzip br identity"),
            ("zstd;q=0.9, gzip;q=0.1", "zstd gzip identity"),
            ("gzip;q=0.001", "gzip identity"),
            ("gzip;Q=0.2, identity;q=0.9", "identity gzip"),
            ("gzip;q=0.2, *;q=0.9", "br zstd identity gzip"),
            ("br;q=0.2, identity;q=0.5, zstd", "zstd identity br"),
            ("identity, gzip", "gzip identity"),
            ("identity", "identity"),
            ("identity;q=0", "identity"),
            ("identity;q=0, gzip", "gzip identity"),
            ("identity;q=0, gzip;q=0.1", "gzip identity"),
            // Malformed: not said.
            ("gzip;q=banana, ,;;=", "identity"),
            ("gzip;q=1.5", "identity"),
            ("gzip;q=-1", "identity"),
            ("gzip;q=0.1234", "identity"),
            ("gzip;q=", "identity"),
            ("gzip;q", "gzip identity"),
            ("gzip;x=1", "gzip identity"),
        ] {
            assert_eq!(of(&[line.as_bytes()]), want, "{line}");
        }
    }

    #[test]
    fn no_line_and_several() {
        assert_eq!(of(&[]), "identity");
        assert_eq!(of(&[b"br", b"gzip"]), "br gzip identity");
        assert_eq!(of(&[b"\xff", b"gzip"]), "gzip identity");
    }

    proptest! {
        #[test]
        fn any_line_is_read(line in "[ -~]{0,60}") {
            of(&[line.as_bytes()]);
        }

        #[test]
        fn a_greater_quality_wins(qualities in prop::array::uniform4(0u16..=1_000)) {
            let q = |n: u16| format!("{}.{:03}", n / 1_000, n % 1_000);
            let line: Vec<String> = Coding::ALL.iter().zip(qualities).map(|(c, n)| format!("{};q={}", c.name(), q(n))).collect();
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_str(&line.join(",")).expect("a value"));
            let mut accepted = accepted(&headers);
            let got: Vec<u16> = accepted.codings().iter().map(|coding| qualities[*coding as usize]).collect();
            prop_assert!(got.is_sorted_by(|a, b| a >= b), "{:?}", got);
            prop_assert!(accepted.codings().contains(&Coding::Identity));
            let taken = Coding::PACKED.iter().filter(|coding| qualities[**coding as usize] > 0).count();
            prop_assert_eq!(got.len(), taken + 1);
        }
    }
}
