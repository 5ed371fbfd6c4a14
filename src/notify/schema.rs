//! The tables of this folder, as `migrations/` makes them on both engines.

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    notifications (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        user_id -> Guid,
        event_id -> Nullable<Guid>,
        kind -> Text,
        title -> Text,
        body -> Text,
        link -> Nullable<Text>,
        lead_id -> Nullable<Guid>,
        data -> JsonDoc,
        read_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    notification_deliveries (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        event_id -> Guid,
        kind -> Text,
        channel -> Text,
        address -> Text,
        subject -> Nullable<Text>,
        body -> Text,
        template_code -> Nullable<Text>,
        template_variables -> Nullable<JsonDoc>,
        status -> Text,
        provider -> Nullable<Text>,
        external_id -> Nullable<Text>,
        error -> Nullable<Text>,
        attempted_at -> Nullable<Instant>,
        sent_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
        html -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    notification_recipients (tenant_id, channel, address) {
        tenant_id -> Guid,
        channel -> Text,
        address -> Text,
        token_hash -> Text,
        asked_at -> Nullable<Instant>,
        confirmed_at -> Nullable<Instant>,
        created_at -> Instant,
        added_by -> Nullable<Guid>,
    }
}
