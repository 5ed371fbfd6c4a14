//! The tables of this folder, as `migrations/` makes them on both engines.

use crate::leads::schema::leads;

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    conversations (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        lead_id -> Guid,
        channel -> Text,
        status -> Text,
        person_address -> Nullable<Text>,
        sender_address -> Nullable<Text>,
        unread_count -> Integer,
        message_count -> Integer,
        last_message_at -> Nullable<Instant>,
        last_message_preview -> Nullable<Text>,
        last_inbound_at -> Nullable<Instant>,
        window_expires_at -> Nullable<Instant>,
        closed_at -> Nullable<Instant>,
        archived_at -> Nullable<Instant>,
        converted_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    messages (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        conversation_id -> Guid,
        lead_id -> Guid,
        direction -> Text,
        sender_type -> Text,
        sender_user_id -> Nullable<Guid>,
        channel -> Text,
        message_type -> Text,
        subject -> Nullable<Text>,
        content -> Text,
        attachments -> JsonDoc,
        template_code -> Nullable<Text>,
        template_variables -> Nullable<JsonDoc>,
        from_address -> Nullable<Text>,
        from_name -> Nullable<Text>,
        to_address -> Nullable<Text>,
        status -> Text,
        provider -> Nullable<Text>,
        external_id -> Nullable<Text>,
        error_class -> Nullable<Text>,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        metadata -> JsonDoc,
        attempted_at -> Nullable<Instant>,
        sent_at -> Nullable<Instant>,
        delivered_at -> Nullable<Instant>,
        read_at -> Nullable<Instant>,
        failed_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    sender_threads (channel, sender_address, person_address, tenant_id) {
        channel -> Text,
        sender_address -> Text,
        person_address -> Text,
        tenant_id -> Guid,
        conversation_id -> Guid,
        last_outbound_at -> Instant,
        last_inbound_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    held_messages (tenant_id, message_id) {
        tenant_id -> Guid,
        message_id -> Guid,
        lead_id -> Guid,
        held_until -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(conversations, messages);
diesel::allow_tables_to_appear_in_same_query!(messages, sender_threads);
crate::engine::joined!(conversations, leads);
crate::engine::joined!(messages, leads);
