//! A web server on a free loopback port whose pages a test sets, and which keeps a log of requests.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::wire::{Act, Wire};

/// How a path answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// 200 with this body, a strong ETag of it, and 304 to who has it.
    Page(Vec<u8>),
    /// 200 with this Content-Type, without validators.
    Typed(&'static str, Vec<u8>),
    /// This status with an empty body.
    Status(u16),
    /// This status, these fields and this body.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A redirect to this location.
    Redirect(String),
    /// Promises the whole body, sends half of it, and hangs up.
    Truncated(Vec<u8>),
    /// Hangs up without a word.
    HangUp,
    /// Takes the request, and answers nothing until the client gives up.
    Silence,
    /// Takes the request, and answers when the path is set to something else, with that.
    Held,
    /// These bytes, in this manner.
    Wire(Wire),
}

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path and query.
    pub path: String,
    /// Header fields, names in lower case.
    pub headers: HashMap<String, String>,
    /// The status that was answered; 0: none, or not when it came.
    pub status: u16,
    /// When it came.
    pub at: Instant,
}

/// What is answered instead of what a path is set to, by the path and that, if anything.
type Weather = Box<dyn FnMut(&str, Option<&Reply>) -> Option<Reply> + Send>;

#[derive(Default)]
struct State {
    replies: HashMap<String, Reply>,
    weather: Option<Weather>,
    log: Vec<Request>,
    /// Requests for robots.txt, which are not in the log.
    robots: Vec<Request>,
    /// By path, and "" for all: requests that are not answered yet, and the most that there were at a time.
    under_way: HashMap<String, (usize, usize)>,
}

/// The server; ends with the test's process.
#[derive(Clone)]
pub struct Newsroom {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    seen: Arc<Condvar>,
}

impl Newsroom {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let newsroom = Self { address: listener.local_addr().expect("an address"), state: Arc::default(), seen: Arc::default() };
        let server = newsroom.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.serve(stream));
            }
        });
        newsroom
    }

    /// The address of a path (which begins with a slash).
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Sets how a path (with its query) answers from now on. Paths not set answer 404, robots.txt among them, which thereby allows everything.
    pub fn set(&self, path: &str, reply: Reply) {
        self.state().replies.insert(path.to_owned(), reply);
        self.seen.notify_all();
    }

    /// Sets a page of HTML.
    pub fn page(&self, path: &str, html: &str) {
        self.set(path, Reply::Page(html.as_bytes().to_vec()));
    }

    /// Lets pages be made when they are asked for: what this gives for a path (with its query) is answered, whatever was set.
    pub fn make(&self, mut maker: impl FnMut(&str) -> Option<String> + Send + 'static) {
        let mut page = move |path: &str| maker(path).map(|html| Reply::Page(html.into_bytes()));
        self.weather(move |path, _| if path == "/robots.txt" { None } else { page(path) });
    }

    /// Sets what is answered instead of what the paths are set to.
    pub fn weather(&self, weather: impl FnMut(&str, Option<&Reply>) -> Option<Reply> + Send + 'static) {
        self.state().weather = Some(Box::new(weather));
        self.seen.notify_all();
    }

    /// From now on every path answers as it is set again.
    pub fn fair_weather(&self) {
        self.state().weather = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread died")
    }

    /// Sets robots.txt.
    pub fn robots(&self, text: &str) {
        self.set("/robots.txt", Reply::Typed("text/plain; charset=utf-8", text.as_bytes().to_vec()));
    }

    /// How often robots.txt was asked for since this was last called; it is in no other log.
    pub fn take_robots(&self) -> usize {
        std::mem::take(&mut self.state().robots).len()
    }

    /// Every request since the logs were last taken, in the order of their coming, with those for robots.txt.
    pub fn all_requests(&self) -> Vec<Request> {
        let state = self.state();
        let mut all: Vec<Request> = state.log.iter().chain(&state.robots).cloned().collect();
        all.sort_by_key(|request| request.at);
        all
    }

    /// The requests since the last call.
    pub fn take_log(&self) -> Vec<Request> {
        std::mem::take(&mut self.state().log)
    }

    /// The paths and statuses of the requests since the log was last taken.
    pub fn take_visits(&self) -> Vec<(String, u16)> {
        self.take_log().into_iter().map(|r| (r.path, r.status)).collect()
    }

    /// Waits until the log holds so many requests.
    #[track_caller]
    pub fn wait_for(&self, requests: usize) {
        let state = self.state();
        let (_state, late) =
            self.seen.wait_timeout_while(state, Duration::from_secs(30), |s| s.log.len() < requests).expect("no thread died");
        assert!(!late.timed_out(), "fewer than {requests} requests came");
    }

    /// How many requests came since the log was last taken.
    pub fn requests(&self) -> usize {
        self.state().log.len()
    }

    /// When the requests for a path came, since the log was last taken.
    pub fn visits(&self, path: &str) -> Vec<Instant> {
        self.state().log.iter().filter(|r| r.path == path).map(|r| r.at).collect()
    }

    /// Waits until so many requests for a path have come since the log was last taken.
    #[track_caller]
    pub fn wait_for_visits(&self, path: &str, visits: usize) {
        let so_far = |s: &mut State| s.log.iter().filter(|r| r.path == path).count();
        let (_state, late) =
            self.seen.wait_timeout_while(self.state(), Duration::from_secs(30), |s| so_far(s) < visits).expect("no thread died");
        assert!(!late.timed_out(), "fewer than {visits} requests for {path} came");
    }

    /// The most requests for a path that there ever were at a time.
    pub fn most_at_a_time(&self, path: &str) -> usize {
        self.state().under_way.get(path).map_or(0, |(_, most)| *most)
    }

    /// The most requests that there ever were at a time.
    pub fn most_at_a_time_of_all(&self) -> usize {
        self.most_at_a_time("")
    }

    /// Takes a request down, and says what is to be answered, once it is to be.
    fn take(&self, path: &str, headers: &HashMap<String, String>) -> (Option<Reply>, (u16, Vec<u8>, bool)) {
        let mut state = self.state();
        for key in [path, ""] {
            let (now, most) = state.under_way.entry(key.to_owned()).or_default();
            *now += 1;
            *most = (*most).max(*now);
        }
        let set = state.replies.get(path).cloned();
        let instead = state.weather.as_mut().and_then(|weather| weather(path, set.as_ref()));
        let (mut reply, mut answered) = (instead.or(set), None);
        if !matches!(reply, Some(Reply::Held)) {
            answered = Some(answer(reply.as_ref(), headers));
        }
        let status = answered.as_ref().map_or(0, |(status, ..)| *status);
        let request = Request { path: path.to_owned(), headers: headers.clone(), status, at: Instant::now() };
        if path == "/robots.txt" {
            state.robots.push(request)
        } else {
            state.log.push(request)
        }
        self.seen.notify_all();
        let answered = answered.unwrap_or_else(|| {
            let held = |s: &mut State| matches!(s.replies.get(path), Some(Reply::Held));
            reply = self.seen.wait_while(state, held).expect("no thread died").replies.get(path).cloned();
            answer(reply.as_ref(), headers)
        });
        (reply, answered)
    }

    fn end(&self, path: &str) {
        let mut state = self.state();
        for key in [path, ""] {
            state.under_way.entry(key.to_owned()).and_modify(|(now, _)| *now -= 1);
        }
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
        let mut stream = stream;
        while let Some((path, headers)) = read_request(&mut reader) {
            let (reply, (_, bytes, close)) = self.take(&path, &headers);
            if matches!(reply, Some(Reply::Silence)) {
                let _ = reader.read_line(&mut String::new());
                self.end(&path);
                return;
            }
            if let Some(Reply::Wire(wire)) = reply {
                // A client that gave up shows that by its next request at the latest; one that has all it wanted may be ahead of us.
                let whole = matches!(wire.acts[..], [Act::Send(_)]);
                if whole {
                    self.end(&path);
                }
                wire.play(&mut stream, &mut reader);
                if !whole {
                    self.end(&path);
                }
                return;
            }
            // Before the client can have the answer, and ask again.
            self.end(&path);
            if stream.write_all(&bytes).and_then(|()| stream.flush()).is_err() || close {
                return;
            }
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<(String, HashMap<String, String>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    Some((path, headers))
}

fn answer(reply: Option<&Reply>, headers: &HashMap<String, String>) -> (u16, Vec<u8>, bool) {
    let full = |status: u16, fields: &str, body: &[u8]| {
        let mut bytes = format!("HTTP/1.1 {status} X\r\n{fields}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        (status, bytes, false)
    };
    match reply {
        None => full(404, "", b""),
        Some(Reply::Page(body)) => {
            let etag = format!("\"{:x}\"", body.iter().fold(5381u64, |h, b| h.wrapping_mul(33) ^ u64::from(*b)));
            if headers.get("if-none-match") == Some(&etag) {
                return (304, format!("HTTP/1.1 304 X\r\nETag: {etag}\r\n\r\n").into_bytes(), false);
            }
            full(200, &format!("Content-Type: text/html; charset=utf-8\r\nETag: {etag}\r\n"), body)
        }
        Some(Reply::Typed(kind, body)) => full(200, &format!("Content-Type: {kind}\r\n"), body),
        Some(Reply::Full(status, fields, body)) => {
            let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            full(*status, &fields, body)
        }
        Some(Reply::Status(status)) => full(*status, "", b""),
        Some(Reply::Redirect(to)) => full(302, &format!("Location: {to}\r\n"), b""),
        Some(Reply::Truncated(body)) => {
            let (_, mut bytes, _) = full(200, "Content-Type: text/html; charset=utf-8\r\n", body);
            bytes.truncate(bytes.len() - body.len() / 2);
            (200, bytes, true)
        }
        Some(Reply::Wire(wire)) => (wire.status, Vec::new(), true),
        Some(Reply::HangUp | Reply::Silence | Reply::Held) => (0, Vec::new(), true),
    }
}
