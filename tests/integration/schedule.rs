//! When sources are polled. Promised: `once` polls what is due, and what is due within the slack of a cron that starts early; `--all` polls
//! all; the next due time is stored before a request goes out, so that a crash loop cannot hammer a newsroom.

use std::process::Stdio;

use crate::support::database;
use crate::support::listing::{page, row, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::scene::Scene;
use crate::support::tree;

#[test]
fn a_source_is_polled_when_it_is_due() {
    let scene = Scene::new("", "every = \"15m\"");
    scene.show(&[&[row("One", "1 May 2024", "/1")]]);
    let run = scene.place.run(&["once"]).ok();
    assert!(run.stdout.contains("1 new"), "{run:?}");
    scene.newsroom.take_log();
    for (due_in, polls) in [(900, 0), (120, 0), (30, 1), (-1, 1), (-900_000, 1)] {
        database::due_in(&scene.place.database(), due_in);
        let run = scene.place.run(&["once"]).ok();
        assert_eq!(scene.newsroom.take_log().len(), polls, "due in {due_in} s: {run:?}");
        assert_eq!(run.stdout.contains("not due before"), polls == 0, "{run:?}");
    }
    // Polled just now.
    let report = scene.place.run(&["once", "--json"]).ok().json();
    assert_eq!(report["sources"][0]["outcome"], "waiting");
    scene.place.once();
    assert_eq!(scene.newsroom.take_log().len(), 1, "--all asks nobody's leave");
}

#[test]
fn a_source_that_waits_does_not_hold_up_another() {
    let scene = Scene::new("", "");
    scene.poll(&[row("One", "1 May 2024", "/1")]);
    scene.newsroom.page("/more", &page(&[row("Two", "2 May 2024", "/2")], None));
    let first = source(&scene.newsroom, "news", "News", "/news", "");
    scene.place.configure("", &format!("{first}{}", source(&scene.newsroom, "more", "More", "/more", "")));
    scene.newsroom.take_log();
    scene.place.run(&["once"]).ok();
    assert_eq!(scene.newsroom.take_visits(), [("/more".to_owned(), 200)]);
    assert_eq!(tree::titles(&scene.feeds(), "more/all"), ["Two"]);
}

#[test]
fn a_run_that_dies_in_its_request_does_not_ask_again_at_once() {
    let scene = Scene::new("", "");
    scene.newsroom.set("/news", Reply::Silence);
    let mut child = scene.place.command(&["once"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
    scene.newsroom.wait_for(1);
    child.kill().expect("killed");
    child.wait().expect("ended");
    scene.show(&[&[row("One", "1 May 2024", "/1")]]);
    scene.newsroom.take_log();
    for _ in 0..3 {
        let run = scene.place.run(&["once"]).ok();
        assert!(run.stdout.contains("not due before"), "{run:?}");
    }
    assert_eq!(scene.newsroom.take_log().len(), 0);
    scene.place.once();
    assert_eq!(scene.titles("news/all"), ["One"]);
}

#[test]
fn a_poll_that_failed_is_not_repeated_at_once() {
    let newsroom = Newsroom::start();
    let scene =
        Scene { place: crate::support::binary::Place::new("", &source(&newsroom, "news", "News", "/news", "")), newsroom };
    scene.newsroom.set("/news", Reply::Status(503));
    assert_eq!(scene.place.run(&["once"]).code, Some(75));
    scene.newsroom.take_log();
    scene.place.run(&["once"]).ok();
    assert_eq!(scene.newsroom.take_log().len(), 0);
}

#[test]
fn cron_is_obeyed() {
    // Once a year, and not today: 29 February.
    let scene = Scene::new("", "cron = \"0 0 29 2 *\"");
    scene.show(&[&[row("One", "1 May 2024", "/1")]]);
    scene.place.run(&["once"]).ok();
    assert_eq!(scene.newsroom.take_log().len(), 1, "a source never polled is due");
    let run = scene.place.run(&["once"]).ok();
    // Up to half a minute later: sources that are due together are not asked together.
    assert!(run.stdout.contains("-02-28 23:00:") && run.stdout.contains("not due before"), "midnight in Vienna: {run:?}");
    assert_eq!(scene.newsroom.take_log().len(), 0);
}

#[test]
fn a_closer_schedule_counts_from_the_last_poll() {
    let scene = Scene::new("", "every = \"24h\"");
    scene.poll(&[row("One", "1 May 2024", "/1")]);
    database::poll_was(&scene.place.database(), 3_600);
    scene.newsroom.take_log();
    assert!(scene.place.run(&["once"]).ok().stdout.contains("not due before"));
    scene.configure("", "every = \"2h\"");
    assert!(scene.place.run(&["once"]).ok().stdout.contains("not due before"), "polled an hour ago");
    scene.configure("", "every = \"30m\"");
    scene.place.run(&["once"]).ok();
    assert_eq!(scene.newsroom.take_log().len(), 1, "an hour is more than half an hour");
}

#[test]
fn a_clock_that_ran_ahead_does_not_silence_a_source() {
    let scene = Scene::new("", "every = \"15m\"");
    scene.poll(&[row("One", "1 May 2024", "/1")]);
    // The poll began, and the next is due, in a year that is not yet.
    database::poll_was(&scene.place.database(), -300 * 86_400);
    scene.newsroom.take_log();
    scene.place.run(&["once"]).ok();
    assert_eq!(scene.newsroom.take_log().len(), 1);
    assert!(scene.place.run(&["once"]).ok().stdout.contains("not due before"));
}
