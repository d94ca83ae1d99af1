//! Dates as pages write them: formats in order, month names of a language, nothing ambiguous guessed.

use chrono::format::{Fixed, Item, Numeric, StrftimeItems};
use chrono::{FixedOffset, NaiveDate, NaiveTime};

use super::months;

/// One way to write a date, with chrono's (strftime's) specifiers, and the language of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    format: String,
    locale: months::Language,
}

impl DateFormat {
    /// Takes a format that states day, month and year.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with its name.
    pub fn parse(format: &str, locale: months::Language) -> Result<Self, String> {
        let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
        if items.contains(&Item::Error) {
            return Err("has a specifier that strftime does not know".into());
        }
        let any = |wanted: &[Item<'_>]| items.iter().any(|item| wanted.contains(item));
        let number = |n| Item::Numeric(n, chrono::format::Pad::Zero);
        let (space, none) = (chrono::format::Pad::Space, chrono::format::Pad::None);
        let numeric = |n: Numeric| [number(n.clone()), Item::Numeric(n.clone(), space), Item::Numeric(n, none)];
        let whole = any(&[Item::Fixed(Fixed::RFC2822), Item::Fixed(Fixed::RFC3339)]) || any(&numeric(Numeric::Timestamp));
        let year = any(&numeric(Numeric::Year)) || any(&numeric(Numeric::YearMod100));
        let month =
            any(&numeric(Numeric::Month)) || any(&[Item::Fixed(Fixed::LongMonthName), Item::Fixed(Fixed::ShortMonthName)]);
        let day = any(&numeric(Numeric::Day));
        if !whole && !(year && (any(&numeric(Numeric::Ordinal)) || month && day)) {
            return Err("must state day, month and year, such as \"%d %B %Y\"".into());
        }
        Ok(Self { format: format.to_owned(), locale })
    }
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
