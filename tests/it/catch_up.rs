//! What was stored before follows the spelling of today: addresses, telephones, search words, signs of trials.

use diesel::prelude::*;
use serde_json::{Value, json};

use leadwright::base::id::TenantId;
use leadwright::billing::schema::trial_signs;
use leadwright::contacts::schema::contact_identities;
use leadwright::contacts::schema::suppressions;
use leadwright::engine::catch_up::{Batch, CatchUp, Reading, Standing, standings, step};
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::leads::schema::leads;
use leadwright::tenants::schema::{tenants, users};

use crate::both_engines;
use crate::support::{PASSWORD, TestApp};

async fn write(app: &TestApp, body: impl FnOnce(&mut PlatformTx<'_>) -> QueryResult<usize> + Send + 'static) -> usize {
    let body = move |tx: &mut PlatformTx<'_>| Ok(body(tx)?);
    app.app.core.db.write(PlatformScope::system(), body).await.expect("written")
}

async fn read<T: Send + 'static>(
    app: &TestApp,
    body: impl FnOnce(&mut PlatformTx<'_>) -> QueryResult<T> + Send + 'static,
) -> T {
    let body = move |tx: &mut PlatformTx<'_>| Ok(body(tx)?);
    app.app.core.db.read(PlatformScope::system(), body).await.expect("read")
}

/// Each with how many rows were changed.
async fn changed(app: &TestApp) -> Vec<(String, i64)> {
    let found = app.operator().get("/v1/ops/catch-ups").await.ok();
    let one = |found: &Value| {
        assert_eq!(found["standing"], "done", "{found}");
        (found["name"].as_str().expect("a name").to_string(), found["changed"].as_i64().expect("a number"))
    };
    found["data"].as_array().expect("a list").iter().map(one).collect()
}

async fn texts(app: &TestApp, sql: &'static str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    read(app, move |tx| Ok(diesel::sql_query(sql).load::<Row>(tx.conn())?.into_iter().map(|row| row.text).collect()))
        .await
}

both_engines! {
    async fn what_was_written_in_old_spellings_is_found_logs_in_and_stays_silent(app: TestApp) {
        let acme = app.growth("Åkerman Bau").await;
        let german = acme.lead("José Müller", "jose@bücher.example", "+5215512345678").await;
        let id: leadwright::contacts::id::LeadId = german["id"].as_str().unwrap().parse().unwrap();
        app.run_jobs().await;
        let tenant: TenantId = acme.id.parse().unwrap();
        // As the version before wrote them.
        write(&app, move |tx| {
            let conn = tx.conn();
            diesel::update(users::table).set(users::email.eq("owner@xn--kerman-hua.example")).execute(conn)?;
            diesel::update(tenants::table).set(tenants::search.eq("")).execute(conn)?;
            diesel::update(leads::table.filter(leads::id.eq(id)))
                .set((leads::email.eq("jose@xn--bcher-kva.example"), leads::search.eq("josé müller\njose@xn--bcher-kva.example")))
                .execute(conn)?;
            diesel::update(contact_identities::table.filter(contact_identities::kind.eq("email")))
                .set(contact_identities::value.eq("jose@xn--bcher-kva.example"))
                .execute(conn)?;
            diesel::update(contact_identities::table.filter(contact_identities::kind.eq("phone")))
                .set(contact_identities::value.eq("+5215512345678"))
                .execute(conn)?;
            let now = tx.now();
            for (n, channel, address, sender) in [
                (1, "whatsapp", "+5215512345678", "+14155238886"),
                (2, "email", "jose@xn--bcher-kva.example", ""),
            ] {
                diesel::insert_into(suppressions::table)
                    .values((
                        suppressions::id.eq(leadwright::contacts::id::SuppressionId::new()),
                        suppressions::channel.eq(channel),
                        suppressions::address.eq(address),
                        suppressions::sender_address.eq(sender),
                        suppressions::tenant_id.eq(tenant),
                        suppressions::reason.eq("stop_word"),
                        suppressions::created_at.eq(now.plus(chrono::Duration::seconds(n))),
                        suppressions::for_tenant_id.eq(leadwright::engine::events::platform_tenant()),
                    ))
                    .execute(tx.conn())?;
            }
            diesel::delete(trial_signs::table).execute(tx.conn())
        })
        .await;

        let log_in = json!({ "email": "owner@åkerman.example", "password": PASSWORD });
        app.anonymous().post("/v1/auth/login", log_in.clone()).await.expect(401);
        app.run_schedule().await;

        app.anonymous().post("/v1/auth/login", log_in).await.ok();
        let found = app.operator().get("/v1/tenants?q=akerman").await.ok();
        assert_eq!(found["data"][0]["id"], json!(acme.id), "operators find it without its accents");
        let found = acme.owner.get("/v1/leads?q=jose%20muller").await.ok();
        assert_eq!(found["data"][0]["email"], "jose@bücher.example", "{found}");
        let addresses = texts(&app, "SELECT address AS text FROM suppressions ORDER BY address").await;
        assert_eq!(addresses, ["+525512345678", "jose@bücher.example"]);
        let values = texts(&app, "SELECT value AS text FROM contact_identities WHERE kind <> 'platform_lead' ORDER BY kind").await;
        assert_eq!(values, ["jose@bücher.example", "+525512345678"]);
        let again = json!({ "name": "José Müller", "email": "jose@xn--bcher-kva.example" });
        let again = acme.owner.post("/v1/leads", again).await;
        assert_eq!(again.body["id"], german["id"], "one person: {}", again.text);
        let signs = texts(&app, "SELECT kind AS text FROM trial_signs").await;
        assert_eq!(signs, ["owner_mailbox"], "the trial is known by its owner");

        let before = changed(&app).await;
        let some = |name: &str| before.iter().find(|(one, _)| one == name).map(|(_, changed)| *changed);
        assert_eq!((some("users"), some("suppressions"), some("leads"), some("contact_identities")), (Some(1), Some(2), Some(1), Some(2)));
        // It looks once more after an hour, and finds nothing to change; after that it rests.
        app.advance(chrono::Duration::hours(2));
        app.run_schedule().await;
        assert_eq!(changed(&app).await, before);
    }

    async fn of_two_rows_that_become_one_the_older_stays_and_knows_what_both_knew(app: TestApp) {
        let acme = app.growth("Acme").await;
        let first = acme.lead("Asha", "asha@bücher.example", "+919811100001").await;
        let second = acme.lead("Asha V", "asha@example.org", "+919811100002").await;
        app.run_jobs().await;
        let (a, b): (leadwright::contacts::id::LeadId, leadwright::contacts::id::LeadId) =
            (first["id"].as_str().unwrap().parse().unwrap(), second["id"].as_str().unwrap().parse().unwrap());
        let tenant: TenantId = acme.id.parse().unwrap();
        write(&app, move |tx| {
            let now = tx.now();
            // The second lead was the same person's, before the spellings were one; its row is the older one.
            diesel::update(contact_identities::table.filter(contact_identities::value.eq("asha@example.org")))
                .set((
                    contact_identities::value.eq("asha@xn--bcher-kva.example"),
                    contact_identities::created_at.eq(now.minus(chrono::Duration::days(9))),
                ))
                .execute(tx.conn())?;
            for (address, reason, days) in
                [("asha@bücher.example", "stop_word", 1_i64), ("asha@xn--bcher-kva.example", "bounced", 5)]
            {
                diesel::insert_into(suppressions::table)
                    .values((
                        suppressions::id.eq(leadwright::contacts::id::SuppressionId::new()),
                        suppressions::channel.eq("email"),
                        suppressions::address.eq(address),
                        suppressions::sender_address.eq(""),
                        suppressions::reason.eq(reason),
                        suppressions::created_at.eq(now.minus(chrono::Duration::days(days))),
                        suppressions::for_tenant_id.eq(tenant),
                        suppressions::expires_at.eq((reason == "bounced").then(|| now.plus(chrono::Duration::days(170)))),
                    ))
                    .execute(tx.conn())?;
            }
            Ok(0)
        })
        .await;
        app.run_schedule().await;

        let live = texts(&app, "SELECT reason || ' ' || address AS text FROM suppressions WHERE lifted_at IS NULL AND expires_at IS NULL").await;
        assert_eq!(live, ["stop_word asha@bücher.example"]);
        let ended = texts(&app, "SELECT lifted_because AS text FROM suppressions WHERE lifted_at IS NOT NULL").await;
        assert_eq!(ended, ["Kept once, under the other spelling of this address."]);
        let owner = read(&app, move |tx| {
            contact_identities::table
                .filter(contact_identities::kind.eq("email"))
                .select((contact_identities::value, contact_identities::lead_id))
                .load::<(String, Option<leadwright::contacts::id::LeadId>)>(tx.conn())
        })
        .await;
        assert_eq!(owner, [("asha@bücher.example".to_string(), Some(b))], "the older row's lead");
        let people: Vec<leadwright::base::id::RawId> =
            read(&app, move |tx| leads::table.filter(leads::id.eq_any([a, b])).select(leads::person_id).load(tx.conn())).await;
        assert_eq!(people[0].0, people[1].0, "both leads are one person's");
        let contacts = acme.owner.get("/v1/contacts").await.ok();
        assert_eq!(contacts["data"].as_array().unwrap().len(), 1, "{contacts}");
    }

    async fn accounts_that_share_an_address_are_told_to_operators_and_never_merged(app: TestApp) {
        let _acme = app.tenant("Acme").await;
        let bravo = app.tenant("Bravo").await;
        app.run_jobs().await;
        write(&app, move |tx| {
            let set = |from: &'static str, to: &'static str| diesel::update(users::table.filter(users::email.eq(from))).set(users::email.eq(to));
            set("owner@acme.example.com", "owner@bücher.example").execute(tx.conn())?;
            set("owner@bravo.example.com", "owner@xn--bcher-kva.example").execute(tx.conn())
        })
        .await;
        app.run_schedule().await;
        app.advance(chrono::Duration::hours(2));
        app.run_schedule().await;
        let emails = texts(&app, "SELECT email AS text FROM users ORDER BY email").await;
        assert_eq!(emails, ["owner@bücher.example", "owner@xn--bcher-kva.example"]);
        let tasks = app.operator().get(&format!("/v1/ops/tasks?tenant_id={}", bravo.id)).await.ok();
        let of_accounts: Vec<&Value> =
            tasks["data"].as_array().unwrap().iter().filter(|task| task["kind"] == "settle_accounts").collect();
        assert_eq!(of_accounts.len(), 1, "once: {tasks}");
        assert_eq!(of_accounts[0]["title"], "Two accounts of one address: owner@xn--bcher-kva.example");
    }

    async fn an_interrupted_one_goes_on_where_it_was_and_another_version_begins_again(app: TestApp) {
        for name in ["A", "B", "C"] {
            app.tenant(name).await;
        }
        fn count(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> leadwright::base::Result<Batch> {
            let mut query = tenants::table.order(tenants::id).limit(reading.limit).select(tenants::id).into_boxed();
            if let Some(id) = reading.after::<TenantId>()? {
                query = query.filter(tenants::id.gt(id));
            }
            let rows: Vec<TenantId> = query.load(tx.conn())?;
            let changed = rows.len();
            Batch::of(reading, &rows, |id| *id, changed as i64)
        }
        let one = |version: &str| CatchUp { name: "test", version: version.into(), batch: count };
        let core = &app.app.core;
        let at = async |version: &str| {
            let all = vec![one(version)];
            let look = move |tx: &mut PlatformTx<'_>| standings(tx, &all);
            let (_, found) = core.db.read(PlatformScope::system(), look).await.unwrap().remove(0);
            found.map(|found| (found.looked_at, found.standing()))
        };
        assert_eq!(at("1").await, None);
        assert!(!step(&core.db, &core.master_key, &one("1"), 2).await.unwrap());
        assert_eq!(at("1").await, Some((2, Standing::Running)), "two of three, and the process dies");
        assert!(step(&core.db, &core.master_key, &one("1"), 2).await.unwrap());
        assert_eq!(at("1").await, Some((3, Standing::Done)), "each row once");
        assert!(step(&core.db, &core.master_key, &one("1"), 2).await.unwrap());
        assert_eq!(at("1").await, Some((3, Standing::Done)), "nothing more to do");
        assert_eq!(at("2").await, None, "what an earlier version came to counts for nothing");
        assert!(!step(&core.db, &core.master_key, &one("2"), 2).await.unwrap());
        assert_eq!(at("2").await, Some((2, Standing::Running)));
    }
}

/// Stored values follow the code only when its version says that it changed. When this fails, raise `FOLDING`, `SPELLING` or
/// `KEYS` beside what was changed, and write the new sums here.
#[test]
fn who_changes_a_spelling_raises_its_version() {
    use leadwright::base::crypto::sha256_hex;
    use leadwright::base::{email, phone, unicode};
    let sum =
        |texts: &mut dyn Iterator<Item = String>| sha256_hex(texts.collect::<Vec<_>>().join("\n"))[..12].to_string();
    let letters = || (0..0x2_0000_u32).filter_map(char::from_u32);
    let folding = sum(&mut letters().map(|c| unicode::folded(&format!("a{c}b"))));
    let spelling = sum(&mut letters().map(|c| email::respelled(&format!("a{c}@b{c}.example"))));
    let numbers = ["52", "54", "55", "91", "1", "44"].iter().flat_map(|country| {
        (0..1_000_u64).flat_map(move |n| {
            [format!("+{country}{}", 10_000_000 * (n + 100)), format!("+{country}{}", 100_000_000 * (n + 100))]
        })
    });
    let keys = sum(&mut numbers.map(|number| phone::PhoneKey::of(&number).into_string()));
    let now = [(unicode::FOLDING, folding), (email::SPELLING, spelling), (phone::KEYS, keys)];
    let then = [(2, "87aca1133c1d"), (1, "0573e88d3cf6"), (1, "440b1dc708d2")]
        .map(|(version, sum)| (version, sum.to_string()));
    assert_eq!(now, then, "folding, spelling, keys");
}
