//! A folder of its own for each test, with a config, and the real binary run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A round of all sources, whatever they wait for.
pub const NOW: &[&str] = &["once", "--all", "--now"];

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Fails the test unless the run ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A folder with `newsroomd.toml`, the database `state/newsroomd.db` and the tree `feeds/`.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// `config` is the text after [store] and [publish] directory, which are set here; `publish` are more keys of [publish].
    pub fn new(publish: &str, config: &str) -> Self {
        let place = Self { dir: tempfile::tempdir().expect("a folder") };
        place.configure(publish, config);
        place
    }

    /// Rewrites the config.
    pub fn configure(&self, publish: &str, config: &str) {
        let text = format!(
            "base-url = \"https://feeds.example.org/\"\n[store]\nurl = \"sqlite:{}\"\n[publish]\ndirectory = \"{}\"\n{publish}\n[fetch]\ncontact = \"https://example.org/bot\"\nmin-gap = \"0s\"\nallow-networks = [\"127.0.0.0/8\"]\n{config}\n",
            self.database().display(),
            self.feeds().display(),
        );
        std::fs::write(self.config(), text).expect("a config");
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn config(&self) -> PathBuf {
        self.path().join("newsroomd.toml")
    }

    pub fn database(&self) -> PathBuf {
        self.path().join("state/newsroomd.db")
    }

    pub fn feeds(&self) -> PathBuf {
        self.path().join("feeds")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        // Figures are those of an optimised build, which the tests need not be.
        let binary = std::env::var_os("NEWSROOMD_TEST_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_newsroomd").into());
        let mut command = Command::new(binary);
        command.arg("--config").arg(self.config()).args(args).current_dir(self.path()).stdin(Stdio::null());
        command.env_remove("NEWSROOMD_CONFIG").env_remove("NEWSROOMD_LOG").env("STATE_DIRECTORY", self.path().join("state"));
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.command(args).output().expect("the binary runs").into()
    }

    /// One round of all sources, those that wait because polls failed among them, which must go well.
    #[track_caller]
    pub fn once(&self) -> Run {
        self.run(&["once", "--all", "--now"]).ok()
    }

    /// Removes the database with its log.
    pub fn forget_everything(&self) {
        std::fs::remove_dir_all(self.path().join("state")).expect("a database to lose");
    }
}
