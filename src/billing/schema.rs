//! The tables of this folder, as `migrations/` makes them on both engines.

use crate::tenants::schema::tenants;

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    plans (code) {
        code -> Text,
        catalogue -> Text,
        name -> Text,
        version -> Integer,
        pricing -> Text,
        currency -> Text,
        price_monthly -> Nullable<BigInt>,
        price_annual -> Nullable<BigInt>,
        leads_per_month -> Nullable<Integer>,
        quotas -> JsonDoc,
        features -> JsonDoc,
        overage_price -> Nullable<BigInt>,
        price_bands -> JsonDoc,
        rollover_percent -> Integer,
        trial_days -> Integer,
        position -> Integer,
        is_popular -> Bool,
        is_active -> Bool,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    subscriptions (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        plan_code -> Text,
        status -> Text,
        overage_policy -> Text,
        billing_interval -> Text,
        anchor_day -> Integer,
        trial_ends_at -> Nullable<Instant>,
        current_period_start -> Instant,
        current_period_end -> Instant,
        activated_at -> Nullable<Instant>,
        canceled_at -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
        cancel_at_period_end -> Bool,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        pending_plan_code -> Nullable<Text>,
        pending_from -> Nullable<Text>,
        paid_until -> Nullable<Instant>,
        plan_version -> Integer,
        pending_plan_version -> Nullable<Integer>,
        pending_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    usage_periods (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        subscription_id -> Guid,
        meter -> Text,
        period_start -> Instant,
        period_end -> Instant,
        base -> Nullable<Integer>,
        rollover -> Integer,
        credits -> Integer,
        used -> Integer,
        overage -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        plan_code -> Nullable<Text>,
        plan_version -> Nullable<Integer>,
    }
}

diesel::table! {
    use crate::base::{json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    plan_versions (code, version) {
        code -> Text,
        version -> Integer,
        terms -> JsonDoc,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    trial_signs (kind, digest) {
        kind -> Text,
        digest -> Text,
        created_at -> Instant,
        taken_by -> Nullable<Guid>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    usage_entries (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        period_id -> Nullable<Guid>,
        meter -> Text,
        kind -> Text,
        quantity -> Integer,
        dedupe_key -> Text,
        lead_id -> Nullable<Guid>,
        amount_due -> BigInt,
        notional_amount -> BigInt,
        currency -> Text,
        reason -> Nullable<Text>,
        occurred_at -> Instant,
        created_at -> Instant,
    }
}

crate::engine::joined!(subscriptions, tenants);
