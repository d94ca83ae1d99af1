//! Dates as pages write them: formats in order, month names of a language, nothing ambiguous guessed.

use chrono::{FixedOffset, NaiveDate, NaiveTime};

use super::months;

/// One way to write a date, with chrono's (strftime's) specifiers, and the language of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    format: String,
    locale: months::Language,
}

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
