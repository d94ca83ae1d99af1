//! The ways in which a newsroom misbehaves: how it answers instead of with a good page, and what must come of it.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::newsroom::{Newsroom, Reply};
use super::wire::{self, Act, Wire, chunk, head, open_head};

/// What must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The poll fails, and says so in these words; no feed is changed.
    Fails(&'static str),
    /// The page is read as it was meant.
    Read,
    /// The one or the other: both keep the promises.
    Either,
}
use Outcome::{Either, Fails, Read};

/// Makes an answer out of a good page.
type Make = Box<dyn Fn(&str) -> Reply + Send + Sync>;

pub struct Fault {
    /// What the newsroom does, in letters, digits and dashes.
    pub name: String,
    pub outcome: Outcome,
    /// The pages of a walk on which it is one, from 0.
    pub pages: Range<usize>,
    /// Requests that it takes: one, unless there is somewhere to go.
    pub requests: usize,
    make: Make,
}

impl Fault {
    /// What is answered where a good page stood.
    pub fn reply(&self, html: &str) -> Reply {
        (self.make)(html)
    }
}

fn fault<R: Into<Reply>>(name: &str, outcome: Outcome, make: impl Fn(&str) -> R + Send + Sync + 'static) -> Fault {
    Fault { name: name.to_owned(), outcome, pages: 0..2, requests: 1, make: Box::new(move |html| make(html).into()) }
}

impl From<Wire> for Reply {
    fn from(wire: Wire) -> Self {
        Self::Wire(wire)
    }
}

const HTML: &str = "Content-Type: text/html; charset=utf-8";

/// A page that is well said but for its body or some fields.
fn html(fields: &[&str], body: &[u8]) -> Wire {
    Wire::answer(200, &[&[HTML], fields].concat(), body)
}

/// The head of a page, and what happens then.
fn then(fields: &[&str], acts: &[Act]) -> Wire {
    let mut all = vec![Act::Send(head(200, &[&[HTML], fields].concat()))];
    all.extend_from_slice(acts);
    Wire::new(200, all)
}

fn length(html: &str) -> String {
    format!("Content-Length: {}", html.len())
}

fn half(html: &str) -> Vec<u8> {
    html.as_bytes()[..html.len() / 2].to_vec()
}

/// The newsroom says no.
pub fn refusals() -> Vec<Fault> {
    let mut faults: Vec<Fault> =
        [400, 401, 402, 403, 404, 405, 406, 410, 418, 421, 429, 451, 500, 501, 502, 503, 504, 508, 520, 599]
            .into_iter()
            .map(|status| fault(&format!("status-{status}"), Fails(""), move |_| Reply::Status(status)))
            .collect();
    for status in [429, 503] {
        for (form, value) in [
            ("seconds", "120"),
            ("date", "Fri, 31 Dec 2100 23:59:59 GMT"),
            ("past", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("endless", "99999999999999999999"),
            ("nonsense", "soon"),
        ] {
            let name = format!("status-{status}-retry-after-{form}");
            faults.push(fault(&name, Fails(""), move |_| Wire::answer(status, &[&format!("Retry-After: {value}")], b"")));
        }
    }
    // A good page under a status that says that it is none.
    faults.push(fault("status-500-with-a-page", Fails("500"), |page| Wire::answer(500, &[HTML], page.as_bytes())));
    faults.push(fault("status-404-with-a-page", Fails("404"), |page| Wire::answer(404, &[HTML], page.as_bytes())));
    faults
}

/// Statuses that are no refusal, and no page.
pub fn odd_statuses() -> Vec<Fault> {
    vec![
        fault("status-201", Either, |page| Wire::answer(201, &[HTML], page.as_bytes())),
        fault("status-202-empty", Fails(""), |_| Wire::answer(202, &[HTML], b"")),
        fault("status-204", Fails(""), |_| Wire::bytes(204, head(204, &[]))),
        fault("status-205", Fails(""), |_| Wire::answer(205, &[], b"")),
        fault("status-206", Fails(""), |page| {
            let range = format!("Content-Range: bytes 0-{}/{}", page.len() / 2 - 1, page.len());
            Wire::answer(206, &[HTML, &range], &half(page))
        }),
        // There are no validators that it could be an answer to, on page 2.
        Fault { pages: 1..2, ..fault("status-304", Fails("304"), |_| Wire::bytes(304, head(304, &[]))) },
        fault("status-300", Fails(""), |_| Wire::answer(300, &[], b"")),
        fault("status-101", Fails(""), |_| Wire::bytes(101, head(101, &["Upgrade: h2c"]))),
        fault("status-999", Fails(""), |page| Wire::answer(999, &[HTML], page.as_bytes())),
        fault("status-200-empty", Fails(""), |_| html(&[], b"")),
        fault("status-200-white", Fails(""), |_| html(&[], b"\r\n \t\r\n")),
        fault("early-hints-first", Read, |page| {
            let mut bytes = b"HTTP/1.1 103 X\r\nLink: </style.css>; rel=preload\r\n\r\n".repeat(3);
            bytes.extend(head(200, &[HTML, &length(page)]));
            bytes.extend_from_slice(page.as_bytes());
            Wire::bytes(200, bytes)
        }),
    ]
}

/// Something is cut off, or its length is not what was said.
pub fn cuts() -> Vec<Fault> {
    vec![
        fault("hangs-up", Fails("cannot get"), |_| Reply::HangUp),
        fault("resets-at-once", Fails("cannot get"), |_| Wire::new(0, [Act::Reset])),
        fault("hangs-up-in-the-head", Fails("cannot get"), |_| Wire::bytes(0, open_head(200, &[HTML]))),
        fault("hangs-up-in-the-status-line", Fails("cannot get"), |_| Wire::bytes(0, "HTTP/1.1 2")),
        fault("resets-in-the-head", Fails("cannot get"), |_| Wire::new(0, [Act::Send(open_head(200, &[])), Act::Reset])),
        fault("resets-in-the-body", Fails("cannot get"), |page| then(&[&length(page)], &[Act::Send(half(page)), Act::Reset])),
        fault("resets-in-the-body-of-no-length", Fails("cannot get"), |page| then(&[], &[Act::Send(half(page)), Act::Reset])),
        fault("truncated", Fails("cannot get"), |page| Reply::Truncated(page.as_bytes().to_vec())),
        fault("truncated-by-a-byte", Fails("cannot get"), |page| {
            then(&[&format!("Content-Length: {}", page.len() + 1)], &[Act::Send(page.as_bytes().to_vec())])
        }),
        fault("chunks-without-the-last", Fails("cannot get"), |page| {
            then(&["Transfer-Encoding: chunked"], &[Act::Send(chunk(page.as_bytes()))])
        }),
        fault("chunk-cut-off", Fails("cannot get"), |page| {
            let mut cut = chunk(page.as_bytes());
            cut.truncate(page.len() / 2);
            then(&["Transfer-Encoding: chunked"], &[Act::Send(cut)])
        }),
        fault("chunk-of-no-size", Fails("cannot get"), |page| {
            let bytes = [&chunk(&half(page))[..], b"what?\r\n", page.as_bytes(), b"\r\n0\r\n\r\n"].concat();
            then(&["Transfer-Encoding: chunked"], &[Act::Send(bytes)])
        }),
        fault("chunk-larger-than-numbers-go", Fails("cannot get"), |page| {
            then(&["Transfer-Encoding: chunked"], &[Act::Send([b"ffffffffffffffff1\r\n", page.as_bytes()].concat())])
        }),
        fault("length-too-small", Fails(""), |page| {
            then(&[&format!("Content-Length: {}", page.len() / 2)], &[Act::Send(page.into())])
        }),
        fault("length-zero", Fails(""), |page| then(&["Content-Length: 0"], &[Act::Send(page.into())])),
        fault("two-lengths", Fails("cannot get"), |page| {
            let half = format!("Content-Length: {}", page.len() / 2);
            then(&[&length(page), &half], &[Act::Send(page.into())])
        }),
        fault("length-below-zero", Fails("cannot get"), |page| then(&["Content-Length: -1"], &[Act::Send(page.into())])),
        fault("length-of-no-number", Fails("cannot get"), |page| then(&["Content-Length: much"], &[Act::Send(page.into())])),
        fault("length-larger-than-numbers-go", Fails("cannot get"), |page| {
            then(&["Content-Length: 99999999999999999999999"], &[Act::Send(page.into())])
        }),
        // RFC 9112, section 6.3: the chunks count.
        fault("length-and-chunks", Either, |page| {
            let bytes = [&chunk(page.as_bytes())[..], b"0\r\n\r\n"].concat();
            then(&["Content-Length: 7", "Transfer-Encoding: chunked"], &[Act::Send(bytes)])
        }),
        // An answer to a question that nobody asked yet: it is not to be taken for page 2.
        fault("an-answer-too-many", Read, |page| {
            let answer = |html: &str| format!("HTTP/1.1 200 X\r\n{HTML}\r\n{}\r\n\r\n{html}", length(html));
            let more = answer("<article><h3><a href='/evil'>Smuggled</a></h3><time>1 May 2024</time></article></html>");
            Wire::new(200, [Act::Send((answer(page) + &more).into()), Act::Hang])
        }),
        fault("bytes-after-the-answer", Read, |page| then(&[&length(page)], &[Act::Send(format!("{page}\r\n\r\n\0\0").into())])),
        // An old server: the end of the connection is the end of the page.
        fault("no-length", Read, |page| then(&[], &[Act::Send(page.into())])),
        fault("http-1-0", Read, |page| Wire::bytes(200, format!("HTTP/1.0 200 OK\r\n{HTML}\r\n\r\n{page}"))),
    ]
}

/// What is no HTTP.
pub fn nonsense() -> Vec<Fault> {
    vec![
        fault("another-protocol", Fails("cannot get"), |_| Wire::bytes(0, "SSH-2.0-OpenSSH_9.6\r\n")),
        fault("no-head", Fails("cannot get"), |page| Wire::bytes(0, page)),
        fault("binary-rubbish", Fails("cannot get"), |_| {
            Wire::bytes(0, (0..=255u8).rev().cycle().take(5_000).collect::<Vec<u8>>())
        }),
        fault("status-of-no-number", Fails("cannot get"), |page| Wire::bytes(0, format!("HTTP/1.1 OK\r\n\r\n{page}"))),
        fault("header-of-no-name", Fails("cannot get"), |page| then(&[": nothing", &length(page)], &[Act::Send(page.into())])),
        fault("header-without-colon", Fails("cannot get"), |page| {
            then(&["what is this", &length(page)], &[Act::Send(page.into())])
        }),
        fault("header-of-control-characters", Fails("cannot get"), |page| {
            then(&["X-\u{1}: \u{2}", &length(page)], &[Act::Send(page.into())])
        }),
        fault("bytes-before-the-answer", Fails("cannot get"), |page| {
            Wire::bytes(0, [b"\0\0\0\0", &*head(200, &[HTML]), page.as_bytes()].concat())
        }),
    ]
}

/// The coding of the body is not what was said.
pub fn codings() -> Vec<Fault> {
    let packed = |page: &str| wire::gzip(page.as_bytes());
    let said = "Content-Encoding: gzip";
    vec![
        fault("gzip", Read, move |page| html(&[said], &packed(page))),
        fault("gzip-that-is-none", Fails("Content-Encoding"), move |page| html(&[said], page.as_bytes())),
        fault("gzip-cut-off", Fails("Content-Encoding"), move |page| html(&[said], &packed(page)[..packed(page).len() / 2])),
        fault("gzip-without-its-end", Fails("Content-Encoding"), move |page| {
            html(&[said], &packed(page)[..packed(page).len() - 8])
        }),
        fault("gzip-of-a-wrong-sum", Fails("Content-Encoding"), move |page| {
            let mut packed = packed(page);
            let at = packed.len() - 8;
            packed[at] ^= 1;
            html(&[said], &packed)
        }),
        fault("gzip-of-a-wrong-size", Fails("Content-Encoding"), move |page| {
            let mut packed = packed(page);
            let at = packed.len() - 4;
            packed[at] ^= 1;
            html(&[said], &packed)
        }),
        fault("gzip-damaged-within", Fails(""), move |page| {
            let mut packed = packed(page);
            let at = packed.len() / 2;
            packed[at..at + 8].fill(0xff);
            html(&[said], &packed)
        }),
        fault("gzip-unsaid", Fails(""), move |page| html(&[], &packed(page))),
        fault("gzip-twice", Fails(""), move |page| html(&[said], &wire::gzip(&packed(page)))),
        fault("gzip-of-nothing", Fails(""), move |_| html(&[said], b"")),
        fault("brotli-that-is-none", Fails("Content-Encoding"), |page| html(&["Content-Encoding: br"], page.as_bytes())),
        fault("zstd-that-is-none", Fails("Content-Encoding"), |page| html(&["Content-Encoding: zstd"], page.as_bytes())),
        fault("coding-never-asked-for", Either, |page| html(&["Content-Encoding: rot13"], page.as_bytes())),
    ]
}

/// More than anybody wants.
pub fn bombs() -> Vec<Fault> {
    let no_pause = Duration::ZERO;
    let block = || " ".repeat(64 << 10).into_bytes();
    let chunked = "Transfer-Encoding: chunked";
    vec![
        fault("gzip-bomb", Fails("larger than"), |_| html(&["Content-Encoding: gzip"], &wire::gzip_bomb(1024))),
        fault("gzip-bomb-without-end", Fails("larger than"), move |_| {
            let start = Act::Send(wire::GZIP_HEAD.to_vec());
            then(&["Content-Encoding: gzip"], &[start, Act::Forever(wire::packed_mebibyte(), no_pause)])
        }),
        fault("zstd-bomb", Fails("larger than"), |_| html(&["Content-Encoding: zstd"], &wire::zstd_bomb(1024))),
        fault("brotli-bomb", Fails("larger than"), |_| html(&["Content-Encoding: br"], wire::BROTLI_BOMB)),
        fault("body-without-end", Fails("larger than"), move |page| {
            then(&[], &[Act::Send(page.into()), Act::Forever(block(), no_pause)])
        }),
        fault("chunks-without-end", Fails("larger than"), move |page| {
            then(&[chunked], &[Act::Send(chunk(page.as_bytes())), Act::Forever(chunk(&block()), no_pause)])
        }),
        // 128 KiB at a time in the smallest of chunks.
        fault("chunks-of-a-byte-without-end", Fails(""), move |_| {
            then(&[chunked], &[Act::Forever(chunk(b" ").repeat(20_000), no_pause)])
        }),
        fault("chunk-extension-without-end", Fails(""), move |_| {
            then(&[chunked], &[Act::Send(b"1;".to_vec()), Act::Forever(block(), no_pause)])
        }),
        fault("trailers-without-end", Either, move |page| {
            let last = [&chunk(page.as_bytes())[..], b"0\r\n"].concat();
            then(&[chunked], &[Act::Send(last), Act::Forever(b"X-More: and more\r\n".repeat(1000), no_pause)])
        }),
        fault("body-of-a-large-length", Fails("larger than"), |page| {
            then(&["Content-Length: 10000000000"], &[Act::Send(page.into()), Act::Hang])
        }),
        fault("head-without-end", Fails("cannot get"), move |_| {
            Wire::new(0, [Act::Send(open_head(200, &[HTML])), Act::Forever(b"X-More: and more\r\n".repeat(1000), no_pause)])
        }),
        fault("header-without-end", Fails("cannot get"), move |_| {
            Wire::new(
                0,
                [Act::Send([open_head(200, &[]), b"X-Long: ".to_vec()].concat()), Act::Forever(b"more".repeat(9_000), no_pause)],
            )
        }),
        fault("status-line-without-end", Fails("cannot get"), move |_| {
            Wire::new(0, [Act::Send(b"HTTP/1.1 200 ".to_vec()), Act::Forever(b"very ".repeat(9_000), no_pause)])
        }),
        fault("early-hints-without-end", Fails(""), |_| {
            Wire::new(0, [Act::Forever(b"HTTP/1.1 103 X\r\nLink: </a.css>\r\n\r\n".to_vec(), Duration::from_millis(1))])
        }),
    ]
}

/// More time than anybody has. Their whole would take minutes, or for ever.
pub fn slow() -> Vec<Fault> {
    let pause = Duration::from_millis(100);
    let said = |page: &str| head(200, &[HTML, &length(page)]);
    vec![
        fault("hangs", Fails("in time"), |_| Reply::Silence),
        fault("hangs-in-the-head", Fails("in time"), |_| Wire::new(0, [Act::Send(open_head(200, &[HTML])), Act::Hang])),
        fault("hangs-in-the-body", Fails("in time"), |page| then(&[&length(page)], &[Act::Send(half(page)), Act::Hang])),
        fault("hangs-before-the-last-chunk", Fails("in time"), |page| {
            then(&["Transfer-Encoding: chunked"], &[Act::Send(chunk(page.as_bytes())), Act::Hang])
        }),
        fault("hangs-in-gzip", Fails("in time"), |page| {
            let packed = wire::gzip(page.as_bytes());
            then(&["Content-Encoding: gzip"], &[Act::Send(packed[..packed.len() - 4].to_vec()), Act::Hang])
        }),
        fault("slow-head", Fails("in time"), move |page| Wire::new(0, [Act::Trickle(said(page), pause)])),
        fault("slow-header-without-end", Fails("in time"), move |_| {
            Wire::new(0, [Act::Send(open_head(200, &[])), Act::Forever(b"X-More: and more\r\n".to_vec(), pause)])
        }),
        fault("slow-body", Fails("in time"), move |page| {
            Wire::new(200, [Act::Send(said(page)), Act::Trickle(page.into(), pause)])
        }),
        fault("slow-chunks", Fails("in time"), move |_| {
            then(&["Transfer-Encoding: chunked"], &[Act::Forever(chunk(b" "), pause)])
        }),
        fault("slow-early-hints", Fails("in time"), move |_| {
            Wire::new(0, [Act::Forever(b"HTTP/1.1 103 X\r\nLink: </a.css>\r\n\r\n".to_vec(), pause)])
        }),
    ]
}

/// Lets a newsroom have paths whose redirects have no end.
pub fn with_maze(newsroom: &Newsroom) {
    newsroom.weather(|path, _| maze(path));
}

/// The answers there: below `/maze/` one redirect leads to the next, below `/circle/STATUS/` to and fro.
pub fn maze(path: &str) -> Option<Reply> {
    let mut parts = path.strip_prefix('/')?.split('/');
    Some(Reply::Wire(match (parts.next()?, parts.next()?, parts.next()) {
        ("maze", depth, None) => Wire::redirect(302, &format!("/maze/{}", depth.parse::<usize>().ok()? + 1)),
        ("circle", status, Some(side)) => {
            let other = if side == "here" { "there" } else { "here" };
            Wire::redirect(status.parse().ok()?, &format!("/circle/{status}/{other}"))
        }
        _ => return None,
    }))
}

/// Requests that a walk of redirects may take: the page and ten more.
const HOPS: usize = 11;

/// Redirects to nowhere.
pub fn redirects() -> Vec<Fault> {
    let mut faults: Vec<Fault> = [301, 302, 303, 307, 308]
        .into_iter()
        .map(|status| Fault {
            requests: HOPS,
            ..fault(&format!("circle-of-{status}"), Fails("leads from one address to the next"), move |_| {
                Wire::redirect(status, &format!("/circle/{status}/here"))
            })
        })
        .collect();
    faults.push(Fault {
        requests: HOPS,
        ..fault("maze-of-redirects", Fails("leads from one address to the next"), |_| Wire::redirect(302, "/maze/0"))
    });
    for (name, location) in [
        ("a-file", "file:///etc/passwd"),
        ("ftp", "ftp://127.0.0.1/news"),
        ("data", "data:text/html,<article><h3>Hacked</h3><time>1 May 2024</time></article>"),
        ("a-script", "javascript:alert(1)"),
        ("nothing", ""),
        ("no-address", "http://"),
        ("a-bad-port", "http://127.0.0.1:99999/"),
    ] {
        faults.push(fault(&format!("redirect-to-{name}"), Fails("redirects to"), move |_| Wire::redirect(302, location)));
    }
    faults.push(fault("redirect-without-location", Fails("redirects to"), |_| Wire::answer(301, &[], b"")));
    faults.push(fault("redirect-to-a-closed-port", Fails(""), |_| {
        Wire::redirect(302, &format!("http://127.0.0.1:{}/news", closed_port()))
    }));
    faults
}

/// A port at which nobody listens, and which nobody else is given meanwhile: another test's newsroom would be asked there.
pub fn closed_port() -> u16 {
    static TAKEN: OnceLock<Socket> = OnceLock::new();
    let taken = TAKEN.get_or_init(|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
        socket
    });
    taken.local_addr().ok().and_then(|address| address.as_socket()).expect("an address").port()
}

/// Redirects to a trap on 127.0.0.2, in every spelling of it, and to one on ::1.
pub fn escapes(trap: u16, trap_v6: u16) -> Vec<Fault> {
    let v4 = [
        "127.0.0.2",
        "127.2",
        "2130706434",
        "0x7f000002",
        "0177.0.0.2",
        "127.0.0.2.",
        "[::ffff:127.0.0.2]",
        "me:secret@127.0.0.2",
    ];
    let v4 = v4.into_iter().map(|host| (host, trap));
    let v6 = ["[::1]", "[0:0:0:0:0:0:0:1]"].into_iter().map(|host| (host, trap_v6));
    let name = |host: &str| host.replace(|c: char| !c.is_ascii_alphanumeric(), "-").trim_matches('-').to_owned();
    v4.chain(v6)
        .enumerate()
        .map(|(n, (host, port))| {
            let status = [301, 302, 303, 307, 308][n % 5];
            fault(&format!("escape-{n}-to-{}", name(host)), Fails(""), move |_| {
                Wire::redirect(status, &format!("http://{host}:{port}/news"))
            })
        })
        .collect()
}

/// Pages that are none, with the status 200.
pub fn impostors() -> Vec<Fault> {
    let page = |title: &str, body: &str| format!("<!DOCTYPE html><html lang=en><title>{title}</title><body>{body}</body></html>");
    let fixed = |name: &str, text: String| fault(name, Fails(""), move |_| html(&[], text.as_bytes()));
    vec![
        fixed("captcha", page("Just a moment...", "<h1>Are you human?</h1><form><input name=captcha></form>")),
        fixed("error-page", page("500", "<h1>Internal Server Error</h1><p>Please try again later.</p>")),
        fixed("maintenance-page", page("Back soon", "<article><h3>We are working on it</h3></article>")),
        fixed("login-page", page("Sign in", "<form action=/login><input name=user><input name=password type=password></form>")),
        fixed("error-in-the-shape-of-a-row", page("Error", "<article><h3><a href='/'>Error</a></h3><time></time></article>")),
        fault("database-error", Fails(""), |_| html(&[], b"SQLSTATE[HY000] [2002] Connection refused")),
        fault("json", Fails(""), |_| Reply::Typed("application/json", b"{\"error\": \"rate limited\"}".to_vec())),
        fault("picture", Fails(""), |_| Reply::Typed("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".repeat(50))),
        fault("nul-bytes", Fails(""), |page| html(&[], &vec![0; page.len()])),
    ]
}

/// The newsroom was rebuilt, or its page is not whole, in ways that leave it a well-formed page with the status 200.
pub fn rebuilt() -> Vec<Fault> {
    let changed = |name: &str, change: fn(&str) -> String| fault(name, Fails(""), move |page| html(&[], change(page).as_bytes()));
    vec![
        changed("other-markup", |page| page.replace("<article", "<section").replace("</article", "</section")),
        changed("titles-elsewhere", |page| page.replace("h3>", "h2>")),
        changed("dates-elsewhere", |page| page.replace("time>", "span>")),
        changed("dates-otherwise", |page| page.replace(" May 2024", ".5.24").replace(" June 2024", ".6.24")),
        changed("rows-without-content", |page| "<article></article>".repeat(page.matches("<article").count())),
        // The page ends in a row, between two rows, and before them.
        changed("half-a-page", |page| page[..page.len() / 2].to_owned()),
        changed("a-fifth-of-a-page", |page| page[..page.len() / 5].to_owned()),
        // On page 2 that is how a shorter listing looks.
        Fault {
            pages: 0..1,
            ..changed("half-a-page-with-an-end", |page| {
                let rows: Vec<&str> = page.split_inclusive("</article>\n").collect();
                format!("{}</main></body></html>", rows[..rows.len() / 2 - 1].concat())
            })
        },
        changed("head-alone", |page| page.split("<article").next().unwrap_or(page).to_owned()),
    ]
}

/// All of them.
pub fn all() -> Vec<Fault> {
    let kinds = [refusals(), odd_statuses(), cuts(), nonsense(), codings(), bombs(), slow(), redirects(), impostors(), rebuilt()];
    kinds.into_iter().flatten().collect()
}
