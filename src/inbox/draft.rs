//! The suggested first message to a lead: a template filled from the lead, the tenant and whoever is asking.
//!
//! What comes out can be edited, or sent as it is: the template's code and values are what sending takes.

use std::collections::BTreeMap;

use super::model::Channel;
use crate::base::{Error, Result};
use crate::leads::Shown;
use crate::sending::templates;
use crate::sending::words::{self, Holds};
use crate::tenants::Tenant;

const TEMPLATE: &str = "first_contact";

/// A message nobody has sent yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    pub channel: Channel,
    pub template_code: &'static str,
    pub variables: BTreeMap<String, String>,
    pub content: String,
    pub subject: Option<String>,
}

/// The channel a lead is best reached on.
pub fn best_channel(lead: &Shown) -> Channel {
    if lead.has_phone { Channel::Whatsapp } else { Channel::Email }
}

/// Of a locked lead it names nobody and quotes nothing.
///
/// # Errors
/// `channel.not_supported`.
pub fn suggest(
    lead: &Shown,
    tenant: &Tenant,
    agent: Option<&str>,
    channel: Channel,
    platform_name: &str,
) -> Result<Suggestion> {
    if !templates::codes_for_leads(channel).contains(&TEMPLATE) {
        let message = format!("Messages cannot be sent on {channel} yet.");
        return Err(Error::conflict("channel.not_supported", message));
    }
    let business = tenant.sender_name(platform_name);
    let name = words::clean(first_name(lead), Holds::Name);
    let from = agent.map_or(business.clone(), |agent| format!("{agent} from {business}"));
    let from = if words::check(&from, Holds::Sender).is_ok() { from } else { words::clean(&business, Holds::Sender) };
    let variables = BTreeMap::from([
        ("name".to_string(), if name.is_empty() { "there".into() } else { name }),
        ("business".to_string(), if from.is_empty() { tenant.slug.clone() } else { from }),
        ("about".to_string(), about(lead, tenant)),
    ]);
    let rendered = templates::find(TEMPLATE)?.render(channel, &variables)?;
    Ok(Suggestion { channel, template_code: TEMPLATE, variables, content: rendered.content, subject: rendered.subject })
}

fn first_name(lead: &Shown) -> &str {
    lead.name.split_whitespace().next().filter(|_| !lead.is_locked).unwrap_or("there")
}

/// What the lead asked about, from its own answers: "2BHK in Andheri, Goregaon (budget ₹80L-1Cr)".
fn about(lead: &Shown, tenant: &Tenant) -> String {
    let thing = lead
        .answer(&["looking for", "looking_for", "property", "bhk", "product", "service", "interest", "requirement"])
        .or_else(|| tenant.profile.services.first().cloned().map(Into::into))
        .unwrap_or_else(|| "what we offer".into());
    let mut about = thing;
    // As much as a template's variable takes; what somebody typed may say more than that.
    let fits = |text: &String| words::check(text, Holds::About).is_ok();
    if let Some(longer) = lead.areas().map(|areas| format!("{about} in {areas}")).filter(fits) {
        about = longer;
    }
    if let Some(longer) = lead
        .budget_range
        .as_ref()
        .filter(|_| !lead.is_locked)
        .map(|budget| format!("{about} (budget {budget})"))
        .filter(fits)
    {
        about = longer;
    }
    words::clean(&about, Holds::About)
}
