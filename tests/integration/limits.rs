//! Pages without measure. Promised: what is too slow, too large, cut or not what it says ends at its limit, with an error that names the key; no
//! feed is changed for it. Packed pages are read.

use std::io::{Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::binary::Place;
use crate::support::listing::{page, row};
use crate::support::raw::{Raw, answer, listing, redirect, source};
use crate::support::tree;

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

/// A place whose source has an item already; `fetch` are keys of [fetch].
fn place(raw: &Raw, fetch: &str) -> Place {
    raw.say(listing(&[row("One", "1 May 2024", "/1")]));
    let place = Place::new("", &format!("{fetch}\n{}", source("news", &raw.url("/"), "")));
    place.once();
    raw.take_requests();
    place
}

/// Polls a page that fails, and the feeds stay as they are.
#[track_caller]
fn fails(place: &Place, told: &[&str]) {
    let before = tree::files(&place.feeds());
    let run = place.run(&["once", "--all"]);
    assert_eq!(run.code, Some(75), "{run:?}");
    for text in told {
        assert!(run.stderr.contains(text), "{text}: {run:?}");
    }
    assert!(tree::files(&place.feeds()) == before, "the feeds changed");
}

/// Fails with this answer.
#[track_caller]
fn fails_on(fetch: &str, bytes: &[u8], told: &[&str]) {
    let raw = Raw::saying("");
    let place = place(&raw, fetch);
    raw.say(bytes);
    fails(&place, told);
}

/// Fails while this goes on; at most so many bytes are taken.
#[track_caller]
fn fails_while(
    fetch: &str,
    head: &str,
    mut piece: impl FnMut(&mut TcpStream) -> Result<usize> + Send + 'static,
    most: usize,
    told: &[&str],
) {
    let raw = Raw::saying("");
    let place = place(&raw, fetch);
    let sent = Arc::<AtomicUsize>::default();
    let (counter, head) = (sent.clone(), head.to_owned());
    raw.answer_by(move |_, stream| {
        stream.write_all(head.as_bytes())?;
        loop {
            counter.fetch_add(piece(stream)?, Ordering::SeqCst);
        }
    });
    fails(&place, told);
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent <= most, "{sent} bytes were taken");
}

/// What the sockets of both sides may hold beside (Linux lets one receive up to 32 MB ahead).
const SOCKETS: usize = 50_000_000;

#[test]
fn an_endless_body_ends() {
    let noise = |stream: &mut TcpStream| stream.write_all(&[b'x'; 10_000]).map(|()| 10_000);
    let head = format!("HTTP/1.1 200 X\r\n{HTML}\r\n");
    fails_while("", &head, noise, 10_000_000 + SOCKETS, &["is larger than 10000000 bytes as it is sent ([fetch] max-wire-size)"]);
    fails_while("max-size = \"20kB\"", &head, noise, 20_000 + SOCKETS, &["is larger than 20000 bytes ([fetch] max-size)"]);
}

#[test]
fn an_endless_gzip_ends() {
    let member = gzip(&vec![0; 1_000_000]);
    let length = member.len();
    let bombs = move |stream: &mut TcpStream| stream.write_all(&member).map(|()| length);
    let head = format!("HTTP/1.1 200 X\r\n{HTML}Content-Encoding: gzip\r\n\r\n");
    fails_while("", &head, bombs, SOCKETS, &["is larger than 10000000 bytes ([fetch] max-size)"]);
}

#[test]
fn bombs_end_at_the_limit() {
    let zeros = vec![0; 20_000_000];
    for (coding, bomb) in [("gzip", gzip(&zeros)), ("zstd", zstd::encode_all(zeros.as_slice(), 1).expect("packed"))] {
        assert!(bomb.len() < 100_000, "{coding}");
        let bomb = answer(200, &format!("{HTML}Content-Encoding: {coding}\r\n"), &bomb);
        fails_on("", &bomb, &["is larger than 10000000 bytes ([fetch] max-size)"]);
    }
}

#[test]
fn a_stated_length_over_the_limit_is_enough() {
    let head = format!("HTTP/1.1 200 X\r\n{HTML}Content-Encoding: gzip\r\nContent-Length: 10000001\r\n\r\n");
    fails_on("", head.as_bytes(), &["([fetch] max-wire-size)"]);
    let head = format!("HTTP/1.1 200 X\r\n{HTML}Content-Length: 99999999999\r\n\r\n");
    fails_on("", head.as_bytes(), &["([fetch] max-size)"]);
}

#[test]
fn an_endless_head_ends() {
    let field = |stream: &mut TcpStream| stream.write_all(b"X-Field: value\r\n").map(|()| 16);
    fails_while("", "HTTP/1.1 200 X\r\n", field, SOCKETS, &["cannot get"]);
    let interim = |stream: &mut TcpStream| {
        std::thread::sleep(Duration::from_millis(1));
        stream.write_all(b"HTTP/1.1 103 X\r\n\r\n").map(|()| 18)
    };
    fails_while("header-timeout = \"300ms\"", "", interim, SOCKETS, &["300ms are allowed ([fetch] header-timeout)"]);
}

#[test]
fn slow_answers_end() {
    let slowly = |text: &'static str| {
        move |stream: &mut TcpStream| {
            std::thread::sleep(Duration::from_millis(20));
            stream.write_all(text.as_bytes()).map(|()| 0)
        }
    };
    fails_while(
        "header-timeout = \"200ms\"",
        "HTTP/1.1 200 X\r\n",
        slowly("X-A: b\r\n"),
        0,
        &["200ms are allowed ([fetch] header-timeout)"],
    );
    let head = format!("HTTP/1.1 200 X\r\n{HTML}\r\n");
    fails_while("timeout = \"300ms\"", &head, slowly("x"), 0, &["300ms are allowed ([fetch] timeout)"]);
    let silence = |_: &mut TcpStream| {
        std::thread::sleep(Duration::from_secs(5));
        Ok(0)
    };
    fails_while("read-timeout = \"200ms\"", &head, silence, 0, &["200ms are allowed ([fetch] read-timeout)"]);
    fails_while("header-timeout = \"200ms\"", "", silence, 0, &["200ms are allowed ([fetch] header-timeout)"]);
}

#[test]
fn the_time_of_a_request_is_that_of_all_its_redirects() {
    let raw = Raw::saying("");
    let place = place(&raw, "timeout = \"400ms\"");
    let before = raw.connections();
    raw.answer_by(|_, stream| {
        std::thread::sleep(Duration::from_millis(150));
        stream.write_all(&redirect(302, "/"))
    });
    fails(&place, &["400ms are allowed ([fetch] timeout)"]);
    assert!(raw.connections() - before <= 4);
}

#[test]
fn packed_pages_are_read() {
    let html = page(&[row("Packed", "1 May 2024", "/1")], None);
    let zstd = zstd::encode_all(html.as_bytes(), 3).expect("packed");
    let brotli = include_bytes!("../fixtures/coding/listing.br").to_vec();
    for (coding, body) in
        [("gzip", gzip(html.as_bytes())), ("br", brotli), ("zstd", zstd), ("identity", html.clone().into_bytes())]
    {
        let raw = Raw::saying(answer(200, &format!("{HTML}Content-Encoding: {coding}\r\n"), &body));
        let place = Place::new("", &source("news", &raw.url("/"), ""));
        place.once();
        assert_eq!(tree::titles(&place.feeds(), "news/all"), ["Packed"], "{coding}");
        let asked = raw.take_requests();
        assert!(asked[0].contains("\r\naccept-encoding: gzip, br, zstd\r\n"), "{asked:?}");
    }
}

#[test]
fn a_gzip_that_lies_is_no_page() {
    let html = page(&[row("Two", "2 May 2024", "/2")], None);
    let packed = gzip(html.as_bytes());
    let broken = ["is cut, or is not what its Content-Encoding says"];
    let fields = format!("{HTML}Content-Encoding: gzip\r\n");
    fails_on("", &answer(200, &fields, html.as_bytes()), &broken);
    fails_on("", &answer(200, &fields, &packed[..packed.len() / 2]), &broken);
    fails_on("", &answer(200, &fields, &packed[..packed.len() - 1]), &broken);
    fails_on("", &answer(200, &fields, &[&packed, html.as_bytes()].concat()), &broken);
    fails_on("", &answer(200, &fields, b""), &broken);
    for coding in ["deflate", "gzip, gzip", "x-unheard-of"] {
        let told = format!("is sent as {coding:?}, a Content-Encoding that was not asked for");
        fails_on("", &answer(200, &format!("{HTML}Content-Encoding: {coding}\r\n"), &packed), &[&told]);
    }
}

#[test]
fn a_length_that_lies_is_no_page() {
    let html = page(&[row("Two", "2 May 2024", "/2")], None);
    let head = format!("HTTP/1.1 200 X\r\n{HTML}Content-Length: {}\r\n\r\n", html.len() + 1);
    fails_on("", [head.as_bytes(), html.as_bytes()].concat().as_slice(), &["cannot get"]);
    let chunked = format!("HTTP/1.1 200 X\r\n{HTML}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{html}\r\n", html.len());
    fails_on("", chunked.as_bytes(), &["cannot get"]);
}
