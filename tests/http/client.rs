//! A server on a free port with a shelf, and a client that writes and reads bytes as they are.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use newsroomd::feed::Format;
use newsroomd::http::{Address, Server, Settings};
use newsroomd::publish::shelf::{Document, Kind, Shelf, Update};
use tokio_util::sync::CancellationToken;
use url::Url;

/// When the documents last changed, and how HTTP says it.
pub const CHANGED: u64 = 784_111_777;
pub const CHANGED_FIELD: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// Longer than anything here may take; what is waited for ends the wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server in a thread; ends with its scope.
pub struct Served {
    pub shelf: Arc<Shelf>,
    pub address: SocketAddr,
    shutdown: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// At a free port.
    pub fn new(set: impl FnOnce(&mut Settings)) -> Self {
        Self::of(Server::bind(&[free_port()]).expect("a free port"), set)
    }

    /// For readers at `https://feeds.example.org/`, with the defaults but for what the function changes.
    pub fn of(server: Server, set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(Url::parse("https://feeds.example.org/").expect("a URL"));
        set(&mut settings);
        let shelf = Arc::new(Shelf::new());
        let address = server.addresses().first().copied().unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
        let shutdown = CancellationToken::new();
        let (served, token) = (shelf.clone(), shutdown.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
            // As a task of its own, as the daemon runs it.
            let serving = runtime.spawn(server.serve(served, settings, token));
            runtime.block_on(serving).expect("no panic").expect("served");
        });
        Self { shelf, address, shutdown, thread: Some(thread) }
    }

    /// With a feed, the lists, and a renamed topic.
    pub fn with_feeds() -> Self {
        let served = Self::new(|_| {});
        served.fill();
        served
    }

    pub fn fill(&self) {
        let mut update = Update::new();
        update.base("https://feeds.example.org/");
        update.put("osce/all.rss", feed("one"));
        update.put("osce/topic/new.rss", feed("new"));
        update.put("osce/topic/old.rss", feed("old"));
        update.put("feeds.opml", Document::new(Kind::List, b"<opml/>".to_vec(), None, 0));
        update.put("index.html", Document::new(Kind::Page, b"<!DOCTYPE html>".to_vec(), None, 0));
        update.moved([("osce/topic/old.rss".to_owned(), "osce/topic/new.rss".to_owned())]);
        self.shelf.update(update);
    }

    /// Puts a document that no socket buffer holds.
    pub fn put_huge(&self, byte: u8) -> usize {
        let mut update = Update::new();
        update.put("huge.rss", Document::new(Kind::Feed(Format::Rss), vec![byte; HUGE], Some(CHANGED), 60));
        self.shelf.update(update);
        HUGE
    }

    pub fn connect(&self) -> Client {
        Client::new(self.address)
    }
    /// One request with these fields (each with its line end), on a connection of its own.
    pub fn ask(&self, method: &str, path: &str, fields: &str) -> Reply {
        let mut client = self.connect();
        client.send(&format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n"));
        let reply = client.reply(method == "HEAD");
        assert_eq!(client.rest(), b"", "nothing follows the answer");
        reply
    }

    /// Tells the server to end.
    pub fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) {
        self.thread.take().expect("not ended yet").join().expect("ended well");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

const HUGE: usize = 64 << 20;

pub fn feed(text: &str) -> Document {
    Document::new(Kind::Feed(Format::Rss), format!("<rss>{}</rss>\n", text.repeat(1_000)).into_bytes(), Some(CHANGED), 900)
}

/// Any free port of this machine.
pub fn free_port() -> Address {
    SocketAddr::from(([127, 0, 0, 1], 0)).into()
}

/// A connection.
pub struct Client<S = TcpStream>(pub BufReader<S>);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub version: String,
    /// Names in lower case, in the order of their coming.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a field; none: it is not there.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.fields.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} twice");
        value
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        Self(BufReader::new(stream))
    }
}

impl Client {
    /// Everything that comes before there is nothing for so long.
    pub fn rest_within(&mut self, patience: Duration) -> Vec<u8> {
        self.0.get_ref().set_read_timeout(Some(patience)).expect("a timeout");
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest);
        rest
    }
}

impl<S: Read + Write> Client<S> {
    pub fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).expect("sent");
    }

    /// Reads the head of an answer.
    pub fn head(&mut self) -> Reply {
        let mut line = || {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("a line");
            line.trim_end().to_owned()
        };
        let first = line();
        let (version, status) = first.split_once(' ').unwrap_or_else(|| panic!("no status line: {first:?}"));
        let status = status[..3].parse().expect("a status");
        let mut fields = Vec::new();
        loop {
            let line = line();
            let Some((name, value)) = line.split_once(": ") else { break };
            fields.push((name.to_lowercase(), value.to_owned()));
        }
        Reply { status, version: version.to_owned(), fields, body: Vec::new() }
    }

    /// Reads an answer, up to the end that it names.
    pub fn reply(&mut self, head_only: bool) -> Reply {
        let mut reply = self.head();
        let length = reply.field("content-length").map_or(0, |n| n.parse().expect("a number"));
        if !head_only {
            reply.body = vec![0; length];
            self.0.read_exact(&mut reply.body).expect("a whole body");
        }
        reply
    }

    /// Sends to a server that may not listen any more.
    pub fn try_send(&mut self, text: &str) {
        let _ = self.0.get_mut().write_all(text.as_bytes());
    }

    /// Everything up to the end of the connection; a reset is an end.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => rest,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => rest,
            Err(error) => panic!("the connection did not end: {error}"),
        }
    }
}
