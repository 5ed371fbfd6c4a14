//! How good a lead is: 0 to 100 points, explained item by item, by a model that is data.
//!
//! [`score`] is a pure function of a [`ScoringModel`], a [`Subject`] (what is known of the lead) and a [`Target`] (what the
//! tenant is looking for). Only the score is stored; [`Grade`], [`Intent`] and [`is_qualified`] follow from it. Nothing
//! here reads a database or a clock.
//!
//! Where the tenant has not said what it wants, an item that compares with it gives nothing and is not listed. Two
//! exceptions, both written in the models: a budget that was stated and can be read earns its points as "Budget stated"
//! (`real_estate_in`) or by the model's own threshold (`default_b2b`), and a timeline or company size is judged by the
//! model's own idea of good. Next: `models/*.json`, then `fit` for the comparisons and `points` for the sum.

pub mod budget;
mod facts;
mod fit;
mod model;
mod points;
mod subject;
pub mod timeline;

pub use budget::{Budget, Period};
pub use facts::FIELDS;
pub use fit::Fit;
pub use model::{ModelItem, ScoringModel, Worth, model, models, platform_model};
pub use points::{CLAMP, Score, ScoreItem, reasons, score};
pub use subject::{Location, Subject, Target};
pub use timeline::Timeline;

crate::text_enum! {
    /// A score in one of five words.
    pub enum Grade {
        /// 80 and above.
        Hot = "hot",
        /// 60 to 79.
        Warm = "warm",
        /// 40 to 59.
        Qualified = "qualified",
        /// 20 to 39.
        Cold = "cold",
        /// Below 20.
        Unqualified = "unqualified",
    }
}

crate::text_enum! {
    /// A score as an intent to buy.
    pub enum Intent {
        /// 80 and above.
        Hot = "hot",
        /// 60 to 79.
        Warm = "warm",
        /// Below 60.
        Cold = "cold",
    }
}

pub const fn grade(score: i32) -> Grade {
    match score {
        80.. => Grade::Hot,
        60.. => Grade::Warm,
        40.. => Grade::Qualified,
        20.. => Grade::Cold,
        _ => Grade::Unqualified,
    }
}

pub const fn intent(score: i32) -> Intent {
    match score {
        80.. => Intent::Hot,
        60.. => Intent::Warm,
        _ => Intent::Cold,
    }
}

/// Counted as qualified in metrics. Not the grade `qualified`, which begins at 40.
pub const fn is_qualified(score: i32) -> bool {
    score >= 60
}

#[cfg(test)]
mod tests;
