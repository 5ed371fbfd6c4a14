//! An account that somebody else put a device before.

use serde_json::json;

use super::{add, device, enter_by, options, page};
use crate::accounts::{NEW_PASSWORD, client_of, token_for};
use crate::both_engines;
use crate::support::Authenticator;

both_engines! {
    async fn a_new_password_leaves_them_and_an_address_taken_back_does_not(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut own, _) = device(&app, &tenant.owner).await;
        app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": tenant.email() })).await.expect(202);
        app.run_jobs().await;
        let token = token_for(&app, &tenant.email(), "reset-password").await.expect("a link");
        app.anonymous().post("/v1/auth/password-reset", json!({ "token": token, "new_password": NEW_PASSWORD })).await.expect(204);
        let owner = client_of(&app, &enter_by(&app, &mut own).await.ok());
        app.advance(chrono::Duration::seconds(1));
        // Whoever took the account over gave it an address and a passkey of their own.
        let wish = json!({ "email": "mallory@evil.example.com", "current_password": NEW_PASSWORD });
        owner.post("/v1/me/email", wish).await.expect(202);
        app.run_jobs().await;
        let token = app.mailed_token("mallory@evil.example.com").await;
        app.anonymous().post("/v1/auth/email-change", json!({ "token": token })).await.ok();
        app.advance(chrono::Duration::seconds(1));
        let proof = json!({ "credential": own.get(&options(&app).await) });
        let begun = owner.post("/v1/me/passkeys/options", proof).await.ok();
        let mut theirs = Authenticator::synced(&page(&app));
        add(&owner, &theirs.create(&begun["public_key"])).await.created();
        enter_by(&app, &mut theirs).await.ok();
        app.run_jobs().await;
        let token = app.mailed_token(&tenant.email()).await;
        let restoration = json!({ "token": token, "new_password": "second rain in july" });
        app.anonymous().post("/v1/auth/email-restoration", restoration).await.ok();
        enter_by(&app, &mut theirs).await.problem(401, "auth.invalid_passkey");
        enter_by(&app, &mut own).await.ok();
    }
}
