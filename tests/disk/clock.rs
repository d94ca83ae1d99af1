//! Clocks that jump. Promised: set back or forward, by minutes or by years, polls go on, at once where a stored time lies ahead; gaps and waits that were
//! noted by a wrong clock hold nobody up; no feed says that it changed earlier than it said before; guids stay.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::doctor::{problems, rows};
use crate::support::binary::{Place, Run};
use crate::support::daemon::{Daemon, LISTEN};
use crate::support::limits::clock_library;
use crate::support::listing::source;
use crate::support::newsroom::Reply;
use crate::support::process::Process;
use crate::support::scene::Scene;
use crate::support::tree;

const DAY: i64 = 86_400;

/// A clock that is off by what a file says.
struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    fn new(place: &Place) -> Self {
        let clock = Self { library: clock_library(place.path()), file: place.path().join("clock") };
        clock.set(0);
        clock
    }

    /// Off by so many seconds from now on.
    fn set(&self, seconds: i64) {
        let next = self.file.with_extension("next");
        fs::write(&next, format!("{seconds:+}")).expect("a file");
        fs::rename(&next, &self.file).expect("renamed");
    }

    fn command(&self, place: &Place, args: &[&str]) -> Command {
        let mut command = place.command(args);
        command.env("LD_PRELOAD", &self.library).env("TEST_CLOCK", &self.file);
        command
    }

    fn run(&self, place: &Place, args: &[&str]) -> Run {
        self.command(place, args).output().expect("the binary runs").into()
    }
}

fn updated(scene: &Scene) -> DateTime<Utc> {
    tree::changed(&scene.feeds(), "news/all")
}

#[test]
fn rounds_by_a_clock_that_jumps_lose_nothing_and_never_go_back() {
    let scene = Scene::new("", "every = \"1h\"");
    let clock = Clock::new(&scene.place);
    scene.show(&[&rows(5)]);
    clock.run(&scene.place, &["once"]).ok();
    let (mut before, began) = (updated(&scene), Instant::now());
    let jumps = [400 * DAY, 0, -400 * DAY, 30, 10 * DAY, -3_600, 0];
    for (n, offset) in jumps.into_iter().enumerate() {
        clock.set(offset);
        scene.newsroom.take_log();
        scene.show(&[&rows(6 + n)]);
        // Forward by more than the interval, or back: it is due, without being told to.
        let due = ![30, -3_600, 0].contains(&offset) || n == 1;
        let args = if due { &["once"][..] } else { &["once", "--all"] };
        let run = clock.run(&scene.place, args).ok();
        assert!(run.stdout.contains("1 new"), "{offset}: {run:#?}");
        let now = updated(&scene);
        assert!(now > before, "{offset}: {before} then {now}");
        before = now;
    }
    assert!(began.elapsed() < Duration::from_secs(60), "nothing waits for what a wrong clock noted");
    assert_eq!(scene.entries().len(), 12);
    assert_eq!(problems(&scene.place), []);
    let other = scene.beside("", "");
    other.place.once();
    let ids = |scene: &Scene| scene.entries().into_iter().map(|e| e.id).collect::<Vec<_>>();
    assert_eq!(ids(&scene), ids(&other));
}

#[test]
fn a_wait_that_a_wrong_clock_noted_holds_nobody_up() {
    let scene = Scene::new("", "every = \"1h\"");
    let clock = Clock::new(&scene.place);
    scene.show(&[&rows(3)]);
    clock.run(&scene.place, &["once"]).ok();
    clock.set(30 * DAY);
    scene.newsroom.set("/news", Reply::Full(503, vec![("retry-after", "86000".into())], Vec::new()));
    clock.run(&scene.place, &["once", "--all"]);
    scene.show(&[&rows(4)]);
    let run = clock.run(&scene.place, &["once", "--all"]);
    assert!(!run.stdout.contains("1 new"), "it is kept while the clock says so: {run:#?}");
    clock.set(0);
    let run = clock.run(&scene.place, &["once"]).ok();
    assert!(run.stdout.contains("1 new"), "{run:#?}");
}

#[test]
fn a_daemon_goes_on_when_the_clock_is_set() {
    let scene = Scene::new("", "");
    let source = source(&scene.newsroom, "news", "News", "/news", "every = \"2s\"");
    scene.place.configure("", &format!("{LISTEN}{source}"));
    let clock = Clock::new(&scene.place);
    scene.show(&[&rows(3)]);
    let mut process = Process::start(&mut clock.command(&scene.place, &["run"]));
    let line = process.stderr.wait(&["serving", "addresses="]);
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok()).expect("an address");
    process.stderr.wait(&["ready"]);
    let mut daemon = Daemon { process, address };
    daemon.published(&["new="]);
    let mut before = updated(&scene);
    for (n, offset) in [3 * DAY, -2 * DAY, 0].into_iter().enumerate() {
        clock.set(offset);
        scene.show(&[&rows(4 + n)]);
        daemon.published(&["new=1"]);
        let now = updated(&scene);
        assert!(now > before, "{offset}: {before} then {now}");
        before = now;
        daemon.assert_serves(&scene.place);
    }
    daemon.stop();
}
