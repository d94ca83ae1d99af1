//! When an article says that it was published, to the minute: a date alone is the listing's matter.

use chrono::{DateTime, NaiveDateTime, TimeZone};
use scraper::Html;
use serde_json::Value;

use super::{Rules, selector};
use crate::domain::Zone;
use crate::extract::{Field, Query, extract_document};

/// JSON-LD that is longer (bytes) is not read.
const LONGEST: usize = 1_000_000;

/// The instant (unix seconds).
pub(super) fn published(document: &Html, rules: &Rules) -> Option<i64> {
    if !rules.time.is_empty() {
        return by_rules(document, rules);
    }
    stated(document, "meta[property='article:published_time'], meta[itemprop=datePublished]", "content", rules.timezone)
        .or_else(|| of_data(document, rules.timezone))
        .or_else(|| {
            stated(
                document,
                "time[itemprop=datePublished], article time[datetime], main time[datetime]",
                "datetime",
                rules.timezone,
            )
        })
}

fn stated(document: &Html, elements: &str, attr: &str, zone: Zone) -> Option<i64> {
    document.select(&selector(elements)).find_map(|e| instant(e.attr(attr)?, zone))
}

/// By the source's `time`: the page is read as a listing of one row.
fn by_rules(document: &Html, rules: &Rules) -> Option<i64> {
    let whole = crate::extract::Rules {
        each: vec![Query::new(selector("html"), "html")],
        next: Vec::new(),
        title: vec![Field::default()],
        link: Vec::new(),
        date: rules.time.clone(),
        summary: Vec::new(),
        image: Vec::new(),
        facets: Vec::new(),
        timezone: rules.timezone,
        discovery: None,
    };
    let date = extract_document(document, &whole).rows.into_iter().next()?.date.stated()?;
    let local = date.day.and_time(date.time?);
    match date.offset {
        Some(offset) => offset.from_local_datetime(&local).earliest().map(|t| t.timestamp()),
        None => rules.timezone.from_local_datetime(&local).earliest().map(|t| t.timestamp()),
    }
}

/// What JSON-LD (schema.org) says of it.
fn of_data(document: &Html, zone: Zone) -> Option<i64> {
    document.select(&selector("script[type='application/ld+json']")).find_map(|script| {
        let text: String = script.text().collect();
        let value: Value = serde_json::from_str(text.trim()).ok().filter(|_| text.len() <= LONGEST)?;
        find(&value, zone)
    })
}

fn find(value: &Value, zone: Zone) -> Option<i64> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("datePublished").and_then(Value::as_str).and_then(|text| instant(text, zone));
            own.or_else(|| fields.get("@graph").and_then(|graph| find(graph, zone)))
        }
        Value::Array(list) => list.iter().find_map(|value| find(value, zone)),
        _ => None,
    }
}

/// An instant with its time (RFC 3339, or the same without an offset).
fn instant(text: &str, zone: Zone) -> Option<i64> {
    let text = text.trim();
    // ISO 8601 lets seconds be left out, which RFC 3339 does not.
    let text = &text.strip_suffix('Z').map_or_else(|| text.to_owned(), |text| format!("{text}+00:00"));
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.timestamp());
    }
    if let Ok(instant) =
        DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%z"))
    {
        return Some(instant.timestamp());
    }
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    zone.from_local_datetime(&local).earliest().map(|t| t.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_states_a_time() {
        for (text, want) in [
            ("2024-05-02T14:30:00+02:00", Some(1_714_653_000)),
            ("2024-05-02T14:30:00+0200", Some(1_714_653_000)),
            ("2024-05-02T12:30Z", Some(1_714_653_000)),
            ("2024-05-02 14:30", Some(1_714_653_000)),
            ("2024-05-02", None),
            ("yesterday", None),
        ] {
            assert_eq!(instant(text, Zone::named("Europe/Vienna").expect("a zone")), want, "{text}");
        }
    }
}
