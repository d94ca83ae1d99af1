//! Reading every format strictly, and saying the same of each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use newsroomd::domain::text::is_xml_char;
use roxmltree::{Document, Node};
use scraper::Html;
use serde_json::Value;

use crate::support::tree::{self, Entry};

const ATOM: &str = "http://www.w3.org/2005/Atom";

fn text(root: &Path, address: &str, ending: &str) -> String {
    let path = root.join(format!("{address}.{ending}"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The last part of a scheme, which is the facet.
fn facet(scheme: &str) -> String {
    scheme.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The items of an RSS document, with RSS's dates as Atom's.
pub fn rss(root: &Path, address: &str) -> Vec<Entry> {
    let text = text(root, address, "rss");
    let doc = Document::parse(&text).unwrap_or_else(|e| panic!("{address}.rss: {e}\n{text}"));
    let items = doc.descendants().filter(|n| n.has_tag_name("item"));
    items
        .map(|item| {
            let all = |name: &'static str| item.children().filter(move |n| n.tag_name().name() == name);
            let own = |name: &'static str| all(name).find(|n| n.tag_name().namespace().is_none());
            let text = |n: Node| n.text().unwrap_or_default().to_owned();
            let date = own("pubDate").map(text).expect("a date");
            let guid = own("guid").expect("a guid");
            assert_eq!(guid.attribute("isPermaLink"), Some("false"));
            let related = all("link").filter(|n| n.tag_name().namespace() == Some(ATOM) && n.attribute("rel") == Some("related"));
            Entry {
                id: text(guid),
                title: own("title").map(text).expect("a title"),
                link: own("link").map(text),
                related: related.filter_map(|n| n.attribute("href")).map(str::to_owned).collect(),
                published: DateTime::parse_from_rfc2822(&date).expect("an RFC 2822 date").to_rfc3339(),
                updated: all("updated").next().map(text).expect("when it was updated"),
                summary: own("description").map(text),
                categories: all("category").map(|c| (facet(c.attribute("domain").unwrap_or_default()), text(c))).collect(),
            }
        })
        .collect()
}

/// The items of a JSON Feed.
pub fn json(root: &Path, address: &str) -> Vec<Entry> {
    let text = text(root, address, "json");
    let feed: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{address}.json: {e}\n{text}"));
    let string = |v: &Value| v.as_str().map(str::to_owned);
    let items = feed["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| {
            let more = &item["_newsroomd"];
            let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
            let categories: Vec<_> = list(&more["categories"])
                .iter()
                .map(|c| (facet(c["scheme"].as_str().expect("a scheme")), string(&c["term"]).expect("a term")))
                .collect();
            let tags: BTreeSet<_> = list(&item["tags"]).iter().filter_map(string).collect();
            assert_eq!(tags, categories.iter().map(|(_, term)| term.clone()).collect(), "tags and categories of {item:#}");
            Entry {
                id: string(&item["id"]).expect("an id"),
                title: string(&item["title"]).expect("a title"),
                link: string(&item["url"]),
                related: list(&more["related"]).iter().filter_map(string).collect(),
                published: string(&item["date_published"]).expect("a date"),
                updated: string(&item["date_modified"]).expect("when it was updated"),
                summary: string(&item["content_html"]).filter(|html| !html.is_empty()),
                categories,
            }
        })
        .collect()
}

/// The items of a feed, after making sure that its three formats say the same of each, and nothing unsafe.
#[track_caller]
pub fn alike(root: &Path, address: &str) -> Vec<Entry> {
    let atom = tree::atom(root, address);
    assert_eq!(rss(root, address), atom, "RSS and Atom of {address}");
    assert_eq!(json(root, address), atom, "JSON and Atom of {address}");
    let ids: BTreeSet<_> = atom.iter().map(|e| &e.id).collect();
    assert_eq!(ids.len(), atom.len(), "no id twice in {address}");
    for entry in &atom {
        entry.link.iter().chain(&entry.related).for_each(|link| safe_link(link));
        entry.summary.iter().for_each(|html| safe_html(html));
        assert!(entry.id.starts_with("urn:uuid:"), "{entry:#?}");
    }
    atom
}

/// The tree's files by name, after reading each as strictly as its kind allows.
#[track_caller]
pub fn strict(root: &Path) -> BTreeSet<String> {
    let files = tree::files(root);
    for (name, (bytes, _)) in &files {
        let text = std::str::from_utf8(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!name.split('/').any(|part| part.starts_with('.')), "{name} is hidden");
        assert_eq!(text.chars().find(|&c| !is_xml_char(c)), None, "{name} holds what XML forbids");
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("rss" | "atom" | "opml") => {
                Document::parse(text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
            }
            Some("json") => {
                serde_json::from_str::<Value>(text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
            }
            Some("html") => {}
            _ => panic!("{name} is no document"),
        }
    }
    files.into_keys().collect()
}

/// A link that may be published.
#[track_caller]
pub fn safe_link(link: &str) {
    let url = url::Url::parse(link).unwrap_or_else(|e| panic!("{link}: {e}"));
    assert!(matches!(url.scheme(), "http" | "https") && url.host().is_some(), "{link}");
    assert!(url.username().is_empty() && url.password().is_none(), "{link}");
}

/// HTML that may be shown: nothing that runs, nothing that frames, absolute links.
#[track_caller]
pub fn safe_html(html: &str) {
    const NEVER: &[&str] = &[
        "script", "style", "iframe", "frame", "object", "embed", "applet", "form", "input", "button", "textarea", "select",
        "link", "meta", "base", "svg", "math", "template", "noscript", "video", "audio",
    ];
    let fragment = Html::parse_fragment(html);
    for element in fragment.root_element().descendent_elements() {
        let name = element.value().name();
        assert!(!NEVER.contains(&name), "<{name}> in {html}");
        for (attribute, value) in element.value().attrs() {
            assert!(!attribute.starts_with("on") && !matches!(attribute, "style" | "srcdoc" | "srcset"), "{attribute} in {html}");
            if matches!(attribute, "href" | "src" | "cite" | "action" | "background" | "poster") {
                safe_link(value);
            }
        }
    }
}

/// A file or folder below `tests/fixtures`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

/// Compares with a file of fixtures, or rewrites it (`UPDATE_GOLDEN=1`).
#[track_caller]
pub fn golden(path: &Path, got: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of goldens");
        std::fs::write(path, got).expect("a golden");
        return;
    }
    let want = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}; make it with UPDATE_GOLDEN=1", path.display()));
    if let Some((n, (want, got))) = want.lines().zip(got.lines()).enumerate().find(|(_, (want, got))| want != got) {
        panic!("{}:{}:\nwant {want}\ngot  {got}", path.display(), n + 1);
    }
    assert_eq!(got.len(), want.len(), "{} has another length", path.display());
}
