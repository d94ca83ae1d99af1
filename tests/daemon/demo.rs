//! `demo`. Promised: the play shows what the daemon does, in order and as it is over HTTP; then the feeds are served until it is stopped, and
//! nothing is left but the feeds; a taken port is no obstacle.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::process::Process;
use crate::support::{tree, web};

/// The demo in a folder of its own, far from any configuration.
fn start(folder: &Path, listen: &str) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsroomd"));
    command.args(["demo", "--json", "--listen", listen, "--out", "out"]).current_dir(folder).env_clear();
    command.env("TMPDIR", folder).env("NEWSROOMD_CONFIG", "/nonexistent/newsroomd.toml");
    Process::start(&mut command)
}

/// Waits for the next event, which must be this one.
#[track_caller]
fn event(demo: &mut Process, name: &str) -> Value {
    let line = demo.stdout.wait(&["{"]);
    let event: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    assert_eq!(event["event"], name, "{event}");
    event
}

/// Where it serves, by its first event.
#[track_caller]
fn serving(demo: &mut Process) -> SocketAddr {
    let event = event(demo, "serving");
    let address = event["addresses"][0].as_str().and_then(|a| a.strip_prefix("http://")?.split('/').next()?.parse().ok());
    address.unwrap_or_else(|| panic!("no address: {event}"))
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_play_goes_as_it_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = start(folder.path(), "127.0.0.1:0");
    let address = serving(&mut demo);
    let asked = event(&mut demo, "asked-twice");
    assert_eq!((&asked["first"], &asked["second"]), (&200.into(), &304.into()));
    let new = event(&mut demo, "new");
    let count = |event: &Value, key: &str| event[key].as_u64().unwrap_or_else(|| panic!("no {key}: {event}"));
    assert_eq!(count(&new, "items"), count(&new, "items-before") + 1);
    let edited = event(&mut demo, "edited");
    assert_eq!(edited["item"]["id"], new["item"]["id"], "the guid is kept");
    assert_ne!(edited["item"]["title"], new["item"]["title"]);
    assert_eq!(edited["item"]["date_published"], new["item"]["date_published"]);
    assert_ne!(edited["item"]["date_modified"], new["item"]["date_modified"]);
    let reposted = event(&mut demo, "reposted");
    assert_eq!(count(&reposted, "items"), count(&new, "items"), "a repost is no second item");
    for same in ["id", "title", "date_published", "date_modified"] {
        assert_eq!(reposted["item"][same], edited["item"][same], "{same}");
    }
    assert_eq!(event(&mut demo, "asked-twice")["second"], 304);
    event(&mut demo, "done");

    // It is as it was told, on disk as over HTTP.
    let root = folder.path().join("out");
    let files = tree::files(&root);
    for (name, (bytes, _)) in &files {
        let answer = web::ask(address, "GET", &format!("/{name}"), &[]);
        assert!(answer.status == 200 && answer.body == *bytes, "{name}: {}", answer.status);
    }
    let id = reposted["item"]["id"].as_str().expect("a guid");
    for feed in ["osce/all", "osce/topic/elections", "osce/department/osce-secretariat"] {
        assert_eq!(tree::feed(&root, feed).entries.iter().filter(|e| e.id == id).count(), 1, "{feed}");
    }
    let scratch = format!("newsroomd-demo-{}", demo.id());
    assert!(names_in(folder.path()).contains(&scratch), "{:?}", names_in(folder.path()));
    demo.signal("TERM");
    let ended = demo.end();
    assert_eq!((ended.code, ended.stderr.as_slice()), (Some(0), [].as_slice()), "{ended:#?}");
    assert_eq!(names_in(folder.path()), ["out"]);
    assert_eq!(tree::files(&root), files);
}

#[test]
fn a_taken_port_is_no_obstacle() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = held.local_addr().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo = start(folder.path(), &taken.to_string());
    let address = serving(&mut demo);
    assert_ne!(address, taken);
    assert_eq!(web::ask(address, "GET", "/", &[]).status, 200);
    // In the midst of the play.
    demo.signal("INT");
    let ended = demo.end();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.stderr, [format!("{taken} is taken, another free port is used")]);
    assert_eq!(names_in(folder.path()), ["out"]);
}
