//! What a lead leaves behind, table by table, from its row in `seeded`.

use super::dialect::Dialect;

const SOURCES: &[&str] = &[
    "meta_ads",
    "meta_ads",
    "meta_ads",
    "meta_ads",
    "google_ads",
    "google_ads",
    "web_form",
    "api",
    "manual",
    "whatsapp_inbound",
];
const CITIES: &[&str] = &["Mumbai", "Pune", "Thane", "Nagpur", "Nashik"];
const FIRST: &[&str] =
    &["Asha", "Priya", "Ravi", "Meera", "Karan", "Neha", "Vikram", "Sana", "Arjun", "Divya", "Imran"];
const LAST: &[&str] = &["Verma", "Sharma", "Patel", "Iyer", "Khan", "Gupta", "Nair"];

/// One statement per table.
pub fn rows(d: &Dialect) -> Vec<String> {
    let at = |offset_ms: i64| d.at(&format!("micros + {}", offset_ms * 1000));
    let (lead, conversation) = (d.id(0, "n"), d.id(1, "n"));
    let (n12, n9) = (d.padded("n", 12), d.padded("n", 9));
    let name = format!("{} || ' ' || {}", d.pick("n / 7", FIRST), d.pick("n", LAST));
    let email = format!("('person' || {n12} || '@example.com')");
    let phone = format!("('+917' || {n9})");
    let profile = d.json(&format!(
        r#"'{{"phone_raw": "' || {phone} || '", "contact_details": [{details}], "industry": null, "location": {{"city": "' || {city} || '"}},
            "budget_range": "' || {budget} || '", "timeline": "' || {timeline} || '", "form_responses":
            [["What is your budget?", "₹80L-1Cr"], ["Preferred areas?", "Andheri, Goregaon"]], "form_submissions": 1,
            "enquiry_count": 1, "source_details": {{"platform": "fb"}}, "behaviour":
            {{"pages_visited": [], "time_on_site_seconds": 0, "actions_taken": []}}, "ai_summary": null, "ai_insights": null}}'"#,
        details = [("phone", &phone), ("email", &email), ("name", &name)]
            .map(|(kind, value)| format!(
                r#"{{"kind": "{kind}", "typed": "' || {value} || '", "value": "' || {value} || '", "is_readable": true,
                    "is_primary": true, "source": "meta_ads", "received_at": "2026-11-20T08:59:50Z"}}"#
            ))
            .join(", "),
        city = d.pick("n", CITIES),
        budget = d.pick("n", &["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr"]),
        timeline = d.pick("n", &["Immediately", "Within 3 months", "Just exploring"]),
    ));
    let status = "CASE WHEN (k * 37) % 100 < 68 THEN 'new' WHEN (k * 37) % 100 < 79 THEN 'contacted' \
         WHEN (k * 37) % 100 < 88 THEN 'qualified' WHEN (k * 37) % 100 < 92 THEN 'meeting_scheduled' \
         WHEN (k * 37) % 100 < 95 THEN 'proposal_sent' WHEN (k * 37) % 100 < 98 THEN 'won' ELSE 'lost' END";
    let mut all = Vec::new();
    let mut insert = |table: &str, columns: &str, values: String| {
        all.push(format!("INSERT INTO {table} ({columns}) SELECT {values} FROM seeded ORDER BY n"));
    };
    insert(
        "leads",
        "tenant_id, id, person_id, name, email, phone, source, status, validity, score, is_locked, \
         assigned_to, assigned_at, profile, platform_lead_id, charge_kind, \
         charged_amount, charge_currency, contact_count, total_interactions, last_activity_at, search, \
         received_at, version, created_at, updated_at",
        format!(
            "tenant_id, {lead}, {lead}, {name}, {email}, {phone}, {source}, {status}, {validity}, \
             (n * 31) % 101, {locked}, CASE WHEN n % 5 < 2 THEN user_id END, CASE WHEN n % 5 < 2 THEN {later} END, {profile}, \
             'meta:' || {n12}, 'quota', 30000, 'INR', 0, 1, {at}, \
             lower({name}) || chr_(10) || {email} || chr_(10) || {phone}, {before}, 1, {at}, {at}",
            source = d.pick("n", SOURCES),
            validity = d.pick("n", &["unverified", "unverified", "valid", "invalid"]),
            locked = "(n % 50 = 7)",
            later = at(60_000),
            at = at(0),
            before = at(-2000),
        )
        .replace("chr_(10)", d.of("chr(10)", "char(10)")),
    );
    insert(
        "contacts",
        "tenant_id, id, name, email, phone, source, verification_status, profile, converted_at, search, version, \
         created_at, updated_at",
        format!(
            "tenant_id, {lead}, {name}, {email}, {phone}, 'meta_ads', 'verified', {empty}, {at}, \
             lower({name}) || chr_(10) || {email} || chr_(10) || {phone}, 1, {at}, {at}",
            empty = d.json("'{}'"),
            at = at(0),
        )
        .replace("chr_(10)", d.of("chr(10)", "char(10)")),
    );
    let identity = "tenant_id, kind, value, lead_id, created_at, contact_id";
    insert("contact_identities", identity, format!("tenant_id, 'email', {email}, {lead}, {}, {lead}", at(0)));
    insert("contact_identities", identity, format!("tenant_id, 'phone', {phone}, {lead}, {}, {lead}", at(0)));
    insert(
        "contact_identities",
        identity,
        format!("tenant_id, 'platform_lead', 'meta:' || {n12}, {lead}, {}, {lead}", at(0)),
    );
    let items = d.json(r#"'[{"rule": "email_valid", "label": "E-mail is valid", "points": 10}]'"#);
    insert(
        "lead_scores",
        "tenant_id, lead_id, id, model, model_version, score, items, created_at",
        format!("tenant_id, {lead}, {}, 'default_b2b', 1, (n * 31) % 101, {items}, {}", d.id(2, "n"), at(0)),
    );
    insert(
        "lead_notes",
        "tenant_id, id, lead_id, author_id, body, created_at",
        format!(
            "tenant_id, {}, {lead}, user_id, 'Called; wants to see the flat on Sunday.', {}",
            d.id(3, "n"),
            at(120_000)
        ),
    );
    insert(
        "conversations",
        "tenant_id, id, lead_id, channel, status, person_address, unread_count, message_count, last_message_at, \
         last_message_preview, version, created_at, updated_at",
        format!(
            "tenant_id, {conversation}, {lead}, 'whatsapp', {}, {phone}, CASE WHEN n % 6 = 0 THEN 1 ELSE 0 END, 2, {last}, \
             'Hello, is the flat still available?', 1, {at}, {last}",
            d.pick("n", &["open", "open", "open", "pending", "snoozed", "closed"]),
            at = at(0),
            last = at(90_000),
        ),
    );
    let message = "tenant_id, id, conversation_id, lead_id, direction, sender_type, channel, message_type, content, attachments, \
         status, provider, external_id, metadata, created_at, updated_at";
    insert(
        "messages",
        message,
        format!(
            "tenant_id, {}, {conversation}, {lead}, 'internal', 'system', 'whatsapp', 'form', \
             {name} || ' sent a form.', {list}, 'received', NULL, NULL, {object}, {at}, {at}",
            d.id(4, "n"),
            list = d.json("'[]'"),
            object = d.json("'{}'"),
            at = at(0),
        ),
    );
    insert(
        "messages",
        message,
        format!(
            "tenant_id, {}, {conversation}, {lead}, 'inbound', 'lead', 'whatsapp', 'text', \
             'Hello, is the flat still available?', {list}, 'received', 'twilio', 'SM' || {n12}, {object}, {at}, {at}",
            d.id(5, "n"),
            list = d.json("'[]'"),
            object = d.json("'{}'"),
            at = at(90_000),
        ),
    );
    let event = "tenant_id, id, type, subject_type, subject_id, lead_id, actor_type, data, occurred_at";
    let created = d.json(r#"'{"source": "meta_ads", "score": 80, "grade": "hot", "charge_kind": "quota"}'"#);
    let opened = d.json(r#"'{"channel": "whatsapp"}'"#);
    insert(
        "events",
        event,
        format!(
            "tenant_id, {}, 'lead.created', 'lead', {lead}, {lead}, 'provider', {created}, {}",
            d.id(6, "2 * n"),
            at(0)
        ),
    );
    insert(
        "events",
        event,
        format!(
            "tenant_id, {}, 'conversation.opened', 'conversation', {conversation}, {lead}, 'provider', {opened}, {}",
            d.id(6, "2 * n + 1"),
            at(0)
        ),
    );
    insert(
        "notifications",
        "tenant_id, id, user_id, kind, title, body, link, lead_id, data, read_at, created_at",
        format!(
            "tenant_id, {}, user_id, 'lead_created', 'New lead', {name}, '/leads', {lead}, {}, \
             CASE WHEN n % 4 > 0 THEN {at} END, {at}",
            d.id(7, "n"),
            d.json("'{}'"),
            at = at(500),
        ),
    );
    insert(
        "notification_deliveries",
        "tenant_id, id, event_id, kind, channel, address, body, status, provider, external_id, sent_at, created_at, updated_at",
        format!(
            "tenant_id, {}, {}, 'lead_created', 'whatsapp', '+919800000000', {name}, {}, 'twilio', 'SN' || {n12}, {at}, {at}, {at}",
            d.id(8, "n"),
            d.id(6, "2 * n"),
            d.pick("n", &["delivered", "read", "sent", "failed"]),
            at = at(500),
        ),
    );
    insert(
        "webhook_events",
        "id, provider, kind, external_id, tenant_id, body, state, outcome, attempts, received_at, processed_at",
        format!(
            "{}, 'meta', 'leadgen', 'seed' || {n12}, tenant_id, {}, {}, 'created', 1, {at}, {at}",
            d.id(9, "n"),
            d.json(&format!(r#"'{{"change": {{"leadgen_id": "' || {n12} || '"}}}}'"#)),
            "CASE WHEN n % 1000 = 3 THEN 'failed' ELSE 'processed' END",
            at = at(0),
        ),
    );
    let some = "seeded WHERE n % 10 = 0 ORDER BY n";
    insert_from(
        &mut all,
        "ops_tasks",
        "id, tenant_id, kind, title, status, estimate_minutes, dedupe_key, due_at, version, created_at, updated_at",
        format!(
            "{}, tenant_id, 'set_up_meta_campaign', 'Set up the Meta ad campaign', {}, 30, 'seed' || {n12}, {at}, 1, {at}, {at}",
            d.id(12, "n"),
            d.pick("n / 10", &["open", "in_progress", "done", "done"]),
            at = at(0),
        ),
        some,
    );
    insert_from(
        &mut all,
        "operator_notifications",
        "id, tenant_id, kind, title, body, data, read_at, created_at",
        format!(
            "{}, tenant_id, 'new_customer', 'New Customer Alert', {name}, {}, CASE WHEN n % 40 > 0 THEN {at} END, {at}",
            d.id(13, "n"),
            d.json("'{}'"),
            at = at(0),
        ),
        some,
    );
    insert_from(
        &mut all,
        "usage_entries",
        "tenant_id, id, period_id, meter, kind, quantity, dedupe_key, lead_id, amount_due, notional_amount, currency, \
         occurred_at, created_at",
        format!(
            "seeded.tenant_id, {}, p.id, p.meter, 'quota', 1, 'person:' || {n12}, {lead}, 0, 30000, 'INR', {at}, {at}",
            d.id(10, "n"),
            at = at(0),
        ),
        // A tenant that was activated has the period of its first hours too: the newest is the running one.
        "seeded JOIN usage_periods p ON p.tenant_id = seeded.tenant_id AND p.id = (SELECT q.id FROM usage_periods q \
         WHERE q.tenant_id = seeded.tenant_id ORDER BY q.period_start DESC, q.id DESC LIMIT 1) ORDER BY n",
    );
    all
}

fn insert_from(all: &mut Vec<String>, table: &str, columns: &str, values: String, from: &str) {
    all.push(format!("INSERT INTO {table} ({columns}) SELECT {values} FROM {from}"));
}
