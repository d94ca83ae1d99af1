//! What keeps a page from taking forever to become a tree.
//!
//! For each tag html5ever's tree builder looks through all elements that are open, and for each block it opens anew what was left open before (WHATWG
//! HTML, 13.2.4.3): a megabyte of `<div>` would take it minutes, a few hundred different `<font>` before many `<p>` would fill the memory.

use std::cell::Cell;

use ego_tree::NodeId;
use html5ever::tokenizer::{EndTag, Tag, TagToken, TokenSink};
use html5ever::tree_builder::TreeBuilder;
use scraper::HtmlTreeSink;

use super::page::Warning;

/// Attributes of a tag, beyond which it is left out: each is compared with those before it. Pages have twenty at most.
pub(super) const ATTRIBUTES: usize = 1_000;

/// Where the tag ends that begins here, if it has more attributes than are read.
pub(super) fn crowded_tag(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let name = bytes.strip_prefix(b"</").or(bytes.strip_prefix(b"<"))?;
    if !name.first()?.is_ascii_alphabetic() {
        return None;
    }
    let (mut words, mut before, mut quote) = (0, b' ', None);
    for (at, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (None, b'>') => return (words > ATTRIBUTES).then_some(at + 1),
            (None, _) => words += usize::from(is_blank(before) && !is_blank(byte)),
        }
        // Blanks may stand between the sign and the value.
        if before != b'=' || !is_blank(byte) {
            before = byte;
        }
    }
    (words > ATTRIBUTES).then_some(bytes.len())
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'/'
}

/// What of a page is not read as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Cut {
    Crowded,
    Deep,
    Full,
}

impl Cut {
    fn message(self) -> &'static str {
        match self {
            Self::Crowded => "a tag with more than 1,000 attributes was left out",
            Self::Deep => "elements stand in one another more than 256 deep: the innermost were taken as closed there",
            Self::Full => "tags that were never closed multiply: the page was read up to there, no further",
        }
    }
}

/// How deep and how large a tree may become, and what was done where it was about to be more.
pub(super) struct Bounds {
    /// Tags so far that opened something, or meant to.
    tags: Cell<u32>,
    /// Nodes that the tree may have.
    room: usize,
    cut: Cell<Option<Cut>>,
}

impl Bounds {
    /// Elements that may be open at a time: pages have some fifty.
    const DEEPEST: usize = 256;
    /// As many stay open where there are more.
    const LEFT_OPEN: usize = 128;
    /// Tags between two looks.
    const TAGS: u32 = 64;

    /// Of a page with so many tags.
    pub fn of(tags: usize) -> Self {
        Self { tags: Cell::new(0), room: tags * 4 + 50_000, cut: Cell::new(None) }
    }

    /// Whether what follows is read.
    pub fn read_on(&self) -> bool {
        self.cut.get() != Some(Cut::Full)
    }

    /// A tag was left out.
    pub fn leave_out_tag(&self) {
        self.note(Cut::Crowded);
    }

    /// What of the page was not read as it stands.
    pub fn told(&self) -> Option<Warning> {
        self.cut.get().map(|cut| Warning { row: None, field: "page".into(), message: cut.message().into() })
    }

    /// A tag has opened something, or meant to: now and then looks how deep and how large the tree has become.
    pub fn opened(&self, builder: &TreeBuilder<NodeId, HtmlTreeSink>) {
        self.tags.set(self.tags.get().wrapping_add(1));
        if self.tags.get().is_multiple_of(Self::TAGS) {
            self.look(builder);
        }
    }

    fn look(&self, builder: &TreeBuilder<NodeId, HtmlTreeSink>) {
        let mut open = Vec::new();
        {
            let document = builder.sink.0.borrow();
            let mut nodes = document.tree.nodes();
            if nodes.len() > self.room {
                self.note(Cut::Full);
            } else if let Some(newest) = nodes.next_back() {
                open.extend(newest.ancestors().filter_map(|node| Some(node.value().as_element()?.name.local.clone())));
            }
        }
        if open.len() > Self::DEEPEST {
            self.note(Cut::Deep);
            for name in open.drain(..open.len() - Self::LEFT_OPEN) {
                let tag = Tag { kind: EndTag, name, self_closing: false, attrs: Vec::new(), had_duplicate_attributes: false };
                // Ends change nothing in how what follows is to be read.
                let _ = builder.process_token(TagToken(tag), 1);
            }
        }
    }

    fn note(&self, cut: Cut) {
        self.cut.set(self.cut.get().filter(|noted| *noted > cut).or(Some(cut)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::{Parsed, parse};
    use scraper::Html;

    /// So many bytes of this, `#` being another number each time.
    fn nested(what: &str, bytes: usize) -> String {
        let mut text = String::new();
        for n in (0..).take_while(|n: &usize| n * what.len() < bytes) {
            text.push_str(&what.replace('#', &n.to_string()));
        }
        text
    }

    const NESTED: &[&str] = &[
        "<div>",
        "<ul><li>",
        "<li>",
        "<p>",
        "<b>",
        "<b a=#>",
        "<p><b a=#></p>",
        "<font size=#><p>",
        "<a href=#>",
        "<a href=#><p>",
        "<table>",
        "<table><tr><td>",
        "<table><div>",
        "<table><b a=#>",
        "<svg>",
        "<svg><g>",
        "<math><mi>",
        "<template>",
        "<select>",
        "<select><option>",
        "<button>",
        "<nobr>",
        "<h1>",
        "<dl><dt>",
        "<form>",
        "<object>",
        "<x-y>",
        "<span>",
        "<div><p></div>",
        "<!--",
        "<!-- -->",
        "<script>",
        "<",
        "<a ",
        "&",
        "&am",
        "</p>",
        "</b>",
        "</x>",
        "<br>",
        "<td>",
        "<frameset>",
        "<ruby><rt>",
        "<i></b>",
        "<em><strong a=#><p></em>",
    ];

    #[test]
    fn what_nobody_closes_stays_shallow_and_small() {
        let row = "<section class=row>x</section>";
        let rows = scraper::Selector::parse(".row").expect("valid");
        for what in NESTED {
            let page = format!("{row}{}", nested(what, 60_000));
            let Parsed { document, unread } = parse(&page);
            let deepest = document.tree.nodes().step_by(7).map(|node| node.ancestors().count()).max();
            // A template has a node of its own for what it holds.
            assert!(deepest < Some(3 * 256), "{what}: {deepest:?}");
            assert!(document.tree.nodes().len() < 4 * page.len() / 3 + 51_000, "{what}");
            assert_eq!(document.select(&rows).count(), 1, "{what}: {unread:?}");
        }
    }

    #[test]
    fn what_stands_behind_a_deep_part_is_read() {
        let rows = scraper::Selector::parse(".row").expect("valid");
        for what in ["<div>", "<ul><li>", "<b a=#>", "<table><tr><td>", "<span>", "<a href=#><p>", "<svg>"] {
            let page = format!("{0}{1}{0}", "<div class=row>x</div>", nested(what, 60_000));
            let Parsed { document, unread } = parse(&page);
            assert_eq!(document.select(&rows).count(), 2, "{what}: {unread:?}");
        }
    }

    #[test]
    fn lists_whose_rows_are_not_closed_are_read_as_ever() {
        for what in ["<li><b>#</b>", "<p>#", "<dt>#<dd>#", "<tr><td>#<td>#", "<option>#", "<br>#"] {
            let page = format!("<ul>{}<table>{}", nested(what, 40_000), nested(what, 40_000));
            let Parsed { document, unread } = parse(&page);
            assert_eq!(document, Html::parse_document(&page), "{what}");
            assert_eq!(unread, None, "{what}");
        }
    }

    #[test]
    fn a_tag_with_thousands_of_attributes_is_left_out_and_told() {
        let many = |n: usize| (0..n).map(|n| format!("a{n}='x > y' ")).collect::<String>();
        let text = |parsed: &Parsed| parsed.document.root_element().text().collect::<String>();
        for tag in ["<p ", "<P ", "</p ", "<p b = \"c > d\" "] {
            let parsed = parse(&format!("before{tag}{}>after", many(3_000)));
            assert_eq!(text(&parsed), "beforeafter", "{tag}");
            assert!(parsed.unread.is_some(), "{tag}");
            let page = format!("before{tag}{}>after", many(300));
            let parsed = parse(&page);
            assert_eq!((parsed.document, parsed.unread), (Html::parse_document(&page), None), "{tag}");
        }
    }

    #[test]
    #[ignore = "a measurement"]
    fn how_long_a_megabyte_takes() {
        for what in NESTED {
            let page = nested(what, 1_000_000);
            let began = std::time::Instant::now();
            let Parsed { document, unread } = parse(&page);
            println!("{:8.2} s  {:>9} nodes  {what}  {:?}", began.elapsed().as_secs_f64(), document.tree.nodes().len(), unread);
        }
        let many: String = (0..200_000).map(|n| format!("a{n} ")).collect();
        for page in [
            format!("<p {many}>x"),
            format!("<P {many}>x"),
            format!("<P {many}"),
            format!("<p x='>' {many}>x"),
            format!("</p {many}>"),
        ] {
            let began = std::time::Instant::now();
            let Parsed { unread, .. } = parse(&page);
            println!("{:8.2} s  {:?} {:?}", began.elapsed().as_secs_f64(), &page[..12], unread);
        }
    }
}
