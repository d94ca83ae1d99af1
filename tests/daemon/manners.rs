//! The daemon as a guest. Promised: gaps and robots.txt hold over restarts and beside other processes; a stop does not wait for anybody's turn; what a
//! host asks for is waited for, and then its sources are polled again by themselves; what was asked is counted, to the last request.

use std::time::Duration;

use crate::support::binary::Place;
use crate::support::daemon::{Daemon, LISTEN};
use crate::support::listing::{page, row, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::process::eventually;

const GAP: Duration = Duration::from_millis(200);

/// So many sources of one newsroom, polled every second if their turn comes, with this gap.
fn site(sources: usize, gap: Duration) -> (Newsroom, Place) {
    let newsroom = Newsroom::start();
    let one = |n: usize| {
        newsroom.page(&format!("/{n}"), &page(&[row(&format!("Item {n}"), "1 May 2024", &format!("/item/{n}"))], None));
        source(&newsroom, &format!("s{n}"), &format!("Source {n}"), &format!("/{n}"), "every = \"1s\"")
    };
    let place = Place::new("", &format!("{LISTEN}{}", (0..sources).map(one).collect::<String>()));
    let text = std::fs::read_to_string(place.config()).expect("a config");
    let text = text.replace("min-gap = \"0s\"", &format!("min-gap = \"{}ms\"", gap.as_millis()));
    std::fs::write(place.config(), text).expect("a config");
    (newsroom, place)
}

#[test]
fn a_morning_of_polls_with_restarts_and_other_processes_is_one_robots_txt_and_gaps() {
    let (newsroom, place) = site(3, GAP);
    newsroom.robots("User-agent: *\nDisallow: /private\n");
    for round in 1..4 {
        let daemon = Daemon::start(&place);
        let before = newsroom.requests();
        newsroom.wait_for(before + 4);
        place.run(&["preview", "s1"]).ok();
        if round == 2 { daemon.kill() } else { drop(daemon.stop()) }
    }
    let requests = newsroom.all_requests();
    // A request that a kill cut off ended with it: its gap counts from its beginning, which is a little before it came.
    let slack = Duration::from_millis(20);
    for two in requests.windows(2) {
        let gap = two[1].at - two[0].at;
        assert!(gap + slack >= GAP, "{} came {gap:?} after {}", two[1].path, two[0].path);
    }
    assert_eq!(newsroom.take_robots(), 1);
    assert_eq!(newsroom.most_at_a_time_of_all(), 1);
    let repeated = requests.iter().filter(|r| r.status == 304).count();
    assert!(repeated * 3 > requests.len(), "{repeated} of {} were conditional and not modified", requests.len());
}

#[test]
fn a_stop_waits_for_nobodys_turn() {
    let (newsroom, place) = site(3, Duration::from_secs(3_600));
    let daemon = Daemon::start(&place);
    // robots.txt was asked for; the pages have to wait for an hour.
    eventually("robots.txt", || !newsroom.all_requests().is_empty());
    let ended = daemon.stop();
    assert!(ended.took < Duration::from_secs(4), "{:?}", ended.took);
    assert_eq!(newsroom.all_requests().len(), 1);
}

#[test]
fn what_a_host_asks_for_is_waited_for_and_then_it_is_polled_again() {
    let (newsroom, place) = site(2, Duration::ZERO);
    place.once();
    newsroom.take_log();
    let refusal = || Reply::Full(503, vec![("Retry-After", "3".into())], Vec::new());
    newsroom.set("/0", refusal());
    newsroom.set("/1", refusal());
    let mut daemon = Daemon::start(&place);
    daemon.wait(&["the host asks to be left alone", "status=503"]);
    for n in 0..2 {
        newsroom.page(&format!("/{n}"), &page(&[row(&format!("News {n}"), "2 May 2024", &format!("/news/{n}"))], None));
    }
    newsroom.wait_for(3);
    let requests = newsroom.take_log();
    assert_eq!(requests[0].status, 503);
    let wait = requests[1].at - requests[0].at;
    assert!(wait >= Duration::from_millis(2_900), "asked again after {wait:?}");
    daemon.wait(&[" polled ", "new=1"]);
    daemon.stop();
}

#[test]
fn what_was_asked_is_counted_to_the_last_request() {
    let (newsroom, place) = site(2, Duration::ZERO);
    let daemon = Daemon::start(&place);
    newsroom.wait_for(5);
    // Beside it, nothing is in its way.
    place.run(&["manners"]).ok();
    daemon.stop();
    let report = place.run(&["manners", "--json"]).ok().json();
    let all = newsroom.all_requests();
    // The stop may have cut off one that had come already.
    let counted = report["hosts"][0]["requests"].as_u64().expect("a number");
    let came = all.len() as u64;
    assert!(counted == came || counted + 1 == came, "{counted} of {came}: {report:#}");
}
