//! What is taken out of a page before its body is looked for, and images as plain ones.

use std::collections::HashMap;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use html5ever::{LocalName, QualName, ns};
use scraper::{ElementRef, Html, Node, Selector};

use super::{says, selector};
use crate::extract::image_of;

/// No part of any article, whatever it holds.
const NEVER: &str = "script, style, template, noscript, nav, form, button, input, select, textarea, dialog, object, embed, \
    [role=navigation], [role=search], [role=banner], [role=contentinfo], [role=dialog], [hidden], amp-ad, amp-social-share, amp-sidebar, \
    amp-consent, [style*='display:none'], [style*='display: none'], body > header, body > footer";

/// What classes and ids say of things around an article. Those that articles themselves are made of (such as "links" or "tools") are not among them.
const AROUND: &[&str] = &[
    "share",
    "sharing",
    "sharedaddy",
    "shares",
    "social",
    "socials",
    "addtoany",
    "addthis",
    "newsletter",
    "subscribe",
    "cookie",
    "cookies",
    "consent",
    "gdpr",
    "breadcrumb",
    "breadcrumbs",
    "related",
    "recommended",
    "recommendations",
    "sidebar",
    "comments",
    "pagination",
    "pager",
    "promo",
    "advert",
    "advertisement",
    "skip",
    "menu",
    "navigation",
    "navbar",
    "masthead",
    "jp",
];

/// What holds more than this share (percent) of the page's text is not around it.
const MOST: usize = 40;

/// Names and values.
type Attributes = Vec<(&'static str, String)>;

/// Takes out what is no part of an article.
pub(super) fn strip(document: &mut Html, remove: &[Selector]) {
    let mut out: Vec<NodeId> = document.select(&selector(NEVER)).filter(|e| !holds_all(*e)).map(|e| e.id()).collect();
    for remove in remove {
        out.extend(document.select(remove).map(|e| e.id()));
    }
    detach(document, out);
    let lengths = lengths(document);
    let whole = length(&lengths, document.root_element());
    let around: Vec<NodeId> = document
        .select(&selector("body *"))
        .filter(|e| says(*e, AROUND) && length(&lengths, *e) * 100 <= whole * MOST)
        .map(|e| e.id())
        .collect();
    detach(document, around);
    let lengths = self::lengths(document);
    let aside = selector("aside");
    let related = document.select(&aside).filter(|e| length(&lengths, *e) * 100 <= whole * MOST);
    let related: Vec<NodeId> = related.map(|e| e.id()).collect();
    detach(document, related);
}

/// Some sites (ASP.NET) stand in one form altogether.
fn holds_all(element: ElementRef<'_>) -> bool {
    let name = element.value().name();
    let forms = name == "form" && element.select(&selector("h1, article, main")).next().is_some();
    forms || matches!(name, "html" | "body" | "main" | "article")
}

/// The bytes of text in each element that has any, blanks around it aside: in one pass, since elements stand in one another.
fn lengths(document: &Html) -> HashMap<NodeId, usize> {
    let mut lengths = HashMap::new();
    for edge in document.tree.root().traverse() {
        let Edge::Close(node) = edge else { continue };
        let own = node.value().as_text().map_or(0, |text| text.trim().len());
        let length = own + lengths.get(&node.id()).copied().unwrap_or_default();
        if let Some(above) = node.parent().filter(|_| length > 0) {
            *lengths.entry(above.id()).or_default() += length;
        }
    }
    lengths
}

fn length(lengths: &HashMap<NodeId, usize>, element: ElementRef<'_>) -> usize {
    lengths.get(&element.id()).copied().unwrap_or_default()
}

fn detach(document: &mut Html, ids: Vec<NodeId>) {
    for id in ids {
        if let Some(mut node) = document.tree.get_mut(id) {
            node.detach();
        }
    }
}

/// Brings images that scripts show later, or that only AMP shows, to the form that every reader shows; takes out those of one pixel, by which
/// readers are counted; makes links of frames, which no reader shows.
pub(super) fn plain_images(document: &mut Html) {
    let mut counters = Vec::new();
    let mut plain: Vec<(NodeId, &str, Attributes)> = Vec::new();
    let mut frames = Vec::new();
    for element in document.select(&selector("img, amp-img, source, video, amp-video, iframe, amp-youtube")) {
        let attr = |name: &str| element.attr(name).map(str::to_owned);
        let pixel = |name: &str| element.attr(name).is_some_and(|v| matches!(v.trim(), "0" | "1"));
        match element.value().name() {
            "img" | "amp-img" if pixel("width") && pixel("height") => counters.push(element.id()),
            "img" | "amp-img" => {
                let mut attrs = Attributes::new();
                attrs.extend(image_of(element).map(|src| ("src", src)));
                let sets = ["data-srcset", "data-lazy-srcset", "srcset"];
                attrs.extend(sets.iter().find_map(|name| attr(name)).map(|set| ("srcset", set)));
                attrs.extend(
                    ["alt", "title", "width", "height", "sizes"].into_iter().filter_map(|name| Some((name, attr(name)?))),
                );
                if !attrs.iter().any(|(name, _)| *name == "srcset") {
                    attrs.retain(|(name, _)| *name != "sizes");
                }
                plain.push((element.id(), "img", attrs));
            }
            "source" => {
                let mut attrs = Attributes::new();
                attrs.extend(attr("data-srcset").or_else(|| attr("srcset")).map(|set| ("srcset", set)));
                attrs.extend(attr("data-src").or_else(|| attr("src")).map(|src| ("src", src)));
                attrs.extend(["type", "media", "sizes"].into_iter().filter_map(|name| Some((name, attr(name)?))));
                plain.push((element.id(), "source", attrs));
            }
            "video" | "amp-video" => {
                let mut attrs: Attributes = vec![("controls", String::new())];
                attrs.extend(attr("src").or_else(|| attr("data-src")).map(|src| ("src", src)));
                attrs.extend(attr("poster").or_else(|| attr("data-poster")).map(|src| ("poster", src)));
                attrs.extend(["width", "height", "title"].into_iter().filter_map(|name| Some((name, attr(name)?))));
                plain.push((element.id(), "video", attrs));
            }
            "iframe" => {
                let src = attr("data-src").or_else(|| attr("src")).filter(|src| !src.trim().is_empty());
                let title = attr("title").filter(|title| !title.trim().is_empty());
                frames.push((element.id(), src, title));
            }
            _ => {}
        }
    }
    detach(document, counters);
    for (id, name, attrs) in plain {
        rename(document, id, name, attrs);
    }
    for (id, src, title) in frames {
        let Some(src) = src else {
            detach(document, vec![id]);
            continue;
        };
        let text = title.unwrap_or_else(|| src.clone());
        rename(document, id, "a", vec![("href", src)]);
        if let Some(mut node) = document.tree.get_mut(id) {
            node.append(Node::Text(scraper::node::Text { text: text.into() }));
        }
    }
}

fn rename(document: &mut Html, id: NodeId, name: &str, attrs: Attributes) {
    let Some(mut node) = document.tree.get_mut(id) else { return };
    if let Node::Element(element) = node.value() {
        element.name = QualName::new(None, ns!(html), LocalName::from(name));
        element.attrs =
            attrs.into_iter().map(|(name, value)| (QualName::new(None, ns!(), LocalName::from(name)), value.into())).collect();
    }
}
