//! `[[feed]]`: a feed of one's own, out of any sources.

use std::collections::BTreeSet;

use super::facet::MATCH_WORDS;
use super::source::{Ids, Outline};
use super::table::Table;
use super::value::{Text, Value};
use super::{Feed, nearest};
use crate::domain::Filter;
use crate::domain::fold;

/// Reads one feed. None after a problem.
pub(super) fn read(mut table: Table<'_>, ids: &mut Ids, sources: &[Outline]) -> Option<Feed> {
    let id = table.require("id", "\"my-feed\"").and_then(|v| v.string()).and_then(|t| ids.take(&t));
    let title = table.require("title", "\"My feed\"").and_then(|v| v.string()).and_then(|t| t.line());
    let filter = table.require("match", "{ title = [\"election\"] }").and_then(|v| filter(&v, sources));
    table.finish();
    Some(Feed { id: id?, title: title?, filter: filter? })
}

fn filter(value: &Value<'_>, sources: &[Outline]) -> Option<Filter> {
    let table = value.table("`match`")?;
    let mut filter = Filter::default();
    let entries = table.entries();

    // The sources first: they decide which facets there are.
    let mut named: Vec<&Outline> = Vec::new();
    let mut certain = true;
    for (_, _, value) in entries.iter().filter(|(key, _, _)| *key == "source") {
        for text in value.some_strings() {
            match sources.iter().find(|s| s.id == text.value) {
                Some(source) => {
                    named.push(source);
                    filter.sources.extend(crate::domain::Id::parse(text.value));
                }
                None => {
                    certain = false;
                    let hint = nearest::hint(text.value, "there are", sources.iter().map(|s| s.id.as_str()));
                    text.problem(&format!("names \"{}\", which is no source", text.value), hint);
                }
            }
        }
    }
    if named.is_empty() {
        named = sources.iter().collect();
    }

    for (key, span, value) in entries {
        match key {
            "source" => {}
            "title" => filter.title = phrases(&value),
            "text" => filter.text = phrases(&value),
            facet => {
                let known = || named.iter().flat_map(|s| &s.facets).map(|f| f.name.as_str());
                if known().any(|name| name == facet) {
                    filter.facets.insert(facet.to_owned(), terms(&value, facet, &named));
                } else if certain {
                    let mut names: Vec<&str> = known().collect();
                    names.sort_unstable();
                    names.dedup();
                    let all = MATCH_WORDS.iter().copied().chain(names);
                    let hint = nearest::hint(facet, "`match` knows", all);
                    value.problems.push(span, format!("`match` names `{facet}`, which is no facet of these sources"), hint);
                }
            }
        }
    }
    Some(filter)
}

fn folded(text: &Text<'_>) -> Option<String> {
    text.read(|t| Some(fold(t)).filter(|t| !t.is_empty()).ok_or_else(|| "must not be blank".into()))
}

fn phrases(value: &Value<'_>) -> Vec<String> {
    value.some_strings().iter().filter_map(folded).collect()
}

/// The folded terms. One that is an alias in every source would never hold, since aliases are applied on reading.
fn terms(value: &Value<'_>, facet: &str, sources: &[&Outline]) -> BTreeSet<String> {
    let facets: Vec<_> = sources.iter().flat_map(|s| &s.facets).filter(|f| f.name == facet).collect();
    let mut out = BTreeSet::new();
    for text in value.some_strings() {
        let Some(term) = folded(&text) else { continue };
        let today: Vec<&str> =
            facets.iter().filter_map(|f| f.alias.iter().find(|(old, _)| *old == term).map(|(_, new)| new.as_str())).collect();
        if let Some(new) = today.first().filter(|_| today.len() == facets.len()) {
            let message = format!("`{facet}` names \"{}\", which is an alias: no item will have it", text.value);
            text.problems.warn(text.span.clone(), message, format!("write \"{new}\""));
        }
        out.insert(term);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::{good, said};

    /// Two sources, of facets `topic` (with an alias) and `type`, and a feed with these lines; the first stands at line 21.
    fn file(feed: &str) -> String {
        let source = |id: &str, facet: &str| {
            format!(
                "[[source]]\nid = '{id}'\ntitle = 'A'\npage = 'https://example.org/'\neach = 'li'\n\
                 item = {{ title = 'a', date = 'time' }}\n[source.facet.{facet}]\nvalue = 'b'\nalias = {{ Old = 'New' }}\n"
            )
        };
        format!("[http]\n{}{}[[feed]]\n{feed}\n", source("a", "topic"), source("b", "type"))
    }

    #[test]
    fn filters_are_folded() {
        let text =
            "id = 'f'\ntitle = 'F'\nmatch = { source = 'a', topic = ['Elections', 'MEDIA'], title = 'Two  Words', text = ['x'] }";
        let (config, _) = good(&file(text));
        let filter = &config.feeds[0].filter;
        assert_eq!(filter.sources.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(filter.facets["topic"].iter().collect::<Vec<_>>(), ["elections", "media"]);
        assert_eq!((filter.title.as_slice(), filter.text.as_slice()), (&["two words".to_owned()][..], &["x".to_owned()][..]));
        let (config, _) = good(&file("id = 'f'\ntitle = 'F'\nmatch = {}"));
        assert_eq!(config.feeds[0].filter, super::Filter::default());
    }

    #[test]
    fn a_renamed_term_is_a_warning() {
        let (_, warnings) = good(&file("id = 'f'\ntitle = 'F'\nmatch = { topic = 'old' }"));
        assert!(warnings.contains(&"`topic` names \"old\", which is an alias: no item will have it".to_owned()), "{warnings:?}");
    }

    #[test]
    fn problems() {
        for (feed, expected) in [
            ("id = 'f'\ntitle = 'F'", &["20:1 [[feed]] has no `match`"][..]),
            ("id = 'a'\ntitle = 'F'\nmatch = {}", &["21:6 `id` \"a\" is taken"]),
            ("id = 'f'\ntitle = 'F'\nmatch = 'x'", &["23:9 `match` must be a table, not a string"]),
            (
                "id = 'f'\ntitle = 'F'\nmatch = { source = 'a', type = 'x' }",
                &["23:25 `match` names `type`, which is no facet of these sources"],
            ),
            // An unknown source may have any facet.
            ("id = 'f'\ntitle = 'F'\nmatch = { source = 'c', tpye = 'x' }", &["23:20 `source` names \"c\", which is no source"]),
            (
                "id = 'f'\ntitle = 'F'\nmatch = { topic = [], title = ' ' }",
                &["23:19 `topic` must not be empty", "23:31 `title` must not be blank"],
            ),
        ] {
            assert_eq!(said(&file(feed)), expected, "{feed}");
        }
    }
}
