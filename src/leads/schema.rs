//! The tables of this folder, as `migrations/` makes them on both engines.

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    leads (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        person_id -> Guid,
        name -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        company -> Nullable<Text>,
        source -> Text,
        status -> Text,
        validity -> Text,
        score -> Integer,
        is_locked -> Bool,
        assigned_to -> Nullable<Guid>,
        assigned_at -> Nullable<Instant>,
        ad_campaign_id -> Nullable<Guid>,
        lead_form_id -> Nullable<Guid>,
        platform_lead_id -> Nullable<Text>,
        charge_kind -> Nullable<Text>,
        charged_amount -> Nullable<BigInt>,
        charge_currency -> Nullable<Text>,
        profile -> JsonDoc,
        contact_count -> Integer,
        total_interactions -> Integer,
        first_contact_at -> Nullable<Instant>,
        last_contact_at -> Nullable<Instant>,
        last_activity_at -> Instant,
        closed_at -> Nullable<Instant>,
        search -> Text,
        received_at -> Instant,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    lead_scores (tenant_id, lead_id, id) {
        tenant_id -> Guid,
        lead_id -> Guid,
        id -> Guid,
        model -> Text,
        model_version -> Integer,
        score -> Integer,
        items -> JsonDoc,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    lead_notes (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        lead_id -> Guid,
        author_id -> Nullable<Guid>,
        body -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    tasks (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        title -> Text,
        description -> Nullable<Text>,
        status -> Text,
        priority -> Text,
        due_at -> Nullable<Instant>,
        told_due_at -> Nullable<Instant>,
        assignee_id -> Nullable<Guid>,
        contact_id -> Nullable<Guid>,
        lead_id -> Nullable<Guid>,
        created_by -> Nullable<Guid>,
        completed_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(lead_scores, leads);

use crate::contacts::schema::contact_identities;
crate::engine::joined!(contact_identities, leads);
