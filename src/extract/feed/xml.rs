//! XML as feeds have it, to trees: one of each entry, one of what is around them.
//!
//! Feed parsers give up a whole feed for one stray ampersand. Here nothing is an error: what is no reference or tag is text, an end tag closes what is
//! open within it or nothing, HTML's own entities are known, and what a DOCTYPE declares is never expanded. A feed that breaks off gives the entries
//! before that. Depth, size and number of what is kept have limits, so that no feed takes more than its own length in time and memory.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::mend::{references, resolve, tidy};
use super::names::Space;
use super::tree::{Node, Piece, is_void};

/// Elements within elements; what is deeper is left out.
const DEPTH: usize = 100;
/// Elements of one entry, and of all that is around the entries.
const ELEMENTS: usize = 10_000;
/// Attributes of an element.
const ATTRIBUTES: usize = 50;
/// Namespaces in force at a time.
const SPACES: usize = 100;
/// Entries of a feed.
pub(super) const ENTRIES: usize = 10_000;

/// The kinds of feeds in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// RSS 0.9x to 2.0, and RDF (RSS 0.90, 1.0).
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
}

/// Parts of an entry that hold no others.
const LINES: &[&str] = &["title", "link", "guid", "id", "pubdate", "published", "updated", "category"];

/// An entry, and what is said of its addresses around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub node: Node,
    /// The `xml:base` of what it stands in, from the outermost on.
    pub bases: Vec<String>,
}

/// A feed, cut into pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scanned {
    pub dialect: Dialect,
    /// As it is called: `rss 2.0`.
    pub version: String,
    /// What stands around the entries: the root with all but those.
    pub root: Node,
    pub entries: Vec<Entry>,
    /// The root's end was reached.
    pub closed: bool,
    /// It ended within an entry, which is not among the others.
    pub broken_entry: bool,
    /// It has more entries than are read.
    pub too_many: bool,
}

/// Cuts a feed into its entries; the name of its root, if that is of no feed.
///
/// # Errors
/// The root's name, empty where there is no element at all.
pub(super) fn scan(text: &str) -> Result<Scanned, String> {
    let text = tidy(text);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    (config.check_end_names, config.allow_unmatched_ends, config.allow_dangling_amp) = (false, true, true);
    let mut scanner = Scanner::default();
    // Where the reader can go no further, the feed ends for us: no end tag that follows would be trusted.
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => scanner.open(&start, false),
            Event::Empty(start) => scanner.open(&start, true),
            Event::End(end) => scanner.close(&String::from_utf8_lossy(end.name().as_ref()).trim().to_ascii_lowercase()),
            Event::Text(part) => scanner.text(&String::from_utf8_lossy(&part)),
            Event::CData(part) => scanner.text(&String::from_utf8_lossy(&part)),
            Event::GeneralRef(reference) => {
                let name = String::from_utf8_lossy(&reference).into_owned();
                match resolve(&name) {
                    Some(text) => scanner.text(&text),
                    None => scanner.text(&format!("&{name};")),
                }
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        if scanner.is_done() {
            break;
        }
    }
    scanner.finish()
}

/// An element that is open.
struct Open {
    /// As its end tag will name it.
    tag: String,
    node: Node,
    is_entry: bool,
    /// What it declares, by prefix; empty: where there is none.
    spaces: Vec<(String, Space)>,
}

#[derive(Default)]
struct Scanner {
    stack: Vec<Open>,
    root: Option<Node>,
    dialect: Option<Dialect>,
    version: String,
    alien: Option<String>,
    entries: Vec<Entry>,
    /// Elements kept since the last entry began or ended.
    elements: usize,
    /// Open elements that are not kept.
    skipped: usize,
    too_many: bool,
}

impl Scanner {
    fn is_done(&self) -> bool {
        self.alien.is_some() || self.too_many || self.root.is_some()
    }

    fn entry(&self) -> Option<usize> {
        self.stack.iter().position(|open| open.is_entry)
    }

    fn open(&mut self, start: &BytesStart<'_>, empty: bool) {
        let tag = String::from_utf8_lossy(start.name().as_ref()).to_ascii_lowercase();
        let attributes: Vec<(String, String)> = start
            .html_attributes()
            .with_checks(false)
            .take(ATTRIBUTES)
            .filter_map(|a| {
                let a = a.ok()?;
                let name = String::from_utf8_lossy(a.key.as_ref()).to_ascii_lowercase();
                Some((name, references(&String::from_utf8_lossy(&a.value))))
            })
            .collect();
        // Each element looks through them all.
        let room = SPACES.saturating_sub(self.stack.iter().map(|open| open.spaces.len()).sum());
        let spaces: Vec<(String, Space)> = attributes
            .iter()
            .filter_map(|(name, value)| {
                let prefix = if name == "xmlns" { "" } else { name.strip_prefix("xmlns:")? };
                Some((prefix.to_owned(), Space::of(value)))
            })
            .take(room)
            .collect();
        let (prefix, name) = tag.split_once(':').unwrap_or(("", &tag));
        let name = name.to_owned();
        if self.stack.is_empty() {
            self.begin(&tag, &name, &attributes, &spaces);
        }
        let Some(dialect) = self.dialect else { return };
        let space = self.space(prefix, &spaces, dialect);
        let entry = self.entry();
        let own = match dialect {
            Dialect::Rss => Space::Rss,
            Dialect::Atom => Space::Atom,
        };
        let is_entry = space == own && name == if dialect == Dialect::Rss { "item" } else { "entry" };
        if is_entry {
            self.skipped = 0;
            // The entry before it was never closed.
            if let Some(before) = entry {
                self.close_to(before);
            }
            self.elements = 0;
            if self.entries.len() >= ENTRIES {
                self.too_many = true;
                return;
            }
        }
        let void = empty || (entry.is_some_and(|entry| self.stack.len() > entry + 1) && is_void(&name));
        if self.skipped > 0 || self.stack.len() >= DEPTH || self.elements >= ELEMENTS {
            self.skipped += usize::from(!void);
            return;
        }
        // Paragraphs and the like end where the next begins.
        if matches!(name.as_str(), "p" | "li") && self.stack.last().is_some_and(|open| open.node.name == name) && entry.is_some()
        {
            self.pop();
        }
        // A line of text ends where the entry's next part begins, closed or not.
        let parts = |name: &str| LINES.contains(&name) || matches!(name, "description" | "summary" | "content" | "enclosure");
        let is_line = |open: &Open| open.node.space == own && LINES.contains(&open.node.name.as_str());
        if space == own
            && parts(&name)
            && entry.is_some_and(|at| self.stack.len() == at + 2)
            && self.stack.last().is_some_and(is_line)
        {
            self.pop();
        }
        self.elements += 1;
        let attributes = attributes.into_iter().filter(|(name, _)| !name.starts_with("xmlns")).map(|(name, value)| {
            let bare = name.strip_prefix("xml:").is_none().then(|| name.rsplit(':').next().unwrap_or_default().to_owned());
            (bare.unwrap_or(name), value)
        });
        let node = Node { space, name, attributes: attributes.collect(), content: Vec::new() };
        self.stack.push(Open { tag, node, is_entry, spaces });
        if void {
            self.pop();
        }
    }

    /// Tells the dialect by the root.
    fn begin(&mut self, tag: &str, name: &str, attributes: &[(String, String)], spaces: &[(String, Space)]) {
        let version = attributes.iter().find(|(key, _)| key == "version").map_or("", |(_, value)| value.trim());
        let (dialect, kind) = match name {
            "rss" | "channel" => (Dialect::Rss, "RSS"),
            "rdf" => (Dialect::Rss, "RSS (RDF)"),
            "feed" | "entry" => (Dialect::Atom, "Atom"),
            _ => {
                self.alien = Some(tag.to_owned());
                return;
            }
        };
        self.dialect = Some(dialect);
        let default = spaces.iter().find(|(prefix, _)| prefix.is_empty()).map(|(_, space)| *space);
        let version = match (dialect, version) {
            (Dialect::Atom, "") if default == Some(Space::Atom) => "1.0",
            (_, version) => version,
        };
        self.version = format!("{kind} {}", version.chars().take(10).collect::<String>()).trim().to_owned();
    }

    /// Whose an element is. One without a prefix is the feed's own, unless its namespace is another one that is known.
    fn space(&self, prefix: &str, own: &[(String, Space)], dialect: Dialect) -> Space {
        let declared = || {
            let inner = own.iter().chain(self.stack.iter().rev().flat_map(|open| &open.spaces));
            inner.into_iter().find(|(name, _)| name == prefix).map(|(_, space)| *space)
        };
        match (prefix, dialect, declared()) {
            ("", Dialect::Rss, None | Some(Space::Atom | Space::Other | Space::Rdf)) => Space::Rss,
            ("", Dialect::Atom, None | Some(Space::Rss | Space::Other | Space::Rdf)) => Space::Atom,
            (_, _, Some(space)) if space != Space::Other => space,
            _ => Space::usual(prefix),
        }
    }

    fn text(&mut self, text: &str) {
        if self.skipped > 0 || text.is_empty() {
            return;
        }
        let Some(open) = self.stack.last_mut() else { return };
        match open.node.content.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            _ => open.node.content.push(Piece::Text(text.to_owned())),
        }
    }

    fn close(&mut self, tag: &str) {
        let found = self.stack.iter().rposition(|open| open.tag == tag);
        if self.skipped > 0 {
            // What is skipped may lack end tags: the ends of what holds it are believed.
            if found.is_none_or(|at| at > self.entry().unwrap_or(1)) {
                self.skipped -= 1;
                return;
            }
            self.skipped = 0;
        }
        if let Some(at) = found {
            self.close_to(at);
        }
    }

    fn close_to(&mut self, at: usize) {
        while self.stack.len() > at {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(open) = self.stack.pop() else { return };
        if open.is_entry {
            let bases = self.stack.iter().filter_map(|open| open.node.attribute("xml:base")).map(str::to_owned).collect();
            if self.stack.is_empty() {
                // An entry that stands alone is its own root.
                self.root = Some(Node { content: Vec::new(), ..open.node.clone() });
            }
            self.entries.push(Entry { node: open.node, bases });
            self.elements = 0;
            return;
        }
        match self.stack.last_mut() {
            None => self.root = Some(open.node),
            Some(around) => around.node.content.push(Piece::Node(open.node)),
        }
    }

    fn finish(mut self) -> Result<Scanned, String> {
        let Some(dialect) = self.dialect.filter(|_| self.alien.is_none()) else { return Err(self.alien.unwrap_or_default()) };
        let closed = self.root.is_some();
        let mut broken_entry = false;
        while let Some(open) = self.stack.pop() {
            broken_entry |= open.is_entry;
            match self.stack.last_mut() {
                None => self.root = Some(open.node),
                Some(around) if !open.is_entry => around.node.content.push(Piece::Node(open.node)),
                Some(_) => {}
            }
        }
        let root =
            self.root.unwrap_or(Node { space: Space::Other, name: String::new(), attributes: Vec::new(), content: Vec::new() });
        let Self { version, entries, too_many, .. } = self;
        let broken_entry = broken_entry && !too_many;
        Ok(Scanned { dialect, version, root, entries, closed: closed || too_many, broken_entry, too_many })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn entries(text: &str) -> Vec<Vec<(String, String)>> {
        let of = |entry: &Entry| entry.node.children().map(|n| (n.name.clone(), n.markup())).collect();
        scan(text).expect("a feed").entries.iter().map(of).collect()
    }

    #[track_caller]
    fn item(inside: &str, want: &[(&str, &str)]) {
        let got = entries(&format!("<rss version='2.0'><channel><item>{inside}</item></channel></rss>"));
        let want: Vec<_> = want.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(got, [want], "{inside}");
    }

    #[test]
    fn nothing_is_an_error() {
        item(
            "<title>R&D & more &nbsp;&laquo;x&raquo; &bogus; &#150; &#8;</title>",
            &[("title", "R&D & more \u{a0}«x» &bogus; – ")],
        );
        item("<title>1 < 2 <3 </ 4</title>", &[("title", "1 < 2 <3 </ 4")]);
        item("<title>a<![CDATA[b <3 & </title> ]]>c</title>", &[("title", "ab <3 & </title> c")]);
        item(
            "<description>a<br>b<p>c<p>d &amp; <b x=1 y>e</description><guid>g</guid>",
            &[("description", "a<br>b<p>c</p><p>d &amp; <b x=\"1\" y=\"\">e</b></p>"), ("guid", "g")],
        );
        item("<title>x</b></i></title></nothing><link>l</link>", &[("title", "x"), ("link", "l")]);
        item("<TITLE>x</Title><!-- <item> --><link>l</link>", &[("title", "x"), ("link", "l")]);
    }

    #[test]
    fn entries_are_told_without_their_ends() {
        let text = "\n\n \u{1}<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY a 'b'>]><rss><channel><title>T</title><item><title>1</title><item><title>2</item><item><title>3";
        let scanned = scan(text).expect("a feed");
        assert_eq!((scanned.entries.len(), scanned.closed, scanned.broken_entry), (2, false, true));
        assert_eq!(scanned.root.children().next().expect("a channel").children().next().expect("a title").text(), "T");
        let whole = scan("<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>1</title></entry></feed>junk").expect("a feed");
        assert_eq!((whole.version.as_str(), whole.entries.len(), whole.closed, whole.broken_entry), ("Atom 1.0", 1, true, false));
    }

    #[test]
    fn what_is_no_feed_says_what_it_is() {
        for (text, name) in [("<!doctype html><html><body>", "html"), ("<svg:svg/>", "svg:svg"), ("no markup", ""), ("", "")] {
            assert_eq!(scan(text).map(|_| ()), Err(name.to_owned()), "{text}");
        }
    }

    #[test]
    fn bombs_cost_no_more_than_their_length() {
        let start = Instant::now();
        let around = |inside: &str| {
            format!("<rss><channel><item><title>1</title>{inside}</item><item><title>2</title></item></channel></rss>")
        };
        for inside in [
            "<a>".repeat(60_000),
            format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000)),
            "<a/>".repeat(60_000),
            format!("<a {}/>", "x='1' ".repeat(50_000)),
            format!("<a x='{}'/>", "&lol;".repeat(50_000)),
            "&lol;".repeat(50_000),
            "</a>".repeat(50_000),
            "&".repeat(200_000),
            format!("<![CDATA[{}", "<".repeat(200_000)),
        ] {
            let scanned = scan(&around(&inside)).expect("a feed");
            assert!(!scanned.entries.is_empty() || !scanned.closed, "{}", &inside[..30]);
        }
        let laughs = "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>";
        assert_eq!(entries(&format!("{laughs}{}", around("<guid>&b;</guid>")))[0][1].1, "&b;");
        let many = scan(&format!("<rss>{}", "<item/>".repeat(ENTRIES * 3))).expect("a feed");
        assert_eq!((many.entries.len(), many.too_many), (ENTRIES, true));
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}
