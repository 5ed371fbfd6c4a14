//! Who reads what is written to an address, and under whose name and colour it comes.
//!
//! A person reads their own language in their own time zone, else their tenant's; whoever is written to for a tenant reads the
//! tenant's. English is read where neither is set, or none that there are words of.

use chrono_tz::Tz;

use crate::language::{Look, Reader};
use crate::sending::words::{self, Holds};
use crate::tenants::Tenant;
use crate::tenants::region::Language;
use crate::tenants::store::{Member, User};

/// Whoever reads for the tenant.
pub(super) fn of_tenant(tenant: &Tenant) -> Reader {
    own(None, None, tenant)
}

pub(super) fn of_member(member: &Member, tenant: &Tenant) -> Reader {
    own(member.language.as_deref(), member.time_zone.as_deref(), tenant)
}

pub(super) fn of_user(user: &User, tenant: &Tenant) -> Reader {
    own(user.language.as_deref(), user.time_zone.as_deref(), tenant)
}

/// Whoever has this e-mail address: one of the tenant's people, or somebody who reads for the tenant.
pub(super) fn at(address: &str, people: &[Member], tenant: &Tenant) -> Reader {
    match people.iter().find(|member| member.email.eq_ignore_ascii_case(address)) {
        Some(member) => of_member(member, tenant),
        None => of_tenant(tenant),
    }
}

/// The platform's own staff, of whom no language is known.
pub(super) fn of_staff() -> Reader {
    Reader::of([], chrono_tz::UTC)
}

fn own(language: Option<&str>, zone: Option<&str>, tenant: &Tenant) -> Reader {
    let zone = zone.and_then(|zone| zone.parse::<Tz>().ok()).unwrap_or(tenant.time_zone);
    Reader::of([language, tenant.settings.language.as_ref().map(Language::as_str)], zone)
}

/// The tenant's own, to its own people.
pub(super) fn look_of(tenant: &Tenant) -> Look {
    Look { name: named(tenant), color: tenant.settings.branding.primary_color.clone() }
}

/// The platform's: what is about an account, and what strangers get.
pub(super) fn look_of_platform(platform_name: &str) -> Look {
    Look { name: platform_name.to_string(), color: None }
}

/// A tenant's name in what the platform writes: it carries no message of its own.
pub(super) fn named(tenant: &Tenant) -> String {
    let shown = tenant.settings.branding.display_name.as_ref().unwrap_or(&tenant.name);
    let name = words::clean(shown, Holds::Sender);
    if name.is_empty() { tenant.slug.clone() } else { name }
}
