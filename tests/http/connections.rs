//! How connections are kept, and how they end.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use newsroomd::http::Server;

use crate::client::{Client, Served, free_port};

const GET: &str = "GET /osce/all.rss HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_HUGE: &str = "GET /huge.rss HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn pipelined_requests_are_answered_in_order() {
    let served = Served::with_feeds();
    let mut client = served.connect();
    let head = GET.replacen("GET", "HEAD", 1);
    let missing = GET.replacen("/osce", "/none", 1);
    let last = GET.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
    client.send(&[GET, &head, &missing, &last].concat());
    let replies = [false, true, false, false].map(|head| client.reply(head));
    assert_eq!(replies.each_ref().map(|r| r.status), [200, 200, 404, 200]);
    assert_eq!(replies[0].body, replies[3].body);
    assert_eq!(client.rest(), b"");
}

#[test]
fn http_1_0_is_answered_and_closed_unless_it_asks_to_go_on() {
    let served = Served::with_feeds();
    let mut client = served.connect();
    client.send("GET /osce/all.rss HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(client.reply(false).status, 200);
    client.send("GET /osce/all.rss HTTP/1.0\r\n\r\n");
    let reply = client.reply(false);
    assert_eq!((reply.status, reply.field("transfer-encoding")), (200, None));
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_client_that_has_no_more_to_ask_gets_its_answer() {
    let served = Served::new(|_| {});
    let size = served.put_huge(b'x');
    let mut client = served.connect();
    client.send(GET_HUGE);
    client.0.get_ref().shutdown(Shutdown::Write).expect("half closed");
    assert_eq!(client.reply(false).body.len(), size);
}

#[test]
fn a_swap_leaves_the_response_under_way_as_it_was() {
    let served = Served::new(|_| {});
    let size = served.put_huge(b'a');
    let mut client = served.connect();
    client.send(GET_HUGE);
    let mut old = client.head();
    served.put_huge(b'b');
    old.body = vec![0; size];
    client.0.read_exact(&mut old.body).expect("a whole body");
    assert!(old.body.iter().all(|b| *b == b'a'), "the bytes of one document");
    client.send(GET_HUGE);
    let new = client.reply(false);
    assert!(new.body.iter().all(|b| *b == b'b'));
    assert_ne!(old.field("etag"), new.field("etag"));
}

#[test]
fn a_request_half_sent_is_dropped_however_it_drips() {
    let served = Served::new(|settings| settings.head_timeout = Duration::from_millis(200));
    let mut client = served.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    let mut drip = client.0.get_ref().try_clone().expect("a second handle");
    let dripping = std::thread::spawn(move || {
        while drip.write_all(b"a").is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    assert_eq!(client.rest(), b"");
    dripping.join().expect("ended");
}

#[test]
fn an_idle_connection_is_closed() {
    let served = Served::new(|settings| settings.head_timeout = Duration::from_millis(100));
    served.fill();
    let (mut used, mut unused) = (served.connect(), served.connect());
    used.send(GET);
    assert_eq!(used.reply(false).status, 200);
    assert_eq!((used.rest(), unused.rest()), (Vec::new(), Vec::new()));
}

#[test]
fn a_client_that_takes_nothing_is_dropped() {
    let served = Served::new(|settings| {
        settings.connections = 1;
        settings.write_timeout = Duration::from_millis(100);
    });
    served.fill();
    let size = served.put_huge(b'x');
    let mut lazy = served.connect();
    lazy.send(GET_HUGE);
    assert_eq!(lazy.head().status, 200);
    // There is one place: it is free when the lazy one has lost it.
    assert_eq!(served.ask("GET", "/osce/all.rss", "").status, 200);
    assert!(lazy.rest().len() < size);
}

#[test]
fn one_connection_too_many_waits_for_another_to_end() {
    let served = Served::new(|settings| settings.connections = 1);
    served.fill();
    let (mut first, mut second) = (served.connect(), served.connect());
    second.send(GET);
    first.send(GET);
    assert_eq!(first.reply(false).status, 200);
    let waited = Duration::from_millis(50);
    second.0.get_ref().set_read_timeout(Some(waited)).expect("a timeout");
    assert!(second.0.read(&mut [0]).is_err(), "not answered beside the first");
    drop(first);
    second.0.get_ref().set_read_timeout(None).expect("no timeout");
    assert_eq!(second.reply(false).status, 200);
}

#[test]
fn heads_that_are_too_large_are_refused() {
    let served = Served::with_feeds();
    let status = |fields: &str| served.ask("GET", "/osce/all.rss", fields).status;
    assert_eq!(status(&format!("X: {}\r\n", "a".repeat(15_000))), 200);
    assert_eq!(status(&format!("X: {}\r\n", "a".repeat(16_384))), 431);
    assert_eq!(status(&"X: a\r\n".repeat(90)), 200);
    assert_eq!(status(&"X: a\r\n".repeat(110)), 431);
}

#[test]
fn who_has_just_connected_is_answered_though_the_server_shuts_down() {
    let served = Served::with_feeds();
    let mut fresh = served.connect();
    // Connections are let in in their order.
    assert_eq!(served.ask("GET", "/osce/all.rss", "").status, 200);
    served.shut_down();
    fresh.send(GET);
    assert_eq!(fresh.reply(false).status, 200);
    assert_eq!(fresh.rest(), b"", "and closed");
}

#[test]
fn the_shutdown_closes_what_is_idle_and_finishes_what_is_under_way() {
    let mut served = Served::new(|settings| settings.drain = Duration::from_secs(3_600));
    served.fill();
    let size = served.put_huge(b'x');
    let (mut idle, mut busy) = (served.connect(), served.connect());
    idle.send(GET);
    assert_eq!(idle.reply(false).status, 200);
    busy.send(GET_HUGE);
    let mut head = busy.head();
    served.shut_down();
    assert_eq!(idle.rest(), b"", "closed at once");
    let began = Instant::now();
    while TcpStream::connect(served.address).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(30), "nobody is let in any more");
        std::thread::yield_now();
    }
    head.body = vec![0; size];
    busy.0.read_exact(&mut head.body).expect("a whole body");
    assert_eq!(busy.rest(), b"", "and closed");
    served.ended();
}

#[test]
fn the_shutdown_waits_no_longer_than_its_deadline() {
    let mut served = Served::new(|settings| settings.drain = Duration::from_millis(100));
    let size = served.put_huge(b'x');
    let (mut stalled, mut half) = (served.connect(), served.connect());
    half.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /osc");
    assert_eq!(half.reply(false).status, 404);
    stalled.send(GET_HUGE);
    assert_eq!(stalled.head().status, 200);
    let began = Instant::now();
    served.shut_down();
    served.ended();
    assert!(began.elapsed() < Duration::from_secs(20), "the other limits are 30 s");
    assert!(stalled.rest().len() < size);
    assert_eq!(half.rest(), b"");
}

#[test]
fn every_address_is_served_and_a_taken_port_is_said_in_one_sentence() {
    let server = Server::bind(&[free_port(), free_port()]).expect("free ports");
    let addresses = server.addresses();
    let error = Server::bind(&[addresses[1].into()]).expect_err("taken").to_string();
    let hint = "another program listens there already; stop it or change the address in [http]";
    assert_eq!(error, format!("cannot listen at {}: {hint}", addresses[1]));
    let served = Served::of(server, |_| {});
    served.fill();
    for address in addresses {
        let mut client = Client::new(address);
        client.send(GET);
        assert_eq!(client.reply(false).status, 200);
    }
}
