//! The job that hands one notification to a provider, under the discipline of [`crate::inbox::dispatch`].

use std::sync::Arc;

use super::invitation;
use super::model::NotificationKind;
use super::store::{self, Delivery};
use crate::base::crypto::MasterKey;
use crate::base::id::NotificationDeliveryId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::{SuppressionReason, consent};
use crate::engine::CoreSettings;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events;
use crate::engine::jobs::{Job, JobContext, JobKind, NewJob, Outcome};
use crate::inbox::dispatch::{self, Ledger, OpenAttempt, Parcel, Verdict};
use crate::inbox::model::MessageStatus;
use crate::inbox::{self, senders};
use crate::providers::{ErrorClass, Mailbox, ProviderError, Providers};

/// Delivers one notification.
pub static DELIVER: JobKind = JobKind::new("notification.deliver").priority(2);

#[derive(serde::Serialize, serde::Deserialize)]
struct Payload {
    delivery_id: NotificationDeliveryId,
}

pub(super) fn enqueue(tx: &mut TenantTx<'_>, delivery: NotificationDeliveryId) -> Result<()> {
    tx.enqueue(NewJob::new(&DELIVER, &Payload { delivery_id: delivery }).unique(delivery.to_string()))?;
    Ok(())
}

enum Found {
    Open(Box<(Parcel, OpenAttempt)>),
    Waiting,
    Over(String),
}

/// What is handed over, and since when the lead waits for it.
pub(super) struct Begun {
    pub(super) parcel: Parcel,
    pub(super) lead_received_at: Option<Timestamp>,
}

pub(super) async fn run(context: JobContext, providers: Arc<Providers>) -> Result<Outcome> {
    let id = context.payload::<Payload>()?.delivery_id;
    let core = &context.core;
    let name = core.settings.platform_name.clone();
    let found = core.db.read(context.scope(), move |tx| look(tx, id, &name)).await?;
    match found {
        Found::Over(reason) => return Ok(Outcome::Discard(reason)),
        Found::Open(attempt) => {
            let (parcel, open) = *attempt;
            if let Some(verdict) = dispatch::recover(core, &providers, &parcel, open).await {
                return dispatch::settle(&context, Row { id }, verdict).await;
            }
        }
        Found::Waiting => {}
    }
    let (key, settings) = (core.master_key.clone(), core.settings.clone());
    let Some(begun) = core.db.write(context.scope(), move |tx| begin(tx, id, &key, &settings)).await? else {
        return Ok(Outcome::Done);
    };
    let verdict = dispatch::send(core, &providers, &begun.parcel).await;
    let handed_over = matches!(verdict, Verdict::Accepted { .. }).then(|| core.clock.now());
    let outcome = dispatch::settle(&context, Row { id }, verdict).await?;
    if let (Some(at), Some(received)) = (handed_over, begun.lead_received_at) {
        let seconds = at.since(received).num_milliseconds().max(0) as f64 / 1000.0;
        core.metrics.notify_seconds.observe(seconds);
    }
    Ok(outcome)
}

/// Ends a notification whose job died in the middle of it.
pub(super) fn close(tx: &mut PlatformTx<'_>, job: &Job, error: &Error) -> Result<()> {
    let (id, tx) = (job.payload::<Payload>()?.delivery_id, &mut tx.for_tenant(job.tenant));
    let Some(delivery) = store::find_delivery(tx, id)? else { return Ok(()) };
    match dispatch::end_of_dead(delivery.status, error) {
        Some((status, error)) => Row { id }.ended(tx, status, &error),
        None => Ok(()),
    }
}

fn look(tx: &mut TenantTx<'_>, id: NotificationDeliveryId, platform_name: &str) -> Result<Found> {
    let Some(delivery) = store::find_delivery(tx, id)? else {
        return Ok(Found::Over("the notification is gone".into()));
    };
    match delivery.status {
        MessageStatus::Queued => Ok(Found::Waiting),
        // An operator repeats a job that used up its attempts.
        MessageStatus::Failed if is_temporary(&delivery) => Ok(Found::Waiting),
        status if status == MessageStatus::Sending || dispatch::can_be_found(status, delivery.channel) => {
            let Some(parcel) = parcel(tx, &delivery, platform_name)? else {
                return Ok(Found::Over("the platform's sender is gone".into()));
            };
            let began_at = delivery.attempted_at.unwrap_or(delivery.created_at);
            let since = began_at.minus(chrono::Duration::days(1));
            let mut known = store::known_external_ids(tx, delivery.channel, &delivery.address, since)?;
            let (channel, from, to) = (delivery.channel, &parcel.from.address, &parcel.to);
            known.extend(inbox::known_external_ids(&mut tx.platform(), channel, from, to, since)?);
            Ok(Found::Open(Box::new((parcel, OpenAttempt { began_at, first_began_at: began_at, known }))))
        }
        ended => Ok(Found::Over(format!("the notification is already {ended}"))),
    }
}

fn is_temporary(delivery: &Delivery) -> bool {
    delivery.error.as_deref().is_some_and(|error| error.starts_with(ErrorClass::Retry.as_str()))
}

/// Opens an attempt; `None` when it may not leave, which is then written.
pub(super) fn begin(
    tx: &mut TenantTx<'_>,
    id: NotificationDeliveryId,
    key: &MasterKey,
    settings: &CoreSettings,
) -> Result<Option<Begun>> {
    let gone = || Error::not_found("notification.not_found", "There is no such notification.");
    let before = store::find_delivery(tx, id)?.ok_or_else(gone)?;
    let mut delivery = before.clone();
    let Some(mut parcel) = parcel(tx, &before, &settings.platform_name)? else {
        delivery.status = MessageStatus::Canceled;
        delivery.error = Some(format!("config channel.not_connected: no sender for {}", before.channel));
        save(tx, &delivery, before.status)?;
        return Ok(None);
    };
    if consent::is_suppressed(&mut tx.platform(), before.channel, &before.address, &parcel.from.address)? {
        delivery.status = MessageStatus::Suppressed;
        delivery.error = Some("opt_out notification.suppressed: this address asked not to be written to".into());
        save(tx, &delivery, before.status)?;
        return Ok(None);
    }
    if before.kind == NotificationKind::UserInvited {
        let Some(text) = invitation::text(tx, &before, key, &settings.public_url)? else {
            delivery.status = MessageStatus::Canceled;
            delivery.error = Some("permanent invitation.not_pending: it was withdrawn, accepted or has expired".into());
            save(tx, &delivery, before.status)?;
            return Ok(None);
        };
        parcel.text = text;
    }
    delivery.status = MessageStatus::Sending;
    delivery.attempted_at = Some(tx.now());
    save(tx, &delivery, before.status)?;
    let lead = match before.kind {
        NotificationKind::LeadCreated => events::find(tx, before.event_id)?.and_then(|event| event.lead_id),
        _ => None,
    };
    let lead_received_at = lead.map(|lead| inbox::lead_brief(tx, lead)).transpose()?.map(|lead| lead.received_at);
    Ok(Some(Begun { parcel, lead_received_at }))
}

fn save(tx: &mut TenantTx<'_>, delivery: &Delivery, seen: MessageStatus) -> Result<()> {
    if store::save_delivery(tx, delivery, seen)? {
        return Ok(());
    }
    Err(Error::conflict("notification.changed", "The notification changed at the same time."))
}

/// Notifications come from the platform under its own name. `None` without a sender on the channel.
fn parcel(tx: &mut TenantTx<'_>, delivery: &Delivery, platform_name: &str) -> Result<Option<Parcel>> {
    let Some(sender) = senders::platform(tx, delivery.channel)? else { return Ok(None) };
    let template = match (&delivery.template_code, &delivery.template_variables) {
        (Some(code), Some(variables)) => Some((code.clone(), variables.read()?)),
        _ => None,
    };
    let name = sender.display_name.unwrap_or_else(|| platform_name.to_string());
    Ok(Some(Parcel {
        id: delivery.id.to_string(),
        tenant: delivery.tenant_id,
        channel: delivery.channel,
        from: Mailbox::new(name, sender.address),
        to: delivery.address.clone(),
        subject: delivery.subject.clone(),
        text: delivery.body.clone(),
        template,
        reply_to: None,
    }))
}

/// How the ends of a delivery are written.
pub(super) struct Row {
    pub(super) id: NotificationDeliveryId,
}

/// Applies `change` to the delivery as it stands; when a status callback moves it meanwhile, reads and decides again.
fn update(
    tx: &mut TenantTx<'_>,
    id: NotificationDeliveryId,
    change: impl Fn(&mut Delivery, Timestamp),
) -> Result<Option<Delivery>> {
    for _ in 0..5 {
        let Some(before) = store::find_delivery(tx, id)? else { return Ok(None) };
        let mut after = before.clone();
        change(&mut after, tx.now());
        if store::save_delivery(tx, &after, before.status)? {
            return Ok(Some(after));
        }
    }
    Err(Error::unavailable("notification.busy", "The notification is being changed by others; trying again."))
}

fn in_words(error: &ProviderError) -> String {
    format!("{} {}: {}", error.class, error.code, error.message)
}

impl Ledger for Row {
    fn accepted(
        &self,
        tx: &mut TenantTx<'_>,
        provider: &'static str,
        external_id: &str,
        status: MessageStatus,
    ) -> Result<()> {
        update(tx, self.id, |delivery, now| {
            if delivery.external_id.is_none() {
                delivery.provider = Some(provider.into());
                delivery.external_id = Some(external_id.into());
            }
            delivery.sent_at.get_or_insert(now);
            delivery.error = None;
            delivery.status = delivery.status.after(status).unwrap_or(delivery.status);
        })?;
        Ok(())
    }

    fn returned(&self, tx: &mut TenantTx<'_>, error: &ProviderError) -> Result<()> {
        update(tx, self.id, |delivery, _| {
            delivery.error = Some(in_words(error));
            if delivery.status == MessageStatus::Sending {
                delivery.status = MessageStatus::Queued;
            }
        })?;
        Ok(())
    }

    fn ended(&self, tx: &mut TenantTx<'_>, status: MessageStatus, error: &ProviderError) -> Result<()> {
        let after = update(tx, self.id, |delivery, _| {
            delivery.error = Some(in_words(error));
            delivery.status = delivery.status.after(status).unwrap_or(delivery.status);
        })?;
        let Some(delivery) = after.filter(|_| error.class == ErrorClass::OptOut) else { return Ok(()) };
        if let Some(sender) = senders::platform(tx, delivery.channel)? {
            let (tenant, reason) = (Some(delivery.tenant_id), SuppressionReason::ProviderOptOut);
            let tx = &mut tx.platform();
            consent::suppress(tx, delivery.channel, &delivery.address, &sender.address, tenant, reason)?;
        }
        Ok(())
    }
}
