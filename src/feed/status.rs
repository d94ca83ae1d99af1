//! The status feed: one entry for each incident that was opened, one for each that was closed.
//!
//! Its texts are our own: sources' names, numbers, instants. No text of a page and no query of an address is in it,
//! but for the names of a redesigned page's elements and classes.

use chrono::{DateTime, Utc};

use super::{Document, Entry, Format};
use crate::domain::Address;
use crate::domain::health::{Event, Incident, Kind};
use crate::domain::text::escape_html;

/// Its address, below the feeds' base and beside the database.
pub const ADDRESS: &str = "status";

/// Minutes for which a reader need not ask again.
const TTL: u64 = 5;

/// The document of these incidents. `base_url` ends with a slash; `title`: what a source is called, if it is still configured; `updated`: when an
/// incident was last opened or closed.
pub fn document(
    base_url: &str,
    formats: &[Format],
    incidents: &[Incident],
    title: impl Fn(&str) -> Option<String>,
    updated: DateTime<Utc>,
) -> Document {
    let mut told: Vec<(DateTime<Utc>, i64, bool, Entry)> = Vec::new();
    for incident in incidents {
        let name = match incident.source.as_str() {
            "" => "newsroomd".to_owned(),
            source => title(source).map_or_else(|| source.to_owned(), |t| format!("{t} ({source})")),
        };
        told.push((incident.opened, incident.id, false, opened(incident, &name)));
        told.extend(incident.closed.map(|at| (at, incident.id, true, closed(incident, &name, at))));
    }
    told.sort_by_key(|(at, id, closed, _)| std::cmp::Reverse((*at, *id, *closed)));
    let document = Document {
        id: Address::stored(ADDRESS.to_owned()).feed_id(),
        title: "newsroomd: status".to_owned(),
        description: "Sources that cannot be read, and when they can again".to_owned(),
        home: base_url.to_owned(),
        language: "en".to_owned(),
        author: "newsroomd".to_owned(),
        updated,
        ttl: TTL,
        address: format!("{base_url}{ADDRESS}"),
        formats: formats.to_vec(),
        entries: told.into_iter().map(|(.., entry)| entry).collect(),
    };
    document.clean()
}

fn entry(incident: &Incident, event: Event, at: DateTime<Utc>, title: String, summary: String) -> Entry {
    Entry {
        id: incident.guid(event),
        title,
        link: None,
        related: Vec::new(),
        origin: None,
        published: at.fixed_offset(),
        updated: at.fixed_offset(),
        summary: Some(summary),
        image: None,
        categories: Vec::new(),
        content: None,
        enclosures: Vec::new(),
        alternates: Vec::new(),
    }
}

fn opened(incident: &Incident, name: &str) -> Entry {
    let what = match incident.kind {
        Kind::Page => "its page is broken",
        Kind::Fetch => "its page cannot be got",
        Kind::Own => "it cannot be polled",
        Kind::Redesign => "its page seems to be redesigned",
        Kind::Config => "its changed configuration is wrong",
    };
    let reasons: String = incident.reasons.iter().map(|r| format!("<li>{}</li>", escape_html(r))).collect();
    let since = incident.since.format("%Y-%m-%d %H:%M:%S UTC");
    let feeds = match incident.kind {
        Kind::Redesign => "What was found goes into its feeds; newsroomd preview shows the table to put into the configuration.",
        Kind::Config => "It goes on with the one that it has.",
        _ => "Its feeds stay as they are.",
    };
    let summary = format!("<p>Since {since}:</p><ul>{reasons}</ul><p>{feeds}</p>");
    entry(incident, Event::Opened, incident.opened, format!("{name}: {what}"), summary)
}

fn closed(incident: &Incident, name: &str, at: DateTime<Utc>) -> Entry {
    let lasted = humantime::format_duration(incident.lasted().unwrap_or_default());
    let summary = format!("<p>It lasted {lasted}.</p>");
    entry(incident, Event::Closed, at, format!("{name}: fine again"), summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("an instant")
    }

    #[test]
    fn an_incident_is_one_entry_and_one_more_when_it_is_over() {
        let mut incident = Incident {
            id: 7,
            source: "osce".into(),
            kind: Kind::Page,
            reasons: vec!["page 1: it shows no row & more".into()],
            since: at(0),
            opened: at(0),
            closed: None,
        };
        let of = |incident: &Incident| {
            document("https://x.example/", &Format::ALL, std::slice::from_ref(incident), |_| Some("OSCE".into()), at(0)).entries
        };
        let open = of(&incident);
        assert_eq!(open.iter().map(|e| e.title.as_str()).collect::<Vec<_>>(), ["OSCE (osce): its page is broken"]);
        assert!(open[0].summary.as_deref().is_some_and(|s| s.contains("no row &amp; more")));
        incident.closed = Some(at(3_661));
        let both = of(&incident);
        assert_eq!(both[1], open[0], "what was told stays as it was");
        assert_eq!(both[0].summary.as_deref(), Some("<p>It lasted 1h 1m 1s.</p>"));
        assert_ne!(both[0].id, both[1].id);
    }
}
