//! Requests that bring a body, which none has to: it is never waited for.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::client::Served;

const GET: &str = "GET /osce/all.rss HTTP/1.1\r\nHost: a\r\n";

#[test]
fn a_request_with_a_body_is_answered_and_the_last_one() {
    let served = Served::with_feeds();
    for body in [
        "Content-Length: 4\r\n\r\nbody",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        "Content-Length: 72\r\n\r\nGET /osce/all.rss HTTP/1.1\r\nHost: a\r\n\r\nGET /osce/all.rss HTTP/1.1\r\n",
    ] {
        let mut client = served.connect();
        client.send(&format!("{GET}{body}{GET}\r\n"));
        let reply = client.reply(false);
        assert_eq!((reply.status, reply.body.len(), reply.field("connection")), (200, 3_012, Some("close")), "{body}");
        assert_eq!(client.rest(), b"", "{body}");
    }
    let mut client = served.connect();
    client.send(&format!("{GET}Content-Length: 0\r\n\r\n{GET}\r\n"));
    assert_eq!([client.reply(false).status, client.reply(false).status], [200, 200], "an empty one is none");
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let served = Served::with_feeds();
    for fields in
        ["Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 9\r\nExpect: 100-continue\r\n"]
    {
        let began = Instant::now();
        let mut client = served.connect();
        client.send(&format!("{GET}{fields}\r\n"));
        assert_eq!(client.reply(false).status, 200, "{fields}: the first and only answer");
        assert_eq!(client.rest(), b"", "{fields}: closed");
        assert!(began.elapsed() < Duration::from_secs(20), "the other limits are 30 s");
    }
}

#[test]
fn a_body_without_end_ends_the_connection() {
    let served = Served::with_feeds();
    for fields in ["Content-Length: 100000000000\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut client = served.connect();
        let mut pouring = client.0.get_ref().try_clone().expect("a second handle");
        client.send(&format!("{}{fields}\r\n", GET.replacen("GET", "POST", 1)));
        let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
        let mut sent = 0;
        while sent < 1 << 30 && pouring.write_all(&chunk).is_ok() {
            sent += chunk.len();
        }
        assert!(sent < 1 << 30, "nobody took it all: {fields}");
    }
    assert_eq!(served.ask("GET", "/osce/all.rss", "").status, 200);
}
