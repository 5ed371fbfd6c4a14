//! Routing, the quota's pause and what is restored after it, on a real database.

use serde_json::json;

use super::documents::Content;
use super::model::{AccountOwner, Asker, CampaignStatus, CampaignType, Delivery, Objective, Step};
use super::store::{AdCampaign, StoredForm};
use super::{quota, route, steps, store};
use crate::base::json::{Doc, Json};
use crate::base::money::Currency;
use crate::base::patch::Given;
use crate::billing::books::Books;
use crate::billing::credits;
use crate::billing::model::OveragePolicy;
use crate::billing::subscription::UpdateSubscription;
use crate::billing::testing::House;
use crate::engine::db::testing::on_both_engines;
use crate::engine::db::{Db, PlatformScope, PlatformTx, TenantTx};
use crate::engine::http::IfMatch;
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::providers::AdPlatform;
use crate::tenants::testing as house;

fn campaign(tx: &mut TenantTx<'_>, external: &str, page: &str, form: Option<&str>) -> AdCampaignId {
    let (tenant_id, now, platform) = (tx.tenant(), tx.now(), AdPlatform::Meta);
    let lead_form_id = form.map(|external| {
        let form = super::form::LeadForm::plain("F").completed("").unwrap();
        let row = StoredForm {
            tenant_id,
            id: LeadFormId::new(),
            platform,
            name: "F".into(),
            form_type: form.form_type,
            definition: Json::of(&form),
            external_form_id: Some(external.into()),
            agreed_form_id: Some(external.into()),
            is_form_id_operators: false,
            version: 1,
            created_at: now,
            updated_at: now,
            platform_questions: None,
            questions_asked_at: None,
        };
        store::insert_form(tx, &row).unwrap();
        row.id
    });
    let row = AdCampaign {
        tenant_id,
        id: AdCampaignId::new(),
        name: "C".into(),
        platform,
        status: CampaignStatus::Draft,
        status_reason: None,
        currency: Currency::INR,
        daily_budget: 80_000,
        total_budget: None,
        monthly_cap: None,
        spent: 0,
        content: Doc(Content {
            campaign_type: CampaignType::LeadGeneration,
            objective: Objective::Leads,
            targeting: Json::from(json!({})),
            ad_creative: Json::from(json!(null)),
            search_ads: Json::from(json!(null)),
        }),
        lead_form_id,
        account_owner: AccountOwner::Platform,
        external_campaign_id: Some(external.into()),
        external_page_id: Some(page.into()),
        impressions: 0,
        clicks: 0,
        leads_generated: 0,
        start_at: None,
        end_at: None,
        activated_at: None,
        desired_delivery: Delivery::Paused,
        delivery: Doc::default(),
        review: Doc::default(),
        agreed_campaign_id: Some(external.into()),
        agreed_page_id: Some(page.into()),
        version: 1,
        created_at: now,
        updated_at: now,
        committed_until: None,
        figures_at: None,
    };
    store::insert(tx, &row).unwrap();
    row.id
}

on_both_engines! {
    async fn a_form_decides_and_a_page_counts_only_with_its_tenants_address(db: Db) {
        db.write(PlatformScope::system(), |tx: &mut PlatformTx<'_>| {
            let (a, b) = (house::open(tx, "A")?, house::open(tx, "B")?);
            let of_a = campaign(&mut tx.for_tenant(a), "11", "900", Some("611"));
            let of_b = campaign(&mut tx.for_tenant(b), "22", "900", Some("622"));
            campaign(&mut tx.for_tenant(b), "23", "901", None);
            let mut find = |form, campaign, page, hint| {
                let found = route::find(tx, AdPlatform::Meta, form, campaign, page, hint).unwrap();
                found.map(|found| (found.route.tenant, found.route.ad_campaign_id))
            };
            assert_eq!(
                find(Some("611"), None, Some("900"), Some(b)),
                Some((a, Some(of_a))),
                "the hint does not overrule a form"
            );
            assert_eq!(find(Some("999"), Some("22"), Some("900"), None), Some((b, Some(of_b))));
            assert_eq!(find(Some("999"), None, Some("900"), None), None, "nor a shared one");
            assert_eq!(find(Some("999"), None, Some("900"), Some(a)), Some((a, Some(of_a))));
            assert_eq!(find(Some("999"), None, Some("901"), None), None, "a page alone names nobody");
            assert_eq!(find(Some("999"), None, Some("901"), Some(b)).unwrap().0, b);
            assert_eq!(find(Some("999"), None, Some("902"), Some(a)), None, "a hint alone is not enough");
            assert!(route::find(tx, AdPlatform::Google, Some("611"), None, None, None).unwrap().is_none());
            campaign(&mut tx.for_tenant(a), "12", "900", Some("612"));
            let found = route::find(tx, AdPlatform::Meta, None, None, Some("900"), Some(a)).unwrap().unwrap().route;
            assert_eq!(
                (found.tenant, found.ad_campaign_id, found.lead_form_id),
                (a, None, None),
                "a page with several ad campaigns names none of them"
            );
            Ok(())
        })
        .await
        .unwrap();
    }

    async fn the_quota_pauses_what_runs_and_lifts_only_its_own_pauses(house: House) {
        house.subscribe("growth", OveragePolicy::Block).await;
        house.activate().await;
        let take = |tx: &mut TenantTx<'_>, id, step, reason: Option<&str>| {
            let asker = if step == Step::Activate { Asker::Operator } else { Asker::Tenant };
            steps::take(tx, id, step, reason.map(String::from), asker, &IfMatch::default())
        };
        let set_up = move |tx: &mut TenantTx<'_>| {
            let [running, rested, draft] = ["1", "2", "3"].map(|external| campaign(tx, external, "9", None));
            for id in [running, rested] {
                take(tx, id, Step::Activate, None)?;
            }
            take(tx, rested, Step::Pause, Some("new photos"))?;
            let before = take(tx, rested, Step::Pause, Some("new photos"))?.version;
            Ok((running, rested, draft, before))
        };
        let (running, rested, draft, before) = house.write(set_up).await.unwrap();
        let state = async |id| {
            house.write(move |tx| store::get(tx, id).map(|c| (c.status, c.desired_delivery))).await.unwrap()
        };
        house.leads("a", 50).await;
        house.write(quota::hold_back).await.unwrap();
        assert_eq!(state(running).await, (CampaignStatus::Paused, Delivery::Paused));
        assert_eq!(state(draft).await, (CampaignStatus::Draft, Delivery::Paused));
        let slow = UpdateSubscription { overage_policy: Given(Some(OveragePolicy::Slow)), ..Default::default() };
        house.change(slow).await.unwrap();
        house.write(quota::hold_back).await.unwrap();
        assert_eq!(state(running).await, (CampaignStatus::Active, Delivery::Slow), "a milder choice lets it run slowly");
        assert_eq!(state(rested).await, (CampaignStatus::Paused, Delivery::Paused));

        house.write(|tx| credits::grant(&mut Books::open(tx)?, 3, "two bad numbers".into())).await.unwrap();
        house.write(quota::let_run).await.unwrap();
        assert_eq!(state(running).await, (CampaignStatus::Active, Delivery::Running));
        assert_eq!(state(rested).await, (CampaignStatus::Paused, Delivery::Paused), "a person's pause stays");
        let version = house.write(move |tx| store::get(tx, rested).map(|c| c.version)).await.unwrap();
        assert_eq!(version, before, "and the same pause twice is one");

        let wish = UpdateSubscription { cancel_at_period_end: Given(Some(true)), ..Default::default() };
        house.change(wish).await.unwrap();
        house.write(quota::hold_back).await.unwrap();
        assert_eq!(state(running).await.0, CampaignStatus::Active, "told late, with units left, it pauses nothing");
    }
}
