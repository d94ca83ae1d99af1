//! Reads a TOML table key by key: what is missing or unknown becomes a problem at its place.
//!
//! Knows no key's meaning.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::diagnostic::{Problems, Span};
use super::nearest;
use super::value::{Text, Value};

/// A table of which keys are taken one by one; `finish` reports the rest.
pub(super) struct Table<'a> {
    /// What the operator calls it: `[source.item]`.
    name: String,
    entries: &'a DeTable<'a>,
    span: Span,
    problems: &'a Problems<'a>,
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    pub fn new(name: impl Into<String>, entries: &'a DeTable<'a>, span: Span, problems: &'a Problems<'a>) -> Self {
        Self { name: name.into(), entries, span, problems, known: Vec::new() }
    }

    /// The table's head: where it is said that something is missing.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    pub fn problems(&self) -> &'a Problems<'a> {
        self.problems
    }

    /// The raw entries, for the stamp.
    pub fn raw(&self) -> &'a DeTable<'a> {
        self.entries
    }

    /// The key's value, if it is there; from now on the key is known.
    pub fn take(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.known.push(key);
        #[cfg(test)]
        super::testing::note(&self.name, key);
        let value = self.entries.get(key)?;
        Some(Value { key, span: value.span(), raw: value.get_ref(), problems: self.problems })
    }

    /// The same; a problem if it is not there.
    pub fn require(&mut self, key: &'static str, example: &str) -> Option<Value<'a>> {
        let value = self.take(key);
        if value.is_none() {
            let message = format!("{} has no `{key}`", self.name);
            self.problems.push(self.span(), message, format!("add a line such as: {key} = {example}"));
        }
        value
    }

    pub fn string(&mut self, key: &'static str) -> Option<Text<'a>> {
        self.take(key)?.string()
    }

    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        self.take(key)?.integer(range)
    }

    pub fn duration(&mut self, key: &'static str, range: RangeInclusive<Duration>) -> Option<Duration> {
        self.take(key)?.duration(range)
    }

    pub fn size(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        self.take(key)?.size(range)
    }

    /// A string or a list of strings; an absent key is an empty list.
    pub fn strings(&mut self, key: &'static str) -> Vec<Text<'a>> {
        self.take(key).map(|v| v.strings()).unwrap_or_default()
    }

    /// A table below this one. `name` is what it is called in messages.
    pub fn table(&mut self, key: &'static str, name: &str) -> Option<Table<'a>> {
        self.take(key)?.table(name)
    }

    /// The tables of `[[key]]`.
    pub fn tables(&mut self, key: &'static str) -> Vec<Table<'a>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let name = format!("[[{key}]]");
        match value.raw {
            DeValue::Array(list) => {
                list.iter().filter_map(|v| Value { raw: v.get_ref(), span: v.span(), ..value.clone() }.table(&name)).collect()
            }
            DeValue::Table(_) => {
                self.problems.push(value.span, format!("there can be several of `{key}`"), format!("write it as {name}"));
                Vec::new()
            }
            _ => {
                value.mismatch(&format!("a table written as {name}"), "");
                Vec::new()
            }
        }
    }

    /// All entries, in the file's order, for tables whose keys are names: (name, the name's place, value).
    pub fn entries(&self) -> Vec<(&'a str, Span, Value<'a>)> {
        let entry = |(key, value): (&'a toml::Spanned<std::borrow::Cow<'a, str>>, &'a toml::Spanned<DeValue<'a>>)| {
            let name: &'a str = key.get_ref();
            let value = Value { key: name, span: value.span(), raw: value.get_ref(), problems: self.problems };
            (name, key.span(), value)
        };
        let mut all: Vec<_> = self.entries.iter().map(entry).collect();
        all.sort_by_key(|(_, span, _)| span.start);
        all
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self) {
        for (name, span, _) in self.entries() {
            if !self.known.contains(&name) {
                let place = if self.name.is_empty() { String::new() } else { format!(" in {}", self.name) };
                let hint = nearest::hint(name, "known here", self.known.iter().copied());
                self.problems.push(span, format!("unknown key `{name}`{place}"), hint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What the reader says of the document, as `line:column message | hint`.
    fn said(document: &str, read: impl FnOnce(&mut Table<'_>)) -> Vec<String> {
        let (parsed, errors) = DeTable::parse_recoverable(document);
        assert!(errors.is_empty(), "{errors:?}");
        let problems = Problems::new(document);
        let mut table = Table::new("[t]", parsed.get_ref(), 0..0, &problems);
        read(&mut table);
        table.finish();
        let show =
            |d: super::super::Diagnostic| format!("{}:{} {} | {}", d.line, d.column, d.message, d.hint.unwrap_or_default());
        problems.finish(Path::new("x")).0.into_iter().map(show).collect()
    }

    #[test]
    fn good_values_say_nothing() {
        let text = "s = 'x'\nb = true\ni = 0x10\nd = '1h 5m'\nz = 5000\nl = ['a', 'b']\n[t]\n";
        let all = said(text, |t| {
            assert_eq!(t.string("s").map(|s| s.value.to_owned()), Some("x".into()));
            assert_eq!(t.take("b").and_then(|b| b.boolean()), Some(true));
            assert_eq!(t.integer("i", 1..=16), Some(16));
            assert_eq!(t.duration("d", Duration::ZERO..=Duration::MAX), Some(Duration::from_secs(3_900)));
            assert_eq!(t.size("z", 0..=10_000), Some(5_000));
            assert_eq!(t.strings("l").len(), 2);
            assert_eq!(t.strings("absent").len(), 0);
            assert!(t.table("t", "[t]").is_some());
        });
        assert_eq!(all, [""; 0]);
    }

    #[test]
    fn wrong_types_say_what_was_expected_and_found() {
        let text = "s = 1\nb = 'true'\ni = '5'\nd = 15\nz = true\nl = ['a', 2]\nt = 'x'\na = 1\n[r]\n";
        let all = said(text, |t| {
            t.string("s");
            t.take("b").and_then(|v| v.boolean());
            t.integer("i", 1..=9);
            t.duration("d", Duration::ZERO..=Duration::MAX);
            t.size("z", 0..=9);
            assert_eq!(t.strings("l").len(), 1);
            t.table("t", "[t]");
            t.tables("a");
            t.tables("r");
            t.require("gone", "\"x\"");
        });
        let expected = [
            "1:1 [t] has no `gone` | add a line such as: gone = \"x\"",
            "1:5 `s` must be a string, not an integer | ",
            "2:5 `b` must be true or false, not a string | without quotes",
            "3:5 `i` must be a whole number, not a string | without quotes",
            "4:5 `d` must be a duration such as \"90s\", \"15m\" or \"2h\", not an integer | write \"15s\" for seconds, \"15m\" for minutes",
            "5:5 `z` must be a size such as \"500kB\" or \"10MB\", not a boolean | ",
            "6:11 `l` must be a string or a list of strings, not an integer | ",
            "7:5 `t` must be a table, not a string | ",
            "8:5 `a` must be a table written as [[a]], not an integer | ",
            "9:1 there can be several of `r` | write it as [[r]]",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn ranges_units_and_unknown_keys() {
        let text = "i = -1\nd = '1w'\ne = '5 parsecs'\nz = '1XB'\ny = '1B'\ntitel = 1\n\"\" = 2\n";
        let all = said(text, |t| {
            t.integer("i", 1..=9);
            t.duration("d", Duration::from_secs(1)..=Duration::from_secs(86_400));
            t.duration("e", Duration::ZERO..=Duration::MAX);
            t.size("z", 0..=9);
            t.size("y", 10_000..=20_000_000);
            t.take("title");
        });
        let expected = [
            "1:5 `i` must be from 1 to 9 | ",
            "2:5 `d` must be from 1s to 1day | ",
            "3:5 `e` must be a duration such as \"90s\", \"15m\" or \"2h\": \"parsecs\" is no unit of time | ",
            "4:5 `z` must be a size such as \"500kB\" or \"10MB\": \"XB\" is no unit of size | ",
            "5:5 `y` must be from 10kB to 20MB | ",
            "6:1 unknown key `titel` in [t] | did you mean `title`?",
            "7:1 unknown key `` in [t] | known here: `i`, `d`, `e`, `z`, `y`, `title`",
        ];
        assert_eq!(all, expected);
    }
}
