//! The tables of this folder, as `migrations/` makes them on both engines.

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    outreach_campaigns (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        channel -> Text,
        template_id -> Guid,
        status -> Text,
        status_reason -> Nullable<Text>,
        audience -> JsonDoc,
        scheduled_at -> Nullable<Instant>,
        lateness_minutes -> Integer,
        content -> Nullable<JsonDoc>,
        estimate_id -> Nullable<Guid>,
        audience_size -> Integer,
        frozen_through -> Nullable<Guid>,
        audience_hash -> Nullable<Text>,
        created_by -> Nullable<Guid>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        launched_at -> Nullable<Instant>,
        completed_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    outreach_estimates (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        campaign_id -> Guid,
        campaign_version -> Integer,
        figures -> JsonDoc,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    outreach_messages (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        campaign_id -> Guid,
        contact_id -> Guid,
        status -> Text,
        due_at -> Instant,
        address -> Nullable<Text>,
        sender_address -> Nullable<Text>,
        content -> Nullable<JsonDoc>,
        attempts -> Integer,
        attempted_at -> Nullable<Instant>,
        first_attempted_at -> Nullable<Instant>,
        provider -> Nullable<Text>,
        external_id -> Nullable<Text>,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        sent_at -> Nullable<Instant>,
        delivered_at -> Nullable<Instant>,
        opened_at -> Nullable<Instant>,
        clicked_at -> Nullable<Instant>,
        read_at -> Nullable<Instant>,
        responded_at -> Nullable<Instant>,
        reply_class -> Nullable<Text>,
        reply_text -> Nullable<Text>,
        lead_id -> Nullable<Guid>,
        failed_at -> Nullable<Instant>,
        updated_at -> Instant,
    }
}
