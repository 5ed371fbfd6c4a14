//! The words of a notification.
//!
//! A lead's alert says what an owner decides by: score and grade, who, budget, timeline, areas, three reasons, and the link
//!. "Within 1 hour" is what the platform asks of the tenant, not what the lead is promised.

use std::collections::BTreeMap;

use super::elsewhere::{AdCampaignReviewed, EndpointDisabled};
use super::model::NotificationKind;
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::billing::facts::{QuotaReached, SubscriptionFact};
use crate::billing::model::OveragePolicy;
use crate::contacts::Channel;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::events::Event;
use crate::inbox::facts::MessageFact;
use crate::leads::facts::LeadEnquired;
use crate::leads::score::{Grade, grade};
use crate::leads::{self, Shown};
use crate::sending::longest_content;
use crate::sending::templates::{self, Rendered};
use crate::sending::words::{self, Holds};
use crate::tenants::Tenant;
use crate::tenants::facts::UserHandedOver;

/// A notification before anybody is told.
#[derive(Debug, Clone)]
pub struct Notice {
    pub kind: NotificationKind,
    pub title: String,
    /// For the list in the product.
    pub body: String,
    pub link: String,
    pub lead: Option<Shown>,
    pub template_code: &'static str,
    pub variables: BTreeMap<String, String>,
}

impl Notice {
    pub fn lead_id(&self) -> Option<LeadId> {
        self.lead.as_ref().map(|lead| lead.id)
    }

    /// When the lead came, when it is new: its tenant waits to be told since then.
    pub fn lead_received_at(&self) -> Option<Timestamp> {
        let new = self.lead.as_ref().filter(|_| self.kind == NotificationKind::LeadCreated);
        new.map(|lead| lead.received_at)
    }

    /// The words for an outside channel, with long answers shortened until they fit: the tenant is told in any case. The
    /// link stays whole.
    pub fn on(&self, channel: Channel) -> Result<Rendered> {
        let template = templates::find(self.template_code)?;
        let is_brief = longest_content(channel) < 10_000;
        let mut most = if is_brief { 300 } else { 2_000 };
        loop {
            let shortened = self.variables.iter().map(|(name, value)| {
                let value = if name == "link" { value.clone() } else { short(value, most) };
                (name.clone(), value)
            });
            match template.render(channel, &shortened.collect()) {
                Err(_) if most > 20 => most /= 2,
                rendered => return rendered,
            }
        }
    }
}

/// Words for an event; `None` when nobody is told of it.
pub fn notice(tx: &mut TenantTx<'_>, event: &Event, tenant: &Tenant, app_url: &str) -> Result<Option<Notice>> {
    let Some(kind) = NotificationKind::of(event.kind) else { return Ok(None) };
    if kind.is_for_managers() {
        return about_account(kind, event, tenant, app_url).map(Some);
    }
    let Some(id) = event.timeline.map(LeadId::from_uuid) else { return Ok(None) };
    let lead = leads::shown(tx, id)?;
    let link = format!("{}/leads/{id}", tenant.pages(app_url));
    Ok(Some(match kind {
        NotificationKind::LeadCreated => {
            let reasons = lead.reasons(tx)?;
            about_lead(lead, reasons, link)
        }
        NotificationKind::MessageReceived => {
            let text = event.read::<MessageFact>()?.preview.unwrap_or_default();
            let text = lead.words(&text).to_string();
            let title = format!("New message from {}", lead.name);
            alert(kind, title, text, link, Some(lead))
        }
        _ => {
            let title = format!("{} enquired again", lead.name);
            // The one that came now; the lead's own source is the first.
            let source = event.read::<LeadEnquired>()?.source.unwrap_or(lead.source);
            alert(kind, title, format!("Enquiry through {}.", spelled(source.as_str())), link, Some(lead))
        }
    }))
}

/// A tenant's name in what the platform writes to strangers: it carries no message of its own.
pub(super) fn named(tenant: &Tenant) -> String {
    let shown = tenant.settings.branding.display_name.as_ref().unwrap_or(&tenant.name);
    let name = words::clean(shown, Holds::Sender);
    if name.is_empty() { tenant.slug.clone() } else { name }
}

/// At most so many characters.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_string(),
    }
}

fn spelled(code: &str) -> String {
    code.replace('_', " ")
}

fn grade_word(grade: Grade) -> &'static str {
    match grade {
        Grade::Hot => "Hot",
        Grade::Warm => "Warm",
        Grade::Qualified => "Qualified",
        Grade::Cold => "Cold",
        Grade::Unqualified => "Unqualified",
    }
}

/// The labels of the three best items of a stored score; none when the document is of another shape.
fn about_lead(lead: Shown, reasons: Vec<String>, link: String) -> Notice {
    let (name, word, score) = (lead.name.clone(), grade_word(grade(lead.score)), lead.score);
    let phone = lead.phone_in_words().map(str::to_string);
    let reasons: Vec<String> = reasons.iter().map(|reason| format!("✓ {reason}")).collect();
    let mut variables = BTreeMap::from([
        ("grade".to_string(), word.to_string()),
        ("score".to_string(), score.to_string()),
        ("name".to_string(), if name.is_empty() { "(no name)".into() } else { name.clone() }),
        ("reasons".to_string(), reasons.join(" · ")),
        ("link".to_string(), link.clone()),
    ]);
    let optional = [
        ("phone", phone),
        ("budget", lead.budget_range.clone()),
        ("timeline", lead.timeline.clone()),
        ("areas", lead.areas()),
    ];
    variables.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_string(), value?))));
    Notice {
        kind: NotificationKind::LeadCreated,
        title: format!("New {} lead: {name} ({score}/100)", word.to_lowercase()),
        body: format!("{}\nContact within 1 hour for best results!", reasons.join("\n")).trim().to_string(),
        link,
        lead: Some(lead),
        template_code: "lead_alert",
        variables,
    }
}

fn about_account(kind: NotificationKind, event: &Event, tenant: &Tenant, app_url: &str) -> Result<Notice> {
    let base = tenant.pages(app_url);
    let told = |(title, body): (String, String), page: &str| alert(kind, title, body, format!("{base}/{page}"), None);
    Ok(match kind {
        NotificationKind::WebhookEndpointDisabled => told(about_endpoint(&event.glimpse()?), "webhooks"),
        NotificationKind::MemberLeft => told(about_hand_over(&event.read()?), "webhooks"),
        NotificationKind::AdCampaignReviewed => {
            let id = event.subject_id.map(|id| format!("/{id}")).unwrap_or_default();
            told(about_review(&event.glimpse()?), &format!("ad-campaigns{id}"))
        }
        NotificationKind::PaymentDue => told(about_payment(&event.read()?), "billing"),
        NotificationKind::QuotaReached => told(about_quota(&event.read()?), "billing"),
        _ => told(about_end(&event.read()?), "billing"),
    })
}

// Each answers title and body.

fn about_endpoint(fact: &EndpointDisabled) -> (String, String) {
    let host = fact.host.as_deref().unwrap_or("your address");
    let why = if fact.is_gone() {
        "It answered that it is gone for good."
    } else {
        "Nothing we sent it arrived for five days."
    };
    let body = format!("{why} It gets no events until you enable it again; then replay what it missed.");
    (format!("The webhook endpoint at {host} was disabled"), body)
}

fn about_review(fact: &AdCampaignReviewed) -> (String, String) {
    let name = fact.name.as_deref().unwrap_or("Your ad campaign");
    match &fact.reason {
        Some(reason) => (format!("{name} was sent back"), format!("{reason}\nChange it, then activate it again.")),
        None => (format!("{name} was approved"), "Its ads may run.".into()),
    }
}

fn about_payment(fact: &SubscriptionFact) -> (String, String) {
    let Some(at) = fact.pauses_at else {
        let body = "No payment came. Leads that arrive now are kept under lock until it is paid again.";
        return ("Your subscription is paused".into(), body.into());
    };
    let (title, day) = ("Your subscription is not paid any more", at.to_string());
    let day = day.get(..10).unwrap_or(&day);
    let body = format!(
        "What your plan includes is delivered until {day}, and nothing beyond it. Then everything pauses until a payment comes."
    );
    (title.into(), body)
}

fn about_quota(fact: &QuotaReached) -> (String, String) {
    let used = fact.used.map_or(String::new(), |used| format!(" ({used})"));
    let then = match fact.policy {
        Some(OveragePolicy::Bill) => "Further leads are delivered and billed as overage.",
        Some(OveragePolicy::Block) => "Further leads are kept under lock until you upgrade or buy them.",
        Some(OveragePolicy::Slow) => "Your ads slow down until the next period.",
        None => "See what happens with further leads.",
    };
    ("Your plan's leads are used up".into(), format!("All leads of this period{used} have been delivered. {then}"))
}

fn about_end(fact: &SubscriptionFact) -> (String, String) {
    let (title, body) = match fact.trial_refused.as_deref() {
        Some("business_phone") => {
            ("Your trial has ended", "Your business' phone number is one of a business that had a trial before.")
        }
        Some(_) => ("Your trial has ended", "An owner of yours owns a business that had a trial before."),
        None => ("Your subscription has expired", "Choose a plan to go on receiving leads."),
    };
    let then = if fact.trial_refused.is_some() { " It goes on once it is paid; we see to that." } else { "" };
    (title.into(), format!("{body}{then}"))
}

fn about_hand_over(fact: &UserHandedOver) -> (String, String) {
    let (hosts, keys, recipients) = (fact.hosts.join(", "), fact.api_keys.join(", "), fact.recipients.join(", "));
    let mut body = Vec::new();
    if !hosts.is_empty() {
        body.push(format!(
            "Webhook endpoints they made go on: {hosts}. If one is not yours, delete it; else give it a new secret."
        ));
    }
    if !keys.is_empty() {
        body.push(format!("API keys they made have ended: {keys}. What used them needs new ones."));
    }
    if !recipients.is_empty() {
        body.push(format!(
            "Alerts go no longer to the addresses they added: {recipients}. If one is the business' own, add it again."
        ));
    }
    let who = fact.email.as_deref().unwrap_or("Somebody");
    (format!("{who} was removed"), body.join("\n"))
}

/// What an address is told instead of the next alert, when many came in an hour.
pub fn many(kind: NotificationKind, tenant: &Tenant, app_url: &str) -> Notice {
    let body = "More happens than is told one by one: for the rest of this hour nothing is sent here. See all of it in the product.";
    alert(kind, "Much is happening".to_string(), body.to_string(), format!("{}/leads", tenant.pages(app_url)), None)
}

fn alert(kind: NotificationKind, title: String, body: String, link: String, lead: Option<Shown>) -> Notice {
    let text = if body.trim().is_empty() { "see more in the product".to_string() } else { body.clone() };
    let variables = [("title", title.clone()), ("text", text), ("link", link.clone())];
    Notice {
        kind,
        title,
        body,
        link,
        lead,
        template_code: "account_alert",
        variables: variables.into_iter().map(|(key, value)| (key.to_string(), value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::TenantId;
    use crate::base::json::Json;
    use crate::leads::for_intake::Lead;
    use crate::leads::testing::{rajesh_at, shown};
    use serde_json::json;

    fn lead() -> Lead {
        let at = "2026-11-20T09:00:00Z".parse().unwrap();
        let mut lead = Lead { phone: Some("+919876543210".into()), ..rajesh_at(TenantId::new(), at) };
        lead.profile.budget_range = Some("₹80L-1Cr".into());
        lead.profile.form_responses = Json::from(json!({"Preferred areas": ["Andheri", "Goregaon"]}));
        lead
    }

    #[test]
    fn a_lead_alert_says_what_an_owner_decides_by() {
        let reasons = ["Budget matches", "Ready soon", "In your area"].map(String::from).to_vec();
        let notice = about_lead(shown(lead()), reasons, "https://x.example/leads/1".into());
        let text = notice.on(Channel::Whatsapp).unwrap().content;
        assert_eq!(
            text,
            "🎯 New Hot lead! (Score: 85/100)\n\nName: Rajesh Kumar\nPhone: +919876543210\nBudget: ₹80L-1Cr\n\
             Timeline: not stated\nAreas: Andheri, Goregaon\n\nWhy: ✓ Budget matches · ✓ Ready soon · ✓ In your area\n\n\
             View & contact: https://x.example/leads/1\n\n⏰ Contact within 1 hour for best results!"
        );
        assert_eq!(notice.on(Channel::Email).unwrap().subject.unwrap(), "New Hot lead: Rajesh Kumar (85/100)");
    }

    #[test]
    fn a_long_answer_shortens_the_alert_and_never_keeps_it_back() {
        let mut talkative = Lead { name: "Rajesh ".repeat(30), ..lead() };
        talkative.profile.budget_range = Some("₹".repeat(2_000));
        talkative.profile.timeline = Some("soon ".repeat(900));
        talkative.profile.form_responses = Json::of(&json!({"Preferred areas": "Andheri ".repeat(600)}));
        let link = format!("https://x.example/{}", "l".repeat(340));
        let reasons = vec!["because ".repeat(40); 3];
        let notice = about_lead(shown(talkative), reasons, link.clone());
        for channel in [Channel::Whatsapp, Channel::Email] {
            let rendered = notice.on(channel).unwrap();
            assert!(rendered.content.chars().count() <= longest_content(channel), "{channel}");
            assert!(rendered.content.contains(&link), "{channel}: the link is whole");
            assert!(rendered.content.contains("₹₹₹"), "{channel}: and something of each answer is there");
        }
    }
}
