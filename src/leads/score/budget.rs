//! A budget as people write it, read to a range of minor units.
//!
//! "₹80L-1Cr", "60-80 lakh", "1.5Cr+", "$5k/month", "5000-10000". Strict on purpose: a word it does not know makes the whole
//! text unreadable (`None`), because "2 BHK in sector 12" is not a budget and a wrong amount is worse than none. A figure
//! without currency is in the tenant's; lakh and crore without one are Indian rupees.

use crate::base::money::{Currency, MAX_AMOUNT};

use super::budget_words::{Period, Word, words};

/// A stated budget in minor units. A single figure has `min == max`; `max` is `None` for "1.5Cr+".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub min: i64,
    pub max: Option<i64>,
    pub currency: Currency,
    /// How often the amount is spent, when the text says so.
    pub period: Option<Period>,
}

/// A figure as written: `digits` × 10^-`decimals` × `scale`.
#[derive(Debug, Clone, Copy)]
struct Figure {
    digits: i64,
    decimals: u32,
    scale: Option<i64>,
}

impl Figure {
    fn minor_units(self, currency: Currency) -> Option<i64> {
        let up = i128::from(self.digits) * i128::from(self.scale.unwrap_or(1)) * 10_i128.pow(currency.exponent());
        let amount = i64::try_from(up / 10_i128.pow(self.decimals)).ok()?;
        (amount <= MAX_AMOUNT).then_some(amount)
    }

    /// Is the bare figure smaller, whatever the scales are? Compared without rounding.
    fn written_below(self, other: Self) -> bool {
        i128::from(self.digits) * 10_i128.pow(other.decimals) < i128::from(other.digits) * 10_i128.pow(self.decimals)
    }

    fn written_at_least(self, whole: i64) -> bool {
        i128::from(self.digits) >= i128::from(whole) * 10_i128.pow(self.decimals)
    }
}

impl Budget {
    /// Reads a budget; `default` is the currency of figures that name none.
    pub fn read(text: &str, default: Currency) -> Option<Self> {
        let stated = Stated::of(&words(text, default)?)?;
        let currency = stated.currency.unwrap_or(if stated.indian { rupee_like(default) } else { default });
        // "2" answers some other question; "$50" or "2k" is an amount.
        let amounts = |figure: Figure| {
            let bare = stated.currency.is_none() && figure.scale.is_none() && !figure.written_at_least(100);
            if bare { None } else { figure.minor_units(currency) }
        };
        let (min, max) = match *stated.figures.as_slice() {
            [figure] => {
                let amount = amounts(figure)?;
                match (stated.at_least, stated.at_most) {
                    (true, true) => return None,
                    (true, false) => (amount, None),
                    (false, true) => (0, Some(amount)),
                    (false, false) => (amount, Some(amount)),
                }
            }
            [low, high] => {
                let (low, high) = share_scale(low, high)?;
                let (low, high) = (amounts(low)?, amounts(high)?);
                // A range that runs backwards is a misreading.
                if low > high {
                    return None;
                }
                (low, (!stated.open_end).then_some(high))
            }
            _ => return None,
        };
        Some(Self { min, max, currency, period: stated.period })
    }

    /// The amount of one month, for budgets by month or year; `None` for a sum that names no period: one price is not
    /// spent every month.
    pub fn monthly_min(self) -> Option<i64> {
        Some(self.min / self.months()?)
    }
    /// As [`Budget::monthly_min`]; `None` also when the budget has no upper end.
    pub fn monthly_max(self) -> Option<i64> {
        Some(self.max? / self.months()?)
    }
    fn months(self) -> Option<i64> {
        self.period.map(|period| if period == Period::Year { 12 } else { 1 })
    }

    /// Do two budgets have more than an end in common? "60-80L" and "80L-1Cr" only touch; a single figure is met by
    /// touching. Different currencies never meet. Periods are brought together when both are stated.
    pub fn overlaps(self, other: Self) -> bool {
        if self.currency != other.currency {
            return false;
        }
        let compared = |budget: Self| match (self.period, other.period) {
            (Some(_), Some(_)) => (budget.monthly_min().unwrap_or(budget.min), budget.monthly_max()),
            _ => (budget.min, budget.max),
        };
        let ((min, max), (other_min, other_max)) = (compared(self), compared(other));
        let low = min.max(other_min);
        let high = match (max, other_max) {
            (Some(a), Some(b)) => a.min(b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => return true,
        };
        let figure = max == Some(min) || other_max == Some(other_min);
        low < high || (figure && low == high)
    }
}

/// What the words say before amounts are worked out.
#[derive(Default)]
struct Stated {
    figures: Vec<Figure>,
    currency: Option<Currency>,
    period: Option<Period>,
    indian: bool,
    at_least: bool,
    at_most: bool,
    /// "80L-1Cr+": nothing above the second figure is excluded.
    open_end: bool,
}

impl Stated {
    /// `None` when the words contradict each other or leave something open, as in "80L -".
    fn of(words: &[Word]) -> Option<Self> {
        let mut stated = Self::default();
        let mut joined = true;
        for (index, word) in words.iter().enumerate() {
            match *word {
                Word::Figure { digits, decimals, scale } => {
                    let figure = Figure { digits, decimals, scale };
                    stated.indian |= scale.is_some_and(|scale| scale == LAKH || scale == CRORE);
                    match stated.figures.last_mut() {
                        Some(last) if !joined => *last = compound(*last, figure)?,
                        _ => stated.figures.push(figure),
                    }
                    joined = false;
                }
                Word::To => {
                    let next_is_figure = words[index + 1..]
                        .iter()
                        .find(|word| !matches!(word, Word::Currency(_)))
                        .is_some_and(|word| matches!(word, Word::Figure { .. }));
                    if joined || !next_is_figure {
                        return None;
                    }
                    joined = true;
                }
                Word::Currency(currency) => {
                    if stated.currency.is_some_and(|known| known != currency) {
                        return None;
                    }
                    stated.currency = Some(currency);
                }
                Word::Per(period) => {
                    if stated.period.is_some_and(|known| known != period) {
                        return None;
                    }
                    stated.period = Some(period);
                }
                Word::AtLeast => {
                    stated.at_least = true;
                    stated.open_end |= stated.figures.len() == 2;
                }
                // "min 50L max 80L", "50L upto 80L": the second figure begins here.
                Word::AtMost => {
                    stated.at_most = true;
                    joined |= stated.figures.len() == 1;
                }
            }
        }
        Some(stated)
    }
}

pub(super) const LAKH: i64 = 100_000;
pub(super) const CRORE: i64 = 10_000_000;

/// "1 crore 20 lakh": two figures side by side are one amount when the second has the smaller unit.
fn compound(first: Figure, second: Figure) -> Option<Figure> {
    let (big, small) = (first.scale?, second.scale?);
    if first.decimals > 0 || second.decimals > 0 || small >= big {
        return None;
    }
    let digits = first.digits.checked_mul(big / small)?.checked_add(second.digits)?;
    Some(Figure { digits, decimals: 0, scale: Some(small) })
}

/// "60-80 lakh": a figure without unit takes the other's, where that keeps the range ascending.
fn share_scale(mut low: Figure, mut high: Figure) -> Option<(Figure, Figure)> {
    match (low.scale, high.scale) {
        (None, Some(scale)) if low.written_below(high) => low.scale = Some(scale),
        // "50,000 - 1 lakh" is plain; "50 - 1 Cr" leaves the unit of 50 to guessing.
        (None, Some(_)) if !low.written_at_least(1000) => return None,
        (Some(scale), None) if low.written_below(high) && !high.written_at_least(1000) => high.scale = Some(scale),
        _ => {}
    }
    Some((low, high))
}

/// Lakh and crore are counted in several currencies of South Asia; elsewhere they mean Indian rupees.
fn rupee_like(default: Currency) -> Currency {
    if matches!(default.code(), "PKR" | "BDT" | "NPR" | "LKR") { default } else { Currency::INR }
}

#[cfg(test)]
mod tests {
    use super::*;

    const L: i64 = LAKH * 100;
    const CR: i64 = CRORE * 100;

    fn inr(text: &str) -> Option<Budget> {
        Budget::read(text, Currency::INR)
    }
    fn range(min: i64, max: impl Into<Option<i64>>) -> Option<(i64, Option<i64>)> {
        Some((min, max.into()))
    }

    #[test]
    fn reads_indian_notations() {
        for (text, expected) in [
            ("₹80L-1Cr", range(80 * L, CR)),
            ("₹60-80L", range(60 * L, 80 * L)),
            ("₹80L–₹1Cr", range(80 * L, CR)),
            ("60-80 lakh", range(60 * L, 80 * L)),
            ("60 to 80 Lakhs", range(60 * L, 80 * L)),
            ("₹ 1-1.5Cr", range(CR, 15 * CR / 10)),
            ("1.5Cr+", range(15 * CR / 10, None)),
            ("₹80L-1Cr+", range(80 * L, None)),
            ("50 lacs", range(50 * L, 50 * L)),
            ("Rs. 50 Lakhs.", range(50 * L, 50 * L)),
            ("Rs 80,00,000/-", range(80 * L, 80 * L)),
            ("1 crore 20 lakh", range(120 * L, 120 * L)),
            ("under 50L", range(0, 50 * L)),
            ("up to 50 lakhs", range(0, 50 * L)),
            ("2 Cr and above", range(2 * CR, None)),
            ("more than 2 crores", range(2 * CR, None)),
            ("between 50L and 80L", range(50 * L, 80 * L)),
            ("from 50L to 80L", range(50 * L, 80 * L)),
            ("min 50L max 80L", range(50 * L, 80 * L)),
            ("around 75 lakh", range(75 * L, 75 * L)),
            ("50,000 - 1 lakh", range(5_000_000, L)),
            ("50k", range(5_000_000, 5_000_000)),
        ] {
            let read = inr(text);
            assert_eq!(read.map(|budget| (budget.min, budget.max)), expected, "{text}");
            assert_eq!(read.map(|budget| budget.currency), Some(Currency::INR), "{text}");
        }
    }

    #[test]
    fn reads_plain_and_american_notations_with_their_period() {
        let usd = |text| Budget::read(text, Currency::USD).map(|b| (b.min, b.max, b.currency.code(), b.period));
        let month = Some(Period::Month);
        assert_eq!(usd("$5k/month"), Some((500_000, Some(500_000), "USD", month)));
        assert_eq!(usd("$5k+ per month"), Some((500_000, None, "USD", month)));
        assert_eq!(usd("5000-10000"), Some((500_000, Some(1_000_000), "USD", None)));
        assert_eq!(usd("$5,000 – $10,000 monthly"), Some((500_000, Some(1_000_000), "USD", month)));
        assert_eq!(usd("$5-10k"), Some((500_000, Some(1_000_000), "USD", None)));
        assert_eq!(usd("$1.2M"), Some((120_000_000, Some(120_000_000), "USD", None)));
        assert_eq!(usd("60k USD a year"), Some((6_000_000, Some(6_000_000), "USD", Some(Period::Year))));
        assert_eq!(usd("€500"), Some((50_000, Some(50_000), "EUR", None)));
        assert_eq!(usd("20 lakh"), Some((20 * L, Some(20 * L), "INR", None)), "lakh is never dollars");
        let yen = Budget::read("50000", "JPY".parse().unwrap()).unwrap();
        assert_eq!(yen.min, 50_000, "no minor unit");
        assert_eq!(Budget::read("$100", "SGD".parse().unwrap()).unwrap().currency.code(), "SGD");
    }

    #[test]
    fn refuses_what_is_no_budget() {
        for text in [
            "",
            "   ",
            "not sure",
            "2 BHK",
            "3",
            "2-3",
            "lakhs",
            "₹",
            "80L-",
            "-5000",
            "80L-60L",
            "50 - 1 Cr",
            "1cr 2cr",
            "80L, 1Cr, 2Cr",
            "$5k or ₹4L",
            "₹5000 per sqft",
            "$50/day",
            "1.2.3",
            "99999999999999999999",
            "9 billion crore",
            "999999999999 cr",
            "5000\u{0}",
            "½ crore",
            "80L - to 1Cr",
            "$5k/month per year",
        ] {
            assert_eq!(inr(text), None, "{text:?}");
        }
        assert_eq!(inr(&"9".repeat(10_000)), None);
    }

    #[test]
    fn neighbours_touch_and_do_not_overlap() {
        let met = |a: &str, b: &str| {
            let (a, b) = (inr(a).unwrap(), inr(b).unwrap());
            assert_eq!(a.overlaps(b), b.overlaps(a));
            a.overlaps(b)
        };
        assert!(!met("60-80L", "80L-1Cr") && met("60-81L", "80L-1Cr"));
        assert!(met("80L", "80L-1Cr") && !met("79L", "80L-1Cr"));
        assert!(met("1.5Cr+", "1Cr-2Cr") && met("1.5Cr+", "3Cr+") && !met("1.5Cr+", "80L-1.5Cr"));
        assert!(!met("$100000", "₹1-2L"), "currencies are not converted");
        assert!(met("₹12L per year", "₹1L/month") && !met("₹12L per year", "₹12L/month"));
        assert!(met("₹12L per year", "₹12L"), "a period that is not stated is not compared");
    }
}
