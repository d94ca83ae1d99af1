//! The operator's own webhook: a JSON document is posted to one address.
//!
//! The address is the operator's, wherever it is: no rule for newsrooms' addresses holds for it. Redirects are not followed, proxies named in the
//! environment are ignored.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, redirect};
use tokio::sync::OnceCell;
use url::Url;

/// At most this long for one delivery.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where to post. Clones share connections.
#[derive(Debug, Clone)]
pub struct Webhook {
    url: Url,
    /// Made when something is to be told: most of the time, all is well.
    client: Arc<OnceCell<Client>>,
}

/// Why a delivery did not succeed. No message holds the address, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The HTTP client cannot be made.
    #[error("cannot set up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// Nothing came back.
    #[error("no answer")]
    Request(#[source] reqwest::Error),
    /// It was not taken.
    #[error("answered {0}")]
    Status(StatusCode),
}

impl Webhook {
    /// A webhook at an http or https address.
    pub fn new(url: Url) -> Self {
        Self { url, client: Arc::default() }
    }

    /// Where it is, without what may be secret: scheme, host and port.
    pub fn place(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    async fn client(&self) -> Result<&Client, NotifyError> {
        self.client.get_or_try_init(|| self.make()).await
    }

    async fn make(&self) -> Result<Client, NotifyError> {
        // Fails only if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .user_agent(concat!("newsroomd/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .no_proxy();
        // Reading the system's certificates takes long, too long for a thread that others wait for, and a system may have none.
        let builder = if self.url.scheme() == "https" { builder } else { builder.tls_certs_only([]) };
        let made = tokio::task::spawn_blocking(move || builder.build()).await;
        made.expect("making a client does not panic").map_err(NotifyError::Setup)
    }

    /// Posts a JSON document.
    ///
    /// # Errors
    /// When it is not taken: any answer but a 2xx is a no.
    pub async fn post(&self, json: String) -> Result<(), NotifyError> {
        let request = self.client().await?.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(json);
        let response = request.send().await.map_err(|e| NotifyError::Request(e.without_url()))?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(NotifyError::Status(status)) }
    }
}
