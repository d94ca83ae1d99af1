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
            from[1..].find(';').filter(|length| *length <= 32).and_then(|length| Some((length, resolve(&from[1..=length])?)));
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
