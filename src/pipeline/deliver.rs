//! Telling the webhook of incidents: what is to be told stands in the store until it was taken, over restarts.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Pipeline, PipelineError, now};
use crate::domain::health::Event;
use crate::store::Delivery;

/// Another process leaves alone what is being delivered, for this long.
const LEASE: Duration = Duration::from_secs(60);

/// Pauses between tries double from this one to that one.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// What nobody took for so long is not told any more: the status feed holds it.
const GIVE_UP: Duration = Duration::from_secs(24 * 3_600);

impl Pipeline {
    /// Whether there is a webhook to tell.
    pub fn has_webhook(&self) -> bool {
        self.webhook.is_some()
    }

    /// Tells the webhook what is due, in the order in which it happened; says when to look again, if something is left.
    ///
    /// # Errors
    /// When the store fails. A webhook that does not take it is told again later.
    pub async fn deliver(&self) -> Result<Option<DateTime<Utc>>, PipelineError> {
        let Some(webhook) = &self.webhook else { return Ok(None) };
        let at = now();
        let deliveries = self.store.take_deliveries(at, at + LEASE).await?;
        for (number, delivery) in deliveries.iter().enumerate() {
            let (source, event) = (delivery.incident.source.as_str(), delivery.event.name());
            if (at - delivery.at).to_std().is_ok_and(|age| age > GIVE_UP) {
                tracing::warn!(source.id = source, event, "the webhook did not take it for a day: it is not told any more");
                self.store.delivered(delivery.id).await?;
                continue;
            }
            match webhook.post(message(delivery)).await {
                Ok(()) => {
                    tracing::debug!(source.id = source, event, "the webhook was told");
                    self.store.delivered(delivery.id).await?;
                }
                Err(error) => {
                    // Those behind it wait, so that nothing is told before what happened before it.
                    let behind: Vec<i64> = deliveries[number + 1..].iter().map(|d| d.id).collect();
                    self.store.deliver_again(delivery.id, &behind, now() + pause(delivery.tries)).await?;
                    let (error, webhook) = (crate::error_chain(&error), webhook.place());
                    if delivery.tries == 1 {
                        tracing::warn!(
                            source.id = source,
                            event,
                            webhook,
                            error,
                            "the webhook did not take it; it is told again"
                        );
                    } else {
                        tracing::debug!(source.id = source, event, webhook, error, "the webhook did not take it again");
                    }
                    break;
                }
            }
        }
        Ok(self.store.next_delivery().await?)
    }
}

/// How long to wait after so many tries.
fn pause(tries: i64) -> Duration {
    let doublings = u32::try_from(tries - 1).unwrap_or(0).min(20);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

fn message(delivery: &Delivery) -> String {
    let incident = &delivery.incident;
    // As it was when it opened: an incident that is closed by now was not then.
    let lasted = incident.lasted().filter(|_| delivery.event == Event::Closed).map(|l| l.as_secs());
    json!({
        "id": incident.guid(delivery.event).urn().to_string(), "event": delivery.event.name(), "source": Some(&incident.source).filter(|s| !s.is_empty()),
        "kind": incident.kind.name(), "reasons": incident.reasons, "since": incident.since.to_rfc3339(),
        "at": delivery.at.to_rfc3339(), "lasted-seconds": lasted,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        let seconds: Vec<u64> = [1, 2, 3, 11, 12, 1_000].map(|tries| pause(tries).as_secs()).to_vec();
        assert_eq!(seconds, [2, 4, 8, 2_048, 3_600, 3_600]);
    }
}
