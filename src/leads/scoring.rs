//! From a lead's row and its tenant's documents to a score.

use super::engagement::Engagement;
use super::score::{self, Budget, Score, Subject, Target, Timeline};
use super::store::Lead;
use crate::base::bounded::Text;
use crate::base::money::Currency;
use crate::base::{Error, Result, phone};
use crate::tenants::Tenant;

/// Scores a lead by its tenant's model and audience, and by what the person did with our messages.
pub fn score_lead(lead: &Lead, engagement: &Engagement, tenant: &Tenant) -> Result<Score> {
    let code = tenant.scoring_model();
    let model = score::model(code).ok_or_else(|| Error::internal(format!("no scoring model {code}")))?;
    Ok(score::score(model, &subject_of(lead, engagement)?, &target_of(tenant)))
}

/// What a lead is worth to the platform: the score that prices follow from. It knows the tenant's currency, in which people
/// write figures without one, and nothing that the tenant can set or do. A budget that the person stated is one whatever the
/// tenant declares the question to be about, and so is a time.
pub fn worth_of(lead: &Lead, tenant: &Tenant) -> Result<i32> {
    let target = Target { currency: tenant.currency, ..Target::default() };
    let mut subject = subject_of(lead, &Engagement::default())?;
    let is_budget = |text: &String| Budget::read(text, tenant.currency).is_some();
    if !subject.budget_text.as_ref().is_some_and(is_budget) {
        subject.budget_text = subject.form_responses.values().find(|text| names_money(text)).cloned();
    }
    let is_time = |text: &String| Timeline::read(text).is_some();
    if !subject.timeline_text.as_ref().is_some_and(is_time) {
        let asked = subject.form_responses.iter().filter(|(question, _)| mentions(question, &TIMES));
        subject.timeline_text = asked.map(|(_, answer)| answer).find(|text| is_time(text)).cloned();
    }
    Ok(score::score(score::platform_model(), &subject, &target).score)
}

/// Words of questions about when somebody wants to act.
const TIMES: [&str; 4] = ["when", "how soon", "timeline", "time frame"];

/// An amount that says its currency by itself: no other answer reads as one.
fn names_money(text: &str) -> bool {
    let read = |currency| Budget::read(text, currency).map(|budget| budget.currency);
    read(Currency::USD).is_some_and(|currency| Some(currency) == read(Currency::INR))
}

fn subject_of(lead: &Lead, engagement: &Engagement) -> Result<Subject> {
    let responses = lead.form_responses()?;
    let (location, behaviour) = (&lead.profile.location, &lead.profile.behaviour);
    let answers: std::collections::BTreeMap<String, String> =
        responses.iter().map(|(question, answer)| (question.clone(), answer_text(answer))).collect();
    let about = |words: &[&str]| {
        answers.iter().find(|(question, _)| mentions(question, words)).map(|(_, answer)| answer.clone())
    };
    let affirmative = |answer: String| matches!(answer.trim().to_lowercase().as_str(), "yes" | "true" | "y" | "haan");
    Ok(Subject {
        name: Some(lead.name.clone()),
        company: lead.company.clone(),
        email_valid: lead.email.is_some() && !engagement.has_bounced,
        phone_valid: lead.phone.as_deref().is_some_and(phone::is_valid),
        budget_text: lead.profile.budget_range.clone(),
        timeline_text: lead.profile.timeline.clone(),
        preferred_areas: about(&["area", "locality", "location", "neighbourhood", "neighborhood"]),
        location: score::Location {
            city: location.city.clone(),
            state: location.state.clone(),
            country: location.country.clone(),
        },
        industry: lead.profile.industry.clone(),
        company_size: about(&["company_size", "employees", "company size", "team size"])
            .and_then(|text| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()),
        decision_maker: about(&["decision"]).map(affirmative),
        form_responses: answers.clone(),
        pages_visited_count: i64::try_from(behaviour.pages_visited.len()).unwrap_or(i64::MAX),
        time_on_site_seconds: behaviour.time_on_site_seconds,
        form_submissions: lead.profile.form_submissions.into(),
        had_conversation: engagement.has_answered,
        first_response_seconds: engagement.first_response_seconds,
        email_opens: engagement.email_opens,
        email_clicks: engagement.email_clicks,
    })
}

/// True when a question's key or label contains one of the words.
fn mentions(question: &str, words: &[&str]) -> bool {
    let question = question.to_lowercase();
    words.iter().any(|word| question.contains(word))
}

/// An answer as text; several chosen options are joined.
pub fn answer_text(answer: &serde_json::Value) -> String {
    match answer {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(answer_text).collect::<Vec<_>>().join(", "),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn target_of(tenant: &Tenant) -> Target {
    let audience = &tenant.audience;
    let bounds = [audience.budget_min, audience.budget_max];
    let currency = bounds.iter().flatten().next().map_or(tenant.currency, |money| money.currency);
    let budget = (audience.budget_min.is_some() || audience.budget_max.is_some()).then(|| Budget {
        min: audience.budget_min.map_or(0, |money| money.amount),
        max: audience.budget_max.map(|money| money.amount),
        currency,
        period: None,
    });
    let texts = |list: &[Text<1, 200>]| list.iter().cloned().map(Into::into).collect::<Vec<String>>();
    let mut service_areas = texts(&tenant.settings.service_areas);
    service_areas.extend(texts(&audience.locations));
    Target {
        currency: tenant.currency,
        budget,
        budget_labels: texts(&audience.budget_labels),
        timelines: audience.timelines.iter().filter_map(|text| text.parse::<Timeline>().ok()).collect(),
        service_areas,
        industries: texts(&audience.industries),
        min_company_size: audience.company_size_min,
    }
}
