//! Where operators are told how the daemon fares. Promised: there and nowhere else; not fresh is named, and ends with the next good poll; a reload opens,
//! closes and moves it, and what is no longer configured is no longer told.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use super::metrics::{exposed, scene, socket};
use crate::support::binary::Place;
use crate::support::daemon::Daemon;
use crate::support::listing::{Row, page, row, source};
use crate::support::newsroom::Reply;
use crate::support::process::{Process, eventually};
use crate::support::web::{self, Answer};

const GOOD: &str = "the configuration was read anew";
const BAD: &str = "the changed configuration is wrong";

fn rows() -> [Row; 2] {
    [row("Two", "2 May 2024", "/2"), row("One", "1 May 2024", "/1")]
}

/// The status of /readyz, and what it says.
#[track_caller]
fn readiness(socket: &Path) -> (u16, Value) {
    let answer = web::ask_socket(socket, "GET", "/readyz");
    assert_eq!(answer.field("content-type"), Some("application/json"));
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    let report: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(report["ready"], answer.status == 200, "{report:#}");
    assert_eq!(report["problems"].as_array().map(Vec::is_empty), Some(answer.status == 200), "{report:#}");
    (answer.status, report)
}

#[track_caller]
fn ready(place: &Place) {
    eventually("all to be ready", || readiness(&socket(place)).0 == 200);
}

/// Puts one thing in another's place in the config, and has it taken over.
#[track_caller]
fn reload(daemon: &mut Daemon, place: &Place, from: &str, to: &str, says: &str) {
    let text = std::fs::read_to_string(place.config()).expect("a config");
    assert!(text.contains(from), "{from}: {text}");
    std::fs::write(place.config(), text.replace(from, to)).expect("a config");
    daemon.process.signal("HUP");
    daemon.wait(&[says]);
}

#[test]
fn not_fresh_is_named_until_it_is_over() {
    let scene = scene(&rows());
    scene.newsroom.set("/news", Reply::Silence);
    let daemon = Daemon::start(&scene.place);
    let (status, report) = readiness(&socket(&scene.place));
    let problems = report["problems"].as_array().expect("a list");
    assert!(status == 503 && problems.contains(&"source news: no poll of it went well yet".into()), "{report:#}");
    scene.show(&[&rows()]);
    daemon.stop();

    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    ready(&scene.place);
    let next = || readiness(&socket(&scene.place)).1["sources"][0]["next-poll"].is_string();
    eventually("the time of the next poll", next);
    let (_, report) = readiness(&socket(&scene.place));
    let news = &report["sources"][0];
    assert_eq!((&news["source"], &news["fresh"], &news["state"]), (&"news".into(), &true.into(), &"fine".into()), "{report:#}");
    assert!(
        news["next-poll"].is_string() && news["last-good-poll"].is_string() && news["age-seconds"].as_i64() < Some(30),
        "{news:#}"
    );
    assert_eq!((&report["store"]["answers"], &report["documents"]["published"]), (&true.into(), &true.into()));
    assert_eq!(report["configuration"]["last-reload-failed"], false);

    scene.newsroom.set("/news", Reply::Status(500));
    eventually("the failing newsroom", || readiness(&socket(&scene.place)).0 == 503);
    let (_, report) = readiness(&socket(&scene.place));
    let problem = report["problems"][0].as_str().expect("a text");
    assert!(
        problem.starts_with("source news: failing since ")
            && problem.contains("failed polls: ")
            && problem.contains("500 Internal Server Error"),
        "{problem}"
    );
    assert_eq!((&report["sources"][0]["state"], &report["sources"][0]["fresh"]), (&"failing".into(), &false.into()));
    assert_eq!(web::ask_socket(&socket(&scene.place), "GET", "/healthz").status, 200, "it is alive all the same");
    scene.show(&[&rows()]);
    ready(&scene.place);

    // A page that is no listing seldom mends itself: it is told at once.
    scene.newsroom.page("/news", "<!DOCTYPE html><title>News</title><p>Are you human?");
    eventually("the broken page", || readiness(&socket(&scene.place)).0 == 503);
    let (_, report) = readiness(&socket(&scene.place));
    assert_eq!(report["sources"][0]["kind"], "page", "{report:#}");
    scene.show(&[&rows()]);
    ready(&scene.place);

    // A start knows how it was: of a newsroom that hangs, what was good stays so for a while.
    daemon.stop();
    scene.newsroom.set("/news", Reply::Silence);
    let daemon = Daemon::start(&scene.place);
    let (status, report) = readiness(&socket(&scene.place));
    assert_eq!(status, 200, "{report:#}");
    daemon.stop();
}

#[test]
fn what_cannot_be_published_is_named() {
    let scene = scene(&rows());
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    ready(&scene.place);
    let document = scene.feeds().join("news/all.rss");
    std::fs::remove_file(&document).expect("a file");
    std::fs::create_dir_all(document.join("in the way")).expect("a folder");
    let [two, one] = rows();
    scene.show(&[&[row("Three", "3 May 2024", "/3"), two, one]]);
    daemon.wait(&["ERROR", "publishing failed"]);
    let (status, report) = readiness(&socket(&scene.place));
    let problem = report["problems"][0].as_str().expect("a text");
    assert!(
        status == 503 && problem.starts_with("documents: publishing failed: ") && problem.contains("news/all.rss"),
        "{report:#}"
    );
    let failed = exposed(&scene.place).value("newsroomd_publishes_total", &[("result", "failed")]);
    assert!(failed >= 1.0);
    daemon.stop();
}

#[test]
fn operators_are_told_there_and_nowhere_else() {
    let scene = scene(&rows());
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=2"]);
    let socket = socket(&scene.place);
    let ask = |method: &str, path: &str| web::ask_socket(&socket, method, path);
    for path in ["/readyz", "/metrics"] {
        assert_eq!(daemon.get(path).status, 404, "{path} of readers");
        let (whole, head) = (ask("GET", path), ask("HEAD", path));
        assert_eq!((whole.status, head.status), (200, 200), "{path}");
        assert!(head.body.is_empty() && head.field("content-length").is_some());
        let names = |answer: &Answer| answer.fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&whole), names(&head));
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let refused = ask(method, path);
            assert_eq!((refused.status, refused.field("allow")), (405, Some("GET, HEAD")), "{method} {path}");
        }
        // A page of another site must not read it.
        assert_eq!(whole.field("access-control-allow-origin"), None);
    }
    let metrics = ask("GET", "/metrics");
    assert_eq!(metrics.field("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert_eq!((ask("GET", "/healthz").text(), ask("POST", "/healthz").status), ("ok".to_owned(), 405));
    for path in ["/", "/news/all.rss", "/index.html", "/metrics/", "/feeds/readyz"] {
        assert_eq!(ask("GET", path).status, 404, "{path} of operators");
    }
    let mut stream = UnixStream::connect(&socket).expect("a connection");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    daemon.stop();
    assert!(!socket.exists(), "taken away at the end");
}

#[test]
fn readers_who_have_all_places_keep_no_operator_out() {
    let scene = scene(&rows());
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    std::fs::write(scene.place.config(), text.replace("[http]\n", "[http]\nmax-connections = 2\n")).expect("a config");
    let daemon = Daemon::start(&scene.place);
    let held: Vec<_> = (0..4).map(|_| std::net::TcpStream::connect(daemon.address).expect("a connection")).collect();
    eventually("all places to be taken", || {
        let now = exposed(&scene.place);
        now.value("newsroomd_http_connections", &[]) == now.value("newsroomd_http_connections_limit", &[])
    });
    assert_eq!(exposed(&scene.place).value("newsroomd_http_connections", &[]), 2.0);
    drop(held);
    daemon.stop();
}

#[test]
fn a_reload_moves_it_and_forgets_what_is_no_longer_configured() {
    let scene = scene(&rows());
    let place = &scene.place;
    let text = std::fs::read_to_string(place.config()).expect("a config");
    let other = source(&scene.newsroom, "other", "Other", "/other", "every = \"1s\"");
    std::fs::write(place.config(), text + &other).expect("a config");
    scene.newsroom.page("/other", &page(&rows(), None));
    let mut daemon = Daemon::start(place);
    ready(place);
    let sources = |place: &Place| exposed(place).labels("source").into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(sources(place), ["news", "other"]);
    let counted = |place: &Place| exposed(place).value("newsroomd_items_total", &[("source", "news"), ("change", "new")]);
    assert_eq!(counted(place), 2.0);

    // Wrong: told until it is over.
    reload(&mut daemon, place, "[http]\n", "[http]\nnonsense = 1\n", BAD);
    let (status, report) = readiness(&socket(place));
    let problem = report["problems"][0].as_str().expect("a text");
    assert!(status == 503 && problem.starts_with("configuration: ") && problem.contains("nonsense"), "{report:#}");
    let now = exposed(place);
    let reloads = |result| now.value("newsroomd_reloads_total", &[("result", result)]);
    assert_eq!((reloads("taken"), reloads("refused")), (0.0, 1.0));
    assert_eq!(now.value("newsroomd_config_last_reload_successful", &[]), 0.0);
    let since = now.value("newsroomd_config_last_reload_success_timestamp_seconds", &[]);

    // Good: the source is gone with all that was said of it; what stays goes on.
    let without = std::fs::read_to_string(place.config()).expect("a config").replace(&other, "");
    std::fs::write(place.config(), without).expect("a config");
    reload(&mut daemon, place, "nonsense = 1\n", "", GOOD);
    ready(place);
    assert_eq!(sources(place), ["news"]);
    assert!(!exposed(place).labels("feed").contains("other/all"));
    assert_eq!(counted(place), 2.0);
    let now = exposed(place);
    assert_eq!(now.value("newsroomd_reloads_total", &[("result", "taken")]), 1.0);
    assert!(now.value("newsroomd_config_last_reload_success_timestamp_seconds", &[]) > since);

    // Moved, to a port.
    let old = format!("unix:{}", socket(place).display());
    reload(&mut daemon, place, &old, "127.0.0.1:0", "telling operators");
    daemon.wait(&[GOOD]);
    let line = daemon.process.stderr.all().into_iter().rfind(|line| line.contains("telling operators")).expect("a line");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok()).expect("an address");
    let answer = web::ask(address, "GET", "/metrics", &[]);
    assert_eq!(answer.status, 200);
    eventually("the socket to be gone", || !socket(place).exists());
    assert_eq!((daemon.get("/metrics").status, daemon.get("/news/all.rss").status), (404, 200));

    // What readers have is not to be had.
    let readers = daemon.address;
    reload(&mut daemon, place, "admin = \"127.0.0.1:0\"", &format!("admin = \"{readers}\""), BAD);
    assert_eq!((web::ask(address, "GET", "/metrics", &[]).status, daemon.get("/metrics").status), (200, 404));

    // Gone.
    reload(&mut daemon, place, &format!("admin = \"{readers}\"\n"), "", GOOD);
    eventually("nobody to answer", || std::net::TcpStream::connect(address).is_err());
    daemon.stop();
}

#[test]
fn where_another_server_serves_the_folder_operators_are_told_all_the_same() {
    let scene = scene(&rows());
    let place = &scene.place;
    let text = std::fs::read_to_string(place.config()).expect("a config");
    std::fs::write(place.config(), text.replace("listen = \"127.0.0.1:0\"", "listen = []")).expect("a config");
    let mut process = Process::start(&mut place.command(&["run"]));
    process.stderr.wait(&["telling operators", "admin.sock"]);
    process.stderr.wait(&["ready"]);
    ready(place);
    let updated = || exposed(place).get("newsroomd_feed_updated_timestamp_seconds", &[("feed", "news/all")]);
    eventually("the feed's time", || updated().is_some());
    let changed = std::fs::metadata(place.feeds().join("news/all.rss")).and_then(|file| file.modified()).expect("a time");
    let changed = changed.duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    assert_eq!(updated(), Some(changed as f64));
    let files = crate::support::tree::files(&place.feeds()).len();
    assert_eq!(exposed(place).value("newsroomd_documents", &[]), files as f64);
    assert_eq!(process.stderr.count(" serving "), 0, "{:#?}", process.stderr.all());

    // Readers may come later.
    let text = std::fs::read_to_string(place.config()).expect("a config");
    std::fs::write(place.config(), text.replace("listen = []", "listen = \"127.0.0.1:0\"")).expect("a config");
    process.signal("HUP");
    eventually("readers to be served", || process.stderr.count(" serving ") == 1);
    let line = process.stderr.all().into_iter().find(|line| line.contains(" serving ")).expect("a line");
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok()).expect("an address");
    assert_eq!(web::ask(address, "GET", "/news/all.rss", &[]).status, 200);
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}
