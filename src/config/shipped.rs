//! Tests of the files in `config/`: what a package installs must work as it is.

use std::path::Path;

use super::testing::{good, root};
use super::{Config, Diagnostic};
use crate::domain::Zone;

fn shipped(name: &str) -> (Config, Vec<Diagnostic>) {
    Config::load(&root(name), Path::new("/state")).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_shipped_configuration_is_valid() {
    let (config, warnings) = shipped("config/newsroomd.toml");
    // A made-up contact would be worse than none: the operator is asked for a true one.
    assert_eq!(
        warnings.iter().map(|w| w.message.split(':').next().unwrap_or_default()).collect::<Vec<_>>(),
        ["[fetch] has no `contact`"]
    );
    assert_eq!(config.base_url.as_str(), "https://feeds.example.org/");
    assert_eq!(config.publish.directory.as_deref(), Some(Path::new("/state/feeds")));
    let osce = &config.sources[0];
    let facets: Vec<_> = osce.newsroom.facets.iter().map(|f| (f.name.as_str(), f.title.as_str(), f.many)).collect();
    assert_eq!(facets, [("topic", "What we do", true), ("department", "Where we are", true), ("type", "Content type", false)]);
    let rules = osce.page_rules().expect("pages");
    assert_eq!((rules.each.len(), rules.discovery.is_some()), (2, true));
    assert_eq!(rules.date.iter().map(|d| d.formats.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(rules.labels().any(|label| label == "publishing date"));
    assert_eq!(osce.newsroom.timezone, Zone::named("Europe/Vienna").expect("a zone"));
}

#[test]
fn the_minimal_configuration_is_valid() {
    let (config, warnings) = shipped("config/minimal.toml");
    assert_eq!(
        warnings.iter().map(|w| w.message.split(':').next().unwrap_or_default()).collect::<Vec<_>>(),
        ["there is no `base-url`", "[fetch] has no `contact`"]
    );
    assert_eq!(config.sources.len(), 1);
    assert_eq!(config.sources[0].newsroom.facets.len(), 1);
}

/// A key that is commented out at its default must be one that the reader knows, with a value that it takes.
#[test]
fn commented_keys_of_the_shipped_configuration_are_valid() {
    let text = std::fs::read_to_string(root("config/newsroomd.toml")).expect("shipped");
    let is_key = |line: &str| {
        let head = line.split('=').next().unwrap_or_default().trim();
        line.contains('=') && !head.is_empty() && head.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    let live = |line: &str| match line.strip_prefix('#') {
        Some(rest)
            if is_key(rest) && !["cron", "translates"].iter().any(|key| rest.trim_start().starts_with(key))
                || rest.starts_with('[') =>
        {
            rest.to_owned()
        }
        _ => line.to_owned(),
    };
    let all: String = text.lines().map(|line| live(line) + "\n").collect();
    let (config, _) = good(&all);
    let http = config.http.as_ref().expect("HTTP");
    assert_eq!(http.listen, [super::Listen::Port("127.0.0.1:8080".into())]);
    assert_eq!((http.socket_mode, http.max_connections, http.max_connections_per_client), (0o660, 2_048, 1_024));
    assert_eq!(config.feeds.len(), 1);
    let (default, _) = shipped("config/newsroomd.toml");
    assert_eq!(config.publish.items, default.publish.items);
    assert_eq!(config.publish.max_size, default.publish.max_size);
    let gaps = |config: &Config| (config.fetch.min_gap, config.fetch.max_crawl_delay, config.fetch.max_retry_after);
    assert_eq!(gaps(&config), gaps(&default));
    let limits = |c: &Config| {
        let f = &c.fetch;
        (f.timeout, f.connect_timeout, f.header_timeout, f.read_timeout, f.max_size, f.max_wire_size, f.allow_networks.clone())
    };
    assert_eq!(limits(&config), limits(&default));
    assert_eq!(config.sources[0].obey_robots, default.sources[0].obey_robots);
    assert_eq!(config.database, default.database);
    assert_eq!(config.status.public, default.status.public);
    assert_eq!(config.sources[0].empty_is_normal, default.sources[0].empty_is_normal);
    assert_eq!(config.sources[0].max_pages, default.sources[0].max_pages);
}
