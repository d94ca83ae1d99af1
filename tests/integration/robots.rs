//! robots.txt (RFC 9309). Promised: what it forbids is not asked for; it is asked for once a day, whatever the number of polls, sources, processes and
//! restarts; where there is none everything is allowed, where it cannot be read nothing is asked; its crawl-delay is kept, up to a limit.

use std::time::Duration;

use super::manners::edit;
use crate::support::binary::{Place, Run};
use crate::support::database;
use crate::support::listing::{page, row, source};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::scene::Scene;

fn scene() -> Scene {
    let scene = Scene::new("", "");
    scene.show(&[&[row("One", "1 May 2024", "/1")]]);
    scene
}

fn poll(scene: &Scene) -> Run {
    scene.place.run(&["once", "--all"])
}

#[test]
fn what_robots_txt_forbids_is_not_asked_for() {
    for (text, rule) in [
        ("User-agent: *\nDisallow: /\n", Some("Disallow: /")),
        ("User-agent: *\nDisallow: /ne*s$\n", Some("Disallow: /ne*s$")),
        ("User-agent: *\nAllow: /\n\nUser-agent: Newsroomd\nDisallow: /n\n", Some("Disallow: /n")),
        ("User-agent: *\nDisallow: /\nAllow: /news$\n", None),
        ("User-agent: *\nDisallow: /\n\nUser-agent: newsroomd\nDisallow: /private\n", None),
        ("\u{feff}User-agent: *\nDisallow: /news\n", Some("Disallow: /news")),
    ] {
        let scene = scene();
        scene.newsroom.robots(text);
        for args in [&["once", "--all"][..], &["once", "--all", "--now"], &["preview", "news"]] {
            let run = scene.place.run(args);
            match rule {
                None => drop(run.ok()),
                Some(rule) => {
                    let told = format!("/robots.txt forbids newsroomd {} by \"{rule}\"", scene.newsroom.url("/news"));
                    assert!(run.code != Some(0) && run.stderr.contains(&told), "{run:#?}");
                }
            }
        }
        assert_eq!(scene.newsroom.take_log().is_empty(), rule.is_some(), "{text}");
        assert_eq!(scene.newsroom.take_robots(), 1, "{text}");
    }
}

#[test]
fn a_newsroom_that_consents_need_not_be_obeyed() {
    let scene = Scene::new("", "obey-robots = false");
    scene.newsroom.robots("User-agent: *\nDisallow: /\n");
    scene.poll(&[row("One", "1 May 2024", "/1")]);
    assert_eq!(scene.newsroom.take_robots(), 0);
    let run = scene.place.run(&["check"]).ok();
    assert!(run.stderr.contains("`obey-robots` is false"), "{run:#?}");
    // Not so the host to which it leads.
    let other = Newsroom::start();
    other.robots("User-agent: *\nDisallow: /\n");
    scene.newsroom.set("/news", Reply::Redirect(other.url("/elsewhere")));
    let run = poll(&scene);
    assert!(run.code == Some(75) && run.stderr.contains("forbids newsroomd"), "{run:#?}");
    assert_eq!((other.take_robots(), other.take_log().len()), (1, 0));
}

#[test]
fn a_consent_does_not_spread_to_hosts_that_the_pager_leads_to() {
    let scene = Scene::new("", "obey-robots = false");
    let other = Newsroom::start();
    other.robots("User-agent: *\nDisallow: /\n");
    let show = |newsroom: &Newsroom, path: &str, n: usize, next: Option<&str>| {
        newsroom.page(path, &page(&[row(&format!("Item {n}"), "1 May 2024", &format!("/item/{n}"))], next));
    };
    show(&scene.newsroom, "/news", 1, Some(&other.url("/more")));
    show(&other, "/more", 2, None);
    for args in [&["once", "--all"][..], &["backfill", "news"], &["preview", "--source", "news", &other.url("/more")]] {
        let run = scene.place.run(args);
        assert!(run.code != Some(0) && run.stderr.contains("/robots.txt forbids newsroomd"), "{run:#?}");
        assert_eq!(other.take_log().len(), 0, "{args:?}");
    }
    assert_eq!((scene.newsroom.take_robots(), other.take_robots()), (0, 1));
}

#[test]
fn a_consent_does_not_spread_to_where_a_page_moved() {
    let scene = Scene::new("", "obey-robots = false");
    let other = Newsroom::start();
    scene.newsroom.set("/news", Reply::Full(301, vec![("Location", other.url("/new"))], Vec::new()));
    other.page("/new", &page(&[row("One", "1 May 2024", "/1")], None));
    poll(&scene).ok();
    // That it moved is remembered: the new address is what is asked first.
    other.robots("User-agent: *\nDisallow: /\n");
    database::run(&scene.place.database(), "UPDATE robots SET answered = answered - 86400");
    other.take_log();
    let run = poll(&scene);
    assert!(run.code == Some(75) && run.stderr.contains("/robots.txt forbids newsroomd"), "{run:#?}");
    assert_eq!(other.take_log().len(), 0);
}

#[test]
fn being_asked_too_often_is_not_having_none() {
    let scene = scene();
    edit(&scene.place, "[fetch]", "[fetch]\nmax-retry-after = \"0s\"");
    scene.newsroom.set("/robots.txt", Reply::Status(429));
    let run = poll(&scene);
    assert!(run.code == Some(75) && run.stderr.contains("/robots.txt cannot be read"), "{run:#?}");
    assert_eq!(scene.newsroom.take_log().len(), 0);
}

#[test]
fn of_a_large_one_only_what_is_for_us_is_kept() {
    let scene = scene();
    let others = "User-agent: other\nDisallow: /x\n".repeat(10_000);
    scene.newsroom.robots(&format!("{others}User-agent: *\nDisallow: /private # ours\n"));
    poll(&scene).ok();
    let kept = database::texts(&scene.place.database(), "SELECT text FROM robots");
    assert_eq!(kept, ["User-agent: *\nDisallow: /private\n"]);
}

#[test]
fn it_is_asked_for_once_in_a_day_of_polls() {
    let newsroom = Newsroom::start();
    newsroom.robots("User-agent: *\nDisallow: /private\n");
    let of = |n: usize| {
        newsroom.page(&format!("/{n}"), &page(&[row(&format!("Item {n}"), "1 May 2024", &format!("/item/{n}"))], None));
        source(&newsroom, &format!("s{n}"), "Source", &format!("/{n}"), "")
    };
    let place = Place::new("", &(0..5).map(of).collect::<String>());
    for _ in 0..4 {
        place.once();
    }
    place.run(&["preview", "s1"]).ok();
    assert_eq!((newsroom.take_robots(), newsroom.take_log().len()), (1, 21));
    // Tomorrow it may be another one.
    newsroom.robots("User-agent: *\nDisallow: /3\n");
    database::run(&place.database(), "UPDATE robots SET answered = answered - 86400");
    let run = place.run(&["once", "--all"]);
    assert_eq!(run.code, Some(75), "{run:#?}");
    assert_eq!((newsroom.take_robots(), newsroom.take_log().len()), (1, 4));
}

#[test]
fn where_there_is_none_everything_is_allowed() {
    for reply in [Reply::Status(404), Reply::Status(401), Reply::Status(410), Reply::Redirect("gopher://x/".into())] {
        let scene = scene();
        scene.newsroom.set("/robots.txt", reply.clone());
        for _ in 0..3 {
            poll(&scene).ok();
        }
        assert_eq!((scene.newsroom.take_robots(), scene.newsroom.take_log().len()), (1, 3), "{reply:?}");
    }
}

#[test]
fn where_it_cannot_be_read_nothing_is_asked_until_it_can() {
    for reply in [Reply::Status(503), Reply::Status(500), Reply::HangUp, Reply::Truncated(b"User-agent: *\nDisallow:\n".to_vec())]
    {
        let scene = scene();
        scene.newsroom.set("/robots.txt", reply.clone());
        let run = poll(&scene);
        assert!(run.code == Some(75) && run.stderr.contains("/robots.txt cannot be read"), "{run:#?}");
        // A while later, a process more: robots.txt is not asked for again either.
        let run = poll(&scene).ok();
        assert!(run.stdout.contains("the robots.txt of 127.0.0.1:"), "{run:#?}");
        let now = scene.place.run(&["once", "--all", "--now"]).ok();
        assert!(now.stdout.contains("the robots.txt of 127.0.0.1:"), "{now:#?}");
        assert_eq!((scene.newsroom.take_robots(), scene.newsroom.take_log().len()), (1, 0), "{reply:?}");
        // After the pause, which grows. (Polls that fail are put off by themselves, too.)
        let again = || scene.place.run(&["once", "--all", "--now"]);
        database::run(&scene.place.database(), "UPDATE robots SET again = again - 300");
        assert_eq!(again().code, Some(75));
        database::run(&scene.place.database(), "UPDATE robots SET again = again - 300");
        again().ok();
        assert_eq!(scene.newsroom.take_robots(), 1, "{reply:?}");
        scene.newsroom.robots("User-agent: *\nDisallow: /private\n");
        database::run(&scene.place.database(), "UPDATE robots SET again = again - 300");
        again().ok();
        assert_eq!(scene.titles("news/all"), ["One"]);
    }
}

#[test]
fn while_it_cannot_be_read_the_last_one_holds() {
    let scene = scene();
    scene.newsroom.robots("User-agent: *\nDisallow: /private\n");
    poll(&scene).ok();
    scene.newsroom.set("/robots.txt", Reply::Status(500));
    database::run(&scene.place.database(), "UPDATE robots SET answered = answered - 86400 * 3");
    for _ in 0..2 {
        poll(&scene).ok();
    }
    assert_eq!((scene.newsroom.take_robots(), scene.newsroom.take_log().len()), (2, 3));
    let run = scene.place.run(&["preview", &scene.newsroom.url("/private")]);
    assert!(run.stderr.contains("forbids newsroomd"), "{run:#?}");
    // Not for ever.
    database::run(&scene.place.database(), "UPDATE robots SET answered = answered - 86400 * 30");
    poll(&scene).ok();
    assert_eq!(scene.newsroom.take_log().len(), 0);
}

#[test]
fn a_newsroom_that_cannot_give_one_for_a_month_has_none() {
    let scene = scene();
    scene.newsroom.set("/robots.txt", Reply::Status(500));
    assert_eq!(poll(&scene).code, Some(75));
    database::run(&scene.place.database(), "UPDATE robots SET unreachable = unreachable - 86400 * 30");
    poll(&scene).ok();
    assert_eq!(scene.newsroom.take_log().len(), 1);
}

#[test]
fn it_is_followed_to_where_it_moved() {
    let scene = scene();
    let other = Newsroom::start();
    scene.newsroom.set("/robots.txt", Reply::Redirect("/1".into()));
    for n in 1..4 {
        scene.newsroom.set(&format!("/{n}"), Reply::Redirect(format!("/{}", n + 1)));
    }
    scene.newsroom.set("/4", Reply::Redirect(other.url("/robots.txt")));
    other.robots("User-agent: *\nDisallow: /news\n");
    let run = poll(&scene);
    assert!(run.code == Some(75) && run.stderr.contains("forbids newsroomd"), "{run:#?}");
    assert_eq!(scene.newsroom.take_visits().iter().filter(|(path, _)| path == "/news").count(), 0);
    // A circle is none at all.
    scene.newsroom.set("/4", Reply::Redirect("/1".into()));
    database::run(&scene.place.database(), "DELETE FROM robots");
    poll(&scene).ok();
}

#[test]
fn of_one_that_is_too_large_the_beginning_holds() {
    let mut text = "User-agent: *\nDisallow: /private\n".to_owned();
    while text.len() < 500 * 1024 {
        text += "# nothing\n";
    }
    for (begins, allowed) in [("", true), ("User-agent: newsroomd\nDisallow: /news\n", false)] {
        let scene = scene();
        edit(&scene.place, "[fetch]", "[fetch]\nmax-size = \"100kB\"");
        scene.newsroom.robots(&format!("{begins}{text}User-agent: newsroomd\nDisallow: /\n"));
        let run = poll(&scene);
        assert_eq!(run.code == Some(0), allowed, "{run:#?}");
    }
}

#[test]
fn the_crawl_delay_is_kept_up_to_a_limit() {
    for (delay, limit, least) in [("0.3", "60s", 300), ("3600", "300ms", 300)] {
        let scene = scene();
        edit(&scene.place, "[fetch]", &format!("[fetch]\nmax-crawl-delay = \"{limit}\""));
        scene.newsroom.robots(&format!("User-agent: *\nCrawl-delay: {delay}\n"));
        for _ in 0..3 {
            poll(&scene).ok();
        }
        let visits = scene.newsroom.visits("/news");
        assert_eq!(visits.len(), 3);
        assert!(visits.windows(2).all(|two| two[1] - two[0] >= Duration::from_millis(least)), "{visits:?}");
    }
}

#[test]
fn each_host_on_the_way_is_asked_for_its_own() {
    let (scene, other) = (scene(), Newsroom::start());
    other.robots("User-agent: *\nDisallow: /moved/private\n");
    scene.newsroom.set("/news", Reply::Redirect(other.url("/moved/news")));
    other.page("/moved/news", &page(&[row("Moved", "2 May 2024", "/2")], None));
    poll(&scene).ok();
    assert_eq!((scene.newsroom.take_robots(), other.take_robots()), (1, 1));
    scene.newsroom.set("/news", Reply::Redirect(other.url("/moved/private")));
    let run = poll(&scene);
    assert!(
        run.stderr.contains(&format!("{} forbids newsroomd {}", other.url("/robots.txt"), other.url("/moved/private"))),
        "{run:#?}"
    );
}
