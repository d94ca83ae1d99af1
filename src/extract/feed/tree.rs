//! An element of a feed, and what is in it.

use super::names::Space;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub space: Space,
    /// Without its prefix, in lower case.
    pub name: String,
    /// In lower case and without prefix, but for `xml:base` and `xml:lang`.
    pub attributes: Vec<(String, String)>,
    pub content: Vec<Piece>,
}

/// What is in an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Node(Node),
}

impl Node {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn children(&self) -> impl Iterator<Item = &Node> {
        self.content.iter().filter_map(|piece| match piece {
            Piece::Node(node) => Some(node),
            Piece::Text(_) => None,
        })
    }

    /// All its text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.add_text(&mut out);
        out
    }

    fn add_text(&self, out: &mut String) {
        for piece in &self.content {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Node(node) => node.add_text(out),
            }
        }
    }

    /// Its content as HTML: the text as it is, which mostly is markup that was escaped; where elements stand among it, those and the text between.
    pub fn markup(&self) -> String {
        if self.children().next().is_none() {
            return self.text();
        }
        let mut out = String::new();
        self.add_markup(&mut out);
        out
    }

    fn add_markup(&self, out: &mut String) {
        for piece in &self.content {
            match piece {
                Piece::Text(text) => out.push_str(&escape(text)),
                Piece::Node(node) => {
                    out.push('<');
                    out.push_str(&node.name);
                    for (name, value) in node.attributes.iter().filter(|(name, _)| is_plain(name)) {
                        out.push(' ');
                        out.push_str(name);
                        out.push_str("=\"");
                        out.push_str(&escape(value));
                        out.push('"');
                    }
                    out.push('>');
                    node.add_markup(out);
                    if !is_void(&node.name) {
                        out.push_str("</");
                        out.push_str(&node.name);
                        out.push('>');
                    }
                }
            }
        }
    }
}

/// Text for XML and HTML, in elements and in attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// HTML's elements without an end, by which markup that nobody escaped is told.
pub(super) fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "img" | "wbr" | "input" | "col")
}
