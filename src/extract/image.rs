//! The address of an image, in the ways pages give one: plainly, held back until it is scrolled to, in several sizes, or as a background.

use scraper::ElementRef;

/// Attributes in which scripts keep the address until the image comes into view. What `src` says meanwhile is a placeholder.
const LAZY: &[&str] =
    &["data-src", "data-lazy-src", "data-original", "data-lazy", "data-echo", "data-bg", "data-background-image"];
/// The same of several sizes.
const LAZY_SETS: &[&str] = &["data-srcset", "data-lazy-srcset"];

/// The address of the image that an element is or holds, as written; the first where there are several.
pub fn image_in(element: ElementRef<'_>) -> Option<String> {
    element.descendent_elements().find_map(image_of)
}

/// The address of the image that an element is itself: what is held back, else `src`, else the largest of several sizes, else its background.
pub fn image_of(element: ElementRef<'_>) -> Option<String> {
    let attr = |name: &str| element.attr(name).map(str::trim).filter(|v| !v.is_empty());
    let name = element.value().name();
    // Some scripts want it as a stylesheet would say it: `url(...)`.
    let lazy =
        || LAZY.iter().find_map(|name| attr(name)).and_then(|v| in_brackets(v).unwrap_or(Some(v))).filter(|v| is_address(v));
    match name {
        "img" | "amp-img" => lazy()
            .or_else(|| attr("src").filter(|v| is_address(v) && !is_blank(v)))
            .map(str::to_owned)
            .or_else(|| LAZY_SETS.iter().find_map(|name| attr(name)).or_else(|| attr("srcset")).and_then(largest))
            .or_else(|| picture(element)),
        "picture" => {
            element.child_elements().filter(|e| e.value().name() == "img").find_map(image_of).or_else(|| sources(element))
        }
        // Those of a video or an audio have no `srcset`, and are no images.
        "source" => LAZY_SETS.iter().find_map(|name| attr(name)).or_else(|| attr("srcset")).and_then(largest),
        // Microdata (WHATWG HTML, 5.2.4) states what is not shown in these.
        "meta" | "link" => {
            let is_image = |p: &str| matches!(p, "image" | "thumbnailUrl");
            let stated = element.attr("itemprop").is_some_and(|props| props.split_ascii_whitespace().any(is_image));
            attr(if name == "meta" { "content" } else { "href" }).filter(|v| stated && is_address(v)).map(str::to_owned)
        }
        _ => attr("style").and_then(background).or_else(|| lazy().map(str::to_owned)),
    }
}

/// An `<img>` that states nothing itself may stand in a `<picture>` that does.
fn picture(image: ElementRef<'_>) -> Option<String> {
    image.parent().and_then(ElementRef::wrap).filter(|e| e.value().name() == "picture").and_then(sources)
}

fn sources(picture: ElementRef<'_>) -> Option<String> {
    picture.child_elements().filter(|e| e.value().name() == "source").find_map(image_of)
}

/// Not what a script or a stylesheet puts in instead: `data:` holds the image itself, which no feed can refer to.
fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    !text.starts_with(['#', '{', '['])
        && !scheme.is_some_and(|s| matches!(s.as_str(), "data" | "blob" | "javascript" | "about" | "cid"))
}

/// By its file's name an image of nothing.
fn is_blank(address: &str) -> bool {
    let file = address.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(stem.as_str(), "blank" | "spacer" | "pixel" | "transparent" | "1x1" | "empty" | "lazy" | "placeholder" | "clear")
}

/// The addresses of a `srcset` and what stands behind each, such as `2x` (WHATWG HTML, 4.8.4.2.1).
pub fn image_candidates(set: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = set;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (whole, after) = rest.split_at(end);
        let address = whole.trim_end_matches(',');
        // An address that ends with a comma has no descriptor.
        let (descriptor, next) = match after.split_once(',') {
            _ if address.len() < whole.len() => ("", after),
            Some((descriptor, next)) => (descriptor.trim(), next),
            None => (after.trim(), ""),
        };
        rest = next;
        (!address.is_empty()).then_some((address, descriptor))
    })
}

/// The widest or densest of a `srcset`; of equals the first.
fn largest(set: &str) -> Option<String> {
    let mut best: Option<(f64, &str)> = None;
    for (address, descriptor) in image_candidates(set) {
        let size = descriptor.trim_end_matches(['w', 'x', 'h']).parse().unwrap_or(1.0);
        if is_address(address) && best.is_none_or(|(of_best, _)| size > of_best) {
            best = Some((size, address));
        }
    }
    best.map(|(_, address)| address.to_owned())
}

/// The address in `background-image: url(...)` or `background: ... url(...)`: of another property's `url(...)` nothing is taken.
fn background(style: &str) -> Option<String> {
    let lower = style.to_ascii_lowercase();
    let starts = lower.match_indices("background").map(|(at, word)| at + word.len());
    starts
        .filter_map(|from| {
            let of_image = lower[from..].trim_start_matches("-image").trim_start().starts_with(':');
            let open = from + lower[from..].find("url(").filter(|_| of_image)?;
            // Within an address that holds its data a semicolon ends nothing, but such an address comes behind the bracket.
            if lower[from..open].contains(';') {
                return None;
            }
            in_brackets(&style[open..])?.filter(|address| is_address(address) && !is_blank(address)).map(str::to_owned)
        })
        .next()
}

/// What `url(...)` holds, if a text begins with that: nothing, where the bracket never closes or is empty.
fn in_brackets(text: &str) -> Option<Option<&str>> {
    let start = text.get(..4)?;
    if !start.eq_ignore_ascii_case("url(") {
        return None;
    }
    let rest = text[4..].trim_start();
    let address = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].split(quote).next(),
        _ => rest.split(')').next(),
    };
    Some(address.map(str::trim).filter(|address| !address.is_empty()))
}

#[cfg(test)]
mod tests {
    use scraper::{Html, Selector};

    use super::*;

    #[test]
    fn images_are_read_in_every_way() {
        for (html, want) in [
            ("<img src=/a.jpg>", Some("/a.jpg")),
            ("<img src=' /a.jpg '>", Some("/a.jpg")),
            ("<img src=data:image/gif;base64,R0 data-src=/a.jpg>", Some("/a.jpg")),
            ("<img src=/blank.gif data-lazy-src=/a.jpg>", Some("/a.jpg")),
            ("<img src=/img/blank.gif srcset='/s.jpg 300w, /l.jpg 1200w, /m.jpg 600w'>", Some("/l.jpg")),
            ("<img srcset='/a,b.jpg 1x, /c.jpg 2x'>", Some("/c.jpg")),
            ("<img srcset='/only.jpg'>", Some("/only.jpg")),
            ("<img srcset='/a.jpg, /b.jpg 2x'>", Some("/b.jpg")),
            ("<img data-srcset='/a.jpg 100w' src='data:,'>", Some("/a.jpg")),
            ("<picture><source srcset='/s.webp 1x'><img src=/a.jpg></picture>", Some("/a.jpg")),
            ("<picture><source srcset='/s.webp 1x, /l.webp 2x'><img src=data:,></picture>", Some("/l.webp")),
            ("<div style='color:red; background-image: URL( \"/a b.jpg\" )'></div>", Some("/a b.jpg")),
            ("<div style=\"background:#fff url('/a(1).jpg') no-repeat\"></div>", Some("/a(1).jpg")),
            ("<a style='background:url(/a.jpg)'></a>", Some("/a.jpg")),
            ("<div data-bg=/a.jpg></div>", Some("/a.jpg")),
            ("<div style='background: url(data:image/png;base64,x)'></div>", None),
            ("<div data-bg='url(/a.jpg)'></div>", Some("/a.jpg")),
            ("<div data-background-image=\"URL( '/a b.jpg' )\"></div>", Some("/a b.jpg")),
            ("<div data-bg='url()'></div>", None),
            ("<div data-bg='url(data:image/gif;base64,R0)'></div>", None),
            ("<div style='background: red'></div>", None),
            ("<div style='background-color: red; cursor: url(/hand.cur)'></div>", None),
            ("<div style='background: red; list-style: url(/dot.png)'></div>", None),
            ("<div style='background-color: red; background-image: url(/a.jpg)'></div>", Some("/a.jpg")),
            ("<div style='background: url('></div>", None),
            ("<img src='javascript:x'>", None),
            ("<img src='{{ image }}'>", None),
            ("<img alt=x>", None),
            ("<video><source src=/a.mp4></video>", None),
            ("<p><meta itemprop='a image' content=/a.jpg>", Some("/a.jpg")),
            ("<p><link itemprop=image href=/a.jpg>", Some("/a.jpg")),
            ("<p><link rel=icon href=/a.jpg>", None),
            ("<p>text</p>", None),
        ] {
            let page = Html::parse_document(html);
            let body = page.select(&Selector::parse("body").expect("valid")).next().expect("a body");
            assert_eq!(image_in(body).as_deref(), want, "{html}");
        }
    }
}
