//! The suggested first message to a lead.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get};
use utoipa::IntoParams;

use crate::contacts::id::LeadId;
use crate::engine::Core;
use crate::engine::http::{Answer, Path, Query};
use crate::inbox::api::messages::TemplateChoice;
use crate::inbox::draft::{self, Suggestion};
use crate::inbox::model::Channel;
use crate::leads;
use crate::tenants::access::{Caller, Permission};

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SuggestionQuery {
    /// `whatsapp` when the lead has a phone number, else `email`.
    channel: Option<Channel>,
}

crate::view! {
    /// A draft: edit it, or send it as it is.
    #[schema(example = json!({
        "channel": "whatsapp",
        "template": {"code": "first_contact", "variables": {"name": "Rajesh", "business": "Asha from ABC Real Estate via LeadGen Pro", "about": "2BHK in Andheri, Goregaon (budget ₹80L-1Cr)"}},
        "content": "Hi Rajesh, this is Asha from ABC Real Estate via LeadGen Pro. Thank you for your interest in 2BHK in Andheri, Goregaon (budget ₹80L-1Cr). Would you be available for a quick call today to discuss your requirements?",
        "subject": null
    }))]
    pub struct SuggestedMessage from draft: Suggestion {
        pub channel: Channel,
        /// What `send_message` takes as `template`.
        #[schema(value_type = TemplateChoice)]
        pub template: SuggestedTemplate = SuggestedTemplate { code: draft.template_code.into(), variables: draft.variables },
        /// What the person would read.
        pub content: String,
        /// E-mail only.
        pub subject: Option<String>,
    }
}

/// A [`TemplateChoice`] of ours.
#[derive(Debug, serde::Serialize)]
pub struct SuggestedTemplate {
    pub code: String,
    pub variables: BTreeMap<String, String>,
}

/// Suggest a first message to a lead
///
/// To a locked one, without its name and answers.
#[utoipa::path(
    tag = "Conversations", params(SuggestionQuery), security(("bearer" = ["conversations:read"]), ("operator" = [])),
    responses(
        (status = 200, description = "A draft", body = SuggestedMessage),
        (status = 409, description = "The channel has no messages", body = crate::engine::http::problem::Problem, content_type = "application/problem+json"))
)]
#[get("/leads/{id}/suggested-message")]
pub async fn get_suggested_message(
    caller: Caller,
    core: Core,
    path: Path<LeadId>,
    query: Query<SuggestionQuery>,
) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let platform_name = core.settings.platform_name.clone();
    let user = caller.actor().user();
    let draft = core
        .read(caller.scope(), move |tx| {
            let lead = leads::shown(tx, path.0)?;
            let channel = query.0.channel.unwrap_or_else(|| draft::best_channel(&lead));
            let tenant = crate::tenants::store::current(tx)?;
            let members = crate::tenants::store::members(tx)?;
            let agent = members.into_iter().find(|member| Some(member.user_id) == user).and_then(|member| member.name);
            let agent = agent.or(tenant.profile.owner_name.clone());
            draft::suggest(&lead, &tenant, agent.as_deref(), channel, &platform_name)
        })
        .await?;
    Ok(HttpResponse::Ok().json(SuggestedMessage::from(draft)))
}
