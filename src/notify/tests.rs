//! Announcing against a real database: who finds what, and that an address is told once.

use std::sync::Arc;

use diesel::prelude::*;
use serde_json::json;

use super::announce;
use super::deliver::Leaving;
use super::recipients;
use super::store::{self, DeliveryFilter, NotificationFilter};
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::id::{EventId, TenantId, UserId};
use crate::base::json::Json;
use crate::contacts::Channel;
use crate::contacts::id::LeadId;
use crate::engine::CoreSettings;
use crate::engine::db::schema::jobs;
use crate::engine::db::testing::{OnDatabase, on_both_engines};
use crate::engine::db::{Db, PageRequest, TenantTx};
use crate::leads::facts::{LeadCreated, LeadFact as _};
use crate::leads::testing::rajesh;
use crate::sending::MessageStatus;
use crate::sending::dispatch::{Outgoing, Platform, Start, begin};
use crate::sending::senders;
use crate::tenants::access::Role;
use crate::tenants::schema::tenants;
use crate::tenants::testing::{self as house, House};

/// A tenant with an owner, an agent and a lead, and two recipients outside.
struct Stage {
    house: House,
    tenant: TenantId,
    owner: UserId,
    lead: LeadId,
}

impl OnDatabase for Stage {
    async fn on(db: Db) -> Self {
        let house = House::on(db).await;
        let tenant = house.tenant("Acme").await;
        house.platform(|tx| senders::ensure_platform(tx, Channel::Whatsapp, "twilio", "+14155238886", None)).await;
        let (owner, lead) = house.within(tenant, people).await;
        Self { house, tenant, owner, lead }
    }
}

impl Stage {
    async fn within<T: Send + 'static>(&self, body: impl FnOnce(&mut TenantTx<'_>) -> Result<T> + Send + 'static) -> T {
        self.house.within(self.tenant, body).await
    }

    async fn created(&self) -> EventId {
        let lead = self.lead;
        let event = LeadCreated::default().of(lead);
        self.within(move |tx| tx.record(event)).await
    }
}

fn people(tx: &mut TenantTx<'_>) -> Result<(UserId, LeadId)> {
    let settings =
        json!({"notification_recipients": {"emails": ["owner@acme.example"], "whatsapp": ["+919876500001"]}});
    diesel::update(tenants::table.find(tx.tenant()))
        .set(tenants::settings.eq(Json::from(settings)))
        .execute(tx.conn())?;
    let key = MasterKey::random();
    recipients::sync(tx, &key, None)?;
    store::recipients::mark_confirmed(tx, Channel::Whatsapp, "+919876500001")?;
    let owner = house::join(tx, "owner@acme.example", Role::Owner)?;
    house::join(tx, "agent@acme.example", Role::Agent)?;
    let lead = rajesh(tx);
    crate::leads::for_intake::insert(tx, &lead)?;
    Ok((owner, lead.id))
}

fn settings() -> CoreSettings {
    CoreSettings {
        public_url: "https://lw.example".into(),
        app_url: "https://lw.example".into(),
        passkey_domain: None,
        passkey_origins: Vec::new(),
        sms_countries: Vec::new(),
        platform_name: "LeadGen Pro".into(),
        privacy_policy_url: None,
        email_from: "leads@lw.example".into(),
        rate_limit: false,
        send_rates: crate::engine::SendRates::default(),
    }
}

on_both_engines! {
    async fn a_new_lead_is_told_to_everybody_once(stage: Stage) {
        let (event, owner) = (stage.created().await, stage.owner);
        stage.within(move |tx| announce::announce(tx, event, "https://lw.example")).await;
        let mine = stage.within(move |tx| store::list(tx, owner, &NotificationFilter { unread: Some(true) }, &PageRequest::first(10))).await.data;
        assert_eq!(mine.len(), 1);
        assert_eq!(mine[0].title, "New Hot lead: Rajesh Kumar (85/100)");
        assert_eq!(mine[0].link.as_deref(), Some(format!("https://lw.example/leads/{}", stage.lead).as_str()));

        let list = |tx: &mut TenantTx<'_>| Ok(store::list_deliveries(tx, &DeliveryFilter::default(), &PageRequest::first(10))?.data);
        let mut told: Vec<_> = stage.within(list).await.into_iter().map(|d| (d.channel, d.address, d.status)).collect();
        told.sort();
        assert_eq!(
            told,
            [
                (Channel::Whatsapp, "+919876500001".to_string(), MessageStatus::Queued),
                // The owner's address is also a recipient; e-mail is not connected, and the log says so.
                (Channel::Email, "owner@acme.example".to_string(), MessageStatus::Canceled),
            ]
        );
        stage.within(move |tx| announce::announce(tx, event, "https://lw.example")).await;
        assert_eq!(stage.within(list).await.len(), 2, "an address hears of an event once");
        let waiting: Vec<Json> = stage
            .within(|tx| Ok(jobs::table.filter(jobs::kind.eq("notification.deliver")).select(jobs::payload).load(tx.conn())?))
            .await;
        let received: Vec<_> = waiting.iter().map(|payload| payload.value()["lead_received_at"].clone()).collect();
        assert_eq!(received, ["2026-11-20T09:00:00Z"], "by which the wait of the tenant is measured");
    }

    async fn a_delivery_is_handed_over_with_its_template_and_keeps_what_the_provider_said(stage: Stage) {
        let event = stage.created().await;
        stage.within(move |tx| announce::announce(tx, event, "https://lw.example")).await;
        let whatsapp = DeliveryFilter { channel: Some(Channel::Whatsapp), ..Default::default() };
        let id = stage.within(move |tx| store::list_deliveries(tx, &whatsapp, &PageRequest::first(1))).await.data[0].id;
        let platform = Platform { settings: Arc::new(settings()), key: MasterKey::random() };
        let begin = |decided| {
            let platform = platform.clone();
            stage.within(move |tx| begin(tx, &Leaving { id }, decided, &platform))
        };
        let Start::Parcel(parcel, _) = begin(None).await else { panic!("it leaves") };
        let (code, variables) = parcel.template.unwrap();
        assert_eq!((code.as_str(), variables["1"].as_str(), variables["4"].as_str()), ("lead_alert", "Hot", "not given"));
        assert!(matches!(begin(None).await, Start::Open), "who comes second asks the provider first");
        let began = stage.within(move |tx| store::find_delivery(tx, id)).await.unwrap().attempted_at;
        stage.within(move |tx| Leaving { id }.accepted(tx, "twilio", "SM1", MessageStatus::Sent)).await;
        assert!(matches!(begin(began).await, Start::Over(_)), "it has left");
        let sent = stage.within(move |tx| store::find_delivery(tx, id)).await.unwrap();
        assert_eq!((sent.status, sent.external_id.as_deref()), (MessageStatus::Sent, Some("SM1")));
        assert!(sent.sent_at.is_some());
    }
}
