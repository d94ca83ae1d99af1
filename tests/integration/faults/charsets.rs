//! Pages whose bytes are not what they say. Promised: a page is never lost for it; what can be known is read right; once a page says it right
//! again, every item stands once, as it was, with the guid that it had.

use crate::support::binary::NOW;
use crate::support::listing::{Row, row, site};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;
use crate::support::wire::Wire;

struct Case {
    name: &'static str,
    /// The charset of the bytes, what the header says and what the page says.
    bytes: &'static encoding_rs::Encoding,
    header: Option<&'static str>,
    meta: Option<&'static str>,
    /// It can be read, since what is said suffices or what is there.
    right: bool,
}

fn case(
    name: &'static str,
    bytes: &'static encoding_rs::Encoding,
    header: Option<&'static str>,
    meta: Option<&'static str>,
    right: bool,
) -> Case {
    Case { name, bytes, header, meta, right }
}

/// Titles long enough that a detector has something to go by.
fn rows(cyrillic: bool) -> Vec<Row> {
    let titles = if cyrillic {
        [
            "Специальный представитель посетил Кишинёв и встретился с членами правительства",
            "Действующий председатель приветствует договорённость о возобновлении переговоров",
            "Наблюдатели высоко оценили подготовку к выборам, но призвали к открытости",
            "Заявление по случаю Всемирного дня свободы печати",
        ]
    } else {
        [
            "Für mehr Verständigung: Gespräche über Brücken, Bürger und Behörden in Österreich",
            "La présidence française réaffirme son attachement à la sécurité européenne",
            "El señor González visitará mañana la misión en España",
            "Größere Anstrengungen gegen Menschenhandel nötig, erklärt die Sonderbeauftragte",
        ]
    };
    let rows = titles.iter().enumerate().map(|(n, title)| row(title, &format!("{} May 2024", n + 1), &format!("/{n}")));
    rows.rev().collect()
}

fn html(rows: &[Row], case: &Case) -> Vec<u8> {
    let meta = case.meta.map(|charset| format!("<meta charset=\"{charset}\">")).unwrap_or_default();
    let html = site(rows, None).replace("<meta charset=\"utf-8\">", &meta);
    let (bytes, _, unmappable) = case.bytes.encode(&html);
    assert!(!unmappable, "{}", case.name);
    bytes.into_owned()
}

fn survives(case: &Case, cyrillic: bool) {
    let scene = Scene::new("", "");
    let good = Case { bytes: encoding_rs::UTF_8, header: Some("utf-8"), meta: Some("utf-8"), ..*case };
    let answer = |rows: &[Row], case: &Case| {
        let kind =
            format!("Content-Type: text/html{}", case.header.map(|charset| format!("; charset={charset}")).unwrap_or_default());
        Reply::Wire(Wire::answer(200, &[&kind], &html(rows, case)))
    };
    let all = rows(cyrillic);
    scene.newsroom.set("/news", answer(&all[1..], &good));
    scene.place.once();
    let known = scene.entries();
    // With one that is new.
    scene.newsroom.set("/news", answer(&all, case));
    let run = scene.place.run(&["once", "--all"]);
    let titles: Vec<String> = all.iter().map(|row| row.title.clone()).collect();
    if case.right {
        assert_eq!(run.code, Some(0), "{}: {run:?}", case.name);
        assert_eq!(scene.titles("news/all"), titles, "{}", case.name);
        assert_eq!(scene.entries()[1..], known, "{}", case.name);
        assert!(!run.stderr.contains("U+FFFD"), "{}: {run:?}", case.name);
    }
    // Read wrongly, or not at all.
    let meanwhile = scene.entries();
    let id = |entries: &[crate::support::tree::Entry], link: &Option<String>| {
        entries.iter().find(|e| e.link == *link).map(|e| e.id.clone())
    };
    assert!(known.iter().all(|entry| id(&meanwhile, &entry.link) == Some(entry.id.clone())), "{}: {meanwhile:#?}", case.name);
    assert!(meanwhile.len() <= all.len(), "{}: {meanwhile:#?}", case.name);

    scene.newsroom.set("/news", answer(&all, &good));
    let run = scene.place.run(NOW);
    assert_eq!(run.code, Some(0), "{}: {run:?}", case.name);
    assert_eq!(scene.titles("news/all"), titles, "{}", case.name);
    let now = scene.entries();
    assert!(meanwhile.iter().all(|entry| id(&now, &entry.link) == Some(entry.id.clone())), "{}: {now:#?}", case.name);
    let (text, were): (Vec<_>, Vec<_>) = (
        now[1..].iter().map(|e| (&e.summary, &e.published)).collect(),
        known.iter().map(|e| (&e.summary, &e.published)).collect(),
    );
    assert_eq!(text, were, "{}", case.name);
}

#[test]
fn wrong_charsets_lose_and_double_nothing() {
    use encoding_rs::{ISO_8859_15, UTF_8, WINDOWS_1252};
    for case in [
        case("header-and-meta-agree", WINDOWS_1252, Some("iso-8859-1"), Some("iso-8859-1"), true),
        case("meta-alone", WINDOWS_1252, None, Some("windows-1252"), true),
        case("header-alone", ISO_8859_15, Some("iso-8859-15"), None, true),
        case("header-wins-over-meta", WINDOWS_1252, Some("windows-1252"), Some("utf-8"), true),
        case("header-of-no-charset", UTF_8, Some("klingon"), Some("utf-8"), true),
        case("nothing-said-and-utf-8", UTF_8, None, None, true),
        case("nothing-said-and-latin", WINDOWS_1252, None, None, true),
        case("header-says-utf-8-and-lies", WINDOWS_1252, Some("utf-8"), None, false),
        case("header-says-latin-and-lies", UTF_8, Some("iso-8859-1"), Some("utf-8"), false),
        case("meta-says-utf-8-and-lies", WINDOWS_1252, None, Some("utf-8"), false),
        case("meta-says-latin-and-lies", UTF_8, None, Some("iso-8859-1"), false),
        case("both-say-cyrillic-and-lie", UTF_8, Some("koi8-r"), Some("koi8-r"), false),
    ] {
        survives(&case, false);
    }
}

#[test]
fn wrong_charsets_of_another_script_lose_and_double_nothing() {
    use encoding_rs::{KOI8_R, UTF_8, WINDOWS_1251};
    for case in [
        case("header", WINDOWS_1251, Some("windows-1251"), None, true),
        case("meta", KOI8_R, None, Some("koi8-r"), true),
        case("nothing-said", WINDOWS_1251, None, None, true),
        case("header-says-latin", WINDOWS_1251, Some("iso-8859-1"), Some("windows-1251"), false),
        case("header-says-utf-8", WINDOWS_1251, Some("utf-8"), Some("windows-1251"), false),
        case("header-says-utf-16", UTF_8, Some("utf-16"), None, false),
        case("header-says-shift-jis", UTF_8, Some("shift_jis"), None, false),
    ] {
        survives(&case, true);
    }
}
