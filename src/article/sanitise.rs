//! A body that may be shown to anyone: sanitised, with absolute addresses in every attribute that holds one, lists of them included.

use std::borrow::Cow;
use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};
use url::Url;

use crate::domain::text::xml_legal;
use crate::extract::image_candidates;
use crate::normalise::link::absolute;

/// Nothing longer (bytes) is sanitised.
const LONGEST: usize = 4_000_000;

/// Safe HTML.
pub(super) fn clean(html: &str, base: &Url) -> Result<String, String> {
    if html.len() > LONGEST {
        return Err("its body is too long".into());
    }
    let start = base.clone();
    let mut builder = Builder::default();
    builder
        .add_tags(["picture", "source", "video", "audio"])
        .add_tag_attributes("img", ["srcset", "sizes"])
        .add_tag_attributes("source", ["src", "srcset", "sizes", "media", "type"])
        .add_tag_attributes("video", ["src", "poster", "controls", "width", "height"])
        .add_tag_attributes("audio", ["src", "controls"])
        .add_generic_attributes(["dir"])
        .rm_tags(["nav"])
        .url_schemes(HashSet::from(["http", "https"]))
        .url_relative(UrlRelative::RewriteWithBase(base.clone()))
        .link_rel(None)
        .attribute_filter(move |_, name, value| match name {
            "href" if value.trim_start().starts_with('#') => None,
            "href" | "src" | "cite" | "poster" => absolute(value, &start).ok().map(|url| Cow::Owned(url.to_string())),
            "srcset" => sizes(value, &start).map(Cow::Owned),
            _ => Some(Cow::Borrowed(value)),
        });
    let clean = builder.clean(&xml_legal(html)).to_string();
    // What shows nothing without an address.
    let clean = clean.replace("<img>", "").replace("<source>", "");
    Ok(clean.trim().to_owned())
}

/// A `srcset` with absolute addresses.
fn sizes(set: &str, base: &Url) -> Option<String> {
    let candidates = image_candidates(set).filter_map(|(address, descriptor)| {
        let url = absolute(address, base).ok()?;
        // What separates candidates must not stand in one.
        let url = url.as_str().trim_end_matches(',');
        Some(if descriptor.is_empty() { url.to_owned() } else { format!("{url} {descriptor}") })
    });
    let out: Vec<String> = candidates.collect();
    (!out.is_empty()).then(|| out.join(", "))
}

/// The address of the first image of sanitised HTML: of a video what it shows before it begins.
pub(super) fn first_image(html: &str) -> Option<String> {
    let fragment = scraper::Html::parse_fragment(html);
    let image = fragment.select(&super::selector("img[src], video[poster]")).next()?;
    image.attr("src").filter(|_| image.value().name() == "img").or_else(|| image.attr("poster")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_absolute_and_nothing_runs() {
        let base = Url::parse("https://example.org/news/1").expect("valid");
        for (html, want) in [
            ("<p onclick=x>a<script>b</script></p>", "<p>a</p>"),
            ("<a href='javascript:x'>a</a><a href='#n'>b</a>", "<a>a</a><a>b</a>"),
            ("<img src=data:image/png;base64,AA>", ""),
            ("<img src=a.png onerror=x>", "<img src=\"https://example.org/news/a.png\">"),
            (
                "<img src=a.png srcset='/b.png 1x, c.png 2x'>",
                "<img src=\"https://example.org/news/a.png\" srcset=\"https://example.org/b.png 1x, https://example.org/news/c.png 2x\">",
            ),
            ("<img src=a.png srcset='javascript:x 1x'>", "<img src=\"https://example.org/news/a.png\">"),
            (
                "<video controls src=/v.mp4 poster=p.jpg></video>",
                "<video controls=\"\" src=\"https://example.org/v.mp4\" poster=\"https://example.org/news/p.jpg\"></video>",
            ),
            ("<video poster='javascript:x'></video>", "<video></video>"),
            ("<iframe src=x></iframe><style>p{}</style><svg><script>x</script></svg>", ""),
        ] {
            assert_eq!(clean(html, &base).as_deref(), Ok(want), "{html}");
        }
    }
}
