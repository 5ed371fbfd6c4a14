//! Metering and subscriptions, with a clock the tests move.

use chrono::Duration;

use super::books::Books;
use super::model::{BillingInterval, MeterKind, OveragePolicy, Plan, PlanFrom, SubscriptionStatus as Status};
use super::subscription::{CreateSubscription, UpdateSubscription};
use super::testing::House;
use super::{credits, plans, subscription};
use crate::base::crypto::MasterKey;
use crate::base::patch::Given;
use crate::base::time::Timestamp;
use crate::billing::facts::{OverageRecorded, QuotaReached, SubscriptionFact};
use crate::engine::db::testing::on_both_engines;
use crate::engine::db::{PlatformScope, PlatformTx};
use crate::engine::http::IfMatch;

on_both_engines! {
    async fn the_worked_example_of_fifty_five_included_and_fifty_eight_delivered(house: House) {
        house.subscribe("growth", OveragePolicy::Bill).await;
        house.activate().await;
        house.leads("first month ", 45).await;
        house.pay().await;
        house.clock.advance(Duration::days(31));
        assert_eq!(house.leads("a", 50).await, MeterKind::Quota);
        assert_eq!(house.usage().await, (Some(50), 5, 0, 50, 0, 0, 0));
        assert_eq!(house.leads("b", 4).await, MeterKind::Rollover);
        assert_eq!(house.count_events(QuotaReached::TYPE).await, 0);
        let last = house.lead("the last included one").await;
        assert_eq!((last.kind, last.quota_reached, last.notional_amount), (MeterKind::Rollover, true, 30_000));
        let beyond = house.lead("the first beyond").await;
        assert_eq!((beyond.kind, beyond.amount_due, beyond.is_locked), (MeterKind::Overage, 40_000, false));
        house.leads("c", 2).await;
        assert_eq!(house.usage().await, (Some(50), 5, 0, 58, 3, 0, 120_000));
        assert_eq!(house.count_events(QuotaReached::TYPE).await, 1, "once a period");
        assert_eq!(house.count_events(OverageRecorded::TYPE).await, 3);
        house.clock.advance(Duration::days(31));
        house.settle().await;
        assert_eq!(house.usage().await, (Some(50), 0, 0, 0, 0, 0, 0), "all was used: nothing rolls over");
    }

    async fn a_person_is_metered_once_within_the_window_in_any_order(house: House) {
        house.subscribe("growth", OveragePolicy::Bill).await;
        house.activate().await;
        let now = house.clock.now();
        assert_eq!(house.lead("phone:+919876543210").await.kind, MeterKind::Quota);
        assert_eq!(house.lead("phone:+919876543210").await.kind, MeterKind::Repeat);
        let earlier = house.lead_at("phone:+919876543210", now.minus(Duration::hours(1))).await;
        assert_eq!(earlier.kind, MeterKind::Repeat, "delivered late, received before");
        house.clock.advance(Duration::days(29));
        assert_eq!(house.lead("phone:+919876543210").await.kind, MeterKind::Repeat);
        house.clock.advance(Duration::days(1));
        assert_eq!(house.lead("phone:+919876543210").await.kind, MeterKind::Quota, "thirty days later it counts again");
    }

    async fn without_a_plan_leads_are_held_back_once_and_the_first_plan_releases_them(house: House) {
        let early = house.lead("early").await;
        assert_eq!((early.kind, early.is_locked, early.notional_amount), (MeterKind::Blocked, true, 0));
        let again = house.lead("early").await;
        assert_eq!((again.kind, again.is_locked), (MeterKind::Repeat, true));
        assert_eq!(house.write(|tx| super::outlook::outlook(&mut Books::open(tx)?)).await.unwrap(), super::outlook::Outlook::HeldBack);
        assert!(house.features().await.is_empty());
        assert_eq!(house.release().await, 0, "there is nothing to pay with");
        house.subscribe("growth", OveragePolicy::Block).await;
        assert_eq!((house.release().await, house.release().await), (1, 0));
        assert_eq!(house.usage().await, (Some(50), 0, 0, 1, 0, 0, 0));
    }

    async fn a_trial_gives_its_quota_bills_nothing_and_expires(house: House) {
        let trial = house.subscribe("growth", OveragePolicy::Bill).await;
        assert_eq!(trial.status, Status::Trialing);
        assert_eq!(trial.trial_ends_at, Some(house.clock.now().plus(Duration::days(7))));
        assert_eq!(house.leads("a", 51).await, MeterKind::Blocked, "never billed, whatever the policy");
        assert_eq!(house.usage().await, (Some(50), 0, 0, 50, 0, 1, 0));
        house.clock.advance(Duration::days(7));
        let late = house.clock.now().minus(Duration::minutes(1));
        let lead = house.lead("after the trial").await;
        assert_eq!((lead.kind, lead.is_locked), (MeterKind::Blocked, true));
        assert_eq!(house.settle().await.unwrap().status, Status::Expired);
        assert_eq!(house.count_events(SubscriptionFact::EXPIRED).await, 1);
        assert!(house.lead("after the trial").await.is_locked, "a repeat of a held-back lead gives nothing away");
        house.lead_at("received in time", late).await;

        let active = house.activate().await;
        assert_eq!((active.status, active.anchor_day), (Status::Active, 28));
        assert_eq!(active.current_period_end.to_string(), "2026-12-27T18:30:00Z");
        assert_eq!(house.release().await, 3);
        assert_eq!(house.release().await, 0);
        assert_eq!(house.usage().await, (Some(50), 0, 0, 3, 0, 0, 0), "out of the paid month");
        assert!(!house.lead("after the trial").await.is_locked);
    }

    async fn a_lead_received_in_time_counts_in_the_trial_even_when_processed_after_it(house: House) {
        house.subscribe("growth", OveragePolicy::Bill).await;
        house.clock.advance(Duration::days(8));
        let in_time = house.clock.now().minus(Duration::days(2));
        assert_eq!(house.lead_at("a", in_time).await.kind, MeterKind::Quota);
        assert_eq!(house.lead("b").await.kind, MeterKind::Blocked);
    }

    async fn a_lead_belongs_to_the_period_in_which_it_was_received(house: House) {
        house.subscribe("growth", OveragePolicy::Bill).await;
        house.activate().await;
        // One minute to midnight in Mumbai, processed one minute past it.
        let before: Timestamp = "2026-12-20T18:29:00Z".parse().unwrap();
        house.clock.advance("2026-12-20T18:31:00Z".parse::<Timestamp>().unwrap().since(house.clock.now()));
        assert_eq!(house.settle().await.unwrap().current_period_start.to_string(), "2026-12-20T18:30:00Z");
        assert_eq!(house.usage().await, (Some(50), 50, 0, 0, 0, 0, 0));
        house.lead_at("late", before).await;
        assert_eq!(house.usage().await, (Some(50), 49, 0, 0, 0, 0, 0), "it used one of November's units");
        house.lead("on time").await;
        assert_eq!(house.usage().await, (Some(50), 49, 0, 1, 0, 0, 0));
    }

    async fn the_last_unit_of_a_month_that_is_over_stops_nothing(house: House) {
        house.subscribe("growth", OveragePolicy::Bill).await;
        house.activate().await;
        house.leads("a", 49).await;
        let in_time = house.clock.now();
        house.clock.advance(Duration::days(31));
        let late = house.lead_at("late", in_time).await;
        assert_eq!(late.kind, MeterKind::Quota);
        assert_eq!(house.count_events(QuotaReached::TYPE).await, 0, "fifty new ones are there");
        house.leads("b", 50).await;
        assert_eq!(house.count_events(QuotaReached::TYPE).await, 1);
    }

    async fn held_back_leads_are_released_by_buying_or_upgrading(house: House) {
        house.subscribe("in_starter", OveragePolicy::Block).await;
        assert_eq!(house.lead("not paid yet").await.kind, MeterKind::Blocked);
        house.activate().await;
        assert_eq!(house.release().await, 1);
        assert_eq!(house.leads("a", 52).await, MeterKind::Blocked);
        assert_eq!(house.usage().await, (Some(50), 0, 0, 50, 0, 3, 0));
        assert_eq!(house.release().await, 0, "nothing to pay with");
        house.change(UpdateSubscription { overage_policy: Given(Some(OveragePolicy::Bill)), ..Default::default() }).await.unwrap();
        assert_eq!(house.release_batch(2).await, 2);
        assert_eq!(house.usage().await, (Some(50), 0, 0, 52, 2, 1, 60_000), "no more than a batch at once");
        assert_eq!((house.release_batch(2).await, house.release_batch(2).await), (1, 0));
        assert_eq!(house.usage().await, (Some(50), 0, 0, 53, 3, 0, 90_000), "₹300 each: score 50 by band");

        assert_eq!(house.choose("in_professional").await.unwrap().plan_code, "in_starter", "not paid yet");
        assert_eq!(house.lead("before the upgrade").await.kind, MeterKind::Overage);
        assert_eq!(house.activate().await.plan_code, "in_professional");
        assert_eq!(house.lead("after the upgrade").await.kind, MeterKind::Quota);
        assert_eq!(house.choose("us_growth").await.unwrap_err().code(), "subscription.currency_changed");
    }

    async fn a_dearer_plan_waits_to_be_paid_and_leaves_nothing_behind_when_taken_back(house: House) {
        house.subscribe("us_starter", OveragePolicy::Block).await;
        house.activate().await;
        house.leads("a", 30).await;
        for dearer in ["us_growth", "us_enterprise"] {
            let chosen = house.choose(dearer).await.unwrap();
            let pending = (chosen.pending_plan_code.as_deref(), chosen.pending_from);
            assert_eq!((chosen.plan_code.as_str(), pending), ("us_starter", (Some(dearer), Some(PlanFrom::Activation))));
            assert_eq!(house.release().await, 0, "{dearer} is not paid");
        }
        let other = house.activate_for("us_growth").await.unwrap_err();
        assert_eq!(other.code(), "subscription.other_plan", "the last choice counts, and it is not what was paid");
        let back = house.choose("us_starter").await.unwrap();
        assert_eq!((back.pending_plan_code, back.pending_from), (None, None));
        assert_eq!(house.activate_for("us_starter").await.unwrap_err().code(), "subscription.not_activatable");
        house.clock.advance(Duration::days(32));
        assert_eq!(house.settle().await.unwrap().plan_code, "us_starter");
        assert_eq!(house.usage().await.0, Some(10));

        house.choose("us_growth").await.unwrap();
        let end = house.settle().await.unwrap().current_period_end;
        let paid = house.activate_for("us_growth").await.unwrap();
        assert_eq!((paid.plan_code.as_str(), paid.current_period_end, paid.pending_from), ("us_growth", end, None));
        assert_eq!(house.release().await, 20);
        assert_eq!(house.usage().await, (Some(50), 0, 0, 20, 0, 0, 0), "in the running period");
    }

    async fn a_cheaper_plan_starts_with_the_next_period(house: House) {
        house.subscribe("us_growth", OveragePolicy::Block).await;
        house.activate().await;
        let chosen = house.choose("us_pay_per_lead").await.unwrap();
        assert_eq!((chosen.plan_code.as_str(), chosen.pending_from), ("us_growth", Some(PlanFrom::Renewal)));
        assert_eq!(house.leads("a", 5).await, MeterKind::Quota, "what is paid for is delivered");
        house.pay().await;
        house.clock.advance(Duration::days(32));
        assert_eq!(house.lead("b").await.kind, MeterKind::PerLead);
        let renewed = house.settle().await.unwrap();
        assert_eq!((renewed.plan_code.as_str(), renewed.pending_plan_code), ("us_pay_per_lead", None));
    }

    async fn leads_that_were_paid_one_by_one_are_not_taken_from_a_new_quota(house: House) {
        house.subscribe("us_pay_per_lead", OveragePolicy::Block).await;
        house.activate().await;
        house.leads("paid one by one", 30).await;
        house.clock.advance(Duration::days(3));
        house.choose("us_growth").await.unwrap();
        assert_eq!(house.lead("not paid yet").await.kind, MeterKind::PerLead);
        let now = house.clock.now();
        let growth = house.activate().await;
        assert_eq!((growth.current_period_start, growth.anchor_day), (now, 24), "a new period starts");
        assert_eq!(house.usage().await, (Some(50), 0, 0, 0, 0, 0, 0));
        assert_eq!(house.leads("a", 50).await, MeterKind::Quota);
        assert_eq!(house.lead("beyond").await.kind, MeterKind::Blocked);
        let late = house.lead_at("late", now.minus(Duration::days(1))).await;
        assert_eq!((late.kind, late.amount_due), (MeterKind::PerLead, 7_500), "of the old period, by its plan");
        assert_eq!(house.usage().await.3, 50);
    }

    async fn a_plan_may_be_chosen_again_before_the_first_payment(house: House) {
        house.subscribe("us_starter", OveragePolicy::Block).await;
        let chosen = house.choose("us_growth").await.unwrap();
        assert_eq!((chosen.plan_code.as_str(), chosen.status, chosen.pending_from), ("us_growth", Status::Incomplete, None));
        assert_eq!(house.activate_for("us_starter").await.unwrap_err().code(), "subscription.other_plan");
        assert_eq!(house.activate_for("us_growth").await.unwrap().status, Status::Active);
        assert_eq!(house.usage().await.0, Some(50));
    }

    async fn features_come_with_the_payment_and_go_with_the_end(house: House) {
        const WHATSAPP: &str = "whatsapp_integration";
        let has = async |house: &House| house.features().await.contains(&WHATSAPP.to_string());
        house.subscribe("us_starter", OveragePolicy::Block).await;
        house.choose("us_enterprise").await.unwrap();
        assert!(!has(&house).await, "not paid");
        house.activate().await;
        assert!(has(&house).await);
        house.write(|tx| subscription::cancel(&mut Books::open(tx)?, &IfMatch::default())).await.unwrap();
        assert!(!has(&house).await, "over");
        house.subscribe("growth", OveragePolicy::Block).await;
        assert!(has(&house).await, "a trial has them");
        house.clock.advance(Duration::days(8));
        house.settle().await;
        let mut left = house.features().await;
        left.sort_unstable();
        let kept = ["api_access", "basic_analytics", "chat_support", "email_integration"];
        assert_eq!(left, kept, "it is over, and leads that still arrive by the API are kept");
        house.activate().await;
        assert!(has(&house).await);
        house.choose("in_starter").await.unwrap();
        assert!(house.features().await.contains(&"sla".to_string()), "until the renewal");
        house.clock.advance(Duration::days(32));
        house.settle().await;
        assert!(!house.features().await.contains(&"sla".to_string()));
    }

    async fn credits_are_used_last_and_survive_the_month(house: House) {
        house.subscribe("growth", OveragePolicy::Block).await;
        house.activate().await;
        house.write(|tx| credits::grant(&mut Books::open(tx)?, 3, "two bad numbers".into())).await.unwrap();
        house.leads("a", 51).await;
        assert_eq!(house.usage().await, (Some(50), 0, 3, 51, 0, 0, 0));
        house.clock.advance(Duration::days(31));
        house.settle().await;
        assert_eq!(house.usage().await, (Some(50), 0, 2, 0, 0, 0, 0));
    }

    async fn pay_per_lead_charges_by_score(house: House) {
        house.subscribe("in_pay_per_lead", OveragePolicy::Block).await;
        house.activate().await;
        let hot = house.lead("hot").await;
        assert_eq!((hot.kind, hot.amount_due, hot.quota_reached), (MeterKind::PerLead, 50_000, false));
        house.leads("warm", 1).await;
        assert_eq!(house.usage().await, (None, 0, 0, 2, 0, 0, 80_000));
    }

    async fn one_subscription_at_a_time_and_one_trial_ever(house: House) {
        house.subscribe("growth", OveragePolicy::Block).await;
        let again = CreateSubscription { plan_code: "growth".parse().unwrap(), overage_policy: None, billing_interval: None };
        let start = again.clone();
        let error = house.write(|tx| subscription::start(&mut Books::open(tx)?, start, &MasterKey::random())).await.unwrap_err();
        assert_eq!(error.code(), "subscription.exists");
        house.write(|tx| subscription::cancel(&mut Books::open(tx)?, &IfMatch::default())).await.unwrap();
        assert_eq!(house.lead("after the end").await.kind, MeterKind::Blocked);
        let second = house.write(|tx| subscription::start(&mut Books::open(tx)?, again, &MasterKey::random())).await.unwrap().0;
        assert_eq!((second.status, second.overage_policy), (Status::Incomplete, OveragePolicy::Block));
        let annual = CreateSubscription {
            plan_code: "growth".parse().unwrap(),
            overage_policy: None,
            billing_interval: Some(BillingInterval::Annual),
        };
        house.write(|tx| subscription::cancel(&mut Books::open(tx)?, &IfMatch::default())).await.unwrap();
        assert_eq!(house.write(|tx| subscription::start(&mut Books::open(tx)?, annual, &MasterKey::random())).await.unwrap_err().code(), "request.invalid");
    }

    async fn a_canceled_subscription_lives_to_the_end_of_its_period(house: House) {
        house.subscribe("growth", OveragePolicy::Block).await;
        house.activate().await;
        house.change(UpdateSubscription { cancel_at_period_end: Given(Some(true)), ..Default::default() }).await.unwrap();
        house.clock.advance(Duration::days(20));
        assert_eq!(house.lead("a").await.kind, MeterKind::Quota);
        house.clock.advance(Duration::days(20));
        assert!(house.settle().await.is_none());
        assert_eq!(house.count_events(SubscriptionFact::CANCELED).await, 1);
        assert_eq!(house.lead("b").await.kind, MeterKind::Blocked);
    }

    async fn a_stricter_policy_at_the_limit_asks_the_ads_to_stop(house: House) {
        house.subscribe("in_starter", OveragePolicy::Bill).await;
        house.activate().await;
        house.leads("a", 60).await;
        assert_eq!(house.count_events(QuotaReached::TYPE).await, 1);
        house.change(UpdateSubscription { overage_policy: Given(Some(OveragePolicy::Slow)), ..Default::default() }).await.unwrap();
        assert_eq!(house.count_events(QuotaReached::TYPE).await, 2);
    }

    async fn months_missed_while_nothing_ran_are_made_up_for(house: House) {
        house.subscribe("growth", OveragePolicy::Block).await;
        house.activate().await;
        for _ in 0..3 {
            house.pay().await;
        }
        house.clock.advance(Duration::days(95));
        house.settle().await;
        assert_eq!(house.count_events(SubscriptionFact::RENEWED).await, 3);
        assert_eq!(house.usage().await.1, 50, "one month's base, not three");
        let written = house.db.write(PlatformScope::system(), plans::seed).await.unwrap();
        assert_eq!(written, 0, "seeding again changes nothing");
    }

    async fn whoever_has_a_plan_keeps_it_when_the_price_list_changes(house: House) {
        house.subscribe("growth", OveragePolicy::Bill).await;
        house.activate().await;
        let dearer = |plan: &mut Plan| {
            (plan.version, plan.leads_per_month, plan.overage_price) = (plan.version + 1, Some(10), Some(90_000));
        };
        let change = move |tx: &mut PlatformTx<'_>| {
            let mut list = plans::catalogue()?;
            list.iter_mut().filter(|plan| plan.code == "growth").for_each(dearer);
            plans::write(tx, list)
        };
        assert_eq!(house.db.write(PlatformScope::system(), change).await.unwrap(), 1);
        house.pay().await;
        house.clock.advance(Duration::days(31));
        house.leads("renewed ", 50).await;
        house.leads("rolled over ", 50).await;
        let beyond = house.lead("beyond").await;
        assert_eq!((beyond.kind, beyond.amount_due), (MeterKind::Overage, 40_000), "the price it was chosen at");
        let now = house.write(|tx| plans::choose(&mut tx.platform(), "growth")).await.unwrap();
        assert_eq!((now.leads_per_month, now.overage_price), (Some(10), Some(90_000)), "whoever chooses it now");
        let chosen = house.choose("growth").await.unwrap();
        assert_eq!(chosen.pending_plan_code, None, "the plan in force");
    }
}
