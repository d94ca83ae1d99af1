//! Which characters a page's bytes stand for: byte order mark, header, `<meta>`, else UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// A page's text and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text; bytes that stand for nothing became U+FFFD. The page's own bytes where they are UTF-8 already.
    pub text: Cow<'a, str>,
    /// The encoding's name (WHATWG Encoding Standard).
    pub encoding: &'static str,
    /// Whether some bytes stood for nothing.
    pub damaged: bool,
}

/// How far into the page a `<meta>` may stand (WHATWG HTML, "prescan a byte stream": 1024 bytes).
const PRESCAN: usize = 1024;

/// Decodes a page. `header` is the charset of its Content-Type header, if it had one.
pub fn decode<'a>(bytes: &'a [u8], header: Option<&str>) -> Decoded<'a> {
    let (encoding, skip) = Encoding::for_bom(bytes).unwrap_or_else(|| {
        let stated = header.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
        (stated.or_else(|| meta(bytes)).unwrap_or(UTF_8), 0)
    });
    let (text, damaged) = encoding.decode_without_bom_handling(&bytes[skip..]);
    Decoded { text, encoding: encoding.name(), damaged }
}

/// The encoding that a `<meta charset>` or `<meta http-equiv content>` near the top names.
fn meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN)]).to_ascii_lowercase();
    let mut rest = head.as_str();
    while let Some(at) = rest.find("<meta") {
        rest = &rest[at + 5..];
        let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
        if let Some((_, value)) = tag.split_once("charset") {
            let value = value.trim_start().strip_prefix('=').unwrap_or("").trim_start().trim_start_matches(['"', '\'']);
            let label =
                value.split(|c: char| matches!(c, '"' | '\'' | ';' | '/' | '>') || c.is_whitespace()).next().unwrap_or("");
            if let Some(encoding) = Encoding::for_label(label.as_bytes()) {
                // A page that could be read as ASCII so far is not UTF-16, whatever it says.
                return Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_evidence() {
        let meta = |charset: &str| format!("<html><head><meta charset=\"{charset}\"><title>").into_bytes();
        let with = |mut head: Vec<u8>, tail: &[u8]| {
            head.extend_from_slice(tail);
            head
        };
        for (bytes, header, encoding, ends) in [
            (b"\xef\xbb\xbfT\xc3\xbcr".to_vec(), Some("windows-1252"), "UTF-8", "Tür"),
            (b"\xff\xfeT\0\xfc\0r\0".to_vec(), None, "UTF-16LE", "Tür"),
            (with(meta("utf-8"), b"T\xfcr"), Some("iso-8859-1"), "windows-1252", "Tür"),
            (with(meta("windows-1251"), b"\xcf\xf0\xe8"), None, "windows-1251", "При"),
            (with(meta("utf-16"), b"T\xc3\xbcr"), None, "UTF-8", "Tür"),
            (b"<meta http-equiv=content-type content='text/html; charset=ISO-8859-2'>\xb9".to_vec(), None, "ISO-8859-2", "š"),
            (b"T\xc3\xbcr".to_vec(), Some("no-such-thing"), "UTF-8", "Tür"),
            (b"T\xc3\xbcr".to_vec(), None, "UTF-8", "Tür"),
        ] {
            let decoded = decode(&bytes, header);
            assert_eq!(decoded.encoding, encoding, "{decoded:?}");
            assert!(decoded.text.ends_with(ends) && !decoded.damaged, "{decoded:?}");
        }
        let damaged = decode(b"T\xfcr", None);
        assert!(damaged.damaged && damaged.text == "T\u{fffd}r");
    }
}
