//! Character references that mean the same wherever they stand: a name of HTML's or a number, with its semicolon (WHATWG HTML, 13.2.5.72 and on).

use html5ever::data::NAMED_ENTITIES;

/// HTML knows no longer name ("CounterClockwiseContourIntegral;").
const LONGEST: usize = 32;

/// The characters of the reference at the start of `text`, and its length in bytes. None: none is there, or one that is read in some ways only.
pub(super) fn reference(text: &str) -> Option<([char; 2], usize)> {
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(LONGEST).position(|b| b == b';')?;
    let body = &body[..=end];
    let characters = match body.strip_prefix('#') {
        Some(number) => [numbered(&number[..number.len() - 1])?, '\0'],
        None => {
            // A second of 0: there is none.
            let (first, second) = *NAMED_ENTITIES.get(body)?;
            [char::from_u32(first)?, char::from_u32(second)?]
        }
    };
    (characters[0] != '\0').then_some((characters, 1 + body.len()))
}

/// Of numbers that stand for other characters than their own, or for none, None.
fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (number, 10),
    };
    // `from_str_radix` takes a sign.
    let character = digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, radix).ok())??;
    char::from_u32(character).filter(|c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_with_one_meaning_are_read() {
        let read = |text| reference(text).map(|(characters, length)| (characters.map(|c| c.to_string()).concat(), length));
        let some = |characters: &str, length| Some((format!("{characters:\0<2}"), length));
        for (text, expected) in [
            ("&amp;x", some("&", 5)),
            ("&nbsp;", some("\u{a0}", 6)),
            ("&CounterClockwiseContourIntegral;", some("∳", 33)),
            ("&#38;", some("&", 5)),
            ("&#x2019;s", some("’", 8)),
            ("&#X41;", some("A", 6)),
            ("&#128512;", some("😀", 9)),
            ("&NotEqualTilde;", some("≂\u{338}", 15)),
            // Another character's number in the page's charset, none, and none that may stand in a page.
            ("&#146;", None),
            ("&#0;", None),
            ("&#xd800;", None),
            ("&#13;", None),
            ("&#1114112;", None),
            ("&#+39;", None),
            ("&#;", None),
            ("&#x;", None),
            ("&amp", None),
            ("&ampx;", None),
            ("&AMP ;", None),
            ("&nope;", None),
            ("&;", None),
            ("&", None),
            ("amp;", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
