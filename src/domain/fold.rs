//! Folding: what two spellings of one title or term have in common (design: identity).
//!
//! NFKC_Casefold (Unicode Standard, section 3.13, R5 and D146), which drops soft hyphens, zero-width and bidi marks, then quotes, dashes
//! and white space unified. Digits and words stay: two daily reports of one day differ by one number.

use caseless::Caseless;
use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use unicode_normalization::UnicodeNormalization;

use super::text::{Line, split_ascii};

/// Folds the text; `fold(fold(x)) == fold(x)`.
pub fn fold(text: &str) -> String {
    let mut folded = fold_once(text);
    // One pass is nearly always enough; a few characters fold into others that fold again.
    for _ in 0..4 {
        if folded.is_ascii() {
            break;
        }
        let again = fold_once(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

/// ASCII is folded byte by byte, which is most of most texts. What is not ASCII goes through the tables of Unicode together with the one
/// character before it, with which a combining mark may compose; no composition reaches further or begins with what is behind it.
fn fold_once(text: &str) -> String {
    let mut line = Line::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = split_ascii(rest).0.len();
        let plain = if ascii < rest.len() { ascii.saturating_sub(1) } else { ascii };
        for b in line.push_ascii_str(&rest[..plain]) {
            *b = if *b == b'`' { b'\'' } else { b.to_ascii_lowercase() };
        }
        let end = rest[ascii..].bytes().position(|b| b.is_ascii()).map_or(rest.len(), |at| ascii + at);
        fold_by_tables(&rest[plain..end], &mut line);
        rest = &rest[end..];
    }
    line.finish()
}

fn fold_by_tables(text: &str, line: &mut Line) {
    const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    // Signs first: compatibility decomposition would tear some of them apart (the acute accent into blank and combining mark).
    let mapped = text.chars().map(unify).filter(|&c| !IGNORABLE.contains(c));
    mapped.nfkc().default_case_fold().nfkc().map(unify).filter(|&c| !IGNORABLE.contains(c)).for_each(|c| line.push(c));
}

/// Quotes, apostrophes and dashes by their plain form.
fn unify(c: char) -> char {
    match c {
        '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{2039}'
        | '\u{203a}'
        | '\u{b4}'
        | '`'
        | '\u{2b9}'..='\u{2bc}'
        | '\u{ff07}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ab}' | '\u{bb}' | '\u{301d}'..='\u{301f}' | '\u{ff02}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '\u{2043}' => '-',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_meet() {
        for (a, b) in [
            ("“Žurnal” – the  Co-Ordinator’s", "\"žurnal\" - the co-ordinator's"),
            ("Sinirliog\u{306}lu", "SİNİRLİOĞLU".replace('İ', "i").as_str()),
            ("soft\u{ad}hyphen zero\u{200b}width \u{202a}bidi\u{202c}", "softhyphen zerowidth bidi"),
            ("ﬁne　wide", "fine wide"),
            ("STRASSE", "straße"),
            ("a‐b‑c−d", "a-b-c-d"),
            (" lead and trail\u{a0}", "LEAD AND TRAIL"),
            ("e\u{301}", "É"),
        ] {
            assert_eq!(fold(a), fold(b), "{a:?} and {b:?}");
        }
    }

    #[test]
    fn stories_stay_apart() {
        for (a, b) in [
            ("Daily Report 50/2022", "Daily Report 51/2022"),
            ("ODIHR opens mission in Ukraine", "ODIHR opens mission in Moldova"),
            ("Resume", "Résumé"),
            ("co-operation", "cooperation"),
        ] {
            assert_ne!(fold(a), fold(b), "{a:?} and {b:?}");
        }
        assert_eq!(fold("\u{200b}\u{ad}\u{feff} "), "");
    }

    proptest! {
        #[test]
        fn folding_is_idempotent(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn folding_by_parts_is_folding_the_whole(text in "[a-zA-Z ,'\"`\u{301}\u{308}éÅ–“\u{ad}\u{200b}ﬁ\n]{0,40}") {
            let mut whole = Line::default();
            fold_by_tables(&text, &mut whole);
            prop_assert_eq!(fold_once(&text), whole.finish());
        }
    }
}
