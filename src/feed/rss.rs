//! RSS 2.0 (RSS Advisory Board, 2.0.11), with atom:link as its Best Practices Profile asks.

use std::collections::BTreeMap;

use ::rss::extension::Extension;
use ::rss::extension::atom::{AtomExtension, Link};
use ::rss::{Category, Channel, Enclosure, Guid, Item, Source};

use super::{Document, Entry, Format, GENERATOR, MEDIA, Origin, has_images};

/// The document as RSS.
pub(super) fn render(document: &Document) -> Vec<u8> {
    let link = |rel: &str, href: String, format: Format| Link {
        rel: rel.into(),
        href,
        mime_type: Some(format.media_type().into()),
        ..Link::default()
    };
    let mut links = vec![link("self", document.url(Format::Rss), Format::Rss)];
    let others = document.formats.iter().filter(|f| **f != Format::Rss);
    links.extend(others.map(|f| link("alternate", document.url(*f), *f)));
    let mut namespaces = BTreeMap::from([("atom".into(), "http://www.w3.org/2005/Atom".into())]);
    if has_images(&document.entries) {
        namespaces.insert("media".into(), MEDIA.into());
    }
    if document.entries.iter().any(|e| e.content.is_some()) {
        namespaces.insert("content".into(), "http://purl.org/rss/1.0/modules/content/".into());
    }
    let channel = Channel {
        title: document.title.clone(),
        link: document.home.clone(),
        description: document.description.clone(),
        language: Some(document.language.clone()),
        last_build_date: Some(document.updated.to_rfc2822()),
        generator: Some(GENERATOR.into()),
        docs: Some("https://www.rssboard.org/rss-specification".into()),
        ttl: Some(document.ttl.to_string()),
        items: document.entries.iter().map(item).collect(),
        atom_ext: Some(AtomExtension { links }),
        namespaces,
        ..Channel::default()
    };
    let mut out = channel.pretty_write_to(Vec::new(), b' ', 1).expect("writing to memory does not fail");
    out.push(b'\n');
    out
}

fn item(entry: &Entry) -> Item {
    let related = entry.related.iter().map(|href| Link { rel: "related".into(), href: href.clone(), ..Link::default() });
    // An item has one enclosure at most.
    let more = entry.enclosures.iter().skip(1).map(|e| Link {
        rel: "enclosure".into(),
        href: e.url.clone(),
        mime_type: Some(e.media.clone()),
        ..Link::default()
    });
    // Not "alternate", which readers take for the item's own address.
    let alternates = entry.alternates.iter().map(|a| Link {
        rel: "related".into(),
        href: a.url.clone(),
        hreflang: Some(a.language.clone()),
        ..Link::default()
    });
    let links: Vec<Link> = related.chain(more).chain(alternates).collect();
    // "Its value is the name of the RSS channel that the item came from": its url is that channel's document.
    let source = |o: &Origin| Source { url: format!("{}.{}", o.address, Format::Rss.extension()), title: Some(o.title.clone()) };
    let updated = Extension { name: "atom:updated".into(), value: Some(entry.updated.to_rfc3339()), ..Extension::default() };
    let mut extensions = BTreeMap::from([("atom".into(), BTreeMap::from([("updated".into(), vec![updated])]))]);
    if let Some(url) = &entry.image {
        let attrs = BTreeMap::from([("url".into(), url.clone())]);
        let thumbnail = Extension { name: "media:thumbnail".into(), attrs, ..Extension::default() };
        extensions.insert("media".into(), BTreeMap::from([("thumbnail".into(), vec![thumbnail])]));
    }
    Item {
        title: Some(entry.title.clone()),
        link: entry.link.clone(),
        description: entry.summary.clone(),
        categories: entry.categories.iter().map(|c| Category { name: c.term.clone(), domain: Some(c.scheme.clone()) }).collect(),
        guid: Some(Guid { value: entry.id.urn().to_string(), permalink: false }),
        pub_date: Some(entry.published.to_rfc2822()),
        atom_ext: (!links.is_empty()).then_some(AtomExtension { links }),
        source: entry.origin.as_ref().map(source),
        content: entry.content.clone(),
        enclosure: entry.enclosures.first().map(|e| Enclosure {
            url: e.url.clone(),
            length: e.length.to_string(),
            mime_type: e.media.clone(),
        }),
        extensions,
        ..Item::default()
    }
}
