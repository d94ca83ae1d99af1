//! The listing's pages, in the markup of the old OSCE site: Drupal with an Apache Solr search page.
//!
//! `frame.html` holds what is the same on every page, and the traps that a real page sets: rows in scripts and comments, a
//! "most read" block with the class names of the listing.

use std::collections::BTreeMap;

use maud::{Markup as Html, PreEscaped, html};

use super::{Item, Markup};

const FRAME: &str = include_str!("frame.html");
/// maud writes no white space of its own; real pages have it between elements, and fixtures with lines can be compared.
const NL: PreEscaped<&str> = PreEscaped("\n");

/// A page of the listing, counted from 0.
pub fn render(items: &[Item], markup: Markup, number: usize, rows: usize) -> String {
    let rows = rows.max(1);
    let pages = items.len().div_ceil(rows).max(1);
    let shown = items.iter().skip(number.saturating_mul(rows)).take(rows);
    let content = html! {
        @if number < pages && !items.is_empty() {
            dl class="search-results apachesolr_search-results" { (NL) @for item in shown { (row(item, markup)) } }
        } @else {
            h2 { "Your search yielded no results" }
        }
        (NL)
        (pager(number, pages, rows))
    };
    fill(FRAME, &[("{content}", content.into_string()), ("{facets}", facets(items).into_string())])
}

/// Replaces each mark, in the order given and of the frame, once: what is put in is never searched, so a title may hold a mark.
fn fill(frame: &str, parts: &[(&str, String)]) -> String {
    let mut out = String::with_capacity(96 * 1024);
    let mut rest = frame;
    for (mark, text) in parts {
        let (before, after) = rest.split_once(mark).expect("the frame has every mark in order, every test renders it");
        out.push_str(before);
        out.push_str(text);
        rest = after;
    }
    out + rest
}

fn row(item: &Item, markup: Markup) -> Html {
    html! {
        div class="search-result search-result-news" { (NL)
            dt class="search-title" { h3 { a href=(item.path) { (item.title) } } } (NL)
            dd { (NL)
                div class="publishing-date" { span class="label" { "Publishing date:" } " " (item.date) } (NL)
                @if let Some(kind) = &item.kind { (field(markup, "content-type", "Content type", std::slice::from_ref(kind), None)) }
                @if !item.departments.is_empty() {
                    (field(markup, "where-we-are", "Where we are", &item.departments, Some(1)))
                }
                @if !item.topics.is_empty() { (field(markup, "what-we-do", "What we do", &item.topics, Some(3))) }
                @for (label, value) in &item.labels {
                    (field(markup, "extra-terms", label, std::slice::from_ref(value), Some(31)))
                }
                @if let Some(summary) = &item.summary {
                    p class="search-snippet" { (PreEscaped(summary)) a class="more-link" href=(item.path) { "Read more" } } (NL)
                }
            } (NL)
        } (NL)
    }
}

/// A label and its values; with a vocabulary they are links to the listing filtered by the term.
fn field(markup: Markup, class: &str, label: &str, values: &[String], vocabulary: Option<u32>) -> Html {
    html! {
        @match markup {
            Markup::LabelsOnly | Markup::Redesigned => div class="x7" { (label) ": " (values.join(", ")) },
            Markup::Classes => div class=(class) {
                span class="label" { (label) ":" }
                " "
                @for (n, value) in values.iter().enumerate() {
                    @if n > 0 { ", " }
                    @match vocabulary {
                        Some(vocabulary) => a href=(filter_link(vocabulary, value)) { (value) },
                        None => (value),
                    }
                }
            },
        }
        (NL)
    }
}

fn filter_link(vocabulary: u32, term: &str) -> String {
    // A term's number must not depend on which other terms there are, or a new item would change every row.
    let id = term.bytes().fold(7u32, |hash, b| hash.wrapping_mul(31).wrapping_add(u32::from(b))) % 2400;
    format!("/press-releases?filters=+im_taxonomy_vid_{vocabulary}%3A%28{id}%29&solrsort=ds_date+desc")
}

/// The sidebar's counts of items by department and topic.
fn facets(items: &[Item]) -> Html {
    let block = |title: &str, vocabulary: u32, terms: fn(&Item) -> &[String]| {
        let mut counts = BTreeMap::<&str, usize>::new();
        for term in items.iter().flat_map(terms) {
            *counts.entry(term).or_default() += 1;
        }
        html! {
            div class="block block-apachesolr_search" { h3 { (title) } (NL)
                ul class="facets" { (NL)
                    @for (term, count) in counts {
                        li { a class="apachesolr-facet" rel="nofollow" href=(filter_link(vocabulary, term)) { (term) } " (" (count) ")" } (NL)
                    }
                } (NL)
            } (NL)
        }
    };
    html! { (block("Where we are:", 1, |i| &i.departments)) (block("What we do:", 3, |i| &i.topics)) }
}

fn pager(number: usize, pages: usize, rows: usize) -> Html {
    if pages < 2 {
        return html! {};
    }
    let link = |class: &str, page: usize, text: &str| {
        html! {
            li class=(class) {
                // Attributes are escaped like text: `&` stands as `&amp;`, as Drupal writes it.
                a href=(format!("?page={page}&rows={rows}&solrsort=ds_date+desc")) class="active" { (text) }
            } (NL)
        }
    };
    // Nine numbers at most, as Drupal shows; never a link to "next" on the last page or beyond it.
    let first = number.min(pages - 1).saturating_sub(4);
    html! {
        div class="item-list" { ul class="pager" { (NL)
            @if number > 0 {
                (link("pager-first first", 0, "« first"))
                (link("pager-previous", (number - 1).min(pages - 1), "‹ previous"))
            }
            @for page in first..pages.min(first + 9) {
                @if page == number { li class="pager-current" { (page + 1) } (NL) }
                @else { (link("pager-item", page, &(page + 1).to_string())) }
            }
            @if number < pages - 1 {
                (link("pager-next", number + 1, "next ›"))
                (link("pager-last last", pages - 1, "last »"))
            }
        } } (NL)
    }
}
