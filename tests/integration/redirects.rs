//! Redirects, followed hop by hand. Promised: a moved page is read where it is; one that leads nowhere or in a circle is told, and no feed is
//! changed for it; a name and password in a location are not sent.

use std::time::Duration;

use newsroomd::fetch::address::Network;
use newsroomd::fetch::{Ask, FetchError, Fetcher, Policy};
use url::Url;

use crate::support::listing::row;
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;

fn fails(location: &str, told: &str) {
    let scene = Scene::new("", "");
    scene.poll(&[row("One", "1 May 2024", "/1")]);
    scene.newsroom.set("/news", Reply::Redirect(location.into()));
    let run = scene.place.run(&["once", "--all"]);
    assert_eq!(run.code, Some(75), "{run:?}");
    assert!(run.stderr.contains(told), "{run:?}");
    assert_eq!(scene.titles("news/all"), ["One"]);
}

#[test]
fn a_circle_is_told() {
    fails("/news", "leads from one address to the next, more than 10 times");
}

#[test]
fn a_location_that_is_no_web_address_is_told() {
    fails("ftp://example.org/news", "redirects to \"ftp://example.org/news\", which is no http or https address");
    fails("", "redirects to \"\"");
}

#[test]
fn a_name_and_password_in_a_location_are_not_sent() {
    let scene = Scene::new("", "");
    scene.newsroom.page("/moved", &crate::support::listing::page(&[row("One", "1 May 2024", "/1")], None));
    scene.newsroom.set("/news", Reply::Redirect(format!("http://me:secret@{}/moved", scene.newsroom.host())));
    scene.place.once();
    assert_eq!(scene.titles("news/all"), ["One"]);
    let log = scene.newsroom.take_log();
    assert_eq!(log.len(), 2);
    assert!(log.iter().all(|request| !request.headers.contains_key("authorization")), "{log:?}");
}

/// Matching robots.txt takes time in its length, and no page has such an address.
#[test]
fn an_address_without_measure_is_not_followed() {
    let scene = Scene::new("", "");
    scene.poll(&[row("One", "1 May 2024", "/1")]);
    let long = format!("/{}", "a".repeat(8_192));
    scene.newsroom.set("/news", Reply::Redirect(long.clone()));
    let run = scene.place.run(&["once", "--all"]);
    assert!(run.code == Some(75) && run.stderr.contains("longer than 8192 bytes"), "{run:?}");
    assert!(run.stderr.len() < 2_000, "it is not told in full");
    let scene = Scene::new("", "");
    scene.newsroom.page("/news", &crate::support::listing::page(&[row("One", "1 May 2024", "/1")], Some(&long)));
    let run = scene.place.once();
    assert!(run.stderr.contains("next") && run.stderr.contains("longer than 8192 bytes"), "{run:?}");
    assert_eq!(scene.titles("news/all"), ["One"]);
    assert!(scene.newsroom.take_log().iter().all(|request| request.path == "/news"));
}

/// Each new host costs a robots.txt, a file and a row a day.
#[test]
fn redirects_lead_to_few_new_hosts() {
    let home = Url::parse("http://127.0.0.1:1/").expect("a URL");
    let policy = Policy {
        min_gap: Duration::ZERO,
        allow_networks: vec![Network::new([127, 0, 0, 0].into(), 8).expect("a network")],
        ..Policy::default()
    };
    let fetcher = Fetcher::new(&policy).expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for n in 1..=60 {
            let url = Url::parse(&format!("http://127.0.1.{n}:1/")).expect("a URL");
            let ask = Ask { home: &home, ..Ask::whole(&url) };
            let error = fetcher.get(&ask).await.expect_err("nobody is there");
            assert_eq!(matches!(error, FetchError::ManyHosts { .. }), n > 20, "{n}: {error}");
        }
        // Its own, and those that were asked already, may be.
        for url in ["http://127.0.0.1:1/", "http://127.0.1.3:1/"] {
            let url = Url::parse(url).expect("a URL");
            let error = fetcher.get(&Ask { home: &home, ..Ask::whole(&url) }).await.expect_err("nobody is there");
            assert!(!matches!(error, FetchError::ManyHosts { .. }), "{error}");
        }
    });
    assert_eq!(fetcher.take_counts().len(), 21);
}
