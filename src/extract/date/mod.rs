//! Dates as the world writes them: by formats that the config gives, else recognised in the page's language. Nothing ambiguous is guessed.
//!
//! A date in figures of which either may be the day (`03/04/2024`) is read only by a format, or beside other dates of its list that tell
//! the order. Years are everybody's, Buddha's in Thai, of an era in Japanese, of the Republic in Chinese of Taiwan, of the solar calendar in Persian, each
//! where text or language says so. A zone by name counts where its letters mean one zone only; else the time is that of the source's zone.

mod day;
mod era;
mod format;
mod names;
mod phrases;
mod relative;
mod time;
mod token;
mod yearless;

use std::ops::Range;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};

pub use format::{DateFormat, may_mean_two_days, read_date};
pub use relative::{Ago, Unit};
pub use yearless::Yearless;

use self::day::{Order, Reading, Role};
use self::names::{Named, Names};
use self::token::{Token, tokens};
use super::months::Language;
use crate::domain::Zone;

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

/// A date as a page gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The day itself.
    Stated(PageDate),
    /// How long before the page was read.
    Ago(Ago),
    /// A day of a year that is not told.
    Yearless(Yearless),
}

impl When {
    /// The date that is meant on a page read at this instant, by a newsroom of this zone.
    pub fn resolve(self, read_at: DateTime<Utc>, zone: Zone) -> PageDate {
        match self {
            Self::Stated(date) => date,
            Self::Ago(ago) => ago.resolve(read_at, zone),
            Self::Yearless(date) => date.resolve(read_at, zone),
        }
    }

    /// The day and what else is stated, if that is the day itself.
    pub fn stated(self) -> Option<PageDate> {
        match self {
            Self::Stated(date) => Some(date),
            Self::Ago(_) | Self::Yearless(_) => None,
        }
    }
}

/// A date found in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The date.
    pub date: When,
    /// The bytes of the text that say it, a weekday before it among them.
    pub span: Range<usize>,
    /// A format that reads it, for a config; empty where none does (then it is read without one).
    pub form: String,
}

/// Dates are short: a longer text is searched only this far (characters).
const SEARCHED: usize = 300;

/// The first date in a text: one that states its day, else a relative one.
pub fn recognise(text: &str, language: Language) -> Option<Found> {
    let text = Text::new(text, language);
    match text.scan(None) {
        Scan::Found(seen) => Some(text.found(&seen)),
        _ => None,
    }
}

/// The dates of the rows of one list, which are written alike: figures of which either may be the day are read where at least one other
/// date of the list, with the same mark between its figures, tells the order, and none tells the other. A list that tells nothing stays unread.
/// With `by_language`, what the list leaves open is read as the language writes its own dates with that mark, if it always does so.
pub fn recognise_all(texts: &[&str], language: Language, by_language: bool) -> Vec<Option<Found>> {
    let own = if by_language { Names::of(language).figures } else { None };
    let texts: Vec<Text<'_>> = texts.iter().map(|text| Text::new(text, language)).collect();
    let scans: Vec<Scan> = texts.iter().map(|text| text.scan(None)).collect();
    let told =
        |mark: char, order: Order| scans.iter().any(|s| matches!(s, Scan::Found(seen) if seen.tells == Some((mark, order))));
    let order = |mark: char| match (told(mark, Order::DayFirst), told(mark, Order::MonthFirst)) {
        (true, false) => Some((mark, Order::DayFirst)),
        (false, true) => Some((mark, Order::MonthFirst)),
        (false, false) => own.filter(|(of, _)| *of == mark),
        (true, true) => None,
    };
    let read = |text: &Text<'_>, scan: &Scan| match scan {
        Scan::Found(seen) => Some(text.found(seen)),
        Scan::Either(mark) => match text.scan(Some(order(*mark)?)) {
            Scan::Found(seen) => Some(text.found(&seen)),
            _ => None,
        },
        Scan::Nothing => None,
    };
    texts.iter().zip(&scans).map(|(text, scan)| read(text, scan)).collect()
}

/// The date of a field without format, as rows are read: what [`recognise`] finds, without what only a config wants to know.
fn recognised(text: &str, language: Language) -> Option<When> {
    match Text::new(text, language).scan(None) {
        Scan::Found(seen) => Some(seen.date),
        _ => None,
    }
}

/// A relative date, where nothing else counts.
fn relative_only(text: &str, language: Language) -> Option<When> {
    let text = Text::new(text, language);
    relative::read(&text.tokens, &text.names).map(|(ago, _)| When::Ago(ago))
}

/// Whether there is a date, of which either figure may be the day.
fn is_ambiguous(text: &str, language: Language) -> bool {
    matches!(Text::new(text, language).scan(None), Scan::Either(_))
}

/// What a text gives.
enum Scan {
    Found(Seen),
    /// Only a date of which either figure may be the day, with this mark between them.
    Either(char),
    Nothing,
}

/// A date and the tokens that say it.
struct Seen {
    date: When,
    tokens: Range<usize>,
    /// From which token on a format says it.
    from: usize,
    roles: Vec<Role>,
    tells: Option<(char, Order)>,
}

struct Text<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    names: std::sync::Arc<Names>,
    language: Language,
}

impl<'t> Text<'t> {
    fn new(text: &'t str, language: Language) -> Self {
        let text = text.char_indices().nth(SEARCHED).map_or(text, |(at, _)| &text[..at]);
        Self { text, tokens: tokens(text), names: Names::of(language), language }
    }

    fn scan(&self, order: Option<(char, Order)>) -> Scan {
        let mut either = None;
        for at in 0..self.tokens.len() {
            match day::read(&self.tokens, at, &self.names, order) {
                Reading::Day(day) => return Scan::Found(self.stated(at, day)),
                Reading::Either(mark) => either = either.or(Some(mark)),
                Reading::Nothing => {}
            }
        }
        // Beside a date that cannot be read for certain, "today" would be a guess.
        match either {
            Some(mark) => Scan::Either(mark),
            None => match relative::read(&self.tokens, &self.names) {
                Some((ago, tokens)) => {
                    Scan::Found(Seen { date: When::Ago(ago), from: tokens.start, tokens, roles: Vec::new(), tells: None })
                }
                None => self.yearless().map_or(Scan::Nothing, Scan::Found),
            },
        }
    }

    /// The first date that leaves the year out.
    fn yearless(&self) -> Option<Seen> {
        (0..self.tokens.len()).find_map(|at| {
            let (date, next, roles) = day::read_yearless(&self.tokens, at, &self.names)?;
            let day = date.by(NaiveDate::from_ymd_opt(2024, 12, 31)?).day;
            let seen = self.stated(at, day::Day { day, next, roles, tells: None });
            let PageDate { time, offset, .. } = seen.date.stated()?;
            Some(Seen { date: When::Yearless(Yearless { time, offset, ..date }), ..seen })
        })
    }

    /// The day with the time behind or before it, and the weekday before it.
    fn stated(&self, at: usize, day: day::Day) -> Seen {
        let mut roles = day.roles;
        let mut tokens = at..day.next;
        let mut from = at;
        let time = time::read(&self.tokens, day.next, &self.names, Some(day.day));
        if let Some(time) = &time {
            tokens.end = time.next;
            match &time.roles {
                Some(more) if !roles.is_empty() => roles.extend(more),
                _ => roles.clear(),
            }
        }
        let mut start = at;
        if let Some((weekday, _)) = (start.saturating_sub(4)..start).find_map(|n| self.weekday(n, start).map(|l| (n, l))) {
            start = weekday;
        }
        let before = if time.is_none() { self.time_before(start, day.day) } else { None };
        if let Some((first, _)) = &before {
            (start, from) = (*first, *first);
            roles.clear();
        }
        tokens.start = start;
        let time = time.or(before.map(|(_, time)| time));
        let date = PageDate { day: day.day, time: time.as_ref().map(|t| t.time), offset: time.and_then(|t| t.offset) };
        Seen { date: When::Stated(date), tokens, from, roles, tells: day.tells }
    }

    /// How many tokens name a weekday at `at`, if nothing but marks stands between it and `end`.
    fn weekday(&self, at: usize, end: usize) -> Option<usize> {
        let (named, length) = self.names.at(&self.tokens, at)?;
        let marks = self.tokens.get(at + length..end)?.iter().all(|t| t.is_mark(&[',', '.', '-', '·']));
        (matches!(named, Named::Day(_)) && marks).then_some(length)
    }

    /// The time that ends where the date begins: "14:05, 30 September 2024".
    fn time_before(&self, end: usize, day: NaiveDate) -> Option<(usize, time::Time)> {
        let marks = |from: usize| {
            self.tokens.get(from..end).is_some_and(|t| t.iter().all(|t| t.is_mark(&[',', '-', '·', '/', ';', ')'])))
        };
        (end.saturating_sub(9)..end).find_map(|at| {
            let joined = at > 0 && !self.tokens[at].spaced && self.tokens[at - 1].is_mark(&[':', '.', '-', '/']);
            let time = time::clock(&self.tokens[..end], at, &self.names, false, Some(day))?;
            (!joined && marks(time.next)).then_some((at, time))
        })
    }

    fn found(&self, seen: &Seen) -> Found {
        let (first, last) = (&self.tokens[seen.tokens.start], &self.tokens[seen.tokens.end - 1]);
        let span = first.start..last.end;
        let form = match seen.date {
            When::Ago(_) => "relative".to_owned(),
            date => self.form(seen, date).unwrap_or_default(),
        };
        Found { date: seen.date, span, form }
    }

    /// The text of the date with specifiers in the place of what changes; only one that reads this date again.
    fn form(&self, seen: &Seen, date: When) -> Option<String> {
        let mut roles = seen.roles.clone();
        roles.retain(|(.., spec)| !spec.is_empty());
        roles.sort_unstable();
        let (from, end) = (self.tokens[seen.from].start, self.tokens[seen.tokens.end - 1].end);
        let mut form = String::new();
        let mut at = from;
        for (token, length, spec) in roles {
            let (first, last) = (self.tokens.get(token)?, self.tokens.get(token + length - 1)?);
            form.push_str(&self.text.get(at..first.start)?.replace('%', "%%"));
            form.push_str(spec);
            at = last.end;
        }
        form.push_str(&self.text.get(at..end)?.replace('%', "%%"));
        let read = DateFormat::parse(&form, self.language).ok()?;
        (read_date(&self.text[from..end], &[read]) == Some(date)).then_some(form)
    }
}

#[cfg(test)]
mod tests;
