//! Characters: which may stand in a document, and white space.

use std::borrow::Cow;

/// Whether XML 1.0 allows the character (fifth edition, production 2, `Char`).
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Drops the characters that no XML 1.0 document may hold, escaped or not.
pub fn xml_legal(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_xml_char) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|&c| is_xml_char(c)).collect())
    }
}

/// One line: runs of white space become one blank, none is left at the ends, and control characters are dropped.
pub fn one_line(text: &str) -> String {
    let mut line = Line::with_capacity(text.len());
    line.push_str(text);
    line.finish()
}

/// Collects text as one line, piece by piece.
#[derive(Debug, Default)]
pub struct Line {
    /// UTF-8: only whole characters are ever pushed. Bytes, since most of most texts is ASCII and cheapest by the byte.
    out: Vec<u8>,
    gap: bool,
}

impl Line {
    /// An empty line with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes), gap: false }
    }

    /// Adds text.
    pub fn push_str(&mut self, text: &str) {
        self.out.reserve(text.len());
        let mut rest = text;
        while let Some(&first) = rest.as_bytes().first() {
            if first.is_ascii() {
                let end = rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len());
                rest[..end].bytes().for_each(|b| self.push_ascii(b));
                rest = &rest[end..];
            } else if let Some(c) = rest.chars().next() {
                self.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }

    /// Adds an ASCII character.
    #[inline]
    pub fn push_ascii(&mut self, b: u8) {
        match b {
            b' ' | b'\t'..=b'\r' => self.gap = true,
            0..b' ' | 0x7f.. => {}
            _ => {
                self.close_gap();
                self.out.push(b);
            }
        }
    }

    /// Adds a character.
    pub fn push(&mut self, c: char) {
        if c.is_whitespace() {
            self.gap = true;
        } else if !c.is_control() && is_xml_char(c) {
            self.close_gap();
            self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    #[inline]
    fn close_gap(&mut self) {
        if self.gap {
            self.gap = false;
            if !self.out.is_empty() {
                self.out.push(b' ');
            }
        }
    }

    /// The line.
    pub fn finish(self) -> String {
        String::from_utf8(self.out).expect("only whole characters were pushed")
    }
}

/// At most `limit` characters, cut at a character's edge and marked with an ellipsis where something was cut.
pub fn cut(text: String, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text,
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
    }
}

/// Plain text as HTML.
pub fn escape_html(text: &str) -> String {
    if !text.contains(['&', '<', '>']) {
        return text.to_owned();
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_go() {
        assert_eq!(xml_legal("a\u{0}b\u{8}c\u{fffe}d\u{ffff}e\t\n"), "abcde\t\n");
        assert!(matches!(xml_legal("plain – text 😀"), Cow::Borrowed(_)));
        assert_eq!(one_line(" a \u{0}\n\u{a0} b\u{1f}c "), "a bc");
        assert_eq!(cut("äöü".into(), 2), "äö…");
        assert_eq!(cut("äöü".into(), 3), "äöü");
    }
}
