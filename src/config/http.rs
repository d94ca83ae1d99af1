//! `[http]`: where the daemon answers, and how it deals with clients.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::net;
use super::table::Table;
use super::value::Text;
use crate::http::{LONGEST_PATH, Settings, Trusted};

/// Where the daemon listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An IP address, or `localhost`, and a port.
    Port(String),
    /// A socket at this path.
    Socket(PathBuf),
    /// The sockets that systemd passes.
    Systemd,
}

impl Listen {
    /// The port, if it is one; that of `localhost` as 127.0.0.1.
    fn port(&self) -> Option<SocketAddr> {
        match self {
            Self::Port(text) => text.replace("localhost:", "127.0.0.1:").parse().ok(),
            Self::Socket(_) | Self::Systemd => None,
        }
    }

    /// Whether only programs of this machine can get there.
    fn is_local(&self) -> bool {
        self.port().is_none_or(|address| address.ip().to_canonical().is_loopback())
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(text) => f.write_str(text),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str("systemd"),
        }
    }
}

/// How HTTP is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where readers are answered, each at most once; empty only beside `admin`.
    pub listen: Vec<Listen>,
    /// Where operators are told how newsroomd fares, each at most once and none of them in `listen`; mostly none. Never [`Listen::Systemd`].
    pub admin: Vec<Listen>,
    /// The permissions of sockets that are made.
    pub socket_mode: u32,
    /// How many connections are served at a time.
    pub max_connections: usize,
    /// How many of them one client may have.
    pub max_connections_per_client: usize,
    /// The proxies that are believed.
    pub trusted_proxies: Trusted,
}

/// Reads the table. `state`: where relative paths start.
pub(super) fn read(mut table: Table<'_>, state: &Path) -> Http {
    let usual = Settings::new(url::Url::parse("http://localhost/").expect("a URL"));
    let mut http = Http {
        listen: vec![Listen::Port("127.0.0.1:8080".into())],
        admin: Vec::new(),
        socket_mode: 0o660,
        max_connections: usual.connections,
        max_connections_per_client: usual.connections_per_client,
        trusted_proxies: Trusted::default(),
    };
    let admin_value = table.take("admin");
    if let Some(value) = table.take("listen") {
        http.listen.clear();
        // Whose feeds another web server serves may want to be told all the same.
        let texts = if admin_value.is_some() { value.strings() } else { value.some_strings() };
        for text in texts {
            if let Some(listen) = listen(&text, state) {
                if http.listen.contains(&listen) {
                    text.problem(&format!("names \"{listen}\" twice"), "");
                } else {
                    http.listen.push(listen);
                }
            }
        }
    }
    // Read by themselves: the default of `listen` may be taken too.
    for text in admin_value.map(|value| value.some_strings()).unwrap_or_default() {
        http.admin.extend(admin(&text, state, &http.listen, &http.admin));
    }
    http.socket_mode = table.string("socket-mode").and_then(|text| mode(&text)).unwrap_or(http.socket_mode);
    for (key, place) in
        [("max-connections", &mut http.max_connections), ("max-connections-per-client", &mut http.max_connections_per_client)]
    {
        if let Some(number) = table.integer(key, 1..=100_000) {
            *place = usize::try_from(number).unwrap_or(usize::MAX);
        }
    }
    for text in table.strings("trusted-proxies") {
        if text.value.trim() == "unix" {
            http.trusted_proxies.unix = true;
        } else {
            http.trusted_proxies.networks.extend(net::network_or_address(&text));
        }
    }
    table.finish();
    http
}

/// `127.0.0.1:8080`, `unix:/run/newsroomd/http.sock` or `systemd`.
pub(super) fn listen(text: &Text<'_>, state: &Path) -> Option<Listen> {
    let value = text.value.trim();
    if value == "systemd" {
        return Some(Listen::Systemd);
    }
    let Some(path) = value.strip_prefix("unix:") else {
        return net::listen(text).map(Listen::Port);
    };
    let path = state.join(path);
    if value.ends_with([':', '/']) {
        text.problem("must name a socket", "write \"unix:/run/newsroomd/http.sock\"");
        return None;
    }
    if path.as_os_str().len() > LONGEST_PATH {
        text.problem(&format!("must name a socket by at most {LONGEST_PATH} bytes"), "that is the system's limit");
        return None;
    }
    Some(Listen::Socket(path))
}

/// As `listen`, of this process alone and beside what there is.
fn admin(text: &Text<'_>, state: &Path, taken: &[Listen], already: &[Listen]) -> Option<Listen> {
    let listen = listen(text, state)?;
    if listen == Listen::Systemd {
        text.problem(
            "cannot be a socket that systemd passes: those are for readers",
            "write an address of its own, or \"unix:/PATH\"",
        );
        return None;
    }
    if already.contains(&listen) {
        text.problem(&format!("names \"{listen}\" twice"), "");
        return None;
    }
    if let Some(other) = taken.iter().find(|other| overlap(other, &listen)) {
        text.problem(&format!("names \"{listen}\", which `listen` has (\"{other}\")"), "give it a port or a socket of its own");
        return None;
    }
    if !listen.is_local() {
        let hint = "it has no password: name 127.0.0.1 or a socket, or see to it that only machines that you trust reach it";
        text.problems.warn(
            text.span.clone(),
            format!("`admin` tells other machines too how newsroomd fares, at \"{listen}\""),
            hint,
        );
    }
    Some(listen)
}

/// Whether both are, or one takes in, the other's port or socket. Port 0 is any that is free.
fn overlap(one: &Listen, other: &Listen) -> bool {
    let (Some(a), Some(b)) = (one.port(), other.port()) else { return one == other };
    let every = a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() != 0 && a.port() == b.port() && (every || a.ip() == b.ip())
}

/// `0660`.
fn mode(text: &Text<'_>) -> Option<u32> {
    let mode = u32::from_str_radix(text.value, 8).ok().filter(|mode| *mode <= 0o777 && text.value.len() >= 3);
    if mode.is_none() {
        text.problem("must be permissions in octal", "write \"0660\" for owner and group, \"0666\" for everyone");
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::super::testing::{good, said};
    use super::*;

    const SOURCE: &str =
        "[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\neach = 'li'\nitem = { title = 'a', date = 'time' }\n";

    fn of(keys: &str) -> Http {
        good(&format!("[http]\n{keys}\n{SOURCE}")).0.http.expect("HTTP")
    }

    #[test]
    fn defaults() {
        let http = of("");
        assert_eq!(http.listen, [Listen::Port("127.0.0.1:8080".into())]);
        assert_eq!(http.admin, []);
        assert_eq!((http.socket_mode, http.max_connections, http.max_connections_per_client), (0o660, 2_048, 1_024));
        assert_eq!(http.trusted_proxies, Trusted::default());
        assert_eq!(good(&format!("[publish]\ndirectory = 'd'\n{SOURCE}")).0.http, None);
    }

    #[test]
    fn good_values() {
        let http = of("listen = ['unix:/run/n/http.sock', 'unix:http.sock', 'systemd', '[::]:80']\nsocket-mode = '666'\n\
             max-connections = 10\nmax-connections-per-client = 5\ntrusted-proxies = ['unix', '10.0.0.0/8', '::1', '127.0.0.1']");
        let listen: Vec<String> = http.listen.iter().map(Listen::to_string).collect();
        assert_eq!(listen, ["unix:/run/n/http.sock", "unix:/state/http.sock", "systemd", "[::]:80"]);
        assert_eq!((http.socket_mode, http.max_connections, http.max_connections_per_client), (0o666, 10, 5));
        let networks: Vec<String> = http.trusted_proxies.networks.iter().map(ToString::to_string).collect();
        assert_eq!((http.trusted_proxies.unix, networks.join(" ").as_str()), (true, "10.0.0.0/8 ::1/128 127.0.0.1/32"));
    }

    #[test]
    fn what_operators_are_told_is_told_here() {
        let (config, warnings) =
            good(&format!("[http]\nlisten = '127.0.0.1:0'\nadmin = ['127.0.0.1:0', 'unix:admin.sock', '[::1]:9']\n{SOURCE}"));
        let admin: Vec<String> = config.http.expect("HTTP").admin.iter().map(Listen::to_string).collect();
        assert_eq!(admin, ["127.0.0.1:0", "unix:/state/admin.sock", "[::1]:9"], "port 0 is another one each time");
        let of_admin = |warnings: &[String]| warnings.iter().filter(|w| w.contains("`admin`")).count();
        assert_eq!(of_admin(&warnings), 0, "{warnings:?}");
        let alone =
            good(&format!("[publish]\ndirectory = 'd'\n[http]\nlisten = []\nadmin = '[::1]:9'\n{SOURCE}")).0.http.expect("HTTP");
        assert_eq!((alone.listen.len(), alone.admin.len()), (0, 1));
        for open in ["0.0.0.0:9", "[::]:9", "192.0.2.1:9"] {
            let (_, warnings) = good(&format!("[http]\nadmin = '{open}'\n{SOURCE}"));
            assert_eq!(of_admin(&warnings), 1, "{open}: {warnings:?}");
        }
    }

    #[test]
    fn problems() {
        let long = format!("2:10 `listen` must name a socket by at most {LONGEST_PATH} bytes");
        for (text, expected) in [
            ("listen = []", "2:10 `listen` must not be empty"),
            ("listen = ['[::]:1', '[::]:1']", "2:21 `listen` names \"[::]:1\" twice"),
            ("listen = ['unix:/s', 'unix:/s']", "2:22 `listen` names \"unix:/s\" twice"),
            ("admin = []", "2:9 `admin` must not be empty"),
            ("admin = 'systemd'", "2:9 `admin` cannot be a socket that systemd passes: those are for readers"),
            ("admin = ['[::1]:1', '[::1]:1']", "2:21 `admin` names \"[::1]:1\" twice"),
            ("admin = 'localhost:8080'", "2:9 `admin` names \"localhost:8080\", which `listen` has (\"127.0.0.1:8080\")"),
            ("admin = '[::]:8080'", "2:9 `admin` names \"[::]:8080\", which `listen` has (\"127.0.0.1:8080\")"),
            ("admin = '127.0.0.1:9'\nlisten = '[::]:9'", "2:9 `admin` names \"127.0.0.1:9\", which `listen` has (\"[::]:9\")"),
            ("listen = 'unix:/s'\nadmin = 'unix:/s'", "3:9 `admin` names \"unix:/s\", which `listen` has (\"unix:/s\")"),
            ("listen = 'unix:'", "2:10 `listen` must name a socket"),
            ("listen = 'unix:/run/'", "2:10 `listen` must name a socket"),
            (&format!("listen = 'unix:/{}'", "x".repeat(107)), &long),
            ("listen = 'example.org:80'", "2:10 `listen` must be an IP address and a port, such as \"127.0.0.1:8080\""),
            ("socket-mode = '0888'", "2:15 `socket-mode` must be permissions in octal"),
            ("socket-mode = '1777'", "2:15 `socket-mode` must be permissions in octal"),
            ("socket-mode = '6'", "2:15 `socket-mode` must be permissions in octal"),
            ("socket-mode = 432", "2:15 `socket-mode` must be a string, not an integer"),
            ("max-connections = 0", "2:19 `max-connections` must be from 1 to 100000"),
            ("trusted-proxies = ['proxy']", "2:20 `trusted-proxies` must be a network such as \"10.0.0.0/8\" or \"fd00::/8\""),
            ("max-conections = 1", "2:1 unknown key `max-conections` in [http]"),
        ] {
            assert_eq!(said(&format!("[http]\n{text}\n{SOURCE}")), [expected], "{text}");
        }
    }
}
