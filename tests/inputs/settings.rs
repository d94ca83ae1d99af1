//! Where settings come from. Promised:
//! - a value may stand in the environment, a file or a credential of systemd; one that is missing is a mistake at its place, and none is ever shown;
//! - `check --print` shows what is in force, and `check` takes it;
//! - flags go before the file.

use std::fs;

use crate::support::binary::{Place, Run};
use crate::support::listing::{row, source};
use crate::support::newsroom::Newsroom;
use crate::support::scene::Scene;

const SECRET: &str = "s3cr3t-t0ken";

fn place(newsroom: &Newsroom, webhook: &str) -> Place {
    Place::new("", &format!("[status]\nwebhook = {webhook}\n{}", source(newsroom, "news", "News", "/news", "")))
}

/// Runs a command with one variable and one credential.
fn run(place: &Place, args: &[&str]) -> Run {
    let credentials = place.path().join("state/credentials");
    fs::create_dir_all(&credentials).expect("a folder");
    let value = format!("https://hooks.example.org/{SECRET}");
    fs::write(credentials.join("webhook"), format!("{value}\n")).expect("a file");
    place
        .command(args)
        .env("CREDENTIALS_DIRECTORY", credentials)
        .env("TEST_WEBHOOK", value)
        .output()
        .expect("the binary runs")
        .into()
}

#[test]
fn secrets_stand_elsewhere_and_are_never_shown() {
    let newsroom = Newsroom::start();
    for webhook in ["{ credential = \"webhook\" }", "{ env = \"TEST_WEBHOOK\" }", "{ file = \"credentials/webhook\" }"] {
        let place = place(&newsroom, webhook);
        for args in [&["check"][..], &["check", "--json"], &["check", "--print"], &["feeds"]] {
            let run = run(&place, args);
            assert!(!format!("{run:?}").contains(SECRET), "{args:?}: {run:#?}");
            if args[0] == "check" {
                assert_eq!(run.code, Some(0), "{run:#?}");
            }
        }
        let printed = run(&place, &["check", "--print"]);
        assert!(printed.stdout.contains(&format!("webhook = {webhook}\n")), "{printed:#?}");
        assert!(run(&place, &["check"]).stdout.contains("are posted to https://hooks.example.org\n"));
        fs::write(place.config(), &printed.stdout).expect("a config");
        assert_eq!(run(&place, &["check", "--print"]).stdout, printed.stdout);
    }
}

#[test]
fn a_secret_that_is_missing_is_a_mistake_at_its_place() {
    let newsroom = Newsroom::start();
    for (webhook, says) in [
        ("{ credential = \"other\" }", "`webhook` is the credential other, which cannot be read: No such file"),
        ("{ env = \"TEST_OTHER\" }", "`webhook` stands in the environment variable TEST_OTHER, which is not set"),
    ] {
        let run = run(&place(&newsroom, webhook), &["check"]);
        assert_eq!(run.code, Some(78), "{run:#?}");
        assert!(run.stderr.contains("newsroomd.toml:12:11: ") && run.stderr.contains(says), "{run:#?}");
        assert!(run.stderr.contains("1 problem in"), "{run:#?}");
    }
}

#[test]
fn flags_go_before_the_file() {
    let scene = Scene::new("", "");
    scene.show(&[&[row("One", "1 May 2024", "/1")]]);
    scene.place.run(&["once", "--publish-directory", "there", "--base-url", "https://other.example"]).ok();
    assert!(scene.place.path().join("there/news/all.rss").is_file() && !scene.feeds().exists());
    let feed = fs::read_to_string(scene.place.path().join("there/news/all.rss")).expect("a feed");
    assert!(feed.contains("https://other.example/news/all.rss"), "{feed}");
    let printed = scene.place.run(&["check", "--print", "--listen", "127.0.0.1:81", "--listen", "[::1]:81"]).ok();
    assert!(printed.stdout.contains("listen = [\"127.0.0.1:81\", \"[::1]:81\"]\n"), "{printed:#?}");
    let wrong = scene.place.run(&["run", "--listen", "81"]);
    assert_eq!(wrong.code, Some(2), "{wrong:#?}");
    assert!(wrong.stderr.contains("must be an IP address and a port"), "{wrong:#?}");
}
