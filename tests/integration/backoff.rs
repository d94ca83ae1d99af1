//! What fails is asked ever less often. Promised:
//! - from the second failed poll in a row on the wait doubles, over restarts, since it stands in the store; it never ends for good;
//! - one good poll, and the schedule is as before;
//! - `once` says that a source waits, until when and why; `--all` waits too, `--now` does not.

use crate::support::database;
use crate::support::listing::row;
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;

/// In how many seconds from its last poll the source is due.
fn wait(scene: &Scene) -> i64 {
    let due = database::texts(&scene.place.database(), "SELECT (due - polled) || '' FROM source");
    due[0].parse().expect("a number")
}

fn scene() -> Scene {
    let scene = Scene::new("", "every = \"10m\"");
    scene.poll(&[row("One", "1 May 2024", "/1")]);
    scene.newsroom.take_log();
    scene
}

#[test]
fn failures_in_a_row_double_the_wait_over_restarts() {
    for broken in [Reply::Status(503), Reply::HangUp, Reply::Page(b"<p>We are being redesigned".to_vec())] {
        let scene = scene();
        scene.newsroom.set("/news", broken.clone());
        // Ten minutes, with up to half a minute for the sake of others; then doubled, a tenth more or less; six hours at most, 32 intervals at most.
        for (failure, usual) in [600, 1_200, 2_400, 4_800, 9_600, 19_200, 19_200, 19_200].into_iter().enumerate() {
            database::due_in(&scene.place.database(), -1);
            assert_eq!(scene.place.run(&["once"]).code, Some(75), "{broken:?}");
            let (wait, jitter) = (wait(&scene), if failure == 0 { 0 } else { usual / 10 });
            assert!((usual - jitter..=usual + jitter + 30).contains(&wait), "{broken:?}, failure {failure}: {wait} s");
        }
        scene.show(&[&[row("Two", "2 May 2024", "/2"), row("One", "1 May 2024", "/1")]]);
        database::due_in(&scene.place.database(), -1);
        scene.place.run(&["once"]).ok();
        assert_eq!(scene.titles("news/all"), ["Two", "One"], "{broken:?}");
        let wait = wait(&scene);
        assert!((600..=630).contains(&wait), "{broken:?}: {wait} s after a good poll");
    }
}

#[test]
fn once_says_that_a_source_waits_and_why() {
    let scene = scene();
    scene.newsroom.set("/news", Reply::Status(503));
    // Once is no reason to wait longer than the schedule says.
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    scene.newsroom.take_log();
    for args in [&["once"][..], &["once", "--all"]] {
        let run = scene.place.run(args).ok();
        assert!(run.stdout.contains("news: waits until ") && run.stdout.contains(" UTC after 2 failures: page 1"), "{run:?}");
        assert!(run.stdout.contains("503") && run.stderr.is_empty(), "{run:?}");
    }
    let told = scene.place.run(&["once", "--all", "--json"]).ok().json();
    let source = &told["sources"][0];
    assert_eq!((&source["outcome"], &source["why"]["failures"]), (&"waiting".into(), &2.into()), "{told:#}");
    assert!(source["why"]["error"].as_str().is_some_and(|e| e.contains("503")), "{told:#}");
    assert_eq!(scene.newsroom.take_log().len(), 0, "the newsroom was not troubled");
    assert_eq!(scene.place.run(&["once", "--now"]).code, Some(75));
    assert_eq!(scene.newsroom.take_log().len(), 1);
}

#[test]
fn a_run_that_dies_while_a_source_fails_does_not_shorten_the_wait() {
    let scene = scene();
    scene.newsroom.set("/news", Reply::Status(503));
    for _ in 0..2 {
        assert_eq!(scene.place.run(&["once", "--all"]).code, Some(75));
    }
    scene.newsroom.set("/news", Reply::Silence);
    scene.newsroom.take_log();
    let mut child = scene.place.command(&["once", "--now"]).spawn().expect("the binary runs");
    scene.newsroom.wait_for(1);
    child.kill().expect("killed");
    child.wait().expect("ended");
    let wait = wait(&scene);
    assert!((2_160..=2_670).contains(&wait), "{wait} s: as if it had failed");
}

#[test]
fn a_closer_schedule_shortens_the_wait_and_keeps_the_back_off() {
    let scene = scene();
    scene.newsroom.set("/news", Reply::Status(503));
    for _ in 0..3 {
        assert_eq!(scene.place.run(&["once", "--all", "--now"]).code, Some(75));
    }
    scene.configure("", "every = \"2m\"");
    assert!(scene.place.run(&["once"]).ok().stdout.contains("after 3 failures"));
    let wait = wait(&scene);
    assert!((430..=560).contains(&wait), "{wait} s: four times two minutes");
}

#[test]
fn corrected_rules_do_not_wait_for_what_failed_by_others() {
    let scene = scene();
    scene.newsroom.page("/news", "<!doctype html><html><p class=row>Two, 2 May 2024");
    for _ in 0..3 {
        assert_eq!(scene.place.run(&["once", "--all", "--now"]).code, Some(75));
    }
    scene.newsroom.take_log();
    // By the same rules it waits, however often it is looked at.
    assert!(scene.place.run(&["once"]).ok().stdout.contains("after 3 failures"));
    assert_eq!(scene.newsroom.requests(), 0);
    scene.configure("", "every = \"10m\"\ncharset = \"utf-8\"");
    assert_eq!(scene.place.run(&["once"]).code, Some(75), "other rules are tried at once");
    assert_eq!(scene.newsroom.requests(), 1);
    assert!(scene.place.run(&["once"]).ok().stdout.contains("after 4 failures"), "and wait then");
    assert_eq!(scene.newsroom.requests(), 1);
}
