//! Formats as a config gives them, in chrono's (strftime's) words, with names of months in the page's language.

use std::borrow::Cow;

use chrono::NaiveDate;
use chrono::format::{Fixed, Item, Parsed, StrftimeItems, parse, parse_and_remainder};

use super::names::{Named, Names};
use super::token::{Kind, tokens};
use super::{PageDate, SEARCHED, When, Yearless, is_ambiguous, recognised, relative_only};
use crate::domain::Zone;
use crate::extract::months::Language;

/// One way to write a date, and the language of its names.
#[derive(Debug, Clone, PartialEq)]
pub struct DateFormat {
    way: Way,
    language: Language,
}

#[derive(Debug, Clone, PartialEq)]
enum Way {
    /// By chrono's specifiers, anywhere in the text.
    Written(Vec<Item<'static>>),
    /// "3 hours ago".
    Relative,
    /// Whatever cannot be misread.
    Recognised,
}

impl DateFormat {
    /// Takes chrono's specifiers, with a year or without, or `relative`; names of months and days are those of `language` or English.
    ///
    /// # Errors
    /// Says which specifier is unknown, or that the format does not state a whole day.
    pub fn parse(format: &str, language: Language) -> Result<Self, String> {
        if format.trim().eq_ignore_ascii_case("relative") {
            return Ok(Self { way: Way::Relative, language });
        }
        let items = items(format).ok_or_else(|| "holds a specifier that is not known".to_owned())?;
        let sample =
            NaiveDate::from_ymd_opt(2024, 9, 30).and_then(|d| d.and_hms_opt(12, 34, 56)).expect("a real instant").and_utc();
        let written = sample.fixed_offset().format_with_items(items.iter()).to_string();
        let day = read(&written, &items).map(|when| when.resolve(sample, Zone::UTC).day);
        if day != Some(sample.date_naive()) {
            return Err("must state day and month, such as \"%d %B %Y\"".into());
        }
        Ok(Self { way: Way::Written(items), language })
    }

    /// What is tried where the config gives no format: whatever [`super::recognise`] reads.
    pub fn unmistakable(language: Language) -> Vec<Self> {
        vec![Self { way: Way::Recognised, language }]
    }

    fn read(&self, text: &str) -> Option<When> {
        let items = match &self.way {
            Way::Relative => return relative_only(text, self.language),
            Way::Recognised => return recognised(text, self.language),
            Way::Written(items) => items,
        };
        let read_or_find = |text: &str| read(text, items).or_else(|| find(text, items));
        read_or_find(text).or_else(|| match in_english(text, self.language) {
            Cow::Borrowed(_) => None,
            Cow::Owned(english) => read_or_find(&english),
        })
    }
}

/// Reads a text (one line) by the first format that fits.
pub fn read_date(line: &str, formats: &[DateFormat]) -> Option<When> {
    let line = line.char_indices().nth(SEARCHED).map_or(line, |(at, _)| &line[..at]);
    formats.iter().find_map(|f| f.read(line))
}

/// Whether a text is no date only because no format says which of its figures is the day.
pub fn may_mean_two_days(line: &str, formats: &[DateFormat]) -> bool {
    formats.iter().any(|f| f.way == Way::Recognised && is_ambiguous(line, f.language))
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

fn read(text: &str, items: &[Item<'_>]) -> Option<When> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    page_date(&parsed)
}

/// A date inside a longer text, beginning and ending at a word's edge.
fn find(text: &str, items: &[Item<'_>]) -> Option<When> {
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
            && (matches!(date, When::Stated(_)) || !states_year(rest))
        {
            return Some(date);
        }
    }
    None
}

/// Whether what follows a date without a year is its year: then the format is not the one.
fn states_year(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '/' | '-' | '\''));
    rest.bytes().take_while(u8::is_ascii_digit).count() == 4
}

fn page_date(parsed: &Parsed) -> Option<When> {
    let (time, offset) = (parsed.to_naive_time().ok(), parsed.to_fixed_offset().ok());
    if let Ok(day) = parsed.to_naive_date() {
        return Some(When::Stated(PageDate { day, time, offset }));
    }
    let year =
        parsed.year().is_some() || parsed.year_mod_100().is_some() || parsed.isoyear().is_some() || parsed.timestamp().is_some();
    let date = if year { None } else { Yearless::new(parsed.month()?, parsed.day()?) };
    date.map(|date| When::Yearless(Yearless { time, offset, ..date }))
}

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The text as chrono reads it: names of months and days in English, digits in ASCII, years of Buddha as everybody's; the rest stays.
fn in_english(text: &str, language: Language) -> Cow<'_, str> {
    if !text.contains(char::is_alphanumeric) {
        return Cow::Borrowed(text);
    }
    let names = Names::of(language);
    let tokens = tokens(text);
    let mut out = String::with_capacity(text.len() + 8);
    let (mut done, mut at) = (0, 0);
    while let Some(token) = tokens.get(at) {
        let said = match token.kind {
            Kind::Word => names.at(&tokens, at).map(|(named, length)| {
                let english = match named {
                    Named::Month(n) => MONTHS[n as usize - 1],
                    Named::Day(n) => DAYS[n],
                };
                (Cow::Borrowed(english), length)
            }),
            Kind::Number => {
                let buddhist = token.number().filter(|n| names.tag == "th" && (2443..=2742).contains(n));
                Some((buddhist.map_or(Cow::Borrowed(token.text.as_str()), |year| Cow::Owned((year - 543).to_string())), 1))
            }
            Kind::Mark => None,
        };
        let length = said.as_ref().map_or(1, |(_, length)| *length);
        if let Some((said, _)) = said {
            out.push_str(&text[done..token.start]);
            out.push_str(&said);
            done = tokens[at + length - 1].end;
        }
        at += length;
    }
    out.push_str(&text[done..]);
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str) -> Language {
        Language::of(tag).expect("a known language")
    }

    fn day(text: &str, format: &str, tag: &str) -> Option<String> {
        read_date(text, &[DateFormat::parse(format, language(tag)).expect("a valid format")])
            .and_then(When::stated)
            .map(|d| d.day.to_string())
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
            ("30. syyskuuta 2024", "%d. %B %Y", "fi", "2024-09-30"),
            ("29 กุมภาพันธ์ 2567", "%d %B %Y", "th", "2024-02-29"),
            ("٣٠ سبتمبر ٢٠٢٤", "%d %B %Y", "ar", "2024-09-30"),
            ("30 Meán Fómhair 2024", "%d %B %Y", "ga", "2024-09-30"),
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
    fn formats_must_state_a_day() {
        let en = language("en");
        for bad in ["%B %Y", "%H:%M", "%Q", "", "%Y"] {
            assert!(DateFormat::parse(bad, en).is_err(), "{bad:?}");
        }
        assert!(DateFormat::parse("%A %d %B %Y, %H:%M", en).is_ok());
        for good in ["%d %B", "%b %d", "%d.%m."] {
            assert!(DateFormat::parse(good, en).is_ok(), "{good:?}");
        }
        let by = |text: &str, format: &str| read_date(text, &[DateFormat::parse(format, en).expect("a format")]);
        assert!(matches!(by("on 12 November", "%d %B"), Some(When::Yearless(d)) if (d.month, d.day) == (11, 12)));
        assert_eq!(by("12 November 2024", "%d %B"), None, "its year is told");
    }
}
