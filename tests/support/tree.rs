//! Reading what was published, strictly, and as a reader would see it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, FixedOffset, Utc};

/// Every file of the tree: path below the root, bytes and modification time.
pub fn files(root: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let mut out = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
                let changed = entry.metadata().and_then(|m| m.modified()).expect("a time");
                out.insert(name, (std::fs::read(&path).expect("a file"), changed));
            }
        }
    }
    out
}

/// Whether a document is as it was: bytes, and of feeds the time at which they changed too. Lists and pages bear none.
pub fn same(name: &str, before: &(Vec<u8>, SystemTime), after: &(Vec<u8>, SystemTime)) -> bool {
    let bears_a_time = !name.ends_with(".html") && !name.ends_with(".opml");
    before.0 == after.0 && (!bears_a_time || before.1 == after.1)
}

/// The tree without what tells when it was made: for comparing runs at different times.
pub fn timeless(root: &Path) -> BTreeMap<String, String> {
    let volatile = |line: &&str| {
        !line.contains("<lastBuildDate>") && !line.starts_with(" <updated>") && !line.starts_with("    \"updated\":")
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").lines().filter(volatile).collect::<Vec<_>>().join("\n");
    files(root).into_iter().map(|(name, (bytes, _))| (name, text(bytes))).collect()
}

/// An item as a feed states it; instants as RFC 3339 writes them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub id: String,
    pub title: String,
    pub link: Option<String>,
    pub related: Vec<String>,
    pub published: String,
    pub updated: String,
    pub summary: Option<String>,
    pub categories: Vec<(String, String)>,
}

/// A feed as one of its documents states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// RSS has none.
    pub id: Option<String>,
    pub title: String,
    pub updated: DateTime<Utc>,
    pub entries: Vec<Entry>,
}

const ATOM: &str = "http://www.w3.org/2005/Atom";

fn text(root: &Path, document: &str) -> String {
    let path = root.join(document);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn parse<'t>(text: &'t str, document: &str) -> roxmltree::Document<'t> {
    roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{document}: {e}\n{text}"))
}

fn facet(scheme: &str) -> String {
    scheme.rsplit('/').next().unwrap_or_default().to_owned()
}

fn child<'d>(node: roxmltree::Node<'d, '_>, name: &str) -> Option<&'d str> {
    node.children().find(|n| n.tag_name().namespace().is_none() && n.tag_name().name() == name).and_then(|n| n.text())
}

fn atom_child<'d>(node: roxmltree::Node<'d, '_>, name: &'static str) -> Option<&'d str> {
    node.children().find(|n| n.has_tag_name((ATOM, name))).and_then(|n| n.text())
}

fn links(node: roxmltree::Node, rel: &str) -> Vec<String> {
    let all = node.children().filter(|n| n.has_tag_name((ATOM, "link")) && n.attribute("rel") == Some(rel));
    // One with a language is the same story in that language.
    let all = all.filter(|n| n.attribute("hreflang").is_none());
    all.filter_map(|l| l.attribute("href")).map(str::to_owned).collect()
}

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap_or_else(|e| panic!("{text}: {e}")).to_utc()
}

fn from_rfc2822(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc2822(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// A feed's Atom document, read by a strict XML parser.
pub fn atom_feed(root: &Path, address: &str) -> Feed {
    let document = format!("{address}.atom");
    let text = text(root, &document);
    let doc = parse(&text, &document);
    let feed = doc.root_element();
    assert!(feed.has_tag_name((ATOM, "feed")), "{document}");
    let entries = feed.children().filter(|n| n.has_tag_name((ATOM, "entry"))).map(|e| Entry {
        id: atom_child(e, "id").expect("an id").to_owned(),
        title: atom_child(e, "title").expect("a title").to_owned(),
        link: links(e, "alternate").into_iter().next(),
        related: links(e, "related"),
        published: atom_child(e, "published").expect("a date").to_owned(),
        updated: atom_child(e, "updated").expect("a date").to_owned(),
        summary: atom_child(e, "summary").map(str::to_owned),
        categories: e
            .children()
            .filter(|n| n.has_tag_name((ATOM, "category")))
            .map(|c| (facet(c.attribute("scheme").expect("a scheme")), c.attribute("term").expect("a term").to_owned()))
            .collect(),
    });
    Feed {
        id: Some(atom_child(feed, "id").expect("an id").to_owned()),
        title: atom_child(feed, "title").expect("a title").to_owned(),
        updated: instant(atom_child(feed, "updated").expect("a date")),
        entries: entries.collect(),
    }
}

/// A feed's RSS document, read by a strict XML parser.
pub fn rss_feed(root: &Path, address: &str) -> Feed {
    let document = format!("{address}.rss");
    let text = text(root, &document);
    let doc = parse(&text, &document);
    let channel = doc.root_element().children().find(|n| n.has_tag_name("channel")).expect("a channel");
    let entries = channel.children().filter(|n| n.has_tag_name("item")).map(|i| Entry {
        id: child(i, "guid").expect("a guid").to_owned(),
        title: child(i, "title").expect("a title").to_owned(),
        link: child(i, "link").map(str::to_owned),
        related: links(i, "related"),
        published: from_rfc2822(child(i, "pubDate").expect("a date")).to_rfc3339(),
        updated: atom_child(i, "updated").expect("a date").to_owned(),
        summary: child(i, "description").map(str::to_owned),
        categories: i
            .children()
            .filter(|n| n.has_tag_name("category"))
            .map(|c| (facet(c.attribute("domain").expect("a domain")), c.text().expect("a term").to_owned()))
            .collect(),
    });
    Feed {
        id: None,
        title: child(channel, "title").expect("a title").to_owned(),
        updated: from_rfc2822(child(channel, "lastBuildDate").expect("a date")).to_utc(),
        entries: entries.collect(),
    }
}

/// A feed's JSON document.
pub fn json_feed(root: &Path, address: &str) -> Feed {
    let document = format!("{address}.json");
    let text = text(root, &document);
    let feed: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{document}: {e}"));
    let some = |v: &serde_json::Value| v.as_str().map(str::to_owned);
    let list = |v: &serde_json::Value| v.as_array().cloned().unwrap_or_default();
    let entries = list(&feed["items"]).into_iter().map(|i| Entry {
        id: some(&i["id"]).expect("an id"),
        title: some(&i["title"]).expect("a title"),
        link: some(&i["url"]),
        related: list(&i["_newsroomd"]["related"]).iter().filter_map(some).collect(),
        published: some(&i["date_published"]).expect("a date"),
        updated: some(&i["date_modified"]).expect("a date"),
        summary: some(&i["content_html"]).filter(|t| !t.is_empty()),
        categories: list(&i["_newsroomd"]["categories"])
            .iter()
            .map(|c| (facet(c["scheme"].as_str().expect("a scheme")), some(&c["term"]).expect("a term")))
            .collect(),
    });
    Feed {
        id: some(&feed["_newsroomd"]["id"]),
        title: some(&feed["title"]).expect("a title"),
        updated: instant(feed["_newsroomd"]["updated"].as_str().expect("a date")),
        entries: entries.collect(),
    }
}

/// A feed, once it is certain that its three documents state the same.
#[track_caller]
pub fn feed(root: &Path, address: &str) -> Feed {
    let atom = atom_feed(root, address);
    assert_eq!(json_feed(root, address), atom, "{address}: JSON and Atom differ");
    assert_eq!(rss_feed(root, address), Feed { id: None, ..atom.clone() }, "{address}: RSS and Atom differ");
    atom
}

/// When a feed says that it last changed, once it is certain that its documents and their modification times say the same.
#[track_caller]
pub fn changed(root: &Path, address: &str) -> DateTime<Utc> {
    let updated = feed(root, address).updated;
    for format in ["rss", "atom", "json"] {
        let stat = std::fs::metadata(root.join(format!("{address}.{format}"))).and_then(|m| m.modified());
        assert_eq!(DateTime::<Utc>::from(stat.expect("a time")), updated, "{address}.{format}");
    }
    updated
}

/// The entries of an Atom document.
pub fn atom(root: &Path, address: &str) -> Vec<Entry> {
    atom_feed(root, address).entries
}

/// The addresses of all feeds in the tree.
pub fn addresses(root: &Path) -> BTreeSet<String> {
    files(root)
        .keys()
        .filter_map(|f| ["rss", "atom", "json"].iter().find_map(|e| f.strip_suffix(&format!(".{e}"))))
        .map(str::to_owned)
        .collect()
}

/// The documents that `feeds.opml` lists, in its order.
pub fn opml(root: &Path) -> Vec<String> {
    let text = text(root, "feeds.opml");
    let doc = parse(&text, "feeds.opml");
    let urls: Vec<&str> = doc.descendants().filter_map(|n| n.attribute("xmlUrl")).collect();
    let local = |url: &&str| url.strip_prefix("https://feeds.example.org/").unwrap_or_else(|| panic!("{url}")).to_owned();
    urls.iter().map(local).collect()
}

/// The documents that the body of `index.html` links to as feeds, in its order, once it is certain that each feed's page goes before them.
#[track_caller]
pub fn index(root: &Path) -> Vec<String> {
    let links = links_of(root, "index.html");
    let mut page = String::new();
    let mut documents = Vec::new();
    for link in links.into_iter().filter(|l| l != "feeds.opml") {
        match link.rsplit_once('.') {
            Some((address, "html")) => page = address.to_owned(),
            Some((address, _)) => {
                assert_eq!(address, page, "index.html: the page of each feed stands before its formats");
                documents.push(link);
            }
            None => panic!("index.html links to {link}"),
        }
    }
    documents
}

/// Where the body of a page leads within the tree, in its order.
pub fn links_of(root: &Path, page: &str) -> Vec<String> {
    let text = text(root, page);
    let body = text.split_once("<body>").expect("a body").1;
    let links = body.split("<a ").skip(1).filter_map(|rest| rest.split('>').next()?.split_once("href=\""));
    let links = links.map(|(_, rest)| rest.split('"').next().unwrap_or_default().to_owned());
    links.filter(|l| !l.contains(':') && !l.starts_with('#')).collect()
}

/// The titles of a feed, in its order.
pub fn titles(root: &Path, address: &str) -> Vec<String> {
    atom(root, address).into_iter().map(|e| e.title).collect()
}
