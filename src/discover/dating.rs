//! Which place in the rows holds their dates, and how they are written there.

use std::collections::HashSet;

use super::dates::{Dated, Dates, forms};
use super::names::{self, Hint, Mark};
use super::outline::Outline;
use super::slots::{Rows, Slot, Slots, share};
use crate::extract::date::{PageDate, When};

/// Where the date of a row stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DatePlace {
    /// A selector, in the row or for what stands above it.
    pub select: String,
    /// It stands above the row, perhaps for several.
    pub above: bool,
    /// It follows this label, wherever that is in the row.
    pub label: Option<String>,
    pub attr: Option<&'static str>,
    /// Elements in it that do not count.
    pub without: Option<String>,
    /// What stands above the row with this selector is read behind it.
    pub then_above: Option<String>,
    /// How it is written; empty: in forms that need no telling.
    pub forms: Vec<String>,
    /// Some are in forms that need no telling, beside those.
    pub plain: bool,
    /// Which figure is the day is told by the page's language alone.
    pub by_language: bool,
    /// Most of them leave the year out.
    pub yearless: bool,
}

impl DatePlace {
    /// The same, with dates written like these.
    pub fn written(self, found: &[Option<Dated>]) -> Self {
        let (forms, plain) = forms(found);
        let yearless = found.iter().flatten().filter(|d| matches!(d.when, When::Yearless(_))).count();
        Self {
            forms,
            plain,
            by_language: found.iter().flatten().any(|d| d.by_language),
            yearless: yearless * 2 > found.iter().flatten().count(),
            ..self
        }
    }
}

/// Attributes that state dates.
pub(super) fn attribute<'a>(page: &Outline<'a>, at: usize) -> Option<(&'static str, &'a str)> {
    let element = &page.elements[at];
    let content = || {
        let is_date = element.marks.iter().any(|m| matches!(m, Mark::Prop(_)) && names::hint(m) == Some(Hint::Date));
        element.element.attr("content").filter(|_| is_date).map(|v| ("content", v))
    };
    element.element.attr("datetime").map(|v| ("datetime", v)).or_else(content)
}

pub(super) fn date<'a>(
    page: &Outline<'a>,
    dates: &Dates,
    members: &[usize],
    slots: &Slots<'a>,
    title: Option<&Slot<'a>>,
    titled: &[Option<usize>],
    rows: &mut Rows<'a>,
) {
    let mut best: Option<(f32, DatePlace, Vec<Option<PageDate>>)> = None;
    for (slot, filled) in slots {
        if Some(slot) == title && !matches!(slot, Slot::Row) {
            continue;
        }
        if filled.first.iter().flatten().count() * 5 < members.len() * 3 {
            continue;
        }
        let is_row = matches!(slot, Slot::Row);
        let stated: Vec<Option<(&'static str, PageDate)>> = filled
            .first
            .iter()
            .map(|at| at.and_then(|at| attribute(page, at)).and_then(|(attr, text)| Some((attr, dates.stated(text)?))))
            .collect();
        let by_attribute = stated.iter().flatten().count();
        let (days, place, filling) = if by_attribute * 5 >= members.len() * 3 {
            let attr = stated.iter().flatten().next().map(|(attr, _)| *attr);
            let days: Vec<_> = stated.iter().map(|d| d.map(|(_, day)| day)).collect();
            (days, DatePlace { attr, ..place(slot) }, 1.0)
        } else {
            let line = |at: usize, titled: Option<usize>| match titled {
                Some(titled) if page.holds(at, titled) && at != titled => page.line_without(at, titled),
                // The text of a row without a title is no date of its own.
                _ => page.line(at),
            };
            let mut found: Vec<Option<Dated>> = filled
                .first
                .iter()
                .zip(titled)
                .map(|(at, titled)| match (*at, *titled) {
                    (Some(at), Some(titled)) if page.holds(at, titled) && at != titled => dates.find(&line(at, Some(titled))),
                    (Some(at), _) => dates.of(page, at),
                    (None, _) => None,
                })
                .collect();
            let enough = |found: &[Option<Dated>]| found.iter().flatten().count() * 5 >= members.len() * 3;
            if !enough(&found) {
                let short = |at: usize| page.size(at) <= 400 && page.raw(at).chars().filter(char::is_ascii_digit).count() >= 4;
                if filled.first.iter().flatten().filter(|at| short(**at)).count() * 5 < members.len() * 3 {
                    continue;
                }
                let lines: Vec<Option<String>> = filled
                    .first
                    .iter()
                    .zip(titled)
                    .map(|(at, titled)| at.filter(|at| short(*at)).map(|at| line(at, *titled)))
                    .collect();
                found = dates.of_list(&lines);
                if !enough(&found) {
                    continue;
                }
            }
            let filling = share_of(&found);
            let holds_title =
                filled.first.iter().zip(titled).any(|(at, t)| matches!((at, t), (Some(at), Some(t)) if page.holds(*at, *t)));
            let without = if holds_title { title.filter(|t| !matches!(t, Slot::Row)).map(ToString::to_string) } else { None };
            let days = found.iter().map(|d| d.as_ref().map(|d| dates.day(d.when))).collect();
            (days, DatePlace { without, ..place(slot) }.written(&found), filling)
        };
        let there = share(days.iter().flatten().count(), members.len());
        let mut score = there * 45.0 + filling * 25.0 + if place.attr.is_some() { 12.0 } else { 0.0 };
        score += match slot.hint() {
            Some(Hint::Date) => 10.0,
            Some(Hint::OtherDate) => -25.0,
            Some(Hint::Title | Hint::Summary) => -10.0,
            None => 0.0,
        };
        if is_row || place.without.is_some() {
            score -= 8.0;
        }
        let distinct = days.iter().flatten().map(|d| d.day).collect::<HashSet<_>>().len();
        // A date of one's own is worth more than that of the newsroom's founding in every row.
        if distinct == 1 && members.len() >= 3 {
            score -= 15.0;
        }
        let in_order: Vec<_> = days.iter().flatten().map(|d| d.day).collect();
        if distinct > 1 && in_order.windows(2).all(|w| w[0] >= w[1]) {
            score += 10.0;
        }
        if best.as_ref().is_none_or(|(of_best, ..)| score > of_best + 0.01) {
            best = Some((score, place, days));
        }
    }
    if let Some((_, place, days)) = best.filter(|(score, ..)| *score >= 35.0) {
        rows.date = Some(place);
        rows.days = days;
    }
}

pub(super) fn place(slot: &Slot<'_>) -> DatePlace {
    DatePlace {
        select: slot.to_string(),
        above: false,
        label: None,
        attr: None,
        without: None,
        then_above: None,
        forms: Vec::new(),
        plain: false,
        by_language: false,
        yearless: false,
    }
}

pub(super) fn share_of(found: &[Option<Dated>]) -> f32 {
    let there: Vec<f32> = found.iter().flatten().map(|d| d.share).collect();
    there.iter().sum::<f32>() / there.len().max(1) as f32
}
