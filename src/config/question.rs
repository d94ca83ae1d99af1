//! `match` of a feed: what it asks of items, table by table.
//!
//! The values of a key are alternatives, and the keys of a table must all hold; `any`, `all` and `not` nest tables of the same kind.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use toml::de::DeValue;

use super::diagnostic::Span;
use super::facet::MATCH_WORDS;
use super::nearest;
use super::source::Outline;
use super::value::{Text, Value};
use crate::domain::question::Place;
use crate::domain::words::Phrase;
use crate::domain::{Id, Question, fold};

/// Tables stand in each other at most so deep.
const DEEPEST: usize = 8;

/// A question holds at most so many tables, words, terms and other values together: each is put to each item.
const MOST: usize = 5_000;

/// No title or summary is as long (bytes).
const LONGEST_PHRASE: usize = 1_000;

/// What is certain of every item that a table is asked of.
#[derive(Clone)]
struct Scope<'o> {
    /// All that there are.
    known: &'o [Outline],
    /// The sources that it can be of.
    sources: Vec<&'o Outline>,
    /// A source is named that there is not: what it has is not known.
    uncertain: bool,
    since: Option<NaiveDate>,
    until: Option<NaiveDate>,
    depth: usize,
}

/// Reads the question. None after a problem.
pub(super) fn read(value: &Value<'_>, sources: &[Outline]) -> Option<Question> {
    let size = size(value.raw);
    if size > MOST {
        value.problem(&format!("holds {size} tables and values, more than {MOST}"), "ask for less, or make several feeds of it");
        return None;
    }
    let scope = Scope { known: sources, sources: sources.iter().collect(), uncertain: false, since: None, until: None, depth: 0 };
    table(value, scope)
}

/// How many tables and values there are. The parser bounds how deep they stand in each other.
fn size(raw: &DeValue<'_>) -> usize {
    match raw {
        DeValue::Array(list) => list.iter().map(|v| size(v.get_ref())).sum(),
        DeValue::Table(table) => 1 + table.values().map(|v| size(v.get_ref())).sum::<usize>(),
        _ => 1,
    }
}

fn table(value: &Value<'_>, mut scope: Scope<'_>) -> Option<Question> {
    scope.depth += 1;
    if scope.depth > DEEPEST {
        value.problem(&format!("is nested more than {DEEPEST} deep"), "what is asked for can be said in fewer steps");
        return None;
    }
    let entries = value.table("`match`")?.entries();
    let (mut parts, mut whole) = (Vec::new(), true);
    let mut add = |part: Option<Question>| match part {
        Some(part) => parts.push(part),
        None => whole = false,
    };
    // What narrows the scope first, wherever in the table it stands: it decides which facets there are.
    let of = |wanted: &'static [&'static str]| entries.iter().filter(move |(key, _, _)| wanted.contains(key));
    for (key, span, value) in of(&["source", "language"]) {
        add(if *key == "source" { source(value, &mut scope) } else { language(value, &mut scope) });
        if scope.sources.is_empty() && !scope.uncertain {
            never(value, span, "it is left with no source");
            return None;
        }
    }
    for (key, span, value) in of(&["since", "until"]) {
        let day = day(value);
        if *key == "since" {
            scope.since = scope.since.max(day);
        } else {
            scope.until = scope.until.into_iter().chain(day).min();
        }
        add(day.map(if *key == "since" { Question::Since } else { Question::Until }));
        if let (Some(since), Some(until)) = (scope.since, scope.until)
            && since > until
            && day.is_some()
        {
            never(value, span, &format!("`since` {since} is after `until` {until}"));
            return None;
        }
    }
    for (key, span, value) in &entries {
        match *key {
            "source" | "language" | "since" | "until" => {}
            "title" => add(words(value, Place::Title)),
            "summary" => add(words(value, Place::Summary)),
            "body" => add(words(value, Place::Body)),
            "text" => add(words(value, Place::Text)),
            "all" => add(nested(value, &scope).map(Question::All)),
            "any" => add(nested(value, &scope).map(Question::Any)),
            "not" => {
                // What is certain of the rest is not of what is left out, but for its source.
                let outside = Scope { since: None, until: None, ..scope.clone() };
                let none = nested(value, &outside).map(|mut parts| {
                    let part = if parts.len() == 1 { parts.remove(0) } else { Question::Any(parts) };
                    Question::Not(Box::new(part))
                });
                add(none);
            }
            facet => add(terms(facet, span, value, &scope)),
        }
    }
    if let Some(why) = Question::contradiction(&parts) {
        never(value, &value.span, &why);
        return None;
    }
    whole.then(|| if parts.len() == 1 { parts.remove(0) } else { Question::All(parts) })
}

fn never(value: &Value<'_>, span: &Span, why: &str) {
    value.problems.push(span.clone(), format!("this can never match: {why}"), "");
}

/// The tables of `any`, `all` or `not`: at least one, and none of them empty.
fn nested(value: &Value<'_>, scope: &Scope<'_>) -> Option<Vec<Question>> {
    let single = value.key == "not";
    let list = match value.raw {
        DeValue::Array(list) if list.is_empty() => {
            value.problem("must not be empty", "write at least one { … } into it, or leave it out");
            return None;
        }
        DeValue::Table(_) if single => vec![value.clone()],
        DeValue::Array(_) => value.each(),
        _ => {
            value
                .mismatch(if single { "a table or a list of tables" } else { "a list of tables" }, "such as [{ title = \"a\" }]");
            return None;
        }
    };
    let read = |value: &Value<'_>| {
        if value.raw.as_table().is_some_and(|table| table.is_empty()) {
            value.problem("must not hold an empty table", "it would ask for nothing, and hold everything");
            return None;
        }
        table(value, scope.clone())
    };
    // Each is read before any failure counts, so that all problems are told.
    list.iter().map(read).collect::<Vec<_>>().into_iter().collect()
}

fn source<'o>(value: &Value<'_>, scope: &mut Scope<'o>) -> Option<Question> {
    let (mut ids, mut named) = (BTreeSet::new(), Vec::new());
    for text in value.some_strings() {
        match scope.sources.iter().find(|s| s.id == text.value) {
            Some(source) => {
                named.push(*source);
                ids.extend(Id::parse(text.value));
            }
            None if scope.known.iter().any(|s| s.id == text.value) => {
                let message = format!("names \"{}\", which is none of the sources that this leaves", text.value);
                text.problem(&message, nearest::hint("", "it leaves", scope.sources.iter().map(|s| s.id.as_str())));
                scope.uncertain = true;
            }
            None => {
                scope.uncertain = true;
                let hint = nearest::hint(text.value, "there are", scope.known.iter().map(|s| s.id.as_str()));
                text.problem(&format!("names \"{}\", which is no source", text.value), hint);
            }
        }
    }
    if !named.is_empty() {
        scope.sources = named;
    }
    (!ids.is_empty()).then_some(Question::Source(ids))
}

/// Sources of a language: its tag, or one that goes on behind it (RFC 4647, section 3.3.1).
fn language(value: &Value<'_>, scope: &mut Scope<'_>) -> Option<Question> {
    let (mut tags, mut ids) = (Vec::new(), BTreeSet::new());
    let speaks = |source: &Outline, tag: &str| {
        let (of_source, tag) = (source.language.to_ascii_lowercase(), tag.to_ascii_lowercase());
        of_source.strip_prefix(&tag).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    for text in value.some_strings() {
        let found: Vec<Id> = scope.sources.iter().filter(|s| speaks(s, text.value)).flat_map(|s| Id::parse(&s.id)).collect();
        if found.is_empty() && !scope.uncertain {
            let hint = nearest::hint(text.value, "they have", scope.sources.iter().map(|s| s.language.as_str()));
            text.problem(&format!("names \"{}\", in which none of these sources is", text.value), hint);
            scope.uncertain = true;
        }
        ids.extend(found);
        tags.push(text.value.to_owned());
    }
    if !ids.is_empty() {
        scope.sources.retain(|s| Id::parse(&s.id).is_ok_and(|id| ids.contains(&id)));
    }
    (!ids.is_empty()).then_some(Question::Language { tags, sources: ids })
}

/// A day: a date of TOML, or the same between quotes.
fn day(value: &Value<'_>) -> Option<NaiveDate> {
    let text = match value.raw {
        DeValue::Datetime(_) => value.raw.as_datetime().map(ToString::to_string),
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    };
    let day = text.and_then(|text| NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok());
    if day.is_none() {
        value.problem("must be a day such as 2024-09-30", "without a time: days are those of the sources' time zones");
    }
    day
}

fn folded(text: &Text<'_>) -> Option<String> {
    text.read(|t| Some(fold(t)).filter(|t| !t.is_empty()).ok_or_else(|| "must not be blank".into()))
}

fn words(value: &Value<'_>, place: Place) -> Option<Question> {
    let phrase = |text: &Text<'_>| {
        text.read(|t| match t.len() {
            0..=LONGEST_PHRASE => Phrase::parse(t),
            _ => Err(format!("is longer than {LONGEST_PHRASE} bytes: nothing would hold it")),
        })
    };
    let phrases = value.some_strings().iter().map(phrase).collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
    (!phrases.is_empty()).then_some(Question::Words { place, phrases })
}

/// The terms of a facet. One that is an alias in every source would never hold, since aliases are applied on reading.
fn terms(facet: &str, span: &Span, value: &Value<'_>, scope: &Scope<'_>) -> Option<Question> {
    let facets: Vec<_> = scope.sources.iter().flat_map(|s| &s.facets).filter(|f| f.name == facet).collect();
    if facets.is_empty() {
        if !scope.uncertain {
            let mut names: Vec<&str> = scope.sources.iter().flat_map(|s| &s.facets).map(|f| f.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let all = MATCH_WORDS.iter().copied().chain(names);
            let hint = nearest::hint(facet, "`match` knows", all);
            value.problems.push(span.clone(), format!("`match` names `{facet}`, which is no facet of these sources"), hint);
        }
        return None;
    }
    let (mut names, mut shown) = (BTreeSet::new(), Vec::new());
    for text in value.some_strings() {
        let Some(term) = folded(&text) else { continue };
        let today: Vec<&str> =
            facets.iter().filter_map(|f| f.alias.iter().find(|(old, _)| *old == term).map(|(_, new)| new.as_str())).collect();
        if let Some(new) = today.first().filter(|_| today.len() == facets.len()) {
            let message = format!("`{facet}` names \"{}\", which is an alias: no item will have it", text.value);
            text.problems.warn(text.span.clone(), message, format!("write \"{new}\""));
        }
        if names.insert(term) {
            shown.push(crate::domain::text::one_line(text.value));
        }
    }
    (!names.is_empty()).then(|| Question::Term { facet: facet.to_owned(), names, shown })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::testing::{good, said};
    use super::*;

    /// Two sources, of facets `topic` (with an alias) and `type`, the second in German, and a feed that asks for this, at 24:9.
    fn file(question: &str) -> String {
        let source = |id: &str, facet: &str, language: &str| {
            format!(
                "[[source]]\nid = '{id}'\ntitle = 'A'\nlanguage = '{language}'\npage = 'https://example.org/'\neach = 'li'\n\
                 item = {{ title = 'a', date = 'time' }}\n[source.facet.{facet}]\nvalue = 'b'\nalias = {{ Old = 'New' }}\n"
            )
        };
        let sources = source("a", "topic", "en-GB") + &source("b", "type", "de");
        format!("[http]\n{sources}[[feed]]\nid = 'f'\ntitle = 'F'\nmatch = {question}\n")
    }

    fn read_as(question: &str) -> Question {
        good(&file(question)).0.feeds.remove(0).question
    }

    fn shown(question: &str) -> String {
        struct Plain;
        impl crate::domain::question::Names for Plain {
            fn source(&self, id: &Id) -> String {
                id.to_string()
            }
            fn facet(&self, name: &str) -> String {
                name.to_owned()
            }
        }
        read_as(question).in_words(&Plain)
    }

    #[test]
    fn every_form_is_read() {
        for (question, want) in [
            ("{}", "every item"),
            ("{ topic = ['Elections', 'MEDIA'] }", "items with “Elections” or “MEDIA” under “topic”"),
            (
                "{ title = 'Two  Words', text = ['x'] }",
                "items with “Two Words” in the title, with “x” in title, summary or article",
            ),
            ("{ summary = 'x', source = 'a' }", "items from a, with “x” in the summary"),
            ("{ body = 'x' }", "items with “x” in the article"),
            ("{ since = 2024-01-01, until = '2024-01-01' }", "items since 2024-01-01, until 2024-01-01"),
            ("{ language = 'EN' }", "items in the language EN"),
            ("{ language = ['de', 'en'] }", "items in the language de or en"),
            ("{ not = { title = 'x' } }", "items not with “x” in the title"),
            ("{ not = [{ title = 'x' }, { title = 'y' }] }", "items not (with “x” in the title or with “y” in the title)"),
            (
                "{ any = [{ title = 'x' }, { source = 'b', type = 'y' }] }",
                "items (with “x” in the title or (from b and with “y” under “type”))",
            ),
            ("{ all = [{ title = 'x' }, { title = 'y' }] }", "items with “x” in the title, with “y” in the title"),
            // Another item's day, so that this is no contradiction.
            ("{ until = 2024-01-01, not = { since = 2025-01-01 } }", "items until 2024-01-01, not since 2025-01-01"),
        ] {
            assert_eq!(shown(question), want, "{question}");
        }
        let sources =
            |question: &str| read_as(question).sources().map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(sources("{ language = 'en' }"), Some(vec!["a".to_owned()]));
        assert_eq!(sources("{ title = 'x' }"), None);
        assert_eq!(read_as("{ topic = 'ÉLECTIONS  x' }"), read_as("{ topic = 'ÉLECTIONS x' }"));
    }

    #[test]
    fn a_renamed_term_is_a_warning() {
        let (_, warnings) = good(&file("{ any = [{ topic = 'old' }] }"));
        assert!(warnings.contains(&"`topic` names \"old\", which is an alias: no item will have it".to_owned()), "{warnings:?}");
    }

    #[test]
    fn problems() {
        for (question, expected) in [
            ("'x'", &["25:9 `match` must be a table, not a string"][..]),
            ("{ source = 'a', type = 'x' }", &["25:25 `match` names `type`, which is no facet of these sources"]),
            ("{ source = 'a', any = [{ type = 'x' }] }", &["25:34 `match` names `type`, which is no facet of these sources"]),
            ("{ language = 'de', topic = 'x' }", &["25:28 `match` names `topic`, which is no facet of these sources"]),
            // An unknown source may have any facet.
            ("{ source = 'c', tpye = 'x' }", &["25:20 `source` names \"c\", which is no source"]),
            ("{ topic = [], title = ' ' }", &["25:19 `topic` must not be empty", "25:31 `title` must not be blank"]),
            ("{ any = [] }", &["25:17 `any` must not be empty"]),
            ("{ all = [] }", &["25:17 `all` must not be empty"]),
            ("{ not = [] }", &["25:17 `not` must not be empty"]),
            ("{ not = {} }", &["25:17 `not` must not hold an empty table"]),
            ("{ any = [{}] }", &["25:18 `any` must not hold an empty table"]),
            ("{ any = { title = 'x' } }", &["25:17 `any` must be a list of tables, not a table"]),
            (
                "{ any = ['x', { title = 1 }] }",
                &[
                    "25:18 `any` must be a table, not a string",
                    "25:33 `title` must be a string or a list of strings, not an integer",
                ],
            ),
            ("{ not = 'x' }", &["25:17 `not` must be a table or a list of tables, not a string"]),
            ("{ title = 'a*b' }", &["25:19 `title` can have a * only at its end"]),
            ("{ title = ['-', 'a'] }", &["25:20 `title` holds no word"]),
            ("{ since = 2024 }", &["25:19 `since` must be a day such as 2024-09-30"]),
            ("{ since = 2024-01-01T00:00:00Z }", &["25:19 `since` must be a day such as 2024-09-30"]),
            ("{ until = '2024-02-30' }", &["25:19 `until` must be a day such as 2024-09-30"]),
            ("{ language = 'fr' }", &["25:22 `language` names \"fr\", in which none of these sources is"]),
            // What can never match.
            (
                "{ since = 2024-02-01, until = 2024-01-31 }",
                &["25:31 this can never match: `since` 2024-02-01 is after `until` 2024-01-31"],
            ),
            (
                "{ until = 2024-01-31, any = [{ since = 2024-02-01 }] }",
                &["25:40 this can never match: `since` 2024-02-01 is after `until` 2024-01-31"],
            ),
            (
                "{ source = 'a', any = [{ source = 'b' }] }",
                &["25:43 `source` names \"b\", which is none of the sources that this leaves"],
            ),
            ("{ source = 'a', language = 'de' }", &["25:36 `language` names \"de\", in which none of these sources is"]),
            ("{ title = 'x', not = { title = 'x' } }", &["25:9 this can never match: it wants and excludes the same"]),
            (
                "{ any = [{ all = [{ topic = 'x' }, { not = [{ topic = 'x' }] }] }] }",
                &["25:18 this can never match: it wants and excludes the same"],
            ),
            (
                "{ all = [{ since = 2024-02-01 }, { until = 2024-01-31 }] }",
                &["25:9 this can never match: it wants items since 2024-02-01 and until 2024-01-31"],
            ),
            (
                "{ all = [{ source = 'a' }, { all = [{ source = 'b' }] }] }",
                &["25:9 this can never match: it is left with no source"],
            ),
        ] {
            assert_eq!(said(&file(question)), expected, "{question}");
        }
    }

    #[test]
    fn hints_name_what_was_meant() {
        for (question, hint) in [
            ("{ tpic = 'x' }", "did you mean `topic`?"),
            ("{ untill = 2024-01-01 }", "did you mean `until`?"),
            ("{ source = 'aa' }", "did you mean `a`?"),
            ("{ language = 'dee' }", "did you mean `de`?"),
        ] {
            let error = super::super::Config::parse(std::path::Path::new("x"), &file(question), std::path::Path::new("/"))
                .expect_err(question);
            assert!(error.to_string().contains(hint), "{error}");
        }
    }

    #[test]
    fn size_has_a_limit_and_up_to_it_is_read_at_once() {
        let long = |n: usize| format!("{{ title = [{}] }}", (0..n).map(|n| format!("'w{n}', ")).collect::<String>());
        let not = |n: usize| {
            format!("{{ all = [{}] }}", (0..n).map(|n| format!("{{ not = {{ title = 'w{n}' }} }}, ")).collect::<String>())
        };
        let wrong = |n: usize| format!("{{ all = [{}] }}", (0..n).map(|n| format!("{{ wrong{n} = 'x' }}, ")).collect::<String>());
        assert!(said(&file(&long(MOST - 1))).is_empty());
        assert!(said(&file(&not(MOST / 3 - 1))).is_empty());
        assert_eq!(said(&file(&wrong(500))).len(), 500);
        assert_eq!(said(&file(&long(MOST))), ["25:9 `match` holds 5001 tables and values, more than 5000"]);
        assert_eq!(said(&file(&wrong(100_000))).len(), 1);
    }

    #[test]
    fn ten_mistakes_are_ten_reports() {
        let question = "{ tpic = 'x', source = ['a', 'b'], title = ' ', summary = 'a*b', text = 1, since = 'soon', until = 2024, \
                        any = [], all = [{}], not = { language = 'xx', body = ' ' } }";
        let places: Vec<String> =
            said(&file(question)).iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
        assert_eq!(
            places,
            ["25:11", "25:52", "25:67", "25:81", "25:92", "25:108", "25:120", "25:131", "25:155", "25:168"].map(str::to_owned)
        );
    }

    #[test]
    fn depth_and_length_have_limits() {
        let nested = |depth: usize| {
            let mut out = String::new();
            for n in 0..depth {
                let _ = write!(out, "{{ {} = [", ["any", "all", "not"][n % 3]);
            }
            out + "{ title = 'x' }" + &"] }".repeat(depth)
        };
        assert!(said(&file(&nested(DEEPEST - 1))).is_empty());
        let all = said(&file(&nested(DEEPEST)));
        assert!(all.len() == 1 && all[0].ends_with("is nested more than 8 deep"), "{all:?}");
        // Deeper than the parser of TOML goes.
        assert_eq!(said(&file(&nested(5_000))).len(), 1);
        let long = said(&file(&format!("{{ title = '{}' }}", "word ".repeat(20_000))));
        assert_eq!(long, ["25:19 `title` is longer than 1000 bytes: nothing would hold it"]);
    }
}
