//! What is wrong with a configuration file and where: collected while it is read, shown all at once.
//!
//! Pure: knows positions and lines, not what the keys mean; the text goes wherever the caller prints it.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// No more of a line is shown (characters).
const LONGEST_LINE: usize = 400;

/// A place in the file, in bytes.
pub type Span = Range<usize>;

/// One problem, with all that is needed to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as the operator named it.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// Whether newsroomd can run all the same.
    pub warning: bool,
    /// A warning of how newsrooms are asked: for commands that go on asking.
    pub of_requests: bool,
    /// What is wrong: one line, no full stop.
    pub message: String,
    /// What to do about it, if that can be said.
    pub hint: Option<String>,
    /// The line of the file, or what of a long one stands around the place.
    source: String,
    /// How many characters of that stand before what is meant.
    indent: usize,
    /// How many characters of it are meant, at least 1.
    width: usize,
}

impl Diagnostic {
    /// `path:line:column: message (hint)`, in one line.
    pub fn in_one_line(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}:{}:{}: {}{hint}", self.path.display(), self.line, self.column, self.message)
    }

    /// `path:line:column: message`, the line with what is meant underlined, and the hint; ends with a line feed.
    pub fn render(&self) -> String {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        // A tab stays a tab below, whatever width the terminal gives it.
        let blank: String = self.source.chars().take(self.indent).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let kind = if self.warning { "warning: " } else { "" };
        let mut out = format!("{}:{}:{}: {kind}{}\n", self.path.display(), self.line, self.column, self.message);
        out += &format!("{gutter} |\n{number} | {}\n{gutter} | {blank}{}\n", self.source, "^".repeat(self.width));
        if let Some(hint) = &self.hint {
            out += &format!("hint: {hint}\n");
        }
        out
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

/// Takes problems in any order; readers share it.
#[derive(Debug)]
pub(super) struct Problems<'t> {
    text: &'t str,
    found: RefCell<Vec<Problem>>,
    /// Places whose values stand elsewhere and must not be shown.
    hidden: RefCell<Vec<(Span, String)>>,
    /// Of those, the ones whose values could not be had.
    missing: RefCell<Vec<Span>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Problem {
    span: Span,
    warning: bool,
    of_requests: bool,
    message: String,
    hint: String,
}

impl<'t> Problems<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, found: RefCell::default(), hidden: RefCell::default(), missing: RefCell::default() }
    }

    /// Something that newsroomd cannot run with. An empty hint is none.
    pub fn push(&self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Problem { span, warning: false, of_requests: false, message: message.into(), hint: hint.into() });
    }

    /// Something that the operator should know.
    pub fn warn(&self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Problem { span, warning: true, of_requests: false, message: message.into(), hint: hint.into() });
    }

    /// Something that the operator should know before newsrooms are asked again and again.
    pub fn warn_of_requests(&self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Problem { span, warning: true, of_requests: true, message: message.into(), hint: hint.into() });
    }

    /// From now on nothing that is said shows this value, which is put in at `span`.
    pub fn hide(&self, span: Span, value: String) {
        self.hidden.borrow_mut().push((span, value));
    }

    /// There is no value for `span`, which was told: nothing more is said of it.
    pub fn missing(&self, span: Span) {
        self.missing.borrow_mut().push(span);
    }

    /// Whether an inline table is written at `span`.
    pub fn is_inline_table(&self, span: &Span) -> bool {
        self.text.get(span.clone()).is_some_and(|text| text.starts_with('{'))
    }

    /// The same without what is hidden.
    fn veiled(&self, mut problem: Problem) -> Problem {
        for (span, value) in self.hidden.borrow().iter() {
            let of_it = span.start <= problem.span.start && problem.span.end <= span.end;
            if shows(&problem.message, value, of_it) {
                let key = problem.message.split('`').nth(1).filter(|key| !shows(key, value, true)).unwrap_or("the value");
                problem.message = format!("`{key}` cannot be what it is there, which is not shown");
                problem.hint = "try it with the value written out to see what is wrong".to_owned();
            } else if shows(&problem.hint, value, of_it) {
                problem.hint.clear();
            }
        }
        problem
    }

    fn add(&self, problem: Problem) {
        if self.missing.borrow().contains(&problem.span) {
            return;
        }
        let problem = self.veiled(problem);
        let mut found = self.found.borrow_mut();
        if !found.contains(&problem) {
            found.push(problem);
        }
    }

    /// Where in the file a part of a string value stands: exact if the string is written without escapes, else the whole value.
    pub fn within(&self, value: &str, span: &Span, part: Span) -> Span {
        let raw = self.text.get(span.clone()).unwrap_or_default();
        let mut hits = raw.match_indices(value);
        match (hits.next(), hits.next()) {
            (Some((at, _)), None) if part.end <= value.len() => span.start + at + part.start..span.start + at + part.end,
            _ => span.clone(),
        }
    }

    /// The lines' numbers, from 0, that a span touches.
    pub fn lines(&self, span: &Span) -> Range<usize> {
        let line = |at: usize| self.text.bytes().take(at).filter(|b| *b == b'\n').count();
        line(span.start)..line(span.end.max(span.start)) + 1
    }

    /// Drops what was found, from the `since`th problem on, in lines of which something worse is known.
    pub fn drop_since(&self, since: usize, lines: &[Range<usize>]) {
        let mut found = self.found.borrow_mut();
        let since = since.min(found.len());
        let later = found.split_off(since);
        found.extend(later.into_iter().filter(|p| {
            let own = self.lines(&p.span);
            !lines.iter().any(|l| own.start < l.end && l.start < own.end)
        }));
    }

    pub fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// All of them, in the file's order: problems, then warnings.
    pub fn finish(self, path: &Path) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let mut found = self.found.into_inner();
        found.sort_by_key(|p| (p.span.start, p.span.end));
        let (warnings, problems): (Vec<_>, Vec<_>) = found.into_iter().partition(|p| p.warning);
        let show = |list: Vec<Problem>| list.into_iter().map(|p| locate(path, self.text, p)).collect();
        (show(problems), show(warnings))
    }
}

/// Whether a text shows a hidden value, or, if it is `of_it`, a word of it.
fn shows(text: &str, value: &str, of_it: bool) -> bool {
    let (text, value) = (text.to_lowercase(), value.to_lowercase());
    let word = |word: &&str| word.chars().count() > 2 && !["http", "https", "url", "must", "key"].contains(word);
    let words = || text.split(|c: char| !c.is_alphanumeric()).filter(word).any(|word| value.contains(word));
    let quoted = || text.split('"').skip(1).step_by(2).any(|part| !part.is_empty() && value.contains(part));
    value.len() > 3 && text.contains(&value) || of_it && (words() || quoted())
}

fn locate(path: &Path, text: &str, problem: Problem) -> Diagnostic {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    let (start, end) = (floor(problem.span.start), floor(problem.span.end));
    let head = &text[..start];
    let begin = head.rfind('\n').map_or(0, |at| at + 1);
    let stop = text[start..].find('\n').map_or(text.len(), |at| start + at);
    // A control character could play tricks with the terminal.
    let show = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
    let line = text[begin..stop].trim_end_matches('\r');
    let meant = text[start..end.clamp(start, stop)].trim_end();
    let column = text[begin..start].chars().count() + 1;
    let (source, indent) = around(masked(line), column - 1);
    let room = source.chars().count().saturating_sub(indent);
    Diagnostic {
        path: path.to_owned(),
        line: head.matches('\n').count() + 1,
        column,
        warning: problem.warning,
        of_requests: problem.of_requests,
        message: problem.message.split_whitespace().collect::<Vec<_>>().join(" "),
        hint: Some(problem.hint).filter(|h| !h.is_empty()),
        source: source.chars().map(show).collect(),
        indent,
        width: meant.chars().count().min(room).max(1),
    }
}

/// What of a line is shown, and how many characters of that stand before the place, which has so many before it in the line: of a line that is too
/// long to be read on a screen, what is around the place.
fn around(line: String, before: usize) -> (String, usize) {
    if line.chars().count() <= LONGEST_LINE {
        return (line, before);
    }
    let from = before.saturating_sub(LONGEST_LINE / 4);
    let shown = line.chars().skip(from).take(LONGEST_LINE).collect::<String>();
    let behind = if line.chars().nth(from + LONGEST_LINE).is_some() { "…" } else { "" };
    if from == 0 { (shown + behind, before) } else { (format!("…{shown}{behind}"), before - from + 1) }
}

/// Stars for the user name and password of a URL: a report ends up in journals and tickets. The length stays, for the underline.
fn masked(line: &str) -> String {
    let Some((head, rest)) = line.split_once("://") else { return line.to_owned() };
    let end = rest.find(['/', '?', '#', '"', '\'', ' ']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((secret, host)) => format!("{head}://{}@{host}{}", "*".repeat(secret.chars().count()), masked(tail)),
        None => format!("{head}://{authority}{}", masked(tail)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, span: Span, hint: &str) -> String {
        let problems = Problems::new(text);
        problems.push(span, "is wrong", hint);
        problems.finish(Path::new("a.toml")).0.iter().map(Diagnostic::render).collect()
    }

    #[test]
    fn a_problem_is_shown_in_its_line() {
        for (text, span, hint, expected) in [
            ("a = 1\nb = 22\n", 10..12, "try 3", "a.toml:2:5: is wrong\n  |\n2 | b = 22\n  |     ^^\nhint: try 3\n"),
            ("ä = \"ö\"", 5..9, "", "a.toml:1:5: is wrong\n  |\n1 | ä = \"ö\"\n  |     ^^^\n"),
            ("\tx = 1\r\n", 5..6, "", "a.toml:1:6: is wrong\n  |\n1 | \tx = 1\n  | \t    ^\n"),
            ("a = [\n1]\n", 4..8, "", "a.toml:1:5: is wrong\n  |\n1 | a = [\n  |     ^\n"),
            ("x\u{1b}[1m", 0..1, "", "a.toml:1:1: is wrong\n  |\n1 | x\u{fffd}[1m\n  | ^\n"),
            ("", 0..0, "", "a.toml:1:1: is wrong\n  |\n1 | \n  | ^\n"),
            ("a", 7..9, "", "a.toml:1:2: is wrong\n  |\n1 | a\n  |  ^\n"),
        ] {
            assert_eq!(shown(text, span, hint), expected, "{text:?}");
        }
    }

    #[test]
    fn of_a_long_line_what_is_around_the_place_is_shown() {
        let long = format!("a = '{}' # {}\n", "x".repeat(1_000), "y".repeat(1_000));
        let report = |span| shown(&long, span, "");
        let lines = |report: &str| report.lines().map(str::to_owned).collect::<Vec<_>>();
        let first = lines(&report(4..1_006));
        assert_eq!(first[0], "a.toml:1:5: is wrong");
        assert_eq!(first[2], format!("1 | a = '{}…", "x".repeat(395)));
        assert_eq!(first[3], format!("  |     {}", "^".repeat(397)));
        let second = lines(&report(1_007..1_008));
        assert_eq!(second[0], "a.toml:1:1008: is wrong");
        assert_eq!(second[2], format!("1 | …{}' # {}…", "x".repeat(98), "y".repeat(298)));
        assert_eq!(second[3], format!("  | {}^", " ".repeat(101)));
        let last = lines(&report(2_008..2_009));
        assert_eq!((last[2].chars().count(), last[3].chars().count()), (4 + 101 + 1, 4 + 101 + 1));
        // Its password is hidden before it is cut.
        let secret = format!("a = '{}://me:secret@example.org'", "x".repeat(600));
        assert!(!shown(&secret, 612..613, "").contains("secret"));
    }

    #[test]
    fn passwords_are_not_shown() {
        for (line, expected) in [
            ("page = \"https://me:ä!@example.org/@x\"", "page = \"https://*****@example.org/@x\""),
            ("[\"http://a/\", \"http://u@b/\"]", "[\"http://a/\", \"http://*@b/\"]"),
            ("no address, a@b", "no address, a@b"),
        ] {
            assert_eq!(masked(line), expected);
        }
    }

    #[test]
    fn problems_come_sorted_and_once() {
        let problems = Problems::new("a\nb\nc\n");
        problems.push(4..5, "third", "");
        problems.push(0..1, "first", "");
        problems.warn(2..3, "second", "");
        problems.push(0..1, "first", "");
        let (errors, warnings) = problems.finish(Path::new("x"));
        assert_eq!(errors.iter().map(|d| (d.line, d.message.as_str())).collect::<Vec<_>>(), [(1, "first"), (3, "third")]);
        assert_eq!(warnings[0].render(), "x:2:1: warning: second\n  |\n2 | b\n  | ^\n");
    }
}
