//! Two months' account: 45 of 50 leads used, 5 rolled over, then overage that is billed, then overage that is blocked.
//!
//! The month ends because the sandbox's clock is moved; everything that follows is what a month's end does.

use std::time::Instant;

use serde_json::{Value, json};

use super::client::Who;
use super::first_lead::{announced, filled};
use super::play::{AdCampaign, Tenant};
use super::story::{Fields, Seen, StepFailed, Story, same};
use crate::base::time::Timestamp;
use crate::providers::meta;
use crate::sandbox::SandboxSettings;

/// Left over from the first month.
const ROLLOVER: i64 = 5;

/// What is due beyond the plan, in minor units.
pub(super) fn due(usage: &Value) -> Result<i64, String> {
    usage.number("/amount_due/amount")
}

async fn usage_is(story: &Story<'_>, abc: &Tenant, used: i64, remaining: i64, overage: i64) -> Result<Value, String> {
    let usage = story.get(&abc.owner, "/v1/usage").await?;
    let found = ["used", "remaining", "overage"].map(|name| usage.number(&format!("/leads/{name}")));
    let [found_used, found_remaining, found_overage] = found;
    same("used, remaining, overage", (found_used?, found_remaining?, found_overage?), (used, remaining, overage))?;
    Ok(usage)
}

/// The first whole second of the period. Meta tells the time of a form in whole seconds, and a form of the second in which
/// the paid period began would still belong to the trial.
async fn first_second(story: &Story<'_>, abc: &Tenant) -> Result<String, String> {
    let usage = story.get(&abc.owner, "/v1/usage").await?;
    let began: Timestamp = usage.text("/period_start")?.parse()?;
    let second = Timestamp::from_seconds(began.seconds() + 1).ok_or("the period begins at the end of time")?;
    Ok(second.to_string())
}

/// New people fill in the Meta form at the same moment: one batched webhook. Answers with their leads, once all are there.
async fn crowd(story: &mut Story<'_>, abc: &Tenant, meta: &AdCampaign, count: usize) -> Result<Vec<Value>, String> {
    let people = story.cast.crowd(count);
    let at = first_second(story, abc).await?;
    let mut forms: Vec<Value> = people.iter().map(|person| filled(meta, person)).collect();
    for form in &mut forms {
        form["created_time"] = at.as_str().into();
    }
    let sent = Instant::now();
    let told = story.outside("/sandbox/meta/leads/batch", json!({"leads": forms})).await?;
    same("the signed webhook's answer", told.number("/webhook_status")?, 200)?;
    let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
    let story_now = &*story;
    let leads = story_now.until("the leads", async || {
        let page = story_now.get(&abc.owner, "/v1/leads?limit=200&tab=meta").await?;
        let is_ours = |lead: &&Value| people.iter().any(|person| lead["name"] == person.name.as_str());
        let ours: Vec<Value> = page.items("/data")?.iter().filter(is_ours).cloned().collect();
        let found = ours.len();
        Ok(if found == people.len() { Seen::Yes(ours) } else { Seen::NotYet(format!("{found} of {}", people.len())) })
    });
    let leads = leads.await?;
    announced(story, abc, &names, sent).await?;
    Ok(leads)
}

/// How many of these leads are paid for in this way.
fn paid_by(leads: &[Value], kind: &str) -> usize {
    leads.iter().filter(|lead| lead["charge_kind"] == kind).count()
}

pub(super) async fn is_paid_for(story: &mut Story<'_>, abc: &Tenant, subscription: &str) -> Result<(), StepFailed> {
    story
        .step("Operators", "activate the subscription", async |story| {
            let path = format!("/v1/ops/subscriptions/{subscription}/activate");
            let active = story.post(&story.operator, &path, json!({})).await?.expect(200)?;
            same("the status", active.text("/status")?, "active")?;
            usage_is(story, abc, 0, 50, 0).await?;
            Ok(("activate the paid subscription: the trial's leads stay free, the month starts at 0 of 50".into(), ()))
        })
        .await?;
    story
        .step(abc.name, "chooses to buy overage", async |story| {
            let chosen = json!({"overage_policy": "bill"});
            let subscription = story.patch(&abc.owner, "/v1/subscriptions/current", chosen).await?;
            same("the policy", subscription.text("/overage_policy")?, "bill")?;
            Ok(("chooses to be billed for leads beyond the plan (overage policy bill)".into(), ()))
        })
        .await
}

pub(super) async fn rolls_over(story: &mut Story<'_>, abc: &mut Tenant, meta: &AdCampaign) -> Result<(), StepFailed> {
    story
        .step("45 people", "fill in the Meta form", async |story| {
            let leads = crowd(story, abc, meta, 45).await?;
            same("paid by quota", paid_by(&leads, "quota"), 45)?;
            usage_is(story, abc, 45, ROLLOVER, 0).await?;
            Ok(("fill in the Meta form at once, in one webhook: 45 of 50 used".into(), ()))
        })
        .await?;
    story
        .step("Operators", "record the next payment", async |story| {
            let subscription = story.get(&abc.owner, "/v1/subscriptions/current").await?;
            let path = format!("/v1/ops/subscriptions/{}/payments", subscription.text("/id")?);
            let paid = story.post(&story.operator, &path, json!({"reference": "INV-2"})).await?.expect(200)?;
            let until: Timestamp = paid.text("/paid_until")?.parse()?;
            let before: Timestamp = subscription.text("/paid_until")?.parse()?;
            same("paid for longer than before", until > before, true)?;
            Ok((
                "record the next month's payment: unpaid, it would go on for 14 days without overage, then pause"
                    .into(),
                (),
            ))
        })
        .await?;
    abc.owner = story
        .step(abc.name, "begins its second month", async |story| {
            let first = story.get(&abc.owner, "/v1/usage").await?;
            let (now, end) = (story.get(&Who::nobody(), "/sandbox/clock").await?, first.text("/period_end")?);
            let (now, end): (Timestamp, Timestamp) = (now.text("/now")?.parse()?, end.parse()?);
            let month = json!({"advance_seconds": end.seconds() - now.seconds() + 1});
            story.post(&Who::nobody(), "/sandbox/clock", month).await?.expect(200)?;
            let owner = abc.log_in(story).await?;
            let seen = story.until("the second month", async || {
                let usage = story.get(&owner, "/v1/usage").await?;
                let is_next = usage["period_id"] != first["period_id"];
                Ok(if is_next { Seen::Yes(usage) } else { Seen::NotYet("the first".into()) })
            });
            let usage = seen.await?;
            let quota = ["base", "rollover", "used", "remaining"].map(|name| usage.number(&format!("/leads/{name}")));
            let [base, rollover, used, remaining] = quota;
            same("base, rollover, used, remaining", (base?, rollover?, used?, remaining?), (50, ROLLOVER, 0, 55))?;
            Ok(("begins its second month: 5 unused leads roll over, 50 + 5 = 55 available".into(), owner))
        })
        .await?;
    Ok(())
}

pub(super) async fn is_used_up(story: &mut Story<'_>, abc: &Tenant, meta: &AdCampaign) -> Result<(), StepFailed> {
    story
        .step("50 people", "fill in the Meta form", async |story| {
            let leads = crowd(story, abc, meta, 50).await?;
            same("paid by quota", paid_by(&leads, "quota"), 50)?;
            usage_is(story, abc, 50, 5, 0).await?;
            Ok(("fill in the Meta form at once, in one webhook: 50 used, 5 remaining".into(), ()))
        })
        .await?;
    story
        .step("5 people", "fill in the Meta form", async |story| {
            let leads = crowd(story, abc, meta, 5).await?;
            same("paid by rollover", paid_by(&leads, "rollover"), 5)?;
            usage_is(story, abc, 55, 0, 0).await?;
            Ok(("are leads 51 to 55: paid with what rolled over, 0 remaining".into(), ()))
        })
        .await
}

pub(super) async fn is_exceeded(story: &mut Story<'_>, abc: &Tenant, meta: &AdCampaign) -> Result<(), StepFailed> {
    story
        .step("3 people", "fill in the Meta form", async |story| {
            let leads = crowd(story, abc, meta, 3).await?;
            same("paid as overage", paid_by(&leads, "overage"), 3)?;
            for lead in &leads {
                same("a lead's price", lead.number("/charged_amount/amount")?, 40_000)?;
                same("locked", lead["is_locked"].as_bool(), Some(false))?;
            }
            let usage = usage_is(story, abc, 58, 0, 3).await?;
            same("what is due", due(&usage)?, 120_000)?;
            let campaign = story.get(&abc.owner, &format!("/v1/ad-campaigns/{}", meta.id)).await?;
            same("the ad campaign", campaign.text("/status")?, "active")?;
            Ok(("are leads 56 to 58: delivered and billed, 3 × ₹400 = ₹1,200; the ads keep running".into(), ()))
        })
        .await
}

pub(super) async fn is_enforced(
    story: &mut Story<'_>,
    abc: &Tenant,
    meta: &AdCampaign,
    google: &AdCampaign,
) -> Result<(), StepFailed> {
    story
        .step(abc.name, "stops buying overage, and its ads pause", async |story| {
            let chosen = json!({"overage_policy": "block"});
            story.patch(&abc.owner, "/v1/subscriptions/current", chosen).await?;
            for campaign in [meta, google] {
                paused(story, abc, campaign).await?;
            }
            let at_meta = story.until("PAUSED at Meta", async || status_at_meta(story, meta).await);
            at_meta.await?;
            let at_google = story.until("PAUSED at Google", async || {
                let path = format!("/sandbox/google-ads/campaigns/{}", google.external_campaign_id);
                seen_paused(&story.get(&Default::default(), &path).await?)
            });
            at_google.await?;
            let what =
                "stops buying overage (policy block): both ad campaigns are paused, and PAUSED at Meta and Google";
            Ok((what.into(), ()))
        })
        .await?;
    let [late] = story.cast.crowd(1).try_into().unwrap_or_else(|_| unreachable!("one was asked for"));
    story
        .step(&late.name, "fills in the form all the same", async |story| {
            story.outside("/sandbox/meta/leads", filled(meta, &late)).await?;
            let lead = story.until("the locked lead", async || {
                let locked = story.get(&abc.owner, "/v1/leads?is_locked=true").await?;
                let lead = locked.items("/data")?.first().cloned();
                Ok(lead.map_or_else(|| Seen::NotYet("no locked lead".into()), Seen::Yes))
            });
            let lead = lead.await?;
            same("how it is paid", lead.text("/charge_kind")?, "blocked")?;
            let shown = lead.to_string();
            for hidden in [&late.name, &late.email, &late.phone] {
                same("shows contact data", shown.contains(hidden.as_str()), false)?;
            }
            let usage = usage_is(story, abc, 58, 0, 3).await?;
            same("what is due", due(&usage)?, 120_000)?;
            same("there is a phone number", lead["has_phone"].as_bool(), Some(true))?;
            let (name, score) = (lead.text("/name")?, lead.number("/score")?);
            Ok((format!("fills in the form all the same: kept as “{name}” with score {score}; nothing is billed"), ()))
        })
        .await
}

/// Whoever tries the product after the story finds a tenant whose leads it sees.
pub(super) async fn is_lifted(story: &mut Story<'_>, abc: &Tenant) -> Result<(), StepFailed> {
    story
        .step(abc.name, "buys overage again", async |story| {
            let chosen = json!({"overage_policy": "bill"});
            let subscription = story.patch(&abc.owner, "/v1/subscriptions/current", chosen).await?;
            same("the policy", subscription.text("/overage_policy")?, "bill")?;
            let shown = story.until("the lead that waited", async || {
                let locked = story.get(&abc.owner, "/v1/leads?is_locked=true").await?;
                let is_empty = locked.items("/data")?.is_empty();
                Ok(if is_empty { Seen::Yes(()) } else { Seen::NotYet("it under lock".into()) })
            });
            shown.await?;
            let usage = usage_is(story, abc, 59, 0, 4).await?;
            same("what is due", due(&usage)?, 160_000)?;
            let what = "buys overage again (policy bill): the lead that waited is shown and billed, 4 × ₹400 = ₹1,600, and so is what comes";
            Ok((what.into(), ()))
        })
        .await
}

async fn paused(story: &Story<'_>, abc: &Tenant, campaign: &AdCampaign) -> Result<(), String> {
    let look = async || {
        let now = story.get(&abc.owner, &format!("/v1/ad-campaigns/{}", campaign.id)).await?;
        let (status, delivery) = (now.text("/status")?, now.text("/delivery/state")?);
        let is_done = (status, delivery, now["status_reason"].as_str()) == ("paused", "synced", Some("quota_reached"));
        Ok(if is_done { Seen::Yes(()) } else { Seen::NotYet(format!("{status}, {delivery}")) })
    };
    story.until("the ad campaign is paused", look).await
}

fn seen_paused(campaign: &Value) -> Result<Seen<()>, String> {
    let status = campaign.text("/status")?;
    Ok(if status == "PAUSED" { Seen::Yes(()) } else { Seen::NotYet(status.into()) })
}

/// Asks Meta's twin as its owner would, with a token and its proof.
async fn status_at_meta(story: &Story<'_>, campaign: &AdCampaign) -> Result<Seen<()>, String> {
    let known = SandboxSettings::default_credentials();
    let proof = meta::appsecret_proof(&known.meta_access_token, &known.meta_app_secret);
    let path = format!(
        "/sandbox/meta/v25.0/{}?fields=status&appsecret_proof={proof}&access_token={}",
        campaign.external_campaign_id,
        known.meta_access_token.expose()
    );
    seen_paused(&story.get(&Default::default(), &path).await?)
}
