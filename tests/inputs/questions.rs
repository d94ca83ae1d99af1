//! What feeds ask of items, many of both. Promised: of 30,000 items of five sources each feed holds exactly those that its question asks for, newest
//! first, whatever the question is made of; one new item is asked alone; a question that changes is put to all anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Days, NaiveDate};

use crate::support::binary::Place;
use crate::support::changing::Dice;
use crate::support::database;
use crate::support::listing::{page, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::tree;

const ITEMS: usize = 30_000;
const QUESTIONS: usize = 40;

const SOURCES: [&str; 5] = ["a", "b", "c", "d", "e"];
const LANGUAGES: [&str; 5] = ["en", "en-GB", "de", "de", "fr"];
const TOPICS: [&str; 6] = ["Elections", "Média", "Arms control", "Roma", "選挙", "Human rights"];
const DEPARTMENTS: [&str; 4] = ["ODIHR", "Secretariat", "Mission to Moldova", "HCNM"];

/// Words as they are written, as they are to be understood, how one begins and what that is.
const WORDS: [(&str, &[&str], &str, &str); 12] = [
    ("Election", &["election"], "Elec", "elec"),
    ("Élections", &["elections"], "éle", "ele"),
    ("Łódź", &["lodz"], "LÓ", "lo"),
    ("MISSION", &["mission"], "miss", "miss"),
    ("Observers", &["observers"], "Observ", "observ"),
    ("Re-elected", &["re", "elected"], "re-elec", "re elec"),
    ("Straße", &["strasse"], "STRASS", "strass"),
    ("Ещё", &["еще"], "еЩ", "ещ"),
    ("2024", &["2024"], "20", "20"),
    (",", &[","], "media", "media"),
    ("media", &["media"], "med", "med"),
    ("選挙観察", &["選", "挙", "観", "察"], "選挙", "選 挙"),
];

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, 1, 1).expect("a day")
}

/// An item, by places in the lists above.
#[derive(Clone)]
struct Item {
    source: usize,
    day: u64,
    title: Vec<usize>,
    summary: Vec<usize>,
    topics: Vec<usize>,
    department: usize,
}

impl Item {
    fn roll(dice: &mut Dice) -> Self {
        let words = |dice: &mut Dice, least: usize, more: usize| -> Vec<usize> {
            (0..least + dice.roll(more)).map(|_| dice.roll(WORDS.len())).collect()
        };
        Self {
            source: dice.roll(SOURCES.len()),
            day: dice.roll(700) as u64,
            title: words(dice, 1, 4),
            summary: words(dice, 0, 6),
            topics: (0..TOPICS.len()).filter(|_| dice.roll(4) == 0).collect(),
            department: dice.roll(DEPARTMENTS.len()),
        }
    }
}

fn written(words: &[usize]) -> String {
    words.iter().map(|&w| WORDS[w].0).collect::<Vec<_>>().join(" ")
}

/// A text or a phrase as it is to be understood.
fn understood(words: &[usize]) -> Vec<&'static str> {
    words.iter().flat_map(|&w| WORDS[w].1.iter().copied()).collect()
}

/// A phrase: words, and whether the last one is only a beginning.
struct Phrase(Vec<usize>, bool);

impl Phrase {
    fn written(&self) -> String {
        let (last, before) = self.0.split_last().expect("a word");
        let last = if self.1 { format!("{}*", WORDS[*last].2) } else { WORDS[*last].0.to_owned() };
        before.iter().map(|&w| format!("{} ", WORDS[w].0)).collect::<String>() + &last
    }

    fn is_in(&self, text: &[usize]) -> bool {
        let mut wanted = understood(&self.0);
        if self.1 {
            let (last, before) = self.0.split_last().expect("a word");
            wanted = understood(before).into_iter().chain(WORDS[*last].3.split(' ')).collect();
        }
        let fits = |window: &[&str]| {
            window
                .iter()
                .zip(&wanted)
                .enumerate()
                .all(|(n, (is, want))| if self.1 && n + 1 == wanted.len() { is.starts_with(want) } else { is == want })
        };
        understood(text).windows(wanted.len()).any(fits)
    }
}

enum Key {
    Source(Vec<usize>),
    Language(&'static str),
    Topic(Vec<usize>),
    Department(Vec<usize>),
    Words(&'static str, Vec<Phrase>),
    Since(u64),
    Until(u64),
    Nested(&'static str, Vec<Table>),
}

type Table = Vec<Key>;

fn day(days: u64) -> NaiveDate {
    first_day() + Days::new(days)
}

fn list(values: impl Iterator<Item = String>) -> String {
    format!("[{}]", values.map(|v| format!("'{v}'")).collect::<Vec<_>>().join(", "))
}

fn toml(table: &Table) -> String {
    let key = |key: &Key| match key {
        Key::Source(ids) => format!("source = {}", list(ids.iter().map(|&n| SOURCES[n].to_owned()))),
        Key::Language(tag) => format!("language = '{tag}'"),
        Key::Topic(names) => format!("topic = {}", list(names.iter().map(|&n| TOPICS[n].to_uppercase()))),
        Key::Department(names) => format!("department = {}", list(names.iter().map(|&n| DEPARTMENTS[n].to_owned()))),
        Key::Words(place, phrases) => format!("{place} = {}", list(phrases.iter().map(Phrase::written))),
        Key::Since(days) => format!("since = {}", day(*days)),
        Key::Until(days) => format!("until = '{}'", day(*days)),
        Key::Nested(how, tables) => format!("{how} = [{}]", tables.iter().map(toml).collect::<Vec<_>>().join(", ")),
    };
    format!("{{ {} }}", table.iter().map(key).collect::<Vec<_>>().join(", "))
}

fn holds(table: &Table, item: &Item) -> bool {
    table.iter().all(|key| match key {
        Key::Source(ids) => ids.contains(&item.source),
        Key::Language(tag) => LANGUAGES[item.source].split('-').next() == Some(tag),
        Key::Topic(names) => names.iter().any(|n| item.topics.contains(n)),
        Key::Department(names) => names.contains(&item.department),
        Key::Words(place, phrases) => {
            phrases.iter().any(|p| (*place != "summary" && p.is_in(&item.title)) || (*place != "title" && p.is_in(&item.summary)))
        }
        Key::Since(days) => item.day >= *days,
        Key::Until(days) => item.day <= *days,
        Key::Nested("any", tables) => tables.iter().any(|t| holds(t, item)),
        Key::Nested("all", tables) => tables.iter().all(|t| holds(t, item)),
        Key::Nested(_, tables) => !tables.iter().any(|t| holds(t, item)),
    })
}

/// A table of up to three keys. What the tables around say of source or day is not said again: it could be a contradiction.
fn question(dice: &mut Dice, depth: usize, (mut placed, mut dated): (bool, bool)) -> Table {
    let mut keys: BTreeMap<usize, Key> = BTreeMap::new();
    let some = |dice: &mut Dice, of: usize| -> Vec<usize> { (0..=dice.roll(2)).map(|_| dice.roll(of)).collect() };
    let kinds: Vec<usize> = (0..=dice.roll(3)).map(|_| dice.roll(if depth == 0 { 7 } else { 12 })).collect();
    let (places, dates) = (!placed && kinds.contains(&0), !dated && kinds.contains(&1));
    (placed, dated) = (placed || places, dated || dates);
    for kind in kinds {
        let key = match kind {
            0 if places => {
                if dice.roll(2) == 0 {
                    Key::Source(some(dice, SOURCES.len()))
                } else {
                    Key::Language(["en", "de", "fr"][dice.roll(3)])
                }
            }
            1 if dates => {
                let at = dice.roll(700) as u64;
                if dice.roll(2) == 0 { Key::Since(at) } else { Key::Until(at) }
            }
            2 => Key::Topic(some(dice, TOPICS.len())),
            3 => Key::Department(some(dice, DEPARTMENTS.len())),
            4..=6 => {
                let phrases = (0..=dice.roll(2)).map(|_| Phrase(some(dice, WORDS.len()), dice.roll(3) == 0)).collect();
                Key::Words(["title", "summary", "text"][kind - 4], phrases)
            }
            7.. => {
                let how = ["any", "all", "not"][dice.roll(3)];
                let below = (placed, dated || how != "not");
                Key::Nested(how, (0..=dice.roll(2)).map(|_| question(dice, depth - 1, below)).collect())
            }
            _ => continue,
        };
        // A key stands once in a table.
        let place = match &key {
            Key::Nested("any", _) => 7,
            Key::Nested("all", _) => 8,
            Key::Nested(..) => 9,
            _ => kind,
        };
        keys.entry(place).or_insert(key);
    }
    if keys.is_empty() {
        keys.insert(2, Key::Topic(some(dice, TOPICS.len())));
    }
    keys.into_values().collect()
}

struct Archive {
    newsroom: Newsroom,
    place: Place,
    items: Vec<Item>,
    /// The number of the first of them in the database.
    first: usize,
}

impl Archive {
    fn new(items: usize, dice: &mut Dice) -> Self {
        let newsroom = Newsroom::start();
        for id in SOURCES {
            // One item of each source brings all terms.
            let rows = DEPARTMENTS.map(|d| {
                row(&format!("Nothing of {d}"), "1 May 2010", &format!("/{id}/{}", d.len())).topics(&TOPICS).department(d)
            });
            newsroom.page(&format!("/{id}"), &page(&rows, None));
        }
        let place = Place::new("pages = false", "");
        let archive = Self { newsroom, place, items: (0..items).map(|_| Item::roll(dice)).collect(), first: 0 };
        archive.configure("");
        archive.place.once();
        archive.fill()
    }

    fn configure(&self, feeds: &str) {
        let source = |(id, language): (&&str, &&str)| {
            source(&self.newsroom, id, id, &format!("/{id}"), &format!("language = '{language}'"))
        };
        let sources: String = SOURCES.iter().zip(&LANGUAGES).map(source).collect();
        self.place.configure("pages = false", &format!("{sources}{feeds}"));
    }

    /// Stores them as if they had been polled long ago.
    fn fill(mut self) -> Self {
        let database = self.place.database();
        let ids = |query| -> BTreeMap<String, String> {
            let pairs = database::texts(&database, query);
            pairs.iter().filter_map(|t| t.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
        };
        let sources = ids("SELECT name || '=' || id FROM source");
        let terms = ids("SELECT s.name || '/' || t.name || '=' || t.id FROM term t JOIN source s ON s.id = t.source");
        self.first = database::texts(&database, "SELECT (max(id) + 1) || '' FROM item")[0].parse().expect("a number");
        let mut sql = String::from("BEGIN;\n");
        for (n, item) in self.items.iter().enumerate() {
            let id = self.first + n;
            let of_source = SOURCES[item.source];
            let names = item.topics.iter().map(|&t| TOPICS[t]).chain([DEPARTMENTS[item.department]]);
            let list = names.map(|name| terms[&format!("{of_source}/{name}")].as_str()).collect::<Vec<_>>().join(",");
            let published = day(item.day).and_hms_opt(0, 0, 0).expect("midnight").and_utc().timestamp() - 3_600;
            let _ = writeln!(
                sql,
                "INSERT INTO item (id, source, origin, counter, key, title_key, version, day, position, title, related, summary, published, zone, updated, first_seen, regular, terms)
                 VALUES ({id}, {}, randomblob(16), 0, randomblob(16), x'00', x'00', 0, {id}, '{}', '[]', '{}', {published}, 3600, {published}, 0, 0, '[{list}]');",
                sources[of_source],
                written(&item.title),
                written(&item.summary),
            );
        }
        sql += "INSERT OR IGNORE INTO item_term SELECT j.value, i.published, i.position, i.id FROM item i, json_each(i.terms) j; COMMIT";
        database::run(&database, sql.leak());
        self
    }

    /// What each feed holds, as the store has it: numbers among these items, in order.
    fn chosen(&self) -> BTreeMap<String, Vec<usize>> {
        let lists = database::texts(
            &self.place.database(),
            "SELECT l.address || ':' || coalesce((SELECT group_concat(item) FROM
                 (SELECT item FROM list_item WHERE list = l.id ORDER BY published DESC, position, item)), '') FROM list l",
        );
        let numbers = |text: &str| text.split(',').filter_map(|n| n.parse::<usize>().ok()?.checked_sub(self.first)).collect();
        lists.iter().filter_map(|text| text.split_once(':')).map(|(address, ids)| (address.to_owned(), numbers(ids))).collect()
    }

    /// What it should hold.
    fn wanted(&self, question: &Table) -> Vec<usize> {
        let mut wanted: Vec<usize> = (0..self.items.len()).filter(|&n| holds(question, &self.items[n])).collect();
        wanted.sort_by_key(|&n| (std::cmp::Reverse(self.items[n].day), n));
        wanted
    }
}

fn feed(id: &str, question: &str) -> String {
    // Titles of so few words meet by chance.
    format!("[[feed]]\nid = \"{id}\"\ntitle = \"{id}\"\nmatch = {question}\nmerge = \"nothing\"\n")
}

#[test]
fn of_thirty_thousand_items_each_feed_holds_what_it_asks_for() {
    let mut dice = Dice(41);
    let archive = Archive::new(ITEMS, &mut dice);
    let questions: Vec<Table> = (0..QUESTIONS).map(|_| question(&mut dice, 3, (false, false))).collect();
    let config =
        |questions: &[Table]| questions.iter().enumerate().map(|(n, q)| feed(&format!("q{n}"), &toml(q))).collect::<String>();
    archive.configure(&config(&questions));
    archive.place.once();
    let chosen = archive.chosen();
    assert_eq!(chosen.len(), QUESTIONS);
    let (mut some, mut all) = (0, String::new());
    for (n, question) in questions.iter().enumerate() {
        let (id, wanted, text) = (format!("q{n}"), archive.wanted(question), toml(question));
        assert!(chosen[&id] == wanted, "{text}: {} and {} items", chosen[&id].len(), wanted.len());
        some += usize::from(!wanted.is_empty() && wanted.len() < ITEMS);
        let titles = tree::titles(&archive.place.feeds(), &id);
        let newest: Vec<String> = wanted.iter().take(50).map(|&n| written(&archive.items[n].title)).collect();
        // The few that were polled are older than all of these.
        assert_eq!(titles[..newest.len()], newest, "{text}");
        all += &text;
    }
    assert!(some > QUESTIONS / 2, "{some} questions tell items apart");
    for word in
        ["source", "language", "topic", "department", "title", "summary", "text", "since", "until", "any", "all", "not", "*"]
    {
        assert!(all.contains(word), "no question has {word}");
    }
    // What it misses are the rows of pages, which were never read here.
    let run = archive.place.run(&["doctor"]);
    assert!(!run.stdout.contains("where they do not belong"), "{run:#?}");

    // Another question of each name: no trace of what was chosen before is left.
    let questions: Vec<Table> = questions.into_iter().rev().skip(1).collect();
    archive.configure(&config(&questions));
    archive.place.once();
    let chosen = archive.chosen();
    assert_eq!(chosen.len(), QUESTIONS - 1, "the rows of a feed that is no more are gone");
    for (n, question) in questions.iter().enumerate() {
        assert!(chosen[&format!("q{n}")] == archive.wanted(question), "{}", toml(question));
    }
}

#[test]
fn what_was_asked_is_not_asked_again_until_the_question_changes() {
    let mut dice = Dice(7);
    let archive = Archive::new(2_000, &mut dice);
    archive.configure(&feed("mine", "{ topic = 'Elections' }"));
    archive.place.once();
    let before = archive.chosen()["mine"].clone();
    assert!(before.len() > 100);
    // Were all asked again, these would be back.
    database::run(&archive.place.database(), "DELETE FROM list_item WHERE item % 2 = 0");
    let half = archive.chosen()["mine"].clone();
    let show = |title: &str| {
        let new = row(title, "1 May 2025", "/a/new").topics(&["Elections"]).department("HCNM");
        let rows = DEPARTMENTS
            .map(|d| row(&format!("Nothing of {d}"), "1 May 2010", &format!("/a/{}", d.len())).topics(&TOPICS).department(d));
        archive.newsroom.page("/a", &page(&[vec![new], rows.to_vec()].concat(), None));
        archive.place.once();
    };
    for title in ["News", "Edited news"] {
        show(title);
        assert_eq!(archive.chosen()["mine"][1..], half, "the new one, and the rest as it was");
        assert_eq!(tree::titles(&archive.place.feeds(), "mine")[0], title);
    }
    assert_eq!(database::texts(&archive.place.database(), "SELECT count(*) || '' FROM unasked"), ["0"]);
    // It says the same and is another one.
    archive.configure(&feed("mine", "{ any = [{ topic = 'Elections' }] }"));
    archive.place.once();
    assert_eq!(archive.chosen()["mine"][1..], before);
}

#[test]
fn a_process_of_another_configuration_leaves_the_rest_to_who_publishes() {
    let mut dice = Dice(8);
    let archive = Archive::new(1_500, &mut dice);
    archive.configure(&feed("mine", "{ topic = 'Elections' }"));
    archive.place.once();
    let before = archive.chosen()["mine"].clone();
    let published = tree::files(&archive.place.feeds());
    let lock =
        newsroomd::publish::Lock::take(&archive.place.database(), newsroomd::publish::Purpose::Daemon, std::time::Duration::ZERO);
    // It knows nothing of that feed, and polls what belongs there.
    archive.configure(&feed("mine", "{ topic = 'Roma' }"));
    let new = row("News", "1 May 2025", "/a/new").topics(&["Elections"]).department("HCNM");
    archive.newsroom.page("/a", &page(&[new], None));
    archive.place.once();
    assert_eq!(archive.chosen()["mine"], before);
    assert!(tree::files(&archive.place.feeds()) == published);
    drop(lock.expect("the lock"));
    archive.configure(&feed("mine", "{ topic = 'Elections' }"));
    archive.place.once();
    assert_eq!(archive.chosen()["mine"][1..], before);
    assert_eq!(tree::titles(&archive.place.feeds(), "mine")[0], "News");
}
