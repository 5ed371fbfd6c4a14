//! Whom an outreach campaign is meant for, and reading them in the order of their ids.

use validator::{Validate, ValidationError};

use crate::base::bounded::Line;
use crate::base::{Error, FieldError, Result};
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::segments::SegmentStatus;
use crate::contacts::{people, rules, segments};
use crate::engine::db::TenantTx;
use crate::engine::rules::{Moment, Rule, Written};
use crate::tenants;

/// Whom it is meant for: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[validate(schema(function = "is_one"))]
#[schema(example = json!({"tag": "wedding 2024"}))]
pub struct OutreachAudience {
    /// These contacts, 10,000 at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_items = 1, max_items = 10_000, extensions(("x-left-out" = json!(true))))]
    pub contact_ids: Option<Vec<ContactId>>,
    /// Every contact that has this tag when it is launched, in any spelling of the letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub tag: Option<Line<1, 60>>,
    /// Every member of this segment when it is launched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub segment_id: Option<SegmentId>,
    /// Every contact that satisfies this rule when it is launched.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(extensions(("x-left-out" = json!(true))))]
    pub rule: Option<Written>,
}

fn is_one(audience: &OutreachAudience) -> Result<(), ValidationError> {
    let said = [
        audience.contact_ids.is_some(),
        audience.tag.is_some(),
        audience.segment_id.is_some(),
        audience.rule.is_some(),
    ];
    if said.iter().filter(|is_said| **is_said).count() == 1 {
        return Ok(());
    }
    Err(ValidationError::new("audience")
        .with_message("expected exactly one of: contact_ids, tag, segment_id, rule".into()))
}

/// # Errors
/// `segment.not_found`; contacts that are none, by their places, and whatever is wrong with a rule.
pub fn check(tx: &mut TenantTx<'_>, audience: &OutreachAudience) -> Result<()> {
    if let Some(segment) = audience.segment_id {
        segments::get(tx, segment)?;
    }
    if let Some(rule) = &audience.rule {
        rules::read(tx, &rule.0, "/audience/rule")?;
    }
    let Some(ids) = &audience.contact_ids else { return Ok(()) };
    let known = people::known(tx, ids)?;
    let wrong: Vec<FieldError> = (ids.iter().enumerate())
        .filter(|(_, id)| !known.contains(id))
        .take(100)
        .map(|(at, _)| {
            let pointer = format!("/audience/contact_ids/{at}");
            FieldError::new(pointer, "invalid_value", "expected the id of a contact of this tenant")
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
}

/// An audience that is read.
pub(super) enum People {
    /// In the order of their ids, each once.
    Named(Vec<ContactId>),
    Tagged(String),
    Segment(SegmentId),
    Rule(Box<Rule>, Moment),
}

impl People {
    /// As it is at this moment of the tenant's: of a rule about time, what holds then.
    ///
    /// # Errors
    /// `outreach_campaign.segment_not_ready`; a rule that asks for what is not there any more.
    pub fn of(tx: &mut TenantTx<'_>, audience: &OutreachAudience, now: crate::base::time::Timestamp) -> Result<Self> {
        if let Some(segment) = audience.segment_id {
            if segments::get(tx, segment)?.status == SegmentStatus::Building {
                let message = "The segment is being built. Try again in a moment.";
                return Err(Error::conflict("outreach_campaign.segment_not_ready", message));
            }
            return Ok(Self::Segment(segment));
        }
        if let Some(rule) = &audience.rule {
            let rule = rules::read(tx, &rule.0, "/audience/rule")?;
            let zone = tenants::store::current(tx)?.time_zone;
            return Ok(Self::Rule(Box::new(rule), Moment { now, zone }));
        }
        if let Some(tag) = &audience.tag {
            return Ok(Self::Tagged(tag.to_string()));
        }
        let mut ids: Vec<ContactId> = audience.contact_ids.iter().flatten().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(Self::Named(ids))
    }

    /// The next people behind `after`, in the order of their ids, each once. Fewer than `limit` are the last.
    pub fn next(&self, tx: &mut TenantTx<'_>, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        match self {
            Self::Tagged(tag) => people::tagged(tx, tag, after, limit),
            Self::Segment(segment) => segments::members(tx, *segment, after, most),
            Self::Rule(rule, moment) => rules::page_of_ids(tx, rule, moment, after, most),
            Self::Named(ids) => {
                let from = after.map_or(0, |after| ids.partition_point(|id| *id <= after));
                let mut rest = ids[from..].iter().copied();
                let mut found = Vec::new();
                // Who was forgotten since is left out, and the others move up.
                while found.len() < limit {
                    let some: Vec<ContactId> = rest.by_ref().take(limit).collect();
                    if some.is_empty() {
                        break;
                    }
                    let known = people::known(tx, &some)?;
                    found.extend(some.into_iter().filter(|id| known.contains(id)));
                }
                found.truncate(limit);
                Ok(found)
            }
        }
    }
}
