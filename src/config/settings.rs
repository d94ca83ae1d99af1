//! What is said once for all sources: `base-url`, `[store]`, `[publish]`, `[http]`, `[fetch]`, `[status]`, `[log]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::http::{self, Http, Listen};
use super::table::Table;
use super::value::Text;
use super::{Log, Publish, Status, log, nearest, net};
use crate::feed::Format;
use crate::fetch::Policy;

const FORMATS: &[(&str, Format)] = &[("rss", Format::Rss), ("atom", Format::Atom), ("json", Format::Json)];
/// Nothing that newsroomd waits for takes longer: an hour is far beyond patience, a year beyond any schedule.
const HOUR: Duration = Duration::from_secs(3_600);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Everything that is not of a source or a feed.
pub(super) struct Settings {
    pub watch: bool,
    pub base_url: Url,
    pub base_url_given: bool,
    pub database: PathBuf,
    pub publish: Publish,
    pub http: Option<Http>,
    pub fetch: Policy,
    pub status: Status,
    pub log: Log,
}

/// Reads the settings; None after a problem that leaves none of the value asked for.
pub(super) fn read(top: &mut Table<'_>, state: &Path) -> Option<Settings> {
    let problems = top.problems();
    let watch = top.take("watch").and_then(|v| v.boolean()).unwrap_or(false);
    let given = top.take("base-url");
    let database = store(top, state);
    let publish_value = top.take("publish");
    let http_value = top.take("http");

    let publish_head = publish_value.as_ref().filter(|v| v.raw.is_table()).map(|v| v.span.clone());
    let without_http = http_value.is_none();
    let nowhere = publish_value.as_ref().is_none_or(|v| v.raw.is_table());
    let publish = publish(publish_value.and_then(|v| v.table("[publish]")), state);
    let http = http_value.and_then(|v| v.table("[http]")).map(|table| http::read(table, state));
    let only_operators = http.as_ref().is_some_and(|http| http.listen.is_empty() && !http.admin.is_empty());
    if nowhere && only_operators && !publish.1 {
        const HINT: &str = "add [publish] with directory = \"feeds\", or addresses for readers";
        problems.push(
            top.span(),
            "[http] `listen` is empty and there is no [publish] `directory`: the feeds would go nowhere",
            HINT,
        );
    }
    if nowhere && without_http {
        const HINT: &str = "add [publish] with directory = \"feeds\", or [http] with listen = \"127.0.0.1:8080\", or both";
        match publish_head {
            None => problems.push(top.span(), "there is neither [publish] nor [http]: the feeds would go nowhere", HINT),
            Some(head) if !publish.1 => {
                problems.push(head, "[publish] has no `directory` and there is no [http]: the feeds would go nowhere", HINT);
            }
            Some(_) => {}
        }
    }

    let base_url_given = given.is_some();
    let base_url = match &given {
        Some(value) => value.string().and_then(|text| net::base(&text)),
        None => {
            let port = http.iter().flat_map(|http| &http.listen).find_map(|listen| match listen {
                Listen::Port(text) => Some(text.as_str()),
                Listen::Socket(_) | Listen::Systemd => None,
            });
            let url = net::local_url(port);
            let shown = url.as_ref().map(Url::as_str).unwrap_or_default();
            let message =
                format!("there is no `base-url`: the feeds say that they are at {shown}, which works on this machine only");
            problems.warn(top.span(), message, "add a line such as: base-url = \"https://feeds.example.org/\"");
            url
        }
    };
    let fetch = fetch(top);
    let status = top.table("status", "[status]").map(status).unwrap_or_default();
    let log = top.table("log", "[log]").map(log::read).unwrap_or_default();
    Some(Settings {
        watch,
        base_url: base_url?,
        base_url_given,
        database: database?,
        publish: publish.0,
        http,
        fetch,
        status,
        log,
    })
}

fn store(top: &mut Table<'_>, state: &Path) -> Option<PathBuf> {
    let mut table = top.table("store", "[store]");
    let url = table.as_mut().and_then(|t| t.string("url"));
    if let Some(table) = table {
        table.finish();
    }
    let Some(url) = url else { return Some(state.join("newsroomd.db")) };
    let Some(path) = url.value.strip_prefix("sqlite:") else {
        url.problem("must be sqlite: and a path: SQLite is the only store there is", "write \"sqlite:newsroomd.db\"");
        return None;
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.starts_with(':') || path.contains('?') {
        url.problem("must name a file", "write \"sqlite:newsroomd.db\"");
        return None;
    }
    Some(state.join(path))
}

/// What is published, and whether a directory was asked for (even a wrong one).
fn publish(table: Option<Table<'_>>, state: &Path) -> (Publish, bool) {
    let mut out =
        Publish { directory: None, formats: FORMATS.iter().map(|f| f.1).collect(), pages: true, items: 50, max_size: 500_000 };
    let Some(mut table) = table else { return (out, false) };
    let directory = table.take("directory");
    let asked = directory.is_some();
    out.directory = directory.and_then(|d| d.string()).and_then(|d| d.line().map(|text| state.join(text)));
    if let Some(value) = table.take("formats") {
        out.formats.clear();
        for text in value.some_strings() {
            if let Some(format) = format(&text) {
                if out.formats.contains(&format) {
                    text.problem(&format!("names \"{}\" twice", text.value), "");
                } else {
                    out.formats.push(format);
                }
            }
        }
    }
    out.pages = table.take("pages").and_then(|value| value.boolean()).unwrap_or(out.pages);
    if let Some(items) = table.integer("items", 1..=10_000) {
        out.items = usize::try_from(items).unwrap_or(usize::MAX);
    }
    if let Some(size) = table.size("max-size", 10_000..=100_000_000) {
        out.max_size = size;
    }
    table.finish();
    (out, asked)
}

fn format(text: &Text<'_>) -> Option<Format> {
    let found = FORMATS.iter().find(|(name, _)| *name == text.value).map(|(_, format)| *format);
    if found.is_none() {
        text.problem(
            &format!("knows no format \"{}\"", text.value),
            nearest::hint(text.value, "there are", FORMATS.iter().map(|f| f.0)),
        );
    }
    found
}

fn fetch(top: &mut Table<'_>) -> Policy {
    let mut policy = Policy::default();
    let problems = top.problems();
    let there = top.take("fetch");
    let head = there.as_ref().map_or(top.span(), |v| v.span.clone());
    let mut asked = false;
    if let Some(mut table) = there.and_then(|v| v.table("[fetch]")) {
        let contact = table.take("contact");
        asked = contact.is_some();
        policy.contact = contact.and_then(|c| c.string()).and_then(|c| net::contact(&c));
        for (key, place) in [
            ("timeout", &mut policy.timeout),
            ("connect-timeout", &mut policy.connect_timeout),
            ("header-timeout", &mut policy.header_timeout),
            ("read-timeout", &mut policy.read_timeout),
        ] {
            *place = table.duration(key, MILLISECOND..=HOUR).unwrap_or(*place);
        }
        for (key, place) in [
            ("min-gap", &mut policy.min_gap),
            ("max-crawl-delay", &mut policy.max_crawl_delay),
            ("max-retry-after", &mut policy.max_retry_after),
        ] {
            let longest = if key == "max-retry-after" { 30 * 24 * HOUR } else { 24 * HOUR };
            *place = table.duration(key, Duration::ZERO..=longest).unwrap_or(*place);
        }
        policy.max_size = table.size("max-size", 1_000..=1_000_000_000).unwrap_or(policy.max_size);
        policy.max_wire_size = table.size("max-wire-size", 1_000..=1_000_000_000).unwrap_or(policy.max_wire_size);
        policy.proxy = table.string("proxy").and_then(|text| net::proxy(&text));
        policy.allow_networks = table.strings("allow-networks").iter().filter_map(net::network).collect();
        table.finish();
    }
    if !asked {
        let message = "[fetch] has no `contact`: a newsroom's webmaster cannot learn who is asking";
        problems.warn_of_requests(head, message, "add a line such as: contact = \"https://example.org/about-our-bot\"");
    }
    policy
}

fn status(mut table: Table<'_>) -> Status {
    let public = table.take("public-status").and_then(|v| v.boolean()).unwrap_or_default();
    let webhook = table.string("webhook").and_then(|text| net::page(&text));
    table.finish();
    Status { public, webhook }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{good, said};
    use super::*;

    const SOURCE: &str =
        "[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\neach = 'li'\nitem = { title = 'a', date = 'time' }\n";

    #[test]
    fn defaults() {
        let (config, warnings) = good(&format!("[http]\n{SOURCE}"));
        assert_eq!(config.base_url.as_str(), "http://127.0.0.1:8080/");
        assert!(!config.base_url_given);
        assert_eq!(config.database, Path::new("/state/newsroomd.db"));
        assert_eq!(config.publish.directory, None);
        assert_eq!(config.publish.formats, [Format::Rss, Format::Atom, Format::Json]);
        assert_eq!((config.publish.items, config.publish.max_size), (50, 500_000));
        assert_eq!(config.fetch.timeout, Duration::from_secs(30));
        assert_eq!(config.fetch.min_gap, Duration::from_secs(10));
        assert_eq!((config.fetch.max_crawl_delay, config.fetch.max_retry_after), (Duration::from_secs(60), 24 * HOUR));
        assert_eq!((config.fetch.max_size, config.fetch.max_wire_size), (10_000_000, 10_000_000));
        assert_eq!(config.fetch.header_timeout, Duration::from_secs(15));
        assert_eq!((config.fetch.proxy, config.fetch.allow_networks), (None, vec![]));
        assert!(!config.status.public && config.status.webhook.is_none());
        assert_eq!(warnings.len(), 2, "{warnings:?}");
    }

    #[test]
    fn relative_paths_start_at_the_state_directory() {
        for (url, path) in [
            ("sqlite:x.db", "/state/x.db"),
            ("sqlite:/x.db", "/x.db"),
            ("sqlite://x.db", "/state/x.db"),
            ("sqlite:///x.db", "/x.db"),
        ] {
            let (config, _) = good(&format!("[store]\nurl = '{url}'\n[publish]\ndirectory = 'd'\n{SOURCE}"));
            assert_eq!(config.database, Path::new(path));
            assert_eq!(config.publish.directory.as_deref(), Some(Path::new("/state/d")));
            assert_eq!(config.base_url.as_str(), "http://localhost:8080/");
        }
    }

    #[test]
    fn problems() {
        for (text, expected) in [
            ("", "1:1 there is neither [publish] nor [http]: the feeds would go nowhere"),
            ("[publish]\n", "1:1 [publish] has no `directory` and there is no [http]: the feeds would go nowhere"),
            (
                "[http]\nlisten = []\nadmin = '[::1]:9'\n",
                "1:1 [http] `listen` is empty and there is no [publish] `directory`: the feeds would go nowhere",
            ),
            ("[http]\n[publish]\nformats = []\n", "3:11 `formats` must not be empty"),
            ("[http]\n[publish]\nformats = ['rss', 'rss']\n", "3:19 `formats` names \"rss\" twice"),
            ("[http]\n[publish]\nformats = 'rdf'\n", "3:11 `formats` knows no format \"rdf\""),
            ("[http]\n[publish]\npages = 1\n", "3:9 `pages` must be true or false, not an integer"),
            ("[http]\n[publish]\nitems = 0\n", "3:9 `items` must be from 1 to 10000"),
            ("[http]\n[publish]\nmax-size = '9kB'\n", "3:12 `max-size` must be from 10kB to 100MB"),
            ("[http]\n[publish]\ndirectory = ' '\n", "3:13 `directory` must not be blank"),
            (
                "[http]\n[store]\nurl = 'postgres://x/y'\n",
                "3:7 `url` must be sqlite: and a path: SQLite is the only store there is",
            ),
            ("[http]\n[store]\nurl = 'sqlite::memory:'\n", "3:7 `url` must name a file"),
            ("[http]\n[fetch]\ntimeout = '0s'\n", "3:11 `timeout` must be from 1ms to 1h"),
            (
                "[http]\n[fetch]\nallow-networks = ['10.0.0.0']\n",
                "3:19 `allow-networks` must end with a prefix length from /0 to /32",
            ),
            ("[http]\n[fetch]\nproxy = 'http://me:pw@p:1'\n", "3:9 `proxy` must not hold a user name or password"),
            ("[http]\n[fetch]\nmax-wire-size = '1B'\n", "3:17 `max-wire-size` must be from 1kB to 1GB"),
            ("[http]\n[fetch]\nmin-gpa = '1s'\n", "3:1 unknown key `min-gpa` in [fetch]"),
            ("[http]\n[status]\npublic-status = 'yes'\n", "3:17 `public-status` must be true or false, not a string"),
            ("[http]\n[status]\nwebhook = 'x'\n", "3:11 `webhook` must be a URL: relative URL without a base"),
            ("[http]\n[status]\nwebhook = 'https://me:pw@x.example/'\n", "3:11 `webhook` must not hold a user name or password"),
            ("[http]\n[status]\nwebhok = 'x'\n", "3:1 unknown key `webhok` in [status]"),
            ("http = 5\n", "1:8 `http` must be a table, not an integer"),
            ("base-url = 5\n[http]\n", "1:12 `base-url` must be a string, not an integer"),
        ] {
            assert_eq!(said(&format!("{text}{SOURCE}")), [expected], "{text}");
        }
    }
}
