//! Which place in the rows holds their titles, and the link that belongs to each.

use std::collections::HashSet;

use super::dates::Dates;
use super::names::Hint;
use super::outline::Outline;
use super::slots::{Filled, Rows, Slot, Slots, median, share, weight};

/// The place whose texts are most like titles.
pub(super) fn title<'s, 'a>(
    page: &Outline<'a>,
    dates: &Dates,
    members: &[usize],
    slots: &'s Slots<'a>,
) -> Option<&'s (Slot<'a>, Filled)> {
    let mut best: Option<(f32, &(Slot<'a>, Filled))> = None;
    for entry in slots {
        let (slot, filled) = entry;
        let there: Vec<(usize, usize)> = filled.first.iter().enumerate().filter_map(|(r, at)| Some((r, (*at)?))).collect();
        let present = share(there.len(), members.len());
        if present < 0.6 {
            continue;
        }
        let texts: Vec<String> = there.iter().map(|(_, at)| page.line(*at)).collect();
        let length = median(texts.iter().map(|t| weight(t)).collect());
        if !(8..=400).contains(&length) {
            continue;
        }
        let distinct = share(texts.iter().collect::<HashSet<_>>().len(), texts.len());
        if distinct < 0.5 {
            continue;
        }
        let linked = there.iter().filter(|(r, at)| link_of(page, members[*r], *at).is_some()).count();
        let dated = there.iter().filter(|(_, at)| dates.of(page, *at).is_some_and(|d| d.share > 0.3)).count();
        let mut score = present * 25.0 + distinct * 25.0 + share(linked, there.len()) * 12.0 - share(dated, there.len()) * 30.0;
        score += match length {
            20..=140 => 12.0,
            12..=170 => 4.0,
            _ => -10.0,
        };
        if slot.is_heading() {
            score += 16.0;
        }
        score += match slot.hint() {
            Some(Hint::Title) => 14.0,
            Some(Hint::Date | Hint::OtherDate) => -25.0,
            Some(Hint::Summary) => -14.0,
            None => 0.0,
        };
        // A text of several blocks is no title but a whole card.
        let blocks = there.iter().filter(|(_, at)| page.elements[*at].height > 2).count();
        score -= share(blocks, there.len()) * 8.0;
        if matches!(slot, Slot::Row | Slot::Tag("div" | "p" | "li" | "td")) {
            score -= 4.0;
        }
        // Prose has full stops in it.
        let prose = texts.iter().filter(|t| t.len() > 80 && t.contains(". ") || t.ends_with('.')).count();
        score -= share(prose, texts.len()) * 8.0;
        if best.is_none_or(|(of_best, _)| score > of_best + 0.01) {
            best = Some((score, entry));
        }
    }
    best.filter(|(score, _)| *score >= 40.0).map(|(_, entry)| entry)
}

/// The link that the extraction takes without a rule, if it is the title's.
fn link_of<'a>(page: &Outline<'a>, member: usize, title: usize) -> Option<&'a str> {
    let within = page.links_in(title).first().copied();
    let around = || {
        page.ancestors(title)
            .take_while(|a| *a >= member)
            .chain(page.ancestors(member).take(4))
            .find(|a| page.elements[*a].tag == "a")
    };
    within.or_else(around).and_then(|l| page.elements[l].element.attr("href"))
}

pub(super) fn take_title<'a>(
    page: &Outline<'a>,
    members: &[usize],
    slot: Slot<'a>,
    filled: &Filled,
    slots: &Slots<'a>,
    rows: &mut Rows<'a>,
) {
    rows.title = Some(slot.to_string());
    rows.title_is_heading = slot.is_heading() || slot.hint() == Some(Hint::Title);
    rows.titles = filled.first.iter().map(|at| at.map(|at| page.line(at))).collect();
    rows.titles_each = share(filled.count, filled.first.iter().flatten().count());
    let usual: Vec<Option<&str>> = members
        .iter()
        .zip(&filled.first)
        .map(|(&member, at)| {
            let of_title = at.and_then(|at| link_of(page, member, at));
            of_title.or_else(|| page.links_in(member).first().and_then(|l| page.elements[*l].element.attr("href")))
        })
        .collect();
    let distinct = |links: &[Option<&str>]| links.iter().flatten().collect::<HashSet<_>>().len();
    let unlinked = members.iter().zip(&filled.first).all(|(&m, at)| at.is_none_or(|at| link_of(page, m, at).is_none()));
    let mut best = distinct(&usual);
    rows.links = usual;
    if unlinked && best * 10 < members.len() * 9 {
        for (slot, filled) in
            slots.iter().filter(|(slot, _)| matches!(slot, Slot::Tag("a") | Slot::Marked("a", _) | Slot::In(_, "a")))
        {
            let links: Vec<Option<&str>> =
                filled.first.iter().map(|at| at.and_then(|at| page.elements[at].element.attr("href"))).collect();
            if distinct(&links) > best {
                best = distinct(&links);
                rows.links = links;
                rows.link = Some(slot.to_string());
            }
        }
    }
}
