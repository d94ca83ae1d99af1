//! Names that were probably meant.

/// The known name that is nearest to `name`, if any is near enough to have been meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let length = name.chars().count();
    let limit = (length / 3).clamp(1, 4);
    let distance = |k: &&str| strsim::damerau_levenshtein(&name, &k.to_lowercase());
    known
        .into_iter()
        .map(|k| (distance(&k), k))
        .filter(|(d, _)| *d <= limit && *d < length)
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// A hint for an unknown name: the nearest known one, else all of them.
pub(super) fn hint<'a>(name: &str, what: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => match known.into_iter().map(|k| format!("`{k}`")).collect::<Vec<_>>() {
            list if list.is_empty() => String::new(),
            list => format!("{what}: {}", list.join(", ")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["timezone", "title", "every", "each", "url"];
        for (name, expected) in [
            ("time-zone", Some("timezone")),
            ("titel", Some("title")),
            ("Every", Some("every")),
            ("eahc", Some("each")),
            ("uri", Some("url")),
            ("selector", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(hint("selector", "known here", ["a", "b"]), "known here: `a`, `b`");
    }
}
