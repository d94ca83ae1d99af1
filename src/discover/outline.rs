//! A page as a flat list of its elements, in the page's order: what the search for its listing walks over, again and again.
//!
//! Elements whose content nobody reads are not in it. Texts stand in one string, so that an element's text is a piece of it.

use std::ops::Range;

use ego_tree::iter::Edge;
use scraper::node::Node as Tree;
use scraper::{ElementRef, Html};

use super::names::{self, Mark};
use super::place::{Place, place};
use crate::domain::text::one_line;
use crate::extract::is_read;

/// No more elements than this are looked at: a page of ten megabytes is answered in bounded time, by its beginning.
const MOST: usize = 120_000;
/// Elements nested deeper than this are left out: no listing is, and recursion elsewhere has an end.
pub(super) const DEEPEST: usize = 200;

/// An element.
#[derive(Debug)]
pub(super) struct Element<'a> {
    pub element: ElementRef<'a>,
    pub tag: &'a str,
    /// Its place in the outline; the first element is its own parent.
    pub parent: usize,
    /// One past its last descendant.
    pub end: usize,
    /// Levels below it that hold elements.
    pub height: usize,
    /// Names that a selector can hold on to.
    pub marks: Vec<Mark<'a>>,
    /// What kind of place it stands in.
    pub place: Place,
    /// Its text in the outline's.
    text: Range<usize>,
}

/// The outline.
pub(super) struct Outline<'a> {
    pub elements: Vec<Element<'a>>,
    /// The elements that are links, in order.
    pub links: Vec<usize>,
    text: String,
}

impl<'a> Outline<'a> {
    /// Lays out the page's body.
    pub fn of(document: &'a Html) -> Self {
        let root = document.root_element();
        let start = root.child_elements().find(|e| e.value().name() == "body").unwrap_or(root);
        let mut outline = Self { elements: Vec::new(), links: Vec::new(), text: String::new() };
        let mut open: Vec<usize> = Vec::new();
        // How deep we are inside something that is left out.
        let mut skipped = 0usize;
        for edge in start.traverse() {
            match edge {
                Edge::Open(node) => match node.value() {
                    Tree::Element(_) if skipped > 0 => skipped += 1,
                    Tree::Element(_)
                        if (node.id() != start.id() && !is_read(node))
                            || open.len() >= DEEPEST
                            || outline.elements.len() >= MOST =>
                    {
                        if open.len() >= DEEPEST
                            && let Some(&around) = open.last()
                        {
                            // Whatever holds this is no row: who reads rows goes down to their last level.
                            outline.elements[around].height = DEEPEST;
                        }
                        skipped = 1;
                    }
                    Tree::Element(_) => {
                        let Some(element) = ElementRef::wrap(node) else { continue };
                        outline.open(element, &mut open);
                    }
                    Tree::Text(text) if skipped == 0 => outline.text.push_str(text),
                    _ => {}
                },
                Edge::Close(node) if node.value().is_element() => {
                    if skipped > 0 {
                        skipped -= 1;
                        continue;
                    }
                    let Some(at) = open.pop() else { continue };
                    let end = outline.elements.len();
                    let text = outline.text.len();
                    let height = outline.elements[at].height;
                    outline.elements[at].end = end;
                    outline.elements[at].text.end = text;
                    if let Some(&parent) = open.last() {
                        let of_parent = &mut outline.elements[parent].height;
                        *of_parent = (*of_parent).max(height + 1);
                    }
                }
                Edge::Close(_) => {}
            }
        }
        outline.settle_places();
        outline
    }

    /// Names say less than weight does: what holds half of the page is no decoy, whatever its class is.
    fn settle_places(&mut self) {
        let whole = self.text.len();
        for at in 1..self.elements.len() {
            let around = self.elements[self.elements[at].parent].place;
            let element = &self.elements[at];
            let by_name = element.text.len() * 2 < whole;
            self.elements[at].place = place(element.element, around, by_name);
        }
    }

    fn open(&mut self, element: ElementRef<'a>, open: &mut Vec<usize>) {
        let tag = element.value().name();
        let at = self.elements.len();
        let parent = open.last().copied();
        // As the extraction breaks lines, so that both read the same texts.
        if matches!(tag, "br" | "p" | "div" | "li") {
            self.text.push(' ');
        }
        if tag == "a" && names::leads_somewhere(element.attr("href")) {
            self.links.push(at);
        }
        self.elements.push(Element {
            element,
            tag,
            parent: parent.unwrap_or(at),
            end: at + 1,
            height: 0,
            marks: names::marks(element),
            place: Place::Open,
            text: self.text.len()..self.text.len(),
        });
        open.push(at);
    }

    /// An element's text as it stands, white space included.
    pub fn raw(&self, at: usize) -> &str {
        &self.text[self.elements[at].text.clone()]
    }

    /// An element's text in one line.
    pub fn line(&self, at: usize) -> String {
        one_line(self.raw(at))
    }

    /// An element's text in one line, without that of an element in it.
    pub fn line_without(&self, at: usize, other: usize) -> String {
        let (whole, part) = (self.elements[at].text.clone(), self.elements[other].text.clone());
        if part.start < whole.start || part.end > whole.end {
            return self.line(at);
        }
        one_line(&format!("{} {}", &self.text[whole.start..part.start], &self.text[part.end..whole.end]))
    }

    /// How many bytes of text there are, about.
    pub fn size(&self, at: usize) -> usize {
        self.elements[at].text.len()
    }

    /// Where an element's text begins and ends: what wraps nothing else has the same.
    pub fn span(&self, at: usize) -> (usize, usize) {
        (self.elements[at].text.start, self.elements[at].text.end)
    }

    /// The links in an element, itself included.
    pub fn links_in(&self, at: usize) -> &[usize] {
        let (from, to) = (at, self.elements[at].end);
        let start = self.links.partition_point(|&l| l < from);
        let end = self.links.partition_point(|&l| l < to);
        &self.links[start..end]
    }

    /// Whether one element holds the other, or is it.
    pub fn holds(&self, outer: usize, inner: usize) -> bool {
        (outer..self.elements[outer].end).contains(&inner)
    }

    /// The element's ancestors, nearest first.
    pub fn ancestors(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let mut at = at;
        std::iter::from_fn(move || {
            let parent = self.elements[at].parent;
            (parent != at).then(|| {
                at = parent;
                parent
            })
        })
    }

    /// The innermost element that holds both.
    pub fn common(&self, one: usize, other: usize) -> usize {
        std::iter::once(one).chain(self.ancestors(one)).find(|&a| self.holds(a, other)).unwrap_or(0)
    }
}
