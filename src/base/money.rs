//! Money: integer minor units with an ISO 4217 currency. Never a float, never a bare number.

use std::str::FromStr;

use serde::de::Error as _;

/// An ISO 4217 currency code in upper case, for example `INR`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub const INR: Currency = Currency(iso_currency::Currency::INR);
    pub const USD: Currency = Currency(iso_currency::Currency::USD);

    pub fn code(self) -> &'static str {
        self.0.code()
    }
    /// How many digits the minor unit has: 2 for INR, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u32 {
        self.0.exponent().unwrap_or(2).into()
    }
}
impl FromStr for Currency {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        iso_currency::Currency::from_code(&text.to_ascii_uppercase())
            .map(Self)
            .ok_or_else(|| "expected an ISO 4217 currency code such as INR or USD".into())
    }
}
impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}
impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        super::text::read(d, str::parse)
    }
}
impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .description(Some("ISO 4217 currency code."))
            .examples([serde_json::json!("INR")])
            .into()
    }
}
impl utoipa::ToSchema for Currency {
    fn name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }
}
impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for Currency
where
    DB: diesel::backend::Backend + super::text::StoresText,
{
    fn from_sql(raw: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        DB::text(raw, str::parse)
    }
}
impl<DB> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for Currency
where
    DB: diesel::backend::Backend,
    str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
        <str as diesel::serialize::ToSql<diesel::sql_types::Text, DB>>::to_sql(self.code(), out)
    }
}

/// An amount of money that is not negative: a price, a budget, a charge.
///
/// `amount` is in minor units (paise, cents): `{"amount": 1499900, "currency": "INR"}` is ₹14,999.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"amount": 1499900, "currency": "INR"}))]
pub struct Money {
    /// Minor units of the currency, 0 to 9,000,000,000,000,000 (JSON numbers stay exact).
    #[schema(minimum = 0, maximum = 9_000_000_000_000_000_i64)]
    pub amount: i64,
    pub currency: Currency,
}

/// The largest amount accepted from outside: below 2^53, so that every JSON reader keeps it exact.
pub const MAX_AMOUNT: i64 = 9_000_000_000_000_000;

impl Money {
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }
    pub const fn inr(amount: i64) -> Self {
        Self::new(amount, Currency::INR)
    }
}

impl<'de> serde::Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wire {
            #[serde(deserialize_with = "amount")]
            amount: i64,
            currency: Currency,
        }
        let wire = Wire::deserialize(d)?;
        Ok(Self { amount: wire.amount, currency: wire.currency })
    }
}

fn amount<'de, D: serde::Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
    let amount = <i64 as serde::Deserialize>::deserialize(d)?;
    let rule = "expected 0 to 9000000000000000 minor units";
    if (0..=MAX_AMOUNT).contains(&amount) { Ok(amount) } else { Err(D::Error::custom(rule)) }
}

impl std::fmt::Display for Money {
    /// `INR 14,999.00`: grouped by thousands, with the currency's own number of decimals.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scale = 10_i64.pow(self.currency.exponent());
        let (major, minor) = (self.amount / scale, self.amount % scale);
        let digits = major.to_string();
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{} {grouped}", self.currency)?;
        if scale > 1 {
            write!(f, ".{minor:0width$}", width = self.currency.exponent() as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_with_the_currencys_own_decimals() {
        assert_eq!(Money::inr(1_499_900).to_string(), "INR 14,999.00");
        assert_eq!(Money::new(1500, "JPY".parse().unwrap()).to_string(), "JPY 1,500");
        assert_eq!(Money::new(1_234_567, "KWD".parse().unwrap()).to_string(), "KWD 1,234.567");
    }

    #[test]
    fn refuses_negative_unknown_and_inexact_amounts() {
        for bad in [
            r#"{"amount":-1,"currency":"INR"}"#,
            r#"{"amount":9000000000000001,"currency":"INR"}"#,
            r#"{"amount":1.5,"currency":"INR"}"#,
            r#"{"amount":1,"currency":"XYZZY"}"#,
            r#"{"amount":1,"currency":"INR","note":"x"}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }
}
