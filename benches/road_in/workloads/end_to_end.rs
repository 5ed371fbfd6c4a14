//! From the acknowledged webhook to what people see: the lead in the list, the alert at the provider.
//!
//! The twins run in a process of their own and answer in 20 ms, as a provider nearby would. Meta's webhook names a lead, the
//! server fetches it from the twin, and hands a WhatsApp message and an e-mail to the twins, whose outbox notes when it
//! accepted them. Both processes read the same clock.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use leadwright::base::time::Timestamp;
use leadwright::inbox::model::Channel;
use leadwright::providers::meta::sign;
use leadwright::sandbox::SandboxSettings;
use leadwright::sending::templates;
use serde_json::{Value, json};

use super::{World, start};
use crate::Outcome;
use crate::cast::Tenant;
use crate::http::{Caller, Connection, request};
use crate::load::block_on;
use crate::report::{Row, Target};
use crate::server::Process;

const RATE: u32 = 100;
/// How late the twins answer.
const TWIN_MS: u64 = 20;
/// Every tenth lead belongs to the tenant whose list is watched.
const WATCHED: usize = 10;
/// Leads of earlier runs on this database are numbered below.
const FIRST: usize = 500_000;

/// A lead on its way, in microseconds since 1970 once it happened.
struct Journey {
    name: String,
    webhook: Vec<u8>,
    acknowledged: Cell<Option<i64>>,
    visible: Cell<Option<i64>>,
    alerted: RefCell<Vec<i64>>,
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(0))
}

pub fn measure(world: &World) -> Outcome<Vec<Row>> {
    let twins = start_twins(world)?;
    let server = world.serve(&[], connected(twins.to.port()))?;
    let journeys = block_on(async {
        let journeys = prepare(world, &twins).await?;
        let journeys: Rc<[Journey]> = journeys.into();
        let (done, watching) = (Rc::new(Cell::new(false)), journeys.clone());
        let watch = tokio::task::spawn_local(watch(server.to, world.tenants[1].key.clone(), watching, done.clone()));
        send(&server, &journeys).await?;
        let outcome = collect(&twins, &journeys).await;
        done.set(true);
        watch.await??;
        outcome?;
        Outcome::Ok(journeys)
    })?;
    let rows = rows(&server, &journeys)?;
    world.end(server)?;
    // The twins end without ceremony: dropping ends them.
    drop(twins);
    world.database.settle()?;
    Ok(rows)
}

fn start_twins(world: &World) -> Outcome<Process> {
    let folder = &world.database.folder;
    let mut settings = super::settings(
        &format!("sqlite://{}", folder.join("twins.db").display()),
        &world.operator_key,
        &world.master_key,
    );
    settings.push(("LEADWRIGHT_SANDBOX", "true".into()));
    let twins = start(&world.server, folder, "twins.log", &["--no-worker"], settings)?;
    let late = |operation: &str| json!({"provider": "*", "operation": operation, "mode": "delay", "delay_ms": TWIN_MS});
    block_on(async {
        let faults = json!({"faults": [late("fetch_lead"), late("send")]});
        Caller::new(twins.to, None).call("PUT", "/sandbox/faults", Some(faults)).await
    })?;
    Ok(twins)
}

/// Every provider at the twins' process, with the credentials it knows.
fn connected(port: u16) -> Vec<(&'static str, String)> {
    let known = SandboxSettings::default_credentials();
    let base = format!("http://127.0.0.1:{port}/sandbox");
    // As the twins number the approved templates.
    let codes = templates::for_approval(Channel::Whatsapp);
    let codes: Vec<String> = codes.into_iter().zip(1..).map(|((code, _), n)| format!("{code}=HX{n:032}")).collect();
    let secret = |secret: &leadwright::base::crypto::Secret| secret.expose().to_string();
    vec![
        ("LEADWRIGHT_META_ACCESS_TOKEN", secret(&known.meta_access_token)),
        ("LEADWRIGHT_META_GRAPH_URL", format!("{base}/meta")),
        ("LEADWRIGHT_TWILIO_ACCOUNT_SID", known.twilio_account_sid.clone()),
        ("LEADWRIGHT_TWILIO_AUTH_TOKEN", secret(&known.twilio_auth_token)),
        ("LEADWRIGHT_TWILIO_BASE_URL", format!("{base}/twilio")),
        ("LEADWRIGHT_TWILIO_WHATSAPP_FROM", known.whatsapp_from.clone()),
        ("LEADWRIGHT_TWILIO_SMS_FROM", known.sms_from.clone()),
        ("LEADWRIGHT_TWILIO_TEMPLATES", codes.join(",")),
        ("LEADWRIGHT_RESEND_API_KEY", secret(&known.resend_api_key)),
        ("LEADWRIGHT_RESEND_WEBHOOK_SECRET", secret(&known.resend_webhook_secret)),
        ("LEADWRIGHT_RESEND_BASE_URL", format!("{base}/resend")),
    ]
}

/// The leads exist at the twin before the first webhook tells of one.
async fn prepare(world: &World, twins: &Process) -> Outcome<Vec<Journey>> {
    let secret = SandboxSettings::default_credentials().meta_app_secret;
    let count = (f64::from(RATE) * world.pace.open.as_secs_f64()) as usize;
    let mut twin = Caller::new(twins.to, None);
    let mut journeys = Vec::with_capacity(count);
    for number in 0..count {
        // The first tenant is the one with the long list; the second is watched.
        let others = world.tenants.len() - 2;
        let tenant = if number % WATCHED == 0 { &world.tenants[1] } else { &world.tenants[2 + number % others] };
        let id = format!("7{:011}", FIRST + number);
        let name = format!("Traveller {:06}", FIRST + number);
        twin.post("/sandbox/meta/leads", form(tenant, &id, &name, number)).await?;
        let body = json!({"object": "page", "entry": [{"id": tenant.page_id, "time": 1_795_165_198, "changes": [{"field": "leadgen",
            "value": {"leadgen_id": id, "page_id": tenant.page_id, "form_id": tenant.form_id, "created_time": now() / 1_000_000}}]}]});
        let body = body.to_string();
        let headers = format!("X-Hub-Signature-256: {}\r\n", sign(body.as_bytes(), &secret));
        let mut webhook = Vec::new();
        request(&mut webhook, "POST", "/v1/webhooks/meta", None, &headers, Some(body.as_bytes()));
        journeys.push(Journey {
            name,
            webhook,
            acknowledged: Cell::new(None),
            visible: Cell::new(None),
            alerted: RefCell::default(),
        });
    }
    Ok(journeys)
}

fn form(tenant: &Tenant, id: &str, name: &str, number: usize) -> Value {
    let field = |name: &str, value: &str| json!({"name": name, "values": [value]});
    json!({
        "page_id": tenant.page_id, "form_id": tenant.form_id, "campaign_id": tenant.campaign_id, "leadgen_id": id,
        "webhook": false,
        "field_data": [
            field("full_name", name), field("email", &format!("traveller{}@example.com", FIRST + number)),
            field("phone_number", &format!("+9191{:08}", FIRST + number)),
            field("what_is_your_budget?", "₹80L-1Cr"), field("when_are_you_planning_to_buy?", "Within 3 months"),
            field("preferred_areas?", "Andheri, Goregaon")
        ]
    })
}

/// Sends each at its moment and notes when it was acknowledged.
async fn send(server: &Process, journeys: &Rc<[Journey]>) -> Outcome {
    let began = Instant::now();
    let next = Rc::new(Cell::new(0_usize));
    let senders = (0..32).map(|_| {
        let (journeys, next, to) = (journeys.clone(), next.clone(), server.to);
        async move {
            let mut connection = Connection::open(to).await?;
            loop {
                let turn = next.get();
                let Some(journey) = journeys.get(turn) else { return Outcome::Ok(()) };
                next.set(turn + 1);
                let meant = began + Duration::from_secs_f64(turn as f64 / f64::from(RATE));
                tokio::time::sleep_until(meant.into()).await;
                let status = connection.call(&journey.webhook).await?.status;
                if status != 200 {
                    return Err(format!("a webhook was answered {status}").into());
                }
                journey.acknowledged.set(Some(now()));
            }
        }
    });
    futures_util::future::try_join_all(senders).await?;
    Ok(())
}

/// Reads the newest leads of one tenant again and again, as an open page would, and notes who is there.
async fn watch(to: std::net::SocketAddr, key: String, journeys: Rc<[Journey]>, done: Rc<Cell<bool>>) -> Outcome {
    let by_name: HashMap<&str, &Journey> = journeys.iter().map(|journey| (journey.name.as_str(), journey)).collect();
    let mut caller = Caller::new(to, Some(&key));
    while !done.get() {
        let page = caller.get("/v1/leads?limit=20").await?;
        let seen = now();
        for lead in page["data"].as_array().into_iter().flatten() {
            if let Some(journey) = lead["name"].as_str().and_then(|name| by_name.get(name))
                && journey.visible.get().is_none()
            {
                journey.visible.set(Some(seen));
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Waits until the twins have both alerts of every lead.
async fn collect(twins: &Process, journeys: &Rc<[Journey]>) -> Outcome {
    let expected = journeys.len() * 2;
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        let outbox = Caller::new(twins.to, None).get("/sandbox/outbox?limit=200000").await?;
        let entries = outbox["data"].as_array().cloned().unwrap_or_default();
        let about = |entry: &&Value| entry["body"].as_str().is_some_and(|body| body.contains("Traveller "));
        let told: Vec<&Value> = entries.iter().filter(about).collect();
        if told.len() >= expected {
            return note(&told, journeys);
        }
        if Instant::now() > limit {
            let missing = expected - told.len();
            return Err(format!("{missing} of {expected} alerts never reached the twins").into());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn note(told: &[&Value], journeys: &Rc<[Journey]>) -> Outcome {
    for entry in told {
        let body = entry["body"].as_str().unwrap_or_default();
        let digits = body.split_once("Traveller ").map(|(_, rest)| &rest[..6.min(rest.len())]);
        let number: usize = digits.ok_or("an alert without a name")?.parse()?;
        let at: Timestamp = entry["at"].as_str().unwrap_or_default().parse()?;
        let journey = number.checked_sub(FIRST).and_then(|index| journeys.get(index)).ok_or("an alert about nobody")?;
        journey.alerted.borrow_mut().push(at.micros());
    }
    Ok(())
}

fn rows(server: &Process, journeys: &[Journey]) -> Outcome<Vec<Row>> {
    let since = |journey: &Journey, at: Option<i64>| Some(at? - journey.acknowledged.get()?);
    let visible = journeys.iter().step_by(WATCHED).map(|j| since(j, j.visible.get()));
    let visible: Option<Vec<i64>> = visible.collect();
    let visible = visible.ok_or("a lead of the watched tenant was never listed")?;
    let last = journeys.iter().map(|j| since(j, j.alerted.borrow().iter().max().copied()));
    let last: Option<Vec<i64>> = last.collect();
    let last = last.ok_or("a lead was never told of")?;
    let first = journeys.iter().filter_map(|j| since(j, j.alerted.borrow().iter().min().copied())).collect();
    let row = |name: &str, micros: Vec<i64>, is_target: bool| {
        let mut all = crate::load::latencies();
        micros.iter().for_each(|micros| all.saturating_record(u64::try_from(*micros).unwrap_or(0).max(1)));
        let mut row = Row::new(name, format!("{RATE}/s"));
        row.p50_ms = Some(all.value_at_quantile(0.5) as f64 / 1000.0);
        row.p99_ms = Some(all.value_at_quantile(0.99) as f64 / 1000.0);
        if is_target {
            row.targets =
                vec![Target::below("p50", row.p50_ms, 100.0, "ms"), Target::below("p99", row.p99_ms, 1000.0, "ms")];
        }
        row
    };
    let mut rows = vec![
        row("webhook → lead visible", visible, true),
        row("webhook → first alert at the provider", first, false),
        row("webhook → last alert at the provider", last, true),
    ];
    rows[2].rss_mb = Some(server.rss_mb()?);
    rows[2].cpu_micros = Some(server.cpu_micros()? / journeys.len() as f64);
    Ok(rows)
}
