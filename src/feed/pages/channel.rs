//! A feed's page: its newest items, and how to subscribe.

use std::collections::HashMap;

use maud::{Markup, PreEscaped, html};

use super::excerpt::excerpt;
use super::{ENDING, Frame, counted, discovery, language};
use crate::domain::item::Published;
use crate::feed::directory::{ListedFacet, legal};
use crate::feed::{Document, Entry};

/// How many items a page shows.
pub const SHOWN: usize = 20;

/// A summary is cut after this many characters.
const EXCERPT: usize = 320;

/// How many terms of the items are named as related feeds.
const RELATED: usize = 16;

/// What a feed's page holds beside the feed itself.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Where readers find the feeds; ends with a slash.
    pub base_url: String,
    /// The feed's address below it, without ending.
    pub address: String,
    /// Its name: the term.
    pub name: String,
    /// The pages above it, from the top; the list of all feeds is not among them.
    pub above: Vec<Step>,
    /// How many items are stored for it.
    pub items: u64,
    /// Of each item in the document's order, what the page says beside: no more than [`SHOWN`].
    pub shown: Vec<Shown>,
    /// What it holds, in words, if the config says it.
    pub selects: Option<String>,
    /// Of a source's page: its facets.
    pub facets: Vec<ListedFacet>,
    /// Of a term's page: the feeds of what is also listed under another term, by that one's facet.
    pub pairs: Vec<ListedFacet>,
}

/// A page on the way from the list of all feeds.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it is called, in the feed's language.
    pub name: String,
    /// Where it stands below the base.
    pub address: String,
}

/// What a page says of an item beside what the feed says.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The source's title, in a feed of several sources.
    pub source: Option<String>,
    /// The item's language, in such a feed.
    pub language: Option<String>,
    /// The addresses of its terms' feeds, in the order of its categories; none: the term has no feed.
    pub feeds: Vec<Option<String>>,
}

impl Around {
    /// Drops what XML 1.0 forbids from every text, as feeds and lists do: HTML allows no more of it.
    pub fn clean(mut self) -> Self {
        legal(&mut self.name);
        self.above.iter_mut().for_each(|step| legal(&mut step.name));
        self.shown.iter_mut().filter_map(|shown| shown.source.as_mut()).for_each(legal);
        self.selects.iter_mut().for_each(legal);
        self.facets.iter_mut().chain(&mut self.pairs).for_each(ListedFacet::clean);
        self
    }
}

/// The page of a feed. `document` holds all its items; of those the newest are shown.
pub fn render(document: &Document, around: &Around) -> Vec<u8> {
    let root = "../".repeat(around.address.matches('/').count());
    let root = if root.is_empty() { "./" } else { &root };
    let file = around.address.rsplit('/').next().unwrap_or_default();
    let of_feed = language(&document.language);
    let shown = || document.entries.iter().zip(&around.shown).take(SHOWN);
    let header = html! {
        nav aria-label="Where this page is" {
            ol class="trail" {
                li { a href={ (root) (super::INDEX) } { "All feeds" } }
                @for step in &around.above {
                    li { a href={ (root) (step.address) } lang=[of_feed] dir="auto" { (step.name) } }
                }
            }
        }
        h1 lang=[of_feed] dir="auto" { (around.name) }
        p class="lead" { (counted(around.items, "item")) ", the newest below. " a href=(document.home) { "The newsroom itself" } }
        @if let Some(selects) = &around.selects { p { "This feed holds " (selects) "." } }
    };
    let main = html! {
        section aria-labelledby="subscribe" { (subscribe(document, file)) }
        section aria-labelledby="newest" {
            h2 id="newest" { "Newest items" }
            @if document.entries.is_empty() { p { "None yet. Whoever subscribes now will get the first." } }
            ul class="items" {
                @for (entry, beside) in shown() { (item(entry, beside, around, root, of_feed)) }
            }
            @if shown().count() < document.entries.len() { p class="note" { "The feed itself holds more." } }
        }
        @let related = related(document, around);
        @if !related.is_empty() && around.facets.is_empty() {
            nav aria-labelledby="related" {
                h2 id="related" { "Related feeds" }
                p class="note" { "What these items are also listed under:" }
                ul class="columns" {
                    @for (name, address) in related { li { a href={ (root) (address) "." (ENDING) } lang=[of_feed] dir="auto" { (name) } } }
                }
            }
        }
        (facets(&around.facets, "facet", "", root, of_feed))
        (facets(&around.pairs, "pairs", "What is also listed under:", root, of_feed))
    };
    let head = discovery(&document.formats, file, &document.title);
    let address = format!("{}.{ENDING}", around.address);
    Frame { base_url: &around.base_url, root, address: &address, title: &document.title, head, header, main }.render()
}

/// The feeds of facets that hold anything. `what`: what the places on the page are called; `note`: said of each.
fn facets(facets: &[ListedFacet], what: &str, note: &str, root: &str, of_feed: Option<&str>) -> Markup {
    html! {
        @for facet in facets.iter().filter(|f| f.feeds.iter().any(|f| f.items > 0)) {
            nav id={ (what) "/" (facet.name) } aria-labelledby={ (what) "/" (facet.name) "/" } {
                h2 id={ (what) "/" (facet.name) "/" } lang=[of_feed] dir="auto" { (facet.title) }
                @if !note.is_empty() { p class="note" { (note) } }
                ul class="columns" {
                    @for feed in facet.feeds.iter().filter(|f| f.items > 0) {
                        li { a href={ (root) (feed.address) "." (ENDING) } lang=[of_feed] dir="auto" { (feed.name) } " " span class="note" { (feed.items) } }
                    }
                }
            }
        }
    }
}

fn subscribe(document: &Document, file: &str) -> Markup {
    html! {
        h2 id="subscribe" { "Subscribe" }
        p {
            "This is a feed. Copy its address and add it to a feed reader, a program or web site that collects news for you: from then on "
            "new items come by themselves, without an account here or a mail address."
            @if document.formats.len() > 1 { " Most readers understand each of these formats; if yours does not say, take the first." }
        }
        div class="card" {
            table class="how" role="table" aria-labelledby="subscribe" {
                thead role="rowgroup" {
                    tr role="row" {
                        th scope="col" role="columnheader" { "Format" }
                        th scope="col" role="columnheader" class="address" { "Address" }
                        td role="cell" {}
                    }
                }
                tbody role="rowgroup" {
                    @for format in &document.formats {
                        tr role="row" {
                            th scope="row" role="rowheader" { (format.title()) }
                            td role="cell" class="address" {
                                a data-feed={ (format.title()) ", " (document.title) } href={ (file) "." (format.extension()) } type=(format.media_type()) {
                                    (document.url(*format))
                                }
                            }
                            td role="cell" {}
                        }
                    }
                }
            }
        }
    }
}

fn item(entry: &Entry, beside: &Shown, around: &Around, root: &str, of_feed: Option<&str>) -> Markup {
    let language = beside.language.as_deref().map_or(of_feed, language);
    let terms = || entry.categories.iter().zip(&beside.feeds).filter(|(_, feed)| feed.as_ref() != Some(&around.address));
    html! {
        li id={ "item-" (entry.id) } {
            p class="note" {
                (time(&entry.published))
                @if let Some(source) = &beside.source { " · " bdi lang=[language] { (source) } }
            }
            h3 lang=[language] dir="auto" {
                @match &entry.link {
                    Some(link) => a href=(link) { (entry.title) },
                    None => (entry.title),
                }
            }
            @if let Some(summary) = &entry.summary { p lang=[language] dir="auto" { (PreEscaped(excerpt(summary, EXCERPT))) } }
            @if terms().next().is_some() {
                ul class="terms" aria-label="Listed under" lang=[language] {
                    @for (term, feed) in terms() {
                        li {
                            @match feed {
                                Some(feed) => a href={ (root) (feed) "." (ENDING) } dir="auto" { (term.term) },
                                None => bdi { (term.term) },
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The date as ISO 8601 writes it, in the source's zone: the same in all languages. Midnight stands for no time.
fn time(published: &Published) -> Markup {
    let day = published.format("%Y-%m-%d");
    if published.time() == chrono::NaiveTime::MIN {
        html! { time datetime=(day) { (day) } }
    } else {
        html! { time datetime=(published.to_rfc3339()) { (day) " " (published.format("%H:%M")) } }
    }
}

/// The terms that the items shown have most often beside the page's own: name and address.
fn related<'a>(document: &'a Document, around: &'a Around) -> Vec<(&'a str, &'a str)> {
    let mut counts: HashMap<&str, (&str, usize)> = HashMap::new();
    for (entry, beside) in document.entries.iter().zip(&around.shown).take(SHOWN) {
        for (term, feed) in entry.categories.iter().zip(&beside.feeds) {
            if let Some(feed) = feed.as_deref().filter(|feed| *feed != around.address) {
                counts.entry(feed).or_insert((term.term.as_str(), 0)).1 += 1;
            }
        }
    }
    let mut most: Vec<(&str, &str, usize)> = counts.into_iter().map(|(address, (name, count))| (name, address, count)).collect();
    most.sort_by_key(|(name, address, count)| (std::cmp::Reverse(*count), *name, *address));
    most.into_iter().take(RELATED).map(|(name, address, _)| (name, address)).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::Digest;
    use crate::feed::{Category, Format};

    fn entry(number: u128, title: &str, summary: &str, terms: &[&str]) -> Entry {
        let published = DateTime::parse_from_rfc3339("2024-09-30T00:00:00+02:00").expect("a date");
        Entry {
            id: Digest::from_u128(number),
            title: title.into(),
            link: Some("https://a.example/?a=1&b=\"".into()),
            related: Vec::new(),
            origin: None,
            published,
            updated: published,
            summary: Some(summary.into()),
            image: None,
            categories: terms.iter().map(|t| Category { scheme: "x".into(), term: (*t).into() }).collect(),
            content: None,
            enclosures: Vec::new(),
            alternates: Vec::new(),
        }
    }

    fn page(entries: Vec<Entry>) -> String {
        let feed = |term: &str| (term != "held").then(|| format!("a/topic/{}", term.to_lowercase()));
        let shown =
            entries.iter().map(|e| Shown { feeds: e.categories.iter().map(|c| feed(&c.term)).collect(), ..Shown::default() });
        let around = Around {
            base_url: "https://feeds.example/".into(),
            address: "a/topic/own".into(),
            name: "Own <term>".into(),
            items: 1,
            shown: shown.collect(),
            ..Around::default()
        };
        let document = Document {
            id: Digest::nil(),
            title: "A: Own <term>".into(),
            description: String::new(),
            home: "https://a.example/".into(),
            language: "ar".into(),
            author: String::new(),
            updated: DateTime::UNIX_EPOCH,
            ttl: 1,
            address: "https://feeds.example/a/topic/own".into(),
            formats: vec![Format::Atom],
            entries,
        };
        String::from_utf8(render(&document, &around)).expect("UTF-8")
    }

    #[test]
    fn what_newsrooms_write_is_text() {
        let page = page(vec![entry(
            1,
            "<script>x</script>",
            "<p onclick=\"x\">a</p><img src=\"https://t.example/\">b &amp; c",
            &["<i>"],
        )]);
        for there in [
            "Own &lt;term&gt;",
            "&lt;script&gt;x&lt;/script&gt;",
            ">a b &amp; c</p>",
            "href=\"https://a.example/?a=1&amp;b=&quot;\"",
            ">&lt;i&gt;</a>",
            "<time datetime=\"2024-09-30\">2024-09-30</time>",
            "lang=\"ar\" dir=\"auto\"",
            "1 item, ",
            "https://feeds.example/a/topic/own.atom</a>",
            "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"A: Own &lt;term&gt; (Atom)\" href=\"own.atom\">",
            "<link rel=\"canonical\" href=\"https://feeds.example/a/topic/own.html\">",
            "id=\"item-00000000-0000-0000-0000-000000000001\"",
        ] {
            assert!(page.contains(there), "{there}\n{page}");
        }
        assert!(!page.contains("<img") && !page.contains("onclick=\"x"));
    }

    #[test]
    fn related_feeds_are_those_of_the_items_but_the_own_and_those_without_a_feed() {
        let page = page(vec![entry(1, "1", "", &["Own", "B", "held"]), entry(2, "2", "", &["C", "B", "Own"])]);
        let related = page.split_once("id=\"related\"").expect("related feeds").1;
        let links: Vec<&str> = related.split("<a href=\"").skip(1).map_while(|l| l.split_once('"')).map(|(l, _)| l).collect();
        assert_eq!(links[..2], ["../../a/topic/b.html", "../../a/topic/c.html"]);
        assert!(page.contains("<bdi>held</bdi>") && !page.contains("a/topic/own.html\" dir"));
    }

    #[test]
    fn no_more_is_shown_than_a_person_reads() {
        let page = page((0..30).map(|n| entry(n, "t", &"long ".repeat(200), &[])).collect());
        assert_eq!(page.matches("<li id=\"item-").count(), SHOWN);
        assert!(page.contains("The feed itself holds more.") && page.len() < 40_000, "{}", page.len());
    }
}
