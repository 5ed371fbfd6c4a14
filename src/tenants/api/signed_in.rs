//! What whoever logs in is answered.

use super::tenant::TenantView;
use super::users::UserView;
use crate::base::time::Timestamp;
use crate::tenants::access::token::ACCESS_TOKEN_SECONDS;
use crate::tenants::second_factor::enter::{Challenged, Method};
use crate::tenants::session::SignedIn;

crate::view! {
    /// Who is in, and the tokens to prove it.
    #[schema(example = json!({
        "tenant": {"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "ABC Real Estate", "slug": "abc-real-estate",
            "status": "active", "time_zone": "Asia/Kolkata", "country": "IN", "currency": "INR", "settings": {}, "agreed": {}, "onboarded_at": null,
            "verified_at": null, "closes_at": null, "erased_at": null,
            "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"},
        "user": {"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "email": "owner@abc.example.com", "name": "Rajesh Kumar",
            "email_verified_at": null, "language": null, "time_zone": null, "phone": null, "avatar_url": null, "created_at": "2026-11-20T09:00:00Z"},
        "access_token": "eyJhbGciOiJIUzI1NiJ9…", "refresh_token": "rt_…", "token_type": "Bearer", "expires_in": 900
    }))]
    pub struct SignedInView from signed_in: SignedIn {
        tenant: TenantView = signed_in.tenant.into(),
        user: UserView = signed_in.user.into(),
        /// For `Authorization: Bearer`.
        access_token: String = signed_in.tokens.access_token,
        /// For `POST /v1/auth/refresh`, once.
        refresh_token: String = signed_in.tokens.refresh_token,
        /// Always `Bearer`.
        token_type: &'static str = "Bearer",
        /// Seconds until the access token expires.
        expires_in: i64 = ACCESS_TOKEN_SECONDS,
    }
}

crate::view! {
    /// The password was right; a code or a passkey is asked for.
    #[schema(example = json!({"challenge": "chl_Q2Fubm90IGJlIGd1ZXNzZWQ", "methods": ["passkey", "code"],
        "expires_at": "2026-11-20T09:10:00Z"}))]
    pub struct ChallengeView from challenged: Challenged {
        /// For `POST /v1/auth/second-factor` or `POST /v1/auth/passkey/options`, once.
        challenge: String = challenged.token,
        methods: Vec<Method>,
        expires_at: Timestamp,
    }
}

/// What the right password is answered.
#[derive(serde::Serialize)]
#[serde(untagged)]
pub(super) enum LogInView {
    In(Box<SignedInView>),
    Challenged(ChallengeView),
}
