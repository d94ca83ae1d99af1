//! Dates that leave the year to the reader: "12 November", "Nov 12", "12.11.".

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, Utc};

use super::PageDate;
use crate::domain::Zone;

/// So many days ahead of the reading a day may lie and still be the coming one: an embargo, a clock or a zone that differs.
const AHEAD: u64 = 7;

/// A day of a year that is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yearless {
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
    /// The time of day, if stated.
    pub time: Option<NaiveTime>,
    /// The offset, if stated.
    pub offset: Option<FixedOffset>,
}

impl Yearless {
    /// A day that some year has.
    pub fn new(month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(2024, month, day).map(|_| Self { month, day, time: None, offset: None })
    }

    /// The date that is meant on a page read at this instant, by a newsroom of this zone: in the year that puts it nearest before, or a few days ahead.
    pub fn resolve(self, read_at: DateTime<Utc>, zone: Zone) -> PageDate {
        self.by(read_at.with_timezone(&zone).date_naive() + Days::new(AHEAD))
    }

    /// The latest such day that is not after another.
    pub fn by(self, last: NaiveDate) -> PageDate {
        // 29 February comes once in eight years at worst.
        let years = (0..=8).map(|back| last.year() - back);
        let day = years.filter_map(|year| NaiveDate::from_ymd_opt(year, self.month, self.day)).find(|day| *day <= last);
        PageDate { day: day.unwrap_or(last), time: self.time, offset: self.offset }
    }

    /// The first such day after another.
    pub fn after(self, last: NaiveDate) -> NaiveDate {
        let years = (0..=8).map(|on| last.year() + on);
        years.filter_map(|year| NaiveDate::from_ymd_opt(year, self.month, self.day)).find(|day| *day > last).unwrap_or(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_is_the_one_that_puts_the_day_nearest_before() {
        for (month, day, today, want) in [
            (11, 12, "2026-11-20", "2026-11-12"),
            (11, 12, "2027-01-08", "2026-11-12"),
            (11, 20, "2026-11-20", "2026-11-20"),
            (11, 27, "2026-11-20", "2026-11-27"),
            (11, 28, "2026-11-20", "2025-11-28"),
            (1, 2, "2026-12-30", "2027-01-02"),
            (12, 31, "2027-01-01", "2026-12-31"),
            (2, 29, "2026-11-20", "2024-02-29"),
            (2, 29, "2103-01-01", "2096-02-29"),
        ] {
            let at = today.parse::<NaiveDate>().expect("a day").and_hms_opt(12, 0, 0).expect("noon").and_utc();
            let date = Yearless::new(month, day).expect("a day").resolve(at, Zone::UTC);
            assert_eq!(date.day.to_string(), want, "{day}/{month} on {today}");
        }
        assert_eq!(Yearless::new(2, 30), None);
    }
}
