//! `[[feed]]`: a feed of one's own, out of any sources.

use super::source::{Ids, Outline};
use super::table::Table;
use super::value::Value;
use super::{Feed, question};
use crate::domain::Merge;

/// Reads one feed. None after a problem.
pub(super) fn read(mut table: Table<'_>, ids: &mut Ids, sources: &[Outline]) -> Option<Feed> {
    let id = table.require("id", "\"my-feed\"").and_then(|v| v.string()).and_then(|t| ids.take(&t));
    let title = table.require("title", "\"My feed\"").and_then(|v| v.string()).and_then(|t| t.line());
    let question = table.require("match", "{ title = [\"election\"] }").and_then(|v| question::read(&v, sources));
    let merge = table.take("merge").map_or(Some(Merge::default()), |v| merge(&v, sources));
    table.finish();
    Some(Feed { id: id?, title: title?, question: question?, merge: merge? })
}

/// What is merged; None after a problem.
fn merge(value: &Value<'_>, sources: &[Outline]) -> Option<Merge> {
    let known = |text: &str| Merge::NAMES.iter().find(|(name, _)| *name == text).map(|(_, merge)| *merge);
    let merge =
        value.string()?.read(|text| known(text).ok_or_else(|| "must be \"doubles\", \"translations\" or \"nothing\"".into()));
    if merge == Some(Merge::Translations) && sources.iter().all(|s| s.translates.is_none()) {
        let message = "`merge` is \"translations\", and no source says which other one it `translates`";
        value.problems.warn(value.span.clone(), message, "write translates = \"ID\" into the [[source]] of each other language");
    }
    merge
}

#[cfg(test)]
mod tests {
    use super::super::testing::{good, said};
    use crate::domain::Merge;

    /// A source and a feed with these lines; the first stands at line 9.
    fn file(feed: &str) -> String {
        format!(
            "[http]\n[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\neach = 'li'\n\
             item = {{ title = 'a', date = 'time' }}\n[[feed]]\n{feed}\n"
        )
    }

    #[test]
    fn problems() {
        for (feed, expected) in [
            ("id = 'f'\ntitle = 'F'", &["8:1 [[feed]] has no `match`"][..]),
            ("id = 'a'\ntitle = 'F'\nmatch = {}", &["9:6 `id` \"a\" is taken"]),
            ("id = 'f'\ntitle = 'F'\nmatch = {}\nmerge = true", &["12:9 `merge` must be a string, not a boolean"]),
            (
                "id = 'f'\ntitle = 'F'\nmatch = {}\nmerge = 'all'",
                &["12:9 `merge` must be \"doubles\", \"translations\" or \"nothing\""],
            ),
        ] {
            assert_eq!(said(&file(feed)), expected, "{feed}");
        }
    }

    #[test]
    fn what_several_sources_carry_is_merged_unless_it_says_otherwise() {
        let of = |line: &str| good(&file(&format!("id = 'f'\ntitle = 'F'\nmatch = {{}}\n{line}")));
        assert_eq!(of("").0.feeds[0].merge, Merge::Doubles);
        assert_eq!(of("merge = 'nothing'").0.feeds[0].merge, Merge::Nothing);
        let (config, warnings) = of("merge = 'translations'");
        assert_eq!(config.feeds[0].merge, Merge::Translations);
        let expected = "`merge` is \"translations\", and no source says which other one it `translates`";
        assert!(warnings.contains(&expected.to_owned()), "{warnings:?}");
    }
}
