//! Values that follow a visible label: "Where we are: A, B".
//!
//! A row is read once, as a person would see it: texts, and the edges of the blocks that break lines. A label is a text that says it, alone
//! or at the beginning of a line; its value is what follows on the line, or, where the label has a line or cell of its own, the next one.

use ego_tree::{NodeId, NodeRef};
use scraper::ElementRef;
use scraper::node::Node;

use super::text::is_read;
use crate::domain::fold;
use crate::domain::text::one_line;

/// A label is no longer than this (bytes): longer texts are not looked at.
const LONGEST: usize = 120;

/// What stands behind a label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Value<'a> {
    /// The whole text, as one line.
    pub text: String,
    /// The same by lines, cells or list items.
    pub lines: Vec<String>,
    /// The links in it.
    pub links: Vec<ElementRef<'a>>,
}

impl Value<'_> {
    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

#[derive(Debug)]
enum Token<'a> {
    Text { text: &'a str, link: Option<ElementRef<'a>>, alone: bool, heading: bool },
    Break,
    Open(NodeId, Kind),
    Close(NodeId, Kind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,  // dt, th: what follows in dd or td belongs to it
    Value, // dd, td
    Other,
}

/// A row, laid out for looking up labels.
pub(super) struct Lines<'a> {
    tokens: Vec<Token<'a>>,
    /// Places of texts that begin with a label: (token, what follows the label in the same text, how sure).
    found: Vec<Found<'a>>,
}

#[derive(Debug)]
struct Found<'a> {
    at: usize,
    label: String,
    rest: &'a str,
    sure: bool,
}

impl<'a> Lines<'a> {
    /// Lays out a row. `labels` are folded and without colon.
    pub fn new<'l>(row: ElementRef<'a>, labels: impl Iterator<Item = &'l str> + Clone) -> Self {
        let mut lines = Self { tokens: Vec::with_capacity(64), found: Vec::new() };
        lay_out(*row, None, false, &mut lines.tokens);
        let mut line_begins = true;
        for (at, token) in lines.tokens.iter().enumerate() {
            let Token::Text { text, link, alone, heading } = token else {
                line_begins = true;
                continue;
            };
            let first = std::mem::replace(&mut line_begins, false);
            if text.trim().is_empty() {
                line_begins = first;
                continue;
            }
            if link.is_some() {
                continue;
            }
            if let Some((label, rest)) = split_label(text, labels.clone()) {
                let whole = rest.trim().is_empty();
                if whole || first {
                    lines.found.push(Found { at, label, rest, sure: whole && *alone && !heading });
                }
            } else if *alone && text.len() <= LONGEST && text.trim_end().ends_with([':', '：']) {
                // A label that nobody asked for: it ends the value before it all the same.
                lines.found.push(Found { at, label: String::new(), rest: "", sure: false });
            }
        }
        lines
    }

    /// Whether the element's text begins with a known label: it is a field, not prose.
    pub fn begins_with_label<'l>(text: &str, labels: impl Iterator<Item = &'l str>) -> bool {
        split_label(text, labels).is_some()
    }

    /// The value behind a label (folded); empty where the label is missing or nothing follows it.
    pub fn value(&self, label: &str) -> Value<'a> {
        let of_label = || self.found.iter().filter(|f| f.label == label);
        let found = of_label().find(|f| f.sure).or_else(|| of_label().next());
        found.map(|f| self.behind(f)).unwrap_or_default()
    }

    fn behind(&self, found: &Found<'a>) -> Value<'a> {
        let mut value = Collected::default();
        value.text(found.rest, None);
        // The innermost block that began after the label: its end ends the value.
        let mut within: Option<NodeId> = None;
        let mut left: Option<Kind> = None;
        let mut at = found.at + 1;
        while let Some(token) = self.tokens.get(at) {
            match token {
                Token::Text { text, link, .. } => {
                    if self.found.iter().any(|f| f.at == at) {
                        break;
                    }
                    if left.is_some() && within.is_none() && !text.trim().is_empty() {
                        break;
                    }
                    let text = if value.is_empty() { text.trim_start().trim_start_matches([':', '：']) } else { text };
                    value.text(text, *link);
                }
                Token::Break if value.is_empty() => {}
                Token::Break if within.is_some() => value.line(),
                Token::Break => break,
                Token::Open(..) if within.is_some() => value.line(),
                Token::Open(id, kind) => {
                    let belongs = match left {
                        None => value.is_empty(),
                        Some(Kind::Name) => *kind == Kind::Value,
                        Some(_) => value.is_empty() && self.only_label_of_parent(found.at, at),
                    };
                    if !belongs {
                        break;
                    }
                    value.line();
                    within = Some(*id);
                }
                Token::Close(id, kind) if within == Some(*id) => {
                    within = None;
                    value.line();
                    // More cells may follow a name; any other block has said it all.
                    if left != Some(Kind::Name) || *kind != Kind::Value {
                        break;
                    }
                }
                Token::Close(..) if within.is_some() => value.line(),
                Token::Close(_, kind) => {
                    if !value.is_empty() || left.is_some() {
                        break;
                    }
                    left = Some(*kind);
                }
            }
            at += 1;
        }
        value.done()
    }

    /// Whether the block around the label's own block (closed before `next`) holds no other label and no heading, so that what stands in
    /// it beside the label can only be its value: `<div><div>Where:</div><div>A</div></div>`.
    fn only_label_of_parent(&self, label_at: usize, next: usize) -> bool {
        // The block that opens around the label is its own; the next one out is the parent, unless that is the row itself.
        let Some(parent) = self.opened_around(label_at).and_then(|own| self.opened_around(own)) else { return false };
        let Token::Open(parent_id, _) = self.tokens[parent] else { return false };
        let end = self.tokens[next..]
            .iter()
            .position(|t| matches!(t, Token::Close(id, _) if *id == parent_id))
            .map_or(self.tokens.len(), |p| next + p);
        !self.found.iter().any(|f| f.at != label_at && (parent..end).contains(&f.at))
            && !self.tokens[parent..end].iter().any(|t| matches!(t, Token::Text { heading: true, .. }))
    }
}

impl Lines<'_> {
    /// The token that opens the innermost block around a token.
    fn opened_around(&self, at: usize) -> Option<usize> {
        let mut depth = 0usize;
        self.tokens[..at].iter().rposition(|t| match t {
            Token::Close(..) => {
                depth += 1;
                false
            }
            Token::Open(..) if depth > 0 => {
                depth -= 1;
                false
            }
            Token::Open(..) => true,
            _ => false,
        })
    }
}

/// The folded label that the text begins with, and the rest behind its colon.
fn split_label<'t, 'l>(text: &'t str, mut labels: impl Iterator<Item = &'l str>) -> Option<(String, &'t str)> {
    let text = text.trim_start();
    let (head, rest) = match text.find([':', '：']) {
        Some(at) if at <= LONGEST => (&text[..at], text[at..].trim_start_matches([':', '：'])),
        _ if text.len() <= LONGEST => (text, ""),
        _ => return None,
    };
    let head = fold(head);
    labels.any(|label| label == head).then_some((head, rest))
}

fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "cite"
            | "code"
            | "data"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "tt"
            | "u"
            | "var"
            | "wbr"
    )
}

fn lay_out<'a>(node: NodeRef<'a, Node>, link: Option<ElementRef<'a>>, heading: bool, out: &mut Vec<Token<'a>>) {
    for child in node.children() {
        match child.value() {
            Node::Text(text) => {
                let alone = child.siblings_are_blank();
                out.push(Token::Text { text, link, alone, heading });
            }
            Node::Element(e) if is_read(child) => match e.name() {
                "br" | "hr" => out.push(Token::Break),
                "a" => lay_out(child, ElementRef::wrap(child), heading, out),
                name if is_inline(name) => lay_out(child, link, heading, out),
                name => {
                    let kind = match name {
                        "dt" | "th" => Kind::Name,
                        "dd" | "td" => Kind::Value,
                        _ => Kind::Other,
                    };
                    let heading = heading || matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
                    out.push(Token::Open(child.id(), kind));
                    lay_out(child, link, heading, out);
                    out.push(Token::Close(child.id(), kind));
                }
            },
            _ => {}
        }
    }
}

trait Blank {
    fn siblings_are_blank(&self) -> bool;
}

impl Blank for NodeRef<'_, Node> {
    /// Whether this text is all that its parent holds.
    fn siblings_are_blank(&self) -> bool {
        let blank = |n: NodeRef<'_, Node>| match n.value() {
            Node::Text(t) => t.trim().is_empty(),
            Node::Element(_) => false,
            _ => true,
        };
        self.prev_siblings().all(blank) && self.next_siblings().all(blank)
    }
}

#[derive(Default)]
struct Collected<'a> {
    lines: Vec<String>,
    current: String,
    links: Vec<ElementRef<'a>>,
}

impl<'a> Collected<'a> {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.current.trim().is_empty()
    }

    fn text(&mut self, text: &str, link: Option<ElementRef<'a>>) {
        self.current.push_str(text);
        if let Some(link) = link
            && self.links.last().map(|l| l.id()) != Some(link.id())
        {
            self.links.push(link);
        }
    }

    fn line(&mut self) {
        let line = one_line(&std::mem::take(&mut self.current));
        if !line.is_empty() {
            self.lines.push(line);
        }
    }

    fn done(mut self) -> Value<'a> {
        self.line();
        Value { text: self.lines.join(" "), lines: self.lines, links: self.links }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Html;

    const LABELS: [&str; 3] = ["where", "what", "date"];

    fn value(html: &str, label: &str) -> (String, usize, usize) {
        let doc = Html::parse_document(&format!("<table><tr><td></table><section>{html}</section>"));
        let row = doc.select(&scraper::Selector::parse("section").expect("valid")).next().expect("one row");
        let value = Lines::new(row, LABELS.into_iter()).value(label);
        (value.text.clone(), value.lines.len(), value.links.len())
    }

    #[test]
    fn values_behind_labels() {
        for (html, label, want) in [
            // On the label's own line, with or without an element around it.
            ("<div><span class=label>Where:</span> A, B</div><div><span>What:</span> X</div>", "where", ("A, B", 1, 0)),
            ("<div>Where: A, B</div><div>What: X</div>", "where", ("A, B", 1, 0)),
            ("<div><b>Where</b>: <a>A</a>, <a>B</a></div>", "where", ("A, B", 1, 2)),
            ("<p><b>Where:</b> A <b>What:</b> X <b>Other:</b> Y</p>", "what", ("X", 1, 0)),
            ("<p>Where: A<br>What: X<br>rest</p>", "where", ("A", 1, 0)),
            ("<p>Where:<br>A<br>rest</p>", "where", ("A", 1, 0)),
            ("<div><span>Where:</span><span>A</span></div>", "where", ("A", 1, 0)),
            ("<div>WHERE : A</div>", "where", ("A", 1, 0)),
            // In the next cell or block.
            ("<dl><dt>Where</dt><dd>A</dd><dd>B</dd><dt>What</dt><dd>X</dd></dl>", "where", ("A B", 2, 0)),
            ("<table><tr><th>Where</th><td>A</td></tr><tr><th>What</th><td>X</td></tr></table>", "what", ("X", 1, 0)),
            ("<div><div>Where:</div><div><ul><li>A</li><li>B</li></ul></div></div>", "where", ("A B", 2, 0)),
            ("<div>Where: <ul><li><a>A</a></li><li><a>B</a></li></ul></div>", "where", ("A B", 2, 2)),
            // Nothing there.
            ("<div><div><span>Where:</span> </div><div><span>What:</span> X</div></div>", "where", ("", 0, 0)),
            ("<div><div><span>Where:</span> </div><p>Some summary</p><div>What: X</div></div>", "where", ("", 0, 0)),
            ("<p>Some prose, where: nobody asked</p>", "where", ("", 0, 0)),
            // Decoys.
            ("<h3><a>Where: not here</a></h3><div>Where: A</div>", "where", ("A", 1, 0)),
            ("<script>Where: no</script><!-- Where: no --><div hidden>Where: no</div><div>Where: A</div>", "where", ("A", 1, 0)),
            ("<p>What: now? A question</p><div><span>What:</span> X</div>", "what", ("X", 1, 0)),
        ] {
            let (text, lines, links) = value(html, label);
            assert_eq!((text.as_str(), lines, links), want, "{html}");
        }
    }
}
