//! The words of a notification, of whoever reads it.
//!
//! A lead's alert says what an owner decides by: score and grade, who, budget, timeline, areas, three reasons, and the link
//!. "Within 1 hour" is what the platform asks of the tenant, not what the lead is promised.

use std::collections::BTreeMap;

use super::elsewhere::{AdCampaignReviewed, EndpointDisabled};
use super::model::NotificationKind;
use super::queue::Content;
use super::readers;
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::billing::facts::{QuotaReached, SubscriptionFact};
use crate::billing::model::OveragePolicy;
use crate::contacts::Channel;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::events::Event;
use crate::inbox::facts::MessageFact;
use crate::language::{Letter, Notice as Text, Phrase, Reader, Said, Values, english};
use crate::leads::facts::LeadEnquired;
use crate::leads::score::grade;
use crate::leads::{self, Shown};
use crate::sending::templates::{self, Rendered};
use crate::tenants::Tenant;
use crate::tenants::facts::UserHandedOver;

/// A notification before anybody is told.
#[derive(Debug, Clone)]
pub struct Notice {
    pub kind: NotificationKind,
    pub link: String,
    pub lead: Option<Shown>,
    text: Text,
    values: Vec<(&'static str, Told)>,
    /// Of a new lead, why it has its score.
    reasons: Vec<String>,
}

/// A value, as far as it is known before it is known who reads it.
#[derive(Debug, Clone)]
pub(super) enum Told {
    Is(String),
    /// What is said where there is none.
    Or(Option<String>, Phrase),
    /// A value of this schema, which has a label.
    Called(&'static str, String),
    Day(Timestamp),
}

impl Told {
    fn to(&self, reader: &Reader) -> String {
        match self {
            Self::Is(text) => text.clone(),
            Self::Or(text, phrase) => text.clone().unwrap_or_else(|| reader.phrase(*phrase)),
            Self::Called(schema, value) => reader.words.label(schema, value).to_string(),
            Self::Day(at) => reader.day(*at),
        }
    }
}

/// So much of an answer is told in an e-mail, and in a message.
const MOST: (usize, usize) = (2_000, 300);

impl Notice {
    fn of(kind: NotificationKind, text: Text, values: Vec<(&'static str, Told)>, link: String) -> Self {
        Self { kind, link, lead: None, text, values, reasons: Vec::new() }
    }

    pub fn lead_id(&self) -> Option<LeadId> {
        self.lead.as_ref().map(|lead| lead.id)
    }

    /// When the lead came, when it is new: its tenant waits to be told since then.
    pub fn lead_received_at(&self) -> Option<Timestamp> {
        self.new_lead().map(|lead| lead.received_at)
    }

    fn new_lead(&self) -> Option<&Shown> {
        self.lead.as_ref().filter(|_| self.kind == NotificationKind::LeadCreated)
    }

    /// By which template it leaves.
    pub fn template_code(&self) -> &'static str {
        self.letter().code()
    }

    fn letter(&self) -> Letter {
        if self.new_lead().is_some() { Letter::LeadAlert } else { Letter::AccountAlert }
    }

    /// For the list in the product.
    pub fn said(&self, reader: &Reader) -> Result<Said> {
        let values: Values = self.values.iter().map(|(name, told)| (*name, told.to(reader))).collect();
        reader.notice(self.text, &values)
    }

    /// The words for an outside channel, with long answers shortened until they fit: the tenant is told in any case. The
    /// link stays whole.
    pub fn on(&self, channel: Channel, reader: &Reader, tenant: &Tenant) -> Result<Content> {
        if channel != Channel::Email {
            return self.as_approved(channel).map(Content::from);
        }
        let mut values = self.variables(reader)?;
        for value in values.values_mut() {
            *value = short(value, MOST.0);
        }
        values.insert("tenant", readers::named(tenant));
        let letter = reader.letter(self.letter(), &values, Some(&self.link), &readers::look_of(tenant))?;
        Ok(letter.into())
    }

    /// By a template that providers approved with its words, which are English.
    fn as_approved(&self, channel: Channel) -> Result<Rendered> {
        let template = templates::find(self.template_code())?;
        let values = self.variables(&Reader { words: english(), zone: chrono_tz::UTC })?;
        let mut most = MOST.1;
        loop {
            let mut shortened: BTreeMap<String, String> =
                values.iter().map(|(name, value)| (name.to_string(), short(value, most))).collect();
            shortened.insert("link".into(), self.link.clone());
            match template.render(channel, &shortened, english()) {
                Err(_) if most > 20 => most /= 2,
                rendered => return rendered,
            }
        }
    }

    /// What an alert names.
    fn variables(&self, reader: &Reader) -> Result<Values> {
        let Some(lead) = self.new_lead() else {
            let Said { title, text } = self.said(reader)?;
            let text = if text.is_empty() { reader.phrase(Phrase::SeeMore) } else { text };
            return Ok(Values::from([("title", title), ("text", text)]));
        };
        let or = |value: Option<String>, phrase| Told::Or(value, phrase).to(reader);
        let given = |text: &str| Some(text.to_string()).filter(|text| !text.is_empty());
        Ok(Values::from([
            ("grade", reader.words.label("Grade", grade(lead.score).as_str()).to_string()),
            ("score", lead.score.to_string()),
            ("name", or(given(&lead.name), Phrase::NoName)),
            ("phone", or(lead.phone_in_words().map(str::to_string), Phrase::NotGiven)),
            ("budget", or(lead.budget_range.clone(), Phrase::NotStated)),
            ("timeline", or(lead.timeline.clone(), Phrase::NotStated)),
            ("areas", or(lead.areas(), Phrase::NotStated)),
            ("reasons", or(given(&self.reasons.join(" · ")), Phrase::NoReason)),
        ]))
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
    let name = ("name", Told::Is(lead.name.clone()));
    Ok(Some(match kind {
        NotificationKind::LeadCreated => {
            let reasons = lead.reasons(tx)?;
            about_lead(lead, &reasons, link)
        }
        NotificationKind::MessageReceived => {
            let text = event.read::<MessageFact>()?.preview.unwrap_or_default();
            let preview = Told::Is(lead.words(&text).to_string());
            let notice = Notice::of(kind, Text::MessageReceived, vec![name, ("preview", preview)], link);
            Notice { lead: Some(lead), ..notice }
        }
        _ => {
            // The one that came now; the lead's own source is the first.
            let source = event.read::<LeadEnquired>()?.source.unwrap_or(lead.source);
            let source = Told::Called("LeadSource", source.to_string());
            let notice = Notice::of(kind, Text::LeadEnquired, vec![name, ("source", source)], link);
            Notice { lead: Some(lead), ..notice }
        }
    }))
}

/// At most so many characters.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_string(),
    }
}

/// The labels of the three best items of a stored score; none when the document is of another shape.
fn about_lead(lead: Shown, reasons: &[String], link: String) -> Notice {
    let reasons: Vec<String> = reasons.iter().map(|reason| format!("✓ {reason}")).collect();
    let values = vec![
        ("grade", Told::Called("Grade", grade(lead.score).to_string())),
        ("name", Told::Is(lead.name.clone())),
        ("score", Told::Is(lead.score.to_string())),
        ("reasons", Told::Is(reasons.join("\n"))),
    ];
    let notice = Notice::of(NotificationKind::LeadCreated, Text::LeadCreated, values, link);
    Notice { lead: Some(lead), reasons, ..notice }
}

fn about_account(kind: NotificationKind, event: &Event, tenant: &Tenant, app_url: &str) -> Result<Notice> {
    let base = tenant.pages(app_url);
    let told = |(text, values), page: &str| Notice::of(kind, text, values, format!("{base}/{page}"));
    Ok(match kind {
        NotificationKind::WebhookEndpointDisabled => told(about_endpoint(event.glimpse()?), "webhooks"),
        NotificationKind::MemberLeft => told(about_hand_over(event.read()?), "webhooks"),
        NotificationKind::AdCampaignReviewed => {
            let id = event.subject_id.map(|id| format!("/{id}")).unwrap_or_default();
            told(about_review(event.glimpse()?), &format!("ad-campaigns{id}"))
        }
        NotificationKind::PaymentDue => told(about_payment(&event.read()?), "billing"),
        NotificationKind::QuotaReached => told(about_quota(&event.read()?), "billing"),
        _ => told(about_end(&event.read()?), "billing"),
    })
}

/// Which text it is, and what it names.
type About = (Text, Vec<(&'static str, Told)>);

fn about_endpoint(fact: EndpointDisabled) -> About {
    let text = if fact.is_gone() { Text::EndpointGone } else { Text::EndpointFailing };
    (text, vec![("host", Told::Or(fact.host, Phrase::UnnamedEndpoint))])
}

fn about_review(fact: AdCampaignReviewed) -> About {
    let name = ("name", Told::Or(fact.name, Phrase::UnnamedCampaign));
    match fact.reason {
        Some(reason) => (Text::CampaignSentBack, vec![name, ("reason", Told::Is(reason))]),
        None => (Text::CampaignApproved, vec![name]),
    }
}

fn about_payment(fact: &SubscriptionFact) -> About {
    match fact.pauses_at {
        Some(at) => (Text::PaymentDue, vec![("day", Told::Day(at))]),
        None => (Text::SubscriptionPaused, Vec::new()),
    }
}

fn about_quota(fact: &QuotaReached) -> About {
    let text = match fact.policy {
        Some(OveragePolicy::Bill) => Text::QuotaBilled,
        Some(OveragePolicy::Slow) => Text::QuotaSlowed,
        // What holds for whoever chose nothing.
        Some(OveragePolicy::Block) | None => Text::QuotaBlocked,
    };
    (text, vec![("used", Told::Is(fact.used.map_or("…".into(), |used| used.to_string())))])
}

fn about_end(fact: &SubscriptionFact) -> About {
    let text = match fact.trial_refused.as_deref() {
        Some("business_phone") => Text::TrialOfAKnownPhone,
        Some(_) => Text::TrialOfAKnownOwner,
        None => Text::SubscriptionExpired,
    };
    (text, Vec::new())
}

fn about_hand_over(fact: UserHandedOver) -> About {
    let list = |all: &[String]| Told::Is(all.join(", "));
    let values =
        vec![("hosts", list(&fact.hosts)), ("keys", list(&fact.api_keys)), ("recipients", list(&fact.recipients))];
    let who = ("who", Told::Or(fact.email, Phrase::UnnamedMember));
    (Text::MemberLeft, [who].into_iter().chain(values).collect())
}

/// What an address is told instead of the next alert, when many came in an hour.
pub fn many(kind: NotificationKind, tenant: &Tenant, app_url: &str) -> Notice {
    Notice::of(kind, Text::MuchIsHappening, Vec::new(), format!("{}/leads", tenant.pages(app_url)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::TenantId;
    use crate::base::json::Json;
    use crate::leads::for_intake::Lead;
    use crate::leads::testing::{rajesh_at, shown};
    use crate::notify::announce::tests::tenant;
    use crate::sending::longest_content;
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
        let notice = about_lead(shown(lead()), &reasons, "https://x.example/leads/1".into());
        let text = notice.as_approved(Channel::Whatsapp).unwrap().content;
        assert_eq!(
            text,
            "🎯 New Hot lead! (Score: 85/100)\n\nName: Rajesh Kumar\nPhone: +919876543210\nBudget: ₹80L-1Cr\n\
             Timeline: not stated\nAreas: Andheri, Goregaon\n\nWhy: ✓ Budget matches · ✓ Ready soon · ✓ In your area\n\n\
             View & contact: https://x.example/leads/1\n\n⏰ Contact within 1 hour for best results!"
        );
        let letter = |language| {
            let reader = Reader::of([Some(language)], chrono_tz::UTC);
            notice.on(Channel::Email, &reader, &tenant()).unwrap()
        };
        assert_eq!(letter("en").subject.unwrap(), "New Hot lead: Rajesh Kumar (85/100)");
        let hindi = letter("hi");
        assert_eq!(hindi.subject.unwrap(), "नई लीड (हॉट): Rajesh Kumar (85/100)");
        for part in ["बजट: ₹80L-1Cr\nसमय-सीमा: नहीं बताया", "देखें और संपर्क करें:\nhttps://x.example/leads/1\n"]
        {
            assert!(hindi.body.contains(part), "{part} in {}", hindi.body);
        }
        assert!(hindi.html.unwrap().contains("<br>\nसमय-सीमा: नहीं बताया<br>"));
    }

    #[test]
    fn a_long_answer_shortens_the_alert_and_never_keeps_it_back() {
        let mut talkative = Lead { name: "Rajesh ".repeat(30), ..lead() };
        talkative.profile.budget_range = Some("₹".repeat(2_000));
        talkative.profile.timeline = Some("soon ".repeat(900));
        talkative.profile.form_responses = Json::of(&json!({"Preferred areas": "Andheri ".repeat(600)}));
        let link = format!("https://x.example/{}", "l".repeat(340));
        let reasons = vec!["because ".repeat(40); 3];
        let notice = about_lead(shown(talkative), &reasons, link.clone());
        let reader = Reader::of([], chrono_tz::UTC);
        for channel in [Channel::Whatsapp, Channel::Email] {
            let said = notice.on(channel, &reader, &tenant()).unwrap().body;
            assert!(said.chars().count() <= longest_content(channel), "{channel}");
            assert!(said.contains(&link), "{channel}: the link is whole");
            assert!(said.contains("₹₹₹"), "{channel}: and something of each answer is there");
        }
    }
}
