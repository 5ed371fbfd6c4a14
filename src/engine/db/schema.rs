//! The engine's own tables, with the native type of each column behind `Guid`, `Instant` and `JsonDoc`; every other
//! folder keeps its own in a `schema.rs` like this one.
//!
//! Written by hand beside `migrations/{postgres,sqlite}`: diesel's printer knows one engine at a time. The integration
//! suite compares these files with what the migrations make on each engine.

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    events (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        #[sql_name = "type"]
        kind -> Text,
        subject_type -> Text,
        subject_id -> Nullable<Guid>,
        lead_id -> Nullable<Guid>,
        actor_type -> Text,
        actor_id -> Nullable<Guid>,
        request_id -> Nullable<Text>,
        data -> JsonDoc,
        occurred_at -> Instant,
    }
}

diesel::table! {
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    kept_counts (tenant_id, noun, k1, k2, k3, k4, k5, k6, k7, k8) {
        tenant_id -> Guid,
        noun -> Text,
        k1 -> Text,
        k2 -> Text,
        k3 -> Text,
        k4 -> Text,
        k5 -> Text,
        k6 -> Text,
        k7 -> Text,
        k8 -> Text,
        total -> BigInt,
    }
}

diesel::table! {
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    kept_count_deltas (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        noun -> Text,
        k1 -> Text,
        k2 -> Text,
        k3 -> Text,
        k4 -> Text,
        k5 -> Text,
        k6 -> Text,
        k7 -> Text,
        k8 -> Text,
        change -> BigInt,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    tombstones (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        noun -> Text,
        subject_id -> Guid,
        deleted_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    jobs (id) {
        id -> Guid,
        tenant_id -> Guid,
        kind -> Text,
        payload -> JsonDoc,
        state -> Text,
        priority -> Integer,
        run_at -> Instant,
        attempt -> Integer,
        max_attempts -> Integer,
        lease_until -> Nullable<Instant>,
        worker -> Nullable<Text>,
        unique_key -> Nullable<Text>,
        trace -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at -> Instant,
        finished_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    idempotency_keys (scope_hash) {
        scope_hash -> Text,
        request_hash -> Text,
        status -> Integer,
        body -> Text,
        etag -> Nullable<Text>,
        location -> Nullable<Text>,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

diesel::table! {
    use crate::base::time::Instant;
    use diesel::sql_types::*;

    platform_facts (name) {
        name -> Text,
        value -> Text,
        written_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    tallies (tenant_id, kind, starts_at, subject) {
        tenant_id -> Guid,
        kind -> Text,
        starts_at -> Instant,
        subject -> Text,
        count -> Integer,
    }
}
