//! Which characters a page's bytes stand for: what the operator says, else byte order mark, header, `<meta>`, else UTF-8 if it is that, else by
//! its looks.
//!
//! What is said is followed even where it looks wrong, and told; only where it leaves bytes that stand for nothing and they are all good UTF-8 it
//! is taken for that.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// The encodings of the web (WHATWG Encoding Standard, section 4.2), but those that no page can be in.
pub const NAMES: &[&str] = &[
    "utf-8",
    "ibm866",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-9",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "gbk",
    "gb18030",
    "big5",
    "euc-jp",
    "iso-2022-jp",
    "shift_jis",
    "euc-kr",
    "utf-16be",
    "utf-16le",
];

/// What there is to go by, beside the bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// What the operator says: it goes before all else.
    pub told: Option<&'static Encoding>,
    /// The charset of the page's Content-Type header.
    pub header: Option<&'a str>,
    /// The page's host: its country is a hint for the looks.
    pub host: &'a str,
}

/// A page's text and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text; bytes that stand for nothing became U+FFFD. The page's own bytes where they are UTF-8 already.
    pub text: Cow<'a, str>,
    /// The encoding's name (WHATWG Encoding Standard).
    pub encoding: &'static str,
    /// Bytes that stood for nothing.
    pub damaged: usize,
    /// Nothing said which encoding it is: it was told by its looks.
    pub guessed: bool,
    /// Another encoding that was stated, although the bytes are UTF-8; `encoding` says whether that was followed.
    pub contradicted: Option<&'static str>,
}

impl Decoded<'_> {
    /// What the operator may want to know of it.
    pub fn doubts(&self) -> Vec<String> {
        let mut out = Vec::new();
        if self.damaged > 0 {
            let bytes = if self.damaged == 1 { "1 byte".into() } else { format!("{} bytes", self.damaged) };
            out.push(format!(
                "{bytes} could not be read as {}: shown as U+FFFD; `charset` in the source can say what they are",
                self.encoding
            ));
        }
        if self.guessed {
            let name = self.encoding;
            out.push(format!(
                "the page says no charset: read as {name} by its looks; `charset` in the source can say what it is"
            ));
        }
        match self.contradicted {
            Some(stated) if stated == self.encoding => out.push(format!(
                "the page says {stated} and is read so, but looks like UTF-8; if letters are wrong, charset = \"utf-8\" in the source helps"
            )),
            Some(stated) => out.push(format!("the page says {stated}, which it is not: read as UTF-8, which it is")),
            None => {}
        }
        out
    }
}

/// How far into the page a `<meta>` may stand (WHATWG HTML, "prescan a byte stream": 1024 bytes).
const PRESCAN: usize = 1024;

/// So many bytes are enough to tell an encoding by its looks.
const LOOK_AT: usize = 1 << 20;

/// Decodes a page.
pub fn decode<'a>(bytes: &'a [u8], evidence: &Evidence<'_>) -> Decoded<'a> {
    let mark = Encoding::for_bom(bytes);
    // A mark of the encoding that is taken is no text.
    let without_mark = |encoding| match mark {
        Some((marked, length)) if marked == encoding => &bytes[length..],
        _ => bytes,
    };
    if let Some(sure) = evidence.told.or(mark.map(|(encoding, _)| encoding)) {
        return read(without_mark(sure), sure);
    }
    let header = evidence.header.and_then(of_label);
    match header.or_else(|| stated(bytes)) {
        Some(encoding) if encoding == UTF_8 => read(bytes, UTF_8),
        Some(encoding) => doubted(bytes, encoding),
        None => match std::str::from_utf8(bytes) {
            Ok(text) => {
                Decoded { text: Cow::Borrowed(text), encoding: UTF_8.name(), damaged: 0, guessed: false, contradicted: None }
            }
            Err(_) => Decoded { guessed: true, ..read(bytes, looks_like(bytes, evidence.host)) },
        },
    }
}

/// As what is stated, unless that leaves damage and UTF-8 does not.
fn doubted<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Decoded<'a> {
    let stated = read(bytes, encoding);
    // In what is ASCII all of it, there is nothing to be wrong about. (Two encodings say other things by ASCII.)
    if bytes.is_ascii() || std::str::from_utf8(bytes).is_err() {
        return stated;
    }
    let contradicted = Some(encoding.name());
    if stated.damaged > 0 { Decoded { contradicted, ..read(bytes, UTF_8) } } else { Decoded { contradicted, ..stated } }
}

fn read<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Decoded<'a> {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    let damaged = if damaged { damage(bytes, encoding) } else { 0 };
    Decoded { text, encoding: encoding.name(), damaged, guessed: false, contradicted: None }
}

/// How many bytes stand for nothing.
fn damage(bytes: &[u8], encoding: &'static Encoding) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (mut piece, mut at, mut damaged) = ([0; 4096], 0, 0);
    loop {
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(&bytes[at..], &mut piece, true);
        at += read;
        match result {
            DecoderResult::InputEmpty => return damaged,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, _) => damaged += usize::from(length),
        }
    }
}

fn looks_like(bytes: &[u8], host: &str) -> &'static Encoding {
    // Pages of that one are ASCII, and as such UTF-8, long before anybody looks.
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(LOOK_AT)], true);
    let country =
        host.trim_end_matches('.').rsplit('.').next().filter(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_lowercase()));
    detector.guess(country.map(str::as_bytes), Utf8Detection::Allow)
}

/// The encoding that the page itself names near its top: in its XML declaration, else in `<meta charset>` or `<meta http-equiv content>`.
fn stated(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN)]).to_ascii_lowercase();
    let encoding = declared(&head).or_else(|| meta(&head))?;
    // A page that could be read as ASCII so far is not UTF-16, whatever it says.
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

/// `<?xml version="1.0" encoding="…"?>` (XML 1.0, section 4.3.3).
fn declared(head: &str) -> Option<&'static Encoding> {
    let declaration = head.trim_start().strip_prefix("<?xml")?;
    let declaration = &declaration[..declaration.find("?>").unwrap_or(declaration.len())];
    of_label(label(declaration.split_once("encoding")?.1)?)
}

fn meta(head: &str) -> Option<&'static Encoding> {
    let mut rest = head;
    loop {
        let (comment, tag) = (rest.find("<!--"), rest.find("<meta")?);
        if let Some(comment) = comment.filter(|comment| *comment < tag) {
            rest = &rest[comment + 4..];
            rest = &rest[rest.find("-->")?..];
            continue;
        }
        rest = &rest[tag + 5..];
        let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
        let Some(label) = tag.split_once("charset").and_then(|(_, value)| label(value)) else { continue };
        match of_label(label) {
            Some(encoding) if encoding == X_USER_DEFINED => return Some(WINDOWS_1252),
            Some(encoding) => return Some(encoding),
            None => {}
        }
    }
}

/// What a label means. Those that the standard lets stand for nothing at all ("replacement") would lose the whole page.
pub fn of_label(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.trim().as_bytes())
}

/// The value after a name: ` = "x"`, `=x;`.
fn label(text: &str) -> Option<&str> {
    let value = text.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    value.split(|c: char| matches!(c, '"' | '\'' | ';' | '/' | '>') || c.is_whitespace()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str, label: &str) -> Vec<u8> {
        let (bytes, _, unmappable) = Encoding::for_label(label.as_bytes()).expect(label).encode(text);
        assert!(!unmappable, "{text} in {label}");
        bytes.into_owned()
    }

    fn html(head: &str, text: &str, label: &str) -> Vec<u8> {
        [format!("{head}<title>").into_bytes(), encoded(text, label)].concat()
    }

    const RUSSIAN: &str = "Новости: сегодня открылась конференция по безопасности и сотрудничеству";
    const CZECH: &str = "Příliš žluťoučký kůň úpěl ďábelské ódy";
    const JAPANESE: &str = "本日の記者会見についてのお知らせ";

    #[test]
    fn order_of_evidence() {
        let told = Encoding::for_label(b"windows-1251");
        let meta = |label: &str| format!("<html><head><meta charset=\"{label}\">");
        for (bytes, told, header, encoding, ends) in [
            // What the operator says goes before a header, a mark and a meta.
            (html(&meta("utf-8"), RUSSIAN, "windows-1251"), told, Some("iso-8859-1"), "windows-1251", RUSSIAN),
            (b"\xef\xbb\xbf\xcf\xf0\xe8".to_vec(), told, None, "windows-1251", "При"),
            (b"\xef\xbb\xbfT\xc3\xbcr".to_vec(), Some(UTF_8), None, "UTF-8", "Tür"),
            // A mark before a header.
            (b"\xef\xbb\xbfT\xc3\xbcr".to_vec(), None, Some("windows-1252"), "UTF-8", "Tür"),
            (b"\xff\xfeT\0\xfc\0r\0".to_vec(), None, None, "UTF-16LE", "Tür"),
            (b"\xfe\xff\0T\0\xfc\0r".to_vec(), None, Some("utf-8"), "UTF-16BE", "Tür"),
            // A header before a meta; one that names nothing is none.
            (html(&meta("utf-8"), "Tür", "windows-1252"), None, Some("iso-8859-1"), "windows-1252", "Tür"),
            (html(&meta("iso-8859-2"), CZECH, "iso-8859-2"), None, Some("no-such-thing"), "ISO-8859-2", CZECH),
            ("Tür".into(), None, Some("no-such-thing"), "UTF-8", "Tür"),
            ("Tür".into(), None, Some("iso-2022-kr"), "UTF-8", "Tür"),
            // A meta, in all its forms; a declaration before it.
            (html(&meta("windows-1251"), RUSSIAN, "windows-1251"), None, None, "windows-1251", RUSSIAN),
            (html(&meta("euc-jp"), JAPANESE, "euc-jp"), None, None, "EUC-JP", JAPANESE),
            (html(&meta("shift_jis"), JAPANESE, "shift_jis"), None, None, "Shift_JIS", JAPANESE),
            (html(&meta("x-user-defined"), "Tür", "windows-1252"), None, None, "windows-1252", "Tür"),
            (
                html("<META content='text/html; CHARSET=ISO-8859-2' http-equiv=content-type>", CZECH, "iso-8859-2"),
                None,
                None,
                "ISO-8859-2",
                CZECH,
            ),
            (
                html("<meta name=description content='on charsets'><meta charset=koi8-r>", RUSSIAN, "koi8-r"),
                None,
                None,
                "KOI8-R",
                RUSSIAN,
            ),
            (html("<!-- <meta charset=utf-8> --><meta charset=koi8-r>", RUSSIAN, "koi8-r"), None, None, "KOI8-R", RUSSIAN),
            (
                html("<?xml version='1.0' encoding='iso-8859-2'?><meta charset=utf-8>", CZECH, "iso-8859-2"),
                None,
                None,
                "ISO-8859-2",
                CZECH,
            ),
            (html(&meta("utf-16"), "Tür", "utf-8"), None, None, "UTF-8", "Tür"),
            // Nothing: UTF-8 if it can be.
            ("Tür".into(), None, None, "UTF-8", "Tür"),
            (Vec::new(), None, None, "UTF-8", ""),
        ] {
            let decoded = decode(&bytes, &Evidence { told, header, host: "example.org" });
            assert_eq!(decoded.encoding, encoding, "{decoded:?}");
            assert!(decoded.text.ends_with(ends) && !decoded.text.starts_with('\u{feff}'), "{decoded:?}");
            assert_eq!(decoded.doubts(), [""; 0], "{decoded:?}");
        }
    }

    #[test]
    fn a_page_that_says_nothing_is_told_by_its_looks() {
        for (text, label, host, encoding) in [
            (RUSSIAN, "windows-1251", "example.ru", "windows-1251"),
            (RUSSIAN, "windows-1251", "example.org", "windows-1251"),
            (RUSSIAN, "koi8-r", "EXAMPLE.RU", "KOI8-U"),
            (CZECH, "windows-1250", "example.cz.", "windows-1250"),
            (CZECH, "iso-8859-2", "example.cz", "ISO-8859-2"),
            (JAPANESE, "euc-jp", "", "EUC-JP"),
            (JAPANESE, "shift_jis", "xn--wgv71a", "Shift_JIS"),
            ("Für größere Mengen", "windows-1252", "127.0.0.1", "windows-1252"),
        ] {
            let bytes = html("", text, label);
            let decoded = decode(&bytes, &Evidence { host, ..Evidence::default() });
            assert!(decoded.encoding == encoding && decoded.text.ends_with(text), "{decoded:?}");
            let doubt =
                format!("the page says no charset: read as {encoding} by its looks; `charset` in the source can say what it is");
            assert_eq!(decoded.doubts(), [doubt]);
        }
    }

    #[test]
    fn damage_is_counted_and_nothing_is_lost() {
        let utf8 = Some("utf-8");
        for (bytes, header, text, damaged) in [
            (b"T\xfcr".to_vec(), utf8, "T\u{fffd}r", 1),
            (b"\xff\xff".to_vec(), Some("euc-kr"), "\u{fffd}\u{fffd}", 2),
            // A character that was cut stands for all its bytes.
            (b"a\xe2\x82".to_vec(), utf8, "a\u{fffd}", 2),
            ([b"\xfc".repeat(10_000), b"end".to_vec()].concat(), utf8, &("\u{fffd}".repeat(10_000) + "end"), 10_000),
        ] {
            let decoded = decode(&bytes, &Evidence { header, ..Evidence::default() });
            assert_eq!((decoded.text.as_ref(), decoded.damaged), (text, damaged));
        }
        let one = decode(b"T\xfcr", &Evidence { header: utf8, ..Evidence::default() });
        assert_eq!(
            one.doubts(),
            ["1 byte could not be read as UTF-8: shown as U+FFFD; `charset` in the source can say what they are"]
        );
    }

    #[test]
    fn a_header_or_meta_that_lies_is_told() {
        // Every byte stands for something: it is followed, and told.
        let bytes = html("", "Für größere Mengen", "utf-8");
        let decoded = decode(&bytes, &Evidence { header: Some("iso-8859-1"), ..Evidence::default() });
        assert!(decoded.text.ends_with("FÃ¼r grÃ¶ÃŸere Mengen"), "{decoded:?}");
        assert!(decoded.doubts()[0].starts_with("the page says windows-1252 and is read so, but looks like UTF-8"));
        // It cannot be that: it is not followed.
        let bytes = html("<meta charset=euc-jp>", "Für größere Mengen", "utf-8");
        let decoded = decode(&bytes, &Evidence::default());
        assert!(decoded.text.ends_with("Für größere Mengen") && decoded.damaged == 0, "{decoded:?}");
        assert_eq!(decoded.doubts(), ["the page says EUC-JP, which it is not: read as UTF-8, which it is"]);
        // ASCII is what all of them say it is.
        let decoded = decode(b"plain", &Evidence { header: Some("iso-8859-1"), ..Evidence::default() });
        assert_eq!(decoded.doubts(), [""; 0]);
    }

    #[test]
    fn names_are_known() {
        for name in NAMES {
            assert!(of_label(name).is_some(), "{name}");
        }
    }
}
