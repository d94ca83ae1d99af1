//! Stories: items of different sources that are one.

/// What becomes of items of one story in a feed that holds several of them: all but the first seen may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Merge {
    /// They stay.
    Nothing,
    /// They are left out.
    #[default]
    Doubles,
    /// Those in other languages are left out too.
    Translations,
}

impl Merge {
    /// Each, by its name in the configuration.
    pub const NAMES: [(&str, Self); 3] =
        [("nothing", Self::Nothing), ("doubles", Self::Doubles), ("translations", Self::Translations)];

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, merge)| *merge == self).map_or("", |(name, _)| name)
    }
}
