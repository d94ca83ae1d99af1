//! Two of us in one place. Promised: of one database there is one daemon (`tests/daemon/ready.rs`), and of one published folder one database at a time;
//! who comes second is told in one sentence, and changes nothing.

use crate::doctor::rows;
use crate::support::binary::Place;
use crate::support::daemon::{self, Daemon, LISTEN};
use crate::support::listing::source;
use crate::support::process::Process;
use crate::support::scene::Scene;
use crate::support::tree;

/// A place with a database of its own that publishes to the folder of another.
fn intruder(scene: &Scene) -> Place {
    let place = Place::new("", &format!("{LISTEN}{}", source(&scene.newsroom, "other", "Other", "/news", "")));
    let text = std::fs::read_to_string(place.config()).expect("a config");
    let feeds = |place: &Place| place.feeds().display().to_string();
    std::fs::write(place.config(), text.replace(&feeds(&place), &feeds(&scene.place))).expect("a config");
    place
}

#[test]
fn two_databases_do_not_publish_to_one_folder() {
    let scene = daemon::scene_of("every = \"1h\"", &rows(5));
    let mut daemon = Daemon::start(&scene.place);
    daemon.published(&["new="]);
    let before = tree::files(&scene.feeds());
    let intruder = intruder(&scene);
    let told =
        |text: &str| text.contains("another newsroomd publishes to") && text.contains(&scene.feeds().display().to_string());
    let run = intruder.run(&["once"]);
    assert!(run.code == Some(1) && told(&run.stderr), "{run:#?}");
    let ended = Process::start(&mut intruder.command(&["run"])).end();
    assert!(ended.code == Some(1) && told(&ended.stderr.join("\n")), "{ended:#?}");
    assert_eq!(tree::files(&scene.feeds()), before);
    daemon.assert_serves(&scene.place);
    // The daemon's own commands are none of another's.
    scene.show(&[&rows(6)]);
    scene.place.once();
    daemon.wait(&[" published "]);
    daemon.kill();
    // It holds nothing beyond its end.
    scene.place.once();
    intruder.run(&["once"]).ok();
}
