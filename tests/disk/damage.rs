//! Databases that are damaged or lost. Promised: no command makes it worse, what is published stays, one sentence says what to do; `doctor --repair`
//! saves what can be read, keeps the damaged file aside byte for byte, and the next poll brings back what is listed under the same guids.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::doctor::{WRONG, doctor, problems, rows};
use crate::support::database;
use crate::support::listing::Row;
use crate::support::scene::Scene;
use crate::support::tree;

const PAGE: u64 = 8_192;

fn long_rows(count: usize) -> Vec<Row> {
    rows_of(count, 60)
}

/// With summaries of so many words.
fn rows_of(count: usize, words: usize) -> Vec<Row> {
    rows(count)
        .into_iter()
        .enumerate()
        .map(|(n, row)| row.summary(&format!("Summary {n}. {}", "Words. ".repeat(words))))
        .collect()
}

fn scene() -> Scene {
    let scene = Scene::new("items = 100", "");
    scene.poll(&long_rows(80));
    scene
}

/// Writes over the database from this byte on.
fn overwrite(scene: &Scene, from: u64, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(scene.place.database()).expect("a database");
    file.seek(SeekFrom::Start(from)).expect("a place");
    file.write_all(bytes).expect("written");
}

fn ids(scene: &Scene) -> BTreeSet<(String, String)> {
    scene.entries().into_iter().map(|e| (e.title, e.id)).collect()
}

fn kept(scene: &Scene) -> Vec<PathBuf> {
    let folder = fs::read_dir(scene.place.database().parent().expect("a folder")).expect("a folder");
    folder
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.to_string_lossy().contains(".corrupt-") && !p.to_string_lossy().ends_with("-wal"))
        .collect()
}

/// Told, saved, and after a poll all is there again under the same guids.
#[track_caller]
fn saved(scene: &Scene, what: &str) {
    let (files, want) = (tree::files(&scene.feeds()), ids(scene));
    let damaged = fs::read(scene.place.database()).expect("a database");
    let run = doctor(&scene.place, &[]);
    assert!(run.code == WRONG && run.stdout.contains("doctor --repair"), "{what}: {run:#?}");
    assert!(fs::read(scene.place.database()).expect("a database") == damaged, "{what}: looking changes nothing");
    let run = doctor(&scene.place, &["--repair"]);
    assert_eq!(run.code, Some(0), "{what}: {run:#?}");
    let kept = kept(scene);
    assert!(kept.len() == 1 && fs::read(&kept[0]).expect("a file") == damaged, "{what}: {kept:?}");
    assert!(run.stdout.contains(&kept[0].display().to_string()), "{what}: {run:#?}");
    assert!(files.keys().all(|name| scene.feeds().join(name).exists()), "{what}: what was published stays");
    scene.place.once();
    assert_eq!(ids(scene), want, "{what}");
    assert_eq!(problems(&scene.place), [], "{what}");
}

#[test]
fn a_header_that_was_overwritten_is_made_anew() {
    let scene = scene();
    let before = database::tables(&scene.place.database());
    overwrite(&scene, 0, &[0; 100]);
    let files = (fs::read(scene.place.database()).expect("a file"), tree::files(&scene.feeds()));
    for args in [&["once", "--all"][..], &["run"], &["forget", "news"], &["backup", "copy.db"]] {
        let run = scene.place.run(args);
        assert!(run.code == Some(1) && run.stderr.contains("is not a database of newsroomd"), "{run:#?}");
    }
    assert_eq!((fs::read(scene.place.database()).expect("a file"), tree::files(&scene.feeds())), files);
    saved(&scene, "the header");
    let after = database::tables(&scene.place.database());
    for table in ["item", "sighting", "term", "item_term", "forgotten", "shared_link"] {
        assert_eq!(after[table], before[table], "{table}");
    }
}

#[test]
fn whatever_page_is_damaged_what_others_hold_is_saved() {
    damage_pages(1, 8);
}

#[test]
#[ignore = "takes minutes: cargo test --test disk -- --ignored every_single_page --nocapture"]
fn every_single_page_is_damaged_once() {
    damage_pages(1, 1);
}

fn damage_pages(from: u64, step: usize) {
    let first = scene();
    let pages = fs::metadata(first.place.database()).expect("a file").len() / PAGE;
    assert!(pages > 40, "{pages} pages");
    let (mut found, mut lost) = (0, 0);
    for page in (from..pages).step_by(step) {
        let scene = scene();
        overwrite(&scene, page * PAGE, &[0xa5; PAGE as usize]);
        // A free page is nobody's.
        if doctor(&scene.place, &[]).code == Some(0) {
            continue;
        }
        found += 1;
        let (files, want) = (tree::files(&scene.feeds()), ids(&scene));
        for args in [&["backup", "copy.db"][..], &["once", "--all", "--now"]] {
            let run = scene.place.run(args);
            assert!(
                run.code == Some(0) || run.code == Some(1) && run.stderr.contains("newsroomd doctor"),
                "page {page}: {run:#?}"
            );
        }
        let run = doctor(&scene.place, &["--repair"]);
        if run.code != Some(0) {
            // Where the tables are is on one page.
            assert!(
                run.code == Some(1) && run.stderr.contains("restore a backup, or move it away and run"),
                "page {page}: {run:#?}"
            );
            assert_eq!(kept(&scene), Vec::<PathBuf>::new(), "it stays as it is");
            fs::remove_dir_all(scene.place.database().parent().expect("a folder")).expect("away");
            lost += 1;
        }
        scene.place.once();
        assert_eq!(ids(&scene), want, "page {page}: {run:#?}");
        assert_eq!(problems(&scene.place), [], "page {page}");
        assert!(files.keys().all(|name| scene.feeds().join(name).exists()), "page {page}: what was published stays");
    }
    println!("{found} of {pages} pages were in use; {lost} times nothing could be saved");
    assert!(found > 20 / step && lost <= 3, "{found} of {pages} pages, {lost} lost");
}

#[test]
fn a_database_that_was_cut_is_saved() {
    // More is stored than elsewhere, so that the list of the tables stands in front of most of it. By more, and that is lost as well.
    for part in [6, 3] {
        let scene = Scene::new("items = 100", "");
        scene.poll(&rows_of(80, 400));
        let length = fs::metadata(scene.place.database()).expect("a file").len();
        let file = fs::OpenOptions::new().write(true).open(scene.place.database()).expect("a database");
        file.set_len(length * (part - 1) / part / PAGE * PAGE).expect("cut");
        drop(file);
        saved(&scene, &format!("cut by 1/{part}"));
    }
}

#[test]
fn garbage_in_the_log_is_passed_over() {
    let scene = scene();
    let want = tree::files(&scene.feeds());
    for garbage in [vec![0x5a; 70_000], vec![0; 10], b"\x37\x7f\x06\x82 this is no log".to_vec()] {
        fs::write(scene.place.path().join("state/newsroomd.db-wal"), garbage).expect("a log");
        scene.place.once();
        assert_eq!(tree::files(&scene.feeds()), want);
        assert_eq!(problems(&scene.place), []);
    }
}

#[test]
fn a_database_of_which_nothing_is_left_is_not_touched() {
    let scene = scene();
    fs::write(scene.place.database(), vec![0x5a; 100_000]).expect("a file");
    let before = (fs::read(scene.place.database()).expect("a file"), tree::files(&scene.feeds()));
    let found = problems(&scene.place);
    assert!(found.iter().any(|f| f.0 == "database" && f.1.contains("no database of newsroomd")), "{found:#?}");
    assert_eq!(doctor(&scene.place, &["--repair"]).code, WRONG);
    assert_eq!((fs::read(scene.place.database()).expect("a file"), tree::files(&scene.feeds())), before);
}

#[test]
fn a_lost_database_leaves_what_is_published_and_is_told() {
    let scene = scene();
    let (files, want) = (tree::files(&scene.feeds()), ids(&scene));
    fs::remove_file(scene.place.database()).expect("a file");
    let found = problems(&scene.place);
    assert!(found.iter().any(|f| f.0 == "database" && f.1.starts_with("it is lost")), "{found:#?}");
    assert_eq!(doctor(&scene.place, &["--repair"]).code, WRONG);
    assert!(!scene.place.database().exists() && tree::files(&scene.feeds()) == files, "nothing was made or removed");
    // The listing is shorter now: feeds of what it no longer shows stay as they are.
    scene.poll(&long_rows(80)[..3]);
    assert!(files.keys().all(|name| scene.feeds().join(name).exists()));
    assert!(ids(&scene).is_subset(&want));
    scene.poll(&long_rows(80));
    assert_eq!(ids(&scene), want);
}
