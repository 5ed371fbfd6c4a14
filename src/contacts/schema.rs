//! The tables of this folder, as `migrations/` makes them on both engines.

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    suppressions (id) {
        id -> Guid,
        channel -> Text,
        address -> Text,
        sender_address -> Text,
        tenant_id -> Nullable<Guid>,
        reason -> Text,
        created_at -> Instant,
        lifted_at -> Nullable<Instant>,
        for_tenant_id -> Guid,
        expires_at -> Nullable<Instant>,
        lifted_because -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    opt_ins (tenant_id, channel, address, class) {
        tenant_id -> Guid,
        channel -> Text,
        address -> Text,
        class -> Text,
        given_at -> Instant,
        how -> Text,
        recorded_by -> Text,
        recorded_by_id -> Nullable<Guid>,
        recorded_at -> Instant,
    }
}
