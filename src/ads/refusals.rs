//! What is refused about ad campaigns and their forms.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::{Place, Refusal};

/// Where an ad campaign gets the ids that an ad platform gave.
const NAMING: &[Place] = &[At("create_ad_campaign"), At("update_ad_campaign"), At("activate_ad_campaign")];

pub const REFUSALS: &[Refusal] = &[
    engine::absent!("ad_campaign", "ad campaign", "/v1/ad-campaigns"),
    Refusal::not_found("lead_form.not_found")
        .why("The ad campaign has no lead form.")
        .remedy("Give it one by PATCH /v1/ad-campaigns/{id}.")
        .at(&[At("get_lead_form")]),
    Refusal::conflict("ad_campaign.illegal_transition")
        .why("The ad campaign's status does not allow this step.")
        .remedy("Read it: its status says which steps are left.")
        .at(&[Under("/v1/ad-campaigns/{id}/")]),
    Refusal::conflict("ad_campaign.completed")
        .why("A completed ad campaign cannot be changed.")
        .remedy("Create another one.")
        .at(&[At("update_ad_campaign")]),
    Refusal::conflict("ad_campaign.running")
        .why("The ad platform still runs the ad campaign under its present id.")
        .remedy("Pause it, then change the id.")
        .at(&[At("update_ad_campaign")]),
    Refusal::conflict("ad_campaign.limit_reached")
        .why("The tenant has as many ad campaigns that are not over as it may.")
        .remedy("Complete one first.")
        .at(&[At("create_ad_campaign")]),
    Refusal::conflict("ad_campaign.external_campaign_taken")
        .why("Another ad campaign has this id of the ad platform.")
        .remedy("Find out whose it is; complete that one, or leave the id out.")
        .at(NAMING),
    Refusal::conflict("ad_campaign.external_form_taken")
        .why("Another ad campaign has this form of the ad platform.")
        .remedy("Find out whose it is; complete that one, or leave the id out.")
        .at(NAMING),
    Refusal::conflict("ad_campaign.not_under_review")
        .why("Nobody asked the operators to decide on this ad campaign.")
        .remedy("Nothing: it is in the tenant's own ad account.")
        .at(&[At("reject_ad_campaign")]),
    Refusal::conflict("ad_campaign.takes_no_key")
        .why("Only Google's lead forms send with a key; Meta signs what it sends.")
        .remedy("Nothing is left to set up.")
        .at(&[At("create_lead_form_key")]),
    Refusal::upstream("ad_campaign.delivery_failed")
        .why("The ad platform did not take the ad campaign's new state.")
        .remedy(
            "Look at the ad campaign's delivery: it says what the platform answered, and whether it is tried again.",
        ),
];
