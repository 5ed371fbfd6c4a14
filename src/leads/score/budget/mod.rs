//! A budget as people write it, read to a range of minor units.
//!
//! "₹80L-1Cr", "60-80 lakh", "1.5Cr+", "$5k/month", "bis 5.000 Euro", "R$ 500 mil a 1 milhão", "300万円まで". Strict on
//! purpose: a word it does not know makes the whole text unreadable (`None`), because "2 BHK in sector 12" is not a budget
//! and a wrong amount is worse than none. A figure without currency is in the tenant's; lakh and crore without one are Indian
//! rupees, and so are the units of other countries theirs.

mod figure;
mod words;

use crate::base::money::Currency;

use self::figure::Figure;
use self::words::{Word, words};

pub use self::words::Period;

/// A stated budget in minor units. A single figure has `min == max`; `max` is `None` for "1.5Cr+".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub min: i64,
    pub max: Option<i64>,
    pub currency: Currency,
    /// How often the amount is spent, when the text says so.
    pub period: Option<Period>,
}

impl Budget {
    /// Reads a budget; `default` is the currency of figures that name none.
    pub fn read(text: &str, default: Currency) -> Option<Self> {
        let (words, home) = words(text, default)?;
        let stated = Stated::of(&words)?;
        let currency = stated.currency.or(home).unwrap_or(default);
        // "2" answers some other question; "$50" or "2k" is an amount.
        let amounts = |figure: Figure| {
            let figure = figure.settled(currency);
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
            let next_is_figure = words[index + 1..]
                .iter()
                .find(|word| !matches!(word, Word::Currency(_)))
                .is_some_and(|word| matches!(word, Word::Figure(_)));
            let is_between = next_is_figure && !joined;
            let word = match *word {
                Word::ToOrNothing if !is_between => continue,
                Word::ToOrAtMost if !is_between => Word::AtMost,
                Word::ToOrAtLeast if !is_between => Word::AtLeast,
                Word::ToOrNothing | Word::ToOrAtMost | Word::ToOrAtLeast => Word::To,
                word => word,
            };
            match word {
                Word::Figure(figure) => {
                    match stated.figures.last_mut() {
                        Some(last) if !joined => *last = compound(*last, figure)?,
                        _ => stated.figures.push(figure),
                    }
                    joined = false;
                }
                Word::To if is_between => joined = true,
                Word::To | Word::ToOrNothing | Word::ToOrAtMost | Word::ToOrAtLeast => return None,
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

/// The unit behind which digits go on without one: "3万5000".
const MYRIAD: i64 = 10_000;

/// "1 crore 20 lakh": two figures side by side are one amount when the second has the smaller unit.
fn compound(first: Figure, second: Figure) -> Option<Figure> {
    let big = first.scale?;
    let small = match second.scale {
        None if big == MYRIAD && second.digits < MYRIAD => 1,
        scale => scale?,
    };
    if first.decimals > 0 || second.decimals > 0 || small >= big {
        return None;
    }
    let digits = first.digits.checked_mul(big / small)?.checked_add(second.digits)?;
    Some(Figure::whole(digits, Some(small)))
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

#[cfg(test)]
mod tests;
