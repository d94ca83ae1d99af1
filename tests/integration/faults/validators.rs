//! Validators and what a newsroom makes of them. Promised: they are echoed verbatim; a 304 that does not repeat them keeps them; one that nobody
//! can have asked for is a failure, and no page.

use crate::support::binary::NOW;
use crate::support::listing::{Row, page, row};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::scene::{Scene, address};
use crate::support::wire::{Wire, head};

fn rows() -> Vec<Row> {
    vec![row("Two", "2 May 2024", "/2"), row("One", "1 May 2024", "/1")]
}

/// The conditions of the requests for page 1 since the last look.
fn conditions(newsroom: &Newsroom) -> Vec<[Option<String>; 2]> {
    let log = newsroom.take_log().into_iter().filter(|request| request.path == address(0));
    log.map(|request| ["if-none-match", "if-modified-since"].map(|name| request.headers.get(name).cloned())).collect()
}

#[test]
fn validators_are_echoed_as_they_came() {
    for (etag, modified) in [
        (Some("\"abc\""), Some("Tue, 15 Nov 1994 12:45:26 GMT")),
        (Some("W/\"weak, and with a comma\""), None),
        (Some("unquoted"), None),
        (Some("\"a\\\"b\""), None),
        (Some("\"--gzip\""), Some("yesterday")),
        (None, Some("Sunday, 06-Nov-94 08:49:37 GMT")),
        (None, None),
    ] {
        let scene = Scene::new("", "");
        let fields = [etag.map(|e| format!("ETag: {e}")), modified.map(|m| format!("Last-Modified: {m}"))];
        let fields: Vec<&str> = fields.iter().flatten().map(String::as_str).collect();
        let html = page(&rows(), None);
        scene.newsroom.set("/news", Reply::Wire(Wire::answer(200, &fields, html.as_bytes())));
        scene.place.once();
        assert_eq!(conditions(&scene.newsroom), [[None, None]]);
        // Whether the answer to it repeats them or not.
        for fields in [vec![], fields] {
            if etag.is_some() || modified.is_some() {
                scene.newsroom.set("/news", Reply::Wire(Wire::bytes(304, head(304, &fields))));
            }
            scene.place.once();
            assert_eq!(conditions(&scene.newsroom), [[etag.map(str::to_owned), modified.map(str::to_owned)]], "{etag:?}");
        }
        assert_eq!(scene.titles("news/all"), ["Two", "One"]);
    }
}

#[test]
fn a_304_that_nobody_asked_for_is_no_page() {
    let scene = Scene::new("", "");
    scene.newsroom.set("/news", Reply::Wire(Wire::bytes(304, head(304, &["ETag: \"x\""]))));
    let run = scene.place.run(&["once", "--all"]);
    assert_eq!(run.code, Some(75), "{run:?}");
    assert!(run.stderr.contains("news: failed: page 1") && run.stderr.contains("304"), "{run:?}");
    assert_eq!(conditions(&scene.newsroom), [[None, None]]);
    scene.show(&[&rows()]);
    assert_eq!(scene.place.run(NOW).code, Some(0));
    assert_eq!(conditions(&scene.newsroom), [[None, None]], "no validators came with a page");
    assert_eq!(scene.titles("news/all"), ["Two", "One"]);
}

#[test]
fn a_304_after_a_failure_hides_nothing() {
    let scene = Scene::new("", "");
    scene.poll(&rows());
    conditions(&scene.newsroom);
    let news = [&[row("Three", "3 May 2024", "/3")], &rows()[..]].concat();
    // What failed has validators of its own: they are not to be kept.
    let failed = Wire::answer(500, &["ETag: \"error\""], page(&news, None).as_bytes());
    scene.newsroom.set("/news", Reply::Wire(failed));
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    let kept = conditions(&scene.newsroom);
    scene.show(&[&news]);
    assert_eq!(scene.place.run(NOW).code, Some(0));
    assert_eq!(conditions(&scene.newsroom), kept, "those of the last good page");
    assert_eq!(scene.titles("news/all"), ["Three", "Two", "One"]);
}
