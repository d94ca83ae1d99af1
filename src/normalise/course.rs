//! The years of dates that tell none, by their place in a list: newest first, the year goes down where the rows cross a year's end.
//!
//! The last day is carried from row to row and from page to page of a walk. What goes up in such a list is either a year's end or out of order (a
//! row that is pinned on top, a second list): it is the year's end only after rows enough, in a step that fits those before. A small step up is a
//! row out of order, of its neighbours' year. What is neither is told, and left out where not even the latest year is likely.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::Zone;
use crate::extract::date::{PageDate, When};

/// So many rows in order make a list; fewer may be pinned, or a list of their own.
const ROWS: u32 = 6;

/// So many days up are rows out of order, and never nearly a year down.
const UNTIDY: i64 = 7;

/// As many, where the rows come at least once in that time. So wide may a step over a year's end be in any list.
const MONTH: i64 = 31;

/// A step over a year's end may be so many times as wide as the mean one, and no wider than half a year.
const WIDER: i64 = 4;
const HALF_A_YEAR: i64 = 183;

const A_YEAR: u64 = 365;

/// A step so wide within the last year: the list may as well be oldest first.
const NEARLY_A_YEAR: i64 = 300;

/// Where a walk is in time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Days from the common era: of the first row in order, and of the last.
    span: Option<(i32, i32)>,
    /// Rows in order.
    rows: u32,
    /// The last one stated its year.
    stated: bool,
}

/// The date of a row, and how sure its year is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    Sure(PageDate),
    /// The latest such day, which may be a year or more too late.
    Doubtful(PageDate),
    /// Of which year is not to be told.
    Unknown,
}

impl Course {
    /// Amid a list that came down to a day.
    pub fn amid(day: NaiveDate) -> Self {
        let day = days(day);
        Self { span: Some((day, day)), rows: ROWS, stated: false }
    }

    /// Takes the next row.
    pub(super) fn place(&mut self, date: When, read_at: DateTime<Utc>, zone: Zone) -> Placed {
        let latest = date.resolve(read_at, zone);
        let When::Yearless(told) = date else {
            self.certain(latest.day);
            self.stated = matches!(date, When::Stated(_));
            return Placed::Sure(latest);
        };
        let stated = std::mem::take(&mut self.stated);
        let Some(last) = self.last() else {
            self.begin(latest.day);
            return Placed::Sure(latest);
        };
        let down = told.by(last);
        let wide = (last - down.day).num_days();
        if down.day >= latest.day {
            self.fall(down.day);
            return if wide < NEARLY_A_YEAR || stated { Placed::Sure(down) } else { Placed::Doubtful(down) };
        }
        let up = PageDate { day: told.after(last), ..down };
        let rise = (up.day - last).num_days();
        if rise <= UNTIDY || (rise <= MONTH && self.rows >= ROWS && self.mean() <= MONTH) {
            return Placed::Sure(up);
        }
        if self.rows >= ROWS && wide <= (self.mean() * WIDER).clamp(MONTH, HALF_A_YEAR) {
            self.fall(down.day);
            return Placed::Sure(down);
        }
        // Rows that came down in order to more than a year ago are not at the list's top again.
        let deep = self.rows >= ROWS && last + Days::new(A_YEAR) < read_at.with_timezone(&zone).date_naive();
        if (deep || up.day != latest.day) && !stated {
            return Placed::Unknown;
        }
        if self.rows < ROWS {
            self.begin(latest.day);
        }
        // A list that states the years of some rows leaves out the year in which it is read.
        if stated { Placed::Sure(latest) } else { Placed::Doubtful(latest) }
    }

    fn last(&self) -> Option<NaiveDate> {
        self.span.and_then(|(_, last)| NaiveDate::from_num_days_from_ce_opt(last))
    }

    /// The mean step, in days.
    fn mean(&self) -> i64 {
        self.span.map_or(0, |(first, last)| i64::from(first - last) / i64::from(self.rows.saturating_sub(1).max(1)))
    }

    fn begin(&mut self, day: NaiveDate) {
        (self.span, self.rows) = (Some((days(day), days(day))), 1);
    }

    fn fall(&mut self, day: NaiveDate) {
        if let Some((_, last)) = &mut self.span {
            *last = days(day);
            self.rows = self.rows.saturating_add(1);
        }
    }

    /// A row whose year is told.
    fn certain(&mut self, day: NaiveDate) {
        match self.last() {
            Some(last) if day <= last => self.fall(day),
            Some(last) if day <= last + Days::new(MONTH.unsigned_abs()) && self.rows >= ROWS => {}
            _ => self.begin(day),
        }
    }
}

fn days(day: NaiveDate) -> i32 {
    chrono::Datelike::num_days_from_ce(&day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::date::recognise;
    use crate::extract::months::Language;

    /// What a page read on 20 November 2026 means; `?` behind what is doubtful, `-` for what is unknown.
    fn course(rows: &str) -> String {
        let at = "2026-11-20T12:00:00Z".parse().expect("an instant");
        let english = Language::of("en").expect("English");
        let mut course = Course::default();
        let day = |row: &str| match course.place(recognise(row, english).expect("a date").date, at, Zone::UTC) {
            Placed::Sure(date) => date.day.to_string(),
            Placed::Doubtful(date) => format!("{}?", date.day),
            Placed::Unknown => "-".to_owned(),
        };
        rows.split(", ").map(day).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_year_goes_down_where_the_rows_cross_a_years_end() {
        let list = "18 Nov, 2 Oct, 3 Aug, 1 Jun, 4 Apr, 7 Feb";
        let read = "2026-11-18 2026-10-02 2026-08-03 2026-06-01 2026-04-04 2026-02-07";
        for (more, want) in [
            ("20 Dec, 5 Nov", "2025-12-20 2025-11-05"),
            (
                "20 Dec, 30 Nov, 1 Oct, 5 Jul, 3 May, 1 Feb, 2 Dec, 1 Dec",
                "2025-12-20 2025-11-30 2025-10-01 2025-07-05 2025-05-03 2025-02-01 2024-12-02 2024-12-01",
            ),
            // Out of order by little: of the same year.
            ("10 Dec, 12 Dec, 10 Nov", "2025-12-10 2025-12-12 2025-11-10"),
            // Neither: at the top it is the latest, further down it is left out.
            ("10 Jul", "2026-07-10?"),
            // Pinned on a later page.
            ("10 Dec, 4 Oct, 1 Mar, 20 Sep", "2025-12-10 2025-10-04 - 2025-09-20"),
        ] {
            assert_eq!(course(&format!("{list}, {more}")), format!("{read} {want}"), "{more}");
        }
    }

    #[test]
    fn what_stands_on_top_moves_no_list_into_another_year() {
        for (rows, want) in [
            ("3 Mar, 18 Nov, 10 Nov", "2026-03-03 2026-11-18? 2026-11-10"),
            ("3 Jan, 18 Nov, 10 Nov, 1 Mar, 20 Dec", "2026-01-03 2026-11-18? 2026-11-10 2026-03-01 2025-12-20"),
            ("5 May 2023, 18 Nov, 10 Nov", "2023-05-05 2026-11-18 2026-11-10"),
            ("2 hours ago, 18 Nov, 10 Nov", "2026-11-20 2026-11-18 2026-11-10"),
            ("18 Nov, 19 Nov, 10 Nov", "2026-11-18 2026-11-19 2026-11-10"),
            // Oldest first.
            ("1 Nov, 5 Dec, 7 Feb", "2026-11-01 2025-12-05? 2026-02-07?"),
        ] {
            assert_eq!(course(rows), want, "{rows}");
        }
    }
}
