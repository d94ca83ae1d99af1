//! Asking over HTTP, one request a connection, as the bytes are.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::process::PATIENCE;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in the order of their coming.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a field; none: it is not there.
    #[track_caller]
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

/// One request with these header fields.
#[track_caller]
pub fn ask(address: SocketAddr, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    over(stream, &address.to_string(), method, path, fields)
}

/// The same at a Unix socket.
#[track_caller]
pub fn ask_socket(socket: &Path, method: &str, path: &str) -> Answer {
    let stream = UnixStream::connect(socket).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    over(stream, "localhost", method, path, &[])
}

#[track_caller]
fn over(mut stream: impl Read + Write, host: &str, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    };
    let first = line();
    let status = first.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status line: {first:?}"));
    let mut fields = Vec::new();
    while let Some((name, value)) = line().split_once(": ") {
        fields.push((name.to_lowercase(), value.to_owned()));
    }
    let mut body = Vec::new();
    reader.read_to_end(&mut body).expect("the end");
    let answer = Answer { status, fields, body };
    if let (Some(length), false) = (answer.field("content-length"), method == "HEAD") {
        assert_eq!(length, answer.body.len().to_string(), "{method} {path}: all that was promised, and no more");
    }
    answer
}

/// Fetches documents into a folder, where they can be read like a published tree.
#[track_caller]
pub fn download(address: SocketAddr, documents: &[String], into: &Path) {
    for document in documents {
        let answer = ask(address, "GET", &format!("/{document}"), &[]);
        assert_eq!(answer.status, 200, "{document}");
        let path = into.join(document);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, answer.body).expect("a file");
    }
}
