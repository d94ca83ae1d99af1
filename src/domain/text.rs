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
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = true;
        } else if !c.is_control() && is_xml_char(c) {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.push(c);
        }
    }
    out
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
