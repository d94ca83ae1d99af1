//! `demo`: without configuration and network, what it publishes can be recounted.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::reading::{alike, strict};
use crate::support::binary::Run;
use crate::support::tree::{self, Entry};

/// Runs the demo in a folder of its own, far from any configuration.
fn demo(folder: &std::path::Path) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsroomd"));
    command.args(["demo", "--once", "--out", "out dir/\"tree\""]).current_dir(folder).env_clear();
    command.env("TMPDIR", folder).env("NEWSROOMD_CONFIG", "/nonexistent/newsroomd.toml");
    command.output().map(Run::from).expect("the binary runs").ok()
}

#[test]
fn the_demo_needs_no_configuration_and_can_be_recounted() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("out dir/\"tree\"");
    let run = demo(folder.path());
    assert_eq!(run.stderr, "");
    assert!(run.stdout.starts_with("osce: 69 rows on 2 pages: 67 new, 0 edited, 0 known\n"), "{run:#?}");
    let files = strict(&root);
    assert!(run.stdout.contains(&format!("; {} files stand published", files.len())), "{run:#?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["out dir"], "nothing is left in the folder for temporary files");

    let all = alike(&root, "osce/all");
    assert_eq!((all.len(), all.iter().map(|e| &e.id).collect::<BTreeSet<_>>().len()), (67, 67));
    // Of 69 rows two say once more what another says: one at another path of the same story, one at another story's address.
    assert_eq!(all.iter().map(|e| e.related.len()).sum::<usize>(), 1);
    let mut terms: BTreeMap<(String, String), Vec<Entry>> = BTreeMap::new();
    for entry in &all {
        for category in &entry.categories {
            terms.entry(category.clone()).or_default().push(entry.clone());
        }
    }
    let opml = std::fs::read_to_string(root.join("feeds.opml")).expect("the list");
    let opml = roxmltree::Document::parse(&opml).expect("well-formed");
    let feeds = opml.descendants().filter_map(|n| Some((n.attribute("xmlUrl")?, n.attribute("text")?)));
    let address = |url: &str| {
        url.strip_prefix("http://localhost:8080/").and_then(|u| u.strip_suffix(".rss")).expect("a feed's address").to_owned()
    };
    let listed: BTreeMap<String, &str> = feeds.map(|(url, title)| (address(url), title)).collect();
    let mut addresses = BTreeSet::from(["osce/all".to_owned(), "odihr-elections".to_owned()]);
    for ((facet, name), want) in &terms {
        let title = format!("OSCE (demo): {name}");
        let of_term = |address: &str| address.starts_with(&format!("osce/{facet}/")) && listed[address] == title;
        let found: Vec<_> = listed.keys().filter(|address| of_term(address)).collect();
        assert_eq!(found.len(), 1, "one feed for {name:?}: {found:?}");
        assert_eq!(&alike(&root, found[0]), want, "{found:?} holds the items of {name:?}, in the order of all, and nothing else");
        addresses.insert(found[0].clone());
    }
    let mine = alike(&root, "odihr-elections");
    let has = |e: &Entry, facet: &str, name: &str| e.categories.contains(&(facet.to_owned(), name.to_owned()));
    let odihr = "OSCE Office for Democratic Institutions and Human Rights";
    let want: Vec<_> = all.iter().filter(|e| has(e, "topic", "Elections") && has(e, "department", odihr)).cloned().collect();
    assert!(!mine.is_empty());
    assert_eq!(mine, want);
    assert!(!terms.keys().any(|(_, name)| name == "OSCE Chairmanship"), "renamed in the demo's configuration");

    let expected = addresses.iter().flat_map(|a| ["atom", "html", "json", "rss"].map(|e| format!("{a}.{e}")));
    let expected: BTreeSet<_> = expected.chain(["feeds.opml", "index.html"].map(str::to_owned)).collect();
    assert_eq!(files, expected, "a feed and a page for each term, the lists, and nothing else");
    assert_eq!(listed.into_keys().collect::<BTreeSet<_>>(), addresses, "every feed is listed once, in one format");
}

#[test]
fn the_demo_twice_into_one_folder_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("out dir/\"tree\"");
    demo(folder.path());
    let read = || {
        alike(&root, "osce/all").into_iter().map(|e| (e.id, e.title, e.published, e.summary, e.categories)).collect::<Vec<_>>()
    };
    let (files, first) = (strict(&root), read());
    demo(folder.path());
    assert_eq!((strict(&root), read()), (files, first));
    assert_eq!(tree::titles(&root, "osce/all").len(), 67);
}
