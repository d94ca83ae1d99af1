//! A stamp of a source's rules: moves when what a page gives may move.

use toml::de::{DeTable, DeValue};

use crate::domain::{Digest, digest};

/// Keys of `[[source]]` that change nothing of what is read from a page.
const ASIDE: &[&str] = &[
    "title",
    "home",
    "every",
    "cron",
    "max-pages",
    "max-terms",
    "max-new-terms",
    "pairs",
    "max-pairs",
    "allow-networks",
    "obey-robots",
    "empty-is-normal",
    "translates",
    "article",
];
/// The same for `[source.facet.NAME]`.
const FACET_ASIDE: &[&str] = &["title", "max-terms"];

/// Digests the source's table and the version of the extraction. Order, places and comments of the file do not count.
pub(super) fn rules(source: &DeTable<'_>) -> Digest {
    let mut text = String::new();
    table(source, &[], &mut text);
    digest(["rules", crate::extract::VERSION, &text])
}

/// Digests `[source.article]`, and what else its articles are read by.
pub(super) fn article(source: &DeTable<'_>) -> Digest {
    let mut text = String::new();
    for key in ["article", "charset", "timezone", "language"] {
        if let Some(entry) = source.get(key) {
            value(entry.get_ref(), &["article"], &mut text);
        }
        text.push(',');
    }
    digest(["article", crate::extract::VERSION, &text])
}

fn table(entries: &DeTable<'_>, path: &[&str], out: &mut String) {
    let aside = match path {
        [] => ASIDE,
        ["facet", _] => FACET_ASIDE,
        _ => &[],
    };
    let mut list: Vec<(&str, &DeValue<'_>)> = entries.iter().map(|(k, v)| (k.get_ref().as_ref(), v.get_ref())).collect();
    list.sort_unstable_by_key(|(key, _)| *key);
    out.push('{');
    for (key, entry) in list.into_iter().filter(|(key, _)| !aside.contains(key)) {
        quoted(key, out);
        out.push('=');
        value(entry, &[path, &[key]].concat(), out);
        out.push(',');
    }
    out.push('}');
}

fn value(value_: &DeValue<'_>, path: &[&str], out: &mut String) {
    match value_ {
        DeValue::String(text) => quoted(text, out),
        DeValue::Integer(number) => *out += &number.to_string(),
        DeValue::Float(number) => *out += number.as_str(),
        DeValue::Boolean(flag) => *out += &flag.to_string(),
        DeValue::Datetime(time) => *out += &time.to_string(),
        DeValue::Array(list) => {
            out.push('[');
            for element in list {
                value(element.get_ref(), path, out);
                out.push(',');
            }
            out.push(']');
        }
        DeValue::Table(entries) => table(entries, path, out),
    }
}

/// Quoted, so that no value can look like structure.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // The digest's own separator is a control character, which a TOML string can hold if escaped.
            c if c.is_control() => *out += &format!("\\u{:x};", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(text: &str) -> Digest {
        rules(DeTable::parse(text).expect("test TOML").get_ref())
    }

    #[test]
    fn only_what_changes_a_reading_moves_the_stamp() {
        let base = "id = 'a'\ntitle = 'A'\neach = 'li'\n[item]\ntitle = 'a'\n[facet.t]\ntitle = 'T'\nvalue = 'b'\n";
        let moved = |from: &str, to: &str| {
            assert!(base.contains(from), "{from}");
            stamp(&base.replace(from, to)) != stamp(base)
        };
        for (from, to) in [
            ("title = 'A'", "title = 'B'"),
            (
                "title = 'A'",
                "home = 'x'\nevery = '1h'\ncron = 'x'\nmax-pages = 1\nmax-terms = 2\nmax-new-terms = 3\npairs = []\nmax-pairs = 4\nallow-networks = []\nobey-robots = false\nempty-is-normal = true\narticle = { body = 'div' }",
            ),
            ("title = 'T'", "title = 'U'\nmax-terms = 4"),
        ] {
            assert!(!moved(from, to), "{to}");
        }
        for (from, to) in [
            ("each = 'li'", "each = 'tr'"),
            ("each = 'li'", "each = ['li']"),
            ("each = 'li'", "each = 'li'\ncharset = 'utf-8'"),
            ("title = 'a'", "title = 'b'"),
            ("value = 'b'", "value = { select = 'b' }"),
            ("value = 'b'", "value = 'b'\nalias = { x = 'y' }"),
        ] {
            assert!(moved(from, to), "{to}");
        }
        assert_eq!(stamp("a = 1\nb = [2, 3]"), stamp("# x\nb = [\n 2,\n 3 ]\na   =   1\n"));
        assert_ne!(stamp("a = 'x,y'"), stamp("a = ['x', 'y']"));
        assert_ne!(stamp("a = \"\\u001f\""), stamp("a = ''"));
    }
}
