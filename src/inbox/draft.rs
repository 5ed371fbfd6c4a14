//! The suggested first message to a lead: a template filled from the lead, the tenant and whoever is asking.
//!
//! What comes out can be edited, or sent as it is: the template's code and values are what sending takes.

use std::collections::BTreeMap;

use super::model::Channel;
use crate::base::{Error, Result};
use crate::language::{self, Phrase, Words, english, fill};
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
    // What a provider approved is in English, and so is what is put into it.
    let language = if channel == Channel::Email { words_of(tenant) } else { english() };
    let name = words::clean(first_name(lead).unwrap_or_default(), Holds::Name);
    let from = agent.map_or(business.clone(), |agent| {
        said(language, Phrase::AgentOf, &[("agent", agent), ("business", &business)])
    });
    let from = if words::check(&from, Holds::Sender).is_ok() { from } else { words::clean(&business, Holds::Sender) };
    let variables = BTreeMap::from([
        ("name".to_string(), if name.is_empty() { language.phrase(Phrase::There).into() } else { name }),
        ("business".to_string(), if from.is_empty() { tenant.slug.clone() } else { from }),
        ("about".to_string(), about(lead, tenant, language)),
    ]);
    let rendered = templates::find(TEMPLATE)?.render(channel, &variables, language)?;
    Ok(Suggestion { channel, template_code: TEMPLATE, variables, content: rendered.content, subject: rendered.subject })
}

/// The language a tenant writes in.
pub(super) fn words_of(tenant: &Tenant) -> &'static Words {
    tenant.settings.language.as_ref().and_then(|tag| language::of(tag.as_str())).unwrap_or_else(english)
}

/// A phrase with its values.
fn said(language: &Words, phrase: Phrase, values: &[(&str, &str)]) -> String {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    fill(language.phrase(phrase), value).unwrap_or_default()
}

fn first_name(lead: &Shown) -> Option<&str> {
    lead.name.split_whitespace().next().filter(|_| !lead.is_locked)
}

/// What the lead asked about, from its own answers: "2BHK in Andheri, Goregaon (budget ₹80L-1Cr)".
fn about(lead: &Shown, tenant: &Tenant, language: &Words) -> String {
    let thing = lead
        .answer(&["looking for", "looking_for", "property", "bhk", "product", "service", "interest", "requirement"])
        .or_else(|| tenant.profile.services.first().cloned().map(Into::into))
        .unwrap_or_else(|| language.phrase(Phrase::WhatWeOffer).into());
    let mut about = thing;
    // As much as a template's variable takes; what somebody typed may say more than that.
    let fits = |text: &String| words::check(text, Holds::About).is_ok();
    let in_areas = lead.areas().map(|areas| said(language, Phrase::AboutIn, &[("about", &about), ("areas", &areas)]));
    if let Some(longer) = in_areas.filter(fits) {
        about = longer;
    }
    if let Some(longer) = lead
        .budget_range
        .as_ref()
        .filter(|_| !lead.is_locked)
        .map(|budget| said(language, Phrase::AboutBudget, &[("about", &about), ("budget", budget)]))
        .filter(fits)
    {
        about = longer;
    }
    words::clean(&about, Holds::About)
}
