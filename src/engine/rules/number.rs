//! Numbers that stay exact: an integer is compared as an integer, also with a decimal.

use std::cmp::Ordering;

/// A JSON number: an integer of 64 bits, or a finite decimal.
#[derive(Debug, Clone, Copy, serde::Serialize)]
#[serde(untagged)]
pub enum Number {
    Integer(i64),
    Decimal(f64),
}

impl Number {
    /// `None` for an integer beyond 64 bits, which could not be compared exactly.
    pub fn from_json(number: &serde_json::Number) -> Option<Self> {
        if let Some(integer) = number.as_i64() {
            return Some(Self::Integer(integer));
        }
        if number.is_u64() {
            return None;
        }
        number.as_f64().filter(|decimal| decimal.is_finite()).map(Self::Decimal)
    }
}

impl Number {
    /// The sum; of integers exact, as far as 64 bits go.
    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Self::Integer(a.saturating_add(b)),
            (a, b) => Self::Decimal(a.decimal() + b.decimal()),
        }
    }

    pub(super) fn decimal(self) -> f64 {
        match self {
            #[allow(clippy::cast_precision_loss)]
            Self::Integer(integer) => integer as f64,
            Self::Decimal(decimal) => decimal,
        }
    }

    /// The greatest integer that is not above it: `Err` where it lies beyond those of 64 bits, with the side.
    pub(super) fn floor(self) -> Result<i64, Ordering> {
        const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
        match self {
            Self::Integer(integer) => Ok(integer),
            Self::Decimal(decimal) if decimal >= TWO_TO_63 => Err(Ordering::Greater),
            Self::Decimal(decimal) if decimal < -TWO_TO_63 => Err(Ordering::Less),
            #[allow(clippy::cast_possible_truncation)]
            Self::Decimal(decimal) => Ok(decimal.floor() as i64),
        }
    }

    pub(super) fn is_whole(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Decimal(decimal) => decimal.fract() == 0.0,
        }
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (*self, *other) {
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(&b)),
            (Self::Decimal(a), Self::Decimal(b)) => a.partial_cmp(&b),
            (Self::Integer(a), Self::Decimal(b)) => integer_to_decimal(a, b),
            (Self::Decimal(a), Self::Integer(b)) => integer_to_decimal(b, a).map(Ordering::reverse),
        }
    }
}

/// Converting the integer to `f64` would round it above 2^53; so the decimal is cut to an integer instead.
fn integer_to_decimal(integer: i64, decimal: f64) -> Option<Ordering> {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if decimal.is_nan() {
        return None;
    }
    if decimal >= TWO_TO_63 {
        return Some(Ordering::Less);
    }
    if decimal < -TWO_TO_63 {
        return Some(Ordering::Greater);
    }
    let whole = decimal.trunc();
    Some(integer.cmp(&(whole as i64)).then_with(|| whole.partial_cmp(&decimal).unwrap_or(Ordering::Equal)))
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(f),
            Self::Decimal(decimal) => decimal.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Number::{Decimal, Integer};

    #[test]
    fn integers_beyond_two_to_the_53_are_told_apart() {
        assert!(Integer(9_007_199_254_740_993) > Integer(9_007_199_254_740_992));
        assert!(Integer(9_007_199_254_740_993) > Decimal(9_007_199_254_740_992.0));
        assert!(Integer(i64::MAX) < Decimal(9_223_372_036_854_775_808.0));
    }

    #[test]
    fn decimals_and_integers_meet() {
        assert_eq!(Integer(5), Decimal(5.0));
        assert!(Integer(5) < Decimal(5.5) && Decimal(5.5) < Integer(6));
        assert!(Integer(-5) > Decimal(-5.5) && Decimal(-5.5) > Integer(-6));
        assert!(Decimal(-1e300) < Integer(i64::MIN));
    }
}
