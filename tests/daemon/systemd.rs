//! What systemd is told. Promised:
//! - READY when feeds are served, RELOADING with the clock's time and READY again, STOPPING, over sockets with paths and with abstract names;
//! - a STATUS that people understand, which says what is wrong with a changed configuration;
//! - WATCHDOG twice an interval, also while another process holds the database and readers hold connections; not while something is stuck.

use std::process::Command;
use std::time::Duration;

use crate::support::daemon::{self, Daemon};
use crate::support::database;
use crate::support::listing::row;
use crate::support::manager::Manager;
use crate::support::process::Process;
use crate::support::scene::Scene;

const WATCHDOG: &str = "WATCHDOG=1";

fn scene() -> Scene {
    daemon::scene_of("every = \"1h\"", &[row("One", "1 May 2024", "/1").topics(&["A"])])
}

fn start(scene: &Scene, manager: &Manager, watchdog: Option<Duration>) -> Daemon {
    Daemon::of(Process::start_told(manager.of(&mut scene.place.command(&["run"]), watchdog), std::process::Stdio::null()))
}

#[test]
fn it_is_told_what_happens_and_how_things_stand() {
    let scene = scene();
    let mut manager = Manager::start();
    let mut daemon = start(&scene, &manager, None);
    manager.wait("READY=1");
    manager.wait("STATUS=1 source, next poll ");
    let good = std::fs::read_to_string(scene.place.config()).expect("a config");
    std::fs::write(scene.place.config(), format!("{good}nonsense = 1\n")).expect("a config");
    for (text, status) in [(None, "STATUS=the changed configuration is wrong ("), (Some(&good), "STATUS=1 source, next poll ")] {
        if let Some(text) = text {
            std::fs::write(scene.place.config(), text).expect("a config");
        }
        daemon.process.signal("HUP");
        let lines = manager.wait("RELOADING=1");
        assert!(
            lines.iter().any(|line| line.strip_prefix("MONOTONIC_USEC=").is_some_and(|n| n.parse::<u64>().is_ok())),
            "{lines:?}"
        );
        manager.wait(status);
        manager.wait("READY=1");
    }
    assert!(manager.heard.iter().any(|line| line.contains(":1: unknown key `nonsense`")), "{:#?}", manager.heard);
    daemon.stop();
    manager.wait("STOPPING=1");
    assert!(!manager.heard.iter().any(|line| line == WATCHDOG), "nobody asked for it: {:#?}", manager.heard);
}

#[test]
fn a_source_that_fails_is_in_the_status() {
    let scene = daemon::scene("every = \"1h\"");
    let mut manager = Manager::start();
    let daemon = start(&scene, &manager, None);
    manager.wait("STATUS=1 source, 1 suspect, next poll ");
    daemon.stop();
}

#[test]
#[ignore = "takes half a minute"]
fn readers_who_ask_nothing_and_a_database_that_is_held_do_not_end_it() {
    let scene = daemon::scene_of("every = \"1s\"", &[row("One", "1 May 2024", "/1").topics(&["A"])]);
    let mut manager = Manager::start();
    let every = Duration::from_secs(3);
    let mut daemon = start(&scene, &manager, Some(every));
    daemon.published(&["new=1"]);
    let readers: Vec<_> = (0..900).map_while(|_| std::net::TcpStream::connect(daemon.address).ok()).collect();
    assert_eq!(readers.len(), 900, "this test needs more descriptors: ulimit -n");
    // Longer than anything may be stuck; each write waits for ten seconds of it, and fails.
    let times = database::during(&scene.place.database(), "BEGIN EXCLUSIVE", || manager.count(WATCHDOG, 11 * every));
    assert!(times >= 18, "{times} times in 33 s");
    assert_eq!(daemon.process.stderr.count("stuck"), 0);
    drop(readers);
    daemon.wait(&["works again"]);
    daemon.stop();
}

#[test]
fn the_watchdog_hears_nothing_while_publishing_is_stuck() {
    let scene = scene();
    let mut manager = Manager::start();
    let every = Duration::from_millis(300);
    let mut daemon = start(&scene, &manager, Some(every));
    daemon.published(&["new=1"]);
    manager.wait(WATCHDOG);
    // Whoever opens it waits for somebody at the other end.
    let document = scene.feeds().join("news/all.rss");
    std::fs::remove_file(&document).expect("a document");
    assert!(Command::new("mkfifo").arg(&document).status().expect("mkfifo").success());
    daemon.process.signal("HUP");
    daemon.wait(&["publishing has been stuck for 3s"]);
    manager.wait_for_silence(WATCHDOG, 3 * every);
    assert_eq!(daemon.get("/news/all.rss").status, 200, "readers are served on");
    // The reader of a pipe that is let go of reads nothing, and the document is written anew.
    drop(std::fs::OpenOptions::new().write(true).open(&document).expect("the other end"));
    daemon.wait(&["nothing is stuck any more"]);
    manager.wait(WATCHDOG);
    daemon.stop();
}
