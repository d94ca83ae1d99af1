//! Where values stand: a selector (`:scope` is the row itself), a table of `select`, `above`, `attr`, `label` and `without`, or a list of those.

use scraper::Selector;
use scraper::error::SelectorErrorKind;
use toml::de::DeValue;

use super::diagnostic::Span;
use super::table::Table;
use super::value::{Text, Value};
use crate::domain::fold;
use crate::extract::date::DateFormat;
use crate::extract::months::Language;
use crate::extract::{DateField, FacetField, FeedFacet, FeedValue, Field, Query};

const EXPECTED: &str = "a selector, a table such as { label = \"Date\" }, or a list of those";

/// The alternatives of a field.
pub(super) fn fields(value: &Value<'_>) -> Vec<Field> {
    read(value, |_| ()).into_iter().map(|(field, ())| field).collect()
}

/// The alternatives of a date; `format` may stand beside the other keys, its names are of `language`.
pub(super) fn dates(value: &Value<'_>, language: Language) -> Vec<DateField> {
    let formats = |table: &mut Table<'_>| {
        let then = table.take("then").map(|v| fields(&v)).unwrap_or_default();
        let texts = table.take("format").map(|v| v.some_strings()).unwrap_or_default();
        let formats: Vec<_> = texts.iter().filter_map(|text| text.read(|f| DateFormat::parse(f, language))).collect();
        (formats, then)
    };
    let or_unmistakable =
        |formats: Vec<DateFormat>| if formats.is_empty() { DateFormat::unmistakable(language) } else { formats };
    let date = |(field, (formats, then))| DateField { field, then, formats: or_unmistakable(formats) };
    read(value, formats).into_iter().map(date).collect()
}

/// The alternatives of a facet's values, and whether one of them says that there are `many`.
pub(super) fn facet(name: &str, value: &Value<'_>) -> Option<(FacetField, bool)> {
    let many = |table: &mut Table<'_>| table.take("many").and_then(|v| v.boolean()).unwrap_or(false);
    let list = read(value, many);
    let many = list.iter().any(|(_, many)| *many);
    let values = list.into_iter().map(|(field, _)| field).collect();
    Some((FacetField { name: name.to_owned(), values, many }, many))
}

/// What of a feed's entries makes a facet's terms; an entry can have several, if it is not said otherwise. None after a problem.
pub(super) fn feed_facet(value: &Value<'_>) -> Option<(FeedFacet, bool)> {
    const EXPECTED: &str = "\"category\", \"author\" or a table such as { domain = \"topics\" }";
    let all = || FeedValue::Category { schemes: Vec::new(), only: Vec::new(), without: Vec::new() };
    let (value, many) = match value.raw {
        DeValue::String(_) => match value.string()?.value.trim() {
            "category" => (all(), true),
            "author" => (FeedValue::Author, true),
            _ => {
                value.problem(
                    &format!("must be {EXPECTED}"),
                    "a feed has no selectors: its categories have names, and perhaps a domain",
                );
                return None;
            }
        },
        DeValue::Table(_) => {
            let mut table = value.table(&format!("`{}`", value.key))?;
            let mut names = |key| -> Vec<String> {
                let texts = table.take(key).map(|v| v.some_strings()).unwrap_or_default();
                texts.iter().filter_map(Text::line).collect()
            };
            let schemes = [names("domain"), names("scheme")].concat();
            let folded = |names: Vec<String>| names.iter().map(|name| fold(name)).collect();
            let (only, without) = (folded(names("only")), folded(names("without")));
            let many = table.take("many").and_then(|v| v.boolean()).unwrap_or(true);
            table.finish();
            (FeedValue::Category { schemes, only, without }, many)
        }
        _ => {
            value.mismatch(EXPECTED, "");
            return None;
        }
    };
    Some((FeedFacet { value, many }, many))
}

fn read<'a, X: Default>(value: &Value<'a>, mut extra: impl FnMut(&mut Table<'a>) -> X) -> Vec<(Field, X)> {
    if value.raw.as_array().is_some_and(|list| list.is_empty()) {
        value.problem("must not be empty", "");
    }
    let one = |v: Value<'a>| match v.raw {
        DeValue::String(text) if text.trim() == ":scope" => Some((Field::default(), X::default())),
        DeValue::String(_) => {
            let select = query(&v.string()?)?;
            Some((Field { select: Some(select), ..Field::default() }, X::default()))
        }
        DeValue::Table(_) => {
            let mut table = v.table(&format!("`{}`", v.key))?;
            let field = field(&mut table);
            let extra = extra(&mut table);
            table.finish();
            Some((field?, extra))
        }
        _ => {
            v.mismatch(EXPECTED, "");
            None
        }
    };
    value.each().into_iter().filter_map(one).collect()
}

/// None after a problem.
fn field(table: &mut Table<'_>) -> Option<Field> {
    let (select, attr, label, above) = (table.take("select"), table.take("attr"), table.take("label"), table.take("above"));
    let without = table.strings("without").iter().filter_map(selector).collect();
    if select.is_none() && attr.is_none() && label.is_none() && above.is_none() {
        table.problems().push(table.span(), "nothing says where the value stands", "add `select`, `label` or `attr`");
        return None;
    }
    if let (Some(above), Some(_)) = (&above, &label) {
        above.problem("cannot stand beside `label`: labels are looked for in the row", "use `select` inside what stands above");
    }
    // Each is read before any failure counts, so that all problems are told. The row itself needs no selector.
    let is_row = |v: &Value<'_>| v.raw.as_str().is_some_and(|t| t.trim() == ":scope");
    let select = select.filter(|v| !is_row(v)).map(|v| v.string().and_then(|t| query(&t)));
    let above = above.map(|v| v.string().and_then(|t| selector(&t)));
    let attr = attr.map(|v| v.string().and_then(|t| t.read(attribute)));
    let label = label.map(|v| v.string().and_then(|t| t.read(label_text)));
    Some(Field { select: whole(select)?, above: whole(above)?, attr: whole(attr)?, label: whole(label)?, without })
}

/// Absent is fine, wrong is not.
fn whole<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(None) => None,
        Some(found) => Some(found),
    }
}

fn attribute(text: &str) -> Result<String, String> {
    let name = text.trim().to_ascii_lowercase();
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"'<>/=".contains(c);
    if name.is_empty() || name.contains(odd) { Err("must be the name of an HTML attribute".into()) } else { Ok(name) }
}

/// Folded, as the page's labels will be, and without the colon that pages put after them.
fn label_text(text: &str) -> Result<String, String> {
    let label = fold(text);
    let label = label.trim_end_matches([':', ' ']);
    if label.is_empty() { Err("must not be blank".into()) } else { Ok(label.to_owned()) }
}

/// A string or a list of strings, each a selector; None after a problem.
pub(super) fn selectors(value: &Value<'_>) -> Vec<Selector> {
    value.some_strings().iter().filter_map(selector).collect()
}

/// The alternatives for one row, and whether the last of them is "auto": that rows are found without selectors. None after a problem.
pub(super) fn each(value: &Value<'_>) -> (Option<Vec<Query>>, bool) {
    let texts = value.some_strings();
    let is_auto = |text: &Text<'_>| text.value.trim() == "auto";
    if let Some(text) = texts.iter().rev().skip(1).find(|t| is_auto(t)) {
        text.problem(
            "can have \"auto\" only as its last alternative",
            "it always has an answer: nothing behind it would be tried",
        );
    }
    let auto = texts.last().is_some_and(is_auto);
    let queries: Vec<Option<Query>> = texts.iter().filter(|t| !is_auto(t)).map(query).collect();
    (queries.into_iter().collect(), auto)
}

/// A CSS selector of which many elements are asked.
fn query(text: &Text<'_>) -> Option<Query> {
    selector(text).map(|selector| Query::new(selector, text.value))
}

/// A CSS selector.
pub(super) fn selector(text: &Text<'_>) -> Option<Selector> {
    let error = match Selector::parse(text.value) {
        Ok(selector) => return Some(selector),
        Err(error) => error,
    };
    // The parser does not say where: of a list, at least the wrong part can be found.
    let parts = parts(text.value);
    let wrong = parts.into_iter().find_map(|part| Selector::parse(text.value.get(part.clone())?).err().map(|e| (part, e)));
    let (part, error) = wrong.unwrap_or((0..text.value.len(), error));
    let part = if part.len() == text.value.len() { None } else { Some(part) };
    let (reason, hint) = explain(&error, text.value);
    let message = format!("is no CSS selector: {reason}");
    match part {
        Some(part) if !part.is_empty() => text.problem_within(part, &message, hint),
        _ => text.problem(&message, hint),
    }
    None
}

/// The trimmed parts between the commas that are outside brackets and quotes.
fn parts(text: &str) -> Vec<Span> {
    let (mut depth, mut quote, mut start, mut ends) = (0_usize, None, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                ends.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    ends.push(start..text.len());
    let trim = |span: Span| {
        let part = &text[span.clone()];
        let lead = part.len() - part.trim_start().len();
        span.start + lead..span.start + lead + part.trim().len()
    };
    ends.into_iter().map(trim).collect()
}

/// What is wrong and what to do. The inner kinds are of a crate that scraper does not export: their names must do.
fn explain(error: &SelectorErrorKind, text: &str) -> (String, &'static str) {
    let reason = match error {
        SelectorErrorKind::UnexpectedToken => "there is something where it does not belong",
        SelectorErrorKind::EndOfLine => "it ends too early",
        SelectorErrorKind::InvalidAtRule | SelectorErrorKind::InvalidAtRuleBody => "it holds an @ rule",
        SelectorErrorKind::QualRuleInvalid => "it holds a rule",
        SelectorErrorKind::TooManyNestedBlocks => "it is nested too deeply",
        SelectorErrorKind::ExpectedColonOnPseudoElement | SelectorErrorKind::ExpectedIdentityOnPseudoElement => {
            "the name after : is missing"
        }
        SelectorErrorKind::UnexpectedSelectorParseError(inner) => match format!("{inner:?}").as_str() {
            "EmptySelector" if text.trim().is_empty() => "it is empty",
            "EmptySelector" => "a part of it is empty",
            "DanglingCombinator" => "it ends with >, + or ~",
            "ClassNeedsIdent" => "the class name after . is missing",
            "NoIdentForPseudo" => "the name after : is missing",
            "UnsupportedPseudoClassOrElement" => {
                let hint =
                    "text, state and pseudo-elements cannot be selected; :has(), :is(), :not(), :nth-child() and the like can";
                return ("it uses a : name that is not supported".into(), hint);
            }
            _ => "it does not follow the syntax",
        },
    };
    (reason.to_owned(), "")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toml::de::DeTable;

    use super::super::diagnostic::Problems;
    use super::*;

    /// Reads `f = {value}` as a date field: (field, formats) or what is said, as `column message`.
    fn date(value: &str) -> Result<Vec<DateField>, Vec<String>> {
        let text = format!("f = {value}");
        let (parsed, _) = DeTable::parse_recoverable(&text);
        let problems = Problems::new(&text);
        let english = Language::of("en").expect("English is known");
        let mut table = Table::new("t", parsed.get_ref(), 0..0, &problems);
        let got = table.take("f").map(|v| dates(&v, english)).unwrap_or_default();
        let said = problems.finish(Path::new("x")).0;
        if said.is_empty() { Ok(got) } else { Err(said.into_iter().map(|d| format!("{} {}", d.column, d.message)).collect()) }
    }

    #[test]
    fn every_form_is_read() {
        // Without a format, the forms that cannot be misread.
        let usual = DateFormat::unmistakable(Language::of("en").expect("English is known")).len();
        for (value, count, formats) in [
            ("'time'", 1, usual),
            ("['time', '.date']", 2, usual),
            ("{ select = 'time', attr = 'DateTime' }", 1, usual),
            ("{ label = ' Publishing  Date : ', format = '%d %B %Y' }", 1, 1),
            ("[{ label = 'x', format = ['%d.%m.%Y', '%F'] }, '.y']", 2, 2),
            ("{ attr = 'data-date' }", 1, usual),
            ("{ select = 'a', without = ['.x', '.y'] }", 1, usual),
            ("':scope'", 1, usual),
            ("{ above = 'h2', format = '%F' }", 1, 1),
            ("{ select = '.day', then = [{ above = 'h2' }, '.year'], format = '%d %B %Y' }", 1, 1),
        ] {
            let got = date(value).expect(value);
            assert_eq!((got.len(), got[0].formats.len()), (count, formats), "{value}");
        }
        let field = &date("{ label = ' Publishing  Date : ', attr = 'HREF' }").expect("valid")[0].field;
        assert_eq!(field.label.as_deref(), Some("publishing date"));
        assert_eq!(field.attr.as_deref(), Some("href"));
        assert!(field.select.is_none());
    }

    #[test]
    fn problems_have_their_place() {
        for (value, expected) in [
            ("5", "5 `f` must be a selector, a table such as { label = \"Date\" }, or a list of those, not an integer"),
            ("[]", "5 `f` must not be empty"),
            ("{}", "5 nothing says where the value stands"),
            ("''", "5 `f` is no CSS selector: it is empty"),
            ("'a >'", "5 `f` is no CSS selector: it ends with >, + or ~"),
            ("'a, b:contains(\"x, y\"), c'", "9 `f` is no CSS selector: it uses a : name that is not supported"),
            ("'h2, .x{'", "10 `f` is no CSS selector: there is something where it does not belong"),
            ("'a,,b'", "5 `f` is no CSS selector: a part of it is empty"),
            ("\"a, \\u002E.b\"", "5 `f` is no CSS selector: the class name after . is missing"),
            ("{ select = '..' }", "16 `select` is no CSS selector: the class name after . is missing"),
            ("{ select = 'a', attr = 'a b' }", "28 `attr` must be the name of an HTML attribute"),
            ("{ label = ' : ' }", "15 `label` must not be blank"),
            ("{ selct = 'a', label = 'x' }", "7 unknown key `selct` in `f`"),
            ("{ select = 'a', format = '%B %Y' }", "30 `format` must state day and month, such as \"%d %B %Y\""),
        ] {
            assert_eq!(date(value).err(), Some(vec![expected.to_owned()]), "{value}");
        }
    }
}
