//! What a source's good pages were like: the numbers of the last few.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::look::{Look, Script};

/// How many pages are remembered.
const PAGES: usize = 10;

const DAY: u64 = 86_400;

/// A page with more rows than this is none that a wall shows.
pub(super) const FEW: usize = 2;

/// The first pages of the last good walks that brought something, the newest last; at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    pages: Vec<Page>,
}

/// What is remembered of a page. The names are short: it is stored for each source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Page {
    #[serde(rename = "r")]
    pub rows: usize,
    #[serde(rename = "u")]
    pub unreadable: usize,
    #[serde(rename = "l")]
    pub unlinked: usize,
    #[serde(rename = "g")]
    pub tagged: usize,
    #[serde(rename = "e")]
    pub terms: usize,
    #[serde(rename = "t")]
    pub titles: usize,
    #[serde(rename = "m")]
    pub length: usize,
    #[serde(rename = "s")]
    pub script: Option<Script>,
    /// The oldest and the newest day, as days of the Common Era.
    #[serde(rename = "d")]
    pub days: Option<(i32, i32)>,
    #[serde(rename = "x")]
    pub next: bool,
    #[serde(rename = "n")]
    pub name: Option<u64>,
    #[serde(rename = "a")]
    pub language: Option<String>,
    #[serde(rename = "c")]
    pub closed: bool,
    #[serde(rename = "z")]
    pub size: usize,
    #[serde(rename = "w")]
    pub words: u32,
    /// None: nothing could be known yet.
    #[serde(rename = "k")]
    pub known: Option<usize>,
}

impl Page {
    fn of(look: &Look) -> Self {
        let days = look.days.iter().min().zip(look.days.iter().max());
        Self {
            rows: look.rows,
            unreadable: look.rows - look.readable.min(look.rows),
            unlinked: look.unlinked,
            tagged: look.tagged,
            terms: look.terms,
            titles: look.titles,
            length: look.length,
            script: look.script,
            days: days.map(|(oldest, newest)| (oldest.num_days_from_ce(), newest.num_days_from_ce())),
            next: look.next,
            name: look.frame.name,
            language: look.frame.language.clone(),
            closed: look.frame.closed,
            size: look.frame.size,
            words: look.frame.words,
            known: look.known,
        }
    }
}

/// From so many pages on an exception is one.
const MANY: usize = 5;

/// Four in five are a rule; of fewer pages than that, all.
fn is_rule(count: usize, of: usize) -> bool {
    count * 5 >= of * 4
}

impl Past {
    /// A past of one page.
    pub fn begin(look: &Look) -> Self {
        Self { pages: vec![Page::of(look)] }
    }

    /// The past with one more page. A listing that begins anew with the year has another past from then on: by the old year's pages it would lack
    /// rows until it is as long.
    pub fn learn(mut self, look: &Look) -> Self {
        if self.ends_with_the_year(look) {
            return Self::begin(look);
        }
        self.pages.push(Page::of(look));
        let spare = self.pages.len().saturating_sub(PAGES);
        self.pages.drain(..spare);
        self
    }

    /// As stored; None: it is none, or of another version, and begins anew.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|past: &Self| !past.pages.is_empty())
    }

    /// As it is to be stored.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("numbers and lists always serialise")
    }

    /// Whether the page is that of a listing of the year's items, which begins anew on New Year's Day: whole, by its frame, but with next to nothing
    /// in it.
    pub(super) fn ends_with_the_year(&self, look: &Look) -> bool {
        let (Some(oldest), Some(before)) = (look.days.iter().min(), self.newest()) else { return false };
        let whole = look.frame.closed || !self.always(|p| p.closed);
        let same = self.same(|p| p.name).is_none_or(|name| look.frame.name == Some(name));
        look.rows * 2 <= *self.range(|p| p.rows).start() && oldest.year() > before.year() && whole && same && !self.is_wall(look)
    }

    /// Whether the last page was of the same shape: not what its rows say, but how many and how they are framed.
    pub(super) fn ends_like(&self, look: &Look) -> bool {
        // Among rows a word of a wall is one of a headline.
        let words = |page: &Page| if page.rows <= FEW { page.words } else { 0 };
        let shape = |page: Page| Page { days: None, known: None, size: 0, terms: 0, words: words(&page), ..page };
        self.pages.last().is_some_and(|last| shape(last.clone()) == shape(Page::of(look)))
    }

    /// Whether the page speaks like a wall: it has next to no rows, and words that those before did not have, whatever else they had.
    pub(super) fn is_wall(&self, look: &Look) -> bool {
        let is_new = |bit: u32| look.frame.words & bit != 0 && self.always(|p| p.words & bit == 0);
        look.rows <= FEW && (0..u32::BITS).any(|n| is_new(1 << n))
    }

    /// The least and the most of something; of five pages or more, without the one at either end.
    pub(super) fn range(&self, of: impl Fn(&Page) -> usize) -> RangeInclusive<usize> {
        let mut all: Vec<usize> = self.pages.iter().map(of).collect();
        all.sort_unstable();
        let all = if all.len() < MANY { &all[..] } else { &all[1..all.len() - 1] };
        all.first().copied().unwrap_or(0)..=all.last().copied().unwrap_or(0)
    }

    /// Whether it was so, but for an exception among many.
    pub(super) fn always(&self, of: impl Fn(&Page) -> bool) -> bool {
        is_rule(self.pages.iter().filter(|p| of(p)).count(), self.pages.len())
    }

    /// What the pages have in common, but for an exception among many; None: they differ, or have none.
    pub(super) fn same<T: PartialEq>(&self, of: impl Fn(&Page) -> Option<T>) -> Option<T> {
        let is_same = |value: &T| is_rule(self.pages.iter().filter(|p| of(p).as_ref() == Some(value)).count(), self.pages.len());
        self.pages.iter().filter_map(&of).find(is_same)
    }

    /// The newest day that was seen.
    fn newest(&self) -> Option<NaiveDate> {
        self.pages.iter().filter_map(|p| p.days).map(|(_, newest)| newest).max().and_then(NaiveDate::from_num_days_from_ce_opt)
    }

    /// Whether the newsroom may well have filled a page anew in this time: it would have published a quarter of a page at its usual rate.
    pub(super) fn may_be_all_new(&self, silence: Duration) -> bool {
        let Some((oldest, newest)) = self.pages.last().and_then(|p| p.days) else { return true };
        let days = u64::try_from(newest - oldest).unwrap_or(0) + 1;
        silence.as_secs().saturating_mul(4) >= days * DAY
    }
}
