//! From a page's raw rows to readings: absolute links, instants, safe HTML, keys.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use url::Url;

use super::course::{Course, Placed};
use super::html::Sanitiser;
use super::link::{Identity, absolute, link, picture};
use crate::domain::text::cut;
use crate::domain::{Approximate, Digest, Link, Newsroom, Published, Reading, Tag, digest, fold, stamp};
use crate::extract::date::{PageDate, When};
use crate::extract::{Extracted, RawRow, Warning};

/// A title longer than this (characters) is cut for display; its identity is that of the whole.
pub const LONGEST_TITLE: usize = 1_000;
/// A term longer than this (characters) is no term but a page that is read wrongly.
const LONGEST_TERM: usize = 200;

/// What is older was no item of a web page: the date is wrong, or that of something else.
const FIRST_YEAR: i32 = 1980;

/// A date that may be off by more days than this is matched by its link alone: every day would be one more key to look up.
const MOST_SLACK: u32 = 31;

/// Turns the rows of one page into readings. `url` is the page's own address after redirects, `page` its number in the walk, `read_at` the
/// instant from which relative dates count: one for the whole walk. `course` is where the pages before came to in time. A row whose year is not
/// to be told is left out.
pub fn readings(
    extracted: &Extracted,
    url: &Url,
    page: usize,
    newsroom: &Newsroom,
    identity: &Identity,
    read_at: DateTime<Utc>,
    course: &mut Course,
) -> (Vec<Reading>, Vec<Warning>) {
    let base = base(extracted, url);
    let sanitiser = Sanitiser::new(base.clone());
    let mut reader = Reader { sanitiser, base, page, newsroom, identity, read_at, warnings: Vec::new() };
    let mut doubtful = 0;
    let mut first = None;
    let mut readings = Vec::with_capacity(extracted.rows.len());
    for row in &extracted.rows {
        let date = match course.place(row.date, read_at, newsroom.timezone) {
            Placed::Sure(date) => date,
            Placed::Doubtful(date) => {
                doubtful += 1;
                first.get_or_insert((row.row, date.day));
                date
            }
            Placed::Unknown => {
                reader.warn(row.row, "date", "tells no year, and the rows are not newest first: the row is left out".to_owned());
                continue;
            }
        };
        readings.push(reader.read(row, &date));
    }
    if let Some((row, day)) = first {
        let message = format!(
            "{doubtful} tell no year, and the rows are not newest first: row {} is taken for {day}, which may be years too late",
            row + 1
        );
        reader.warnings.push(Warning { row: None, field: "date".to_owned(), message });
    }
    (readings, reader.warnings)
}

/// Where the page's relative links start: at its `<base>`, if that is a web address, else at its own.
pub fn base(extracted: &Extracted, url: &Url) -> Url {
    let stated = extracted.base.as_deref().and_then(|b| url.join(b).ok()).filter(|b| matches!(b.scheme(), "http" | "https"));
    stated.unwrap_or_else(|| url.clone())
}

struct Reader<'a> {
    base: Url,
    sanitiser: Sanitiser,
    page: usize,
    newsroom: &'a Newsroom,
    identity: &'a Identity,
    read_at: DateTime<Utc>,
    warnings: Vec<Warning>,
}

impl Reader<'_> {
    fn warn(&mut self, row: usize, field: &str, message: String) {
        self.warnings.push(Warning { row: Some(row), field: field.to_owned(), message });
    }

    /// Has the links of a summary start where the row says.
    fn stand(&mut self, raw: &RawRow) {
        let own = raw.base.as_deref().and_then(|base| self.base.join(base).ok());
        let base = own.filter(|base| matches!(base.scheme(), "http" | "https")).unwrap_or_else(|| self.base.clone());
        if *self.sanitiser.base() != base {
            self.sanitiser = Sanitiser::new(base);
        }
    }

    fn read(&mut self, raw: &RawRow, date: &PageDate) -> Reading {
        let source = &self.newsroom.id;
        let zone = self.newsroom.timezone;
        let year = self.read_at.with_timezone(&zone).year();
        if date.day.year() < FIRST_YEAR || date.day.year() > year + 1 {
            let what = if date.day.year() > year {
                "years ahead: published as of first sight"
            } else {
                "before newsrooms were on the web"
            };
            self.warn(raw.row, "date", format!("is {}, {what}", date.day));
        }
        let days = match raw.date {
            When::Stated(_) => None,
            When::Ago(ago) => Some(ago.may_be(self.read_at, zone)),
            When::Yearless(_) => Some(date.day..=date.day),
        };
        let published = instant(date, zone);
        let day = if date.offset.is_some() { published.with_timezone(&zone).date_naive() } else { date.day };
        let folded = fold(&raw.title);
        let link = raw.link.as_deref().and_then(|href| match absolute(href, &self.base) {
            Ok(url) => Some(link(source, &url, self.identity)),
            Err(message) => {
                self.warn(raw.row, "link", format!("{message}: the item stays without a link"));
                None
            }
        });
        let title = cut(raw.title.clone(), LONGEST_TITLE);
        if title.len() < raw.title.len() {
            self.warn(raw.row, "title", format!("{} bytes long, shown cut to {LONGEST_TITLE} characters", raw.title.len()));
        }
        self.stand(raw);
        let summary = raw.summary.as_ref().and_then(|markup| self.sanitiser.summary(markup));
        // One that cannot be published is no loss that a person needs to hear of in every row.
        let image = raw.image.as_deref().and_then(|address| picture(address, &self.base));
        let tags = self.tags(raw);
        let story = Story {
            newsroom: self.newsroom,
            title: &raw.title,
            folded: &folded,
            link: link.as_ref(),
            with_link: self.identity.with_link,
            summary: summary.as_deref(),
            image: image.as_deref(),
            tags: &tags,
        };
        let Digests { key, origin, version, exact } = story.digests(day, published);
        let slack =
            days.as_ref().map(|days| (day - *days.start()).max(*days.end() - day).num_days().max(0).unsigned_abs() as u32);
        let approximate = days.map(|days| {
            let others =
                slack.filter(|slack| *slack <= MOST_SLACK).map(|_| days.start().iter_days().take_while(|d| d <= days.end()));
            let keys = others.into_iter().flatten().filter(|d| *d != day).map(|d| story.identity(d).0).collect();
            Approximate { days, yearly: matches!(raw.date, When::Yearless(_)), keys }
        });
        Reading {
            page: self.page,
            row: raw.row,
            key,
            origin,
            title_key: stamp(["title", source.as_str(), &folded]),
            version,
            exact,
            title,
            day,
            published,
            approximate,
            slack,
            link,
            summary,
            image,
            tags,
        }
    }

    fn tags(&mut self, raw: &RawRow) -> Vec<Tag> {
        let mut tags: Vec<Tag> = Vec::new();
        for (facet, names) in raw.terms.iter().enumerate() {
            let facets = &self.newsroom.facets[facet];
            // Folding is for telling terms apart and for finding renamed ones: most facets of most rows have one term and no alias.
            let alone = names.len() == 1 && facets.alias.is_empty();
            let mut seen: Vec<String> = Vec::new();
            for name in names {
                if name.len() > LONGEST_TERM && name.chars().count() > LONGEST_TERM {
                    let message = format!("{:?} is too long for a term, left out", cut(name.clone(), 60));
                    self.warn(raw.row, &facets.name, message);
                    continue;
                }
                let mut renamed = None;
                if !alone {
                    let mut folded = fold(name);
                    renamed = facets.alias.iter().find(|(old, _)| *old == folded).map(|(_, new)| new);
                    if let Some(new) = renamed {
                        folded = fold(new);
                    }
                    if seen.contains(&folded) {
                        continue;
                    }
                    seen.push(folded);
                }
                tags.push(Tag { facet, name: renamed.unwrap_or(name).clone() });
            }
        }
        tags
    }
}

/// Gives a reading another day, as if its row stated that one.
pub fn restate(reading: &mut Reading, newsroom: &Newsroom, day: NaiveDate, published: Published) {
    let folded = fold(&reading.title);
    let story = Story {
        newsroom,
        title: &reading.title,
        folded: &folded,
        link: reading.link.as_ref(),
        with_link: reading.key != reading.origin,
        summary: reading.summary.as_deref(),
        image: reading.image.as_deref(),
        tags: &reading.tags,
    };
    let Digests { key, origin, version, exact } = story.digests(day, published);
    (reading.key, reading.origin, reading.version, reading.exact) = (key, origin, version, exact);
    (reading.day, reading.published) = (day, published);
}

/// What a row says, its date aside.
struct Story<'a> {
    newsroom: &'a Newsroom,
    title: &'a str,
    folded: &'a str,
    link: Option<&'a Link>,
    /// The link is part of the key.
    with_link: bool,
    summary: Option<&'a str>,
    image: Option<&'a str>,
    tags: &'a [Tag],
}

struct Digests {
    key: Digest,
    origin: Digest,
    version: Digest,
    exact: Digest,
}

impl Story<'_> {
    /// Key and origin on this day.
    fn identity(&self, day: NaiveDate) -> (Digest, Digest) {
        let origin = digest(["item", self.newsroom.id.as_str(), self.folded, &day.to_string()]);
        let key = match self.link {
            Some(link) if self.with_link => digest(["item and link", &origin.to_string(), &link.identity.to_string()]),
            _ => origin,
        };
        (key, origin)
    }

    fn digests(&self, day: NaiveDate, published: Published) -> Digests {
        let (key, origin) = self.identity(day);
        let folded_summary = self.summary.map(fold).unwrap_or_default();
        let instant = published.to_rfc3339();
        let exact = ["row", self.title, &instant, self.link.map_or("", |l| l.url.as_str()), self.summary.unwrap_or_default()];
        // Images are served under addresses with tokens that change from one look to the next: the query is no change of the image. A row without image has
        // the stamp it had before rows had images; no facet's name is empty.
        let image = self.image.map(|url| ["", url.split(['?', '#']).next().unwrap_or_default()]);
        let terms = self.tags.iter().flat_map(|t| [self.newsroom.facets[t.facet].name.as_str(), t.name.as_str()]);
        Digests {
            key,
            origin,
            version: stamp(["version", self.folded, &instant, &folded_summary]),
            exact: stamp(exact.into_iter().chain(terms).chain(image.into_iter().flatten())),
        }
    }
}

/// The instant that a page means: a day without a time is its first instant in the newsroom's zone.
fn instant(date: &PageDate, zone: Tz) -> Published {
    let local = date.day.and_time(date.time.unwrap_or(NaiveTime::MIN));
    let instant = match date.offset {
        Some(offset) => offset.from_local_datetime(&local).single().map(|t| t.with_timezone(&zone)),
        None => None,
    };
    let instant = instant.unwrap_or_else(|| first_instant(local, zone));
    instant.with_timezone(&instant.offset().fix())
}

/// The first instant at or after a wall-clock time that exists: clocks that spring forward leave some out, clocks that fall back show
/// some twice (then the earlier).
fn first_instant(local: NaiveDateTime, zone: Tz) -> DateTime<Tz> {
    (0..=24 * 4)
        .find_map(|quarters| zone.from_local_datetime(&(local + Duration::minutes(15 * quarters))).earliest())
        .unwrap_or_else(|| zone.from_utc_datetime(&local))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{FixedOffset, NaiveDate};

    #[test]
    fn instants_carry_the_newsrooms_offset() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("valid");
        let at = |h, m| NaiveTime::from_hms_opt(h, m, 0);
        for (date, zone, want) in [
            (PageDate { day: day(2024, 9, 30), time: None, offset: None }, Tz::Europe__Vienna, "2024-09-30T00:00:00+02:00"),
            (PageDate { day: day(2024, 12, 1), time: None, offset: None }, Tz::Europe__Vienna, "2024-12-01T00:00:00+01:00"),
            // Midnight that never was: clocks went from 23:59 to 01:00.
            (PageDate { day: day(2018, 11, 4), time: None, offset: None }, Tz::America__Sao_Paulo, "2018-11-04T01:00:00-02:00"),
            // 02:30 does not exist on the spring day, comes twice on the autumn day.
            (PageDate { day: day(2024, 3, 31), time: at(2, 30), offset: None }, Tz::Europe__Vienna, "2024-03-31T03:00:00+02:00"),
            (PageDate { day: day(2024, 10, 27), time: at(2, 30), offset: None }, Tz::Europe__Vienna, "2024-10-27T02:30:00+02:00"),
            (
                PageDate { day: day(2024, 9, 30), time: at(22, 30), offset: FixedOffset::east_opt(0) },
                Tz::Europe__Vienna,
                "2024-10-01T00:30:00+02:00",
            ),
            (PageDate { day: day(2024, 9, 30), time: at(9, 5), offset: None }, Tz::UTC, "2024-09-30T09:05:00+00:00"),
        ] {
            assert_eq!(instant(&date, zone).to_rfc3339(), want, "{date:?} in {zone}");
        }
    }
}
