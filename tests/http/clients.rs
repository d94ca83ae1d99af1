//! How many connections a client may have.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use newsroomd::domain::Network;

use crate::client::Served;

const GET: &str = "GET /osce/all.rss HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_client_that_has_all_its_connections_gets_no_other_until_one_ends() {
    let served = Served::new(|settings| settings.connections_per_client = 2);
    served.fill();
    let (mut first, mut second) = (served.connect(), served.connect());
    for client in [&mut first, &mut second] {
        client.send(GET);
        assert_eq!(client.reply(false).status, 200);
    }
    assert_eq!(served.connect().rest(), b"", "closed without a word");
    first.send(GET);
    assert_eq!(first.reply(false).status, 200, "those that there are go on");
    drop(first);
    let began = Instant::now();
    loop {
        let mut third = served.connect();
        third.try_send(GET);
        if third.rest_within(Duration::from_millis(200)).starts_with(b"HTTP/1.1 200") {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "never let in");
    }
}

#[test]
fn a_trusted_proxy_has_as_many_as_it_needs() {
    let served = Served::new(|settings| {
        settings.connections_per_client = 1;
        settings.trusted.networks = vec![Network::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 32).expect("a network")];
    });
    served.fill();
    let mut clients: Vec<_> = (0..5).map(|_| served.connect()).collect();
    for client in &mut clients {
        client.send(GET);
        assert_eq!(client.reply(false).status, 200);
    }
}
