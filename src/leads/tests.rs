//! What talking leaves on a lead's row.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::conceal::conceal;
use super::facts::LeadFact as _;
use super::model::IdentityKind;
use super::store::{self, Lead, LeadFilter, LeadSort};
use super::testing::rajesh;
use crate::base::id::TenantId;
use crate::base::money::Currency;
use crate::billing::model::MeterKind;
use crate::billing::release::Released;
use crate::contacts::people::identities::{self, Whose};
use crate::engine::db::Direction::Asc;
use crate::engine::db::filter::Part;
use crate::engine::db::testing::on_both_engines;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};
use crate::engine::events::{self, EventFilter, EventType, Fact as _, Facts};
use crate::leads::schema::leads;
use crate::tenants::testing::{House, scope};

// Such as folders above tell.
crate::fact! {
    Wrote = "letter.received" {
        channel: String = "whatsapp",
        preview: Option<String> = "I am Rajesh" of Person,
    }
}
crate::fact! {
    Suppressed = "address.suppressed" {
        channel: String = "whatsapp",
        address: Option<String> = "+919876543210" of Address,
    }
}

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
                let read = store::hold(tx, lead.id)?;
                store::touch_contact(tx, lead.id, tx.now())?;
                Ok(read)
            })
            .await;
        let mut stale = read;
        stale.company = Some("Kumar & Sons".into());
        let id = stale.id;
        let refused = house.within(tenant, move |tx| Ok(store::update(tx, &mut stale).unwrap_err().code().to_string())).await;
        assert_eq!(refused, "storage.conflict");
        let mut fresh = house.within(tenant, move |tx| store::hold(tx, id)).await;
        assert_eq!((fresh.contact_count, &fresh.company), (1, &None));
        house.within(tenant, move |tx| store::update(tx, &mut fresh)).await;
    }

    async fn a_locked_leads_events_hide_the_person_until_it_is_unlocked(house: House) {
        let tenant = house.tenant("Acme").await;
        let look = |tx: &mut TenantTx<'_>| {
            let mut events = events::list(tx, &EventFilter::default(), &PageRequest::first(10))?.data;
            conceal(tx, &mut events)?;
            let find = |kind: EventType| events.iter().find(|event| event.kind == kind).map(|event| event.data.clone());
            Ok((find(Wrote::TYPE).unwrap(), find(Suppressed::TYPE).unwrap()))
        };
        let record = |tx: &mut TenantTx<'_>| {
            let lead = Lead { is_locked: true, phone: Some("+919876543210".into()), ..rajesh(tx) };
            store::insert(tx, &lead)?;
            let whose = Whose { contact: None, lead: Some(lead.id) };
            identities::add(tx, IdentityKind::Phone, "+919876543210", whose)?;
            let wrote = Wrote { channel: "whatsapp".into(), preview: Some("I am Rajesh".into()) };
            tx.record(wrote.of(lead.id))?;
            let suppressed = Suppressed { channel: "whatsapp".into(), address: Some("+919876543210".into()) };
            tx.record(suppressed.told_as(Suppressed::TYPE))?;
            Ok(lead.id)
        };
        let mut facts = Facts::default();
        facts.add::<Wrote>().add::<Suppressed>();
        facts.publish();
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

/// Which leads of a page, by name.
fn names(page: Page<Lead>) -> Vec<String> {
    page.data.into_iter().map(|lead| lead.name).collect()
}

/// ABC and XYZ of these companies, and Nobody of none.
async fn of_companies(house: &House) -> TenantId {
    let tenant = house.tenant("Acme").await;
    let others = house.tenant("Others").await;
    let lead = |tx: &TenantTx<'_>, name: &str, company: Option<&str>, score| Lead {
        name: name.into(),
        company: company.map(Into::into),
        search: format!("{} 50%_of", name.to_lowercase()),
        score,
        ..rajesh(tx)
    };
    let both = move |tx: &mut TenantTx<'_>| {
        for (name, company, score) in [("ABC", Some("ABC"), 10), ("Nobody", None, 50), ("XYZ", Some("XYZ"), 90)] {
            let lead = lead(tx, name, company, score);
            store::insert(tx, &lead)?;
        }
        Ok(())
    };
    house.within(tenant, both).await;
    house.within(others, both).await;
    tenant
}

on_both_engines! {
    async fn a_condition_is_total(house: House) {
        let tenant = of_companies(&house).await;
        let part = || Where::<leads::table, _>::part();
        let abc = || part().is(leads::company, "ABC");
        let cases: [(&str, Where<leads::table, Part>, &[&str]); 12] = [
            ("is", abc(), &["ABC"]),
            ("isn't, also without a value", part().isnt(leads::company, "ABC"), &["Nobody", "XYZ"]),
            ("not, also without an answer", part().not(abc().within(leads::score, Some((0, 20)))), &["Nobody", "XYZ"]),
            ("not not", part().not(part().not(abc())), &["ABC"]),
            ("not of a missing value below another", part().not(part().or([abc(), part().is(leads::score, 90)])), &["Nobody"]),
            ("one of two", part().any(leads::company, &["ABC", "XYZ"]), &["ABC", "XYZ"]),
            ("none of two", part().not(part().any(leads::company, &["ABC", "XYZ"])), &["Nobody"]),
            ("nobody's", part().maybe(leads::company, Some(None::<String>)), &["Nobody"]),
            ("this or that", part().or([part().has(leads::company, Some(false)), part().since(leads::score, Some(90))]), &["Nobody", "XYZ"]),
            ("of no part", part().or([]), &[]),
            ("signs stand for themselves", part().contains(leads::search, &["z 50%_".into(), "c_50".into()]), &["XYZ"]),
            ("between", part().beyond(leads::score, Some(10)).before(leads::score, Some(90)), &["Nobody"]),
        ];
        for (what, part, expected) in cases {
            let found = house.within(tenant, move |tx| {
                let order = Order::by(Asc, (leads::score, leads::id), |lead: &Lead| (lead.score, lead.id));
                tx.page(Where::of(tx, leads::tenant_id).and(part), order, &PageRequest::first(10))
            });
            assert_eq!(names(found.await), expected, "{what}");
        }
    }

    async fn pages_of_every_order_meet_without_a_gap(house: House) {
        let tenant = house.tenant("Acme").await;
        let insert = |tx: &mut TenantTx<'_>| {
            for n in 0..7 {
                let lead = Lead { name: format!("{n}"), score: n / 3, ..rajesh(tx) };
                store::insert(tx, &lead)?;
            }
            Ok(())
        };
        house.within(tenant, insert).await;
        // The order of change has no last page, and ends before what this very transaction has written.
        for sort in LeadSort::ALL.iter().copied().filter(|sort| *sort != LeadSort::UpdatedAsc) {
            let walked = house.within(tenant, move |tx| {
                let (mut seen, mut cursor) = (Vec::new(), None::<String>);
                loop {
                    let at = serde_json::from_value(json!({ "limit": "2", "cursor": cursor })).expect("a page");
                    let page = store::list(tx, &LeadFilter::default(), sort, &at)?;
                    cursor = page.next_cursor.clone();
                    seen.extend(names(page));
                    if cursor.is_none() {
                        return Ok(seen);
                    }
                }
            });
            let walked = walked.await;
            let whole = house.within(tenant, move |tx| store::list(tx, &LeadFilter::default(), sort, &PageRequest::first(10)));
            assert_eq!(walked, names(whole.await), "{sort}");
            assert_eq!(walked.len(), 7);
        }
    }

    async fn a_cursor_is_spelled_as_it_always_was(house: House) {
        let tenant = of_companies(&house).await;
        let at = |key: serde_json::Value| -> PageRequest {
            let cursor = URL_SAFE_NO_PAD.encode(key.to_string());
            serde_json::from_value(json!({ "limit": "5", "cursor": cursor })).expect("a page")
        };
        let nil = "00000000-0000-0000-0000-000000000000";
        let ask = |sort, key| {
            let at = at(key);
            let look = move |tx: &mut TenantTx<'_>| store::list(tx, &LeadFilter::default(), sort, &at).map(names);
            house.db.read(scope(tenant), look)
        };
        let found = ask(LeadSort::ScoreDesc, json!({ "sort": "-score", "value": 50, "id": nil })).await;
        assert_eq!(found.unwrap(), ["ABC"]);
        let micros = house.db.clock().now().micros();
        let found = ask(LeadSort::CreatedAsc, json!({ "sort": "created_at", "value": micros, "id": nil })).await;
        assert_eq!(found.unwrap().len(), 3);
        for foreign in [
            json!({ "sort": "score", "value": 50, "id": nil }),
            json!({ "sort": "-score", "value": 101, "id": nil }),
            json!(nil),
        ] {
            let refused = ask(LeadSort::ScoreDesc, foreign).await.unwrap_err();
            assert_eq!(refused.field_errors()[0].pointer, "cursor");
        }
    }
}
