//! What is no page, given to those who look for a listing: they say what it is, where, and what to do.

use crate::support::binary::Place;
use crate::support::newsroom::{Newsroom, Reply};

/// What was given, and what is to be said of it.
const WRONG: &[(&str, &[u8], &str)] = &[
    ("empty", b"", "it is empty"),
    ("blanks", b" \n\t\n", "it is empty"),
    ("image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0", "it is a file (image/png)"),
    ("archive", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a", "it is a file (application/gzip)"),
    ("document", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "it is a PDF document"),
    ("rss", b"<?xml version=\"1.0\"?>\n<!-- made today -->\n<rss version=\"2.0\"><channel><title>N</title></channel></rss>", "it is an RSS feed"),
    ("rdf", b"<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\"></rdf:RDF>", "it is an RSS feed"),
    ("atom", b"\xef\xbb\xbf<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>N</title></feed>", "it is an Atom feed"),
    ("jsonfeed", b"{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"N\", \"items\": []}", "it is a JSON feed"),
    ("json", b"[{\"title\": \"One\", \"date\": \"2024-05-03\"}]", "it is JSON"),
    ("text", b"3 May 2024: One\n2 May 2024: Two\n", "it is text without any tag"),
    ("noise", b"<\x01\x02a\x03\x04\x05>\x06\x07\x08\x0e\x0f\x10\x11\x12", "it is a file (application/octet-stream)"),
    ("sitemap", b"<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"></urlset>", "it is XML (<urlset>)"),
    ("inline", b"<!doctype html><title>News</title><body><div id=root></div><script>start({\"a\": 1})</script>", "newsroomd does not run scripts"),
    ("scripts", b"<!doctype html><title>News</title><body><noscript>Enable JavaScript</noscript><div id=root></div><script src=/a.js></script>", "newsroomd does not run scripts"),
];

#[test]
fn discover_says_what_is_no_page_and_what_to_do() {
    let place = Place::new("", "");
    for (name, bytes, said) in WRONG.iter().filter(|(_, _, said)| !said.contains("feed")) {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        let file = path.to_str().expect("a path");
        let run = place.run(&["discover", file]);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (Some(75), "", 1), "{name}: {run:?}");
        assert!(run.stderr.contains(said) && run.stderr.starts_with(file), "{name}: {run:?}");
        let json = place.run(&["discover", file, "--json"]).json();
        assert!(json["advice"].as_str().is_some_and(|advice| advice.contains(said)), "{name}: {json:#}");
    }
    for (target, said) in [
        ("/nonexistent", "No such file"),
        ("/tmp", "it is a directory: name the file of a page in it: Is a directory"),
        ("ftp://example.org/news", "ftp addresses are not asked for"),
        ("www.example.org/news", "an address begins with its scheme: https://www.example.org/news"),
    ] {
        let run = place.run(&["discover", target]);
        assert_eq!((run.code, run.stderr.contains(said)), (Some(1), true), "{run:?}");
    }
}

#[test]
fn preview_and_polls_say_what_a_source_sent_instead_of_a_page() {
    let newsroom = Newsroom::start();
    let source = |rows: &str| {
        format!(
            "[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\n{rows}\n[source.item]\ntitle = \"h3\"\ndate = \"time\"\n",
            newsroom.url("/news")
        )
    };
    let place = Place::new("", &source("each = \"article\""));
    let saved = place.path().join("saved.html");
    std::fs::write(&saved, b"%PDF-1.7\n").expect("written");
    let run = place.run(&["preview", saved.to_str().expect("a path")]);
    let heading = format!("{}, as of {}", saved.display(), newsroom.url("/news"));
    assert!(run.stdout.starts_with(&heading) && run.stdout.contains("it is a PDF"), "{run:?}");
    for (name, bytes, said) in WRONG {
        newsroom.set("/news", Reply::Typed("text/html", bytes.to_vec()));
        let run = place.run(&["preview", "news"]);
        assert!(run.code == Some(75) && run.stdout.contains(said), "{name}: {run:?}");
        let run = place.run(&["once", "--all", "--now"]);
        assert!(run.code == Some(75) && run.stderr.contains(said), "{name}: {run:?}");
    }
}

#[test]
fn a_page_that_becomes_too_deep_keeps_its_rows_and_is_taken_for_one_that_was_cut_off() {
    let newsroom = Newsroom::start();
    let source = format!(
        "[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\neach = \"article\"\n[source.item]\ntitle = \"h3\"\ndate = {{ select = \"time\", format = \"%d %B %Y\" }}\n",
        newsroom.url("/news")
    );
    let place = Place::new("", &source);
    let rows = |days: std::ops::Range<u32>| -> String {
        days.map(|n| format!("<article><h3><a href=/{n}>Story {n}</a></h3><time>{n} May 2024</time></article>\n")).collect()
    };
    let page = |behind: &str| Reply::Typed("text/html", format!("<html><body>{}{behind}</html>", rows(1..6)).into_bytes());
    newsroom.set("/news", page(""));
    assert_eq!(place.run(&["once", "--all", "--now"]).code, Some(0));
    let deep = format!("{}{}{}", "<div>".repeat(240), "</p>".repeat(100_000), rows(6..9));
    newsroom.set("/news", page(&deep));
    let run = place.run(&["once", "--all", "--now"]);
    assert!(run.stderr.contains("the page was read up to line 6 (") && run.stderr.contains("as if it were cut off"), "{run:?}");
    let feed = std::fs::read_to_string(place.feeds().join("news/all.atom")).expect("a feed");
    assert_eq!((feed.matches("<entry>").count(), feed.contains("Story 7")), (5, false));
}
