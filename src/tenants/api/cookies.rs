//! Tokens go into cookies instead of the answer, for a browser whose page asked for it.

use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use actix_web::http::header::{self, HeaderValue};

use crate::base::Error;
use crate::engine::http::Answer;
use crate::tenants::access::{Browser, set_cookies};

/// Who is in; the tokens are in cookies that no script can read.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "tenant": {"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "ABC Real Estate", "slug": "abc-real-estate",
        "status": "active", "time_zone": "Asia/Kolkata", "country": "IN", "currency": "INR", "settings": {}, "agreed": {}, "onboarded_at": null,
        "verified_at": null, "closes_at": null, "erased_at": null,
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"},
    "user": {"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "email": "owner@abc.example.com", "name": "Rajesh Kumar",
        "email_verified_at": null, "language": null, "time_zone": null, "phone": null, "avatar_url": null, "created_at": "2026-11-20T09:00:00Z"},
    "expires_in": 900
}))]
pub struct BrowserSessionView {
    #[schema(value_type = super::tenant::TenantView)]
    tenant: serde_json::Value,
    #[schema(value_type = super::users::UserView)]
    user: serde_json::Value,
    /// Seconds until `POST /v1/auth/refresh` has to be asked, without a body's token.
    expires_in: i64,
}

/// Moves the tokens of an answer into cookies. One without tokens stays as it is.
pub(super) async fn keep(answer: HttpResponse) -> Answer {
    let (head, body) = answer.into_parts();
    let bytes = to_bytes(body).await.map_err(|_| Error::internal("an answer that could not be read"))?;
    let view: serde_json::Value = serde_json::from_slice(&bytes).map_err(Error::internal)?;
    let (Some(access), Some(refresh)) = (view["access_token"].as_str(), view["refresh_token"].as_str()) else {
        return Ok(head.set_body(bytes).map_into_boxed_body());
    };
    let mut response = HttpResponse::Created();
    for name in ["location", "idempotency-replayed"] {
        if let Some(value) = head.headers().get(name) {
            response.insert_header((name, value.clone()));
        }
    }
    for cookie in set_cookies(access, refresh) {
        response.append_header((header::SET_COOKIE, cookie));
    }
    let expires_in = view["expires_in"].as_i64().unwrap_or_default();
    Ok(response.json(BrowserSessionView { tenant: view["tenant"].clone(), user: view["user"].clone(), expires_in }))
}

/// Has the browser forget its session.
pub(super) fn forget(browser: &Browser, mut answer: HttpResponse) -> HttpResponse {
    if browser.has_cookies() {
        for cookie in set_cookies("", "") {
            if let Ok(value) = HeaderValue::from_str(&cookie) {
                answer.headers_mut().append(header::SET_COOKIE, value);
            }
        }
    }
    answer
}
