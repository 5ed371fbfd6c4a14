//! The tables of this folder, as `migrations/` makes them on both engines.

use crate::tenants::schema::tenants;

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    lead_forms (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        platform -> Text,
        name -> Text,
        form_type -> Text,
        definition -> JsonDoc,
        external_form_id -> Nullable<Text>,
        agreed_form_id -> Nullable<Text>,
        is_form_id_operators -> Bool,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        platform_questions -> Nullable<JsonDoc>,
        questions_asked_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    ad_campaigns (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        platform -> Text,
        status -> Text,
        status_reason -> Nullable<Text>,
        currency -> Text,
        daily_budget -> BigInt,
        total_budget -> Nullable<BigInt>,
        monthly_cap -> Nullable<BigInt>,
        spent -> BigInt,
        content -> JsonDoc,
        lead_form_id -> Nullable<Guid>,
        account_owner -> Text,
        external_campaign_id -> Nullable<Text>,
        external_page_id -> Nullable<Text>,
        impressions -> BigInt,
        clicks -> BigInt,
        leads_generated -> BigInt,
        start_at -> Nullable<Instant>,
        end_at -> Nullable<Instant>,
        activated_at -> Nullable<Instant>,
        desired_delivery -> Text,
        delivery -> JsonDoc,
        review -> JsonDoc,
        agreed_campaign_id -> Nullable<Text>,
        agreed_page_id -> Nullable<Text>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        committed_until -> Nullable<Instant>,
        figures_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    ad_commitments (tenant_id, ad_campaign_id, day) {
        tenant_id -> Guid,
        ad_campaign_id -> Guid,
        day -> Text,
        amount -> BigInt,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    lead_form_keys (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        ad_campaign_id -> Guid,
        prefix -> Text,
        key_hash -> Text,
        created_at -> Instant,
        ends_at -> Nullable<Instant>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(ad_campaigns, lead_forms);
crate::engine::joined!(ad_campaigns, tenants);
crate::engine::joined!(lead_forms, tenants);
