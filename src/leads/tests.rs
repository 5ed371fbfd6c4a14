//! What talking leaves on a lead's row.

use serde_json::json;

use super::model::IdentityKind;
use super::store::{self, Lead};
use super::testing::rajesh;
use crate::base::money::Currency;
use crate::billing::meter::{MeterKind, Released};
use crate::engine::db::TenantTx;
use crate::engine::db::testing::on_both_engines;
use crate::engine::events::{self, EventFilter, EventType, NewEvent};
use crate::tenants::testing::House;

on_both_engines! {
    async fn contacts_told_out_of_order_end_the_same(house: House) {
        let tenant = house.tenant("Acme").await;
        let now = house.clock.now();
        let (before, after) = (now.minus(chrono::Duration::hours(1)), now.plus(chrono::Duration::hours(1)));
        let lead = house
            .within(tenant, move |tx| {
                let lead = rajesh(tx);
                store::insert(tx, &lead)?;
                for at in [now, after, before] {
                    store::touch_contact(tx, lead.id, at)?;
                }
                store::touch_activity(tx, lead.id, now)?;
                store::get(tx, lead.id)
            })
            .await;
        assert_eq!((lead.first_contact_at, lead.last_contact_at), (Some(before), Some(after)));
        assert_eq!((lead.contact_count, lead.total_interactions, lead.last_activity_at), (3, 5, after));
    }

    async fn an_older_row_is_not_written_back_over_a_newer_one(house: House) {
        let tenant = house.tenant("Acme").await;
        let read = house
            .within(tenant, |tx| {
                let lead = rajesh(tx);
                store::insert(tx, &lead)?;
                store::touch_contact(tx, lead.id, tx.now())?;
                Ok(lead)
            })
            .await;
        let mut stale = Lead { company: Some("Kumar & Sons".into()), ..read };
        let id = stale.id;
        let refused = house.within(tenant, move |tx| Ok(store::update(tx, &mut stale).unwrap_err().code().to_string())).await;
        assert_eq!(refused, "storage.conflict");
        let mut fresh = house.within(tenant, move |tx| store::get(tx, id)).await;
        assert_eq!((fresh.contact_count, &fresh.company), (1, &None));
        house.within(tenant, move |tx| store::update(tx, &mut fresh)).await;
    }

    async fn a_locked_leads_events_hide_the_person_until_it_is_unlocked(house: House) {
        let tenant = house.tenant("Acme").await;
        let look = |tx: &mut TenantTx<'_>| {
            let mut events = events::list(tx, &EventFilter::default(), 10)?;
            events::conceal(tx, &mut events)?;
            let find = |kind: EventType| events.iter().find(|event| event.kind == kind).map(|event| event.data.clone());
            Ok((find(EventType::MessageReceived).unwrap(), find(EventType::SuppressionCreated).unwrap()))
        };
        let record = |tx: &mut TenantTx<'_>| {
            let lead = Lead { is_locked: true, phone: Some("+919876543210".into()), ..rajesh(tx) };
            store::insert(tx, &lead)?;
            store::add_identity(tx, lead.id, IdentityKind::Phone, "+919876543210")?;
            let data = json!({"channel": "whatsapp", "preview": "I am Rajesh"});
            tx.record(NewEvent::new(EventType::MessageReceived).lead(lead.id).data(data))?;
            let data = json!({"channel": "whatsapp", "address": "+919876543210"});
            tx.record(NewEvent::new(EventType::SuppressionCreated).data(data))?;
            Ok(lead.id)
        };
        let id = house.within(tenant, record).await;
        let hidden = house.within(tenant, look).await;
        assert_eq!(hidden.0, json!({"channel": "whatsapp", "preview": null}));
        assert_eq!(hidden.1, json!({"channel": "whatsapp", "address": null}));
        let paid = Released { lead_id: id, kind: MeterKind::Quota, amount: 30_000, currency: Currency::INR };
        house.within(tenant, move |tx| store::unlock(tx, &[paid])).await;
        let told = house.within(tenant, look).await;
        assert_eq!((&told.0["preview"], &told.1["address"]), (&json!("I am Rajesh"), &json!("+919876543210")));
    }
}
