//! `backup`, and a restore, which is a file copy. Promised: a backup is whole whenever it is made; restored, it gives the same tree and the same guids,
//! also of what was found after it was made; nothing is overwritten unasked, and nothing half-made is left.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::doctor::{problems, rows};
use crate::support::binary::Place;
use crate::support::daemon::{self, Daemon};
use crate::support::listing::source;
use crate::support::scene::Scene;
use crate::support::tree;

/// Puts the copy into the place of the database, as README says.
fn restore(place: &Place, copy: &Path) {
    let database = place.database();
    fs::create_dir_all(database.parent().expect("a folder")).expect("a folder");
    for ending in ["-wal", "-shm"] {
        // After a kill they are there, and else not.
        let _ = fs::remove_file(format!("{}{ending}", database.display()));
    }
    fs::copy(copy, database).expect("copied");
}

fn ids(scene: &Scene) -> BTreeSet<(String, String)> {
    scene.entries().into_iter().map(|e| (e.title, e.id)).collect()
}

#[test]
fn a_backup_restored_elsewhere_gives_the_same_tree() {
    let scene = Scene::new("", "");
    scene.poll(&rows(10));
    scene.poll(&rows(20));
    let copy = scene.place.path().join("copy.db");
    let run = scene.place.run(&["backup", "copy.db"]).ok();
    let metadata = fs::metadata(&copy).expect("a file");
    assert_eq!(run.stdout, format!("copy.db: {} bytes, checked\n", metadata.len()));
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    let other = scene.beside("", "");
    restore(&other.place, &copy);
    other.place.once();
    let but_lists = |scene: &Scene| {
        let mut files = tree::files(&scene.feeds());
        // When a page changed is not kept; its bytes are compared below.
        files.retain(|name, _| name.starts_with("news/") && !name.ends_with(".html"));
        files
    };
    assert_eq!(but_lists(&other), but_lists(&scene), "bytes and times");
    assert_eq!(tree::timeless(&other.feeds()), tree::timeless(&scene.feeds()));
    assert_eq!(problems(&other.place), []);
}

#[test]
fn nothing_is_overwritten_unasked_and_nothing_half_made_is_left() {
    let scene = Scene::new("", "");
    let run = scene.place.run(&["backup", "copy.db"]);
    assert!(run.code == Some(1) && run.stderr.contains("there is no database"), "{run:#?}");
    scene.poll(&rows(5));
    let copy = scene.place.path().join("copy.db");
    fs::write(&copy, "mine").expect("a file");
    let run = scene.place.run(&["backup", "copy.db"]);
    assert!(run.code == Some(1) && run.stderr.contains("is there already") && run.stderr.contains("--force"), "{run:#?}");
    assert_eq!(fs::read(&copy).expect("a file"), b"mine");
    let json = scene.place.run(&["backup", "copy.db", "--force", "--json"]).ok().json();
    assert_eq!(json["bytes"].as_u64(), Some(fs::metadata(&copy).expect("a file").len()));
    let itself = scene.place.database();
    let run = scene.place.run(&["backup", itself.to_str().expect("a name"), "--force"]);
    assert!(run.code == Some(1) && run.stderr.contains("is the database itself"), "{run:#?}");
    let run = scene.place.run(&["backup", "no/such/folder/copy.db"]);
    assert!(run.code == Some(1) && run.stderr.contains("no/such/folder/copy.db"), "{run:#?}");
    let left: Vec<_> = fs::read_dir(scene.place.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn backups_made_while_the_daemon_polls_are_whole() {
    let scene = daemon::scene_of("every = \"1s\"", &rows(3));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new="]);
    for count in 4..10 {
        scene.show(&[&rows(count)]);
        let name = format!("copy-{count}.db");
        scene.place.run(&["backup", &name]).ok();
        let other = scene.beside("", "every = \"1s\"");
        restore(&other.place, &scene.place.path().join(&name));
        other.place.once();
        assert_eq!(other.entries().len(), count);
        assert_eq!(problems(&other.place), []);
        daemon.published(&["new=1"]);
    }
    daemon.assert_serves(&scene.place);
    let end = ids(&scene);
    daemon.kill();

    // An old one, in the place of a database that a kill left with its log: what was found since comes again, the same.
    restore(&scene.place, &scene.place.path().join("copy-5.db"));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new="]);
    assert_eq!(daemon.titles("news/all").len(), 9);
    assert_eq!(ids(&scene), end);
    daemon.assert_serves(&scene.place);
    daemon.stop();
    assert_eq!(problems(&scene.place), []);
}

#[test]
fn a_backup_holds_what_is_only_in_the_log() {
    let scene = Scene::new("", "");
    scene.poll(&rows(2));
    let config = format!("{}{}", daemon::LISTEN, source(&scene.newsroom, "news", "News", "/news", "every = \"1s\""));
    scene.place.configure("", &config);
    let mut daemon = Daemon::start(&scene.place);
    scene.show(&[&rows(7)]);
    daemon.published(&["new=5"]);
    daemon.kill();
    assert!(fs::metadata(scene.place.path().join("state/newsroomd.db-wal")).expect("a log").len() > 0);
    scene.place.run(&["backup", "copy.db"]).ok();
    let other = Scene::new("", "");
    restore(&other.place, &scene.place.path().join("copy.db"));
    let json = other.place.run(&["feeds", "--json"]).ok().json();
    assert_eq!(json["feeds"][0]["items"], 7, "{json:#}");
}
