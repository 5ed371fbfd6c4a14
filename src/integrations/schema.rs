//! The tables of this folder, as `migrations/` makes them on both engines.

use crate::tenants::schema::tenants;

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    webhook_events (id) {
        id -> Guid,
        provider -> Text,
        kind -> Text,
        external_id -> Text,
        tenant_id -> Nullable<Guid>,
        body -> JsonDoc,
        state -> Text,
        outcome -> Nullable<Text>,
        error -> Nullable<Text>,
        attempts -> Integer,
        received_at -> Instant,
        processed_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    webhook_endpoints (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        url -> Text,
        event_types -> Text,
        description -> Nullable<Text>,
        status -> Text,
        disabled_reason -> Nullable<Text>,
        disabled_at -> Nullable<Instant>,
        failing_since -> Nullable<Instant>,
        secret -> Text,
        previous_secret -> Nullable<Text>,
        previous_secret_expires_at -> Nullable<Instant>,
        lease_job -> Nullable<Guid>,
        lease_until -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        created_by -> Nullable<Guid>,
        verified_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    webhook_deliveries (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        endpoint_id -> Guid,
        event_id -> Guid,
        event_type -> Text,
        state -> Text,
        attempts -> Integer,
        step -> Integer,
        next_attempt_at -> Nullable<Instant>,
        last_status -> Nullable<Integer>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    webhook_attempts (tenant_id, delivery_id, number) {
        tenant_id -> Guid,
        delivery_id -> Guid,
        number -> Integer,
        attempted_at -> Instant,
        duration_ms -> Integer,
        status -> Nullable<Integer>,
        response -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(webhook_deliveries, webhook_endpoints);
crate::engine::joined!(tenants, webhook_deliveries);
crate::engine::joined!(tenants, webhook_endpoints);
