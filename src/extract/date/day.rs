//! The day itself, in figures or with its month by name, in the orders that people write it.

use chrono::NaiveDate;

use super::era;
use super::names::{Named, Names};
use super::token::{Kind, Token};
use super::yearless::Yearless;

/// Which of two figures is the day, where both may be: a form states it, or the other dates of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Order {
    DayFirst,
    MonthFirst,
}

/// What a token says, in the words of strftime.
pub(super) type Role = (usize, usize, &'static str);

/// A day, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Day {
    pub day: NaiveDate,
    /// The token behind it.
    pub next: usize,
    /// (first token, number of tokens, specifier); empty: no format says this.
    pub roles: Vec<Role>,
    /// Two figures and a year tell the order: (the mark between them, which comes first).
    pub tells: Option<(char, Order)>,
}

/// What may begin at a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    Day(Day),
    /// A date in figures of which either may be the day; the mark between them.
    Either(char),
    Nothing,
}

/// Two-digit years: 70 to 99 are of the last century (as chrono and POSIX have it, give or take a year).
pub(super) fn full_year(two_digits: u32) -> i32 {
    let year = two_digits.cast_signed();
    if year < 70 { 2000 + year } else { 1900 + year }
}

/// Languages that write the year first even with two digits.
const YEAR_FIRST: &[&str] = &["ja", "ko", "zh", "yue"];
/// Languages in which one of the two orders is as likely with two digits.
const YEAR_SOMEWHERE: &[&str] = &["hu", "lt", "sv", "eu", "mn", "fa"];

/// Reads the day that begins at a token. `order` settles figures of which either may be the day; it counts for dates with this mark.
pub(super) fn read(tokens: &[Token], at: usize, names: &Names, order: Option<(char, Order)>) -> Reading {
    if let Some(day) = era::read(tokens, at, names).or_else(|| with_name(tokens, at, names)) {
        return Reading::Day(day);
    }
    in_figures(tokens, at, names, order)
}

fn date(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    (1900..2200).contains(&year).then(|| NaiveDate::from_ymd_opt(year, month, day)).flatten()
}

/// Whether a number belongs to a longer chain of figures, as in addresses of machines, versions and telephone numbers.
fn chained(tokens: &[Token], first: usize, last: usize) -> bool {
    let figures = |mark: usize, number: usize, spaced: usize| {
        let joined = tokens.get(mark).is_some_and(|t| t.is_mark(&['.', '/', '-', ':', '+', '(']));
        joined && tokens.get(number).is_some_and(|t| t.kind == Kind::Number) && !tokens.get(spaced).is_some_and(|t| t.spaced)
    };
    let before = first >= 2 && figures(first - 1, first - 2, first);
    let letters = first >= 1 && tokens[first - 1].is_word() && !tokens[first].spaced && !far_eastern(&tokens[first - 1]);
    let mark_after = tokens.get(last + 1).is_some_and(|t| t.is_mark(&['.', '/']) && !t.spaced);
    before || letters || (mark_after && figures(last + 1, last + 2, last + 2))
}

/// A word of a script that sets no words apart.
fn far_eastern(token: &Token) -> bool {
    token.text.chars().next().is_some_and(|c| c >= '\u{e00}')
}

fn in_figures(tokens: &[Token], at: usize, names: &Names, order: Option<(char, Order)>) -> Reading {
    const MARKS: &[char] = &['.', '/', '-'];
    let Some([a, first, b, second, c]) = tokens.get(at..at + 5) else { return Reading::Nothing };
    let same = first.kind == Kind::Mark && first.text == second.text && first.is_mark(MARKS);
    let (Some(x), Some(y), Some(z)) = (a.number(), b.number(), c.number()) else { return Reading::Nothing };
    // "5 - 10 - 2024" may well be a range or a list: the dash stands without spaces.
    let apart = first.text == "-" && (first.spaced || b.spaced || second.spaced || c.spaced);
    if !same || apart || b.digits() > 2 || chained(tokens, at, at + 4) {
        return Reading::Nothing;
    }
    let mark = first.text.chars().next().unwrap_or_default();
    let day = |day: Option<NaiveDate>, specs: [&'static str; 3], tells| {
        let roles = specs.iter().zip([at, at + 2, at + 4]).map(|(spec, at)| (at, 1, *spec)).filter(|r| !r.2.is_empty()).collect();
        day.map_or(Reading::Nothing, |day| Reading::Day(Day { day, next: at + 5, roles, tells }))
    };
    match (a.digits(), c.digits()) {
        (4, 1..=2) => match era::year(x, names) {
            Some(era::Year::Persian) => day(era::persian(x, y, z), [""; 3], None),
            Some(era::Year::Of(year)) => day(date(year, y, z), ["%Y", "%m", "%d"], None),
            None => Reading::Nothing,
        },
        (3, 1..=2) if names.country == "TW" => day(date(era::minguo(x), y, z), [""; 3], None),
        (1..=2, 4) => match era::year(z, names) {
            Some(era::Year::Persian) => day(era::persian(z, y, x), [""; 3], None),
            Some(era::Year::Of(year)) => two_figures(x, y, year, mark, "%Y", order, day),
            None => Reading::Nothing,
        },
        (1..=2, 2) if YEAR_FIRST.contains(&names.tag.as_str()) && a.digits() == 2 => {
            let year = if names.country == "TW" && x > 70 { era::minguo(x) } else { full_year(x) };
            day(date(year, y, z), ["%y", "%m", "%d"], None)
        }
        // "24-09-30" is more often a short form of 2024-09-30 than anything else; a month never has more than 12.
        (1..=2, 2) if YEAR_SOMEWHERE.contains(&names.tag.as_str()) || (mark == '-' && y <= 12) => Reading::Nothing,
        (1..=2, 2) => {
            let year = if names.tag == "th" { full_year_of_buddha(z) } else { full_year(z) };
            two_figures(x, y, year, mark, "%y", order, day)
        }
        _ => Reading::Nothing,
    }
}

fn full_year_of_buddha(two_digits: u32) -> i32 {
    2500 + two_digits.cast_signed() - era::BUDDHIST
}

fn two_figures(
    x: u32,
    y: u32,
    year: i32,
    mark: char,
    spec: &'static str,
    order: Option<(char, Order)>,
    day: impl Fn(Option<NaiveDate>, [&'static str; 3], Option<(char, Order)>) -> Reading,
) -> Reading {
    let (day_first, month_first) = (date(year, y, x), date(year, x, y));
    match (day_first, month_first) {
        (None, None) => Reading::Nothing,
        (Some(_), None) => day(day_first, ["%d", "%m", spec], Some((mark, Order::DayFirst))),
        (None, Some(_)) => day(month_first, ["%m", "%d", spec], Some((mark, Order::MonthFirst))),
        // The same day either way; what a format would say is left open.
        (Some(a), Some(b)) if a == b => day(day_first, [""; 3], None),
        _ => match order.filter(|(of, _)| *of == mark) {
            Some((_, Order::DayFirst)) => day(day_first, ["%d", "%m", spec], None),
            Some((_, Order::MonthFirst)) => day(month_first, ["%m", "%d", spec], None),
            None => Reading::Either(mark),
        },
    }
}

/// Words that stand between day, month and year and say nothing, as they are compared (without accents).
#[rustfmt::skip]
const BETWEEN: &[&str] = &[
    "de", "del", "di", "da", "do", "of", "the", "den", "der", "dne", "d", "ng", "ta", "ta'", "dhen", "ngay", "mung", "ika",
    "เดือน", "m", "r", "g", "god", "godine", "godina", "gads", "gada", "gadi", "г", "р", "ж", "год", "года", "году", "рок",
    "року", "році", "рік", "година", "године", "жыл", "жылы", "жылғы", "жылдын", "оны", "он", "yil", "yili", "yilda", "il",
    "ilin", "nam", "ko", "eko", "urteko", "წელი", "წლის", "წ", "թ", "թվական", "թվականի", "พ.ศ", "ค.ศ", "ปี", "שנת", "من",
    "في", "عام", "د", "سنة", "م", "از", "سال", "vuoden", "vuonna", "aasta",
];

/// More than this many marks and idle words in a row end a date.
const MOST_BETWEEN: usize = 4;

fn is_between(token: &Token) -> bool {
    match token.kind {
        Kind::Word => BETWEEN.contains(&token.text.as_str()),
        Kind::Mark => token.is_mark(&['.', ',', '/', '-', '\'', 'º', '°', 'ª']),
        Kind::Number => false,
    }
}

/// A day whose month is a name (or a number that a word calls a month): "30 September 2024", "2024. szeptember 30.", "ngày 30 tháng 9".
fn with_name(tokens: &[Token], at: usize, names: &Names) -> Option<Day> {
    let parts = parts(tokens, at, names)?;
    let (Some(day), Some(month), Some(year)) = (parts.day, parts.month, parts.year) else { return None };
    let roles = if parts.plain { vec![day.1, month.1, year.1] } else { Vec::new() };
    whole(day.0, month.0, year, names).map(|day| Day { day, next: parts.next, roles, tells: None })
}

/// A day whose month is a name, and whose year is not told: "12 November", "Nov 12"; or both in figures with dots ("12.11."), where that is all the text
/// says but for a weekday and a time. With the token behind it and its roles.
pub(super) fn read_yearless(tokens: &[Token], at: usize, names: &Names) -> Option<(Yearless, usize, Vec<Role>)> {
    if let Some(Parts { day: Some(day), month: Some(month), year: None, plain, next }) = parts(tokens, at, names) {
        // "May 5, 24 people", "12 November 20241", "113年9月30日": with another number at it that is no time it is more than a day and its month.
        let next_number = [next, next + 1].into_iter().find(|n| tokens.get(*n).is_some_and(|t| t.kind != Kind::Mark));
        let more =
            next_number.is_some_and(|n| tokens[n].kind == Kind::Number) && super::time::read(tokens, next, names, None).is_none();
        let year = at > 0 && (tokens[at - 1].kind == Kind::Number || tokens[at - 1].text.starts_with(['年', '년']));
        let goes_on = more || year;
        let date = if goes_on { None } else { Yearless::new(month.0, day.0) };
        return date.map(|date| (date, next, if plain { vec![day.1, month.1] } else { Vec::new() }));
    }
    let [a, first, b, second] = tokens.get(at..at + 4)? else { return None };
    let joined = first.is(".") && second.is(".") && !first.spaced && !second.spaced && a.digits() <= 2 && b.digits() <= 2;
    let idle = |n: usize| {
        tokens[n].kind == Kind::Mark
            || (tokens[n].is_word() && names.at(tokens, n).is_some_and(|(named, _)| matches!(named, Named::Day(_))))
    };
    let time =
        tokens.get(at + 4).is_none_or(|t| t.kind == Kind::Mark || super::time::read(tokens, at + 4, names, None).is_some());
    if !joined || !time || !(0..at).all(idle) || !names.writes_dots() {
        return None;
    }
    let date = Yearless::new(b.number()?, a.number()?)?;
    Some((date, at + 4, vec![(at, 1, "%d"), (at + 2, 1, "%m")]))
}

/// What stands of a date with the month's name.
struct Parts {
    day: Option<(u32, Role)>,
    month: Option<(u32, Role)>,
    year: Option<(u32, Role)>,
    /// A format can say it.
    plain: bool,
    /// The token behind the last of them.
    next: usize,
}

fn parts(tokens: &[Token], at: usize, names: &Names) -> Option<Parts> {
    let (mut day, mut month, mut year) = (None::<(u32, Role)>, None::<(u32, Role)>, None::<(u32, Role)>);
    let mut next = at;
    let mut idle = 0;
    let mut plain = true;
    let mut end = at;
    if tokens[at].kind == Kind::Number && chained(tokens, at, at) && !tokens[at].spaced {
        return None;
    }
    while let Some(token) = tokens.get(next) {
        let found = day.is_some() || month.is_some() || year.is_some();
        if month.is_none()
            && let Some((n, length, spec)) = month_at(tokens, next, names)
        {
            month = Some((n, (next, length, spec)));
            next += length;
            idle = 0;
        } else if let Some((n, ..)) = month
            && let Some(length) = names.month(tokens, next).filter(|(again, _)| *again == n).map(|(_, length)| length)
        {
            // "أيلول/سبتمبر": the same month by its other name.
            next += length;
            plain = false;
        } else if token.kind == Kind::Number {
            let n = token.number()?;
            match token.digits() {
                1..=2 if day.is_none() && (1..=31).contains(&n) => day = Some((n, (next, 1, "%d"))),
                4 if year.is_none() => year = Some((n, (next, 1, "%Y"))),
                2 if year.is_none()
                    && let (Some(day), Some(month)) = (day, month)
                    && short_year(tokens, next, day.1.0 < month.1.0 || names.tag == "th") =>
                {
                    year = Some((n, (next, 1, "%y")));
                }
                _ => break,
            }
            next += 1;
            idle = 0;
            // "30th", "1er", "30-го", "2024-yil", "2024ko": an ending, unless it is the month itself.
            let dash = usize::from(tokens.get(next).is_some_and(|t| t.is("-") && !t.spaced));
            if let Some(word) = tokens.get(next + dash)
                && word.is_word()
                && !word.spaced
                && word.text.chars().count() <= 9
                && month_at(tokens, next + dash, names).is_none()
            {
                next += dash + 1;
                plain = false;
            }
            // "2024(e)ko", "17(a)"
            let letter = |t: &Token| t.is_word() && !t.spaced && t.text.chars().count() == 1;
            if let Some([open, word, close]) = tokens.get(next..next + 3)
                && open.is("(")
                && !open.spaced
                && letter(word)
                && close.is(")")
            {
                next += 3 + usize::from(tokens.get(next + 3).is_some_and(|t| t.is_word() && !t.spaced));
                plain = false;
            }
        } else if found && is_between(token) && idle < MOST_BETWEEN {
            next += 1;
            idle += 1;
        } else if !found && token.is("ngay") {
            next += 1;
        } else {
            break;
        }
        if idle == 0 {
            end = next;
        }
        if day.is_some() && month.is_some() && year.is_some() {
            break;
        }
    }
    Some(Parts { day, month, year, plain, next: end })
}

fn whole(day: u32, month: u32, year: (u32, Role), names: &Names) -> Option<NaiveDate> {
    let (year, (.., spec)) = year;
    if spec == "%y" {
        return date(if names.tag == "th" { full_year_of_buddha(year) } else { full_year(year) }, month, day);
    }
    match (month, era::year(year, names)?) {
        (13.., era::Year::Persian) => era::persian(year, month - 12, day),
        (..=12, era::Year::Of(year)) => date(year, month, day),
        _ => None,
    }
}

/// A month by name, or a number that a word calls a month; those of Persia's own calendar are 13 to 24.
fn month_at(tokens: &[Token], at: usize, names: &Names) -> Option<(u32, usize, &'static str)> {
    if let Some((n, length)) = names.month(tokens, at) {
        return Some((n, length, "%B"));
    }
    let token = &tokens[at];
    let number = |at: usize| tokens.get(at).and_then(Token::number).filter(|n| (1..=12).contains(n));
    if names.tag == "fa"
        && let Some(n) = era::persian_month(&token.text)
    {
        return Some((n + 12, 1, ""));
    }
    if names.tag == "vi" && (token.is("thang") || token.is("thg")) {
        let dot = usize::from(tokens.get(at + 1).is_some_and(|t| t.is(".")));
        return number(at + 1 + dot).map(|n| (n, 2 + dot, ""));
    }
    if ["zh", "yue", "ja", "ko"].contains(&names.tag.as_str()) && tokens.get(at + 1).is_some_and(|t| t.is("月") || t.is("월")) {
        return number(at).map(|n| (n, 2, ""));
    }
    if names.tag == "mn" && token.kind == Kind::Number {
        let month = (at + 1..at + 4).find(|&n| tokens.get(n).is_some_and(|t| t.is_word() && t.text.starts_with("сар")))?;
        let ending = |t: &Token| t.is("-") || (t.is_word() && t.text.chars().count() <= 6);
        return tokens[at + 1..month].iter().all(ending).then(|| number(at).map(|n| (n, month + 1 - at, ""))).flatten();
    }
    None
}

/// Whether two digits behind day and month are the year: they stand behind an apostrophe, a mark joins them to the month, or (`behind_month`) the
/// date ends with them, and no hour does.
fn short_year(tokens: &[Token], at: usize, behind_month: bool) -> bool {
    let before = &tokens[at - 1];
    let after = tokens.get(at + 1);
    let apart = after.is_none_or(|t| t.is_mark(&[',', ')', '·']) || (t.is_mark(&['.', '-', '/']) && t.spaced));
    let joined = before.is_mark(&['\'', '-', '/']) && !tokens[at].spaced;
    let time = after.is_some_and(|t| {
        (t.is_mark(&[':', '.']) && !t.spaced && tokens.get(at + 2).is_some_and(|t| t.kind == Kind::Number)) || t.is("h")
    });
    (joined || (apart && behind_month)) && !time
}
