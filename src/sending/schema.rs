//! The tables of this folder, as `migrations/` makes them on both engines.

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    senders (id) {
        id -> Guid,
        tenant_id -> Nullable<Guid>,
        channel -> Text,
        provider -> Text,
        address -> Text,
        display_name -> Nullable<Text>,
        is_active -> Bool,
        created_at -> Instant,
    }
}
