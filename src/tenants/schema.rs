//! The tables of this folder, as `migrations/` makes them on both engines.

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
        closes_at -> Nullable<Instant>,
        erased_at -> Nullable<Instant>,
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
        language -> Nullable<Text>,
        time_zone -> Nullable<Text>,
        phone -> Nullable<Text>,
        avatar_url -> Nullable<Text>,
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
        address -> Nullable<Text>,
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
        updated_at -> Instant,
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
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    password_resets (id) {
        id -> Guid,
        email -> Text,
        token_hash -> Text,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    email_changes (id) {
        id -> Guid,
        user_id -> Guid,
        former -> Text,
        wanted -> Text,
        token_hash -> Text,
        undo_hash -> Text,
        expires_at -> Instant,
        changed_at -> Nullable<Instant>,
        undo_until -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    second_factors (user_id) {
        user_id -> Guid,
        secret -> Text,
        enabled_at -> Nullable<Instant>,
        last_step -> BigInt,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::id::Guid;
    use diesel::sql_types::*;

    recovery_codes (user_id, code_hash) {
        user_id -> Guid,
        code_hash -> Text,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    log_in_challenges (id) {
        id -> Guid,
        user_id -> Guid,
        tenant_id -> Nullable<Guid>,
        token_hash -> Text,
        expires_at -> Instant,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    passkeys (id) {
        id -> Guid,
        user_id -> Guid,
        name -> Text,
        credential_id -> Text,
        public_key -> Text,
        sign_count -> BigInt,
        transports -> Text,
        can_be_backed_up -> Bool,
        is_backed_up -> Bool,
        version -> Integer,
        created_at -> Instant,
        last_used_at -> Nullable<Instant>,
        domain -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::base::time::Instant;
    use diesel::sql_types::*;

    passkey_challenges_used (challenge_hash) {
        challenge_hash -> Text,
        expires_at -> Instant,
    }
}

diesel::table! {
    use crate::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    second_factor_rejections (id) {
        id -> Guid,
        user_id -> Guid,
        email -> Text,
        token_hash -> Text,
        expires_at -> Instant,
        created_at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(api_keys, memberships);
diesel::allow_tables_to_appear_in_same_query!(api_keys, tenants);
diesel::allow_tables_to_appear_in_same_query!(memberships, sessions);
diesel::allow_tables_to_appear_in_same_query!(memberships, tenants);
diesel::allow_tables_to_appear_in_same_query!(sessions, tenants);
diesel::allow_tables_to_appear_in_same_query!(memberships, users);
diesel::allow_tables_to_appear_in_same_query!(operator_keys, operators);
diesel::allow_tables_to_appear_in_same_query!(refresh_tokens, sessions);
