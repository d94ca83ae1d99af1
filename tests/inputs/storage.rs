//! Databases that are none of ours, folders that refuse: one sentence, nothing overwritten.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions, Connection};

use crate::support::binary::{Place, Run};
use crate::support::newsroom::Newsroom;
use crate::support::tree;

fn site() -> (Newsroom, Place) {
    let newsroom = Newsroom::start();
    newsroom.page("/news", "<article><h3><a href=/1>One</a></h3><time>2024-05-03</time></article>");
    let place = Place::new("", &config(&newsroom));
    (newsroom, place)
}

fn config(newsroom: &Newsroom) -> String {
    format!(
        "[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\neach = \"article\"\n[source.item]\ntitle = \"h3\"\ndate = \"time\"\n",
        newsroom.url("/news")
    )
}

/// Runs a script in a database, which is made if it is missing.
fn sql(path: &Path, script: &'static str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        // Without a log beside it: the file is all there is to compare.
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).journal_mode(SqliteJournalMode::Delete);
        let mut connection = options.connect().await.expect("a database");
        sqlx::raw_sql(script).execute(&mut connection).await.expect("a script that works");
        connection.close().await.expect("closed");
    });
}

/// `once` refuses the database in one sentence, asks nobody, publishes nothing and leaves the bytes alone.
#[track_caller]
fn refused(newsroom: &Newsroom, place: &Place, told: &[&str]) {
    let before = std::fs::read(place.database()).expect("a file");
    newsroom.take_log();
    for args in [&["once"][..], &["once", "--all", "--json"]] {
        let run = place.run(args);
        failed(&run, told);
        assert!(run.stderr.contains(&place.database().display().to_string()), "{run:#?}");
        assert!(std::fs::read(place.database()).expect("a file") == before, "nothing was overwritten");
        assert!(newsroom.take_log().is_empty(), "the newsroom was not troubled");
    }
}

#[track_caller]
fn failed(run: &Run, told: &[&str]) {
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (Some(1), "", 1), "{run:#?}");
    assert!(run.stderr.starts_with("newsroomd: "), "{run:#?}");
    for part in told {
        assert!(run.stderr.contains(part), "{part} in {run:#?}");
    }
}

const ANOTHER: &str = "name another file in [store] url";

#[test]
fn a_file_that_is_no_database_is_not_overwritten() {
    let (newsroom, place) = site();
    std::fs::create_dir_all(place.database().parent().expect("a folder")).expect("a folder");
    for bytes in [
        b"my diary".to_vec(),
        b"x".repeat(5_000),
        b"SQLite format 3\0".to_vec(),
        [b"SQLite format 3\0".to_vec(), vec![0xee; 4_080]].concat(),
    ] {
        std::fs::write(place.database(), bytes).expect("a file");
        refused(&newsroom, &place, &["is not a database of newsroomd", ANOTHER]);
    }
}

#[test]
fn another_programs_database_is_not_touched() {
    let (newsroom, place) = site();
    sql(&place.database(), "CREATE TABLE recipe (name TEXT); INSERT INTO recipe VALUES ('Strudel')");
    refused(&newsroom, &place, &["is not a database of newsroomd", "nothing was changed", ANOTHER]);
    let beside: Vec<_> = tree::files(place.database().parent().expect("a folder")).into_keys().collect();
    assert_eq!(beside, ["newsroomd.db"], "nothing is left beside it");
}

#[test]
fn another_programs_database_with_migrations_by_the_same_library_is_not_touched() {
    let (newsroom, place) = site();
    sql(
        &place.database(),
        "PRAGMA application_id = 7; CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT, installed_on TIMESTAMP, success BOOLEAN, checksum BLOB, execution_time BIGINT); CREATE TABLE item (x)",
    );
    refused(&newsroom, &place, &["is not a database of newsroomd", ANOTHER]);
}

#[test]
fn a_database_of_a_newer_version_is_not_touched() {
    let (newsroom, place) = site();
    place.once();
    let feeds = tree::files(&place.feeds());
    sql(
        &place.database(),
        "PRAGMA user_version = 999; INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'the future', 1, x'00', 0)",
    );
    refused(&newsroom, &place, &["written by a newer newsroomd", "999", "run that version"]);
    assert_eq!(tree::files(&place.feeds()), feeds);
}

#[test]
fn an_empty_file_becomes_the_database() {
    let (_newsroom, place) = site();
    std::fs::create_dir_all(place.database().parent().expect("a folder")).expect("a folder");
    std::fs::write(place.database(), b"").expect("a file");
    place.once();
    assert_eq!(tree::titles(&place.feeds(), "news/all"), ["One"]);
}

#[test]
fn a_folder_in_the_databases_place_is_told() {
    let (_newsroom, place) = site();
    std::fs::create_dir_all(place.database()).expect("a folder");
    failed(&place.run(&["once"]), &["cannot open the database", "not a file", ANOTHER]);
}

#[test]
fn a_database_below_a_file_is_told() {
    let (_newsroom, place) = site();
    std::fs::write(place.path().join("state"), b"a file").expect("a file");
    failed(&place.run(&["once"]), &["cannot open the database", "see that the folder exists, is writable", ANOTHER]);
    assert_eq!(std::fs::read(place.path().join("state")).expect("a file"), b"a file");
}

#[test]
fn feeds_below_a_file_are_told() {
    let (newsroom, place) = site();
    std::fs::write(place.feeds(), b"a file").expect("a file");
    failed(&place.run(&["once"]), &["cannot make the folder", "what is there is none", "[publish] directory"]);
    assert_eq!(std::fs::read(place.feeds()).expect("a file"), b"a file");
    assert!(newsroom.take_log().is_empty(), "the newsroom was not troubled");
}

#[test]
fn a_document_whose_place_is_taken_by_a_folder_is_told_and_done_later() {
    let (newsroom, place) = site();
    let taken = place.feeds().join("news/all.atom");
    std::fs::create_dir_all(&taken).expect("a folder");
    failed(&place.run(&["once"]), &["cannot write", "news/all.atom"]);
    std::fs::remove_dir(&taken).expect("a folder to remove");
    newsroom.take_log();
    place.once();
    assert_eq!(tree::titles(&place.feeds(), "news/all"), ["One"]);
    assert!(tree::files(&place.feeds()).into_keys().all(|name| !name.contains("/.")), "no half document is left");
}

#[test]
fn a_document_that_cannot_be_written_keeps_no_other_from_being_published() {
    let (_newsroom, place) = site();
    let taken = place.feeds().join("news/all.rss");
    std::fs::create_dir_all(&taken).expect("a folder");
    failed(&place.run(&["once"]), &["cannot write", "news/all.rss"]);
    let others: Vec<String> = tree::files(&place.feeds()).into_keys().collect();
    for there in ["index.html", "feeds.opml", "news/all.atom", "news/all.json"] {
        assert!(others.iter().any(|name| name == there), "{there} of {others:?}");
    }
}

#[test]
fn a_folder_that_may_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let (_newsroom, place) = site();
    std::fs::create_dir(place.feeds()).expect("a folder");
    std::fs::set_permissions(place.feeds(), std::fs::Permissions::from_mode(0o555)).expect("a closed folder");
    if std::fs::create_dir(place.feeds().join("probe")).is_ok() {
        println!("skipped: this user is denied nothing");
        return;
    }
    failed(&place.run(&["once"]), &["cannot", "belong to the user that newsroomd runs as"]);
    std::fs::set_permissions(place.feeds(), std::fs::Permissions::from_mode(0o755)).expect("an open folder");
    place.once();
    assert_eq!(tree::titles(&place.feeds(), "news/all"), ["One"]);
}
