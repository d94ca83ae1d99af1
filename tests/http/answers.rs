//! What is answered to what.

use std::io::Read;

use flate2::read::GzDecoder;
use newsroomd::publish::shelf::{Document, Kind, Update};
use url::Url;

use crate::client::{CHANGED_FIELD, Reply, Served, feed};

/// The fields of an answer but Date and Connection, sorted, one a line.
fn fields(reply: &Reply) -> String {
    let mut lines: Vec<String> = reply.fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    lines.retain(|line| !line.starts_with("date: ") && !line.starts_with("connection: "));
    lines.sort();
    lines.concat()
}

#[test]
fn a_feed_comes_whole_with_its_fields() {
    let reply = Served::with_feeds().ask("GET", "/osce/all.rss", "");
    let etag = reply.field("etag").expect("a tag").to_owned();
    assert_eq!((reply.status, reply.text()), (200, format!("<rss>{}</rss>\n", "one".repeat(1_000))));
    assert!(reply.field("date").is_some_and(|date| date.ends_with(" GMT")));
    assert_eq!(
        fields(&reply),
        format!(
            "access-control-allow-origin: *\naccess-control-expose-headers: ETag, Link\ncache-control: max-age=900\n\
             content-length: 3012\ncontent-type: application/rss+xml; charset=utf-8\netag: {etag}\n\
             last-modified: {CHANGED_FIELD}\nlink: <https://feeds.example.org/osce/all.rss>; rel=\"self\"\n\
             vary: Accept-Encoding\nx-content-type-options: nosniff\n"
        )
    );
}

#[test]
fn the_page_is_at_the_root_and_runs_nothing_but_its_own() {
    let policy = newsroomd::feed::pages::policy();
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    let reply = Served::with_feeds().ask("GET", "/", "");
    let etag = reply.field("etag").expect("a tag").to_owned();
    assert_eq!((reply.status, reply.text().as_str()), (200, "<!DOCTYPE html>"));
    assert_eq!(
        fields(&reply),
        format!(
            "cache-control: no-cache\ncontent-length: 15\ncontent-security-policy: {policy}\ncontent-type: text/html; charset=utf-8\netag: {etag}\n\
             referrer-policy: no-referrer\nvary: Accept-Encoding\nx-content-type-options: nosniff\n"
        )
    );
}

#[test]
fn head_gives_the_fields_of_get_and_no_body() {
    let served = Served::with_feeds();
    served.shelf.pack();
    for path in ["/osce/all.rss", "/", "/feeds.opml", "/osce/topic/old.rss", "/nothing"] {
        for accept in ["", "Accept-Encoding: gzip\r\n"] {
            let (get, head) = (served.ask("GET", path, accept), served.ask("HEAD", path, accept));
            assert_eq!((get.status, fields(&get)), (head.status, fields(&head)), "{path}");
        }
    }
}

#[test]
fn what_a_reader_holds_is_not_sent_again() {
    let served = Served::with_feeds();
    let full = served.ask("GET", "/osce/all.rss", "");
    let etag = full.field("etag").expect("a tag");
    for (method, condition) in [
        ("GET", format!("If-None-Match: {etag}\r\n")),
        ("HEAD", format!("If-None-Match: {etag}\r\n")),
        ("GET", format!("If-None-Match: \"x\", W/{etag}\r\n")),
        ("GET", format!("If-None-Match: \"x\"\r\nIf-None-Match: {etag}\r\n")),
        ("GET", "If-None-Match: *\r\n".to_owned()),
        ("GET", format!("If-Modified-Since: {CHANGED_FIELD}\r\n")),
    ] {
        let held = served.ask(method, "/osce/all.rss", &condition);
        assert_eq!((held.status, held.body.len()), (304, 0), "{condition}");
        assert!(held.field("date").is_some());
        let kept = format!("access-control-allow-origin: *\ncache-control: max-age=900\netag: {etag}\nvary: Accept-Encoding\n");
        assert_eq!(fields(&held), kept, "after {condition}");
    }
    assert_eq!(served.ask("GET", "/osce/all.rss", "If-None-Match: \"x\"\r\n").status, 200);
    assert_eq!(served.ask("GET", "/osce/all.rss", "If-Match: \"x\"\r\n").status, 412);
}

/// The body as it was before it was packed.
fn unpacked(reply: &Reply) -> Vec<u8> {
    let mut out = Vec::new();
    let packed = reply.body.as_slice();
    match reply.field("content-encoding") {
        None => return packed.to_vec(),
        Some("gzip") => GzDecoder::new(packed).read_to_end(&mut out),
        Some("br") => brotli_decompressor::Decompressor::new(packed, 4_096).read_to_end(&mut out),
        Some("zstd") => zstd::Decoder::new(packed).and_then(|mut decoder| decoder.read_to_end(&mut out)),
        Some(other) => panic!("{other}"),
    }
    .expect("whole and correct");
    out
}

#[test]
fn packed_forms_are_sent_once_they_are_made_each_with_a_tag_of_its_own() {
    for coding in ["gzip", "br", "zstd"] {
        let served = Served::with_feeds();
        let accept = format!("Accept-Encoding: {coding}\r\n");
        let plain = served.ask("GET", "/osce/all.rss", &accept);
        assert_eq!(plain.field("content-encoding"), None);
        served.shelf.pack();
        let packed = served.ask("GET", "/osce/all.rss", &accept);
        assert_eq!((packed.field("content-encoding"), packed.field("vary")), (Some(coding), Some("Accept-Encoding")));
        assert!(packed.body.len() < plain.body.len() && unpacked(&packed) == plain.body, "{coding}");

        let (plain, packed) = (plain.field("etag").expect("a tag"), packed.field("etag").expect("a tag"));
        assert_ne!(plain, packed);
        let ask = |accept: &str, tag: &str| {
            let reply = served.ask("GET", "/osce/all.rss", &format!("{accept}If-None-Match: {tag}\r\n"));
            (reply.status, reply.field("etag").map(str::to_owned))
        };
        assert_eq!(ask(&accept, packed), (304, Some(packed.to_owned())));
        assert_eq!(ask(&accept, plain), (304, Some(plain.to_owned())), "what the reader fetched before");
        assert_eq!(ask("", plain), (304, Some(plain.to_owned())));
        assert_eq!(ask("", packed), (200, Some(plain.to_owned())), "it could not read what it is said to hold");
    }
}

#[test]
fn of_what_a_reader_takes_it_gets_what_it_prefers() {
    let served = Served::with_feeds();
    served.shelf.pack();
    let plain = served.ask("GET", "/osce/all.rss", "");
    let mut tags = std::collections::HashSet::new();
    for (accept, want) in [
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip, deflate, br", Some("br")),
        ("gzip, zstd", Some("zstd")),
        ("br;q=0.1, gzip;q=0.9", Some("gzip")),
        ("*", Some("br")),
        ("deflate", None),
        ("identity;q=0", None),
        ("gzip;q=0", None),
    ] {
        let reply = served.ask("GET", "/osce/all.rss", &format!("Accept-Encoding: {accept}\r\n"));
        assert_eq!((reply.status, reply.field("content-encoding")), (200, want), "{accept}");
        assert_eq!(unpacked(&reply), plain.body, "{accept}");
        tags.insert((want, reply.field("etag").map(str::to_owned)));
    }
    assert_eq!(tags.len(), 4, "one tag for each form: {tags:?}");
}

#[test]
fn a_reader_that_holds_gzip_need_not_fetch_anew_after_a_restart() {
    let (before, after) = (Served::with_feeds(), Served::with_feeds());
    before.shelf.pack();
    let packed = before.ask("GET", "/osce/all.rss", "Accept-Encoding: gzip\r\n");
    let condition = format!("Accept-Encoding: gzip\r\nIf-None-Match: {}\r\n", packed.field("etag").expect("a tag"));
    assert_eq!(after.ask("GET", "/osce/all.rss", &condition).status, 304);
}

#[test]
fn unknown_addresses_are_404_and_say_where_the_list_is() {
    let served = Served::with_feeds();
    for path in [
        "/nothing",
        "/osce/../osce/all.rss",
        "/osce%2fall.rss",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/Cargo.toml",
    ] {
        let reply = served.ask("GET", path, "");
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.text(), "There is nothing at this address. The list of all feeds is at https://feeds.example.org/\n");
        assert_eq!(reply.field("content-type"), Some("text/plain; charset=utf-8"));
    }
    assert_eq!(served.ask("GET", "/osce/all.rss?utm_source=x&y", "").status, 200, "a query is passed over");
    assert_eq!(served.ask("GET", "http://elsewhere.example/osce/all.rss", "").status, 200, "a whole URL is its path");
}

#[test]
fn guessed_addresses_lead_to_the_feed_that_was_meant() {
    let served = Served::with_feeds();
    for (path, want) in [
        ("/feed", "osce/all.rss"),
        ("/feed/", "osce/all.rss"),
        ("/rss.xml?x=1", "osce/all.rss"),
        ("/osce/", "osce/all.rss"),
        ("/OSCE/topic/New.xml", "osce/topic/new.rss"),
        ("//osce/all.rss/", "osce/all.rss"),
        ("/osce/topic/Old.rss", "osce/topic/new.rss"),
        ("/opml", "feeds.opml"),
        ("//", ""),
    ] {
        let reply = served.ask("GET", path, "X-Forwarded-Host: evil.example\r\n");
        let location = format!("https://feeds.example.org/{want}");
        assert_eq!((reply.status, reply.field("location")), (301, Some(location.as_str())), "{path}");
        assert_eq!(reply.field("access-control-allow-origin"), Some("*"));
        assert_eq!(served.ask("GET", &format!("/{want}"), "").status, 200, "{want}");
    }
}

#[test]
fn a_browser_that_asks_first_may_ask_conditionally() {
    let served = Served::with_feeds();
    let asks = "Origin: https://reader.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: if-none-match\r\n";
    let reply = served.ask("OPTIONS", "/osce/all.rss", asks);
    assert_eq!(reply.status, 204);
    let lists =
        |name: &str, member: &str| reply.field(name).is_some_and(|list| list.split(", ").any(|m| m.eq_ignore_ascii_case(member)));
    assert!(lists("access-control-allow-origin", "*") && lists("access-control-allow-methods", "GET"), "{reply:#?}");
    assert!(lists("access-control-allow-headers", "If-None-Match") && reply.field("access-control-max-age").is_some());
}

#[test]
fn renamed_addresses_lead_to_the_new_ones_whatever_host_is_named() {
    let served = Served::with_feeds();
    let reply = served.ask("GET", "/osce/topic/old.rss?x", "X-Forwarded-Host: evil.example\r\n");
    let location = "https://feeds.example.org/osce/topic/new.rss";
    assert_eq!((reply.status, reply.field("location")), (301, Some(location)));
    assert_eq!(reply.text(), format!("This moved to {location}\n"));
}

#[test]
fn a_prefix_of_the_base_url_may_be_there_or_not() {
    let served = Served::new(|settings| settings.base_url = Url::parse("https://example.org/news/").expect("a URL"));
    served.fill();
    for path in ["/", "/news/", "/osce/all.rss", "/news/osce/all.rss"] {
        assert_eq!(served.ask("GET", path, "").status, 200, "{path}");
    }
    let location = |path| served.ask("GET", path, "").field("location").map(str::to_owned);
    assert_eq!(location("/news").as_deref(), Some("https://example.org/news/"));
    assert_eq!(location("/news/osce/topic/old.rss").as_deref(), Some("https://example.org/news/osce/topic/new.rss"));
}

#[test]
fn other_methods_are_told_which_there_are() {
    let served = Served::with_feeds();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let reply = served.ask(method, "/osce/all.rss", "Content-Length: 0\r\n");
        assert_eq!((reply.status, reply.field("allow")), (405, Some("GET, HEAD, OPTIONS")), "{method}");
        assert_eq!(reply.text(), "Feeds are read only: they answer to GET, HEAD and OPTIONS.\n");
    }
    for path in ["/osce/all.rss", "*"] {
        let reply = served.ask("OPTIONS", path, "");
        assert_eq!((reply.status, reply.field("allow"), reply.body.len()), (204, Some("GET, HEAD, OPTIONS"), 0));
    }
}

#[test]
fn a_request_names_one_host() {
    let served = Served::with_feeds();
    let status = |head: &str| {
        let mut client = served.connect();
        client.send(&format!("GET /osce/all.rss {head}\r\n\r\n"));
        client.reply(false).status
    };
    assert_eq!(status("HTTP/1.1\r\nHost: a"), 200);
    assert_eq!(status("HTTP/1.1"), 400);
    assert_eq!(status("HTTP/1.1\r\nHost: a\r\nHost: a"), 400);
    assert_eq!(status("HTTP/1.1\r\nHost: a/b"), 400);
    assert_eq!(status("HTTP/1.0"), 200);
}

#[test]
fn a_feed_that_is_dated_ahead_has_no_date_to_be_asked_by() {
    let served = Served::new(|_| {});
    let year_2200 = 7_258_118_400;
    let mut update = Update::new();
    update.put("ahead.html", Document::new(Kind::Page, b"x".to_vec(), Some(year_2200), 0));
    update.put("osce/all.rss", feed("one"));
    served.shelf.update(update);
    assert_eq!(served.ask("GET", "/ahead.html", "").field("last-modified"), None);
    assert_eq!(served.ask("GET", "/osce/all.rss", "").field("last-modified"), Some(CHANGED_FIELD));
}
