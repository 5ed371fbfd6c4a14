//! Delivery receipts of campaigns' messages: the same reports as for others, many in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::id::OutreachMessageId;
use super::store::campaigns;
use super::store::messages::{self, OutreachMessage};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::contacts::{Suppressed, SuppressionReason, consent};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::providers::ErrorClass;
use crate::sending::MessageStatus;
use crate::sending::status::StatusUpdate;

/// Applies a report; `false` when no message of a campaign is meant.
pub fn apply(tx: &mut PlatformTx<'_>, update: &StatusUpdate) -> Result<bool> {
    Ok(apply_all(tx, std::slice::from_ref(update))?[0])
}

/// Applies reports in their order; answers for each whether a message of a campaign is meant.
pub fn apply_all(tx: &mut PlatformTx<'_>, updates: &[StatusUpdate]) -> Result<Vec<bool>> {
    let mut found = Found::default();
    let mut by_provider: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for update in updates {
        by_provider.entry(update.provider).or_default().push(&update.external_id);
    }
    for (provider, ids) in by_provider {
        messages::hold_external(tx, provider, &ids)?.into_iter().for_each(|row| found.take(row));
    }
    let strange: BTreeSet<(TenantId, OutreachMessageId)> =
        updates.iter().filter(|update| found.of(update).is_none()).filter_map(hint).collect();
    for (tenant, id) in strange {
        if let Some(row) = messages::held(&mut tx.for_tenant(tenant), id)? {
            found.take(row);
        }
    }
    let mut is_meant = Vec::with_capacity(updates.len());
    let mut changed: BTreeMap<usize, MessageStatus> = BTreeMap::new();
    let mut consequences = Vec::new();
    for update in updates {
        let at = found.of(update);
        is_meant.push(at.is_some());
        let Some(at) = at else { continue };
        let row = &mut found.list[at];
        let before = row.clone();
        change(row, update);
        if *row == before {
            continue;
        }
        changed.entry(at).or_insert(before.status);
        if before.status != row.status
            && let Some(reason) = consequence(row.status, update)
        {
            consequences.push((at, reason));
        }
        found.by_external.insert((update.provider.into(), update.external_id.clone()), at);
    }
    for (at, was) in changed {
        let mut row = found.list[at].clone();
        messages::save(&mut tx.for_tenant(row.tenant_id), &mut row, was)?;
    }
    for (at, reason) in consequences {
        let row = found.list[at].clone();
        suppress(&mut tx.for_tenant(row.tenant_id), &row, reason)?;
    }
    Ok(is_meant)
}

/// Messages that are held, and how a report finds its own.
#[derive(Default)]
struct Found {
    list: Vec<OutreachMessage>,
    by_external: HashMap<(String, String), usize>,
    by_hint: HashMap<(TenantId, OutreachMessageId), usize>,
}

impl Found {
    fn take(&mut self, row: OutreachMessage) {
        let at = self.list.len();
        match (&row.provider, &row.external_id) {
            (Some(provider), Some(id)) => _ = self.by_external.insert((provider.clone(), id.clone()), at),
            // Only one without an id of its own adopts a report's.
            _ => _ = self.by_hint.insert((row.tenant_id, row.id), at),
        }
        self.list.push(row);
    }

    fn of(&self, update: &StatusUpdate) -> Option<usize> {
        let external = (update.provider.to_string(), update.external_id.clone());
        let known = self.by_external.get(&external).copied();
        known.or_else(|| self.by_hint.get(&hint(update)?).copied().filter(|at| self.list[*at].external_id.is_none()))
    }
}

/// Only both together count.
fn hint(update: &StatusUpdate) -> Option<(TenantId, OutreachMessageId)> {
    Some((update.tenant_hint?, OutreachMessageId::from_uuid(update.message_hint?.uuid())))
}

fn change(row: &mut OutreachMessage, update: &StatusUpdate) {
    if row.external_id.is_none() {
        (row.provider, row.external_id) = (Some(update.provider.into()), Some(update.external_id.clone()));
    }
    // A report about a message that waits for its next attempt tells that the last one went through after all.
    let report = if update.status == MessageStatus::Queued { MessageStatus::Sent } else { update.status };
    let at = update.at;
    if let Some(status) = row.status.after(report) {
        row.status = status;
        let is_bad = matches!(status, MessageStatus::Failed | MessageStatus::Bounced | MessageStatus::Complained);
        if is_bad {
            row.failed_at.get_or_insert(at);
        }
        if let Some(code) = update.error_code.as_ref().filter(|_| is_bad) {
            (row.error_code, row.error_message) = (Some(code.clone()), update.error_message.clone());
        }
        if status != MessageStatus::Sending
            && let Some(content) = &mut row.content
        {
            (content.0.html, content.0.headers) = (None, Vec::new());
        }
    }
    if row.status.has_left() {
        row.sent_at.get_or_insert(at);
    }
    let moment = match report {
        MessageStatus::Delivered => &mut row.delivered_at,
        MessageStatus::Opened => &mut row.opened_at,
        MessageStatus::Clicked => &mut row.clicked_at,
        MessageStatus::Read => &mut row.read_at,
        _ => return,
    };
    moment.get_or_insert(at);
}

fn consequence(status: MessageStatus, update: &StatusUpdate) -> Option<SuppressionReason> {
    match (status, update.error_class) {
        (MessageStatus::Bounced, _) => Some(SuppressionReason::Bounced),
        (MessageStatus::Complained, _) => Some(SuppressionReason::Complained),
        (MessageStatus::Failed, Some(ErrorClass::OptOut)) => Some(SuppressionReason::ProviderOptOut),
        _ => None,
    }
}

/// Nothing more is sent there; see the same of messages to leads.
fn suppress(tx: &mut TenantTx<'_>, row: &OutreachMessage, reason: SuppressionReason) -> Result<()> {
    let (Some(to), Some(from)) = (&row.address, &row.sender_address) else { return Ok(()) };
    let channel = campaigns::get(tx, row.campaign_id)?.channel;
    // An e-mail address that bounces does so for every sender; a provider's block is of the number, whoever is behind it.
    let from = if reason == SuppressionReason::Bounced { "" } else { from.as_str() };
    let whose = match reason {
        SuppressionReason::ProviderOptOut => Suppressed::by_all(Some(row.tenant_id)),
        _ => Suppressed::by(row.tenant_id),
    };
    consent::suppress(&mut tx.platform(), channel, to, from, whose, reason)?;
    Ok(())
}
