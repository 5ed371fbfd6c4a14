//! Changing a tenant: its own settings by itself, its status by operators.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use validator::{Validate, ValidationErrors};

use super::Tenant;
use super::model::{Branding, Day, NotificationRecipients, OpenHours, Settings, TenantStatus};
use super::name::Name;
use super::region::{Country, TimeZone};
use super::store;
use crate::base::id::TenantId;
use crate::base::money::Currency;
use crate::base::patch::Patch;
use crate::base::{Error, Result};
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{EventType, NewEvent};

/// A merge-patch of the tenant.
#[derive(Debug, Clone, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"time_zone": "Asia/Kolkata", "settings": {"service_areas": ["Andheri", "Goregaon"],
    "notification_recipients": {"emails": ["sales@abc.example.com"], "whatsapp": ["98765 00000"]}}}))]
pub struct TenantPatch {
    pub name: Option<Name>,
    pub time_zone: Option<TimeZone>,
    pub country: Option<Country>,
    pub currency: Option<Currency>,
    #[validate(nested)]
    pub settings: Option<SettingsPatch>,
}

/// A merge-patch of the settings, field by field: a value replaces the whole field, null restores its default.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<Day, OpenHours>>)]
    pub business_hours: Patch<BTreeMap<Day, OpenHours>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<NaiveDate>>)]
    pub holidays: Patch<Vec<NaiveDate>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub service_areas: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Branding>)]
    pub branding: Patch<Branding>,
    #[serde(default)]
    #[schema(value_type = Option<NotificationRecipients>)]
    pub notification_recipients: Patch<NotificationRecipients>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub deep_link_base_url: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub scoring_model: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<u16>)]
    pub billing_dedupe_days: Patch<u16>,
}

fn set<T>(patch: Patch<T>, target: &mut T, default: T) {
    match patch {
        Patch::Absent => {}
        Patch::Null => *target = default,
        Patch::Value(value) => *target = value,
    }
}

impl SettingsPatch {
    fn apply(self, settings: &mut Settings) {
        let default = Settings::default();
        set(self.business_hours, &mut settings.business_hours, default.business_hours);
        set(self.holidays, &mut settings.holidays, default.holidays);
        set(self.service_areas, &mut settings.service_areas, default.service_areas);
        set(self.branding, &mut settings.branding, default.branding);
        set(self.notification_recipients, &mut settings.notification_recipients, default.notification_recipients);
        self.deep_link_base_url.apply(&mut settings.deep_link_base_url);
        self.scoring_model.apply(&mut settings.scoring_model);
        set(self.billing_dedupe_days, &mut settings.billing_dedupe_days, default.billing_dedupe_days);
    }

    fn fields(&self) -> impl Iterator<Item = &'static str> {
        [
            ("settings.business_hours", self.business_hours.is_absent()),
            ("settings.holidays", self.holidays.is_absent()),
            ("settings.service_areas", self.service_areas.is_absent()),
            ("settings.branding", self.branding.is_absent()),
            ("settings.notification_recipients", self.notification_recipients.is_absent()),
            ("settings.deep_link_base_url", self.deep_link_base_url.is_absent()),
            ("settings.scoring_model", self.scoring_model.is_absent()),
            ("settings.billing_dedupe_days", self.billing_dedupe_days.is_absent()),
        ]
        .into_iter()
        .filter(|(_, is_absent)| !is_absent)
        .map(|(field, _)| field)
    }
}

impl Validate for SettingsPatch {
    /// The rules of [`Settings`] for what is given: the defaults beside it fit anyway.
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut settings = Settings::default();
        self.clone().apply(&mut settings);
        settings.validate()
    }
}

/// The tenant, kept still until the transaction ends.
pub(super) fn lock(tx: &mut TenantTx<'_>) -> Result<Tenant> {
    lock_tenant(tx, "tenant")?;
    store::current(tx)
}

pub(super) fn record_update(tx: &mut TenantTx<'_>, data: serde_json::Value) -> Result<()> {
    let subject = tx.tenant().uuid();
    tx.record(NewEvent::new(EventType::TenantUpdated).subject(subject).data(data))?;
    Ok(())
}

/// # Errors
/// Every wrong value of the settings; `check` sees the version first.
pub fn configure(tx: &mut TenantTx<'_>, patch: TenantPatch, check: impl FnOnce(i32) -> Result<()>) -> Result<Tenant> {
    let mut tenant = lock(tx)?;
    check(tenant.version)?;
    let mut fields = Vec::new();
    if let Some(name) = patch.name {
        tenant.name = name.into_string();
        fields.push("name");
    }
    if let Some(TimeZone(zone)) = patch.time_zone {
        tenant.time_zone = zone;
        fields.push("time_zone");
    }
    if let Some(country) = patch.country {
        tenant.country = country.into_string();
        fields.push("country");
    }
    if let Some(currency) = patch.currency {
        tenant.currency = currency;
        fields.push("currency");
    }
    if let Some(settings) = patch.settings {
        fields.extend(settings.fields());
        settings.apply(&mut tenant.settings);
        tenant.settings = tenant.settings.checked(&tenant.country).map_err(Error::fields)?;
    }
    if fields.is_empty() {
        return store::current(tx);
    }
    let tenant = store::save(tx, &tenant)?;
    record_update(tx, serde_json::json!({ "fields": fields }))?;
    Ok(tenant)
}

/// What operators change about a tenant.
#[derive(Debug, Clone, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "suspended"}))]
pub struct OperatorTenantPatch {
    pub name: Option<Name>,
    /// Suspended: nobody of the tenant can log in and its keys are refused; inbound leads are still stored.
    pub status: Option<TenantStatus>,
}

pub(super) fn not_found() -> Error {
    Error::not_found("tenant.not_found", "There is no such tenant.")
}

/// # Errors
/// `tenant.not_found`; `check` sees the version first.
pub fn administer(
    tx: &mut PlatformTx<'_>,
    id: TenantId,
    patch: OperatorTenantPatch,
    check: impl FnOnce(i32) -> Result<()>,
) -> Result<Tenant> {
    store::find(tx, id)?.ok_or_else(not_found)?;
    let tx = &mut tx.for_tenant(id);
    let mut tenant = lock(tx)?;
    check(tenant.version)?;
    let (name, status) = (tenant.name.clone(), tenant.status);
    if let Some(new) = patch.name {
        tenant.name = new.into_string();
    }
    tenant.status = patch.status.unwrap_or(status);
    if (&name, status) == (&tenant.name, tenant.status) {
        return Ok(tenant);
    }
    let tenant = store::save(tx, &tenant)?;
    let previous = serde_json::json!({ "name": name, "status": status });
    record_update(tx, serde_json::json!({ "name": tenant.name, "status": tenant.status, "previous": previous }))?;
    Ok(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(value: serde_json::Value) -> SettingsPatch {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn absent_keeps_null_restores_a_value_replaces() {
        let mut settings = Settings { billing_dedupe_days: 7, ..Settings::default() };
        settings.service_areas = vec!["Andheri".into()];
        settings.scoring_model = Some("default_b2b".into());
        let change =
            patch(serde_json::json!({"billing_dedupe_days": null, "business_hours": {}, "scoring_model": null}));
        assert_eq!(
            change.fields().collect::<Vec<_>>(),
            ["settings.business_hours", "settings.scoring_model", "settings.billing_dedupe_days"]
        );
        change.apply(&mut settings);
        assert_eq!((settings.billing_dedupe_days, settings.scoring_model), (30, None));
        assert!(settings.business_hours.is_empty());
        assert_eq!(settings.service_areas, ["Andheri"]);
    }

    #[test]
    fn given_values_obey_the_rules_of_settings() {
        assert!(patch(serde_json::json!({"billing_dedupe_days": 365})).validate().is_ok());
        assert!(patch(serde_json::json!({"billing_dedupe_days": 366})).validate().is_err());
        assert!(patch(serde_json::json!({"branding": {"logo_url": "no url"}})).validate().is_err());
    }
}
