//! What operations about a person's own account act on: tokens that were mailed, codes of a device, sessions and tenants to leave.

use serde_json::json;

use super::stage::Act;
use crate::accounts::{device, page};
use crate::support::{Authenticator, PASSWORD, Tenant, TestApp};

/// Operations that need nothing are left as they are.
pub async fn arrange(act: &mut Act, app: &TestApp, tenant: &Tenant, operation_id: &str) {
    let id = |value: &serde_json::Value| value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_string();
    match operation_id {
        "reset_password" => {
            let forgetful = app.tenant("Forgetful").await;
            let email = json!({ "email": forgetful.email() });
            app.anonymous().post("/v1/auth/password-reset-email", email).await.expect(202);
            app.run_jobs().await;
            act.replace = json!({ "token": app.mailed_token(&forgetful.email()).await });
        }
        "change_email" => {
            act.actor = app.tenant("Moving").await.owner;
            act.replace = json!({ "current_password": PASSWORD });
        }
        "confirm_email_change" | "restore_email" => {
            let name = operation_id.replace('_', "-");
            let moving = app.tenant(&name).await;
            let new = format!("new@{name}.example.com");
            let wish = json!({ "email": new, "current_password": PASSWORD });
            moving.owner.post("/v1/me/email", wish).await.expect(202);
            app.run_jobs().await;
            let mut token = app.mailed_token(&new).await;
            if operation_id == "restore_email" {
                app.anonymous().post("/v1/auth/email-change", json!({ "token": token })).await.ok();
                app.run_jobs().await;
                token = app.mailed_token(&moving.email()).await;
            }
            act.replace = json!({ "token": token });
        }
        "reject_second_factor" => {
            let robbed = app.tenant("Robbed").await;
            device(app, &robbed.owner).await;
            app.run_jobs().await;
            act.replace = json!({ "token": app.mailed_token(&robbed.email()).await });
        }
        "reset_second_factor" => {
            let locked_out = app.tenant("Locked out").await;
            device(app, &locked_out.owner).await;
            act.replace = json!({ "email": locked_out.email() });
        }
        "switch_tenant" => {
            let other = app.tenant("Second home").await;
            let offered = json!({ "email": tenant.email(), "role": "agent" });
            let offered = other.owner.post("/v1/invitations", offered).await.created();
            let accept = json!({ "token": offered["token"], "password": PASSWORD });
            app.anonymous().post("/v1/invitations/accept", accept).await.created();
            act.replace = json!({ "tenant_id": other.id });
        }
        "leave_tenant" => {
            act.actor = tenant.user("agent").await;
            act.path = format!("/v1/me/memberships/{}", tenant.id);
        }
        "transfer_tenant" => {
            let sold = app.tenant("Sold").await;
            let heir = id(&sold.user("admin").await.get("/v1/me").await.ok()["user"]);
            act.actor = sold.owner;
            act.replace = json!({ "user_id": heir, "current_password": PASSWORD });
        }
        "close_tenant" => {
            act.actor = app.tenant("Retiring").await.owner;
            act.replace = json!({ "current_password": PASSWORD });
        }
        "reopen_tenant" => {
            act.actor = app.tenant("Undecided owner").await.owner;
            let closing = json!({ "current_password": PASSWORD });
            act.actor.post("/v1/tenants/current/closure", closing).await.ok();
        }
        "begin_second_factor" => {
            act.actor = app.tenant("Cautious").await.owner;
            act.replace = json!({ "current_password": PASSWORD });
        }
        "confirm_second_factor" | "renew_recovery_codes" | "remove_second_factor" | "log_in_with_second_factor" => {
            let cautious = app.tenant(&operation_id.replace('_', "-")).await;
            let begun = json!({ "current_password": PASSWORD });
            let secret = cautious.owner.post("/v1/me/second-factor", begun).await.created()["secret"].clone();
            let secret = secret.as_str().unwrap();
            let mut code = json!(crate::accounts::code(secret, app.clock.now().seconds()));
            if operation_id != "confirm_second_factor" {
                let confirmed =
                    cautious.owner.post("/v1/me/second-factor/confirmation", json!({ "code": code })).await.ok();
                code = confirmed["recovery_codes"][0].clone();
            }
            act.replace = match operation_id {
                "remove_second_factor" => json!({ "current_password": PASSWORD, "code": code }),
                "log_in_with_second_factor" => {
                    let who = json!({ "email": cautious.email(), "password": PASSWORD });
                    let asked = app.anonymous().post("/v1/auth/login", who).await.expect(202);
                    json!({ "challenge": asked["challenge"], "code": code })
                }
                _ => json!({ "code": code }),
            };
            if operation_id != "log_in_with_second_factor" {
                act.actor = cautious.owner;
            }
        }
        "begin_passkey" => {
            act.actor = app.tenant("Modern").await.owner;
            act.replace = json!({ "current_password": PASSWORD });
        }
        "create_passkey" => {
            act.actor = app.tenant("Keen").await.owner;
            let begun = json!({ "current_password": PASSWORD });
            let options = act.actor.post("/v1/me/passkeys/options", begun).await.ok()["public_key"].clone();
            act.replace = json!({ "credential": Authenticator::synced(&page(app)).create(&options) });
        }
        "list_passkeys" => {
            act.actor = app.tenant("Collector").await.owner;
            device(app, &act.actor).await;
        }
        "get_passkey" | "update_passkey" | "remove_passkey" => {
            act.actor = app.tenant(&operation_id.replace('_', "-")).await.owner;
            let (mut device, added) = device(app, &act.actor).await;
            act.path = format!("/v1/me/passkeys/{}", id(&added));
            if operation_id == "remove_passkey" {
                let asked = app.anonymous().call("POST", "/v1/auth/passkey/options").await.ok();
                let proof = json!({ "credential": device.get(&asked["public_key"]) });
                let begun = act.actor.post("/v1/me/passkeys/options", proof).await.ok();
                let other = Authenticator::synced(&page(app)).create(&begun["public_key"]);
                act.actor.post("/v1/me/passkeys", json!({ "name": "Other", "credential": other })).await.created();
            }
        }
        "log_in_with_passkey" => {
            let (mut device, _) = device(app, &app.tenant("Passwordless").await.owner).await;
            let asked = app.anonymous().call("POST", "/v1/auth/passkey/options").await.ok();
            act.replace = json!({ "credential": device.get(&asked["public_key"]) });
        }
        "end_session" => {
            let there = json!({ "email": tenant.email(), "password": PASSWORD });
            app.anonymous().post("/v1/auth/login", there).await.ok();
            let all = tenant.owner.get("/v1/me/sessions").await.ok();
            let other = all["data"].as_array().unwrap().iter().find(|one| one["is_current"] == false).unwrap();
            act.path = format!("/v1/me/sessions/{}", id(other));
        }
        _ => {}
    }
}
