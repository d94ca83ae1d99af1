//! How long a pager is likely to be: a hint from its link to the last page. Whoever walks follows the links to the next page; pagers' own ideas of their
//! length are often wrong.

use std::collections::HashMap;

use scraper::Selector;
use url::Url;

use super::parse::parse;

/// No pager that anybody walks has so many pages.
const MOST: usize = 1_000_000;

/// What links to the last page are mostly marked by.
const LAST: &str = "[rel~=last], .pager-last a, .pager__item--last a, .pagination-last a, li.last a, a.last, a.page-last";

/// The address of the last page, as written, if a link to it can be recognised.
pub fn last_link(html: &str) -> Option<String> {
    let document = parse(html).document;
    let last = Selector::parse(LAST).expect("a valid selector");
    let link = document.select(&last).find_map(|link| link.attr("href"));
    link.map(str::to_owned)
}

/// How many pages there are if the `page`th (from 0), of so many rows, leads to these two. They must differ in one number: that of the page or of
/// its first row.
pub fn pages(next: &Url, last: &Url, page: usize, rows: usize) -> Option<usize> {
    if (next.host_str(), next.scheme()) != (last.host_str(), last.scheme()) {
        return None;
    }
    let query = |url: &Url| -> HashMap<String, String> { url.query_pairs().into_owned().collect() };
    let (of_next, of_last) = (query(next), query(last));
    let mut pairs: Vec<(&str, &str)> =
        of_next.iter().map(|(key, value)| Some((value.as_str(), of_last.get(key)?.as_str()))).collect::<Option<_>>()?;
    let paths: Vec<_> = [next, last].map(|url| url.path().split('/').collect::<Vec<_>>()).into();
    if of_next.len() != of_last.len() || paths[0].len() != paths[1].len() {
        return None;
    }
    pairs.extend(paths[0].iter().copied().zip(paths[1].iter().copied()));
    pairs.retain(|(next, last)| next != last);
    let (next, last): (usize, usize) = match pairs.as_slice() {
        // The second page is the last one.
        [] => return Some(page + 2),
        [(next, last)] => (next.parse().ok()?, last.parse().ok()?),
        _ => return None,
    };
    // Pages are counted from 0 or 1, rows in steps of a page.
    let step = if next > page + 2 && next == rows * (page + 1) { rows } else { 1 };
    let rest = last.checked_sub(next)? / step;
    // More is no hint, but nonsense.
    (rest < MOST).then(|| page + rest + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_pagers() {
        for (next, last, page, rows, want) in [
            ("?page=1&rows=50", "?rows=50&page=599", 0, 50, Some(600)),
            ("?page=101", "?page=599", 100, 50, Some(600)),
            ("?page=2", "?page=600", 0, 50, Some(600)),
            ("?start=50", "?start=29950", 0, 50, Some(600)),
            ("?start=150", "?start=29950", 2, 50, Some(600)),
            ("/news/page/2/", "/news/page/12/", 0, 10, Some(12)),
            ("?page=1", "?page=18446744073709551615", 0, 10, None),
            ("?page=1", "?page=1", 0, 10, Some(2)),
            ("?page=1", "?page=oldest", 0, 10, None),
            ("?page=1", "?page=9&sort=up", 0, 10, None),
            ("?page=1", "https://elsewhere.example/?page=9", 0, 10, None),
            ("?page=3", "?page=2", 0, 10, None),
        ] {
            let base = Url::parse("https://example.org/news").expect("an address");
            let url = |text| base.join(text).expect("an address");
            assert_eq!(pages(&url(next), &url(last), page, rows), want, "{next} {last}");
        }
    }

    #[test]
    fn links_to_the_last_page() {
        for (html, want) in [
            ("<ul class=pager><li class=pager-last><a href='?page=9'>last »</a></ul>", Some("?page=9")),
            ("<a rel='last nofollow' href=/9>9</a>", Some("/9")),
            ("<a href=/9>9</a>", None),
        ] {
            assert_eq!(last_link(html).as_deref(), want, "{html}");
        }
    }
}
