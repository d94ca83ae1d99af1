//! Folding: what is left of a text when only spelling differs.

use crate::domain::text::one_line;

/// The text in lower case, as one line.
pub fn fold(text: &str) -> String {
    one_line(&text.to_lowercase())
}
