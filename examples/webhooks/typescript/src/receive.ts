/**
 * Receives Leadwright's webhooks and believes only what is signed, by the official library of Standard Webhooks.
 *
 *     WEBHOOK_SECRET=whsec_… npm run receive
 *
 * The secret is what `POST /v1/webhook-endpoints` answered, once. `WEBHOOK_PORT` is the port, 8090 by default, 0 for any.
 * With `--until TYPE` the program ends when an event of that type has arrived. With `--vectors FOLDER` it listens to nobody
 * and checks the library against recorded deliveries instead.
 *
 * Answer fast and with 2xx; work afterwards. The same event may come twice, under the same `webhook-id`: remember those.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

interface Event {
  type: string;
  timestamp: string;
  data: unknown;
}

function listen(secret: string, until: string | undefined): void {
  const webhook = new Webhook(secret);
  const seen = new Set<string>();
  const server = createServer(async (request, response) => {
    // Over the bytes as they came: parsed and written again they would be others.
    const bytes = await bodyOf(request);
    const headers = request.headers as Record<string, string>;
    let event: Event;
    try {
      event = webhook.verify(bytes, headers) as Event;
    } catch (refused) {
      if (!(refused instanceof WebhookVerificationError)) throw refused;
      console.log(`refused: ${refused.message}`);
      response.writeHead(401).end();
      return;
    }
    response.writeHead(204).end();
    const delivery = headers["webhook-id"]!;
    if (seen.has(delivery)) return;
    seen.add(delivery);
    console.log(`${event.type} at ${event.timestamp}: ${JSON.stringify(event.data)}`);
    if (event.type === until) {
      server.close();
      server.closeIdleConnections();
    }
  });
  server.keepAliveTimeout = 1;
  server.listen(Number(process.env["WEBHOOK_PORT"] ?? 8090), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Recorded {
  headers: Record<string, string>;
  secret: string;
  body_file: string;
  clock: number;
  tolerance_s: number;
  expect: "accept" | "reject";
}

/** Every recorded delivery that is to be accepted carries the signature that the library makes of it. */
function check(folder: string): void {
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".meta.json"))) {
    const meta = JSON.parse(readFileSync(join(folder, name), "utf8")) as Recorded;
    const [id, time, signatures] = ["id", "timestamp", "signature"].map((part) => meta.headers[`webhook-${part}`]!);
    const sentAt = new Date(Number(time) * 1000);
    const signature = new Webhook(meta.secret).sign(id!, sentAt, readFileSync(join(folder, meta.body_file), "utf8"));
    const isSigned = signatures!.split(" ").includes(signature);
    const isFresh = Math.abs(Number(time) - meta.clock) <= meta.tolerance_s;
    if ((isSigned && isFresh) !== (meta.expect === "accept")) {
      console.error(`${name}: ${meta.expect} was expected`);
      process.exitCode = 1;
    }
  }
}

const { values } = parseArgs({ options: { until: { type: "string" }, vectors: { type: "string" } } });
const secret = process.env["WEBHOOK_SECRET"];
if (values.vectors !== undefined) check(values.vectors);
else if (secret !== undefined) listen(secret, values.until);
else throw new Error("WEBHOOK_SECRET is needed");
