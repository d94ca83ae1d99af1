//! The commands: what they print, where, and how they end.

use chrono::{DateTime, Datelike, FixedOffset, Timelike};
use chrono_tz::Europe::Vienna;
use serde_json::json;

use crate::reading::fixture;
use crate::support::binary::{Place, Run};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::tree;

fn source(id: &str, page: &str, more: &str) -> String {
    format!(
        "[[source]]\nid = \"{id}\"\ntitle = \"The {id}\"\npage = \"{page}\"\neach = \"article\"\ntimezone = \"Europe/Vienna\"\n{more}\n[source.item]\ntitle = \"h3\"\ndate = {{ select = \"time\", format = \"%d %B %Y\" }}\n[source.facet.topic]\ntitle = \"Topics\"\nvalue = {{ select = \".topics\", many = true }}\n"
    )
}

fn rows(titles: &[(&str, &str)]) -> String {
    titles
        .iter()
        .map(|(title, link)| {
            format!("<article><h3><a href=\"{link}\">{title}</a></h3><time>3 May 2024</time><i class=topics>A, B</i></article>")
        })
        .collect()
}

/// A newsroom with one source, `news`.
fn site() -> (Newsroom, Place) {
    let newsroom = Newsroom::start();
    newsroom.page("/news", &rows(&[("One", "/1"), ("Two", "/2")]));
    let place = Place::new("", &source("news", &newsroom.url("/news"), ""));
    (newsroom, place)
}

/// Nothing on standard output, one line on standard error, and this status.
#[track_caller]
fn one_sentence(run: &Run, code: i32) {
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (Some(code), "", 1), "{run:#?}");
}

#[test]
fn check_tells_what_will_be_polled_when_and_published_where() {
    let (newsroom, place) = site();
    let feed = "[[feed]]\nid = \"mine\"\ntitle = \"My own\"\nmatch = { topic = [\"A\"] }\n";
    place.configure(
        "formats = [\"rss\", \"json\"]",
        &format!("{}{feed}", source("news", &newsroom.url("/news"), "cron = \"*/15 6-22 * * *\"")),
    );
    let run = place.run(&["check"]).ok();
    assert_eq!(run.stderr, "");
    let feeds = place.feeds().display().to_string();
    for part in [
        format!("{} is in order.", place.config().display()),
        place.database().display().to_string(),
        "source news: The news".into(),
        newsroom.url("/news"),
        "cron */15 6-22 * * *, times of Europe/Vienna".into(),
        format!("{feeds}/news/all.{{rss,json}}"),
        "https://feeds.example.org/news/all.{rss,json}".into(),
        format!("{feeds}/news/topic/TERM.{{rss,json}}"),
        "topic (Topics), any number of terms an item".into(),
        "feed mine: My own".into(),
        format!("{feeds}/mine.{{rss,json}}"),
    ] {
        assert!(run.stdout.contains(&part), "{part} in {run:#?}");
    }
    assert!(["CET", "CEST"].iter().any(|zone| run.stdout.contains(zone)), "times name their zone: {run:#?}");
    assert!(newsroom.take_log().is_empty(), "check asks nobody");
    assert!(!place.database().exists() && !place.feeds().exists(), "check leaves nothing behind");
}

#[test]
fn check_json_shows_the_next_three_runs_in_the_zone_of_the_source() {
    let (newsroom, place) = site();
    let (page, other) = (newsroom.url("/news"), newsroom.url("/other"));
    place.configure(
        "",
        &format!("{}{}", source("timed", &page, "cron = \"*/15 6-22 * * *\""), source("often", &other, "every = \"20m\"")),
    );
    let json = place.run(&["check", "--json"]).ok().json();
    let runs = |n: usize| -> Vec<DateTime<FixedOffset>> {
        let list = json["sources"][n]["next-runs"].as_array().expect("runs");
        list.iter().map(|t| DateTime::parse_from_rfc3339(t.as_str().expect("text")).expect("an instant")).collect()
    };
    for n in [0, 1] {
        let runs = runs(n);
        assert_eq!(runs.len(), 3);
        assert!(runs.windows(2).all(|w| w[0] < w[1]), "{runs:?}");
        assert!(runs.iter().all(|t| t.with_timezone(&Vienna).fixed_offset().offset() == t.offset()), "{runs:?}");
    }
    assert!(
        runs(0).iter().all(|t| t.minute() % 15 == 0 && t.second() == 0 && (6..=22).contains(&t.hour()) && t.year() > 2000),
        "{json:#}"
    );
    assert!(runs(1).windows(2).all(|w| (w[1] - w[0]).num_minutes() == 20), "{json:#}");
    assert_eq!(json["sources"][0]["facets"][0]["name"], "topic");
    assert_eq!(json["sources"][0]["feeds"][1], "https://feeds.example.org/timed/all.{rss,atom,json}");
    assert_eq!(json["base-url"], "https://feeds.example.org/");
}

#[test]
fn ten_mistakes_are_ten_problems_at_once() {
    let folder = fixture("config");
    let place = Place::new("", "");
    for command in ["check", "once", "preview", "backfill", "feeds", "forget"] {
        let mut args = vec!["--config", "ten-mistakes.toml", command];
        args.extend(["preview", "backfill", "forget"].contains(&command).then_some("presse"));
        let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_newsroomd"));
        process.args(args).current_dir(&folder).env_remove("NEWSROOMD_CONFIG").env("STATE_DIRECTORY", place.path());
        let run = Run::from(process.output().expect("the binary runs"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(78), ""), "{run:#?}");
        assert_eq!(run.stderr.lines().filter(|l| l.starts_with("ten-mistakes.toml:")).count(), 10, "{run:#?}");
        assert_eq!(
            run.stderr.trim_end(),
            std::fs::read_to_string(folder.join("ten-mistakes.stderr")).expect("a golden").trim_end()
        );
        assert!(!run.stderr.contains("secret"), "passwords are not repeated: {run:#?}");
    }
}

#[test]
fn a_missing_configuration_is_one_sentence() {
    let place = Place::new("", "");
    std::fs::remove_file(place.config()).expect("a config to remove");
    for args in [&["check"][..], &["once"], &["preview", "x"], &["check", "--json"]] {
        let run = place.run(args);
        one_sentence(&run, 78);
        assert!(run.stderr.contains(&place.config().display().to_string()), "{run:#?}");
    }
}

#[test]
fn a_configuration_that_is_a_folder_or_no_text_is_told() {
    let place = Place::new("", "");
    std::fs::write(place.config(), b"base-url = \"\xff\xfe\"").expect("a config");
    let run = place.run(&["check"]);
    assert_eq!(run.code, Some(78), "{run:#?}");
    assert!(run.stderr.contains("not UTF-8") && run.stderr.contains(":1:13"), "{run:#?}");
    std::fs::remove_file(place.config()).expect("a config to remove");
    std::fs::create_dir(place.config()).expect("a folder");
    one_sentence(&place.run(&["check"]), 78);
}

#[test]
fn preview_of_a_source_shows_rows_and_stores_nothing() {
    let (newsroom, place) = site();
    newsroom.page("/news", &rows(&[("One", "/1"), ("Two", "/2"), ("One", "/other-path/1"), ("", "/4")]));
    let run = place.run(&["preview", "news"]).ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], newsroom.url("/news"));
    assert!(lines[1].starts_with("row") && lines[1].contains("topic"), "{run:#?}");
    assert!(lines[2].contains("2024-05-03") && lines[2].contains("One") && lines[2].contains("A, B"), "{run:#?}");
    assert!(lines[4].starts_with("3 = 1 "), "the third row is the first once more: {run:#?}");
    assert_eq!(lines[5], "4 rows, 3 read, 1 merged with another (=), 1 warnings; no next page");
    assert!(lines[6].starts_with("warning: row 4, title: "), "{run:#?}");
    assert!(!place.database().exists() && !place.feeds().exists(), "preview leaves nothing behind");
    let json = place.run(&["preview", "news", "--json"]).ok().json();
    assert_eq!((&json["rows"][2]["same-as"], &json["rows"][1]["same-as"]), (&1.into(), &serde_json::Value::Null));
    assert_eq!((&json["warnings"][0]["row"], &json["warnings"][0]["field"]), (&4.into(), &"title".into()));
}

#[test]
fn preview_takes_an_address_or_a_saved_page() {
    let (newsroom, place) = site();
    newsroom.page("/archive?page=7", &rows(&[("Old", "7")]));
    let json = place.run(&["preview", &newsroom.url("/archive?page=7"), "--json"]).ok().json();
    assert_eq!((&json["source"], &json["rows"][0]["link"]), (&"news".into(), &newsroom.url("/7").into()));
    std::fs::write(place.path().join("saved.html"), rows(&[("Saved", "/8")])).expect("a page");
    newsroom.take_log();
    let json = place.run(&["preview", "saved.html", "--json"]).ok().json();
    assert_eq!((&json["rows"][0]["title"], &json["rows"][0]["link"]), (&"Saved".into(), &newsroom.url("/8").into()));
    assert!(newsroom.take_log().is_empty(), "a saved page needs no network");
}

#[test]
fn preview_of_two_sources_asks_whose_rules() {
    let (newsroom, place) = site();
    place.configure("", &format!("{}{}", source("one", &newsroom.url("/news"), ""), source("two", "https://two.example/", "")));
    std::fs::write(place.path().join("saved.html"), rows(&[("Saved", "/8")])).expect("a page");
    let run = place.run(&["preview", "saved.html"]);
    one_sentence(&run, 1);
    assert!(run.stderr.contains("--source one | two"), "{run:#?}");
    let json = place.run(&["preview", "saved.html", "--source", "two", "--json"]).ok().json();
    assert_eq!(json["rows"][0]["link"], "https://two.example/8");
    let json = place.run(&["preview", &newsroom.url("/news"), "--json"]).ok().json();
    assert_eq!(json["source"], "one", "an address of a source's host is read by its rules");
}

#[test]
fn preview_of_what_is_not_there_is_one_sentence() {
    let (newsroom, place) = site();
    for (args, told) in [
        (&["preview", "no-such"][..], "no source (news)"),
        (&["preview", "saved.html", "--source", "no-such"], "no source is called \"no-such\""),
        (&["preview", "ftp://example.org/"], "no http(s) address"),
    ] {
        let run = place.run(args);
        one_sentence(&run, 1);
        assert!(run.stderr.contains(told), "{run:#?}");
    }
    let run = place.run(&["preview", &newsroom.url("/nothing-here")]);
    one_sentence(&run, 1);
    assert!(run.stderr.contains("answered 404"), "{run:#?}");
    newsroom.page("/news", "<p>captcha</p>");
    let run = place.run(&["preview", "news"]);
    assert_eq!(run.code, Some(75), "{run:#?}");
    assert!(run.stderr.contains("`each` of source \"news\" matches nothing on this page"), "{run:#?}");
}

#[test]
fn once_json_counts_what_it_did() {
    let (newsroom, place) = site();
    let json = place.run(&["once", "--all", "--json"]).ok().json();
    let of =
        |json: &serde_json::Value| json!(["outcome", "pages", "rows", "new", "edited", "known"].map(|k| &json["sources"][0][k]));
    assert_eq!(of(&json), json!(["polled", 1, 2, 2, 0, 0]));
    assert_eq!((&json["documents-written"], &json["documents"]), (&16.into(), &14.into()), "{json:#}");
    let json = place.run(&["once", "--all", "--json"]).ok().json();
    assert_eq!((&json["sources"][0]["outcome"], &json["documents-written"]), (&"not-modified".into(), &0.into()));
    let json = place.run(&["once", "--json"]).ok().json();
    assert_eq!(json["sources"][0]["outcome"], "waiting", "{json:#}");
    newsroom.set("/news", Reply::Status(500));
    let run = place.run(&["once", "--all", "--json"]);
    assert_eq!(run.code, Some(75));
    let json = run.json();
    assert_eq!(json["sources"][0]["outcome"], "failed");
    assert!(json["sources"][0]["error"].as_str().is_some_and(|e| e.contains("500")), "{json:#}");
}

#[test]
fn one_source_that_is_down_does_not_hold_up_the_other() {
    let (newsroom, place) = site();
    for down in [Reply::Status(503), Reply::HangUp, Reply::Truncated(rows(&[("Half", "/h")]).into_bytes()), Reply::Status(404)] {
        newsroom.set("/down", down);
        place.configure(
            "",
            &format!("{}{}", source("down", &newsroom.url("/down"), ""), source("up", &newsroom.url("/news"), "")),
        );
        let run = place.run(&["once", "--all", "--now"]);
        assert_eq!(run.code, Some(75), "{run:#?}");
        assert!(run.stderr.starts_with("down: failed: page 1 could not be read: "), "{run:#?}");
        assert!(run.stderr.contains(&newsroom.url("/down")), "{run:#?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
        assert_eq!(tree::titles(&place.feeds(), "up/all"), ["One", "Two"]);
    }
}

#[test]
fn every_command_has_help() {
    let place = Place::new("", "");
    std::fs::remove_file(place.config()).expect("a config to remove");
    for args in [
        &["--help"][..],
        &["help"],
        &["once", "--help"],
        &["check", "--help"],
        &["preview", "--help"],
        &["feeds", "--help"],
        &["forget", "--help"],
        &["doctor", "--help"],
        &["backup", "--help"],
        &["demo", "--help"],
    ] {
        let run = place.run(args).ok();
        assert!(run.stdout.contains("Usage: newsroomd") && run.stderr.is_empty(), "{run:#?}");
        assert!(run.stdout.lines().all(|l| l.chars().count() <= 100), "{run:#?}");
    }
    assert!(place.run(&["--version"]).ok().stdout.starts_with("newsroomd 0."));
}

#[test]
fn an_unknown_command_ends_with_2() {
    let place = Place::new("", "");
    for args in [
        &["onec"][..],
        &["once", "--al"],
        &["preview"],
        &["forget"],
        &["feeds", "x"],
        &["demo", "--once", "--listen", "127.0.0.1:0"],
        &[],
    ] {
        let run = place.run(args);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:#?}");
        assert!(run.stderr.contains("Usage"), "{run:#?}");
    }
    assert!(place.run(&["onec"]).stderr.contains("'once'"));
}

#[test]
fn a_reader_that_goes_away_is_no_cause_for_a_panic() {
    let place = Place::new(
        "",
        "[[source]]\nid = \"a\"\ntitle = \"A\"\npage = \"http://127.0.0.1:9/\"\neach = \"li\"\nitem = { title = \"a\", date = \"time\" }\n",
    );
    let mut child = place
        .command(&["check"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ended");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!said.contains("panicked") && ended.status.code() == Some(0), "{:?}: {said}", ended.status);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let ended = place.command(&["check"]).stdout(full).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code() == Some(1) && said.contains("cannot write to standard output"), "{:?}: {said}", ended.status);
}
