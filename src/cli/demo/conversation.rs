//! The tenant writes from the platform's shared number, and the person's answer finds its way back to the right tenant.

use serde_json::{Value, json};

use super::client::Who;
use super::onboarding::confirmed;
use super::play::{Lead, PASSWORD, Tenant};
use super::story::{Fields, Seen, StepFailed, Story, contains, same};

const NEIGHBOUR: &str = "XYZ Homes";
const ANSWER: &str = "Yes, please call me after 6 pm.";
const REPLY: &str = "Gladly, Priya. Rajesh will call you at 6:15 pm.";

/// Sends to a conversation and answers with the message.
async fn send(story: &Story<'_>, who: &Who, conversation: &str, message: Value) -> Result<Value, String> {
    story.post(who, &format!("/v1/conversations/{conversation}/messages"), message).await?.expect(202)
}

/// The messages of a conversation, newest first.
async fn messages(story: &Story<'_>, who: &Who, conversation: &str) -> Result<Vec<Value>, String> {
    let page = story.get(who, &format!("/v1/conversations/{conversation}/messages")).await?;
    Ok(page.items("/data")?.to_vec())
}

const RECEIPTS: [&str; 3] = ["/sent_at", "/delivered_at", "/read_at"];

/// Waits until a message has been read and all its receipts are here.
async fn is_read(story: &Story<'_>, who: &Who, sent: &Value) -> Result<(), String> {
    let (conversation, id) = (sent.text("/conversation_id")?, sent.text("/id")?);
    let look = async || {
        let now = messages(story, who, conversation).await?.into_iter().find(|message| message["id"] == id);
        let now = now.ok_or("the message is gone")?;
        let found = now.text("/status")?.to_string();
        // One receipt may overtake another; in the end all of them are there.
        let has_all = RECEIPTS.iter().all(|receipt| now.pointer(receipt).is_some_and(Value::is_string));
        match found.as_str() {
            "read" if has_all => Ok(Seen::Yes(())),
            "failed" | "undelivered" | "canceled" => Err(format!("the message {found}: {}", now["error"])),
            _ => Ok(Seen::NotYet(found)),
        }
    };
    story.until("read", look).await
}

/// Another tenant has the same person as a lead, and wrote to her first.
async fn neighbour_writes(story: &mut Story<'_>) -> Result<(Who, String), StepFailed> {
    let priya = story.cast.priya();
    story
        .step(NEIGHBOUR, "writes to the same person from the same number", async |story| {
            let email = story.cast.email("neha");
            let body = json!({"email": email, "password": PASSWORD, "business_name": NEIGHBOUR});
            let made = story.post(&Who::nobody(), "/v1/auth/signup", body).await?.expect(201)?;
            let owner = Who::bearing(made.text("/access_token")?);
            confirmed(story, &owner).await?;
            story.post(&owner, "/v1/subscriptions", json!({"plan_code": "growth"})).await?.expect(201)?;
            let new = json!({"name": priya.name, "phone": priya.phone, "form_responses": {"Looking for": "3 BHK"}});
            let lead = story.post(&owner, "/v1/leads", new).await?.expect(201)?;
            let found = story.get(&owner, &format!("/v1/conversations?lead_id={}", lead.text("/id")?)).await?;
            let conversation = found.text("/data/0/id")?.to_string();
            let draft = story.get(&owner, &suggestion(lead.text("/id")?)).await?;
            let sent = send(story, &owner, &conversation, json!({"template": draft["template"]})).await?;
            is_read(story, &owner, &sent).await?;
            Ok((
                "has the same person as its lead and writes to her first, from the same number".into(),
                (owner, conversation),
            ))
        })
        .await
}

fn suggestion(lead: &str) -> String {
    format!("/v1/leads/{lead}/suggested-message?channel=whatsapp")
}

pub(super) async fn begins(story: &mut Story<'_>, abc: &Tenant, lead: &Lead) -> Result<(), StepFailed> {
    let priya = story.cast.priya();
    let (neighbour, others) = neighbour_writes(story).await?;
    story
        .step(abc.name, "may not write freely yet", async |story| {
            let path = format!("/v1/conversations/{}/messages", lead.conversation_id);
            let free = story.post(&abc.owner, &path, json!({"content": "Hello!"})).await?;
            free.refused(409, "conversation.window_closed")?;
            Ok((
                "may not write freely before the person has: WhatsApp wants a template (conversation.window_closed)"
                    .into(),
                (),
            ))
        })
        .await?;
    let draft = story
        .step(abc.name, "reads the suggested first message", async |story| {
            let draft = story.get(&abc.owner, &suggestion(&lead.id)).await?;
            let content = draft.text("/content")?;
            contains("The draft", content, &[priya.first_name(), "ABC Real Estate", "2 BHK flats", priya.areas])?;
            Ok((format!("reads the suggested first message: \"{content}\""), draft["template"].clone()))
        })
        .await?;
    let sent = story
        .step(abc.name, "sends it from the platform's number", async |story| {
            let sent = send(story, &abc.owner, &lead.conversation_id, json!({"template": draft})).await?;
            same("its sender", sent.text("/from_name")?, "ABC Real Estate via LeadGen Pro")?;
            let from = sent.text("/from_address")?;
            let arrived = story.until("the message at the person's phone", async || {
                let all = story.outbox("whatsapp", &priya.phone).await?;
                let ours = |entry: &&Value| {
                    entry["from"] == from
                        && entry["body"].as_str().is_some_and(|body| body.contains("ABC Real Estate via LeadGen Pro"))
                };
                Ok(if all.iter().any(|entry| ours(&entry)) {
                    Seen::Yes(all.len())
                } else {
                    Seen::NotYet(format!("{} other messages", all.len()))
                })
            });
            same("messages at her phone, from two tenants", arrived.await?, 2)?;
            Ok((format!("sends it as \"ABC Real Estate via LeadGen Pro\" from the shared number {from}"), sent))
        })
        .await?;
    story
        .step(&priya.name, "reads it", async |story| {
            is_read(story, &abc.owner, &sent).await?;
            Ok(("receives and reads it: signed receipts move it from sent to delivered to read".into(), ()))
        })
        .await?;
    story
        .step(&priya.name, "answers", async |story| {
            let from = sent.text("/from_address")?;
            let body = json!({"from": priya.phone, "to": from, "body": ANSWER, "profile_name": "Priya"});
            let told = story.outside("/sandbox/twilio/inbound", body).await?;
            same("the signed webhook's answer", told.number("/webhook_status")?, 200)?;
            let answer = story.until("the answer", async || {
                let all = messages(story, &abc.owner, &lead.conversation_id).await?;
                let answer = all.into_iter().find(|message| message["direction"] == "inbound");
                Ok(answer.map_or_else(|| Seen::NotYet("no inbound message".into()), Seen::Yes))
            });
            same("the answer", answer.await?.text("/content")?, ANSWER)?;
            let theirs = messages(story, &neighbour, &others).await?;
            same("answers at the other tenant", theirs.iter().any(|message| message["direction"] == "inbound"), false)?;
            let path = format!("/v1/conversations/{}/read", lead.conversation_id);
            story.post(&neighbour, &path, json!({})).await?.expect(404)?;
            Ok((
                format!("answers \"{ANSWER}\": it reaches {}, whose form she filled, and not {NEIGHBOUR}", abc.name),
                (),
            ))
        })
        .await
}

pub(super) async fn goes_on(story: &mut Story<'_>, abc: &Tenant, lead: &Lead) -> Result<(), StepFailed> {
    story
        .step(abc.name, "answers freely within 24 hours", async |story| {
            let path = format!("/v1/conversations/{}", lead.conversation_id);
            let conversation = story.get(&abc.owner, &path).await?;
            same("unread messages", conversation.number("/unread_count")?, 1)?;
            conversation.text("/window_expires_at")?;
            story.post(&abc.owner, &format!("{path}/read"), json!({})).await?.expect(200)?;
            let sent = send(story, &abc.owner, &lead.conversation_id, json!({"content": REPLY})).await?;
            is_read(story, &abc.owner, &sent).await?;
            let after = story.get(&abc.owner, &path).await?;
            same("unread messages afterwards", after.number("/unread_count")?, 0)?;
            Ok((format!("answers freely, inside the 24-hour window: \"{REPLY}\""), ()))
        })
        .await?;
    story
        .step(abc.name, "sees everything on the lead's timeline", async |story| {
            let path = format!("/v1/leads/{}/activities?limit=200", lead.id);
            let said = story.get(&abc.owner, &path).await?.to_string();
            contains("The timeline", &said, &["lead.created", "conversation.opened", "message.received"])?;
            let moved = json!({"status": "contacted"});
            let lead = story.patch(&abc.owner, &format!("/v1/leads/{}", lead.id), moved).await?;
            same("the status", lead.text("/status")?, "contacted")?;
            Ok(("sees it all on the lead's timeline and marks the lead contacted".into(), ()))
        })
        .await
}
