//! Sockets and connections: who is let in, for how long, and how it ends.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::join_all;
use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::forwarded::client;
use super::listen::{Address, HttpError, Listener, Waiting, listen};
use super::respond::{Answer, Site};
use super::stall::Stalling;
use super::stream::{Peer, Stream};
use super::timer::Timer;
use super::{Passed, Places, Report, Settings, admin};
use crate::publish::shelf::Shelf;

/// The longest head of a request, in bytes; more is answered 431. (More than 100 fields are, too.)
const MAX_HEAD: usize = 16 * 1_024;

/// What is read ahead of a connection at most.
const MAX_BUFFER: usize = 64 * 1_024;

/// How long nothing is accepted after the system had no means to.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a shutdown waits for the first request of who has just connected. It is on its way: few clients connect and then think.
const FIRST: Duration = Duration::from_secs(1);

/// Sockets that listen, and do not answer yet.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
}

impl Server {
    /// Listens at these addresses; at port 0, at any free one. From now on clients can connect, and wait.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub fn bind(addresses: &[Address]) -> Result<Self, HttpError> {
        let ports: Vec<SocketAddr> = addresses.iter().filter_map(Address::port).collect();
        Self::bind_among(addresses, &ports)
    }

    /// The same where other servers of this process listen too: `all` are the ports of all of them.
    ///
    /// # Errors
    /// When one of `addresses` cannot be had.
    pub fn bind_among(addresses: &[Address], all: &[SocketAddr]) -> Result<Self, HttpError> {
        let listeners = addresses.iter().map(|address| listen(address, all)).collect::<Result<_, _>>()?;
        Ok(Self { listeners })
    }

    /// Takes sockets that listen already.
    pub fn of(passed: Passed) -> Self {
        Self { listeners: passed.0 }
    }

    /// The ports at which it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(Listener::port).collect()
    }

    /// The paths of the Unix sockets at which it listens.
    pub fn sockets(&self) -> Vec<PathBuf> {
        self.listeners.iter().filter_map(Listener::path).collect()
    }

    /// Everywhere it listens, as people write it.
    pub fn shown(&self) -> Vec<String> {
        self.listeners.iter().map(Listener::to_string).collect()
    }

    /// Serves the shelf until the shutdown, and then for as long as the answers under way take, up to `settings.drain`.
    ///
    /// # Errors
    /// When the runtime does not take the sockets; nothing ends it once it serves.
    pub async fn serve(self, shelf: Arc<Shelf>, mut settings: Settings, shutdown: CancellationToken) -> Result<(), HttpError> {
        let made = {
            let traffic = settings.traffic.clone();
            move |base_url: &Url| Arc::new(Site::new(shelf.clone(), base_url, traffic.clone()))
        };
        let site = Arc::new(RwLock::new(made(&settings.base_url)));
        let moves = settings.moves.take();
        let shown = site.clone();
        let follow = async move {
            let Some(mut moves) = moves else { return pending().await };
            while moves.changed().await.is_ok() {
                let moved = made(&moves.borrow_and_update());
                *shown.write().unwrap_or_else(PoisonError::into_inner) = moved;
            }
            pending().await
        };
        let answer = move |request| site.read().unwrap_or_else(PoisonError::into_inner).respond(request);
        tokio::select! {
            served = self.run(settings, shutdown, answer) => served,
            never = follow => never,
        }
    }

    /// Tells operators instead, until the shutdown, by the same limits.
    ///
    /// # Errors
    /// As [`Server::serve`].
    pub async fn report(self, report: Arc<dyn Report>, settings: Settings, shutdown: CancellationToken) -> Result<(), HttpError> {
        let traffic = settings.traffic.clone();
        self.run(settings, shutdown, move |request| admin::respond(&*report, &traffic, request)).await
    }

    async fn run<A: Answering>(self, settings: Settings, shutdown: CancellationToken, answer: A) -> Result<(), HttpError> {
        let listeners: Vec<Waiting> =
            self.listeners.into_iter().map(Listener::waiting).collect::<Result<_, _>>().map_err(HttpError::Wait)?;
        let connections = TaskTracker::new();
        let door = Door {
            places: settings.places.clone().unwrap_or_else(|| Places::new(&settings)),
            connections: connections.clone(),
            host: Host { protocol: protocol(&settings), settings: Arc::new(settings), shutdown: shutdown.clone(), answer },
        };
        let open = join_all(listeners.into_iter().map(|listener| door.clone().keep_open(listener)));
        tokio::select! {
            _ = open => shutdown.cancelled().await,
            () = shutdown.cancelled() => {}
        }
        connections.close();
        connections.wait().await;
        Ok(())
    }
}

/// What makes an answer of a request.
trait Answering: Fn(Request<Incoming>) -> Answer + Clone + Send + 'static {}

impl<A: Fn(Request<Incoming>) -> Answer + Clone + Send + 'static> Answering for A {}

/// HTTP/1.1 within the limits of the settings.
fn protocol(settings: &Settings) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .header_read_timeout(settings.head_timeout)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_BUFFER)
        // A client may say that it has no more to ask before it has its answer.
        .half_close(true);
    protocol
}

/// Lets clients in.
#[derive(Clone)]
struct Door<A> {
    places: Places,
    connections: TaskTracker,
    host: Host<A>,
}

impl<A: Answering> Door<A> {
    /// Accepts for as long as it is polled, and while there is room: who is not let in waits with the system, which may pass the socket to another
    /// process.
    async fn keep_open(self, listener: Waiting) {
        loop {
            self.places.room().await;
            let (stream, peer) = next(|| listener.accept(), PAUSE).await;
            let Some(place) = self.places.take(peer).await else { continue };
            let host = self.host.clone();
            self.connections.spawn(async move {
                host.attend(stream, peer).await;
                drop(place);
            });
        }
    }
}

/// Serves a client.
#[derive(Clone)]
struct Host<A> {
    protocol: http1::Builder,
    settings: Arc<Settings>,
    shutdown: CancellationToken,
    answer: A,
}

impl<A: Answering> Host<A> {
    /// Serves a connection to its end. A panic in an answer ends the task, and with it this connection alone.
    async fn attend(self, stream: Stream, peer: Peer) {
        let Self { mut protocol, settings, shutdown, answer } = self;
        protocol.timer(Timer::default());
        let stream = Stalling::new(stream, settings.write_timeout);
        let drain = settings.drain;
        let (has_asked, is_closing) = (&AtomicBool::new(false), &AtomicBool::new(false));
        let service = service_fn(move |request: Request<Incoming>| {
            has_asked.store(true, Ordering::Relaxed);
            // Who asked is found out only if somebody wants to know.
            let asked = tracing::enabled!(tracing::Level::DEBUG).then(|| {
                let client = client(peer, request.headers(), &settings.trusted);
                (client, request.method().clone(), request.uri().path().to_owned())
            });
            // Nothing is asked of a body. Where the next request begins is then nobody's guess: there is none.
            let is_last = !request.body().is_end_stream() || is_closing.load(Ordering::Relaxed);
            let mut answer = answer(request);
            if is_last {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            if let Some((client, method, path)) = asked {
                tracing::debug!(client.address = %client, %method, path, status = answer.status().as_u16(), "answered");
            }
            ready(Ok::<_, Infallible>(answer))
        });
        let mut connection = pin!(protocol.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => Ok(ended),
            () = shutdown.cancelled() => {
                let until = Instant::now() + drain;
                is_closing.store(true, Ordering::Relaxed);
                // It was let in here: nobody else can answer it.
                let first = match has_asked.load(Ordering::Relaxed) {
                    true => None,
                    false => timeout(FIRST.min(drain), connection.as_mut()).await.ok(),
                };
                match first {
                    Some(ended) => Ok(ended),
                    None => {
                        // Closes at once what is idle, and lets the answer under way be the last.
                        connection.as_mut().graceful_shutdown();
                        timeout_at(until, connection).await
                    }
                }
            }
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(error = crate::error_chain(&error), "a connection failed"),
            Err(_) => tracing::debug!("a connection was cut off by the shutdown"),
        }
    }
}

/// The next connection. What fails one connection is passed over; what fails them all (no file descriptors, no memory) is waited out.
async fn next<T, F: Future<Output = io::Result<T>>>(mut accept: impl FnMut() -> F, pause: Duration) -> T {
    let mut told = false;
    loop {
        match accept().await {
            Ok(connection) => return connection,
            Err(error) if of_one_connection(&error) => tracing::debug!(%error, "a client was gone before it was let in"),
            Err(error) => {
                if !told {
                    tracing::warn!(%error, "cannot accept connections; trying again");
                    told = true;
                }
                sleep(pause).await;
            }
        }
    }
}

/// Linux passes on what befell a connection while it waited (accept(2)).
fn of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::Response;
    use tokio::io::Interest;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// The status line that is answered to a GET.
    async fn get(address: SocketAddr, path: &str) -> String {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.writable().await.expect("writable");
        stream.try_write(request.as_bytes()).expect("sent");
        stream.ready(Interest::READABLE).await.expect("answered");
        let mut buffer = [0; 1_024];
        let length = stream.try_read(&mut buffer).unwrap_or(0);
        String::from_utf8_lossy(&buffer[..length]).lines().next().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn a_panic_ends_its_connection_and_no_other() {
        let server = Server::bind(&[SocketAddr::from(([127, 0, 0, 1], 0)).into()]).expect("a free port");
        let address = server.addresses()[0];
        let shutdown = CancellationToken::new();
        // One place: a panic that kept it would leave none.
        let settings = Settings { connections: 1, ..Settings::new(Url::parse("https://example.org/").expect("a URL")) };
        let answer = |request: Request<Incoming>| {
            assert_ne!(request.uri().path(), "/panic", "as asked");
            Response::new(Full::new(Bytes::new()))
        };
        let serving = server.run(settings, shutdown.clone(), answer);
        let asking = async {
            assert_eq!(get(address, "/panic").await, "");
            assert_eq!(get(address, "/").await, "HTTP/1.1 200 OK");
            shutdown.cancel();
        };
        let (served, ()) = tokio::join!(serving, asking);
        served.expect("served to the end");
    }

    #[tokio::test]
    async fn failures_to_accept_are_waited_out() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let no_descriptors = 24;
        let mut answers = VecDeque::from([
            Err(io::Error::from_raw_os_error(no_descriptors)),
            Err(ErrorKind::ConnectionAborted.into()),
            Err(io::Error::from_raw_os_error(no_descriptors)),
            accepted,
        ]);
        let pause = Duration::from_millis(5);
        let began = std::time::Instant::now();
        let (stream, _) = next(|| ready(answers.pop_front().expect("no more was asked for")), pause).await;
        assert_eq!(stream.peer_addr().ok(), client.expect("connected").local_addr().ok());
        assert!(began.elapsed() >= 2 * pause, "it does not spin");
    }
}
