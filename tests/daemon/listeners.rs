//! Where the daemon answers. Promised: sockets that systemd passes take the place of the configured addresses, and who connected before the start is
//! answered; no request is lost while it restarts with such a socket; a Unix socket is made anew after a crash and taken away at a stop; readers never take the open files that polling needs.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::binary::Place;
use crate::support::daemon::{Daemon, LISTEN};
use crate::support::listing::{Row, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::process::{Process, eventually};
use crate::support::scene::Scene;

const GET: &str = "GET /news/all.rss HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// One item at a newsroom, stored, and served as these keys of [http] say.
fn scene(keys: &str) -> Scene {
    let newsroom = Newsroom::start();
    let place = Place::new("", &format!("[http]\n{keys}\n{}", source(&newsroom, "news", "News", "/news", "every = \"1s\"")));
    let scene = Scene { newsroom, place };
    let rows: &[Row] = &[row("One", "1 May 2024", "/1")];
    scene.show(&[rows]);
    scene.place.once();
    scene
}

/// `run` by a shell that does something first.
fn run_after(script: &str, place: &Place) -> Command {
    let run = place.command(&["run"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{script} exec \"$@\""), "sh"])
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(place.path());
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// `run` as systemd starts it with a socket: number 3, and the variables of sd_listen_fds(3).
fn run_with(socket: impl Into<OwnedFd>, place: &Place) -> Process {
    let mut run = run_after("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$", place);
    Process::start_with(Stdio::from(socket.into()), &mut run)
}

fn answer(mut stream: impl Read + Write) -> String {
    stream.write_all(GET.as_bytes()).expect("sent");
    read(stream)
}

fn read(mut stream: impl Read) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn at(socket: &Path) -> UnixStream {
    UnixStream::connect(socket).expect("a connection")
}

#[test]
fn a_passed_socket_takes_the_place_of_the_addresses() {
    // Were it opened, the start would fail: it is taken.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let scene = scene(&format!("listen = \"{}\"", taken.local_addr().expect("an address")));
    let passed = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = passed.local_addr().expect("an address");
    let mut early = TcpStream::connect(address).expect("a connection");
    early.write_all(GET.as_bytes()).expect("sent");
    let daemon = Daemon::of(run_with(passed, &scene.place));
    assert_eq!(daemon.address, address);
    assert!(read(early).starts_with("HTTP/1.1 200 OK"), "who came before the start is answered");
    daemon.assert_serves(&scene.place);
    // Nobody listens at the address of the configuration, and that is as it should be.
    drop(taken);
    scene.place.run(&["doctor"]).ok();
    daemon.stop();
}

#[test]
fn no_request_is_lost_while_it_restarts_with_a_passed_socket() {
    let scene = scene("listen = \"127.0.0.1:0\"");
    let passed = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = passed.local_addr().expect("an address");
    let start = || Daemon::of(run_with(passed.try_clone().expect("a second handle"), &scene.place));
    let connect = || TcpStream::connect(address).expect("a connection");
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = || {
            while !over.load(Ordering::Relaxed) {
                assert!(answer(connect()).starts_with("HTTP/1.1 200 OK"));
            }
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(reader)).collect();
        let mut daemon = start();
        for _ in 0..3 {
            daemon.stop();
            let mut waiting = connect();
            waiting.write_all(GET.as_bytes()).expect("sent");
            daemon = start();
            assert!(read(waiting).starts_with("HTTP/1.1 200 OK"), "who came while none ran is answered");
        }
        over.store(true, Ordering::Relaxed);
        // Who connects and is not let in before the stop waits for another process, which does not come this time.
        readers.into_iter().for_each(|reader| reader.join().expect("every reader was answered"));
        daemon.stop();
    });
}

/// Writes the keys of [http] anew, and has them taken over.
#[track_caller]
fn reload(process: &mut Process, scene: &Scene, from: &str, to: &str, says: &[&str]) {
    let text = std::fs::read_to_string(scene.place.config()).expect("a config");
    assert!(text.contains(from), "{from}: {text}");
    std::fs::write(scene.place.config(), text.replace(from, to)).expect("a config");
    process.signal("HUP");
    process.stderr.wait(says);
}

#[test]
fn a_passed_socket_stays_whatever_a_reload_opens_and_closes() {
    const GOOD: &str = "the configuration was read anew";
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("http.sock");
    let unix = format!("\"unix:{}\"", socket.display());
    let scene = scene("listen = \"systemd\"");
    let passed = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut daemon = Daemon::of(run_with(passed, &scene.place));
    // Who is connected stays so.
    let mut kept = TcpStream::connect(daemon.address).expect("a connection");
    let process = &mut daemon.process;
    reload(process, &scene, "\"systemd\"", &format!("[\"systemd\", {unix}]"), &["serving", "unix:"]);
    process.stderr.wait(&[GOOD]);
    assert!(answer(at(&socket)).starts_with("HTTP/1.1 200 OK"));
    reload(process, &scene, &format!(", {unix}"), "", &["no longer serving", "unix:"]);
    process.stderr.wait(&[GOOD]);
    eventually("the socket to be gone", || !socket.exists());
    // Not named, it takes the place of what is.
    reload(process, &scene, "[\"systemd\"]", &unix, &[GOOD]);
    assert!(!socket.exists());
    kept.write_all(GET.as_bytes()).expect("sent");
    assert!(read(kept).starts_with("HTTP/1.1 200 OK"));
    daemon.assert_serves(&scene.place);
    daemon.stop();
}

#[test]
fn how_clients_are_dealt_with_needs_a_restart_unless_nobody_was_served() {
    let scene = scene("listen = \"127.0.0.1:0\"\nmax-connections-per-client = 1");
    let with = std::fs::read_to_string(scene.place.config()).expect("a config");
    let keys = "[http]\nlisten = \"127.0.0.1:0\"\nmax-connections-per-client = 1\n";
    std::fs::write(scene.place.config(), with.replace(keys, "")).expect("a config");
    let mut process = Process::start(&mut scene.place.command(&["run"]));
    process.stderr.wait(&["ready"]);
    std::fs::write(scene.place.config(), with).expect("a config");
    process.signal("HUP");
    let line = process.stderr.wait(&["serving", "addresses="]);
    let address = line.split("http://").nth(1).and_then(|l| l.split('/').next()).expect("an address").to_owned();
    let first = TcpStream::connect(&address).expect("a connection");
    let second = TcpStream::connect(&address).expect("a connection");
    assert_eq!(read(second), "", "one is all that a client may have");
    assert!(answer(first).starts_with("HTTP/1.1 200 OK"));
    let refused = ["wrong", "[http] max-connections-per-client is another one now: that change needs a restart"];
    reload(&mut process, &scene, "per-client = 1", "per-client = 2", &refused);
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}

#[test]
fn a_passed_socket_is_served_beside_addresses_if_the_list_names_systemd() {
    let scene = scene("listen = [\"systemd\", \"127.0.0.1:0\"]");
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("passed.sock");
    let passed = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let daemon = Daemon::of(run_with(passed, &scene.place));
    assert!(answer(at(&socket)).starts_with("HTTP/1.1 200 OK"));
    assert_eq!(daemon.get("/news/all.rss").status, 200);
    daemon.stop();
    assert!(socket.exists(), "it is systemd's to remove");

    let ended = Process::start(&mut scene.place.command(&["run"])).end();
    let sentence =
        "newsroomd: [http] listen names \"systemd\", but no socket was passed; start the .socket unit, or name an address";
    assert_eq!((ended.code, ended.stderr.last().map(String::as_str)), (Some(1), Some(sentence)), "{ended:#?}");
}

#[test]
fn what_is_passed_and_is_no_socket_to_listen_at_is_refused() {
    let scene = scene(LISTEN.trim_start_matches("[http]\n"));
    let file = std::fs::File::open(scene.place.config()).expect("a file");
    let ended = run_with(file, &scene.place).end();
    let last = ended.stderr.last().cloned().unwrap_or_default();
    assert!(ended.code == Some(1) && last.contains("it is none that listens for connections"), "{ended:#?}");
}

#[test]
fn a_unix_socket_outlives_no_stop_and_is_replaced_after_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("http.sock");
    let scene = scene(&format!("listen = \"unix:{}\"\nsocket-mode = \"0600\"", socket.display()));
    let start = || {
        let mut process = Process::start(&mut scene.place.command(&["run"]));
        process.stderr.wait(&["serving", &format!("unix:{}", socket.display())]);
        process.stderr.wait(&["ready"]);
        process
    };
    let first = start();
    assert!(answer(at(&socket)).starts_with("HTTP/1.1 200 OK"));
    first.kill();
    assert!(socket.exists(), "nobody could take it away");
    scene.place.run(&["doctor"]).ok();
    assert!(socket.exists(), "looking changes nothing");
    let mut second = start();
    assert!(answer(at(&socket)).starts_with("HTTP/1.1 200 OK"));

    let ended = Process::start(&mut scene.place.command(&["run"])).end();
    let last = ended.stderr.last().cloned().unwrap_or_default();
    assert!(last.ends_with("another program listens there already; stop it or change the address in [http]"), "{ended:#?}");
    assert!(answer(at(&socket)).starts_with("HTTP/1.1 200 OK"), "the living one keeps it");

    second.signal("TERM");
    assert_eq!(second.end().code, Some(0));
    assert!(!socket.exists());
}

#[test]
fn open_files_are_asked_for_and_where_there_are_none_fewer_connections_are_held() {
    let scene = scene("listen = \"127.0.0.1:0\"\nmax-connections = 500");
    let daemon = Daemon::of(Process::start(&mut run_after("ulimit -Sn 100;", &scene.place)));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", daemon.process.id())).expect("limits");
    let soft = limits.lines().find(|line| line.starts_with("Max open files")).and_then(|line| line.split_whitespace().nth(3));
    assert_eq!(soft, Some("756"), "{limits}");
    daemon.stop();

    let mut process = Process::start(&mut run_after("ulimit -n 300;", &scene.place));
    process.stderr.wait(&["fewer connections can be held", "open_files=300", "connections=44"]);
    let mut daemon = Daemon::of(process);
    let idle: Vec<_> = (0..400).filter_map(|_| TcpStream::connect(daemon.address).ok()).collect();
    let rows: &[Row] = &[row("Two", "2 May 2024", "/2"), row("One", "1 May 2024", "/1")];
    scene.show(&[rows]);
    daemon.published(&["new=1"]);
    drop(idle);
    daemon.stop();
}

#[test]
fn the_log_says_for_whom_a_trusted_proxy_asks_and_does_not_believe_others() {
    for (trusted, want) in [("[\"127.0.0.0/8\"]", "192.0.2.7"), ("[]", "127.0.0.1")] {
        let scene = scene(&format!("listen = \"127.0.0.1:0\"\ntrusted-proxies = {trusted}"));
        let mut command = scene.place.command(&["run"]);
        let mut daemon = Daemon::of(Process::start(command.env("NEWSROOMD_LOG", "newsroomd=debug")));
        daemon.ask("GET", "/news/all.rss", &[("X-Forwarded-For", "192.0.2.7")]);
        daemon.wait(&["answered", &format!("client.address={want} "), "path=\"/news/all.rss\"", "status=200"]);
        daemon.stop();
    }
}
