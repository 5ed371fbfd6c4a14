//! The other ways in: Google's form, a webhook sent twice, a forged one, a test lead.

use std::time::Instant;

use serde_json::{Value, json};

use super::cast::Person;
use super::first_lead::{announced, appears, filled, find};
use super::play::{AdCampaign, Tenant};
use super::story::{Fields, StepFailed, Story, same};

fn google_form(campaign: &AdCampaign, person: &Person) -> Value {
    json!({
        "campaign_id": campaign.external_campaign_id, "form_id": campaign.external_form_id,
        "fields": person.google_answers(),
    })
}

async fn used(story: &Story<'_>, abc: &Tenant) -> Result<i64, String> {
    story.get(&abc.owner, "/v1/usage").await?.number("/leads/used")
}

pub(super) async fn google(story: &mut Story<'_>, abc: &Tenant, google: &AdCampaign) -> Result<(), StepFailed> {
    let amit = story.cast.amit();
    story
        .step(&amit.name, "fills in the form of the Google ad", async |story| {
            let sent = Instant::now();
            let told = story.outside("/sandbox/google-ads/leads", google_form(google, &amit)).await?;
            same("the webhook's answer", told.number("/webhook_status")?, 200)?;
            let lead = appears(story, abc, &amit.name).await?;
            same("its source", lead.text("/source")?, "google_ads")?;
            same("its ad campaign", lead.text("/ad_campaign_id")?, google.id.as_str())?;
            same("its phone", lead.text("/phone")?, amit.phone.as_str())?;
            announced(story, abc, &[&amit.name], sent).await?;
            let score = lead.number("/score")?;
            same("leads used", used(story, abc).await?, 2)?;
            Ok((format!("fills in the Google form: a lead with {score} of 100, and the tenant is told"), ()))
        })
        .await
}

pub(super) async fn repeated_and_forged(
    story: &mut Story<'_>,
    abc: &Tenant,
    meta: &AdCampaign,
    google: &AdCampaign,
) -> Result<(), StepFailed> {
    let [somebody, tester] = story.cast.crowd(2).try_into().unwrap_or_else(|_| unreachable!("two were asked for"));
    let leadgen_id = story
        .step("Meta", "sends one webhook ten times", async |story| {
            let sent = Instant::now();
            let told = story.outside("/sandbox/meta/leads", filled(meta, &somebody)).await?;
            let id = told.text("/leadgen_id")?.to_string();
            let again = story.outside("/sandbox/meta/resend", json!({"leadgen_id": id, "times": 9})).await?;
            let accepted = again.items("/webhook_statuses")?.iter().all(|status| *status == 200);
            same("all were accepted", accepted, true)?;
            let lead = appears(story, abc, &somebody.name).await?;
            announced(story, abc, &[&somebody.name], sent).await?;
            same("its enquiries", lead.number("/enquiry_count")?, 1)?;
            same("leads used", used(story, abc).await?, 3)?;
            Ok(("sends one webhook ten times: all accepted, one lead, one unit of quota".into(), id))
        })
        .await?;
    story
        .step("A stranger", "changes a signed webhook", async |story| {
            let body = json!({"leadgen_id": leadgen_id, "tamper": true});
            let told = story.outside("/sandbox/meta/resend", body).await?;
            let forged = told.number("/webhook_status")?;
            same("refused", (400..500).contains(&forged), true)?;
            let mut keyless = google_form(google, &tester);
            keyless["google_key"] = "guessed".into();
            let told = story.outside("/sandbox/google-ads/leads", keyless).await?;
            let guessed = told.number("/webhook_status")?;
            same("refused", (400..500).contains(&guessed), true)?;
            same("leads used", used(story, abc).await?, 3)?;
            Ok((
                format!("changes a signed Meta webhook ({forged}) and guesses Google's key ({guessed}): both refused"),
                (),
            ))
        })
        .await?;
    story
        .step("Google", "sends a test lead", async |story| {
            let mut test = google_form(google, &tester);
            test["is_test"] = true.into();
            let told = story.outside("/sandbox/google-ads/leads", test).await?;
            same("the webhook's answer", told.number("/webhook_status")?, 200)?;
            // What a test lead must not cause cannot be waited for, so a real one is sent after it and overtakes nothing.
            let sent = Instant::now();
            let [witness] = story.cast.crowd(1).try_into().unwrap_or_else(|_| unreachable!("one was asked for"));
            story.outside("/sandbox/google-ads/leads", google_form(google, &witness)).await?;
            appears(story, abc, &witness.name).await?;
            announced(story, abc, &[&witness.name], sent).await?;
            same("leads used", used(story, abc).await?, 4)?;
            if let Some(lead) = find(story, abc, &tester.name).await? {
                return Err(format!("the test lead became a lead: {lead}"));
            }
            Ok(("sends a test lead: accepted, not stored as a lead, not billed".into(), ()))
        })
        .await
}
