//! Newsrooms that change all the time, in ways that are the same in every run.

use chrono::{Days, NaiveDate};

use super::listing::{Row, row, site};
use super::newsroom::Newsroom;

/// At most so many of them in one place.
pub const SOURCES: usize = 16;

/// Rows on a page of those newsrooms that have several.
const ROWS: usize = 6;

/// Items that stand there before the first poll: every topic is among them.
const FIRST: usize = 12;
const TOPICS: usize = 6;

/// Numbers that are the same in every run (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (sides as u64)).expect("fewer than sides")
    }
}

/// The listing of one source, newest first.
pub struct Listing {
    source: usize,
    rows: Vec<Row>,
    items: usize,
}

impl Listing {
    pub fn new(source: usize) -> Self {
        assert!(source < SOURCES);
        let mut listing = Self { source, rows: Vec::new(), items: 0 };
        (0..FIRST).for_each(|_| listing.add());
        listing
    }

    /// How many items were ever published.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Those with several pages bring news alone: what changes from page to page while they are read can be read twice.
    fn has_pages(&self) -> bool {
        self.source % 2 == 1
    }

    fn add(&mut self) {
        let n = self.items;
        // Two items a day, and no day of two sources: which of them comes first in a feed of both is said nowhere.
        let days = u64::try_from(n / 2 * SOURCES + self.source).expect("small");
        let day = NaiveDate::from_ymd_opt(2020, 1, 1).expect("a date") + Days::new(days);
        let topic = format!("Topic {}", n % TOPICS);
        let new = row(&format!("Item {n}"), &day.format("%-d %B %Y").to_string(), &format!("/{}/{n}", self.source));
        self.rows.insert(0, new.topics(&[&topic, "All of them"]).kind("News"));
        self.items += 1;
    }

    /// The places of the rows whose titles stay as they are, or of the others.
    fn edited(&self, yes: bool) -> Vec<usize> {
        let is = |row: &Row| row.link.rsplit('/').next().and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| n < FIRST / 2);
        (0..self.rows.len()).filter(|n| is(&self.rows[*n]) == yes).collect()
    }

    /// What happens between two looks at it.
    pub fn change(&mut self, step: usize, dice: &mut Dice) {
        if dice.roll(2) == 0 {
            self.add();
        }
        if self.has_pages() {
            return;
        }
        let mut one_of = |places: Vec<usize>| places[dice.roll(places.len())];
        match step % 3 {
            // Only what was seen before the disturbances is edited: a guid is made of the title at first sight.
            0 => {
                let at = one_of(self.edited(true));
                self.rows[at].title = format!("{}, corrected in step {step}", self.rows[at].link);
            }
            1 => {
                let at = one_of((0..self.rows.len()).collect());
                let topic = format!("Topic {}", step % TOPICS);
                self.rows[at] = self.rows[at].clone().topics(&[&topic, "All of them"]);
            }
            _ => {
                let at = one_of(self.edited(false));
                let link = format!("/office{}", self.rows[at].link);
                if self.rows.iter().all(|row| row.link != link) && !self.rows[at].link.starts_with("/office") {
                    // Below: an item's own link is the one that is seen first.
                    self.rows.insert(at + 1, self.rows[at].clone().link(&link));
                }
            }
        }
    }

    /// Lets these newsrooms show it.
    pub fn show(&self, newsrooms: [&Newsroom; 2]) {
        let rows = if self.has_pages() { ROWS } else { self.rows.len() };
        let address = |n: usize| if n == 0 { first_page(self.source) } else { format!("/s{}?page={n}", self.source) };
        let pages: Vec<&[Row]> = self.rows.chunks(rows).collect();
        // The last one first: a walk meanwhile sees an item twice rather than not at all.
        for (n, rows) in pages.iter().enumerate().rev() {
            let html = site(rows, (n + 1 < pages.len()).then(|| address(n + 1)).as_deref());
            newsrooms.iter().for_each(|newsroom| newsroom.page(&address(n), &html));
        }
    }
}

/// The address of a source's first page.
pub fn first_page(source: usize) -> String {
    format!("/s{source}")
}
