//! TOML values as what they should be: another type, unit or range becomes a problem at the value's place.
//!
//! Knows types and units, not what the values mean.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use super::diagnostic::{Problems, Span};
use super::table::Table;
use super::units;

/// A value and what it is called.
#[derive(Clone)]
pub(super) struct Value<'a> {
    pub key: &'a str,
    pub span: Span,
    pub raw: &'a DeValue<'a>,
    pub problems: &'a Problems<'a>,
}

/// A string value.
#[derive(Clone)]
pub(super) struct Text<'a> {
    pub key: &'a str,
    pub value: &'a str,
    pub span: Span,
    pub problems: &'a Problems<'a>,
}

impl<'a> Value<'a> {
    /// What is found, with its article.
    pub fn found(&self) -> &'static str {
        match self.raw {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    pub fn problem(&self, message: &str, hint: impl Into<String>) {
        self.problems.push(self.span.clone(), format!("`{}` {message}", self.key), hint);
    }

    /// Says what was expected and what was found.
    pub fn mismatch(&self, expected: &str, hint: impl Into<String>) {
        self.problem(&format!("must be {expected}, not {}", self.found()), hint);
    }

    fn text(&self) -> Option<Text<'a>> {
        let value: &'a str = self.raw.as_str()?;
        Some(Text { key: self.key, value, span: self.span.clone(), problems: self.problems })
    }

    pub fn string(&self) -> Option<Text<'a>> {
        let text = self.text();
        if text.is_none() {
            let elsewhere = "a string may stand elsewhere: { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }";
            self.mismatch("a string", if self.raw.is_table() { elsewhere } else { "" });
        }
        text
    }

    pub fn boolean(&self) -> Option<bool> {
        let value = self.raw.as_bool();
        if value.is_none() {
            self.mismatch("true or false", if self.raw.is_str() { "without quotes" } else { "" });
        }
        value
    }

    pub fn integer(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let Some(integer) = self.raw.as_integer() else {
            self.mismatch("a whole number", if self.raw.is_str() { "without quotes" } else { "" });
            return None;
        };
        let value = u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        if value.is_none() {
            self.problem(&format!("must be from {} to {}", range.start(), range.end()), "");
        }
        value
    }

    pub fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        const EXPECTED: &str = "a duration such as \"90s\", \"15m\" or \"2h\"";
        let Some(text) = self.text() else {
            let hint = self.raw.as_integer().map(|n| format!("write \"{n}s\" for seconds, \"{n}m\" for minutes"));
            self.mismatch(EXPECTED, hint.unwrap_or_default());
            return None;
        };
        let value = match units::duration(text.value) {
            Ok(value) => value,
            Err(reason) => {
                self.problem(&format!("must be {EXPECTED}: {reason}"), "");
                return None;
            }
        };
        if !range.contains(&value) {
            let show = |d: &Duration| humantime::format_duration(*d).to_string();
            self.problem(&format!("must be from {} to {}", show(range.start()), show(range.end())), "");
            return None;
        }
        Some(value)
    }

    pub fn size(&self, range: RangeInclusive<u64>) -> Option<u64> {
        const EXPECTED: &str = "a size such as \"500kB\" or \"10MB\"";
        let value = match self.raw {
            DeValue::String(text) => units::size(text),
            DeValue::Integer(n) => u64::from_str_radix(n.as_str(), n.radix()).map_err(|_| "that is no number of bytes".into()),
            _ => {
                self.mismatch(EXPECTED, "");
                return None;
            }
        };
        match value {
            Ok(value) if range.contains(&value) => Some(value),
            Ok(_) => {
                let (low, high) = (units::show_size(*range.start()), units::show_size(*range.end()));
                self.problem(&format!("must be from {low} to {high}"), "");
                None
            }
            Err(reason) => {
                self.problem(&format!("must be {EXPECTED}: {reason}"), "");
                None
            }
        }
    }

    /// The elements of a list, or the value itself.
    pub fn each(&self) -> Vec<Value<'a>> {
        match self.raw {
            DeValue::Array(list) => {
                list.iter().map(|v| Value { raw: v.get_ref(), span: v.span(), key: self.key, problems: self.problems }).collect()
            }
            _ => vec![self.clone()],
        }
    }

    /// A string or a list of strings; an empty list stays empty.
    pub fn strings(&self) -> Vec<Text<'a>> {
        let text = |v: Value<'a>| {
            let text = v.text();
            if text.is_none() {
                v.mismatch("a string or a list of strings", "");
            }
            text
        };
        self.each().into_iter().filter_map(text).collect()
    }

    /// At least one string.
    pub fn some_strings(&self) -> Vec<Text<'a>> {
        if self.raw.as_array().is_some_and(|list| list.is_empty()) {
            self.problem("must not be empty", "");
        }
        self.strings()
    }

    pub fn table(&self, name: &str) -> Option<Table<'a>> {
        let table = self.raw.as_table();
        if table.is_none() {
            self.mismatch("a table", "");
        }
        table.map(|entries| Table::new(name, entries, self.span.clone(), self.problems))
    }
}

impl<'a> Text<'a> {
    pub fn problem(&self, message: &str, hint: impl Into<String>) {
        self.problems.push(self.span.clone(), format!("`{}` {message}", self.key), hint);
    }

    /// A problem with a part of the string.
    pub fn problem_within(&self, part: Span, message: &str, hint: impl Into<String>) {
        let span = self.problems.within(self.value, &self.span, part);
        self.problems.push(span, format!("`{}` {message}", self.key), hint);
    }

    /// What `read` makes of it; its error is the end of a sentence that begins with the key.
    pub fn read<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        read(self.value).map_err(|reason| self.problem(&reason, "")).ok()
    }

    /// One line of text that is not blank.
    pub fn line(&self) -> Option<String> {
        self.read(|text| Some(crate::domain::text::one_line(text)).filter(|t| !t.is_empty()).ok_or("must not be blank".into()))
    }
}
