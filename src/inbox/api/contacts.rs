//! Whether a person may be written to unasked, and when.

use actix_web::{HttpResponse, get};
use utoipa::{IntoParams, ToSchema};

use crate::base::time::Timestamp;
use crate::contacts::consents::MessageClass;
use crate::contacts::id::ContactId;
use crate::contacts::{AddressChannel, SuppressionReason};
use crate::engine::Core;
use crate::engine::http::{Answer, Path, Query};
use crate::inbox::gate::Writer;
use crate::inbox::model::Channel;
use crate::inbox::reach::{self, Reach};
use crate::sending::outreach::{Gate, GateAnswer, GateCode};
use crate::tenants::access::{Caller, Permission};

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReachQuery {
    /// `email` when it is not said.
    #[param(inline)]
    channel: Option<AddressChannel>,
    /// What the message is for; `marketing` when it is not said.
    #[param(inline)]
    class: Option<MessageClass>,
}

/// What every gate says of a message to a person.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"channel": "email", "class": "marketing", "address": "priya.sharma@example.com", "may_write": false,
    "opens_at": "2026-11-21T03:30:00Z", "gates": [
        {"gate": "consent", "open": true, "code": null, "detail": null, "opens_at": null, "suppression_reason": null},
        {"gate": "quiet_hours", "open": false, "code": "quiet_hours", "detail": "It is a time of rest where the person is.",
            "opens_at": "2026-11-21T03:30:00Z", "suppression_reason": null}]}))]
pub struct ContactEligibility {
    pub channel: Channel,
    pub class: MessageClass,
    /// Where it would go; null where there is no such address.
    pub address: Option<String>,
    /// Every gate is open.
    pub may_write: bool,
    /// When all of them are open, by time alone; null when they are, and when one of them never opens by itself.
    pub opens_at: Option<Timestamp>,
    /// All of them, in the order in which they are asked.
    pub gates: Vec<GateAnswerView>,
}

/// What one gate says.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"gate": "consent", "open": false, "code": "no_consent",
    "detail": "Nobody recorded that the person agreed to this.", "opens_at": null, "suppression_reason": null}))]
pub struct GateAnswerView {
    pub gate: Gate,
    pub open: bool,
    /// Why it is closed.
    pub code: Option<GateCode>,
    /// The same in words, and what to do.
    pub detail: Option<String>,
    /// When it opens by itself; null when it never does.
    pub opens_at: Option<Timestamp>,
    /// Of the gate `suppression`, where it came of your own messages.
    pub suppression_reason: Option<SuppressionReason>,
}

impl GateAnswerView {
    fn of(answer: GateAnswer, reach: &Reach) -> Self {
        let stopped = reach.facts.stopped.filter(|_| answer.gate == Gate::Suppression);
        Self {
            gate: answer.gate,
            open: answer.code.is_none(),
            code: answer.code,
            detail: answer.code.map(|code| reach::in_words(code).into()),
            opens_at: answer.opens_at,
            suppression_reason: stopped.and_then(|stopped| stopped.reason),
        }
    }
}

/// Tell whether a contact may be written to unasked
///
/// Every gate answers for the first address of the channel, and says when it opens by itself. They are asked again when a message leaves. For
/// an answer in a conversation ask `GET /v1/conversations/{id}/eligibility`, which knows its window.
#[utoipa::path(
    params(ReachQuery),
    responses((status = 200, description = "What every gate says", body = ContactEligibility))
)]
#[get("/contacts/{id}/eligibility")]
pub async fn get_contact_eligibility(
    caller: Caller,
    core: Core,
    id: Path<ContactId>,
    query: Query<ReachQuery>,
) -> Answer {
    caller.require(Permission::ContactsRead)?;
    let channel = query.0.channel.unwrap_or(AddressChannel::Email).into();
    let asked = (channel, query.0.class.unwrap_or(MessageClass::Marketing));
    let (settings, plan) = (core.settings.clone(), caller.entitlements().clone());
    let reach = core.read(&caller, move |tx| {
        let writer = Writer::of(tx)?;
        reach::of(tx, &writer, (&settings, &plan), id.0, asked)
    });
    let reach = reach.await?;
    let gates = reach.answers.all().iter().map(|answer| GateAnswerView::of(*answer, &reach)).collect();
    Ok(HttpResponse::Ok().json(ContactEligibility {
        channel: reach.facts.channel,
        class: reach.facts.class,
        may_write: reach.answers.is_open(),
        opens_at: reach.answers.opens_at(),
        gates,
        address: reach.facts.address,
    }))
}
