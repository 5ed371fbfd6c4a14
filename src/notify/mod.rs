//! Telling a tenant's people what happened: in the product, by e-mail and on WhatsApp.
//!
//! An event becomes, in one transaction, one in-app entry per person who wants it and one delivery per outside address
//! ([`announce`]); each delivery leaves by a job of its own ([`deliver`]) under the same discipline as messages to leads.
//! What is told of a locked lead is masked. Outside addresses agree before anything is told to them ([`recipients`]). Whoever is invited to a tenant is written to as well ([`invitation`]),
//! and whoever has to show whose mailbox it is ([`verification`]), and whose account it is about ([`account`]); the platform's own staff is written to in [`staff`]. Leads are written to by [`crate::inbox`], never from here.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as notify;
use ::billing;
use ::contacts;
use ::inbox;
use ::language;
use ::leads;
use ::providers;
use ::sending;
use ::tenants;
use engine::{self, base, beyond, fact, filter, held, insert_few, keep, patch, record, text_enum};

pub mod account;
pub mod announce;
mod api;
mod choose;
mod compose;
pub mod deliver;
mod elsewhere;
pub mod facts;
pub mod id;
pub mod invitation;
pub mod model;
mod personal_link;
mod queue;
mod readers;
pub mod recipients;
pub mod refusals;
mod release;
pub mod schema;
pub mod staff;
pub mod status;
mod store;
#[cfg(test)]
mod tests;
pub mod verification;

pub use facts::facts;

use std::sync::Arc;

use crate::billing::facts::{QuotaReached, SubscriptionFact};
use crate::engine::events::Reactions;
use crate::engine::jobs::Registry;
use crate::inbox::facts::MessageFact;
use crate::leads::facts::{LeadCreated, LeadEnquired};
use crate::providers::Providers;
use crate::tenants::access::{Areas, Permission as P};
use crate::tenants::facts::{
    EmailChangeFact, InvitationFact, PasskeyFact, PasswordResetRequested, SecondFactorFact, TenantClosing, TenantFact,
    TenantVerified, UserHandedOver, UserPasswordChanged, VerificationFact,
};
use facts::RecipientFact;
use utoipa_actix_web::service_config::ServiceConfig;

pub use store::catch_ups;

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Notifications", "What a tenant's people are told.");
    areas.of_tenants("/v1/notifications", P::NotificationsRead, P::NotificationsWrite).keeping(&["marked"]);
    areas.of_tenants("/v1/notification-recipients", P::TenantRead, P::TenantWrite);
}

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    api::routes(cfg);
}

/// The handlers of this folder's jobs.
pub fn jobs(registry: &mut Registry, providers: Arc<Providers>) {
    registry.handle(&announce::LEAD_CREATED, announce::run);
    registry.handle(&announce::OTHER, announce::run);
    registry.handle(&invitation::INVITE, invitation::run);
    registry.handle(&verification::VERIFY, verification::run);
    registry.handle(&account::ACCOUNT, account::run);
    registry.handle(&recipients::SYNC, recipients::run_sync);
    registry.handle(&recipients::ASK, recipients::run_ask);
    registry.handle(&release::RELEASE, release::run);
    registry.handle(&queue::DELIVER, move |context| deliver::run(context, providers.clone()));
    registry.on_death(&queue::DELIVER, deliver::close);
}

/// The events people are told of.
pub fn reactions(reactions: &mut Reactions) {
    reactions
        .on(LeadCreated::TYPE, &announce::LEAD_CREATED)
        .on(LeadEnquired::TYPE, &announce::OTHER)
        .on(MessageFact::RECEIVED, &announce::OTHER)
        .on(QuotaReached::TYPE, &announce::OTHER)
        .on(SubscriptionFact::EXPIRED, &announce::OTHER)
        .on(SubscriptionFact::PAST_DUE, &announce::OTHER)
        .on(SubscriptionFact::PAUSED, &announce::OTHER)
        .on(elsewhere::ENDPOINT_DISABLED, &announce::OTHER)
        .on(UserHandedOver::TYPE, &announce::OTHER)
        .on(elsewhere::AD_CAMPAIGN_APPROVED, &announce::OTHER)
        .on(elsewhere::AD_CAMPAIGN_REJECTED, &announce::OTHER)
        .on(InvitationFact::INVITED, &invitation::INVITE)
        .on(VerificationFact::REQUESTED, &verification::VERIFY)
        .on(PasswordResetRequested::TYPE, &account::ACCOUNT)
        .on(EmailChangeFact::REQUESTED, &account::ACCOUNT)
        .on(EmailChangeFact::CHANGED, &account::ACCOUNT)
        .on(EmailChangeFact::RESTORED, &account::ACCOUNT)
        .on(TenantClosing::CLOSING, &account::ACCOUNT)
        .on(UserPasswordChanged::TYPE, &account::ACCOUNT)
        .on(SecondFactorFact::ENABLED, &account::ACCOUNT)
        .on(SecondFactorFact::DISABLED, &account::ACCOUNT)
        .on(SecondFactorFact::RECOVERY_CODE_USED, &account::ACCOUNT)
        .on(SecondFactorFact::RECOVERY_CODES_RENEWED, &account::ACCOUNT)
        .on(SecondFactorFact::REJECTED, &account::ACCOUNT)
        .on(SecondFactorFact::RESET, &account::ACCOUNT)
        .on(PasskeyFact::ADDED, &account::ACCOUNT)
        .on(PasskeyFact::REMOVED, &account::ACCOUNT)
        .on(TenantFact::UPDATED, &recipients::SYNC)
        .on(TenantVerified::TYPE, &recipients::SYNC)
        .on(SubscriptionFact::TRIAL_STARTED, &recipients::SYNC)
        .on(SubscriptionFact::ACTIVATED, &recipients::SYNC)
        .on(RecipientFact::ASKED, &recipients::ASK)
        .on(TenantVerified::TYPE, &release::RELEASE)
        .on(VerificationFact::VERIFIED, &release::RELEASE);
}
