//! Sessions that a browser keeps in cookies, where no script can read them.
//!
//! The cookies are the host's own (`__Host-`), sent by pages of the same site alone (`SameSite=Strict`), and what changes something is taken
//! from pages that the operator named: where `Origin` says so, and nothing says otherwise. Who sends an `Authorization` header speaks for
//! themselves, and their cookies are not looked at.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::{FromRequest, HttpRequest, web};

use super::token::ACCESS_TOKEN_SECONDS;
use crate::base::{Error, Result};

const ACCESS: &str = "__Host-leadwright-access";
const REFRESH: &str = "__Host-leadwright-refresh";
/// As long as a session lasts that nobody refreshes.
const REFRESH_SECONDS: i64 = 30 * 86_400;

/// The origins whose pages may use cookies; in the app's data.
#[derive(Debug, Clone, Default)]
pub struct OwnPages(Vec<String>);

impl OwnPages {
    /// Those that may call from browsers, but not whoever likes to, and those of the given addresses.
    pub fn of<'a>(origins: &[String], addresses: impl IntoIterator<Item = &'a str>) -> Self {
        let named = origins.iter().filter(|origin| *origin != "*").filter_map(|origin| url::Url::parse(origin).ok());
        let ours = addresses.into_iter().filter_map(|address| url::Url::parse(address).ok());
        Self(named.chain(ours).map(|url| url.origin().ascii_serialization()).filter(|one| one != "null").collect())
    }
}

/// A cookie of the request; the first of that name.
fn cookie(req: &HttpRequest, name: &str) -> Option<String> {
    let lists = req.headers().get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let pairs = lists.flat_map(|list| list.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(own, _)| *own == name).map(|(_, value)| value.to_string()).find(|value| !value.is_empty())
}

/// # Errors
/// `auth.foreign_page`.
fn require_own_page(req: &HttpRequest) -> Result<()> {
    let head = |name: &str| req.headers().get(name).and_then(|value| value.to_str().ok());
    let is_named =
        |origin: &str| req.app_data::<web::Data<OwnPages>>().is_some_and(|own| own.0.iter().any(|one| one == origin));
    let is_near = head("sec-fetch-site").is_none_or(|site| ["same-origin", "same-site"].contains(&site));
    if head("origin").is_some_and(is_named) && is_near {
        return Ok(());
    }
    let message = "Cookies are taken from pages of this platform alone: Origin must be one of LEADWRIGHT_CORS_ORIGINS, or where \
        LEADWRIGHT_APP_URL or LEADWRIGHT_PUBLIC_URL lead. Others send Authorization: Bearer.";
    Err(Error::forbidden("auth.foreign_page", message))
}

/// The access token in the cookie, for requests without an `Authorization` header.
///
/// # Errors
/// `auth.foreign_page` for what changes something and comes from elsewhere.
pub(super) fn access_token(req: &HttpRequest) -> Result<Option<String>> {
    let Some(token) = cookie(req, ACCESS) else { return Ok(None) };
    if ![Method::GET, Method::HEAD].contains(req.method()) {
        require_own_page(req)?;
    }
    Ok(Some(token))
}

/// A browser whose page wants its session kept in cookies, or has it there.
pub struct Browser {
    req: HttpRequest,
}

impl Browser {
    /// # Errors
    /// `auth.foreign_page`.
    pub fn require_own_page(&self) -> Result<()> {
        require_own_page(&self.req)
    }

    /// The refresh token in the cookie, unless the request speaks for itself.
    ///
    /// # Errors
    /// `auth.missing_credentials`, `auth.foreign_page`.
    pub fn refresh_token(&self) -> Result<String> {
        let is_own = !self.req.headers().contains_key(header::AUTHORIZATION);
        let token = cookie(&self.req, REFRESH).filter(|_| is_own).ok_or_else(|| {
            let message = "Send the refresh token, or the cookie that keeps it and no Authorization header.";
            Error::unauthenticated("auth.missing_credentials", message)
        })?;
        self.require_own_page()?;
        Ok(token)
    }

    pub fn has_cookies(&self) -> bool {
        cookie(&self.req, ACCESS).is_some() || cookie(&self.req, REFRESH).is_some()
    }
}

/// The headers that keep a session's tokens; empty ones are forgotten.
pub fn set_cookies(access_token: &str, refresh_token: &str) -> [String; 2] {
    let set = |name: &str, value: &str, seconds: i64| {
        let seconds = if value.is_empty() { 0 } else { seconds };
        format!("{name}={value}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict")
    };
    [set(ACCESS, access_token, ACCESS_TOKEN_SECONDS), set(REFRESH, refresh_token, REFRESH_SECONDS)]
}

impl FromRequest for Browser {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { req: req.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn asked(origin: Option<&str>, site: Option<&str>, method: Method) -> Result<Option<String>> {
        let own = OwnPages::of(&["https://app.example.com".into(), "*".into()], ["https://api.example.com/base"]);
        let mut request = TestRequest::default().method(method).app_data(web::Data::new(own));
        request = request.insert_header((header::COOKIE, format!("other=1; {ACCESS}=token; {ACCESS}=planted")));
        for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
            if let Some(value) = value {
                request = request.insert_header((name, value));
            }
        }
        access_token(&request.to_http_request())
    }

    #[test]
    fn what_changes_something_comes_from_a_page_of_ours() {
        for own in ["https://app.example.com", "https://api.example.com"] {
            assert_eq!(asked(Some(own), None, Method::POST).unwrap().as_deref(), Some("token"), "{own}");
        }
        let elsewhere = [
            "https://evil.example",
            "https://app.example.com.evil.example",
            "http://app.example.com",
            "null",
            "https://app.example.com:8443",
        ];
        for foreign in elsewhere.map(Some).into_iter().chain([None]) {
            let refused = asked(foreign, None, Method::DELETE).unwrap_err();
            assert_eq!(refused.code(), "auth.foreign_page", "{foreign:?}");
        }
        assert!(asked(Some("https://app.example.com"), Some("cross-site"), Method::PATCH).is_err());
        assert!(asked(Some("https://app.example.com"), Some("same-site"), Method::PATCH).is_ok());
        assert_eq!(asked(None, None, Method::GET).unwrap().as_deref(), Some("token"));
    }
}
