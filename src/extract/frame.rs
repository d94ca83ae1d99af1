//! What is around the rows of a page: by it a newsroom's listing is told from a wall.

use scraper::Html;

use crate::domain::{fold, stamp};

/// A page apart from its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// A stamp of the document's title without its digits, which count visitors and pages; None: it has none.
    pub name: Option<u64>,
    /// The language that the document states: the primary subtag, in lower case.
    pub language: Option<String>,
    /// Whether the document is closed (`</html>`), as few are that were cut off.
    pub closed: bool,
    /// Bytes of its text.
    pub size: usize,
    /// Whether a page with next to no rows speaks like a captcha, a block or an error page. Others are not looked at: many a good page has a
    /// captcha in a form.
    pub wall: bool,
}

/// A page with more rows than this is none that a wall shows.
const FEW: usize = 2;

/// How far into a page to look for words of a wall: such pages are small.
const FAR: usize = 200_000;

/// What walls say, in lower case: of the programs that make them, and of web servers and their administrators.
const WALLS: &[&str] = &[
    "captcha",
    "cf-chl",
    "challenge-platform",
    "cf-browser-verification",
    "_incapsula_resource",
    "datadome",
    "just a moment...",
    "attention required",
    "checking your browser",
    "enable javascript and cookies",
    "are you human",
    "are you a human",
    "are you a robot",
    "not a robot",
    "you are human",
    "unusual traffic",
    "ddos protection",
    "access denied",
    "access to this page has been denied",
    "service unavailable",
    "temporarily unavailable",
    "bad gateway",
    "gateway time-out",
    "internal server error",
    "an error occurred",
    "error establishing a database connection",
    "page not found",
    "under maintenance",
    "maintenance mode",
];

impl Frame {
    /// The frame of a page on which so many rows were found.
    pub fn of(html: &str, document: &Html, rows: usize) -> Self {
        let head = document.root_element().child_elements().find(|e| e.value().name() == "head");
        let title = head.and_then(|head| head.child_elements().find(|e| e.value().name() == "title"));
        let name = title.map(|t| fold(&t.text().collect::<String>().replace(|c: char| c.is_ascii_digit(), "")));
        let language = document.root_element().attr("lang").map(|l| l.split(['-', '_']).next().unwrap_or_default().trim());
        Self {
            name: name.filter(|n| !n.is_empty()).map(|n| stamp([n.as_str()]).as_u64_pair().0),
            language: language.filter(|l| !l.is_empty() && l.len() <= 8).map(str::to_ascii_lowercase),
            closed: is_closed(html.as_bytes()),
            size: html.len(),
            wall: rows <= FEW && is_wall(html.as_bytes()),
        }
    }
}

/// Looks from the end: there it stands, if anywhere.
fn is_closed(html: &[u8]) -> bool {
    html.windows(7).rev().any(|w| w[0] == b'<' && w[1] == b'/' && w.eq_ignore_ascii_case(b"</html>"))
}

fn is_wall(html: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&html[..html.len().min(FAR)]).to_ascii_lowercase();
    WALLS.iter().any(|wall| text.contains(wall))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(html: &str, rows: usize) -> Frame {
        Frame::of(html, &Html::parse_document(html), rows)
    }

    #[test]
    fn frames() {
        let whole = frame("<!DOCTYPE html><html lang=en-GB><title>News, 4711 visitors</title><p>x</html>\n<!-- cached -->", 9);
        assert_eq!((whole.language.as_deref(), whole.closed, whole.wall), (Some("en"), true, false));
        assert_eq!(whole.name, frame("<title>news,  12 Visitors</title>", 9).name);
        assert_ne!(whole.name, frame("<title>Attention</title>", 9).name);
        let bare = frame("<p>x</p>", 9);
        assert_eq!((bare.name, bare.language, bare.closed, bare.size), (None, None, false, 8));
        assert!(frame("<p>x</HTML>", 9).closed);
    }

    #[test]
    fn walls_are_looked_for_on_pages_without_rows_only() {
        for (html, rows, wall) in [
            ("<title>Just a moment...</title>", 0, true),
            ("<h1>Access Denied</h1>", 1, true),
            ("<script src=https://www.google.com/recaptcha/api.js></script>", 0, true),
            ("<script src=https://www.google.com/recaptcha/api.js></script>", 20, false),
            ("<p>There is no news.", 0, false),
        ] {
            assert_eq!(frame(html, rows).wall, wall, "{html}");
        }
    }
}
