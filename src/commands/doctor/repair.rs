//! `doctor --repair`: the database mended, or saved from what can be read of it; then everything published anew. What is not ours is not touched, and
//! nothing that is damaged is deleted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::Utc;

use super::around::user;
use super::{Report, holder};
use crate::config::Config;
use crate::pipeline::{Outlets, Pipeline};
use crate::publish::{Holder, Lock, LockError, Purpose, mend_modes, mend_times};
use crate::store::{Store, salvage, sweep_salvage};

/// How long a daemon may take to publish what it was asked to.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often to look whether it has.
const LOOK: Duration = Duration::from_millis(200);

/// Does what can be done; says what was.
pub(super) async fn repair(config: &Arc<Config>, report: &Report) -> anyhow::Result<Vec<String>> {
    let mut done = Vec::new();
    if !report.damaged && !report.usable {
        return Ok(done);
    }
    let owner = std::fs::metadata(&config.database).map(|m| std::os::unix::fs::MetadataExt::uid(&m));
    if let (0, Ok(owner @ 1..)) = (user(), owner) {
        bail!(
            "what root writes, the daemon could not: run it as user {owner}, to whom the database belongs (runuser -u NAME -- newsroomd doctor --repair)"
        );
    }
    let lock = match Lock::take(&config.database, Purpose::Once, Duration::ZERO) {
        Ok(lock) => Some(lock),
        Err(LockError::Daemon { .. } | LockError::Held { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    if lock.is_none() && report.findings.iter().any(|f| f.mends && f.part == crate::domain::finding::Part::Database) {
        let who = holder(Holder::now(&config.database)?);
        bail!(
            "the database cannot be mended while it is in use: {who}; stop it, run `newsroomd doctor --repair` again, and start it"
        );
    }
    if lock.is_some() {
        sweep_salvage(&config.database).context("cannot remove what an earlier repair left")?;
    }
    if report.damaged {
        let saved = salvage(&config.database, Utc::now()).await.context(
            "the damaged database stays as it is: restore a backup, or move it away and run `newsroomd once --all`, which gives what is \
             still listed the same guids again",
        )?;
        let lost = match saved.damaged.as_slice() {
            [] => String::new(),
            lost => format!(
                ", rows were lost of: {} (run `newsroomd once --all`, and `newsroomd backfill SOURCE --restart` for what is older)",
                lost.join(", ")
            ),
        };
        done.push(format!(
            "{} items were saved into a new database{lost}; the damaged one is kept as {}",
            saved.items,
            saved.kept.display()
        ));
    }
    let root = config.publish.directory.clone();
    if let Some(root) = root.as_deref().filter(|_| !report.tree.lying.is_empty()) {
        mend_modes(root, &report.tree.lying).with_context(|| format!("cannot open {} to readers", root.display()))?;
        mend_times(root, &report.tree.times).with_context(|| format!("cannot set the times of files in {}", root.display()))?;
    }
    let store = Store::open(&config.database).await?;
    if lock.is_some() {
        done.extend(store.mend().await?);
    }
    let published = publish(config, &store, report, lock.is_some()).await;
    store.close().await;
    drop(lock);
    done.extend(published?);
    Ok(done)
}

/// Everything is rendered anew, and what is left over is removed, by us or by the daemon.
async fn publish(config: &Arc<Config>, store: &Store, report: &Report, ours: bool) -> anyhow::Result<Vec<String>> {
    let mut done = Vec::new();
    let pipeline = if ours {
        Pipeline::new(config.clone(), store.clone(), Outlets { disk: true, shelf: None }).await?
    } else {
        Pipeline::looking(config.clone(), store.clone())?
    };
    pipeline.publish_anew(&report.tree.leftovers).await?;
    if !report.tree.leftovers.is_empty() {
        done.push(format!("{} files that were left over are removed", report.tree.leftovers.len()));
    }
    if ours {
        let published = pipeline.publish().await.context("the feeds could not be published")?.unwrap_or_default();
        done.push(format!("{} feeds were rendered anew, {} documents written", published.channels, published.written));
        return Ok(done);
    }
    let began = Instant::now();
    while pipeline.is_anything_to_publish().await? {
        if began.elapsed() > PATIENCE {
            let who = holder(Holder::now(&config.database)?);
            done.push(format!("{who} and was told to publish everything anew: it has not done so yet; see its log"));
            return Ok(done);
        }
        tokio::time::sleep(LOOK).await;
    }
    done.push("the daemon that runs has published everything anew".into());
    Ok(done)
}
