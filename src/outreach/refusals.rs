//! What is refused about outreach campaigns.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::{Place, Refusal};

/// Where words and sender are needed.
const WORDS: &[Place] = &[
    At("create_outreach_campaign"),
    At("update_outreach_campaign"),
    At("clone_outreach_campaign"),
    At("estimate_outreach_campaign"),
    At("confirm_outreach_campaign"),
];

pub const REFUSALS: &[Refusal] = &[
    engine::absent!("outreach_campaign", "outreach campaign", "/v1/outreach-campaigns"),
    Refusal::not_found("outreach_estimate.not_found")
        .why("The outreach campaign has no such estimate.")
        .remedy("Make one by POST /v1/outreach-campaigns/{id}/estimate.")
        .at(&[At("get_outreach_estimate"), At("confirm_outreach_campaign")]),
    Refusal::conflict("outreach_estimate.expired")
        .why("An estimate can be confirmed for an hour.")
        .remedy("Make another one, and confirm that.")
        .at(&[At("confirm_outreach_campaign")]),
    Refusal::conflict("outreach_estimate.stale")
        .why("The draft was changed since it was estimated.")
        .remedy("Make another estimate, and confirm that.")
        .at(&[At("confirm_outreach_campaign")]),
    Refusal::conflict("outreach_campaign.reaches_nobody")
        .why("Nobody of its audience may be written to.")
        .remedy("Read in the estimate why, and change the audience.")
        .at(&[At("confirm_outreach_campaign")]),
    Refusal::conflict("outreach_campaign.moment_over")
        .why("The moment for which it was scheduled is over.")
        .remedy("Schedule it anew, or remove scheduled_at to send at once.")
        .at(&[At("confirm_outreach_campaign")]),
    Refusal::conflict("outreach_campaign.not_draft")
        .why("It was confirmed already.")
        .remedy("Clone it to send again.")
        .at(&[At("estimate_outreach_campaign"), At("confirm_outreach_campaign"), At("delete_outreach_campaign")]),
    Refusal::conflict("outreach_campaign.limit_reached")
        .why("The tenant has as many drafts as it may.")
        .remedy("Confirm or delete one first.")
        .at(&[At("create_outreach_campaign"), At("clone_outreach_campaign")]),
    Refusal::conflict("outreach_campaign.not_editable")
        .why("Only a draft, or one that is paused, can be changed.")
        .remedy("Pause it first, or clone it.")
        .at(&[At("update_outreach_campaign")]),
    Refusal::conflict("outreach_campaign.illegal_transition")
        .why("The outreach campaign's status does not allow this step.")
        .remedy("Read it: its status says which steps are left.")
        .at(&[Under("/v1/outreach-campaigns/{id}/")]),
    Refusal::conflict("outreach_campaign.not_launched")
        .why("Its audience is not written down yet.")
        .remedy("Confirm it, and ask again when it runs.")
        .at(&[At("get_outreach_proof")]),
    Refusal::conflict("outreach_campaign.segment_not_ready")
        .why("The segment of its audience is being built.")
        .remedy("Try again in a moment.")
        .at(&[At("estimate_outreach_campaign")]),
    Refusal::conflict("outreach_campaign.template_unusable")
        .why("Its template is not active, or cannot be written.")
        .remedy("Mend or activate the template, or name another one.")
        .at(WORDS),
    Refusal::conflict("outreach.no_whatsapp_account")
        .why("Many people are written to on WhatsApp from the tenant's own account alone, and none is connected.")
        .remedy("Use a template of e-mail or SMS.")
        .at(&[At("confirm_outreach_campaign"), At("resume_outreach_campaign")]),
];
