//! Tables of feeds for a configuration, as text: what is written into a file by a program, or shown for a person to paste.

use std::fmt;

use url::Url;

use super::print::quoted;
use crate::domain::Id;
use crate::domain::text::one_line;

/// The longest id that is made of a title: it is a part of addresses.
const LONGEST_ID: usize = 40;

/// A `[[source]]` of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedSource {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The feed's address.
    pub page: String,
    /// The page that readers are sent to.
    pub home: Option<String>,
    /// The tag of its language.
    pub language: Option<String>,
    /// What stands above it.
    pub comment: Option<String>,
}

impl fmt::Display for FeedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(comment) = &self.comment {
            writeln!(f, "# {}", one_line(comment))?;
        }
        writeln!(f, "[[source]]")?;
        writeln!(f, "id = {}", quoted(&self.id))?;
        writeln!(f, "title = {}", quoted(&self.title))?;
        writeln!(f, "kind = \"feed\"")?;
        writeln!(f, "page = {}", quoted(&self.page))?;
        for (key, value) in [("home", &self.home), ("language", &self.language)] {
            if let Some(value) = value {
                writeln!(f, "{key} = {}", quoted(value))?;
            }
        }
        Ok(())
    }
}

/// A `[[feed]]` of several sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The sources' ids.
    pub sources: Vec<String>,
}

impl fmt::Display for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<String> = self.sources.iter().map(|id| quoted(id)).collect();
        writeln!(f, "[[feed]]\nid = {}\ntitle = {}", quoted(&self.id), quoted(&self.title))?;
        writeln!(f, "match = {{ source = [{}] }}", sources.join(", "))
    }
}

/// An id made of a title, else of the address's host, that is none of those taken.
pub fn id_of(title: &str, page: &Url, taken: impl Fn(&str) -> bool) -> String {
    let of_host = || page.host_str().map(|host| slug::slugify(host.trim_start_matches("www."))).unwrap_or_default();
    let mut whole = Some(slug::slugify(title)).filter(|slug| !slug.is_empty()).unwrap_or_else(of_host);
    if whole.len() > LONGEST_ID {
        // A whole word at its end, if there is any.
        let end = whole[..=LONGEST_ID].rfind('-').filter(|at| *at > LONGEST_ID / 2).unwrap_or(LONGEST_ID);
        whole.truncate(end);
    }
    let is_free = |id: &String| Id::parse(id).is_ok() && !taken(id);
    let stem = if whole.is_empty() { "source".to_owned() } else { whole };
    let numbered = (2..).map(|n: u32| format!("{stem}-{n}"));
    std::iter::once(stem.clone()).chain(numbered).find(is_free).expect("numbers do not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_titles() {
        let page = Url::parse("https://www.news.example.org/feed").expect("an address");
        let taken = |id: &str| matches!(id, "taken" | "taken-2");
        for (title, want) in [
            ("The Ministry’s News", "the-ministry-s-news"),
            ("Status", "status-2"),
            ("Taken", "taken-3"),
            ("Новости", "novosti"),
            ("¡!", "news-example-org"),
            ("", "news-example-org"),
            ("A title of so many words that it would never end in any address", "a-title-of-so-many-words-that-it-would"),
            (&"x".repeat(100), &"x".repeat(40)),
        ] {
            assert_eq!(id_of(title, &page, taken), want, "{title}");
        }
    }
}
