//! What is known as OpenMetrics text (OpenMetrics 1.0), as Prometheus reads it.
//!
//! Labels are bounded: sources and feeds are those of the configuration, all else is one of a few words of ours.

use std::fmt::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::{Came, Feed, Known, Open, Publishing, Watched, ready};
use crate::domain::health::State;
use crate::http::Traffic;
use crate::publish::shelf::Found;

/// Bounds in seconds. A poll waits for its host's turn; asking and publishing are mostly quick.
const POLL: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];
const ASK: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
const PUBLISH: [f64; 11] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// What is told, and what is measured here alone.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    /// How long polls took, in seconds.
    pub polled: Histogram,
    /// How long the newsrooms took to answer in each.
    pub asked: Histogram,
    /// How long publishing took.
    pub published: Histogram,
}

impl Metrics {
    pub fn new(known: Arc<Mutex<Known>>, traffic: Arc<Traffic>, started: DateTime<Utc>) -> Self {
        let [polled, asked, published] = [&POLL[..], &ASK, &PUBLISH].map(|bounds| Histogram::new(bounds.iter().copied()));
        let mut registry = Registry::default();
        let start = ConstGauge::new(seconds(started));
        registry.register_with_unit("process_start_time", "When the daemon started, in seconds since 1970", Unit::Seconds, start);
        let ours = registry.sub_registry_with_prefix("newsroomd");
        ours.register("build", "The program that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        for (name, help, histogram) in [
            ("poll_duration", "Time that polls took, waiting for hosts' turns included", &polled),
            (
                "poll_fetch_duration",
                "Time that newsrooms took to answer the requests of a poll, waiting for turns not included",
                &asked,
            ),
            ("publish_duration", "Time that it took to render and write what changed", &published),
        ] {
            ours.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
        ours.register_collector(Box::new(Noted { known, traffic }));
        Self { registry, polled, asked, published }
    }

    /// The whole text, to its `# EOF`.
    pub fn text(&self) -> String {
        let mut out = String::new();
        if let Err(error) = text::encode(&mut out, &self.registry) {
            // Only a name that is no name could do it, and names are ours.
            tracing::error!(%error, "the metrics cannot be written");
        }
        out
    }
}

/// What others noted, read when it is asked for.
#[derive(Debug)]
struct Noted {
    known: Arc<Mutex<Known>>,
    traffic: Arc<Traffic>,
}

impl Collector for Noted {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut out = Out(encoder);
        http(&mut out, &self.traffic)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        polls(&mut out, &known.sources)?;
        sources(&mut out, &known.sources)?;
        feeds(&mut out, &known)?;
        daemon(&mut out, &known)
    }
}

fn polls(out: &mut Out<'_>, sources: &[Watched]) -> Result<(), Error> {
    out.counters(
        "polls",
        "Polls by what they came to.",
        None,
        sources.iter().flat_map(|source| {
            let counts = Came::ALL.iter().zip(source.counts.polls);
            counts.map(move |((_, outcome), count)| ([("source", source.id.as_str()), ("outcome", outcome)], count))
        }),
    )?;
    out.counters(
        "items",
        "Items that polls read, by what they were to the store.",
        None,
        sources.iter().flat_map(|source| {
            let counts = ["new", "edited", "touched", "known"].into_iter().zip(source.counts.items);
            counts.map(move |(change, count)| ([("source", source.id.as_str()), ("change", change)], count))
        }),
    )?;
    let each = |count: fn(&Watched) -> u64| sources.iter().map(move |source| (of(source), count(source)));
    out.counters("rows_unread", "Rows of which something could not be read.", None, each(|s| s.counts.unread))?;
    out.counters(
        "fetch_requests",
        "Requests to newsrooms, those for robots.txt included.",
        None,
        each(|s| s.counts.effort.requests),
    )?;
    let help = "Bytes of bodies that newsrooms sent, mostly packed.";
    out.counters("fetch", help, Some(&Unit::Bytes), each(|s| s.counts.effort.bytes))?;
    let took = sources.iter().map(|source| (of(source), source.counts.effort.time.as_secs_f64()));
    out.counters("fetch", "Time that newsrooms took to answer.", Some(&Unit::Seconds), took)
}

fn sources(out: &mut Out<'_>, sources: &[Watched]) -> Result<(), Error> {
    let now = Utc::now();
    out.gauges(
        "source_state",
        "1 for the state that a source is in.",
        None,
        sources.iter().flat_map(|source| {
            let state = source.state.as_ref().map(|state| state.health());
            [State::Fine, State::Suspect, State::Failing]
                .into_iter()
                .map(move |one| ([("source", source.id.as_str()), ("state", one.name())], i64::from(state == Some(one))))
        }),
    )?;
    let fresh = sources.iter().map(|source| (of(source), i64::from(ready::stale(source, now).is_none())));
    out.gauges("source_fresh", "1 if a source is fresh by the rules of /readyz.", None, fresh)?;
    let failures = sources.iter().map(|source| (of(source), source.state.as_ref().map_or(0, |state| state.failures)));
    out.gauges("source_failures", "Failed polls in a row.", None, failures)?;
    let each = |value: &dyn Fn(&Watched) -> Option<f64>| {
        sources.iter().filter_map(|source| Some((of(source), value(source)?))).collect::<Vec<_>>()
    };
    let interval = each(&|source| Some(source.schedule.interval().as_secs_f64()));
    out.gauges("source_interval", "The shortest usual time between two polls.", Some(&Unit::Seconds), interval)?;
    for (name, help, values) in [
        (
            "source_last_success_timestamp",
            "When the last good poll ended, as far as is known.",
            each(&|s| Some(seconds(s.good?.at))),
        ),
        ("source_last_poll_timestamp", "When the last poll began.", each(&|s| s.state.as_ref()?.polled.map(seconds))),
        ("source_next_poll_timestamp", "When the next poll is due.", each(&|s| s.state.as_ref()?.due.map(seconds))),
    ] {
        out.gauges(name, help, Some(&Unit::Seconds), values)?;
    }
    Ok(())
}

fn feeds(out: &mut Out<'_>, known: &Known) -> Result<(), Error> {
    let shelf = known.shelf.as_ref().map(|shelf| shelf.snapshot());
    let changed = |feed: &Feed| match &shelf {
        Some(shelf) => match shelf.find(&feed.path)? {
            Found::Document(document) => Some(document.modified()?.0 as f64),
            Found::Moved(_) => None,
        },
        None => Some(feed.changed?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs() as f64),
    };
    let updated = known.feeds.iter().filter_map(|feed| Some(([("feed", feed.address.as_str())], changed(feed)?)));
    let help = "When what a feed holds last changed; of sources' whole feeds, and of feeds of one's own.";
    out.gauges("feed_updated_timestamp", help, Some(&Unit::Seconds), updated)?;
    out.one("documents", "Documents that are published.", None, &count(ready::count(known)))
}

fn daemon(out: &mut Out<'_>, known: &Known) -> Result<(), Error> {
    let Publishing { done, failed, channels, written, .. } = known.publishing;
    out.counters("publishes", "Publishings by result.", None, [([("result", "done")], done), ([("result", "failed")], failed)])?;
    let help = "Channels rendered: feeds, each in all its formats.";
    out.one("channels_rendered", help, None, &ConstCounter::new(channels))?;
    out.one("documents_written", "Files written.", None, &ConstCounter::new(written))?;
    let reloads = &known.reloads;
    let results = [([("result", "taken")], reloads.taken), ([("result", "refused")], reloads.refused)];
    out.counters("reloads", "Changed configurations that were taken over, or refused.", None, results)?;
    let help = "1 unless the last reload was refused.";
    out.one("config_last_reload_successful", help, None, &truth(reloads.wrong.is_none()))?;
    if let Some(last) = reloads.last {
        let help = "When the configuration in force was taken over.";
        out.one("config_last_reload_success_timestamp", help, Some(&Unit::Seconds), &ConstGauge::new(seconds(last)))?;
    }
    let is_up = known.store.trouble.is_none() && known.store.answered.is_some();
    out.one("store_up", "1 if the database answered when it was last looked at.", None, &truth(is_up))?;
    let size = ConstGauge::new(known.store.size.cast_signed());
    out.one("store_size", "Bytes of the database and its log.", Some(&Unit::Bytes), &size)?;
    if let Some(places) = known.open.as_ref().map(Open::places) {
        out.one("http_connections", "Connections of readers that are open.", None, &count(places.taken()))?;
        out.one("http_connections_limit", "Connections of readers that are served at a time.", None, &count(places.count()))?;
    }
    Ok(())
}

fn http(out: &mut Out<'_>, traffic: &Traffic) -> Result<(), Error> {
    let answered = traffic.answered();
    let requests =
        answered.iter().flat_map(|of| of.statuses.iter().map(|(status, count)| (of.route, status.to_string(), *count)));
    let requests = requests.map(|(route, status, count)| ([("route", route.to_owned()), ("code", status)], count));
    out.counters(
        "http_requests",
        "Requests answered by class and status; what is none by the rules of HTTP is not counted.",
        None,
        requests,
    )?;
    let bytes = answered.iter().map(|of| ([("route", of.route)], of.bytes));
    out.counters("http_response", "Bytes of the bodies of answers, as packed.", Some(&Unit::Bytes), bytes)
}

fn of(source: &Watched) -> [(&'static str, &str); 1] {
    [("source", source.id.as_str())]
}

fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1_000.0
}

fn truth(is: bool) -> ConstGauge<i64> {
    ConstGauge::new(i64::from(is))
}

fn count(of: usize) -> ConstGauge<i64> {
    ConstGauge::new(i64::try_from(of).unwrap_or(i64::MAX))
}

/// Writes families.
struct Out<'e>(DescriptorEncoder<'e>);

impl Out<'_> {
    /// A counter for each set of labels.
    fn counters<L, N>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: impl IntoIterator<Item = (L, N)>,
    ) -> Result<(), Error>
    where
        L: EncodeLabelSet,
        ConstCounter<N>: EncodeMetric,
    {
        self.family(
            name,
            help,
            unit,
            MetricType::Counter,
            values.into_iter().map(|(labels, value)| (labels, ConstCounter::new(value))),
        )
    }

    /// A gauge for each set of labels.
    fn gauges<L, N>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        values: impl IntoIterator<Item = (L, N)>,
    ) -> Result<(), Error>
    where
        L: EncodeLabelSet,
        ConstGauge<N>: EncodeMetric,
    {
        self.family(
            name,
            help,
            unit,
            MetricType::Gauge,
            values.into_iter().map(|(labels, value)| (labels, ConstGauge::new(value))),
        )
    }

    fn family<L, M>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        kind: MetricType,
        metrics: impl Iterator<Item = (L, M)>,
    ) -> Result<(), Error>
    where
        L: EncodeLabelSet,
        M: EncodeMetric,
    {
        let mut family = self.0.encode_descriptor(name, help, unit, kind)?;
        for (labels, metric) in metrics {
            metric.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    /// One metric without labels.
    fn one(&mut self, name: &str, help: &str, unit: Option<&Unit>, metric: &impl EncodeMetric) -> Result<(), Error> {
        metric.encode(self.0.encode_descriptor(name, help, unit, metric.metric_type())?)
    }
}
