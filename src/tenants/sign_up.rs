//! A business signs up: a tenant, its first owner and a session, in one transaction. The owner is mailed a link that shows
//! whose mailbox it is ([`verify`]).

use validator::Validate;

use super::Tenant;
use super::access::{Device, Role};
use super::facts::{InvitationFact, TenantFact};
use super::look_alike;
use super::name::Name;
use super::password;
use super::region::{Country, TimeZone};
use super::session::{self, SignedIn};
use super::store::{self, NewTenant, people};
use super::verify;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::email::Email;
use crate::base::money::Currency;
use crate::base::{Error, FieldError, Result};
use crate::engine::db::PlatformTx;
use crate::engine::events::Fact as _;
use crate::engine::http::Fields;

/// The name of [`Error`] for an address that an account has.
pub const EMAIL_TAKEN: &str = "user.email_taken";

/// Who signs up, for which business.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "owner@abc.example.com", "password": "monsoon-over-andheri",
    "business_name": "ABC Real Estate", "name": "Rajesh Kumar"}))]
pub struct SignUp {
    pub email: Email,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    pub password: Secret,
    pub business_name: Name,
    /// The person's own name.
    pub name: Option<Name>,
    /// India when absent.
    pub country: Option<Country>,
    /// The country's when absent.
    pub time_zone: Option<TimeZone>,
    /// The country's when absent.
    pub currency: Option<Currency>,
    /// From the link in the mail that came to this address when a sign-up was refused because an account that nobody
    /// verified had it: shows that the mailbox is yours, and takes the address from that account.
    pub mailed_token: Option<String>,
}

impl SignUp {
    /// Reads a form and says all that is wrong with it.
    ///
    /// # Errors
    /// Field errors.
    pub async fn read(mut fields: Fields) -> Result<(Self, Place)> {
        let email: Option<Email> = fields.required("email");
        let password: Option<Secret> = fields.required("password");
        let business_name: Option<Name> = fields.required("business_name");
        let name: Option<Name> = fields.optional("name");
        if let Some(password) = &password {
            let texts = [
                email.as_ref().map(Email::as_str),
                business_name.as_ref().map(Name::as_str),
                name.as_ref().map(Name::as_str),
            ];
            let personal: Vec<&str> = texts.into_iter().flatten().collect();
            fields.note(password::check(password, &personal, "/password").await);
        }
        let mailed_token: Option<String> = fields.optional("mailed_token");
        let errors = fields.errors();
        let country: Option<Country> = fields.optional("country");
        let (time_zone, currency) = (fields.optional("time_zone"), fields.optional("currency"));
        // What was said wrongly is not asked for besides.
        let place = match fields.errors() == errors {
            true => fields.note(Place::of(country.clone(), time_zone, currency)),
            false => None,
        };
        fields.finish()?;
        match (email, password, business_name, place) {
            (Some(email), Some(password), Some(business_name), Some(place)) => {
                Ok((Self { email, password, business_name, name, country, time_zone, currency, mailed_token }, place))
            }
            _ => Err(Error::internal("a field that is neither there nor wrong")),
        }
    }
}

/// Where a new tenant is.
#[derive(Debug, Clone)]
pub struct Place {
    country: Country,
    time_zone: TimeZone,
    currency: Currency,
}

impl Place {
    /// What was not said follows from the country.
    ///
    /// # Errors
    /// Asks for what does not follow, because the country is not one we know more about.
    pub fn of(country: Option<Country>, time_zone: Option<TimeZone>, currency: Option<Currency>) -> Result<Self> {
        let country = country.unwrap_or_default();
        let (usual_zone, usual_currency) = country.defaults().map(|(zone, money)| (TimeZone(zone), money)).unzip();
        let (zone, money) = (time_zone.or(usual_zone), currency.or(usual_currency));
        if let (Some(time_zone), Some(currency)) = (zone, money) {
            return Ok(Self { country, time_zone, currency });
        }
        let missing = [("/time_zone", zone.is_none()), ("/currency", money.is_none())];
        let fields = missing.into_iter().filter(|(_, is_missing)| *is_missing).map(|(pointer, _)| {
            FieldError::new(pointer, "required", format!("it does not follow from the country {}", country.as_str()))
        });
        Err(Error::fields(fields.collect()))
    }
}

/// Creates a tenant and says so.
pub(super) fn found_tenant(tx: &mut PlatformTx<'_>, name: Name, place: Place) -> Result<Tenant> {
    let new = NewTenant {
        name: name.into_string(),
        time_zone: place.time_zone.0,
        country: place.country.into_string(),
        currency: place.currency,
    };
    let tenant = store::create(tx, new)?;
    let fact = TenantFact { name: Some(tenant.name.clone()), slug: Some(tenant.slug.clone()), ..TenantFact::default() };
    tx.for_tenant(tenant.id).record(fact.told_as(TenantFact::CREATED).about(tenant.id.uuid()))?;
    Ok(tenant)
}

/// `password_hash` is computed before the transaction.
///
/// # Errors
/// [`EMAIL_TAKEN`]: then call [`verify::offer_address`] in a transaction of its own; `verification.not_found`; a field error for a name that passes for the platform's.
pub fn sign_up(
    tx: &mut PlatformTx<'_>,
    key: &MasterKey,
    platform_name: &str,
    input: SignUp,
    place: Place,
    password_hash: &str,
    device: Device,
) -> Result<SignedIn> {
    look_alike::refuse(Some(&input.business_name), "/business_name", platform_name)?;
    look_alike::refuse(input.name.as_ref(), "/name", platform_name)?;
    let name = input.name.map(Name::into_string);
    if let Some(token) = &input.mailed_token {
        verify::take_address(tx, &input.email, token)?;
    }
    let user = people::create_user(tx, &input.email, name, password_hash)?.ok_or_else(|| {
        let message = "There is an account with this e-mail address. Log in instead.";
        Error::conflict(EMAIL_TAKEN, message)
    })?;
    let tenant = found_tenant(tx, input.business_name, place)?;
    let tx = &mut tx.for_tenant(tenant.id);
    people::join(tx, user.id, Role::Owner)?;
    let fact = InvitationFact { email: Some(user.email.clone()), role: Some(Role::Owner), ..InvitationFact::default() };
    tx.record(fact.told_as(InvitationFact::JOINED).about(user.id.uuid()))?;
    if input.mailed_token.is_some() {
        verify::mark(&mut tx.platform(), user.id)?;
    } else {
        verify::ask(tx, key, &user)?;
    }
    let user = people::user(&mut tx.platform(), user.id)?;
    session::start(tx, key, user, device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_follows_from_its_country_or_is_asked_for() {
        let india = Place::of(None, None, None).unwrap();
        assert_eq!((india.time_zone.0.name(), india.currency), ("Asia/Kolkata", Currency::INR));
        let kuwait = Place::of(Some("KW".parse().unwrap()), None, Some(Currency::USD)).unwrap();
        assert_eq!((kuwait.time_zone.0.name(), kuwait.currency), ("Asia/Kuwait", Currency::USD));
        let error = Place::of(Some("TD".parse().unwrap()), None, Some(Currency::USD)).unwrap_err();
        assert_eq!(error.field_errors()[0].pointer, "/time_zone");
    }
}
