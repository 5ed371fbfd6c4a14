//! The inbox over HTTP.

mod attachments;
mod contacts;
mod conversations;
mod eligibility;
mod messages;
mod suggestion;
mod suppressions;

use utoipa_actix_web::service_config::ServiceConfig;

/// Everything under `/v1/conversations`, and the suggestion under a lead.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(conversations::list_conversations)
        .service(conversations::get_unread_count)
        .service(conversations::count_conversations)
        .service(conversations::open_conversation)
        .service(conversations::get_conversation)
        .service(conversations::update_conversation)
        .service(conversations::mark_conversation_read)
        .service(eligibility::get_eligibility)
        .service(contacts::get_contact_eligibility)
        .service(messages::list_messages)
        .service(messages::send_message)
        .service(messages::list_all_messages)
        .service(attachments::get_attachment)
        .service(suggestion::get_suggested_message)
        .service(suppressions::list_suppressions)
        .service(suppressions::lift_suppression);
}
