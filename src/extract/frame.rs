//! What is around the rows of a page: by it a newsroom's listing is told from a wall.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
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
    /// It surely was cut off: its own form says so, as that of feeds does.
    pub cut_off: bool,
    /// What it is instead of what the source says it is, as the judge's reason; None: nothing else.
    pub foreign: Option<&'static str>,
    /// Which of the words of captchas, blocks and error pages it has, a bit for each. Many a good page has one in a script or a form: on all of them.
    pub words: u32,
}

/// How far into a page to look for words of a wall: such pages are small.
const FAR: usize = 200_000;

/// What walls say, in lower case: of the programs that make them, and of web servers and their administrators. Their places are stored, as bits:
/// new ones come last, and there are 32 at most.
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
    /// The frame of a page.
    pub fn of(html: &str, document: &Html) -> Self {
        let head = document.root_element().child_elements().find(|e| e.value().name() == "head");
        let title = head.and_then(|head| head.child_elements().find(|e| e.value().name() == "title"));
        let name = title.map(|t| t.text().collect::<String>());
        Self {
            closed: is_closed(html.as_bytes()),
            size: html.len(),
            words: words(html.as_bytes()),
            ..Self::named(&name.unwrap_or_default(), document.root_element().attr("lang"))
        }
    }

    /// Of a document of this title and language.
    pub(super) fn named(title: &str, language: Option<&str>) -> Self {
        let name = fold(&title.replace(|c: char| c.is_ascii_digit(), ""));
        let language = language.map(|l| l.split(['-', '_']).next().unwrap_or_default().trim());
        Self {
            name: (!name.is_empty()).then(|| stamp([name.as_str()]).as_u64_pair().0),
            language: language.filter(|l| !l.is_empty() && l.len() <= 8).map(str::to_ascii_lowercase),
            ..Self::default()
        }
    }
}

/// Looks from the end: there it stands, if anywhere.
fn is_closed(html: &[u8]) -> bool {
    html.windows(7).rev().any(|w| w[0] == b'<' && w[1] == b'/' && w.eq_ignore_ascii_case(b"</html>"))
}

/// In one pass, and in lower case first, for then most of a page is passed over by blocks of bytes: it is done for every page.
fn words(html: &[u8]) -> u32 {
    static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let builder = &mut AhoCorasick::builder();
        builder.match_kind(MatchKind::LeftmostFirst).kind(Some(AhoCorasickKind::DFA)).build(WALLS).expect("a few short words")
    });
    let html = html[..html.len().min(FAR)].to_ascii_lowercase();
    let (mut words, mut at) = (0, 0);
    // One word may begin within another.
    while let Some(found) = WORDS.find(Input::new(&html).span(at..html.len())) {
        words |= 1 << found.pattern().as_u32();
        at = found.start() + 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(html: &str) -> Frame {
        Frame::of(html, &Html::parse_document(html))
    }

    #[test]
    fn frames() {
        let whole = frame("<!DOCTYPE html><html lang=en-GB><title>News, 4711 visitors</title><p>x</html>\n<!-- cached -->");
        assert_eq!((whole.language.as_deref(), whole.closed, whole.words), (Some("en"), true, 0));
        assert_eq!(whole.name, frame("<title>news,  12 Visitors</title>").name);
        assert_ne!(whole.name, frame("<title>Attention</title>").name);
        let bare = frame("<p>x</p>");
        assert_eq!((bare.name, bare.language, bare.closed, bare.size), (None, None, false, 8));
        assert!(frame("<p>x</HTML>").closed);
    }

    #[test]
    fn words_of_walls() {
        assert!(WALLS.len() <= 32);
        for (n, wall) in WALLS.iter().enumerate() {
            let hides = |(other, word): (usize, &&str)| other != n && word.starts_with(wall);
            assert!(!WALLS.iter().enumerate().any(hides), "{wall:?} hides a longer one");
            assert!(!wall.contains(|c: char| c.is_ascii_uppercase()), "{wall:?} is never found");
        }
        let bit = |word: &str| 1 << WALLS.iter().position(|wall| *wall == word).expect("a word of the list");
        for (html, words) in [
            ("<title>Just a moment...</title>", bit("just a moment...")),
            ("<b>Access to this page has been denied captcha", bit("access to this page has been denied") | bit("captcha")),
            ("<b>Attention requiredatadome", bit("attention required") | bit("datadome")),
            ("<h1>Access DENIED</h1><p>Enable captcha.", bit("access denied") | bit("captcha")),
            ("<script src=https://www.google.com/recaptcha/api.js></script>", bit("captcha")),
            ("<p>There is no news. Just a moment, please.", 0),
        ] {
            assert_eq!(frame(html).words, words, "{html}");
        }
        assert_eq!(frame("<p>captcha").words, frame("<form id=Captcha>").words);
    }
}
