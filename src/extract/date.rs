//! Dates as pages write them: formats in order, month names of a language, nothing ambiguous guessed.

use std::borrow::Cow;
use std::sync::OnceLock;

use chrono::format::{Fixed, Item, Parsed, StrftimeItems, parse, parse_and_remainder};
use chrono::{FixedOffset, NaiveDate, NaiveTime};

use super::months::Language;
use crate::domain::fold;

/// One way to write a date, with chrono's (strftime's) specifiers, and the language of its names.
#[derive(Debug, Clone, PartialEq)]
pub struct DateFormat {
    items: Vec<Item<'static>>,
    language: Language,
    /// (folded name in the page's language, the same in English, which chrono reads). Made when a date is not English.
    names: OnceLock<Vec<(String, &'static str)>>,
    /// The date may stand inside a longer text.
    anywhere: bool,
    /// The text itself says that the time is that of UTC, in letters.
    utc: bool,
}

/// What a page states: a day, and perhaps a time and an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageDate {
    /// The day.
    pub day: NaiveDate,
    /// The time of day, if stated.
    pub time: Option<NaiveTime>,
    /// The offset, if stated.
    pub offset: Option<FixedOffset>,
}

/// Forms that no reader takes for another day: ISO 8601 and its relatives, and months by name.
const UNMISTAKABLE: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%MZ",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%d %B %Y",
    "%d. %B %Y",
    "%A, %d %B %Y",
    "%A, %d. %B %Y",
    "%B %d, %Y",
    "%A, %B %d, %Y",
    "%b. %d, %Y",
    "%d %b. %Y",
    "%d de %B de %Y",
];

/// Dates are short: a longer text is searched only this far (characters).
const SEARCHED: usize = 300;

impl DateFormat {
    /// Takes chrono's specifiers; names of months and days are those of `language` or English.
    ///
    /// # Errors
    /// Says which specifier is unknown, or that the format does not state a whole day.
    pub fn parse(format: &str, language: Language) -> Result<Self, String> {
        let items = items(format).ok_or_else(|| "holds a specifier that is not known".to_owned())?;
        let sample =
            NaiveDate::from_ymd_opt(2024, 9, 30).and_then(|d| d.and_hms_opt(12, 34, 56)).expect("a real instant").and_utc();
        let written = sample.fixed_offset().format_with_items(items.iter()).to_string();
        if read(&written, &items).map(|d| d.day) != Some(sample.date_naive()) {
            return Err("must state day, month and year, such as \"%d %B %Y\"".into());
        }
        Ok(Self { items, language, names: OnceLock::new(), anywhere: true, utc: false })
    }

    /// What is tried where the config gives no format.
    pub fn unmistakable(language: Language) -> Vec<Self> {
        UNMISTAKABLE
            .iter()
            .map(|f| Self {
                items: items(f).expect("constant formats are valid"),
                language,
                names: OnceLock::new(),
                anywhere: false,
                utc: f.ends_with("GMT") || f.ends_with('Z'),
            })
            .collect()
    }

    fn read(&self, text: &str) -> Option<PageDate> {
        let read_or_find =
            |text: &str| read(text, &self.items).or_else(|| self.anywhere.then(|| find(text, &self.items)).flatten());
        let date = read_or_find(text).or_else(|| match in_english(text, self.names.get_or_init(|| names(self.language))) {
            Cow::Borrowed(_) => None,
            Cow::Owned(english) => read_or_find(&english),
        })?;
        Some(if self.utc { PageDate { offset: FixedOffset::east_opt(0), ..date } } else { date })
    }
}

/// Reads a text (one line) by the first format that fits.
pub fn read_date(line: &str, formats: &[DateFormat]) -> Option<PageDate> {
    let line = line.char_indices().nth(SEARCHED).map_or(line, |(at, _)| &line[..at]);
    formats.iter().find_map(|f| f.read(line))
}

/// The format's parts. Short names count as long ones, for which chrono takes both.
fn items(format: &str) -> Option<Vec<Item<'static>>> {
    let mut items = StrftimeItems::new(format).parse_to_owned().ok()?;
    for item in &mut items {
        match item {
            Item::Fixed(short @ Fixed::ShortMonthName) => *short = Fixed::LongMonthName,
            Item::Fixed(short @ Fixed::ShortWeekdayName) => *short = Fixed::LongWeekdayName,
            _ => {}
        }
    }
    Some(items)
}

fn read(text: &str, items: &[Item<'_>]) -> Option<PageDate> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    page_date(&parsed)
}

/// A date inside a longer text, beginning and ending at a word's edge.
fn find(text: &str, items: &[Item<'_>]) -> Option<PageDate> {
    let mut before = None;
    for (at, c) in text.char_indices() {
        let starts_word = c.is_alphanumeric() && !before.is_some_and(|b: char| b.is_alphanumeric());
        before = Some(c);
        if !starts_word {
            continue;
        }
        let mut parsed = Parsed::new();
        if let Ok(rest) = parse_and_remainder(&mut parsed, &text[at..], items.iter())
            && !rest.starts_with(char::is_alphanumeric)
            && let Some(date) = page_date(&parsed)
        {
            return Some(date);
        }
    }
    None
}

fn page_date(parsed: &Parsed) -> Option<PageDate> {
    let day = parsed.to_naive_date().ok()?;
    Some(PageDate { day, time: parsed.to_naive_time().ok(), offset: parsed.to_fixed_offset().ok() })
}

fn names(language: Language) -> Vec<(String, &'static str)> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let bare = |name: &str| plain(name.trim_end_matches('.'));
    let months: Vec<_> = language.months().into_iter().map(|(name, n)| (bare(name), MONTHS[n as usize - 1])).collect();
    let mut days: Vec<_> = language.days().into_iter().map(|(name, n)| (bare(name), DAYS[n])).collect();
    // A short day name that is also a month's (as "mar" in Spanish and Italian) is far more often the month.
    days.retain(|(day, _)| months.iter().all(|(month, _)| month != day));
    let sept = std::iter::once(("sept".to_owned(), "September"));
    let english = |name: &str, in_english: &str| in_english.to_lowercase().starts_with(name) && name.len() == 3;
    months
        .into_iter()
        .chain(days)
        .chain(sept)
        .filter(|(name, e)| !name.is_empty() && *name != e.to_lowercase() && !english(name, e))
        .collect()
}

/// A name as it is compared: folded, and without the dot that capitals of Turkish lose or gain by folding.
fn plain(name: &str) -> String {
    fold(name).replace('ı', "i").replace("i\u{307}", "i")
}

/// The text with the names of months and days in English; other words stay.
fn in_english<'a>(text: &'a str, names: &[(String, &'static str)]) -> Cow<'a, str> {
    let in_word = |c: char| c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c);
    if names.is_empty() || !text.contains(in_word) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(start) = rest.find(in_word) {
        let (before, word) = rest.split_at(start);
        let end = word.find(|c| !in_word(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        out.push_str(before);
        let folded = plain(word);
        match names.iter().find(|(name, _)| *name == folded) {
            Some((_, english)) => out.push_str(english),
            None => out.push_str(word),
        }
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        Language::of(tag).expect("a known language")
    }

    fn day(text: &str, format: &str, tag: &str) -> Option<String> {
        read_date(text, &[DateFormat::parse(format, language(tag)).expect("a valid format")]).map(|d| d.day.to_string())
    }

    #[test]
    fn dates_by_format() {
        for (text, format, tag, want) in [
            ("30 September 2024", "%d %B %Y", "en", "2024-09-30"),
            ("3 September 2024", "%d %B %Y", "en", "2024-09-03"),
            ("Publishing date: 30 September 2024", "%d %B %Y", "en", "2024-09-30"),
            ("30. září 2024", "%d. %B %Y", "cs", "2024-09-30"),
            ("30 сентября 2024", "%d %B %Y", "ru", "2024-09-30"),
            ("Сентябрь 30, 2024", "%B %d, %Y", "ru", "2024-09-30"),
            ("1 mars 2024", "%d %B %Y", "fr", "2024-03-01"),
            ("1er février 2024", "%der %B %Y", "fr", "2024-02-01"),
            ("30 September 2024", "%d %B %Y", "de", "2024-09-30"),
            ("09/30/2024", "%m/%d/%Y", "en", "2024-09-30"),
            ("30. Sept. 2024", "%d. %b. %Y", "de", "2024-09-30"),
            ("5. Okt. 2024", "%d. %b. %Y", "de", "2024-10-05"),
            ("5 Oct 2024", "%d %b %Y", "en", "2024-10-05"),
            ("5 окт. 2024", "%d %b. %Y", "ru", "2024-10-05"),
            ("5 mar 2024", "%d %b %Y", "es", "2024-03-05"),
        ] {
            assert_eq!(day(text, format, tag).as_deref(), Some(want), "{text} by {format}");
        }
        for (text, format) in
            [("30/09/2024", "%m/%d/%Y"), ("31 February 2024", "%d %B %Y"), ("soon", "%d %B %Y"), ("", "%Y-%m-%d")]
        {
            assert_eq!(day(text, format, "en"), None, "{text} by {format}");
        }
    }

    #[test]
    fn forms_that_cannot_be_misread_need_no_format() {
        let formats = DateFormat::unmistakable(language("en"));
        for (text, want, timed) in [
            ("2024-09-30", "2024-09-30", false),
            ("2024-09-30T10:15:00+02:00", "2024-09-30", true),
            ("2024-09-30T10:15:00Z", "2024-09-30", true),
            ("2024-09-30T10:15:00.123Z", "2024-09-30", true),
            ("Mon, 30 Sep 2024 10:15:00 +0200", "2024-09-30", true),
            ("30 September 2024", "2024-09-30", false),
            ("September 30, 2024", "2024-09-30", false),
            ("Sep 30, 2024", "2024-09-30", false),
            ("Sept. 30, 2024", "2024-09-30", false),
        ] {
            let date = read_date(text, &formats);
            assert_eq!(date.map(|d| (d.day.to_string(), d.time.is_some())), Some((want.to_owned(), timed)), "{text}");
        }
        for text in ["09/08/2024", "8.9.24", "yesterday", "2024"] {
            assert_eq!(read_date(text, &formats), None, "{text}");
        }
        let offset = |text: &str| read_date(text, &formats).and_then(|d| d.offset);
        assert_eq!(offset("2024-09-30T10:15:00+02:00"), FixedOffset::east_opt(7200));
        for utc in ["Mon, 30 Sep 2024 10:15:00 GMT", "2024-09-30T10:15:00Z", "2024-09-30T10:15Z"] {
            assert_eq!(offset(utc), FixedOffset::east_opt(0), "{utc}");
        }
    }

    #[test]
    fn formats_must_state_a_day() {
        let en = language("en");
        for bad in ["%d %B", "%H:%M", "%Q", "", "%Y"] {
            assert!(DateFormat::parse(bad, en).is_err(), "{bad:?}");
        }
        assert!(DateFormat::parse("%A %d %B %Y, %H:%M", en).is_ok());
    }
}
