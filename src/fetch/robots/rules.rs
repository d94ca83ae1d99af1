//! The rules of one robots.txt for us (RFC 9309, section 2.2): parsed in one pass, matched in time linear in the file and the path.

use std::borrow::Cow;
use std::time::Duration;

use url::Url;

/// Our product token.
const TOKEN: &str = "newsroomd";

/// What is read of a file, in bytes (RFC 9309, section 2.5: at least 500 KiB); the rest is ignored.
pub const MAX_SIZE: usize = 500 * 1024;

/// What is kept of a file: so many rules for us, of so many bytes in all. What lies beyond cannot be left out, since any rule may be an exception from
/// another: of a file with more of them nothing is taken as allowed.
const MAX_RULES: usize = 20_000;
const MAX_KEPT: usize = MAX_SIZE;

/// Stands in what is kept of such a file, instead of its rules.
const TOO_MANY: &str = "Disallow: / # more rules for newsroomd than it keeps";

/// What a robots.txt says to us. Without any rule everything is allowed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// The longest first, of two of one length the allowing one: the first that matches decides.
    rules: Vec<Rule>,
    too_many: bool,
    crawl_delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// As written.
    text: Box<str>,
    /// Normalised, without `$`; the part before the first asterisk begins the path.
    pattern: Box<str>,
    /// `$`: the last part ends the path.
    anchored: bool,
}

/// For whom the lines are that follow.
#[derive(Debug, Clone, Copy, Default)]
struct Names {
    ours: bool,
    everybodys: bool,
}

/// The lines of a file that are for us.
#[derive(Debug, Default)]
struct Group<'a> {
    named: bool,
    /// Whether they allow, and what.
    rules: Vec<(bool, &'a str)>,
    bytes: usize,
    too_many: bool,
    crawl_delay: Option<Duration>,
}

impl<'a> Group<'a> {
    /// Reads a file, whatever it holds.
    fn of(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mut ours, mut everybodys) = (None, Self::default());
        let (mut names, mut in_names) = (Names::default(), false);
        for line in whole(text).split(['\n', '\r']) {
            let too_many = line == TOO_MANY;
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim(), value.trim());
            if key.eq_ignore_ascii_case("user-agent") {
                if !std::mem::replace(&mut in_names, true) {
                    names = Names::default();
                }
                names.ours |= is_ours(value);
                names.everybodys |= value == "*";
                if names.ours {
                    ours.get_or_insert_with(|| Self { named: true, ..Self::default() });
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
                Some(ours) if names.ours => ours,
                // Once there is a group of our own, everybody's does not matter.
                None if names.everybodys => &mut everybodys,
                _ => continue,
            };
            into.too_many |= too_many;
            match allow {
                Some(allow) => into.push(allow, value),
                None => into.crawl_delay = into.crawl_delay.max(seconds(value)),
            }
        }
        ours.unwrap_or(everybodys)
    }

    fn push(&mut self, allow: bool, value: &'a str) {
        self.bytes += if value.is_empty() { 0 } else { line(allow, value).len() };
        self.too_many |= self.rules.len() >= MAX_RULES || self.bytes > MAX_KEPT;
        if self.too_many {
            self.rules = Vec::new();
        } else if !value.is_empty() {
            self.rules.push((allow, value));
        }
    }
}

impl Rules {
    /// Reads a file, whatever it holds.
    pub fn parse(text: &str) -> Self {
        let group = Group::of(text);
        let mut rules: Vec<Rule> = group.rules.iter().map(|(allow, value)| Rule::new(*allow, value)).collect();
        rules.sort_by_key(|rule| (std::cmp::Reverse(rule.length()), !rule.allow));
        Self { rules, too_many: group.too_many, crawl_delay: group.crawl_delay }
    }

    /// What is kept of a file: what is for us, which reads as the whole file does.
    pub fn excerpt(text: &str) -> String {
        let group = Group::of(text);
        let mut out = format!("User-agent: {}\n", if group.named { TOKEN } else { "*" });
        if let Some(delay) = group.crawl_delay {
            out += &format!("Crawl-delay: {}\n", delay.as_secs_f64());
        }
        if group.too_many {
            out += &format!("{TOO_MANY}\n");
        }
        group.rules.iter().for_each(|(allow, value)| out += &line(*allow, value));
        out
    }

    /// The rule that forbids a page, as the file has it.
    pub fn forbids(&self, url: &Url) -> Option<String> {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = normalise(&format!("{}{query}", url.path()), false).into_owned();
        if path == "/robots.txt" {
            return None;
        }
        if self.too_many {
            return Some(TOO_MANY.to_owned());
        }
        let rule = self.rules.iter().find(|rule| rule.matches(&path)).filter(|rule| !rule.allow)?;
        Some(format!("Disallow: {}", rule.text))
    }

    /// The pause that the file asks for between two requests.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// About the bytes that this takes in memory.
    pub fn size(&self) -> usize {
        self.rules.iter().map(|rule| size_of::<Rule>() + rule.text.len() + rule.pattern.len()).sum()
    }
}

/// A rule as it is written.
fn line(allow: bool, value: &str) -> String {
    format!("{}: {value}\n", if allow { "Allow" } else { "Disallow" })
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
    fn new(allow: bool, value: &str) -> Self {
        let (pattern, anchored) = value.strip_suffix('$').map_or((value, false), |pattern| (pattern, true));
        Self { allow, text: value.into(), pattern: normalise(pattern, true).into(), anchored }
    }

    fn length(&self) -> usize {
        self.pattern.len() + usize::from(self.anchored)
    }

    /// Each part where it first comes after the one before: if that fails, all else does.
    fn matches(&self, path: &str) -> bool {
        let mut parts = self.pattern.split('*');
        let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
        let Some(last) = parts.next_back() else { return !self.anchored || rest.is_empty() };
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        if self.anchored { rest.ends_with(last) } else { rest.contains(last) }
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

    #[test]
    fn what_is_kept_reads_as_the_whole_file_does() {
        for (file, kept) in [
            ("", "User-agent: *\n"),
            (
                "User-agent: a\nDisallow: /\nUser-agent: *\nDisallow: /x#\nDisallow:\nAllow : /y$\n",
                "User-agent: *\nDisallow: /x\nAllow: /y$\n",
            ),
            (
                "User-agent: *\nDisallow: /\nUser-agent: Newsroomd/1\ncrawl-delay: 0.50\nCrawl-Delay: 0.2\n",
                "User-agent: newsroomd\nCrawl-delay: 0.5\n",
            ),
        ] {
            assert_eq!(Rules::excerpt(file), kept, "{file}");
            assert_eq!(Rules::parse(kept), Rules::parse(file), "{file}");
        }
    }

    /// Any of them may be an exception from another, so that none can be left out.
    #[test]
    fn of_a_file_with_more_rules_than_are_kept_nothing_is_taken_as_allowed() {
        let head = "User-agent: *\nCrawl-delay: 3\nAllow: /a\n";
        let many = |rule: &str, count: usize| format!("{head}{}Disallow: /a/b\n", rule.repeat(count));
        let long = format!("Disallow: /{}\n", "x".repeat(1_000));
        for (file, fits) in [
            (many("Allow: /x\n", 1_000), true),
            (many("Allow: /x\n", 20_000), false),
            (many(&long, 400), true),
            // Others' do not count.
            (format!("{head}User-agent: other\n{}", long.repeat(200)), true),
        ] {
            let kept = Rules::excerpt(&file);
            assert!(kept.len() < MAX_KEPT + 100);
            for file in [&file, &kept] {
                check(file, &[("/a", fits), ("/robots.txt", true)]);
                assert_eq!(Rules::parse(file).crawl_delay(), Some(Duration::from_secs(3)));
            }
            assert_eq!(Rules::parse(&kept), Rules::parse(&file));
        }
        assert_eq!(forbids(&many("Allow: /x\n", 20_000), "/a").as_deref(), Some(TOO_MANY));
    }

    /// Its length times the number of rules is what matching may cost.
    #[test]
    fn many_rules_and_the_longest_address_take_no_time() {
        let path = format!("/{}", "a".repeat(crate::domain::MAX_URL));
        let rules = Rules::parse(&format!("User-agent: *\n{}", "Allow:/*ab\n".repeat(MAX_RULES)));
        assert_eq!(rules.rules.len(), MAX_RULES);
        let began = Instant::now();
        assert_eq!(rules.forbids(&Url::parse(&format!("https://example.org{path}")).expect("a URL")), None);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
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
            let rule = Rule::new(false, &pattern);
            prop_assert_eq!(rule.matches(&path), slowly(pattern.as_bytes(), path.as_bytes()));
        }

        #[test]
        fn no_file_panics(file in "(?s).{0,200}", path in "/[ -~]{0,40}") {
            let _ = forbids(&file, &path);
            prop_assert_eq!(Rules::parse(&Rules::excerpt(&file)), Rules::parse(&file));
            let normal = normalise(&path, false).into_owned();
            prop_assert_eq!(normalise(&normal, false), normal.as_str());
        }
    }
}
