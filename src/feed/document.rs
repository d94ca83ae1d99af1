//! One feed, as all three formats state it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Format;
use crate::domain::text::xml_legal;
use crate::domain::{Alternate, Digest, Enclosure, Published, Stamper};

/// A feed, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The feed's id; never changes.
    pub id: Digest,
    /// Its title.
    pub title: String,
    /// One sentence on what it holds.
    pub description: String,
    /// The page that readers are sent to.
    pub home: String,
    /// Language tag (BCP 47) of its items.
    pub language: String,
    /// Who writes the items.
    pub author: String,
    /// When what it holds last changed (whole seconds).
    pub updated: DateTime<Utc>,
    /// Minutes for which a reader need not ask again; at least 1.
    pub ttl: u64,
    /// Its address without the format's ending.
    pub address: String,
    /// The formats it is published in.
    pub formats: Vec<Format>,
    /// Its items, in order.
    pub entries: Vec<Entry>,
}

/// One item of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The guid.
    pub id: Digest,
    /// The title, plain text.
    pub title: String,
    /// Where it can be read.
    pub link: Option<String>,
    /// Other addresses of the same story.
    pub related: Vec<String>,
    /// When it was published.
    pub published: Published,
    /// When it last changed; never before `published`.
    pub updated: Published,
    /// Safe HTML.
    pub summary: Option<String>,
    /// The address of its image.
    pub image: Option<String>,
    /// Its terms.
    pub categories: Vec<Category>,
    /// The feed it comes from, in feeds over several sources.
    pub origin: Option<Origin>,
    /// The body of its article, safe HTML.
    pub content: Option<String>,
    /// The files that belong to it.
    pub enclosures: Vec<Enclosure>,
    /// The same in other languages.
    pub alternates: Vec<Alternate>,
}

/// The feed that an entry comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// That feed's id.
    pub id: Digest,
    /// Its title.
    pub title: String,
    /// The page that its readers are sent to; none: it is no longer known.
    pub home: Option<String>,
    /// Its address without the format's ending.
    pub address: String,
}

/// A term of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The facet: an absolute URL (RSS calls it domain, Atom scheme).
    pub scheme: String,
    /// The term's name.
    pub term: String,
}

impl Document {
    /// The address of the document in a format.
    pub fn url(&self, format: Format) -> String {
        format!("{}.{}", self.address, format.extension())
    }

    /// Drops what XML 1.0 forbids from every text: done once, before all writers.
    pub fn clean(mut self) -> Self {
        let texts =
            [&mut self.title, &mut self.description, &mut self.home, &mut self.language, &mut self.author, &mut self.address];
        texts.into_iter().for_each(legal);
        for entry in &mut self.entries {
            legal(&mut entry.title);
            entry.link.iter_mut().chain(&mut entry.related).chain(&mut entry.summary).chain(&mut entry.image).for_each(legal);
            entry.content.iter_mut().for_each(legal);
            entry.enclosures.iter_mut().flat_map(|e| [&mut e.url, &mut e.media]).for_each(legal);
            entry.alternates.iter_mut().flat_map(|a| [&mut a.url, &mut a.language]).for_each(legal);
            entry.categories.iter_mut().for_each(|c| {
                legal(&mut c.scheme);
                legal(&mut c.term);
            });
            entry.origin.iter_mut().flat_map(|o| [&mut o.title, &mut o.address].into_iter().chain(&mut o.home)).for_each(legal);
        }
        self
    }

    /// A stamp of all that a reader could see, but for `updated`: while it stays, the feed has not changed.
    pub fn content(&self) -> Digest {
        let mut stamper = Stamper::default();
        let formats: Vec<&str> = self.formats.iter().map(|f| f.extension()).collect();
        let (id, ttl, formats) = (self.id.to_string(), self.ttl.to_string(), formats.join(" "));
        let (title, description, home) = (&self.title, &self.description, &self.home);
        [&id, title, description, home, &self.language, &self.author, &ttl, &self.address, &formats]
            .into_iter()
            .for_each(|part| stamper.part(part));
        for e in &self.entries {
            stamper.part(e.id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
            stamper.part(&e.title);
            stamper.part(e.link.as_deref().unwrap_or_default());
            stamper.part(&e.related.join(" "));
            stamper.part(&e.published.to_rfc3339());
            stamper.part(&e.updated.to_rfc3339());
            stamper.part(e.summary.as_deref().unwrap_or_default());
            // Without an image the stamp is what it was before items had any.
            if let Some(image) = &e.image {
                stamper.part("image");
                stamper.part(image);
            }
            // The same of articles.
            if let Some(content) = &e.content {
                stamper.part("content");
                stamper.part(content);
            }
            for e in &e.enclosures {
                ["enclosure", &e.url, &e.media, &e.length.to_string()].into_iter().for_each(|part| stamper.part(part));
            }
            for a in &e.alternates {
                ["alternate", &a.language, &a.url].into_iter().for_each(|part| stamper.part(part));
            }
            for c in &e.categories {
                stamper.part(&c.scheme);
                stamper.part(&c.term);
            }
            // The same for what only feeds over several sources have.
            if let Some(origin) = &e.origin {
                let home = origin.home.as_deref().unwrap_or_default();
                ["origin", &origin.id.to_string(), &origin.title, home, &origin.address]
                    .into_iter()
                    .for_each(|part| stamper.part(part));
            }
        }
        stamper.finish()
    }
}

/// Line ends become line feeds: XML readers make them so (XML 1.0, section 2.11), not all alike, and JSON readers don't.
fn legal(text: &mut String) {
    if let std::borrow::Cow::Owned(clean) = xml_legal(text) {
        *text = clean;
    }
    if text.contains('\r') {
        *text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
}
