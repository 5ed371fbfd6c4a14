//! The names by which clients know the schemas: those of the types without what only we need to tell apart, and a few that
//! would say too little without the folder they stand in.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::walk;

/// Of a type, what it is called outside.
const CALLED: &[(&str, &str)] = &[
    ("Again", "RetryAdvice"),
    ("AskedView", "MailedAddress"),
    ("CampaignStatus", "AdCampaignStatus"),
    ("CampaignType", "AdCampaignType"),
    ("Choice", "NotificationChoice"),
    ("ChoicePatch", "NotificationChoicePatch"),
    ("Code", "ObstacleCode"),
    ("CreateSubscription", "NewSubscription"),
    ("CreatedOperatorView", "OperatorWithKey"),
    ("Delivery", "AdDelivery"),
    ("DeliveryState", "AdDeliveryState"),
    ("DeliveryView", "AdDeliveryReport"),
    ("EntryKind", "UsageEntryKind"),
    ("Event", "WebhookEvent"),
    ("LanguageView", "OfferedLanguage"),
    ("LeadForm", "NewLeadForm"),
    ("LeadFormKeyView", "LeadFormWithKey"),
    ("Meaning", "QuestionMeaning"),
    ("MintedEndpointView", "WebhookEndpointWithSecret"),
    ("MintedOperatorKeyView", "OperatorKeyWithSecret"),
    ("MintedView", "ApiKeyWithSecret"),
    ("OfferedView", "OfferedInvitation"),
    ("Page_Event", "WebhookEventPage"),
    ("ProvisionedView", "SecondFactorSecret"),
    ("RecoveryCodesView", "RecoveryCodeList"),
    ("ReviewState", "AdReviewState"),
    ("ReviewView", "AdReview"),
    ("ScoreView", "LeadScore"),
    ("Segments", "SmsSegments"),
    ("Standing", "CatchUpStanding"),
    ("TaskKind", "OpsTaskKind"),
    ("TaskStatus", "OpsTaskStatus"),
    ("TodoStatus", "TaskStatus"),
    ("UpdateLead", "LeadPatch"),
    ("UpdateOpsTask", "OpsTaskPatch"),
    ("UpdateSubscription", "SubscriptionPatch"),
    ("VerifiedView", "VerifiedAddress"),
    ("WebhookEventAssignment", "ReceivedWebhookAssignment"),
    ("WebhookEventId", "ReceivedWebhookId"),
    ("WebhookEventView", "ReceivedWebhook"),
    ("WebhookKind", "ReceivedWebhookKind"),
    ("WebhookReplay", "NewWebhookReplay"),
    ("WebhookState", "ReceivedWebhookState"),
];

/// # Panics
/// When two schemas would have one name: the contract would be of one of them.
pub(super) fn give(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object_mut().map(std::mem::take).unwrap_or_default();
    let names: BTreeMap<String, String> = schemas.keys().map(|name| (name.clone(), called(name))).collect();
    let mut renamed: Vec<(String, Value)> =
        schemas.into_iter().map(|(name, schema)| (names[&name].clone(), schema)).collect();
    renamed.sort_by(|(a, _), (b, _)| a.cmp(b));
    for pair in renamed.windows(2) {
        assert!(pair[0].0 != pair[1].0, "two schemas are called {}", pair[0].0);
    }
    document["components"]["schemas"] = renamed.into_iter().collect::<Map<_, _>>().into();
    let called = |reference: &mut Value| {
        if let Some(name) = walk::named(reference).and_then(|name| names.get(name)) {
            *reference = walk::reference_to(name);
        }
    };
    walk::every(document, &mut |schema| {
        schema.get_mut("$ref").into_iter().for_each(called);
        let mapping = schema.get_mut("mapping").and_then(Value::as_object_mut);
        mapping.into_iter().flat_map(Map::values_mut).for_each(called);
    });
}

/// The names under which a type may stand in the document: as it is answered, and as it is asked for.
pub fn schemas_of(name: &str) -> [String; 2] {
    [called(name), called(&format!("New{name}"))]
}

fn called(name: &str) -> String {
    if let Some((_, called)) = CALLED.iter().find(|(known, _)| *known == name) {
        return (*called).into();
    }
    match name.strip_prefix("Page_") {
        Some(entry) => called(entry) + "Page",
        None => name.strip_suffix("View").unwrap_or(name).into(),
    }
}
