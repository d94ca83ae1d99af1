//! What makes the daemon look: a heartbeat, and once a day the hour for tidying up.
//!
//! tokio-cron-scheduler runs these two jobs and no others. A source's own schedule is wall-clock time of its zone, which that crate freezes when
//! a job is made; the sources' due times are computed by `schedule` and stand in the store, where other processes see them too.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// Every second: what is due is asked of the store, which costs some 50 us.
const BEAT: &str = "* * * * * *";

/// Daily, when few newsrooms publish.
const TIDY: &str = "0 17 3 * * *";

/// The jobs' signals. A beat that comes while the last one is still being answered is not counted twice.
pub(super) struct Heartbeat {
    scheduler: JobScheduler,
    pub beat: Arc<Notify>,
    pub tidy: Arc<Notify>,
}

impl Heartbeat {
    pub async fn start() -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let (beat, tidy) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        // Not to wait for the first full second.
        beat.notify_one();
        for (when, signal) in [(BEAT, &beat), (TIDY, &tidy)] {
            let signal = signal.clone();
            scheduler.add(Job::new(when, move |_, _| signal.notify_one())?).await?;
        }
        scheduler.start().await?;
        Ok(Self { scheduler, beat, tidy })
    }

    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::debug!(%error, "the scheduler did not stop in order");
        }
    }
}
