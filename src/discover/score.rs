//! How like a newsroom's listing a group of rows is: points, each with its reason.

use std::collections::HashSet;

use chrono::NaiveDate;
use url::Url;

use super::group::Group;
use super::linked::Story;
use super::names;
use super::outline::Outline;
use super::place::Place;
use super::slots::{Rows, is_heading};
use super::words;
use crate::domain::fold;

/// One sign, and what it weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A short sentence without a subject.
    pub text: String,
    /// Points, of which a listing without doubt has a hundred.
    pub points: i32,
}

/// What rows are measured by.
pub(super) struct Yardstick<'a> {
    pub base: &'a Url,
    pub today: NaiveDate,
    pub stories: &'a [Story],
}

/// Counts in percent.
fn percent(count: usize, of: usize) -> usize {
    (count * 100).checked_div(of).unwrap_or(0)
}

/// Weighs a group.
pub(super) fn score(page: &Outline<'_>, group: &Group, rows: &Rows<'_>, by: &Yardstick<'_>) -> Vec<Reason> {
    let mut out: Vec<Reason> = Vec::new();
    let mut add = |points: i32, text: String| {
        if points != 0 {
            out.push(Reason { text, points });
        }
    };
    let n = group.members.len();
    add(
        match n {
            0..=1 => 0,
            2 => 3,
            3..=4 => 9,
            5..=7 => 13,
            8..=300 => 15,
            _ => 2,
        },
        format!("{n} rows"),
    );
    titles(rows, &mut add);
    links(rows, by.base, &mut add);
    days(rows, by.today, &mut add);
    // What a decoy's place says of most rows, it says of all.
    let mut places: Vec<(usize, Place)> = Vec::new();
    for member in &group.members {
        let place = page.elements[*member].place;
        match places.iter_mut().find(|(_, p)| *p == place) {
            Some((n, _)) => *n += 1,
            None => places.push((1, place)),
        }
    }
    let usual =
        places.iter().max_by_key(|(n, p)| (*n, p.worth().map_or(0, |(_, points)| points))).map_or(Place::Open, |(_, p)| *p);
    if let Some((what, points)) = usual.worth() {
        add(points, what.into());
    }
    let is_decoy = |p: Place| p.worth().is_some_and(|(_, points)| points < 0);
    let strays = group.members.iter().filter(|m| is_decoy(page.elements[**m].place)).count();
    if !is_decoy(usual) && strays > 0 {
        add(-15, format!("{strays} of its rows stand elsewhere than the others"));
    }
    if let Some(heading) = heading_above(page, group.members[0])
        && words::says_decoy(&heading)
    {
        add(-35, "a heading above says that it is none of news".into());
    }
    let parts = group.members.windows(2).filter(|w| page.elements[w[0]].parent != page.elements[w[1]].parent);
    let other = parts.take(20).any(|w| heading_between(page, w[0], w[1]).is_some_and(|h| words::says_decoy(&h)));
    if other {
        add(-25, "a heading amid its rows says that what follows is none of news".into());
    }
    let size: usize = group.members.iter().map(|m| page.size(*m)).sum();
    let share = percent(size, page.size(0).max(1));
    add(
        match share {
            25.. => 7,
            10.. => 4,
            _ => 0,
        },
        format!("holds {share} % of the page's text"),
    );
    if rows.summary.is_some() {
        add(3, "has summaries".into());
    }
    if !rows.labels.is_empty() {
        add(3, "has labelled values".into());
    }
    markup(page, group, &mut add);
    stories(rows, by, &mut add);
    out
}

fn titles(rows: &Rows<'_>, add: &mut impl FnMut(i32, String)) {
    let titles: Vec<&String> = rows.titles.iter().flatten().collect();
    if titles.is_empty() {
        add(-40, "has no titles".into());
        return;
    }
    let distinct: HashSet<String> = titles.iter().map(|t| fold(t)).collect();
    let different = percent(distinct.len(), titles.len());
    add(
        if different >= 85 {
            10
        } else if different >= 60 {
            2
        } else {
            -20
        },
        format!("{different} % of its titles are different"),
    );
    let mut lengths: Vec<usize> = titles.iter().map(|t| t.chars().map(|c| if c >= '\u{3040}' { 3 } else { 1 }).sum()).collect();
    lengths.sort_unstable();
    let length = lengths[lengths.len() / 2];
    add(
        match length {
            0..=11 => -14,
            12..=19 => -2,
            20..=180 => 8,
            _ => -6,
        },
        format!("titles of about {length} letters"),
    );
    if rows.title_is_heading {
        add(6, "titles are headings or called so".into());
    }
    if rows.titles_each > 1.6 {
        add(-40, format!("{:.1} titles in each row", rows.titles_each));
    }
    let missing = rows.looked - titles.len();
    if missing * 5 > rows.looked {
        add(-8, format!("{missing} of {} rows have no title", rows.looked));
    }
}

fn links(rows: &Rows<'_>, base: &Url, add: &mut impl FnMut(i32, String)) {
    let links: Vec<Url> = rows
        .links
        .iter()
        .flatten()
        .filter(|l| names::leads_somewhere(Some(l)))
        .filter_map(|l| base.join(l.trim()).ok())
        .collect();
    let linked = percent(links.len(), rows.looked);
    add(
        if linked >= 85 {
            10
        } else if linked >= 50 {
            2
        } else {
            -15
        },
        format!("{linked} % of its rows lead somewhere"),
    );
    if links.is_empty() {
        return;
    }
    let different = percent(links.iter().collect::<HashSet<_>>().len(), links.len());
    add(if different >= 85 { 4 } else { -12 }, format!("{different} % of its links are different"));
    let site = |u: &Url| u.host_str().map(|h| h.trim_start_matches("www.").to_owned());
    let home = percent(links.iter().filter(|l| site(l) == site(base)).count(), links.len());
    add(
        if home >= 70 {
            4
        } else if home < 30 {
            -6
        } else {
            0
        },
        format!("{home} % of its links stay on the site"),
    );
    let like_stories = links.iter().filter(|l| is_like_a_story(l)).count();
    let like = percent(like_stories, links.len());
    add(
        if like >= 70 {
            5
        } else if like < 20 {
            -4
        } else {
            0
        },
        format!("{like} % of its links look like those of stories"),
    );
}

/// A number or several words in the address.
fn is_like_a_story(url: &Url) -> bool {
    let last = url.path_segments().and_then(|mut s| s.rfind(|p| !p.is_empty())).unwrap_or_default();
    let whole = &url[url::Position::BeforePath..];
    last.matches(['-', '_']).count() >= 2 || whole.bytes().filter(u8::is_ascii_digit).count() >= 3 || last.len() > 40
}

fn days(rows: &Rows<'_>, today: NaiveDate, add: &mut impl FnMut(i32, String)) {
    let days: Vec<NaiveDate> = rows.days.iter().flatten().map(|d| d.day).collect();
    let dated = percent(days.len(), rows.looked);
    add(
        if dated >= 90 {
            25
        } else if dated >= 60 {
            14
        } else {
            -30
        },
        format!("{dated} % of its rows have a date"),
    );
    if days.len() < 2 {
        return;
    }
    let pairs = days.len() - 1;
    let falling = percent(days.windows(2).filter(|w| w[0] >= w[1]).count(), pairs);
    let rising = percent(days.windows(2).filter(|w| w[0] <= w[1]).count(), pairs);
    let moves = days.iter().collect::<HashSet<_>>().len() > 1;
    if moves && falling >= 85 {
        add(10, "dates go from newest to oldest".into());
    } else if moves && falling >= 65 {
        add(5, "dates mostly go from newest to oldest".into());
    } else if moves && rising >= 90 && days.len() > 3 {
        add(-10, "dates go from oldest to newest".into());
    } else if !moves && days.len() > 5 {
        add(-6, "all dates are the same".into());
    }
    // A calendar's coming days, read as those of the year before, go from oldest to newest.
    if rows.date.as_ref().is_some_and(|d| d.yearless) && falling < 65 {
        add(-45, "dates without a year do not go from newest to oldest".into());
    }
    if rows.date.as_ref().is_some_and(|d| d.by_language) {
        add(-2, "which figure is the day is told by the page's language alone".into());
    }
    let ahead = days.iter().filter(|d| **d > today + chrono::Duration::days(1)).count();
    if ahead * 10 >= days.len() * 3 {
        add(-45, format!("{ahead} of its dates are yet to come"));
    } else if ahead > 0 {
        add(-4, format!("{ahead} of its dates are yet to come"));
    }
    if rows.date.as_ref().is_some_and(|d| d.attr.is_some()) {
        add(4, "dates are marked up as such".into());
    }
}

fn markup(page: &Outline<'_>, group: &Group, add: &mut impl FnMut(i32, String)) {
    let first = &page.elements[group.members[0]];
    let kind = first.element.attr("itemtype").unwrap_or_default();
    if kind.ends_with("Article") || kind.ends_with("Posting") {
        add(14, "rows are marked up as articles (microdata)".into());
    }
    if kind.ends_with("Event") || first.element.value().classes().any(|c| c == "h-event" || c == "vevent") {
        add(-30, "rows are marked up as events".into());
    }
    if first.element.value().classes().any(|c| c == "h-entry" || c == "hentry") {
        add(12, "rows are marked up as entries (h-entry)".into());
    }
    if first.tag == "article" {
        add(4, "rows are articles".into());
    }
    if first.place == Place::Open && group.each.contains("news") || group.each.contains("press") {
        add(2, "is called news".into());
    }
}

/// The same stories as in the page's JSON-LD.
fn stories(rows: &Rows<'_>, by: &Yardstick<'_>, add: &mut impl FnMut(i32, String)) {
    if by.stories.len() < 2 {
        return;
    }
    let absolute = |l: &str| by.base.join(l.trim()).ok().map(|u| u[..url::Position::AfterQuery].to_owned());
    let links: HashSet<String> = by.stories.iter().filter_map(|s| s.link.as_deref().and_then(absolute)).collect();
    let titles: HashSet<String> = by.stories.iter().filter_map(|s| s.title.as_deref().map(fold)).collect();
    let same = rows
        .links
        .iter()
        .zip(rows.titles.iter().chain(std::iter::repeat(&None)))
        .filter(|(link, title)| {
            link.and_then(absolute).is_some_and(|l| links.contains(&l))
                || title.as_ref().is_some_and(|t| titles.contains(&fold(t)))
        })
        .count();
    let same = percent(same, rows.looked.min(by.stories.len()));
    if same >= 70 {
        add(20, "lists what the page's JSON-LD lists".into());
    }
}

/// The last heading between two rows.
fn heading_between(page: &Outline<'_>, one: usize, next: usize) -> Option<String> {
    let between = (page.elements[one].end..next).rev().take(30);
    let mut headings = between.filter(|at| is_heading(page.elements[*at].tag) && !page.holds(*at, next));
    headings.next().map(|at| page.line(at))
}

/// The heading that a list stands under: the nearest before it that is no row's.
fn heading_above(page: &Outline<'_>, first: usize) -> Option<String> {
    let within: Vec<usize> = page.ancestors(first).take(4).collect();
    (0..first)
        .rev()
        .take(60)
        .take_while(|at| within.last().is_none_or(|outermost| at >= outermost))
        .find(|at| {
            is_heading(page.elements[*at].tag)
                || page.elements[*at].element.value().classes().any(|c| c.contains("block-title") || c.contains("widget-title"))
        })
        .map(|at| page.line(at))
}
