//! Rows of items that were forgotten: known, and to be ignored.
//!
//! Of a forgotten item nothing is left but digests. A row is one of its rows if its key is one that the item ever had (so that a repost
//! under another link stays away), or if its link is one of the item's and title or date are too, or the source has a `link-key` (so that an
//! edit does). What such a row says is one more trace, so that the next edit and the next repost are recognised as well. A row that is a
//! known item's as it stands is never forgotten: no item is lost for the sake of another.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::domain::{Digest, Reading};

/// What a row of a forgotten item looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trace {
    /// The store's number for the forgotten item.
    pub item: i64,
    /// The row's key.
    pub key: Digest,
    /// Its folded title.
    pub title_key: Digest,
    /// Its day.
    pub day: NaiveDate,
    /// Its link.
    pub link: Option<Digest>,
}

/// What a row has in common with known items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// It says what a known item says.
    Told,
    /// It stands at a known item's own link, and may be an edit of it.
    Linked,
    /// Nothing.
    None,
}

/// The rows that are forgotten, by index, with the traces they leave. `link` gives a row's link unless it is no identity.
pub(super) fn forgotten(
    rows: &[Reading],
    traces: &[Trace],
    link_key: bool,
    link: impl Fn(&Reading) -> Option<Digest>,
    claim: impl Fn(&Reading) -> Claim,
) -> HashMap<usize, Trace> {
    let mut found = HashMap::new();
    if traces.is_empty() {
        return found;
    }
    let mut traces = traces.to_vec();
    // Each row that is found may be what another one is found by.
    loop {
        let before = found.len();
        for (n, row) in rows.iter().enumerate() {
            if found.contains_key(&n) {
                continue;
            }
            let claim = claim(row);
            let by_key = || traces.iter().find(|t| t.key == row.key);
            let alike = |t: &&Trace| link_key || t.title_key == row.title_key || t.day == row.day;
            let by_link = || link(row).and_then(|link| traces.iter().filter(|t| t.link == Some(link)).find(alike));
            let trace = match claim {
                Claim::Told => None,
                Claim::Linked => by_key(),
                Claim::None => by_key().or_else(by_link),
            };
            if let Some(&Trace { item, .. }) = trace {
                let link = row.link.as_ref().map(|l| l.identity);
                let trace = Trace { item, key: row.key, title_key: row.title_key, day: row.day, link };
                found.insert(n, trace);
                traces.push(trace);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
