//! A page that was saved to a file, named on the command line by its path or as browsers show it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use url::Url;

/// Reads it. `known`: what else might have been named there, for the message.
///
/// # Errors
/// When there is no such file, or it cannot be read: what to name instead.
pub(super) fn read(target: &str, known: &str) -> anyhow::Result<Vec<u8>> {
    let url = Url::parse(target).ok().filter(|_| target.contains("://"));
    let path = match &url {
        Some(url) if url.scheme() == "file" => url.to_file_path().unwrap_or_else(|()| PathBuf::from(target)),
        _ => PathBuf::from(target),
    };
    std::fs::read(&path).with_context(|| {
        let advice = match url {
            _ if path.is_dir() => "; it is a directory: name the file of a page in it".to_owned(),
            Some(url) if url.scheme() != "file" => format!("; {} addresses are not asked for", url.scheme()),
            None if looks_like_address(target) && !path.exists() => {
                format!("; an address begins with its scheme: https://{target}")
            }
            _ => String::new(),
        };
        format!("\"{target}\" is {known}no http(s) address and no file that can be read{advice}")
    })
}

/// As people write addresses: a host with a dot before the first slash, and no ending of a saved page.
fn looks_like_address(text: &str) -> bool {
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let is_page = |ending: &str| ending.eq_ignore_ascii_case("html") || ending.eq_ignore_ascii_case("htm");
    let ending = host.rsplit_once('.').filter(|(name, _)| !name.is_empty()).map(|(_, ending)| ending);
    Path::new(text).is_relative()
        && ending.is_some_and(|ending| {
            ending.len() >= 2 && ending.chars().all(char::is_alphabetic) && (!path.is_empty() || !is_page(ending))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_without_scheme_are_told_from_files() {
        for (text, want) in [
            ("example.org", true),
            ("www.example.org/news?page=2", true),
            ("example.org/news.html", true),
            ("page.html", false),
            ("saved/page.html", false),
            ("/example.org", false),
            ("./page.htm", false),
            ("../example.org/x", false),
            ("osce", false),
            ("", false),
        ] {
            assert_eq!(looks_like_address(text), want, "{text:?}");
        }
    }
}
