//! One page, read by the rules: rows, the next page, and what could not be read.

use std::collections::{HashMap, HashSet};
use std::fmt;

use ego_tree::NodeId;
use scraper::{ElementRef, Html, Selector};

use super::date::{When, may_mean_two_days, read_date};
use super::feed::About;
use super::frame::Frame;
use super::image::image_in;
use super::label::Lines;
use super::parse::{Parsed, parse};
use super::rules::{DateField, Field, Rules};
use super::text::{Markup, line, markup};
use crate::domain::fold;
use crate::domain::text::{cut, one_line};

/// What a page gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extracted {
    /// How many rows the page has, read or not.
    pub rows_found: usize,
    /// The rows that could be read, in the page's order.
    pub rows: Vec<RawRow>,
    /// The page's `<base href>`, as written.
    pub base: Option<String>,
    /// The address of the next page, as written.
    pub next: Option<String>,
    /// What could not be read.
    pub warnings: Vec<Warning>,
    /// What is around the rows.
    pub frame: Frame,
    /// What a feed says of itself.
    pub about: Option<About>,
}

/// One row as the page states it.
#[derive(Debug, Clone, PartialEq)]
pub struct RawRow {
    /// The row's number on the page, from 0.
    pub row: usize,
    /// The title: one line, never empty.
    pub title: String,
    /// Where it leads, as written.
    pub link: Option<String>,
    /// Its date.
    pub date: When,
    /// Its summary.
    pub summary: Option<Markup>,
    /// The address of its image, as written.
    pub image: Option<String>,
    /// The names of its terms, in the order of the rules' facets.
    pub terms: Vec<Vec<String>>,
    /// Where the relative links of its summary start, if not where the page's do.
    pub base: Option<String>,
}

/// Something on a page that could not be read; never more than one row's matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The row's number on the page, from 0; none: it concerns the whole page.
    pub row: Option<usize>,
    /// The field.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(f, "row {}, {}: {}", row + 1, self.field, self.message),
            None => write!(f, "{}: {}", self.field, self.message),
        }
    }
}

/// Reads a page. Rows without title or date are left out, with a warning; they don't touch the others.
pub fn extract(html: &str, rules: &Rules) -> Extracted {
    let Parsed { document, unread, read } = parse(html);
    let mut out = extract_document(&document, rules);
    out.warnings.extend(unread);
    out.frame = Frame::of(&html[..read], &document);
    out
}

/// The same of a page that is parsed already, without what frames the rows.
pub fn extract_document(document: &Html, rules: &Rules) -> Extracted {
    let mut out = Extracted { base: base(document), next: next_page(document, rules), ..Extracted::default() };
    let rows = rules.each.iter().map(|each| each.in_document(document).collect::<Vec<_>>()).find(|rows| !rows.is_empty());
    let rows = rows.unwrap_or_default();
    let labelled = rules.labels().next().is_some();
    let above = Above::of(document, rules, &rows);
    for (row, element) in rows.into_iter().enumerate() {
        out.rows_found += 1;
        let lines = labelled.then(|| Lines::new(element, rules.labels()));
        let reader = Row { element, lines, rules, row, above: &above };
        if let Some(row) = reader.read(&mut out.warnings) {
            out.rows.push(row);
        }
    }
    out
}

/// Of the first `<base>` in the head that has an address (WHATWG HTML, 4.2.3): one that only names a target comes before it on many pages.
pub fn base(document: &Html) -> Option<String> {
    let head = document.root_element().child_elements().find(|e| e.value().name() == "head")?;
    head.child_elements().filter(|e| e.value().name() == "base").find_map(|e| e.attr("href")).map(str::to_owned)
}

fn next_page(document: &Html, rules: &Rules) -> Option<String> {
    let found = rules.next.iter().find_map(|next| document.select(next).next())?;
    let link = if found.attr("href").is_some() { Some(found) } else { link_within(found) };
    link.and_then(|e| e.attr("href")).map(|href| href.trim().to_owned()).filter(|href| !href.is_empty())
}

fn link_within(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    element.descendent_elements().find(|e| e.value().name() == "a" && e.attr("href").is_some())
}

/// The element itself or the nearest one around it that is a link.
fn link_around(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    std::iter::once(element)
        .chain(element.ancestors().filter_map(ElementRef::wrap))
        .find(|e| e.value().name() == "a" && e.attr("href").is_some())
}

/// Whether nobody would see the text: nothing there, or only characters that show nothing.
fn is_blank(text: &str) -> bool {
    !text.bytes().any(|b| b.is_ascii_graphic()) && fold(text).is_empty()
}

/// What stands above each row, by the selectors that ask for it.
struct Above<'a>(Vec<(&'a Selector, HashMap<NodeId, ElementRef<'a>>)>);

impl<'a> Above<'a> {
    fn of(document: &'a Html, rules: &'a Rules, rows: &[ElementRef<'a>]) -> Self {
        let mut out: Vec<(&Selector, HashMap<_, _>)> = Vec::new();
        for selector in rules.fields().filter_map(|f| f.above.as_ref()) {
            if out.iter().any(|(of, _)| *of == selector) {
                continue;
            }
            let matches: HashSet<NodeId> = document.select(selector).map(|e| e.id()).collect();
            let rows: HashSet<NodeId> = rows.iter().map(|e| e.id()).collect();
            let (mut nearest, mut above) = (None, HashMap::new());
            for element in document.root_element().descendent_elements() {
                if rows.contains(&element.id())
                    && let Some(nearest) = nearest
                {
                    above.insert(element.id(), nearest);
                }
                if matches.contains(&element.id()) {
                    nearest = Some(element);
                }
            }
            out.push((selector, above));
        }
        Self(out)
    }

    fn row(&self, selector: &Selector, row: ElementRef<'a>) -> Option<ElementRef<'a>> {
        self.0.iter().find(|(of, _)| *of == selector)?.1.get(&row.id()).copied()
    }
}

struct Row<'a> {
    element: ElementRef<'a>,
    lines: Option<Lines<'a>>,
    rules: &'a Rules,
    row: usize,
    above: &'a Above<'a>,
}

impl<'a> Row<'a> {
    fn read(&self, warnings: &mut Vec<Warning>) -> Option<RawRow> {
        let mut warn = |field: &str, message: String| {
            warnings.push(Warning { row: Some(self.row), field: field.to_owned(), message });
        };
        let title = self.rules.title.iter().find_map(|f| self.text(f).map(|text| (f, text)));
        let Some((title_field, title)) = title.filter(|(_, text)| !is_blank(text)) else {
            warn("title", "nothing there, the row is left out".into());
            return None;
        };
        let date = self.date(&mut warn, &title)?;
        let link = if self.rules.link.is_empty() {
            self.usual_link(title_field)
        } else {
            self.rules.link.iter().find_map(|f| self.link(f))
        };
        let link = link.map(|href| href.trim().to_owned()).filter(|href| !href.is_empty());
        if link.is_none() {
            warn("link", format!("nothing there, {:?} stays without one", cut(title.clone(), 60)));
        }
        let summary = self.rules.summary.iter().find_map(|f| self.summary(f));
        let image = self.rules.image.iter().find_map(|f| self.image(f));
        let terms = self
            .rules
            .facets
            .iter()
            .map(|facet| {
                let mut names =
                    facet.values.iter().map(|f| self.values(f, facet.many)).find(|v| !v.is_empty()).unwrap_or_default();
                names.retain(|name| !is_blank(name));
                names
            })
            .collect();
        Some(RawRow { row: self.row, title, link, date, summary, image, terms, base: None })
    }

    fn date(&self, warn: &mut impl FnMut(&str, String), title: &str) -> Option<When> {
        // Parts of one date each: without all of them there is none.
        let parts = |d: &'a DateField| -> Option<Vec<String>> {
            std::iter::once(&d.field).chain(&d.then).map(|f| self.text(f)).collect()
        };
        let texts = || self.rules.date.iter().filter_map(|d| parts(d).map(|texts| (d, texts.join(" "))));
        let date = texts().find_map(|(d, text)| read_date(&text, &d.formats));
        if date.is_none() {
            let title = cut(title.to_owned(), 60);
            match texts().next() {
                Some((d, text)) => {
                    let why = if may_mean_two_days(&text, &d.formats) {
                        "may mean two days: `format` must say which"
                    } else {
                        "is no date in any of the forms given"
                    };
                    warn("date", format!("{:?} {why}, {title:?} is left out", cut(text, 60)))
                }
                None => warn("date", format!("nothing there, {title:?} is left out")),
            }
        }
        date
    }

    /// The elements that a field may mean, in order: those its selector matches, else the row; in what stands above it, if the field says so.
    fn elements(&self, field: &'a Field) -> impl Iterator<Item = ElementRef<'a>> {
        let within = match &field.above {
            Some(above) => self.above.row(above, self.element),
            None => Some(self.element),
        };
        let selected = within.zip(field.select.as_ref()).map(|(within, s)| s.within(within));
        let whole = within.filter(|_| field.select.is_none());
        selected.into_iter().flatten().chain(whole)
    }

    /// The field's text, if there is any.
    fn text(&self, field: &'a Field) -> Option<String> {
        if let Some(label) = &field.label {
            let value = self.behind(field, label)?;
            return match &field.attr {
                Some(attr) => value.links.iter().find_map(|e| e.attr(attr)).map(one_line),
                None => Some(value.text),
            }
            .filter(|text| !text.is_empty());
        }
        self.elements(field)
            .map(|e| match &field.attr {
                Some(attr) => one_line(e.attr(attr).unwrap_or_default()),
                None => line(e, &field.without),
            })
            .find(|text| !text.is_empty())
    }

    fn behind(&self, field: &'a Field, label: &str) -> Option<super::label::Value<'a>> {
        let value = match &field.select {
            Some(select) => {
                let labels = || self.rules.labels();
                select.within(self.element).map(|scope| Lines::new(scope, labels()).value(label)).find(|v| !v.is_empty())?
            }
            None => self.lines.as_ref()?.value(label),
        };
        (!value.is_empty()).then_some(value)
    }

    fn link(&self, field: &'a Field) -> Option<String> {
        if field.attr.is_some() {
            return self.text(field);
        }
        if let Some(label) = &field.label {
            return self.behind(field, label)?.links.iter().find_map(|e| e.attr("href")).map(str::to_owned);
        }
        self.elements(field)
            .find_map(|e| if e.attr("href").is_some() { Some(e) } else { link_within(e) })
            .and_then(|e| e.attr("href"))
            .map(str::to_owned)
    }

    /// Without a rule: the first link in or around the title, else in the row.
    fn usual_link(&self, title: &'a Field) -> Option<String> {
        let is_own = title.select.is_some() || title.above.is_some();
        let of_title = is_own.then(|| self.elements(title).next()).flatten();
        of_title
            .and_then(|e| link_within(e).or_else(|| link_around(e)))
            .or_else(|| link_around(self.element))
            .or_else(|| link_within(self.element))
            .and_then(|e| e.attr("href"))
            .map(str::to_owned)
    }

    /// The first element whose text is prose: one that begins with a label is another field.
    fn summary(&self, field: &'a Field) -> Option<Markup> {
        if field.label.is_some() || field.attr.is_some() {
            return self.text(field).map(Markup::Text);
        }
        let is_field = |text: &str| self.lines.is_some() && Lines::begins_with_label(text, self.rules.labels());
        self.elements(field).map(|e| markup(e, &field.without)).find(|m| match m {
            Markup::Text(text) => !text.is_empty() && !is_field(text),
            Markup::Html(html) => {
                let text = Html::parse_fragment(html).root_element().text().collect::<String>();
                !text.trim().is_empty() && !is_field(text.trim())
            }
        })
    }

    /// The address that the first element with an image gives.
    fn image(&self, field: &'a Field) -> Option<String> {
        if field.attr.is_some() {
            return self.text(field);
        }
        if let Some(label) = &field.label {
            return self.behind(field, label)?.links.iter().find_map(|e| image_in(*e));
        }
        self.elements(field).find_map(image_in)
    }

    fn values(&self, field: &'a Field, many: bool) -> Vec<String> {
        let split = |text: &str| text.split(',').map(one_line).filter(|v| !v.is_empty()).collect::<Vec<_>>();
        if let Some(label) = &field.label {
            let Some(value) = self.behind(field, label) else { return Vec::new() };
            if !many {
                return vec![value.text];
            }
            if value.links.is_empty() {
                return value.lines.iter().flat_map(|l| split(l)).collect();
            }
            return value.links.iter().map(|e| line(*e, &field.without)).filter(|v| !v.is_empty()).collect();
        }
        if !many {
            return self.text(field).into_iter().collect();
        }
        let elements: Vec<_> = self.elements(field).collect();
        if let Some(attr) = &field.attr {
            return elements.iter().filter_map(|e| e.attr(attr)).flat_map(split).collect();
        }
        // Links first: each element that is or holds links gives those; only where there are none, its text is split.
        let links = |e: &ElementRef<'a>| -> Vec<ElementRef<'a>> {
            let own = (e.value().name() == "a").then_some(*e);
            own.into_iter().chain(e.descendent_elements().filter(|d| d.id() != e.id() && d.value().name() == "a")).collect()
        };
        let linked: Vec<String> =
            elements.iter().flat_map(links).map(|e| line(e, &field.without)).filter(|v| !v.is_empty()).collect();
        if !linked.is_empty() {
            return linked;
        }
        elements.iter().flat_map(|e| split(&line(*e, &field.without))).collect()
    }
}
