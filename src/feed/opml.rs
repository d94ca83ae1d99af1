//! `feeds.opml`: every feed, nested by source and facet, one format of each (OPML 2.0).
//!
//! One format only: feed readers key items by guid over all feeds, and would show each item once a format.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::Format;
use super::directory::{Directory, Listed};

/// The list as OPML. Feeds without items are left out.
pub fn render(directory: &Directory) -> Vec<u8> {
    let mut opml = Opml {
        writer: Writer::new_with_indent(Vec::new(), b' ', 1),
        format: directory.formats.first().copied().unwrap_or(Format::Rss),
    };
    opml.event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)));
    let mut root = BytesStart::new("opml");
    root.push_attribute(("version", "2.0"));
    opml.event(Event::Start(root));
    opml.start("head");
    opml.start("title");
    opml.event(Event::Text(BytesText::new("Feeds")));
    opml.end("title");
    opml.end("head");
    opml.start("body");
    for source in &directory.sources {
        if source.all.items == 0 {
            continue;
        }
        opml.folder(&source.title, |opml| {
            opml.feed(&source.all, directory);
            for facet in &source.facets {
                if facet.feeds.iter().any(|f| f.items > 0) {
                    opml.folder(&facet.title, |opml| facet.feeds.iter().for_each(|f| opml.feed(f, directory)));
                }
            }
        });
    }
    directory.feeds.iter().for_each(|f| opml.feed(f, directory));
    opml.end("body");
    opml.end("opml");
    let mut out = opml.writer.into_inner();
    out.push(b'\n');
    out
}

struct Opml {
    writer: Writer<Vec<u8>>,
    format: Format,
}

impl Opml {
    fn event(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("writing to memory does not fail");
    }

    fn start(&mut self, name: &str) {
        self.event(Event::Start(BytesStart::new(name)));
    }

    fn end(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn folder(&mut self, title: &str, inside: impl FnOnce(&mut Self)) {
        let mut outline = BytesStart::new("outline");
        outline.push_attribute(("text", title));
        outline.push_attribute(("title", title));
        self.event(Event::Start(outline));
        inside(self);
        self.end("outline");
    }

    fn feed(&mut self, feed: &Listed, directory: &Directory) {
        if feed.items == 0 {
            return;
        }
        let mut outline = BytesStart::new("outline");
        // "rss" is what OPML calls every feed format.
        outline.push_attribute(("type", "rss"));
        outline.push_attribute(("text", feed.title.as_str()));
        outline.push_attribute(("title", feed.title.as_str()));
        outline.push_attribute(("xmlUrl", directory.url(feed, self.format).as_str()));
        outline.push_attribute(("htmlUrl", feed.home.as_str()));
        outline.push_attribute(("language", feed.language.as_str()));
        self.event(Event::Empty(outline));
    }
}
