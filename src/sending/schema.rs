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

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    marketing_days (tenant_id, contact_id, day) {
        tenant_id -> Guid,
        contact_id -> Guid,
        day -> Instant,
        count -> Integer,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    templates (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        search -> Text,
        channel -> Text,
        message_class -> Text,
        language -> Nullable<Text>,
        subject -> Nullable<Text>,
        body -> Nullable<Text>,
        html -> Nullable<Text>,
        preheader -> Nullable<Text>,
        status -> Text,
        variables -> JsonDoc,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::time::Instant;
    use diesel::sql_types::*;

    sender_rates (channel, address) {
        channel -> Text,
        address -> Text,
        next_at -> Instant,
    }
}
