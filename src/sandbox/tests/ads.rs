//! Meta and Google: leads that arrive, ad campaigns that are told to run or pause.

use super::*;

fn meta_lead(page: &str) -> Value {
    json!({"page_id": page, "form_id": "612312312312", "campaign_id": "120210000000000001",
        "field_data": [{"name": "full_name", "values": ["Asha Verma"]}, {"name": "email", "values": ["asha@example.com"]}]})
}

#[actix_web::test]
async fn a_meta_lead_is_announced_and_fetched() {
    let house = house().await;
    let answer = house.post("/sandbox/meta/leads", meta_lead("153125381133")).await;
    assert_eq!(answer["webhook_status"], 200);
    let id = answer["leadgen_id"].as_str().unwrap();
    let envelope: meta::Envelope = serde_json::from_slice(&house.received()[0].body).unwrap();
    assert_eq!(envelope.leadgen().leads[0].leadgen_id.as_str(), id);
    let lead = house.providers.meta_leads().unwrap().fetch_lead(id).await.unwrap();
    assert_eq!(lead.field("email"), Some("asha@example.com"));
    assert_eq!(lead.created_time, Some(house.clock.now()));
    assert_eq!(lead.campaign_id.unwrap().as_str(), "120210000000000001");

    let missing = house.providers.meta_leads().unwrap().fetch_lead("444444444444").await.unwrap_err();
    assert_eq!((missing.class, missing.code.as_str()), (ErrorClass::Permanent, "100/33"));

    house.fault(json!({"provider": "meta", "operation": "callback", "mode": "drop", "times": 1})).await;
    let dropped = house.post("/sandbox/meta/resend", json!({ "leadgen_id": id })).await;
    house.sandbox.idle().await;
    assert_eq!((dropped["webhook_status"].clone(), house.received().len()), (Value::Null, 1));

    let again = json!({"leadgen_id": id, "times": 3});
    assert_eq!(house.post("/sandbox/meta/resend", again).await["webhook_statuses"], json!([200, 200, 200]));
    let tampered = json!({"leadgen_id": id, "tamper": true});
    assert_eq!(house.post("/sandbox/meta/resend", tampered).await["webhook_status"], 401);
}

#[actix_web::test]
async fn a_batch_is_one_request_over_several_pages() {
    let house = house().await;
    let leads: Vec<Value> = (0..1000).map(|n| meta_lead(if n % 2 == 0 { "1" } else { "2" })).collect();
    let answer = house.post("/sandbox/meta/leads/batch", json!({ "leads": leads })).await;
    assert_eq!(answer["webhook_status"], 200);
    let received = house.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].json()["entry"].as_array().unwrap().len(), 2);
    let envelope: meta::Envelope = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(envelope.leadgen().leads.len(), 1000);
}

#[actix_web::test]
async fn ad_campaigns_pause_and_resume_on_both_platforms() {
    let house = house().await;
    let id = "120210000000000001";
    let settings = Sandbox::provider_settings(&house.base);
    let token = settings.meta.access_token.unwrap();
    let proof = meta::appsecret_proof(&token, &settings.meta.app_secrets[0]);
    let node =
        format!("/sandbox/meta/v25.0/{id}?fields=status&access_token={}&appsecret_proof={proof}", token.expose());
    for (to, meta_word, google_word) in [(Running::Paused, "PAUSED", "PAUSED"), (Running::Active, "ACTIVE", "ENABLED")]
    {
        for platform in [AdPlatform::Meta, AdPlatform::Google] {
            house.providers.campaign_control(platform).unwrap().set_campaign_status(id, to).await.unwrap();
        }
        assert_eq!(house.get(&node).await, json!({"id": id, "status": meta_word}));
        assert_eq!(house.get(&format!("/sandbox/google-ads/campaigns/{id}")).await["status"], google_word);
    }
    house.fault(json!({"provider": "meta", "mode": "throttle", "times": 1, "retry_after_seconds": 120})).await;
    let error =
        house.providers.campaign_control(AdPlatform::Meta).unwrap().set_campaign_status(id, Running::Paused).await;
    assert_eq!(error.unwrap_err().retry_after, Some(Duration::from_secs(120)));
}

#[actix_web::test]
async fn meta_and_google_refuse_strangers() {
    let house = house().await;
    let mut settings = Sandbox::provider_settings(&house.base);
    settings.meta.access_token = Some(Secret::new("expired"));
    settings.google_ads.developer_token = Some(Secret::new("wrong"));
    let stranger = Providers::new(settings).unwrap();
    for platform in [AdPlatform::Meta, AdPlatform::Google] {
        let result = stranger.campaign_control(platform).unwrap().set_campaign_status("1", Running::Paused).await;
        assert_eq!(result.unwrap_err().class, ErrorClass::Auth, "{platform}");
    }
    let mut settings = Sandbox::provider_settings(&house.base);
    settings.meta.app_secrets.clear();
    let unproved = Providers::new(settings).unwrap().meta_leads().unwrap().fetch_lead("1").await.unwrap_err();
    assert_eq!(unproved.code, "100");
}

#[actix_web::test]
async fn a_google_lead_arrives_with_the_key_it_was_told() {
    let house = house().await;
    let lead = json!({"fields": {"FULL_NAME": "Asha", "EMAIL": "asha@example.com"}, "campaign_id": 20000000017u64, "form_id": "40000000017"});
    let answer = house.post("/sandbox/google-ads/leads", lead.clone()).await;
    assert_eq!(answer["webhook_status"], 200);
    let lead_form: LeadFormWebhook = serde_json::from_slice(&house.received()[0].body).unwrap();
    assert_eq!(lead_form.column("EMAIL"), Some("asha@example.com"));
    assert!(!lead_form.is_test());
    for key in [json!("guess"), Value::Null, json!("")] {
        let mut lead = lead.clone();
        lead["google_key"] = key;
        assert_eq!(house.post("/sandbox/google-ads/leads", lead).await["webhook_status"], 401);
    }
}
