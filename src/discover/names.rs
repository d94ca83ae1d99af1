//! Names on a page: which of them a selector can hold on to, and what they hint at.

use std::fmt;

use scraper::ElementRef;

/// A name that will be there tomorrow, as a selector says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Mark<'a> {
    /// `itemprop`, one of its words.
    Prop(&'a str),
    /// A class.
    Class(&'a str),
    /// The readable beginning of a class whose end is made up by a build tool.
    Prefix(&'a str),
    /// An id, of one element only.
    Id(&'a str),
}

impl fmt::Display for Mark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prop(name) => write!(f, "[itemprop~=\"{name}\"]"),
            Self::Class(name) => write!(f, ".{name}"),
            Self::Prefix(name) => write!(f, "[class*=\"{name}\"]"),
            Self::Id(name) => write!(f, "#{name}"),
        }
    }
}

impl<'a> Mark<'a> {
    /// The bare name.
    pub fn name(&self) -> &'a str {
        match self {
            Self::Prop(name) | Self::Class(name) | Self::Prefix(name) | Self::Id(name) => name,
        }
    }

    /// Whether it says how something looks rather than what it is.
    pub fn is_about_looks(&self) -> bool {
        matches!(self, Self::Class(name) if looks(name))
    }
}

/// An element's marks, the best first, ids last; at most five.
pub(super) fn marks(element: ElementRef<'_>) -> Vec<Mark<'_>> {
    let props = element.attr("itemprop").unwrap_or_default().split_ascii_whitespace().filter(|p| is_plain(p)).map(Mark::Prop);
    let mut marks: Vec<Mark<'_>> = props.take(2).collect();
    let mut classes: Vec<Mark<'_>> = element.value().classes().filter_map(class).take(12).collect();
    // Names of things before names of looks, as they stand otherwise.
    classes.sort_by_key(Mark::is_about_looks);
    classes.dedup();
    marks.extend(classes.into_iter().take(4));
    marks.extend(element.attr("id").filter(|id| is_plain(id) && !id.bytes().any(|b| b.is_ascii_digit())).map(Mark::Id));
    marks
}

fn is_plain(name: &str) -> bool {
    let starts = name.trim_start_matches(['-', '_']).starts_with(|c: char| c.is_ascii_alphabetic());
    starts
        && name != "-"
        && !name.starts_with("--")
        && name.len() <= 60
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A class that means the same thing on every row, and tomorrow.
fn class(name: &str) -> Option<Mark<'_>> {
    if name.len() < 2 || !is_plain(name) || alternates(name) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    if ["css-", "sc-", "jss", "jsx-", "emotion-", "svelte-", "ng-", "js-", "data-v-", "wp-image-", "elementor-element-"]
        .iter()
        .any(|made| lower.starts_with(made))
    {
        return None;
    }
    match name.rsplit_once("__").filter(|(_, tail)| is_made_up(tail)) {
        // `Card_title__x7Y2z`
        Some((head, _)) if head.len() >= 4 && !head.split(['_', '-']).any(is_made_up) => {
            Some(Mark::Prefix(&name[..head.len() + 2]))
        }
        Some(_) => None,
        None if name.split(['_', '-']).any(is_made_up) => None,
        None => Some(Mark::Class(name)),
    }
}

/// Letters and digits in a jumble, or a number.
fn is_made_up(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let letters = part.len() - digits;
    let switches = part.as_bytes().windows(2).filter(|w| w[0].is_ascii_digit() != w[1].is_ascii_digit()).count();
    let cases = part.as_bytes().windows(2).filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()).count();
    let vowels = part.bytes().any(|b| b"aeiouyAEIOUY".contains(&b));
    digits >= 3
        || (digits > 0 && letters > 0 && (switches >= 2 || (part.len() >= 5 && !part.as_bytes()[0].is_ascii_alphabetic())))
        || (digits > 0 && letters >= 4 && !vowels)
        || (part.len() >= 5 && letters == part.len() && cases >= 2 && part.len() / (cases + 1) <= 3)
}

/// Classes that tell rows of one list apart.
fn alternates(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(['-', '_']).collect();
    let numbered = words.len() > 1 && words.last().is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()));
    let telling = |w: &&str| {
        matches!(*w, "odd" | "even" | "first" | "last" | "active" | "current" | "selected" | "visited" | "alt" | "sticky" | "new")
    };
    numbered
        || words.iter().any(telling)
        || ["category-", "tag-", "post_format-", "status-", "format-", "has-", "is-", "no-", "lang-", "author-"]
            .iter()
            .any(|p| name.starts_with(p))
}

/// Names of frameworks for how things look.
fn looks(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let whole = [
        "row",
        "col",
        "column",
        "columns",
        "flex",
        "grid",
        "container",
        "wrapper",
        "inner",
        "clearfix",
        "cf",
        "left",
        "right",
        "small",
        "large",
        "hidden",
        "block",
        "box",
        "bold",
        "d-block",
        "relative",
        "absolute",
        "truncate",
        "link",
        "clear",
        "even",
        "odd",
        "w-100",
        "h-100",
    ];
    let begins = [
        "col-",
        "d-",
        "m-",
        "mt-",
        "mb-",
        "ml-",
        "mr-",
        "mx-",
        "my-",
        "p-",
        "pt-",
        "pb-",
        "pl-",
        "pr-",
        "px-",
        "py-",
        "text-",
        "bg-",
        "flex-",
        "grid-",
        "w-",
        "h-",
        "font-",
        "border-",
        "rounded",
        "shadow",
        "justify-",
        "align-",
        "items-",
        "gap-",
        "order-",
        "float-",
        "uk-",
        "large-",
        "medium-",
        "small-",
        "fa-",
        "icon",
        "fs-",
        "fw-",
        "g-",
        "row-",
        "span",
        "wp-block-group",
        "clearfix",
        "is-layout",
    ];
    whole.contains(&name.as_str()) || begins.iter().any(|b| name.starts_with(b))
}

/// Whether an address is one that a story can be at.
pub(super) fn leads_somewhere(href: Option<&str>) -> bool {
    let Some(href) = href.map(str::trim) else { return false };
    let scheme = href.split_once(':').map(|(s, _)| s.to_ascii_lowercase());
    !href.is_empty()
        && !href.starts_with('#')
        && !scheme.is_some_and(|s| {
            matches!(s.as_str(), "javascript" | "mailto" | "tel" | "data" | "whatsapp" | "sms" | "blob" | "file")
        })
}

/// What a name hints at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    Title,
    Date,
    /// A date, but not the one of publishing.
    OtherDate,
    Summary,
}

/// What an element's names hint at.
pub(super) fn hint(mark: &Mark<'_>) -> Option<Hint> {
    let name = mark.name().to_ascii_lowercase();
    let holds = |w: &[&str]| w.iter().any(|w| name.contains(w));
    if holds(&["modified", "updated", "expire", "deadline", "end-date", "enddate", "event-date"]) {
        return Some(Hint::OtherDate);
    }
    if holds(&["date", "datum", "publish", "posted", "time", "fecha", "pubdate", "created"])
        && !holds(&["headline", "sometime", "timeline"])
    {
        return Some(Hint::Date);
    }
    if holds(&["title", "headline", "heading", "titel", "titre", "titulo", "p-name", "subject"])
        && !holds(&["subtitle", "sub-title", "subheading"])
    {
        return Some(Hint::Title);
    }
    if matches!(name.rsplit(['-', '_']).next(), Some("name" | "ttl" | "caption")) {
        return Some(Hint::Title);
    }
    if holds(&["summary", "teaser", "excerpt", "snippet", "lead", "description", "intro", "abstract", "body", "text", "subtitle"])
    {
        return Some(Hint::Summary);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_classes_are_no_marks() {
        for (name, want) in [
            ("search-result-news", Some(".search-result-news")),
            ("h-entry", Some(".h-entry")),
            ("views-row", Some(".views-row")),
            ("col2", Some(".col2")),
            ("newsItem", Some(".newsItem")),
            ("news-list__item", Some(".news-list__item")),
            ("Card_title__x7Y2z", Some("[class*=\"Card_title__\"]")),
            ("css-1x2y3z", None),
            ("sc-bdVaJa", None),
            ("styles__AbCdEf", Some("[class*=\"styles__\"]")),
            ("views-row-3", None),
            ("views-row-odd", None),
            ("post-48213", None),
            ("category-reports", None),
            ("md:flex", None),
            ("last", None),
        ] {
            assert_eq!(class(name).map(|m| m.to_string()).as_deref(), want, "{name}");
        }
    }
}
