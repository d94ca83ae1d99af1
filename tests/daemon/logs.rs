//! What the daemon logs. Promised: JSON is an object a line; without the journal's socket lines are plain; a reload changes levels, and one with wrong
//! levels changes nothing.

use std::path::Path;

use crate::support::binary::Place;
use crate::support::daemon::{self, Daemon};
use crate::support::listing::row;
use crate::support::process::Process;

fn append(place: &Place, more: &str) {
    let text = std::fs::read_to_string(place.config()).expect("a config");
    std::fs::write(place.config(), text + more).expect("a config");
}

fn start(place: &Place, env: &[(&str, &str)]) -> Process {
    let mut command = place.command(&["run"]);
    command.env_remove("NEWSROOMD_LOG").env_remove("NEWSROOMD_LOG_FORMAT").envs(env.iter().copied());
    Process::start(&mut command)
}

#[test]
fn json_is_an_object_a_line() {
    let scene = daemon::scene_of("every = \"1h\"", &[row("One", "1 May 2024", "/1")]);
    append(&scene.place, "\n[log]\nformat = \"json\"\n");
    let mut process = start(&scene.place, &[]);
    process.stderr.wait(&["\"message\":\"polled\""]);
    process.signal("TERM");
    let ended = process.end();
    // What is wrong with the configuration is for people, and said before.
    let lines: Vec<&String> = ended.stderr.iter().skip_while(|line| !line.starts_with('{')).collect();
    let parsed: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    let polled = parsed.iter().find(|line| line["message"] == "polled").expect("a poll");
    assert_eq!((&polled["level"], &polled["source.id"], &polled["new"]), (&"INFO".into(), &"news".into(), &1.into()));
    assert_eq!(ended.code, Some(0));
}

#[test]
fn without_the_journal_lines_are_plain() {
    if Path::new("/run/systemd/journal/socket").exists() {
        eprintln!("not tested: there is a journal here");
        return;
    }
    let scene = daemon::scene_of("every = \"1h\"", &[row("One", "1 May 2024", "/1")]);
    let mut process = start(&scene.place, &[("NEWSROOMD_LOG_FORMAT", "journald")]);
    process.stderr.wait(&["the journal cannot be written to"]);
    Daemon::of(process).stop();
}

#[test]
fn a_reload_changes_levels() {
    let scene = daemon::scene_of("every = \"1s\"", &[row("One", "1 May 2024", "/1")]);
    let mut daemon = Daemon::of(start(&scene.place, &[]));
    daemon.published(&["new=1"]);
    let good = std::fs::read_to_string(scene.place.config()).expect("a config");
    append(&scene.place, "\n[log]\nlevel = \"inof\"\n");
    daemon.process.signal("HUP");
    daemon.wait(&["the changed configuration is wrong", "`level` knows no level \"inof\""]);
    std::fs::write(scene.place.config(), &good).expect("a config");
    append(&scene.place, "\n[log]\nlevel = \"info,newsroomd::daemon=debug\"\n");
    daemon.process.signal("HUP");
    daemon.wait(&["the configuration was read anew"]);
    daemon.wait(&["DEBUG", "polled, nothing new"]);
    std::fs::write(scene.place.config(), &good).expect("a config");
    daemon.process.signal("HUP");
    daemon.wait(&["the configuration was read anew"]);
    let debug = daemon.process.stderr.count("DEBUG");
    append(&scene.place, "\n[log]\nformat = \"json\"\n");
    daemon.process.signal("HUP");
    daemon.wait(&["[log] format is another one now: that change needs a restart"]);
    assert_eq!(daemon.process.stderr.count("DEBUG"), debug);
    daemon.stop();
}
