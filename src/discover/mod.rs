//! A listing found on a page of which nothing is known, and the rules that read it.
//!
//! Pure: a parsed page, its address and the day give the same answer every time; no network, store or clock. What the page says of itself goes first
//! (JSON-LD, microdata, h-entry), then what repeats on it. Each candidate's points have their reasons, and the winner's rules are tried by the
//! extraction itself before anybody is told that they work.
//!
//! `outline` lays the page out, `names` knows what classes mean, `place` where a thing stands, `words` what texts say, `group` finds what repeats, `slots` says which places rows have in common,
//! `titling`, `dating`, `image` and `beside` which of them are what, `score` weighs, `rules` writes down.

mod beside;
mod dates;
mod dating;
mod group;
mod image;
mod lead;
mod linked;
mod names;
mod origin;
mod outline;
mod pager;
mod place;
mod rules;
mod score;
mod slots;
mod titling;
mod words;

use std::collections::HashSet;

use chrono::NaiveDate;
use scraper::Html;
use url::Url;

use crate::domain::{Digest, digest, fold};
use crate::extract::date::When;
use crate::extract::months::Language;
use crate::extract::{AdvertisedFeed, Extracted, RawRow, advertised, extract_document};
use dates::Dates;
use group::Group;
use linked::Story;
use outline::Outline;
use slots::Rows;

pub use origin::Origin;
pub use rules::{Derived, Place, SuggestedFacet};
pub use score::Reason;

/// Raised when the same page may be found to hold other rows.
pub const VERSION: &str = "2";

/// From this confidence on (of 100) what was found is taken for the listing. Below, it is for a person to look at.
pub const SURE: u8 = 60;

/// So many candidates are named.
const NAMED: usize = 5;

/// What is known beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Hints<'a> {
    /// The page's address after redirects.
    pub url: &'a Url,
    /// The language that the operator states; None: the page's own.
    pub language: Option<Language>,
    /// The day: what lies ahead of it is no news.
    pub today: NaiveDate,
}

/// How a candidate is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// By selectors.
    Selectors(Box<Derived>),
    /// From the page's JSON-LD.
    LinkedData,
}

/// A list that may be the listing.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// How it is read.
    pub how: How,
    /// From 0 to 100.
    pub confidence: u8,
    /// Why.
    pub reasons: Vec<Reason>,
    /// How many rows it has.
    pub rows: usize,
    /// The first titles, to know it by.
    pub titles: Vec<String>,
}

/// What a page was found to hold.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// Candidates, the likeliest first.
    pub candidates: Vec<Candidate>,
    /// The rows of the likeliest, as the extraction gives them by its rules.
    pub extracted: Extracted,
    /// Whose page it is.
    pub origin: Origin,
    /// Feeds that the page offers itself.
    pub feeds: Vec<AdvertisedFeed>,
    /// The `[[source]]` table for the likeliest.
    pub table: Option<String>,
}

impl Discovery {
    /// The likeliest candidate.
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.first()
    }

    /// Whether the likeliest candidate can be taken for the listing.
    pub fn is_sure(&self) -> bool {
        self.best().is_some_and(|c| c.confidence >= SURE)
    }

    /// The rules of the likeliest; None: it is read from JSON-LD, or there is none.
    pub fn rules(&self) -> Option<&Derived> {
        match &self.best()?.how {
            How::Selectors(derived) => Some(derived),
            How::LinkedData => None,
        }
    }

    /// A stamp of how the rows were read.
    pub fn stamp(&self) -> Digest {
        let texts = self.rules().map(Derived::texts).unwrap_or_default();
        digest(["discovered", VERSION].into_iter().chain(texts.iter().map(String::as_str)))
    }
}

/// A group that was looked at closely.
struct Looked<'a> {
    group: Group,
    rows: Rows<'a>,
    reasons: Vec<Reason>,
    points: i32,
}

/// Finds the listing of a page.
pub fn discover(document: &Html, hints: &Hints<'_>) -> Discovery {
    let page = Outline::of(document);
    let origin = origin::origin(document, hints.url, hints.language, if page.elements.is_empty() { "" } else { page.raw(0) });
    let base = base(document, hints.url);
    let feeds = advertised(document, &base);
    let dates = Dates::new(origin.language, hints.today);
    let stories = linked::stories(document, &dates);
    let nothing = Extracted::default();
    if page.elements.is_empty() {
        return Discovery { candidates: Vec::new(), extracted: nothing, origin, feeds, table: None };
    }
    let by = score::Yardstick { base: &base, today: hints.today, stories: &stories };
    let look = |group: Group| {
        let rows = slots::read(&page, &dates, &group.members);
        let reasons = score::score(&page, &group, &rows, &by);
        let points = reasons.iter().map(|r| r.points).sum();
        Looked { group, rows, reasons, points }
    };
    let is_likely = |l: &Looked<'_>| l.points > 0 && l.rows.title.is_some();
    let mut looked: Vec<Looked<'_>> = group::groups(&page).into_iter().map(look).filter(is_likely).collect();
    let narrower: Vec<Looked<'_>> = looked.iter().filter_map(|l| narrowed(&page, l)).map(look).filter(is_likely).collect();
    looked.extend(narrower);
    looked.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| better(&page, a, b)));
    let next = pager::next(document, &page, &base);
    let mut found = Found { document, page: &page, origin: &origin, dates: &dates, next, candidates: Vec::new(), best: None };
    found.weigh(looked, &stories, &by);
    found.lead(&base);
    let Found { candidates, best, .. } = found;
    let table = candidates.first().map(|c| {
        let derived = match &c.how {
            How::Selectors(derived) => Some(derived.as_ref()),
            How::LinkedData => None,
        };
        rules::table(&origin, hints.url.as_str(), derived)
    });
    Discovery { candidates, extracted: best.unwrap_or(nothing), origin, feeds, table }
}

/// The same without rows that are none: heads of tables, pagers, advertisements. What they lack, the others have.
fn narrowed(page: &Outline<'_>, looked: &Looked<'_>) -> Option<Group> {
    let date = looked.rows.date.as_ref().filter(|d| !d.above && d.select != ":scope")?;
    let lacking = looked.rows.titles.iter().zip(&looked.rows.days).filter(|(t, d)| t.is_none() || d.is_none()).count();
    if lacking == 0 || looked.points < 20 {
        return None;
    }
    let selector = scraper::Selector::parse(&date.select).ok()?;
    let holds = |m: &&usize| page.elements[**m].element.select(&selector).any(|e| e.id() != page.elements[**m].element.id());
    let members: Vec<usize> = looked.group.members.iter().filter(holds).copied().collect();
    let fewer = members.len() < looked.group.members.len() && members.len() >= 2;
    fewer.then(|| Group { each: format!("{}:has({})", looked.group.each, date.select), members })
}

fn base(document: &Html, url: &Url) -> Url {
    let stated =
        crate::extract::base(document).and_then(|b| url.join(&b).ok()).filter(|b| matches!(b.scheme(), "http" | "https"));
    stated.unwrap_or_else(|| url.clone())
}

/// Of two that weigh the same: the one with more in its rows, then the better selector.
fn better(page: &Outline<'_>, a: &Looked<'_>, b: &Looked<'_>) -> std::cmp::Ordering {
    let size = |l: &Looked<'_>| page.size(l.group.members[0]);
    let more = size(b).cmp(&size(a));
    more.then_with(|| group::clumsiness(&a.group.each).cmp(&group::clumsiness(&b.group.each)))
        .then_with(|| a.group.each.cmp(&b.group.each))
}

struct Found<'d> {
    document: &'d Html,
    page: &'d Outline<'d>,
    origin: &'d Origin,
    dates: &'d Dates,
    next: Option<String>,
    candidates: Vec<Candidate>,
    best: Option<Extracted>,
}

impl Found<'_> {
    fn weigh(&mut self, looked: Vec<Looked<'_>>, stories: &[Story], by: &score::Yardstick<'_>) {
        // Groups of the same stories are one list, seen at several heights.
        let mut lists: Vec<(Looked<'_>, Vec<Looked<'_>>)> = Vec::new();
        for one in looked {
            match lists.iter().position(|(first, _)| overlap(&first.rows, &one.rows)) {
                Some(at) => lists[at].1.push(one),
                None if lists.len() < NAMED => lists.push((one, Vec::new())),
                None => {}
            }
        }
        let rival = lists.get(1).map(|(second, _)| second.points);
        for (number, (first, others)) in lists.into_iter().enumerate() {
            let rival = if number == 0 { rival } else { None };
            let mut tries = vec![first];
            // Where the best view of a list does not hold when it is tried, the next may.
            tries.extend(others.into_iter().take(if number == 0 { 3 } else { 0 }));
            let mut best: Option<(Candidate, Extracted)> = None;
            for one in tries {
                let tried = self.tried(&one, rival);
                if best.as_ref().is_none_or(|(c, _)| tried.0.confidence > c.confidence) {
                    best = Some(tried);
                }
                if best.as_ref().is_some_and(|(c, _)| c.confidence >= SURE) {
                    break;
                }
            }
            if let Some((candidate, extracted)) = best {
                if number == 0 {
                    self.best = Some(extracted);
                }
                self.candidates.push(candidate);
            }
        }
        self.linked(stories, by);
        // After the trial another may be ahead; it is read again then.
        let first = self.candidates.first().map(|c| c.how.clone());
        self.candidates.sort_by_key(|c| std::cmp::Reverse(c.confidence));
        if self.candidates.first().map(|c| &c.how) != first.as_ref() {
            self.best = match self.candidates.first().map(|c| c.how.clone()) {
                Some(How::Selectors(derived)) => self.read(&derived),
                Some(How::LinkedData) => Some(told(self.document, stories, by.base)),
                None => None,
            };
        }
    }

    /// A story above the list, in markup of its own: one more row where the extraction gives it and leaves the others as they are, else named for a person
    /// to look at.
    fn lead(&mut self, base: &Url) {
        let page = self.page;
        let Some(Candidate { how: How::Selectors(list), confidence: SURE.., .. }) = self.candidates.first() else { return };
        let (Some(before), Ok(each)) = (&self.best, scraper::Selector::parse(&list.each)) else { return };
        let ids: HashSet<_> = self.document.select(&each).map(|e| e.id()).collect();
        let members: Vec<usize> = (0..page.elements.len()).filter(|at| ids.contains(&page.elements[*at].element.id())).collect();
        let rows = slots::read(page, self.dates, &members);
        let Some(lead) = lead::above(self.document, page, self.dates, &members, &rows, base) else { return };
        let Some(own) = Derived::of(&lead.each, &lead.rows, None) else { return };
        let own = own.with_image(image::image(page, &[lead.at]));
        let whole = list.with_lead(own.clone());
        let after = self.read(&whole).filter(|after| {
            let same = |(a, b): (&RawRow, &RawRow)| (&a.title, &a.link, a.date) == (&b.title, &b.link, b.date);
            after.rows.len() == before.rows.len() + 1 && after.rows[1..].iter().zip(&before.rows).all(same)
        });
        let titles: Vec<String> = lead.rows.titles.iter().flatten().cloned().collect();
        match after {
            Some(after) => {
                let first = &mut self.candidates[0];
                let text = format!("a story in markup of its own stands above the list: {}", lead.each);
                first.reasons.push(Reason { text, points: 0 });
                first.how = How::Selectors(Box::new(whole));
                first.rows += 1;
                self.best = Some(after);
            }
            None => {
                let text = "stands above the list in markup of its own, and cannot be read with it".to_owned();
                let reasons = vec![Reason { text, points: 20 }];
                self.candidates
                    .insert(1, Candidate { how: How::Selectors(Box::new(own)), confidence: 20, reasons, rows: 1, titles });
            }
        }
    }

    fn read(&self, derived: &Derived) -> Option<Extracted> {
        Some(extract_document(self.document, &derived.rules(self.origin.language, self.origin.timezone)?))
    }

    /// Tries the rules by the extraction itself.
    fn tried(&self, one: &Looked<'_>, rival: Option<i32>) -> (Candidate, Extracted) {
        let mut reasons = one.reasons.clone();
        let mut add = |points: i32, text: &str| reasons.push(Reason { text: text.into(), points });
        if let Some(rival) = rival.filter(|r| *r + 10 > one.points && *r >= i32::from(SURE)) {
            add(-(25 - (one.points - rival).clamp(0, 20)), "another list on the page is as likely");
        }
        let titles: Vec<String> = one.rows.titles.iter().flatten().take(3).cloned().collect();
        let derived = Derived::of(&one.group.each, &one.rows, self.next.clone())
            .map(|derived| derived.with_image(image::image(self.page, &one.group.members)));
        let (how, extracted) = match derived {
            Some(mut derived) => match self.read(&derived) {
                Some(extracted) => {
                    if !agrees(&extracted, one, self.dates) {
                        add(-60, "its rules, tried, do not give the same rows");
                    }
                    several(&mut derived, &extracted);
                    let again = derived.facets.iter().any(|f| f.many).then(|| self.read(&derived)).flatten();
                    (derived, again.unwrap_or(extracted))
                }
                None => {
                    add(-60, "its selectors are none");
                    (derived, Extracted::default())
                }
            },
            None => {
                add(-60, "it has no dates that could be read");
                let each = one.group.each.clone();
                let empty = Derived {
                    each,
                    lead: None,
                    title: Place::default(),
                    link: None,
                    date: Vec::new(),
                    summary: None,
                    image: None,
                    facets: Vec::new(),
                    next: None,
                };
                (empty, Extracted::default())
            }
        };
        let points: i32 = reasons.iter().map(|r| r.points).sum();
        let confidence = u8::try_from(points.clamp(0, 100)).unwrap_or(100);
        (Candidate { how: How::Selectors(Box::new(how)), confidence, reasons, rows: one.group.members.len(), titles }, extracted)
    }

    /// A list that stands in the page's JSON-LD, dates included: taken where no rows say the same.
    fn linked(&mut self, stories: &[Story], by: &score::Yardstick<'_>) {
        let whole: Vec<&Story> = stories.iter().filter(|s| s.title.is_some() && s.date.is_some() && s.link.is_some()).collect();
        if whole.len() < 2 || whole.len() * 3 < stories.len() * 2 {
            return;
        }
        let mut reasons =
            vec![Reason { text: format!("the page's JSON-LD lists {} stories, with address and date", whole.len()), points: 70 }];
        let ahead = whole.iter().filter(|s| s.date.is_some_and(|d| d.day > by.today + chrono::Duration::days(1))).count();
        if ahead * 3 > whole.len() {
            reasons.push(Reason { text: format!("{ahead} of its dates are yet to come"), points: -45 });
        }
        if whole.len() < 4 {
            reasons.push(Reason { text: "only a few".into(), points: -15 });
        }
        let listed =
            self.candidates.iter().any(|c| c.confidence >= SURE && c.reasons.iter().any(|r| r.text.contains("JSON-LD lists")));
        if listed {
            reasons.push(Reason { text: "rows on the page say the same, by selectors that can be seen".into(), points: -20 });
        }
        let points: i32 = reasons.iter().map(|r| r.points).sum();
        let titles = whole.iter().filter_map(|s| s.title.clone()).take(3).collect();
        let confidence = u8::try_from(points.clamp(0, 100)).unwrap_or(0);
        self.candidates.push(Candidate { how: How::LinkedData, confidence, reasons, rows: whole.len(), titles });
    }
}

/// The rows that the page's JSON-LD states.
fn told(document: &Html, stories: &[Story], base: &Url) -> Extracted {
    let rows = stories.iter().filter_map(|s| {
        let link = s.link.as_deref().and_then(|l| base.join(l).ok());
        Some(RawRow {
            row: 0,
            title: s.title.clone()?,
            link: Some(link?.into()),
            date: When::Stated(s.date?),
            summary: s.summary.clone().map(crate::extract::Markup::Text),
            image: s.image.clone(),
            terms: Vec::new(),
            base: None,
        })
    });
    let rows: Vec<RawRow> = rows.enumerate().map(|(row, r)| RawRow { row, ..r }).collect();
    Extracted { rows_found: rows.len(), rows, base: crate::extract::base(document), ..Extracted::default() }
}

/// Whether two groups list the same stories.
fn overlap(a: &Rows<'_>, b: &Rows<'_>) -> bool {
    let links = |r: &Rows<'_>| r.links.iter().flatten().map(|l| (*l).to_owned()).collect::<HashSet<_>>();
    let (a, b) = (links(a), links(b));
    let shared = a.intersection(&b).count();
    shared > 0 && shared * 2 >= a.len().min(b.len())
}

/// Whether the extraction, by the derived rules, sees what was found.
fn agrees(extracted: &Extracted, one: &Looked<'_>, dates: &Dates) -> bool {
    let found: Vec<(String, chrono::NaiveDate)> = one
        .rows
        .titles
        .iter()
        .zip(&one.rows.days)
        .filter_map(|(title, day)| Some((fold(title.as_ref()?), day.as_ref()?.day)))
        .collect();
    let read: HashSet<(String, chrono::NaiveDate)> =
        extracted.rows.iter().map(|r| (fold(&r.title), dates.day(r.date).day)).collect();
    let same = found.iter().filter(|f| read.contains(*f)).count();
    !found.is_empty()
        && same * 10 >= found.len() * 9
        && extracted.rows_found <= one.group.members.len() + one.group.members.len() / 10
}

/// Facets whose values are lists are said to be: where they hold commas, and parts of them come again.
fn several(derived: &mut Derived, extracted: &Extracted) {
    for (n, facet) in derived.facets.iter_mut().enumerate() {
        let values: Vec<&String> = extracted.rows.iter().filter_map(|r| r.terms.get(n)).flatten().collect();
        let listed = values.iter().filter(|v| v.contains(", ")).count();
        let short = values.iter().flat_map(|v| v.split(", ")).all(|part| part.chars().count() <= 70);
        facet.many = listed >= 2 && short;
    }
}
