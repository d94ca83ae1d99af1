//! Where a page's body stands: where a selector says, else where it is found (Readability).

use std::collections::HashSet;

use dom_smoothie::{Config, Readability};
use ego_tree::NodeId;
use scraper::{ElementRef, Html};
use url::Url;

use super::Rules;

/// A larger page (bytes, after what is no part of any article was taken out) is not searched: name its body.
const LARGEST: usize = 2_000_000;
/// The same in elements: finding a body takes time in their number.
const ELEMENTS: usize = 20_000;

/// The body's HTML, as the page has it, and whether it was found without a selector.
pub(super) fn find(document: &Html, rules: &Rules, url: &Url) -> Result<(String, bool), String> {
    let matched = rules.body.iter().map(|body| body.in_document(document).collect::<Vec<_>>()).find(|found| !found.is_empty());
    let Some(matched) = matched else {
        return match rules.found {
            true => found(document, url).map(|html| (html, true)),
            false => Err("`body` of [source.article] matches nothing on it".into()),
        };
    };
    let ids: HashSet<NodeId> = matched.iter().map(|e| e.id()).collect();
    let inside = |e: &ElementRef<'_>| e.ancestors().any(|above| ids.contains(&above.id()));
    let html: Vec<String> = matched.iter().take(100).filter(|e| !inside(e)).map(|e| e.html()).collect();
    Ok((html.concat(), false))
}

fn found(document: &Html, url: &Url) -> Result<String, String> {
    let elements = document.tree.nodes().filter(|node| node.value().is_element()).count();
    let html = document.html();
    if html.len() > LARGEST || elements > ELEMENTS {
        return Err("the page is too large to find its body: name it by `body` in [source.article]".into());
    }
    let config = Config { max_elements_to_parse: ELEMENTS, disable_json_ld: true, ..Config::default() };
    let nothing =
        |e: dom_smoothie::ReadabilityError| format!("no body was found on it ({e}): name it by `body` in [source.article]");
    let mut readability = Readability::new(html.as_str(), Some(url.as_str()), Some(config)).map_err(nothing)?;
    let article = readability.parse().map_err(nothing)?;
    Ok(article.content.to_string())
}
