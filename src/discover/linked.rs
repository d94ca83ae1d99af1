//! What a page says of itself in JSON-LD (schema.org): lists of articles, each with headline, address and date.

use scraper::{Html, Selector};
use serde_json::Value;

use super::dates::Dates;
use crate::domain::text::one_line;
use crate::extract::date::PageDate;

/// A story that the page states.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Story {
    pub title: Option<String>,
    pub link: Option<String>,
    pub date: Option<PageDate>,
    pub summary: Option<String>,
    pub image: Option<String>,
}

/// No more stories, and no deeper, than any page has in earnest.
const MOST: usize = 1_000;
const DEEPEST: usize = 12;

/// The stories of a page's JSON-LD, in its order.
pub(super) fn stories(document: &Html, dates: &Dates) -> Vec<Story> {
    let Ok(scripts) = Selector::parse("script[type=\"application/ld+json\"]") else { return Vec::new() };
    let mut out = Vec::new();
    for script in document.select(&scripts).take(50) {
        let text: String = script.text().collect();
        // Some put it into a comment or a CDATA section.
        let bare = text.trim().trim_start_matches("<!--").trim_start_matches("//<![CDATA[").trim_start_matches("<![CDATA[");
        let bare = bare
            .trim()
            .trim_end_matches("-->")
            .trim_end_matches("//]]>")
            .trim_end_matches("]]>")
            .trim_end()
            .trim_end_matches(';');
        if let Ok(value) = serde_json::from_str::<Value>(bare) {
            collect(&value, 0, dates, &mut out);
        }
    }
    let mut seen = std::collections::HashSet::new();
    out.retain(|s: &Story| seen.insert((s.title.clone(), s.link.clone())));
    out
}

fn collect(value: &Value, depth: usize, dates: &Dates, out: &mut Vec<Story>) {
    if depth > DEEPEST || out.len() >= MOST {
        return;
    }
    match value {
        Value::Array(list) => list.iter().for_each(|v| collect(v, depth + 1, dates, out)),
        Value::Object(map) => {
            if is_of(value, |t| t.ends_with("Event") || t == "BreadcrumbList" || t == "SiteNavigationElement") {
                return;
            }
            let is_article = is_of(value, |t| {
                t.ends_with("Article") || t.ends_with("Posting") || t == "Report" || t == "PressRelease" || t == "CreativeWork"
            });
            if is_article {
                out.push(story(value, dates));
                return;
            }
            // An entry may state no more than the address and the name.
            if is_of(value, |t| t == "ListItem") && !value["item"].is_object() {
                out.push(story(value, dates));
                return;
            }
            for key in [
                "@graph",
                "itemListElement",
                "item",
                "mainEntity",
                "hasPart",
                "blogPost",
                "blogPosts",
                "dataFeedElement",
                "mainEntityOfPage",
                "about",
            ] {
                if let Some(inner) = map.get(key) {
                    collect(inner, depth + 1, dates, out);
                }
            }
        }
        _ => {}
    }
}

fn is_of(value: &Value, test: impl Fn(&str) -> bool) -> bool {
    let bare = |t: &str| test(t.rsplit(['/', ':', '#']).next().unwrap_or_default());
    match &value["@type"] {
        Value::String(t) => bare(t),
        Value::Array(list) => list.iter().filter_map(Value::as_str).any(bare),
        _ => false,
    }
}

fn story(value: &Value, dates: &Dates) -> Story {
    let text = |keys: &[&str]| keys.iter().find_map(|k| value[*k].as_str()).map(plain).filter(|t| !t.is_empty());
    let address = |v: &Value| v.as_str().or_else(|| v["@id"].as_str()).or_else(|| v["url"].as_str()).map(|t| t.trim().to_owned());
    let link = ["url", "mainEntityOfPage", "item", "@id"].iter().find_map(|k| address(&value[*k])).filter(|l| !l.is_empty());
    let date = ["datePublished", "dateCreated", "uploadDate"].iter().find_map(|k| dates.stated(value[*k].as_str()?));
    let image = ["image", "thumbnailUrl", "thumbnail"].iter().find_map(|k| image(&value[*k], 0));
    Story { title: text(&["headline", "name"]), link, date, summary: text(&["description", "abstract"]), image }
}

/// The address of an image: a text, an ImageObject, or the first of a list of those.
fn image(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(address) => Some(address.trim().to_owned()).filter(|a| !a.is_empty()),
        Value::Array(list) if depth < 3 => list.iter().find_map(|v| image(v, depth + 1)),
        Value::Object(_) if depth < 3 => ["url", "contentUrl", "@id"].iter().find_map(|k| image(&value[*k], depth + 1)),
        _ => None,
    }
}

/// Texts of JSON-LD are plain, but templates escape them for HTML all the same.
fn plain(text: &str) -> String {
    if !text.contains(['&', '<']) {
        return one_line(text);
    }
    one_line(&scraper::Html::parse_fragment(text).root_element().text().collect::<String>())
}
