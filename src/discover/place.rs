//! What kind of place an element stands in, by its tag, role and names.

use scraper::ElementRef;

/// What kind of place an element stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// Nothing is said of it.
    Open,
    /// The page's main part.
    Main,
    /// A header.
    Header,
    /// Navigation, pagers, breadcrumbs, languages, tags.
    Navigation,
    /// Beside the main part.
    Aside,
    /// The page's foot.
    Footer,
    /// What is read most, related, recommended.
    Related,
    /// What is to come.
    Events,
    /// Cookies, dialogs, sharing.
    Notice,
}

impl Place {
    /// Its name, and what a listing there is worth.
    pub fn worth(self) -> Option<(&'static str, i32)> {
        Some(match self {
            Self::Open => return None,
            Self::Main => ("stands in the page's main part", 8),
            Self::Header => ("stands in a header", -20),
            Self::Navigation => ("is navigation, a pager or a cloud of tags", -45),
            Self::Aside => ("stands beside the main part", -35),
            Self::Footer => ("stands in the foot of the page", -45),
            Self::Related => ("shows what is read most, related or recommended", -45),
            Self::Events => ("is a calendar of events", -45),
            Self::Notice => ("is a notice, a dialog or a bar for sharing", -50),
        })
    }
}

/// The place of an element by its tag, role and names, and by where it stands: what is beside, stays beside.
///
/// `by_name`: it is small enough for its names to count.
pub(super) fn place(element: ElementRef<'_>, around: Place, by_name: bool) -> Place {
    let value = element.value();
    let own = match (value.name(), value.attr("role").unwrap_or_default()) {
        ("main", _) | (_, "main") => Some(Place::Main),
        ("nav", _) | (_, "navigation" | "menu" | "menubar" | "tablist") => Some(Place::Navigation),
        ("aside", _) | (_, "complementary") => Some(Place::Aside),
        ("footer", _) | (_, "contentinfo") if !is_in_row(element) => Some(Place::Footer),
        ("header", _) | (_, "banner") if !is_in_row(element) => Some(Place::Header),
        ("dialog", _) | (_, "dialog" | "alertdialog" | "alert") => Some(Place::Notice),
        _ => None,
    };
    let own = own.or_else(|| {
        let event = value.attr("itemtype").is_some_and(|t| t.ends_with("Event"));
        if event {
            return Some(Place::Events);
        }
        // The page as a whole is what its body's classes say, which name parts that it has.
        if !by_name || matches!(value.name(), "body" | "html" | "a" | "span" | "h1" | "h2" | "h3" | "h4" | "time" | "p" | "img") {
            return None;
        }
        value.classes().chain(value.attr("id")).find_map(place_of_name)
    });
    match (around, own) {
        (Place::Open | Place::Main | Place::Header, Some(own)) => own,
        (Place::Aside, Some(own @ (Place::Related | Place::Events | Place::Navigation | Place::Notice))) => own,
        (around, _) => around,
    }
}

/// Headers and footers of rows are not the page's.
fn is_in_row(element: ElementRef<'_>) -> bool {
    element.ancestors().filter_map(ElementRef::wrap).any(|e| matches!(e.value().name(), "article" | "li" | "section" | "td"))
}

fn place_of_name(name: &str) -> Option<Place> {
    if name.len() > 60 {
        return None;
    }
    let name = name.to_ascii_lowercase().replace('_', "-");
    // A body that has a sidebar is none; nor is what is said to be main.
    if ["main", "content", "with-", "has-", "no-", "layout"].iter().any(|w| {
        name.starts_with(w)
            && !name.contains("content-sidebar")
            && !name.starts_with("main-menu")
            && !name.starts_with("main-nav")
    }) {
        return matches!(name.as_str(), "main" | "main-content" | "content-main" | "maincontent").then_some(Place::Main);
    }
    let words: Vec<&str> = name.split('-').collect();
    let word = |w: &[&str]| words.iter().any(|x| w.contains(x));
    let holds = |w: &[&str]| w.iter().any(|w| name.contains(w));
    if holds(&["cookie", "consent", "gdpr", "modal", "popup", "newsletter", "subscribe", "share", "social", "addthis"])
        || word(&["skip", "dialog", "toast"])
    {
        return Some(Place::Notice);
    }
    if holds(&[
        "mostread",
        "most-read",
        "most-viewed",
        "mostviewed",
        "popular",
        "trending",
        "related",
        "recommended",
        "see-also",
        "top-stories",
        "most-",
        "comment",
    ]) {
        return Some(Place::Related);
    }
    if !holds(&["news", "press"])
        && (holds(&["calendar", "upcoming", "agenda"]) || word(&["event", "events", "termine", "veranstaltungen", "evenements"]))
    {
        return Some(Place::Events);
    }
    if holds(&["sidebar", "side-bar", "sidemenu", "side-menu", "side-nav"]) || word(&["aside", "widget", "complementary", "rail"])
    {
        return Some(Place::Aside);
    }
    if holds(&[
        "navbar",
        "navigation",
        "breadcrumb",
        "pagination",
        "pager",
        "menu",
        "tagcloud",
        "tag-cloud",
        "facets",
        "facet-",
        "filters",
        "language-switch",
        "sitemap",
    ]) || word(&["nav", "tabs", "langs", "languages"])
    {
        return Some(Place::Navigation);
    }
    if name.starts_with("footer") || name.ends_with("-footer") && holds(&["site", "page", "global"]) || word(&["colophon"]) {
        return Some(Place::Footer);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_places() {
        for (name, want) in [
            ("sidebar-first", Some(Place::Aside)),
            ("block-most-read", Some(Place::Related)),
            ("upcoming-events", Some(Place::Events)),
            ("cookie-banner", Some(Place::Notice)),
            ("main-content", Some(Place::Main)),
            ("has-sidebar", None),
            ("news-list", None),
            ("pager", Some(Place::Navigation)),
            ("site-footer", Some(Place::Footer)),
        ] {
            assert_eq!(place_of_name(name), want, "{name}");
        }
    }
}
