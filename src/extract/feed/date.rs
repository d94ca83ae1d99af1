//! Dates as feeds write them: by RFC 822 and RFC 3339, nearly or not at all.

use chrono::{NaiveDate, NaiveTime};

use super::super::date::{Ago, When, recognise_all};
use super::super::months::Language;

/// What an entry's dates say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Date(When),
    /// None is there.
    Nothing,
    /// The instant at which computers begin to count: a program had no date.
    Unset,
    /// This is none that can be read.
    Unreadable(String),
}

/// Zones as RFC 822 (5.1) defines them: by themselves their letters may mean several.
const ZONES: &[(&str, &str)] = &[
    ("UT", "+0000"),
    ("GMT", "+0000"),
    ("Z", "+0000"),
    ("EST", "-0500"),
    ("EDT", "-0400"),
    ("CST", "-0600"),
    ("CDT", "-0500"),
    ("MST", "-0700"),
    ("MDT", "-0600"),
    ("PST", "-0800"),
    ("PDT", "-0700"),
];

/// The date of each entry. Those of one feed are written alike: where figures may be day or month, the others tell, else the language.
pub(super) fn dates<'a>(entries: impl Iterator<Item = &'a [String]>, language: Language) -> Vec<Told> {
    let entries: Vec<Vec<String>> = entries.map(|texts| texts.iter().map(|text| spelt(text)).collect()).collect();
    let each = |nth: usize| -> Vec<Option<When>> {
        let texts: Vec<&str> = entries.iter().map(|texts| texts.get(nth).map_or("", String::as_str)).collect();
        recognise_all(&texts, language, true).into_iter().map(|found| found.map(|found| found.date)).collect()
    };
    let most = entries.iter().map(Vec::len).max().unwrap_or(0).min(8);
    let by_place: Vec<Vec<Option<When>>> = (0..most).map(each).collect();
    let read = |(n, texts): (usize, &Vec<String>)| {
        let found: Vec<When> = by_place.iter().filter_map(|of| of[n]).collect();
        match (found.iter().copied().find(|date| !is_unset(*date)), found.first(), texts.first()) {
            (None, _, Some(text)) if text.starts_with("0001-01-01") || text.starts_with("0000-") => Told::Unset,
            (Some(date), ..) => Told::Date(date),
            (None, Some(_), _) => Told::Unset,
            (None, None, Some(text)) => Told::Unreadable(text.clone()),
            (None, None, None) => Told::Nothing,
        }
    };
    entries.iter().enumerate().map(read).collect()
}

/// The first sight: what takes the place of a date that is not told.
pub(super) fn first_sight() -> When {
    When::Ago(Ago::now())
}

fn is_unset(date: When) -> bool {
    let Some(date) = date.stated() else { return false };
    let at = date.time.is_some_and(|time| time == NaiveTime::MIN) && date.offset.is_none_or(|o| o.local_minus_utc() == 0);
    at && NaiveDate::from_ymd_opt(1970, 1, 1) == Some(date.day)
}

/// The text in the form in which dates are recognised: RFC 822's zones as offsets, years whole, and what programs print put into order.
fn spelt(text: &str) -> String {
    let text = rearranged(crate::domain::text::one_line(text));
    // A comment may follow the offset: `+0200 (CEST)`.
    let text = match text.rsplit_once(" (") {
        Some((before, comment)) if comment.ends_with(')') => before.trim_end().to_owned(),
        _ => text,
    };
    let text = with_century(&text);
    let Some((before, zone)) = text.rsplit_once(' ') else { return text };
    let is_timed = before.contains(':');
    match ZONES.iter().find(|(name, _)| is_timed && name.eq_ignore_ascii_case(zone)) {
        Some((_, offset)) => format!("{before} {offset}"),
        None => text,
    }
}

/// What programs print: `20261123T100005Z`, fractions of seconds, and C's `Mon Nov 23 10:00:05 UTC 2026`.
fn rearranged(text: String) -> String {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if let (Some(day), Some(time)) = (text.get(..8).filter(|d| digits(d)), text.get(9..15).filter(|t| digits(t)))
        && text[8..].starts_with('T')
    {
        let (year, month, day) = (&day[..4], &day[4..6], &day[6..]);
        return format!("{year}-{month}-{day}T{}:{}:{}{}", &time[..2], &time[2..4], &time[4..], &text[15..]);
    }
    if let Some((before, fraction)) = text.rsplit_once('.')
        && before.ends_with(|c: char| c.is_ascii_digit())
        && before.rsplit_once(':').is_some_and(|(_, seconds)| digits(seconds))
    {
        return format!("{before}{}", fraction.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        [_, month, day, time, zone @ .., year]
            if zone.len() < 2 && time.contains(':') && year.len() == 4 && digits(year) && digits(day) =>
        {
            format!("{day} {month} {year} {time} {}", zone.first().unwrap_or(&"")).trim_end().to_owned()
        }
        _ => text,
    }
}

/// RFC 822 wrote years with two digits, between month and time; RFC 2822 (4.3) says of which century they are.
fn with_century(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_year = |n: usize| {
        let two = words[n].len() == 2 && words[n].bytes().all(|b| b.is_ascii_digit());
        two && n > 0 && words[n - 1].chars().all(char::is_alphabetic) && words.get(n + 1).is_some_and(|next| next.contains(':'))
    };
    let century = |n: usize| {
        if !is_year(n) {
            ""
        } else if words[n] < "50" {
            "20"
        } else {
            "19"
        }
    };
    (0..words.len()).map(|n| format!("{}{}", century(n), words[n])).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(texts: &[&str], tag: &str) -> Vec<String> {
        let entries: Vec<Vec<String>> = texts.iter().map(|t| t.split('|').map(str::to_owned).collect()).collect();
        let said = dates(entries.iter().map(Vec::as_slice), Language::of(tag).expect("a language"));
        let shown = |told| match told {
            Told::Date(When::Stated(d)) => {
                let time = d.time.map(|t| format!(" {t}")).unwrap_or_default();
                format!("{}{time}{}", d.day, d.offset.map(|o| o.to_string()).unwrap_or_default())
            }
            other => format!("{other:?}"),
        };
        said.into_iter().map(shown).collect()
    }

    #[test]
    fn dates_as_the_world_writes_them() {
        for (text, want) in [
            ("Mon, 23 Nov 2026 10:00:05 +0100", "2026-11-23 10:00:05+01:00"),
            ("Mon, 23 Nov 2026 10:00:05 GMT", "2026-11-23 10:00:05+00:00"),
            ("23 Nov 2026 10:00 EST", "2026-11-23 10:00:00-05:00"),
            ("Mon, 23 Nov 2026 10:00:05 CST", "2026-11-23 10:00:05-06:00"),
            ("Mon, 23 Nov 2026 10:00:05 CET", "2026-11-23 10:00:05+01:00"),
            ("Mon, 23 Nov 26 10:00:05 Z", "2026-11-23 10:00:05+00:00"),
            ("Monday, 23 November 2026 10:00:05 UT", "2026-11-23 10:00:05+00:00"),
            ("Mon, 23 Nov 2026 10:00:05 +0200 (EET)", "2026-11-23 10:00:05+02:00"),
            ("Mon,23 Nov 2026  10:00:05", "2026-11-23 10:00:05"),
            ("Wed, 23 Nov 2026 10:00:05 +0100", "2026-11-23 10:00:05+01:00"),
            ("Mon Nov 23 10:00:05 UTC 2026", "2026-11-23 10:00:05+00:00"),
            ("2026-11-23T10:00:05Z", "2026-11-23 10:00:05+00:00"),
            ("2026-11-23T10:00:05.123456-05:00", "2026-11-23 10:00:05-05:00"),
            ("2026-11-23T10:00:05+0100", "2026-11-23 10:00:05+01:00"),
            ("2026-11-23T10:00", "2026-11-23 10:00:00"),
            ("2026-11-23 10:00:05 UTC", "2026-11-23 10:00:05+00:00"),
            ("2026-11-23", "2026-11-23"),
            ("23.11.2026", "2026-11-23"),
            ("20261123T100005Z", "2026-11-23 10:00:05+00:00"),
            ("Thu, 01 Jan 1970 00:00:00 +0000", "Unset"),
            ("1970-01-01T00:00:00Z|2026-11-23", "2026-11-23"),
            ("0001-01-01T00:00:00", "Unset"),
            ("soon|2026-11-23", "2026-11-23"),
            ("soon", "Unreadable(\"soon\")"),
            ("Sun, 06 Sep 2099 00:01:00 +0000", "2099-09-06 00:01:00+00:00"),
        ] {
            assert_eq!(told(&[text], "en"), [want], "{text}");
        }
        assert_eq!(
            told(&["Mo, 23 Nov 2026 10:00:05 +0100", "23. März 2026, 10:00 Uhr"], "de"),
            ["2026-11-23 10:00:05+01:00", "2026-03-23 10:00:00"]
        );
        assert_eq!(told(&["03/04/2026", "23/04/2026"], "en-GB"), ["2026-04-03", "2026-04-23"]);
    }
}
