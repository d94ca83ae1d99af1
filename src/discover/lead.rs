//! A story that stands above the list in markup of its own: the lead, or hero. Where it is surely one, it is a row like the others.

use std::collections::HashSet;

use scraper::{Html, Selector};
use url::Url;

use super::dates::Dates;
use super::names::{self, Mark};
use super::outline::Outline;
use super::place::Place;
use super::slots::{self, Rows, is_heading};

/// How far above the first row what holds both may be.
const LEVELS: usize = 5;
/// A lead says no more than this (bytes): what says more holds other things, too.
const LONGEST: usize = 2_000;

/// A story above the list.
pub(super) struct Lead<'a> {
    /// The selector that means it, and nothing else on the page.
    pub each: String,
    pub at: usize,
    pub rows: Rows<'a>,
}

/// The story that stands above a list, if there is just one such place. What is told of it is for the caller to try.
pub(super) fn above<'a>(
    document: &Html,
    page: &Outline<'a>,
    dates: &Dates,
    members: &[usize],
    rows: &Rows<'_>,
    base: &Url,
) -> Option<Lead<'a>> {
    let &first = members.first()?;
    let around = page.ancestors(first).take(LEVELS).last()?;
    let absolute = |link: &str| names::leads_somewhere(Some(link)).then(|| base.join(link.trim()).ok()).flatten();
    let listed: HashSet<Url> = rows.links.iter().flatten().filter_map(|l| absolute(l)).collect();
    let mut found: Vec<Lead<'a>> = Vec::new();
    for heading in (around..first).filter(|at| is_heading(page.elements[*at].tag)) {
        // Of the elements around the heading the largest that holds no row and no other heading.
        let alone = |at: &usize| {
            let headings = (*at..page.elements[*at].end).filter(|a| is_heading(page.elements[*a].tag)).count();
            *at > around && !page.holds(*at, first) && headings == 1 && page.size(*at) <= LONGEST
        };
        let Some(lead) = page.ancestors(heading).take_while(alone).last() else { continue };
        let element = &page.elements[lead];
        if !matches!(element.place, Place::Open | Place::Main | Place::Header) {
            continue;
        }
        let is_only = |selector: &String| {
            Selector::parse(selector).is_ok_and(|s| document.select(&s).take(2).map(|e| e.id()).eq([element.element.id()]))
        };
        let of_marks = element.marks.iter().filter(|m| !m.is_about_looks() && !matches!(m, Mark::Prop(_)));
        let Some(each) = of_marks.map(|m| format!("{}{m}", element.tag)).find(is_only) else { continue };
        let own = slots::read(page, dates, &[lead]);
        let link = own.links.first().copied().flatten().and_then(absolute);
        let (Some(link), Some(day)) = (link, own.days.first().copied().flatten()) else { continue };
        // News on the list's site that the list does not hold itself, no older than what the list shows.
        let at_home = listed.iter().any(|l| l.host_str() == link.host_str());
        let oldest = rows.days.iter().flatten().map(|d| d.day).min();
        let in_row = own.date.as_ref().is_some_and(|d| !d.above && d.label.is_none());
        if at_home && in_row && !listed.contains(&link) && oldest.is_some_and(|oldest| day.day >= oldest) && own.title.is_some() {
            found.push(Lead { each, at: lead, rows: own });
        }
    }
    // Of several it is not known which are more than a list of another kind.
    (found.len() == 1).then(|| found.pop()).flatten()
}
