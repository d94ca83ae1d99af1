//! Addresses in the configuration: of pages, of the feeds, to listen at, and of networks.

use std::net::{IpAddr, SocketAddr};

use encoding_rs::Encoding;
use url::Url;

use super::nearest::nearest;
use super::value::Text;
use crate::domain::Zone;
use crate::extract::charset;
use crate::fetch::address::Network;

/// An absolute http or https URL without userinfo; a fragment is dropped.
pub(super) fn page(text: &Text<'_>) -> Option<Url> {
    let mut url = match Url::parse(text.value.trim()) {
        Ok(url) => url,
        Err(error) => {
            let hint = if text.value.contains("://") { "" } else { "write it out, beginning with https://" };
            text.problem(&format!("must be a URL: {error}"), hint);
            return None;
        }
    };
    if !matches!(url.scheme(), "http" | "https") {
        let file = "`newsroomd preview FILE` reads a page that was saved";
        let hint = if url.scheme() == "file" { file } else { "" };
        text.problem(&format!("must be an http or https URL, not {}", url.scheme()), hint);
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "leave out the part before @: what is written here may end up in feeds and logs";
        text.problem("must not hold a user name or password", hint);
        return None;
    }
    url.set_fragment(None);
    Some(url)
}

/// Where the feeds are found; ends with a slash.
pub(super) fn base(text: &Text<'_>) -> Option<Url> {
    let fragment = text.value.contains('#');
    let mut url = page(text)?;
    if url.query().is_some() || fragment {
        text.problem("must be a plain address, without ? and #", "");
        return None;
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Some(url)
}

/// A proxy: the address of a machine, spoken to by plain HTTP.
pub(super) fn proxy(text: &Text<'_>) -> Option<Url> {
    let url = page(text)?;
    if url.scheme() != "http" || url.path() != "/" || url.query().is_some() {
        let hint = "that is how the proxy itself is spoken to; https pages pass through it encrypted";
        text.problem("must be a plain address such as \"http://proxy.example.org:3128\"", hint);
        return None;
    }
    Some(url)
}

/// The encoding that a label names (WHATWG Encoding Standard, section 4.2).
pub(super) fn charset(text: &Text<'_>) -> Option<&'static Encoding> {
    let encoding = charset::of_label(text.value);
    if encoding.is_none() {
        let near = nearest(text.value, charset::NAMES.iter().copied());
        let hint =
            near.map_or("names are such as utf-8, windows-1251 or iso-8859-2".to_owned(), |n| format!("did you mean \"{n}\"?"));
        text.problem("must be a charset of the web (WHATWG Encoding Standard)", hint);
    }
    encoding
}

/// Where a webmaster can ask: a web page or a mail address.
pub(super) fn contact(text: &Text<'_>) -> Option<String> {
    let value = text.value.trim();
    match Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => page(text).map(String::from),
        Ok(url) if url.scheme() == "mailto" && url.path().contains('@') => Some(url.into()),
        _ => {
            let hint = if value.contains('@') { format!("write mailto:{value}") } else { String::new() };
            text.problem("must be an http, https or mailto URL", hint);
            None
        }
    }
}

/// `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
pub(super) fn listen(text: &Text<'_>) -> Option<String> {
    let value = text.value.trim();
    let local = value.strip_prefix("localhost:").is_some_and(|port| port.parse::<u16>().is_ok());
    if local || value.parse::<SocketAddr>().is_ok() {
        return Some(value.to_owned());
    }
    let hint = if value.parse::<u16>().is_ok() {
        format!("write \"127.0.0.1:{value}\", or \"[::]:{value}\" for every address of the machine")
    } else if value.parse::<IpAddr>().is_ok() {
        "add a port".to_owned()
    } else if value.starts_with('/') {
        format!("write \"unix:{value}\" for a socket")
    } else if value.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
        "a port is a number up to 65535 behind the last colon; 0 takes any that is free".to_owned()
    } else {
        "names other than localhost are not looked up".to_owned()
    };
    text.problem("must be an IP address and a port, such as \"127.0.0.1:8080\"", hint);
    None
}

/// An address at which a browser on this machine reaches what listens at `listen`.
pub(super) fn local_url(listen: Option<&str>) -> Option<Url> {
    let host = match listen.map(|l| (l, l.parse::<SocketAddr>())) {
        Some((_, Ok(address))) if address.ip().is_unspecified() => format!("localhost:{}", address.port()),
        Some((text, _)) => text.to_owned(),
        None => "localhost:8080".to_owned(),
    };
    Url::parse(&format!("http://{host}/")).ok()
}

/// A network, or one address.
pub(super) fn network_or_address(text: &Text<'_>) -> Option<Network> {
    match text.value.trim().parse::<IpAddr>() {
        Ok(address) => Network::new(address, if address.is_ipv4() { 32 } else { 128 }),
        Err(_) => network(text),
    }
}

/// `10.0.0.0/8`, `fd00::/8`.
pub(super) fn network(text: &Text<'_>) -> Option<Network> {
    let (address, prefix) = text.value.split_once('/').unwrap_or((text.value, ""));
    let Ok(address) = address.trim().parse::<IpAddr>() else {
        text.problem("must be a network such as \"10.0.0.0/8\" or \"fd00::/8\"", "");
        return None;
    };
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = Some(prefix).filter(|p| p.bytes().all(|b| b.is_ascii_digit())).and_then(|p| p.parse::<u8>().ok());
    let network = prefix.and_then(|prefix| Network::new(address, prefix));
    if network.is_none() {
        let message = format!("must end with a prefix length from /0 to /{bits}");
        text.problem(&message, format!("for this address alone write \"{address}/{bits}\""));
    }
    network
}

/// A zone of the IANA time zone database.
pub(super) fn timezone(text: &Text<'_>) -> Option<Zone> {
    let zone = text.value.parse().ok();
    if zone.is_none() {
        let near = nearest(text.value, Zone::names());
        let hint = near.map_or("names are such as Europe/Vienna or UTC".to_owned(), |z| format!("did you mean \"{z}\"?"));
        text.problem("must be a time zone of the IANA database", hint);
    }
    zone
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::path::Path;

    use super::super::diagnostic::Problems;
    use super::*;

    /// The value's debug form, or what is said of it.
    fn of<T: Debug>(value: &str, read: impl FnOnce(&Text<'_>) -> Option<T>) -> String {
        let problems = Problems::new(value);
        let got = read(&Text { key: "k", value, span: 0..value.len(), problems: &problems });
        let said: Vec<_> = problems.finish(Path::new("x")).0.into_iter().map(|d| d.message).collect();
        assert_eq!(got.is_none(), !said.is_empty(), "{value}: either a value or a problem");
        got.map_or_else(|| said.join("; "), |v| format!("{v:?}"))
    }

    #[test]
    fn pages_and_bases() {
        let url = |v: &str| of(v, |t| page(t).map(String::from));
        assert_eq!(url("https://example.org/a?b=c+d#e"), r#""https://example.org/a?b=c+d""#);
        assert_eq!(url("ftp://example.org/"), "`k` must be an http or https URL, not ftp");
        assert_eq!(url("example.org"), "`k` must be a URL: relative URL without a base");
        assert_eq!(url("https://me:x@example.org/"), "`k` must not hold a user name or password");
        let at = |v: &str| of(v, |t| base(t).map(String::from));
        assert_eq!(at("https://example.org"), r#""https://example.org/""#);
        assert_eq!(at("https://example.org/feeds"), r#""https://example.org/feeds/""#);
        for bad in ["https://example.org/?a", "https://example.org/#a"] {
            assert_eq!(at(bad), "`k` must be a plain address, without ? and #");
        }
    }

    #[test]
    fn contacts() {
        assert_eq!(of("https://example.org/bot", contact), r#""https://example.org/bot""#);
        assert_eq!(of("mailto:a@example.org", contact), r#""mailto:a@example.org""#);
        for bad in ["a@example.org", "mailto:x", "", "ftp://example.org"] {
            assert_eq!(of(bad, contact), "`k` must be an http, https or mailto URL");
        }
    }

    #[test]
    fn listening() {
        for good in ["127.0.0.1:0", "[::1]:8080", "localhost:80"] {
            assert_eq!(of(good, listen), format!("{good:?}"));
        }
        for bad in ["8080", "127.0.0.1", "example.org:80", "localhost:x", "127.0.0.1:99999", ""] {
            assert!(of(bad, listen).starts_with("`k` must be an IP"), "{bad}");
        }
        let hint = |value: &str| {
            let problems = Problems::new(value);
            listen(&Text { key: "k", value, span: 0..value.len(), problems: &problems });
            problems.finish(Path::new("x")).0.into_iter().find_map(|d| d.hint).unwrap_or_default()
        };
        assert!(hint("127.0.0.1:99999").contains("up to 65535") && hint("localhost").contains("behind the last colon"));
        assert!(hint("example.org:80").contains("names other than localhost"));
        for (listen, url) in [
            (Some("127.0.0.1:81"), "http://127.0.0.1:81/"),
            (Some("[::]:81"), "http://localhost:81/"),
            (Some("0.0.0.0:81"), "http://localhost:81/"),
            (Some("localhost:81"), "http://localhost:81/"),
            (None, "http://localhost:8080/"),
        ] {
            assert_eq!(local_url(listen).map(String::from), Some(url.into()));
        }
    }

    #[test]
    fn networks_and_zones() {
        assert_eq!(of("10.0.0.0/8", network), "10.0.0.0/8");
        assert_eq!(of("::1/128", network), "::1/128");
        for bad in ["10.0.0.0/33", "::1/129", "10.0.0.0", "10.0.0.0/", "10.0.0.0/+8", "x/8", ""] {
            assert!(of(bad, network).starts_with("`k` must"), "{bad}");
        }
        assert_eq!(of("::ffff:10.0.0.0/104", network), "10.0.0.0/8");
        assert_eq!(of("Europe/Vienna", timezone), "Europe/Vienna");
        assert_eq!(of("Europe/Viena", timezone), "`k` must be a time zone of the IANA database");
    }

    #[test]
    fn proxies_and_charsets() {
        let at = |v: &str| of(v, |t| proxy(t).map(String::from));
        assert_eq!(at("http://proxy.example.org:3128"), r#""http://proxy.example.org:3128/""#);
        for bad in
            ["https://proxy.example.org/", "http://proxy.example.org/x", "http://proxy.example.org/?x", "socks5://p/", "p:3128"]
        {
            assert!(at(bad).starts_with("`k` must"), "{bad}");
        }
        assert_eq!(at("http://me:secret@proxy.example.org/"), "`k` must not hold a user name or password");
        let name = |v: &str| of(v, |t| charset(t).map(Encoding::name));
        assert_eq!(name(" UTF8"), r#""UTF-8""#);
        assert_eq!(name("latin1"), r#""windows-1252""#);
        for bad in ["", "utf-9", "replacement", "iso-2022-kr"] {
            assert_eq!(name(bad), "`k` must be a charset of the web (WHATWG Encoding Standard)", "{bad}");
        }
    }
}
