//! The rules of one robots.txt for us (RFC 9309, section 2.2): parsed in one pass, matched in time linear in the file and the path.

use std::borrow::Cow;
use std::time::Duration;

use url::Url;

/// Our product token.
const TOKEN: &str = "newsroomd";

/// What is read of a file, in bytes (RFC 9309, section 2.5: at least 500 KiB); the rest is ignored.
pub const MAX_SIZE: usize = 500 * 1024;

/// What a robots.txt says to us. Without any rule everything is allowed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// The longest first, of two of one length the allowing one: the first that matches decides.
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// As written.
    text: String,
    /// The parts between asterisks, normalised; the first begins the path.
    parts: Vec<String>,
    /// `$`: the last part ends the path.
    anchored: bool,
    length: usize,
}

/// For whom the lines are that follow.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    ours: bool,
    everybodys: bool,
}

impl Rules {
    /// Reads a file, whatever it holds.
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mut ours, mut everybodys) = (None, Self::default());
        let (mut group, mut in_names) = (Group::default(), false);
        for line in whole(text).split(['\n', '\r']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim(), value.trim());
            if key.eq_ignore_ascii_case("user-agent") {
                if !std::mem::replace(&mut in_names, true) {
                    group = Group::default();
                }
                group.ours |= is_ours(value);
                group.everybodys |= value == "*";
                if group.ours {
                    ours.get_or_insert_with(Self::default);
                }
                continue;
            }
            let allow = match key.to_ascii_lowercase().as_str() {
                "allow" => Some(true),
                "disallow" => Some(false),
                "crawl-delay" => None,
                // Such as Sitemap: of no group, and ends none.
                _ => continue,
            };
            in_names = false;
            let into = match &mut ours {
                Some(ours) if group.ours => ours,
                // Once there is a group of our own, everybody's does not matter.
                None if group.everybodys => &mut everybodys,
                _ => continue,
            };
            match allow {
                Some(allow) => into.rules.extend(Rule::new(allow, value)),
                None => into.crawl_delay = into.crawl_delay.max(seconds(value)),
            }
        }
        let mut rules = ours.unwrap_or(everybodys);
        rules.rules.sort_by_key(|rule| (std::cmp::Reverse(rule.length), !rule.allow));
        rules
    }

    /// The rule that forbids a page, as the file has it.
    pub fn forbids(&self, url: &Url) -> Option<String> {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = normalise(&format!("{}{query}", url.path()), false).into_owned();
        if path == "/robots.txt" {
            return None;
        }
        let rule = self.rules.iter().find(|rule| rule.matches(&path)).filter(|rule| !rule.allow)?;
        Some(format!("Disallow: {}", rule.text))
    }

    /// The pause that the file asks for between two requests.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }
}

/// A file up to its limit, without a line that is cut there: `Disallow: /` may be the beginning of one that forbids much less.
fn whole(text: &str) -> &str {
    if text.len() <= MAX_SIZE {
        return text;
    }
    let end = text.as_bytes()[..MAX_SIZE].iter().rposition(|b| matches!(b, b'\n' | b'\r')).unwrap_or(0);
    &text[..end]
}

/// `newsroomd`, also as `Newsroomd/1.0` or with words after it.
fn is_ours(value: &str) -> bool {
    let (name, rest) = value.split_at_checked(TOKEN.len()).unwrap_or_default();
    name.eq_ignore_ascii_case(TOKEN) && !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn seconds(value: &str) -> Option<Duration> {
    value
        .parse::<f64>()
        .ok()
        .filter(|s| s.is_finite() && *s >= 0.0)
        .map(|s| Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX))
}

impl Rule {
    /// None: an empty value says nothing.
    fn new(allow: bool, value: &str) -> Option<Self> {
        let (pattern, anchored) = value.strip_suffix('$').map_or((value, false), |pattern| (pattern, true));
        let pattern = normalise(pattern, true);
        let last = pattern.matches('*').count();
        // `**` is `*`. The first part begins the path and the last may end it, even if they are empty.
        let needed = |(at, part): &(usize, &str)| *at == 0 || *at == last || !part.is_empty();
        let parts = pattern.split('*').enumerate().filter(needed).map(|(_, part)| part.to_owned()).collect();
        (!value.is_empty()).then(|| Self {
            allow,
            text: value.to_owned(),
            parts,
            anchored,
            length: pattern.len() + usize::from(anchored),
        })
    }

    /// Each part where it first comes after the one before: if that fails, all else does.
    fn matches(&self, path: &str) -> bool {
        let Some((first, more)) = self.parts.split_first() else { return false };
        let Some(mut rest) = path.strip_prefix(first.as_str()) else { return false };
        let Some((last, middle)) = more.split_last() else { return !self.anchored || rest.is_empty() };
        for part in middle {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = &rest[at + part.len()..];
        }
        if self.anchored { rest.ends_with(last.as_str()) } else { rest.contains(last.as_str()) }
    }
}

/// Percent-encoding in one form (RFC 9309, section 2.2.2): what needs none has none, everything else has it in capitals. In a pattern `*` is left
/// as the special character that it is there.
fn normalise(text: &str, pattern: bool) -> Cow<'_, str> {
    let plain = |b: u8| (b.is_ascii_graphic() && !b"%\"<>\\^`{|}'*$".contains(&b)) || (pattern && b == b'*');
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let encoded = if byte == b'%' { hex(at + 1).zip(hex(at + 2)).map(|(high, low)| high * 16 + low) } else { None };
        match encoded {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(char::from(byte)),
            Some(byte) => out.push_str(&format!("%{byte:02X}")),
            None if plain(byte) => out.push(char::from(byte)),
            None => out.push_str(&format!("%{byte:02X}")),
        }
        at += if encoded.is_some() { 3 } else { 1 };
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    fn forbids(file: &str, path: &str) -> Option<String> {
        Rules::parse(file).forbids(&Url::parse(&format!("https://example.org{path}")).expect("a URL"))
    }

    #[track_caller]
    fn check(file: &str, paths: &[(&str, bool)]) {
        for (path, allowed) in paths {
            assert_eq!(forbids(file, path).is_none(), *allowed, "{path} by {file:?}");
        }
    }

    #[test]
    fn groups() {
        let both = "User-agent: *\nDisallow: /\n\nUser-agent: NewsroomD\nDisallow: /private\n";
        check(both, &[("/", true), ("/private/x", false), ("/news", true)]);
        check("User-agent: other\nDisallow: /\n", &[("/", true)]);
        check("user-agent: newsroomd/1.0 (+x)\ndisallow: /a\n", &[("/a", false)]);
        check("user-agent: newsroomd2\ndisallow: /a\n", &[("/a", true)]);
        check("user-agent: newsroom\ndisallow: /a\n", &[("/a", true)]);
        // Several names of one group, and several groups of one name.
        check(
            "User-agent: a\nUser-agent: *\nDisallow: /x\nUser-agent: *\nDisallow: /y\n",
            &[("/x", false), ("/y", false), ("/z", true)],
        );
        check(
            "User-agent: newsroomd\nDisallow: /x\nUser-agent: b\nDisallow: /\nUser-agent: newsroomd\nDisallow: /y\n",
            &[("/x", false), ("/y", false), ("/z", true)],
        );
        // An empty group of our own allows everything.
        check("User-agent: newsroomd\nDisallow:\nUser-agent: *\nDisallow: /\n", &[("/x", true)]);
        check("User-agent: *\nDisallow: /\nUser-agent: newsroomd\n", &[("/x", true)]);
        // Rules before any group are nobody's.
        check("Disallow: /\nUser-agent: *\nDisallow: /a\n", &[("/b", true), ("/a", false)]);
        // What is not known ends no group.
        check("User-agent: *\nSitemap: https://example.org/s.xml\nDisallow: /a\n", &[("/a", false)]);
    }

    #[test]
    fn lines() {
        check("\u{feff}User-agent: *\nDisallow: /a\n", &[("/a", false)]);
        check("User-agent: *\rDisallow: /a\r", &[("/a", false)]);
        check("User-agent: *\r\nDisallow: /a # because\r\n# Disallow: /b", &[("/a", false), ("/b", true)]);
        check("  User-agent : *\n\n\tDISALLOW:/a", &[("/a", false)]);
        check("<html><body style=\"color: red\">not found</body></html>", &[("/a", true)]);
        check("", &[("/", true)]);
    }

    #[test]
    fn the_longest_rule_decides_and_allow_wins_ties() {
        let group = |rules: &str| format!("User-agent: *\n{rules}");
        check(&group("Disallow: /a\nAllow: /a/b\n"), &[("/a", false), ("/a/b", true), ("/a/bc", true), ("/ab", false)]);
        check(&group("Allow: /a\nDisallow: /a\n"), &[("/a", true)]);
        check(&group("Disallow: /a\nAllow: /a\n"), &[("/a", true)]);
        check(&group("Allow: /\nDisallow: /x\n"), &[("/x", false), ("/y", true)]);
        check(&group("Disallow: /\n"), &[("/", false), ("/x?y", false), ("/robots.txt", true)]);
        check(&group("Disallow: /a/\n"), &[("/a", true), ("/a/", false)]);
        assert_eq!(forbids(&group("Disallow: /*?page= # few\n"), "/news?page=2").as_deref(), Some("Disallow: /*?page="));
    }

    #[test]
    fn asterisks_and_ends() {
        let group = |rule: &str| format!("User-agent: *\nDisallow: {rule}\n");
        check(&group("/*.php$"), &[("/a.php", false), ("/a.php?x", true), ("/a/b.php", false), ("/a.php5", true)]);
        check(&group("/*.php"), &[("/a.php?x", false), ("/windows.PHP", true)]);
        check(&group("/fish*"), &[("/fish", false), ("/fishheads", false), ("/Fish", true)]);
        check(&group("*/b"), &[("/a/b", false), ("/b", false), ("/ab", true)]);
        check(&group("/a*b*c$"), &[("/abc", false), ("/aXbXcXc", false), ("/acb", true)]);
        check(&group("/a**b"), &[("/ab", false), ("/aXb", false), ("/a", true)]);
        check(&group("/$"), &[("/", false), ("/a", true)]);
        check(&group("*$"), &[("/", false), ("/a", false)]);
        check(&group("/a*a$"), &[("/a", true), ("/aa", false)]);
        check(&group("$"), &[("/", true)]);
        check(&group("a"), &[("/a", true)]);
    }

    #[test]
    fn percent_encoding_is_one_form() {
        let group = |rule: &str| format!("User-agent: *\nDisallow: {rule}\n");
        check(&group("/foo/bar/ツ"), &[("/foo/bar/%E3%83%84", false), ("/foo/bar/ツ", false)]);
        check(&group("/foo/%62%61%7a"), &[("/foo/baz", false)]);
        check(&group("/foo/baz"), &[("/foo/%62%61%7A", false)]);
        check(&group("/a%2fb"), &[("/a%2Fb", false), ("/a/b", true)]);
        check(&group("/a%2Ab"), &[("/a*b", false), ("/a%2ab", false), ("/aXb", true)]);
        check(&group("/a%24"), &[("/a$", false), ("/a", true)]);
        check(&group("/a$b"), &[("/a$b", false)]);
        check(&group("/a b"), &[("/a%20b", false)]);
        check(&group("/100%"), &[("/100%", false), ("/100%25", false), ("/100", true)]);
        check(&group("/x?q='"), &[("/x?q=%27", false)]);
    }

    #[test]
    fn crawl_delays() {
        let delay = |file: &str| Rules::parse(file).crawl_delay().map(|d| d.as_secs_f64());
        assert_eq!(delay("User-agent: *\nCrawl-delay: 10\n"), Some(10.0));
        assert_eq!(delay("User-agent: *\nCrawl-delay: 0.5\nDisallow: /x\nCrawl-delay: 2"), Some(2.0));
        assert_eq!(delay("User-agent: *\nCrawl-delay: 10\nUser-agent: newsroomd\nAllow: /\n"), None);
        for nonsense in ["-1", "NaN", "inf", "soon", ""] {
            assert_eq!(delay(&format!("User-agent: *\nCrawl-delay: {nonsense}\n")), None, "{nonsense}");
        }
    }

    #[test]
    fn what_lies_beyond_the_limit_is_ignored_with_the_line_that_is_cut() {
        let mut file = "User-agent: *\nDisallow: /a\n".to_owned();
        file += &"#".repeat(MAX_SIZE - file.len() - "\nDisallow: /".len());
        file += "\nDisallow: /b\n";
        check(&file, &[("/a", false), ("/b", true), ("/c", true)]);
        check(&format!("User-agent: *\nDisallow: /{}", "é".repeat(MAX_SIZE)), &[("/c", true)]);
    }

    /// A file made to cost: no pattern may take more than time linear in its length. (A parser that is not takes minutes.)
    #[test]
    fn large_hostile_files_take_no_time() {
        let path = format!("/{}", "a".repeat(4_000));
        let repeated = |line: &str| format!("User-agent: *\n{}", line.repeat(MAX_SIZE / line.len()));
        for file in [
            repeated("Allow:*a*a$\n"),
            repeated("Disallow: /*a*a*a*a*b\n"),
            format!("User-agent: *\nDisallow: /{}b", "*a".repeat(MAX_SIZE / 3)),
            format!("User-agent: *\nDisallow: /{}", "*".repeat(MAX_SIZE - 100)),
            repeated("User-agent: *\n"),
            repeated("User-agent: newsroomd\nDisallow: /b\n"),
            "%".repeat(MAX_SIZE),
        ] {
            let began = Instant::now();
            let _ = forbids(&file, &path);
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}: {}", began.elapsed(), &file[..40]);
        }
    }

    /// The plainest way to say what a pattern matches.
    fn slowly(pattern: &[u8], path: &[u8]) -> bool {
        match pattern {
            [] => true,
            b"$" => path.is_empty(),
            [b'*', rest @ ..] => (0..=path.len()).any(|at| slowly(rest, &path[at..])),
            [byte, rest @ ..] => path.first() == Some(byte) && slowly(rest, &path[1..]),
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_a_plain_search_finds(pattern in "/[ab*/]{0,8}\\$?", path in "/[ab/]{0,8}") {
            let rule = Rule::new(false, &pattern).expect("not empty");
            prop_assert_eq!(rule.matches(&path), slowly(pattern.as_bytes(), path.as_bytes()));
        }

        #[test]
        fn no_file_panics(file in "(?s).{0,200}", path in "/[ -~]{0,40}") {
            let _ = forbids(&file, &path);
            let normal = normalise(&path, false).into_owned();
            prop_assert_eq!(normalise(&normal, false), normal.as_str());
        }
    }
}
