//! What a person would read in an element: text without scripts, styles and elements that do not count.

use std::collections::HashSet;

use ego_tree::{NodeId, NodeRef};
use scraper::node::{Element, Node};
use scraper::{ElementRef, Selector};

use crate::domain::text::Line;

/// A piece of HTML, or a text that holds no markup at all (the common case, which needs no sanitiser).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Markup {
    /// Plain text, as one line.
    Text(String),
    /// HTML, not sanitised.
    Html(String),
}

/// Elements whose content nobody reads.
fn is_unread(element: &Element) -> bool {
    matches!(
        element.name(),
        "script" | "style" | "template" | "noscript" | "head" | "svg" | "iframe" | "object" | "select" | "textarea"
    ) || element.attr("hidden").is_some()
}

/// The elements inside `scope` that do not count.
pub(super) fn left_out(scope: ElementRef<'_>, without: &[Selector]) -> HashSet<NodeId> {
    without.iter().flat_map(|selector| scope.select(selector).map(|e| e.id())).collect()
}

/// Walks the texts below a node in order, leaving out what is not read.
pub(super) fn walk<'a>(node: NodeRef<'a, Node>, skip: &HashSet<NodeId>, visit: &mut impl FnMut(&'a str)) {
    for child in node.children() {
        match child.value() {
            Node::Text(text) => visit(text),
            Node::Element(e) if !is_unread(e) && !skip.contains(&child.id()) => {
                if matches!(e.name(), "br" | "p" | "div" | "li") {
                    visit(" ");
                }
                walk(child, skip, visit);
            }
            _ => {}
        }
    }
}

/// The element's text as one line.
pub(super) fn line(element: ElementRef<'_>, without: &[Selector]) -> String {
    let skip = left_out(element, without);
    text(element, &skip)
}

fn text(element: ElementRef<'_>, skip: &HashSet<NodeId>) -> String {
    let mut line = Line::with_capacity(64);
    walk(*element, skip, &mut |piece| line.push_str(piece));
    line.finish()
}

/// The element's content, for the sanitiser.
pub(super) fn markup(element: ElementRef<'_>, without: &[Selector]) -> Markup {
    let skip = left_out(element, without);
    let plain = |n: NodeRef<'_, Node>| !n.value().is_element() || skip.contains(&n.id());
    if element.children().all(plain) {
        return Markup::Text(text(element, &skip));
    }
    let mut html = String::new();
    serialise(*element, &skip, &mut html);
    Markup::Html(html)
}

fn serialise(node: NodeRef<'_, Node>, skip: &HashSet<NodeId>, out: &mut String) {
    for child in node.children() {
        match child.value() {
            Node::Text(text) => escape(text, out),
            Node::Element(e) if !is_unread(e) && !skip.contains(&child.id()) => {
                out.push('<');
                out.push_str(e.name());
                for (name, value) in e.attrs() {
                    out.push(' ');
                    out.push_str(name);
                    out.push_str("=\"");
                    escape(value, out);
                    out.push('"');
                }
                out.push('>');
                if !matches!(
                    e.name(),
                    "br" | "hr" | "img" | "wbr" | "col" | "input" | "source" | "track" | "area" | "embed" | "link" | "meta"
                ) {
                    serialise(child, skip, out);
                    out.push_str("</");
                    out.push_str(e.name());
                    out.push('>');
                }
            }
            _ => {}
        }
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// Whether a node is an element that readers see.
pub(crate) fn is_read(node: NodeRef<'_, Node>) -> bool {
    node.value().as_element().is_some_and(|e| !is_unread(e))
}
