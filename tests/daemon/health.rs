//! `newsroomd health`. Promised: it ends with 0 if all is well and with 1 if not, with one line for each problem; whatever keeps it from asking is said.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use super::metrics::{scene, socket};
use crate::support::binary::{Place, Run};
use crate::support::daemon::Daemon;
use crate::support::listing::{Row, row, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::process::{Process, eventually};

fn rows() -> [Row; 1] {
    [row("One", "1 May 2024", "/1")]
}

fn health(place: &Place) -> Run {
    place.run(&["health"])
}

#[track_caller]
fn sick(run: &Run, problem: &str) {
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""), "{run:#?}");
    let [line] = run.stdout.lines().collect::<Vec<_>>()[..] else { panic!("more than a line: {run:#?}") };
    assert!(line.starts_with(problem), "{run:#?}");
}

#[test]
fn it_says_what_is_wrong_with_the_daemon() {
    let scene = scene(&rows());
    let at = format!("unix:{}", socket(&scene.place).display());
    sick(&health(&scene.place), &format!("nobody answers at {at}, /readyz: "));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    eventually("all to be well", || health(&scene.place).code == Some(0));
    let run = health(&scene.place);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("healthy\n", ""));
    let report = scene.place.run(&["health", "--json"]).ok().json();
    assert_eq!((&report["healthy"], &report["report"]["sources"][0]["source"]), (&true.into(), &"news".into()), "{report:#}");

    scene.newsroom.set("/news", Reply::Status(500));
    eventually("the failing newsroom", || health(&scene.place).code == Some(1));
    sick(&health(&scene.place), "source news: failing since ");
    assert_eq!(scene.place.run(&["health", "--alive"]).ok().stdout, "healthy\n", "a restart would mend nothing");
    let run = scene.place.run(&["health", "--json"]);
    let report = run.json();
    assert_eq!((run.code, &report["healthy"], report["problems"].as_array().map(Vec::len)), (Some(1), &false.into(), Some(1)));
    scene.show(&[&rows()]);
    eventually("all to be well again", || health(&scene.place).code == Some(0));
    daemon.stop();
    sick(&health(&scene.place), "nobody answers at ");
}

#[test]
fn without_admin_it_asks_whether_the_daemon_is_alive() {
    let newsroom = Newsroom::start();
    let news = source(&newsroom, "news", "News", "/news", "");
    let place = Place::new("", &news);
    let with = |keys: &str| place.configure("", &format!("{keys}{news}"));
    let run = health(&place);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.stderr.starts_with("newsroomd: there is no [http] in ") && run.stdout.is_empty(), "{run:#?}");

    for keys in ["[http]\nlisten = \"127.0.0.1:0\"\n", "[http]\nlisten = \"systemd\"\n"] {
        with(keys);
        let run = health(&place);
        assert!(run.code == Some(1) && run.stderr.contains("which addresses the daemon has is not in "), "{run:#?}");
    }

    let socket = place.path().join("http.sock");
    with(
        &format!("[http]\nlisten = [\"systemd\", \"unix:{0}\", \"127.0.0.1:0\"]\n", socket.display())
            .replace("\"systemd\", ", ""),
    );
    newsroom.set("/news", Reply::Status(500));
    let mut process = Process::start(&mut place.command(&["run"]));
    process.stderr.wait(&["ready"]);
    let report = place.run(&["health", "--json"]).ok().json();
    assert_eq!(report["asked"], format!("unix:{}, /healthz", socket.display()));
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}

#[test]
fn who_answers_nothing_or_something_else_is_not_healthy() {
    let newsroom = Newsroom::start();
    let news = source(&newsroom, "news", "News", "/news", "");
    // Accepts, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("an address");
    let place = Place::new("", &format!("[http]\nlisten = \"127.0.0.1:0\"\nadmin = \"{address}\"\n{news}"));
    let run = place.run(&["health", "--timeout", "100ms"]);
    sick(&run, &format!("nobody answers at http://{address}/readyz: "));
    assert!(run.stdout.contains("timed out"), "{run:#?}");

    // Another program's server, which knows no such address.
    let host = newsroom.host();
    place.configure("", &format!("[http]\nlisten = \"127.0.0.1:0\"\nadmin = \"{host}\"\n{news}"));
    sick(
        &health(&place),
        &format!("what answers at http://{host}/readyz, with 404 Not Found, is not newsroomd as it is configured"),
    );

    // The first address that answers will do.
    let scene = scene(&rows());
    let dead = scene.place.path().join("dead.sock");
    drop(UnixListener::bind(&dead).expect("a socket"));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new=1"]);
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    let both =
        text.replace("admin = ", &format!("admin = [\"unix:{}\", ", dead.display())).replace("admin.sock\"", "admin.sock\"]");
    std::fs::write(scene.place.config(), both).expect("a config");
    eventually("the one that answers", || health(&scene.place).code == Some(0));
    daemon.stop();
}
