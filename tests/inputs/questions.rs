//! What feeds ask of items, many of both. Promised: of 30,000 items of five sources each feed holds exactly those that its question asks for, newest
//! first, and each pair of terms what has both, as a plain recount finds, also when items came and changed; one new item is asked alone; a question
//! that changes is put to all anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Stdio;

use chrono::{Days, NaiveDate};

use crate::support::binary::{NOW, Place};
use crate::support::changing::Dice;
use crate::support::database;
use crate::support::listing::{page, row, source};
use crate::support::newsroom::Newsroom;
use crate::support::process::eventually;
use crate::support::tree;

const ITEMS: usize = 30_000;
const QUESTIONS: usize = 30;

/// The items lie on so many days.
const DAYS: usize = 700;

const PAIRS: &str = "pairs = [['topic', 'department']]";

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
            day: dice.roll(DAYS) as u64,
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
                let at = dice.roll(DAYS) as u64;
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

/// How many items each source's page shows besides those that bring the terms.
const LISTED: usize = 5;

struct Archive {
    newsroom: Newsroom,
    place: Place,
    /// First those that were stored as they are, then those that pages show.
    items: Vec<Item>,
    stored: usize,
    /// The number of the first of them in the database.
    first: usize,
}

impl Archive {
    fn new(items: usize, dice: &mut Dice) -> Self {
        let newsroom = Newsroom::start();
        let place = Place::new("pages = false", "");
        let items = (0..items).map(|_| Item::roll(dice)).collect::<Vec<_>>();
        let archive = Self { newsroom, place, stored: items.len(), items, first: 0 };
        archive.show();
        archive.configure("");
        archive.place.once();
        archive.fill()
    }

    fn configure(&self, feeds: &str) {
        self.configure_with("", feeds);
    }

    /// `keys` are those of the first source.
    fn configure_with(&self, keys: &str, feeds: &str) {
        let source = |(n, id): (usize, &&str)| {
            let keys = if n == 0 { keys } else { "" };
            source(&self.newsroom, id, id, &format!("/{id}"), &format!("language = '{}'\n{keys}", LANGUAGES[n]))
        };
        let sources: String = SOURCES.iter().enumerate().map(source).collect();
        self.place.configure("pages = false", &format!("{sources}{feeds}"));
    }

    /// Publishes the items behind the stored ones on their sources' pages. Four more rows of each bring all terms.
    fn show(&self) {
        for (source, id) in SOURCES.iter().enumerate() {
            let listed =
                self.items.iter().enumerate().skip(self.stored).filter(|(_, item)| item.source == source).map(|(n, item)| {
                    let topics: Vec<&str> = item.topics.iter().map(|&t| TOPICS[t]).collect();
                    row(&written(&item.title), &day(item.day).format("%-d %B %Y").to_string(), &format!("/{id}/item-{n}"))
                        .summary(&written(&item.summary))
                        .topics(&topics)
                        .department(DEPARTMENTS[item.department])
                });
            let base = DEPARTMENTS.map(|d| {
                row(&format!("Nothing of {d}"), "1 May 2010", &format!("/{id}/{}", d.len())).topics(&TOPICS).department(d)
            });
            self.newsroom.page(&format!("/{id}"), &page(&listed.chain(base).collect::<Vec<_>>(), None));
        }
    }

    /// Another item for the page of a source, on a day that no other has: of two on one day that two sources list, either may come first.
    fn add(&mut self, source: usize, dice: &mut Dice) {
        let day = (DAYS + self.items.len() - self.stored) as u64;
        let mut item = Item::roll(dice);
        // A title does not begin with a comma.
        item.title.insert(0, dice.roll(9));
        self.items.push(Item { source, day, ..item });
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
        let row = |(n, item): (usize, &Item)| {
            let of_source = SOURCES[item.source];
            let names = item.topics.iter().map(|&t| TOPICS[t]).chain([DEPARTMENTS[item.department]]);
            let list = names.map(|name| terms[&format!("{of_source}/{name}")].as_str()).collect::<Vec<_>>().join(",");
            let published = day(item.day).and_hms_opt(0, 0, 0).expect("midnight").and_utc().timestamp() - 3_600;
            let (source, title, summary) = (&sources[of_source], written(&item.title), written(&item.summary));
            format!("({}, {source}, '{title}', '{summary}', {published}, '[{list}]')", self.first + n)
        };
        let rows = self.items.iter().enumerate().map(row).collect::<Vec<_>>();
        let mut sql = String::from("BEGIN;\n");
        for rows in rows.chunks(1_000) {
            let _ = writeln!(
                sql,
                "INSERT INTO item (id, source, origin, counter, key, title_key, version, day, position, title, related, summary, published, zone, updated, first_seen, regular, terms)
                 SELECT column1, column2, randomblob(16), 0, randomblob(16), x'00', x'00', 0, column1, column3, '[]', column4, column5, 3600, column5, 0, 0, column6
                 FROM (VALUES {});",
                rows.join(", ")
            );
        }
        sql += "INSERT OR IGNORE INTO item_term SELECT j.value, i.published, i.position, i.id FROM item i, json_each(i.terms) j; COMMIT";
        database::run(&database, sql.leak());
        self
    }

    /// What each feed holds, as the store has it: numbers among these items, in order.
    fn chosen(&self) -> BTreeMap<String, Vec<usize>> {
        let database = self.place.database();
        let polled = database::texts(&database, "SELECT id || ' ' || link FROM item WHERE link LIKE '%/item-%'");
        let number = |text: &str| Some((text.split_once(' ')?.0.parse().ok()?, text.rsplit_once('-')?.1.parse().ok()?));
        let polled: BTreeMap<usize, usize> = polled.iter().filter_map(|text| number(text)).collect();
        let lists = database::texts(
            &database,
            "SELECT l.address || ':' || coalesce((SELECT group_concat(item) FROM
                 (SELECT item FROM list_item WHERE list = l.id ORDER BY published DESC, position, item)), '') FROM list l",
        );
        let number = |id: usize| polled.get(&id).copied().or_else(|| id.checked_sub(self.first).filter(|n| *n < self.stored));
        let numbers = |text: &str| text.split(',').filter_map(|id| number(id.parse().ok()?)).collect();
        lists.iter().filter_map(|text| text.split_once(':')).map(|(address, ids)| (address.to_owned(), numbers(ids))).collect()
    }

    /// The items for which something is so, as a feed of them would have them.
    fn wanted(&self, is_so: impl Fn(&Item) -> bool) -> Vec<usize> {
        let mut wanted: Vec<usize> = (0..self.items.len()).filter(|&n| is_so(&self.items[n])).collect();
        wanted.sort_by_key(|&n| (std::cmp::Reverse(self.items[n].day), n));
        wanted
    }

    /// Every feed of a question and of a pair holds what a plain recount finds, and nothing else is stored.
    #[track_caller]
    fn assert_counted(&self, questions: &[Table]) {
        let mut chosen = self.chosen();
        for (n, question) in questions.iter().enumerate() {
            let wanted = self.wanted(|item| holds(question, item));
            let chosen = chosen.remove(&format!("q{n}")).expect("the feed's rows");
            assert!(chosen == wanted, "{}: {} items, and by the recount {}", toml(question), chosen.len(), wanted.len());
        }
        let slugs = database::texts(
            &self.place.database(),
            "SELECT facet || ' ' || name || '=' || facet || '/' || slug FROM term WHERE source = (SELECT id FROM source WHERE name = 'a')",
        );
        let slugs: BTreeMap<&str, &str> = slugs.iter().filter_map(|text| text.split_once('=')).collect();
        for (topic, department) in (0..TOPICS.len()).flat_map(|t| (0..DEPARTMENTS.len()).map(move |d| (t, d))) {
            let (first, second) = (format!("topic {}", TOPICS[topic]), format!("department {}", DEPARTMENTS[department]));
            let address = format!("a/{}/{}", slugs[first.as_str()], slugs[second.as_str()]);
            let wanted = self.wanted(|item| item.source == 0 && item.topics.contains(&topic) && item.department == department);
            let chosen = chosen.remove(&address).expect("the pair's rows");
            assert!(chosen == wanted, "{address}: {} items, and by the recount {}", chosen.len(), wanted.len());
        }
        assert!(chosen.is_empty(), "{:?} are no more", chosen.keys());
    }

    /// The documents show the newest of them.
    #[track_caller]
    fn assert_published(&self, questions: &[Table]) {
        for (n, question) in questions.iter().enumerate() {
            let titles = tree::titles(&self.place.feeds(), &format!("q{n}"));
            let wanted = self.wanted(|item| holds(question, item));
            let newest: Vec<String> = wanted.iter().take(50).map(|&n| written(&self.items[n].title)).collect();
            // The few that bring the terms are older than all of these.
            assert_eq!(titles[..newest.len()], newest, "{}", toml(question));
        }
    }
}

fn feed(id: &str, question: &str) -> String {
    // Titles of so few words meet by chance.
    format!("[[feed]]\nid = \"{id}\"\ntitle = \"{id}\"\nmatch = {question}\nmerge = \"nothing\"\n")
}

#[test]
fn of_thirty_thousand_items_each_feed_holds_what_it_asks_for() {
    let mut dice = Dice(41);
    let mut archive = Archive::new(ITEMS, &mut dice);
    let questions: Vec<Table> = (0..QUESTIONS).map(|_| question(&mut dice, 3, (false, false))).collect();
    let feeds =
        |questions: &[Table]| questions.iter().enumerate().map(|(n, q)| feed(&format!("q{n}"), &toml(q))).collect::<String>();
    archive.configure_with(PAIRS, &feeds(&questions));
    archive.place.once();
    archive.assert_counted(&questions);
    archive.assert_published(&questions);
    let size = |question: &Table| archive.wanted(|item| holds(question, item)).len();
    let some = questions.iter().filter(|q| (1..ITEMS).contains(&size(q))).count();
    assert!(some > QUESTIONS / 2, "{some} questions tell items apart");
    let all: String = questions.iter().map(toml).collect();
    for word in
        ["source", "language", "topic", "department", "title", "summary", "text", "since", "until", "any", "all", "not", "*"]
    {
        assert!(all.contains(word), "no question has {word}");
    }

    // Items come, and are edited and sorted elsewhere.
    for n in 0..LISTED * SOURCES.len() {
        archive.add(n % SOURCES.len(), &mut dice);
    }
    archive.show();
    archive.place.once();
    archive.assert_counted(&questions);
    for n in (archive.stored..archive.items.len()).step_by(LISTED / 2) {
        let Item { title, summary, topics, department, .. } = Item::roll(&mut dice);
        let item = &mut archive.items[n];
        match n % 3 {
            0 => item.title.extend(title),
            1 => item.summary = summary,
            _ => (item.topics, item.department) = (topics, department),
        }
    }
    archive.show();
    archive.place.once();
    archive.assert_counted(&questions);
    archive.assert_published(&questions);

    // Another question of each name, and a kill while they are asked: no trace of what was chosen before is left.
    let questions: Vec<Table> = questions.into_iter().rev().skip(1).collect();
    archive.configure_with(PAIRS, &feeds(&questions));
    let mut asking = archive.place.command(NOW).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let through = || database::texts(&archive.place.database(), "SELECT DISTINCT through || '' FROM question WHERE through > 0");
    eventually("a part of the way", || through().iter().any(|id| id.parse().is_ok_and(|id: usize| id > ITEMS / 4)));
    asking.kill().expect("killed");
    asking.wait().expect("ended");
    assert_eq!(through().len(), 1, "it was not done");
    archive.place.once();
    assert_eq!(through().len(), 0);
    archive.assert_counted(&questions);

    // One new item costs as much as among none: it is noted and asked, and nothing else is.
    database::count_writes(&archive.place.database());
    archive.add(0, &mut dice);
    archive.show();
    archive.place.once();
    let writes = database::take_writes(&archive.place.database());
    archive.assert_counted(&questions);
    let newest = archive.items.len() - 1;
    let holding = archive.chosen().values().filter(|items| items.contains(&newest)).count();
    assert!(holding > 1);
    let written = |table: &str| writes.get(table).copied().unwrap_or_default();
    let holding = i64::try_from(holding).expect("few");
    assert_eq!((written("unasked"), written("list_item"), written("question")), (2, holding, 0), "{writes:?}");
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
        assert_eq!(archive.chosen()["mine"], half, "the rest as it was");
        assert_eq!(tree::titles(&archive.place.feeds(), "mine")[0], title);
    }
    assert_eq!(database::texts(&archive.place.database(), "SELECT count(*) || '' FROM unasked"), ["0"]);
    // It says the same and is another one.
    archive.configure(&feed("mine", "{ any = [{ topic = 'Elections' }] }"));
    archive.place.once();
    assert_eq!(archive.chosen()["mine"], before);
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
    assert_eq!(archive.chosen()["mine"], before);
    assert_eq!(tree::titles(&archive.place.feeds(), "mine")[0], "News");
}
