//! Questions: what a feed of one's own asks of each item. Whether an item stands in it depends on the item alone, never on the time or on
//! other items.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::NaiveDate;

use super::words::{Phrase, Words};
use super::{Digest, Id, stamp, words};

/// What is asked of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// All of these; none: anything.
    All(Vec<Question>),
    /// One of these at least.
    Any(Vec<Question>),
    /// Not this.
    Not(Box<Question>),
    /// Of one of these sources.
    Source(BTreeSet<Id>),
    /// In one of these languages.
    Language {
        /// Their tags, as written.
        tags: Vec<String>,
        /// The sources that are in one of them.
        sources: BTreeSet<Id>,
    },
    /// With one of these terms.
    Term {
        /// The name of their facet.
        facet: String,
        /// Their folded names.
        names: BTreeSet<String>,
        /// Their names as written.
        shown: Vec<String>,
    },
    /// With one of these words or phrases.
    Words {
        /// Where they are to stand.
        place: Place,
        /// At least one.
        phrases: Vec<Phrase>,
    },
    /// Of this day or a later one, as the source's zone has it.
    Since(NaiveDate),
    /// Of this day or an earlier one.
    Until(NaiveDate),
}

/// Where words are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The title.
    Title,
    /// The summary.
    Summary,
    /// The body of its article.
    Body,
    /// Any text of it.
    Text,
}

/// What a question is told of an item.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The id of its source.
    pub source: &'a str,
    /// The day on which it was published, in its source's zone.
    pub day: NaiveDate,
    /// Facet name and folded term name of its terms.
    pub terms: &'a [(&'a str, &'a str)],
    /// Its title.
    pub title: Words,
    /// Its summary, without markup.
    pub summary: Words,
    /// The body of its article, without markup; empty: it has none yet, or its source asks for none.
    pub body: Words,
}

/// What sources and facets are called, for people.
pub trait Names {
    /// A source's title.
    fn source(&self, id: &Id) -> String;
    /// A facet's title.
    fn facet(&self, name: &str) -> String;
}

impl Question {
    /// Whether the item is one that is asked for.
    pub fn holds(&self, item: &Candidate<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(item)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(item)),
            Self::Not(part) => !part.holds(item),
            Self::Source(sources) | Self::Language { sources, .. } => sources.iter().any(|id| id.as_str() == item.source),
            Self::Term { facet, names, .. } => item.terms.iter().any(|(f, name)| f == facet && names.contains(*name)),
            Self::Words { place, phrases } => {
                let texts = [(Place::Title, &item.title), (Place::Summary, &item.summary), (Place::Body, &item.body)];
                let mut texts = texts.into_iter().filter(|(of, _)| [*of, Place::Text].contains(place));
                texts.any(|(_, text)| phrases.iter().any(|phrase| text.hold(phrase)))
            }
            Self::Since(day) => item.day >= *day,
            Self::Until(day) => item.day <= *day,
        }
    }

    /// Whether it asks for words, so that the texts of items must be read.
    pub fn asks_for_words(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_for_words),
            Self::Not(part) => part.asks_for_words(),
            Self::Words { .. } => true,
            _ => false,
        }
    }

    /// The only sources whose items it can hold; None: it names none.
    pub fn sources(&self) -> Option<BTreeSet<Id>> {
        match self {
            Self::Source(sources) | Self::Language { sources, .. } => Some(sources.clone()),
            Self::All(parts) => parts.iter().filter_map(Self::sources).reduce(|a, b| a.intersection(&b).cloned().collect()),
            Self::Any(parts) => parts.iter().map(Self::sources).try_fold(BTreeSet::new(), |all, some| Some(&all | &some?)),
            _ => None,
        }
    }

    /// The terms it names: facet, folded name, and name as written.
    pub fn terms(&self) -> Vec<(&str, String, &str)> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::terms).collect(),
            Self::Not(part) => part.terms(),
            Self::Term { facet, shown, .. } => {
                shown.iter().map(|name| (facet.as_str(), super::fold(name), name.as_str())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Why no item can be one for which all these parts hold, as far as that is plain.
    pub fn contradiction(parts: &[Self]) -> Option<String> {
        let mut wanted = Vec::new();
        parts.iter().for_each(|part| part.conjuncts(&mut wanted));
        if wanted.iter().any(|part| matches!(part, Self::Not(not) if wanted.contains(&&**not))) {
            return Some("it wants and excludes the same".to_owned());
        }
        let since = wanted.iter().filter_map(|part| if let Self::Since(day) = part { Some(day) } else { None }).max();
        let until = wanted.iter().filter_map(|part| if let Self::Until(day) = part { Some(day) } else { None }).min();
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            return Some(format!("it wants items since {since} and until {until}"));
        }
        let sources = wanted.iter().filter_map(|part| part.sources()).reduce(|a, b| &a & &b);
        sources.is_some_and(|sources| sources.is_empty()).then(|| "it is left with no source".to_owned())
    }

    /// What must hold for this to hold, part by part.
    fn conjuncts<'q>(&'q self, into: &mut Vec<&'q Self>) {
        match self {
            Self::All(parts) => parts.iter().for_each(|part| part.conjuncts(into)),
            other => into.push(other),
        }
    }

    /// Changes whenever it may hold other items.
    pub fn stamp(&self) -> Digest {
        stamp(["question", words::VERSION, &format!("{self:?}")])
    }

    /// What it asks for, in plain words: `items from OSCE with "moldova" in the title`.
    pub fn in_words(&self, names: &dyn Names) -> String {
        match self {
            Self::All(parts) if parts.is_empty() => "every item".to_owned(),
            Self::All(parts) => format!("items {}", listed(parts, ", ", names)),
            other => format!("items {}", other.said(names)),
        }
    }

    fn said(&self, names: &dyn Names) -> String {
        match self {
            Self::All(parts) if parts.is_empty() => "of any kind".to_owned(),
            Self::All(parts) if parts.len() == 1 => parts[0].said(names),
            Self::Any(parts) if parts.len() == 1 => parts[0].said(names),
            Self::All(parts) => format!("({})", listed(parts, " and ", names)),
            Self::Any(parts) => format!("({})", listed(parts, " or ", names)),
            Self::Not(part) => format!("not {}", part.said(names)),
            Self::Source(sources) => format!("from {}", or(sources.iter().map(|id| names.source(id)))),
            Self::Language { tags, .. } => format!("in the language {}", or(tags.iter().cloned())),
            Self::Term { facet, shown, .. } => {
                format!("with {} under “{}”", or(shown.iter().map(|name| quoted(name))), names.facet(facet))
            }
            Self::Words { place, phrases } => {
                let place = match place {
                    Place::Title => "the title",
                    Place::Summary => "the summary",
                    Place::Body => "the article",
                    Place::Text => "title, summary or article",
                };
                format!("with {} in {place}", or(phrases.iter().map(|phrase| quoted(&phrase.shown))))
            }
            Self::Since(day) => format!("since {day}"),
            Self::Until(day) => format!("until {day}"),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("“{text}”")
}

fn listed(parts: &[Question], between: &str, names: &dyn Names) -> String {
    parts.iter().map(|part| part.said(names)).collect::<Vec<_>>().join(between)
}

fn or(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    let mut out = String::new();
    for (n, part) in parts.iter().enumerate() {
        let before = match n {
            0 => "",
            n if n + 1 == parts.len() => " or ",
            _ => ", ",
        };
        let _ = write!(out, "{before}{part}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::parse(text).expect("test id")
    }

    fn term(facet: &str, names: &[&str]) -> Question {
        let shown: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        Question::Term { facet: facet.into(), names: shown.iter().map(|n| super::super::fold(n)).collect(), shown }
    }

    fn words(place: Place, phrases: &[&str]) -> Question {
        Question::Words { place, phrases: phrases.iter().map(|p| Phrase::parse(p).expect("a phrase")).collect() }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn from(source: &str) -> Question {
        Question::Source(BTreeSet::from([id(source)]))
    }

    #[test]
    fn parts_are_joined_as_they_say() {
        let item = Candidate {
            source: "osce",
            day: day("2024-05-03"),
            terms: &[("topic", "media"), ("type", "news")],
            title: Words::of("News from Moldova"),
            summary: Words::of("On the elections"),
            body: Words::of("Observers were there from the beginning"),
        };
        let german = Question::Language { tags: vec!["de".into()], sources: BTreeSet::from([id("amt")]) };
        let not = |part: Question| Question::Not(Box::new(part));
        for (question, want) in [
            (Question::All(vec![]), true),
            (Question::Any(vec![]), false),
            (from("osce"), true),
            (from("other"), false),
            (german.clone(), false),
            (not(german), true),
            (term("topic", &["Elections", "Media"]), true),
            (term("type", &["Media"]), false),
            (words(Place::Title, &["moldova"]), true),
            (words(Place::Title, &["elections"]), false),
            (words(Place::Summary, &["moldova", "elections"]), true),
            (words(Place::Summary, &["moldova"]), false),
            (words(Place::Text, &["moldova"]), true),
            (words(Place::Text, &["from moldova on"]), false),
            (words(Place::Body, &["observ*"]), true),
            (words(Place::Body, &["moldova", "elections"]), false),
            (words(Place::Text, &["beginning"]), true),
            (words(Place::Title, &["beginning"]), false),
            (words(Place::Summary, &["beginning"]), false),
            (Question::Since(day("2024-05-03")), true),
            (Question::Since(day("2024-05-04")), false),
            (Question::Until(day("2024-05-03")), true),
            (Question::Until(day("2024-05-02")), false),
            (Question::All(vec![from("osce"), words(Place::Title, &["moldova"])]), true),
            (Question::All(vec![from("osce"), words(Place::Title, &["mars"])]), false),
            (Question::Any(vec![from("other"), words(Place::Title, &["moldova"])]), true),
            (not(Question::Any(vec![from("other"), words(Place::Title, &["moldova"])])), false),
        ] {
            assert_eq!(question.holds(&item), want, "{question:?}");
        }
    }

    #[test]
    fn only_sources_that_can_matter_are_named() {
        let ids = |list: &[&str]| Some(list.iter().map(|&t| id(t)).collect::<BTreeSet<_>>());
        let both = Question::Source(BTreeSet::from([id("a"), id("b")]));
        let any = |parts: Vec<Question>| Question::Any(parts);
        for (question, want) in [
            (Question::All(vec![]), None),
            (Question::All(vec![from("a"), term("t", &["x"])]), ids(&["a"])),
            (Question::All(vec![both.clone(), from("a")]), ids(&["a"])),
            (any(vec![from("a"), Question::All(vec![from("b"), term("t", &["x"])])]), ids(&["a", "b"])),
            (any(vec![from("a"), term("t", &["x"])]), None),
            (Question::Not(Box::new(both)), None),
        ] {
            assert_eq!(question.sources(), want, "{question:?}");
        }
    }

    #[test]
    fn it_can_be_said_in_words() {
        struct Plain;
        impl Names for Plain {
            fn source(&self, id: &Id) -> String {
                id.as_str().to_uppercase()
            }
            fn facet(&self, name: &str) -> String {
                format!("The {name}")
            }
        }
        let question = Question::All(vec![
            from("osce"),
            term("topic", &["A", "B", "C"]),
            Question::Since(day("2024-01-01")),
            Question::Any(vec![
                words(Place::Title, &["observ*"]),
                Question::All(vec![words(Place::Text, &["x"]), Question::Until(day("2024-06-01"))]),
            ]),
            Question::Not(Box::new(Question::All(vec![words(Place::Summary, &["draft"])]))),
        ]);
        assert_eq!(
            question.in_words(&Plain),
            "items from OSCE, with “A”, “B” or “C” under “The topic”, since 2024-01-01, \
             (with “observ*” in the title or (with “x” in title, summary or article and until 2024-06-01)), not with “draft” in the summary"
        );
        assert_eq!(Question::All(vec![]).in_words(&Plain), "every item");
    }

    #[test]
    fn what_holds_other_items_has_another_stamp() {
        let stamps: BTreeSet<Digest> = [
            from("a"),
            from("b"),
            words(Place::Title, &["a"]),
            words(Place::Text, &["a"]),
            words(Place::Text, &["a*"]),
            term("a", &["a"]),
        ]
        .iter()
        .map(Question::stamp)
        .collect();
        assert_eq!(stamps.len(), 6);
    }
}
