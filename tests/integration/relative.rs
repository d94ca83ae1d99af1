//! Dates told from the moment of reading. Promised: an item keeps the date of its first sight, whatever its page says as time goes by, and
//! a stated day replaces it only where it says something else.

use chrono::{DateTime, Days, FixedOffset, Utc};

use crate::support::binary::Place;
use crate::support::listing::{Row, page, row};
use crate::support::newsroom::Newsroom;
use crate::support::tree::{self, Entry};

struct Site {
    newsroom: Newsroom,
    place: Place,
}

impl Site {
    /// A source whose dates have no format, or this one.
    fn new(format: &str) -> Self {
        let newsroom = Newsroom::start();
        let config = format!(
            "[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\neach = \"article\"\ntimezone = \"Europe/Vienna\"\n\
             [source.item]\ntitle = \"h3\"\nsummary = \"p\"\ndate = {{ select = \"time\"{format} }}\n",
            newsroom.url("/news")
        );
        Self { newsroom, place: Place::new("", &config) }
    }

    #[track_caller]
    fn poll(&self, rows: &[Row]) -> Vec<Entry> {
        self.newsroom.page("/news", &page(rows, None));
        self.place.once().ok();
        tree::atom(&self.place.feeds(), "news/all")
    }
}

/// The rows of a page with more items than one, so that one edit is not most of it.
fn rows(first: &str, second: &str) -> Vec<Row> {
    let others = (1..5).map(|n| row(&format!("Other {n}"), &format!("{n} May 2024"), &format!("/{n}")));
    [row("Linked", first, "/linked"), row("Alone", second, "")].into_iter().chain(others).collect()
}

#[test]
fn a_relative_date_is_kept_from_first_sight_whatever_the_page_says_later() {
    let site = Site::new("");
    let first = site.poll(&rows("2 days ago", "2 days ago"));
    assert_eq!(first.len(), 6);
    let day = Utc::now().with_timezone(&chrono_tz::Europe::Vienna).date_naive() - Days::new(2);
    let of = |entries: &[Entry], title: &str| entries.iter().find(|e| e.title == title).expect("an entry").clone();
    let published: DateTime<FixedOffset> = of(&first, "Linked").published.parse().expect("an instant");
    assert!((published.date_naive() - day).num_days().abs() <= 1, "{published}");
    for (linked, alone) in
        [("3 days ago", "3 days ago"), ("1 day ago", "yesterday"), ("5 hours ago", "2 days ago"), ("2 years ago", "1 day ago")]
    {
        assert_eq!(site.poll(&rows(linked, alone)), first, "{linked}, {alone}");
    }
    // The day itself, and one that is off by as much as days are told.
    let stated = published.format("%d %B %Y").to_string();
    assert_eq!(site.poll(&rows(&stated, &stated)), first);
    let near = (published - Days::new(1)).format("%d %B %Y").to_string();
    assert_eq!(site.poll(&rows(&near, &stated)), first);
    // One that is further off is a correction.
    let far = site.poll(&rows("5 May 2024", &stated));
    let (before, after) = (of(&first, "Linked"), of(&far, "Linked"));
    assert_eq!((after.id, after.published.as_str(), far.len()), (before.id, "2024-05-05T00:00:00+02:00", 6));
    assert!(after.updated > before.updated);
}

#[test]
fn a_relative_date_that_changes_costs_no_feed() {
    let site = Site::new("");
    site.poll(&rows("2 days ago", "2 days ago"));
    let before = tree::timeless(&site.place.feeds());
    site.newsroom.page("/news", &page(&rows("3 days ago", "3 days ago"), None));
    let run = site.place.once().ok();
    assert!(run.stdout.contains("0 new, 0 edited, 6 known"), "{run:#?}");
    assert_eq!(tree::timeless(&site.place.feeds()), before);
}

#[test]
fn a_backfill_knows_items_by_the_dates_they_were_first_seen_with() {
    let site = Site::new("");
    let first = site.poll(&rows("2 days ago", "2 days ago"));
    for told in ["3 days ago", "1 day ago"] {
        site.newsroom.page("/news", &page(&rows(told, told), None));
        let run = site.place.run(&["backfill", "news", "--restart"]).ok();
        assert_eq!(tree::atom(&site.place.feeds(), "news/all"), first, "{told}: {run:#?}");
    }
}

#[test]
fn relative_dates_may_stand_among_the_formats() {
    let site = Site::new(", format = [\"%d/%m/%Y\", \"relative\"]");
    let entries = site.poll(&[row("New", "3 hours ago", "/a"), row("Old", "03/04/2024", "/b"), row("None", "4 May 2024", "/c")]);
    assert_eq!(entries.iter().map(|e| e.title.as_str()).collect::<Vec<_>>(), ["New", "Old"]);
    assert_eq!(entries[1].published, "2024-04-03T00:00:00+02:00");
    let preview = site.place.run(&["preview", "news", "--json"]).ok().json();
    assert_eq!(
        [&preview["rows"][0]["approximate"], &preview["rows"][1]["approximate"]],
        [&true.into(), &serde_json::Value::Null]
    );
}

/// Fifteen rows a year over three years, newest first, as the site shows them, and the day of each.
fn yearless() -> (Vec<Row>, Vec<String>) {
    let today = Utc::now().with_timezone(&chrono_tz::Europe::Vienna).date_naive();
    let days = (0..45).map(|n| today - Days::new(24 * n));
    days.enumerate()
        .map(|(n, day)| (row(&format!("Item {n}"), &day.format("%-d %B").to_string(), &format!("/{n}")), day.to_string()))
        .unzip()
}

fn pages(rows: &[Row], of: usize) -> (Newsroom, Place) {
    let newsroom = Newsroom::start();
    let count = rows.len().div_ceil(of);
    for (n, rows) in rows.chunks(of).enumerate() {
        let next = (n + 1 < count).then(|| format!("/news-{}", n + 1));
        let path = if n == 0 { "/news".to_owned() } else { format!("/news-{n}") };
        newsroom.page(&path, &page(rows, next.as_deref()));
    }
    let config = format!(
        "[[source]]\nid = \"news\"\ntitle = \"News\"\npage = \"{}\"\neach = \"article\"\nnext = \"a[rel=next]\"\nmax-pages = 2\n\
         timezone = \"Europe/Vienna\"\n[source.item]\ntitle = \"h3\"\ndate = {{ select = \"time\", format = \"%d %B\" }}\n",
        newsroom.url("/news")
    );
    (newsroom, Place::new("items = 100", &config))
}

fn days(place: &Place) -> Vec<String> {
    tree::atom(&place.feeds(), "news/all").iter().map(|e| e.published[..10].to_owned()).collect()
}

#[test]
fn dates_without_a_year_are_a_year_too_late_on_no_second_page() {
    let (rows, want) = yearless();
    let (_newsroom, place) = pages(&rows[..30], 15);
    let run = place.once().ok();
    assert_eq!(days(&place), want[..30], "{run:#?}");
    assert!(!run.stderr.contains("year"), "{run:#?}");
}

#[test]
fn dates_without_a_year_are_a_year_too_late_in_no_backfill() {
    let (rows, want) = yearless();
    let (newsroom, place) = pages(&rows, 5);
    place.once().ok();
    for _ in 0..9 {
        place.run(&["backfill", "news", "--pages", "1"]);
    }
    assert_eq!(days(&place), want);
    // What a later walk reads is what is known.
    newsroom.page("/news", &page(&rows[..40], None));
    place.once().ok();
    assert_eq!(days(&place), want);
    place.run(&["backfill", "news", "--restart"]).ok();
    assert_eq!(days(&place), want[..]);
}

#[test]
fn a_row_pinned_above_dates_without_a_year_is_told_and_moves_no_year() {
    let (mut rows, want) = yearless();
    rows.truncate(10);
    let pinned = rows.remove(9).title("Pinned");
    rows.insert(0, pinned);
    let (_newsroom, place) = pages(&rows, 20);
    let run = place.run(&["preview", "news"]);
    assert!(
        run.stdout.contains("the rows are not newest first") || run.stderr.contains("the rows are not newest first"),
        "{run:#?}"
    );
    place.once().ok();
    assert_eq!(days(&place), want[..10]);
}
