//! Rows that are broken, hostile or merely odd: told by row and field, harmless to the others, alike in all formats.

use chrono::{DateTime, Days, Utc};

use crate::reading::{alike, strict};
use crate::support::binary::{Place, Run};
use crate::support::newsroom::{Newsroom, Reply};
use crate::support::tree::{self, Entry};

struct Site {
    newsroom: Newsroom,
    place: Place,
}

const DATE: &str = "{ select = \"time\", format = \"%d %B %Y\" }";

impl Site {
    fn new() -> Self {
        Self::with_date(DATE)
    }

    fn with_date(date: &str) -> Self {
        let newsroom = Newsroom::start();
        let config = format!(
            "[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\neach = \"article\"\nnext = \"a[rel=next]\"\n[source.item]\ntitle = \"h3\"\ndate = {date}\nsummary = \".summary\"\n[source.facet.topic]\nvalue = {{ select = \".topics\", many = true }}\n[source.facet.type]\nvalue = \".type\"\n",
            newsroom.url("/news")
        );
        Self { newsroom, place: Place::new("", &config) }
    }

    /// Shows these rows between two good ones, polls, and reads what was published.
    #[track_caller]
    fn publish(&self, rows: &str) -> (Run, Vec<Entry>) {
        self.newsroom.page("/news", &format!("{}{rows}{}", good(1), good(2)));
        let run = self.place.once();
        strict(&self.place.feeds());
        let entries = alike(&self.place.feeds(), "news/all");
        for n in [1, 2] {
            assert!(entries.iter().any(|e| e.title == format!("Good {n}")), "good row {n} of {entries:#?}");
        }
        (run, entries.into_iter().filter(|e| !e.title.starts_with("Good ")).collect())
    }
}

fn good(n: u32) -> String {
    row(&format!("<a href=\"/good/{n}\">Good {n}</a>"), &format!("{n} May 2024"), &format!("About {n}"))
}

fn row(title: &str, date: &str, summary: &str) -> String {
    format!("<article><h3>{title}</h3><time>{date}</time><div class=summary>{summary}</div></article>")
}

/// A row with a link and this title.
fn titled(title: &str) -> String {
    row(&format!("<a href=/odd>{title}</a>"), "3 May 2024", "Odd")
}

/// A row with this summary.
fn told(summary: &str) -> String {
    row("<a href=/odd>Odd</a>", "3 May 2024", summary)
}

#[track_caller]
fn warned(run: &Run, row: usize, field: &str) {
    let prefix = format!("news: warning: page 1, row {row}, {field}: ");
    assert!(run.stderr.lines().any(|line| line.starts_with(&prefix)), "{prefix} in {run:#?}");
}

#[track_caller]
fn quiet(run: &Run) {
    assert_eq!(run.stderr, "", "{run:#?}");
}

#[test]
fn a_page_without_rows_leaves_the_last_good_feeds_alone() {
    let site = Site::new();
    site.publish("");
    let before = tree::files(&site.place.feeds());
    for wall in ["<h1>Are you a robot?</h1>", "", "\u{0}\u{8}", "<article></article><article><h3>Sign in</h3></article>"] {
        site.newsroom.page("/news", wall);
        let run = site.place.run(&["once", "--all", "--now"]);
        assert_eq!(run.code, Some(75), "{run:#?}");
        assert!(run.stderr.starts_with("news: failed: page 1 (http://127.0.0.1:"), "{run:#?}");
        let told = ["shows no row", "of which none could be read"].iter().any(|t| run.stderr.contains(t));
        assert!(told && run.stderr.contains("its feeds stay as they are"), "{run:#?}");
        assert_eq!(tree::files(&site.place.feeds()), before);
    }
    let (run, entries) = site.publish(&titled("Back again"));
    quiet(&run);
    assert_eq!(entries[0].title, "Back again");
}

#[test]
fn an_unreadable_date_costs_its_row_alone() {
    let site = Site::new();
    let (run, entries) = site.publish(&row("<a href=/x>Someday</a>", "32 May 2024", "x"));
    warned(&run, 2, "date");
    assert!(run.stderr.contains("\"32 May 2024\" is no date") && run.stderr.contains("\"Someday\" is left out"), "{run:#?}");
    assert_eq!(entries, []);
    let run = site.place.run(&["preview", "news", "--json"]).ok().json();
    assert_eq!(
        (&run["rows-found"], &run["warnings"][0]["row"], &run["warnings"][0]["field"]),
        (&3.into(), &2.into(), &"date".into())
    );
}

#[test]
fn a_missing_date_costs_its_row_alone() {
    let (run, entries) = Site::new().publish("<article><h3><a href=/x>Undated</a></h3></article>");
    warned(&run, 2, "date");
    assert_eq!(entries, []);
}

#[test]
fn ambiguous_dates_are_not_guessed_without_a_format() {
    let site = Site::with_date("\"time\"");
    let rows = ["09/08/2024", "8.9.24", "some day", "May 2024", "2024"].map(|d| row("<a href=/x>Guess</a>", d, "x"));
    // Not more at a time than there are good ones: most of a page unreadable is a page that is broken.
    for rows in rows.chunks(2) {
        let (run, entries) = site.publish(&rows.concat());
        (2..2 + rows.len()).for_each(|n| warned(&run, n, "date"));
        assert_eq!(entries, []);
        let told = run.stderr.contains("\"09/08/2024\" may mean two days: `format` must say which");
        assert_eq!(told, rows[0].contains("09/08/2024"), "{run:#?}");
    }
}

#[test]
fn rows_without_a_title_are_told_and_left_out() {
    let rows = ["", " \n&nbsp;", "<a href=/x>\u{200b}\u{ad}</a>", "<script>x</script>"].map(|t| row(t, "3 May 2024", "x"));
    for rows in rows.chunks(2) {
        let (run, entries) = Site::new().publish(&rows.concat());
        (2..=3).for_each(|n| warned(&run, n, "title"));
        assert_eq!(entries, []);
    }
}

#[test]
fn a_title_of_100_kb_is_cut_and_told() {
    let site = Site::new();
    let (run, entries) = site.publish(&titled(&"ä".repeat(50_000)));
    warned(&run, 2, "title");
    assert_eq!(entries[0].title.chars().count(), 1_001);
    assert!(entries[0].title.ends_with('…'));
    assert!(run.stderr.len() < 2_000, "the log does not repeat it: {} bytes", run.stderr.len());
}

#[test]
fn forbidden_characters_vanish_from_titles_and_summaries() {
    let site = Site::new();
    let raw = "Ca\u{8}b\u{1b}le\u{fffe}\u{ffff} c\u{7f}a\u{85}r";
    let (_, entries) = site.publish(&row(&format!("<a href=/odd>{raw}</a>"), "3 May 2024", &format!("{raw} <b>{raw}</b>")));
    assert_eq!(entries[0].title, "Cable ca r");
    assert_eq!(entries[0].summary.as_deref().map(|s| s.replace('\u{7f}', "")).as_deref(), Some("Cable ca r <b>Cable ca r</b>"));
    // The same without them is the same item, not an edit.
    let (_, again) = site.publish(&row("<a href=/odd>Cable ca r</a>", "3 May 2024", "Cable ca r <b>Cable ca r</b>"));
    assert_eq!((&again[0].id, &again[0].updated), (&entries[0].id, &entries[0].updated));
}

#[test]
fn forbidden_characters_as_numeric_entities_vanish_too() {
    let site = Site::new();
    let numeric = "Ca&#8;ble&#xFFFE;&#xFFFF;&#x1F; c&#27;ar";
    let (_, entries) = site.publish(&row(
        &format!("<a href=\"/odd?a=&#8;b\">{numeric}</a>"),
        "3 May 2024",
        &format!("{numeric} <i>{numeric}</i>"),
    ));
    assert_eq!(entries[0].title, "Cable car");
    assert_eq!(entries[0].summary.as_deref(), Some("Cable car <i>Cable car</i>"));
}

#[test]
fn nul_and_lone_surrogates_become_harmless() {
    let (_, entries) =
        Site::new().publish(&row("<a href=/odd>N\u{0}ull &#0; &#xD800; end</a>", "3 May 2024", "x\u{0}y &#0; <b>&#xDFFF;</b>"));
    // HTML itself (13.2.5.80) makes U+FFFD of these references.
    assert_eq!(entries[0].title, "Null \u{fffd} \u{fffd} end");
    assert_eq!(entries[0].summary.as_deref(), Some("xy \u{fffd} <b>\u{fffd}</b>"));
}

#[test]
fn the_end_of_a_cdata_section_ends_nothing() {
    let (_, entries) =
        Site::new().publish(&row("<a href=/odd>a ]]> b ]]&gt; c <![CDATA[ d</a>", "3 May 2024", "x ]]> y <b>]]&gt;</b> ]]]]>>"));
    assert!(entries[0].title.starts_with("a ]]> b ]]> c"), "{entries:#?}");
    assert_eq!(entries[0].summary.as_deref(), Some("x ]]&gt; y <b>]]&gt;</b> ]]]]&gt;&gt;"));
}

#[test]
fn summaries_lose_what_runs_frames_or_styles() {
    let hostile = "<p style=\"position:fixed\" onclick=\"steal()\">Kept <b onmouseover=x>bold</b></p><script>alert(1)</script><iframe src=//evil.example></iframe><style>*{}</style><svg onload=x><script>y</script></svg><object data=x></object><form action=/x><input name=q></form><img src=x onerror=alert(1)><math><mtext><style><img src=x onerror=y></style></mtext></math>";
    let (_, entries) = Site::new().publish(&told(hostile));
    let summary = entries[0].summary.as_deref().unwrap_or_default();
    assert!(summary.contains("<p>Kept <b>bold</b></p>"), "{summary}");
    for gone in ["alert", "steal", "onerror", "evil", "position", "<form", "<style"] {
        assert!(!summary.contains(gone), "{gone} in {summary}");
    }
}

#[test]
fn a_summary_of_nothing_but_scripts_is_none() {
    let (_, entries) = Site::new().publish(&told("<script>alert(1)</script><!-- x -->"));
    assert_eq!(entries[0].summary, None);
}

#[test]
fn row_links_that_run_or_hold_data_are_dropped_and_told() {
    let links =
        ["javascript:alert(1)", " jAvA&#10;script:alert(1)", "data:text/html,x", "vbscript:x", "mailto:a@example.org", "http://"];
    let rows: String =
        links.iter().enumerate().map(|(n, l)| row(&format!("<a href=\"{l}\">Odd {n}</a>"), "3 May 2024", "x")).collect();
    let (run, entries) = Site::new().publish(&rows);
    (2..2 + links.len()).for_each(|n| warned(&run, n, "link"));
    assert_eq!(entries.len(), links.len());
    assert!(entries.iter().all(|e| e.link.is_none()), "{entries:#?}");
}

#[test]
fn links_inside_summaries_that_run_or_hold_data_are_dropped() {
    let (_, entries) = Site::new().publish(&told("<a href=\"javascript:x\">a</a> <a href=\"&#1;javascript:x\">b</a> <a href=\"data:text/html,x\">c</a> <img src=\"data:image/png;base64,AA\"> <a href=\"ok\">d</a>"));
    let summary = entries[0].summary.as_deref().unwrap_or_default();
    assert!(!summary.contains("javascript") && !summary.contains("data:") && summary.contains("/ok\">d</a>"), "{summary}");
}

#[test]
fn names_and_passwords_in_links_are_given_away_nowhere() {
    let site = Site::new();
    let (run, entries) = site.publish(&row(
        "<a href=\"https://me:secret@example.org/a\">Odd</a>",
        "3 May 2024",
        "<a href=\"https://me:secret@example.org/b\">b</a><img src=\"//me:secret@example.org/c.png\">",
    ));
    assert_eq!(entries[0].link.as_deref(), Some("https://example.org/a"));
    assert!(!run.stderr.contains("secret") && !run.stdout.contains("secret"), "{run:#?}");
    for (name, text) in tree::timeless(&site.place.feeds()) {
        assert!(!text.contains("secret"), "{name}: {text}");
    }
}

#[test]
fn an_item_without_link_is_published_with_content() {
    let site = Site::new();
    let (run, entries) = site.publish(&row("No link", "3 May 2024", "Told all the same"));
    warned(&run, 2, "link");
    assert_eq!((entries[0].title.as_str(), entries[0].link.as_deref()), ("No link", None));
    let atom = std::fs::read_to_string(site.place.feeds().join("news/all.atom")).expect("a feed");
    assert!(atom.contains("<content type=\"html\">Told all the same</content>"), "RFC 4287, 4.1.2: {atom}");
    assert!(!atom.contains("href=\"\""), "{atom}");
}

#[test]
fn relative_links_start_at_the_base_of_the_page() {
    let site = Site::new();
    for base in [
        "<base href=\"https://cdn.example.org/a/\">",
        "<base target=_blank><base href=\"https://cdn.example.org/a/\"><base href=\"https://no.example/\">",
    ] {
        site.newsroom.page(
            "/news",
            &format!("{base}{}", row("<a href=\"b/1\">Based</a>", "3 May 2024", "<img src=\"c.png\"> <a href=\"?d\">d</a>")),
        );
        site.place.once();
        let entry = alike(&site.place.feeds(), "news/all").remove(0);
        assert_eq!(entry.link.as_deref(), Some("https://cdn.example.org/a/b/1"), "{base}");
        let want = "<img src=\"https://cdn.example.org/a/c.png\"> <a href=\"https://cdn.example.org/a/?d\">d</a>";
        assert_eq!(entry.summary.as_deref(), Some(want), "{base}");
    }
}

#[test]
fn relative_links_and_bases_start_at_the_address_after_redirects() {
    for (base, want) in [("", "/moved/here/1"), ("<base href=\"sub/\">", "/moved/here/sub/1")] {
        let site = Site::new();
        site.newsroom.set("/news", Reply::Redirect("/moved/here/list?x=1".into()));
        site.newsroom.page(
            "/moved/here/list?x=1",
            &format!("{base}{}", row("<a href=1>Moved</a>", "3 May 2024", "<img src=\"2.png\"> x")),
        );
        site.place.once();
        let entry = alike(&site.place.feeds(), "news/all").remove(0);
        assert_eq!(entry.link, Some(site.newsroom.url(want)));
        let image = want.replace("/1", "/2.png");
        assert_eq!(entry.summary, Some(format!("<img src=\"{}\"> x", site.newsroom.url(&image))));
    }
}

#[test]
fn a_base_that_is_no_web_address_leads_nobody_astray() {
    let site = Site::new();
    site.newsroom.page("/news", &format!("<base href=\"data:text/html,x\">{}<a rel=next href=\"/more\">next</a>", good(1)));
    site.newsroom.page("/more", &good(2));
    let run = site.place.once();
    let links: Vec<_> = alike(&site.place.feeds(), "news/all").into_iter().map(|e| e.link).collect();
    assert_eq!(links, [Some(site.newsroom.url("/good/2")), Some(site.newsroom.url("/good/1"))], "{run:#?}");
}

#[test]
fn entities_in_titles_are_read_once() {
    let (_, entries) = Site::new().publish(&titled(
        "Fish &amp; chips &lt;b&gt; &amp;amp; &#8211; &eacute;&nbsp;<em>it</em>alic &lt;script&gt;x&lt;/script&gt;",
    ));
    assert_eq!(entries[0].title, "Fish & chips <b> &amp; – é italic <script>x</script>");
}

#[test]
fn emoji_right_to_left_and_combining_marks_come_through() {
    let site = Site::new();
    let titles =
        ["👩‍👩‍👧‍👦 🇺🇦 flags 🏳️‍🌈", "عاجل: بيان صحفي (2024)", "Z\u{30c}urnal e\u{301}te\u{301}", "नमस्ते दुनिया", "𝔊othic \u{10fffd}"];
    let rows: String = titles.iter().enumerate().map(|(n, t)| row(&format!("<a href=/o/{n}>{t}</a>"), "3 May 2024", t)).collect();
    let (run, entries) = site.publish(&rows);
    quiet(&run);
    assert_eq!(entries.iter().map(|e| e.title.as_str()).collect::<Vec<_>>(), titles);
    assert_eq!(entries.iter().map(|e| e.summary.as_deref().unwrap_or_default()).collect::<Vec<_>>(), titles);
    // Composed instead of combined is the same item.
    let (_, again) = site.publish(&rows.replace("Z\u{30c}urnal e\u{301}te\u{301}", "Žurnal été"));
    assert_eq!(
        again.iter().map(|e| (&e.id, &e.updated)).collect::<Vec<_>>(),
        entries.iter().map(|e| (&e.id, &e.updated)).collect::<Vec<_>>()
    );
}

fn tagged(topics: &str, kind: &str) -> String {
    format!(
        "<article><h3><a href=/odd>Odd</a></h3><time>3 May 2024</time><div class=topics>{topics}</div><div class=type>{kind}</div></article>"
    )
}

#[test]
fn empty_facet_values_make_no_terms() {
    for topics in ["", " , ,&nbsp;", "<a></a>, <a href=/x> \u{200b}</a>", "\u{8}"] {
        let site = Site::new();
        let (run, entries) = site.publish(&tagged(topics, " \n"));
        quiet(&run);
        assert_eq!(entries[0].categories, [], "{topics:?}");
        let terms: Vec<_> = tree::files(&site.place.feeds())
            .into_keys()
            .filter(|name| name.contains("/topic/") || name.contains("/type/"))
            .collect();
        assert!(terms.is_empty(), "{terms:?}");
    }
    let (_, entries) = Site::new().publish(&tagged("A, , B,", ""));
    assert_eq!(entries[0].categories, [("topic".to_owned(), "A".to_owned()), ("topic".to_owned(), "B".to_owned())]);
}

#[test]
fn a_comma_inside_a_linked_term_splits_nothing() {
    let site = Site::new();
    let (_, entries) =
        site.publish(&tagged("<a href=/1>Peace, security &amp; <i>trust</i></a>, <a href=/2>Water</a>", "Press, release"));
    let want = [("topic", "Peace, security & trust"), ("topic", "Water"), ("type", "Press, release")];
    assert_eq!(entries[0].categories, want.map(|(f, t)| (f.to_owned(), t.to_owned())));
    assert_eq!(alike(&site.place.feeds(), "news/topic/peace-security-trust").len(), 1);
}

#[test]
fn a_facet_value_over_200_characters_is_told_and_left_out() {
    let site = Site::new();
    let (run, entries) = site.publish(&tagged(&format!("<a>{}</a>, <a>Short</a>", "ä".repeat(201)), &"x".repeat(300)));
    warned(&run, 2, "topic");
    warned(&run, 2, "type");
    assert_eq!(entries[0].categories, [("topic".to_owned(), "Short".to_owned())]);
    let (run, entries) = Site::new().publish(&tagged(&format!("<a>{}</a>", "ä".repeat(200)), ""));
    quiet(&run);
    assert_eq!(entries[0].categories.len(), 1);
}

#[test]
fn dates_far_ahead_are_published_as_first_sight_and_stay_so() {
    let site = Site::new();
    let before = Utc::now().timestamp();
    let (_, entries) = site.publish(&row("<a href=/odd>Ahead</a>", "1 January 2099", "x"));
    let published = |e: &Entry| DateTime::parse_from_rfc3339(&e.published).expect("a date").timestamp();
    assert!((before..=Utc::now().timestamp()).contains(&published(&entries[0])), "{entries:#?}");
    // Later runs, other rows, other text: the moment stays.
    let (_, again) = site.publish(&format!(
        "{}{}",
        row("<a href=/new>New</a>", "2 January 2099", "x"),
        row("<a href=/odd>Ahead</a>", "1 January 2099", "y")
    ));
    let ahead = again.iter().find(|e| e.title == "Ahead").expect("still there");
    assert_eq!((&ahead.id, &ahead.published), (&entries[0].id, &entries[0].published));
    // The day has come nearer: what was stated becomes true only by a new statement.
    let (_, corrected) = site.publish(&row("<a href=/odd>Ahead</a>", "4 May 2024", "y"));
    let ahead = corrected.iter().find(|e| e.title == "Ahead").expect("still there");
    assert_eq!((ahead.published.as_str(), &ahead.id), ("2024-05-04T00:00:00+00:00", &entries[0].id));
}

#[test]
fn tomorrow_is_not_far_ahead() {
    let tomorrow = Utc::now().date_naive() + Days::new(1);
    let (_, entries) = Site::new().publish(&row("<a href=/odd>Tomorrow</a>", &tomorrow.format("%-d %B %Y").to_string(), "x"));
    assert_eq!(entries[0].published, format!("{tomorrow}T00:00:00+00:00"));
}

#[test]
fn a_pager_that_ends_in_a_bare_fragment_ends_the_walk() {
    let site = Site::new();
    site.newsroom.page("/news", &format!("{}<a rel=next href=\"/2\">next</a>", good(1)));
    site.newsroom.page("/2", &format!("{}<a rel=next href=\"#\">next</a>", good(2)));
    site.place.once();
    assert_eq!(site.newsroom.take_log().iter().map(|r| r.path.as_str()).collect::<Vec<_>>(), ["/news", "/2"]);
}
