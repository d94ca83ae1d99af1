//! JSON Feed 1.0 and 1.1, mended for feed-rs: it gives up a whole feed for one number where a text should stand, and knows no images.

use serde_json::{Map, Value, json};

use super::canonical::{Beside, Canonical};

/// A feed, cut into pieces.
#[derive(Debug, Clone)]
pub(super) struct Scanned {
    pub version: String,
    pub title: Option<String>,
    pub language: Option<String>,
    pub home: Option<String>,
    pub next: Option<String>,
    pub entries: Vec<Canonical>,
    /// Entries there are.
    pub found: usize,
}

/// Why a JSON document gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Something else than JSON, or its beginning.
    Cut,
    /// Other JSON.
    Other,
}

const VERSION: &str = "https://jsonfeed.org/version/1";

/// A text, or a number where a text should be.
fn text(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

pub(super) fn scan(text_: &str, most: usize) -> Result<Scanned, Trouble> {
    // serde_json goes no deeper than 128 levels.
    let document: Value = serde_json::from_str(text_).map_err(|_| Trouble::Cut)?;
    let version = text(document.get("version")).unwrap_or_default();
    let items =
        document.get("items").and_then(Value::as_array).filter(|_| version.is_empty() || version.contains("jsonfeed.org/"));
    let items = items.ok_or(Trouble::Other)?;
    Ok(Scanned {
        version: format!("JSON Feed {}", version.rsplit('/').next().unwrap_or_default()).trim().to_owned(),
        title: text(document.get("title")),
        language: text(document.get("language")),
        home: text(document.get("home_page_url")),
        next: text(document.get("next_url")),
        entries: items.iter().take(most).map(entry).collect(),
        found: items.len(),
    })
}

fn entry(item: &Value) -> Canonical {
    let mut out = Map::new();
    for key in ["url", "external_url", "title", "content_html", "content_text", "summary"] {
        out.extend(text(item.get(key)).map(|value| (key.to_owned(), value.into())));
    }
    let list = |key: &str| item.get(key).and_then(Value::as_array).into_iter().flatten();
    let tags: Vec<String> = list("tags").filter_map(|tag| text(Some(tag))).collect();
    out.insert("tags".to_owned(), tags.into());
    // In 1.0 there was one author.
    let authors = list("authors").chain(item.get("author")).filter_map(|author| text(author.get("name")));
    let authors: Vec<Value> = authors.map(|name| json!({"name": name})).collect();
    out.insert("authors".to_owned(), authors.into());
    let attached = list("attachments").filter(|a| text(a.get("mime_type")).is_some_and(|kind| kind.starts_with("image/")));
    let attached = attached.filter_map(|a| text(a.get("url")));
    let images = ["image", "banner_image"].into_iter().filter_map(|key| text(item.get(key))).chain(attached).collect();
    let beside = Beside {
        dates: ["date_published", "date_modified"].into_iter().filter_map(|key| text(item.get(key))).collect(),
        permalink: text(item.get("id")),
        images,
        ..Beside::default()
    };
    let document = json!({"version": VERSION, "title": "", "items": [out]});
    Canonical { document: document.to_string(), beside }
}
