//! What happens to an outreach campaign, and what people answer.

use super::model::{OutreachReason, OutreachStatus};
use super::store::campaigns::OutreachCampaign;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::events::Facts;

crate::fact! {
    /// An outreach campaign, and what is other than before.
    OutreachCampaignFact as {
        /// An outreach campaign was drafted.
        CREATED = "outreach_campaign.created" says [name, channel] maybe [],
        /// Somebody changed an outreach campaign.
        UPDATED = "outreach_campaign.updated" says [name, channel, changed] maybe [],
        /// Somebody confirmed an estimate: it leaves now, or at its moment.
        CONFIRMED = "outreach_campaign.confirmed" says [name, channel, from, to] maybe [scheduled_at],
        /// Its audience is written down, and its messages leave.
        LAUNCHED = "outreach_campaign.launched" says [name, channel, from, to, audience],
        /// An outreach campaign was paused: by somebody, or because something is wrong with it.
        PAUSED = "outreach_campaign.paused" says [name, channel, from, to, reason],
        /// A paused outreach campaign goes on.
        RESUMED = "outreach_campaign.resumed" says [name, channel, from, to],
        /// Nothing more of an outreach campaign leaves.
        CANCELED = "outreach_campaign.canceled" says [name, channel, from, to, reason],
        /// Every message of it has left, or never will.
        COMPLETED = "outreach_campaign.completed" says [name, channel, from, to, audience],
        /// Its moment passed while it could not be launched.
        MISSED = "outreach_campaign.missed" says [name, channel, from, to, reason] maybe [scheduled_at],
        /// A draft was deleted.
        DELETED = "outreach_campaign.deleted" says [name, channel] maybe [],
    } {
        name: Option<String> = "Diwali offer",
        channel: Option<Channel> = "email",
        from: Option<OutreachStatus> = "draft",
        to: Option<OutreachStatus> = "preparing",
        reason: Option<OutreachReason> = "by_user",
        changed: Option<Vec<String>> = ["name"],
        scheduled_at: Option<Timestamp>,
        audience: Option<i32> = 450,
    }
}

impl OutreachCampaignFact {
    /// Which it is, for whoever reads no more than that.
    pub(super) fn of(campaign: &OutreachCampaign) -> Self {
        Self { name: Some(campaign.name.clone()), channel: Some(campaign.channel), ..Self::default() }
    }
}

/// What is told.
pub fn facts(facts: &mut Facts) {
    facts.add::<OutreachCampaignFact>();
}
