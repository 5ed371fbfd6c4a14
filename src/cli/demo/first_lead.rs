//! A person fills in the form of a Meta ad: the lead is fetched, scored, metered and announced.

use std::time::Instant;

use serde_json::{Value, json};

use super::cast::Person;
use super::onboarding::APP;
use super::play::{AdCampaign, Lead, Tenant};
use super::story::{Fields, Seen, StepFailed, Story, contains, same};

/// The form as a person sends it.
pub(super) fn filled(campaign: &AdCampaign, person: &Person) -> Value {
    json!({
        "page_id": campaign.external_page_id, "form_id": campaign.external_form_id,
        "campaign_id": campaign.external_campaign_id, "field_data": person.meta_answers(),
    })
}

/// Waits until the tenant's phone has an alert about each of these people, and notes how long after `sent` each came.
pub(super) async fn announced(
    story: &mut Story<'_>,
    abc: &Tenant,
    names: &[&str],
    sent: Instant,
) -> Result<Vec<Value>, String> {
    let mut alerts: Vec<Option<Value>> = vec![None; names.len()];
    let mut took = Vec::new();
    let all = story.until("the tenant's WhatsApp notification", async || {
        let entries = story.outbox("whatsapp", &abc.phone).await?;
        for (name, alert) in names.iter().zip(&mut alerts).filter(|(_, alert)| alert.is_none()) {
            let about = |entry: &&Value| entry["body"].as_str().is_some_and(|body| body.contains(name));
            if let Some(entry) = entries.iter().find(about) {
                *alert = Some(entry.clone());
                took.push(sent.elapsed());
            }
        }
        let missing = alerts.iter().filter(|alert| alert.is_none()).count();
        Ok(if missing == 0 { Seen::Yes(()) } else { Seen::NotYet(format!("{missing} of {} missing", names.len())) })
    });
    all.await?;
    story.notified.extend(took);
    Ok(alerts.into_iter().flatten().collect())
}

/// The lead of a person, when there is one.
pub(super) async fn find(story: &Story<'_>, abc: &Tenant, name: &str) -> Result<Option<Value>, String> {
    let query: String = name.replace(' ', "%20");
    let found = story.get(&abc.owner, &format!("/v1/leads?q={query}")).await?;
    let leads = found.items("/data")?;
    same("leads by this name", leads.len() > 1, false)?;
    Ok(leads.first().cloned())
}

/// Waits for a person's lead.
pub(super) async fn appears(story: &Story<'_>, abc: &Tenant, name: &str) -> Result<Value, String> {
    let look = async || {
        let lead = find(story, abc, name).await?;
        Ok(lead.map_or_else(|| Seen::NotYet("no such lead".into()), Seen::Yes))
    };
    story.until("the lead", look).await
}

pub(super) async fn arrives(story: &mut Story<'_>, abc: &Tenant, meta: &AdCampaign) -> Result<Lead, StepFailed> {
    let priya = story.cast.priya();
    let (lead, alert) = story
        .step(&priya.name, "fills in the form of the Meta ad", async |story| {
            let sent = Instant::now();
            let told = story.outside("/sandbox/meta/leads", filled(meta, &priya)).await?;
            same("the signed webhook's answer", told.number("/webhook_status")?, 200)?;
            let alert = announced(story, abc, &[&priya.name], sent).await?.swap_remove(0);
            let lead = appears(story, abc, &priya.name).await?;
            same("its source", lead.text("/source")?, "meta_ads")?;
            same("its e-mail", lead.text("/email")?, priya.email.as_str())?;
            same("its phone", lead.text("/phone")?, priya.phone.as_str())?;
            same("its budget", lead.text("/budget_range")?, priya.budget)?;
            same("its ad campaign", lead.text("/ad_campaign_id")?, meta.id.as_str())?;
            let what =
                "fills in the Meta form: signed webhook accepted, answers fetched from the Graph API, lead stored";
            Ok((what.into(), (lead, alert)))
        })
        .await?;
    let id = lead["id"].as_str().unwrap_or_default().to_string();
    story
        .step(&priya.name, "is scored item by item", async |story| {
            let score = story.get(&abc.owner, &format!("/v1/leads/{id}/score")).await?;
            same("the score", score.number("/score")?, 95)?;
            same("the grade", score.text("/grade")?, "hot")?;
            let items = score.items("/items")?;
            let points = items.iter().map(|item| item.number("/points")).collect::<Result<Vec<_>, _>>()?;
            same("the points", points.as_slice(), &[30, 25, 20, 10, 10])?;
            let labels = items.iter().map(|item| Ok(format!("{} +{}", item.text("/label")?, item.number("/points")?)));
            let labels = labels.collect::<Result<Vec<_>, String>>()?;
            Ok((format!("is scored 95 of 100, hot: {}", labels.join(", ")), ()))
        })
        .await?;
    story
        .step(abc.name, "has used 1 of 50 leads", async |story| {
            let usage = story.get(&abc.owner, "/v1/usage").await?;
            same("leads used", usage.number("/leads/used")?, 1)?;
            same("leads remaining", usage.number("/leads/remaining")?, 49)?;
            same("how it is paid", lead.text("/charge_kind")?, "quota")?;
            same("what it is worth", lead.number("/charged_amount/amount")?, 30_000)?;
            Ok(("has used 1 of 50 leads; this one is worth ₹300 and costs nothing extra".into(), ()))
        })
        .await?;
    let conversation_id = story
        .step(abc.name, "finds a conversation with the answers in it", async |story| {
            let open = story.get(&abc.owner, &format!("/v1/conversations?lead_id={id}")).await?;
            let conversations = open.items("/data")?;
            same("conversations", conversations.len(), 1)?;
            same("its channel", conversations[0].text("/channel")?, "whatsapp")?;
            let conversation = conversations[0].text("/id")?.to_string();
            let messages = story.get(&abc.owner, &format!("/v1/conversations/{conversation}/messages")).await?;
            same("messages", messages.items("/data")?.len(), 1)?;
            contains(
                "The first message",
                messages.text("/data/0/content")?,
                &[priya.budget, priya.timeline, priya.areas],
            )?;
            Ok(("finds a WhatsApp conversation opened with the form's answers".into(), conversation))
        })
        .await?;
    story
        .step(abc.name, "is told on WhatsApp", async |story| {
            let body = alert.text("/body")?;
            let link = format!("{APP}/leads/{id}");
            contains("The WhatsApp message", body, &["95", &priya.phone, priya.budget, priya.timeline, &link])?;
            let took = story.notified.last().map_or(0, std::time::Duration::as_millis);
            Ok((
                format!("is told on WhatsApp, {took} ms after the webhook, with score, answers, reasons and {link}"),
                (),
            ))
        })
        .await?;
    Ok(Lead { id, conversation_id })
}

pub(super) async fn is_announced(story: &mut Story<'_>, abc: &Tenant, lead: &Lead) -> Result<(), StepFailed> {
    let priya = story.cast.priya();
    story
        .step(abc.name, "is told by e-mail", async |story| {
            let email = story.until("the e-mail", async || {
                let sent = story.outbox("email", &abc.email).await?;
                let about = |entry: &&Value| entry["subject"].as_str().is_some_and(|line| line.contains(&priya.name));
                Ok(sent.iter().find(about).cloned().map_or_else(|| Seen::NotYet("no e-mail".into()), Seen::Yes))
            });
            let email = email.await?;
            contains("The e-mail", email.text("/body")?, &["95", priya.budget, &format!("/leads/{}", lead.id)])?;
            Ok((format!("is told by e-mail: \"{}\"", email.text("/subject")?), ()))
        })
        .await?;
    story
        .step(abc.name, "is told in the application", async |story| {
            let notice = story.until("the notification", async || {
                let notices = story.get(&abc.owner, "/v1/notifications").await?;
                let about = |notice: &&Value| notice.to_string().contains(&lead.id);
                Ok(notices
                    .items("/data")?
                    .iter()
                    .find(about)
                    .cloned()
                    .map_or_else(|| Seen::NotYet("no such notification".into()), Seen::Yes))
            });
            let notice = notice.await?;
            same("its link", notice.text("/link")?, format!("{APP}/leads/{}", lead.id).as_str())?;
            let reasons: Vec<&str> = notice.text("/body")?.lines().filter_map(|line| line.strip_prefix("✓ ")).collect();
            same("reasons", reasons.len(), 3)?;
            let read = format!("/v1/notifications/{}/read", notice.text("/id")?);
            story.post(&abc.owner, &read, json!({})).await?.expect(200)?;
            Ok((format!("is told in the application, for three reasons: {}; marks it read", reasons.join(", ")), ()))
        })
        .await
}
