//! What each type takes as a value, how it is kept and by what it is sought.

use super::words::word;
use std::collections::BTreeSet;

use serde_json::Value;

use super::model::{AttributeType, Entry};
use super::store::CustomAttribute;
use crate::base::money::Money;
use crate::base::time::Timestamp;
use crate::base::{text, unicode};

/// How many options of a `multi_select` a person may have.
pub const MOST_CHOSEN: usize = 50;
const LONGEST_TEXT: usize = 500;
const LONGEST_URL: usize = 2_000;
const LARGEST_NUMBER: i64 = 9_000_000_000_000;
const MILLION: i64 = 1_000_000;

/// A value as it is kept, and answered; `Ok(None)` clears.
///
/// # Errors
/// What would be right.
pub fn read(of: &CustomAttribute, sent: &Value) -> Result<Option<Value>, String> {
    let kept: Value = match (of.kind, sent) {
        (_, Value::Null) => return Ok(None),
        (AttributeType::Text, Value::String(typed)) => within(typed, LONGEST_TEXT)?.into(),
        (AttributeType::Number, Value::Number(number)) => {
            let (number, _) = exact(number).ok_or_else(number_rule)?;
            number.into()
        }
        (AttributeType::Boolean, Value::Bool(flag)) => (*flag).into(),
        (AttributeType::Date, Value::String(typed)) => day(typed).map(|_| typed.as_str())?.into(),
        (AttributeType::DateTime, Value::String(typed)) => typed.parse::<Timestamp>()?.to_string().into(),
        (AttributeType::Money, Value::Object(_)) => {
            let money: Money = serde_json::from_value(sent.clone()).map_err(|_| expected(of))?;
            serde_json::json!({ "amount": money.amount, "currency": money.currency })
        }
        (AttributeType::Select, Value::String(typed)) => option(of, typed)?.into(),
        (AttributeType::MultiSelect, Value::Array(list)) => {
            let mut chosen: Vec<&str> = Vec::new();
            for one in list {
                let one = option(of, one.as_str().ok_or_else(|| expected(of))?)?;
                if !chosen.contains(&one) {
                    chosen.push(one);
                }
            }
            match chosen.len() {
                0 => return Ok(None),
                1..=MOST_CHOSEN => chosen.into(),
                _ => return Err(format!("expected at most {MOST_CHOSEN} of the options")),
            }
        }
        (AttributeType::Url, Value::String(typed)) => {
            let typed = within(typed, LONGEST_URL)?;
            text::web_url(typed).map_err(|_| expected(of))?;
            typed.into()
        }
        _ => return Err(expected(of)),
    };
    Ok(Some(kept))
}

/// What would be right.
fn expected(of: &CustomAttribute) -> String {
    match of.kind {
        AttributeType::Text => format!("expected a text of 1 to {LONGEST_TEXT} characters"),
        AttributeType::Number => number_rule(),
        AttributeType::Boolean => "expected true or false".into(),
        AttributeType::Date => DAY_RULE.into(),
        AttributeType::DateTime => "expected an RFC 3339 time such as 2026-11-20T09:00:00Z".into(),
        AttributeType::Money => {
            r#"expected money in minor units, such as {"amount": 1499900, "currency": "INR"}"#.into()
        }
        AttributeType::Select => format!("expected one of: {}", named(&of.options)),
        AttributeType::MultiSelect => format!("expected a list of: {}", named(&of.options)),
        AttributeType::Url => "expected an address such as https://example.com/me".into(),
    }
}

const DAY_RULE: &str = "expected a date such as 2026-11-20";

fn number_rule() -> String {
    format!("expected a number from -{LARGEST_NUMBER} to {LARGEST_NUMBER} with at most six decimals")
}

/// The first of them: a refusal is to be read.
fn named(options: &[String]) -> String {
    const SHOWN: usize = 20;
    let first = options.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if options.len() > SHOWN { format!("{first} …") } else { first }
}

fn within(typed: &str, most: usize) -> Result<&str, String> {
    let typed = typed.trim();
    let count = typed.chars().count();
    let rule = || format!("expected 1 to {most} characters; null clears");
    if (1..=most).contains(&count) { Ok(typed) } else { Err(rule()) }
}

/// In the spelling of the definition, whatever the case it was typed in.
fn option<'a>(of: &'a CustomAttribute, typed: &str) -> Result<&'a str, String> {
    let wanted = unicode::folded(typed.trim());
    let found = of.options.iter().find(|option| unicode::folded(option) == wanted);
    found.map(String::as_str).ok_or_else(|| expected(of))
}

/// Days since 1970.
fn day(typed: &str) -> Result<i64, String> {
    let day = typed.parse::<chrono::NaiveDate>().ok().filter(|day| day.format("%Y-%m-%d").to_string() == typed);
    let day = day.filter(|_| typed.len() == 10 && !typed.starts_with("0000"));
    day.map(|day| (day - chrono::NaiveDate::default()).num_days()).ok_or_else(|| DAY_RULE.into())
}

/// A number as it is kept, a whole one without decimals, and its millionths; `None` where these would not be exact.
fn exact(number: &serde_json::Number) -> Option<(serde_json::Number, i64)> {
    if let Some(whole) = number.as_i64() {
        let fits = (-LARGEST_NUMBER..=LARGEST_NUMBER).contains(&whole);
        return fits.then(|| (whole.into(), whole * MILLION));
    }
    let decimal = number.as_f64().filter(|decimal| decimal.abs() <= LARGEST_NUMBER as f64)?;
    let text = format!("{decimal:.6}");
    if text.parse::<f64>().ok() != Some(decimal) {
        return None;
    }
    let millionths: i64 = text.replace('.', "").parse().ok()?;
    if millionths % MILLION == 0 {
        return Some(((millionths / MILLION).into(), millionths));
    }
    Some((serde_json::Number::from_f64(decimal)?, millionths))
}

/// By what a person is sought who has this value, as it was [read]; none of what is no such value.
pub fn entries(definition: &CustomAttribute, kept: &Value) -> BTreeSet<Entry> {
    let entry = |text: &str, number| Entry { attribute: definition.id, word: word(text), number };
    let one = match (definition.kind, kept) {
        (AttributeType::Text | AttributeType::Url | AttributeType::Select, Value::String(text)) => Some(entry(text, 0)),
        (AttributeType::MultiSelect, Value::Array(list)) => {
            return list.iter().filter_map(Value::as_str).map(|option| entry(option, 0)).collect();
        }
        (AttributeType::Number, Value::Number(number)) => exact(number).map(|(_, number)| entry("", number)),
        (AttributeType::Boolean, Value::Bool(flag)) => Some(entry("", i64::from(*flag))),
        (AttributeType::Date, Value::String(text)) => day(text).ok().map(|day| entry("", day)),
        (AttributeType::DateTime, Value::String(text)) => {
            text.parse::<Timestamp>().ok().map(|at| entry("", at.micros()))
        }
        (AttributeType::Money, kept) => {
            serde_json::from_value::<Money>(kept.clone()).ok().map(|money| entry(money.currency.code(), money.amount))
        }
        _ => None,
    };
    one.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::id::TenantId;
    use crate::base::json::Doc;
    use crate::contacts::id::CustomAttributeId;

    fn attribute(kind: AttributeType) -> CustomAttribute {
        let options = vec!["Gold".to_string(), "Silber".into(), "Straße".into()];
        let at = Timestamp::from_seconds(0).unwrap();
        CustomAttribute {
            tenant_id: TenantId::from_uuid(crate::base::id::Uuid::nil()),
            id: CustomAttributeId::from_uuid(crate::base::id::Uuid::nil()),
            key: "k".into(),
            label: "K".into(),
            kind,
            options: Doc(options),
            description: None,
            archived_at: None,
            deleted_at: None,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn each_type_takes_its_values_and_says_what_would_be_right() {
        use AttributeType::*;
        let good = |kind, sent: Value| read(&attribute(kind), &sent).unwrap().unwrap();
        assert_eq!(good(Text, json!(" The\nTaj ")), json!("The\nTaj"));
        assert_eq!((good(Number, json!(5.0)), good(Number, json!(-0.5))), (json!(5), json!(-0.5)));
        assert_eq!(good(DateTime, json!("2026-11-20T10:30:00+05:30")), json!("2026-11-20T05:00:00Z"));
        assert_eq!(good(Select, json!("gold")), json!("Gold"));
        assert_eq!(good(MultiSelect, json!(["STRASSE", "straße", "gold"])), json!(["Straße", "Gold"]));
        assert_eq!(good(Money, json!({"amount": 5, "currency": "inr"})), json!({"amount": 5, "currency": "INR"}));
        assert_eq!(read(&attribute(MultiSelect), &json!([])), Ok(None));
        for (kind, wrong, rule) in [
            (Text, json!(""), "expected 1 to 500"),
            (Text, json!(5), "expected a text"),
            (Number, json!("5"), "expected a number"),
            (Number, json!(9_000_000_000_001_i64), "expected a number"),
            (Number, json!(0.123_456_7), "expected a number"),
            (Number, json!(1e300), "expected a number"),
            (Boolean, json!("true"), "expected true or false"),
            (Date, json!("2026-02-30"), "expected a date"),
            (Date, json!("2026-1-3"), "expected a date"),
            (Date, json!("+2026-01-3"), "expected a date"),
            (DateTime, json!("2026-11-20"), "expected an RFC 3339 time"),
            (Money, json!({"amount": 5}), "expected money"),
            (Money, json!(5), "expected money"),
            (Select, json!("Bronze"), "expected one of: Gold, Silber"),
            (MultiSelect, json!(["Bronze"]), "expected a list of"),
            (MultiSelect, json!("Gold"), "expected a list of: Gold"),
            (Url, json!("javascript:alert(1)"), "expected an address"),
        ] {
            let refused = read(&attribute(kind), &wrong).unwrap_err();
            assert!(refused.starts_with(rule), "{kind} {wrong}: {refused}");
        }
    }

    #[test]
    fn values_are_sought_in_their_order() {
        use AttributeType::*;
        let number = |kind, kept: Value| entries(&attribute(kind), &kept).pop_first().unwrap().number;
        assert_eq!(number(Number, json!(4.25)), 4_250_000);
        assert!(number(Number, json!(-3)) < number(Number, json!(-2.999_999)));
        assert_eq!((number(Date, json!("1970-01-02")), number(Date, json!("1969-12-31"))), (1, -1));
        assert_eq!(number(DateTime, json!("1970-01-01T00:00:01Z")), 1_000_000);
        let word = |kind, kept: Value| entries(&attribute(kind), &kept).pop_first().unwrap().word;
        assert_eq!(word(Money, json!({"amount": 5, "currency": "INR"})), "inr");
        assert_eq!(word(Text, json!("É".repeat(500))).len(), 500);
        assert!((1_990..=2_000).contains(&word(Text, json!("ﷺ".repeat(500))).len()), "one sign of eighteen letters");
        assert_eq!(entries(&attribute(MultiSelect), &json!(["Gold", "Silber"])).len(), 2);
    }
}
