//! Dates on a page that says nothing of their form: found, and put into a form that a config can state.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::outline::Outline;
use crate::domain::Zone;
use crate::extract::date::{DateFormat, Found, PageDate, When, read_date, recognise, recognise_all};
use crate::extract::months::Language;

/// A text longer than this (bytes) is not searched: dates stand in short ones.
const LONGEST: usize = 400;

/// A date in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dated {
    pub when: When,
    /// How it is written, as a config's `format`; empty: none is needed.
    pub form: String,
    /// How much of the text it is, from 0 to 1.
    pub share: f32,
    /// Which figure is the day is told by the page's language alone.
    pub by_language: bool,
}

/// Finds dates, each text once.
pub(super) struct Dates {
    language: Language,
    unmistakable: Vec<DateFormat>,
    /// Ambiguous figures, each way round.
    either: Vec<(&'static str, DateFormat, DateFormat)>,
    noon: DateTime<Utc>,
    found: RefCell<HashMap<(usize, usize), Option<Dated>>>,
}

impl Dates {
    /// With the names of a language, on a day.
    pub fn new(language: Language, today: NaiveDate) -> Self {
        let noon = today.and_time(NaiveTime::from_hms_opt(12, 0, 0).expect("noon is a time")).and_utc();
        let form = |f: &str| DateFormat::parse(f, language).expect("constant formats are valid");
        let either = [("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"), ("%d.%m.%Y", "%m.%d.%Y")];
        Self {
            language,
            unmistakable: DateFormat::unmistakable(language),
            either: either.into_iter().map(|(day, month)| (day, form(day), form(month))).collect(),
            noon,
            found: RefCell::default(),
        }
    }

    /// The day that is meant, if the page is read today.
    pub fn day(&self, when: When) -> PageDate {
        when.resolve(self.noon, Zone::UTC)
    }

    /// The date in an element's text.
    pub fn of(&self, page: &Outline<'_>, at: usize) -> Option<Dated> {
        if page.size(at) > LONGEST {
            return None;
        }
        let span = page.span(at);
        if let Some(found) = self.found.borrow().get(&span) {
            return found.clone();
        }
        let found = self.find(&page.line(at));
        self.found.borrow_mut().insert(span, found.clone());
        found
    }

    /// The date that an attribute states.
    pub fn stated(&self, text: &str) -> Option<PageDate> {
        read_date(text.trim(), &self.unmistakable)?.stated()
    }

    /// The date in a text of one line.
    pub fn find(&self, line: &str) -> Option<Dated> {
        if line.len() > LONGEST {
            return None;
        }
        recognise(line, self.language).map(|f| Dated {
            when: f.date,
            form: f.form,
            share: share(&f.span, line),
            by_language: false,
        })
    }

    /// The dates of a list that its texts do not tell one by one: 3/4/2024 is told by 25/4/2024, or by the order of the list.
    pub fn of_list(&self, lines: &[Option<String>]) -> Vec<Option<Dated>> {
        let texts: Vec<&str> = lines.iter().map(|l| l.as_deref().filter(|l| l.len() <= LONGEST).unwrap_or_default()).collect();
        let dated = |all: Vec<Option<Found>>, by_language: bool| -> Vec<Option<Dated>> {
            let dated = all.into_iter().zip(&texts);
            let of = |f: Found, line: &str| Dated { when: f.date, form: f.form, share: share(&f.span, line), by_language };
            dated.map(|(f, line)| f.map(|f| of(f, line))).collect()
        };
        let told = recognise_all(&texts, self.language, false);
        let guessed = recognise_all(&texts, self.language, true);
        let count = |all: &[Option<Found>]| all.iter().flatten().count();
        let open = count(&told) < count(&guessed);
        if !open && count(&told) > 0 {
            return dated(told, false);
        }
        for (form, day_first, month_first) in &self.either {
            let read = |format: &DateFormat| -> Vec<Option<When>> {
                texts.iter().map(|t| read_date(t, std::slice::from_ref(format))).collect()
            };
            let (day, month) = (read(day_first), read(month_first));
            let (days, form) = match (self.falls(&day), self.falls(&month)) {
                (true, false) => (day, (*form).to_owned()),
                (false, true) => (month, form.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")),
                _ => continue,
            };
            let dated = days.into_iter().zip(&texts);
            return dated
                .map(|(when, line)| {
                    Some(Dated { when: when?, form: form.clone(), share: share(&(0..10), line), by_language: false })
                })
                .collect();
        }
        // The order of the list says neither.
        if open { dated(guessed, true) } else { vec![None; lines.len()] }
    }

    /// Whether days go from newest to oldest, and do go.
    fn falls(&self, days: &[Option<When>]) -> bool {
        let days: Vec<_> = days.iter().flatten().map(|d| self.day(*d).day).collect();
        days.len() > 2 && days.windows(2).all(|w| w[0] >= w[1]) && days.first() != days.last()
    }
}

fn share(span: &std::ops::Range<usize>, line: &str) -> f32 {
    (span.len() as f32 / line.len().max(1) as f32).min(1.0)
}

/// The forms of a list's dates, the usual first; and whether some need none, or there are too many to name.
pub(super) fn forms(found: &[Option<Dated>]) -> (Vec<String>, bool) {
    let mut forms: Vec<(usize, String)> = Vec::new();
    let mut plain = false;
    for dated in found.iter().flatten() {
        if dated.form.is_empty() {
            plain = true;
            continue;
        }
        match forms.iter_mut().find(|(_, f)| *f == dated.form) {
            Some((n, _)) => *n += 1,
            None => forms.push((1, dated.form.clone())),
        }
    }
    forms.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let plain = plain || forms.len() > 3;
    forms.truncate(3);
    (forms.into_iter().map(|(_, f)| f).collect(), plain)
}
