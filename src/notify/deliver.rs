//! The job that hands one notification to a provider, under the discipline of [`crate::sending::dispatch`].

use std::sync::Arc;

use super::model::NotificationKind;
use super::queue::Payload;
use super::recipients;
use super::store::{self, Delivery};
use super::{account, invitation, verification};
use crate::base::email::mailbox;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::billing::standing;
use crate::contacts::{Suppressed, SuppressionReason, consent};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::platform_tenant;
use crate::engine::jobs::{Job, JobContext, Outcome};
use crate::engine::tally::{Span, Tally};
use crate::inbox;
use crate::notify::id::NotificationDeliveryId;
use crate::providers::{ErrorClass, Mailbox, ProviderError, Providers};
use crate::sending::dispatch::{self, About, OpenAttempt, Outgoing, Parcel, Platform, Stand, Start};
use crate::sending::gate::{self, Notice, NoticeFacts, Standing};
use crate::sending::{Code, MessageStatus, senders};
use crate::tenants::model::TenantStatus;
use crate::tenants::store::current;

/// A notification on its way, by the id of its delivery.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaving {
    pub(super) id: NotificationDeliveryId,
}

pub(super) async fn run(context: JobContext, providers: Arc<Providers>) -> Result<Outcome> {
    let Payload { delivery_id: id, lead_received_at } = context.payload()?;
    let (outcome, taken_at) = dispatch::run(&context, &providers, &Leaving { id }).await?;
    if let (Some(at), Some(received)) = (taken_at, lead_received_at) {
        let seconds = at.since(received).num_milliseconds().max(0) as f64 / 1000.0;
        context.core.metrics.notify_seconds.observe(seconds);
    }
    Ok(outcome)
}

/// Ends a notification whose job died in the middle of it.
pub(super) fn close(tx: &mut PlatformTx<'_>, job: &Job, error: &Error) -> Result<()> {
    let id = job.payload::<Payload>()?.delivery_id;
    Leaving { id }.close(&mut tx.for_tenant(job.tenant), error)
}

fn began_at(delivery: &Delivery) -> Timestamp {
    delivery.attempted_at.unwrap_or(delivery.created_at)
}

/// What is held is looked at again after so long at the latest.
const LOOK_MINUTES: i64 = 10;
/// So long an alert waits for a member to open the link that shows the mailbox to be theirs.
const ALERT_WAITS_HOURS: i64 = 24;
/// Invitations mailed to one address in a day: by one tenant, and by all of them.
const INVITED_A_DAY: (u32, u32) = (1, 3);

impl Outgoing for Leaving {
    type Row = Delivery;
    const NOUN: &'static str = "notification";

    fn find(&self, tx: &mut TenantTx<'_>) -> Result<Option<Delivery>> {
        store::find_delivery(tx, self.id)
    }

    fn hold(&self, tx: &mut TenantTx<'_>) -> Result<Option<Delivery>> {
        store::hold_delivery(tx, self.id)
    }

    fn status(delivery: &Delivery) -> MessageStatus {
        delivery.status
    }

    fn stand(delivery: &Delivery) -> Stand {
        let is_temporary = delivery.error.as_deref().is_some_and(|error| error.starts_with(ErrorClass::Retry.as_str()));
        Stand::of(delivery.status, delivery.channel, is_temporary, began_at(delivery))
    }

    fn begin(&self, tx: &mut TenantTx<'_>, mut delivery: Delivery, platform: &Platform) -> Result<Start> {
        let Platform { settings, key } = platform;
        let is_open = matches!(Self::stand(&delivery), Stand::Open(_));
        let Some(mut parcel) = parcel(tx, &delivery, &settings.platform_name)? else {
            if is_open {
                return Ok(Start::Over("the platform's sender is gone".into()));
            }
            let why = format!("config channel.not_connected: no sender for {}", delivery.channel);
            return never(tx, delivery, MessageStatus::Canceled, &why);
        };
        let facts = facts(tx, &delivery, &parcel.from.address)?;
        let verdict = gate::notice(&facts);
        if verdict.refusal().is_some() {
            let why = "opt_out notification.suppressed: this address asked not to be written to";
            return never(tx, delivery, MessageStatus::Suppressed, why);
        }
        if verdict.holds().contains(&Code::AddressUnconfirmed) && !is_worth_waiting(tx, &delivery)? {
            let why = "config notification.address_unconfirmed: this address has not agreed to be written to";
            return never(tx, delivery, MessageStatus::Canceled, why);
        }
        let is_old = tx.now() >= delivery.created_at.plus(chrono::Duration::hours(ALERT_WAITS_HOURS));
        if is_old && verdict.holds().contains(&Code::TenantSuspended) {
            return never(
                tx,
                delivery,
                MessageStatus::Canceled,
                "config tenant.suspended: this tenant was suspended for a day",
            );
        }
        let personal = match delivery.kind {
            NotificationKind::UserInvited => Some((
                invitation::opened(tx, &delivery, key, &settings.app_url)?,
                "permanent invitation.not_pending: it was withdrawn, accepted or has expired",
            )),
            NotificationKind::EmailVerification => Some((
                verification::opened(tx, &delivery, key, settings)?,
                "permanent verification.not_pending: the address is verified, or the link has expired",
            )),
            NotificationKind::AccountLink => Some((
                account::opened(tx, &delivery, key, settings)?,
                "permanent account_link.not_pending: it was used, has expired, or is not needed any more",
            )),
            NotificationKind::RecipientAsked => Some((
                recipients::opened(tx, &delivery, key, settings)?,
                "permanent notification_recipient.not_asked: the address has agreed, or is no longer wished for",
            )),
            _ => None,
        };
        match personal {
            Some((Some(opened), _)) => (parcel.text, parcel.html) = (opened.text, opened.html),
            Some((None, why)) => return never(tx, delivery, MessageStatus::Canceled, why),
            None => {}
        }
        let pass = match verdict.pass() {
            Ok(pass) => pass,
            Err(verdict) => {
                let codes: Vec<&str> = verdict.holds().into_iter().map(Code::as_str).collect();
                let at = tx.now().plus(chrono::Duration::minutes(LOOK_MINUTES));
                return Ok(Start::Later(at, format!("held: {}", codes.join(", "))));
            }
        };
        if delivery.attempted_at.is_none()
            && let Some(at) = invited_today(tx, &delivery)?
        {
            return Ok(Start::Later(at, "this address was mailed an invitation today".into()));
        }
        delivery.status = MessageStatus::Sending;
        delivery.attempted_at = Some(tx.now());
        store::save_delivery(tx, &delivery)?;
        Ok(Start::Parcel(Box::new(parcel), pass))
    }

    fn look(
        &self,
        tx: &mut TenantTx<'_>,
        delivery: Delivery,
        platform: &Platform,
    ) -> Result<Option<(Parcel, OpenAttempt)>> {
        let Some(parcel) = parcel(tx, &delivery, &platform.settings.platform_name)? else { return Ok(None) };
        let began_at = began_at(&delivery);
        let since = began_at.minus(chrono::Duration::days(1));
        let mut known = store::known_external_ids(tx, delivery.channel, &delivery.address, since)?;
        let (channel, from, to) = (delivery.channel, &parcel.from.address, &parcel.to);
        known.extend(inbox::known_external_ids(&mut tx.platform(), channel, from, to, since)?);
        Ok(Some((parcel, OpenAttempt { began_at, first_began_at: began_at, known })))
    }

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
            let (whose, reason) = (Suppressed::by_all(Some(delivery.tenant_id)), SuppressionReason::ProviderOptOut);
            let tx = &mut tx.platform();
            consent::suppress(tx, delivery.channel, &delivery.address, &sender.address, whose, reason)?;
        }
        Ok(())
    }
}

/// An alert to one of the tenant's own people who has not opened the mailed link yet.
fn is_worth_waiting(tx: &mut TenantTx<'_>, delivery: &Delivery) -> Result<bool> {
    let is_news = tx.now() < delivery.created_at.plus(chrono::Duration::hours(ALERT_WAITS_HOURS));
    Ok(is_news && recipients::is_awaited(tx, delivery.channel, &delivery.address)?)
}

fn facts(tx: &mut TenantTx<'_>, delivery: &Delivery, sender: &str) -> Result<NoticeFacts> {
    let notice = match delivery.kind {
        // The platform's staff vouches for it.
        NotificationKind::UserInvited if invitation::is_by_operator(tx, delivery)? => Notice::Proof,
        NotificationKind::UserInvited => Notice::Invitation,
        NotificationKind::EmailVerification => Notice::Proof,
        // A person's account is their own, whatever became of the tenant.
        NotificationKind::AccountLink | NotificationKind::AccountNotice => Notice::Proof,
        NotificationKind::RecipientAsked => Notice::RecipientAsked,
        NotificationKind::OperatorNotice => Notice::Staff,
        _ => Notice::Alert,
    };
    let is_alert = notice == Notice::Alert;
    // The platform is no tenant, so it has no row to read.
    let is_of_tenant = notice != Notice::Staff;
    let (channel, address) = (delivery.channel, delivery.address.as_str());
    Ok(NoticeFacts {
        notice,
        is_tenant_suspended: is_of_tenant && notice != Notice::Proof && current(tx)?.status == TenantStatus::Suspended,
        is_tenant_verified: is_alert || !is_of_tenant || current(tx)?.verified_at.is_some(),
        standing: if notice == Notice::RecipientAsked { standing(tx)? } else { Standing::Lapsed },
        is_suppressed: consent::is_suppressed(&mut tx.platform(), channel, address, sender, delivery.tenant_id)?,
        has_agreed: is_alert && recipients::has_agreed(tx, channel, address)?,
    })
}

/// Counts the invitation, unless the address got one today: then it is mailed when the day is over, if it is still open.
fn invited_today(tx: &mut TenantTx<'_>, delivery: &Delivery) -> Result<Option<Timestamp>> {
    if delivery.kind != NotificationKind::UserInvited {
        return Ok(None);
    }
    let span = Span::day(tx.now());
    // Every spelling arrives in the same mailbox.
    let mailbox = mailbox(&delivery.address);
    let by = |tenant| Tally { tenant, kind: "invited", subject: &mailbox, span };
    let tx = &mut tx.platform();
    let (by_tenant, by_all) = INVITED_A_DAY;
    let fits = by(delivery.tenant_id).take(tx, by_tenant)? && by(platform_tenant()).take(tx, by_all)?;
    Ok((!fits).then_some(span.ends_at))
}

fn never(tx: &mut TenantTx<'_>, mut delivery: Delivery, status: MessageStatus, why: &str) -> Result<Start> {
    (delivery.status, delivery.error) = (status, Some(why.into()));
    store::save_delivery(tx, &delivery)?;
    Ok(Start::Never)
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
        about: About::Notice,
        channel: delivery.channel,
        from: Mailbox::new(name, sender.address),
        to: delivery.address.clone(),
        subject: delivery.subject.clone(),
        text: delivery.body.clone(),
        html: delivery.html.clone(),
        template,
        reply_to: None,
        headers: Vec::new(),
    }))
}

/// Applies `change` to the delivery as it stands.
fn update(
    tx: &mut TenantTx<'_>,
    id: NotificationDeliveryId,
    change: impl FnOnce(&mut Delivery, Timestamp),
) -> Result<Option<Delivery>> {
    let Some(mut delivery) = store::hold_delivery(tx, id)? else { return Ok(None) };
    change(&mut delivery, tx.now());
    store::save_delivery(tx, &delivery)?;
    Ok(Some(delivery))
}

fn in_words(error: &ProviderError) -> String {
    format!("{} {}: {}", error.class, error.code, error.message)
}
