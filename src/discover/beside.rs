//! Values that no place in the row holds: dates and titles that stand above rows, dates that only a label tells.

use std::collections::{HashMap, HashSet};

use super::dates::{Dated, Dates};
use super::dating::{DatePlace, attribute, place, share_of};
use super::names::Mark;
use super::outline::Outline;
use super::slots::{ELEMENTS, Rows, Slot, Slots, median, rank, share, weight};
use super::titling::take_title;
use crate::domain::fold;
use crate::extract::date::{PageDate, When};

/// A date that only its label tells from other values: `<tr><th>Date</th><td>3.5.2024</td></tr>`.
pub(super) fn date_behind_label<'a>(page: &Outline<'a>, dates: &Dates, members: &[usize], rows: &mut Rows<'a>) {
    for (label, _) in &rows.labels {
        let wanted = fold(label);
        let value = |member: usize| {
            let all = member..page.elements[member].end.min(member + 1 + ELEMENTS);
            let at = all
                .clone()
                .find(|at| page.elements[*at].height == 0 && fold(&page.line(*at)).trim_end_matches([':', ' ']) == wanted)?;
            let end = page.elements[at].end;
            // The next cell or block, else what else the label's own block says.
            let next = Some(end).filter(|next| all.contains(next) && page.elements[*next].parent == page.elements[at].parent);
            Some(next.map_or_else(|| page.line_without(page.elements[at].parent, at), |next| page.line(next)))
        };
        let lines: Vec<Option<String>> = members.iter().map(|m| value(*m)).collect();
        let mut found: Vec<Option<Dated>> = lines.iter().map(|text| dates.find(text.as_deref()?)).collect();
        if found.iter().flatten().count() < members.len() {
            found = dates.of_list(&lines);
        }
        if found.iter().flatten().count() * 5 >= members.len() * 4 && share_of(&found) >= 0.5 {
            rows.days = found.iter().map(|d| d.as_ref().map(|d| dates.day(d.when))).collect();
            rows.date = Some(DatePlace { label: Some(label.clone()), ..place(&Slot::Row) }.written(&found));
            break;
        }
    }
    if let Some(label) = rows.date.as_ref().and_then(|d| d.label.clone()) {
        rows.labels.retain(|(l, _)| *l != label);
    }
}

/// Elements that stand between rows, by name; each with where it is.
fn between<'a>(page: &Outline<'a>, members: &[usize]) -> HashMap<Slot<'a>, Vec<usize>> {
    let (Some(&first), Some(&last)) = (members.first(), members.last()) else { return HashMap::new() };
    let within = page.common(first, last);
    let mut out: HashMap<Slot<'a>, Vec<usize>> = HashMap::new();
    let mut rows = members.iter().copied().peekable();
    let mut at = within + 1;
    while at < last {
        if rows.peek() == Some(&at) {
            rows.next();
            at = page.elements[at].end;
            continue;
        }
        let element = &page.elements[at];
        if page.size(at) <= 500
            && element.height <= 20
            && !element.tag.contains(':')
            && !rows.peek().is_some_and(|&row| page.holds(at, row))
        {
            out.entry(Slot::Tag(element.tag)).or_default().push(at);
            for mark in element.marks.iter().filter(|m| !matches!(m, Mark::Id(_))) {
                out.entry(Slot::Marked(element.tag, *mark)).or_default().push(at);
            }
        }
        at += 1;
    }
    out
}

/// The nearest element before each row.
fn nearest(of: &[usize], members: &[usize]) -> Vec<Option<usize>> {
    members.iter().map(|&m| of[..of.partition_point(|&at| at < m)].last().copied()).collect()
}

/// A date in an element above the rows: a day's heading, or the name of a definition.
pub(super) fn date_above<'a>(page: &Outline<'a>, dates: &Dates, members: &[usize], rows: &mut Rows<'a>) {
    let mut best: Option<(f32, DatePlace, Vec<Option<PageDate>>)> = None;
    let mut between: Vec<_> = between(page, members).into_iter().collect();
    between.sort_by_key(|(slot, _)| (rank(slot), *slot));
    for (slot, elements) in between {
        let above = nearest(&elements, members);
        if above.iter().flatten().count() * 10 < members.len() * 9 {
            continue;
        }
        let mut found: Vec<Option<Dated>> = above.iter().map(|at| at.and_then(|at| dates.of(page, at))).collect();
        if found.iter().flatten().count() * 10 < members.len() * 9 {
            let short = |at: &usize| page.size(*at) <= 60;
            let lines: Vec<Option<String>> = above.iter().map(|at| at.filter(short).map(|at| page.line(at))).collect();
            found = dates.of_list(&lines);
        }
        let stated: Vec<_> =
            above.iter().map(|at| at.and_then(|at| attribute(page, at)).and_then(|(a, t)| Some((a, dates.stated(t)?)))).collect();
        let base = DatePlace { above: true, ..place(&slot) };
        let (days, place, filling) = if stated.iter().flatten().count() * 10 >= members.len() * 9 {
            let attr = stated.iter().flatten().next().map(|(attr, _)| *attr);
            (stated.iter().map(|d| d.map(|(_, day)| day)).collect::<Vec<_>>(), DatePlace { attr, ..base }, 1.0)
        } else {
            let filling = share_of(&found);
            let days = found.iter().map(|d| d.as_ref().map(|d| dates.day(d.when))).collect();
            (days, base.written(&found), filling)
        };
        let there = share(days.iter().flatten().count(), members.len());
        if there < 0.9 || filling < 0.4 {
            continue;
        }
        let named = matches!(slot, Slot::Marked(_, m) if !m.is_about_looks());
        let score = there * 40.0 + filling * 20.0 + if named { 2.0 } else { 0.0 };
        if best.as_ref().is_none_or(|(of_best, ..)| score > of_best + 0.01) {
            best = Some((score, place, days));
        }
    }
    if let Some((_, place, days)) = best {
        rows.date = Some(place);
        rows.days = days;
    }
}

/// The day in the row, month and year in what stands above it: "November 2024", then "12 Title".
pub(super) fn day_below_month<'a>(page: &Outline<'a>, dates: &Dates, members: &[usize], slots: &Slots<'a>, rows: &mut Rows<'a>) {
    let most = |n: usize| n * 10 >= members.len() * 9;
    let is_day = |text: &str| text.trim_end_matches('.').parse::<u32>().is_ok_and(|n| (1..=31).contains(&n)) && text.len() <= 3;
    let of_days = slots.iter().map(|(slot, filled)| {
        let days: Vec<Option<String>> = filled.first.iter().map(|at| at.map(|at| page.line(at)).filter(|t| is_day(t))).collect();
        (slot, days)
    });
    let Some((day, days)) = of_days
        .filter(|(slot, days)| **slot != Slot::Row && most(days.iter().flatten().count()))
        .min_by_key(|(s, _)| (rank(s), **s))
    else {
        return;
    };
    let mut between: Vec<_> = between(page, members).into_iter().collect();
    between.sort_by_key(|(slot, _)| (rank(slot), *slot));
    for (slot, elements) in between {
        let above = nearest(&elements, members);
        let joined = |(day, at): (&Option<String>, &Option<usize>)| {
            let month = at.filter(|at| page.size(*at) <= 60).map(|at| page.line(at))?;
            Some(format!("{} {month}", day.as_ref()?))
        };
        let lines: Vec<Option<String>> = days.iter().zip(&above).map(joined).collect();
        let found: Vec<Option<Dated>> = lines.iter().map(|line| dates.find(line.as_deref()?)).collect();
        // A month alone leaves the year to be guessed, and there may be twelve of them twice.
        let whole = found.iter().flatten().filter(|d| matches!(d.when, When::Stated(_)) && d.share > 0.9).count();
        if most(whole) {
            rows.days = found.iter().map(|d| d.as_ref().map(|d| dates.day(d.when))).collect();
            rows.date = Some(DatePlace { then_above: Some(slot.to_string()), ..place(day) }.written(&found));
            // The day is no part of the title: where the row was taken for it, its link is.
            let link = slots.iter().find(|(slot, filled)| *slot == Slot::Tag("a") && most(filled.first.iter().flatten().count()));
            if rows.title.as_deref() == Some(":scope")
                && let Some((slot, filled)) = link
            {
                take_title(page, members, *slot, filled, slots, rows);
            }
            return;
        }
    }
}

/// Titles above rows that hold a date and no title: flat lists of headings and paragraphs.
pub(super) fn title_above<'a>(page: &Outline<'a>, dates: &Dates, members: &[usize], rows: &mut Rows<'a>) {
    let mut between: Vec<_> = between(page, members).into_iter().collect();
    between.sort_by_key(|(slot, _)| (rank(slot), *slot));
    for (slot, elements) in between {
        let above = nearest(&elements, members);
        let there: Vec<usize> = above.iter().flatten().copied().collect();
        // One title for each row, no more and no fewer.
        let own: HashSet<_> = there.iter().collect();
        if own.len() * 10 < members.len() * 9 || elements.len() > own.len() + own.len() / 5 + 1 {
            continue;
        }
        let texts: Vec<String> = there.iter().map(|at| page.line(*at)).collect();
        let distinct = share(texts.iter().collect::<HashSet<_>>().len(), members.len());
        let length = median(texts.iter().map(|t| weight(t)).collect());
        let linked = there.iter().filter(|at| !page.links_in(**at).is_empty()).count();
        let dated = there.iter().filter(|at| dates.of(page, **at).is_some_and(|d| d.share > 0.3)).count();
        if distinct < 0.9 || !(12..=250).contains(&length) || linked * 10 < there.len() * 8 || dated > 0 {
            continue;
        }
        rows.title = Some(slot.to_string());
        rows.title_above = true;
        rows.title_is_heading = slot.is_heading();
        rows.titles_each = 1.0;
        rows.titles = above.iter().map(|at| at.map(|at| page.line(at))).collect();
        rows.links = above
            .iter()
            .map(|at| at.and_then(|at| page.links_in(at).first().copied()).and_then(|l| page.elements[l].element.attr("href")))
            .collect();
        return;
    }
}
