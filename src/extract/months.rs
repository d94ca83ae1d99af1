//! Month and day names of a language, from the GNU C library's locale data.

use pure_rust_locales::{Locale, locale_match};

/// The language of the names in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language(Locale);

impl Language {
    /// The language of a tag (BCP 47) such as `en`, `pt-BR` or `sr-Latn`; None if no locale is known for it.
    pub fn of(tag: &str) -> Option<Self> {
        let mut parts = tag.split(['-', '_']);
        let language = parts.next()?.to_ascii_lowercase();
        // Tags that are still written, and have become others or mean several.
        let language = match language.as_str() {
            "no" => "nb",
            "sh" | "cnr" => "sr",
            "iw" => "he",
            "in" => "id",
            "mo" => "ro",
            other => other,
        };
        let mut hant = false;
        let region = parts.find(|p| {
            hant |= p.eq_ignore_ascii_case("hant");
            p.len() == 2 || (p.len() == 3 && p.bytes().all(|b| b.is_ascii_digit()))
        });
        // Traditional characters without a country are those of Taiwan.
        let region = region.or(hant.then_some("TW"));
        let named = region.map(|r| format!("{language}_{}", r.to_ascii_uppercase()));
        // English and the like are spoken under many flags: the names of days and months are the same.
        let usual = [
            "GB", "DE", "FR", "ES", "PT", "IT", "RS", "UA", "SE", "DK", "NO", "CZ", "GR", "CN", "JP", "KR", "EG", "IL", "IR",
            "IN",
        ];
        let same = format!("{language}_{}", language.to_ascii_uppercase());
        named
            .into_iter()
            .chain([same])
            .chain(usual.iter().map(|r| format!("{language}_{r}")))
            .find_map(|name| Locale::try_from(name.as_str()).ok())
            .or_else(|| {
                // Any region at all: AA..ZZ, in order, so that the answer is always the same.
                (b'A'..=b'Z')
                    .flat_map(|a| (b'A'..=b'Z').map(move |b| (a, b)))
                    .find_map(|(a, b)| Locale::try_from(format!("{language}_{}{}", a as char, b as char).as_str()).ok())
            })
            .map(Self)
    }

    /// The language's own tag and the country by whose customs it is written: ("zh", "TW").
    pub fn parts(self) -> (String, String) {
        let name = self.0.to_string();
        let mut parts = name.split(['_', '@']).map(str::to_owned);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    /// The same language in its other countries and scripts: Arabic months have other names in Beirut than in Cairo.
    pub fn relatives(self) -> Vec<Self> {
        let of = |name: String| Locale::try_from(name.as_str()).ok().map(Self).filter(|l| *l != self);
        let (tag, country) = self.parts();
        let two = (b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| [a as char, b as char]));
        let countries = two.map(|[a, b]| format!("{tag}_{a}{b}"));
        let own = format!("{tag}_{country}");
        let scripts = ["latin", "cyrillic", "devanagari", "iqtelif"].map(|script| of(format!("{own}@{script}")));
        countries.filter_map(of).chain(scripts.into_iter().flatten()).collect()
    }

    /// How the language writes dates in figures (`d_fmt`), in strftime's words; None for English, which is written both ways, and on pages of
    /// everybody's: its tag tells nothing.
    pub fn figures(self) -> Option<&'static str> {
        let locale = self.0;
        let form: &str = locale_match!(locale => LC_TIME::D_FMT);
        (self.parts().0 != "en").then_some(form)
    }

    /// Month names, full and short, nominative and genitive: (name, number from 1).
    pub fn months(self) -> Vec<(&'static str, u32)> {
        let locale = self.0;
        let full: &[&str] = locale_match!(locale => LC_TIME::MON);
        let short: &[&str] = locale_match!(locale => LC_TIME::ABMON);
        let alt: Option<&[&str]> = locale_match!(locale => LC_TIME::ALT_MON);
        let alt_short: Option<&[&str]> = locale_match!(locale => LC_TIME::AB_ALT_MON);
        let lists = [Some(full), alt, Some(short), alt_short];
        lists.into_iter().flatten().flat_map(|list| list.iter().copied().zip(1u32..)).collect()
    }

    /// Names of the days of the week, full and short: (name, number from 0 for Sunday).
    pub fn days(self) -> Vec<(&'static str, usize)> {
        let locale = self.0;
        let full: &[&str] = locale_match!(locale => LC_TIME::DAY);
        let short: &[&str] = locale_match!(locale => LC_TIME::ABDAY);
        // The C library's lists begin with Sunday in every locale.
        [full, short].into_iter().flat_map(|list| list.iter().copied().zip(0..)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_found_by_tag() {
        for (tag, month) in [("en", "September"), ("de-AT", "September"), ("ru", "сентября"), ("ja", "9月"), ("uk", "вересня")]
        {
            let months = Language::of(tag).map(Language::months).unwrap_or_default();
            assert!(months.contains(&(month, 9)), "{tag}: {months:?}");
        }
        assert_eq!(Language::of("xx"), None);
        assert_eq!(Language::of(""), None);
    }
}
