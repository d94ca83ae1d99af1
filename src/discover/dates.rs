//! Dates on a page that says nothing of their form: found, and put into a form that a config can state.

use std::cell::RefCell;
use std::collections::HashMap;

use super::outline::Outline;
use crate::extract::date::{DateFormat, PageDate, read_date};
use crate::extract::months::Language;

/// A text longer than this (bytes) is not searched: dates stand in short ones.
const LONGEST: usize = 400;

/// A date in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dated {
    pub date: PageDate,
    /// How it is written, as a config's `format`; empty: none is needed.
    pub form: String,
    /// How much of the text it is, from 0 to 1.
    pub share: f32,
    /// Day and month may be the other way round.
    pub other: Option<PageDate>,
}

/// Forms that are looked for inside texts, in order.
const FORMS: &[&str] = &[
    "%Y-%m-%d",
    "%A, %d %B %Y",
    "%d %B %Y",
    "%d. %B %Y",
    "%B %d, %Y",
    "%d %b. %Y",
    "%b. %d, %Y",
    "%d de %B de %Y",
    "%d de %B %Y",
    "%d-%b-%Y",
    "%Y年%m月%d日",
    "%Y년 %m월 %d일",
    "%Y. %m. %d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%y",
];

/// Finds dates, each text once.
pub(super) struct Dates {
    unmistakable: Vec<DateFormat>,
    forms: Vec<(&'static str, DateFormat)>,
    found: RefCell<HashMap<(usize, usize), Option<Dated>>>,
}

impl Dates {
    /// With the month names of a language, or English ones.
    pub fn new(language: Language) -> Self {
        let forms = FORMS.iter().filter_map(|f| Some((*f, DateFormat::parse(f, language).ok()?))).collect();
        Self { unmistakable: DateFormat::unmistakable(language), forms, found: RefCell::default() }
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
        read_date(text.trim(), &self.unmistakable)
    }

    /// The date in a text of one line.
    pub fn find(&self, line: &str) -> Option<Dated> {
        if line.len() > LONGEST || line.chars().filter(|c| c.is_numeric()).count() < 2 {
            return None;
        }
        if let Some(date) = read_date(line, &self.unmistakable) {
            return Some(Dated { date, form: String::new(), share: 1.0, other: None });
        }
        let (form, date) = self.forms.iter().find_map(|(form, f)| Some((*form, read_date(line, std::slice::from_ref(f))?)))?;
        let other = match form {
            "%d/%m/%Y" => self.read(line, "%m/%d/%Y"),
            _ => None,
        };
        // Its own length is not told: that of a date as it is usually written comes near.
        let usual = date.day.format(form).to_string().chars().count() + usize::from(date.time.is_some()) * 6;
        #[allow(clippy::cast_precision_loss, reason = "lengths of short texts")]
        let share = (usual as f32 / line.chars().count().max(1) as f32).min(1.0);
        Some(Dated { date, form: form.to_owned(), share, other })
    }

    fn read(&self, line: &str, form: &str) -> Option<PageDate> {
        let format = self.forms.iter().find(|(f, _)| *f == form)?;
        read_date(line, std::slice::from_ref(&format.1))
    }
}

/// The dates of a list, once it is clear how they are written.
pub(super) struct Settled {
    pub days: Vec<Option<PageDate>>,
    /// The forms, the usual first.
    pub forms: Vec<String>,
    /// Some need no form.
    pub plain: bool,
    /// Day and month may be the other way round.
    pub ambiguous: bool,
}

/// Settles how the dates of a list are written: 3/4/2024 is told by its neighbours, by 25/4/2024 or by the order of the list.
pub(super) fn settle(found: &[Option<Dated>]) -> Settled {
    let (day_first, month_first) = ("%d/%m/%Y", "%m/%d/%Y");
    let of = |form: &str| found.iter().flatten().filter(|d| d.form == form).count();
    let sure_day_first = found.iter().flatten().any(|d| d.form == day_first && d.other.is_none());
    let all_month_first = || found.iter().map(|d| d.as_ref().map(|d| if d.form == day_first { d.other.unwrap_or(d.date) } else { d.date })).collect();
    let as_found: Vec<Option<PageDate>> = found.iter().map(|d| d.as_ref().map(|d| d.date)).collect();
    let (mut days, mut ambiguous, mut turned) = (as_found, false, false);
    if of(day_first) + of(month_first) > 0 {
        let sure_month_first = of(month_first) > 0;
        if sure_month_first && !sure_day_first {
            (days, turned) = (all_month_first(), true);
        } else if !sure_month_first && !sure_day_first {
            let other: Vec<Option<PageDate>> = all_month_first();
            match (falls(&days), falls(&other)) {
                (true, false) => {}
                (false, true) => (days, turned) = (other, true),
                _ => ambiguous = true,
            }
        } else if sure_month_first {
            ambiguous = true;
        }
    }
    let mut forms: Vec<(usize, String)> = Vec::new();
    let mut plain = false;
    for dated in found.iter().flatten() {
        let form = if turned && dated.form == day_first { month_first } else { dated.form.as_str() };
        if form.is_empty() {
            plain = true;
            continue;
        }
        match forms.iter_mut().find(|(_, f)| f == form) {
            Some((n, _)) => *n += 1,
            None => forms.push((1, form.to_owned())),
        }
    }
    forms.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    forms.truncate(3);
    Settled { days, forms: forms.into_iter().map(|(_, f)| f).collect(), plain, ambiguous }
}

/// Whether days go from newest to oldest, and do go.
fn falls(days: &[Option<PageDate>]) -> bool {
    let days: Vec<_> = days.iter().flatten().map(|d| d.day).collect();
    days.windows(2).all(|w| w[0] >= w[1]) && days.first() != days.last()
}
