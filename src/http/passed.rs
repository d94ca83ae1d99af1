//! Sockets that systemd opened and passed (sd_listen_fds(3)): it may listen at ports that we may not, and while we restart.

use listenfd::ListenFd;
use socket2::SockRef;

use super::listen::{HttpError, Listener};

/// The sockets that were passed.
#[derive(Debug, Default)]
pub struct Passed(pub(super) Vec<Listener>);

impl Passed {
    /// Takes those that the environment names, whatever their names. Once: a second call finds none.
    ///
    /// # Errors
    /// When one of them is none that listens for TCP or Unix connections.
    pub fn take() -> Result<Self, HttpError> {
        let mut passed = ListenFd::from_env();
        let mut listeners = Vec::new();
        for n in 0..passed.len() {
            // Asked for as what it is not, a socket stays where it is.
            let tcp = passed.take_tcp_listener(n).ok().flatten().map(Listener::Tcp);
            let listener = match tcp {
                None => passed.take_unix_listener(n).ok().flatten().map(|unix| Listener::Unix(unix, None)),
                tcp => tcp,
            };
            let listener = listener.ok_or(HttpError::Passed(n + 1))?;
            let listens = match &listener {
                Listener::Tcp(tcp) => SockRef::from(tcp).is_listener(),
                Listener::Unix(unix, _) => SockRef::from(unix).is_listener(),
            };
            if !listens.unwrap_or(false) {
                return Err(HttpError::Passed(n + 1));
            }
            listeners.push(listener);
        }
        Ok(Self(listeners))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
