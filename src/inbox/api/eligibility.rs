//! Whether somebody may be written to, asked beforehand.

use actix_web::{HttpResponse, get};
use utoipa::{IntoParams, ToSchema};

use crate::base::Error;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, Path, Query};
use crate::inbox::gate::{self, Ask, Writer};
use crate::inbox::id::ConversationId;
use crate::inbox::open;
use crate::inbox::store::conversations;
use crate::sending::gate::Nature;
use crate::sending::{Code, WriteReason, senders};
use crate::tenants::access::{Caller, Permission};

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EligibilityQuery {
    /// True: a template is meant, which WhatsApp takes at any time; free text otherwise.
    template: Option<bool>,
}

/// Everything that stands in the way of a message now.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"may_write": false, "is_held": true, "reason": "reported_enquiry", "opens_at": null,
    "obstacles": [{"code": "no_subscription", "refuses": false, "opens_at": null, "detail": "This business has no subscription yet. It leaves by itself when one starts."}]}))]
pub struct Eligibility {
    /// A message would leave at once.
    pub may_write: bool,
    /// A message would be taken and wait.
    pub is_held: bool,
    /// Why the person may be written to.
    pub reason: Option<WriteReason>,
    /// When it is possible, where only time is missing.
    pub opens_at: Option<Timestamp>,
    pub obstacles: Vec<ObstacleView>,
}

/// One reason.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"code": "person_limit", "refuses": true, "opens_at": "2026-11-21T09:00:00Z", "detail": "This person has been written to often enough without answering."}))]
pub struct ObstacleView {
    pub code: Code,
    /// A message is refused; otherwise it waits.
    pub refuses: bool,
    pub opens_at: Option<Timestamp>,
    pub detail: String,
}

/// Tell whether the person may be written to
///
/// With every reason against it.
#[utoipa::path(
    params(EligibilityQuery),
    responses((status = 200, description = "What stands in the way", body = Eligibility))
)]
#[get("/conversations/{id}/eligibility")]
pub async fn get_eligibility(
    caller: Caller,
    core: Core,
    path: Path<ConversationId>,
    query: Query<EligibilityQuery>,
) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let settings = core.settings.clone();
    let is_template = query.0.template.unwrap_or(false);
    let read = move |tx: &mut TenantTx<'_>| {
        let conversation = conversations::get(tx, path.0)?;
        let lead = crate::leads::brief(tx, conversation.lead_id)?;
        let person = match &conversation.person_address {
            Some(address) => Some(address.clone()),
            None => open::address_of(&lead, conversation.channel)?,
        };
        let nobody = || Error::conflict("lead.no_address", "This conversation has nobody to write to.");
        let person = person.ok_or_else(nobody)?;
        let sender = senders::choose(tx, conversation.channel, conversation.sender_address.as_deref())?;
        let question = Ask {
            conversation: &conversation,
            lead: &lead,
            sender: &sender,
            person: &person,
            is_template,
            is_on_its_way: false,
        };
        let writer = Writer::of(tx)?;
        let verdict = gate::ask(tx, &writer, &settings, &question)?;
        let only_time = verdict.obstacles.iter().all(|obstacle| obstacle.opens_at.is_some());
        let mut obstacles = Vec::new();
        for obstacle in &verdict.obstacles {
            obstacles.push(ObstacleView {
                code: obstacle.code,
                refuses: obstacle.code.nature() != Nature::Passing,
                opens_at: obstacle.opens_at,
                detail: gate::explain(tx, &question, obstacle)?,
            });
        }
        Ok(Eligibility {
            may_write: verdict.obstacles.is_empty(),
            is_held: !verdict.holds().is_empty() && verdict.refusal().is_none() && verdict.cap().is_none(),
            reason: verdict.reason,
            opens_at: verdict.obstacles.iter().filter_map(|obstacle| obstacle.opens_at).max().filter(|_| only_time),
            obstacles,
        })
    };
    Ok(HttpResponse::Ok().json(core.db.read(caller.scope(), read).await?))
}
