//! Years and calendars other than everybody's: Japanese eras, the years of the Republic of China, Buddha's, and Persia's.

use chrono::{Days, NaiveDate};

use super::day::{Day, full_year};
use super::names::Names;
use super::token::{Kind, Token};

/// Years of Buddha are ahead by this many.
pub(super) const BUDDHIST: i32 = 543;

/// What a year of four digits counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Year {
    /// The common year.
    Of(i32),
    /// A year of Persia's solar calendar.
    Persian,
}

/// A year of four digits, as the language counts.
pub(super) fn year(written: u32, names: &Names) -> Option<Year> {
    match written {
        1300..=1500 if names.tag == "fa" => Some(Year::Persian),
        1900..=2199 => Some(Year::Of(written.cast_signed())),
        2443..=2742 if names.tag == "th" => Some(Year::Of(written.cast_signed() - BUDDHIST)),
        _ => None,
    }
}

/// A year of the Republic of China.
pub(super) fn minguo(written: u32) -> i32 {
    1911 + written.cast_signed().min(300)
}

/// The year before the first of each Japanese era, by its two characters or its letter.
const ERAS: [(&str, &str, &str, i32); 4] =
    [("令", "和", "r", 2018), ("平", "成", "h", 1988), ("昭", "和", "s", 1925), ("大", "正", "t", 1911)];

/// "2024年9月30日", "令和6年9月30日", "R6.9.30", "民國113年9月30日", "2024년 9월 30일".
pub(super) fn read(tokens: &[Token], at: usize, names: &Names) -> Option<Day> {
    let word = |n: usize, text: &str| tokens.get(n).is_some_and(|t| t.is(text));
    let japanese = names.tag == "ja";
    let mut next = at;
    let mut base = None;
    if let Some((.., before)) = ERAS.iter().find(|(a, b, ..)| word(at, a) && word(at + 1, b)) {
        (base, next) = (Some(*before), at + 2);
    } else if word(at, "民") && (word(at + 1, "國") || word(at + 1, "国")) {
        (base, next) = (Some(1911), at + 2);
    } else if japanese
        && let Some((.., before)) = ERAS.iter().find(|(_, _, letter, _)| word(at, letter))
        && tokens.get(at + 1).is_some_and(|t| t.kind == Kind::Number && !t.spaced)
    {
        (base, next) = (Some(*before), at + 1);
    } else if tokens[at].kind != Kind::Number {
        return None;
    }
    let first = word(next, "元").then_some(1);
    let written = first.or_else(|| tokens.get(next).and_then(Token::number))?;
    let year_token = next;
    let digits = tokens.get(next).map_or(0, Token::digits);
    next += 1;
    let units: [&[&str]; 3] = if base.is_some() && word(next, ".") {
        [&["."], &["."], &[]]
    } else {
        [&["年", "년"], &["月", "월"], &["日", "号", "號", "일"]]
    };
    let unit = |at: usize, of: &[&str]| tokens.get(at).is_some_and(|t| of.iter().any(|u| t.text.starts_with(u)));
    if !unit(next, units[0]) {
        return None;
    }
    let month = tokens.get(next + 1)?.number()?;
    if !unit(next + 2, units[1]) {
        return None;
    }
    let day = tokens.get(next + 3)?.number()?;
    let (month_token, day_token) = (next + 1, next + 3);
    next += 4;
    if !units[2].is_empty() {
        if !unit(next, units[2]) {
            return None;
        }
        next += 1;
    }
    let year = match (base, digits) {
        (Some(before), _) => before + written.cast_signed().min(300),
        (None, 4) => written.cast_signed(),
        (None, 2..=3) if names.country == "TW" => minguo(written),
        (None, 2) => full_year(written),
        _ => return None,
    };
    let plain = base.is_none() && digits == 4 && tokens[year_token].end - tokens[year_token].start == 4;
    let roles = if plain { vec![(year_token, 1, "%Y"), (month_token, 1, "%m"), (day_token, 1, "%d")] } else { Vec::new() };
    let day = NaiveDate::from_ymd_opt(year, month, day).filter(|_| (1868..2200).contains(&year))?;
    Some(Day { day, next, roles, tells: None })
}

/// Months of Persia's calendar, in Iran and in Afghanistan.
const PERSIAN: [(&str, &str); 12] = [
    ("فروردین", "حمل"),
    ("اردیبهشت", "ثور"),
    ("خرداد", "جوزا"),
    ("تیر", "سرطان"),
    ("مرداد", "اسد"),
    ("شهریور", "سنبله"),
    ("مهر", "میزان"),
    ("آبان", "عقرب"),
    ("آذر", "قوس"),
    ("دی", "جدی"),
    ("بهمن", "دلو"),
    ("اسفند", "حوت"),
];

/// The month of Persia's calendar that a word names, from 1.
pub(super) fn persian_month(word: &str) -> Option<u32> {
    let spelt = |name: &str| super::token::plain(name) == word;
    PERSIAN.iter().zip(1..).find(|((iran, kabul), _)| spelt(iran) || spelt(kabul)).map(|(_, n)| n)
}

/// The day of Persia's solar calendar. New year by the rule of 33 years, which is right from 1799 to 2256.
pub(super) fn persian(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let leap = |year: u32| (year * 8 + 29) % 33 < 8;
    let longest = match month {
        1..=6 => 31,
        7..=11 => 30,
        12 => 29 + u32::from(leap(year)),
        _ => return None,
    };
    if !(1300..=1500).contains(&year) || !(1..=longest).contains(&day) {
        return None;
    }
    // 1 Farvardin 1300 was 21 March 1921.
    let years: u32 = (1300..year).map(|y| 365 + u32::from(leap(y))).sum();
    let days = years + (month - 1) * 31 - month.saturating_sub(7) + day - 1;
    NaiveDate::from_ymd_opt(1921, 3, 21)?.checked_add_days(Days::new(days.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persian_days() {
        for (y, m, d, want) in [
            (1300, 1, 1, "1921-03-21"),
            (1403, 7, 9, "2024-09-30"),
            (1403, 1, 1, "2024-03-20"),
            (1403, 12, 30, "2025-03-20"),
            (1404, 1, 1, "2025-03-21"),
            (1399, 12, 30, "2021-03-20"),
            (1375, 12, 30, "1997-03-20"),
            (1357, 11, 22, "1979-02-11"),
        ] {
            assert_eq!(persian(y, m, d).map(|d| d.to_string()).as_deref(), Some(want), "{y}/{m}/{d}");
        }
        assert_eq!(persian(1404, 12, 30), None);
        assert_eq!(persian(1403, 13, 1), None);
    }
}
