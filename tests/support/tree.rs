//! Reading what was published, strictly, and as a reader would see it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

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

/// The tree without what tells when it was made: for comparing runs at different times.
pub fn timeless(root: &Path) -> BTreeMap<String, String> {
    let volatile = |line: &&str| {
        !line.contains("<lastBuildDate>") && !line.starts_with(" <updated>") && !line.starts_with("    \"updated\":")
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").lines().filter(volatile).collect::<Vec<_>>().join("\n");
    files(root).into_iter().map(|(name, (bytes, _))| (name, text(bytes))).collect()
}

/// An item as a feed states it.
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

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// The entries of an Atom document, read by a strict XML parser.
pub fn atom(root: &Path, address: &str) -> Vec<Entry> {
    let path = root.join(format!("{address}.atom"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let doc = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{}: {e}\n{text}", path.display()));
    let entries = doc.root_element().children().filter(|n| n.has_tag_name((ATOM, "entry")));
    entries
        .map(|e| {
            let all = |name: &'static str| e.children().filter(move |n| n.has_tag_name((ATOM, name)));
            let text = |name| all(name).next().and_then(|n| n.text()).map(str::to_owned);
            let links = |rel: &'static str| {
                all("link")
                    .filter(move |l| l.attribute("rel") == Some(rel))
                    .filter_map(|l| l.attribute("href"))
                    .map(str::to_owned)
            };
            let attribute = |n: roxmltree::Node, name: &str| n.attribute(name).unwrap_or_default().to_owned();
            Entry {
                id: text("id").expect("an id"),
                title: text("title").expect("a title"),
                link: links("alternate").next(),
                related: links("related").collect(),
                published: text("published").expect("a date"),
                updated: text("updated").expect("a date"),
                summary: text("summary"),
                categories: all("category")
                    .map(|c| (attribute(c, "scheme").rsplit('/').next().unwrap_or_default().to_owned(), attribute(c, "term")))
                    .collect(),
            }
        })
        .collect()
}

/// The titles of a feed, in its order.
pub fn titles(root: &Path, address: &str) -> Vec<String> {
    atom(root, address).into_iter().map(|e| e.title).collect()
}
