//! Names on a page: which of them a selector can hold on to, and what they say of a place.

use std::collections::HashSet;
use std::fmt;
use std::sync::OnceLock;

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

/// Whether a heading above a list says that it is none of news.
pub(super) fn says_decoy(heading: &str) -> bool {
    const WORDS: &[&str] = &[
        "most read",
        "most viewed",
        "most popular",
        "popular",
        "trending",
        "related",
        "recommended",
        "you may also",
        "see also",
        "upcoming",
        "events",
        "calendar",
        "tags",
        "quick links",
        "meistgelesen",
        "am häufigsten",
        "veranstaltungen",
        "termine",
        "verwandte",
        "les plus lus",
        "à lire aussi",
        "agenda",
        "événements",
        "más leído",
        "más vist",
        "relacionad",
        "eventos",
        "más popular",
        "mais lidas",
        "mais vist",
        "più letti",
        "più lette",
        "eventi",
        "популярн",
        "читайте также",
        "самое читаемое",
        "события",
        "календарь",
        "найпопулярніш",
        "події",
        "アクセスランキング",
        "ランキング",
        "関連",
        "人気",
        "イベント",
        "热门",
        "相关",
        "热点",
        "인기",
        "관련",
        "الأكثر قراءة",
        "ذات صلة",
        "פופולרי",
        "הנקראות",
        "najczęściej",
        "wydarzenia",
        "nejčtenější",
        "související",
        "meest gelezen",
        "evenementen",
        "mest läst",
        "mest lest",
        "çok okunan",
        "etkinlik",
        "δημοφιλή",
    ];
    let heading = crate::domain::fold(heading);
    heading.chars().count() <= 60 && WORDS.iter().any(|w| heading.contains(w))
}

/// Words of a text that leads to a next page.
pub(super) fn says_next(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "next",
        "next page",
        "older",
        "older posts",
        "older entries",
        "older news",
        "load more",
        "more news",
        "weiter",
        "nächste",
        "nächste seite",
        "vor",
        "ältere beiträge",
        "suivant",
        "suivante",
        "page suivante",
        "siguiente",
        "siguientes",
        "página siguiente",
        "próximo",
        "próxima",
        "seguinte",
        "página seguinte",
        "successivo",
        "successiva",
        "pagina successiva",
        "avanti",
        "далее",
        "вперед",
        "вперёд",
        "следующая",
        "следующая страница",
        "наступна",
        "далі",
        "次へ",
        "次のページ",
        "次",
        "下一页",
        "下一頁",
        "下页",
        "다음",
        "다음 페이지",
        "التالي",
        "הבא",
        "volgende",
        "nästa",
        "neste",
        "næste",
        "seuraava",
        "następna",
        "następny",
        "další",
        "ďalšia",
        "următoarea",
        "următor",
        "sonraki",
        "επόμενη",
        "следваща",
        "sljedeća",
        "следећа",
        "sledeća",
        "další stránka",
        "következő",
        "järgmine",
        "nākamā",
        "kitas",
        "tiếp",
        "trang sau",
        "ถัดไป",
        "اگلا",
        "بعدی",
        "›",
        "»",
        "→",
        ">",
        ">>",
        "⟩",
    ];
    if text.len() > 120 {
        return false;
    }
    let folded = crate::domain::fold(text);
    if ["older ", "earlier ", "previous news", "ältere ", "plus ancien", "más antigu", "anteriores"]
        .iter()
        .any(|w| folded.starts_with(w))
    {
        return true;
    }
    let bare = folded.trim_end_matches(|c: char| !c.is_alphanumeric());
    // "next results", "następna strona": the first word says it, if few follow.
    let starts = [
        "next ",
        "nächste ",
        "siguientes ",
        "próxima ",
        "следующ",
        "наступн",
        "następn",
        "další ",
        "volgende ",
        "nästa ",
        "neste ",
    ];
    if bare.chars().count() <= 24
        && bare.split(' ').count() <= 2
        && starts.iter().any(|w| bare.starts_with(w))
        && bare != "next steps"
    {
        return true;
    }
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let bare = if bare.is_empty() { folded } else { bare };
    static FOLDED: OnceLock<HashSet<String>> = OnceLock::new();
    FOLDED.get_or_init(|| WORDS.iter().map(|w| crate::domain::fold(w)).collect()).contains(&bare)
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

    #[test]
    fn words_of_next_pages() {
        for text in ["Next ›", "next page", "Далее", "次へ »", "»", "Siguiente >"] {
            assert!(says_next(text), "{text}");
        }
        for text in ["Last »", "2", "Next steps for the region", ""] {
            assert!(!says_next(text), "{text}");
        }
    }
}
