//! From a model, a lead and a target to a score that explains itself.
//!
//! The items always add up to the score: where the sum leaves 0 to 100, one more item (`clamp`) takes or gives the
//! difference. An item that gives nothing is not listed.

use serde::{Deserialize, Serialize};

use crate::engine::rules::{Fact, Moment, Number};

use super::facts::LeadFacts;
use super::fit::Fit;
use super::model::{ScoringModel, Worth};
use super::subject::{Subject, Target};

/// 0 to 100 with its explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Score {
    /// The sum of the items' points, 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    pub score: i32,
    /// In the order of the model.
    pub items: Vec<ScoreItem>,
    /// Code of the model that gave the score.
    pub model: String,
    /// Version of that model.
    pub version: i32,
}

/// One reason for a score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"rule": "budget_match", "label": "Budget matches (₹80L-1Cr)", "points": 30}))]
pub struct ScoreItem {
    /// The item of the model, or `clamp`.
    pub rule: String,
    /// A sentence for a person.
    pub label: String,
    /// Never 0.
    pub points: i32,
}

/// The rule code of the item that keeps a score within 0 to 100.
pub const CLAMP: &str = "clamp";

/// What one counting item may give at most, so that no count can overflow a sum.
const MOST_OF_ONE_ITEM: i64 = 1_000_000;

/// Scores a lead. Pure: the same three values give the same score for ever.
pub fn score(model: &ScoringModel, subject: &Subject, target: &Target) -> Score {
    let facts = LeadFacts { subject, fit: Fit::of(subject, target) };
    let mut items: Vec<ScoreItem> = model
        .items
        .iter()
        .map(|item| (item, points(&item.worth, &facts)))
        .filter(|(_, points)| *points != 0)
        .map(|(item, points)| ScoreItem { rule: item.rule.clone(), label: label(&item.label, &facts), points })
        .collect();
    let sum: i32 = items.iter().map(|item| item.points).sum();
    let score = sum.clamp(0, 100);
    if score != sum {
        let label = if sum > 100 { "Limited to 100" } else { "Raised to 0" };
        items.push(ScoreItem { rule: CLAMP.into(), label: label.into(), points: score - sum });
    }
    Score { score, items, model: model.code.clone(), version: model.version }
}

/// The labels of the three items that gave most, for a notification: "three reasons". Ties keep the model's order.
pub fn reasons(score: &Score) -> Vec<String> {
    let mut items: Vec<_> = score.items.iter().filter(|item| item.points > 0 && item.rule != CLAMP).collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.points));
    items.into_iter().take(3).map(|item| item.label.clone()).collect()
}

fn points(worth: &Worth, facts: &LeadFacts<'_>) -> i32 {
    match worth {
        Worth::When { points, when } => {
            // No field of a lead is a time, so any moment will do.
            if when.matches(facts, &Moment::default()) { *points } else { 0 }
        }
        Worth::Each { points_per, of, max } => {
            let Fact::Number(Number::Integer(count)) = facts.value(of) else { return 0 };
            let most = max.map_or(MOST_OF_ONE_ITEM, i64::from);
            let points = i64::from(*points_per).saturating_mul(count.max(0)).clamp(-most, most);
            i32::try_from(points).unwrap_or_default()
        }
    }
}

/// Replaces each `{field}` once; what a lead typed is shortened and never read as a placeholder itself.
fn label(template: &str, facts: &LeadFacts<'_>) -> String {
    let mut parts = template.split('{');
    let mut label = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let Some((field, rest)) = part.split_once('}') else { continue };
        label.push_str(&in_words(&facts.value(field)));
        label.push_str(rest);
    }
    label
}

fn in_words(fact: &Fact<'_>) -> String {
    match fact {
        Fact::Missing => "not stated".into(),
        Fact::Text(text) => short(text),
        Fact::Number(number) => number.to_string(),
        Fact::Boolean(yes) => if *yes { "yes" } else { "no" }.into(),
        Fact::Instant(at) => at.to_string(),
        Fact::List(items) => short(&items.join(", ")),
        Fact::Date(date) => date.to_string(),
        Fact::DayOfYear(day) => day.to_string(),
        Fact::Id(id) => id.to_string(),
        Fact::Ids(ids) => short(&ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// One line of at most sixty characters.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    let spaced = text.replace(char::is_control, " ");
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
