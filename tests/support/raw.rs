//! A server that answers byte for byte as a test says, counts who connects, and keeps what was asked. It has no robots.txt: who asks for one is counted,
//! and no more.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::listing::{Row, page};

type Answer = Box<dyn FnMut(&str, &mut TcpStream) -> std::io::Result<()> + Send>;

/// Ends with the test's process. A connection is for one request.
#[derive(Clone)]
pub struct Raw {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Raw {
    /// On a free port of this address. `answer` gets a request's head, in lower case but for its first line; one at a time.
    pub fn start(ip: &str, answer: impl FnMut(&str, &mut TcpStream) -> std::io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind((ip, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let answer: Answer = Box::new(answer);
        let raw = Self { address, connections: Arc::default(), requests: Arc::default(), answer: Arc::new(Mutex::new(answer)) };
        let server = raw.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                server.connections.fetch_add(1, Ordering::SeqCst);
                let server = server.clone();
                std::thread::spawn(move || server.serve(stream));
            }
        });
        raw
    }

    /// Answers every request with these bytes.
    pub fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        Self::start("127.0.0.1", always(bytes.into()))
    }

    /// Answers with these from now on.
    pub fn say(&self, bytes: impl Into<Vec<u8>>) {
        self.answer_by(always(bytes.into()));
    }

    /// Answers so from now on.
    pub fn answer_by(&self, answer: impl FnMut(&str, &mut TcpStream) -> std::io::Result<()> + Send + 'static) {
        *self.answer.lock().expect("no thread died") = Box::new(answer);
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How often anybody connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The heads of the requests since the last call.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().expect("no thread died"))
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let mut head = String::new();
        if reader.read_line(&mut head).is_err() {
            return;
        }
        let first = head.len();
        while !head.ends_with("\r\n\r\n") {
            if !reader.read_line(&mut head).is_ok_and(|n| n > 0) {
                return;
            }
        }
        let head = head[..first].to_owned() + &head[first..].to_lowercase();
        if head[..first].contains("/robots.txt ") {
            let _ = stream.write_all(&answer(404, "", b""));
            return;
        }
        self.requests.lock().expect("no thread died").push(head.clone());
        // It fails where the client has heard enough.
        let _ = self.answer.lock().expect("no thread died")(&head, &mut stream);
    }
}

fn always(bytes: Vec<u8>) -> impl FnMut(&str, &mut TcpStream) -> std::io::Result<()> + Send {
    move |_, stream| stream.write_all(&bytes)
}

/// An answer with these fields (each line ended), of this length whatever is stated in them.
pub fn answer(status: u16, fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub fn redirect(status: u16, to: &str) -> Vec<u8> {
    answer(status, &format!("Location: {to}\r\n"), b"")
}

/// A listing with these rows.
pub fn listing(rows: &[Row]) -> Vec<u8> {
    answer(200, "Content-Type: text/html; charset=utf-8\r\n", page(rows, None).as_bytes())
}

/// A source that reads such a listing at an address. `keys`: more keys of [[source]].
pub fn source(id: &str, page: &str, keys: &str) -> String {
    format!(
        "[[source]]\nid = \"{id}\"\ntitle = \"{id}\"\npage = \"{page}\"\neach = \"article\"\n{keys}\n\
         [source.item]\ntitle = \"h3\"\ndate = {{ select = \"time\", format = \"%d %B %Y\" }}\nsummary = \"p\"\n"
    )
}
