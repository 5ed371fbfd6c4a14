//! What is refused of webhooks: of those that providers send, and of those that go out.

use crate::base::refusal::Place::{At, Receivers, Under};
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::forbidden("webhook.not_configured")
        .why("No secret is set up for this provider's webhooks, so nothing of it is believed.")
        .remedy("The platform's operators set it: docs/settings.md names the settings.")
        .at(&[Receivers]),
    Refusal::forbidden("webhook.bad_signature")
        .why("The signature or the key does not hold.")
        .remedy("Sign the raw body with the secret that is set here, and call the address that is configured.")
        .at(&[Receivers]),
    Refusal::forbidden("webhook.bad_token")
        .why("The verify token is not the one configured here.")
        .remedy("Type LEADWRIGHT_META_VERIFY_TOKEN into Meta's console.")
        .at(&[At("verify_meta_webhook"), At("verify_meta_webhook_of_tenant")]),
    Refusal::too_many("webhook.too_many_wrong_keys")
        .why("Too many wrong keys came from this place.")
        .remedy("Wait as long as Retry-After says, and look at the key in the lead form.")
        .at(&[At("receive_google_ads_webhook")]),
    Refusal::unavailable("webhook.busy")
        .why("Too many webhooks are being taken in at once.")
        .remedy("Send it again, as providers do.")
        .at(&[Receivers]),
    engine::absent!("webhook_endpoint", "webhook endpoint", "/v1/webhook-endpoints"),
    engine::full!("webhook_endpoint", "webhook endpoint", "create_webhook_endpoint"),
    Refusal::conflict("webhook_endpoint.disabled")
        .why("The webhook endpoint is disabled.")
        .remedy("Enable it by PATCH /v1/webhook-endpoints/{id} first.")
        .at(&[At("ping_webhook_endpoint"), At("replay_webhook_endpoint"), At("retry_webhook_delivery")]),
    Refusal::too_many("webhook_endpoint.ping_limit")
        .why("As many pings as may went to this endpoint within an hour.")
        .remedy("Wait as long as Retry-After says.")
        .at(&[At("ping_webhook_endpoint")]),
    Refusal::conflict("webhook_endpoint.replaying")
        .why("Another replay of the tenant goes on.")
        .remedy("Ask again when it is through.")
        .again(crate::base::refusal::Again::Later)
        .at(&[At("replay_webhook_endpoint")]),
    Refusal::not_found("webhook_delivery.not_found")
        .why("There is no such delivery. They are kept for 30 days.")
        .remedy("Look the id up by GET /v1/webhook-deliveries.")
        .at(&[Under("/v1/webhook-deliveries/{id}")]),
    Refusal::conflict("webhook_event.not_held")
        .why("The stored webhook is no message that is held.")
        .remedy("Look at its outcome. What failed can be replayed instead.")
        .at(&[At("assign_webhook_event")]),
    Refusal::upstream("webhook.unanswered")
        .why("The form's answers cannot be read yet.")
        .remedy("Nothing at first: it is tried again. Then replay it."),
    Refusal::upstream("webhook.answers_hidden")
        .why("The provider does not show the answers of the form.")
        .remedy("Give the app the permission that the detail names, and replay the webhook."),
    Refusal::upstream("webhook.unreadable")
        .why("The provider does not let us read this lead.")
        .remedy("Give the app the permission that the detail names, and replay the webhook."),
    Refusal::upstream("provider.not_connected")
        .why("The provider whose webhook this is is not connected.")
        .remedy("Connect it, and replay the webhook."),
    Refusal::forbidden("webhook.other_key")
        .why("The key is one of another ad campaign, or of one that is over.")
        .remedy("Look at the key in the lead form."),
    Refusal::not_found("webhook.unrouted")
        .why("No operator has agreed whose this form or ad campaign is.")
        .remedy("Activate the ad campaign that names it, and replay the webhook."),
    Refusal::not_found("webhook.message_unknown")
        .why("No message of ours has this id yet.")
        .remedy("Nothing: it is looked for again."),
    Refusal::conflict("webhook.claimed").why("Another run settled it at the same time.").remedy("Nothing: it is done."),
    Refusal::conflict("webhook.not_handled")
        .why("Nothing follows from a webhook of this kind.")
        .remedy("Nothing: it is kept to be looked at."),
    Refusal::malformed("webhook.malformed")
        .why("The webhook cannot be read as what its provider sends.")
        .remedy("Look at its stored body."),
    Refusal::too_many("ad_campaign.test_limit")
        .why("As many test leads as may were sent today.")
        .remedy("Go on after Retry-After.")
        .at(&[At("send_test_lead")]),
];
