//! `[[feed]]`: a feed of one's own, out of any sources.

use super::source::{Ids, Outline};
use super::table::Table;
use super::{Feed, question};

/// Reads one feed. None after a problem.
pub(super) fn read(mut table: Table<'_>, ids: &mut Ids, sources: &[Outline]) -> Option<Feed> {
    let id = table.require("id", "\"my-feed\"").and_then(|v| v.string()).and_then(|t| ids.take(&t));
    let title = table.require("title", "\"My feed\"").and_then(|v| v.string()).and_then(|t| t.line());
    let question = table.require("match", "{ title = [\"election\"] }").and_then(|v| question::read(&v, sources));
    table.finish();
    Some(Feed { id: id?, title: title?, question: question? })
}

#[cfg(test)]
mod tests {
    use super::super::testing::said;

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
        ] {
            assert_eq!(said(&file(feed)), expected, "{feed}");
        }
    }
}
