//! The operations of this module, a file per family.

mod api_keys;
mod auth;
mod cookies;
mod events;
mod invitations;
mod leaving;
mod me;
mod onboarding;
mod operators;
mod passkeys;
mod proving;
mod recovery;
mod second_factor;
mod sessions;
mod signed_in;
mod tenant;
mod tenants;
mod tombstones;
mod users;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounted under `/v1`. `/tenants/current` comes before `/tenants/{id}`, which would match it too.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(auth::sign_up)
        .service(auth::log_in)
        .service(auth::verify_email)
        .service(auth::send_verification_email)
        .service(auth::refresh_session)
        .service(auth::log_out)
        .service(auth::change_password)
        .service(recovery::send_password_reset_email)
        .service(recovery::reset_password)
        .service(recovery::change_email)
        .service(recovery::confirm_email_change)
        .service(recovery::restore_email)
        .service(recovery::reject_second_factor)
        .service(sessions::list_sessions)
        .service(sessions::end_session)
        .service(sessions::end_other_sessions)
        .service(second_factor::get_second_factor)
        .service(second_factor::begin_second_factor)
        .service(second_factor::confirm_second_factor)
        .service(second_factor::renew_recovery_codes)
        .service(second_factor::remove_second_factor)
        .service(second_factor::log_in_with_second_factor)
        .service(passkeys::begin_passkey)
        .service(passkeys::create_passkey)
        .service(passkeys::list_passkeys)
        .service(passkeys::get_passkey)
        .service(passkeys::update_passkey)
        .service(passkeys::remove_passkey)
        .service(passkeys::begin_passkey_log_in)
        .service(passkeys::log_in_with_passkey)
        .service(leaving::switch_tenant)
        .service(leaving::leave_tenant)
        .service(leaving::transfer_tenant)
        .service(leaving::close_tenant)
        .service(leaving::reopen_tenant)
        .service(me::get_me)
        .service(me::update_me)
        .service(users::list_users)
        .service(users::get_user)
        .service(users::update_user)
        .service(users::remove_user)
        .service(invitations::create_invitation)
        .service(invitations::list_invitations)
        .service(invitations::accept_invitation)
        .service(invitations::revoke_invitation)
        .service(api_keys::create_api_key)
        .service(api_keys::list_api_keys)
        .service(api_keys::get_api_key)
        .service(api_keys::update_api_key)
        .service(api_keys::revoke_api_key)
        .service(api_keys::rotate_api_key)
        .service(tenant::get_current_tenant)
        .service(tenant::update_current_tenant)
        .service(onboarding::get_business_profile)
        .service(onboarding::set_business_profile)
        .service(onboarding::get_target_audience)
        .service(onboarding::set_target_audience)
        .service(onboarding::get_onboarding)
        .service(events::list_events)
        .service(tombstones::list_tombstones)
        .service(tenants::list_tenants)
        .service(tenants::create_tenant)
        .service(tenants::get_tenant)
        .service(tenants::update_tenant)
        .service(second_factor::reset_second_factor)
        .service(operators::create_operator)
        .service(operators::list_operators)
        .service(operators::create_operator_key)
        .service(operators::revoke_operator_key);
}
