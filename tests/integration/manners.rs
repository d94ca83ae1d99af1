//! A guest's manners. Promised:
//! - one request at a time to a host, and `min-gap` between two, over all sources and all processes; a process that is killed holds up nobody;
//! - who waits for one host's turn keeps no other host from being asked, and the time of waiting is not the time of a request;
//! - the user agent says who asks; commands that go on asking warn as long as the config does not say it;
//! - validators go back as they came, also after a 304 that left them out; others in a 304 replace them;
//! - `manners` tells what the newsroom's own log tells.

use std::ops::Range;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use newsroomd::fetch::address::Network;
use newsroomd::fetch::{Ask, Fetcher, Policy};
use url::Url;

use crate::support::binary::{Place, Run};
use crate::support::database;
use crate::support::listing::{page, row, source};
use crate::support::newsroom::{Newsroom, Reply, Request};
use crate::support::process::eventually;
use crate::support::scene::Scene;

const GAP: Duration = Duration::from_millis(250);

/// Changes the config's text.
#[track_caller]
pub fn edit(place: &Place, from: &str, to: &str) {
    let text = std::fs::read_to_string(place.config()).expect("a config");
    assert!(text.contains(from), "{from}");
    std::fs::write(place.config(), text.replacen(from, to, 1)).expect("a config");
}

/// So many sources of one newsroom.
fn sources(newsroom: &Newsroom, count: usize) -> String {
    let one = |n: usize| {
        newsroom.page(&format!("/{n}"), &page(&[row(&format!("Item {n}"), "1 May 2024", &format!("/item/{n}"))], None));
        source(newsroom, &format!("s{n}"), &format!("Source {n}"), &format!("/{n}"), "")
    };
    (0..count).map(one).collect()
}

fn with_gap(newsroom: &Newsroom, count: usize) -> Place {
    let place = Place::new("", &sources(newsroom, count));
    edit(&place, "min-gap = \"0s\"", &format!("min-gap = \"{}ms\"", GAP.as_millis()));
    place
}

fn start(place: &Place) -> Child {
    place.command(&["once", "--all"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
}

fn end(child: Child) {
    Run::from(child.wait_with_output().expect("ended")).ok();
}

#[track_caller]
fn assert_gaps(requests: &[Request]) {
    for two in requests.windows(2) {
        let gap = two[1].at - two[0].at;
        assert!(gap >= GAP, "{} came {gap:?} after {}", two[1].path, two[0].path);
    }
}

#[test]
fn sources_of_one_host_are_asked_one_at_a_time_with_a_gap() {
    let newsroom = Newsroom::start();
    let place = with_gap(&newsroom, 3);
    place.once();
    let requests = newsroom.all_requests();
    assert_eq!(requests.len(), 4, "robots.txt and three pages: {requests:?}");
    assert_eq!(requests[0].path, "/robots.txt");
    assert_gaps(&requests);
    assert_eq!(newsroom.most_at_a_time_of_all(), 1);
    // The next run remembers.
    place.once();
    let requests = newsroom.all_requests();
    assert_eq!(requests.len(), 7);
    assert_gaps(&requests);
}

/// Processes that take no lock for publishing, each looking at one of the pages.
fn previews(place: &Place, of: Range<usize>) -> Vec<Child> {
    let preview = |n: usize| {
        let source = format!("s{n}");
        place.command(&["preview", &source]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
    };
    of.map(preview).collect()
}

#[test]
fn processes_that_run_at_once_keep_the_gap_between_them() {
    let newsroom = Newsroom::start();
    let place = with_gap(&newsroom, 3);
    place.once();
    let once = start(&place);
    previews(&place, 0..3).into_iter().chain([once]).for_each(end);
    let requests = newsroom.all_requests();
    assert_eq!(requests.len(), 10, "{requests:?}");
    assert_gaps(&requests);
    assert_eq!(newsroom.most_at_a_time_of_all(), 1);
}

#[test]
fn without_a_gap_processes_still_ask_one_at_a_time() {
    let newsroom = Newsroom::start();
    let place = Place::new("", &sources(&newsroom, 4));
    place.once();
    newsroom.take_log();
    newsroom.set("/0", Reply::Held);
    let mut children = previews(&place, 0..1);
    newsroom.wait_for(1);
    children.extend(previews(&place, 1..4));
    // Time enough for whoever does not wait.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(newsroom.requests(), 1);
    newsroom.page("/0", &page(&[row("Item 0", "1 May 2024", "/item/0")], None));
    children.into_iter().for_each(end);
    assert_eq!((newsroom.requests(), newsroom.most_at_a_time_of_all()), (4, 1));
}

#[test]
fn processes_that_start_at_once_ask_for_robots_txt_once() {
    let newsroom = Newsroom::start();
    let place = with_gap(&newsroom, 4);
    place.run(&["once"]).ok();
    database::run(&place.database(), "DELETE FROM robots");
    newsroom.take_robots();
    previews(&place, 0..4).into_iter().for_each(end);
    assert_eq!(newsroom.take_robots(), 1);
}

#[test]
fn a_process_killed_in_its_request_holds_up_nobody_for_longer_than_the_gap() {
    let newsroom = Newsroom::start();
    let place = with_gap(&newsroom, 1);
    place.once();
    newsroom.take_log();
    newsroom.set("/0", Reply::Silence);
    let began = Instant::now();
    let mut child = start(&place);
    newsroom.wait_for(1);
    child.kill().expect("killed");
    child.wait().expect("ended");
    newsroom.page("/0", &page(&[row("Later", "2 May 2024", "/later")], None));
    place.once();
    let visits = newsroom.visits("/0");
    assert_eq!(visits.len(), 2);
    assert!(visits[1] - began >= GAP && visits[1] - began < Duration::from_secs(20), "{:?}", visits[1] - began);
}

#[test]
fn waiting_for_a_turn_is_not_the_time_of_a_request() {
    let newsroom = Newsroom::start();
    let place = with_gap(&newsroom, 5);
    // Within it, the last one would have to be asked before its turn.
    edit(&place, "[fetch]", "[fetch]\ntimeout = \"700ms\"");
    place.once();
    assert_eq!(newsroom.requests(), 5);
}

#[test]
fn sources_that_wait_for_one_host_hold_up_no_other() {
    let (slow, quick) = (Newsroom::start(), Newsroom::start());
    // More than there are requests at a time, each an hour after the one before.
    slow.robots("User-agent: *\nCrawl-delay: 3600\n");
    quick.page("/news", &page(&[row("Quick", "1 May 2024", "/quick")], None));
    let place = Place::new("", &format!("{}{}", sources(&slow, 70), source(&quick, "quick", "Quick", "/news", "")));
    edit(&place, "[fetch]", "[fetch]\nmax-crawl-delay = \"1h\"");
    quick.set("/robots.txt", Reply::Held);
    let mut child = start(&place);
    eventually("the slow one's robots.txt", || !slow.all_requests().is_empty());
    // Time enough for all to stand in line.
    std::thread::sleep(Duration::from_millis(300));
    quick.robots("");
    quick.wait_for(1);
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(slow.requests(), 0);
}

#[test]
fn the_user_agent_says_who_asks_and_commands_that_go_on_asking_want_to_know() {
    let scene = Scene::new("", "");
    scene.poll(&[row("One", "1 May 2024", "/1")]);
    let agent = |scene: &Scene| scene.newsroom.all_requests().pop().expect("a request").headers["user-agent"].clone();
    assert_eq!(agent(&scene), format!("newsroomd/{} (+https://example.org/bot)", env!("CARGO_PKG_VERSION")));
    edit(&scene.place, "contact = \"https://example.org/bot\"\n", "");
    for (args, warns) in [
        (&["once", "--all"][..], true),
        (&["check"], true),
        (&["preview", "news"], false),
        (&["feeds"], false),
        (&["manners"], false),
    ] {
        let run = scene.place.run(args).ok();
        assert_eq!(run.stderr.contains("[fetch] has no `contact`"), warns, "{args:?}: {run:#?}");
    }
    assert_eq!(agent(&scene), format!("newsroomd/{}", env!("CARGO_PKG_VERSION")));
}

/// A reply with these fields.
fn full(status: u16, fields: &[(&'static str, &str)], body: &str) -> Reply {
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Reply::Full(status, fields, body.as_bytes().to_vec())
}

#[test]
fn validators_outlive_a_304_that_leaves_them_out_and_yield_to_others_in_one() {
    let scene = Scene::new("", "");
    let html = page(&[row("One", "1 May 2024", "/1")], None);
    // Weak, and a date that is none: they are the server's own, and go back as they came.
    let (etag, date) = ("W/\"a, b\"", "yesterday");
    scene.newsroom.set("/news", full(200, &[("Content-Type", "text/html"), ("ETag", etag), ("Last-Modified", date)], &html));
    scene.place.once();
    let sent = |scene: &Scene| {
        scene.place.once();
        let request = scene.newsroom.take_log().pop().expect("a request");
        ["if-none-match", "if-modified-since"].map(|name| request.headers.get(name).cloned().unwrap_or_default())
    };
    scene.newsroom.take_log();
    scene.newsroom.set("/news", full(304, &[], ""));
    for _ in 0..3 {
        assert_eq!(sent(&scene), [etag, date]);
    }
    scene.newsroom.set("/news", full(304, &[("ETag", "\"c\"")], ""));
    assert_eq!(sent(&scene), [etag, date]);
    for _ in 0..2 {
        assert_eq!(sent(&scene), ["\"c\"", date]);
    }
    // What does not differ is not written.
    let before = database::tables_but_source(&scene.place.database());
    scene.place.once();
    assert_eq!(database::tables_but_source(&scene.place.database()), before);
}

#[test]
fn manners_tell_what_the_newsrooms_log_tells() {
    let scene = Scene::new("", "");
    scene.newsroom.robots("User-agent: *\nCrawl-delay: 0.05\nDisallow: /private\n");
    let rows = [row("One", "1 May 2024", "/1")];
    scene.poll(&rows);
    scene.place.once();
    scene.place.once();
    for reply in [Reply::Status(404), Reply::Status(500), Reply::HangUp, Reply::Redirect(scene.newsroom.url("/gone"))] {
        scene.newsroom.set("/news", reply);
        assert_eq!(scene.place.run(&["once", "--all", "--now"]).code, Some(75));
    }
    scene.poll(&rows);
    let retry = full(503, &[("Retry-After", "600")], "");
    scene.newsroom.set("/news", retry);
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    scene.place.run(&["once", "--all"]).ok();
    let requests = scene.newsroom.all_requests();
    let count = |of: &dyn Fn(u16) -> bool| requests.iter().filter(|r| of(r.status)).count();
    let report = scene.place.run(&["manners", "--json"]).ok().json();
    let host = &report["hosts"][0];
    assert_eq!(host["host"], scene.newsroom.host());
    for (key, want) in [
        ("requests", requests.len()),
        ("robots-requests", 1),
        ("not-modified", count(&|s| s == 304)),
        ("success", count(&|s| s == 200)),
        ("redirects", count(&|s| s == 302)),
        ("client-errors", count(&|s| s == 404)),
        ("server-errors", count(&|s| s >= 500)),
        ("unanswered", count(&|s| s == 0)),
        ("retry-after", 1),
        ("retry-after-ms", 600_000),
        ("not-asked", 1),
    ] {
        assert_eq!(host[key], want, "{key}: {report:#}");
    }
    assert!(host["least-gap-ms"].as_u64().expect("a gap") >= 50, "{report:#}");
    let bytes = page(&rows, None).len() + "User-agent: *\nCrawl-delay: 0.05\nDisallow: /private\n".len();
    assert_eq!(host["bytes"], bytes);
    assert_eq!((&host["robots"][0]["crawl-delay"], &host["robots"][0]["sources"][0]["allowed"]), (&0.05.into(), &true.into()));
    assert!(host["left-alone-until"].is_string(), "{report:#}");

    let run = scene.place.run(&["manners", &scene.newsroom.host(), "--days", "1"]).ok();
    assert!(run.stdout.contains("left alone until") && run.stdout.contains("crawl-delay 50ms"), "{run:#?}");
    let run = scene.place.run(&["manners", "nobody.example"]);
    assert!(run.code == Some(1) && run.stderr.contains("no host \"nobody.example\""), "{run:#?}");
}

#[test]
fn a_request_that_is_cut_was_made() {
    let newsroom = Newsroom::start();
    newsroom.set("/news", Reply::Silence);
    let policy = Policy {
        min_gap: Duration::ZERO,
        allow_networks: vec![Network::new([127, 0, 0, 0].into(), 8).expect("a network")],
        ..Policy::default()
    };
    let fetcher = Fetcher::new(&policy).expect("a client");
    let url = Url::parse(&newsroom.url("/news")).expect("a URL");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let ask = Ask::whole(&url);
        let came = tokio::task::spawn_blocking(move || newsroom.wait_for(1));
        tokio::select! {
            fetched = fetcher.get(&ask) => panic!("{fetched:?}"),
            came = came => came.expect("it came"),
        }
    });
    let counts = fetcher.take_counts();
    let counts = counts.values().next().expect("one host");
    assert_eq!((counts.requests, counts.robots, counts.unanswered), (2, 1, 1));
}
