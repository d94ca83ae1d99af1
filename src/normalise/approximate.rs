//! Rows whose date is only told from the moment of reading ("2 days ago"): which item they are, so that the same row says the same day
//! tomorrow. A pure step before the decision which row is which item (see [`super::matching`]).
//!
//! The date of first sight is kept: a row that is recognised takes over its item's day and instant, and is from then on like any row.
//!
//! 1. A row whose link is an item's own, and no other story's, is that item if the title is too, whatever the day: a page that says "1 hour
//!    ago" of an old story has touched it, not published it. It is so too if the item's day is one that the row may mean, or the source has a `link-key`.
//! 2. Else a row of an item's title, on a day that the row may mean, is that item: the nearest one, and each item for rows of one telling only, so that
//!    "1 day ago" and "2 days ago" of a daily report stay two.
//! 3. Else a row that shares title and link with another of the walk takes over its day: a teaser and its place in the list.
//!
//! A row that tells day and month, and no year, means the latest such day that its place in the list leaves
//! (see [`super::course`]). It is the item of its link and title in whatever year, so that it does not
//! become another as years pass; with another title or link it is the item of that very day only.
//!
//! A row that states its day takes over that of an item of its own link whose first date was told so, if they are no further apart than that
//! one was exact: told the day, a page says nothing new. Further apart, the stated day is a correction like any other, and it is the item's date.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};

use super::matching::{Known, KnownItem, Terms};
use super::reading::restate;
use crate::domain::{Digest, Newsroom, Published, Reading};

/// The rows, each that is recognised on the day of its item. Borrowed where no date is approximate, as nearly always.
pub fn settle<'r>(rows: &'r [Reading], known: &Known, terms: &Terms, newsroom: &Newsroom) -> Cow<'r, [Reading]> {
    let told = |row: &Reading| row.approximate.is_some();
    if !rows.iter().any(told) && known.items.iter().all(|item| item.slack.is_none()) {
        return Cow::Borrowed(rows);
    }
    let shared = links_of_two_stories(rows);
    let own = |row: &Reading| {
        let link = row.link.as_ref()?.identity;
        if known.shared.contains(&link) || shared.contains(&link) { None } else { of_link(row, link, known, terms) }
    };
    let stated = |row: &Reading| {
        let same = |item: &KnownItem| item.slack.is_some() && item.key == row.key;
        if told(row) { None } else { known.items.iter().position(same) }
    };
    let mut item_of: Vec<Option<usize>> = rows.iter().map(|row| own(row).or_else(|| stated(row))).collect();
    by_title(rows, known, &mut item_of);
    let mut out = rows.to_vec();
    for (row, item) in item_of.iter().enumerate() {
        if let Some(item) = item.map(|n| &known.items[n]) {
            take(&mut out[row], newsroom, item.day, item.published, item.slack);
        }
    }
    for row in (0..rows.len()).filter(|&row| told(&rows[row]) && item_of[row].is_none()) {
        // What was forgotten stays so under the day it had.
        let trace = known.forgotten.iter().find(|t| t.title_key == rows[row].title_key && may_mean(&rows[row], t.day));
        if let Some(trace) = trace {
            let published = out[row].published;
            take(&mut out[row], newsroom, trace.day, published, None);
        } else if let Some(twin) = twin(rows, row, |n| item_of[n].is_some()) {
            let Reading { day, published, slack, .. } = out[twin];
            take(&mut out[row], newsroom, day, published, slack);
        }
    }
    Cow::Owned(out)
}

fn take(row: &mut Reading, newsroom: &Newsroom, day: NaiveDate, published: Published, slack: Option<u32>) {
    restate(row, newsroom, day, published);
    row.slack = slack;
}

/// Whether a row that tells day and month only names this day, of whatever year.
fn names(row: &Reading, day: NaiveDate) -> bool {
    row.approximate.as_ref().is_some_and(|a| a.yearly) && (day.month(), day.day()) == (row.day.month(), row.day.day())
}

/// Whether a row may mean this day.
fn may_mean(row: &Reading, day: NaiveDate) -> bool {
    row.approximate.as_ref().map_or(row.day == day, |approximate| approximate.days.contains(&day))
}

/// Whether two rows may mean one day.
fn may_agree(a: &Reading, b: &Reading) -> bool {
    let days = |row: &Reading| row.approximate.as_ref().map_or((row.day, row.day), |a| (*a.days.start(), *a.days.end()));
    let ((a_first, a_last), (b_first, b_last)) = (days(a), days(b));
    a_first <= b_last && b_first <= a_last
}

/// Links that rows of different titles, or of days that cannot be one, share: landing pages.
fn links_of_two_stories(rows: &[Reading]) -> HashSet<Digest> {
    let mut first: HashMap<Digest, &Reading> = HashMap::new();
    let mut shared = HashSet::new();
    for row in rows {
        let Some(link) = row.link.as_ref().map(|l| l.identity) else { continue };
        let other = first.entry(link).or_insert(row);
        if other.title_key != row.title_key || !may_agree(other, row) {
            shared.insert(link);
        }
    }
    shared
}

/// The item whose own link is the row's, and whose day it takes over.
fn of_link(row: &Reading, link: Digest, known: &Known, terms: &Terms) -> Option<usize> {
    let items = || known.items.iter().enumerate().filter(|(_, item)| item.link == Some(link));
    let found = match &row.approximate {
        // Its day and month are stated, and hold against what an item says: only the year is the item's.
        Some(approximate) if approximate.yearly => items()
            .find(|(_, item)| item.title_key == row.title_key && item.day == row.day)
            .or_else(|| items().rev().find(|(_, item)| item.title_key == row.title_key && names(row, item.day)))
            .or_else(|| items().rev().find(|(_, item)| item.day == row.day)),
        Some(_) => items()
            .find(|(_, item)| item.title_key == row.title_key && may_mean(row, item.day))
            .or_else(|| items().rev().find(|(_, item)| item.title_key == row.title_key || may_mean(row, item.day)))
            .or_else(|| items().next_back().filter(|_| terms.link_key)),
        None => {
            let within = |item: &KnownItem| item.slack.is_some_and(|slack| apart(item.day, row.day) <= slack);
            // An item that is what the row states needs no other.
            let stated = items().any(|(_, item)| item.key == row.key && item.slack.is_none());
            items().find(|(_, item)| within(item)).filter(|_| !stated)
        }
    };
    found.map(|(n, _)| n)
}

fn apart(a: NaiveDate, b: NaiveDate) -> u32 {
    u32::try_from((a - b).num_days().abs()).unwrap_or(u32::MAX)
}

/// Items for the rows that their link did not tell, by title and nearest day.
fn by_title(rows: &[Reading], known: &Known, item_of: &mut [Option<usize>]) {
    // Rows of one title that tell the same day are of one item; `taken`: for whom an item stands already.
    type Telling = (Digest, NaiveDate);
    let telling = |row: &Reading| -> Telling { (row.title_key, row.day) };
    let mut taken: HashMap<usize, Telling> = HashMap::new();
    for (row, item) in item_of.iter().enumerate() {
        if let Some(item) = item {
            taken.entry(*item).or_insert(telling(&rows[row]));
        }
    }
    let stated: HashSet<Digest> = rows.iter().filter(|r| r.approximate.is_none()).map(|r| r.key).collect();
    let mut pairs: Vec<(u32, usize, usize)> = Vec::new();
    for (n, row) in rows.iter().enumerate().filter(|(n, row)| row.approximate.is_some() && item_of[*n].is_none()) {
        // With the link in the key, an item is no other link's.
        let of_link = |item: &KnownItem| row.key == row.origin || item.link == row.link.as_ref().map(|l| l.identity);
        let fits = |item: &KnownItem| {
            item.title_key == row.title_key && may_mean(row, item.day) && of_link(item) && !stated.contains(&item.key)
        };
        pairs.extend(
            known.items.iter().enumerate().filter(|(_, item)| fits(item)).map(|(i, item)| (apart(item.day, row.day), n, i)),
        );
    }
    pairs.sort_unstable();
    let mut told: HashMap<Telling, usize> = HashMap::new();
    for (_, row, item) in pairs {
        let telling = telling(&rows[row]);
        let free = taken.get(&item).is_none_or(|by| *by == telling) && told.get(&telling).is_none_or(|of| *of == item);
        if item_of[row].is_none() && free {
            item_of[row] = Some(item);
            taken.insert(item, telling);
            told.insert(telling, item);
        }
    }
}

/// Another row of the same title and link, that states its day, is recognised, or comes first.
fn twin(rows: &[Reading], row: usize, recognised: impl Fn(usize) -> bool) -> Option<usize> {
    let this = &rows[row];
    let link = this.link.as_ref().map(|l| l.identity)?;
    let same = |n: usize| {
        let other = &rows[n];
        n != row
            && other.title_key == this.title_key
            && other.link.as_ref().is_some_and(|l| l.identity == link)
            && may_agree(other, this)
    };
    let twins = || (0..rows.len()).filter(|&n| same(n));
    twins().find(|&n| rows[n].approximate.is_none() || recognised(n)).or_else(|| twins().find(|&n| n < row))
}

#[cfg(test)]
#[path = "approximate_tests.rs"]
mod tests;
