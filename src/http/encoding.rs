//! Accept-Encoding: what a client wants the bytes to be packed in (RFC 9110, section 12.5.3).

use hyper::HeaderMap;
use hyper::header::ACCEPT_ENCODING;

/// What is sent of identity and gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// Identity: gzip was not asked for, or refused.
    Identity,
    /// Identity, but gzip is understood.
    IdentityThenGzip,
    /// Gzip.
    GzipThenIdentity,
}

/// A quality in thousandths.
type Quality = u16;

/// Reads all Accept-Encoding lines as one list. What is malformed counts as not said.
///
/// A client that says nothing gets identity: by the RFC it would take anything, but those that say nothing are those that know nothing of
/// codings. One that refuses identity and offers nothing else that we have gets identity too, as section 12.1 allows: a feed that may be
/// unreadable is more use than a 406 that surely is.
pub fn preference(headers: &HeaderMap) -> Preference {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    for (coding, quality) in lines.flat_map(|line| line.split(',')).filter_map(member) {
        let is = |name: &str| coding.eq_ignore_ascii_case(name);
        // Section 8.4.1.3: x-gzip is gzip.
        if is("gzip") || is("x-gzip") {
            gzip = Some(quality);
        } else if is("identity") {
            identity = Some(quality);
        } else if coding == "*" {
            any = Some(quality);
        }
    }
    let gzip: Quality = gzip.or(any).unwrap_or(0);
    // Not listed, identity is acceptable, but less than anything that is asked for.
    let identity: Quality = identity.or(any).unwrap_or(1);
    match gzip {
        0 => Preference::Identity,
        _ if gzip >= identity => Preference::GzipThenIdentity,
        _ => Preference::IdentityThenGzip,
    }
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

    use super::Preference::{GzipThenIdentity, Identity, IdentityThenGzip};
    use super::*;

    fn of(lines: &[&[u8]]) -> Preference {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_bytes(line).expect("a value"));
        }
        preference(&headers)
    }

    #[test]
    fn one_line() {
        for (line, want) in [
            ("", Identity),
            ("gzip", GzipThenIdentity),
            ("GZIP", GzipThenIdentity),
            ("x-gzip", GzipThenIdentity),
            ("gzip, deflate, br, zstd", GzipThenIdentity),
            ("gzip ; q=1.0 , deflate", GzipThenIdentity),
            ("deflate", Identity),
            ("gzipped", Identity),
            ("*", GzipThenIdentity),
            ("*;q=0", Identity),
            ("gzip;q=0", Identity),
            ("gzip;q=0.000", Identity),
            ("gzip;q=0, *", Identity),
            ("gzip;q=0, *;q=0.5", Identity),
            ("*;q=0, gzip", GzipThenIdentity),
            ("gzip;q=0.001", GzipThenIdentity),
            ("gzip;Q=0.2, identity;q=0.9", IdentityThenGzip),
            ("gzip;q=0.2, *;q=0.9", IdentityThenGzip),
            ("identity, gzip", GzipThenIdentity),
            ("identity", Identity),
            ("identity;q=0", Identity),
            ("identity;q=0, gzip", GzipThenIdentity),
            ("identity;q=0, gzip;q=0.1", GzipThenIdentity),
            // Malformed: not said.
            ("gzip;q=banana, ,;;=", Identity),
            ("gzip;q=1.5", Identity),
            ("gzip;q=-1", Identity),
            ("gzip;q=0.1234", Identity),
            ("gzip;q=", Identity),
            ("gzip;q", GzipThenIdentity),
            ("gzip;x=1", GzipThenIdentity),
        ] {
            assert_eq!(of(&[line.as_bytes()]), want, "{line}");
        }
    }

    #[test]
    fn no_line_and_several() {
        assert_eq!(of(&[]), Identity);
        assert_eq!(of(&[b"br", b"gzip"]), GzipThenIdentity);
        assert_eq!(of(&[b"\xff", b"gzip"]), GzipThenIdentity);
    }

    proptest! {
        #[test]
        fn any_line_is_read(line in "[ -~]{0,60}") {
            of(&[line.as_bytes()]);
        }

        #[test]
        fn a_greater_quality_wins(gzip in 1u16..=1_000, identity in 0u16..=1_000) {
            let q = |n: u16| format!("{}.{:03}", n / 1_000, n % 1_000);
            let got = of(&[format!("gzip;q={}, identity;q={}", q(gzip), q(identity)).as_bytes()]);
            prop_assert_eq!(got, if gzip >= identity { GzipThenIdentity } else { IdentityThenGzip });
        }
    }
}
