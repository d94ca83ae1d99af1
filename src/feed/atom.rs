//! Atom 1.0 (RFC 4287).

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{Category, Content, Feed, Generator, Link, Person, Source, Text, TextType, WriteConfig};

use super::{Document, Entry, Format, GENERATOR, GENERATOR_URL, MEDIA, Origin, has_images};

/// The document as Atom.
pub(super) fn render(document: &Document) -> Vec<u8> {
    let link = |rel: &str, href: String, mime_type: &str| Link {
        rel: rel.into(),
        href,
        mime_type: Some(mime_type.into()),
        ..Link::default()
    };
    let mut links = vec![
        link("self", document.url(Format::Atom), Format::Atom.media_type()),
        link("alternate", document.home.clone(), "text/html"),
    ];
    let others = document.formats.iter().filter(|f| **f != Format::Atom);
    links.extend(others.map(|f| link("alternate", document.url(*f), f.media_type())));
    let feed = Feed {
        title: Text::plain(document.title.clone()),
        subtitle: Some(Text::plain(document.description.clone())),
        id: document.id.urn().to_string(),
        updated: document.updated.fixed_offset(),
        authors: vec![Person { name: document.author.clone(), uri: Some(document.home.clone()), ..Person::default() }],
        generator: Some(Generator { value: GENERATOR.into(), uri: Some(GENERATOR_URL.into()), version: None }),
        links,
        lang: Some(document.language.clone()),
        namespaces: has_images(&document.entries).then(|| ("media".to_owned(), MEDIA.to_owned())).into_iter().collect(),
        entries: document.entries.iter().map(entry).collect(),
        ..Feed::default()
    };
    let out = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_vec();
    let config = WriteConfig { write_document_declaration: false, indent_size: Some(1) };
    let mut out = feed.write_with_config(out, config).expect("writing to memory does not fail");
    out.push(b'\n');
    out
}

fn entry(entry: &Entry) -> atom_syndication::Entry {
    let link = |rel: &str, href: &String| Link { rel: rel.into(), href: href.clone(), ..Link::default() };
    let html = |value: &String| Text { value: value.clone(), r#type: TextType::Html, ..Text::default() };
    let mut links: Vec<Link> = entry.link.iter().map(|href| link("alternate", href)).collect();
    links.extend(entry.related.iter().map(|href| link("related", href)));
    // A second "alternate" may have another language (RFC 4287, section 4.1.2), but readers take it for the entry's own address.
    links.extend(entry.alternates.iter().map(|a| Link { hreflang: Some(a.language.clone()), ..link("related", &a.url) }));
    links.extend(entry.enclosures.iter().map(|e| Link {
        mime_type: Some(e.media.clone()),
        length: (e.length > 0).then(|| e.length.to_string()),
        ..link("enclosure", &e.url)
    }));
    // An entry without a link must have content (RFC 4287, section 4.1.2).
    let needed = || entry.summary.clone().unwrap_or_else(|| crate::domain::text::escape_html(&entry.title));
    let content = entry.content.clone().or_else(|| entry.link.is_none().then(needed)).map(|value| Content {
        value: Some(value),
        content_type: Some("html".into()),
        ..Content::default()
    });
    let thumbnail = |url: &String| {
        // The crate writes extensions' attributes as they are (0.12.10).
        let attrs = BTreeMap::from([("url".to_owned(), quick_xml::escape::escape(url.as_str()).into_owned())]);
        let thumbnail = Extension { name: "media:thumbnail".into(), attrs, ..Extension::default() };
        ("media".to_owned(), BTreeMap::from([("thumbnail".to_owned(), vec![thumbnail])]))
    };
    atom_syndication::Entry {
        title: Text::plain(entry.title.clone()),
        id: entry.id.urn().to_string(),
        updated: entry.updated,
        published: Some(entry.published),
        links,
        summary: entry.summary.as_ref().map(html),
        content,
        categories: entry
            .categories
            .iter()
            .map(|c| Category { term: c.term.clone(), scheme: Some(c.scheme.clone()), label: None })
            .collect(),
        source: entry.origin.as_ref().map(|origin| source(origin, entry)),
        extensions: entry.image.as_ref().map(thumbnail).into_iter().collect(),
        ..atom_syndication::Entry::default()
    }
}

/// The feed that an entry comes from (RFC 4287, section 4.2.11). That feed is as it was when it got the entry as it is here: how it stands now would
/// make this one another one with every change there.
fn source(origin: &Origin, entry: &Entry) -> Source {
    let document = Link {
        rel: "self".into(),
        href: format!("{}.{}", origin.address, Format::Atom.extension()),
        mime_type: Some(Format::Atom.media_type().into()),
        ..Link::default()
    };
    let home = origin.home.as_ref().map(|home| Link {
        rel: "alternate".into(),
        href: home.clone(),
        mime_type: Some("text/html".into()),
        ..Link::default()
    });
    Source {
        title: Text::plain(origin.title.clone()),
        id: origin.id.urn().to_string(),
        updated: entry.updated,
        // Whose the entry is, else it would be the merged feed's (section 4.2.1).
        authors: vec![Person { name: origin.title.clone(), uri: origin.home.clone(), ..Person::default() }],
        links: std::iter::once(document).chain(home).collect(),
        ..Source::default()
    }
}
