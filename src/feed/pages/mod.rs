//! Pages for people: the list of all feeds, and one page for each feed. Style and script stand in each page, so that it works wherever the
//! tree lies: behind any web server, below any path, from disk. Nothing else is loaded.

mod channel;
mod excerpt;
mod index;

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::{Format, GENERATOR};

pub use channel::{Around, SHOWN, Shown, Step, render as channel};
pub use index::render as index;

/// The ending of pages.
pub const ENDING: &str = "html";

/// The page of all feeds.
pub const INDEX: &str = "index.html";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Goes up when pages are made otherwise, style and script aside.
const RENDERING: &str = "1";

/// What a browser may do with a page: apply the style and run the script that stand in it, and nothing else. Whatever slipped into a page from a
/// newsroom would stay dead.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!("default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'")
});

/// The value of Content-Security-Policy (level 3) that pages are sent with. They state it themselves too, but for `frame-ancestors`, which
/// only a header can state.
pub fn policy() -> String {
    format!("{}; frame-ancestors 'none'", *POLICY)
}

/// Changes whenever pages are made otherwise.
pub fn version() -> String {
    format!("{RENDERING} {}", *POLICY)
}

/// An inline element's text as the policy names it.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// How a page of ours begins: what it is told by from a page of somebody else's.
const BEGINNING: &str = "<!DOCTYPE html><html lang=\"en\" data-generator=\"newsroomd\"";

/// Whether a page was made here, by how it begins.
pub fn is_ours(beginning: &[u8]) -> bool {
    beginning.starts_with(BEGINNING.as_bytes())
}

/// How many bytes [`is_ours`] looks at.
pub const TELLING: usize = BEGINNING.len();

/// What all pages have around their own.
struct Frame<'a> {
    base_url: &'a str,
    /// The way from the page to the root of the tree, such as `../../`.
    root: &'a str,
    /// The page's address below the base.
    address: &'a str,
    title: &'a str,
    head: Markup,
    header: Markup,
    main: Markup,
}

impl Frame<'_> {
    fn render(self) -> Vec<u8> {
        let page = html! {
            (DOCTYPE)
            html lang="en" data-generator=(GENERATOR) data-base=(self.base_url) data-root=(self.root) {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(*POLICY);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { (self.title) }
                    link rel="canonical" href={ (self.base_url) (self.address) };
                    (self.head)
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a class="skip" href="#main" { "Skip to the content" }
                    header { (self.header) }
                    main id="main" tabindex="-1" { (self.main) }
                    footer { p { "Published by " a href=(super::GENERATOR_URL) { (GENERATOR) } ", which makes feeds of newsrooms’ pages." } }
                    output id="said" {}
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        };
        let mut out = page.into_string().into_bytes();
        out.push(b'\n');
        out
    }
}

/// The language of a text on a page that is English otherwise; none: it need not be said. Of several languages, none is known.
fn language(tag: &str) -> Option<&str> {
    match tag {
        "en" => None,
        "mul" => Some(""),
        tag => Some(tag),
    }
}

/// Where feed readers find a feed in each format. `file`: its way from the page, without ending.
fn discovery(formats: &[Format], file: &str, title: &str) -> Markup {
    html! {
        @for format in formats {
            link rel="alternate" type=(format.media_type()) title={ (title) " (" (format.title()) ")" } href={ (file) "." (format.extension()) };
        }
    }
}

/// A number with its noun.
fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_very_bytes() {
        // The example of CSP level 3, section 8.2, and NIST's of the empty message.
        assert_eq!(hash("alert('Hello, world.');"), "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
        assert_eq!(hash(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        let page = Frame { base_url: "", root: "./", address: "", title: "", head: html! {}, header: html! {}, main: html! {} };
        let page = String::from_utf8(page.render()).expect("UTF-8");
        assert!(is_ours(page.as_bytes()) && !is_ours(b"<!DOCTYPE html><html lang=\"en\">"));
        let inline = |tag: &str| {
            page.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split_once(&format!("</{tag}>"))).expect(tag).0
        };
        for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
            assert!(policy().contains(&format!("{directive} '{}';", hash(inline(tag)))), "{tag}");
        }
        assert_eq!((page.matches("<style").count(), page.matches("<script").count(), page.matches(" style=").count()), (1, 1, 0));
    }
}
