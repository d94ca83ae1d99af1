//! Characters: which may stand in a document, and white space.

use std::borrow::Cow;

/// Whether XML 1.0 allows the character (fifth edition, production 2, `Char`).
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Drops the characters that no XML 1.0 document may hold, escaped or not.
pub fn xml_legal(text: &str) -> Cow<'_, str> {
    // Only control characters and U+FFFE, U+FFFF (EF BF BE, EF BF BF) are forbidden: most texts hold no byte that either begins with.
    let harmless = text.bytes().fold(true, |harmless, b| harmless & (b >= b' ') & (b != 0xef));
    if harmless || text.chars().all(is_xml_char) {
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
                let (ascii, behind) = split_ascii(rest);
                self.push_ascii_str(ascii);
                rest = behind;
            } else if let Some(c) = rest.chars().next() {
                self.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }

    /// Adds text that is all ASCII, and returns what was added to the line, to be changed in place (to other ASCII, no blanks).
    pub fn push_ascii_str(&mut self, text: &str) -> &mut [u8] {
        let start = self.out.len();
        let bytes = text.as_bytes();
        if is_one_line(bytes) {
            let trimmed = text.trim_matches(' ');
            self.gap |= bytes.first() == Some(&b' ');
            if !trimmed.is_empty() {
                self.close_gap();
                self.out.extend_from_slice(trimmed.as_bytes());
                self.gap = bytes.last() == Some(&b' ');
            }
        } else {
            bytes.iter().for_each(|&b| self.push_ascii(b));
        }
        &mut self.out[start..]
    }

    /// Adds an ASCII character.
    #[inline]
    fn push_ascii(&mut self, b: u8) {
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

/// The text up to its first character that is not ASCII, and the rest.
pub(super) fn split_ascii(text: &str) -> (&str, &str) {
    // By blocks first, which the compiler looks at as a whole.
    let blocks = text.as_bytes().chunks(32).take_while(|block| block.is_ascii()).map(<[u8]>::len).sum::<usize>();
    let rest = text.as_bytes()[blocks..].iter().position(|b| !b.is_ascii()).unwrap_or(text.len() - blocks);
    text.split_at(blocks + rest)
}

/// Whether printable ASCII is one line as it is, but perhaps for a blank at either end. No early return: without branches the compiler makes it
/// sixteen bytes at a time.
fn is_one_line(ascii: &[u8]) -> bool {
    let printable = ascii.iter().fold(true, |all, &b| all & (b' '..=b'~').contains(&b));
    let twice = ascii.iter().zip(ascii.iter().skip(1)).fold(false, |any, (&a, &b)| any | ((a == b' ') & (b == b' ')));
    printable & !twice
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_is_the_same_in_pieces_and_character_by_character(pieces in prop::collection::vec("[ a-z`\t\n\u{0}\u{7f}é\u{a0}😀]{0,12}", 0..6)) {
            let (mut line, mut slow) = (Line::default(), Line::default());
            for piece in &pieces {
                line.push_str(piece);
                piece.chars().for_each(|c| slow.push(c));
            }
            prop_assert_eq!(line.finish(), slow.finish());
        }

        #[test]
        fn only_what_xml_forbids_is_dropped(text in "[ a\t\u{8}\u{b}\u{f000}\u{fffd}\u{fffe}\u{ffff}é]{0,12}") {
            prop_assert_eq!(xml_legal(&text).into_owned(), text.chars().filter(|&c| is_xml_char(c)).collect::<String>());
        }
    }

    #[test]
    fn forbidden_characters_go() {
        assert_eq!(xml_legal("a\u{0}b\u{8}c\u{fffe}d\u{ffff}e\t\n"), "abcde\t\n");
        assert!(matches!(xml_legal("plain – text 😀"), Cow::Borrowed(_)));
        assert_eq!(one_line(" a \u{0}\n\u{a0} b\u{1f}c "), "a bc");
        assert_eq!(cut("äöü".into(), 2), "äö…");
        assert_eq!(cut("äöü".into(), 3), "äöü");
    }
}
