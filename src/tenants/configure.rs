//! Changing a tenant: its own settings by itself, its status by operators.

use validator::Validate;

use super::Tenant;
use super::access::Feature;
use super::facts::{TenantBefore, TenantFact};
use super::look_alike;
use super::model::{Agreed, AgreedPatch, Settings, SettingsPatch, TenantStatus};
use super::name::Name;
use super::region::{Country, TimeZone};
use super::second_factor;
use super::store;
use super::verify;
use crate::base::changes::Changes;
use crate::base::id::TenantId;
use crate::base::money::Currency;
use crate::base::patch::Patch;
use crate::base::{Error, Result};
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{Actor, PlatformTx, TenantTx};
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;

crate::patch! {
    /// A merge-patch of the tenant.
    #[schema(example = json!({"time_zone": "Asia/Kolkata", "settings": {"service_areas": ["Andheri", "Goregaon"],
        "notification_recipients": {"emails": ["sales@abc.example.com"], "whatsapp": ["98765 00000"]}}}))]
    pub struct TenantPatch of Tenant {
        pub name: Given<Name>,
        pub time_zone: Given<TimeZone>,
        pub country: Given<Country>,
        pub currency: Given<Currency>,
        #[validate(nested)]
        pub settings: Given<SettingsPatch> => by hand,
    }
}

impl TenantPatch {
    fn sets(&self, setting: &str) -> bool {
        self.settings.value().is_some_and(|settings| settings.has(setting))
    }

    /// Says who is told of each lead.
    pub fn touches_recipients(&self) -> bool {
        self.sets("notification_recipients")
    }

    /// Sets something that a tenant is billed by.
    pub fn touches_billing(&self) -> bool {
        self.sets("billing_dedupe_days")
    }

    /// Says whether members need a second factor.
    pub fn touches_second_factor(&self) -> bool {
        self.sets("requires_second_factor")
    }

    /// What a plan has to include for it: colours and a logo of one's own, and another scoring model than the industry's.
    /// Taking them away is always possible.
    pub fn features(&self) -> Vec<Feature> {
        let Some(settings) = self.settings.value() else { return Vec::new() };
        let is_branded = ["logo_url", "primary_color"].iter().any(|look| settings.gives(&["branding", look]));
        let is_scored = settings.gives(&["scoring_model"]);
        let wanted = [(is_branded, Feature::CustomBranding), (is_scored, Feature::AdvancedScoring)];
        wanted.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, feature)| feature).collect()
    }
}

/// The tenant, kept still until the transaction ends.
pub(super) fn lock(tx: &mut TenantTx<'_>) -> Result<Tenant> {
    lock_tenant(tx, "tenant")?;
    store::current(tx)
}

pub(super) fn record_update(tx: &mut TenantTx<'_>, fact: TenantFact) -> Result<()> {
    let subject = tx.tenant().uuid();
    tx.record(fact.told_as(TenantFact::UPDATED).about(subject))?;
    Ok(())
}

/// # Errors
/// Every wrong value of the settings, also names that pass for the platform's, and `request.precondition_failed`.
pub fn configure(
    tx: &mut TenantTx<'_>,
    mut patch: TenantPatch,
    platform_name: &str,
    if_match: &IfMatch,
) -> Result<Tenant> {
    let mut tenant = lock(tx)?;
    if_match.check(tenant.version)?;
    let before = (tenant.name.clone(), tenant.settings.branding.display_name.clone());
    let country = tenant.country.clone();
    let mut changes = patch.apply(&mut tenant);
    stay_home(tx, &mut tenant, country);
    if let Some(settings) = patch.settings.0 {
        let before = tenant.settings.clone();
        tenant.settings = settings.merged_into(Some(&before), "/settings")?;
        tenant.settings = tenant.settings.checked(&tenant.country).map_err(Error::fields)?;
        note_settings(&mut changes, &before, &tenant.settings);
    }
    refuse_look_alikes(&tenant, &before, platform_name)?;
    if changes.has("settings.requires_second_factor") && tenant.settings.requires_second_factor {
        let user = tx.actor().user();
        if !user.map_or(Ok(true), |user| second_factor::is_enabled(&mut tx.platform(), user))? {
            let rule = "put a second factor before your own account first: POST /v1/me/second-factor";
            return Err(Error::field("/settings/requires_second_factor", "not_possible", rule));
        }
    }
    if changes.is_empty() {
        return store::current(tx);
    }
    let tenant = store::save(tx, &tenant)?;
    record_update(tx, TenantFact { fields: Some(changes.told()), ..TenantFact::default() })?;
    Ok(tenant)
}

fn note_settings(changes: &mut Changes, before: &Settings, now: &Settings) {
    // Every one of them, by name: a change that is not noted is not written.
    let Settings {
        business_hours,
        holidays,
        service_areas,
        branding,
        notification_recipients,
        deep_link_base_url,
        language,
        scoring_model,
        billing_dedupe_days,
        requires_second_factor,
        outreach,
    } = now;
    for (name, is_other) in [
        ("settings.business_hours", before.business_hours != *business_hours),
        ("settings.holidays", before.holidays != *holidays),
        ("settings.service_areas", before.service_areas != *service_areas),
        ("settings.branding", before.branding != *branding),
        ("settings.notification_recipients", before.notification_recipients != *notification_recipients),
        ("settings.deep_link_base_url", before.deep_link_base_url != *deep_link_base_url),
        ("settings.language", before.language != *language),
        ("settings.scoring_model", before.scoring_model != *scoring_model),
        ("settings.billing_dedupe_days", before.billing_dedupe_days != *billing_dedupe_days),
        ("settings.requires_second_factor", before.requires_second_factor != *requires_second_factor),
        ("settings.outreach", before.outreach != *outreach),
    ] {
        changes.note(name, is_other);
    }
}

/// Takes addresses out of those that alerts are wished to go to. The event says what was wished for until then.
pub fn withdraw_recipients(tx: &mut TenantTx<'_>, addresses: &[String]) -> Result<()> {
    let mut tenant = lock(tx)?;
    let is_meant = |address: &str| addresses.iter().any(|one| one.eq_ignore_ascii_case(address));
    let recipients = &mut tenant.settings.notification_recipients;
    let before = serde_json::to_value(&*recipients).unwrap_or_default();
    recipients.emails.retain(|email| !is_meant(email.as_str()));
    recipients.whatsapp.retain(|number| !is_meant(number));
    let mut fields = Vec::new();
    if serde_json::to_value(&*recipients).unwrap_or_default() != before {
        fields.push("settings.notification_recipients".to_string());
    }
    let phone = tenant.profile.phone.take_if(|phone| is_meant(phone));
    fields.extend(phone.is_some().then(|| "profile".to_string()));
    if fields.is_empty() {
        return Ok(());
    }
    store::save(tx, &tenant)?;
    let previous = TenantBefore { notification_recipients: Some(before), phone, ..TenantBefore::default() };
    record_update(tx, TenantFact { fields: Some(fields), previous: Some(previous), ..TenantFact::default() })
}

/// SMS goes to the tenant's own country, so a tenant that moves does not take it along: operators say where it is at home.
fn stay_home(tx: &TenantTx<'_>, tenant: &mut Tenant, before: String) {
    if tenant.country == before || tenant.verified_at.is_none() {
        return;
    }
    if matches!(tx.actor(), Actor::Operator(_)) {
        tenant.agreed.home_country = None;
    } else {
        tenant.agreed.home_country = tenant.agreed.home_country.take().or_else(|| before.parse().ok());
    }
}

/// Names that changed are not to pass for the platform's own.
fn refuse_look_alikes(tenant: &Tenant, before: &(String, Option<String>), platform_name: &str) -> Result<()> {
    let shown = &tenant.settings.branding.display_name;
    let changed = [
        ("/name", Some(&tenant.name).filter(|name| **name != before.0)),
        ("/settings/branding/display_name", shown.as_ref().filter(|_| *shown != before.1)),
    ];
    for (pointer, name) in changed {
        if name.is_some_and(|name| look_alike::passes_for(name, platform_name)) {
            return Err(Error::field(pointer, "invalid_value", look_alike::rule(platform_name)));
        }
    }
    Ok(())
}

crate::patch! {
    /// What operators change about a tenant.
    #[schema(example = json!({"status": "suspended"}))]
    pub struct OperatorTenantPatch of Tenant {
        pub name: Given<Name>,
        /// Either ends a closing: the tenant is not erased. Suspended: nobody of the tenant can log in and its keys are refused; its ad campaigns pause until it is active again;
        /// inbound leads are still stored.
        pub status: Given<TenantStatus>,
        /// True: the operators know whose business it is, as where the platform sends no e-mail that could show it. It is not
        /// taken back.
        pub is_verified: Given<bool> => by hand,
        /// Domains that the tenant's links may lead to, countries that SMS may go to, and other caps than everybody's; null takes
        /// all of it back.
        #[validate(nested)]
        pub agreed: Patch<AgreedPatch> => by hand,
    }
}

pub(super) fn not_found() -> Error {
    Error::not_found("tenant.not_found", "There is no such tenant.")
}

/// # Errors
/// `tenant.not_found`, and `request.precondition_failed`.
pub fn administer(
    tx: &mut PlatformTx<'_>,
    id: TenantId,
    mut patch: OperatorTenantPatch,
    if_match: &IfMatch,
) -> Result<Tenant> {
    store::find(tx, id)?.ok_or_else(not_found)?;
    let tx = &mut tx.for_tenant(id);
    let mut tenant = lock(tx)?;
    if_match.check(tenant.version)?;
    if patch.is_verified.0 == Some(true) && verify::vouch_for(tx)? {
        tenant = store::current(tx)?;
    }
    let previous =
        TenantBefore { name: Some(tenant.name.clone()), status: Some(tenant.status), ..TenantBefore::default() };
    let is_decided = patch.status.value().is_some();
    let mut changes = patch.apply(&mut tenant);
    if tenant.closes_at.is_some() && is_decided {
        // The operators' word on it is the last one: it is open again, or suspended and not erased.
        changes.put("closes_at", &mut tenant.closes_at, None);
    }
    let agreed = match patch.agreed {
        Patch::Absent => tenant.agreed.clone(),
        Patch::Null => Agreed::default(),
        Patch::Value(part) => part.merged_into(Some(&tenant.agreed), "/agreed")?,
    };
    changes.put("agreed", &mut tenant.agreed, agreed);
    if changes.is_empty() {
        return Ok(tenant);
    }
    let tenant = store::save(tx, &tenant)?;
    let fact = TenantFact {
        name: Some(tenant.name.clone()),
        status: Some(tenant.status),
        previous: Some(previous),
        fields: changes.has("agreed").then(|| vec!["agreed".into()]),
        ..TenantFact::default()
    };
    record_update(tx, fact)?;
    Ok(tenant)
}
