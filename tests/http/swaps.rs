//! Documents that are replaced while they are read. Promised: every body is the one that its ETag names, whole, in every coding, and a 304 is told only
//! of what the reader holds.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use newsroomd::feed::Format;
use newsroomd::publish::shelf::{Document, Kind, Shelf, Update};
use xxhash_rust::xxh3::xxh3_128;

use crate::client::{CHANGED, Reply, Served};

const ACCEPTS: [&str; 4] = ["gzip", "br", "zstd", "identity"];

/// For how long documents are replaced.
const LONG: Duration = Duration::from_secs(2);

fn put(shelf: &Shelf, version: u32) {
    let mut update = Update::new();
    for path in ["osce/all.rss", "osce/topic/new.rss"] {
        let text = format!("<rss>{}</rss>", format!("{path} {version} ").repeat(700));
        update.put(path, Document::new(Kind::Feed(Format::Rss), text.into_bytes(), Some(CHANGED), 60));
    }
    shelf.update(update);
}

/// Fails unless the body is what the tag says.
fn check(reply: &Reply) {
    let tag = reply.field("etag").expect("a tag").trim_matches('"').to_owned();
    let (hash, suffix) = tag.split_once('-').unwrap_or((&tag, "identity"));
    let coding = reply.field("content-encoding").unwrap_or("identity");
    assert_eq!(suffix, coding, "the tag is of this form");
    let mut bytes = Vec::new();
    let packed = reply.body.as_slice();
    match coding {
        "identity" => bytes.extend_from_slice(packed),
        "gzip" => drop(flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).expect("gzip")),
        "br" => drop(brotli_decompressor::Decompressor::new(packed, 4_096).read_to_end(&mut bytes).expect("br")),
        _ => drop(zstd::Decoder::new(packed).expect("zstd").read_to_end(&mut bytes).expect("zstd")),
    }
    assert_eq!(format!("{:032x}", xxh3_128(&bytes)), hash, "{coding}");
}

#[test]
fn every_body_is_the_one_that_its_tag_names() {
    let served = Served::new(|_| {});
    put(&served.shelf, 0);
    served.shelf.pack();
    let over = AtomicBool::new(false);
    let counts = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|n| {
                let (served, over) = (&served, &over);
                scope.spawn(move || {
                    let accept = ACCEPTS[n % ACCEPTS.len()];
                    let path = ["/osce/all.rss", "/osce/topic/new.rss"][n / 4];
                    let mut client = served.connect();
                    let (mut held, mut full, mut not_modified) = (String::new(), 0, 0);
                    while !over.load(Ordering::Relaxed) {
                        client.send(&format!(
                            "GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accept}\r\nIf-None-Match: {held}\r\n\r\n"
                        ));
                        let reply = client.head();
                        let tag = reply.field("etag").expect("a tag").to_owned();
                        match reply.status {
                            304 => {
                                assert_eq!(tag, held);
                                not_modified += 1;
                            }
                            200 => {
                                let mut reply = reply;
                                reply.body = vec![0; reply.field("content-length").expect("a length").parse().expect("a number")];
                                client.0.read_exact(&mut reply.body).expect("a whole body");
                                check(&reply);
                                assert_ne!(tag, held, "what it holds is not sent again");
                                held = tag;
                                full += 1;
                            }
                            other => panic!("{other}"),
                        }
                    }
                    (full, not_modified)
                })
            })
            .collect();
        let began = Instant::now();
        let mut version = 0;
        while began.elapsed() < LONG {
            version += 1;
            put(&served.shelf, version);
            served.shelf.pack();
        }
        over.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().expect("no wrong byte")).collect::<Vec<_>>()
    });
    assert!(counts.iter().all(|(full, not_modified)| *full > 1 && *not_modified > 0), "{counts:?}");
}
