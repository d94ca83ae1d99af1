//! `[[source]]`: one newsroom, when it is polled and how its pages are read.

use std::time::Duration;

use regex::Regex;

use super::diagnostic::Span;
use super::table::Table;
use super::value::{Text, Value};
use super::{Source, article, facet, field, net, stamp};
use crate::domain::{Facet, Id, Newsroom, Zone, is_language_tag};
use crate::extract::months::Language;
use crate::extract::{Discover, FeedRules, Reader, Rules};
use crate::normalise::link::Identity;
use crate::schedule::Schedule;

/// The longest `every`: "1y" as humantime counts it.
const YEAR: Duration = Duration::from_secs(31_557_600);
/// What feeds must know of a source, even of one that has problems.
pub(super) struct Outline {
    /// As written, whether or not it is a good one.
    pub id: String,
    pub facets: Vec<Facet>,
    pub language: String,
    /// The source that it is another language edition of, as written, and where that stands.
    pub translates: Option<(String, Span)>,
}

/// Reads one source. None after a problem.
pub(super) fn read(mut table: Table<'_>, ids: &mut Ids) -> (Option<Source>, Option<Outline>) {
    let id_text = table.require("id", "\"example\"").and_then(|v| v.string());
    let id = id_text.as_ref().and_then(|text| ids.take(text));
    let title = table.require("title", "\"Example\"").and_then(|v| v.string()).and_then(|t| t.line());
    let page = table.require("page", "\"https://example.org/news\"").and_then(|v| v.string()).and_then(|t| net::page(&t));
    let home = table.string("home").map(|t| net::page(&t));
    let allow_networks = table.take("allow-networks").map(|v| v.strings().iter().filter_map(net::network).collect());
    let charset = table.string("charset").map(|t| net::charset(&t));
    let kind = kind(&mut table);
    let schedule = schedule(&mut table);
    let timezone = table.string("timezone").map_or(Some(Zone::UTC), |t| net::timezone(&t));
    let stated = table.raw().get("language").is_some();
    let (language, names) = language(&mut table);
    let identity = identity(&mut table);
    let obey_robots = obey_robots(&mut table);
    let pages = Pages::take(&mut table);
    let max_pages = table.integer("max-pages", 1..=10_000).unwrap_or(20);
    let max_terms = table.integer("max-terms", 1..=10_000).unwrap_or(300);
    let max_new_terms = table.integer("max-new-terms", 0..=10_000).unwrap_or(20);
    let empty_is_normal = table.take("empty-is-normal").and_then(|v| v.boolean()).unwrap_or(false);

    let facets = table.table("facet", "[source.facet]");
    let (facets, reader): (Vec<Facet>, Option<Reader>) = match kind {
        Some(Kind::Feed) => {
            pages.refuse();
            let read = |t: &Table<'_>| facet::read(t, max_terms, facet::EXAMPLE_OF_FEED, |_, v| field::feed_facet(v));
            let (facets, fields) = facets.map(|t| read(&t)).unwrap_or_default().into_iter().unzip();
            (facets, Some(Reader::Feed(FeedRules { language: names, facets: fields })))
        }
        Some(Kind::Html) | None => {
            let read = |t: &Table<'_>| facet::read(t, max_terms, facet::EXAMPLE, field::facet);
            let (facets, fields) = facets.map(|t| read(&t)).unwrap_or_default().into_iter().unzip();
            let discovery = Discover { language: stated.then_some(names) };
            (facets, pages.read(&table, names, discovery).map(|rules| Reader::Page(Rules { facets: fields, ..rules })))
        }
    };
    let pairs = table.take("pairs").map(|v| facet::pairs(&v, facets.iter().map(|f| f.name.as_str()))).unwrap_or_default();
    let max_pairs = table.integer("max-pairs", 1..=10_000).unwrap_or(500);
    let translates = table.string("translates");
    let article = table.table("article", "[source.article]");
    let article = article.map(|t| article::read(t, names, timezone.unwrap_or(Zone::UTC), stamp::article(table.raw())));
    let rules_stamp = stamp::rules(table.raw());
    table.finish();

    let outline = id_text.map(|text| Outline {
        id: text.value.to_owned(),
        facets: facets.clone(),
        language: language.clone(),
        translates: translates.as_ref().map(|t| (t.value.to_owned(), t.span.clone())),
    });
    let source = || {
        let (page, timezone) = (page?, timezone?);
        let reader = match (kind?, reader?) {
            (_, Reader::Page(rules)) => Reader::Page(Rules { timezone, ..rules }),
            (_, feed) => feed,
        };
        let home = home.unwrap_or_else(|| Some(page.clone()))?;
        Some(Source {
            newsroom: Newsroom { id: id?, title: title?, home: home.into(), language, timezone, facets },
            page,
            allow_networks,
            charset: charset.map_or(Some(None), |c| c.map(Some))?,
            schedule: schedule?,
            reader,
            identity,
            max_pages: facet::count(max_pages),
            max_new_terms: facet::count(max_new_terms),
            pairs,
            max_pairs: facet::count(max_pairs),
            obey_robots,
            translates: translates.and_then(|t| Id::parse(t.value).ok()),
            empty_is_normal,
            article: article.map_or(Some(None), |article| article.map(Some))?,
            rules_stamp,
        })
    };
    (source(), outline)
}

/// What a source's `page` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Feed,
}

/// `kind`: pages, if it is not said otherwise; None after a problem.
fn kind(table: &mut Table<'_>) -> Option<Kind> {
    let Some(value) = table.take("kind") else { return Some(Kind::Html) };
    value.string()?.read(|text| match text {
        "html" => Ok(Kind::Html),
        "feed" => Ok(Kind::Feed),
        _ => Err("must be \"html\" or \"feed\"; \"feed\" is RSS, Atom or JSON Feed".into()),
    })
}

/// What says how pages are read.
struct Pages<'a> {
    each: Option<Value<'a>>,
    next: Option<Value<'a>>,
    item: Option<Value<'a>>,
}

impl<'a> Pages<'a> {
    fn take(table: &mut Table<'a>) -> Self {
        Self { each: table.take("each"), next: table.take("next"), item: table.take("item") }
    }

    /// Says that a feed needs none of it.
    fn refuse(&self) {
        let refused = [
            (&self.each, "its entries are its rows: remove the line"),
            (&self.next, "links to its next page (rel=\"next\") are followed by themselves: remove the line"),
            (&self.item, "its format says what is what: remove the table, or the line kind = \"feed\" if `page` is a page"),
        ];
        for (value, hint) in refused {
            if let Some(value) = value {
                value.problem("cannot be there: the source is of kind = \"feed\", where nothing is selected", hint);
            }
        }
    }

    /// The rules, but for facets and zone, which the caller fills in. None after a problem.
    fn read(self, table: &Table<'_>, names: Language, discovery: Discover) -> Option<Rules> {
        let (each, auto) = self.each.map_or((Some(Vec::new()), true), |v| field::each(&v));
        let next = self.next.map(|v| field::selectors(&v)).unwrap_or_default();
        let only_auto = each.as_ref().is_some_and(Vec::is_empty) && auto;
        let item = match self.item {
            Some(value) => {
                if only_auto {
                    value.problems.push(
                        value.span.clone(),
                        "[source.item] has no rows to read in: nothing but \"auto\" says which they are".to_owned(),
                        "name one row by a selector, each = [\".news-item\", \"auto\"], or leave [source.item] out",
                    );
                }
                value.table("[source.item]").map(|t| item(t, names))
            }
            None if only_auto => Some(no_fields()),
            None => {
                let hint = "add [source.item] with `title` and `date` below it";
                table.problems().push(table.span(), "[[source]] has no `item`", hint);
                None
            }
        };
        Some(Rules { each: each?, next, discovery: auto.then_some(discovery), ..item? })
    }
}

/// `every` or `cron`, not both.
fn schedule(table: &mut Table<'_>) -> Option<Schedule> {
    let (every, cron) = (table.take("every"), table.take("cron"));
    if let (Some(every), Some(cron)) = (&every, &cron) {
        let later = if every.span.start > cron.span.start { every } else { cron };
        later.problem("cannot be there: `every` and `cron` both say when the source is polled", "keep one of them");
    }
    if let Some(value) = &every {
        let every = value.duration(Duration::from_secs(1)..=YEAR)?;
        if every < Duration::from_secs(60) {
            let message = "`every` is less than a minute: few newsrooms will like that";
            value.problems.warn(value.span.clone(), message, "\"15m\" is the default");
        }
        return Some(Schedule::Every(every));
    }
    match cron {
        Some(value) => value.string()?.read(Schedule::cron),
        None => Some(Schedule::Every(Duration::from_secs(900))),
    }
}

/// `obey-robots`: true, if it is not said otherwise.
fn obey_robots(table: &mut Table<'_>) -> bool {
    let Some(value) = table.take("obey-robots") else { return true };
    let obey = value.boolean().unwrap_or(true);
    if !obey {
        let message = "`obey-robots` is false: what robots.txt forbids is asked for all the same";
        value.problems.warn_of_requests(value.span.clone(), message, "only with the newsroom's consent; else remove the line");
    }
    obey
}

/// The tag, and the language of names in dates; English after a problem, so that formats are checked all the same.
fn language(table: &mut Table<'_>) -> (String, Language) {
    let text = table.string("language");
    let tag = text.as_ref().map_or("en", |t| t.value);
    let names = if is_language_tag(tag) { Language::of(tag) } else { None };
    if let (None, Some(text)) = (names, &text) {
        text.problem(
            "must be a language tag whose month names are known",
            "tags are such as \"en\", \"de\", \"pt-BR\" or \"sr-Latn\"",
        );
    }
    (tag.to_owned(), names.or_else(|| Language::of("en")).expect("English is among the locales"))
}

/// `link-key` and `identity`.
fn identity(table: &mut Table<'_>) -> Identity {
    let link_key = table.string("link-key").and_then(|text| link_key(&text));
    let with_link = table.string("identity").and_then(|text| {
        text.read(|t| match t {
            "title+date" => Ok(false),
            "title+date+link" => Ok(true),
            _ => Err("must be \"title+date\" or \"title+date+link\"".into()),
        })
    });
    Identity { link_key, with_link: with_link.unwrap_or(false) }
}

fn link_key(text: &Text<'_>) -> Option<Regex> {
    let error = match Regex::new(text.value) {
        Ok(regex) if regex.captures_len() == 2 => return Some(regex),
        Ok(regex) => {
            let groups = match regex.captures_len() {
                1 => "none".to_owned(),
                n => (n - 1).to_string(),
            };
            let hint = "put ( ) around what identifies the story, such as '/(\\d+)$'; (?: ) groups without capturing";
            text.problem(&format!("must have one group, not {groups}"), hint);
            return None;
        }
        Err(error) => error.to_string(),
    };
    let reason = error.lines().rev().find_map(|l| l.strip_prefix("error: ")).unwrap_or("it is too large");
    let message = format!("is no regular expression: {reason}");
    match carets(&error, text.value) {
        Some(part) => text.problem_within(part, &message, ""),
        None => text.problem(&message, ""),
    }
    None
}

/// The part of a one-line pattern that the regex crate's message underlines (the pattern stands indented by four).
fn carets(error: &str, pattern: &str) -> Option<Span> {
    let line = error.lines().find(|l| l.contains('^') && l.trim_matches([' ', '^']).is_empty())?.get(4..)?;
    let (start, end) = (line.find('^')?, line.rfind('^')? + 1);
    let byte = |nth: usize| pattern.char_indices().nth(nth).map_or(pattern.len(), |(at, _)| at);
    Some(byte(start)..byte(end)).filter(|span| !span.is_empty())
}

/// `[source.item]`; the rest of the rules is filled in by the caller.
fn item(mut table: Table<'_>, names: Language) -> Rules {
    let title = table.require("title", "\"h3 a\"").map(|v| field::fields(&v)).unwrap_or_default();
    let date = table.require("date", "{ select = \"time\", attr = \"datetime\" }");
    let date = date.map(|v| field::dates(&v, names)).unwrap_or_default();
    let link = table.take("link").map(|v| field::fields(&v)).unwrap_or_default();
    let summary = table.take("summary").map(|v| field::fields(&v)).unwrap_or_default();
    let image = table.take("image").map(|v| field::fields(&v)).unwrap_or_default();
    table.finish();
    Rules { title, link, date, summary, image, ..no_fields() }
}

fn no_fields() -> Rules {
    let none = Vec::new;
    Rules {
        each: Vec::new(),
        next: Vec::new(),
        title: none(),
        link: none(),
        date: Vec::new(),
        summary: none(),
        image: none(),
        facets: Vec::new(),
        timezone: Zone::UTC,
        discovery: None,
    }
}

/// The ids taken so far: one name space over sources and feeds.
#[derive(Default)]
pub(super) struct Ids(Vec<Id>);

impl Ids {
    /// The id, unless it is malformed or taken.
    pub fn take(&mut self, text: &Text<'_>) -> Option<Id> {
        let id = text.read(Id::parse)?;
        if self.0.contains(&id) {
            text.problem(&format!("\"{id}\" is taken"), "no two sources or feeds may have the same");
            return None;
        }
        self.0.push(id.clone());
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{good, said};
    use super::*;
    use crate::extract::FeedValue;

    /// A whole file with these lines in `[[source]]`, and these after it; problems in the former are at line 3.
    fn file(source: &str, after: &str) -> String {
        let given = |key: &str| source.split(' ').next() == Some(key);
        let mut lines = String::new();
        for line in ["id = 'a'", "title = 'A'", "page = 'https://example.org/'", "each = 'li'"] {
            if !given(line.split(' ').next().unwrap_or_default()) {
                lines += line;
                lines.push('\n');
            }
        }
        let item = if after.contains("[source.item]") { "" } else { "[source.item]\ntitle = 'a'\ndate = 'time'\n" };
        format!("[http]\n[[source]]\n{source}\n{lines}{item}{after}")
    }

    #[test]
    fn defaults() {
        let (config, _) = good(&file("", ""));
        let source = &config.sources[0];
        assert!(matches!(source.schedule, Schedule::Every(every) if every == Duration::from_secs(900)));
        assert_eq!(source.newsroom.home, "https://example.org/");
        assert_eq!((source.newsroom.language.as_str(), source.newsroom.timezone), ("en", Zone::UTC));
        assert_eq!((source.max_pages, source.max_new_terms, source.empty_is_normal), (20, 20, false));
        assert!(source.identity.link_key.is_none() && !source.identity.with_link);
        assert_eq!((&source.allow_networks, source.charset), (&None, None));
        let rules = source.page_rules().expect("pages");
        assert!(rules.facets.is_empty() && rules.summary.is_empty() && rules.link.is_empty());
    }

    #[test]
    fn facets_keep_the_order_of_the_file() {
        let after = "[source.facet.z]\nvalue = 'b'\n[source.facet.a]\ntitle = 'T'\nmax-terms = 7\nvalue = [{ label = 'Topics:', many = true }, '.t']\nalias = { \"OLD  name\" = \"New Name\" }\n";
        let (config, _) = good(&file("max-terms = 9", after));
        let newsroom = &config.sources[0].newsroom;
        let shown: Vec<_> = newsroom.facets.iter().map(|f| (f.name.as_str(), f.title.as_str(), f.many, f.max_terms)).collect();
        assert_eq!(shown, [("z", "z", false, 9), ("a", "T", true, 7)]);
        assert_eq!(newsroom.facets[1].alias, [("old name".to_owned(), "New Name".to_owned())]);
        let rules = config.sources[0].page_rules().expect("pages");
        let rules: Vec<_> = rules.facets.iter().map(|f| (f.name.as_str(), f.values.len(), f.many)).collect();
        assert_eq!(rules, [("z", 1, false), ("a", 2, true)]);
    }

    #[test]
    fn feeds_need_no_selectors() {
        let head = "[http]\n[[source]]\nid = 'a'\ntitle = 'A'\npage = 'https://example.org/'\nkind = 'feed'\n";
        let facets = "[source.facet.t]\nvalue = 'category'\n[source.facet.a]\nvalue = 'author'\n[source.facet.d]\n\
            value = { domain = ['x', ' y '], scheme = 'z', only = 'Old  News', without = ['B'], many = false }\n";
        let (config, _) = good(&format!("{head}language = 'de'\n{facets}"));
        let Reader::Feed(rules) = &config.sources[0].reader else { panic!("a feed: {config:?}") };
        let all = FeedValue::Category { schemes: Vec::new(), only: Vec::new(), without: Vec::new() };
        let some = FeedValue::Category {
            schemes: ["x", "y", "z"].map(str::to_owned).into(),
            only: vec!["old news".into()],
            without: vec!["b".into()],
        };
        let shown: Vec<_> = rules.facets.iter().map(|f| (f.value.clone(), f.many)).collect();
        assert_eq!(shown, [(all, true), (FeedValue::Author, true), (some, false)]);
        let many: Vec<_> = config.sources[0].newsroom.facets.iter().map(|f| f.many).collect();
        assert_eq!(many, [true, true, false]);
        for (lines, expected) in [
            ("each = 'li'", "7:8 `each` cannot be there: the source is of kind = \"feed\", where nothing is selected"),
            ("next = 'a'", "7:8 `next` cannot be there: the source is of kind = \"feed\", where nothing is selected"),
            ("item.title = 'a'", "7:1 `item` cannot be there: the source is of kind = \"feed\", where nothing is selected"),
            (
                "facet.t.value = '.tag'",
                "7:17 `value` must be \"category\", \"author\" or a table such as { domain = \"topics\" }",
            ),
            (
                "facet.t.value = []",
                "7:17 `value` must be \"category\", \"author\" or a table such as { domain = \"topics\" }, not a list",
            ),
            ("facet.t.value = { label = 'x' }", "7:19 unknown key `label` in `value`"),
            ("facet.t.value = { domain = ' ' }", "7:28 `domain` must not be blank"),
        ] {
            assert_eq!(said(&format!("{head}{lines}\n")), [expected], "{lines}");
        }
        assert_eq!(
            said(&head.replace("'feed'", "'rss'"))[0],
            "6:8 `kind` must be \"html\" or \"feed\"; \"feed\" is RSS, Atom or JSON Feed"
        );
    }

    #[test]
    fn problems() {
        for (source, expected) in [
            ("id = 'A'", "3:6 `id` may hold only a-z, 0-9 and -"),
            ("title = ' '", "3:9 `title` must not be blank"),
            ("page = 'news'", "3:8 `page` must be a URL: relative URL without a base"),
            ("page = 'file:///srv/news.html'", "3:8 `page` must be an http or https URL, not file"),
            (
                "allow-networks = ['10.0.0.0/8', 'x']",
                "3:33 `allow-networks` must be a network such as \"10.0.0.0/8\" or \"fd00::/8\"",
            ),
            ("charset = 'windows-1521'", "3:11 `charset` must be a charset of the web (WHATWG Encoding Standard)"),
            ("home = 'gopher://x/'", "3:8 `home` must be an http or https URL, not gopher"),
            (
                "every = '1h'\ncron = '* * * * *'",
                "4:8 `cron` cannot be there: `every` and `cron` both say when the source is polled",
            ),
            ("every = '0s'", "3:9 `every` must be from 1s to 1year"),
            ("cron = '0 0 30 2 *'", "3:8 `cron` never comes to pass"),
            ("cron = 'hourly'", "3:8 `cron` must have five fields: minute, hour, day of month, month, day of week"),
            ("language = 'tlh'", "3:12 `language` must be a language tag whose month names are known"),
            ("language = 'en GB'", "3:12 `language` must be a language tag whose month names are known"),
            ("identity = 'link'", "3:12 `identity` must be \"title+date\" or \"title+date+link\""),
            ("link-key = '\\d+$'", "3:12 `link-key` must have one group, not none"),
            ("link-key = '(a)(b)'", "3:12 `link-key` must have one group, not 2"),
            ("link-key = '/(\\d+'", "3:14 `link-key` is no regular expression: unclosed group"),
            ("each = []", "3:8 `each` must not be empty"),
            ("each = ['auto', 'li']", "3:9 `each` can have \"auto\" only as its last alternative"),
            ("each = 'auto'", "7:1 [source.item] has no rows to read in: nothing but \"auto\" says which they are"),
            ("max-pages = 0", "3:13 `max-pages` must be from 1 to 10000"),
            ("obey-robots = 'no'", "3:15 `obey-robots` must be true or false, not a string"),
            ("evry = '1h'", "3:1 unknown key `evry` in [[source]]"),
        ] {
            assert_eq!(said(&file(source, "")), [expected], "{source}");
        }
    }

    #[test]
    fn problems_below_the_source() {
        for (after, expected) in [
            ("[source.item]\ndate = 'time'\n", "8:1 [source.item] has no `title`"),
            ("[source.item]\ntitle = 'a'\n", "8:1 [source.item] has no `date`"),
            ("[source.item]\ntitle = 'a'\ndate = 'b'\ntitel = 'c'\n", "11:1 unknown key `titel` in [source.item]"),
            ("[source.facet.all]\nvalue = 'b'\n", "11:15 the facet name `all` is a word that newsroomd uses itself"),
            ("[source.facet.title]\nvalue = 'b'\n", "11:15 the facet name `title` is a word that newsroomd uses itself"),
            ("[source.facet.A]\nvalue = 'b'\n", "11:15 the facet name `A` may hold only a-z, 0-9 and -"),
            ("[source.facet.a]\n", "11:1 [source.facet.a] has no `value`"),
            ("[source.facet.a]\nvalue = 'b'\nalias = { A = 'a' }\n", "13:11 the alias \"A\" leads to itself"),
            (
                "[source.facet.a]\nvalue = 'b'\nalias = { x = 'Y', y = 'z' }\n",
                "13:11 the alias \"x\" leads to \"Y\", which is an alias itself",
            ),
            ("[source.facet.a]\nvalue = 'b'\nalias = { x = 'y', X = 'z' }\n", "13:20 there are two aliases for \"X\""),
            ("[source.facet.a]\nvalue = 'b'\nalias = { x = 1 }\n", "13:15 `x` must be a string, not an integer"),
            (
                "[[source]]\nid = 'a'\ntitle = 'B'\npage = 'https://b.example/'\neach = 'li'\nitem = { title = 'a', date = 'b' }\n",
                "12:6 `id` \"a\" is taken",
            ),
        ] {
            assert_eq!(said(&file("", after)), [expected], "{after}");
        }
    }

    #[test]
    fn to_disobey_robots_txt_is_a_warning() {
        let (config, warnings) = good(&file("obey-robots = false", ""));
        assert!(!config.sources[0].obey_robots);
        assert!(warnings.iter().any(|w| w.starts_with("`obey-robots` is false")), "{warnings:?}");
        let (config, warnings) = good(&file("obey-robots = true", ""));
        assert!(config.sources[0].obey_robots && !warnings.iter().any(|w| w.contains("obey-robots")), "{warnings:?}");
    }

    #[test]
    fn a_hasty_schedule_is_a_warning() {
        let (_, warnings) = good(&file("every = '5s'", ""));
        assert!(warnings.iter().any(|w| w.starts_with("`every` is less than a minute")), "{warnings:?}");
    }

    #[test]
    fn a_source_s_own_networks_replace_those_of_all() {
        let of = |keys: &str| good(&file(keys, "")).0.sources[0].allow_networks.clone().map(|n| format!("{n:?}"));
        assert_eq!(of("allow-networks = []").as_deref(), Some("[]"));
        assert_eq!(of("allow-networks = '10.0.0.0/8'").as_deref(), Some("[10.0.0.0/8]"));
        assert_eq!(of(""), None);
    }
}
