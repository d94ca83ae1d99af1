//! The same listing after a redesign: other elements, other classes, another pager; only what people read is as it was.

use maud::{DOCTYPE, Markup as Html, PreEscaped, html};

use super::Item;

const NL: PreEscaped<&str> = PreEscaped("\n");
const MENU: &[&str] =
    &["Our work", "Fields of work", "Countries", "Structures and institutions", "News", "Events", "Resources", "Jobs"];

/// A page of the listing, counted from 0.
pub fn render(items: &[Item], number: usize, rows: usize) -> String {
    let rows = rows.max(1);
    let pages = items.len().div_ceil(rows).max(1);
    let shown = items.iter().skip(number.saturating_mul(rows)).take(rows);
    let page = html! {
        (DOCTYPE)
        html lang="en" dir="ltr" {
            head { meta charset="utf-8"; title { "News | Demo newsroom" } }
            body class="path-news layout-sidebar-second" {
                a class="visually-hidden skip-link" href="#main-content" { "Skip to main content" }
                div class="dialog-off-canvas-main-canvas" {
                    header role="banner" { nav class="menu--main" { ul class="menu" { @for name in MENU { li class="menu__item" { a href={ "/" (name.replace(' ', "-")) } { (name) } } (NL) } } } }
                    main role="main" {
                        h1 class="page-title" { "News" }
                        div class="view view-news" { div class="view-content" { (NL) @for item in shown { (row(item)) } } (pager(number, pages, rows)) }
                    }
                    aside role="complementary" { (most_read(items)) }
                    footer role="contentinfo" { p { "Every item of this newsroom is invented." } ul class="menu" { li { a href="/contact" { "Contact" } } li { a href="/terms" { "Terms of use" } } } }
                }
            }
        }
    };
    page.into_string()
}

fn row(item: &Item) -> Html {
    html! {
        div class="views-row" { article class="node node--type-news node--view-mode-teaser" { (NL)
            div class="node__meta" { div class="field field--name-field-date field__item" { (item.date) } } (NL)
            h2 class="node__title" { a href=(item.path) rel="bookmark" { span class="field field--name-title" { (item.title) } } } (NL)
            @if let Some(summary) = &item.summary {
                div class="field field--name-field-summary" { p { (PreEscaped(summary)) } } (NL)
            }
            @if let Some(kind) = &item.kind { (field("kind", "Content type", std::slice::from_ref(kind))) }
            @if !item.departments.is_empty() { (field("unit", "Where we are", &item.departments)) }
            @if !item.topics.is_empty() { (field("theme", "What we do", &item.topics)) }
        } } (NL)
    }
}

fn field(name: &str, label: &str, values: &[String]) -> Html {
    html! {
        div class={ "field field--name-field-" (name) } { div class="field__label" { (label) } div class="field__items" {
            @for value in values { div class="field__item" { a href={ "/" (name) "/" (value.replace(' ', "-")) } { (value) } } }
        } } (NL)
    }
}

fn most_read(items: &[Item]) -> Html {
    html! {
        section class="block block-most-read" { h2 { "Most read" } ul {
            @for item in items.iter().rev().take(4) { li { a href=(item.path) { (item.title) } " " span { (item.date) } } (NL) }
        } }
    }
}

fn pager(number: usize, pages: usize, rows: usize) -> Html {
    html! {
        @if number + 1 < pages {
            nav class="pager" aria-label="Pagination" { ul class="pager__items" {
                li class="pager__item pager__item--next" { a href=(format!("?rows={rows}&page={}", number + 1)) rel="next" { "Next page" } }
            } }
        }
    }
}
