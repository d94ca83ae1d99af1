//! Disks that are full or cannot be written. Promised: nothing that is published is harmed, what could not be written is told in one sentence, and the
//! first run with room ends where an undisturbed one would have.

use std::collections::BTreeMap;

use crate::doctor::rows;
use crate::support::binary::Run;
use crate::support::limits::{among_mounts, with_small_files};
use crate::support::scene::Scene;
use crate::support::sound::{Files, assert_sound};
use crate::support::tree;

fn scene() -> Scene {
    let scene = Scene::new("items = 40", "");
    scene.poll(&rows(20));
    scene
}

/// What an undisturbed run makes of it.
fn want(scene: &Scene, count: usize) -> BTreeMap<String, String> {
    let quiet = scene.beside("items = 40", "");
    scene.show(&[&rows(20)]);
    quiet.place.once();
    scene.show(&[&rows(count)]);
    quiet.place.once();
    tree::timeless(&quiet.feeds())
}

#[track_caller]
fn failed_in_a_sentence(run: &Run) {
    assert!(matches!(run.code, Some(0 | 1 | 75)), "{run:#?}");
    assert!(!run.stderr.contains("panicked"), "{run:#?}");
    assert!(run.code == Some(0) || run.stderr.contains("newsroomd: ") || run.stdout.contains("failed"), "{run:#?}");
}

#[test]
fn wherever_a_file_may_grow_no_more_nothing_is_lost() {
    let scene = scene();
    let want = want(&scene, 40);
    let mut failures = 0;
    for limit in [0, 30, 5_000, 10_000, 14_000, 20_000, 33_000, 50_000, 80_000, 120_000, 200_000, 400_000, 10_000_000] {
        let scene = scene.beside("items = 40", "");
        scene.show(&[&rows(20)]);
        scene.place.once();
        scene.show(&[&rows(40)]);
        let before = tree::files(&scene.feeds());
        let run = Run::from(with_small_files(&scene.place, limit, &["once", "--all"]).output().expect("a shell"));
        failed_in_a_sentence(&run);
        failures += usize::from(run.code != Some(0));
        assert_sound(&scene.place, &before);
        scene.place.once();
        assert_eq!(tree::timeless(&scene.feeds()), want, "{limit}");
    }
    assert!(failures > 4, "{failures} failed");
}

#[test]
fn on_a_full_disk_nothing_is_lost() {
    let scene = scene();
    let want = want(&scene, 40);
    let mut failures = 0;
    // From a disk on which not even the database fits to one that takes nearly all.
    for kilobytes in [60, 200, 260, 320, 380, 440, 500, 560, 620, 700] {
        let scene = scene.beside("items = 40", "");
        scene.show(&[&rows(40)]);
        let script = format!(
            "mkdir -p state feeds && mount -t tmpfs -o size={kilobytes}k tmpfs state && mkdir state/feeds && mount --bind state/feeds feeds || exit 99
             newsroomd once --all; echo \"ended $?\" >&2
             mount -o remount,size=200m state
             find feeds -name '.*' -type f | sed 's/^/left: /' >&2
             newsroomd once --all --now && newsroomd doctor && cp -a feeds copy"
        );
        let Some(run) = among_mounts(&scene.place, &script) else { return };
        assert_eq!(run.code, Some(0), "{kilobytes}: {run:#?}");
        assert!(!run.stderr.contains("panicked"), "{run:#?}");
        failures += usize::from(!run.stderr.contains("ended 0"));
        // What the disk has no room for is not left there.
        assert!(!run.stderr.contains("left: "), "{run:#?}");
        let titles = tree::titles(&scene.place.path().join("copy"), "news/all");
        assert_eq!(titles.len(), 40, "{kilobytes}");
        let tree = tree::timeless(&scene.place.path().join("copy"));
        assert_eq!(tree, want, "{kilobytes}");
    }
    println!("{failures} of 10 runs found no room");
    assert!(failures > 3, "{failures} failed");
}

#[test]
fn what_is_mounted_read_only_is_told_and_harms_nothing() {
    for (folder, stored) in [("state", false), ("feeds", true)] {
        let scene = scene();
        let want = want(&scene, 25);
        scene.show(&[&rows(25)]);
        let before: Files = tree::files(&scene.feeds());
        let script = format!(
            "mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} || exit 99
             newsroomd once --all; echo \"ended $?\" >&2
             newsroomd doctor; echo \"doctor $?\" >&2
             newsroomd backup copy.db; echo \"backup $?\" >&2"
        );
        let Some(run) = among_mounts(&scene.place, &script) else { return };
        assert!(run.stderr.contains("ended 1\n") && !run.stderr.contains("panicked"), "{run:#?}");
        assert!(run.stderr.contains("doctor 65"), "{run:#?}");
        assert!(run.stderr.contains("backup 0"), "what can be read can be copied: {run:#?}");
        let place = scene.place.path().join(folder).display().to_string();
        let told = |line: &str| line.starts_with("rights: ") && line.contains(&place) && line.contains("Read-only file system");
        assert!(run.stdout.lines().any(told), "{run:#?}");
        assert_eq!(tree::files(&scene.feeds()), before);
        let run = scene.place.once();
        assert_eq!(run.stdout.contains("5 new"), !stored, "{run:#?}");
        assert_eq!(tree::timeless(&scene.feeds()), want, "{folder}");
    }
}

#[test]
fn no_folder_for_temporary_files_is_needed() {
    let scene = scene();
    let place = scene.place.path().display().to_string();
    let script = format!(
        "for t in /tmp /var/tmp; do mount --bind $t $t && mount -o remount,bind,ro $t || exit 99; done
         mount --bind {place} {place} && mount -o remount,bind,rw {place} || exit 99
         cd {place}; touch /tmp/x 2>/dev/null && exit 98
         newsroomd once --all --now && newsroomd forget news/topic/topic-1 && newsroomd doctor && newsroomd backup copy.db"
    );
    let Some(run) = among_mounts(&scene.place, &script) else { return };
    if run.code == Some(99) {
        println!("not tested: {place} is not below /tmp, or cannot be mounted");
        return;
    }
    assert_eq!(run.code, Some(0), "{run:#?}");
}
