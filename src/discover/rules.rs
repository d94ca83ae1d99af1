//! What was found, as rules: selectors that the extraction reads by, and the `[[source]]` table that an operator pastes.

use std::fmt::Write as _;

use scraper::Selector;

use super::origin::Origin;
use super::slots::Rows;
use crate::domain::Zone;
use crate::domain::fold;
use crate::extract::date::DateFormat;
use crate::extract::months::Language;
use crate::extract::{DateField, FacetField, Field, Query, Rules};

/// Where a value stands, as a config says it. `:scope` is the row itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// A selector.
    pub select: Option<String>,
    /// A selector for what stands above the row.
    pub above: Option<String>,
    /// The attribute that says it.
    pub attr: Option<String>,
    /// The label that it follows.
    pub label: Option<String>,
    /// What does not count.
    pub without: Option<String>,
    /// A selector for what stands above the row, and is read behind it.
    pub then_above: Option<String>,
}

/// A facet that labels in the rows suggest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestedFacet {
    /// Its name in addresses.
    pub name: String,
    /// The label as the page spells it.
    pub label: String,
    /// Whether rows have several values of it.
    pub many: bool,
}

/// Rules by selectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// One row.
    pub each: String,
    /// A story above the list in markup of its own, read as the first row.
    pub lead: Option<Box<Derived>>,
    /// The title.
    pub title: Place,
    /// The link, where the usual one is not the story's.
    pub link: Option<Place>,
    /// The date, and its forms; alternatives.
    pub date: Vec<(Place, Vec<String>)>,
    /// The summary.
    pub summary: Option<Place>,
    /// The image.
    pub image: Option<Place>,
    /// Facets.
    pub facets: Vec<SuggestedFacet>,
    /// The next page.
    pub next: Option<String>,
}

impl Derived {
    /// The rules of a group whose rows were read; None: they lack a title or a date.
    pub(super) fn of(each: &str, rows: &Rows<'_>, next: Option<String>) -> Option<Self> {
        let title = rows.title.clone()?;
        let date = rows.date.clone()?;
        let at = |select: String, above: bool| {
            if above {
                Place { above: Some(select), ..Place::default() }
            } else {
                Place { select: Some(select), ..Place::default() }
            }
        };
        let place = match &date.label {
            Some(label) => Place { label: Some(label.clone()), ..Place::default() },
            None => Place {
                attr: date.attr.map(str::to_owned),
                without: date.without.clone(),
                then_above: date.then_above.clone(),
                ..at(date.select.clone(), date.above)
            },
        };
        let mut dates = Vec::new();
        if !date.forms.is_empty() {
            dates.push((place.clone(), date.forms.clone()));
        }
        if date.forms.is_empty() || date.plain {
            dates.push((place, Vec::new()));
        }
        let summary = rows.summary.clone().map(|s| Place { without: rows.summary_without.clone(), ..at(s, false) });
        Some(Self {
            each: each.to_owned(),
            lead: None,
            title: at(title, rows.title_above),
            link: rows.link.clone().map(|l| Place { attr: Some("href".into()), ..at(l, false) }),
            date: dates,
            summary,
            image: None,
            facets: facets(rows),
            next,
        })
    }

    /// With a place of images.
    pub(super) fn with_image(self, image: Option<String>) -> Self {
        Self { image: image.map(|select| Place { select: Some(select), ..Place::default() }), ..self }
    }

    /// With a story above the list as one more row.
    pub(super) fn with_lead(&self, lead: Self) -> Self {
        Self { lead: Some(Box::new(lead)), ..self.clone() }
    }

    /// What the rows are, the lead first.
    pub fn whole_each(&self) -> String {
        match &self.lead {
            Some(lead) => format!("{}, {}", lead.each, self.each),
            None => self.each.clone(),
        }
    }

    /// The places of one value: the lead's first, said so that no other row can hold them.
    fn places(&self, of: impl Fn(&Self) -> Option<Place>) -> Vec<Place> {
        let lead = self.lead.as_deref().and_then(|lead| Some(within(&lead.each, of(lead)?)));
        lead.into_iter().chain(of(self)).collect()
    }

    /// The places of the date, each with its forms.
    fn dates(&self) -> Vec<(Place, Vec<String>)> {
        let lead = self
            .lead
            .iter()
            .flat_map(|lead| lead.date.iter().map(|(place, forms)| (within(&lead.each, place.clone()), forms.clone())));
        lead.chain(self.date.iter().cloned()).collect()
    }

    /// The same, ready to read by; None: a selector is none after all.
    pub fn rules(&self, language: Language, timezone: Zone) -> Option<Rules> {
        let fields = |places: Vec<Place>| -> Vec<Field> { places.iter().filter_map(field).collect() };
        let dates = self.dates();
        let dates = dates.iter().map(|(place, forms)| {
            let formats: Option<Vec<_>> = forms.iter().map(|f| DateFormat::parse(f, language).ok()).collect();
            let formats = formats.filter(|f| !f.is_empty()).unwrap_or_else(|| DateFormat::unmistakable(language));
            let then = Place { above: place.then_above.clone(), ..Place::default() };
            let then = if then.above.is_some() { vec![field(&then)?] } else { Vec::new() };
            Some(DateField { field: field(place)?, then, formats })
        });
        Some(Rules {
            each: vec![query(&self.whole_each())?],
            next: self.next.iter().filter_map(|text| selector(text)).collect(),
            title: Some(fields(self.places(|d| Some(d.title.clone())))).filter(|title| !title.is_empty())?,
            link: fields(self.places(|d| d.link.clone())),
            date: dates.collect::<Option<_>>()?,
            summary: fields(self.places(|d| d.summary.clone())),
            image: fields(self.places(|d| d.image.clone())),
            facets: self.facets.iter().filter_map(|f| f.field()).collect(),
            timezone,
            discovery: None,
        })
    }

    /// Every text of the rules: what two readings by the same rules have in common.
    pub fn texts(&self) -> Vec<String> {
        let mut out = vec![format!("{:?}", self)];
        out.extend(self.next.clone());
        out
    }
}

/// The place, if it is in what a selector means. The row itself is that.
fn within(each: &str, place: Place) -> Place {
    let select = match place.select.as_deref() {
        None | Some(":scope") => each.to_owned(),
        Some(select) => format!("{each} {select}"),
    };
    Place { select: Some(select), ..place }
}

impl SuggestedFacet {
    fn field(&self) -> Option<FacetField> {
        let place = Place { label: Some(self.label.clone()), ..Place::default() };
        Some(FacetField { name: self.name.clone(), values: vec![field(&place)?], many: self.many })
    }
}

fn selector(text: &str) -> Option<Selector> {
    Selector::parse(text).ok()
}

fn query(text: &str) -> Option<Query> {
    selector(text).map(|selector| Query::new(selector, text))
}

/// What is meant within the row, if it is not the row itself; None: it cannot be read.
fn below<T>(text: &Option<String>, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match text.as_deref() {
        None | Some(":scope") => Some(None),
        Some(text) => read(text).map(Some),
    }
}

fn field(place: &Place) -> Option<Field> {
    Some(Field {
        select: below(&place.select, query)?,
        above: below(&place.above, selector)?,
        attr: place.attr.clone(),
        label: place.label.as_deref().map(|l| fold(l).trim_end_matches([':', ' ']).to_owned()),
        without: below(&place.without, selector)?.into_iter().collect(),
    })
}

fn facets(rows: &Rows<'_>) -> Vec<SuggestedFacet> {
    let mut out: Vec<SuggestedFacet> = Vec::new();
    for (label, _) in &rows.labels {
        let name: String = slug::slugify(label).chars().take(40).collect();
        let name = name.trim_matches('-').to_owned();
        let taken = |n: &str| n.is_empty() || matches!(n, "all" | "source" | "title" | "text") || out.iter().any(|f| f.name == n);
        let name = if taken(&name) { format!("facet-{}", out.len() + 1) } else { name };
        out.push(SuggestedFacet { name, label: label.clone(), many: false });
    }
    out
}

/// The `[[source]]` table to paste. `derived`: None: the page is best read anew each time.
pub(super) fn table(origin: &Origin, page: &str, derived: Option<&Derived>) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    line("[[source]]".into());
    line(format!("id = {}", quoted(&origin.id)));
    line(format!("title = {}", quoted(&origin.title)));
    line(format!("page = {}", quoted(page)));
    line(format!("timezone = {} # {}", quoted(origin.timezone.name()), origin.timezone_from));
    line(format!("language = {} # {}", quoted(&origin.tag), origin.language_from));
    let Some(derived) = derived else {
        line("each = \"auto\" # what the page says of itself (JSON-LD) holds more than its rows do".into());
        return out;
    };
    line(format!("each = [{}, \"auto\"]", quoted(&derived.whole_each())));
    if let Some(next) = &derived.next {
        line(format!("next = {}", quoted(next)));
    }
    line(String::new());
    line("[source.item]".into());
    let mut all = |key: &str, values: Vec<String>| match values.as_slice() {
        [] => {}
        [one] => line(format!("{key} = {one}")),
        several => line(format!("{key} = [{}]", several.join(", "))),
    };
    let plain = |places: Vec<Place>| places.iter().map(|place| value(place, &[])).collect();
    all("title", plain(derived.places(|d| Some(d.title.clone()))));
    all("link", plain(derived.places(|d| d.link.clone())));
    all("date", derived.dates().iter().map(|(place, forms)| value(place, forms)).collect());
    all("summary", plain(derived.places(|d| d.summary.clone())));
    all("image", plain(derived.places(|d| d.image.clone())));
    for facet in &derived.facets {
        line(String::new());
        line(format!("[source.facet.{}]", facet.name));
        line(format!("title = {}", quoted(&facet.label)));
        let many = if facet.many { ", many = true" } else { "" };
        line(format!("value = {{ label = {}{many} }}", quoted(&facet.label)));
    }
    out
}

fn value(place: &Place, forms: &[String]) -> String {
    let parts = [
        ("select", &place.select),
        ("above", &place.above),
        ("attr", &place.attr),
        ("label", &place.label),
        ("without", &place.without),
    ];
    let mut parts: Vec<String> = parts.iter().filter_map(|(key, v)| Some(format!("{key} = {}", quoted(v.as_ref()?)))).collect();
    if let Some(above) = &place.then_above {
        parts.push(format!("then = {{ above = {} }}", quoted(above)));
    }
    match forms {
        [] => {}
        [one] => parts.push(format!("format = {}", quoted(one))),
        several => parts.push(format!("format = [{}]", several.iter().map(|f| quoted(f)).collect::<Vec<_>>().join(", "))),
    }
    match (place, parts.as_slice()) {
        (Place { select: Some(select), .. }, [_]) => quoted(select),
        _ => format!("{{ {} }}", parts.join(", ")),
    }
}

/// A TOML string (TOML 1.0, "String"): literal where it holds quotes, else basic.
fn quoted(text: &str) -> String {
    if text.contains('"') && !text.contains('\'') && !text.chars().any(char::is_control) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
