//! The feeds that an OPML file lists (OPML 1.0 and 2.0), with the folders that they are in.

use quick_xml::Reader;
use quick_xml::escape::{resolve_html5_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};

use crate::domain::text::{one_line, xml_legal};

/// More outlines within outlines are no list that a person made.
const DEPTH: usize = 50;

/// A feed as it is listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// The feed's address, as written.
    pub feed: String,
    /// What it is called; may be empty.
    pub title: String,
    /// The newsroom's page.
    pub home: Option<String>,
    /// The tag of its language.
    pub language: Option<String>,
    /// The folders that it is in, from the outermost on.
    pub folders: Vec<String>,
    /// Its categories, as OPML 2.0 writes them: `/Boston/Weather`.
    pub category: Option<String>,
}

/// Why a file gives no list.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum OpmlError {
    #[error("line {line}: it is no XML that can be read: {reason}")]
    Xml { line: usize, reason: String },
    #[error("it is no OPML: its root element is <{0}>, not <opml>")]
    Root(String),
    #[error("it is no OPML: there is no element in it")]
    Nothing,
    #[error("line {line}: it ends within <{open}>, as if it were cut off")]
    Cut { line: usize, open: String },
    #[error("line {line}: its outlines are nested more than {DEPTH} deep")]
    Deep { line: usize },
}

/// The feeds of a list, in its order.
pub(super) fn feeds(text: &str) -> Result<Vec<Outline>, OpmlError> {
    let text = xml_legal(text.trim_start_matches('\u{feff}').trim_start());
    let mut reader = Reader::from_str(&text);
    reader.config_mut().allow_dangling_amp = true;
    let line =
        |at: u64| text.as_bytes().iter().take(usize::try_from(at).unwrap_or(usize::MAX)).filter(|b| **b == b'\n').count() + 1;
    let mut out = Vec::new();
    // Elements that are open: the folder that an outline is, if it is one.
    let mut open: Vec<(String, Option<String>)> = Vec::new();
    let mut seen_root = false;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| OpmlError::Xml { line: line(reader.error_position()), reason: error.to_string() })?;
        let at = reader.buffer_position();
        if let (Event::Start(start) | Event::Empty(start), false) = (&event, seen_root) {
            let name = name(start);
            if !name.eq_ignore_ascii_case("opml") {
                return Err(OpmlError::Root(name));
            }
            seen_root = true;
        }
        match event {
            Event::Start(start) => {
                if open.len() > DEPTH {
                    return Err(OpmlError::Deep { line: line(at) });
                }
                let folder = outline(&start, &open, &mut out);
                open.push((name(&start), folder));
            }
            Event::Empty(start) => {
                outline(&start, &open, &mut out);
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match open.pop() {
        _ if !seen_root => Err(OpmlError::Nothing),
        Some((open, _)) => Err(OpmlError::Cut { line: line(text.len() as u64), open }),
        None => Ok(out),
    }
}

fn name(start: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(start.name().as_ref()).into_owned()
}

/// Takes an outline that is a feed; says what it is called, if it is a folder.
fn outline(start: &BytesStart<'_>, open: &[(String, Option<String>)], out: &mut Vec<Outline>) -> Option<String> {
    if !name(start).eq_ignore_ascii_case("outline") {
        return None;
    }
    let mut found = Outline::default();
    let (mut text, mut title) = (String::new(), String::new());
    for attribute in start.html_attributes().with_checks(false).flatten() {
        let raw = String::from_utf8_lossy(&attribute.value).into_owned();
        // Stray ampersands in addresses are common.
        let value = unescape_with(&raw, resolve_html5_entity).map_or(raw.clone(), |value| value.into_owned());
        let value = one_line(&value);
        match String::from_utf8_lossy(attribute.key.as_ref()).to_ascii_lowercase().as_str() {
            "xmlurl" => found.feed = value,
            "text" => text = value,
            "title" => title = value,
            "htmlurl" => found.home = Some(value).filter(|v| !v.is_empty()),
            "language" => found.language = Some(value).filter(|v| !v.is_empty()),
            "category" => found.category = Some(value).filter(|v| !v.is_empty()),
            _ => {}
        }
    }
    let title = if title.is_empty() { text } else { title };
    if found.feed.is_empty() {
        return Some(title).filter(|title| !title.is_empty());
    }
    out.push(Outline { title, folders: open.iter().filter_map(|(_, folder)| folder.clone()).collect(), ..found });
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_with_their_folders() {
        let text = "\u{feff}<?xml version='1.0'?>\n<!DOCTYPE opml><opml version='1.1'><head><title>Mine</title></head><body>\
            <outline text='Press &amp; more'><outline title='A' text='a' xmlUrl='https://a.example/?x=1&y=2' htmlUrl='https://a.example/' language='de'/>\
            <outline text='Deeper'><outline text=' B  b ' xmlURL='https://b.example/'></outline></outline></outline>\
            <outline TEXT='C' xmlurl='https://c.example/' category='/x,y'/><outline text='no feed'/></body></opml>";
        let shown: Vec<_> = feeds(text)
            .expect("a list")
            .into_iter()
            .map(|o| format!("{} {} {} {}", o.title, o.feed, o.folders.join("/"), o.home.is_some()))
            .collect();
        assert_eq!(
            shown,
            [
                "A https://a.example/?x=1&y=2 Press & more true",
                "B b https://b.example/ Press & more/Deeper false",
                "C https://c.example/  false"
            ]
        );
    }

    #[test]
    fn what_is_no_list_says_why() {
        for (text, want) in [
            ("", "it is no OPML: there is no element in it"),
            ("just text", "it is no OPML: there is no element in it"),
            ("<rss version='2.0'/>", "it is no OPML: its root element is <rss>, not <opml>"),
            ("<!DOCTYPE html><html><br></html>", "it is no OPML: its root element is <html>, not <opml>"),
            ("<opml>\n<body>\n<outline text='x'/>", "line 3: it ends within <body>, as if it were cut off"),
            (
                "<opml>\n<body></opml>",
                "line 2: it is no XML that can be read: ill-formed document: expected `</body>`, but `</opml>` was found",
            ),
            (&format!("<opml><body>{}", "<outline text='x'>".repeat(1_000)), "line 1: its outlines are nested more than 50 deep"),
        ] {
            assert_eq!(feeds(text).map(|_| ()).map_err(|e| e.to_string()), Err(want.to_owned()), "{text}");
        }
        assert_eq!(feeds("<opml/>"), Ok(Vec::new()));
    }
}
