//! Tells the webhook of incidents, beside everything else: nothing waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::error_chain;
use crate::pipeline::{Pipeline, now};

/// How often to look without being woken: `once` beside the daemon may have left something.
const LOOK: Duration = Duration::from_secs(60);

/// No two tries come closer than this.
const LEAST: Duration = Duration::from_secs(1);

/// Tells what there is to tell until `stop`, by the pipeline as it is at the time. What is cut off then is told by the next start, once it is no
/// longer taken (a minute at most).
pub(super) async fn run(mut pipeline: watch::Receiver<Pipeline>, incident: Arc<Notify>, stop: CancellationToken) {
    loop {
        let now_used = pipeline.borrow_and_update().clone();
        let delivered = tokio::select! {
            delivered = now_used.deliver() => delivered,
            () = stop.cancelled() => return,
        };
        let wait = match delivered {
            Ok(Some(next)) if now_used.has_webhook() => (next - now()).to_std().unwrap_or_default().clamp(LEAST, LOOK),
            Ok(_) => LOOK,
            Err(error) => {
                tracing::debug!(error = error_chain(&error), "what the webhook is to be told cannot be read");
                LOOK
            }
        };
        tokio::select! {
            () = incident.notified() => {}
            _ = pipeline.changed() => {}
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
    }
}
