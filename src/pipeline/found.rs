//! Rows that were found without selectors: how a page is read then, and what it takes for them to reach a feed.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use scraper::Html;
use url::Url;

use crate::config::Source;
use crate::discover::{Discovery, Hints, How, SURE, discover};
use crate::domain::Digest;
use crate::extract::{Extracted, Rules, extract_document};
use crate::judge::Verdict;

/// How the rows of a page were found.
#[derive(Debug, Clone)]
pub struct Found {
    /// From 0 to 100.
    pub confidence: u8,
    /// Its rows can be taken for the listing's.
    pub sure: bool,
    /// The source has selectors, which match nothing on the page.
    pub redesign: bool,
    /// The `[[source]]` table that reads the page.
    pub table: String,
    /// What reads a row, in a few words: names from the page's markup, no text of it.
    pub selectors: String,
    /// The rules for the walk's other pages; None: each says by itself what it holds.
    pub rules: Option<Arc<Rules>>,
    /// The stamp by which rows that are read so are kept.
    pub stamp: Digest,
}

/// Finds the rows of a page by what it holds. `extracted` is what selectors gave, where there are any: nothing.
pub(super) fn find(
    document: &Html,
    url: &Url,
    source: &Source,
    own: &Rules,
    at: DateTime<Utc>,
    extracted: &mut Extracted,
) -> Option<Found> {
    let wanted = own.discovery.filter(|_| extracted.rows_found == 0)?;
    let today = at.with_timezone(&source.newsroom.timezone).date_naive();
    let discovery = discover(document, &Hints { url, language: wanted.language, today });
    let best = discovery.best()?;
    let rules = match &best.how {
        // What the operator says of facets, pager and zone holds all the same.
        How::Selectors(derived) => derived.rules(discovery.origin.language, own.timezone).map(|rules| Rules {
            next: if own.next.is_empty() { rules.next } else { own.next.clone() },
            facets: own.facets.clone(),
            ..rules
        }),
        How::LinkedData => None,
    };
    let base = extracted.base.take();
    *extracted = match &rules {
        Some(rules) => extract_document(document, rules),
        None => Extracted { base, next: extracted.next.take(), ..discovery.extracted.clone() },
    };
    let facets = own.facets.len();
    extracted.rows.iter_mut().for_each(|row| row.terms.resize(facets, Vec::new()));
    Some(Found {
        confidence: best.confidence,
        sure: best.confidence >= SURE,
        redesign: !own.each.is_empty(),
        table: discovery.table.clone().unwrap_or_default(),
        selectors: selectors(&discovery),
        rules: rules.map(Arc::new),
        stamp: stamp(source.rules_stamp, discovery.stamp()),
    })
}

/// Only what is made of names: labels and the like are the page's own words.
fn selectors(discovery: &Discovery) -> String {
    let Some(derived) = discovery.rules() else { return "each = \"auto\"".into() };
    let part = |name: &str, place: &crate::discover::Place| match (&place.select, &place.above) {
        (Some(select), _) => format!("{name} = {select:?}"),
        (None, Some(above)) => format!("{name} above it = {above:?}"),
        (None, None) => String::new(),
    };
    let date = derived.date.first().map(|(place, _)| part("date", place)).unwrap_or_default();
    format!("each = {:?}, {}, {date}", derived.whole_each(), part("title", &derived.title))
}

/// The source's own stamp in front, how the rows were found behind it: rows read in two ways are told apart, and yet it is seen that the
/// configuration is the same.
fn stamp(rules: Digest, found: Digest) -> Digest {
    let (front, _) = rules.as_u64_pair();
    let (_, behind) = found.as_u64_pair();
    Digest::from_u64_pair(front, behind)
}

/// Whether two stamps are of the same configuration, however the rows were found.
pub(super) fn is_same_source(a: Digest, b: Digest) -> bool {
    a.as_u64_pair().0 == b.as_u64_pair().0
}

/// What is known of a source whose rows were found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    /// No page of it was ever kept, or what they were like is to be forgotten.
    pub fresh: bool,
    /// It was last read in the very same way.
    pub same: bool,
    /// How many of the stories say what a stored item says.
    pub known: usize,
}

/// What is to be thought of rows that were found: a wrong guess is to reach no feed. `rows` are those of different stories; `verdict` is what the
/// judge says of the page.
pub(super) fn gate(found: &Found, rows: usize, before: &Before, verdict: Verdict) -> Verdict {
    let known = before.known;
    let mut reasons = Vec::new();
    if found.redesign {
        reasons.push("its selectors match nothing: redesign suspected".to_owned());
    }
    let recognised = known * 2 >= rows && rows > 0;
    let taken = recognised || (found.sure && (before.fresh || before.same));
    if !taken {
        reasons.push(match found.sure {
            true => format!(
                "{rows} rows were found without them, of which only {known} are known: not taken over; they are read by {}",
                found.selectors
            ),
            false => format!(
                "no list on it is surely the listing: the likeliest has a confidence of {} of 100, {SURE} are needed",
                found.confidence
            ),
        });
        reasons.extend(verdict.reasons().iter().cloned());
        return Verdict::Broken(reasons);
    }
    if !found.redesign {
        return verdict;
    }
    reasons.push(format!("{rows} rows were found without them, {known} of them known, by {}", found.selectors));
    // What else is odd about it is what a redesign is. Captchas and the like list no known items.
    match verdict {
        Verdict::Broken(more) if !recognised => Verdict::Broken([reasons, more].concat()),
        Verdict::Odd { lacks, .. } if !recognised => Verdict::Odd { reasons, lacks },
        _ => Verdict::Odd { reasons, lacks: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_passes_only_with_good_reason() {
        let found = |sure, redesign| Found {
            confidence: if sure { 90 } else { 40 },
            sure,
            redesign,
            table: String::new(),
            selectors: String::new(),
            rules: None,
            stamp: Digest::nil(),
        };
        let before = |fresh, same, known| Before { fresh, same, known };
        for (sure, redesign, before, want) in [
            (true, true, before(false, false, 4), "broken"),
            (true, true, before(false, false, 5), "odd"),
            (false, true, before(false, false, 5), "odd"),
            (true, true, before(true, false, 0), "odd"),
            (false, true, before(true, false, 0), "broken"),
            (true, true, before(false, true, 0), "odd"),
            (true, false, before(true, false, 0), "fine"),
            (true, false, before(false, true, 0), "fine"),
            (true, false, before(false, false, 4), "broken"),
            (false, false, before(false, true, 4), "broken"),
        ] {
            assert_eq!(gate(&found(sure, redesign), 10, &before, Verdict::Fine).name(), want, "{sure} {redesign} {before:?}");
        }
        let broken = Verdict::Broken(vec!["x".into()]);
        assert_eq!(
            gate(&found(true, true), 10, &before(false, false, 6), broken.clone()).name(),
            "odd",
            "a redesign looks different"
        );
        assert_eq!(gate(&found(true, true), 10, &before(true, false, 0), broken).name(), "broken");
    }

    #[test]
    fn stamps_say_which_source_and_how_it_was_read() {
        let (a, b) = (crate::domain::digest(["a"]), crate::domain::digest(["b"]));
        let found = crate::domain::digest(["x"]);
        assert!(is_same_source(a, stamp(a, found)) && !is_same_source(b, stamp(a, found)));
        assert_ne!(stamp(a, found), a);
        assert_ne!(stamp(a, found), stamp(a, b));
    }
}
