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

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    contacts (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        company -> Nullable<Text>,
        city -> Nullable<Text>,
        source -> Text,
        verification_status -> Text,
        quality_score -> Nullable<Integer>,
        owner_id -> Nullable<Guid>,
        profile -> JsonDoc,
        converted_at -> Nullable<Instant>,
        search -> Text,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    contact_tags (tenant_id, tag, contact_id) {
        tenant_id -> Guid,
        tag -> Text,
        contact_id -> Guid,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    contact_identities (tenant_id, kind, value) {
        tenant_id -> Guid,
        kind -> Text,
        value -> Text,
        lead_id -> Nullable<Guid>,
        created_at -> Instant,
        contact_id -> Nullable<Guid>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(contacts, contact_tags);
