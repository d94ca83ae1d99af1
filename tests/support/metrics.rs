//! OpenMetrics text, read by its rules (OpenMetrics 1.0): what breaks one is a panic that shows the line.

use std::collections::{BTreeMap, BTreeSet};

/// A series: its name and its labels.
type Series = (String, BTreeMap<String, String>);

/// What was exposed.
#[derive(Debug)]
pub struct Exposition {
    series: BTreeMap<Series, f64>,
}

#[derive(Debug, Default)]
struct Family {
    help: bool,
    kind: String,
    unit: String,
}

impl Exposition {
    /// Reads it.
    #[track_caller]
    pub fn read(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text}"));
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let mut series: BTreeMap<Series, f64> = BTreeMap::new();
        // Families do not interleave: the one at hand is the one named last.
        let mut at = String::new();
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# ") {
                let mut words = rest.splitn(3, ' ');
                let [what, name, value] = [words.next(), words.next(), words.next()].map(Option::unwrap_or_default);
                assert!(is_name(name), "{line}");
                if name != at {
                    assert!(!families.contains_key(name), "a family twice: {line}");
                    at = name.to_owned();
                }
                let family = families.entry(name.to_owned()).or_default();
                match what {
                    "HELP" => {
                        assert!(
                            !std::mem::replace(&mut family.help, true) && value.ends_with('.') && !value.ends_with(".."),
                            "{line}"
                        );
                    }
                    "TYPE" => {
                        assert!(matches!(value, "counter" | "gauge" | "histogram" | "info") && family.kind.is_empty(), "{line}");
                        assert!(!name.ends_with("_total") && !name.ends_with("_info"), "{line}");
                        family.kind = value.to_owned();
                    }
                    "UNIT" => {
                        assert!(name.ends_with(&format!("_{value}")) && family.unit.is_empty(), "{line}");
                        family.unit = value.to_owned();
                    }
                    _ => panic!("{line}"),
                }
                continue;
            }
            let (name, labels, value) = sample(line);
            let family = &families[&at];
            let suffix = name.strip_prefix(&at).unwrap_or_else(|| panic!("of another family than {at}: {line}"));
            let fits = match family.kind.as_str() {
                "counter" => suffix == "_total" && value >= 0.0,
                "gauge" => suffix.is_empty(),
                "info" => suffix == "_info" && value == 1.0,
                _ => matches!(suffix, "_bucket" | "_sum" | "_count") && (suffix == "_bucket") == labels.contains_key("le"),
            };
            assert!(fits && value.is_finite(), "{}: {line}", family.kind);
            assert_eq!(series.insert((name, labels), value), None, "twice: {line}");
        }
        for (name, family) in &families {
            assert!(family.help && !family.kind.is_empty(), "{name}: {family:?}");
            // A base unit is said where there is one.
            let unit = ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(&format!("_{unit}")));
            assert_eq!(unit.unwrap_or_default(), family.unit, "{name}");
            if family.kind == "histogram" {
                histogram(name, &series);
            }
        }
        Self { series }
    }

    /// The value of a series, if it is there.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.series.get(&(name.to_owned(), labels)).copied()
    }

    /// The value of a series that must be there.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.get(name, labels).unwrap_or_else(|| panic!("no {name} {labels:?} in {self:#?}"))
    }

    /// The sum of what is so called.
    pub fn sum(&self, name: &str) -> f64 {
        self.series.iter().filter(|((known, _), _)| known == name).map(|(_, value)| value).sum()
    }

    /// Whether a series has this name.
    pub fn has(&self, name: &str) -> bool {
        self.series.keys().any(|(known, _)| known == name)
    }

    /// The values of a label, wherever it stands.
    pub fn labels(&self, label: &str) -> BTreeSet<&str> {
        self.series.keys().filter_map(|(_, labels)| labels.get(label)).map(String::as_str).collect()
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.series.len()
    }
}

fn is_name(text: &str) -> bool {
    let fits = |at: usize, c: char| c.is_ascii_alphabetic() || c == '_' || at > 0 && c.is_ascii_digit();
    !text.is_empty() && text.chars().enumerate().all(|(at, c)| fits(at, c))
}

/// `name{label="value",…} value`.
#[track_caller]
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(label), "{line}");
            let mut text = String::new();
            let mut chars = value.char_indices();
            let close = loop {
                match chars.next() {
                    Some((at, '"')) => break at,
                    Some((_, '\\')) => match chars.next() {
                        Some((_, 'n')) => text.push('\n'),
                        Some((_, c @ ('"' | '\\'))) => text.push(c),
                        _ => panic!("{line}"),
                    },
                    Some((_, c)) => text.push(c),
                    None => panic!("{line}"),
                }
            };
            assert_eq!(labels.insert(label.to_owned(), text), None, "{line}");
            rest = &value[close + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').unwrap_or_else(|| panic!("{line}"));
    }
    let value = rest.strip_prefix(' ').and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{line}"));
    (name.to_owned(), labels, value)
}

/// Buckets grow with their bounds, the last one holds all.
#[track_caller]
fn histogram(name: &str, series: &BTreeMap<Series, f64>) {
    let bucket = format!("{name}_bucket");
    let mut buckets: Vec<(f64, f64)> = series
        .iter()
        .filter(|((name, _), _)| *name == bucket)
        .map(|((_, labels), count)| (labels["le"].parse().expect("a bound"), *count))
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(buckets.is_sorted_by_key(|(_, count)| *count), "{name}: {buckets:?}");
    let count = series[&(format!("{name}_count"), BTreeMap::new())];
    assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)), "{name}");
    let sum = series[&(format!("{name}_sum"), BTreeMap::new())];
    assert!(sum >= 0.0 && (count > 0.0 || sum == 0.0), "{name}");
}

#[test]
fn what_breaks_a_rule_is_seen() {
    let good = "# HELP a Text.\n# TYPE a counter\na_total{x=\"1\"} 1\na_total{x=\"a\\\"b\"} 2\n# EOF\n";
    let read = Exposition::read(good);
    assert_eq!((read.value("a_total", &[("x", "a\"b")]), read.sum("a_total"), read.len()), (2.0, 3.0, 2));
    for (from, to) in [
        ("# EOF\n", ""),
        ("a_total{x=\"1\"}", "a{x=\"1\"}"),
        ("x=\"1\"", "x=\"a\\\"b\""),
        ("x=\"1\"", "x=\"1\",x=\"2\""),
        ("x=\"1\"", "1=\"1\""),
        ("} 1", "} -1"),
        ("} 1", "} one"),
        ("# HELP a Text.\n", ""),
        ("# TYPE a counter\n", "# TYPE a counter\n# UNIT a seconds\n"),
        ("# TYPE a counter\n", "# TYPE a counter\n\n"),
        ("# EOF", "# TYPE a counter\n# EOF"),
        ("# EOF", "# HELP b B.\n# TYPE b gauge\na_total 1\n# EOF"),
        ("# EOF", "# HELP b_seconds B.\n# TYPE b_seconds gauge\nb_seconds 1\n# EOF"),
        ("# EOF", "# HELP h H.\n# TYPE h histogram\nh_sum 1\nh_count 2\nh_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 1\n# EOF"),
        ("# EOF", "# HELP h H.\n# TYPE h histogram\nh_sum 1\nh_count 2\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 1\n# EOF"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert!(std::panic::catch_unwind(|| Exposition::read(&bad)).is_err(), "{bad}");
    }
}
