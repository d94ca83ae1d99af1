//! A selector, and the look that spares most elements the whole of it.

use scraper::node::Element;
use scraper::{ElementRef, Html, Selector};

/// A selector with what an element must plainly have to match it. To ask a selector itself, of every element of a page, costs as much as to parse the
/// page: each element's classes are first taken apart and looked up in a table that all threads share.
#[derive(Debug, Clone)]
pub struct Query {
    selector: Selector,
    plain: Option<Plain>,
}

/// What the last compound of a selector asks of an element beside all else.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plain {
    name: Option<String>,
    class: Option<String>,
}

impl Query {
    /// The query of a selector that was parsed from this text.
    pub fn new(selector: Selector, text: &str) -> Self {
        Self { selector, plain: Plain::of(text) }
    }

    /// The selector itself.
    pub fn selector(&self) -> &Selector {
        &self.selector
    }

    /// What matches in a document.
    pub fn in_document<'a>(&self, document: &'a Html) -> impl Iterator<Item = ElementRef<'a>> {
        let plain = self.plain.as_ref().map(|plain| {
            let elements = document.tree.nodes().filter_map(ElementRef::wrap);
            elements.filter(|e| plain.may_be(e.value()) && self.selector.matches(e))
        });
        // The selector itself remembers the places of elements among their siblings.
        let other = self.plain.is_none().then(|| document.select(&self.selector));
        plain.into_iter().flatten().chain(other.into_iter().flatten())
    }

    /// What matches within an element.
    pub fn within<'a>(&self, scope: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
        let plain = self.plain.as_ref().map(|plain| {
            let elements = scope.descendent_elements().skip(1);
            elements.filter(move |e| plain.may_be(e.value()) && self.selector.matches_with_scope(e, Some(scope)))
        });
        let other = self.plain.is_none().then(|| scope.select(&self.selector));
        plain.into_iter().flatten().chain(other.into_iter().flatten())
    }
}

impl Plain {
    /// Of names, classes, and the combinators for what is above; None: of what else there is in selectors.
    fn of(text: &str) -> Option<Self> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b' ' | b'>');
        if !text.bytes().all(is_plain) {
            return None;
        }
        let last = text.trim().rsplit([' ', '>']).next()?;
        let mut words = last.split('.');
        let name = words.next().filter(|name| !name.is_empty()).map(str::to_owned);
        Some(Self { name, class: words.next().map(str::to_owned) })
    }

    /// Whether an element has it. (Names are compared as if all were HTML's: more pass than match.)
    fn may_be(&self, element: &Element) -> bool {
        let has_class = |class: &String| {
            let classes = element.attrs.iter().filter(|(name, _)| &*name.local == "class");
            classes.flat_map(|(_, value)| value.split_ascii_whitespace()).any(|word| word == class)
        };
        self.name.as_ref().is_none_or(|name| element.name().eq_ignore_ascii_case(name))
            && self.class.as_ref().is_none_or(has_class)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: &str =
        "<!DOCTYPE html><body class='a'><div class='a b'><p class=' b\tc '>1<a class=A>2</a></p><SPAN class=''>3</SPAN></div>
        <svg class='b'><linearGradient class='c'/></svg><ul><li class='c a'>4<li class='a-c'>5<li>6</ul><table><p class='b'>7";

    fn query(text: &str) -> Option<(Selector, Query)> {
        let selector = Selector::parse(text).ok()?;
        Some((selector.clone(), Query::new(selector, text)))
    }

    #[test]
    fn what_must_be_there_is_told_from_the_text() {
        let plain = |text: &str| Plain::of(text).map(|p| (p.name.unwrap_or_default(), p.class.unwrap_or_default()));
        for (text, name, class) in [
            (".row", "", "row"),
            ("article.row.wide", "article", "row"),
            (".list > li .title", "", "title"),
            (".list>a", "a", ""),
            (" h3 a ", "a", ""),
            (".a-b_c", "", "a-b_c"),
        ] {
            assert_eq!(plain(text), Some((name.to_owned(), class.to_owned())), "{text}");
        }
        for other in ["a, b", "a:has(b)", "#x", "[x]", "*", "a + b", "a ~ b", r".a\:b", "é", ".a/*x*/"] {
            assert_eq!(plain(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn it_finds_what_its_selector_finds(
            parts in prop::collection::vec(prop::sample::select(&["a", "b", "c", "A", "p", "P", "li", "linearGradient", "svg", "body", "-c", "x"][..]), 1..6),
            joints in prop::collection::vec(prop::sample::select(&[".", " .", " ", ">", " > ", ", ", "~", "", "\n", ":not(.", ")", "#"][..]), 6),
        ) {
            let text: String = joints.iter().zip(&parts).flat_map(|(joint, part)| [*joint, *part]).collect();
            let Some((selector, query)) = query(&text) else { return Ok(()) };
            let document = Html::parse_document(PAGE);
            let ids = |found: Vec<ElementRef<'_>>| found.iter().map(|e| e.id()).collect::<Vec<_>>();
            prop_assert_eq!(ids(query.in_document(&document).collect()), ids(document.select(&selector).collect()), "{}", text);
            for scope in document.root_element().descendent_elements() {
                prop_assert_eq!(ids(query.within(scope).collect()), ids(scope.select(&selector).collect()), "{}", text);
            }
        }
    }
}
