//! The HTTP clients behind one list of allowed networks. Connections are kept and shared within a door and never across: one that was opened
//! where it is allowed must not serve a source that may not go there.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use reqwest::{Client, ClientBuilder, Proxy, redirect};
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::address::{Guard, Inside, Network};
use super::resolve::Resolver;
use super::{FetchError, Policy};

/// A way out, with its guard.
#[derive(Debug)]
pub(super) struct Door {
    pub networks: Vec<Network>,
    guard: Arc<Guard>,
    /// For http: knows no certificates.
    plain: OnceLock<Client>,
    /// For https: made when the first such page is asked for, and by whoever asks first, since reading the system's certificates takes as long
    /// as a hundred polls.
    secure: OnceCell<Client>,
}

impl Door {
    pub fn new(networks: &[Network]) -> Self {
        let guard = Arc::new(Guard::allowing(networks));
        Self { networks: networks.to_vec(), guard, plain: OnceLock::new(), secure: OnceCell::new() }
    }

    /// Whether the URL may be asked for, as far as it says itself: names are judged when they are looked up.
    pub fn check(&self, policy: &Policy, url: &Url) -> Result<(), FetchError> {
        let address: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            // A proxy looks names up by itself, and this one is its own (RFC 6761, section 6.3).
            Some(Host::Domain(name)) if policy.proxy.is_some() && is_localhost(name) => Some(Ipv4Addr::LOCALHOST.into()),
            Some(Host::Domain(_)) | None => None,
        };
        let inside = address.map_or(Ok(()), |address| self.guard.check(address));
        inside.map_err(|source| FetchError::Inside { url: url.clone(), source: Box::new(source) })
    }

    /// The client for a URL.
    pub async fn client(&self, policy: &Policy, url: &Url) -> Result<&Client, FetchError> {
        if url.scheme() != "https" {
            return self.plain(policy);
        }
        let make = || async {
            let builder = self.builder(policy)?;
            // Files are read, and many: not on a thread that others wait for.
            let made = tokio::task::spawn_blocking(move || builder.build()).await;
            made.expect("making a client does not panic").map_err(FetchError::Certificates)
        };
        self.secure.get_or_try_init(make).await
    }

    /// The client for http.
    pub fn plain(&self, policy: &Policy) -> Result<&Client, FetchError> {
        if let Some(client) = self.plain.get() {
            return Ok(client);
        }
        let client = self.builder(policy)?.tls_certs_only([]).build().map_err(FetchError::Setup)?;
        Ok(self.plain.get_or_init(|| client))
    }

    fn builder(&self, policy: &Policy) -> Result<ClientBuilder, FetchError> {
        let builder = Client::builder()
            .user_agent(user_agent(policy))
            .connect_timeout(policy.connect_timeout)
            .redirect(redirect::Policy::none())
            .no_proxy();
        Ok(match &policy.proxy {
            // All that is looked up here then is the proxy itself, wherever the operator has it.
            Some(proxy) => builder.proxy(Proxy::all(proxy.as_str()).map_err(FetchError::Setup)?),
            None => builder.dns_resolver(Resolver::new(self.guard.clone())),
        })
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// That what kept a request from being sent was the guard.
pub(super) fn inside(error: &reqwest::Error) -> Option<Inside> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(inside) = error.downcast_ref::<Inside>() {
            return Some(*inside);
        }
        cause = error.source();
    }
    None
}

/// Name, version and where to read more: an honest guest.
fn user_agent(policy: &Policy) -> String {
    let contact = policy.contact.as_deref().map(|c| format!(" (+{c})")).unwrap_or_default();
    format!("newsroomd/{}{contact}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a URL is refused for before anybody is asked anything.
    fn refused(url: &str, proxy: Option<&str>) -> Option<String> {
        let policy = Policy { proxy: proxy.map(|p| Url::parse(p).expect("a URL")), ..Policy::default() };
        let url = Url::parse(url).unwrap_or_else(|e| panic!("{url}: {e}"));
        match Door::new(&[]).check(&policy, &url) {
            Err(FetchError::Inside { source, .. }) => Some(source.address.to_string()),
            _ => None,
        }
    }

    #[test]
    fn addresses_are_known_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "0x7F.0.0x0.1",
            "127.0.0.1.",
            "１２７.０.０.１",
            "①②⑦.0.0.1",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:7f00:0001]",
        ] {
            for scheme in ["http", "https"] {
                assert_eq!(refused(&format!("{scheme}://{host}:81/x"), None).as_deref(), Some("127.0.0.1"), "{host}");
            }
        }
        for (host, address) in [
            ("[::1]", "::1"),
            ("[0:0:0:0:0:0:0:1]", "::1"),
            ("0", "0.0.0.0"),
            ("[::]", "::"),
            ("10.1", "10.0.0.1"),
            ("169.254.169.254", "169.254.169.254"),
            ("0xa9fea9fe", "169.254.169.254"),
            ("[64:ff9b::7f00:1]", "64:ff9b::7f00:1"),
            ("[::127.0.0.1]", "::7f00:1"),
            ("[2002:7f00:1::]", "2002:7f00:1::"),
        ] {
            assert_eq!(refused(&format!("http://{host}/"), None).as_deref(), Some(address), "{host}");
        }
        for host in ["8.8.8.8", "[2606:4700::1111]", "example.org", "localhost"] {
            assert_eq!(refused(&format!("http://{host}/"), None), None, "{host} is judged when it is looked up, or is good");
        }
    }

    #[test]
    fn a_proxy_is_not_asked_for_what_is_inside_either() {
        let proxy = Some("http://127.0.0.1:3128/");
        for host in ["127.1", "10.0.0.1", "localhost", "LOCALHOST.", "a.localhost"] {
            assert!(refused(&format!("http://{host}/"), proxy).is_some(), "{host}");
        }
        for host in ["example.org", "localhost.example.org", "notlocalhost"] {
            assert_eq!(refused(&format!("http://{host}/"), proxy), None, "{host}");
        }
    }
}
