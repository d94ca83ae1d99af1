//! `import`: the feeds of an OPML file as sources of a configuration, behind what stands there.

mod opml;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;
use url::Url;

use self::opml::Outline;
use super::Exit;
use crate::cli::ImportArgs;
use crate::commands::out::say;
use crate::config::{Config, ConfigError, FeedSource, Together, id_of, state_directory};
use crate::extract::charset::{Evidence, decode};
use crate::extract::months::Language;

/// A list of feeds that people keep is smaller.
const MAX_SIZE: u64 = 20_000_000;

/// A source for a configuration that has none.
const FIRST: &str = "[[source]]\nid = \"first\"\ntitle = \"First\"\npage = \"https://first.invalid/\"\n";

/// What a file begins with that is made here.
const BEGINNING: &str = "# newsroomd.toml(5) explains every key.\n\n[http]\nlisten = \"127.0.0.1:8080\"\n";

pub(super) fn run(config: &Path, args: &ImportArgs) -> anyhow::Result<Exit> {
    let list = listed(&args.file)?;
    let path = args.to.as_deref().unwrap_or(config);
    let before = Before::read(path)?;
    let config = before.config(path)?;
    let additions = Additions::of(&list, &config, args.folders);
    let appended = before.appended(&additions.to_string());
    if !additions.sources.is_empty() {
        let whole = format!("{}{appended}", before.text);
        Config::parse(path, &whole, &state_directory())
            .context("what would be written is no good configuration; nothing was written")?;
        if !args.dry_run {
            before.replace(path, &whole)?;
        }
    }
    report(path, args, &additions, &appended);
    Ok(Exit::Done)
}

fn listed(file: &Path) -> anyhow::Result<Vec<Outline>> {
    let shown = file.display();
    let size = fs::metadata(file).with_context(|| format!("cannot read {shown}"))?.len();
    if size > MAX_SIZE {
        bail!("{shown} is larger than {MAX_SIZE} bytes: that is no list of feeds");
    }
    let bytes = fs::read(file).with_context(|| format!("cannot read {shown}"))?;
    let text = decode(&bytes, &Evidence::default()).text;
    let list = opml::feeds(&text).with_context(|| format!("cannot read {shown} as OPML"))?;
    if list.is_empty() {
        bail!("{shown} lists no feed: none of its outlines has an xmlUrl");
    }
    Ok(list)
}

/// The configuration as it is.
struct Before {
    text: String,
    /// Where it is, links followed; None: it is not there yet.
    file: Option<PathBuf>,
}

impl Before {
    fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |reason| ConfigError::Unreadable { path: path.to_owned(), reason };
        match fs::read(path) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes).map_err(|e| unreadable(io::Error::new(io::ErrorKind::InvalidData, e)))?;
                Ok(Self { text, file: Some(fs::canonicalize(path).map_err(unreadable)?) })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self { text: BEGINNING.to_owned(), file: None }),
            Err(error) => Err(unreadable(error)),
        }
    }

    /// What it means. One that is right but for having no source yet is right for this.
    fn config(&self, path: &Path) -> Result<Config, ConfigError> {
        let parse = |text: &str| Config::parse(path, text, &state_directory()).map(|(config, _)| config);
        parse(&self.text)
            .or_else(|error| parse(&format!("{}\n{FIRST}", self.text)).map(Config::without_sources).map_err(|_| error))
    }

    /// What is to stand behind it, in lines that end as its last one does.
    fn appended(&self, tables: &str) -> String {
        let gap = if self.text.is_empty() || self.text.ends_with('\n') { "\n" } else { "\n\n" };
        let appended = format!("{gap}{tables}");
        if self.text.ends_with("\r\n") { appended.replace('\n', "\r\n") } else { appended }
    }

    /// Puts the whole text into the file's place: whoever reads it sees the old one or the new one.
    fn replace(&self, path: &Path, whole: &str) -> anyhow::Result<()> {
        let target = self.file.as_deref().unwrap_or(path);
        let name = target.file_name().with_context(|| format!("{} is no file", path.display()))?;
        let unfinished = target.with_file_name(format!(".{}.import-{}", name.to_string_lossy(), std::process::id()));
        let written = self.write(target, &unfinished, whole);
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written.with_context(|| format!("cannot write {}; it is as it was", path.display()))
    }

    fn write(&self, target: &Path, unfinished: &Path, whole: &str) -> anyhow::Result<()> {
        let mut file = File::options().write(true).create_new(true).open(unfinished)?;
        file.write_all(whole.as_bytes())?;
        if let Some(before) = &self.file {
            let state = fs::metadata(before)?;
            // Only root gives files away; whoever else may write here owns it, or shares it by its group.
            let _ = chown(unfinished, Some(state.uid()), Some(state.gid()));
            file.set_permissions(fs::Permissions::from_mode(state.permissions().mode()))?;
            if fs::read(before)? != self.text.as_bytes() {
                bail!("somebody else changed it meanwhile");
            }
        } else if target.exists() {
            bail!("somebody else made it meanwhile");
        }
        file.sync_all()?;
        fs::rename(unfinished, target)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(File::open(folder)?.sync_all()?)
    }
}

/// What is added, and what is not.
#[derive(Default)]
struct Additions {
    sources: Vec<FeedSource>,
    together: Vec<Together>,
    /// Address, and why it is left out.
    skipped: Vec<(String, String)>,
}

impl Additions {
    fn of(list: &[Outline], config: &Config, folders: bool) -> Self {
        let mut out = Self::default();
        let taken: Vec<String> = config
            .sources
            .iter()
            .map(|s| s.newsroom.id.to_string())
            .chain(config.feeds.iter().map(|f| f.id.to_string()))
            .collect();
        let mut known: BTreeMap<String, String> =
            config.sources.iter().map(|s| (same(&s.page), format!("source \"{}\" reads it already", s.newsroom.id))).collect();
        let mut by_folder: Vec<(String, Vec<String>)> = Vec::new();
        for outline in list {
            let page = match page(&outline.feed) {
                Ok(page) => page,
                Err(reason) => {
                    out.skipped.push((outline.feed.clone(), reason));
                    continue;
                }
            };
            if let Some(reason) = known.get(&same(&page)) {
                out.skipped.push((outline.feed.clone(), reason.clone()));
                continue;
            }
            let id = id_of(&outline.title, &page, |id| taken.iter().any(|t| t == id) || out.sources.iter().any(|s| s.id == id));
            let source = source(outline, &page, id);
            // What the configuration would refuse in one is no reason to refuse the others.
            if let Err(reason) = alone(&source) {
                out.skipped.push((outline.feed.clone(), reason));
                continue;
            }
            known.insert(same(&page), format!("it is listed twice: source \"{}\"", source.id));
            if let Some(folder) = outline.folders.first() {
                match by_folder.iter_mut().find(|(name, _)| name == folder) {
                    Some((_, sources)) => sources.push(source.id.clone()),
                    None => by_folder.push((folder.clone(), vec![source.id.clone()])),
                }
            }
            out.sources.push(source);
        }
        for (title, sources) in by_folder.into_iter().filter(|_| folders) {
            let is_taken = |id: &str| {
                let own = out.sources.iter().map(|s| &s.id).chain(out.together.iter().map(|t| &t.id));
                taken.iter().chain(own).any(|t| t == id)
            };
            let nowhere = Url::parse("https://folder/").expect("a constant URL");
            let id = id_of(&title, &nowhere, is_taken);
            out.together.push(Together { id, title, sources });
        }
        out
    }
}

impl std::fmt::Display for Additions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sources = self.sources.iter().map(ToString::to_string);
        let tables: Vec<String> = sources.chain(self.together.iter().map(ToString::to_string)).collect();
        f.write_str(&tables.join("\n"))
    }
}

/// An address of the web; `feed:` is how some programs write it.
fn page(text: &str) -> Result<Url, String> {
    let bare = text.strip_prefix("feed:").unwrap_or(text);
    let text = if bare.len() < text.len() && bare.starts_with("//") { format!("http:{bare}") } else { bare.to_owned() };
    let url = Url::parse(&text).map_err(|e| format!("it is no address: {e}"))?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err("it is neither http nor https".to_owned()) }
}

/// What addresses of one feed have in common.
fn same(page: &Url) -> String {
    let host = page.host_str().unwrap_or_default();
    let port = page.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = page.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{port}{}{query}", host.trim_start_matches("www."), page.path().trim_end_matches('/'))
}

fn source(outline: &Outline, page: &Url, id: String) -> FeedSource {
    let home =
        outline.home.as_deref().and_then(|home| Url::parse(home).ok()).filter(|url| matches!(url.scheme(), "http" | "https"));
    let title = if outline.title.is_empty() { page.host_str().unwrap_or_default().to_owned() } else { outline.title.clone() };
    let place = (!outline.folders.is_empty()).then(|| outline.folders.join(" / "));
    let comment = [place, outline.category.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ");
    FeedSource {
        id,
        title,
        page: page.to_string(),
        home: home.map(String::from),
        language: outline.language.clone().filter(|tag| Language::of(tag).is_some()),
        comment: Some(comment).filter(|text| !text.is_empty()),
    }
}

/// Whether a configuration may hold such a source at all.
fn alone(source: &FeedSource) -> Result<(), String> {
    let source = FeedSource { comment: None, ..source.clone() };
    match Config::parse(Path::new("import"), &format!("[http]\n{source}"), &state_directory()) {
        Ok(_) => Ok(()),
        Err(ConfigError::Invalid { problems, .. }) => Err(problems.into_iter().next().map(|p| p.message).unwrap_or_default()),
        Err(error) => Err(error.to_string()),
    }
}

fn report(path: &Path, args: &ImportArgs, additions: &Additions, appended: &str) {
    let Additions { sources, together, skipped } = additions;
    if args.json {
        let sources = sources.iter().map(|s| json!({"id": s.id, "title": s.title, "page": s.page, "folder": s.comment}));
        let feeds = together.iter().map(|t| json!({"id": t.id, "title": t.title, "sources": t.sources}));
        let skipped = skipped.iter().map(|(page, reason)| json!({"page": page, "reason": reason}));
        say!(
            "{:#}",
            json!({
                "config": path, "dry-run": args.dry_run, "sources": sources.collect::<Vec<_>>(), "feeds": feeds.collect::<Vec<_>>(),
                "skipped": skipped.collect::<Vec<_>>(), "text": appended,
            })
        );
        return;
    }
    for (page, reason) in skipped {
        eprintln!("left out: {page}: {reason}");
    }
    if sources.is_empty() {
        say!("{}: nothing to add", path.display());
    } else if args.dry_run {
        say!("{}", appended.trim_end());
    } else {
        let feeds = if together.is_empty() { String::new() } else { format!(", {} feeds of folders", together.len()) };
        say!("{}: {} sources added{feeds}; see what they give with `newsroomd preview SOURCE`", path.display(), sources.len());
    }
}
