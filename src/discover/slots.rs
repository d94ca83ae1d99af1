//! What the rows of a group have in common: the places in them, as selectors say them, and of those the summary's and the labels'.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::beside::{date_above, date_behind_label, day_below_month, title_above};
use super::dates::Dates;
use super::dating::{DatePlace, date};
use super::names::{self, Hint, Mark};
use super::outline::Outline;
use super::titling::{take_title, title};
use crate::domain::fold;
use crate::extract::date::PageDate;

/// So many rows are looked at, the first ones.
pub(super) const ROWS: usize = 40;
/// So many elements of a row.
pub(super) const ELEMENTS: usize = 200;

/// A place in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Slot<'a> {
    /// The row itself.
    Row,
    Tag(&'a str),
    Marked(&'a str, Mark<'a>),
    In(Mark<'a>, &'a str),
    Cell(&'a str, usize),
}

impl fmt::Display for Slot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row => f.write_str(":scope"),
            Self::Tag(tag) => f.write_str(tag),
            Self::Marked(_, mark @ (Mark::Prop(_) | Mark::Class(_))) => write!(f, "{mark}"),
            Self::Marked(tag, mark) => write!(f, "{tag}{mark}"),
            Self::In(mark, tag) => write!(f, "{mark} {tag}"),
            Self::Cell(tag, nth) => write!(f, "{tag}:nth-child({nth})"),
        }
    }
}

impl Slot<'_> {
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Marked(_, mark) | Self::In(mark, _) => names::hint(mark),
            Self::Tag("time") => Some(Hint::Date),
            _ => None,
        }
    }

    pub fn is_heading(&self) -> bool {
        match self {
            Self::Tag(tag) | Self::Marked(tag, _) | Self::In(_, tag) => is_heading(tag),
            Self::Row | Self::Cell(..) => false,
        }
    }
}

pub(super) fn is_heading(tag: &str) -> bool {
    matches!(tag, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Where the elements of one slot are.
#[derive(Debug)]
pub(super) struct Filled {
    /// By row: the first that says something.
    pub first: Vec<Option<usize>>,
    /// How many there are in all that say as much as a title does.
    pub count: usize,
}

/// The rows of a group, read.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    /// How many were looked at.
    pub looked: usize,
    pub title: Option<String>,
    /// The title stands above the row.
    pub title_above: bool,
    pub title_is_heading: bool,
    pub titles: Vec<Option<String>>,
    /// Titles by place in a row: how many each row has, on average.
    pub titles_each: f32,
    pub links: Vec<Option<&'a str>>,
    /// A selector of its own, where the usual link of a row is not the story's.
    pub link: Option<String>,
    pub date: Option<DatePlace>,
    pub days: Vec<Option<PageDate>>,
    pub summary: Option<String>,
    pub summary_without: Option<String>,
    /// Labels: the text as spelt, in how many rows, and whether it may have several values.
    pub labels: Vec<(String, usize)>,
}

pub(super) type Slots<'a> = Vec<(Slot<'a>, Filled)>;

/// Reads the rows of a group.
pub(super) fn read<'a>(page: &Outline<'a>, dates: &Dates, members: &[usize]) -> Rows<'a> {
    let members = &members[..members.len().min(ROWS)];
    let slots = slots(page, members);
    let mut rows = Rows { looked: members.len(), ..Rows::default() };
    let title = title(page, dates, members, &slots);
    if let Some((slot, filled)) = title {
        take_title(page, members, *slot, filled, &slots, &mut rows);
    }
    let titled: Vec<Option<usize>> = title.map_or_else(|| vec![None; members.len()], |(_, f)| f.first.clone());
    date(page, dates, members, &slots, title.map(|(slot, _)| slot), &titled, &mut rows);
    rows.labels = labels(page, members, &titled);
    if rows.date.is_none() {
        date_behind_label(page, dates, members, &mut rows);
    }
    if rows.date.is_none() {
        date_above(page, dates, members, &mut rows);
        if rows.date.is_none() {
            day_below_month(page, dates, members, &slots, &mut rows);
        }
    } else if rows.title.is_none() {
        title_above(page, dates, members, &mut rows);
    }
    summary(page, dates, members, &slots, &titled, &mut rows);
    rows
}

fn slots<'a>(page: &Outline<'a>, members: &[usize]) -> Slots<'a> {
    let mut by_slot: HashMap<Slot<'a>, Filled> = HashMap::new();
    let mut names: Vec<Slot<'a>> = Vec::with_capacity(8);
    for (row, &member) in members.iter().enumerate() {
        let end = page.elements[member].end.min(member + 1 + ELEMENTS);
        for at in member..end {
            let element = &page.elements[at];
            names.clear();
            if at == member {
                names.push(Slot::Row);
            } else if !element.tag.contains(':') {
                names.push(Slot::Tag(element.tag));
                names.extend(element.marks.iter().filter(|m| !matches!(m, Mark::Id(_))).map(|m| Slot::Marked(element.tag, *m)));
                let parent = &page.elements[element.parent];
                if element.parent != member
                    && let Some(mark) = parent.marks.iter().find(|m| !matches!(m, Mark::Id(_)) && !m.is_about_looks())
                {
                    names.push(Slot::In(*mark, element.tag));
                }
                if matches!(element.tag, "td" | "th") {
                    let nth = 1 + element.element.prev_siblings().filter(|n| n.value().is_element()).count().min(30);
                    names.push(Slot::Cell(element.tag, nth));
                }
            }
            let says = page.raw(at).chars().any(char::is_alphanumeric);
            let states = element.element.attr("datetime").is_some() || element.element.attr("content").is_some();
            if !says && !states {
                continue;
            }
            for name in &names {
                let filled = by_slot.entry(*name).or_insert_with(|| Filled { first: vec![None; members.len()], count: 0 });
                filled.first[row].get_or_insert(at);
                filled.count += usize::from(page.size(at) >= 12);
            }
        }
    }
    let mut slots: Slots<'a> = by_slot.into_iter().collect();
    // The better name first where several mean the same elements.
    slots.sort_by_key(|(slot, _)| (rank(slot), *slot));
    slots
}

/// How well a name says what it means; less is better.
pub(super) fn rank(slot: &Slot<'_>) -> u8 {
    match slot {
        Slot::Marked(_, Mark::Prop(_)) => 0,
        Slot::Marked(_, m) if slot.hint().is_some() && !m.is_about_looks() => 1,
        Slot::Tag("time") => 2,
        Slot::In(_, _) if slot.hint().is_some() => 3,
        Slot::Tag(tag) if is_heading(tag) => 4,
        Slot::Marked(_, m) if !m.is_about_looks() => 5,
        Slot::In(..) => 6,
        Slot::Tag(_) | Slot::Cell(..) => 7,
        Slot::Marked(..) => 8,
        Slot::Row => 9,
    }
}

pub(super) fn share(count: usize, of: usize) -> f32 {
    if of == 0 { 0.0 } else { count as f32 / of as f32 }
}

pub(super) fn median(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

/// How long a text is for readers: a sign of Chinese or Japanese says as much as some letters.
pub(super) fn weight(text: &str) -> usize {
    text.chars()
        .map(|c| if matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}') { 3 } else { 1 })
        .sum()
}

fn summary<'a>(
    page: &Outline<'a>,
    dates: &Dates,
    members: &[usize],
    slots: &Slots<'a>,
    titled: &[Option<usize>],
    rows: &mut Rows<'a>,
) {
    let Some(title) = &rows.title else { return };
    let mut best: Option<(f32, &(Slot<'a>, Filled))> = None;
    for entry in slots {
        let (slot, filled) = entry;
        if matches!(slot, Slot::Row | Slot::Tag("a" | "time" | "dt" | "th")) || slot.is_heading() || slot.to_string() == *title {
            continue;
        }
        let there: Vec<(usize, usize)> = filled.first.iter().enumerate().filter_map(|(r, at)| Some((r, (*at)?))).collect();
        let present = share(there.len(), members.len());
        let apart = there.iter().all(|(r, at)| titled[*r].is_none_or(|t| !page.holds(*at, t) && !page.holds(t, *at)));
        if present < 0.3 || !apart {
            continue;
        }
        let texts: Vec<String> = there.iter().map(|(_, at)| page.line(*at)).collect();
        let length = median(texts.iter().map(|t| weight(t)).collect());
        let distinct = share(texts.iter().collect::<HashSet<_>>().len(), texts.len());
        let dated = there.iter().filter(|(_, at)| dates.of(page, *at).is_some_and(|d| d.share > 0.15)).count();
        let labelled = texts.iter().filter(|t| t.find([':', '：']).is_some_and(|at| at < 30) && t.len() < 120).count();
        if length < 45 || distinct < 0.45 || dated * 3 > there.len() || labelled * 2 > there.len() {
            continue;
        }
        let mut score = present * 20.0
            + distinct * 10.0
            + if matches!(slot, Slot::Tag("p") | Slot::Marked("p", _) | Slot::In(_, "p")) { 10.0 } else { 0.0 };
        score += if slot.hint() == Some(Hint::Summary) { 8.0 } else { 0.0 };
        score -= if length > 700 { 15.0 } else { 0.0 };
        if best.is_none_or(|(of_best, _)| score > of_best + 0.01) {
            best = Some((score, entry));
        }
    }
    let Some((_, (slot, filled))) = best else { return };
    rows.summary = Some(slot.to_string());
    // "Read more", the same in every row.
    let last: Vec<usize> = filled.first.iter().flatten().filter_map(|at| page.links_in(*at).last().copied()).collect();
    let texts: HashSet<String> = last.iter().map(|l| fold(page.raw(*l))).collect();
    if last.len() >= 2 && texts.len() == 1 && last.len() * 2 >= filled.first.iter().flatten().count() {
        let marks = last.first().map(|l| &page.elements[*l].marks);
        let mark = marks.and_then(|m| m.iter().find(|m| matches!(m, Mark::Class(_)) && !m.is_about_looks()));
        rows.summary_without = Some(mark.map_or_else(|| "a".to_owned(), |m| format!("a{m}")));
    }
}

/// Texts that end with a colon and come again in many rows: "Where we are:".
fn labels(page: &Outline<'_>, members: &[usize], titled: &[Option<usize>]) -> Vec<(String, usize)> {
    let mut counts: HashMap<String, (usize, String, usize)> = HashMap::new();
    let mut order = 0;
    for (&member, titled) in members.iter().zip(titled) {
        let mut own: HashSet<String> = HashSet::new();
        let end = page.elements[member].end.min(member + 1 + ELEMENTS);
        for at in member..end {
            let element = &page.elements[at];
            if titled.is_some_and(|t| page.holds(t, at)) || element.tag == "a" || is_heading(element.tag) {
                continue;
            }
            let name_of_definition = matches!(element.tag, "dt" | "th") && element.height == 0;
            let first = element.element.children().find_map(|c| c.value().as_text().map(|t| t.trim()).filter(|t| !t.is_empty()));
            let Some(text) = first else { continue };
            let label = match text.split_once([':', '：']) {
                Some((label, _)) => label.trim(),
                None if name_of_definition => text,
                // `<b>Where</b>: A`
                None if matches!(element.tag, "b" | "strong" | "span" | "em")
                    && element.height == 0
                    && followed_by_colon(page, at) =>
                {
                    text
                }
                None => continue,
            };
            let folded = fold(label);
            let length = folded.chars().count();
            let plain = folded.chars().any(char::is_alphabetic) && !folded.chars().any(|c| c.is_ascii_digit());
            if !(2..=32).contains(&length)
                || folded.split(' ').count() > 5
                || !plain
                || matches!(folded.as_str(), "http" | "https")
            {
                continue;
            }
            if own.insert(folded.clone()) {
                order += 1;
                counts.entry(folded).or_insert_with(|| (0, label.to_owned(), order)).0 += 1;
            }
        }
    }
    let mut labels: Vec<(usize, String, usize)> =
        counts.into_values().filter(|(n, ..)| *n >= 3 && n * 10 >= members.len() * 3).collect();
    labels.sort_by_key(|(_, _, order)| *order);
    labels.into_iter().take(8).map(|(n, label, _)| (label, n)).collect()
}

fn followed_by_colon(page: &Outline<'_>, at: usize) -> bool {
    let next = page.elements[at].element.next_sibling();
    next.and_then(|n| n.value().as_text().map(|t| t.trim_start().starts_with([':', '：']))).unwrap_or(false)
}
