//! Ways inside. Promised: no address of this machine or of a private network is ever connected to, however it is written and whatever leads there,
//! unless `allow-networks` allows it; nobody's proxy is used but the configured one; no file is read for a URL.

use std::time::Duration;

use newsroomd::fetch::address::Network;
use newsroomd::fetch::{Answer, Ask, FetchError, Fetcher, Policy};

use crate::support::binary::{Place, Run};
use crate::support::listing::row;
use crate::support::raw::{Raw, answer, listing, redirect, source};
use crate::support::tree;

/// This machine by its address, in all spellings that are known to work somewhere.
const ADDRESSES: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7F.1",
    "0177.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "00000177.0.0.1",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "%31%32%37.%30.0.1",
    "127.0.0.1%2e",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:FFFF:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::1]",
    "0.0.0.0",
    "0",
    "0x0",
    "[::]",
    "127.255.255.254",
    "127.1.2.3",
];

/// And by its name.
const NAMES: &[&str] = &["localhost", "LOCALHOST", "ＬＯＣＡＬＨＯＳＴ", "localhost.", "%6cocalhost", "ip6-localhost"];

/// Where other things of value stand.
const ELSEWHERE: &[&str] = &[
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "[::ffff:169.254.169.254]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "10.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "[ff02::1]",
    "[fec0::1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::1]",
    "[::ffff:0:127.0.0.1]",
    "[2001:0:1::1]",
    "[100::1]",
];

/// Counts connections by IPv4 and IPv6, if there is IPv6.
fn trap(bytes: Vec<u8>) -> Raw {
    let ip = if std::net::TcpListener::bind(("::", 0)).is_ok() { "::" } else { "0.0.0.0" };
    Raw::start(ip, move |_, stream| std::io::Write::write_all(stream, &bytes))
}

fn one() -> Vec<u8> {
    listing(&[row("One", "1 May 2024", "/1")])
}

/// Polls every page, each of a source of its own.
fn poll(pages: &[String], keys: &str) -> (Place, Run) {
    let sources = pages.iter().enumerate().map(|(n, page)| source(&format!("s{n}"), page, keys));
    let place = Place::new("", &sources.collect::<String>());
    let run = place.run(&["once", "--all", "--json"]);
    (place, run)
}

#[track_caller]
fn all_refused(run: &Run, pages: &[String]) {
    assert_eq!(run.code, Some(75), "{run:?}");
    for (n, page) in pages.iter().enumerate() {
        let error = run.json()["sources"][n]["error"].as_str().unwrap_or_default().to_owned();
        let by_name = NAMES.iter().any(|name| page.contains(&format!("//{name}:")));
        // A spelling of the name may be unknown here.
        let refused = error.contains("is an address inside") && error.contains("allow-networks = [\"");
        assert!(refused || by_name && error.contains("cannot get"), "{page}: {error}");
    }
}

#[test]
fn no_spelling_of_this_machine_is_connected_to() {
    let trap = trap(one());
    let port = trap.port();
    let mut pages: Vec<String> = ADDRESSES.iter().chain(NAMES).map(|host| format!("http://{host}:{port}/")).collect();
    pages.extend(ELSEWHERE.iter().map(|host| format!("http://{host}/")));
    pages.extend(["127.1", "[::1]", "localhost"].map(|host| format!("https://{host}:{port}/")));
    let (place, run) = poll(&pages, "allow-networks = []");
    all_refused(&run, &pages);
    assert_eq!(trap.connections(), 0);
    for target in ["s0", &format!("http://2130706433:{port}/")] {
        let run = place.run(&if target == "s0" { vec!["preview", target] } else { vec!["preview", target, "--source", "s0"] });
        assert!(run.code != Some(0) && run.stderr.contains("127.0.0.1 is an address inside (loopback)"), "{run:?}");
    }
    assert_eq!(trap.connections(), 0);
}

#[test]
fn what_is_allowed_is_connected_to() {
    let trap = trap(one());
    let pages: Vec<String> =
        ["127.0.0.1", "127.1", "localhost", "[::ffff:127.0.0.1]"].map(|h| format!("http://{h}:{}/", trap.port())).into();
    let (place, run) = poll(&pages, "allow-networks = [\"127.0.0.0/8\"]");
    run.ok();
    assert_eq!(trap.take_requests().len(), pages.len());
    assert_eq!(tree::titles(&place.feeds(), "s2/all"), ["One"]);
}

#[test]
fn no_redirect_leads_inside() {
    let trap = trap(one());
    let port = trap.port();
    let targets: Vec<String> =
        ADDRESSES.iter().filter(|a| !a.starts_with("127.2")).chain(NAMES).map(|h| format!("http://{h}:{port}/")).collect();
    let targets: Vec<String> = targets.into_iter().chain(ELSEWHERE.iter().map(|h| format!("http://{h}/"))).collect();
    // Behind an address that is allowed, one more step, by each kind of redirect.
    let statuses = [301, 302, 303, 307, 308];
    let to = targets.clone();
    let door = Raw::start("127.0.0.2", move |head, stream| {
        let n: usize = head.split(['/', ' ']).nth(2).and_then(|n| n.parse().ok()).unwrap_or_default();
        std::io::Write::write_all(stream, &redirect(statuses[n % statuses.len()], &to[n]))
    });
    let pages: Vec<String> = (0..targets.len()).map(|n| door.url(&format!("/{n}"))).collect();
    let (_place, run) = poll(&pages, "allow-networks = [\"127.0.0.2/32\"]");
    assert_eq!(run.code, Some(75), "{run:?}");
    for (n, target) in targets.iter().enumerate() {
        let error = run.json()["sources"][n]["error"].as_str().unwrap_or_default().to_owned();
        let by_name = NAMES.iter().any(|name| target.contains(&format!("//{name}:")));
        assert!(error.contains("is an address inside") || by_name && error.contains("cannot get"), "{target}: {error}");
    }
    assert_eq!(door.take_requests().len(), targets.len());
    assert_eq!(trap.connections(), 0);
}

#[test]
fn the_next_page_does_not_lead_inside() {
    let trap = trap(one());
    let next = format!("http://127.1:{}/", trap.port());
    let html = crate::support::listing::page(&[row("One", "1 May 2024", "/1")], Some(&next));
    let door = Raw::start("127.0.0.2", move |_, stream| {
        std::io::Write::write_all(stream, &answer(200, "Content-Type: text/html\r\n", html.as_bytes()))
    });
    let (place, run) = poll(&[door.url("/")], "allow-networks = [\"127.0.0.2/32\"]\nnext = \"a[rel=next]\"");
    assert_eq!(run.code, Some(75), "{run:?}");
    assert!(run.stderr.contains("page 2 could not be read") && run.stderr.contains("127.0.0.1 is an address inside"), "{run:?}");
    assert_eq!(trap.connections(), 0);
    assert_eq!(tree::titles(&place.feeds(), "s0/all"), ["One"]);
}

#[tokio::test]
async fn a_connection_of_one_source_serves_no_stricter_one() {
    let trap = trap(answer(200, "", b"x"));
    let url = url::Url::parse(&format!("http://localhost:{}/", trap.port())).expect("a URL");
    let loopback = [Network::new([127, 0, 0, 0].into(), 8).expect("a network")];
    let policy = Policy { min_gap: Duration::ZERO, ..Policy::default() };
    let lax = Fetcher::new(&policy).expect("a client").allowing(Some(&loopback));
    let ask = Ask { obey_robots: false, ..Ask::whole(&url) };
    assert!(matches!(lax.get(&ask).await.expect("a page").answer, Answer::Page(_)));
    let strict = lax.allowing(None).get(&ask).await;
    assert!(matches!(strict, Err(FetchError::Inside { .. })), "{strict:?}");
    assert_eq!(trap.connections(), 1);
}

#[test]
fn the_proxy_is_the_configured_one() {
    let proxy = Raw::saying(one());
    let other = Raw::saying(one());
    let sources = [
        source("news", "http://news.example/list", "allow-networks = []"),
        source("inside", "http://10.1/list", "allow-networks = []"),
        source("name", "http://localhost/list", "allow-networks = []"),
    ];
    let place = Place::new("", &format!("proxy = \"{}\"\n{}", proxy.url("/"), sources.concat()));
    let mut command = place.command(&["once", "--all", "--json"]);
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
        command.env(variable, other.url("/"));
    }
    let run = Run::from(command.output().expect("the binary runs"));
    let outcomes = run.json()["sources"].as_array().expect("sources").iter().map(|s| s["outcome"].clone()).collect::<Vec<_>>();
    assert_eq!(outcomes, ["polled", "failed", "failed"], "{run:?}");
    let asked = proxy.take_requests();
    assert!(asked.len() == 1 && asked[0].starts_with("GET http://news.example/list HTTP/1.1"), "{asked:?}");
    assert_eq!(other.connections(), 0);

    place.configure("", &sources[0]);
    let mut command = place.command(&["once", "--all"]);
    command.env("http_proxy", other.url("/")).env("HTTP_PROXY", other.url("/"));
    assert_eq!(command.output().expect("the binary runs").status.code(), Some(75), "there is no news.example");
    assert_eq!(other.connections(), 0);
}

#[test]
fn a_file_is_read_by_preview_alone() {
    let file = tempfile::tempdir().expect("a folder").keep().join("saved page.html");
    std::fs::write(&file, crate::support::listing::page(&[row("One", "1 May 2024", "/1")], None)).expect("a file");
    let url = url::Url::from_file_path(&file).expect("a path").to_string();

    let place = Place::new("", &source("news", &url, ""));
    let run = place.run(&["check"]);
    assert_eq!(run.code, Some(78), "{run:?}");
    assert!(
        run.stderr.contains("must be an http or https URL, not file") && run.stderr.contains("newsroomd preview FILE"),
        "{run:?}"
    );

    let door = Raw::saying(redirect(302, &url));
    place.configure("", &source("news", &door.url("/"), ""));
    let run = place.run(&["once", "--all"]);
    assert_eq!(run.code, Some(75), "{run:?}");
    assert!(run.stderr.contains("which is no http or https address"), "{run:?}");

    let run = place.run(&["preview", &url, "--json"]).ok();
    assert_eq!(run.json()["rows"][0]["title"], "One");
    std::fs::remove_dir_all(file.parent().expect("a folder")).expect("removed");
}
