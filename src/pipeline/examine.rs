//! The tree compared with the store: every document that should be there, with the bytes that it should have, and nothing of ours besides. Works
//! beside a process that publishes: what changes under our eyes is not told.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::ErrorKind;

use super::channel::known;
use super::lists::OPML;
use super::page::Pages;
use super::publish::{BATCH, Documents, Ready, changed};
use super::{Pipeline, PipelineError, now};
use crate::domain::finding::{Finding, Part};
use crate::feed::pages::INDEX;
use crate::feed::status::ADDRESS;
use crate::feed::{Format, pages};
use crate::publish::{Disk, Lying, survey};
use crate::store::{ChannelRow, Selection};

/// Of several alike so many are named.
const NAMED: usize = 5;

/// What an examination of the tree gave.
#[derive(Debug, Default)]
pub struct Examined {
    /// What it found.
    pub findings: Vec<Finding>,
    /// Documents and unfinished files of ours that should not be there.
    pub leftovers: Vec<String>,
    /// Documents whose modification time is another than this (unix seconds).
    pub times: Vec<(String, u64)>,
    /// All that lies in the tree; none: there is no tree.
    pub lying: Vec<Lying>,
}

/// Documents that are not as they should be, by what is wrong with them.
#[derive(Default)]
struct Wrong {
    documents: BTreeMap<&'static str, BTreeSet<String>>,
    times: Vec<(String, u64)>,
}

impl Wrong {
    fn note(&mut self, what: &'static str, document: String) {
        self.documents.entry(what).or_default().insert(document);
    }
}

const MISSING: &str = "not there";
const OTHER: &str = "not what the database says";
const OTHER_TIME: &str = "of another time than the database says";
const STAMP: &str = "not what was last published of them, though nothing is marked as new";

impl Pipeline {
    /// Compares the tree with the store.
    ///
    /// # Errors
    /// When store or tree cannot be read.
    pub async fn examine_tree(&self) -> Result<Examined, PipelineError> {
        let Some(disk) = self.disk.clone() else { return Ok(Examined::default()) };
        let rows = self.store.channels().await?;
        if !disk.root().is_dir() {
            let findings = if rows.is_empty() {
                Vec::new()
            } else {
                vec![Finding::mendable(Part::Tree, "the folder of the feeds is not there").in_file(disk.root())]
            };
            return Ok(Examined { findings, ..Examined::default() });
        }
        let wrong = self.compare(&rows).await?;
        let after = self.store.channels().await?;
        let (of_tree, root) = (disk.clone(), disk.root().to_owned());
        let lying = tokio::task::spawn_blocking(move || survey(&root)).await?.map_err(of_tree.error("read", of_tree.root()))?;
        // What was published meanwhile was compared with what it was before.
        let moving: HashSet<&str> = {
            let before: HashMap<&str, &ChannelRow> = rows.iter().map(|r| (r.address.as_str(), r)).collect();
            let same = |row: &&ChannelRow| before.get(row.address.as_str()) == Some(row);
            after.iter().filter(|row| !same(row)).map(|r| r.address.as_str()).collect()
        };
        let quiet = moving.is_empty();
        let settled = |document: &String| {
            let address = document.rsplit_once('.').map_or(document.as_str(), |(address, _)| address);
            !moving.contains(address) && (quiet || ![OPML, INDEX].contains(&document.as_str()))
        };
        let times = wrong.times.into_iter().filter(|(document, _)| settled(document)).collect();
        let mut findings: Vec<Finding> = Vec::new();
        for (what, documents) in wrong.documents {
            let documents: Vec<String> = documents.into_iter().filter(settled).collect();
            findings.extend(of_several(&documents, |count| Finding::mendable(Part::Tree, format!("{count} {what}"))));
        }
        let waiting = after.iter().filter(|r| r.stale.is_some() && known(&self.config, r).is_some()).count();
        if waiting > 0 {
            let advice = "the daemon does so within seconds, else `newsroomd once` does";
            findings.push(Finding::note(Part::Tree, format!("{waiting} feeds wait to be published"), advice));
        }
        let is_other = |row: &ChannelRow| known(&self.config, row).is_some_and(|known| row.config != Some(self.stamp_of(&known)));
        let other = after.iter().filter(|r| r.stale.is_none() && is_other(r)).count();
        if other > 0 {
            let what = format!("{other} feeds were published by other settings, and not compared");
            let advice = "a daemon renders them anew when it is started or reloaded, else `newsroomd once` does";
            findings.push(Finding::note(Part::Tree, what, advice));
        }
        let (mut leftovers, strangers) = self.strangers(&disk, &lying, &after);
        leftovers.retain(|name| quiet && disk.path(name).symlink_metadata().is_ok());
        findings.extend(of_several(&leftovers, |count| {
            Finding::mendable(Part::Tree, format!("{count} left over, of no feed that is stored"))
        }));
        findings.extend(of_several(&strangers, |count| {
            let advice = "if no other newsroomd publishes to this folder (two must not), remove them by hand";
            Finding::note(Part::Tree, format!("{count} of sources that this database does not know"), advice)
        }));
        let closed: Vec<String> = lying
            .iter()
            .filter(|one| !one.is_open() && !one.is_unfinished())
            .map(|one| if one.name.is_empty() { disk.root().display().to_string() } else { one.name.clone() })
            .collect();
        findings.extend(of_several(&closed, |count| {
            Finding::mendable(Part::Rights, format!("{count} not readable by a web server"))
        }));
        Ok(Examined { findings, leftovers, times, lying })
    }

    /// Renders every channel at the instant of its last change and compares that with the documents.
    async fn compare(&self, rows: &[ChannelRow]) -> Result<Wrong, PipelineError> {
        let mut wrong = Wrong::default();
        let Some(disk) = &self.disk else { return Ok(wrong) };
        let jobs: Vec<_> = self.all_jobs(rows);
        // What waits, or was rendered by other settings, is rendered anew by the next publishing: it is only to be there.
        let (settled, waiting): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| {
            let stamp = Some(self.stamp_of(&job.known));
            std::iter::once(&job.row).chain(&job.moved).all(|r| r.stale.is_none() && r.config == stamp)
        });
        let waiting = waiting.iter().filter(|job| job.row.stale.is_none());
        for document in waiting.flat_map(|job| self.documents(&job.row.address)).filter(|d| !disk.holds(d)) {
            wrong.note(MISSING, document);
        }
        let categories = self.store.categories().await?;
        let mut pages = Pages::new(&self.config, rows);
        for batch in settled.chunks(BATCH) {
            let asked: Vec<_> = batch.iter().map(|job| (job.members(), job.since())).collect();
            let selections = self.store.select(&asked, self.config.publish.items).await?;
            let ids: HashSet<i64> = selections.iter().flat_map(Selection::items).collect();
            let items = self.store.items(ids.into_iter(), &categories).await?;
            batch.iter().zip(&selections).for_each(|(job, selection)| pages.count(&job.row.address, selection.total));
            let prepared = batch.iter().zip(&selections).map(|(job, selection)| {
                let prepared = self.prepare(job, selection, &items, &pages);
                let as_stamped = job.row.content == Some(prepared.ready.state.content);
                (prepared, as_stamped)
            });
            let prepared: Vec<_> = prepared.collect();
            let (disk, max_size) = (disk.clone(), self.config.publish.max_size);
            let compared = tokio::task::spawn_blocking(move || {
                let mut wrong = Wrong::default();
                for (prepared, as_stamped) in prepared {
                    let (ready, documents) = prepared.render(max_size);
                    compare_documents(&disk, &ready, &documents, as_stamped, &mut wrong);
                }
                wrong
            });
            let compared = compared.await?;
            wrong.times.extend(compared.times);
            compared.documents.into_iter().for_each(|(what, of)| wrong.documents.entry(what).or_default().extend(of));
        }
        if !rows.is_empty() {
            for (name, bytes) in self.lists_of(rows) {
                compare_bytes(disk, name, &bytes, &mut wrong);
            }
        }
        Ok(wrong)
    }

    /// What lies in the tree and should not: what is surely left over by us, and feeds of ours of sources that are not known here.
    fn strangers(&self, disk: &Disk, lying: &[Lying], rows: &[ChannelRow]) -> (Vec<String>, Vec<String>) {
        let (mut leftovers, mut strangers) = (Vec::new(), Vec::new());
        let stored: HashSet<&str> = rows.iter().map(|r| r.address.as_str()).collect();
        for one in lying {
            if one.is_unfinished() {
                leftovers.push(one.name.clone());
                continue;
            }
            let Some((address, ending)) = one.name.rsplit_once('.') else { continue };
            let is_format = ending == pages::ENDING || Format::ALL.into_iter().any(|f| f.extension() == ending);
            // Of a format that is no longer made, too: readers may ask for it, and it says nothing wrong.
            if !is_format || one.name == INDEX || stored.contains(address) || !one.is_feed_of_ours(disk.root()) {
                continue;
            }
            let source = address.split('/').next().unwrap_or_default();
            let is_status = address == ADDRESS && !self.config.status.public;
            // A database that was lost and made anew knows few feeds before its first poll.
            if is_status || (address.contains('/') && stored.contains(format!("{source}/all").as_str())) {
                leftovers.push(one.name.clone());
            } else if address != ADDRESS {
                strangers.push(one.name.clone());
            }
        }
        (leftovers, strangers)
    }

    /// Has everything rendered and published anew, and these documents removed, by whoever publishes next.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn publish_anew(&self, leftovers: &[String]) -> Result<(), PipelineError> {
        let rows = self.store.channels().await?;
        let addresses: Vec<&str> = rows.iter().filter(|r| known(&self.config, r).is_some()).map(|r| r.address.as_str()).collect();
        Ok(self.store.publish_anew(&addresses, leftovers, now()).await?)
    }
    /// Whether something that the config knows waits to be published or removed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_anything_to_publish(&self) -> Result<bool, PipelineError> {
        let gone = !self.store.pending().await?.gone.is_empty();
        let rows = self.store.channels().await?;
        Ok(gone || rows.iter().any(|r| r.stale.is_some() && known(&self.config, r).is_some()))
    }
}

fn compare_documents(disk: &Disk, ready: &Ready, documents: &Documents, as_stamped: bool, wrong: &mut Wrong) {
    for (address, (ending, bytes)) in ready.addresses.iter().flat_map(|a| documents.iter().map(move |d| (a, d))) {
        let document = format!("{address}.{ending}");
        if !as_stamped {
            wrong.note(STAMP, document);
        } else if compare_bytes(disk, &document, bytes, wrong)
            && let Some(changed) = changed(&ready.state, ending).filter(|changed| disk.changed(&document) != Some(*changed))
        {
            wrong.times.push((document.clone(), changed));
            wrong.note(OTHER_TIME, document);
        }
    }
}

/// Whether the document holds these bytes; if not, that is noted.
fn compare_bytes(disk: &Disk, document: &str, bytes: &[u8], wrong: &mut Wrong) -> bool {
    let path = disk.path(document);
    let what = match std::fs::read(&path) {
        Ok(there) if there == bytes || disk.is_foreign(&path) => return true,
        Err(error) if error.kind() == ErrorKind::NotFound => MISSING,
        _ => OTHER,
    };
    wrong.note(what, document.to_owned());
    false
}

/// One finding for several files, the first of which it names.
fn of_several(documents: &[String], make: impl Fn(String) -> Finding) -> Option<Finding> {
    let count = match documents.len() {
        0 => return None,
        1 => "1 document is".to_owned(),
        more => format!("{more} documents are"),
    };
    let more = documents.len().saturating_sub(NAMED);
    let named = documents.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    Some(make(count).at(if more > 0 { format!("{named} and {more} more") } else { named }))
}
