//! Campaigns that are drafted, changed, cloned and deleted.

use validator::Validate;

use super::audience::{self, OutreachAudience};
use super::estimate;
use super::facts::OutreachCampaignFact;
use super::id::OutreachCampaignId;
use super::model::OutreachStatus;
use super::store::campaigns::{self as rows, OutreachCampaign};
use super::words::Letter;
use crate::base::bounded::Line;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::outreach::id::OutreachEstimateId;
use crate::sending::id::TemplateId;
use crate::tenants::store::person_behind;

/// How much later than its moment a campaign is launched when nothing else is said.
const LATENESS_MINUTES: i32 = 60;
/// Drafts that a tenant may have.
const MOST_DRAFTS: i64 = 200;
/// How far ahead one can be scheduled.
const FURTHEST_DAYS: i64 = 366;

/// A campaign to be drafted.
#[derive(Debug, Clone, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Diwali offer", "template_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a11",
    "audience": {"tag": "wedding 2024"}}))]
pub struct NewOutreachCampaign {
    pub name: Line<1, 120>,
    /// An active one, of e-mail or SMS; the campaign has its channel.
    pub template_id: TemplateId,
    #[validate(nested)]
    pub audience: OutreachAudience,
    /// Not before then; at once on confirmation, when it is left out.
    pub scheduled_at: Option<Timestamp>,
    /// How much later than that it may be launched; then it is missed. An hour when it is left out.
    #[validate(range(min = 1, max = 10_080))]
    #[schema(minimum = 1, maximum = 10_080)]
    pub lateness_minutes: Option<i32>,
}

crate::patch! {
    /// A change to a campaign. A draft can be changed in everything; one that is paused in its name and its words, which whoever is
    /// not written to yet gets then.
    #[schema(example = json!({"name": "Diwali offer 2026", "scheduled_at": null}))]
    pub struct OutreachCampaignPatch of OutreachCampaign {
        pub name: Given<Line<1, 120>>,
        pub template_id: Given<TemplateId> => by hand,
        #[validate(nested)]
        pub audience: Given<OutreachAudience> => by hand,
        pub scheduled_at: Patch<Timestamp>,
        #[validate(range(min = 1, max = 10_080))]
        #[schema(minimum = 1, maximum = 10_080)]
        pub lateness_minutes: Given<i32>,
    }
}

/// # Errors
/// `template.not_found`, `outreach_campaign.template_unusable`; a field that cannot be.
pub fn create(tx: &mut TenantTx<'_>, new: NewOutreachCampaign) -> Result<OutreachCampaign> {
    let letter = Letter::of_template(tx, new.template_id)?;
    audience::check(tx, &new.audience)?;
    check_moment(tx.now(), new.scheduled_at)?;
    let mut campaign = blank(tx, new.name.into(), new.template_id, &letter)?;
    campaign.audience = Doc(new.audience);
    campaign.scheduled_at = new.scheduled_at;
    campaign.lateness_minutes = new.lateness_minutes.unwrap_or(LATENESS_MINUTES);
    draft(tx, campaign)
}

/// Drafts the same again: name, words and audience; nothing of what was scheduled or sent.
///
/// # Errors
/// `outreach_campaign.not_found`; as [`create`].
pub fn clone(tx: &mut TenantTx<'_>, id: OutreachCampaignId) -> Result<OutreachCampaign> {
    let old = rows::get(tx, id)?;
    let letter = Letter::of_template(tx, old.template_id)?;
    let mut campaign = blank(tx, old.name, old.template_id, &letter)?;
    campaign.audience = old.audience;
    campaign.lateness_minutes = old.lateness_minutes;
    draft(tx, campaign)
}

fn blank(tx: &mut TenantTx<'_>, name: String, template_id: TemplateId, letter: &Letter) -> Result<OutreachCampaign> {
    let created_by = person_behind(tx)?;
    let now = tx.now();
    Ok(OutreachCampaign {
        tenant_id: tx.tenant(),
        id: OutreachCampaignId::new(),
        name,
        channel: letter.channel(),
        template_id,
        status: OutreachStatus::Draft,
        status_reason: None,
        audience: Doc(OutreachAudience::default()),
        scheduled_at: None,
        lateness_minutes: LATENESS_MINUTES,
        content: None,
        estimate_id: None::<OutreachEstimateId>,
        audience_size: 0,
        frozen_through: None,
        audience_hash: None,
        created_by,
        version: 1,
        created_at: now,
        updated_at: now,
        launched_at: None,
        completed_at: None,
    })
}

fn draft(tx: &mut TenantTx<'_>, campaign: OutreachCampaign) -> Result<OutreachCampaign> {
    lock_tenant(tx, "outreach_drafts")?;
    if rows::drafts(tx)? >= MOST_DRAFTS {
        let message = format!("There are {MOST_DRAFTS} drafts already. Confirm or delete one first.");
        return Err(Error::conflict("outreach_campaign.limit_reached", message));
    }
    rows::insert(tx, &campaign)?;
    tx.record(OutreachCampaignFact::of(&campaign).told_as(OutreachCampaignFact::CREATED).about(campaign.id.uuid()))?;
    Ok(campaign)
}

/// # Errors
/// A moment that is over, or too far away.
fn check_moment(now: Timestamp, at: Option<Timestamp>) -> Result<()> {
    let Some(at) = at else { return Ok(()) };
    if at <= now || at > now.plus(chrono::Duration::days(FURTHEST_DAYS)) {
        let rule = format!("expected a moment to come, within {FURTHEST_DAYS} days");
        return Err(Error::field("/scheduled_at", "invalid_value", rule));
    }
    Ok(())
}

/// # Errors
/// `outreach_campaign.not_found`, `request.precondition_failed`, `outreach_campaign.not_editable`; a field that cannot be.
pub fn change(
    tx: &mut TenantTx<'_>,
    id: OutreachCampaignId,
    mut patch: OutreachCampaignPatch,
    if_match: &IfMatch,
) -> Result<OutreachCampaign> {
    let mut campaign = rows::hold(tx, id)?;
    if_match.check(campaign.version)?;
    let is_draft = campaign.status == OutreachStatus::Draft;
    if !is_draft && campaign.status != OutreachStatus::Paused {
        let message =
            format!("The campaign is {}: only a draft, or one that is paused, can be changed.", campaign.status);
        return Err(Error::conflict("outreach_campaign.not_editable", message));
    }
    let fixed = [
        ("/audience", patch.audience.0.is_some()),
        ("/scheduled_at", !patch.scheduled_at.is_absent()),
        ("/lateness_minutes", !patch.lateness_minutes.is_absent()),
    ];
    if let Some((pointer, _)) = fixed.iter().find(|(_, is_changed)| *is_changed && !is_draft) {
        let rule = "expected nothing: this is settled once the campaign is confirmed";
        return Err(Error::field(*pointer, "invalid_value", rule));
    }
    check_moment(tx.now(), patch.scheduled_at.value().copied())?;
    let template = patch.template_id.0.take().filter(|template| *template != campaign.template_id);
    let audience = patch.audience.0.take().filter(|audience| *audience != campaign.audience.0);
    if let Some(audience) = &audience {
        audience::check(tx, audience)?;
    }
    let mut changes = patch.apply(&mut campaign);
    if let Some(template) = template {
        let letter = Letter::of_template(tx, template)?;
        if !is_draft && letter.channel() != campaign.channel {
            let rule = format!("expected a template of {}, since the campaign has begun there", campaign.channel);
            return Err(Error::field("/template_id", "invalid_value", rule));
        }
        campaign.template_id = template;
        campaign.channel = letter.channel();
        if campaign.content.is_some() {
            campaign.content = Some(letter.doc());
        }
        changes.note("template_id", true);
    }
    if let Some(audience) = audience {
        campaign.audience = Doc(audience);
        changes.note("audience", true);
    }
    if changes.is_empty() {
        return Ok(campaign);
    }
    rows::save(tx, &mut campaign)?;
    let fact = OutreachCampaignFact { changed: Some(changes.told()), ..OutreachCampaignFact::of(&campaign) };
    tx.record(fact.told_as(OutreachCampaignFact::UPDATED).about(id.uuid()))?;
    Ok(campaign)
}

/// Deletes a draft.
///
/// # Errors
/// `outreach_campaign.not_found`, `outreach_campaign.not_draft`.
pub fn delete(tx: &mut TenantTx<'_>, id: OutreachCampaignId) -> Result<()> {
    let campaign = rows::hold(tx, id)?;
    if campaign.status != OutreachStatus::Draft {
        return Err(estimate::not_draft(&campaign));
    }
    rows::delete(tx, id)?;
    tx.record(OutreachCampaignFact::of(&campaign).told_as(OutreachCampaignFact::DELETED).about(id.uuid()))?;
    Ok(())
}
