//! The operators' agreement to what the platform pays for.
//!
//! An ad campaign in the platform's ad account spends the platform's money, so it waits for an operator before it runs, and
//! again after a tenant changes what was agreed ([`Agreed`]). A tenant's own ad account is its own affair but for the ids it
//! names: whose they are decides whose the leads are, and no credentials of the platform's touch one that no operator agreed to.
//! Asking and deciding are events; `ops` makes tasks of them and `notify` tells the tenant.

use super::claim;
use super::creative::{AdCreative, SearchAds};
use super::facts::AdCampaignFact;
use super::form::{LeadForm, Question};
use super::model::{AccountOwner, Asker, CampaignStatus, Delivery, QUOTA_REACHED, ReviewState, Step};
use super::movement::want;
use super::store::{self, AdCampaign, StoredForm};
use super::targeting::Targeting;
use crate::base::money::Currency;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::{EventType, Fact as _};
use crate::engine::http::IfMatch;
use crate::leads::id::AdCampaignId;

/// Must an operator agree before this one may run?
pub(super) fn is_wanting(campaign: &AdCampaign, form: Option<&StoredForm>, asker: Asker) -> bool {
    let is_open = match campaign.account_owner {
        AccountOwner::Platform => campaign.review.state != Some(ReviewState::Approved),
        AccountOwner::Tenant => claim::wishes(campaign, form),
    };
    asker == Asker::Tenant && is_open
}

/// Asks the operators, once until they decide; what runs is paused meanwhile.
pub(super) fn submit(tx: &mut TenantTx<'_>, campaign: &mut AdCampaign) -> Result<()> {
    let from = campaign.status;
    if from == CampaignStatus::PendingApproval {
        return Ok(());
    }
    campaign.status = CampaignStatus::PendingApproval;
    campaign.status_reason = None;
    let form = store::form_of(tx, campaign)?;
    if campaign.account_owner == AccountOwner::Platform || claim::wishes(campaign, form.as_ref()) {
        campaign.review.state = Some(ReviewState::Pending);
        (campaign.review.reason, campaign.review.decided_at) = (None, None);
    }
    if campaign.desired_delivery != Delivery::Paused {
        want(tx, campaign, Delivery::Paused)?;
    }
    store::save(tx, campaign)?;
    record(tx, campaign, AdCampaignFact::SUBMITTED, from)
}

/// Notes that an operator agrees to the ad campaign as it is now; the caller saves the row. Answers whether that is news.
///
/// # Errors
/// As for [`claim::agree`].
pub(super) fn approve(tx: &mut TenantTx<'_>, campaign: &mut AdCampaign) -> Result<bool> {
    let mut is_news = claim::agree(tx, campaign)?;
    // Nobody decides on a tenant's own ad account, unless it was asked.
    let is_to_decide = campaign.account_owner == AccountOwner::Platform || campaign.review.state.is_some();
    if is_to_decide && campaign.review.state != Some(ReviewState::Approved) {
        is_news = true;
        let was_asked = campaign.review.state.replace(ReviewState::Approved) == Some(ReviewState::Pending);
        (campaign.review.reason, campaign.review.decided_at) = (None, Some(tx.now()));
        if was_asked {
            record(tx, campaign, AdCampaignFact::APPROVED, campaign.status)?;
        }
    }
    Ok(is_news)
}

/// Sends an ad campaign back to its tenant.
///
/// # Errors
/// `ad_campaign.not_found`, `request.precondition_failed`, `ad_campaign.illegal_transition`, `ad_campaign.not_under_review`.
pub fn reject(tx: &mut TenantTx<'_>, id: AdCampaignId, reason: String, if_match: &IfMatch) -> Result<AdCampaign> {
    store::lock(tx)?;
    let mut campaign = store::get(tx, id)?;
    if_match.check(campaign.version)?;
    let from = campaign.status;
    campaign.status = from.after(Step::Reject)?;
    if campaign.review.state != Some(ReviewState::Pending) {
        let message = "Nobody asked the operators to decide on this ad campaign: it is in the tenant's own ad account.";
        return Err(Error::conflict("ad_campaign.not_under_review", message));
    }
    campaign.review.state = Some(ReviewState::Rejected);
    campaign.review.reason = Some(reason);
    campaign.review.decided_at = Some(tx.now());
    store::save(tx, &mut campaign)?;
    record(tx, &campaign, AdCampaignFact::REJECTED, from)?;
    Ok(campaign)
}

fn record(tx: &mut TenantTx<'_>, campaign: &AdCampaign, kind: EventType, from: CampaignStatus) -> Result<()> {
    let fact = AdCampaignFact {
        account_owner: Some(campaign.account_owner),
        from: Some(from),
        to: Some(campaign.status),
        reason: campaign.review.reason.clone(),
        daily_budget: Some(campaign.money(campaign.daily_budget)),
        ..AdCampaignFact::of(campaign)
    };
    tx.record(fact.told_as(kind).about(campaign.id.uuid()))?;
    Ok(())
}

/// What an operator agrees to: how much may be spent how long, on which ad, shown to whom, asking what.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Agreed {
    currency: Currency,
    daily_budget: i64,
    total_budget: Option<i64>,
    monthly_cap: Option<i64>,
    end_at: Option<Timestamp>,
    /// Of the ad campaign, its page and its form.
    external_ids: [Option<String>; 3],
    /// In the tenant's own ad account, where only the ids are anybody else's affair.
    is_own_account: bool,
    targeting: Targeting,
    ad_creative: Option<AdCreative>,
    search_ads: Option<SearchAds>,
    questions: Vec<Question>,
    /// Where the form leads: its privacy policy, and the page after it.
    links: [Option<String>; 2],
}

impl Agreed {
    pub(super) fn of(campaign: &AdCampaign, form: Option<&StoredForm>) -> Result<Self> {
        let external_form_id = form.and_then(|form| form.external_form_id.clone());
        let form: Option<LeadForm> = form.map(StoredForm::form).transpose()?;
        let (questions, links) = form.map_or_else(Default::default, |form| {
            (form.questions, [form.privacy_policy_url, form.thank_you.and_then(|thanks| thanks.url)])
        });
        Ok(Self {
            currency: campaign.currency,
            daily_budget: campaign.daily_budget,
            total_budget: campaign.total_budget,
            monthly_cap: campaign.monthly_cap,
            end_at: campaign.end_at,
            external_ids: [campaign.external_campaign_id.clone(), campaign.external_page_id.clone(), external_form_id],
            is_own_account: campaign.account_owner == AccountOwner::Tenant,
            targeting: campaign.content.targeting.read()?,
            ad_creative: campaign.content.ad_creative.read()?,
            search_ads: campaign.content.search_ads.read()?,
            questions,
            links,
        })
    }

    /// Does `now` stay within what was agreed? Less money, or for a shorter time, always does.
    pub(super) fn covers(&self, now: &Self) -> bool {
        // No longer at the ad platform at all spends nothing.
        let is_same_there =
            now.external_ids.iter().zip(&self.external_ids).all(|(now, agreed)| now.is_none() || now == agreed);
        if self.is_own_account {
            return is_same_there;
        }
        let is_same_ad = (&now.targeting, &now.ad_creative, &now.search_ads, &now.questions, &now.links)
            == (&self.targeting, &self.ad_creative, &self.search_ads, &self.questions, &self.links);
        is_same_there
            && is_same_ad
            && now.currency == self.currency
            && now.daily_budget <= self.daily_budget
            && is_no_more(self.total_budget, now.total_budget)
            && is_no_more(self.monthly_cap, now.monthly_cap)
            && is_no_more(self.end_at, now.end_at)
    }
}

/// A limit of nothing is no limit.
fn is_no_more<T: PartialOrd>(agreed: Option<T>, now: Option<T>) -> bool {
    agreed.is_none_or(|agreed| now.is_some_and(|now| now <= agreed))
}

/// Takes the agreement back after a change beyond it. What runs, or waits for the quota alone, is to be asked for at once;
/// what a person paused is asked for when it is to run again. Answers the former.
pub(super) fn withdraw(campaign: &mut AdCampaign) -> bool {
    campaign.review.state = None;
    (campaign.review.reason, campaign.review.decided_at) = (None, None);
    campaign.status == CampaignStatus::Active || campaign.status_reason.as_deref() == Some(QUOTA_REACHED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed() -> Agreed {
        Agreed {
            currency: Currency::INR,
            daily_budget: 80_000,
            total_budget: None,
            monthly_cap: Some(1_500_000),
            end_at: Some("2026-12-01T00:00:00Z".parse().unwrap()),
            external_ids: [Some("1".into()), None, Some("3".into())],
            is_own_account: false,
            targeting: Targeting::default(),
            ad_creative: None,
            search_ads: None,
            questions: Vec::new(),
            links: [None, None],
        }
    }

    #[test]
    fn less_is_covered_and_more_or_other_is_not() {
        let covers = |change: fn(&mut Agreed)| {
            let mut now = agreed();
            change(&mut now);
            agreed().covers(&now)
        };
        assert!(covers(|_| ()));
        assert!(covers(|now| now.daily_budget = 1));
        assert!(covers(|now| now.total_budget = Some(1)));
        assert!(covers(|now| now.monthly_cap = Some(1)));
        assert!(covers(|now| now.end_at = Some("2026-11-25T00:00:00Z".parse().unwrap())));
        assert!(covers(|now| now.external_ids = [None, None, None]));

        assert!(!covers(|now| now.daily_budget += 1));
        assert!(!covers(|now| now.currency = Currency::USD));
        assert!(!covers(|now| now.monthly_cap = Some(1_500_001)));
        assert!(!covers(|now| now.monthly_cap = None));
        assert!(!covers(|now| now.end_at = None));
        assert!(!covers(|now| now.end_at = Some("2026-12-02T00:00:00Z".parse().unwrap())));
        assert!(!covers(|now| now.external_ids[0] = Some("2".into())));
        assert!(!covers(|now| now.external_ids[1] = Some("2".into())));
        assert!(!covers(|now| now.external_ids[2] = Some("2".into())));
        assert!(!covers(|now| now.targeting.keywords.push("flats".parse().unwrap())));
        assert!(!covers(|now| now.ad_creative = Some(AdCreative::default())));
        assert!(!covers(|now| now.search_ads = Some(SearchAds::default())));
        assert!(!covers(|now| now.questions = LeadForm::plain("F").questions));
        assert!(!covers(|now| now.links[1] = Some("https://abc.example.com".into())));
        let own = Agreed { is_own_account: true, ..agreed() };
        assert!(own.covers(&Agreed { daily_budget: 90_000, ..own.clone() }), "its budget is its own");
        assert!(!own.covers(&Agreed { external_ids: [Some("2".into()), None, None], ..own.clone() }));
    }
}
