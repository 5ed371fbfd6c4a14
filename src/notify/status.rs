//! Delivery receipts of notifications: the same reports as for messages, for rows of ours that are not messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::store::{self, Delivery};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::PlatformTx;
use crate::notify::id::NotificationDeliveryId;
use crate::sending::MessageStatus;
use crate::sending::status::StatusUpdate;

/// Applies a report; `false` when no notification is meant. The message hint carries our id whatever it names.
pub fn apply(tx: &mut PlatformTx<'_>, update: &StatusUpdate) -> Result<bool> {
    Ok(apply_all(tx, std::slice::from_ref(update))?[0])
}

/// Applies reports in their order; answers for each whether a notification is meant.
pub fn apply_all(tx: &mut PlatformTx<'_>, updates: &[StatusUpdate]) -> Result<Vec<bool>> {
    let mut found = Found::default();
    let mut by_provider: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for update in updates {
        by_provider.entry(update.provider).or_default().push(&update.external_id);
    }
    for (provider, external_ids) in by_provider {
        found.take(store::hold_external(tx, provider, &external_ids)?);
    }
    let strange = updates.iter().filter(|update| found.of(update).is_none());
    let (tenants, ids): (Vec<_>, Vec<_>) = strange.filter_map(hint).unzip();
    if !ids.is_empty() {
        found.take(store::hold_deliveries(tx, &tenants, &ids)?);
    }
    let mut is_meant = Vec::with_capacity(updates.len());
    for update in updates {
        let at = found.of(update);
        is_meant.push(at.is_some());
        let Some(at) = at else { continue };
        let delivery = &mut found.list[at];
        let before = delivery.clone();
        change(delivery, update);
        if *delivery != before {
            found.changed.insert(at);
            found.by_external.insert((update.provider.into(), update.external_id.clone()), at);
        }
    }
    for at in &found.changed {
        let delivery = &found.list[*at];
        store::save_delivery(&mut tx.for_tenant(delivery.tenant_id), delivery)?;
    }
    Ok(is_meant)
}

/// Deliveries that are held, and how a report finds its own.
#[derive(Default)]
struct Found {
    list: Vec<Delivery>,
    by_external: HashMap<(String, String), usize>,
    by_hint: HashMap<(TenantId, NotificationDeliveryId), usize>,
    changed: BTreeSet<usize>,
}

impl Found {
    fn take(&mut self, held: Vec<Delivery>) {
        for delivery in held {
            let at = self.list.len();
            match (&delivery.provider, &delivery.external_id) {
                (Some(provider), Some(id)) => _ = self.by_external.insert((provider.clone(), id.clone()), at),
                // Only one without an id of its own adopts a report's.
                _ => _ = self.by_hint.insert((delivery.tenant_id, delivery.id), at),
            }
            self.list.push(delivery);
        }
    }
    fn of(&self, update: &StatusUpdate) -> Option<usize> {
        let external = (update.provider.to_string(), update.external_id.clone());
        let known = self.by_external.get(&external).copied();
        known.or_else(|| self.by_hint.get(&hint(update)?).copied().filter(|at| self.list[*at].external_id.is_none()))
    }
}

/// Only both together count.
fn hint(update: &StatusUpdate) -> Option<(TenantId, NotificationDeliveryId)> {
    Some((update.tenant_hint?, NotificationDeliveryId::from_uuid(update.message_hint?.uuid())))
}

fn change(delivery: &mut Delivery, update: &StatusUpdate) {
    if delivery.external_id.is_none() {
        delivery.provider = Some(update.provider.into());
        delivery.external_id = Some(update.external_id.clone());
    }
    let report = if update.status == MessageStatus::Queued { MessageStatus::Sent } else { update.status };
    if let Some(status) = delivery.status.after(report) {
        delivery.status = status;
        if let Some(code) = &update.error_code {
            let class = update.error_class.map_or("permanent", |class| class.as_str());
            delivery.error = Some(format!("{class} {code}: {}", update.error_message.as_deref().unwrap_or_default()));
        }
    }
    if delivery.status.has_left() {
        delivery.sent_at.get_or_insert(update.at);
    }
}
