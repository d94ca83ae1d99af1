//! Two runs at the same time on one database. Promised: both end well, and the tree is that of a single run; from the very first start on.

use std::process::{Child, Stdio};

use crate::support::binary::{Place, Run};
use crate::support::listing::{Row, row};
use crate::support::scene::Scene;
use crate::support::tree;

fn rows(from: usize, to: usize) -> Vec<Row> {
    let item = |n: usize| {
        let topic = format!("Topic {}", n % 3);
        row(&format!("Item {n}"), &format!("{} May 2024", 1 + n), &format!("/{n}")).topics(&[&topic])
    };
    (from..to).rev().map(item).collect()
}

fn start(place: &Place) -> Child {
    place.command(&["once", "--all"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs")
}

fn both_end_well(place: &Place) {
    let children = [start(place), start(place), start(place)];
    for child in children {
        Run::from(child.wait_with_output().expect("ended")).ok();
    }
}

#[test]
fn first_runs_side_by_side_make_the_tree_of_one() {
    let alone = Scene::new("", "");
    alone.poll(&rows(0, 10));
    for _ in 0..5 {
        let scene = alone.beside("", "");
        both_end_well(&scene.place);
        assert_eq!(tree::timeless(&scene.feeds()), tree::timeless(&alone.feeds()));
    }
}

#[test]
fn later_runs_side_by_side_make_the_tree_of_one() {
    let alone = Scene::new("", "");
    alone.poll(&rows(0, 10));
    let scene = alone.beside("", "");
    scene.place.once();
    for newest in 11..14 {
        alone.poll(&rows(newest - 10, newest));
        both_end_well(&scene.place);
        assert_eq!(tree::timeless(&scene.feeds()), tree::timeless(&alone.feeds()));
    }
}
