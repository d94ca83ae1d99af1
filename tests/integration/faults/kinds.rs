//! Every fault, by kinds.

use super::story::survives;
use crate::support::faults;
use crate::support::trap::Trap;

/// Limits that let no good page fail, even on a busy machine.
const WIDE: &str = "";

/// Limits that a fault is to run into soon.
const TIGHT: &str = "timeout = \"4s\"\nheader-timeout = \"2s\"\nread-timeout = \"2s\"\n";
const SMALL: &str =
    "timeout = \"10s\"\nheader-timeout = \"2s\"\nread-timeout = \"2s\"\nmax-size = \"1MB\"\nmax-wire-size = \"2MB\"\n";

#[test]
fn a_newsroom_that_says_no() {
    survives(faults::refusals(), WIDE);
}

#[test]
fn statuses_that_mean_nothing_here() {
    survives(faults::odd_statuses(), WIDE);
}

#[test]
fn answers_that_are_cut_off_or_of_a_wrong_length() {
    survives(faults::cuts(), WIDE);
}

#[test]
fn answers_that_are_no_http() {
    survives(faults::nonsense(), WIDE);
}

#[test]
fn bodies_that_are_not_packed_as_they_say() {
    survives(faults::codings(), WIDE);
}

#[test]
fn bombs_and_answers_without_end() {
    survives(faults::bombs(), SMALL);
}

#[test]
fn answers_that_take_for_ever() {
    survives(faults::slow(), TIGHT);
}

#[test]
fn redirects_that_lead_nowhere() {
    survives(faults::redirects(), WIDE);
}

#[test]
fn redirects_to_where_nobody_may_go() {
    let trap = Trap::at("127.0.0.2").expect("an address of this machine");
    let trap_v6 = Trap::at("::1").unwrap_or_else(|| trap.clone());
    survives(faults::escapes(trap.port(), trap_v6.port()), WIDE);
    assert_eq!([trap.connections(), trap_v6.connections()], [0, 0], "connections were made");
}

#[test]
fn other_pages_than_the_listing() {
    survives(faults::impostors(), WIDE);
}

#[test]
fn a_listing_that_was_rebuilt_or_is_not_whole() {
    survives(faults::rebuilt(), WIDE);
}
