//! HTML that may be shown to anyone: sanitised, with absolute links.

use std::borrow::Cow;
use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::link::absolute;
use crate::domain::text::{cut, escape_html, one_line, xml_legal};
use crate::extract::Markup;

/// A summary longer than this (characters) is cut; sanitised HTML longer than this (bytes) is cut to its text.
pub const LONGEST_SUMMARY: usize = 10_000;

/// Turns summaries into safe HTML. Made once a page: it knows the address that relative links start from.
pub struct Sanitiser {
    base: Url,
    builder: Option<Builder<'static>>,
}

impl Sanitiser {
    /// A sanitiser for a page whose links start at `base`.
    pub fn new(base: Url) -> Self {
        Self { base, builder: None }
    }

    /// Where links start.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Safe HTML; None if nothing readable is left.
    pub fn summary(&mut self, markup: &Markup) -> Option<String> {
        let html = match markup {
            Markup::Text(text) => escape_html(&cut(one_line(text), LONGEST_SUMMARY)),
            Markup::Html(html) => {
                let clean = self.clean(html);
                if clean.len() > LONGEST_SUMMARY { escape_html(&cut(text_of(&clean), LONGEST_SUMMARY)) } else { clean }
            }
        };
        (!html.trim().is_empty()).then_some(html)
    }

    fn clean(&mut self, html: &str) -> String {
        let base = self.base.clone();
        let builder = self.builder.get_or_insert_with(|| builder(base));
        let clean = builder.clean(&xml_legal(html)).to_string();
        one_line(&clean)
    }
}

fn builder(base: Url) -> Builder<'static> {
    let mut builder = Builder::default();
    let own_base = base.clone();
    builder
        .url_schemes(HashSet::from(["http", "https"]))
        .url_relative(UrlRelative::RewriteWithBase(base))
        .link_rel(None)
        .attribute_filter(move |_, name, value| match name {
            "href" | "src" | "cite" => absolute(value, &own_base).ok().map(|url| Cow::Owned(url.to_string())),
            _ => Some(Cow::Borrowed(value)),
        });
    builder
}

/// The text of (sanitised) HTML, as one line.
pub fn text_of(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return one_line(html);
    }
    let fragment = scraper::Html::parse_fragment(html);
    one_line(&fragment.root_element().text().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> Option<String> {
        Sanitiser::new(Url::parse("https://example.org/news/").expect("valid")).summary(&Markup::Html(html.into()))
    }

    #[test]
    fn nothing_unsafe_is_left() {
        for (html, want) in [
            ("a <b>b</b> <script>alert(1)</script>c", Some("a <b>b</b> c")),
            ("<a href=\"x?a=1&amp;b=2\" onclick=\"y\">l</a>", Some("<a href=\"https://example.org/news/x?a=1&amp;b=2\">l</a>")),
            ("<a href=\"javascript:alert(1)\">l</a>", Some("<a>l</a>")),
            ("<a href=\"https://me:secret@example.org/\">l</a>", Some("<a href=\"https://example.org/\">l</a>")),
            ("<img src=/i.png onerror=x>", Some("<img src=\"https://example.org/i.png\">")),
            ("<iframe src=x></iframe><style>p{}</style>", None),
            ("a ]]> b \u{8}", Some("a ]]&gt; b")),
        ] {
            assert_eq!(clean(html).as_deref(), want, "{html}");
        }
    }

    #[test]
    fn plain_text_is_escaped_and_cut_at_characters() {
        let mut sanitiser = Sanitiser::new(Url::parse("https://example.org/").expect("valid"));
        assert_eq!(sanitiser.summary(&Markup::Text("a < b & c".into())).as_deref(), Some("a &lt; b &amp; c"));
        assert_eq!(sanitiser.summary(&Markup::Text(String::new())), None);
        let long = sanitiser.summary(&Markup::Text("&".repeat(20_000))).unwrap_or_default();
        assert_eq!(long.matches("&amp;").count(), LONGEST_SUMMARY);
        assert!(long.ends_with("&amp;…"));
        assert_eq!(text_of("a <b>b</b> &amp; c"), "a b & c");
    }
}
