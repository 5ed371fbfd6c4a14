//! Every table on both engines, with the native type of each column behind `Guid`, `Instant` and `JsonDoc`.
//!
//! Written by hand beside `migrations/{postgres,sqlite}`: diesel's printer knows one engine at a time. The integration
//! suite compares this file with what the migrations make on each engine.

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
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    tenants (id) {
        id -> Guid,
        name -> Text,
        slug -> Text,
        status -> Text,
        time_zone -> Text,
        country -> Text,
        currency -> Text,
        settings -> JsonDoc,
        profile -> JsonDoc,
        audience -> JsonDoc,
        entitlements -> Nullable<JsonDoc>,
        onboarded_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        verified_at -> Nullable<Instant>,
        agreed -> JsonDoc,
        search -> Text,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    users (id) {
        id -> Guid,
        email -> Text,
        name -> Nullable<Text>,
        password_hash -> Text,
        created_at -> Instant,
        updated_at -> Instant,
        email_verified_at -> Nullable<Instant>,
        password_changed_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    email_verifications (id) {
        id -> Guid,
        user_id -> Guid,
        token_hash -> Text,
        expires_at -> Instant,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    memberships (tenant_id, user_id) {
        tenant_id -> Guid,
        user_id -> Guid,
        role -> Text,
        status -> Text,
        preferences -> JsonDoc,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    invitations (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        email -> Text,
        role -> Text,
        token_hash -> Text,
        invited_by -> Nullable<Guid>,
        expires_at -> Instant,
        accepted_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
        created_at -> Instant,
        shown_token_hash -> Nullable<Text>,
        by_operator -> Bool,
        made_by_key -> Nullable<Guid>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    sessions (id) {
        id -> Guid,
        tenant_id -> Guid,
        user_id -> Guid,
        user_agent -> Nullable<Text>,
        created_at -> Instant,
        last_used_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
        revoked_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    refresh_tokens (token_hash) {
        token_hash -> Text,
        session_id -> Guid,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    api_keys (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        name -> Text,
        prefix -> Text,
        key_hash -> Text,
        scopes -> JsonDoc,
        created_by -> Nullable<Guid>,
        expires_at -> Nullable<Instant>,
        last_used_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
        replaced_by -> Nullable<Guid>,
        version -> Integer,
        created_at -> Instant,
        made_by_key -> Nullable<Guid>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    operators (id) {
        id -> Guid,
        name -> Text,
        email -> Nullable<Text>,
        preferences -> JsonDoc,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    operator_keys (id) {
        id -> Guid,
        operator_id -> Guid,
        name -> Text,
        prefix -> Text,
        key_hash -> Text,
        expires_at -> Nullable<Instant>,
        last_used_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

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
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    lead_count_deltas (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        status -> Text,
        source -> Text,
        validity -> Text,
        score_from -> Integer,
        is_locked -> Bool,
        change -> BigInt,
    }
}

diesel::table! {
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    lead_counts (tenant_id, status, source, validity, score_from, is_locked) {
        tenant_id -> Guid,
        status -> Text,
        source -> Text,
        validity -> Text,
        score_from -> Integer,
        is_locked -> Bool,
        total -> BigInt,
    }
}

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

    lead_identities (tenant_id, kind, value) {
        tenant_id -> Guid,
        kind -> Text,
        value -> Text,
        lead_id -> Guid,
        created_at -> Instant,
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
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    conversations (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        lead_id -> Guid,
        channel -> Text,
        status -> Text,
        person_address -> Nullable<Text>,
        sender_address -> Nullable<Text>,
        unread_count -> Integer,
        message_count -> Integer,
        last_message_at -> Nullable<Instant>,
        last_message_preview -> Nullable<Text>,
        last_inbound_at -> Nullable<Instant>,
        window_expires_at -> Nullable<Instant>,
        closed_at -> Nullable<Instant>,
        archived_at -> Nullable<Instant>,
        converted_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    messages (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        conversation_id -> Guid,
        lead_id -> Guid,
        direction -> Text,
        sender_type -> Text,
        sender_user_id -> Nullable<Guid>,
        channel -> Text,
        message_type -> Text,
        subject -> Nullable<Text>,
        content -> Text,
        attachments -> JsonDoc,
        template_code -> Nullable<Text>,
        template_variables -> Nullable<JsonDoc>,
        from_address -> Nullable<Text>,
        from_name -> Nullable<Text>,
        to_address -> Nullable<Text>,
        status -> Text,
        provider -> Nullable<Text>,
        external_id -> Nullable<Text>,
        error_class -> Nullable<Text>,
        error_code -> Nullable<Text>,
        error_message -> Nullable<Text>,
        metadata -> JsonDoc,
        attempted_at -> Nullable<Instant>,
        sent_at -> Nullable<Instant>,
        delivered_at -> Nullable<Instant>,
        read_at -> Nullable<Instant>,
        failed_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    sender_threads (channel, sender_address, person_address, tenant_id) {
        channel -> Text,
        sender_address -> Text,
        person_address -> Text,
        tenant_id -> Guid,
        conversation_id -> Guid,
        last_outbound_at -> Instant,
        last_inbound_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    notifications (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        user_id -> Guid,
        event_id -> Nullable<Guid>,
        kind -> Text,
        title -> Text,
        body -> Text,
        link -> Nullable<Text>,
        lead_id -> Nullable<Guid>,
        data -> JsonDoc,
        read_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    notification_deliveries (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        event_id -> Guid,
        kind -> Text,
        channel -> Text,
        address -> Text,
        subject -> Nullable<Text>,
        body -> Text,
        template_code -> Nullable<Text>,
        template_variables -> Nullable<JsonDoc>,
        status -> Text,
        provider -> Nullable<Text>,
        external_id -> Nullable<Text>,
        error -> Nullable<Text>,
        attempted_at -> Nullable<Instant>,
        sent_at -> Nullable<Instant>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

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

diesel::table! {
    use crate::base::{id::Guid, json::JsonDoc, time::Instant};
    use diesel::sql_types::*;

    webhook_events (id) {
        id -> Guid,
        provider -> Text,
        kind -> Text,
        external_id -> Text,
        tenant_id -> Nullable<Guid>,
        body -> JsonDoc,
        state -> Text,
        outcome -> Nullable<Text>,
        error -> Nullable<Text>,
        attempts -> Integer,
        received_at -> Instant,
        processed_at -> Nullable<Instant>,
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

    webhook_endpoints (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        url -> Text,
        event_types -> Text,
        description -> Nullable<Text>,
        status -> Text,
        disabled_reason -> Nullable<Text>,
        disabled_at -> Nullable<Instant>,
        failing_since -> Nullable<Instant>,
        secret -> Text,
        previous_secret -> Nullable<Text>,
        previous_secret_expires_at -> Nullable<Instant>,
        lease_job -> Nullable<Guid>,
        lease_until -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        created_by -> Nullable<Guid>,
        verified_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    webhook_deliveries (tenant_id, id) {
        tenant_id -> Guid,
        id -> Guid,
        endpoint_id -> Guid,
        event_id -> Guid,
        event_type -> Text,
        state -> Text,
        attempts -> Integer,
        step -> Integer,
        next_attempt_at -> Nullable<Instant>,
        last_status -> Nullable<Integer>,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    webhook_attempts (tenant_id, delivery_id, number) {
        tenant_id -> Guid,
        delivery_id -> Guid,
        number -> Integer,
        attempted_at -> Instant,
        duration_ms -> Integer,
        status -> Nullable<Integer>,
        response -> Nullable<Text>,
        error -> Nullable<Text>,
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
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    held_messages (tenant_id, message_id) {
        tenant_id -> Guid,
        message_id -> Guid,
        lead_id -> Guid,
        held_until -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    notification_recipients (tenant_id, channel, address) {
        tenant_id -> Guid,
        channel -> Text,
        address -> Text,
        token_hash -> Text,
        asked_at -> Nullable<Instant>,
        confirmed_at -> Nullable<Instant>,
        created_at -> Instant,
        added_by -> Nullable<Guid>,
    }
}

// Tables that one statement names together. Each pair costs compile time in every build, so only those that are: a join or
// a subquery over others asks for its pair here (the compiler names this macro). Three together are three pairs.
diesel::allow_tables_to_appear_in_same_query!(ad_campaigns, lead_forms, tenants);
diesel::allow_tables_to_appear_in_same_query!(api_keys, memberships);
diesel::allow_tables_to_appear_in_same_query!(api_keys, tenants);
diesel::allow_tables_to_appear_in_same_query!(conversations, leads);
diesel::allow_tables_to_appear_in_same_query!(conversations, messages);
diesel::allow_tables_to_appear_in_same_query!(lead_identities, leads);
diesel::allow_tables_to_appear_in_same_query!(lead_scores, leads);
diesel::allow_tables_to_appear_in_same_query!(memberships, sessions, tenants);
diesel::allow_tables_to_appear_in_same_query!(memberships, users);
diesel::allow_tables_to_appear_in_same_query!(messages, sender_threads);
diesel::allow_tables_to_appear_in_same_query!(operator_keys, operators);
diesel::allow_tables_to_appear_in_same_query!(ops_tasks, tenants);
diesel::allow_tables_to_appear_in_same_query!(refresh_tokens, sessions);
diesel::allow_tables_to_appear_in_same_query!(subscriptions, tenants);
diesel::allow_tables_to_appear_in_same_query!(tenants, webhook_deliveries, webhook_endpoints);
