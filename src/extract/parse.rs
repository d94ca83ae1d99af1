//! A page's tree: that of scraper's parser, by a shorter way.
//!
//! Most of that parser's time goes into cutting a page into tags and texts, character by character. Nearly all markup is of the plainest kind: text, and
//! tags whose names are in lower case and whose values stand in quotes. That is cut here, a tag at a time, and handed to html5ever's tree builder, which
//! makes the tree as ever. All else (comments, scripts, anything odd) goes through html5ever's tokenizer, as far as the end of the
//! next tag. The tree is the same, which is tested, but for pages that would keep a parser busy for minutes: see [`Bounds`].

use std::cell::Cell;

use ego_tree::{NodeId, Tree};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::BufferQueue;
use html5ever::tokenizer::{
    CharacterTokens, CommentToken, DoctypeToken, EndTag, ParseError, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult,
    Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts, TreeSink};
use html5ever::{Attribute, LocalName, QualName, TokenizerResult, ns};
use memchr::memchr2;
use scraper::{Html, HtmlTreeSink, Node};

use super::bounds::{ATTRIBUTES, Bounds, crowded_tag};
use super::page::Warning;
use super::reference::reference;

/// A page as a tree.
#[derive(Debug)]
pub struct Parsed {
    /// The tree, as [`Html::parse_document`] makes it.
    pub document: Html,
    /// What of the page was not read as it stands, since it would take too long.
    pub unread: Option<Warning>,
    /// How many bytes of the page were read: all, but where that would take too long.
    pub read: usize,
}

/// Makes the tree of a page.
pub fn parse(html: &str) -> Parsed {
    let given = html.len();
    let html = html.strip_prefix('\u{feff}').unwrap_or(html);
    let mark = given - html.len();
    let mut document = Html::new_document();
    // At most an element and a text a tag: a tree that grows is copied each time.
    let tags = html.bytes().filter(|b| *b == b'<').count();
    document.tree = Tree::with_capacity(Node::Document, tags + tags / 4);
    let builder = TreeBuilder::new(HtmlTreeSink::new(document), TreeBuilderOpts::default());
    let builder = Watched { builder, between: Cell::new(true), bounds: Bounds::of(tags, html.len()) };
    // Of a page that is fed in pieces it would take a mark from the front of each.
    let tokenizer = Tokenizer::new(builder, TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() });
    let as_it_is = memchr2(b'\r', b'\0', html.as_bytes()).is_none();
    let parser = Parser { html, text: StrTendril::from_slice(html), as_it_is, at: 0, names: Names::default(), tokenizer };
    let parsed = parser.run();
    Parsed { read: mark + parsed.read, ..parsed }
}

struct Parser<'a> {
    html: &'a str,
    /// The same, of which the tree's texts are parts.
    text: StrTendril,
    /// It holds no byte that is another one in a text.
    as_it_is: bool,
    /// What is before it is in the tree: the end of a tag or text.
    at: usize,
    names: Names<'a>,
    tokenizer: Tokenizer<Watched>,
}

impl<'a> Parser<'a> {
    fn run(mut self) -> Parsed {
        while self.at < self.html.len() && self.tokenizer.sink.bounds.read_on() {
            let plain = self.plain_text() || self.plain_reference() || self.plain_tag();
            if !plain {
                self.anything();
            }
        }
        self.tokenizer.end();
        let Watched { builder, bounds, .. } = self.tokenizer.sink;
        let unread = bounds.told(&self.html[..self.at], self.html);
        Parsed { document: builder.sink.finish(), unread, read: self.at }
    }

    /// Text up to what may not be plain text; false: there is none.
    fn plain_text(&mut self) -> bool {
        let length = self.find(self.at, b'<').unwrap_or(self.html.len()) - self.at;
        if length > 0 {
            let text = self.part(self.at, self.at + length);
            self.emit(CharacterTokens(text));
            self.at += length;
        }
        length > 0
    }

    /// A character reference that reads in one way; false: none is here.
    fn plain_reference(&mut self) -> bool {
        let Some((characters, length)) = reference(&self.html[self.at..]) else { return false };
        let mut text = StrTendril::new();
        push(&mut text, characters);
        self.emit(CharacterTokens(text));
        self.at += length;
        true
    }

    /// A tag without anything unusual; false: none is here.
    fn plain_tag(&mut self) -> bool {
        let Some((tag, end)) = self.cut() else { return false };
        self.emit(TagToken(tag));
        self.at = end;
        true
    }

    /// The tag that begins here, and where it ends.
    fn cut(&mut self) -> Option<(Tag, usize)> {
        let bytes = self.html.as_bytes();
        let mut at = self.at;
        if bytes.get(at) != Some(&b'<') {
            return None;
        }
        at += 1;
        let kind = if bytes.get(at) == Some(&b'/') { EndTag } else { StartTag };
        at += usize::from(kind == EndTag);
        let name = self.word(at)?;
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || is_raw(name) {
            return None;
        }
        at += name.len();
        let mut tag =
            Tag { kind, name: self.names.get(name), self_closing: false, attrs: Vec::new(), had_duplicate_attributes: false };
        loop {
            let blanks = blanks(&bytes[at..]);
            at += blanks;
            match bytes.get(at)? {
                b'>' => return Some((tag, at + 1)),
                b'/' if bytes.get(at + 1) == Some(&b'>') && kind == StartTag => {
                    tag.self_closing = true;
                    return Some((tag, at + 2));
                }
                _ if blanks == 0 || kind == EndTag => return None,
                _ => {}
            }
            let name = self.word(at)?;
            at += name.len();
            let mut value = StrTendril::new();
            if bytes.get(at) == Some(&b'=') {
                let quote = *bytes.get(at + 1).filter(|b| matches!(b, b'"' | b'\''))?;
                (value, at) = self.value(at + 2, quote)?;
            }
            if tag.attrs.len() == ATTRIBUTES {
                return None;
            }
            let local = self.names.get(name);
            if tag.attrs.iter().any(|a| a.name.local == local) {
                return None;
            }
            if tag.attrs.is_empty() {
                tag.attrs.reserve_exact(2);
            }
            tag.attrs.push(Attribute { name: QualName::new(None, ns!(), local), value });
        }
    }

    /// The value that begins here, and the place behind the quote that ends it.
    fn value(&self, mut at: usize, quote: u8) -> Option<(StrTendril, usize)> {
        let bytes = self.html.as_bytes();
        let mut value = StrTendril::new();
        loop {
            let end = self.find(at, quote)?;
            if bytes[end] == quote {
                let rest = self.part(at, end);
                // Mostly there is no reference, and nothing to copy.
                if value.is_empty() {
                    value = rest;
                } else {
                    value.push_tendril(&rest);
                }
                return Some((value, end + 1));
            }
            let (characters, length) = reference(&self.html[end..])?;
            value.push_slice(&self.html[at..end]);
            push(&mut value, characters);
            at = end + length;
        }
    }

    /// Where this byte is next, or one that is not itself in a text.
    fn find(&self, at: usize, byte: u8) -> Option<usize> {
        let rest = &self.html.as_bytes()[at..];
        let found = if self.as_it_is {
            memchr2(byte, b'&', rest)
        } else {
            rest.iter().position(|b| *b == byte || matches!(b, b'&' | b'\r' | b'\0'))
        };
        found.map(|found| at + found)
    }

    /// The plain name that begins here.
    fn word(&self, at: usize) -> Option<&'a str> {
        let rest = &self.html.as_bytes()[at..];
        let length = rest.iter().position(|b| !matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b':'))?;
        // What follows must end a name: anything else may belong to it.
        let ends = matches!(rest[length], b' ' | b'\n' | b'\t' | b'\x0c' | b'/' | b'>' | b'=');
        (length > 0 && ends).then(|| &self.html[at..at + length])
    }

    fn part(&self, start: usize, end: usize) -> StrTendril {
        let number = |n: usize| u32::try_from(n).expect("tendrils are no longer");
        self.text.subtendril(number(start), number(end - start))
    }

    fn emit(&self, token: Token) {
        // No text and no tag that is cut here changes how what follows is to be read.
        let _ = self.tokenizer.sink.process_token(token, 1);
    }

    /// What is not plain, up to the end of the first tag after which html5ever's tokenizer stands between two.
    fn anything(&mut self) {
        if let Some(end) = crowded_tag(&self.html[self.at..]) {
            self.tokenizer.sink.bounds.leave_out_tag();
            self.at += end;
            return;
        }
        let input = BufferQueue::default();
        self.tokenizer.sink.between.set(false);
        while self.at < self.html.len() && !self.tokenizer.sink.between.get() {
            let rest = &self.html.as_bytes()[self.at..];
            let end = self.at + rest.iter().position(|b| *b == b'>').map_or(rest.len(), |at| at + 1);
            input.push_back(self.part(self.at, end));
            while !matches!(self.tokenizer.feed(&input), TokenizerResult::Done) {}
            self.at = end;
        }
    }
}

/// Appends what a reference stands for.
fn push(text: &mut StrTendril, characters: [char; 2]) {
    characters.into_iter().filter(|c| *c != '\0').for_each(|c| text.push_char(c));
}

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\t' | b'\x0c')).count()
}

/// Elements whose content is not cut into tags (WHATWG HTML, 13.2.6): the tokenizer has to know of them.
fn is_raw(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "title" | "textarea" | "noscript" | "iframe" | "noframes" | "noembed" | "xmp" | "plaintext"
    )
}

/// The tree builder, and whether the tokenizer that feeds it stands between two tags.
struct Watched {
    builder: TreeBuilder<NodeId, HtmlTreeSink>,
    between: Cell<bool>,
    bounds: Bounds,
}

impl TokenSink for Watched {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        let between = match &token {
            ParseError(_) => self.between.get(),
            TagToken(_) | CommentToken(_) | DoctypeToken(_) => true,
            _ => false,
        };
        let tag = matches!(&token, TagToken(_));
        let opens = matches!(&token, TagToken(Tag { kind: StartTag, .. }));
        let result = self.builder.process_token(token, line);
        self.between.set(between && !matches!(result, TokenSinkResult::RawData(_) | TokenSinkResult::Plaintext));
        if tag {
            self.bounds.read(&self.builder);
        }
        // The builder is in the midst of nothing only where the tokenizer is.
        if opens && self.between.get() {
            self.bounds.opened(&self.builder);
        }
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Names met lately, which are the same few on most pages: html5ever's own table is dearer to ask.
struct Names<'a>([Option<(&'a str, LocalName)>; 64]);

impl Default for Names<'_> {
    fn default() -> Self {
        Self([const { None }; 64])
    }
}

impl<'a> Names<'a> {
    fn get(&mut self, name: &'a str) -> LocalName {
        let bytes = name.as_bytes();
        let (first, last) = (bytes.first().copied().unwrap_or_default(), bytes.last().copied().unwrap_or_default());
        let place = (usize::from(first) * 5 + usize::from(last) * 3 + bytes.len()) % self.0.len();
        match &self.0[place] {
            Some((known, atom)) if *known == name => atom.clone(),
            _ => {
                let atom = LocalName::from(name);
                self.0[place] = Some((name, atom.clone()));
                atom
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pieces of which pages are made, plain and odd, whole and torn.
    const PIECES: &[&str] = &[
        "<p>",
        "</p>",
        "<p class=\"a b\" id='c'>",
        "<div\n class=\"x\"\tdata-x='1'>",
        "</div >",
        "<a href=\"/x?a=1&amp;b=2\">",
        "</a>",
        "<br/>",
        "<br />",
        "<img src=\"/i.png\" alt>",
        "<img src=x>",
        "<input disabled value=\"\">",
        "<p class=\"a\"class=\"b\">",
        "<p class=\"a\" class=\"b\">",
        "<P>",
        "<p ID=\"x\">",
        "<p a = \"b\">",
        "<p a=\"b",
        "<p a='",
        "\"",
        "'",
        "<p/a=\"b\">",
        "<p =>",
        "</p a=\"b\">",
        "</p/>",
        "</>",
        "</ p>",
        "<1>",
        "<",
        ">",
        "a > b",
        "&amp;",
        "<a href=\"&amp;&#38;b&nbsp;\">",
        "<a href='?a&lang=1&copy;=2&#146;'>",
        "&nbsp;&NotEqualTilde;&#x41;",
        "&#146;&#13;&#0;&#10;",
        "&lt",
        "&#62;",
        "&#",
        "&",
        "text",
        "é ",
        " ",
        "\n",
        "\r\n",
        "\r",
        "\0",
        "<!-- c > d -->",
        "<!-->",
        "<!--",
        "-->",
        "--!>",
        "<!doctype html>",
        "<!DOCTYPE html PUBLIC \"x\">",
        "<?xml version=\"1.0\"?>",
        "<script>",
        "</script>",
        "<script>if (a > b) { '<p>' }</script>",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
        "<textarea>\n",
        "</textarea>",
        "<noscript><p>",
        "</noscript>",
        "<iframe>",
        "</iframe>",
        "<xmp>",
        "<noembed>",
        "<noframes>",
        "<plaintext>",
        "<pre>",
        "\n\n",
        "</pre>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<svg>",
        "</svg>",
        "<![CDATA[ a > b ]]>",
        "<math>",
        "<title/>",
        "<script/>",
        "<select>",
        "<option>",
        "</select>",
        "<template>",
        "</template>",
        "<b>",
        "<i>",
        "</b>",
        "<html lang=\"en\">",
        "<head>",
        "<meta charset=\"utf-8\">",
        "<base href=\"/x\">",
        "</head>",
        "<body class=\"y\">",
        "</body>",
        "</html>",
        "<frameset>",
        "<form>",
        "</form>",
        "<li>",
        "<dl><dt>",
        "<x-y z_1:a=\"2\">",
        "<image>",
        "<nobr>",
        "<button>",
        "<h1>",
        "</h2>",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_tree_is_that_of_the_whole_way(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
            let html = pieces.concat();
            prop_assert_eq!(parse(&html).document, Html::parse_document(&html), "{:?}", html);
        }

        #[test]
        fn the_tree_of_any_text_is_that_of_the_whole_way(html in "([<>/!a-cA \"'=&;#1x\\n\\r\\x00é-]|&amp;|&gt;){0,60}") {
            prop_assert_eq!(parse(&html).document, Html::parse_document(&html));
        }
    }

    #[test]
    fn a_mark_at_the_front_is_dropped() {
        assert_eq!(parse("\u{feff}<p>x</p>").document, Html::parse_document("<p>x</p>"));
    }
}
