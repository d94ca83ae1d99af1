//! `index.html`: every newsroom, facet and feed with its count and formats. Without script, there is no filter and nothing to copy by a press;
//! all else is there.

use maud::{Markup, html};

use super::{ENDING, Frame, counted, discovery, language};
use crate::feed::directory::{Directory, Listed, ListedFacet, ListedSource, relative};
use crate::feed::status;

/// A facet with more terms than this is folded up at first.
const OPEN: usize = 30;

/// The list as a page.
pub fn render(directory: &Directory) -> Vec<u8> {
    let sources = || directory.sources.iter().filter(|s| s.all.items > 0);
    let own = || directory.feeds.iter().filter(|f| f.items > 0);
    let feeds = sources().map(|s| 1 + s.facets.iter().map(|f| held(f).count()).sum::<usize>()).sum::<usize>() + own().count();
    let names: Vec<&str> = sources().map(|s| s.title.as_str()).collect();
    let of = match names.as_slice() {
        [] => String::new(),
        [one] => format!(" of {one}"),
        [one, other] => format!(" of {one} and {other}"),
        many => format!(" of {} newsrooms", many.len()),
    };
    let head = html! {
        @for source in sources() { (discovery(&directory.formats, &source.all.address, &source.all.title)) }
        @for feed in &directory.feeds { @if feed.items > 0 { (discovery(&directory.formats, &feed.address, &feed.title)) } }
        link rel="alternate" type="text/x-opml" title="All feeds (OPML)" href="feeds.opml";
    };
    let main = html! {
        @if feeds > 0 {
            (help(directory))
            div class="filter" role="search" hidden {
                label for="filter" { "Filter" }
                input id="filter" type="search" autocomplete="off" spellcheck="false" placeholder="elections, mission to…" aria-describedby="count";
                output id="count" for="filter" class="note" {}
            }
        }
        @if sources().count() + usize::from(own().count() > 0) > 1 {
            nav aria-label="On this page" {
                ul class="jump" {
                    @if own().count() > 0 { li { a href="#selections" { "Selections" } } }
                    @for source in sources() { li { a href={ "#" (source.id) "/" } lang=[language(&source.all.language)] dir="auto" { (source.title) } } }
                }
            }
        }
        @if own().count() > 0 {
            section id="selections" data-title="Selections" aria-labelledby="selections-title" {
                h2 id="selections-title" { "Selections" }
                div class="card" data-part="" { (table(directory, "Feed", "selections-title", own())) }
            }
        }
        @for source in sources() { (section(directory, source)) }
        @if directory.sources.iter().all(|s| s.all.items == 0) { p { "No items yet." } }
        @if directory.status {
            p class="note" {
                "Which of these newsrooms cannot be read just now:"
                @for format in &directory.formats {
                    " " a href={ (status::ADDRESS) "." (format.extension()) } type=(format.media_type()) { (format.title()) }
                }
            }
        }
    };
    let header = html! {
        h1 { "Feeds" }
        p class="lead" { (counted(feeds as u64, "feed")) (of) ", in " (formats(directory)) "." }
    };
    Frame { base_url: &directory.base_url, root: "./", address: "", title: "Feeds", head, header, main }.render()
}

/// The feeds of a facet that hold items.
fn held(facet: &ListedFacet) -> impl Iterator<Item = &Listed> {
    facet.feeds.iter().filter(|f| f.items > 0)
}

fn formats(directory: &Directory) -> String {
    let names: Vec<&str> = directory.formats.iter().map(|f| f.title()).collect();
    match names.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        names => names.concat(),
    }
}

fn help(directory: &Directory) -> Markup {
    html! {
        details class="help" {
            summary { "How do I subscribe?" }
            ol {
                li { "Get a feed reader, a program or web site that collects news for you, if you have none: there are many, most of them free." }
                li {
                    "Choose a feed below and copy its address"
                    @if directory.formats.len() > 1 { ", in any format: most readers understand all of them" }
                    "."
                }
                li { "Paste it into the reader, where that says “add feed” or “subscribe”. From then on news comes by itself." }
            }
        }
        p { "Add any of these feeds to a feed reader, or import all of them at once: " a href="feeds.opml" type="text/x-opml" { "feeds.opml" } "." }
    }
}

fn section(directory: &Directory, source: &ListedSource) -> Markup {
    let language = language(&source.all.language);
    // Ids with a slash, lest a newsroom is called "filter".
    let heading = format!("{}//", source.id);
    html! {
        section id={ (source.id) "/" } data-title=(source.title) aria-labelledby=(heading) {
            h2 id=(heading) lang=[language] dir="auto" { (source.title) }
            p class="note" { "News from " a href=(source.home) { (source.home) } }
            div class="card" data-part="" { (table(directory, "Feed", &heading, std::iter::once(&source.all))) }
            @for facet in source.facets.iter().filter(|f| held(f).next().is_some()) {
                @let id = format!("{}/{}", source.id, facet.name);
                @let count = held(facet).count();
                details id=(id) data-part=(facet.title) open[count <= OPEN] {
                    summary {
                        h3 id={ (id) "/" } lang=[language] dir="auto" { (facet.title) }
                        span class="note" { (counted(count as u64, "feed")) }
                    }
                    (table(directory, &facet.title, &format!("{id}/"), held(facet)))
                }
            }
        }
    }
}

/// The roles are the elements' own: on a phone rows are laid out otherwise, and browsers would take them for no table any more.
fn table<'a>(directory: &Directory, head: &str, heading: &str, feeds: impl Iterator<Item = &'a Listed>) -> Markup {
    html! {
        table class="list" role="table" aria-labelledby=(heading) {
            thead role="rowgroup" {
                tr role="row" {
                    th scope="col" role="columnheader" { (head) }
                    th scope="col" role="columnheader" class="n" { "Items" }
                    th scope="col" role="columnheader" { "Subscribe" }
                }
            }
            tbody role="rowgroup" {
                @for feed in feeds {
                    tr role="row" {
                        th scope="row" role="rowheader" lang=[language(&feed.language)] dir="auto" {
                            @if directory.pages { a href={ (feed.address) "." (ENDING) } { (feed.name) } } @else { (feed.name) }
                        }
                        td role="cell" class="n" { (feed.items) }
                        td role="cell" class="feeds" {
                            @for format in &directory.formats {
                                span class="chip" {
                                    a data-feed href=(relative(feed, *format)) type=(format.media_type()) aria-label={ (format.title()) ", " (feed.title) } { (format.title()) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Format;

    fn listed(name: &str, items: u64) -> Listed {
        let address = format!("a/topic/{name}");
        Listed {
            address,
            title: format!("A: {name}"),
            name: name.into(),
            home: "https://a.example/".into(),
            language: "de".into(),
            items,
        }
    }

    fn page(terms: usize) -> String {
        let facet = ListedFacet {
            name: "topic".into(),
            title: "<Topic>".into(),
            feeds: (0..terms).map(|n| listed(&format!("t{n}"), 1)).chain([listed("hollow", 0)]).collect(),
        };
        let source = ListedSource {
            id: "a".into(),
            title: "A & B".into(),
            home: "https://a.example/".into(),
            all: listed("all", 9),
            facets: vec![facet],
        };
        let directory = Directory {
            base_url: "https://feeds.example/".into(),
            formats: vec![Format::Rss, Format::Json],
            pages: true,
            sources: vec![source],
            ..Directory::default()
        };
        String::from_utf8(render(&directory)).expect("UTF-8")
    }

    #[test]
    fn every_feed_with_items_is_there_and_texts_are_escaped() {
        let page = page(3);
        for there in [
            "4 feeds of A &amp; B, in RSS and JSON.",
            "&lt;Topic&gt;",
            "href=\"a/topic/t2.html\"",
            "href=\"a/topic/t2.json\"",
            "3 feeds",
        ] {
            assert!(page.contains(there), "{there}");
        }
        assert!(!page.contains("hollow") && !page.contains("<Topic>"));
    }

    #[test]
    fn long_facets_are_folded_up() {
        let is_open = |terms| page(terms).contains("data-part=\"&lt;Topic&gt;\" open>");
        assert!(is_open(OPEN) && !is_open(OPEN + 1));
    }
}
