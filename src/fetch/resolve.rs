//! Names to addresses: looked up once, judged, and only those that were judged are connected to, so that no second answer can differ from the first.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Guard;

/// How a name is looked up.
type LookUp = dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync;

/// Looks names up for the HTTP client, and keeps back addresses inside. It is not asked about addresses that stand in a URL as such.
pub(super) struct Resolver {
    guard: Arc<Guard>,
    look_up: Arc<LookUp>,
}

impl Resolver {
    /// Asks the system.
    pub fn new(guard: Arc<Guard>) -> Self {
        let look_up = |name: String| -> BoxFuture<'static, _> {
            // The port is the client's matter.
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
        };
        Self { guard, look_up: Arc::new(look_up) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, found) = (self.guard.clone(), (self.look_up)(name.as_str().to_owned()));
        Box::pin(async move {
            let (good, bad): (Vec<_>, Vec<_>) = found.await?.into_iter().partition(|a| guard.check(a.ip()).is_ok());
            match bad.first().map(|a| guard.check(a.ip())) {
                Some(Err(inside)) if good.is_empty() => Err(inside.into()),
                _ => Ok(Box::new(good.into_iter()) as Addrs),
            }
        })
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("guard", &self.guard).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, TcpListener};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::fetch::address::{Inside, Network};

    /// Answers with these addresses, one after the other, whatever the name; the last for good.
    fn resolver(answers: &'static [&'static [&'static str]], allowed: &[Network], asked: &Arc<AtomicUsize>) -> Resolver {
        let asked = asked.clone();
        let look_up = move |_: String| -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
            let answer = answers[asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)];
            let found = answer.iter().map(|a| SocketAddr::new(ip(a), 0)).collect();
            Box::pin(async { Ok(found) })
        };
        Resolver { guard: Arc::new(Guard::allowing(allowed)), look_up: Arc::new(look_up) }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[tokio::test]
    async fn only_what_was_judged_is_handed_on() {
        let mixed: &[&[&str]] = &[&["8.8.8.8", "127.0.0.1", "2606:4700::1", "::ffff:10.0.0.1"]];
        let name = || "example.org".parse().expect("a name");
        let got: Vec<_> =
            resolver(mixed, &[], &Arc::default()).resolve(name()).await.expect("some are good").map(|a| a.ip()).collect();
        assert_eq!(got, [ip("8.8.8.8"), ip("2606:4700::1")]);
        let error = resolver(&[&["::1", "10.0.0.1"]], &[], &Arc::default()).resolve(name()).await.err().expect("all are inside");
        assert_eq!(error.downcast_ref::<Inside>().map(|i| i.kind), Some("loopback"));
    }

    /// A name that leads where it may when it is asked about first, and elsewhere from then on.
    #[tokio::test]
    async fn a_name_that_changes_its_mind_reaches_nothing() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not wait");
        let url = format!("http://rebound.example:{}/", listener.local_addr().expect("an address").port());
        let asked: Arc<AtomicUsize> = Arc::default();
        let allowed = Network::new(ip("127.0.0.2"), 32).expect("a network");
        let resolver = resolver(&[&["127.0.0.2"], &["127.0.0.1"]], &[allowed], &asked);
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).dns_resolver(resolver).build().expect("a client");
        // Where it may, nobody listens at this port.
        let refused = |error: &reqwest::Error| crate::error_chain(error).contains("127.0.0.1 is an address inside");
        for (times, inside) in [(1, false), (2, true), (3, true)] {
            let error = client.get(&url).send().await.expect_err("no answer");
            assert_eq!(refused(&error), inside, "{error:?}");
            assert_eq!(asked.load(Ordering::SeqCst), times, "one look-up for each connection");
        }
        assert!(listener.accept().is_err(), "somebody connected");
    }
}
