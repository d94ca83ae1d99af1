//! Whose page it is: its language, a guess at its zone, what it is called, and the feeds that it offers itself.

use scraper::{ElementRef, Html, Selector};
use url::Url;

use crate::domain::text::{cut, one_line};
use crate::domain::{Zone, is_language_tag};
use crate::extract::months::Language;

/// What is known of the page as a whole.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The language's tag.
    pub tag: String,
    /// Month names are those of this language.
    pub language: Language,
    /// How the language was told.
    pub language_from: &'static str,
    /// The zone of its dates: a guess.
    pub timezone: Zone,
    /// What it was guessed from.
    pub timezone_from: &'static str,
    /// What the newsroom is called.
    pub title: String,
    /// An id for it.
    pub id: String,
}

fn all<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(selector).map(|s| document.select(&s).collect()).unwrap_or_default()
}

/// Looks at the page's head. `told`: the language that the operator states.
pub(super) fn origin(document: &Html, url: &Url, told: Option<Language>, text: &str) -> Origin {
    let (tag, language, language_from) = language(document, url, text);
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let country = host.rsplit('.').next().unwrap_or_default().to_owned();
    let (timezone, timezone_from) = zone(&country, &tag);
    let meta =
        |selector: &str| all(document, selector).first().and_then(|e| e.attr("content")).map(one_line).filter(|t| !t.is_empty());
    let titled =
        || all(document, "head > title").first().map(|e| one_line(&e.text().collect::<String>())).filter(|t| !t.is_empty());
    let title = meta("meta[property=\"og:site_name\"]").or_else(titled).unwrap_or_else(|| host.clone());
    let id: String = slug::slugify(&host).chars().take(60).collect();
    let id = if crate::domain::Id::parse(&id).is_ok() { id } else { "newsroom".to_owned() };
    let title = cut(title, 100);
    Origin { tag, language: told.unwrap_or(language), language_from, timezone, timezone_from, title, id }
}

fn language(document: &Html, url: &Url, text: &str) -> (String, Language, &'static str) {
    let known = |tag: &str| {
        let tag = tag.trim().replace('_', "-");
        let tag = tag.split([',', ';']).next().unwrap_or_default().trim().to_owned();
        is_language_tag(&tag).then(|| Language::of(&tag).map(|l| (tag, l))).flatten()
    };
    let root = document.root_element();
    let stated = root.attr("lang").or_else(|| root.attr("xml:lang")).and_then(known);
    let body = || root.child_elements().find(|e| e.value().name() == "body").and_then(|b| b.attr("lang")).and_then(known);
    let meta = || {
        let metas =
            all(document, "meta[http-equiv=\"content-language\" i], meta[property=\"og:locale\"], meta[name=\"language\" i]");
        metas.iter().find_map(|e| e.attr("content").and_then(known))
    };
    if let Some((tag, language)) = stated.or_else(body).or_else(meta) {
        return (tag, language, "the page says so");
    }
    let guess = script(text).or_else(|| {
        let country = url.host_str().unwrap_or_default().rsplit('.').next().unwrap_or_default();
        COUNTRIES.iter().find(|(c, ..)| *c == country).map(|(_, language, _)| *language)
    });
    match guess.and_then(known) {
        Some((tag, language)) => (tag, language, "a guess, the page does not say"),
        None => ("en".into(), Language::of("en").expect("English is among the locales"), "a guess, the page does not say"),
    }
}

/// A language by the script of most letters.
fn script(text: &str) -> Option<&'static str> {
    let mut counts = [0usize; 9];
    let mut letters = 0usize;
    for c in text.chars().filter(|c| c.is_alphabetic()).take(20_000) {
        letters += 1;
        let n = match c {
            'і' | 'ї' | 'є' | 'ґ' => 1,
            '\u{400}'..='\u{52f}' => 0,
            '\u{3040}'..='\u{30ff}' => 2,
            '\u{ac00}'..='\u{d7af}' => 3,
            '\u{370}'..='\u{3ff}' => 4,
            '\u{590}'..='\u{5ff}' => 5,
            '\u{600}'..='\u{6ff}' => 6,
            '\u{e00}'..='\u{e7f}' => 7,
            '\u{3400}'..='\u{9fff}' => 8,
            _ => continue,
        };
        counts[n] += 1;
    }
    let much = |n: usize| counts[n] * 5 > letters;
    if counts[2] * 20 > letters {
        return Some("ja");
    }
    if counts[1] * 40 > letters {
        return Some("uk");
    }
    [(0, "ru"), (3, "ko"), (4, "el"), (5, "he"), (6, "ar"), (7, "th"), (8, "zh")]
        .into_iter()
        .find(|(n, _)| much(*n))
        .map(|(_, tag)| tag)
}

/// Countries with one usual zone: (domain, language, zone).
const COUNTRIES: &[(&str, &str, &str)] = &[
    ("al", "sq", "Europe/Tirane"),
    ("am", "hy", "Asia/Yerevan"),
    ("at", "de", "Europe/Vienna"),
    ("az", "az", "Asia/Baku"),
    ("ba", "bs", "Europe/Sarajevo"),
    ("be", "nl", "Europe/Brussels"),
    ("bg", "bg", "Europe/Sofia"),
    ("by", "ru", "Europe/Minsk"),
    ("ch", "de", "Europe/Zurich"),
    ("cn", "zh", "Asia/Shanghai"),
    ("cy", "el", "Asia/Nicosia"),
    ("cz", "cs", "Europe/Prague"),
    ("de", "de", "Europe/Berlin"),
    ("dk", "da", "Europe/Copenhagen"),
    ("ee", "et", "Europe/Tallinn"),
    ("eg", "ar", "Africa/Cairo"),
    ("es", "es", "Europe/Madrid"),
    ("eu", "en", "Europe/Brussels"),
    ("fi", "fi", "Europe/Helsinki"),
    ("fr", "fr", "Europe/Paris"),
    ("ge", "ka", "Asia/Tbilisi"),
    ("gr", "el", "Europe/Athens"),
    ("hk", "zh", "Asia/Hong_Kong"),
    ("hr", "hr", "Europe/Zagreb"),
    ("hu", "hu", "Europe/Budapest"),
    ("ie", "en", "Europe/Dublin"),
    ("il", "he", "Asia/Jerusalem"),
    ("in", "en", "Asia/Kolkata"),
    ("ir", "fa", "Asia/Tehran"),
    ("is", "is", "Atlantic/Reykjavik"),
    ("it", "it", "Europe/Rome"),
    ("jp", "ja", "Asia/Tokyo"),
    ("ke", "en", "Africa/Nairobi"),
    ("kg", "ky", "Asia/Bishkek"),
    ("kr", "ko", "Asia/Seoul"),
    ("lt", "lt", "Europe/Vilnius"),
    ("lu", "fr", "Europe/Luxembourg"),
    ("lv", "lv", "Europe/Riga"),
    ("md", "ro", "Europe/Chisinau"),
    ("me", "sr", "Europe/Podgorica"),
    ("mk", "mk", "Europe/Skopje"),
    ("nl", "nl", "Europe/Amsterdam"),
    ("no", "nb", "Europe/Oslo"),
    ("nz", "en", "Pacific/Auckland"),
    ("pk", "en", "Asia/Karachi"),
    ("pl", "pl", "Europe/Warsaw"),
    ("pt", "pt", "Europe/Lisbon"),
    ("ro", "ro", "Europe/Bucharest"),
    ("rs", "sr", "Europe/Belgrade"),
    ("ru", "ru", "Europe/Moscow"),
    ("sa", "ar", "Asia/Riyadh"),
    ("se", "sv", "Europe/Stockholm"),
    ("sg", "en", "Asia/Singapore"),
    ("si", "sl", "Europe/Ljubljana"),
    ("sk", "sk", "Europe/Bratislava"),
    ("th", "th", "Asia/Bangkok"),
    ("tr", "tr", "Europe/Istanbul"),
    ("tw", "zh", "Asia/Taipei"),
    ("ua", "uk", "Europe/Kyiv"),
    ("uk", "en", "Europe/London"),
    ("vn", "vi", "Asia/Ho_Chi_Minh"),
    ("za", "en", "Africa/Johannesburg"),
];

fn named(zone: &str) -> Zone {
    Zone::named(zone).expect("a zone of the database")
}

/// Where the language is spoken in one country above all.
fn zone(country: &str, tag: &str) -> (Zone, &'static str) {
    if let Some((.., zone)) = COUNTRIES.iter().find(|(c, ..)| *c == country) {
        return (named(zone), "a guess from the domain's country");
    }
    let region = tag
        .split('-')
        .skip(1)
        .find(|p| p.len() == 2)
        .map(str::to_ascii_lowercase)
        .map(|r| if r == "gb" { "uk".to_owned() } else { r });
    if let Some((.., zone)) = region.and_then(|r| COUNTRIES.iter().find(|(c, ..)| *c == r)) {
        return (named(zone), "a guess from the language's country");
    }
    let spoken = tag.split('-').next().unwrap_or_default();
    let one_country = [
        "ja", "ko", "pl", "cs", "sk", "hu", "fi", "sv", "da", "nb", "no", "is", "it", "uk", "tr", "el", "he", "ka", "hy", "th",
        "vi", "et", "lv", "lt", "bg", "mk", "sl", "hr", "sq",
    ];
    match COUNTRIES.iter().find(|(_, language, _)| *language == spoken).filter(|_| one_country.contains(&spoken)) {
        Some((.., zone)) => (named(zone), "a guess from the language"),
        None => (Zone::UTC, "nothing says which: please set it"),
    }
}
