//! Announcing against a real database: who finds what, and that an address is told once.

use diesel::prelude::*;
use serde_json::json;

use super::announce;
use super::deliver::{self, Row};
use super::store::{self, DeliveryFilter};
use crate::base::Result;
use crate::base::id::{EventId, LeadId, TenantId, UserId};
use crate::base::json::Json;
use crate::base::time::Clock;
use crate::engine::db::schema::{jobs, leads, memberships, tenants, users};
use crate::engine::db::{Db, DbSettings, Origin, PlatformScope, PlatformTx, TenantScope, TenantTx, migrate};
use crate::engine::events::{EventType, NewEvent};
use crate::engine::jobs::Wake;
use crate::inbox::dispatch::Ledger;
use crate::inbox::model::{Channel, MessageStatus};
use crate::inbox::senders;

struct Stage {
    db: Db,
    tenant: TenantId,
    owner: UserId,
    lead: LeadId,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-11-20T09:00:00Z".parse().unwrap());
        let url = format!("sqlite://{}/notify.db", folder.path().display());
        let db = Db::open(&DbSettings::new(url), clock, Wake::default(), Default::default()).unwrap();
        db.with_connection(migrate::up).await.unwrap();
        let (tenant, owner, lead) = (TenantId::new(), UserId::new(), LeadId::new());
        let stage = Self { db, tenant, owner, lead, _folder: folder };
        stage.db.write(PlatformScope::system(), move |tx| people(tx, tenant, owner, lead)).await.unwrap();
        stage
    }

    async fn within<T: Send + 'static>(&self, body: impl FnOnce(&mut TenantTx<'_>) -> Result<T> + Send + 'static) -> T {
        self.db.write(TenantScope::mint(self.tenant, Origin::system()), body).await.unwrap()
    }

    async fn created(&self) -> EventId {
        let lead = self.lead;
        let event = NewEvent::new(EventType::LeadCreated).subject(lead.uuid()).lead(lead);
        self.within(move |tx| tx.record(event)).await
    }
}

fn people(tx: &mut PlatformTx<'_>, tenant: TenantId, owner: UserId, lead: LeadId) -> Result<()> {
    let (now, empty) = (tx.now(), || Json(json!({})));
    let settings =
        json!({"notification_recipients": {"emails": ["owner@acme.example"], "whatsapp": ["+919876500001"]}});
    diesel::insert_into(tenants::table)
        .values((
            (tenants::id.eq(tenant), tenants::name.eq("Acme"), tenants::slug.eq("acme"), tenants::status.eq("active")),
            (tenants::time_zone.eq("Asia/Kolkata"), tenants::country.eq("IN"), tenants::currency.eq("INR")),
            (tenants::settings.eq(Json(settings)), tenants::profile.eq(empty()), tenants::audience.eq(empty())),
            (tenants::version.eq(1), tenants::created_at.eq(now), tenants::updated_at.eq(now)),
        ))
        .execute(tx.conn())?;
    for (user, email, role) in [(owner, "owner@acme.example", "owner"), (UserId::new(), "agent@acme.example", "agent")]
    {
        diesel::insert_into(users::table)
            .values((
                (users::id.eq(user), users::email.eq(email), users::password_hash.eq("-")),
                (users::created_at.eq(now), users::updated_at.eq(now)),
            ))
            .execute(tx.conn())?;
        diesel::insert_into(memberships::table)
            .values((
                (memberships::tenant_id.eq(tenant), memberships::user_id.eq(user), memberships::role.eq(role)),
                (memberships::status.eq("active"), memberships::preferences.eq(empty()), memberships::version.eq(1)),
                (memberships::created_at.eq(now), memberships::updated_at.eq(now)),
            ))
            .execute(tx.conn())?;
    }
    diesel::insert_into(leads::table)
        .values((
            (leads::tenant_id.eq(tenant), leads::id.eq(lead), leads::name.eq("Rajesh Kumar")),
            (leads::source.eq("meta_ads"), leads::source_details.eq(empty()), leads::status.eq("new")),
            (leads::validity.eq("valid"), leads::score.eq(85), leads::is_locked.eq(false), leads::location.eq(empty())),
            (leads::form_responses.eq(empty()), leads::behaviour.eq(empty()), leads::enquiry_count.eq(1)),
            (leads::contact_count.eq(0), leads::total_interactions.eq(1), leads::last_activity_at.eq(now)),
            (leads::search.eq("rajesh kumar"), leads::received_at.eq(now), leads::version.eq(1)),
            (leads::created_at.eq(now), leads::updated_at.eq(now)),
        ))
        .execute(tx.conn())?;
    senders::ensure_platform(tx, Channel::Whatsapp, "twilio", "+14155238886", None)
}

#[actix_web::test]
async fn a_new_lead_is_told_to_everybody_once() {
    let stage = Stage::new().await;
    let (event, owner) = (stage.created().await, stage.owner);
    stage.within(move |tx| announce::announce(tx, event, "https://lw.example")).await;
    let mine = stage.within(move |tx| store::list(tx, owner, Some(true), None, 10)).await;
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0].title, "New hot lead: Rajesh Kumar (85/100)");
    assert_eq!(mine[0].link.as_deref(), Some(format!("https://lw.example/leads/{}", stage.lead).as_str()));

    let list = |tx: &mut TenantTx<'_>| store::list_deliveries(tx, &DeliveryFilter::default(), 10);
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
    let waiting: i64 = stage
        .within(|tx| Ok(jobs::table.filter(jobs::kind.eq("notification.deliver")).count().get_result(tx.conn())?))
        .await;
    assert_eq!(waiting, 1);
}

#[actix_web::test]
async fn a_delivery_is_handed_over_with_its_template_and_keeps_what_the_provider_said() {
    let stage = Stage::new().await;
    let event = stage.created().await;
    stage.within(move |tx| announce::announce(tx, event, "https://lw.example")).await;
    let whatsapp = DeliveryFilter { channel: Some(Channel::Whatsapp), ..Default::default() };
    let id = stage.within(move |tx| store::list_deliveries(tx, &whatsapp, 1)).await[0].id;
    let begun = stage.within(move |tx| deliver::begin(tx, id, "LeadGen Pro")).await.unwrap();
    assert_eq!(begun.lead_received_at.unwrap().to_string(), "2026-11-20T09:00:00Z");
    let (code, variables) = begun.parcel.template.unwrap();
    assert_eq!((code.as_str(), variables["1"].as_str(), variables["4"].as_str()), ("lead_alert", "Hot", "not given"));
    stage.within(move |tx| Row { id }.accepted(tx, "twilio", "SM1", MessageStatus::Sent)).await;
    let sent = stage.within(move |tx| store::find_delivery(tx, id)).await.unwrap();
    assert_eq!((sent.status, sent.external_id.as_deref()), (MessageStatus::Sent, Some("SM1")));
    assert!(sent.sent_at.is_some());
}
