//! The beginning of a summary as text, for pages.

use std::borrow::Cow;

/// Text of sanitised HTML as HTML without elements: at most `limit` characters (a reference such as `&amp;` counts as one), cut with an
/// ellipsis. Whatever comes in, no `<` comes out.
///
/// The feeds' own writers need no parser for it, and neither does this: sanitised HTML has no `<` that begins no tag.
pub(super) fn excerpt(html: &str, limit: usize) -> Cow<'_, str> {
    if html.len() <= limit && !html.contains('<') {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len().min(4 * limit));
    let (mut rest, mut count, mut gap) = (html, 0, false);
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        if c == '<' {
            let tag = &rest[..tag_end(rest)];
            gap |= !is_inline(tag);
            rest = &rest[tag.len()..];
            continue;
        }
        if c == '&' {
            taken = reference(rest);
        }
        if c.is_whitespace() {
            gap = true;
        } else {
            if count + usize::from(gap) >= limit {
                out.push('…');
                break;
            }
            if std::mem::take(&mut gap) && !out.is_empty() {
                out.push(' ');
                count += 1;
            }
            out.push_str(&rest[..taken]);
            count += 1;
        }
        rest = &rest[taken..];
    }
    Cow::Owned(out)
}

/// Where the tag ends that the text begins with: values in quotes may hold a `>`.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return at + 1,
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// How long the character reference is that the text begins with; 1: it is a lone ampersand.
fn reference(text: &str) -> usize {
    let end = text.bytes().take(12).position(|b| b == b';');
    let is_name = |end: &usize| *end > 1 && text.as_bytes()[1..*end].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'#');
    end.filter(is_name).map_or(1, |end| end + 1)
}

/// Whether the words on both sides of a tag belong together.
fn is_inline(tag: &str) -> bool {
    const INLINE: [&str; 22] = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s", "small",
        "span", "strong", "sub", "sup",
    ];
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    INLINE.contains(&&name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_text_stays_and_is_cut_between_characters() {
        for (html, limit, want) in [
            ("plain &amp; short", 90, "plain &amp; short"),
            ("<p>Two <b>bold</b>er words</p><p>and one</p>", 90, "Two bolder words and one"),
            ("a<br>b<img alt=\"x > y\" src=\"z\">c", 90, "a b c"),
            ("  <p> a </p> ", 90, "a"),
            ("&amp;&lt;&quot;x", 2, "&amp;&lt;…"),
            ("ab cd", 3, "ab…"),
            ("ab cd", 5, "ab cd"),
            ("äöü<i></i>", 3, "äöü"),
            ("R&D & more; <b>x</b>", 90, "R&D & more; x"),
            ("<b>", 90, ""),
            ("x <unclosed \" y", 90, "x"),
        ] {
            assert_eq!(excerpt(html, limit), want, "{html}");
        }
    }

    proptest! {
        #[test]
        fn no_element_comes_out(html in "[a <>\"'&;/é]{0,60}", limit in 0usize..20) {
            prop_assert!(!excerpt(&html, limit).contains('<'));
        }
    }
}
