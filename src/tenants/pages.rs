//! Where the links lead that people are mailed: the platform's frontend (`LEADWRIGHT_APP_URL`), or a tenant's own, when the
//! operators agreed to its domain.

use super::model::Tenant;
use super::store::{self, people};
use crate::base::Result;
use crate::base::id::UserId;
use crate::engine::CoreSettings;
use crate::engine::db::TenantTx;

/// The frontend in which a user sees to their account: their tenant's, where they belong to no other; else the platform's.
/// What is typed there opens all that is theirs, so nobody's password is asked for by one of several tenants.
pub fn of_user(tx: &mut TenantTx<'_>, user: UserId, settings: &CoreSettings) -> Result<String> {
    if !people::is_of_no_other(tx, user)? {
        return Ok(of_platform(settings).to_string());
    }
    Ok(of_tenant(&store::current(tx)?, settings).to_string())
}

/// Without a trailing slash.
pub fn of_tenant<'a>(tenant: &'a Tenant, settings: &'a CoreSettings) -> &'a str {
    tenant.pages(&settings.app_url)
}

/// Without a trailing slash.
pub fn of_platform(settings: &CoreSettings) -> &str {
    settings.app_url.trim_end_matches('/')
}

/// A page that takes a token.
pub fn with_token(pages: &str, name: &str, token: &str) -> String {
    format!("{pages}/{name}?token={token}")
}
