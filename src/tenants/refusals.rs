//! What is refused for who the caller is, and in the affairs of tenants, their people and keys.

use crate::base::refusal::Place::{At, Credentials, Members, NamedTenant, Operators, People, Under};
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::unauthenticated("auth.missing_credentials")
        .why("There is no Authorization header, or it is no bearer token.")
        .remedy("Send Authorization: Bearer with an access token or an API key.")
        .at(&[Credentials, At("refresh_session")]),
    Refusal::unauthenticated("auth.invalid_token")
        .why("The access token is not one of ours, or was altered.")
        .remedy("Log in, and send the access_token as it is answered.")
        .at(&[Credentials, At("list_plans")]),
    Refusal::unauthenticated("auth.token_expired")
        .why("The access token's time is over.")
        .remedy("Refresh the session by POST /v1/auth/refresh, and repeat the request with the new token.")
        .at(&[Credentials, At("list_plans")]),
    Refusal::unauthenticated("auth.session_ended")
        .why("The session was ended: by logging out, by a new password, by whoever administers the tenant, or by time.")
        .remedy("Log in again.")
        .at(&[Members, At("refresh_session"), At("list_plans")]),
    Refusal::unauthenticated("auth.invalid_key")
        .why("The key is unknown, expired or revoked.")
        .remedy("Use another key, or have one made by POST /v1/api-keys.")
        .at(&[Credentials, At("list_plans")]),
    Refusal::unauthenticated("auth.invalid_credentials")
        .why("The e-mail address or the password is wrong.")
        .remedy("Ask the person again. Which of the two it was is not told.")
        .at(&[At("log_in"), At("accept_invitation"), At("log_in_with_second_factor")]),
    Refusal::unauthenticated("auth.invalid_refresh_token")
        .why("The refresh token is unknown.")
        .remedy("Log in again.")
        .at(&[At("refresh_session")]),
    Refusal::unauthenticated("auth.refresh_reused")
        .why("The refresh token was used more than 20 seconds before, so somebody may have copied it, and its session was ended.")
        .remedy("Log in again. Tabs that refresh together within those seconds get the same tokens and need no lock; where an answer may be lost on its way for longer, send an Idempotency-Key with the request, and the same with its repetition.")
        .at(&[At("refresh_session")]),
    Refusal::malformed("auth.tenant_required")
        .why("An operator's key says no tenant, and this operation acts inside one.")
        .remedy("Name it by the header X-Tenant-Id.")
        .at(&[NamedTenant, People]),
    Refusal::forbidden("auth.forbidden")
        .why("The role or the key has not the permission that this needs.")
        .remedy("Ask an owner of the tenant for it. The operation's description names the permission.")
        .at(&[Members]),
    Refusal::forbidden("auth.operator_required")
        .why("Only the platform's operators may do this.")
        .remedy("Call it with an operator's key.")
        .at(&[Operators, At("create_lead_form_key")]),
    Refusal::forbidden("auth.user_required")
        .why("This belongs to a person, and the caller is an API key or an operator.")
        .remedy("Log in, and call it with the access token.")
        .at(&[People]),
    Refusal::forbidden("auth.no_membership")
        .why("The person is no active member of a tenant that fits.")
        .remedy("Leave tenant_id out to enter any of them, or ask an owner of the tenant for an invitation.")
        .at(&[At("log_in"), At("refresh_session"), At("switch_tenant"), At("log_in_with_passkey")]),
    Refusal::forbidden("feature_not_in_plan")
        .why("The tenant's plan does not include this, or there is no plan yet.")
        .remedy("Choose a plan that does: GET /v1/plans names the features of each.")
        .at(&[Members]),
    Refusal::forbidden("tenant.suspended")
        .why("The tenant is suspended by the platform.")
        .remedy("Ask the platform's support.")
        .at(&[
            At("log_in"),
            At("refresh_session"),
            At("accept_invitation"),
            At("switch_tenant"),
            At("log_in_with_second_factor"),
            At("reopen_tenant"),
            At("log_in_with_passkey"),
        ]),
    Refusal::not_found("tenant.not_found")
        .why("There is no such tenant.")
        .remedy("Look at the id, in the path or in X-Tenant-Id.")
        .at(&[NamedTenant, Under("/v1/tenants/{id}"), Under("/v1/ops/tenants/{id}"), At("leave_tenant")]),
    Refusal::forbidden("settings.set_by_platform")
        .why("This setting is the platform's to make.")
        .remedy("Ask the platform's operators.")
        .at(&[At("update_current_tenant")]),
    Refusal::not_found("user.not_found")
        .why("There is no such user in this tenant; to operators, no account has the address.")
        .remedy("Look the id up by GET /v1/users, or ask for the address of the account.")
        .at(&[Under("/v1/users/{id}"), At("transfer_tenant"), At("reset_second_factor")]),
    Refusal::forbidden("user.owner_required")
        .why("Only an owner may do this to an owner.")
        .remedy("Ask an owner of the tenant.")
        .at(&[
            Under("/v1/users/{id}"),
            At("create_invitation"),
            At("transfer_tenant"),
            At("close_tenant"),
            At("reopen_tenant"),
            At("update_current_tenant"),
        ]),
    Refusal::conflict("user.last_owner")
        .why("The tenant would be left without an owner.")
        .remedy("Make somebody else an owner first.")
        .at(&[At("update_user"), At("remove_user"), At("leave_tenant")]),
    Refusal::conflict("user.email_taken")
        .why("There is an account with this e-mail address.")
        .remedy("Log in instead.")
        .at(&[At("sign_up"), At("confirm_email_change"), At("restore_email"), At("change_email")]),
    Refusal::conflict("user.already_member")
        .why("The person is a member of this tenant already.")
        .remedy("Change their role by PATCH /v1/users/{id}, if that was the point.")
        .at(&[At("create_invitation"), At("accept_invitation")]),
    Refusal::conflict("user.already_verified")
        .why("The e-mail address is verified already.")
        .remedy("Nothing is left to do.")
        .at(&[At("send_verification_email")]),
    Refusal::too_many("user.verification_limit")
        .why("As many mails as may went to this address within a day.")
        .remedy("Look for them, also among the unwanted ones, or try tomorrow.")
        .at(&[At("send_verification_email")]),
    Refusal::not_found("verification.not_found")
        .why("The link that was mailed is not valid any more.")
        .remedy("Log in and ask for a new one, or sign up without its token.")
        .at(&[At("verify_email"), At("sign_up")]),
    Refusal::not_found("invitation.not_found")
        .why("There is no such invitation.")
        .remedy("Ask whoever invites for a new one.")
        .at(&[Under("/v1/invitations/{id}"), At("accept_invitation")]),
    Refusal::conflict("invitation.not_pending")
        .why("The invitation was accepted or withdrawn, or its time is over.")
        .remedy("Ask for a new one.")
        .at(&[Under("/v1/invitations/{id}"), At("accept_invitation")]),
    Refusal::too_many("invitation.limit_reached")
        .why("As many invitations as may were made today.")
        .remedy("Go on after Retry-After, or ask the platform's operators for more.")
        .at(&[At("create_invitation")]),
    Refusal::forbidden("auth.foreign_page")
        .why("A cookie came with a request from a page that is not the platform's.")
        .remedy("Send Authorization: Bearer, or let the operators add the page's origin to LEADWRIGHT_CORS_ORIGINS.")
        .at(&[Members, At("log_in"), At("log_in_with_second_factor"), At("refresh_session"), At("log_in_with_passkey")]),
    Refusal::unauthenticated("auth.invalid_challenge")
        .why("The challenge is unknown, was used, or its time is over: ten minutes after a password, five for a passkey.")
        .remedy("Log in again, and answer the new one.")
        .at(&[At("log_in_with_second_factor"), At("log_in_with_passkey"), At("begin_passkey_log_in")]),
    Refusal::forbidden("auth.second_factor_needed")
        .why("The tenant asks its members for a second factor, and this one has none.")
        .remedy("Put one before the account by POST /v1/me/second-factor or POST /v1/me/passkeys/options.")
        .at(&[Members]),
    Refusal::not_found("password_reset.not_found")
        .why("The link to set a new password is unknown, was used, or is older than an hour.")
        .remedy("Ask for a new one by POST /v1/auth/password-reset-email.")
        .at(&[At("reset_password")]),
    Refusal::not_found("email_change.not_found")
        .why("The link is unknown, was used, is too old, or a newer one took its place.")
        .remedy("Log in and ask for a new one by POST /v1/me/email.")
        .at(&[At("confirm_email_change"), At("restore_email")]),
    Refusal::too_many("user.email_change_limit")
        .why("Another address was asked for as often as may be within a day.")
        .remedy("Go on after Retry-After.")
        .at(&[At("change_email")]),
    Refusal::not_found("session.not_found")
        .why("There is no such session of this person, or it has ended.")
        .remedy("Look the id up by GET /v1/me/sessions.")
        .at(&[At("end_session")]),
    Refusal::conflict("second_factor.enabled")
        .why("A second factor is on already.")
        .remedy("Turn it off first, to begin with another device.")
        .at(&[At("begin_second_factor"), At("confirm_second_factor")]),
    Refusal::conflict("second_factor.not_begun")
        .why("There is no second factor to confirm.")
        .remedy("Begin by POST /v1/me/second-factor.")
        .at(&[At("confirm_second_factor")]),
    Refusal::conflict("second_factor.not_enabled")
        .why("No second factor is on.")
        .remedy("Begin by POST /v1/me/second-factor.")
        .at(&[At("remove_second_factor"), At("renew_recovery_codes"), At("reset_second_factor")]),
    Refusal::not_found("second_factor.rejection_not_found")
        .why("The link by which a second factor is rejected is unknown, was used, or is older than a week.")
        .remedy("Open the link of a later mail, or ask the platform's support: operators take second factors away, too.")
        .at(&[At("reject_second_factor")]),
    Refusal::too_many("second_factor.too_many_tries")
        .why("As many codes as may were tried within the hour.")
        .remedy("Go on after Retry-After.")
        .at(&[
            At("confirm_second_factor"),
            At("remove_second_factor"),
            At("renew_recovery_codes"),
            At("log_in_with_second_factor"),
            At("accept_invitation"),
            At("begin_second_factor"),
            At("begin_passkey"),
            At("close_tenant"),
            At("change_email"),
            At("change_password"),
            At("transfer_tenant"),
        ]),
    Refusal::unauthenticated("auth.invalid_passkey")
        .why("The passkey was not proved: another site's, not signed by it, counted backwards, nobody verified.")
        .remedy("Ask for other options and use the passkey again, or log in with the password. The code at /credential says which it was.")
        .at(&[At("log_in_with_passkey")]),
    Refusal::unauthenticated("auth.unknown_passkey")
        .why("No account has the passkey: it was removed, or never added.")
        .remedy("Log in another way. PublicKeyCredential.signalUnknownCredential() takes it off the device.")
        .at(&[At("log_in_with_passkey")]),
    Refusal::not_found("passkey.not_found")
        .why("There is no such passkey of this person.")
        .remedy("Look the id up by GET /v1/me/passkeys.")
        .at(&[Under("/v1/me/passkeys/{id}")]),
    Refusal::conflict("passkey.already_registered")
        .why("An account has this passkey already.")
        .remedy("Use it, or make another one on the device.")
        .at(&[At("create_passkey")]),
    Refusal::conflict("passkey.limit_reached")
        .why("The person has as many passkeys as they may.")
        .remedy("Remove one first.")
        .at(&[At("begin_passkey"), At("create_passkey")]),
    Refusal::conflict("passkey.last_second_factor")
        .why("It is the person's only second factor, and that goes with a proof alone.")
        .remedy("Remove the second factor by POST /v1/me/second-factor/removal, or add another passkey first.")
        .at(&[At("remove_passkey")]),
    Refusal::conflict("tenant.closing")
        .why("The tenant is being closed already.")
        .remedy("Nothing is left to do; an owner may open it again by DELETE /v1/tenants/current/closure.")
        .at(&[At("close_tenant")]),
    Refusal::conflict("tenant.not_closing")
        .why("The tenant is not being closed.")
        .remedy("Nothing is left to do.")
        .at(&[At("reopen_tenant")]),
    Refusal::conflict("tenant.closed")
        .why("The days in which the tenant could be opened again are over.")
        .remedy("Sign up again: what was in it is erased.")
        .at(&[At("reopen_tenant")]),
    Refusal::conflict("tenant.money_owed")
        .why("The tenant has used what is not paid yet.")
        .remedy("Pay first. The detail says what is owed.")
        .at(&[At("close_tenant")]),
    Refusal::conflict("user.not_active")
        .why("A disabled member cannot own the tenant.")
        .remedy("Make them active first, by PATCH /v1/users/{id}.")
        .at(&[At("transfer_tenant")]),
    engine::absent!("api_key", "API key", "/v1/api-keys"),
    Refusal::conflict("api_key.limit_reached")
        .why("The tenant has as many working API keys as it may.")
        .remedy("Revoke one first.")
        .at(&[At("create_api_key"), At("rotate_api_key")]),
    Refusal::conflict("api_key.ended")
        .why("The API key has expired or was revoked.")
        .remedy("Create a new one.")
        .at(&[At("update_api_key"), At("rotate_api_key")]),
    Refusal::conflict("api_key.already_rotated")
        .why("The API key was rotated before.")
        .remedy("Rotate the one that replaced it.")
        .at(&[At("rotate_api_key")]),
    engine::absent!("operator", "operator", "/v1/ops/operators"),
    Refusal::not_found("operator.key_not_found")
        .why("This operator has no such key.")
        .remedy("Look the id up by GET /v1/ops/operators.")
        .at(&[At("revoke_operator_key")]),
    Refusal::conflict("operator.last_key")
        .why("It is the last working key of any operator.")
        .remedy("Make another one first.")
        .at(&[At("revoke_operator_key")]),
    Refusal::invalid("config.operator_key")
        .why("LEADWRIGHT_OPERATOR_KEY is no key, or is one of somebody else.")
        .remedy("Give it the form that the detail shows, or leave it out once there are operators."),
];
