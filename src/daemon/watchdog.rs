//! Tells systemd that all is well, for as long as it is: the work goes round, the store answers, HTTP answers.
//!
//! What is stuck is told from what is slow by time: a component has [`PATIENCE`] times the watchdog's interval. A component that answers with an
//! error is not stuck; ending the daemon would mend nothing, and readers would lose what is served from memory. So a database that another process
//! holds for long, a full disk and newsrooms that do not answer end nothing.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::doors::Open;
use super::manager::Manager;
use crate::http::near;
use crate::store::Store;

/// How many of the watchdog's intervals something may take.
const PATIENCE: u32 = 10;

/// A heartbeat may stay away for so long: where the clock is set back, the next one comes within 15 seconds.
const SILENCE: Duration = Duration::from_secs(60);

/// What the work is at, for the watchdog to see.
#[derive(Debug, Clone)]
pub(super) struct Pulse(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    beat: Instant,
    step: Option<(&'static str, Instant)>,
}

impl Pulse {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State { beat: Instant::now(), step: None })))
    }

    /// A step begins.
    pub fn at(&self, step: &'static str) {
        self.with(|state| state.step = Some((step, Instant::now())));
    }

    /// It is done, and the next thing is waited for.
    pub fn rest(&self) {
        self.with(|state| state.step = None);
    }

    /// The heart has beaten.
    pub fn beat(&self) {
        self.with(|state| state.beat = Instant::now());
    }

    fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What does not go on.
    fn stuck(&self, now: Instant, patience: Duration) -> Option<&'static str> {
        self.with(|state| match state.step {
            Some((step, since)) => (now - since > patience).then_some(step),
            None => (now - state.beat > patience.max(SILENCE)).then_some("the heartbeat"),
        })
    }
}

/// Something that is asked, over and over, and was well when it last answered.
struct Asked {
    what: &'static str,
    well: Instant,
    asking: Option<JoinHandle<bool>>,
}

impl Asked {
    fn new(what: &'static str) -> Self {
        Self { what, well: Instant::now(), asking: None }
    }

    /// Takes the answer, if it is there, and asks anew.
    async fn look<F: Future<Output = bool> + Send + 'static>(&mut self, ask: impl FnOnce() -> F) {
        if self.asking.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(asking) = self.asking.take()
            && asking.await.unwrap_or(false)
        {
            self.well = Instant::now();
        }
        if self.asking.is_none() {
            self.asking = Some(tokio::spawn(ask()));
        }
    }

    fn stuck(&self, patience: Duration) -> Option<&'static str> {
        (self.well.elapsed() > patience).then_some(self.what)
    }
}

/// Tells it twice in each of the watchdog's intervals, until `stop`: then the stop itself is watched by systemd.
pub(super) async fn run(every: Duration, manager: Manager, pulse: Pulse, store: Store, open: Open, stop: CancellationToken) {
    let patience = every * PATIENCE;
    let (mut database, mut http) = (Asked::new("the database"), Asked::new("the HTTP server"));
    let mut ticks = interval(every / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reached = Reached::default();
    let mut told = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        let store = store.clone();
        database.look(|| async move { store.answers().await }).await;
        let (open, reached) = (open.clone(), reached.clone());
        http.look(|| async move { answers(&open, &reached, every).await }).await;
        let stuck = pulse.stuck(Instant::now(), patience).or(database.stuck(patience)).or(http.stuck(patience));
        match stuck {
            None => manager.well(),
            Some(what) if told != stuck => {
                tracing::error!("{what} has been stuck for {patience:?}: the watchdog is not told any more that all is well");
            }
            Some(_) => {}
        }
        if told.is_some() && stuck.is_none() {
            tracing::warn!("nothing is stuck any more");
        }
        told = stuck;
    }
}

/// Where an answer came from, once.
type Reached = Arc<Mutex<HashSet<String>>>;

/// What came of asking.
enum Came {
    Answer,
    Silence,
    /// There was no getting there.
    Nothing,
}

/// Whether HTTP answers a request at each of its addresses. Readers who have all the places are served, so that is no failure; nor is it one of ours
/// if we never got there: a firewall may stand between us and ourselves. Where we did, the system turns us away when nobody has let anyone in for long.
async fn answers(open: &Open, reached: &Reached, limit: Duration) -> bool {
    for address in open.ports().into_iter().map(near) {
        let came = knock(TcpStream::connect(address), limit).await;
        // Who connects to an address of this machine comes from there: a proxy beside us may have all that a client may have.
        if !is_well(&came, &address.to_string(), reached) && open.has_room(Some(address.ip())) {
            return false;
        }
    }
    for path in open.sockets() {
        let came = knock(UnixStream::connect(&path), limit).await;
        if !is_well(&came, &path.to_string_lossy(), reached) && open.has_room(None) {
            return false;
        }
    }
    true
}

fn is_well(came: &Came, place: &str, reached: &Reached) -> bool {
    let mut reached = reached.lock().unwrap_or_else(PoisonError::into_inner);
    match came {
        Came::Answer => {
            reached.insert(place.to_owned());
            true
        }
        Came::Silence => false,
        Came::Nothing => !reached.contains(place),
    }
}

async fn knock<S: AsyncRead + AsyncWrite + Unpin>(connecting: impl Future<Output = io::Result<S>>, limit: Duration) -> Came {
    // There may be no descriptor left for a connection of our own.
    let is_ours = |error: &io::Error| [Errno::MFILE, Errno::NFILE].iter().any(|e| error.raw_os_error() == Some(e.raw_os_error()));
    match timeout(limit, connecting).await {
        Ok(Ok(stream)) => match timeout(limit, ask(stream)).await {
            Ok(Ok(())) => Came::Answer,
            Ok(Err(_)) | Err(_) => Came::Silence,
        },
        Ok(Err(error)) if is_ours(&error) => Came::Answer,
        Ok(Err(_)) | Err(_) => Came::Nothing,
    }
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    stream.write_all(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    match stream.read(&mut [0; 9]).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::http::{Places, Settings};

    #[test]
    fn a_step_or_a_silence_that_lasts_is_stuck() {
        let pulse = Pulse::new();
        let after = |seconds, patience| pulse.stuck(Instant::now() + Duration::from_secs(seconds), Duration::from_secs(patience));
        pulse.at("publishing");
        assert_eq!(after(99, 100), None);
        assert_eq!(after(101, 100), Some("publishing"));
        pulse.rest();
        assert_eq!(after(101, 100), Some("the heartbeat"));
        assert_eq!(after(59, 1), None, "beats are far between where the clock was set back");
        pulse.beat();
        assert_eq!(after(99, 100), None);
    }

    const LIMIT: Duration = Duration::from_millis(50);

    fn places(connections: usize, connections_per_client: usize) -> Places {
        let usual = Settings::new("https://example.org/".parse().expect("a URL"));
        Places::new(&Settings { connections, connections_per_client, ..usual })
    }

    #[tokio::test]
    async fn readers_who_have_all_the_places_are_no_failure() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("http.sock");
        let _socket = tokio::net::UnixListener::bind(&path).expect("a socket");
        for (ports, sockets) in [(vec![port], vec![]), (vec![], vec![path])] {
            let places = places(1, 1);
            let open = Open::of(ports, sockets, places.clone());
            assert!(!answers(&open, &Reached::default(), LIMIT).await, "nobody answers, and there is a place");
            let _taken = places.take_all();
            assert!(answers(&open, &Reached::default(), LIMIT).await, "nobody answers, for readers have all the places");
        }
        let few = places(2, 1);
        let open = Open::of(vec![port], vec![], few.clone());
        let _proxy = few.take_one(IpAddr::from(Ipv4Addr::LOCALHOST)).await;
        assert!(answers(&open, &Reached::default(), LIMIT).await, "a client beside us has all that one may have");
    }

    #[tokio::test]
    async fn what_cannot_be_reached_is_stuck_only_if_it_once_could() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let open = Open::of(vec![listener.local_addr().expect("an address")], vec![], places(1, 1));
        let reached = Reached::default();
        let answer = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("sent");
        };
        let (well, ()) = tokio::join!(answers(&open, &reached, Duration::from_secs(30)), answer);
        assert!(well);
        drop(listener);
        assert!(!answers(&open, &reached, LIMIT).await, "it answered before");
        assert!(answers(&open, &Reached::default(), LIMIT).await, "a firewall, for all we know");
    }
}
