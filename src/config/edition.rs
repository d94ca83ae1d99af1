//! `translates`: which sources are language editions of which.

use super::diagnostic::Problems;
use super::nearest;
use super::source::Outline;

/// Says which sources are said to translate what they cannot.
pub(super) fn check(outlines: &[Outline], problems: &Problems<'_>) {
    for outline in outlines {
        let Some((id, span)) = &outline.translates else { continue };
        let others = || outlines.iter().filter(|o| o.id != outline.id);
        let Some(root) = others().find(|o| o.id == *id) else {
            let hint = nearest::hint(id, "there are", others().map(|o| o.id.as_str()));
            problems.push(span.clone(), format!("`translates` names \"{id}\", which is no other source"), hint);
            continue;
        };
        if let Some((root, _)) = &root.translates {
            let message = format!("`translates` names \"{id}\", which translates \"{root}\" itself");
            problems.push(span.clone(), message, format!("write \"{root}\": all editions name the same one"));
        } else if root.language == outline.language {
            let message = format!("`translates` names \"{id}\", which is in the same `language`");
            problems.push(span.clone(), message, "each edition has a `language` of its own");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{good, said};
    use crate::domain::Id;

    #[test]
    fn an_edition_names_the_source_that_it_translates() {
        let of = |language: &str, first: &str, second: &str| {
            let source = |id: &str, language: &str, line: &str| {
                format!("[[source]]\nid = '{id}'\ntitle = 'B'\nlanguage = '{language}'\npage = 'https://b.example/'\n{line}\n")
            };
            format!(
                "[http]\n{}{}{}",
                source("a", "en", first),
                source("b", language, second),
                source("c", "fr", "translates = 'a'")
            )
        };
        let (config, _) = good(&of("ru", "", "translates = 'a'"));
        let roots: Vec<Option<&str>> = config.sources.iter().map(|s| s.translates.as_ref().map(Id::as_str)).collect();
        assert_eq!(roots, [None, Some("a"), Some("a")]);
        for (text, expected) in [
            (of("ru", "", "translates = 'b'"), "13:14 `translates` names \"b\", which is no other source"),
            (of("ru", "", "translates = 'd'"), "13:14 `translates` names \"d\", which is no other source"),
            (of("ru", "", "translates = 'c'"), "13:14 `translates` names \"c\", which translates \"a\" itself"),
            (of("en", "", "translates = 'a'"), "13:14 `translates` names \"a\", which is in the same `language`"),
            (of("ru", "", "translates = 1"), "13:14 `translates` must be a string, not an integer"),
        ] {
            assert_eq!(said(&text), [expected], "{text}");
        }
    }
}
