//! Text that XML parsers refuse, made into text that they take.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use quick_xml::escape::resolve_html5_entity;

use crate::domain::text::{is_xml_char, xml_legal};

/// What a reference stands for: a character by number, or one of XML's or HTML's own entities.
pub(super) fn resolve(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else { return resolve_html5_entity(name).map(Cow::Borrowed) };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let character = match code.ok()? {
        // As HTML takes them (WHATWG HTML, 13.2.5.80): the numbers are those of Windows.
        code @ 0x80..=0x9f => {
            return Some(WINDOWS_1252.decode_without_bom_handling(&[u8::try_from(code).ok()?]).0.into_owned().into());
        }
        code => char::from_u32(code)?,
    };
    Some(if is_xml_char(character) { character.to_string().into() } else { Cow::Borrowed("") })
}

/// The references in an attribute's value.
pub(super) fn references(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let known =
            from.bytes().skip(1).take(33).position(|b| b == b';').and_then(|length| Some((length, resolve(&from[1..=length])?)));
        match known {
            Some((length, text)) => {
                out.push_str(&text);
                rest = &from[length + 2..];
            }
            None => {
                out.push('&');
                rest = &from[1..];
            }
        }
    }
    out + rest
}

/// Without what stands before the first tag and characters that XML forbids; what begins like a tag and is none becomes text.
pub(super) fn tidy(text: &str) -> String {
    let text = xml_legal(text);
    let text = &text[text.find('<').unwrap_or(text.len())..];
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        // Within these nothing is a tag.
        let whole = [("<![CDATA[", "]]>"), ("<!--", "-->")].iter().find(|(start, _)| from.starts_with(start));
        if let Some((start, end)) = whole {
            let length = from[start.len()..].find(end).map_or(from.len(), |at| start.len() + at + end.len());
            out.push_str(&from[..length]);
            rest = &from[length..];
            continue;
        }
        if from.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            rest = &from[doctype(from)..];
            continue;
        }
        let next = from[1..].trim_start_matches('/').chars().next();
        let is_tag = next.is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '?'));
        out.push_str(if is_tag { "<" } else { "&lt;" });
        rest = &from[1..];
    }
    out + rest
}

/// How long the document type declaration is with which a text begins: whatever it declares is left out.
fn doctype(text: &str) -> usize {
    let end = |from: usize| text[from..].find('>').map_or(text.len(), |at| from + at + 1);
    match text.find(['[', '>']) {
        Some(at) if text[at..].starts_with('[') => end(text[at..].find(']').map_or(at, |length| at + length)),
        _ => end(0),
    }
}

/// Elements of HTML within elements; browsers keep no more than some hundreds.
const DEPTH: usize = 200;

/// HTML without the tags that are nested too deeply to be gone through: parsers and whoever walks a tree take ever longer for those, or die of them.
pub(super) fn shallow(html: &str) -> Cow<'_, str> {
    if html.matches('<').count() <= DEPTH {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let (mut depth, mut dropped) = (0_usize, 0_usize);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find('>').map_or(from.len(), |end| end + 1);
        let (tag, after) = from.split_at(end);
        rest = after;
        let name = tag[1..].trim_start_matches('/');
        let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())];
        let is_kept = if name.is_empty() || is_leaf(&name.to_ascii_lowercase()) {
            true
        } else if tag[1..].starts_with('/') {
            let is_kept = dropped == 0;
            dropped = dropped.saturating_sub(1);
            depth = depth.saturating_sub(usize::from(is_kept));
            is_kept
        } else {
            let is_kept = depth < DEPTH;
            (depth, dropped) = if is_kept { (depth + 1, dropped) } else { (depth, dropped + 1) };
            is_kept
        };
        out.push_str(if is_kept { tag } else { " " });
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Elements that end by themselves, at once or where the next of them begins.
fn is_leaf(name: &str) -> bool {
    super::tree::is_void(name)
        || matches!(
            name,
            "p" | "li" | "dt" | "dd" | "tr" | "td" | "th" | "option" | "area" | "source" | "track" | "meta" | "link"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_that_is_nested_too_deeply_loses_tags_and_no_text() {
        let plain = "<p>a<br>b".repeat(500);
        assert_eq!(shallow(&plain), plain);
        let deep = format!("{}x{}y", "<div>".repeat(1_000), "</div>".repeat(1_000));
        let flat = shallow(&deep);
        assert_eq!((flat.matches("<div>").count(), flat.matches("</div>").count()), (DEPTH, DEPTH));
        assert!(flat.contains('x') && flat.ends_with('y'));
        let wide = "<div><b>x</b></div>".repeat(1_000);
        assert_eq!(shallow(&wide), wide);
    }
}
