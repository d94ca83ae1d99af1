//! Items' own pages. Promised: what a reader gets is the article, whole, safe and with absolute addresses, without what stands around it; an article that
//! cannot be had leaves the summary, and is tried again later and later; nothing of it moves an item's `updated`; nobody else's host is asked.

use crate::support::database;
use crate::support::listing::{Row, row};
use crate::support::newsroom::Reply;
use crate::support::scene::Scene;
use crate::support::tree;

const ON: &str = "article = { max = 50 }";

fn fixture(name: &str) -> String {
    let path = format!("{}/tests/fixtures/articles/{name}.html", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn story(name: &str) -> Row {
    row(name, "2 May 2024", &format!("/articles/{name}"))
}

/// The items of the JSON feed, by title.
fn items(scene: &Scene) -> std::collections::BTreeMap<String, serde_json::Value> {
    let text = std::fs::read_to_string(scene.feeds().join("news/all.json")).expect("a feed");
    let feed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let items = feed["items"].as_array().expect("items").iter();
    items.map(|i| (i["title"].as_str().expect("a title").to_owned(), i.clone())).collect()
}

fn content(item: &serde_json::Value) -> &str {
    item["content_html"].as_str().expect("content")
}

/// Lets the articles that wait be due.
fn due(scene: &Scene) {
    database::run(&scene.place.database(), "UPDATE article SET due = 0 WHERE due IS NOT NULL");
}

fn article_states(scene: &Scene) -> Vec<String> {
    let query = "SELECT i.title || ': ' || a.attempts || ' ' || CASE WHEN a.due IS NULL THEN 'done' ELSE 'again' END || coalesce(' ' || a.error, '')
        FROM article a JOIN item i ON i.id = a.item ORDER BY i.title";
    database::texts(&scene.place.database(), query)
}

/// What no article may hold.
const NEVER: &[&str] = &[
    "NAVIGATION",
    "SHAREBAR",
    "RELATEDLINKS",
    "NEWSLETTERFORM",
    "COOKIEBANNER",
    "FOOTERTEXT",
    "SKIPLINK",
    "BREADCRUMB",
    "SIDEBARTEXT",
    "COMMENTTEXT",
    "SCRIPT",
    "STYLETEXT",
    "ADVERT",
    "<script",
    "<style",
    "<form",
    "<iframe",
    "javascript:",
    "onerror",
    "onclick",
    "onload",
    "src=\"/",
    "href=\"/",
    "data:image",
    "counter.example",
    "placeholder",
];

#[test]
fn articles_of_twelve_makes_are_whole_safe_and_alone() {
    let scene = Scene::new("items = 50\nmax-size = \"5MB\"", ON);
    let at = |path: &str| scene.newsroom.url(path);
    let cases: Vec<(&str, Vec<String>)> = vec![
        (
            "wordpress",
            vec![
                "CAPTION".into(),
                "HEADING".into(),
                "ITEM".into(),
                "QUOTE".into(),
                "<figure>".into(),
                format!("src=\"{}\"", at("/wp-content/uploads/valley-1024x683.jpg")),
                format!(
                    "{} 1024w, {} 300w",
                    at("/wp-content/uploads/valley-1024x683.jpg"),
                    at("/wp-content/uploads/valley-300x200.jpg")
                ),
            ],
        ),
        (
            "drupal",
            vec![format!("href=\"{}\"", at("/node/77")), format!("href=\"{}\"", at("/sites/default/files/report.pdf#page=2"))],
        ),
        ("tables", vec!["CELLHEAD".into(), "CELL 412".into(), "<table".into()]),
        ("next", vec![format!("src=\"{}\"", at("/_next/image?url=%2Fphoto.jpg&amp;w=1200&amp;q=75"))]),
        ("amp", vec![format!("<img src=\"{}\"", at("/amp/lead.jpg")), format!("{} 2x", at("/amp/lead-2x.jpg"))]),
        ("govuk", vec!["HEADING".into(), "CALLTEXT".into(), "https://assets.example.org/media/Annual_Report.PDF".into()]),
        (
            "lazy",
            vec![
                format!("src=\"{}\"", at("/static/one.jpg")),
                format!("{} 400w, {} 800w", at("/static/one-400.jpg"), at("/static/one-800.jpg")),
                format!("{} 1x, {} 2x", at("/static/two.webp"), at("/static/two@2x.webp")),
                at("/static/two.avif"),
                at("/static/three.jpg"),
            ],
        ),
        (
            "video",
            vec![
                format!("poster=\"{}\"", at("/stills/opening.jpg")),
                format!("src=\"{}\"", at("/videos/opening.mp4")),
                "<a href=\"https://player.example/embed/42\">FRAMETITLE Opening session</a>".into(),
            ],
        ),
        ("languages", vec![]),
        ("crowded", vec!["CLICKTEXT".into(), "JSLINK".into()]),
        ("rtl", vec!["dir=\"rtl\"".into(), "النهاية".into(), at("/ar/2")]),
        ("short", vec!["The meeting of 3 May is cancelled".into()]),
    ];
    let rows: Vec<Row> = cases.iter().map(|(name, _)| story(name)).collect();
    for (name, _) in &cases {
        scene.newsroom.page(&format!("/articles/{name}"), &fixture(name));
    }
    let run = scene.poll(&rows);
    assert!(run.stdout.contains("news: 12 articles read\n"), "{run:#?}");
    let found = items(&scene);
    for (name, wanted) in &cases {
        let html = content(&found[*name]);
        let all = ["FIRST", "LAST"].map(str::to_owned);
        let all = all.iter().filter(|_| *name != "rtl");
        let body = ["SECOND", "THIRD"].map(str::to_owned);
        let body = body.iter().filter(|_| !matches!(*name, "rtl" | "short"));
        for text in all.chain(body).chain(wanted) {
            assert!(html.contains(text.as_str()), "{name} lacks {text}:\n{html}");
        }
        for text in NEVER {
            assert!(!html.contains(text), "{name} holds {text}:\n{html}");
        }
        if let Some(first) = html.find("FIRST") {
            assert!(first < html.find("LAST").expect("an end"), "{name} is out of order");
            assert_eq!(html.matches("FIRST").count(), 1, "{name} is doubled");
        }
    }
    // Images, files, times, languages.
    let image = |name: &str| found[name]["image"].as_str().map(str::to_owned);
    assert_eq!(image("wordpress"), Some(at("/wp-content/uploads/valley-1024x683.jpg")));
    assert_eq!(image("lazy"), Some(at("/static/one.jpg")));
    assert_eq!(image("video"), Some(at("/stills/opening.jpg")));
    assert_eq!(image("short"), None);
    let file = |name: &str| found[name]["attachments"][0]["url"].as_str().map(str::to_owned);
    assert_eq!(file("wordpress"), Some(at("/files/minutes.pdf")));
    assert_eq!(file("drupal"), Some(at("/sites/default/files/report.pdf")));
    assert_eq!(file("govuk").as_deref(), Some("https://assets.example.org/media/Annual_Report.PDF"));
    assert_eq!(file("short"), None);
    let time = |name: &str| found[name]["date_published"].as_str().map(str::to_owned);
    assert_eq!(time("wordpress").as_deref(), Some("2024-05-02T14:30:00+02:00"));
    assert_eq!(time("drupal").as_deref(), Some("2024-05-02T09:15:00+02:00"));
    assert_eq!(time("next").as_deref(), Some("2024-05-02T16:45:00+02:00"));
    assert_eq!(time("short").as_deref(), Some("2024-05-02T00:00:00+02:00"));
    let languages = serde_json::json!([
        {"language": "fr", "url": at("/fr/articles/languages")}, {"language": "ru", "url": at("/ru/articles/languages")},
    ]);
    assert_eq!(found["languages"]["_newsroomd"]["translations"], languages);
    assert_eq!(found["short"]["summary"], "About short", "the summary stays beside the content");

    // The other formats say the same, and are well-formed.
    let read = |ending: &str| std::fs::read_to_string(scene.feeds().join(format!("news/all.{ending}"))).expect("a feed");
    for (ending, tag) in [("rss", "encoded"), ("atom", "content")] {
        let text = read(ending);
        let document = roxmltree::Document::parse(&text).expect("well-formed");
        let contents: Vec<&str> =
            document.descendants().filter(|n| n.tag_name().name() == tag).filter_map(|n| n.text()).collect();
        assert_eq!(contents.len(), 12, "{ending}");
        for item in found.values() {
            assert!(contents.contains(&content(item)), "{ending}: {}", item["title"]);
        }
    }
    let atom = read("atom");
    assert!(atom.contains(&format!("<link href=\"{}\" rel=\"related\" hreflang=\"fr\"", at("/fr/articles/languages"))), "{atom}");
    // Readers take a second alternate for the entry's own address.
    assert_eq!(atom.matches("rel=\"alternate\" hreflang").count(), 0);
    let rss = read("rss");
    assert!(
        rss.contains(&format!("<enclosure url=\"{}\" length=\"0\" type=\"application/pdf\"/>", at("/files/minutes.pdf"))),
        "{rss}"
    );
    // Nothing is asked for twice.
    scene.newsroom.take_log();
    let before = tree::files(&scene.feeds());
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits().len(), 1);
    assert_eq!(tree::files(&scene.feeds()), before);
}

#[test]
fn a_body_by_selector_is_that_and_nothing_else() {
    let scene = Scene::new("", "article = { body = ['.nowhere', '.field--name-body'], remove = 'p:last-child' }");
    scene.newsroom.page("/articles/drupal", &fixture("drupal"));
    scene.poll(&[story("drupal")]);
    let found = items(&scene);
    let html = content(&found["drupal"]);
    assert!(
        html.contains("FIRST") && html.contains("LAST") && !html.contains("earlier decision") && !html.contains("<picture"),
        "{html}"
    );
    // It matches nothing: a failure, and the summary stays.
    let scene = Scene::new("", "article = { body = '.nowhere' }");
    scene.newsroom.page("/articles/drupal", &fixture("drupal"));
    let run = scene.poll(&[story("drupal")]);
    assert!(run.stderr.contains("`body` of [source.article] matches nothing on it"), "{run:#?}");
    assert_eq!(content(&items(&scene)["drupal"]), "About drupal");
    // Put right, it is asked for at once.
    scene.configure("", "article = { body = ['.nowhere', 'auto'] }");
    scene.place.once();
    assert!(content(&items(&scene)["drupal"]).contains("LAST"));
}

#[test]
fn switched_on_it_moves_nothing_and_asks_only_for_what_is_new() {
    let scene = Scene::new("", "");
    for name in ["amp", "short"] {
        scene.newsroom.page(&format!("/articles/{name}"), &fixture(name));
    }
    scene.poll(&[story("short")]);
    let before = tree::files(&scene.feeds());
    scene.newsroom.take_log();
    scene.configure("", ON);
    scene.place.once();
    assert_eq!(tree::files(&scene.feeds()), before, "not a byte of any feed");
    assert_eq!(scene.newsroom.take_visits().iter().filter(|(path, _)| path.starts_with("/articles")).count(), 0);
    let known = scene.entry("short");
    scene.poll(&[story("amp"), story("short")]);
    assert_eq!(scene.entry("short"), known);
    let new = scene.entry("amp");
    assert_eq!(new.published, new.updated);
    assert!(content(&items(&scene)["amp"]).contains("LAST"));
}

#[test]
fn what_is_no_article_leaves_the_summary_and_is_tried_again_later_and_later() {
    let scene = Scene::new("", ON);
    let wall = "<html><title>Log in</title><body><main><h1>Please log in</h1><p>This is for members only.</p><form><input name=u><input type=password></form></main></body></html>";
    let room = &scene.newsroom;
    room.page("/articles/wall", wall);
    room.page("/login", wall);
    room.set("/articles/redirected", Reply::Redirect("/login".into()));
    room.set("/articles/forbidden", Reply::Status(403));
    room.set("/articles/gone", Reply::Status(404));
    room.set("/articles/elsewhere", Reply::Redirect("http://127.0.0.2:9/other".into()));
    room.set("/articles/large", Reply::Typed("text/html", vec![b'x'; 11_000_000]));
    room.set("/articles/half", Reply::Truncated(fixture("short").into_bytes()));
    room.set("/articles/hangup", Reply::HangUp);
    room.set("/articles/json", Reply::Typed("application/json", b"{\"a\": 1}".to_vec()));
    room.page("/articles/teaser", "<html><body><main><p>Read on in the app.</p></main></body></html>");
    let rows: Vec<Row> =
        ["wall", "redirected", "forbidden", "gone", "elsewhere", "large", "half", "hangup", "json", "teaser", "foreign"]
            .iter()
            .map(|name| match *name {
                "foreign" => row(name, "2 May 2024", "https://foreign.example/1"),
                "teaser" => story(name).summary(&"A long summary that says more than what is there. ".repeat(5)),
                name => story(name),
            })
            .collect();
    let run = scene.poll(&rows);
    assert!(run.stdout.contains("0 articles read, 11 could not be read"), "{run:#?}");
    let states = article_states(&scene);
    for (name, reason) in [
        ("wall", "asks for a password"),
        ("redirected", "leads to a login"),
        ("forbidden", "403"),
        ("gone", "404"),
        ("elsewhere", "none of the hosts that its articles may be on"),
        ("large", "larger than 10000000 bytes"),
        ("json", "it is JSON"),
        ("teaser", "far shorter than the summary"),
        ("foreign", "foreign.example, which is none of its hosts"),
    ] {
        assert!(states.iter().any(|s| s.starts_with(&format!("{name}: 1 again ")) && s.contains(reason)), "{name}: {states:#?}");
    }
    for (title, item) in items(&scene) {
        assert!(content(&item).starts_with(if title == "teaser" { "A long" } else { "About" }), "{item}");
    }
    // Not at once.
    let entries = scene.entries();
    scene.newsroom.take_log();
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits().len(), 1);
    // Later; what came right by then is taken over, and moves nothing.
    scene.newsroom.page("/articles/gone", &fixture("short"));
    due(&scene);
    let run = scene.place.once();
    assert!(run.stdout.contains("1 article read, 10 could not"), "{run:#?}");
    assert!(content(&items(&scene)["gone"]).contains("LAST"));
    assert_eq!(scene.entries(), entries);
    // Given up in the end.
    for _ in 0..4 {
        due(&scene);
        scene.place.once();
    }
    due(&scene);
    scene.newsroom.take_log();
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits().len(), 1, "six times is enough");
}

#[test]
fn a_pdf_is_an_enclosure_and_robots_are_obeyed() {
    let scene = Scene::new("", ON);
    scene.newsroom.set("/articles/document", Reply::Typed("application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj".to_vec()));
    scene.newsroom.page("/articles/secret", &fixture("short"));
    scene.newsroom.robots("User-agent: *\nDisallow: /articles/secret\n");
    let rows = [story("document"), story("secret"), row("named", "1 May 2024", "/files/named.pdf")];
    let run = scene.poll(&rows);
    assert!(run.stderr.contains("robots.txt forbids"), "{run:#?}");
    let visits = scene.newsroom.take_visits();
    assert!(visits.iter().all(|(path, _)| !path.contains("secret") && !path.contains("named")), "{visits:?}");
    let found = items(&scene);
    let file = |name: &str| found[name]["attachments"][0].clone();
    assert_eq!(file("document")["mime_type"], "application/pdf");
    assert_eq!(file("document")["size_in_bytes"], 22);
    assert_eq!(file("named")["url"], scene.newsroom.url("/files/named.pdf"));
    for name in ["document", "secret", "named"] {
        assert_eq!(content(&found[name]), format!("About {name}"));
    }
}

#[test]
fn an_edit_on_the_listing_asks_again_and_moves_updated_once() {
    let scene = Scene::new("", ON);
    scene.newsroom.page("/articles/short", &fixture("short"));
    scene.poll(&[story("short")]);
    scene.newsroom.page("/articles/short", &fixture("short").replace("LAST", "CORRECTED"));
    scene.place.once();
    assert!(content(&items(&scene)["short"]).contains("LAST"), "asked for once");
    let before = scene.entry("short");
    scene.poll(&[story("short").summary("Corrected")]);
    let after = scene.entry("short");
    assert_ne!(after.updated, before.updated);
    assert!(content(&items(&scene)["short"]).contains("CORRECTED"));
    // What cannot be read then leaves what was read before.
    scene.newsroom.set("/articles/short", Reply::Status(500));
    scene.poll(&[story("short").summary("Corrected again")]);
    assert!(content(&items(&scene)["short"]).contains("CORRECTED"));
}

#[test]
fn articles_on_other_hosts_need_to_be_named_and_few_are_asked_for_at_a_time() {
    let scene = Scene::new("", "");
    let other = crate::support::newsroom::Newsroom::start();
    other.page("/x", &fixture("short"));
    scene.configure("", &format!("article = {{ max = 1, hosts = '{}' }}", other.host()));
    scene.newsroom.page("/articles/amp", &fixture("amp"));
    let rows = [row("other", "3 May 2024", &other.url("/x")), story("amp")];
    scene.poll(&rows);
    assert!(content(&items(&scene)["other"]).contains("LAST"));
    assert_eq!(content(&items(&scene)["amp"]), "About amp");
    scene.place.once();
    assert!(content(&items(&scene)["amp"]).contains("LAST"));
}

#[test]
fn over_the_limit_contents_go_first_the_oldest_before_the_others() {
    let scene = Scene::new("max-size = \"10kB\"", ON);
    let rows: Vec<Row> =
        (1..=8).map(|n| row(&format!("Story {n}"), &format!("{} May 2024", 20 - n), &format!("/articles/{n}"))).collect();
    for n in 1..=8 {
        scene.newsroom.page(&format!("/articles/{n}"), &fixture("govuk"));
    }
    scene.poll(&rows);
    assert_eq!(scene.entries().len(), 8);
    let found = items(&scene);
    let full: Vec<bool> = (1..=8).map(|n| content(&found[&format!("Story {n}")]).contains("LAST")).collect();
    assert!(full[0] && !full[7], "{full:?}");
    assert!(full.is_sorted_by(|a, b| a >= b), "{full:?}");
}

#[test]
fn a_page_that_is_made_to_keep_us_busy_is_given_up_soon() {
    let scene = Scene::new("", ON);
    scene.newsroom.page("/articles/deep", &format!("<body><main>{}", "<div><p>x".repeat(300_000)));
    scene.newsroom.page("/articles/wide", &format!("<body><main>{}", "<p>a, b, c</p><a href=x>y</a>".repeat(100_000)));
    scene.newsroom.page("/articles/fonts", &format!("<body><main>{}", "<b><i><font color=x><p>y</b>".repeat(50_000)));
    let began = std::time::Instant::now();
    let run = scene.poll(&[story("deep"), story("wide"), story("fonts")]);
    assert!(began.elapsed().as_secs() < 60, "{:?}: {run:#?}", began.elapsed());
    assert_eq!(scene.entries().len(), 3);
}

#[test]
fn a_preview_shows_the_article_of_a_row_or_of_an_address() {
    let scene = Scene::new("", "");
    scene.newsroom.page("/articles/drupal", &fixture("drupal"));
    scene.newsroom.page("/articles/video", &fixture("video"));
    scene.show(&[&[story("drupal"), story("video")]]);
    let first = scene.place.run(&["preview", "news", "--article"]).ok();
    assert!(first.stdout.contains("time: 2024-05-02T09:15:00+02:00\n") && first.stdout.contains("FIRST"), "{first:#?}");
    let second = scene.place.run(&["preview", "news", "--article=2", "--json"]).ok().json();
    assert_eq!(second["article"]["image"], scene.newsroom.url("/stills/opening.jpg"));
    let address = scene.place.run(&["preview", &scene.newsroom.url("/articles/video"), "--article", "--json"]).ok().json();
    assert_eq!(address, second);
    let none = scene.place.run(&["preview", "news", "--article=3"]);
    assert!(none.stderr.contains("there is no row 3: 2 were read"), "{none:#?}");
}

/// Killed while an article is on its way: the item is out with its summary, and the article comes later.
#[test]
fn killed_amid_an_article_nothing_is_lost() {
    let scene = Scene::new("", ON);
    scene.newsroom.set("/articles/short", Reply::Held);
    scene.show(&[&[story("short")]]);
    let mut child = scene.place.command(&["once", "--all"]).stdout(std::process::Stdio::null()).spawn().expect("it runs");
    scene.newsroom.wait_for_visits("/articles/short", 1);
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert_eq!(content(&items(&scene)["short"]), "About short", "published before anything was asked of the article");
    let before = scene.entries();
    scene.newsroom.page("/articles/short", &fixture("short"));
    scene.newsroom.take_log();
    scene.place.once();
    assert_eq!(scene.newsroom.take_visits().len(), 1, "not hammered");
    due(&scene);
    scene.place.once();
    assert!(content(&items(&scene)["short"]).contains("LAST"));
    assert_eq!(scene.entries(), before);
}

#[test]
fn feeds_ask_for_words_of_articles_when_they_come() {
    let scene = Scene::new("items = 50", ON);
    let feed = |id: &str, question: &str| format!("[[feed]]\nid = \"{id}\"\ntitle = \"T\"\nmatch = {question}\n");
    let config = std::fs::read_to_string(scene.place.config()).expect("a config");
    let feeds = [
        feed("in-body", "{ body = 'humanitarian CONVOYS' }"),
        feed("in-text", "{ text = 'convoy*' }"),
        feed("not-in-body", "{ not = { body = 'convoys' } }"),
        feed("in-summary", "{ summary = 'convoys' }"),
    ];
    std::fs::write(scene.place.config(), format!("{config}\n{}", feeds.concat())).expect("a config");
    scene.newsroom.page("/articles/crowded", &fixture("crowded"));
    scene.poll(&[story("crowded"), row("Without", "1 May 2024", "/none")]);
    for (id, titles) in
        [("in-body", &["crowded"][..]), ("in-text", &["crowded"]), ("not-in-body", &["Without"]), ("in-summary", &[])]
    {
        assert_eq!(scene.titles(id), titles, "{id}");
    }

    // The article that comes at a later attempt is asked as well.
    scene.newsroom.page("/none", &fixture("crowded"));
    due(&scene);
    scene.poll(&[story("crowded"), row("Without", "1 May 2024", "/none")]);
    assert_eq!(scene.titles("in-body"), ["crowded", "Without"]);
    assert!(scene.titles("not-in-body").is_empty());
}
