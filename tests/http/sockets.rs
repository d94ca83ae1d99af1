//! Listeners of other kinds than a port of IPv4.

use std::io::BufReader;
use std::net::{Ipv6Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};

use newsroomd::http::{Address, Server};

use crate::client::{Client, Served, free_port};

const GET: &str = "GET /osce/all.rss HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_socket_is_served_beside_a_port_and_goes_with_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("http.sock");
    drop(UnixListener::bind(&path).expect("what a process left that is no more"));
    let server = Server::bind(&[free_port(), Address::Unix(path.clone(), 0o640)]).expect("both");
    assert_eq!(server.shown()[1], format!("unix:{}", path.display()));
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o640);
    let error = Server::bind(&[Address::Unix(path.clone(), 0o640)]).expect_err("taken").to_string();
    let hint = "another program listens there already; stop it or change the address in [http]";
    assert_eq!(error, format!("cannot listen at {}: {hint}", path.display()));

    // Those who come by the socket are not counted as one client.
    let mut served = Served::of(server, |settings| settings.connections_per_client = 1);
    served.fill();
    let mut clients: Vec<_> = (0..3).map(|_| Client(BufReader::new(UnixStream::connect(&path).expect("a connection")))).collect();
    for client in &mut clients {
        client.send(GET);
        assert_eq!(client.reply(false).body.len(), 3_012);
    }
    assert_eq!(served.ask("GET", "/osce/all.rss", "").status, 200);
    served.shut_down();
    served.ended();
    assert!(!path.exists(), "taken away");
}

#[test]
fn a_port_of_ipv6_is_served() {
    let Ok(server) = Server::bind(&[SocketAddr::from((Ipv6Addr::LOCALHOST, 0)).into()]) else {
        eprintln!("not tested: this machine has no IPv6");
        return;
    };
    let served = Served::of(server, |_| {});
    served.fill();
    assert!(served.address.is_ipv6());
    assert_eq!(served.ask("GET", "/osce/all.rss", "").status, 200);
}
