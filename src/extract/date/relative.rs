//! Dates told from the moment of reading: "3 hours ago", "vor 2 Tagen", "gestern, 14:05".

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};

use chrono::{DateTime, Days, Duration, FixedOffset, Months, NaiveDate, NaiveTime, Offset, Timelike, Utc};
use chrono_tz::Tz;

use super::names::Names;
use super::phrases::{self, Phrases};
use super::token::{Kind, Token, tokens};
use super::{PageDate, time};

/// How exactly a relative date is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// To the minute; seconds count as none.
    Minute,
    /// To the hour.
    Hour,
    /// To the day.
    Day,
    /// To the week.
    Week,
    /// To the month.
    Month,
    /// To the year.
    Year,
}

/// How long before the page was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ago {
    /// How many units.
    pub count: u32,
    /// In what it is counted: how exact it is.
    pub unit: Unit,
    /// The time of that day, if stated: "yesterday, 14:05".
    pub time: Option<NaiveTime>,
    /// The offset of that time, if stated.
    pub offset: Option<FixedOffset>,
}

/// More units than this are no date.
const MOST: u32 = 999;

impl Ago {
    /// The moment of reading itself.
    pub fn now() -> Self {
        Self::new(0, Unit::Minute)
    }

    fn new(count: u32, unit: Unit) -> Self {
        Self { count, unit, time: None, offset: None }
    }

    /// The date that is meant on a page read at this instant, by a newsroom of this zone: to the minute where hours or minutes are told, else the day.
    pub fn resolve(self, read_at: DateTime<Utc>, zone: Tz) -> PageDate {
        let span = match self.unit {
            Unit::Minute => Duration::minutes(self.count.into()),
            Unit::Hour => Duration::hours(self.count.into()),
            _ => return PageDate { day: self.day(read_at, zone, self.count), time: self.time, offset: self.offset },
        };
        let at = (read_at - span).with_timezone(&zone);
        let time = at.time().with_second(0).and_then(|t| t.with_nanosecond(0));
        PageDate { day: at.date_naive(), time, offset: Some(at.offset().fix()) }
    }

    /// The days that may be meant: pages round up or down, count hours or midnights, and may have been written a while before they were read.
    pub fn may_be(self, read_at: DateTime<Utc>, zone: Tz) -> RangeInclusive<NaiveDate> {
        match self.unit {
            Unit::Minute | Unit::Hour => {
                let unit = if self.unit == Unit::Hour { Duration::hours(1) } else { Duration::minutes(5) };
                let told = (read_at - self.length()).with_timezone(&zone);
                (told - unit - unit).date_naive()..=(told + unit).date_naive()
            }
            _ => self.day(read_at, zone, self.count + 1)..=self.day(read_at, zone, self.count.saturating_sub(1)),
        }
    }

    fn length(self) -> Duration {
        match self.unit {
            Unit::Minute => Duration::minutes(self.count.into()),
            _ => Duration::hours(self.count.into()),
        }
    }

    fn day(self, read_at: DateTime<Utc>, zone: Tz, count: u32) -> NaiveDate {
        let today = read_at.with_timezone(&zone).date_naive();
        let day = match self.unit {
            Unit::Minute | Unit::Hour => Some(today),
            Unit::Day => today.checked_sub_days(Days::new(count.into())),
            Unit::Week => today.checked_sub_days(Days::new(u64::from(count) * 7)),
            Unit::Month => today.checked_sub_months(Months::new(count)),
            Unit::Year => today.checked_sub_months(Months::new(count * 12)),
        };
        day.unwrap_or(today)
    }
}

/// What a phrase says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// What follows is how long ago.
    Before,
    /// What stood before is how long ago.
    After,
    /// A unit; `ago`: the word itself says that it is past; `count`: and how many (dual forms).
    Unit { unit: Unit, ago: bool, count: Option<u32> },
    /// That many days ago.
    Days(u32),
    /// This minute.
    Now,
    /// One, in letters.
    One,
    /// Nothing: "about".
    Idle,
}

/// The phrases of a language and of English, by their first word; longer ones come first.
#[derive(Debug, Default)]
pub(super) struct Book(HashMap<String, Vec<(Vec<String>, Says)>>);

impl Book {
    pub fn of(tag: &str) -> Self {
        let mut book = Self::default();
        for of in phrases::of(tag).into_iter().chain(phrases::of("en")) {
            book.take(of);
        }
        book.0.values_mut().for_each(|of| of.sort_by_key(|(rest, _)| std::cmp::Reverse(rest.len())));
        book
    }

    fn take(&mut self, of: &Phrases) {
        const UNITS: [Unit; 7] = [Unit::Minute, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year];
        self.add(of.before, Says::Before);
        self.add(of.after, Says::After);
        for (n, (words, unit)) in of.units.iter().zip(UNITS).enumerate() {
            // Seconds are no minute.
            let count = (n == 0).then_some(0);
            self.add(words, Says::Unit { unit, ago: false, count });
        }
        for (words, unit) in of.past.iter().zip(&UNITS[1..]) {
            self.add(words, Says::Unit { unit: *unit, ago: true, count: None });
        }
        for (words, unit) in of.two.iter().zip(&UNITS[1..]) {
            self.add(words, Says::Unit { unit: *unit, ago: false, count: Some(2) });
        }
        for (words, days) in of.days.iter().zip(0..) {
            self.add(words, Says::Days(days));
        }
        self.add(of.now, Says::Now);
        self.add(of.one, Says::One);
        self.add(of.idle, Says::Idle);
    }

    /// Adds phrases that stand apart by white space; the words of one are joined by `+`.
    fn add(&mut self, phrases: &str, says: Says) {
        for phrase in phrases.split_whitespace() {
            let words = tokens(&phrase.replace('+', " "));
            let Some((first, rest)) = words.split_first() else { continue };
            let rest: Vec<String> = rest.iter().map(|t| t.text.clone()).collect();
            let of = self.0.entry(first.text.clone()).or_default();
            // A word may be a unit of its language and something else in English: the language's own comes first.
            of.push((rest, says));
        }
    }

    /// What is said at a token, of what is asked for, and how many tokens say it.
    fn at<T>(&self, tokens: &[Token], at: usize, pick: impl Fn(Says) -> Option<T>) -> Option<(T, usize)> {
        let of = self.0.get(&tokens.get(at)?.text)?;
        let fits = |rest: &[String]| rest.iter().enumerate().all(|(n, w)| tokens.get(at + 1 + n).is_some_and(|t| t.text == *w));
        of.iter().filter(|(rest, _)| fits(rest)).find_map(|(rest, says)| pick(*says).map(|found| (found, 1 + rest.len())))
    }

    fn is(&self, tokens: &[Token], at: usize, says: Says) -> Option<usize> {
        self.at(tokens, at, |s| (s == says).then_some(())).map(|((), length)| length)
    }
}

/// The first relative date, and the tokens that say it.
pub(super) fn read(tokens: &[Token], names: &Names) -> Option<(Ago, Range<usize>)> {
    (0..tokens.len()).find_map(|at| {
        let (ago, next) =
            span(tokens, at, names).or_else(|| unit_first(tokens, at, &names.relative)).or_else(|| day(tokens, at, names))?;
        Some((ago, at..next))
    })
}

/// Languages that say "hour ago" for one hour.
const BARE: &[&str] = &["ru", "uk", "be", "mt"];

/// "dakika 5 zilizopita": the unit first.
fn unit_first(tokens: &[Token], at: usize, book: &Book) -> Option<(Ago, usize)> {
    let unit = |says| if let Says::Unit { unit, ago: false, count: None } = says { Some(unit) } else { None };
    let (unit, length) = book.at(tokens, at, unit)?;
    let count = tokens.get(at + length)?.number().filter(|n| *n <= MOST)?;
    let after = book.is(tokens, at + length + 1, Says::After)?;
    Some((Ago::new(count, unit), at + length + 1 + after))
}

/// "3 hours ago", "il y a 5 minutes", "3小时前".
fn span(tokens: &[Token], at: usize, names: &Names) -> Option<(Ago, usize)> {
    let book = &names.relative;
    let before = book.is(tokens, at, Says::Before);
    let mut next = at + before.unwrap_or(0);
    let skip = |next: &mut usize, says: Says| {
        while let Some(length) = book.is(tokens, *next, says) {
            *next += length;
        }
    };
    skip(&mut next, Says::Idle);
    let number = tokens.get(next).filter(|t| t.kind == Kind::Number);
    let mut bare = false;
    let mut count = match number {
        Some(number) => {
            // "2.5 hours", "12:30 hours", "A4": no count.
            let joined = next > at && next > 0 && !tokens[next].spaced && tokens[next - 1].kind == Kind::Mark;
            let chained =
                next == at && at > 0 && !number.spaced && !matches!(tokens[at - 1].text.as_str(), ":" | "(" | "·" | ",");
            next += 1;
            number.number().filter(|n| *n <= MOST && !joined && !chained)?
        }
        None => {
            let one = book.is(tokens, next, Says::One);
            next += one.unwrap_or(0);
            skip(&mut next, Says::Idle);
            // "לפני שעה": one, without a word for it. So is "час назад" in a few languages.
            bare = one.is_none() && before.is_none();
            let after_number = at > 0 && tokens[at - 1].kind == Kind::Number;
            if bare && (after_number || !BARE.contains(&names.tag.as_str())) {
                return None;
            }
            1
        }
    };
    skip(&mut next, Says::Idle);
    let unit = |at: usize| {
        book.at(tokens, at, |says| if let Says::Unit { unit, ago, count } = says { Some((unit, ago, count)) } else { None })
    };
    let ((of, mut past, fixed), length) = unit(next)?;
    next += length;
    count = fixed.unwrap_or(count);
    let said_after = |from: usize| {
        // "2 ч. назад", "5 min. ago"
        let mut next = from + usize::from(tokens.get(from).is_some_and(|t| t.is(".") && !t.spaced));
        skip(&mut next, Says::One);
        book.is(tokens, next, Says::After).map(|length| next + length)
    };
    let mut end = said_after(next);
    if end.is_none() {
        // "1 day, 3 hours ago": the larger unit says how exact it is.
        let mut further = next;
        while tokens.get(further).is_some_and(|t| t.is(",") || t.is(".")) || book.is(tokens, further, Says::Idle).is_some() {
            further += 1;
        }
        if tokens.get(further).is_some_and(|t| t.kind == Kind::Number)
            && let Some(((_, ago, _), length)) = unit(further + 1)
        {
            end = said_after(further + 1 + length);
            past |= ago;
            if before.is_some() || past {
                next = further + 1 + length;
            }
        }
    }
    let next = end.or((!bare && (before.is_some() || past)).then_some(next))?;
    Some((Ago::new(count, of), next))
}

/// "yesterday", "heute, 14:05", "just now": alone, beside a mark, or in a text of a few words.
fn day(tokens: &[Token], at: usize, names: &Names) -> Option<(Ago, usize)> {
    const FEW: usize = 6;
    let book = &names.relative;
    let said = |says: Says| match says {
        Says::Days(days) => Some(Ago::new(days, Unit::Day)),
        Says::Now => Some(Ago::new(0, Unit::Minute)),
        _ => None,
    };
    let (mut ago, length) = book.at(tokens, at, said)?;
    let mut next = at + length;
    if ago.unit == Unit::Day
        && let Some(time) = time::read(tokens, next, names, None)
    {
        (ago.time, ago.offset, next) = (Some(time.time), time.offset, time.next);
    }
    let apart = |token: Option<&Token>| token.is_none_or(|t| t.kind == Kind::Mark && !t.is("'"));
    let few = tokens.len() <= FEW;
    let before = at == 0 || few || apart(tokens.get(at - 1));
    (before && (few || apart(tokens.get(next)))).then_some((ago, next))
}
