//! What an examination finds: what it is, where, and what to do.

use std::path::Path;

/// The part that a finding is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Whether a daemon runs, and whether it is reached.
    Daemon,
    /// The database.
    Database,
    /// The published tree.
    Tree,
    /// Who may read and write what.
    Rights,
    /// Free space.
    Space,
    /// How the sources fare.
    Sources,
    /// The system's clock.
    Clock,
}

impl Part {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Database => "database",
            Self::Tree => "tree",
            Self::Rights => "rights",
            Self::Space => "space",
            Self::Sources => "sources",
            Self::Clock => "clock",
        }
    }
}

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of which part.
    pub part: Part,
    /// False: nothing need be done, or it passes by itself.
    pub problem: bool,
    /// What is the matter, in a sentence without its end.
    pub what: String,
    /// The file, folder, feed or source; None: the part as a whole.
    pub place: Option<String>,
    /// What to do.
    pub advice: String,
    /// `doctor --repair` mends it.
    pub mends: bool,
}

impl Finding {
    /// Something that is wrong.
    pub fn problem(part: Part, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { part, problem: true, what: what.into(), place: None, advice: advice.into(), mends: false }
    }

    /// Something that is good to know.
    pub fn note(part: Part, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { problem: false, ..Self::problem(part, what, advice) }
    }

    /// Something wrong that `doctor --repair` mends.
    pub fn mendable(part: Part, what: impl Into<String>) -> Self {
        Self { mends: true, ..Self::problem(part, what, "run `newsroomd doctor --repair`") }
    }

    /// Where it is.
    pub fn at(self, place: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..self }
    }

    /// In which file or folder it is.
    pub fn in_file(self, path: &Path) -> Self {
        self.at(path.display().to_string())
    }
}
