//! What keeps a page from taking forever to become a tree.
//!
//! For each tag html5ever's tree builder looks through all elements that are open, and for each block it opens anew what was left open before (WHATWG
//! HTML, 13.2.4.3): a megabyte of `<div>` would take it minutes, a few hundred different `<font>` before many `<p>` would fill the memory.

use std::cell::Cell;

use ego_tree::NodeId;
use html5ever::tokenizer::{EndTag, Tag, TagToken, TokenSink};
use html5ever::tree_builder::{Tracer, TreeBuilder};
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
    Slow,
}

impl Cut {
    fn message(self) -> &'static str {
        match self {
            Self::Crowded => "a tag with more than 1,000 attributes was left out",
            Self::Deep => "elements stand in one another more than 256 deep: the innermost were taken as closed there",
            Self::Full => "tags that were never closed multiply",
            Self::Slow => "so many tags stand deep in one another that it would take too long",
        }
    }
}

/// How deep and how large a tree may become, and what was done where it was about to be more.
pub(super) struct Bounds {
    /// Tags so far that opened something, or meant to.
    tags: Cell<u32>,
    /// Nodes that the tree may have.
    room: usize,
    /// How many open elements may yet be looked at.
    looks: Cell<usize>,
    /// Tags, and the nodes of the tree, when the open elements were last counted.
    counted: Cell<(usize, usize)>,
    /// Tags of either kind so far.
    both: Cell<usize>,
    cut: Cell<Option<Cut>>,
}

impl Bounds {
    /// Elements that may be open at a time: pages have some fifty.
    const DEEPEST: usize = 256;
    /// As many stay open where there are more.
    const LEFT_OPEN: usize = 128;
    /// Elements to which ends may not have brought it down: a `<select>` keeps what is around it from being closed.
    const UNCLOSABLE: usize = 4 * Self::DEEPEST;
    /// Tags between two looks.
    const TAGS: u32 = 64;
    /// Tags of either kind between two counts.
    const STEP: usize = 16;
    /// Open elements that may be looked at for any page, and for each byte of it besides. A page of a megabyte with a tag in
    /// each fourteen bytes, and forty elements open, takes an eighth.
    const LOOKS: (usize, usize) = (12_000_000, 12);

    /// Of a page with so many tags and bytes.
    pub fn of(tags: usize, bytes: usize) -> Self {
        let (any, each) = Self::LOOKS;
        Self {
            tags: Cell::new(0),
            room: tags * 4 + 50_000,
            looks: Cell::new(any + each * bytes),
            counted: Cell::default(),
            both: Cell::new(0),
            cut: Cell::new(None),
        }
    }

    /// Whether what follows is read.
    pub fn read_on(&self) -> bool {
        self.cut.get() < Some(Cut::Full)
    }

    /// A tag of either kind was read: now and then reckons what that took.
    pub fn read(&self, builder: &TreeBuilder<NodeId, HtmlTreeSink>) {
        let both = self.both.get() + 1;
        self.both.set(both);
        if both.is_multiple_of(Self::STEP) {
            let open = Open::default();
            builder.trace_handles(&open);
            self.reckon(open.0.get(), both, builder.sink.0.borrow().tree.values().len());
        }
    }

    fn reckon(&self, open: usize, tags: usize, nodes: usize) {
        let (tags_before, nodes_before) = self.counted.replace((tags, nodes));
        let tags = tags - tags_before;
        // An element and a text are what a tag brings; for each node that is made besides, the open elements are looked at again.
        let more = (nodes - nodes_before).saturating_sub(2 * tags);
        let left = self.looks.get().checked_sub((tags + more) * open);
        self.looks.set(left.unwrap_or_default());
        if left.is_none() || open > Self::UNCLOSABLE {
            self.note(Cut::Slow);
        }
    }

    /// A tag was left out.
    pub fn leave_out_tag(&self) {
        self.note(Cut::Crowded);
    }

    /// What of the page was not read as it stands. `read` is what was read of `html`.
    pub fn told(&self, read: &str, html: &str) -> Option<Warning> {
        let mut message = self.cut.get()?.message().to_owned();
        if !self.read_on() {
            let (line, percent) = (read.lines().count().max(1), read.len() * 100 / html.len().max(1));
            message += &format!(": the page was read up to line {line} ({percent} % of it), no further");
        }
        Some(Warning { row: None, field: "page".into(), message })
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

/// Counts what the tree builder holds: open elements, formatting elements that were not closed, and two or three besides.
#[derive(Default)]
struct Open(Cell<usize>);

impl Tracer for Open {
    type Handle = NodeId;

    fn trace_handle(&self, _: &NodeId) {
        self.0.set(self.0.get() + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::{Parsed, parse};
    use super::Bounds;
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
        "<select><optgroup>",
        "<div><form>",
    ];

    #[test]
    fn what_nobody_closes_stays_shallow_and_small() {
        let row = "<section class=row>x</section>";
        let rows = scraper::Selector::parse(".row").expect("valid");
        for what in NESTED {
            let page = format!("{row}{}", nested(what, 60_000));
            let Parsed { document, unread, .. } = parse(&page);
            let deepest = document.tree.nodes().step_by(7).map(|node| node.ancestors().count()).max();
            // A template has a node of its own for what it holds, and what a select keeps open goes on to where reading ends.
            assert!(deepest < Some(Bounds::UNCLOSABLE + 2 * Bounds::STEP), "{what}: {deepest:?}");
            assert!(document.tree.nodes().len() < 4 * page.len() / 3 + 51_000, "{what}");
            assert_eq!(document.select(&rows).count(), 1, "{what}: {unread:?}");
        }
    }

    #[test]
    fn what_stands_behind_a_deep_part_is_read() {
        let rows = scraper::Selector::parse(".row").expect("valid");
        for what in ["<div>", "<ul><li>", "<b a=#>", "<table><tr><td>", "<span>", "<a href=#><p>", "<svg>"] {
            let page = format!("{0}{1}{0}", "<div class=row>x</div>", nested(what, 60_000));
            let Parsed { document, unread, .. } = parse(&page);
            assert_eq!(document.select(&rows).count(), 2, "{what}: {unread:?}");
        }
    }

    #[test]
    fn where_it_would_take_seconds_reading_ends_and_says_so() {
        let rows = scraper::Selector::parse(".row").expect("valid");
        let row = "<p class=row>x</p>\n";
        let open = |what: &str, times: usize| what.repeat(times);
        let renewed = format!("<p>{}</p>", nested("<b a=#>", 1_500));
        for (what, before, then) in [
            // Each end makes a paragraph, and looks through all that is open first.
            ("ends of paragraphs deep inside", open("<div>", 240), "</p>".to_owned()),
            ("pairs deep inside", open("<div>", 240), "<div></div>".to_owned()),
            ("blocks that open what was never closed", renewed, "<p>x".to_owned()),
            // Each end carries an element eight steps inwards.
            (
                "ends of bold text around many blocks",
                String::new(),
                format!("{}{}{}{}", nested("<b a=#>", 400), open("<div>", 180), open("</b>", 3_000), open("</div>", 190)),
            ),
            ("choices that keep open what is around them", open("<br>", 2), "<select><optgroup>".to_owned()),
        ] {
            let page = format!("{row}{before}{}{row}</html>", then.repeat(400_000 / then.len()));
            let Parsed { document, unread, read } = parse(&page);
            assert_eq!(document.select(&rows).count(), 1, "{what}: {unread:?}");
            assert!(
                read < page.len() && document.tree.nodes().len() < 300_000,
                "{what}: {read}, {}",
                document.tree.nodes().len()
            );
            let message = unread.map(|warning| warning.message).unwrap_or_default();
            assert!(message.contains("read up to line 2 (") && message.ends_with(" % of it), no further"), "{what}: {message}");
        }
    }

    #[test]
    fn a_large_page_whose_rows_leave_elements_open_is_read_to_its_end() {
        let rows = scraper::Selector::parse(".row").expect("valid");
        let row = "<div class=row><h3><a href=/#>Title #</a></h3><p>Some <b>text</b></p><span>1 May 2024</span>\n";
        let page = nested(row, 600_000);
        let Parsed { document, unread, read } = parse(&page);
        assert_eq!((document.select(&rows).count(), read), (page.matches("class=row").count(), page.len()), "{unread:?}");
    }

    #[test]
    fn lists_whose_rows_are_not_closed_are_read_as_ever() {
        for what in ["<li><b>#</b>", "<p>#", "<dt>#<dd>#", "<tr><td>#<td>#", "<option>#", "<br>#"] {
            let page = format!("<ul>{}<table>{}", nested(what, 40_000), nested(what, 40_000));
            let Parsed { document, unread, .. } = parse(&page);
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
            let Parsed { document, unread, .. } = parse(&page);
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
