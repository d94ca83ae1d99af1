//! JSON Feed 1.1 (jsonfeed.org/version/1.1).

use std::collections::HashSet;

use serde::Serialize;

use crate::domain::Enclosure;
use crate::normalise::html::text_of;

use super::{Document, Entry, Format, GENERATOR_URL};

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    description: &'a str,
    language: &'a str,
    authors: [Author<'a>; 1],
    /// Extension (section "Extensions"): what the format has no field for.
    _newsroomd: FeedMore,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
struct FeedMore {
    about: &'static str,
    id: String,
    updated: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternate: Vec<String>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    title: &'a str,
    content_html: &'a str,
    /// Plain text; only beside a content that is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// "The URL of the main image for the item."
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    #[serde(rename = "_newsroomd", skip_serializing_if = "Option::is_none")]
    more: Option<ItemMore<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

#[derive(Serialize)]
struct ItemMore<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    related: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Term<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    translations: Vec<Translated<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
}

#[derive(Serialize)]
struct Translated<'a> {
    url: &'a str,
    language: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    title: &'a str,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Term<'a> {
    scheme: &'a str,
    term: &'a str,
}

/// The document as JSON Feed.
pub(super) fn render(document: &Document) -> Vec<u8> {
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &document.title,
        home_page_url: &document.home,
        feed_url: document.url(Format::Json),
        description: &document.description,
        language: &document.language,
        authors: [Author { name: &document.author, url: &document.home }],
        _newsroomd: FeedMore {
            about: GENERATOR_URL,
            id: document.id.urn().to_string(),
            updated: document.updated.to_rfc3339(),
            alternate: document.formats.iter().filter(|f| **f != Format::Json).map(|f| document.url(*f)).collect(),
        },
        items: document.entries.iter().map(item).collect(),
    };
    let mut out = serde_json::to_vec_pretty(&feed).expect("strings and lists always serialise");
    out.push(b'\n');
    out
}

fn item(entry: &Entry) -> Item<'_> {
    // Tags must be unique, though two facets may share a name: the facets stand in the extension.
    let mut seen = HashSet::new();
    let tags = entry.categories.iter().map(|c| c.term.as_str()).filter(|t| seen.insert(*t)).collect();
    let categories: Vec<Term<'_>> = entry.categories.iter().map(|c| Term { scheme: &c.scheme, term: &c.term }).collect();
    let translations: Vec<_> = entry.alternates.iter().map(|t| Translated { url: &t.url, language: &t.language }).collect();
    let source = entry.origin.as_ref().map(|o| Source {
        title: &o.title,
        feed_url: format!("{}.{}", o.address, Format::Json.extension()),
        home_page_url: o.home.as_deref(),
    });
    fn attachment(Enclosure { url, media, length }: &Enclosure) -> Attachment<'_> {
        Attachment { url, mime_type: media, size_in_bytes: Some(*length).filter(|length| *length > 0) }
    }
    let has_more = !categories.is_empty() || !entry.related.is_empty() || !translations.is_empty() || source.is_some();
    Item {
        id: entry.id.urn().to_string(),
        url: entry.link.as_deref(),
        title: &entry.title,
        content_html: entry.content.as_deref().or(entry.summary.as_deref()).unwrap_or_default(),
        summary: entry.content.as_ref().and(entry.summary.as_deref()).map(text_of).filter(|text| !text.is_empty()),
        attachments: entry.enclosures.iter().map(attachment).collect(),
        image: entry.image.as_deref(),
        date_published: entry.published.to_rfc3339(),
        date_modified: entry.updated.to_rfc3339(),
        tags,
        more: has_more.then_some(ItemMore { related: &entry.related, categories, translations, source }),
    }
}
