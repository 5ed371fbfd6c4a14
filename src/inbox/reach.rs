//! What the gates say of a message that nobody asked for, to one person: what [`crate::sending::outreach`] judges, with what a plan
//! has to do with it.

use super::gate::{Writer, is_in_plan};
use super::model::Channel;
use crate::base::{Error, Result};
use crate::contacts::consents::MessageClass;
use crate::contacts::id::ContactId;
use crate::contacts::people;
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;
use crate::sending::eligibility;
use crate::sending::outreach::{self, Answers, GateCode, OutreachFacts};
use crate::tenants::access::Entitlements;

/// What is known, and what follows.
#[derive(Debug)]
pub struct Reach {
    pub facts: OutreachFacts,
    pub answers: Answers,
}

impl Writer {
    /// As the gates of outreach see it.
    pub fn for_outreach<'a>(
        &'a self,
        (settings, plan): (&'a CoreSettings, &Entitlements),
        channel: Channel,
    ) -> eligibility::Writer<'a> {
        eligibility::Writer {
            tenant: &self.tenant,
            standing: self.standing,
            is_in_plan: is_in_plan(plan, channel),
            sms_countries: &settings.sms_countries,
        }
    }
}

/// # Errors
/// `contact.not_found`.
pub fn of(
    tx: &mut TenantTx<'_>,
    writer: &Writer,
    by: (&CoreSettings, &Entitlements),
    contact: ContactId,
    (channel, class): (Channel, MessageClass),
) -> Result<Reach> {
    people::require(tx, contact)?;
    let writer = writer.for_outreach(by, channel);
    let ready = eligibility::of_tenant(tx, writer, channel, class)?;
    let facts = eligibility::facts_of(tx, writer, &ready, &[contact], (channel, class))?.into_iter().next();
    let facts = facts.ok_or_else(|| Error::internal("a contact vanished while it was looked at"))?;
    let answers = outreach::judge(&ready.facts, &facts, tx.now());
    Ok(Reach { facts, answers })
}

/// What whoever asks is told about a closed gate.
pub const fn in_words(code: GateCode) -> &'static str {
    match code {
        GateCode::NoAddress => "The contact has no address on this channel.",
        GateCode::ContactInvalid => {
            "The contact is marked invalid. Change verification_status where it is real all the same."
        }
        GateCode::Suppressed => {
            "This address is not written to: GET /v1/suppressions tells why, where it came of your own messages. What the person said \
             themselves only they take back."
        }
        GateCode::NoConsent => {
            "Nobody recorded that the person agreed to this: POST /v1/contacts/{id}/consents with their words, once they did."
        }
        GateCode::ConsentWithdrawn => {
            "The person does not want this: GET /v1/contacts/{id}/consents has what they said."
        }
        GateCode::QuietHours => "It is a time of rest where the person is: settings.outreach.quiet_hours.",
        GateCode::NoCommonHours => {
            "The person's country has no hour that is outside the quiet hours everywhere in it. Set the contact's time_zone."
        }
        GateCode::PromotionalHours => {
            "Promotional SMS reaches Indian numbers at certain hours only: settings.outreach.india_promotional_hours."
        }
        GateCode::FrequencyCap => {
            "The person got as many marketing messages lately as settings.outreach.frequency_cap says."
        }
        GateCode::NoWhatsappAccount => {
            "Marketing on WhatsApp leaves from your own WhatsApp Business account alone, and none is connected."
        }
        GateCode::NoSender => "No sender is connected for this channel.",
        GateCode::CountryNotAllowed => {
            "SMS goes only to ordinary numbers of your own country. The platform's operators can allow others."
        }
        GateCode::NoSubscription => "This business has no subscription yet.",
        GateCode::NotInPlan => "The plan of this business does not have this channel.",
        GateCode::TenantSuspended => "This business is suspended: ask the platform's operators.",
        GateCode::TenantUnverified => {
            "Nobody of this business has verified an e-mail address yet: an owner opens the link that was mailed."
        }
    }
}
