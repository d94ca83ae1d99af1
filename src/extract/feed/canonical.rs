//! An entry as feed-rs reads it without loss: RSS of every version as RSS 2.0, Atom of both as Atom 1.0, each entry a document by itself, so that one
//! that cannot be read leaves the others alone. What feed-rs drops or makes up stands beside it.

use url::Url;

use super::names::Space;
use super::tree::{Node, Piece, escape};
use super::xml::{Dialect, Entry, Scanned};

/// What feed-rs is given, and what it does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Canonical {
    /// A feed of this one entry.
    pub document: String,
    pub beside: Beside,
}

/// What is read of an entry without feed-rs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Beside {
    /// What it says of its date, in the order in which that counts: publication, then creation, then the last change.
    pub dates: Vec<String>,
    /// Its id, where that is to be a link too.
    pub permalink: Option<String>,
    /// Addresses of its images, absolute where they can be, in the order in which they count.
    pub images: Vec<String>,
    /// Where relative links of its summary and of its content start.
    pub summary_base: Option<Url>,
    pub content_base: Option<Url>,
}

/// A feed without entries.
pub(super) fn head(scanned: &Scanned, url: &Url) -> String {
    let mut out = Writer::new(scanned.dialect, url);
    let root = &scanned.root;
    let channel = root.children().find(|node| node.name == "channel").filter(|_| scanned.dialect == Dialect::Rss);
    for node in root.children().chain(channel.into_iter().flat_map(Node::children)) {
        match (node.space, node.name.as_str()) {
            (Space::Rss | Space::Atom, "title") => out.title(node),
            (Space::Rss, "language") | (Space::Dublin, "language") => {
                out.once("language", &[], &node.text());
            }
            (Space::Rss | Space::Atom, "link") => out.link(node),
            _ => {}
        }
    }
    out.finish()
}

/// The language that the feed states.
pub(super) fn language(scanned: &Scanned) -> Option<&str> {
    let channel = scanned.root.children().find(|node| node.name == "channel");
    std::iter::once(&scanned.root).chain(channel).find_map(|node| node.attribute("xml:lang"))
}

/// Where links start by what stands around the entries.
pub(super) fn base(entry: &Entry, start: &Url) -> Url {
    entry.bases.iter().map(String::as_str).fold(start.clone(), |base, text| within(&base, Some(text)))
}

fn within(base: &Url, text: Option<&str>) -> Url {
    text.and_then(|text| base.join(text.trim()).ok()).unwrap_or_else(|| base.clone())
}

/// One entry; `start`: where links start outside it.
pub(super) fn entry(entry: &Entry, dialect: Dialect, start: &Url) -> Canonical {
    let node = &entry.node;
    let base = within(&base(entry, start), node.attribute("xml:base"));
    let mut beside = Beside::default();
    let mut dates: Vec<(u8, String)> = Vec::new();
    let mut images: Vec<(u8, String)> = Vec::new();
    let mut out = Writer::new(dialect, &base);
    out.open(if dialect == Dialect::Rss { "item" } else { "entry" });
    for part in node.children() {
        if let Some(rank) = date_rank(part) {
            dates.push((rank, part.text()));
            continue;
        }
        image(part, &base, &mut images);
        match (part.space, part.name.as_str()) {
            (Space::Rss | Space::Atom, "title") => out.title(part),
            (Space::Rss | Space::Atom, "link") => out.link(part),
            (Space::Rss, "description") | (Space::Atom, "summary") => {
                let base = within(&base, part.attribute("xml:base"));
                if out.summary(part) {
                    beside.summary_base = Some(base);
                }
            }
            (Space::Content, "encoded") | (Space::Html, "body" | "div") | (Space::Atom, "content") => {
                let base = within(&base, part.attribute("xml:base"));
                if out.content(part) {
                    beside.content_base = Some(base);
                }
            }
            (Space::Rss | Space::Atom, "category") | (Space::Dublin, "subject") => out.category(part),
            (Space::Rss | Space::Atom, "author") | (Space::Dublin, "creator") => out.author(part),
            (Space::Rss, "guid") if part.attribute("ispermalink").is_none_or(|v| !v.trim().eq_ignore_ascii_case("false")) => {
                beside.permalink.get_or_insert(part.text().trim().to_owned());
            }
            (Space::Atom, "id") if dialect == Dialect::Atom => {
                beside.permalink.get_or_insert(part.text().trim().to_owned());
            }
            _ => {}
        }
    }
    // RDF says there what an item is about.
    if let Some(about) = node.attribute("about") {
        beside.permalink.get_or_insert(about.trim().to_owned());
    }
    dates.sort_by_key(|(rank, _)| *rank);
    images.sort_by_key(|(rank, _)| *rank);
    beside.dates = dates.into_iter().map(|(_, text)| text).filter(|text| !text.trim().is_empty()).collect();
    beside.images = images.into_iter().map(|(_, address)| address).collect();
    Canonical { document: out.finish(), beside }
}

/// How much a date counts as that of publication; None: it is none.
fn date_rank(node: &Node) -> Option<u8> {
    if !matches!(node.space, Space::Rss | Space::Atom | Space::Dublin) {
        return None;
    }
    Some(match node.name.as_str() {
        "pubdate" | "published" | "issued" => 0,
        "date" | "available" => 1,
        "created" => 2,
        "updated" | "modified" => 3,
        _ => return None,
    })
}

/// Endings of pictures' names, for enclosures of a type that is not told.
const PICTURES: &[&str] = &[".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg"];

/// The images that an element names, with how much each counts. (feed-rs drops a thumbnail that stands alone, and `medium`.)
fn image(node: &Node, base: &Url, out: &mut Vec<(u8, String)>) {
    let base = within(base, node.attribute("xml:base"));
    let kind = node.attribute("type").or(node.attribute("medium")).unwrap_or_default().trim().to_ascii_lowercase();
    let address = node.attribute("url").or(node.attribute("href")).unwrap_or_default().trim();
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_picture = match kind.as_str() {
        "" => PICTURES.iter().any(|ending| path.ends_with(ending)),
        kind => kind.starts_with("image"),
    };
    let rank = match (node.space, node.name.as_str()) {
        (Space::Media, "thumbnail") => Some(0),
        (Space::Media, "content") if is_picture => Some(1),
        (Space::Itunes, "image") => Some(2),
        (Space::Rss, "enclosure") if is_picture => Some(3),
        (Space::Atom, "link") if is_picture && node.attribute("rel") == Some("enclosure") => Some(3),
        // `<image><url>`, which some generators put into items too.
        (Space::Rss, "image") => {
            let url = node.children().find(|child| child.name == "url").map_or_else(|| node.text(), Node::text);
            out.extend(base.join(url.trim()).ok().filter(|_| !url.trim().is_empty()).map(|url| (4, url.into())));
            None
        }
        _ => None,
    };
    if let Some(rank) = rank.filter(|_| !address.is_empty()) {
        out.push((rank, base.join(address).map_or_else(|_| address.to_owned(), String::from)));
    }
    if node.space == Space::Media && matches!(node.name.as_str(), "group" | "content") {
        node.children().for_each(|child| image(child, &base, out));
    }
}

/// An Atom text construct: whether it is HTML, and what it says; None: nothing that can be read (RFC 4287, 3.1 and 4.1.3; Atom 0.3 has `mode`).
fn construct(node: &Node) -> Option<(bool, String)> {
    let kind = node.attribute("type").unwrap_or_default().trim().to_ascii_lowercase();
    let mode = node.attribute("mode").unwrap_or_default().trim().to_ascii_lowercase();
    let nested = node.children().next().is_some();
    let html = match kind.as_str() {
        _ if mode == "base64" => return None,
        "xhtml" | "application/xhtml+xml" => true,
        "html" | "text/html" => true,
        "" | "text" | "text/plain" => nested,
        kind if kind.starts_with("text/") => nested,
        _ => return None,
    };
    // The `div` around XHTML is no part of it.
    let mut children = node.children();
    let only = children.next().filter(|child| nested && child.name == "div" && children.next().is_none());
    let bare = only.filter(|_| node.content.iter().all(|piece| !matches!(piece, Piece::Text(t) if !t.trim().is_empty())));
    Some(match bare {
        Some(div) if div.children().next().is_none() => (true, escape(&div.text())),
        Some(div) => (true, div.markup()),
        // In XHTML nothing is escaped twice.
        None if kind.contains("xhtml") && !nested => (false, node.text()),
        None => (html, node.markup()),
    })
}

struct Writer {
    out: String,
    dialect: Dialect,
    open: Vec<&'static str>,
    written: Vec<&'static str>,
}

impl Writer {
    fn new(dialect: Dialect, base: &Url) -> Self {
        let base = escape(base.as_str());
        let (start, open) = match dialect {
            Dialect::Rss => (
                format!(
                    "<rss version=\"2.0\" xml:base=\"{base}\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>"
                ),
                vec!["rss", "channel"],
            ),
            Dialect::Atom => (format!("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:base=\"{base}\">"), vec!["feed"]),
        };
        Self { out: start, dialect, open, written: Vec::new() }
    }

    fn open(&mut self, name: &'static str) {
        self.out.push_str(&format!("<{name}>"));
        self.open.push(name);
    }

    fn finish(mut self) -> String {
        while let Some(name) = self.open.pop() {
            self.out.push_str(&format!("</{name}>"));
        }
        self.out
    }

    fn element(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in attributes {
            self.out.push_str(&format!(" {key}=\"{}\"", escape(value)));
        }
        self.out.push('>');
        self.out.push_str(&escape(text));
        self.out.push_str(&format!("</{}>", name));
    }

    /// Writes the first of its name that says anything; says whether this is it.
    fn once(&mut self, name: &'static str, attributes: &[(&str, &str)], text: &str) -> bool {
        let is_first = !text.trim().is_empty() && !self.written.contains(&name);
        if is_first {
            self.written.push(name);
            self.element(name, attributes, text.trim());
        }
        is_first
    }

    fn construct(&mut self, name: &'static str, node: &Node) -> bool {
        let Some((html, text)) = construct(node) else { return false };
        self.once(name, &[("type", if html { "html" } else { "text" })], &text)
    }

    fn title(&mut self, node: &Node) {
        match self.dialect {
            Dialect::Rss => self.once("title", &[], &node.markup()),
            Dialect::Atom => self.construct("title", node),
        };
    }

    fn summary(&mut self, node: &Node) -> bool {
        match (self.dialect, node.space) {
            (Dialect::Rss, Space::Rss) => self.once("description", &[], &node.markup()),
            (Dialect::Atom, Space::Atom) => self.construct("summary", node),
            _ => false,
        }
    }

    fn content(&mut self, node: &Node) -> bool {
        match (self.dialect, node.space) {
            (Dialect::Rss, Space::Content | Space::Html) => self.once("content:encoded", &[], &node.markup()),
            (Dialect::Atom, Space::Atom) if node.attribute("src").is_none() => self.construct("content", node),
            _ => false,
        }
    }

    fn link(&mut self, node: &Node) {
        let Some(href) = node.attribute("href").map(str::trim) else {
            let text = node.text();
            if self.dialect == Dialect::Rss && !text.trim().is_empty() {
                self.element("link", &[], text.trim());
            }
            return;
        };
        let rel = node.attribute("rel").map(str::trim).filter(|rel| !rel.is_empty()).unwrap_or("alternate");
        let mut attributes = vec![("href", href), ("rel", rel)];
        attributes.extend(node.attribute("type").map(|kind| ("type", kind.trim())));
        attributes.extend(node.attribute("xml:base").map(|base| ("xml:base", base.trim())));
        match self.dialect {
            Dialect::Atom => self.element("link", &attributes, ""),
            // Of an item feed-rs reads RSS's own links only.
            Dialect::Rss if self.open.contains(&"item") => {
                if rel == "alternate" {
                    self.element("link", &[], href);
                }
            }
            Dialect::Rss => self.element("atom:link", &attributes, ""),
        }
    }

    fn category(&mut self, node: &Node) {
        let text = node.text();
        let term = node.attribute("label").or(node.attribute("term")).unwrap_or(text.trim()).trim();
        if term.is_empty() {
            return;
        }
        let scheme = node.attribute("domain").or(node.attribute("scheme")).map(str::trim);
        match self.dialect {
            Dialect::Rss => {
                let attributes: Vec<_> = scheme.map(|scheme| ("domain", scheme)).into_iter().collect();
                self.element("category", &attributes, term);
            }
            Dialect::Atom => {
                let attributes: Vec<_> = std::iter::once(("term", term)).chain(scheme.map(|s| ("scheme", s))).collect();
                self.element("category", &attributes, "");
            }
        }
    }

    fn author(&mut self, node: &Node) {
        let name = node.children().find(|child| child.name == "name").map_or_else(|| node.text(), Node::text);
        let name = name.trim();
        match self.dialect {
            _ if name.is_empty() => {}
            // "mail (name)", which feed-rs takes for a name in brackets.
            Dialect::Rss => {
                let inner = name.split_once(" (").and_then(|(mail, name)| Some((mail, name.strip_suffix(')')?)));
                let name = inner.filter(|(mail, _)| mail.contains('@')).map_or(name, |(_, name)| name);
                self.element("author", &[], name);
            }
            Dialect::Atom => {
                self.open("author");
                self.element("name", &[], name);
                self.open.pop();
                self.out.push_str("</author>");
            }
        }
    }
}
