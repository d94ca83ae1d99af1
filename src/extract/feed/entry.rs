//! One entry, as feed-rs read it and with what stands beside that, to a row.

use feed_rs::model::{Category, Entry, Link, Text};
use url::Url;

use super::canonical::Beside;
use super::mend::shallow;
use crate::domain::fold;
use crate::domain::text::{cut, one_line};
use crate::extract::parse::parse;
use crate::extract::rules::{FeedFacet, FeedValue};
use crate::extract::text::{Markup, line};

/// An entry without title is called by so much of its text (characters).
const TITLE: usize = 100;

/// How the format says what is markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// RSS does not say: what looks like HTML is that.
    Guessed,
    /// Atom and JSON Feed do.
    Told,
}

/// What an entry says, its date aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// Empty: it has neither title nor text.
    pub title: String,
    pub link: Option<String>,
    pub summary: Option<Markup>,
    /// Where links of the summary start, if not where the feed's do.
    pub base: Option<String>,
    pub image: Option<String>,
    pub terms: Vec<Vec<String>>,
}

pub(super) fn read(entry: &Entry, beside: &Beside, words: Words, facets: &[FeedFacet]) -> Said {
    let summary = entry.summary.as_ref().map(|text| markup(&text.content, is_html(text), words)).filter(is_there);
    let content = entry.content.as_ref().and_then(|content| {
        let html = content.content_type.subty() != "plain";
        Some(markup(content.body.as_ref()?, html, words)).filter(is_there)
    });
    let (summary, base) = match summary {
        Some(summary) => (Some(summary), beside.summary_base.as_ref()),
        None => (content, beside.content_base.as_ref()),
    };
    let title = entry.title.as_ref().map(|text| title(text, words));
    let title = title.filter(|title| !fold(title).is_empty());
    Said {
        title: title.or_else(|| summary.as_ref().map(beginning)).unwrap_or_default(),
        link: link(entry, beside),
        summary,
        base: base.map(Url::to_string),
        image: beside.images.first().cloned(),
        terms: facets.iter().map(|facet| terms(entry, facet)).collect(),
    }
}

fn is_html(text: &Text) -> bool {
    text.content_type.subty() != "plain"
}

/// A text; `html`: the format says that it is markup.
fn markup(text: &str, html: bool, words: Words) -> Markup {
    let html = match words {
        Words::Guessed => has_tags(text, |_| true) || has_references(text),
        Words::Told => html,
    };
    if html { Markup::Html(shallow(text).into_owned()) } else { Markup::Text(one_line(text)) }
}

/// A title as one line of text. Only what is common in titles counts as markup in it: others write about markup.
pub(super) fn title(text: &Text, words: Words) -> String {
    const COMMON: &[&str] =
        &["b", "i", "em", "strong", "a", "span", "sub", "sup", "br", "u", "small", "q", "cite", "abbr", "font", "p", "div"];
    let html = match words {
        Words::Guessed => has_tags(&text.content, |name| COMMON.contains(&name)) || has_references(&text.content),
        Words::Told => is_html(text),
    };
    if html { text_of(&text.content) } else { one_line(&text.content) }
}

fn is_there(markup: &Markup) -> bool {
    match markup {
        Markup::Text(text) => !fold(text).is_empty(),
        Markup::Html(html) => !fold(&text_of(html)).is_empty(),
    }
}

/// Whether there are tags of these names.
fn has_tags(text: &str, wanted: impl Fn(&str) -> bool) -> bool {
    let last = text.rfind('>').unwrap_or(0);
    text[..last].match_indices('<').any(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches('/');
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let ends = rest[end..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'));
        end > 0 && ends && wanted(&rest[..end].to_ascii_lowercase())
    })
}

/// Whether there are references to characters: text that was escaped twice.
fn has_references(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let name = &text.as_bytes()[at + 1..];
        let name = name.strip_prefix(b"#").unwrap_or(name);
        let end = name.iter().take(32).position(|b| !b.is_ascii_alphanumeric());
        end.is_some_and(|end| end > 0 && name[end] == b';')
    })
}

fn text_of(html: &str) -> String {
    line(parse(html).document.root_element(), &[])
}

/// The beginning of a text, whole words, as a title.
fn beginning(markup: &Markup) -> String {
    let text = match markup {
        Markup::Text(text) => one_line(text),
        Markup::Html(html) => text_of(html),
    };
    let short = cut(text.clone(), TITLE);
    if short.len() >= text.len() {
        return text;
    }
    match short.trim_end_matches('…').rsplit_once(' ') {
        Some((words, _)) if text.chars().nth(TITLE).is_some_and(|c| c != ' ') => {
            format!("{}…", words.trim_end_matches([',', ';', ':']))
        }
        _ => short,
    }
}

/// Where the entry leads: its own link, else its id where that is one.
fn link(entry: &Entry, beside: &Beside) -> Option<String> {
    // In JSON Feed feed-rs puts attachments among the links: those have a type, and no `rel`.
    let is_own = |link: &&Link| match link.rel.as_deref() {
        None => link.target.is_none() && link.media_type.is_none(),
        Some(rel) => rel == "alternate",
    };
    let is_page = |link: &&Link| link.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    let own = || entry.links.iter().filter(is_own).filter(|link| !link.href.trim().is_empty());
    let id = beside.permalink.clone().filter(|id| Url::parse(id).is_ok_and(|url| matches!(url.scheme(), "http" | "https")));
    own().find(is_page).or_else(|| own().next()).map(|link| link.href.trim().to_owned()).or(id)
}

fn terms(entry: &Entry, facet: &FeedFacet) -> Vec<String> {
    let mut names: Vec<String> = match &facet.value {
        FeedValue::Author => entry.authors.iter().filter_map(|author| author.name.as_deref()).map(one_line).collect(),
        FeedValue::Category { schemes, only, without } => {
            let of_scheme = |category: &&Category| {
                let scheme = category.scheme.as_deref().map(str::trim).unwrap_or_default();
                schemes.is_empty() || schemes.iter().any(|wanted| wanted == scheme)
            };
            let wanted = |name: &String| {
                let name = fold(name);
                (only.is_empty() || only.contains(&name)) && !without.contains(&name)
            };
            entry.categories.iter().filter(of_scheme).map(|c| plain(&c.term)).filter(wanted).collect()
        }
    };
    names.retain(|name| !fold(name).is_empty());
    if !facet.many {
        names.truncate(1);
    }
    names
}

/// Names of categories are escaped twice as often as titles are.
fn plain(name: &str) -> String {
    if has_references(name) { text_of(name) } else { one_line(name) }
}
