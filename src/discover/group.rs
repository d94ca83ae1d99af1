//! What repeats on a page: elements of one name, and children of one kind of place. Each group is what a selector means.

use std::collections::{HashMap, HashSet};

use super::names::Mark;
use super::outline::Outline;
use super::place::Place;

/// A group has so many elements at most: a longer listing is looked at by its beginning.
const MOST: usize = 2_000;
/// So many groups are looked at closely.
const CLOSELY: usize = 48;
/// A row holds no more levels of elements than this.
const TALLEST: usize = 40;

/// Elements that may be a listing's rows, in the page's order. None holds another.
#[derive(Debug)]
pub(super) struct Group {
    /// The selector that means them.
    pub each: String,
    pub members: Vec<usize>,
}

/// The groups worth a look, the likeliest first.
pub(super) fn groups(page: &Outline<'_>) -> Vec<Group> {
    let mut by_selector: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, element) in page.elements.iter().enumerate().skip(1) {
        // Links alone are rows of menus, or whole cards; what cannot hold a story is no row.
        if element.height > TALLEST || is_no_row(element.tag) || element.tag.contains(':') {
            continue;
        }
        for mark in element.marks.iter().filter(|m| !matches!(m, Mark::Id(_) | Mark::Prop(_))).take(4) {
            by_selector.entry(format!("{}{mark}", element.tag)).or_default().push(at);
        }
        if let Some(kind) = element.element.attr("itemtype").and_then(|t| t.trim().rsplit('/').next())
            && kind.bytes().all(|b| b.is_ascii_alphabetic())
        {
            by_selector.entry(format!("[itemtype$=\"{kind}\"]")).or_default().push(at);
        }
        if let Some(path) = anchored(page, at) {
            by_selector.entry(path).or_default().push(at);
        }
    }
    clusters(page, &mut by_selector);
    let mut groups: Vec<(f64, Group)> = by_selector
        .into_iter()
        .filter(|(_, members)| members.len() >= 2)
        .filter_map(|(each, mut members)| {
            members.truncate(MOST);
            let nested = members.windows(2).any(|w| page.holds(w[0], w[1]));
            let group = Group { each, members };
            let promise = promise(page, &group.members);
            (!nested && promise > 0.0).then_some((promise, group))
        })
        .collect();
    // Of groups with the same members the best selector stays.
    groups.sort_by(|(a, x), (b, y)| {
        b.total_cmp(a).then_with(|| clumsiness(&x.each).cmp(&clumsiness(&y.each))).then_with(|| x.each.cmp(&y.each))
    });
    let mut seen = HashSet::new();
    groups.retain(|(_, group)| seen.insert(group.members.clone()));
    groups.truncate(CLOSELY);
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Elements of one name in several parts of the page: each part on its own, by a name of that part.
fn clusters(page: &Outline<'_>, by_selector: &mut HashMap<String, Vec<usize>>) {
    let mut more: Vec<(String, Vec<usize>)> = Vec::new();
    for (each, members) in by_selector.iter() {
        let (Some(&first), Some(&last)) = (members.first(), members.last()) else { continue };
        if !(3..=500).contains(&members.len()) || page.size(first) == 0 {
            continue;
        }
        let common = page.common(first, last);
        let part = |m: usize| std::iter::once(m).chain(page.ancestors(m)).take_while(|a| *a != common).last().unwrap_or(m);
        let mut parts: Vec<(usize, Vec<usize>)> = Vec::new();
        for &member in members {
            let at = part(member);
            match parts.last_mut() {
                Some((last, of_part)) if *last == at => of_part.push(member),
                _ => parts.push((at, vec![member])),
            }
        }
        if parts.len() < 2 || parts.len() > 12 {
            continue;
        }
        for (at, of_part) in parts.into_iter().filter(|(_, p)| p.len() >= 3) {
            let name = name_of_part(page, at, &of_part, members).or_else(|| place_of_part(page, at));
            if let Some(name) = name.filter(|_| !each.contains(" > ")) {
                more.push((format!("{name} {each}"), of_part));
            }
        }
    }
    for (each, members) in more {
        by_selector.entry(each).or_insert(members);
    }
}

/// Which of its like a part is, where no name tells.
fn place_of_part(page: &Outline<'_>, part: usize) -> Option<String> {
    let (element, around) = (&page.elements[part], page.elements[part].parent);
    let tag = element.tag;
    let nth = 1 + element.element.prev_siblings().filter(|n| n.value().as_element().is_some_and(|e| e.name() == tag)).count();
    let name = page.elements[around].marks.iter().find(|m| !m.is_about_looks()).map(ToString::to_string);
    let around = name.or_else(|| (page.elements[around].tag == "body").then(|| "body".to_owned()))?;
    (nth <= 20).then(|| format!("{around} > {tag}:nth-of-type({nth})"))
}

/// A name that these members stand under, and no others.
fn name_of_part(page: &Outline<'_>, part: usize, of_part: &[usize], all: &[usize]) -> Option<String> {
    let inmost = page.common(*of_part.first()?, *of_part.last()?);
    let under = |m: usize, mark: &Mark<'_>| page.ancestors(m).any(|a| page.elements[a].marks.contains(mark));
    for at in std::iter::once(inmost).chain(page.ancestors(inmost)).take_while(|a| *a >= part) {
        let element = &page.elements[at];
        for mark in element.marks.iter().filter(|m| !m.is_about_looks()) {
            if all.iter().filter(|m| under(**m, mark)).count() == of_part.len() {
                return Some(mark.to_string());
            }
        }
        if matches!(element.tag, "main" | "section" | "article")
            && all.iter().filter(|m| page.ancestors(**m).any(|a| page.elements[a].tag == element.tag)).count() == of_part.len()
        {
            return Some(element.tag.to_owned());
        }
    }
    None
}

fn is_no_row(tag: &str) -> bool {
    matches!(
        tag,
        "body"
            | "br"
            | "hr"
            | "img"
            | "picture"
            | "source"
            | "input"
            | "button"
            | "label"
            | "form"
            | "option"
            | "meta"
            | "link"
            | "b"
            | "i"
            | "em"
            | "svg"
            | "path"
            | "thead"
            | "tbody"
            | "video"
            | "audio"
            | "canvas"
    )
}

/// The path from the nearest ancestor that has a name: `ul.news > li`.
fn anchored(page: &Outline<'_>, at: usize) -> Option<String> {
    let mut path = vec![page.elements[at].tag];
    for ancestor in page.ancestors(at) {
        let element = &page.elements[ancestor];
        let name = element.marks.iter().find(|m| !m.is_about_looks() && !matches!(m, Mark::Prop(_)));
        let last = match name {
            Some(mark) => format!("{}{mark}", if matches!(mark, Mark::Id(_)) { "" } else { element.tag }),
            None if matches!(element.tag, "main" | "article" | "section" | "body" | "nav" | "aside" | "footer" | "header") => {
                element.tag.to_owned()
            }
            None if path.len() > 6 => return None,
            None => {
                path.push(element.tag);
                continue;
            }
        };
        path.reverse();
        return Some(format!("{last} > {}", path.join(" > ")));
    }
    None
}

/// How good a selector is to look at; less is better.
pub(super) fn clumsiness(selector: &str) -> (usize, usize) {
    let looks = selector
        .split([' ', '>'])
        .flat_map(|part| part.split('.').skip(1))
        .filter(|class| Mark::Class(class).is_about_looks())
        .count();
    let telling =
        ["news", "press", "release", "article", "story", "item", "entry", "teaser", "result", "post", "row", "card", "notice"];
    let vague = if telling.iter().any(|w| selector.to_ascii_lowercase().rsplit(['>', ' ']).next().is_some_and(|s| s.contains(w)))
    {
        0
    } else {
        5
    };
    (
        vague + looks * 10 + selector.matches(['>', '[']).count() * 3 + usize::from(!selector.contains(['.', '#', '['])) * 4,
        selector.len(),
    )
}

/// A rough measure: much text with links, by many, not in a place of decoys.
fn promise(page: &Outline<'_>, members: &[usize]) -> f64 {
    let step = members.len().div_ceil(100);
    let sample: Vec<usize> = members.iter().copied().step_by(step).collect();
    let linked = sample.iter().filter(|&&m| !page.links_in(m).is_empty() || inside_link(page, m)).count();
    let text: usize = sample.iter().map(|&m| page.size(m).min(1_500)).sum();
    let (linked, text, rows) =
        (linked as f64 / sample.len() as f64, text as f64 / sample.len() as f64, members.len().min(60) as f64);
    let place = match page.elements[members[0]].place {
        Place::Open | Place::Main => 1.0,
        Place::Aside | Place::Related | Place::Events | Place::Header => 0.3,
        Place::Navigation | Place::Footer | Place::Notice => 0.05,
    };
    // Dates of flat lists stand in elements without links.
    (linked + 0.1) * rows.sqrt() * (text + 1.0).sqrt() * place
}

/// Whether the element is inside a link.
pub(super) fn inside_link(page: &Outline<'_>, at: usize) -> bool {
    page.ancestors(at).take(4).any(|a| page.elements[a].tag == "a")
}
