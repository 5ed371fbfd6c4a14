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
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    consents (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        contact_id -> Nullable<Guid>,
        channel -> Text,
        address -> Text,
        class -> Text,
        state -> Text,
        source -> Text,
        wording -> Nullable<Text>,
        wording_version -> Nullable<Text>,
        proof -> JsonDoc,
        occurred_at -> Instant,
        recorded_at -> Instant,
        recorded_by -> Text,
        recorded_by_id -> Nullable<Guid>,
        superseded_at -> Nullable<Instant>,
        concealed_lead_id -> Nullable<Guid>,
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
        name_key -> Nullable<Text>,
        company_key -> Nullable<Text>,
        state_key -> Nullable<Text>,
        country_key -> Nullable<Text>,
        language_key -> Nullable<Text>,
        birthday -> Nullable<Integer>,
        bookings_count -> Integer,
        last_category -> Nullable<Text>,
        last_booking_at -> Nullable<Instant>,
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

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    segments (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        description -> Nullable<Text>,
        kind -> Text,
        rule -> Nullable<JsonDoc>,
        status -> Text,
        members_count -> BigInt,
        rule_version -> Integer,
        built_at -> Nullable<Instant>,
        created_by -> Nullable<Guid>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    segment_members (tenant_id, segment_id, contact_id) {
        tenant_id -> Guid,
        segment_id -> Guid,
        contact_id -> Guid,
        entered_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    segment_turns (tenant_id, segment_id, contact_id) {
        tenant_id -> Guid,
        segment_id -> Guid,
        contact_id -> Guid,
        turns_at -> Instant,
    }
}

diesel::table! {
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    segment_places (tenant_id) {
        tenant_id -> Guid,
        after_event -> Guid,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    custom_attributes (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        key -> Text,
        label -> Text,
        kind -> Text,
        options -> JsonDoc,
        description -> Nullable<Text>,
        archived_at -> Nullable<Instant>,
        deleted_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    contact_attributes (tenant_id, attribute_id, word, number, contact_id) {
        tenant_id -> Guid,
        attribute_id -> Guid,
        word -> Text,
        number -> BigInt,
        contact_id -> Guid,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    bookings (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        contact_id -> Guid,
        title -> Text,
        category -> Nullable<Text>,
        category_word -> Nullable<Text>,
        status -> Text,
        value_amount -> Nullable<BigInt>,
        value_currency -> Nullable<Text>,
        city -> Nullable<Text>,
        city_word -> Nullable<Text>,
        starts_at -> Nullable<Instant>,
        confirmed_at -> Nullable<Instant>,
        completed_at -> Nullable<Instant>,
        cancelled_at -> Nullable<Instant>,
        refunded_at -> Nullable<Instant>,
        latest_at -> Instant,
        external_id -> Nullable<Text>,
        source -> JsonDoc,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    contact_spend (tenant_id, contact_id, currency) {
        tenant_id -> Guid,
        contact_id -> Guid,
        currency -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    contact_notes (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        contact_id -> Guid,
        author_id -> Nullable<Guid>,
        body -> Text,
        created_at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    bookings,
    contacts,
    contact_attributes,
    contact_identities,
    contact_spend,
    contact_tags,
    segment_members
);
