/**
 * Sends a signed webhook, as Meta and Twilio do.
 *
 *     npm ci && npm run build
 *     npm run send -- meta --page-id 153125381133 --form-id 612312312312 --leadgen-id 1231231231230001
 *     npm run send -- twilio --from +919876543210 --body "Please call me"
 *
 * Meta signs the very bytes of the body. Twilio signs the address and the form, here by its own library. With `--tamper` the
 * body is changed afterwards, and must be refused. `LEADWRIGHT_URL` is the server; the secrets (`META_APP_SECRET`,
 * `TWILIO_AUTH_TOKEN`) suit a local server with its twins on. Exits with 0 when the webhook is accepted.
 */
import { createHmac, randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import twilio from "twilio";

const server = (process.env["LEADWRIGHT_URL"] ?? "http://127.0.0.1:8080").replace(/\/$/, "");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "page-id": { type: "string" },
    "form-id": { type: "string" },
    "leadgen-id": { type: "string" },
    from: { type: "string" },
    to: { type: "string", default: "+14155238886" },
    body: { type: "string" },
    tamper: { type: "boolean", default: false },
  },
});

function needed(name: "page-id" | "form-id" | "leadgen-id" | "from" | "body"): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is needed`);
  return value;
}

async function post(path: string, body: string, headers: Record<string, string>): Promise<void> {
  const answer = await fetch(server + path, { method: "POST", body, headers });
  console.log(`${server}${path} answered ${answer.status}`);
  if (!answer.ok) process.exitCode = 1;
}

async function sendMeta(): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const [page_id, form_id, leadgen_id] = [needed("page-id"), needed("form-id"), needed("leadgen-id")];
  const change = { field: "leadgen", value: { created_time: now, leadgen_id, page_id, form_id } };
  const body = JSON.stringify({ object: "page", entry: [{ id: page_id, time: now, changes: [change] }] });
  const secret = process.env["META_APP_SECRET"] ?? "sandbox-meta-app-secret";
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  await post("/v1/webhooks/meta", values.tamper ? `${body} ` : body, {
    "Content-Type": "application/json",
    "X-Hub-Signature-256": `sha256=${signature}`,
  });
}

async function sendTwilio(): Promise<void> {
  const path = "/v1/webhooks/twilio/messages";
  const message = `SM${randomUUID().replaceAll("-", "")}`;
  const form: Record<string, string> = {
    AccountSid: process.env["TWILIO_ACCOUNT_SID"] ?? "AC00000000000000000000000000000001",
    ApiVersion: "2010-04-01",
    Body: needed("body"),
    From: `whatsapp:${needed("from")}`,
    MessageSid: message,
    NumMedia: "0",
    To: `whatsapp:${values.to}`,
  };
  const token = process.env["TWILIO_AUTH_TOKEN"] ?? "sandbox-twilio-auth-token";
  const signature = twilio.getExpectedTwilioSignature(token, server + path, form);
  if (values.tamper) form["Body"] += "!";
  await post(path, new URLSearchParams(form).toString(), {
    "Content-Type": "application/x-www-form-urlencoded",
    "X-Twilio-Signature": signature,
  });
}

const provider = positionals[0];
if (provider === "meta") await sendMeta();
else if (provider === "twilio") await sendTwilio();
else throw new Error("say who sends: meta or twilio");
