/**
 * A tenant's first quarter of an hour: sign up, run an ad, receive a lead by a signed webhook, answer it, look at the bill.
 *
 *     export LEADWRIGHT_OPERATOR_KEY=lw_for-development-only-0123456789      in both terminals
 *     LEADWRIGHT_SANDBOX=true cargo run -- serve                             in one
 *     npm ci && npm run build && npm start                                   in the other
 *
 * `LEADWRIGHT_URL` is the server, http://127.0.0.1:8080 by default; `LEADWRIGHT_OPERATOR_KEY` is the key it was started with.
 */
import assert from "node:assert/strict";
import { all, body, connect, connectOperator, pause, Refused, type Leadwright, type Schemas } from "./client.js";

const url = process.env["LEADWRIGHT_URL"] ?? "http://127.0.0.1:8080";
const operatorKey = process.env["LEADWRIGHT_OPERATOR_KEY"];
assert.ok(operatorKey, "LEADWRIGHT_OPERATOR_KEY is the key of an operator, which the server was started with");
const run = crypto.getRandomValues(new Uint32Array(1))[0]! % 100_000_000;
const say = (text: string): void => console.log(text);

/** Tries until there is something. */
async function untilThere<T>(what: string, look: () => Promise<T | null | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 150; attempt++) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    await pause(200);
  }
  throw new Error(`${what}: nothing within 30 seconds`);
}

/** The twin of Meta: somebody fills in the lead form, and Meta tells us by its signed webhook. Not part of the API. */
async function fillInForm(form: string, page: string): Promise<void> {
  const answer = await fetch(`${url}/sandbox/meta/leads`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      page_id: page,
      form_id: form,
      field_data: [
        { name: "full_name", values: ["Rajesh Kumar"] },
        { name: "email", values: [`rajesh.${run}@example.com`] },
        { name: "phone_number", values: [`+9198${String(run).padStart(8, "0")}`] },
        { name: "what's_your_budget?", values: ["₹80L-1Cr"] },
      ],
    }),
  });
  const { webhook_status } = (await answer.json()) as { webhook_status?: number };
  assert.equal(webhook_status, 200, "the signed webhook is accepted");
}

/** Signs up and answers the access token and the tenant. */
async function signUp(): Promise<{ token: string; tenant: string }> {
  const account = await body(
    connect(url).POST("/v1/auth/signup", {
      body: { email: `owner.${run}@example.com`, password: "velvet harbour 63 compass", business_name: "TypeScript Estates" },
    }),
  );
  say(`Signed up: ${account.tenant.name}, tenant ${account.tenant.id}`);
  return { token: account.access_token, tenant: account.tenant.id };
}

async function choosePlan(api: Leadwright): Promise<void> {
  await body(api.PATCH("/v1/tenants/current", { body: { country: "IN", time_zone: "Asia/Kolkata" } }));
  // A trial gives nothing away before the mailed link is opened; the twin of the mailbox does so.
  await untilThere("the opened link", async () => (await body(api.GET("/v1/me"))).user?.email_verified_at);
  const subscription = await body(api.POST("/v1/subscriptions", { body: { plan_code: "growth" } }));
  say(`Growth trial: ${subscription.status} until ${subscription.trial_ends_at}`);
}

/** An ad campaign, which the platform pays for and an operator therefore agrees to; answers its form and page. */
async function runAd(api: Leadwright, operator: Leadwright): Promise<{ form: string; page: string }> {
  const [form, page] = [`78${run}`, `89${run}`];
  const draft = await body(
    api.POST("/v1/ad-campaigns", {
      body: {
        name: "Mumbai 2 BHK",
        platform: "meta",
        daily_budget: { amount: 80_000, currency: "INR" },
        lead_form: {
          name: "Mumbai form",
          questions: [
            { type: "full_name" },
            { type: "email" },
            { type: "phone" },
            { label: "What's your budget?", type: "multiple_choice", options: ["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr"] },
          ],
        },
        external_campaign_id: `67${run}`,
        external_form_id: form,
        external_page_id: page,
      },
    }),
  );
  const params = { path: { id: draft.id } };
  const asked = await body(api.POST("/v1/ad-campaigns/{id}/activate", { params }));
  assert.equal(asked.status, "pending_approval");
  const campaign = await body(operator.POST("/v1/ad-campaigns/{id}/activate", { params }));
  assert.equal(campaign.status, "active");
  say(`Ad campaign ${campaign.id} is ${campaign.status}`);
  return { form, page };
}

async function answer(api: Leadwright, lead: Schemas["Lead"]): Promise<void> {
  const { data } = await body(api.GET("/v1/conversations", { params: { query: { lead_id: lead.id } } }));
  const conversation = data[0];
  assert.ok(conversation, "a lead with a telephone has a conversation");
  const draft = await body(
    api.GET("/v1/leads/{id}/suggested-message", { params: { path: { id: lead.id }, query: { channel: "whatsapp" } } }),
  );
  say(`Answer: ${draft.content}`);
  const path = { id: conversation.id };
  const sent = await body(
    api.POST("/v1/conversations/{id}/messages", { params: { path }, body: { template: draft.template } }),
  );
  const read = await untilThere("a read receipt", async () => {
    const messages = await body(api.GET("/v1/conversations/{id}/messages", { params: { path } }));
    return messages.data.find((message) => message.id === sent.id)?.read_at;
  });
  say(`Message ${sent.id} was read at ${read}`);
}

/** A line that delivers every request and loses the first answer to each. */
function losing(): { send: (request: Request) => Promise<Response>; lost: () => number } {
  const seen = new Set<string>();
  const send = async (request: Request): Promise<Response> => {
    const response = await fetch(request);
    const key = request.headers.get("Idempotency-Key");
    if (key === null || seen.has(key)) return response;
    seen.add(key);
    throw new TypeError("the answer was lost");
  };
  return { send, lost: () => seen.size };
}

/** Enters leads over a line that loses answers: sent twice each, and there is one of each. */
async function enterLeads(api: Leadwright, token: string, count: number): Promise<void> {
  const before = await body(api.GET("/v1/leads/counts"));
  const line = losing();
  const overLine = connect(url, token, line.send);
  for (let n = 0; n < count; n++) {
    const lead: Schemas["NewLead"] = {
      name: `Asha ${n}`,
      email: `asha${n}.${run}@example.com`,
      source: "web_form",
      form_responses: { "Preferred areas?": ["Andheri", "Goregaon"], "First home?": true, "Rooms?": 2 },
    };
    const entered = await body(overLine.POST("/v1/leads", { body: lead }));
    assert.ok("form_responses" in entered, "the lead is ours to read");
    const areas = entered.form_responses["Preferred areas?"];
    assert.ok(Array.isArray(areas) && areas.length === 2, "answers are read as they were sent");
  }
  const after = await body(api.GET("/v1/leads/counts"));
  assert.equal(line.lost(), count, "every first answer was lost");
  assert.equal(after.total - before.total, count, "and yet there is one lead of each");
  say(`${count} leads entered, each sent twice under one Idempotency-Key`);
}

/** Reads all leads, two at a time. */
async function page(api: Leadwright, expected: number): Promise<void> {
  let pages = 0;
  const ids = new Set<string>();
  const leads = all((cursor) => {
    pages += 1;
    return body(api.GET("/v1/leads", { params: { query: { limit: 2, sort: "-created_at", ...cursor } } }));
  });
  for await (const lead of leads) ids.add(lead.id);
  assert.equal(ids.size, expected, "every lead once");
  assert.equal(pages, Math.ceil(expected / 2));
  say(`${ids.size} leads on ${pages} pages`);
}

/** Of several statuses at once. */
async function sift(api: Leadwright, lead: Schemas["Lead"]): Promise<void> {
  const params = { path: { id: lead.id } };
  const changed = await body(api.PATCH("/v1/leads/{id}", { params, body: { status: "qualified" } }));
  const query = { status: ["qualified", "won"], include: ["score"] } satisfies { status: Schemas["LeadStatus"][]; include: "score"[] };
  const { data } = await body(api.GET("/v1/leads", { params: { query } }));
  assert.deepEqual(data.map((one) => one.id), [changed.id], "the others are new or contacted");
  say(`Qualified: ${data[0]?.name}, ${data[0]?.score_details?.items.length} reasons`);
}

/** What happened, as the trail tells it; endpoints for webhooks are told the same. Each type says what its data is. */
async function lookBack(api: Leadwright): Promise<void> {
  const told: string[] = [];
  const events = all((cursor) => body(api.GET("/v1/events", { params: { query: { limit: 200, ...cursor } } })));
  for await (const event of events) {
    switch (event.type) {
      case "lead.created":
        told.push(`a lead of ${event.data.score?.toFixed()} points from ${event.data.source}`);
        break;
      case "lead.status_changed":
        told.push(`from ${event.data.from} to ${event.data.to}`);
        break;
      case "message.queued":
        told.push(`a message by ${event.data.channel.toUpperCase()}`);
        break;
      case "ad_campaign.created":
        told.push(`an ad campaign for ${event.data.daily_budget.amount / 100} a day on ${event.data.platform}`);
        break;
    }
  }
  assert.ok(told.includes("an ad campaign for 800 a day on meta"), told.join("; "));
  assert.ok(told.includes("a message by WHATSAPP"), told.join("; "));
  say(`Looking back: ${told.reverse().join(", ")}`);
}

/** A refusal names its reason for programs. */
async function beRefused(api: Leadwright): Promise<void> {
  const refused = await body(api.POST("/v1/leads", { body: { name: "" } })).catch((error: unknown) => error);
  assert.ok(refused instanceof Refused, "a lead without a name is refused");
  assert.equal(refused.problem.status, 422);
  say(`Refused as it should be: ${refused.message}`);
}

const { token, tenant } = await signUp();
const api = connect(url, token);
await choosePlan(api);
const { form, page: facebookPage } = await runAd(api, connectOperator(url, operatorKey, tenant));
await fillInForm(form, facebookPage);
const lead = await untilThere("the lead", async () => (await body(api.GET("/v1/leads"))).data[0]);
const score = await body(api.GET("/v1/leads/{id}/score", { params: { path: { id: lead.id } } }));
say(`Lead ${lead.name}, ${lead.phone}, from ${lead.source}: ${score.score} of 100, ${score.grade}`);
for (const item of score.items) say(`  ${item.points > 0 ? "+" : ""}${item.points} ${item.label}`);
await answer(api, lead);
await enterLeads(api, token, 4);
await page(api, 5);
await sift(api, lead);
await lookBack(api);
await beRefused(api);
const { leads } = await body(api.GET("/v1/usage"));
assert.equal(leads.used, 5);
say(`Usage: ${leads.used} of ${leads.base} leads, ${leads.remaining} remaining`);
