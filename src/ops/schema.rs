//! The tables of this folder, as `migrations/` makes them on both engines.

use crate::tenants::schema::tenants;

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    operator_notifications (id) {
        id -> Guid,
        tenant_id -> Nullable<Guid>,
        event_id -> Nullable<Guid>,
        kind -> Text,
        title -> Text,
        body -> Text,
        data -> JsonDoc,
        read_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    ops_tasks (id) {
        id -> Guid,
        tenant_id -> Guid,
        kind -> Text,
        title -> Text,
        status -> Text,
        estimate_minutes -> Integer,
        dedupe_key -> Text,
        due_at -> Instant,
        completed_at -> Nullable<Instant>,
        completed_by -> Nullable<Guid>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        ad_campaign_id -> Nullable<Guid>,
    }
}

crate::engine::joined!(ops_tasks, tenants);
