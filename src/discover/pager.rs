//! The link to the next page, as a selector that will find it on every page.

use std::collections::HashMap;

use scraper::{Html, Selector};
use url::Url;

use super::names::{self, Mark};
use super::outline::Outline;
use super::place::Place;
use super::words;

/// A selector for the next page's link; None: no such link was found.
pub(super) fn next(document: &Html, page: &Outline<'_>, base: &Url) -> Option<String> {
    for selector in ["a[rel~=\"next\"]", "link[rel~=\"next\"]"] {
        if let Some(href) = first(document, selector)
            && leads_on(href, base)
        {
            return Some(selector.to_owned());
        }
    }
    said(document, page, base).or_else(|| numbered(document, page, base))
}

fn first<'a>(document: &'a Html, selector: &str) -> Option<&'a str> {
    let selector = Selector::parse(selector).ok()?;
    let found = document.select(&selector).next()?;
    let link = if found.attr("href").is_some() {
        Some(found)
    } else {
        found.descendent_elements().find(|e| e.value().name() == "a" && e.attr("href").is_some())
    };
    link?.attr("href")
}

/// To another page of the same host.
fn leads_on(href: &str, base: &Url) -> bool {
    let Some(url) = names::leads_somewhere(Some(href)).then(|| base.join(href.trim()).ok()).flatten() else { return false };
    let bare = |u: &Url| {
        let mut u = u.clone();
        u.set_fragment(None);
        u
    };
    url.host_str() == base.host_str() && bare(&url) != bare(base)
}

/// To the same page with a number in the query.
fn is_numbered(href: &str, base: &Url) -> bool {
    let number = |v: &str| (1..=4).contains(&v.len()) && v.bytes().all(|b| b.is_ascii_digit());
    base.join(href.trim()).is_ok_and(|url| url.path() == base.path() && url.query_pairs().any(|(_, v)| number(&v)))
}

/// A link that says so: by its text, its label or the name of its item.
fn said(document: &Html, page: &Outline<'_>, base: &Url) -> Option<String> {
    let mut best: Option<(i32, usize, String)> = None;
    for &link in &page.links {
        let element = &page.elements[link];
        let href = element.element.attr("href").unwrap_or_default();
        let text = page.line(link);
        let label = element.element.attr("aria-label").or_else(|| element.element.attr("title")).unwrap_or_default();
        let parent = &page.elements[element.parent];
        let named = |marks: &[Mark<'_>]| {
            marks
                .iter()
                .any(|m| m.name().split(['-', '_']).any(|w| w.eq_ignore_ascii_case("next") || w.eq_ignore_ascii_case("older")))
        };
        let says = words::says_next(&text) || words::says_next(label);
        let is_named = named(&element.marks) || named(&parent.marks);
        // Articles lead to the next one, too; sliders have arrows.
        if text.chars().count() > 40 || !(says || is_named) || !leads_on(href, base) {
            continue;
        }
        let paged = href.to_ascii_lowercase();
        let looks_paged =
            ["page", "seite", "start=", "offset", "p=", "pg=", "paged", "skip=", "from=", "before=", "debut", "pag="]
                .iter()
                .any(|w| paged.contains(w));
        // "?strana=2": the same page, but for a number.
        let looks_paged = looks_paged || is_numbered(href, base);
        let in_pager = element.place == Place::Navigation
            || page
                .ancestors(link)
                .take(4)
                .any(|a| page.elements[a].marks.iter().any(|m| m.name().contains("pag") || m.name().contains("nav")));
        let score = i32::from(says) * 4
            + i32::from(says && text.chars().filter(|c| c.is_alphabetic()).count() >= 9) * 3
            + i32::from(is_named) * 4
            + i32::from(looks_paged) * 4
            + i32::from(in_pager) * 3;
        if score < 7 {
            continue;
        }
        for selector in names_of(page, link) {
            if first(document, &selector) == Some(href) && best.as_ref().is_none_or(|(s, ..)| score > *s) {
                best = Some((score, link, selector));
                break;
            }
        }
    }
    best.map(|(_, _, selector)| selector)
}

/// Selectors that may mean a link, the best first.
fn names_of(page: &Outline<'_>, link: usize) -> Vec<String> {
    let element = &page.elements[link];
    let parent = &page.elements[element.parent];
    let mut out: Vec<String> = Vec::new();
    let is_next = |m: &Mark<'_>| ["next", "older"].iter().any(|w| m.name().to_ascii_lowercase().contains(w));
    let tag = element.tag;
    out.extend(element.marks.iter().filter(|m| is_next(m)).map(|m| format!("{tag}{m}")));
    out.extend(parent.marks.iter().filter(|m| is_next(m)).map(|m| format!("{}{m} {tag}", parent.tag)));
    for attribute in ["aria-label", "title"] {
        if let Some(value) = element.element.attr(attribute)
            && !value.is_empty()
            && !value.contains(['"', '\\', '\n'])
            && !value.bytes().any(|b| b.is_ascii_digit())
        {
            out.push(format!("{tag}[{attribute}=\"{value}\"]"));
        }
    }
    out.extend(element.marks.iter().filter(|m| !m.is_about_looks()).map(|m| format!("{tag}{m}")));
    for ancestor in page.ancestors(link).take(4) {
        for mark in page.elements[ancestor].marks.iter().filter(|m| !m.is_about_looks()) {
            out.push(format!("{mark} > {tag}:last-child"));
            out.push(format!("{mark} li:last-child > {tag}"));
            out.push(format!("{mark} > {tag}:last-of-type"));
        }
    }
    // Before an item that leads to the last page.
    let behind = page.elements[element.parent].element.next_siblings().find_map(scraper::ElementRef::wrap);
    if let Some(behind) = behind
        && let Some(name) = behind.value().classes().find(|c| c.split(['-', '_']).any(|w| w == "last"))
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        out.push(format!("{}:has(+ .{name}) > {tag}", parent.tag));
    }
    out.extend(path(page, link));
    out
}

/// The way down from the nearest name, the last link where there are several.
fn path(page: &Outline<'_>, link: usize) -> Vec<String> {
    let mut steps = vec![format!("{}:last-of-type", page.elements[link].tag)];
    let mut closely = steps.clone();
    for ancestor in page.ancestors(link).take(8) {
        let element = &page.elements[ancestor];
        let named = element.marks.iter().find(|m| !m.is_about_looks()).map(ToString::to_string);
        let is_top = named.is_some() || element.tag == "body";
        let first = named.unwrap_or_else(|| element.tag.to_owned());
        steps.push(first.clone());
        closely.push(if is_top { first } else { format!("{first}:last-child") });
        if is_top {
            break;
        }
    }
    let joined = |mut steps: Vec<String>| {
        steps.reverse();
        steps.join(" > ")
    };
    vec![joined(steps), joined(closely)]
}

/// Numbers in a row, of which one is no link or says that it is the present one: the next is the one behind it.
fn numbered(document: &Html, page: &Outline<'_>, base: &Url) -> Option<String> {
    // Links that are nothing but a number, by the element around their row.
    let mut rows: HashMap<usize, usize> = HashMap::new();
    let mut second: Vec<usize> = Vec::new();
    for &link in &page.links {
        let text = page.line(link);
        if text.len() > 4 || text.parse::<u32>().is_err() {
            continue;
        }
        let parent = page.elements[link].parent;
        let row = if matches!(page.elements[parent].tag, "li" | "span" | "td") { page.elements[parent].parent } else { parent };
        *rows.entry(row).or_default() += 1;
        if text == "2" {
            second.push(link);
        }
    }
    let link = second.into_iter().find(|l| {
        let parent = page.elements[*l].parent;
        let row = if matches!(page.elements[parent].tag, "li" | "span" | "td") { page.elements[parent].parent } else { parent };
        // The first page's own number may be a link, too.
        rows.get(&row).copied().unwrap_or(0) >= 2 || words::says_next(&page.line(*page.links_in(row).last().unwrap_or(l)))
    })?;
    let href = page.elements[link].element.attr("href")?;
    if !leads_on(href, base) {
        return None;
    }
    let parent = page.elements[link].parent;
    let in_item = matches!(page.elements[parent].tag, "li" | "span" | "td");
    let item = if in_item { parent } else { link };
    let before = page.elements[item].element.prev_siblings().find_map(scraper::ElementRef::wrap)?;
    let names = before.value().classes().filter(|c| {
        c.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') && c.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    let mut selectors: Vec<String> = Vec::new();
    for name in names {
        let this = format!("{}.{name}", before.value().name());
        selectors.push(if in_item { format!("{this} + {} > a", page.elements[item].tag) } else { format!("{this} + a") });
    }
    if matches!(before.value().name(), "strong" | "b" | "span" | "em") && !in_item {
        selectors.push(format!("{} + a", before.value().name()));
    }
    if before.attr("aria-current").is_some() {
        selectors.push(format!(
            "{}[aria-current] + {}",
            before.value().name(),
            if in_item { format!("{} > a", page.elements[item].tag) } else { "a".into() }
        ));
    }
    if before.descendent_elements().any(|e| e.attr("aria-current").is_some()) {
        selectors.push(format!("{}:has([aria-current]) + {} > a", before.value().name(), page.elements[item].tag));
    }
    selectors.into_iter().find(|s| first(document, s) == Some(href))
}
