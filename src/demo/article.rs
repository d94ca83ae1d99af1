//! An article's page: plain, just enough for a reader who follows a feed's link.

use maud::{DOCTYPE, PreEscaped, html};

use super::Item;

/// The page of one item.
pub fn render(item: &Item) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (item.title) " | Demo newsroom" }
            }
            body {
                p { a href="/press-releases" { "Newsroom" } }
                div class="content--header" { h1 { (item.title) } }
                p { span class="date-display-single" { (item.date) } }
                @if let Some(summary) = &item.summary {
                    div class="content--content" { p { (PreEscaped(summary)) } }
                }
                p { small { "This newsroom is built into newsroomd; every item in it is invented." } }
            }
        }
    }
    .into_string()
}
