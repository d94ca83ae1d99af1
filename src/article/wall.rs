//! Pages that stand where an article should: a login, or next to nothing.

use scraper::Html;
use url::Url;

use super::selector;
use crate::normalise::html::text_of;

/// Beside a field for a password, so few bytes of text are no article.
const FEW: usize = 500;

/// That a redirect led to a login; None: it did not, as far as addresses say.
pub(super) fn led_to_login(asked: &Url, url: &Url) -> Option<String> {
    const LOGINS: &[&str] = &["login", "signin", "sign-in", "log-in", "sso", "auth", "account", "subscribe", "paywall"];
    let says = |url: &Url| url.path().to_ascii_lowercase().split(['/', '.', '_']).any(|part| LOGINS.contains(&part));
    (asked.path() != url.path() && says(url) && !says(asked)).then(|| format!("it leads to a login ({url})"))
}

/// Whether the page has a field for a password.
pub(super) fn asks_for_password(document: &Html) -> bool {
    document.select(&selector("input[type=password i]")).next().is_some()
}

/// Whether a body is one. `has_password`: it was found on a page that has a field for a password.
pub(super) fn judge(text: &str, summary: Option<&str>, has_password: bool) -> Result<(), String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("its body holds no text".into());
    }
    if has_password && text.len() < FEW {
        return Err("it asks for a password, and shows next to nothing else".into());
    }
    let summary = summary.map(text_of).unwrap_or_default();
    // A summary may be as long as a short article, but no article is far shorter than its summary.
    if text.chars().count() * 2 < summary.chars().count() {
        return Err("its body is far shorter than the summary on the listing: that is no article".into());
    }
    Ok(())
}
