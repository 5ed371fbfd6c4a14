// The same two answers, written by hand in Fastify and pg: what our own server is measured beside, on the same PostgreSQL.
//
// It reads a lead and a list of leads as the contract shows them, and no more than these need: an API key that is remembered for
// half a minute, prepared statements, a pool of as many connections as ours. It counts no requests, writes no log, keeps no
// metrics, judges no phone number and knows neither locked leads nor old rows, all of which ours does.
//
//   DATABASE_URL=postgres://… PORT=8090 WORKERS=2 node server.mjs

import cluster from "node:cluster";
import { createHash } from "node:crypto";

import Fastify from "fastify";
import pg from "pg";

const workers = Number(process.env.WORKERS ?? 2);

if (cluster.isPrimary) {
  for (let n = 0; n < workers; n += 1) cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
} else {
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const connections = Number(process.env.LEADWRIGHT_DATABASE_POOL ?? 8);
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Math.max(1, Math.floor(connections / workers)) });
  const app = Fastify({ logger: false });
  const known = new Map();

  app.get("/readyz", async () => ({ status: "ready" }));

  async function tenantOf(request, reply) {
    const key = (request.headers.authorization ?? "").replace(/^Bearer /, "");
    const hash = createHash("sha256").update(key).digest("hex");
    const held = known.get(hash);
    if (held && held.until > Date.now()) {
      request.tenant = held.tenant;
      return undefined;
    }
    const found = await pool.query({
      name: "key",
      text: "SELECT tenant_id FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL",
      values: [hash],
    });
    if (found.rows.length === 0) return reply.code(401).send({ code: "auth.invalid_key" });
    request.tenant = found.rows[0].tenant_id;
    known.set(hash, { tenant: request.tenant, until: Date.now() + 30_000 });
    return undefined;
  }

  const COLUMNS = `id, name, email, phone, company, source, status, validity, score, is_locked, assigned_to, assigned_at,
    ad_campaign_id, lead_form_id, platform_lead_id, charge_kind, charged_amount, charge_currency, profile, contact_count,
    total_interactions, first_contact_at, last_contact_at, last_activity_at, closed_at, received_at, version, created_at, updated_at`;
  const CHARGED = new Set(["quota", "rollover", "credit", "overage", "per_lead"]);
  const THREE_DAYS = 3 * 24 * 60 * 60 * 1000;

  const grade = (score) => (score >= 80 ? "hot" : score >= 60 ? "warm" : score >= 40 ? "qualified" : score >= 20 ? "cold" : "unqualified");
  const intent = (score) => (score >= 80 ? "hot" : score >= 60 ? "warm" : "cold");

  function view(lead) {
    const { profile } = lead;
    const own = { name: lead.name, email: lead.email, phone: lead.phone };
    return {
      id: lead.id,
      name: lead.name,
      email: lead.email,
      has_email: lead.email !== null,
      phone: lead.phone,
      phone_is_valid: lead.phone === null ? null : true,
      has_phone: lead.phone !== null,
      company: lead.company,
      source: lead.source,
      source_details: profile.source_details,
      status: lead.status,
      validity: lead.validity,
      score: lead.score,
      grade: grade(lead.score),
      intent: intent(lead.score),
      is_qualified: lead.score >= 60,
      is_locked: lead.is_locked,
      is_stalled: (lead.status === "new" || lead.status === "contacted") && Date.now() - lead.last_activity_at.getTime() > THREE_DAYS,
      is_charged: CHARGED.has(lead.charge_kind),
      charge_kind: lead.charge_kind,
      charged_amount: lead.charged_amount === null ? null : { amount: lead.charged_amount, currency: lead.charge_currency },
      assigned_to: lead.assigned_to,
      assigned_at: lead.assigned_at,
      industry: profile.industry,
      location: profile.location,
      budget_range: profile.budget_range,
      timeline: profile.timeline,
      form_responses: Array.isArray(profile.form_responses) ? Object.fromEntries(profile.form_responses) : profile.form_responses,
      contact_details: profile.contact_details.toReversed().map((detail) => ({
        ...detail,
        is_readable: detail.value !== null,
        is_primary: detail.value !== null && detail.value === own[detail.kind],
      })),
      ad_campaign_id: lead.ad_campaign_id,
      lead_form_id: lead.lead_form_id,
      platform_lead_id: lead.platform_lead_id,
      ai_summary: profile.ai_summary,
      ai_insights: profile.ai_insights,
      pages_visited: profile.behaviour.pages_visited ?? [],
      time_on_site_seconds: profile.behaviour.time_on_site_seconds ?? 0,
      actions_taken: profile.behaviour.actions_taken ?? [],
      enquiry_count: profile.enquiry_count,
      contact_count: lead.contact_count,
      total_interactions: lead.total_interactions,
      first_contact_at: lead.first_contact_at,
      last_contact_at: lead.last_contact_at,
      last_activity_at: lead.last_activity_at,
      closed_at: lead.closed_at,
      received_at: lead.received_at,
      version: lead.version,
      created_at: lead.created_at,
      updated_at: lead.updated_at,
    };
  }

  app.get("/v1/leads/:id", { preHandler: tenantOf }, async (request, reply) => {
    const found = await pool.query({
      name: "lead",
      text: `SELECT ${COLUMNS} FROM leads WHERE tenant_id = $1 AND id = $2`,
      values: [request.tenant, request.params.id],
    });
    if (found.rows.length === 0) return reply.code(404).send({ code: "lead.not_found" });
    reply.header("etag", `"v${found.rows[0].version}"`);
    return view(found.rows[0]);
  });

  app.get("/v1/leads", { preHandler: tenantOf }, async (request) => {
    const { status, limit = "50", cursor } = request.query;
    const size = Number(limit);
    const [at, id] = cursor ? JSON.parse(Buffer.from(cursor, "base64url").toString()) : [null, null];
    const found = await pool.query(
      cursor
        ? {
            name: "page",
            text: `SELECT ${COLUMNS} FROM leads WHERE tenant_id = $1 AND status = $2 AND (created_at, id) < ($3, $4)
              ORDER BY created_at DESC, id DESC LIMIT $5`,
            values: [request.tenant, status, at, id, size + 1],
          }
        : {
            name: "first",
            text: `SELECT ${COLUMNS} FROM leads WHERE tenant_id = $1 AND status = $2 ORDER BY created_at DESC, id DESC LIMIT $3`,
            values: [request.tenant, status, size + 1],
          },
    );
    const rows = found.rows.slice(0, size);
    const last = found.rows.length > size ? rows.at(-1) : undefined;
    const place = last && Buffer.from(JSON.stringify([last.created_at, last.id])).toString("base64url");
    return { data: rows.map(view), next_cursor: place ?? null };
  });

  await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 8090) });
}
