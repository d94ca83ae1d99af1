//! The configuration as it is in force, as a TOML file: every default is written out, and it means the same again.
//!
//! Values that stand elsewhere are shown as where they stand. A webhook that is written out is cut to where it is: its path often is a secret.

use std::fmt::Write as _;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::secret::is_elsewhere;
use super::units::show_size;
use super::{Config, Source};
use crate::schedule::Schedule;

/// What `[[source]]` holds, in this order; what is not there has a default or is left out.
const SOURCE: &[&str] = &[
    "id",
    "title",
    "kind",
    "page",
    "home",
    "every",
    "cron",
    "timezone",
    "language",
    "translates",
    "charset",
    "link-key",
    "identity",
    "each",
    "next",
    "max-pages",
    "max-terms",
    "max-new-terms",
    "pairs",
    "max-pairs",
    "allow-networks",
    "obey-robots",
    "empty-is-normal",
];

/// `document`: the file, as it was parsed; `config`: what was made of it.
pub(super) fn config(document: &DeTable<'_>, config: &Config) -> String {
    let mut out = String::new();
    let fetch = &config.fetch;
    let top = Given(Some(document));
    top.line(&mut out, "base-url", Some(quoted(config.base_url.as_str())));
    top.line(&mut out, "watch", Some(config.watch.to_string()));

    let store = top.table(&mut out, "store");
    store.line(&mut out, "url", Some(quoted(&format!("sqlite:{}", config.database.display()))));

    let publish = top.table(&mut out, "publish");
    let directory = config.publish.directory.as_ref().map(|d| quoted(&d.to_string_lossy()));
    publish.line(&mut out, "directory", directory);
    publish.line(&mut out, "formats", Some(list(config.publish.formats.iter().map(|f| f.extension()))));
    publish.line(&mut out, "pages", Some(config.publish.pages.to_string()));
    publish.line(&mut out, "items", Some(config.publish.items.to_string()));
    publish.line(&mut out, "max-size", Some(quoted(&show_size(config.publish.max_size))));

    if let Some(http) = &config.http {
        let given = top.table(&mut out, "http");
        let listen: Vec<String> = http.listen.iter().map(ToString::to_string).collect();
        given.line(&mut out, "listen", Some(list(listen.iter().map(String::as_str))));
        let admin: Vec<String> = http.admin.iter().map(ToString::to_string).collect();
        let is_given = !admin.is_empty();
        given.line(&mut out, "admin", is_given.then(|| list(admin.iter().map(String::as_str))));
        given.line(&mut out, "socket-mode", Some(quoted(&format!("{:04o}", http.socket_mode))));
        given.line(&mut out, "max-connections", Some(http.max_connections.to_string()));
        given.line(&mut out, "max-connections-per-client", Some(http.max_connections_per_client.to_string()));
        let trusted = http.trusted_proxies.to_strings();
        given.line(&mut out, "trusted-proxies", Some(list(trusted.iter().map(String::as_str))));
    }

    let given = top.table(&mut out, "fetch");
    given.line(&mut out, "contact", fetch.contact.as_deref().map(quoted));
    for (key, value) in [
        ("timeout", fetch.timeout),
        ("connect-timeout", fetch.connect_timeout),
        ("header-timeout", fetch.header_timeout),
        ("read-timeout", fetch.read_timeout),
        ("min-gap", fetch.min_gap),
        ("max-crawl-delay", fetch.max_crawl_delay),
        ("max-retry-after", fetch.max_retry_after),
    ] {
        given.line(&mut out, key, Some(duration(value)));
    }
    given.line(&mut out, "max-size", Some(quoted(&show_size(fetch.max_size))));
    given.line(&mut out, "max-wire-size", Some(quoted(&show_size(fetch.max_wire_size))));
    let networks: Vec<String> = fetch.allow_networks.iter().map(ToString::to_string).collect();
    given.line(&mut out, "allow-networks", Some(list(networks.iter().map(String::as_str))));
    given.line(&mut out, "proxy", fetch.proxy.as_ref().map(|url| quoted(url.as_str())));

    let status = top.table(&mut out, "status");
    status.line(&mut out, "public-status", Some(config.status.public.to_string()));
    let webhook = config.status.webhook.as_ref();
    if webhook.is_some() && !status.is_elsewhere("webhook") {
        out += "# Its path is not shown.\n";
    }
    status.line(&mut out, "webhook", webhook.map(|url| quoted(&format!("{}/not-shown", url.origin().ascii_serialization()))));

    let log = top.table(&mut out, "log");
    log.line(&mut out, "format", Some(quoted(config.log.format.name())));
    log.line(&mut out, "level", Some(quoted(&config.log.level)));

    for (given, source) in tables(document, "source").zip(&config.sources) {
        self::source(&mut out, given, source);
    }
    for (given, feed) in tables(document, "feed").zip(&config.feeds) {
        out += "\n[[feed]]\n";
        given.rest(&mut out, &["id", "title", "match", "merge"], &[("merge", quoted(feed.merge.name()))]);
    }
    out
}

fn source(out: &mut String, given: Given<'_>, source: &Source) {
    *out += "\n[[source]]\n";
    for key in SOURCE {
        let default = match *key {
            "home" => Some(quoted(&source.newsroom.home)),
            "every" => match &source.schedule {
                Schedule::Every(every) => Some(duration(*every)),
                Schedule::Cron(..) => None,
            },
            "timezone" => Some(quoted(source.newsroom.timezone.name())),
            // Where no language is stated, a page that is read without selectors may say it.
            "kind" => Some(quoted("html")),
            "language" => {
                source.page_rules().is_none_or(|rules| rules.discovery.is_none()).then(|| quoted(&source.newsroom.language))
            }
            "identity" => Some(quoted("title+date")),
            "each" => source.page_rules().map(|_| quoted("auto")),
            "max-pages" => Some(source.max_pages.to_string()),
            "max-terms" => Some("300".to_owned()),
            "max-new-terms" => Some(source.max_new_terms.to_string()),
            "pairs" => Some("[]".to_owned()),
            "max-pairs" => Some(source.max_pairs.to_string()),
            "obey-robots" => Some(source.obey_robots.to_string()),
            "empty-is-normal" => Some(source.empty_is_normal.to_string()),
            _ => None,
        };
        if let Some(value) = given.value(key).or(default) {
            let _ = writeln!(out, "{key} = {value}");
        }
    }
    if let Some(item) = given.below("item") {
        *out += "[source.item]\n";
        item.rest(out, &["title", "link", "date", "summary", "image"], &[]);
    }
    if let Some(article) = given.below("article") {
        *out += "[source.article]\n";
        let most = source.article.as_ref().map_or(0, |article| article.most);
        article.rest(out, &["body", "remove", "hosts", "time", "max"], &[("body", quoted("auto")), ("max", most.to_string())]);
    }
    let facets = given.below("facet");
    for facet in &source.newsroom.facets {
        let Some(given) = facets.as_ref().and_then(|facets| facets.below(&facet.name)) else { continue };
        let _ = writeln!(out, "[source.facet.{}]", facet.name);
        let defaults = [("title", quoted(&facet.title)), ("max-terms", facet.max_terms.to_string())];
        given.rest(out, &["title", "max-terms", "value", "alias"], &defaults);
    }
}

/// A table as it is written; None: it is not there.
#[derive(Clone, Copy)]
struct Given<'a>(Option<&'a DeTable<'a>>);

impl<'a> Given<'a> {
    fn raw(&self, key: &str) -> Option<&'a DeValue<'a>> {
        Some(self.0?.get(key)?.get_ref())
    }

    fn below(&self, key: &str) -> Option<Self> {
        Some(Self(Some(self.raw(key)?.as_table()?)))
    }

    /// The value as it is written.
    fn value(&self, key: &str) -> Option<String> {
        self.raw(key).map(shown)
    }

    fn is_elsewhere(&self, key: &str) -> bool {
        self.raw(key).is_some_and(is_elsewhere)
    }

    /// The key with its value in force, or with where that stands.
    fn line(&self, out: &mut String, key: &str, in_force: Option<String>) {
        let elsewhere = self.value(key).filter(|_| self.is_elsewhere(key));
        if let Some(value) = elsewhere.or(in_force) {
            let _ = writeln!(out, "{key} = {value}");
        }
    }

    /// These keys as they are written, or with their defaults.
    fn rest(&self, out: &mut String, keys: &[&str], defaults: &[(&str, String)]) {
        for key in keys {
            let default = || defaults.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
            if let Some(value) = self.value(key).or_else(default) {
                let _ = writeln!(out, "{key} = {value}");
            }
        }
    }

    /// A table below, whose head is written.
    fn table(&self, out: &mut String, key: &str) -> Self {
        let _ = write!(out, "\n[{key}]\n");
        self.below(key).unwrap_or(Self(None))
    }
}

fn tables<'a>(document: &'a DeTable<'a>, key: &str) -> impl Iterator<Item = Given<'a>> {
    let list = document.get(key).and_then(|value| value.get_ref().as_array());
    list.into_iter().flatten().filter_map(|value| value.get_ref().as_table()).map(|table| Given(Some(table)))
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => {
            u64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| number.to_string(), |n| n.to_string())
        }
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(list) => format!("[{}]", list.iter().map(|v| shown(v.get_ref())).collect::<Vec<_>>().join(", ")),
        DeValue::Table(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.span().start);
            let entries = entries.into_iter().map(|(key, value)| format!("{} = {}", name(key.get_ref()), shown(value.get_ref())));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn name(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if bare { key.to_owned() } else { quoted(key) }
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}

fn duration(value: Duration) -> String {
    quoted(&humantime::format_duration(value).to_string())
}

/// A string: literal where it holds backslashes and can be, as people write expressions.
pub(super) fn quoted(text: &str) -> String {
    if text.contains('\\') && !text.contains('\'') && !text.contains(char::is_control) {
        return format!("'{text}'");
    }
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::testing::root;
    use super::super::{Config, Overrides};
    use crate::domain::digest;

    fn printed(path: &Path) -> String {
        Config::in_force(path, Path::new("/state"), &Overrides::default()).unwrap_or_else(|e| panic!("{e}")).0
    }

    fn written(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        file
    }

    /// Without what depends on how it is written.
    fn meaning(path: &Path) -> String {
        let (mut config, _) = Config::load(path, Path::new("/state")).unwrap_or_else(|e| panic!("{e}"));
        (config.path, config.text) = ("x".into(), digest([]));
        config.base_url_given = true;
        for source in &mut config.sources {
            source.rules_stamp = digest([]);
        }
        format!("{config:#?}")
    }

    #[test]
    fn what_is_printed_means_the_same_and_is_printed_the_same_again() {
        let odd = written(
            "[http]\nlisten = 'localhost:80'\nadmin = ['unix:a.sock', '[::1]:9180']\n[fetch]\nmin-gap = '1m 1s'\nmax-size = 12345\nallow-networks = '10.0.0.0/8'\n[[source]]\nid = 'a'\ntitle = \"\\\"A\\\"\\t\"\npage = 'https://example.org/'\ncron = '5 4 * * *'\nmax-pages = 0x10\neach = [\"li\"]\nlink-key = '/(\\d+)$'\nmax-terms = 7\nfacet.z = { value = 'b', alias = { 'Old \"x\"' = 'New' } }\nfacet.b.value = [{ label = 'L', many = true }, 'i']\n[source.item]\ntitle = 'a'\nimage = 'img'\ndate = { select = 'time', format = ['%d %B %Y'] }\n[[feed]]\nid = 'f'\ntitle = 'F'\nmatch = { z = 'New' }\n",
        );
        for path in [root("config/newsroomd.toml"), root("config/minimal.toml"), odd.path().to_owned()] {
            let text = printed(&path);
            let again = written(&text);
            assert_eq!(meaning(again.path()), meaning(&path), "{text}");
            assert_eq!(printed(again.path()), text);
        }
    }

    /// A key of the shipped file, be it commented out, that is not printed has no default.
    #[test]
    fn every_default_is_written_out() {
        let shipped = std::fs::read_to_string(root("config/newsroomd.toml")).expect("shipped");
        let shipped = ["[http]", "[source.article]"]
            .iter()
            .fold(shipped, |text, table| text.replace(&format!("\n#{table}\n"), &format!("\n{table}\n")));
        let text = printed(written(&shipped).path());
        let key = |line: &str| {
            let head = line.trim_start_matches('#').split(" = ").next()?.to_owned();
            (line.contains(" = ") && head.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')).then_some(head)
        };
        let printed: Vec<String> = text.lines().filter_map(key).collect();
        let missing: Vec<String> =
            shipped.lines().filter(|l| !l.starts_with("# ")).filter_map(key).filter(|k| !printed.contains(k)).collect();
        // Without defaults; a list of the source's own is instead of that of [fetch]; it is one of `every` and `cron`; no [[feed]] is there.
        let without = ["contact", "proxy", "charset", "cron", "language", "image", "match", "merge"];
        assert!(missing.iter().all(|key| without.contains(&key.as_str())), "{missing:?}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let rest = "[http]\n[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\n[status]\n";
        let secret = written("https://x.example/s3cr3t\n");
        let elsewhere = format!("webhook = {{ file = \"{}\" }}\n", secret.path().display());
        for (line, expected) in [
            (
                "webhook = 'https://x.example/s3cr3t?key=s3cr3t'\n",
                "# Its path is not shown.\nwebhook = \"https://x.example/not-shown\"\n",
            ),
            (elsewhere.as_str(), elsewhere.as_str()),
        ] {
            let text = printed(written(&format!("{rest}{line}")).path());
            assert!(text.contains(expected) && !text.contains("s3cr3t"), "{text}");
        }
    }
}
