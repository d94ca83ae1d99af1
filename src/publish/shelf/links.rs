//! The Link field of a feed (RFC 8288): its own address, and the other documents of its channel.

use http::HeaderValue;

use super::document::Kind;
use crate::feed::Format;

/// The endings of a channel's documents, and their types.
fn endings() -> impl Iterator<Item = (&'static str, &'static str)> {
    Format::ALL.into_iter().map(|f| (f.extension(), f.media_type())).chain([("html", "text/html")])
}

/// The field for the feed that stands at a path such as `osce/all.rss` below `base`, which ends with a slash; none: what stands there is no feed.
///
/// Absolute addresses: behind a proxy a reader may know the feed by another one.
pub(super) fn links(base: &str, path: &str, stands: impl Fn(&str) -> bool) -> Option<HeaderValue> {
    let Some(Kind::Feed(own)) = Kind::of(path) else { return None };
    let channel = path.strip_suffix(own.extension())?;
    let mut field = format!("<{base}{path}>; rel=\"self\"");
    for (ending, media_type) in endings().filter(|(ending, _)| *ending != own.extension()) {
        let other = format!("{channel}{ending}");
        if stands(&other) {
            field += &format!(", <{base}{other}>; rel=\"alternate\"; type=\"{media_type}\"");
        }
    }
    HeaderValue::try_from(field).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_names_itself_and_what_stands_beside_it() {
        let of = |path: &str, standing: &[&str]| {
            let field = links("https://example.org/f/", path, |path| standing.contains(&path));
            field.map(|field| field.to_str().expect("ASCII").to_owned())
        };
        assert_eq!(of("a/all.rss", &["a/all.rss"]).as_deref(), Some("<https://example.org/f/a/all.rss>; rel=\"self\""));
        assert_eq!(
            of("a/all.atom", &["a/all.rss", "a/all.atom", "a/all.html", "b.json"]).as_deref(),
            Some(
                "<https://example.org/f/a/all.atom>; rel=\"self\", \
                 <https://example.org/f/a/all.rss>; rel=\"alternate\"; type=\"application/rss+xml\", \
                 <https://example.org/f/a/all.html>; rel=\"alternate\"; type=\"text/html\""
            )
        );
        for none in ["index.html", "feeds.opml", "a", "a\n.rss"] {
            assert_eq!(of(none, &[]), None, "{none}");
        }
    }
}
