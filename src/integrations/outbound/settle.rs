//! What follows from an attempt: its entry in the log, the delivery's next step, and what it says about the endpoint.

use super::endpoint;
use super::model::{DisabledReason, PATIENCE, WebhookDeliveryState, WebhookEndpointStatus, retry_after, wait_after};
use super::store::deliveries::{self, Attempt, Delivery};
use super::store::endpoints::{self, Endpoint};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::providers::outside::Received;

/// Bytes of an answer that are kept.
const KEPT: usize = 1024;
/// "I am gone; do not come back."
const GONE: u16 = 410;

/// One attempt, before it is noted.
pub(super) struct Tried {
    pub delivery: Delivery,
    pub at: Timestamp,
    pub duration_ms: i32,
    pub answer: Result<Received, String>,
}

impl Tried {
    fn status(&self) -> Option<u16> {
        self.answer.as_ref().ok().map(|answer| answer.status)
    }
    fn is_success(&self) -> bool {
        self.status().is_some_and(|status| (200..300).contains(&status))
    }
    fn is_gone(&self) -> bool {
        self.status() == Some(GONE)
    }

    fn attempt(&self) -> Attempt {
        let response = self.answer.as_ref().ok().map(|answer| excerpt(&answer.excerpt));
        let error = match &self.answer {
            Err(why) => Some(excerpt(why)),
            Ok(answer) if (300..400).contains(&answer.status) => Some("redirect: redirects are not followed".into()),
            Ok(_) => None,
        };
        Attempt {
            tenant_id: self.delivery.tenant_id,
            delivery_id: self.delivery.id,
            number: self.delivery.attempts + 1,
            attempted_at: self.at,
            duration_ms: self.duration_ms,
            status: self.status().map(i32::from),
            response,
            error,
        }
    }

    /// The delivery after this attempt. `jitter` is in 0.0..1.0.
    fn after(&self, now: Timestamp, jitter: f64) -> Delivery {
        let mut delivery = self.delivery.clone();
        delivery.attempts += 1;
        delivery.last_status = self.status().map(i32::from);
        if self.is_success() {
            (delivery.state, delivery.next_attempt_at) = (WebhookDeliveryState::Delivered, None);
            return delivery;
        }
        let wish = self.answer.as_ref().ok().and_then(|answer| retry_after(answer.header("retry-after")?, now));
        let wait = wait_after(delivery.step, jitter, wish).filter(|_| !self.is_gone());
        delivery.step += 1;
        delivery.next_attempt_at = wait.map(|wait| now.plus(wait));
        if wait.is_none() {
            delivery.state = WebhookDeliveryState::Failed;
        }
        delivery
    }
}

fn excerpt(text: &str) -> String {
    let end = (0..=KEPT.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].to_string()
}

/// Notes a round of attempts at this endpoint, which went to `url`, and disables it when it is gone or has failed for too long.
pub(super) fn note(tx: &mut TenantTx<'_>, mut endpoint: Endpoint, url: &str, tried: Vec<Tried>) -> Result<()> {
    if tried.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let mut attempts = Vec::new();
    for one in &tried {
        // Nobody else delivers to this endpoint meanwhile; if somebody did after all, that entry stands.
        if deliveries::save(tx, &one.after(now, rand::random()), one.delivery.attempts)? {
            attempts.push(one.attempt());
        }
    }
    deliveries::insert_attempts(tx, &attempts)?;
    if endpoint.verified_at.is_none() && endpoint.url == url && tried.iter().any(Tried::is_success) {
        endpoints::mark_verified(tx, endpoint.id)?;
        endpoint.verified_at = Some(now);
    }
    let failing_since = match tried.iter().any(Tried::is_success) {
        true => None,
        false => endpoint.failing_since.or_else(|| tried.iter().map(|one| one.at).min()),
    };
    if failing_since != endpoint.failing_since {
        endpoints::note_health(tx, endpoint.id, failing_since)?;
        endpoint.failing_since = failing_since;
    }
    if endpoint.status != WebhookEndpointStatus::Enabled {
        return Ok(());
    }
    if tried.iter().any(Tried::is_gone) {
        return endpoint::give_up(tx, endpoint.id, DisabledReason::Gone);
    }
    match failing_since {
        Some(since) if now.since(since) >= PATIENCE => endpoint::give_up(tx, endpoint.id, DisabledReason::Failing),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_between_characters() {
        assert_eq!(excerpt("ok"), "ok");
        let long = format!("x{}", "₹".repeat(KEPT));
        let cut = excerpt(&long);
        assert!(cut.len() <= KEPT && cut.len() > KEPT - 3 && long.starts_with(&cut));
    }
}
