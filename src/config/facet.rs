//! `[source.facet.NAME]`: the ways in which a newsroom's items are sorted, and `pairs` of them.

use super::diagnostic::Span;
use super::nearest;
use super::table::Table;
use super::value::{Text, Value};
use crate::domain::Facet;
use crate::domain::fold;
use crate::domain::text::one_line;

/// Words of `match` in a feed, beside which the facets' names stand.
pub(super) const MATCH_WORDS: &[&str] =
    &["source", "language", "title", "summary", "text", "body", "since", "until", "any", "all", "not"];

/// What a facet's `value` may be in a page ...
pub(super) const EXAMPLE: &str = "{ label = \"Topics\", many = true }";
/// ... and in a feed.
pub(super) const EXAMPLE_OF_FEED: &str = "\"category\"";

/// `[source.facet.NAME]`, in the file's order. `values` reads where a facet's terms stand, and whether an item can have several.
pub(super) fn read<'a, T>(
    table: &Table<'a>,
    max_terms: u64,
    example: &str,
    values: impl Fn(&str, &Value<'a>) -> Option<(T, bool)>,
) -> Vec<(Facet, T)> {
    let facet = |(name, span, value): (&str, Span, Value<'a>)| facet(name, &span, &value, max_terms, example, &values);
    table.entries().into_iter().filter_map(facet).collect()
}

fn facet<'a, T>(
    name: &str,
    span: &Span,
    value: &Value<'a>,
    max_terms: u64,
    example: &str,
    values: &impl Fn(&str, &Value<'a>) -> Option<(T, bool)>,
) -> Option<(Facet, T)> {
    if let Err(reason) = facet_name(name) {
        value.problems.push(
            span.clone(),
            format!("the facet name `{name}` {reason}"),
            "it is a part of addresses, chosen for good",
        );
    }
    let mut table = value.table(&format!("[source.facet.{name}]"))?;
    let title = table.string("title").and_then(|t| t.line()).unwrap_or_else(|| name.to_owned());
    let values = table.require("value", example).and_then(|v| values(name, &v));
    let alias = table.take("alias").map(|v| aliases(&v)).unwrap_or_default();
    let max_terms = count(table.integer("max-terms", 1..=10_000).unwrap_or(max_terms));
    table.finish();
    let (values, many) = values?;
    Some((Facet { name: name.to_owned(), title, many, max_terms, alias }, values))
}

fn facet_name(name: &str) -> Result<(), String> {
    let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if name.is_empty() || name.len() > 64 {
        return Err("must have 1 to 64 characters".into());
    }
    if !name.bytes().all(allowed) {
        return Err("may hold only a-z, 0-9 and -".into());
    }
    if MATCH_WORDS.contains(&name) {
        return Err("is a word that newsroomd uses itself".into());
    }
    Ok(())
}

/// `alias = { "Old" = "New" }`: one step, from a name that is gone to one that is in use.
fn aliases(value: &Value<'_>) -> Vec<(String, String)> {
    let Some(table) = value.table("`alias`") else { return Vec::new() };
    let mut out: Vec<(String, String)> = Vec::new();
    let entries = table.entries();
    let old: Vec<String> = entries.iter().map(|(name, _, _)| fold(name)).collect();
    for ((name, span, new), folded) in entries.iter().zip(&old) {
        let problem = |message: String, hint: &str| value.problems.push(span.clone(), message, hint);
        let Some(new) = new.raw.as_str() else {
            new.mismatch("a string", "");
            continue;
        };
        let new = one_line(new);
        if folded.is_empty() || new.is_empty() {
            problem("an alias must name two terms".into(), "");
        } else if *folded == fold(&new) {
            problem(format!("the alias \"{name}\" leads to itself"), "upper and lower case, quotes and dashes are the same term");
        } else if old.contains(&fold(&new)) {
            problem(
                format!("the alias \"{name}\" leads to \"{new}\", which is an alias itself"),
                "name the term that is in use today",
            );
        } else if out.iter().any(|(o, _)| o == folded) {
            problem(format!("there are two aliases for \"{name}\""), "upper and lower case, quotes and dashes are the same term");
        } else {
            out.push((folded.clone(), new));
        }
    }
    out
}

/// `pairs = [["department", "topic"]]`: facets whose terms have feeds together, by their indices.
pub(super) fn pairs<'f>(value: &Value<'_>, facets: impl Iterator<Item = &'f str> + Clone) -> Vec<(usize, usize)> {
    const EXPECTED: &str = "a list of pairs of facets such as [[\"department\", \"topic\"]]";
    if !value.raw.is_array() {
        value.mismatch(EXPECTED, "");
        return Vec::new();
    }
    let mut out: Vec<(usize, usize)> = Vec::new();
    for pair in value.each() {
        if !pair.raw.is_array() {
            pair.mismatch(EXPECTED, "each pair is a list of its own");
            continue;
        }
        let names = pair.strings();
        let place = |text: &Text<'_>| {
            let place = facets.clone().position(|name| name == text.value);
            if place.is_none() {
                let hint = nearest::hint(text.value, "there are", facets.clone());
                text.problem(&format!("names \"{}\", which is no facet of this source", text.value), hint);
            }
            place
        };
        let places: Vec<Option<usize>> = names.iter().map(place).collect();
        match places.as_slice() {
            [Some(first), Some(second)] if first == second => pair.problem("must be of two facets", ""),
            [Some(first), Some(second)] if out.iter().any(|p| [(*first, *second), (*second, *first)].contains(p)) => {
                pair.problem("has these two facets twice", "which of them comes first is a matter of the address only");
            }
            [Some(first), Some(second)] => out.push((*first, *second)),
            [_, _] => {}
            _ => pair.problem("must have two facets in each pair", ""),
        }
    }
    out
}

/// A checked number as a count of things in memory.
pub(super) fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
