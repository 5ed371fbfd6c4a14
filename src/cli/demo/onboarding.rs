//! A business signs up, says who it is, tries the Growth plan, and the operators launch its ads within 24 hours.

use serde_json::{Value, json};

use super::cast::{AREAS, BUDGET, FIRST_TIME, TIMELINE, lead_form};
use super::client::Who;
use super::play::{AdCampaign, PASSWORD, Tenant};
use super::story::{Fields, Seen, StepFailed, Story, same};
use crate::base::time::Timestamp;

const NAME: &str = "ABC Real Estate";
/// Where the tenant's people work; links in notifications lead there.
pub(super) const APP: &str = "https://app.abc-real-estate.example.com";

pub(super) async fn sign_up(story: &mut Story<'_>) -> Result<Tenant, StepFailed> {
    let email = story.cast.email("rajesh");
    let phone = story.cast.phone(0);
    story
        .step(NAME, "signs up", async |story| {
            let body = json!({"email": email, "password": PASSWORD, "business_name": NAME});
            let made = story.post(&Who::nobody(), "/v1/auth/signup", body).await?.expect(201)?;
            let owner = Who::bearing(made.text("/access_token")?);
            let me = story.get(&owner, "/v1/me").await?;
            let tenant = Tenant { id: made.text("/tenant/id")?.into(), name: NAME, owner, email: email.clone(), phone };
            let said = me.to_string();
            super::story::contains("GET /v1/me", &said, &[&email, &tenant.id])?;
            Ok((format!("signs up; {email} is its owner"), tenant))
        })
        .await
}

/// Waits until the twin of the owner's mailbox has opened the mailed link.
pub(super) async fn confirmed(story: &Story<'_>, owner: &Who) -> Result<(), String> {
    let look = async || {
        let tenant = story.get(owner, "/v1/tenants/current").await?;
        Ok(match tenant.text("/verified_at") {
            Ok(_) => Seen::Yes(()),
            Err(_) => Seen::NotYet("the address is not confirmed".into()),
        })
    };
    story.until("a verified tenant", look).await
}

/// The link that was mailed to the owner is opened by the twin of the mailbox, as a person would.
pub(super) async fn confirm_address(story: &mut Story<'_>, abc: &Tenant) -> Result<(), StepFailed> {
    story
        .step(abc.name, "confirms its owner's address", async |story| {
            confirmed(story, &abc.owner).await?;
            let what = "until then a trial gives nothing away and nothing leaves in its name";
            Ok((format!("opens the link mailed to {}: {what}", abc.email), ()))
        })
        .await
}

pub(super) async fn introduce(story: &mut Story<'_>, abc: &Tenant) -> Result<(), StepFailed> {
    story
        .step(abc.name, "says where it is to be told about leads", async |story| {
            let settings = json!({
                "notification_recipients": {"whatsapp": [abc.phone], "emails": []},
                "deep_link_base_url": APP,
                "service_areas": ["Andheri", "Goregaon", "Malad"],
            });
            let tenant = json!({"time_zone": "Asia/Kolkata", "country": "IN", "settings": settings});
            let set = story.patch(&abc.owner, "/v1/tenants/current", tenant).await?;
            same("the number", set.text("/settings/notification_recipients/whatsapp/0")?, abc.phone.as_str())?;
            Ok((format!("wants to hear about leads on WhatsApp at {}", abc.phone), ()))
        })
        .await?;
    story
        .step(abc.name, "completes its business profile", async |story| {
            let profile = json!({
                "owner_name": "Rajesh Kumar", "industry": "Real estate", "phone": abc.phone,
                "description": "2 BHK flats in the western suburbs of Mumbai", "website": "https://abc-real-estate.example.com",
                "services": ["2 BHK flats"], "locations": ["Mumbai"], "goals": "50 leads a month",
            });
            story.put(&abc.owner, "/v1/tenants/current/profile", profile).await?;
            Ok(("completes its business profile: real estate in Mumbai".into(), ()))
        })
        .await?;
    story
        .step(abc.name, "describes its audience", async |story| {
            let rupees = |amount: i64| json!({"amount": amount * 100, "currency": "INR"});
            let audience = json!({
                "description": "Families who buy their first flat", "locations": ["Andheri", "Goregaon", "Malad"],
                "age_min": 25, "age_max": 45, "budget_min": rupees(6_000_000), "budget_max": rupees(15_000_000),
                "timelines": ["immediate", "within_3_months"],
            });
            story.put(&abc.owner, "/v1/tenants/current/audience", audience).await?;
            let tenant = story.get(&abc.owner, "/v1/tenants/current").await?;
            tenant.text("/onboarded_at")?;
            Ok(("describes its audience: ₹60L to ₹1.5Cr, within 3 months, in Andheri, Goregaon or Malad".into(), ()))
        })
        .await
}

/// Links in messages lead to the tenant's own pages once the operators agreed to the domain, and alerts go to a number once
/// whoever has it agreed.
pub(super) async fn agree(story: &mut Story<'_>, abc: &Tenant) -> Result<(), StepFailed> {
    story
        .step("Operators", "agree to the domain of the tenant's pages", async |story| {
            let agreed = json!({"agreed": {"link_domains": ["abc-real-estate.example.com"]}});
            story.patch(&story.operator, &format!("/v1/tenants/{}", abc.id), agreed).await?;
            Ok((format!("have checked {APP}: links in messages may lead there"), ()))
        })
        .await?;
    story
        .step(abc.name, "agrees to get alerts at its phone", async |story| {
            let list = story.get(&abc.owner, "/v1/notification-recipients").await?;
            let asked = list.items("/data")?.iter().find(|recipient| recipient["address"] == abc.phone.as_str());
            let asked = asked.ok_or("the phone is not among the recipients")?;
            let code = asked.text("/code")?.to_string();
            let body = json!({"from": abc.phone, "to": asked.text("/write_to")?, "body": code});
            story.outside("/sandbox/twilio/inbound", body).await?;
            let agreed = story.until("the phone's word", async || {
                let list = story.get(&abc.owner, "/v1/notification-recipients").await?;
                let has_agreed = list.items("/data")?.iter().any(|recipient| recipient["confirmed_at"].is_string());
                Ok(if has_agreed { Seen::Yes(()) } else { Seen::NotYet("it has not agreed".into()) })
            });
            agreed.await?;
            Ok((format!("writes {code} from {} to the platform's number: now alerts may go there", abc.phone), ()))
        })
        .await
}

/// The id of the subscription.
pub(super) async fn start_trial(story: &mut Story<'_>, abc: &Tenant) -> Result<String, StepFailed> {
    story
        .step(abc.name, "starts the Growth trial", async |story| {
            let plans = story.get(&Who::nobody(), "/v1/plans").await?;
            let growth = plans.items("/data")?.iter().find(|plan| plan["code"] == "growth");
            let growth = growth.ok_or("no plan has the code growth")?;
            same("Growth's price", growth.number("/price_monthly/amount")?, 1_499_900)?;
            same("Growth's leads", growth.number("/leads_per_month")?, 50)?;
            let trial =
                story.post(&abc.owner, "/v1/subscriptions", json!({"plan_code": "growth"})).await?.expect(201)?;
            same("the status", trial.text("/status")?, "trialing")?;
            trial.text("/trial_ends_at")?;
            same("days of trial", growth.number("/trial_days")?, 7)?;
            let leads = story.get(&abc.owner, "/v1/usage").await?;
            same("leads included", leads.number("/leads/remaining")?, 50)?;
            let what = "starts the Growth trial: ₹14,999 a month with 50 leads, 7 days free, no payment details";
            Ok((what.into(), trial.text("/id")?.to_string()))
        })
        .await
}

pub(super) async fn alert_operators(story: &mut Story<'_>, abc: &Tenant) -> Result<(), StepFailed> {
    story
        .step("Operators", "are alerted about the new tenant", async |story| {
            let seen = story.until("the New Customer Alert", async || {
                let notices = story.get(&story.operator, "/v1/ops/notifications?limit=200").await?;
                let about = |notice: &&Value| {
                    let said = notice.to_string();
                    said.contains("New Customer Alert") && said.contains(&abc.id)
                };
                let found = notices.items("/data")?.iter().find(about).cloned();
                Ok(found.map_or_else(|| Seen::NotYet("no such notification".into()), Seen::Yes))
            });
            let said = seen.await?.to_string();
            super::story::contains("The alert", &said, &["Growth", "50", "Real estate"])?;
            Ok(("get the New Customer Alert: Growth, 50 leads a month, real estate".into(), ()))
        })
        .await?;
    story
        .step("Operators", "have three tasks due in 24 hours", async |story| {
            let tasks = story.until("three tasks", async || {
                let ours = tasks(story, abc).await?;
                Ok(if ours.len() == 3 { Seen::Yes(ours) } else { Seen::NotYet(format!("{} tasks", ours.len())) })
            });
            let mut titles = Vec::new();
            for task in tasks.await? {
                let at = |pointer: &str| task.text(pointer)?.parse::<Timestamp>();
                // The 24 hours begin with the trial, a moment before the task is written.
                let minutes = at("/due_at")?.since(at("/created_at")?).num_minutes();
                same("about 24 hours to do it", (24 * 60 - 10..=24 * 60).contains(&minutes), true)?;
                titles.push(task.text("/title")?.to_string());
            }
            Ok((format!("have three tasks due in 24 hours: {}", titles.join("; ")), ()))
        })
        .await
}

/// The operators' tasks for the tenant.
async fn tasks(story: &Story<'_>, abc: &Tenant) -> Result<Vec<Value>, String> {
    let tasks = story.get(&story.operator, "/v1/ops/tasks?limit=200").await?;
    Ok(tasks.items("/data")?.iter().filter(|task| task["tenant_id"] == abc.id.as_str()).cloned().collect())
}

pub(super) async fn launch_ads(story: &mut Story<'_>, abc: &Tenant) -> Result<(AdCampaign, AdCampaign), StepFailed> {
    let creative = json!({"ad_creative": {
        "primary_text": "Find your dream 2 BHK in Mumbai", "headline": "2 BHK apartments in Mumbai",
        "description": "Premium locations, best prices", "call_to_action": "get_quote",
    }});
    let meta = launch(story, abc, "Meta", "meta", 10, creative).await?;
    let search = json!({"search_ads": {
        "headlines": ["2 BHK flats in Mumbai"], "descriptions": ["Talk to expert consultants."],
        "keywords": ["2bhk flat in mumbai"],
    }});
    let google = launch(story, abc, "Google", "google", 20, search).await?;
    story
        .step("Operators", "tick their tasks off", async |story| {
            for task in tasks(story, abc).await? {
                let path = format!("/v1/ops/tasks/{}", task.text("/id")?);
                let done = story.patch(&story.operator, &path, json!({"status": "done"})).await?;
                done.text("/completed_at")?;
            }
            Ok(("tick their three tasks off".into(), ()))
        })
        .await?;
    Ok((meta, google))
}

async fn launch(
    story: &mut Story<'_>,
    abc: &Tenant,
    title: &str,
    platform: &str,
    kind: u8,
    ads: Value,
) -> Result<AdCampaign, StepFailed> {
    let what = format!("activate a {title} ad campaign for {}", abc.name);
    story
        .step("Operators", &what, async |story| {
            let operator = story.operator.within(&abc.id);
            let [campaign, form, page] = [1, 2, 3].map(|place| story.cast.platform_id(kind + place));
            let mut body = json!({
                "name": format!("ABC_Real_Estate_Mumbai_2BHK_{title}"), "platform": platform,
                "daily_budget": {"amount": 80_000, "currency": "INR"},
                "monthly_cap": {"amount": 1_500_000, "currency": "INR"},
                "targeting": {"locations": ["Mumbai", "Thane"], "age_min": 25, "age_max": 45},
                "lead_form": lead_form("ABC_Real_Estate_Lead_Form"),
                "external_campaign_id": campaign, "external_form_id": form,
            });
            if platform == "meta" {
                body["external_page_id"] = page.as_str().into();
            }
            for (name, value) in ads.as_object().into_iter().flatten() {
                body[name] = value.clone();
            }
            let draft = story.post(&operator, "/v1/ad-campaigns", body).await?.expect(201)?;
            same("a new ad campaign", draft.text("/status")?, "draft")?;
            let questions = draft.items("/lead_form/questions")?;
            for label in [BUDGET, TIMELINE, AREAS, FIRST_TIME] {
                if !questions.iter().any(|question| question["label"] == label) {
                    return Err(format!("the form does not ask {label:?}"));
                }
            }
            let id = draft.text("/id")?.to_string();
            let path = format!("/v1/ad-campaigns/{id}");
            let active = story.post(&operator, &format!("{path}/activate"), json!({})).await?.expect(200)?;
            same("the activated ad campaign", active.text("/status")?, "active")?;
            let synced = story.until("the ad platform takes it", async || {
                let now = story.get(&abc.owner, &path).await?;
                let state = now.text("/delivery/state")?.to_string();
                Ok(if state == "synced" { Seen::Yes(()) } else { Seen::NotYet(state) })
            });
            synced.await?;
            let what = format!("activate a {title} ad campaign: ₹800 a day, a form with four questions");
            let (external_campaign_id, external_form_id, external_page_id) = (campaign, form, page);
            Ok((what, AdCampaign { id, external_campaign_id, external_form_id, external_page_id }))
        })
        .await
}
