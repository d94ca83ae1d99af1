//! Links: made absolute, made safe, and what makes two of them the same.

use regex::Regex;
use url::Url;

use crate::domain::{Id, Link, MAX_URL, stamp};

/// What makes two rows of a source the same item.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// What its first group captures of a canonical link is the story (`link-key`).
    pub link_key: Option<Regex>,
    /// `identity = "title+date+link"`: stories of one title and date stay apart if their links differ.
    pub with_link: bool,
}

/// Query parameters that tell where a reader came from, not what is read.
fn is_tracking(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "fbclid",
        "gclid",
        "dclid",
        "msclkid",
        "yclid",
        "mc_cid",
        "mc_eid",
        "igshid",
        "_hsenc",
        "_hsmi",
        "pk_campaign",
        "pk_kwd",
    ];
    name.starts_with("utm_") || NAMES.contains(&name)
}

/// Resolves a link as a page writes it.
///
/// # Errors
/// Says what is wrong with it: not a URL, or one that a feed must not hold.
pub fn absolute(href: &str, base: &Url) -> Result<Url, String> {
    let mut url = base.join(href.trim()).map_err(|e| format!("{:?} is no address: {e}", shown(href)))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!("{:?} is neither http nor https", shown(href)));
    }
    // Names and passwords in a published link would be given away, and no reader sends them.
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return Err(format!("{:?} cannot be freed of its user name", shown(href)));
    }
    Ok(url)
}

/// Resolves a link to a page that is to be asked for; a part of it is none.
///
/// # Errors
/// Says what is wrong with it: also that it is longer than any that is asked for.
pub fn page(href: &str, base: &Url) -> Result<Url, String> {
    let mut url = absolute(href, base)?;
    // A last page's `href="#"` leads to itself: without the fragment the walk sees that.
    url.set_fragment(None);
    if url.as_str().len() > MAX_URL {
        return Err(format!("{:?} is longer than {MAX_URL} bytes", shown(href)));
    }
    Ok(url)
}

/// The address of an image, by the rules of links; None: it is one that no feed can hold.
pub fn picture(address: &str, base: &Url) -> Option<String> {
    let mut url = absolute(address, base).ok()?;
    url.set_fragment(None);
    (url.as_str().len() <= MAX_URL).then(|| url.into())
}

fn shown(href: &str) -> String {
    crate::domain::text::cut(crate::domain::text::one_line(href), 80)
}

/// The link, with what it has in common with other spellings of the same address.
pub fn link(source: &Id, url: &Url, identity: &Identity) -> Link {
    let canonical = canonical(url);
    let captured = identity.link_key.as_ref().and_then(|key| key.captures(&canonical)).and_then(|found| found.get(1));
    let identity = match captured {
        Some(story) => stamp([source.as_str(), "key", story.as_str()]),
        None => stamp([source.as_str(), "link", &canonical]),
    };
    Link { url: url.to_string(), identity }
}

/// Whether two links lead to the same address, however they spell it.
pub fn is_same(a: &str, b: &str) -> bool {
    let canonical = |link: &str| Url::parse(link).ok().map(|url| canonical(&url));
    a == b || canonical(a).is_some_and(|a| canonical(b) == Some(a))
}

/// The address without scheme, `www.`, tracking parameters and fragment.
pub(super) fn canonical(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let mut out = host.strip_prefix("www.").unwrap_or(host).to_owned();
    if let Some(port) = url.port() {
        out.push(':');
        out.push_str(&port.to_string());
    }
    out.push_str(url.path());
    let kept =
        url.query().into_iter().flat_map(|q| q.split('&')).filter(|p| !is_tracking(p.split('=').next().unwrap_or_default()));
    for (n, parameter) in kept.filter(|p| !p.is_empty()).enumerate() {
        out.push(if n == 0 { '?' } else { '&' });
        out.push_str(parameter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("test url")
    }

    #[test]
    fn spellings_of_one_address_meet() {
        let source = Id::parse("s").expect("valid");
        let identity = Identity::default();
        let of = |text: &str| link(&source, &url(text), &identity).identity;
        let plain = of("https://www.example.org/news/1?a=b");
        for same in [
            "http://www.example.org/news/1?a=b",
            "https://example.org/news/1?a=b",
            "https://example.org:443/news/1?a=b#top",
            "https://EXAMPLE.org/news/1?utm_source=x&a=b&fbclid=1",
        ] {
            assert_eq!(of(same), plain, "{same}");
        }
        for other in [
            "https://example.org/news/2?a=b",
            "https://example.org/news/1?a=c",
            "https://sub.example.org/news/1?a=b",
            "https://example.org:8080/news/1?a=b",
        ] {
            assert_ne!(of(other), plain, "{other}");
        }
    }

    #[test]
    fn link_key_is_the_story() {
        let source = Id::parse("osce").expect("valid");
        let identity = Identity { link_key: Regex::new(r"/(\d+)$").ok(), with_link: false };
        let of = |text: &str| link(&source, &url(text), &identity).identity;
        assert_eq!(of("https://www.osce.org/secretariat/577522"), of("https://osce.org/node/577522?utm_source=feed#x"));
        assert_ne!(of("https://www.osce.org/secretariat/577522"), of("https://www.osce.org/secretariat/577523"));
        // Where nothing is captured, the link itself counts.
        assert_ne!(of("https://www.osce.org/a"), of("https://www.osce.org/b"));
    }

    #[test]
    fn only_safe_links() {
        let base = url("https://www.osce.org/press-releases?page=1");
        for (href, want) in [
            ("/secretariat/1", Some("https://www.osce.org/secretariat/1")),
            ("?page=2", Some("https://www.osce.org/press-releases?page=2")),
            ("//example.org/x", Some("https://example.org/x")),
            (" https://user:secret@example.org/x ", Some("https://example.org/x")),
            ("javascript:alert(1)", None),
            ("JaVaScRiPt:alert(1)", None),
            ("data:text/html,x", None),
            ("mailto:a@example.org", None),
            ("ftp://example.org/", None),
            ("http://", None),
        ] {
            assert_eq!(absolute(href, &base).ok().map(|u| u.to_string()).as_deref(), want, "{href}");
        }
    }
}
