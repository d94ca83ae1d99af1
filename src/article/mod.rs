//! What an item's own page says: the body, its first image, files, time and languages. Pure functions of (page, rules).
//!
//! A page is made a tree within bounds first (`extract`), so that nothing here meets one that is too deep or large; `prepare` takes out what is no part of
//! any article and brings images to their plain form, `body` finds the body, `sanitise` makes it safe. What is no article says so (`wall`).

mod body;
mod files;
mod languages;
mod prepare;
mod sanitise;
mod time;
mod wall;

pub use files::{is_pdf, pdf};
use scraper::{ElementRef, Selector};
use url::Url;

use crate::domain::{Article, Enclosure, Zone};
use crate::extract::{Content, DateField, Query, base, parse};
use crate::normalise::html::text_of;
use crate::normalise::link::{absolute, picture};

/// A body that is longer than this (bytes of sanitised HTML) is not taken over: no document could hold it.
const LONGEST: usize = 400_000;

/// How a source's articles are read.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where the body stands; alternatives.
    pub body: Vec<Query>,
    /// Where none of them matches, it is found.
    pub found: bool,
    /// What is no part of it.
    pub remove: Vec<Selector>,
    /// Where its time stands; alternatives. None: in what pages usually state for machines.
    pub time: Vec<DateField>,
    /// The zone of times that state none.
    pub timezone: Zone,
}

/// A page that was got for an item.
#[derive(Debug, Clone, Copy)]
pub struct ArticlePage<'a> {
    /// The address that was asked for.
    pub asked: &'a Url,
    /// Its address after redirects.
    pub url: &'a Url,
    /// Its bytes.
    pub body: &'a [u8],
    /// The same in letters.
    pub text: &'a str,
    /// The item's summary, sanitised HTML.
    pub summary: Option<&'a str>,
}

/// Reads an article.
///
/// # Errors
/// Says why it is none.
pub fn read(page: &ArticlePage<'_>, rules: &Rules) -> Result<Article, String> {
    let parsed = parse(page.text);
    let mut document = parsed.document;
    match Content::of(page.body, page.text, &document) {
        Content::Page => {}
        Content::File(media) => {
            let length = u64::try_from(page.body.len()).unwrap_or_default();
            let file = Enclosure { url: page.url.to_string(), media: media.to_owned(), length };
            return Ok(Article { enclosures: vec![file], ..Article::default() });
        }
        Content::Empty => return Err("the page is empty".into()),
        Content::Feed(what) => return Err(format!("it is {what}, no article")),
        Content::Json => return Err("it is JSON, no page".into()),
        Content::Xml(element) => return Err(format!("it is XML (<{element}>), no page")),
        Content::Text => return Err("it is text without any tag, no page".into()),
        Content::Scripts => return Err("the page holds scripts and next to no text: a browser fills it".into()),
    }
    if let Some(reason) = wall::led_to_login(page.asked, page.url) {
        return Err(reason);
    }
    let start = base(&document).and_then(|href| absolute(&href, page.url).ok()).unwrap_or_else(|| page.url.clone());
    let published = time::published(&document, rules);
    let alternates = languages::alternates(&document, &start, page.url);
    let stated_image = stated_image(&document).and_then(|address| picture(&address, &start));
    let has_password = wall::asks_for_password(&document);
    prepare::strip(&mut document, &rules.remove);
    prepare::plain_images(&mut document);
    let files = files::in_main(&document, &start);
    let direction = direction(&document);
    let (body, found) = body::find(&document, rules, page.url)?;
    let html = sanitise::clean(&body, &start)?;
    let text = text_of(&html);
    wall::judge(&text, page.summary, has_password && found)?;
    if html.len() > LONGEST {
        return Err(format!("its body is longer than {LONGEST} bytes: name what belongs to it by `body` in [source.article]"));
    }
    let image = sanitise::first_image(&html).or(stated_image);
    let enclosures = files::united(files::in_html(&html), files);
    let content = match direction {
        Some(direction) => format!("<div dir=\"{direction}\">{html}</div>"),
        None => html,
    };
    Ok(Article { content: Some(content), image, enclosures, alternates, published })
}

/// The image that the page names for those who link to it (ogp.me).
fn stated_image(document: &scraper::Html) -> Option<String> {
    let meta = selector("meta[property='og:image'], meta[name='twitter:image']");
    document.select(&meta).find_map(|e| e.attr("content")).map(str::to_owned)
}

/// That the page's text runs from right to left.
fn direction(document: &scraper::Html) -> Option<&'static str> {
    let rtl = selector("html[dir=rtl i], body[dir=rtl i], main[dir=rtl i], article[dir=rtl i]");
    document.select(&rtl).next().map(|_| "rtl")
}

/// Whether an element's classes or id say one of these words.
fn says(element: ElementRef<'_>, words: &[&str]) -> bool {
    let names = [element.attr("class"), element.attr("id")].into_iter().flatten();
    names.flat_map(|names| names.split(|c: char| !c.is_alphanumeric())).any(|word| {
        let word = word.to_ascii_lowercase();
        words.contains(&word.as_str())
    })
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a constant selector")
}
